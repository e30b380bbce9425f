package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"termwise.dev/store"
)

// ErrLearning says that a process is not ready yet: it reads the index of usage.
var ErrLearning = errors.New("app: the index of usage is still being read")

// learnPause is how long after it failed reading the index is tried again.
const learnPause = 5 * time.Second

// Learner reads what tells that an event is new, before the first event comes: some
// bytes for each that was ever accepted, which whoever takes in usage would read
// else while accounts are locked.
type Learner struct {
	app   *App
	log   *slog.Logger
	pause time.Duration
	done  chan struct{}
}

// Learner returns the one that is to run before usage is taken in. From now on and
// until it is done, Ready returns ErrLearning, and usage that is reported waits. Call
// it before App is used by several goroutines.
func (a *App) Learner(log *slog.Logger) *Learner {
	l := &Learner{app: a, log: log, pause: learnPause, done: make(chan struct{})}
	a.learnt = l.done
	return l
}

// Run reads the index. When the database does not answer, it tries again until ctx
// ends. A run of the index that was changed or is gone is logged, and Run is done:
// usage of the accounts that rest on it fails, and everything else can be served.
func (l *Learner) Run(ctx context.Context) error {
	began := time.Now()
	for {
		err := l.app.db.LearnRuns(ctx)
		if ctx.Err() != nil {
			return nil // asked to stop
		}
		if fault := (*store.IndexFault)(nil); err == nil || errors.As(err, &fault) {
			l.end(ctx, err, time.Since(began))
			return nil
		}
		l.log.ErrorContext(ctx, "the index of usage could not be read, and is tried again", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(l.pause):
		}
	}
}

func (l *Learner) end(ctx context.Context, fault error, took time.Duration) {
	if fault != nil {
		l.log.ErrorContext(ctx, "the index of usage is damaged: no usage is taken of accounts that rest on what is gone", "error", fault)
	} else {
		l.log.InfoContext(ctx, "the index of usage was read", "took", took)
	}
	close(l.done)
}

// learning returns ErrLearning while a Learner is not done.
func (a *App) learning() error {
	if a.learnt == nil {
		return nil
	}
	select {
	case <-a.learnt:
		return nil
	default:
		return ErrLearning
	}
}

// awaitLearnt waits until a Learner, if there is one, is done.
func (a *App) awaitLearnt(ctx context.Context) error {
	if a.learnt == nil {
		return nil
	}
	select {
	case <-a.learnt:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
