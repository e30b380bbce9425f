package app

import (
	"context"
	"log/slog"
	"time"

	"termwise.dev/core/calendar"
	"termwise.dev/store"
)

// Due says how much work waits for the worker.
type Due struct {
	// Accounts counts those for which something has fallen due and not been done.
	Accounts int
	// Behind is how long ago the oldest of it fell due.
	Behind time.Duration
}

// Due says how much work has fallen due by the database's clock.
func (a *App) Due(ctx context.Context) (due Due, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		m, err := a.moment(ctx, tx)
		if err != nil {
			return err
		}
		if due.Accounts, err = tx.CountDue(ctx, m.now); err != nil || due.Accounts == 0 {
			return err
		}
		oldest, err := tx.DueAccounts(ctx, m.now, 1)
		if err != nil || len(oldest) == 0 {
			return err
		}
		row, _, err := tx.Account(ctx, oldest[0])
		due.Behind = time.Duration(m.now.Sub(row.NextDue)) * time.Microsecond
		return err
	})
	return due, err
}

// Worked is one run of the worker.
type Worked struct {
	Advanced
	Took time.Duration
	// Err is why the run ended early; what it had done by then is kept.
	Err error
}

// Performer does what has fallen due; App is one.
type Performer interface {
	Now(ctx context.Context) (now calendar.Instant, virtual bool, err error)
	Work(ctx context.Context) (Advanced, error)
}

// Worker does what falls due on a real clock, again and again.
type Worker struct {
	App Performer
	// Interval is the pause between the beginnings of two runs, above zero.
	Interval time.Duration
	Log      *slog.Logger
	// Observe, when set, is told of every run.
	Observe func(Worked)

	reported map[string]string // the reason last logged for each stuck account
}

// Run works until ctx ends, at once and then each interval. A run that fails is
// logged and tried again at the next interval. On a virtual clock, which moves
// only by command, there is nothing to do and Run returns.
func (w *Worker) Run(ctx context.Context) error {
	_, virtual, err := w.App.Now(ctx)
	if err != nil {
		return err
	}
	if virtual {
		w.Log.InfoContext(ctx, "the clock is virtual: time passes only by the command advance")
		return nil
	}
	ticker := time.NewTicker(w.Interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		w.once(ctx)
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	return nil
}

func (w *Worker) once(ctx context.Context) {
	start := time.Now()
	advanced, err := w.App.Work(ctx)
	if err != nil && ctx.Err() != nil {
		return // asked to stop: the rest is done by the next worker
	}
	run := Worked{Advanced: advanced, Took: time.Since(start), Err: err}
	w.log(ctx, run)
	if w.Observe != nil {
		w.Observe(run)
	}
}

// log reports a run. An account that stays stuck for the same reason is
// reported once, and once more when it no longer is.
func (w *Worker) log(ctx context.Context, run Worked) {
	if run.Err != nil {
		w.Log.ErrorContext(ctx, "work that was due could not be done", "error", run.Err, "accounts", run.Accounts)
	} else if run.Entries > 0 {
		w.Log.InfoContext(ctx, "did what was due", "accounts", run.Accounts, "entries", run.Entries,
			"charges", run.Charges, "late_fees", run.LateFees, "notices", run.Notices, "took", run.Took)
	}
	stuck := make(map[string]string, len(run.Stuck))
	for _, s := range run.Stuck {
		stuck[s.Account] = s.Reason
		if w.reported[s.Account] != s.Reason {
			w.Log.ErrorContext(ctx, "the account is stuck: its due work cannot be decided", "account", s.Account, "reason", s.Reason)
		}
	}
	if run.Err != nil {
		return // it may have ended before it came to the others
	}
	for account := range w.reported {
		if _, still := stuck[account]; !still {
			w.Log.InfoContext(ctx, "the account is no longer stuck", "account", account)
		}
	}
	w.reported = stuck
}
