package app

import (
	"context"

	"termwise.dev/core/calendar"
)

// WorkSome does what is due for one batch of accounts.
func (a *App) WorkSome(ctx context.Context, to calendar.Instant) (Advanced, error) {
	return a.workSome(ctx, to, nil)
}
