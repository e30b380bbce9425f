package store

import (
	"context"
	"database/sql"
)

// clockVersion is the version of the schema in which the clock stands beside what is
// published. Every command asks for both, and a table less is looked into.
const clockVersion = 19

// joinClock moves the clock.
func joinClock(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		if err := e.takeTables(ctx, tx, "published, clock"); err != nil {
			return err
		}
		return execAll(ctx, tx,
			e.schema().Replace("ALTER TABLE published ADD COLUMN clock TEXT NOT NULL DEFAULT '' CHECK (clock IN ('', 'real', 'virtual'))"),
			e.schema().Replace("ALTER TABLE published ADD COLUMN now BIGINT NOT NULL DEFAULT 0"),
			"UPDATE published SET clock = coalesce((SELECT mode FROM clock), ''), now = coalesce((SELECT now FROM clock), 0)",
			"DROP TABLE clock",
		)
	}
}

const clockTable = `
CREATE TABLE clock (
    id   BIGINT PRIMARY KEY CHECK (id = 1),
    mode TEXT   NOT NULL CHECK (mode IN ('real', 'virtual')),
    now  BIGINT NOT NULL
);
`

func partClock(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		if err := e.takeTables(ctx, tx, "published"); err != nil {
			return err
		}
		return execAll(ctx, tx,
			e.schema().Replace(clockTable),
			"INSERT INTO clock (id, mode, now) SELECT 1, clock, now FROM published WHERE clock <> ''",
			"ALTER TABLE published DROP COLUMN clock",
			"ALTER TABLE published DROP COLUMN now",
		)
	}
}
