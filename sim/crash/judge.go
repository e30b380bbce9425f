package crash

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/store"
)

// facts are what a database says, by how much.
type facts map[fact]int64

// The facts that requests make true.
func accountFact(id, name string) fact      { return fact("account " + id + " " + name) }
func acceptedFact(id, document string) fact { return fact("accepted " + id + " " + document) }
func usageFact(id, resource string) fact    { return fact("usage " + id + " " + resource) }
func paidFact(id, method, reference string) fact {
	return fact("paid " + id + " " + method + " " + reference)
}

// readFacts reads all facts of a database, and shows each account to look.
func readFacts(ctx context.Context, location string, look func(*account.Evidence)) (facts, error) {
	db, err := store.Open(ctx, location)
	if err != nil {
		return nil, err
	}
	found := facts{}
	err = db.View(ctx, func(tx *store.Tx) error {
		ids, err := tx.AccountIDs(ctx, "", 1_000_000)
		if err != nil {
			return err
		}
		for _, id := range ids {
			evidence, _, err := tx.Evidence(ctx, id)
			if err == nil {
				err = found.add(evidence)
			}
			if err != nil {
				return err
			}
			look(evidence)
		}
		return nil
	})
	return found, errors.Join(err, db.Close())
}

// sealed counts the runs of the index of usage in a database.
func sealed(ctx context.Context, location string) (runs int, err error) {
	db, err := store.Open(ctx, location)
	if err != nil {
		return 0, err
	}
	err = db.View(ctx, func(tx *store.Tx) error {
		found, err := tx.CheckRuns(ctx)
		runs = found.Runs
		return err
	})
	return runs, errors.Join(err, db.Close())
}

// add adds the facts of one account.
func (f facts) add(ev *account.Evidence) error {
	id := ev.Account.ID
	f[accountFact(id, ev.Account.Name)]++
	for i := range ev.Acceptances {
		f[acceptedFact(id, ev.Acceptances[i].Document)]++
	}
	for i := range ev.Events {
		e := &ev.Events[i]
		for _, m := range e.Measures {
			if e.Point {
				f[usageFact(id, e.Resource)] += m.Value
			} else {
				f[usageFact(id, e.Resource)] += m.Value * int64(e.To.Sub(e.From)/calendar.Second)
			}
		}
	}
	for i := range ev.Entries {
		if ev.Entries[i].Kind != journal.ToppedUp {
			continue
		}
		var paid account.TopUp
		if err := json.Unmarshal([]byte(ev.Entries[i].Payload), &paid); err != nil {
			return err
		}
		f[paidFact(id, paid.Method, paid.Reference)] += int64(paid.Amount)
	}
	return nil
}

// judge holds what a database says against what its clients know. before is what
// it said when they began.
func judge(all []*told, before, now facts) error {
	want, open := map[fact]int64{}, map[fact]int64{} // what must be there, and may be beside it
	for what, amount := range before {
		want[what] = amount
	}
	var faults []error
	for _, t := range all {
		present := 0
		for i, c := range t.Claims {
			switch t.outcome(i) {
			case done, again:
				want[c.Fact] = c.Amount
			case unknown:
				open[c.Fact] = c.Amount
			}
			if c.Code == "" && now[c.Fact] != 0 {
				present++
			}
		}
		if len(t.answers) == 0 {
			faults = append(faults, t.whole(present))
		}
	}
	for what, amount := range want {
		if now[what] != amount {
			faults = append(faults, fmt.Errorf("%s was acknowledged with %d, and is there with %d", what, amount, now[what]))
		}
	}
	for what, amount := range now {
		if want[what] == 0 && amount != open[what] {
			faults = append(faults, fmt.Errorf("%s is there with %d; it was not acknowledged, and %d was asked for without an answer", what, amount, open[what]))
		}
	}
	return errors.Join(faults...)
}

// whole refuses that a request without an answer was done in part.
func (t *told) whole(present int) error {
	asked := 0
	for _, c := range t.Claims {
		if c.Code == "" {
			asked++
		}
	}
	if present != 0 && present != asked {
		return fmt.Errorf("request %d got no answer, and of its %d claims %d are there", t.N, asked, present)
	}
	return nil
}
