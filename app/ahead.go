package app

import (
	"context"
	"errors"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/store"
)

// On SQLite one transaction writes at a time, and while it does, others may read.
// So that deciding does not wait for writing, nor writing for deciding, the next
// batch is read and decided while the one before it is written. What was decided
// is written only if nothing has changed that it rests on: an account that moved
// on is refused by the store as stale, and what was published meanwhile is looked
// for. Then the batch is forgotten, and the next one is done under the lock.

// accountsAhead is how many accounts are decided at once: enough that a commit
// costs little, few enough that the first batch is soon there to be written.
const accountsAhead = 256

// ahead is a batch that is decided and not written.
type ahead struct {
	last      store.Due // of its accounts
	published string    // the fingerprint of what it was decided by
	decisions []*account.Decision
	report    Advanced
	err       error
}

// runAhead works through all that is due: one batch is decided while the one
// before it is written.
func (w *working) runAhead(ctx context.Context) {
	for again := true; again; {
		again = w.passAhead(ctx)
	}
	w.run(ctx) // what has come meanwhile
}

// passAhead goes through the due accounts once, and says whether it was broken off
// and is to be begun again.
func (w *working) passAhead(ctx context.Context) (again bool) {
	ctx, stop := context.WithCancel(ctx)
	batches := w.decideAhead(ctx)
	defer func() {
		stop()
		for range batches { //nolint:revive // until what decides has seen that it is to stop
		}
	}()
	for batch := range batches {
		if batch.err == nil {
			batch.err = w.app.write(ctx, batch)
		}
		if errors.Is(batch.err, store.ErrStale) {
			report, err := w.app.workSome(ctx, w.to, w.stuck)
			return w.keep(report, err)
		}
		if !w.keep(batch.report, batch.err) {
			return false
		}
	}
	return false
}

// decideAhead decides batch after batch, one further than they are taken, until
// no account is left, one fails, or the context ends.
func (w *working) decideAhead(ctx context.Context) <-chan *ahead {
	batches := make(chan *ahead)
	go func() {
		defer close(batches)
		var after store.Due
		for {
			batch := w.app.lookAhead(ctx, w.to, after)
			if batch == nil {
				return
			}
			select {
			case batches <- batch:
			case <-ctx.Done():
				return
			}
			if after = batch.last; batch.err != nil {
				return
			}
		}
	}()
	return batches
}

// lookAhead decides what is due for the next accounts after one, and writes
// nothing. It returns nil when there are none.
func (a *App) lookAhead(ctx context.Context, to calendar.Instant, after store.Due) *ahead {
	batch := &ahead{last: after}
	var ids []string
	batch.err = a.db.View(ctx, func(tx *store.Tx) error {
		p, err := a.provider(ctx, tx)
		if err != nil {
			return err
		}
		batch.published = p.fingerprint
		m, err := a.moment(ctx, tx)
		if err != nil {
			return err
		}
		if ids, batch.last, err = tx.DueAfter(ctx, to, after, accountsAhead); err != nil || len(ids) == 0 {
			return err
		}
		books, err := tx.Books(ctx, ids, to)
		if err != nil {
			return err
		}
		batch.decisions, err = advanceAll(ctx, tx, books, m.env(p, account.Clock), to, &batch.report)
		return err
	})
	if batch.err == nil && len(ids) == 0 {
		return nil
	}
	return batch
}

// write writes what was decided, and returns store.ErrStale when that would be
// decided in another way now.
func (a *App) write(ctx context.Context, batch *ahead) error {
	return a.db.Update(ctx, func(tx *store.Tx) error {
		p, err := a.provider(ctx, tx)
		if err != nil {
			return err
		}
		if p.fingerprint != batch.published {
			return store.ErrStale
		}
		return tx.Apply(ctx, batch.decisions)
	})
}
