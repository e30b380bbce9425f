package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
)

func TestApplyRefuses(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a")
		opened, err := account.Open(w.env, account.New{ID: "a", Name: "Again", Currency: "CNY"}, start)
		if err != nil {
			t.Fatal(err)
		}
		refuses(t, db, refusal.AlreadyExists, func(ctx context.Context, tx *Tx) error {
			return tx.Apply(ctx, []*account.Decision{opened})
		})
		stale := w.topUp("a", 1_000_000, start)
		for name, ds := range map[string][]*account.Decision{
			"a decision that was applied": {stale},
			"two for one account":         {stale, stale},
		} {
			if err := db.Update(t.Context(), func(tx *Tx) error { return tx.Apply(t.Context(), ds) }); err == nil {
				t.Errorf("%s is applied", name)
			} else if len(ds) == 1 && !errors.Is(err, ErrStale) {
				t.Errorf("%s: got %v, want ErrStale", name, err)
			}
		}
		if e := w.evidence("a"); e.Account.Seq != 3 || e.Account.Balances[ledger.Wallet] != 1_000_000 || len(e.Transfers) != 1 {
			t.Errorf("something was written: %+v", e.Account)
		}
	})
}

// TestApplyInBatches settles several accounts at once, of which one has nothing to write.
func TestApplyInBatches(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a", "b", "c")
		w.topUp("a", 100_000_000, start)
		w.use(start, event("1", "a", "vm", 0, 2), event("1", "b", "vm", 0, 3))
		now := start.Add(40 * calendar.HourLength)
		made := w.advance(now, "c", "a", "b")
		if len(made) != 3 || len(made[2].Entries) != 0 || made[2].NextDue != calendar.EndOfTime {
			t.Fatalf("c has something to do: %+v", made[2])
		}
		a, b := w.evidence("a"), w.evidence("b")
		if len(a.Charges) != 4 || len(b.Charges) != 6 || len(a.Account.Debts) != 0 || len(b.Account.Debts) == 0 {
			t.Errorf("a: %d charges, %d debts; b: %d charges, %d debts", len(a.Charges), len(a.Account.Debts), len(b.Charges), len(b.Account.Debts))
		}
		if s := service(b); s.State != "suspended" || s.ArrearsSince == 0 || len(b.Notices) != 2 {
			t.Errorf("b is not suspended: %+v, %+v", s, b.Notices)
		}
		for _, bucket := range a.Buckets {
			if bucket.IsOpen() || bucket.Lines != 1 || bucket.Charged == 0 {
				t.Errorf("not settled: %+v", bucket)
			}
		}
		w.topUp("b", 100_000_000, now)
		if b = w.evidence("b"); len(b.Account.Debts) != 0 || service(b).State != "active" || service(b).ArrearsSince != 0 {
			t.Errorf("b has paid: %+v, %+v", b.Account.Debts, service(b))
		}
	})
}

// service is the one service that an account uses.
func service(ev *account.Evidence) *subscription.Service {
	for _, s := range ev.Account.Services {
		return s
	}
	return &subscription.Service{}
}

// TestApplyKeepsLateUsage applies a settlement after more usage has arrived.
func TestApplyKeepsLateUsage(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a")
		w.use(start, event("1", "a", "vm", 0, 1))
		now := start.Add(calendar.HourLength)
		var decision *account.Decision
		view(t, db, func(ctx context.Context, tx *Tx) error {
			books, err := tx.Books(ctx, []string{"a"}, now)
			if err == nil {
				decision, err = books[0].Advance(w.env, now)
			}
			return err
		})
		w.use(now, event("2", "a", "vm", 0, 1))
		update(t, db, func(ctx context.Context, tx *Tx) error { return tx.Apply(ctx, []*account.Decision{decision}) })
		e := w.evidence("a")
		if e.Account.Intake.Folded != 1 || e.Account.Intake.Parcels != 2 || e.NextDue != now {
			t.Errorf("%+v, due at %s; one parcel should be left, due at %s", e.Account.Intake, e.NextDue, now)
		}
		if again := db.Update(t.Context(), func(tx *Tx) error { return tx.Apply(t.Context(), []*account.Decision{decision}) }); !errors.Is(again, ErrStale) {
			t.Errorf("applied again: %v, want ErrStale", again)
		}
		for _, b := range w.fresh("a").Open {
			if b.Total != 2*b.Billed || b.Billed == 0 {
				t.Errorf("%s: total %d, billed %d; half should be open", b.Meter, b.Total, b.Billed)
			}
		}
		w.advance(now, "a")
		if e := w.evidence("a"); e.Account.Intake.Folded != 2 || len(e.Charges) != 4 {
			t.Errorf("%+v, %d charges; all should be settled", e.Account.Intake, len(e.Charges))
		}
	})
}

