package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
)

// settledHours are more than are packed at once.
const settledHours = entriesAtOnce + 30

// settledWorld has two accounts that were settled for many hours, one of them with
// late usage, and one that never used anything.
func settledWorld(t *testing.T, db *DB) *world {
	t.Helper()
	w := newWorld(t, db)
	w.open("a", "b", "idle")
	w.topUp("a", 1_000_000_000, start)
	for n := range settledHours {
		at := start.Add(calendar.Duration(n) * calendar.HourLength)
		w.use(at, event(fmt.Sprint(n), "a", "vm", n, 1))
		w.advance(at.Add(calendar.HourLength), "a")
	}
	w.use(start, event("late", "a", "vm-2", 0, 3), event("b", "b", "vm", 0, 2))
	w.advance(start.Add((settledHours+1)*calendar.HourLength), "a", "b")
	return w
}

// Charges and transfers that were kept one row each are packed into their entries,
// are still what they were, and come out as the same rows.
func TestLinesArePackedAndUnpacked(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := settledWorld(t, db)
		before := w.evidences("a", "b", "idle")
		if len(before["a"].Charges) < 2*settledHours || len(before["a"].Transfers) < 2*settledHours || len(before["idle"].Charges) > 0 {
			t.Fatalf("%d charges and %d transfers: the story is dull", len(before["a"].Charges), len(before["a"].Transfers))
		}
		w.comesBack(linesVersion, before, func(id string, was *account.Evidence) {
			charges, transfers := oneByOne(t, db, &chargesByRow, id), oneByOne(t, db, &transfersByRow, id)
			if diff := cmp.Diff(was.Charges, charges) + cmp.Diff(was.Transfers, transfers); diff != "" {
				t.Errorf("%s -packed +one by one:\n%s", id, diff)
			}
		})
	})
}

// change does something by hand to a database.
func change(t *testing.T, db *DB, text string) {
	t.Helper()
	do(t, db.writer, text)
}

func do(t *testing.T, db *sql.DB, text string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// A row that was changed by hand before it is packed is found as before.
func TestAChangedRowIsFoundAfterItWasPacked(t *testing.T) {
	for name, text := range map[string]string{
		"a charge":             "UPDATE charges SET amount = amount + 1 WHERE account = 'a' AND entry = 9 AND line = 1",
		"a digest":             "UPDATE charges SET digest = digest + 1 WHERE account = 'a' AND entry = 9 AND line = 1",
		"a transfer, gone":     "DELETE FROM transfers WHERE account = 'a' AND entry = 9",
		"an entry's only rows": "DELETE FROM transfers WHERE account = 'a' AND entry = 3",
	} {
		t.Run(name, func(t *testing.T) {
			onEngines(t, func(t *testing.T, db *DB) {
				w := settledWorld(t, db)
				if err := downTo(t, db, linesVersion-1); err != nil {
					t.Fatal(err)
				}
				change(t, db, text)
				if err := up(t, db); err != nil {
					t.Fatal(err)
				}
				found := len(w.evidence("a").Check(account.Replay{}).Faults) > 0
				if digest := name == "a digest"; found == digest { // what is not kept cannot be wrong
					t.Errorf("found %v", found)
				}
			})
		})
	}
}

// A row that belongs to no entry is not lost in silence, nor are lines that were changed
// sealed anew.
func TestWhatWasChangedIsNotMigrated(t *testing.T) {
	onEngines(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a")
		w.topUp("a", 5, start)
		refused := func(err error, words ...string) {
			t.Helper()
			for _, word := range words {
				if err == nil || !strings.Contains(err.Error(), word) {
					t.Errorf("got %v, want %q in it", err, word)
				}
			}
		}
		change(t, db, "UPDATE journal SET last_hour = 7 WHERE seq = 3")
		refused(downTo(t, db, linesVersion-1), "account a", "entry 3", "termwise verify")
		change(t, db, "UPDATE journal SET last_hour = -1 WHERE seq = 3")
		if err := downTo(t, db, linesVersion-1); err != nil {
			t.Fatal(err)
		}
		change(t, db, "UPDATE transfers SET entry = 4")
		refused(up(t, db), "line 1 of entry 4 of account a in transfers", "termwise verify")
		change(t, db, "UPDATE transfers SET entry = 3")
		if err := up(t, db); err != nil {
			t.Fatal(err)
		}
		view(t, db, func(ctx context.Context, tx *Tx) error {
			count, sum, err := tx.PaidIn(ctx)
			if count != 1 || sum != 5 {
				t.Errorf("%d top-ups of %s", count, sum)
			}
			return err
		})
	})
}
