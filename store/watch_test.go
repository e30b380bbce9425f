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
			open(t, location)
			var calls []Call
			at := -1
			db, err := Open(t.Context(), location, Watched(func(c Call) error {
				c.Text = ""
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
			set := func(now calendar.Instant) error {
				return db.Update(t.Context(), func(tx *Tx) error { return tx.SetClock(t.Context(), Clock{Now: now}) })
			}
			if err := set(1); err != nil {
				t.Fatal(err)
			}
			want := []Call{
				{Begin, "", true, false},
				{Begin, "", true, true},
				{Statement, "", true, false},
				{Statement, "", true, true},
				{Commit, "", true, false},
				{Commit, "", true, true},
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
