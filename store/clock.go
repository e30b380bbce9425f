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
	_, err := tx.one(ctx, []any{&r.mode, &r.now}, "SELECT mode, now FROM clock WHERE id = 1")
	return err
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
