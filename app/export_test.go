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

// AccountsAhead is how many accounts are decided at once while others are written.
const AccountsAhead = accountsAhead

// WorkAhead does all that is due, each batch decided while the one before it is
// written, however few accounts there are.
func (a *App) WorkAhead(ctx context.Context, to calendar.Instant) (Advanced, error) {
	w := working{app: a, to: to, stuck: map[string]bool{}}
	w.runAhead(ctx)
	return w.report, w.err
}

// Hurry has a Learner try again at once.
func (l *Learner) Hurry() { l.pause = time.Millisecond }
