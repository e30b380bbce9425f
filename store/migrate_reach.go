package store

import (
	"context"
	"database/sql"

	"termwise.dev/core/account"
)

// reachVersion is the version of the schema in which an account says which runs of the
// index of usage its names are in, so that one that is gone is missed.
const reachVersion = 20

// sayReach has each account whose names are in runs say that they are in those that
// there are. Names are in runs that were committed before their account says so:
// nobody writes that while the runs are read.
func sayReach(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		if err := e.takeTables(ctx, tx, "accounts"); err != nil {
			return err
		}
		if err := execAll(ctx, tx,
			e.schema().Replace("ALTER TABLE accounts ADD COLUMN runs BIGINT NOT NULL DEFAULT 0"),
			e.schema().Replace("ALTER TABLE accounts ADD COLUMN runs_digest BIGINT NOT NULL DEFAULT 0"),
		); err != nil {
			return err
		}
		reach, err := reachOfAll(ctx, tx)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE accounts SET runs = $1, runs_digest = $2 WHERE indexed > 0", reach.Runs, reach.Digest)
		return err
	}
}

// reachOfAll says how far the index goes. Where a run is missing it says how far it
// would go, which whoever puts usage or verifies finds that it does not.
func reachOfAll(ctx context.Context, tx *sql.Tx) (reach account.Reach, err error) {
	err = eachSQL(ctx, tx, "SELECT run, digest FROM usage_runs ORDER BY run", nil, func(rows scanner) error {
		var run, digest int64
		err := rows.Scan(&run, &digest)
		reach = reach.Next(digest)
		reach.Runs = run
		return err
	})
	return reach, err
}

func forgetReach(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		if err := e.takeTables(ctx, tx, "accounts"); err != nil {
			return err
		}
		return execAll(ctx, tx, "ALTER TABLE accounts DROP COLUMN runs", "ALTER TABLE accounts DROP COLUMN runs_digest")
	}
}
