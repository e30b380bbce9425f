package store

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/subscription"
)

func TestAccountLists(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("b", "a", "c-1", "c")
		w.topUp("b", 3_000_000, start)
		view(t, db, func(ctx context.Context, tx *Tx) error {
			ids, err := tx.AccountIDs(ctx, "a", 2)
			if diff := cmp.Diff([]string{"b", "c"}, ids); diff != "" || err != nil {
				t.Error(diff, err)
			}
			rows, err := tx.Accounts(ctx, "", 2)
			if err != nil || len(rows) != 2 || rows[0].ID != "a" || rows[1].Wallet != 3_000_000 || rows[1].Seq != 3 {
				t.Errorf("got %+v, %v", rows, err)
			}
			b, found, err := tx.Account(ctx, "b")
			if !found || b != rows[1] || b.Name != "Customer b" || b.Currency != "CNY" || b.Opened != start {
				t.Errorf("got %+v, %v, %v", b, found, err)
			}
			if _, found, _ := tx.Account(ctx, "d"); found {
				t.Error("found an account that does not exist")
			}
			return err
		})
	})
}

func TestDueAccounts(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a", "b", "c", "d")
		w.use(start, event("1", "a", "vm", 2, 1), event("1", "b", "vm", 0, 1), event("1", "c", "vm", 2, 1), event("1", "d", "vm", 9, 1))
		due := func(db *DB, limit int) (ids []string) {
			update(t, db, func(ctx context.Context, tx *Tx) (err error) {
				ids, err = tx.DueAccounts(ctx, start.Add(3*calendar.HourLength), limit)
				return err
			})
			return ids
		}
		if got := due(db, 9); !slices.Equal(got, []string{"b", "a", "c"}) {
			t.Errorf("due: %v", got)
		}
		if got := due(db, 2); !slices.Equal(got, []string{"b", "a"}) {
			t.Errorf("due, two of them: %v", got)
		}
		if db.engine == sqlite {
			return // one writer at a time: nothing can be locked by another
		}
		update(t, db, func(ctx context.Context, tx *Tx) error {
			if err := tx.Lock(ctx, []string{"b", "nobody"}); err != nil {
				return err
			}
			if got := due(db, 1); !db.sharded && !slices.Equal(got, []string{"a"}) {
				t.Errorf("due while b is locked: %v", got)
			}
			for id, want := range map[string]bool{"a": true, "b": false, "d": false, "nobody": false} {
				if got := claimed(t, db, id); got != want {
					t.Errorf("%s is claimed while b is locked and d is not due: %v", id, got)
				}
			}
			return nil
		})
	})
}

// claimed says whether a transaction of its own may do what is due for an account.
func claimed(t *testing.T, db *DB, id string) (got bool) {
	t.Helper()
	update(t, db, func(ctx context.Context, tx *Tx) (err error) {
		got, err = tx.Claim(ctx, id, start.Add(3*calendar.HourLength))
		return err
	})
	return got
}

func TestStatementTotals(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a", "b")
		w.topUp("a", 1_000_000_000, start)
		hour := calendar.HourOf(start)
		w.use(hour.End(), event("1", "a", "vm", 0, 2), event("1", "b", "vm", 0, 1))
		w.advance((hour + 1).End(), "a", "b")
		w.use((hour + 3).Start(), event("2", "a", "vm", 0, 1))
		w.advance((hour + 3).Start(), "a")
		// Two vCPU cost 0.18 and four GiB 0.096 an hour.
		totals := func(hours, lines, adjustments int64) []Total {
			return []Total{
				{"CNY", product, "cpu", 7_200_000 * hours, lines, adjustments, money.Amount(180_000 * hours)},
				{"CNY", product, "memory", 14_745_600 * hours, lines, adjustments, money.Amount(96_000 * hours)},
			}
		}
		for _, test := range []struct {
			name, account string
			from, to      calendar.Hour
			known         calendar.Instant
			want          []Total
		}{
			{"all", "", hour, hour + 9, 0, totals(4, 3, 1)},
			{"a", "a", hour, hour + 9, 0, totals(3, 2, 1)},
			{"a's second hour", "a", hour + 1, hour + 2, 0, totals(1, 1, 0)},
			{"as known before the late usage", "", hour, hour + 9, (hour + 2).Start(), totals(3, 3, 0)},
			{"nothing", "", hour + 2, hour + 9, 0, nil},
		} {
			view(t, db, func(ctx context.Context, tx *Tx) error {
				got, err := tx.StatementTotals(ctx, test.account, test.from, test.to, test.known)
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("%s: %s", test.name, diff)
				}
				return err
			})
		}
		view(t, db, func(ctx context.Context, tx *Tx) error {
			got, err := tx.Summary(ctx)
			want := Summary{
				Accounts: 2, Entries: 10, Events: 3, Hours: 3, Charges: 8,
				Services: map[subscription.State]int64{"active": 2}, Moves: map[subscription.State]int64{"active": 2},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			return err
		})
	})
}

