package store

import (
	"context"

	"termwise.dev/core/calendar"
)

// Clock says what time it is for the books. It stands beside what is published, since
// every command asks for both.
type Clock struct {
	// Virtual says that time stands at Now and moves only by command; on a real
	// clock Now means nothing.
	Virtual bool
	Now     calendar.Instant
}

// Clock returns the clock, and false when none was ever set.
func (tx *Tx) Clock(ctx context.Context) (c Clock, found bool, err error) {
	row := taken(tx, "", func(h *ahead) **clockRow { return &h.clock })
	if row == nil {
		row = &clockRow{}
		err = row.ask(ctx, tx)
	}
	return Clock{Virtual: row.mode == "virtual", Now: row.now}, row.mode != "", err
}

type clockRow struct {
	mode string // empty when there is none
	now  calendar.Instant
}

func (r *clockRow) ask(ctx context.Context, tx *Tx) error {
	_, err := tx.one(ctx, []any{&r.mode, &r.now}, "SELECT clock, now FROM published WHERE id = 1")
	return err
}

// SetClock replaces the clock.
func (tx *Tx) SetClock(ctx context.Context, c Clock) error {
	mode := "real"
	if c.Virtual {
		mode = "virtual"
	}
	n, err := tx.exec(ctx, "UPDATE published SET clock = $1, now = $2 WHERE id = 1", mode, int64(c.Now))
	if err == nil && n == 0 {
		return errUnsummed
	}
	return err
}
