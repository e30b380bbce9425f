package store

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/calendar"
)

// TestWatched breaks off a transaction at each of its calls: before the commit
// nothing is kept, after it everything is and the caller gets the error.
func TestWatched(t *testing.T) {
	broken := errors.New("broken off")
	for _, e := range []engine{sqlite, postgres} {
		t.Run(string(e), func(t *testing.T) {
			location := newDatabase(t, e)
			var calls []Call
			at := -1
			db, err := Open(t.Context(), location, Watched(func(c Call) error {
				c.Text, c.Number = "", 0
				calls = append(calls, c)
				if len(calls) == at+1 {
					return broken
				}
				return nil
			}))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			if diff := cmp.Diff([]Call{{Kind: Migrate}, {Kind: Migrate, Answered: true}}, calls); diff != "" {
				t.Fatalf("of the opening the watcher was told (-want +got):\n%s", diff)
			}
			calls = nil
			set := func(now calendar.Instant) error {
				return db.Update(t.Context(), func(tx *Tx) error { return tx.SetClock(t.Context(), Clock{Now: now}) })
			}
			if err := set(1); err != nil {
				t.Fatal(err)
			}
			begun := Call{Kind: Begin, Writes: true, Answered: true}
			written := Call{Kind: Statement, Writes: true, Answered: true}
			committed := Call{Kind: Commit, Writes: true, Answered: true, Committed: true}
			want := []Call{
				{Kind: Begin, Writes: true},
				begun,
				{Kind: Statement, Writes: true},
				written,
				{Kind: Commit, Writes: true},
				committed,
			}
			if e == postgres { // what begins the transaction is sent together with the first statement
				want[1], want[2] = want[2], want[1]
			}
			if diff := cmp.Diff(want, calls); diff != "" {
				t.Fatalf("the watcher was told (-want +got):\n%s", diff)
			}
			for at = range want {
				calls = nil
				if err := set(calendar.Instant(at + 2)); !errors.Is(err, broken) {
					t.Errorf("broken off at %+v, the transaction returns %v", want[at], err)
				}
				calls = make([]Call, len(want)) // nothing more is broken off
				var c Clock
				view(t, db, func(ctx context.Context, tx *Tx) (err error) { c, _, err = tx.Clock(ctx); return err })
				kept := calendar.Instant(1)
				if want[at] == want[len(want)-1] {
					kept = calendar.Instant(at + 2)
				}
				if c.Now != kept {
					t.Errorf("broken off at %+v, the clock stands at %d, not %d", want[at], c.Now, kept)
				}
			}
		})
	}
}

// TestOpeningThatFails is done again by whoever opens the database next.
func TestOpeningThatFails(t *testing.T) {
	broken := errors.New("broken off")
	for _, e := range []engine{sqlite, postgres} {
		for _, lost := range []bool{false, true} {
			location := newDatabase(t, e)
			_, err := Open(t.Context(), location, Watched(func(c Call) error {
				if c.Answered == lost {
					return broken
				}
				return nil
			}))
			if !errors.Is(err, broken) {
				t.Errorf("%s (answer lost: %t): opening gives %v", e, lost, err)
			}
			open(t, location)
		}
	}
}