func TestArrears(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a", "b", "c", "d")
		w.topUp("b", 1_000_000_000, start)
		w.use(start, event("1", "a", "vm", 0, 3), event("1", "b", "vm", 0, 3), event("1", "d", "vm", 0, 3))
		w.advance(start.Add(72*calendar.HourLength), "a", "b", "c", "d")
		w.topUp("d", 828_000, start.Add(72*calendar.HourLength)) // the principal, and none of the fees
		view(t, db, func(ctx context.Context, tx *Tx) error {
			list, err := tx.Arrears(ctx, "", 9)
			if err != nil {
				return err
			}
			if len(list) != 2 || list[0].ID != "a" || list[1].ID != "d" {
				t.Fatalf("in arrears: %v", list)
			}
			a, d := list[0], list[1]
			if len(a.Debts) != 3 || a.Owed != 828_000 || a.Debts[0].Outstanding != 276_000 || a.Fees == 0 || a.FeesOwed[ledger.FeesReceivable("aurora", product)] != a.Fees {
				t.Errorf("a: %+v", a)
			}
			if len(a.Services) != 1 || a.Services[0].State != subscription.Suspended || a.Services[0].Product != product {
				t.Errorf("a's services: %+v", a.Services)
			}
			if len(d.Debts) != 0 || d.Owed != 0 || d.Wallet != 0 || d.FeesOwed[ledger.FeesReceivable("aurora", product)] != d.Fees || d.Fees == 0 {
				t.Errorf("d: %+v", d)
			}
			if next, err := tx.Arrears(ctx, "a", 9); len(next) != 1 || err != nil {
				t.Errorf("after a: %v, %v", next, err)
			}
			if first, err := tx.Arrears(ctx, "", 1); len(first) != 1 || err != nil {
				t.Errorf("the first: %v, %v", first, err)
			}
			return nil
		})
	})
}

// TestStatementsDoNotGrow counts what is sent for few accounts and for many.
func TestStatementsDoNotGrow(t *testing.T) {
	onEngines(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		counts := map[int]int{}
		for _, n := range []int{1, 10, 1000} { // the first also writes what all of them name
			ids := make([]string, n)
			batch := newBatch(ids, fmt.Sprint("of-", n, "-"))
			w.open(ids...)
			update(t, db, func(ctx context.Context, tx *Tx) error {
				if _, err := tx.PutUsage(ctx, batch, start); err != nil {
					return err
				}
				books, err := tx.Books(ctx, ids, start.Add(40*calendar.HourLength))
				if err != nil {
					return err
				}
				made, err := advanced(w.env, books, start.Add(40*calendar.HourLength))
				if err != nil {
					return err
				}
				if err := tx.Apply(ctx, made); err != nil {
					return err
				}
				_, err = tx.Arrears(ctx, "", n)
				counts[n] = tx.statements
				return err
			})
		}
		if counts[10] != counts[1000] || counts[10] == 0 {
			t.Errorf("statements by accounts: %v", counts)
		}
	})
}

func TestStandings(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a", "b")
		w.topUp("a", 1_000_000_000, start)
		hour := calendar.HourOf(start)
		w.use(hour.End(), event("1", "a", "vm", 0, 1))
		w.advance(hour.End(), "a")
		view(t, db, func(ctx context.Context, tx *Tx) error {
			found, err := tx.Standings(ctx, []string{"a", "b", "nobody"})
			if err != nil {
				return err
			}
			moves, err := tx.Transitions(ctx, "a", Filter[calendar.Instant]{})
			if err != nil || len(moves) != 1 {
				t.Fatalf("moves: %v, %v", moves, err)
			}
			if diff := cmp.Diff(map[string]account.RowID{product: moves[0].RowID}, found["a"].Moves); diff != "" {
				t.Error(diff)
			}
			accepted, err := tx.Acceptances(ctx, "b", Filter[calendar.Instant]{})
			if diff := cmp.Diff(accepted, found["b"].Acceptances); diff != "" || len(accepted) == 0 {
				t.Errorf("%d acceptances: %s", len(accepted), diff)
			}
			if len(found["b"].Moves) != 0 || len(found["nobody"].Moves) != 0 || len(found["nobody"].Acceptances) != 0 {
				t.Errorf("what has not happened: %+v, %+v", found["b"], found["nobody"])
			}
			return err
		})
	})
}

func TestToppedUp(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a", "b")
		w.topUp("b", 3_000_000, start)
		w.topUp("a", 1_000_000, start)
		w.topUp("b", 4_000_000, start.Add(calendar.HourLength))
		view(t, db, func(ctx context.Context, tx *Tx) error {
			for id, want := range map[string][]string{
				"a": {`{"amount":"1.000000","method":"bank_remittance","reference":"T-1"}`},
				"b": {`{"amount":"3.000000","method":"bank_remittance","reference":"T-1"}`, `{"amount":"4.000000","method":"bank_remittance","reference":"T-1"}`},
				"c": nil,
			} {
				found, err := tx.ToppedUp(ctx, id, "T-1")
				if err != nil {
					return err
				}
				if other, err := tx.ToppedUp(ctx, id, "T-2"); err != nil || len(other) > 0 {
					t.Errorf("%s: of another payment there are %v, %v", id, other, err)
				}
				var payloads []string
				for _, e := range found {
					payloads = append(payloads, e.Payload)
				}
				if diff := cmp.Diff(want, payloads); diff != "" {
					t.Errorf("%s:\n%s", id, diff)
				}
			}
			return nil
		})
	})
}
