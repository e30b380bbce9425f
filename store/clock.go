package store

import (
	"context"

	"termwise.dev/core/calendar"
)

// Clock says what time it is for the books.
type Clock struct {
	// Virtual says that time stands at Now and moves only by command; on a real
	// clock Now means nothing.
	Virtual bool
	Now     calendar.Instant
}

// Clock returns the clock, and false when none was ever set.
func (tx *Tx) Clock(ctx context.Context) (c Clock, found bool, err error) {
	var mode string
	found, err = tx.one(ctx, []any{&mode, &c.Now}, "SELECT mode, now FROM clock WHERE id = 1")
	c.Virtual = mode == "virtual"
	return c, found, err
}

// SetClock replaces the clock.
func (tx *Tx) SetClock(ctx context.Context, c Clock) error {
	mode := "real"
	if c.Virtual {
		mode = "virtual"
	}
	_, err := tx.exec(ctx,
		`INSERT INTO clock (id, mode, now) VALUES (1, $1, $2)
		ON CONFLICT (id) DO UPDATE SET mode = excluded.mode, now = excluded.now`,
		mode, int64(c.Now))
	return err
}
