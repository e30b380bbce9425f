package app

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"

	"termwise.dev/core/calendar"
	"termwise.dev/store"
)

// Where the accounts of a database live on several nodes, a transaction writes
// one account (store.DB.Sharded). What is one transaction of many accounts
// elsewhere is then one for each: the same work, done again where it was broken
// off, since each part is known by its own key or is not due any more.

// How many due accounts a worker looks for at once, which other processes may
// take before it comes to them, and how many it does at once, each of which waits
// for one node.
const (
	candidates = 256
	hands      = 8
)

// workOneByOne does what is due for some accounts, each in a transaction of its
// own. It looks for them without locking anything, and then claims each: one that
// another process holds or has done is passed over. Processes go through the
// candidates in different orders, so that they seldom meet.
func (a *App) workOneByOne(ctx context.Context, to calendar.Instant, stuck map[string]bool) (report Advanced, err error) {
	var ids []string
	if err := a.db.View(ctx, func(tx *store.Tx) error {
		ids, err = tx.DueAccounts(ctx, to, candidates+len(stuck))
		return err
	}); err != nil {
		return report, err
	}
	ids = without(ids, stuck)
	rand.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	done := make([]Advanced, len(ids))
	errs := make([]error, hands)
	var group sync.WaitGroup
	for hand := range hands {
		group.Go(func() {
			for i := hand; i < len(ids) && errs[hand] == nil; i += hands {
				done[i], errs[hand] = a.workOn(ctx, ids[i], to)
			}
		})
	}
	group.Wait()
	for _, one := range done {
		report.add(one)
	}
	return report, errors.Join(errs...)
}

// workOn does what is due for one account, unless somebody else does.
func (a *App) workOn(ctx context.Context, id string, to calendar.Instant) (Advanced, error) {
	return a.workBatch(ctx, to, func(tx *store.Tx) ([]string, error) {
		claimed, err := tx.Claim(ctx, id, to)
		if err != nil || !claimed {
			return nil, err
		}
		return []string{id}, nil
	})
}

// together is how many accounts may share a transaction.
func (a *App) together() int {
	if a.db.Sharded() {
		return 1
	}
	return accountsPerBatch
}

// wake has the accounts looked at that publications have left asleep. A worker
// that dies on the way leaves it to the next one, which begins again: an account
// that is awake stays so.
func (a *App) wake(ctx context.Context) error {
	if !a.db.Sharded() {
		return nil
	}
	var instants []calendar.Instant
	err := a.db.View(ctx, func(tx *store.Tx) (err error) {
		instants, err = tx.Wakes(ctx)
		return err
	})
	for _, from := range instants {
		if err == nil {
			err = a.wakeFrom(ctx, from)
		}
	}
	return err
}

func (a *App) wakeFrom(ctx context.Context, from calendar.Instant) error {
	for after := ""; ; {
		var ids []string
		if err := a.db.View(ctx, func(tx *store.Tx) (err error) {
			ids, err = tx.Sleepers(ctx, after, accountsPerBatch)
			return err
		}); err != nil {
			return err
		}
		for _, id := range ids {
			if err := a.db.Update(ctx, func(tx *store.Tx) error { return tx.WakeAccount(ctx, id, from) }); err != nil {
				return err
			}
			after = id
		}
		if len(ids) == 0 {
			return a.db.Update(ctx, func(tx *store.Tx) error { return tx.Woken(ctx, from) })
		}
	}
}

// byAccount gives the places of events in groups that one transaction each may
// take: all of them, or those of each account, in the order in which accounts
// come first.
func (a *App) byAccount(events []Reported) [][]int {
	var groups [][]int
	of := map[string]int{}
	for i := range events {
		id := ""
		if a.db.Sharded() {
			id = events[i].Account
		}
		group, known := of[id]
		if !known {
			group = len(groups)
			of[id], groups = group, append(groups, nil)
		}
		groups[group] = append(groups[group], i)
	}
	return groups
}
