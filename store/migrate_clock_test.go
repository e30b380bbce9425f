package store

import (
	"context"
	"errors"
	"testing"
)

// The clock is where it was, after it has come to stand beside what is published, and
// on the way back; one that was never set is not.
func TestTheClockIsJoined(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		clock := func() (c Clock, set bool) {
			view(t, db, func(ctx context.Context, tx *Tx) (err error) {
				c, set, err = tx.Clock(ctx)
				return err
			})
			return c, set
		}
		again := func() {
			t.Helper()
			if err := errors.Join(downTo(t, db, clockVersion-1), up(t, db)); err != nil {
				t.Fatal(err)
			}
		}
		again()
		if c, set := clock(); set {
			t.Errorf("nobody has set %+v", c)
		}
		for _, want := range []Clock{{Virtual: true, Now: start}, {}} {
			update(t, db, func(ctx context.Context, tx *Tx) error { return tx.SetClock(ctx, want) })
			again()
			if c, set := clock(); !set || c != want {
				t.Errorf("set %v to %+v, want %+v", set, c, want)
			}
		}
		change(t, db, "DELETE FROM published")
		err := db.Update(t.Context(), func(tx *Tx) error { return tx.SetClock(t.Context(), Clock{}) })
		if !errors.Is(err, errUnsummed) {
			t.Errorf("without its row the clock is set: %v", err)
		}
	})
}
