package store

import (
	"context"
	"database/sql"
)

// clockVersion is the version of the schema in which the clock stands beside what is
// published. Every command asks for both, and a table less is looked into.
const clockVersion = 19

// joinClock moves the clock. Whoever sets it meanwhile, with the program from before, is
// waited for: what is set after it was read would go with its table.
func joinClock(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		if e == postgres {
			if _, err := tx.ExecContext(ctx, lockClock); err != nil {
				return err
			}
		}
		return execAll(ctx, tx,
			e.schema().Replace("ALTER TABLE published ADD COLUMN clock TEXT NOT NULL DEFAULT '' CHECK (clock IN ('', 'real', 'virtual'))"),
			e.schema().Replace("ALTER TABLE published ADD COLUMN now BIGINT NOT NULL DEFAULT 0"),
			"UPDATE published SET clock = coalesce((SELECT mode FROM clock), ''), now = coalesce((SELECT now FROM clock), 0)",
			"DROP TABLE clock",
		)
	}
}

// lockClock takes at once the locks that the rest of joinClock needs, and no weaker ones
// before them. published comes first, as where the program from before asks for both.
const lockClock = "LOCK TABLE published, clock IN ACCESS EXCLUSIVE MODE"

const clockTable = `
CREATE TABLE clock (
    id   BIGINT PRIMARY KEY CHECK (id = 1),
    mode TEXT   NOT NULL CHECK (mode IN ('real', 'virtual')),
    now  BIGINT NOT NULL
);
`

func partClock(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		return execAll(ctx, tx,
			e.schema().Replace(clockTable),
			"INSERT INTO clock (id, mode, now) SELECT 1, clock, now FROM published WHERE clock <> ''",
			"ALTER TABLE published DROP COLUMN clock",
			"ALTER TABLE published DROP COLUMN now",
		)
	}
}
