package app

import (
	"context"
	"time"

	"termwise.dev/core/calendar"
)

// WorkSome does what is due for one batch of accounts.
func (a *App) WorkSome(ctx context.Context, to calendar.Instant) (Advanced, error) {
	return a.workSome(ctx, to, nil)
}

// Hurry has a Learner try again at once.
func (l *Learner) Hurry() { l.pause = time.Millisecond }