func TestApplyTermSets(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		set := account.TermSet{Product: product, Hash: terms.HashText([]byte("one")), Refs: []terms.DocumentRef{
			{Document: "billing-rules", Version: "2025-06", Hash: terms.HashText([]byte("rules"))},
		}}
		put := func(ctx context.Context, tx *Tx) error {
			return tx.putTermSets(ctx, map[int64]account.TermSet{-7: set, 8: {Product: other}})
		}
		update(t, db, put)
		update(t, db, put)
		view(t, db, func(ctx context.Context, tx *Tx) error {
			got, found, err := tx.TermSet(ctx, -7)
			if !found || got.Product != product || got.Hash != set.Hash || fmt.Sprint(got.Refs) != fmt.Sprint(set.Refs) {
				t.Errorf("got %+v, %v", got, found)
			}
			if _, found, _ := tx.TermSet(ctx, 9); found {
				t.Error("found a set that was never kept")
			}
			return err
		})
		set.Hash = terms.HashText([]byte("two"))
		refuses(t, db, refusal.AlreadyExists, put)
		many := map[int64]account.TermSet{-7: set}
		for id := range int64(fewRows) {
			many[id] = account.TermSet{Product: product}
		}
		refuses(t, db, refusal.AlreadyExists, func(ctx context.Context, tx *Tx) error { return tx.putTermSets(ctx, many) })
	})
}

// TestDatabaseGuards applies decisions that core would never make.
func TestDatabaseGuards(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a")
		for _, test := range []struct {
			name  string
			wrong func(d *account.Decision)
			code  refusal.Code
		}{
			{"a wallet below zero", func(d *account.Decision) { d.After.Balances[ledger.Wallet] = -1 }, ""},
			{"a charge of nothing", func(d *account.Decision) {
				d.Charges = []account.Charge{{Stamp: account.Stamp{RowID: account.RowID{Entry: 3, Line: 1}}}}
			}, ""},
			{"a transfer to itself", func(d *account.Decision) { d.Transfers[0].Debit = "wallet" }, ""},
			{"a transfer of nothing", func(d *account.Decision) { d.Transfers[0].Transfer.Amount = 0 }, ""},
			{"a transfer of no entry", func(d *account.Decision) { d.Transfers[0].Entry = 4 }, ""},
			{"a transfer twice", func(d *account.Decision) { d.Transfers = append(d.Transfers, d.Transfers...) }, ""},
			{"an entry twice", func(d *account.Decision) { d.Entries = append(d.Entries, d.Entries...) }, ""},
		} {
			err := db.Update(t.Context(), func(tx *Tx) error {
				books, err := tx.Books(t.Context(), []string{"a"}, start)
				if err != nil {
					return err
				}
				d, err := books[0].TopUp(w.env, account.TopUp{Amount: 5, Method: "bank_remittance", Reference: "R"}, start)
				if err != nil {
					return err
				}
				test.wrong(d)
				return tx.Apply(t.Context(), []*account.Decision{d})
			})
			if err == nil {
				t.Errorf("%s is written", test.name)
			}
		}
		if e := w.evidence("a"); e.Account.Seq != 2 || len(e.Account.Balances) != 0 {
			t.Errorf("something was written: %+v", e)
		}
	})
}

func TestOverflowIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a", "b")
		huge, elsewhere := event("1", "a", "vm", 0, 0), event("1", "b", "vm", 0, 1)
		inC := func(e metering.Event) metering.Event { e.Account = "c"; return e }
		huge.Point, huge.Measures = true, huge.Measures[:1]
		huge.Measures[0].Value = math.MaxInt64 - 1
		more := huge
		more.ID, more.Measures = "2", event("", "", "", 0, 0).Measures[:1]
		w.use(start, huge, elsewhere)
		w.topUp("a", 1_000_000, start) // which puts the usage into a bucket
		w.use(start, more)
		w.open("c")
		w.use(start, inC(huge), inC(more)) // both are fresh
		for _, id := range []string{"a", "c"} {
			refuses(t, db, refusal.Overflow, func(ctx context.Context, tx *Tx) error {
				books, err := tx.Books(ctx, []string{"b", id}, start)
				if err != nil {
					return err
				}
				if _, err := books[slices.IndexFunc(books, func(b *account.Books) bool { return b.ID == "b" })].Advance(w.env, start); err != nil {
					t.Errorf("the other account: %v", err)
				}
				_, err = books[slices.IndexFunc(books, func(b *account.Books) bool { return b.ID == id })].Advance(w.env, start)
				return err
			})
		}
		if e := w.evidence("a"); len(e.Events) != 2 || e.Buckets[0].Total != math.MaxInt64-1 {
			t.Errorf("got %+v", e.Buckets)
		}
		update(t, db, func(ctx context.Context, tx *Tx) error {
			for _, id := range []string{"b", "c"} {
				if _, err := tx.exec(ctx, "UPDATE accounts SET fees = $2 WHERE account = $1", id, int64(math.MaxInt64)); err != nil {
					return err
				}
			}
			return nil
		})
		refuses(t, db, refusal.Overflow, func(ctx context.Context, tx *Tx) error {
			_, err := tx.OwedTotals(ctx)
			return err
		})
	})
}
