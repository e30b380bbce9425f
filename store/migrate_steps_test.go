package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/notice"
	"termwise.dev/core/subscription"
)

// owingWorld has an account that was told and suspended for what it owes, and one that
// was told of a new version.
func owingWorld(t *testing.T, db *DB) *world {
	t.Helper()
	w := settledWorld(t, db)
	w.advance(start.Add((settledHours+100)*calendar.HourLength), "a", "b")
	return w
}

// Notices and moves that were kept one row each are packed into their entries, are
// still what they were, and come out as the same rows.
func TestStepsArePackedAndUnpacked(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := owingWorld(t, db)
		before := w.evidences("a", "b", "idle")
		b := before["b"]
		if len(b.Notices) < 2 || len(b.Transitions) < 2 || len(before["a"].Transitions) != 1 {
			t.Fatalf("notices %+v, moves %+v: the story is dull", b.Notices, b.Transitions)
		}
		w.comesBack(stepsVersion, before, func(id string, was *account.Evidence) {
			told, moved := oneByOne(t, db, &notices, id), oneByOne(t, db, &movesByRow, id)
			if diff := cmp.Diff(was.Notices, told) + cmp.Diff(was.Transitions, moved); diff != "" {
				t.Errorf("%s -packed +one by one:\n%s", id, diff)
			}
		})
	})
}

// A notice or a move that was changed by hand before it is packed is found as before,
// and nothing is packed of what was changed, or belongs nowhere, where it would be lost.
func TestAChangedStepIsFoundAfterItWasPacked(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := owingWorld(t, db)
		told, suspension := suspensionOf(w.evidence("b"))
		if err := downTo(t, db, stepsVersion-1); err != nil {
			t.Fatal(err)
		}
		row := func(r account.RowID) string { return fmt.Sprintf("line %d of entry %d of account ", r.Line, r.Entry) }
		lost := suspension
		lost.Entry += 1000
		for _, by := range []struct{ hand, undo, named string }{
			{
				"UPDATE transitions SET entry = entry + 1000 WHERE account = 'b' AND to_state = 'suspended'",
				"UPDATE transitions SET entry = entry - 1000 WHERE account = 'b' AND to_state = 'suspended'",
				row(lost) + "b in transitions belongs to no journal entry",
			},
			{
				"UPDATE notices SET account = 'ghost' WHERE account = 'b' AND kind = 'was_suspended'",
				"UPDATE notices SET account = 'b' WHERE account = 'ghost'",
				row(told) + "ghost in notices belongs to no journal entry",
			},
			{
				"UPDATE journal SET charges = charges + 1 WHERE account = 'b'",
				"UPDATE journal SET charges = charges - 1 WHERE account = 'b'",
				"its rows are not as they were packed",
			},
		} {
			change(t, db, by.hand)
			if err := up(t, db); err == nil || !strings.Contains(err.Error(), by.named) || !strings.Contains(err.Error(), "changed by hand") {
				t.Errorf("after %s: %v, want %q in it", by.hand, err, by.named)
			}
			change(t, db, by.undo)
		}
		for _, text := range []string{
			"UPDATE transitions SET owed = owed + 1 WHERE account = 'b' AND to_state = 'suspended'",
			"UPDATE notices SET told = told - 1 WHERE account = 'b' AND kind = 'was_suspended'",
		} {
			change(t, db, text)
		}
		if err := up(t, db); err != nil {
			t.Fatal(err)
		}
		ev := w.evidence("b")
		named := func(f *account.Fault) bool { return f.Entry == suspension.Entry }
		if faults := ev.Check(account.Replay{}).Faults; len(faults) == 0 || !named(faults[0]) {
			t.Errorf("entry %d is not named first: %v", suspension.Entry, faults)
		}
	})
}

// suspensionOf returns the places of the last notice that a service was suspended, and
// of the last such move.
func suspensionOf(ev *account.Evidence) (told, moved account.RowID) {
	for i := range ev.Notices {
		if n := &ev.Notices[i]; n.Notice.Kind == notice.WasSuspended {
			told = n.RowID
		}
	}
	for i := range ev.Transitions {
		if m := &ev.Transitions[i]; m.To == subscription.Suspended {
			moved = m.RowID
		}
	}
	return told, moved
}
