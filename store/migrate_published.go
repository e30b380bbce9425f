package store

import (
	"context"
	"database/sql"
)

// publishedVersion is the version of the schema in which one row says what is
// published. Every command asks for it; to count documents and files each time is dear.
const publishedVersion = 16

// The row holds the sum of the digests of all documents and of all revisions of
// files: it changes when one is added, and verify finds one that has gone.
const publishedTable = `CREATE TABLE published (
    id     BIGINT PRIMARY KEY,
    digest BIGINT NOT NULL
)`

// sumPublished makes the row for what is published already. Whoever publishes
// meanwhile, with the program from before, is waited for.
func sumPublished(e engine) func(context.Context, *sql.Tx) error {
	text := publishedTable
	if e == sqlite {
		text += " STRICT"
	}
	return func(ctx context.Context, tx *sql.Tx) error {
		if e == postgres {
			if _, err := tx.ExecContext(ctx, lockPublishing); err != nil {
				return err
			}
		}
		if err := execAll(ctx, tx, e.schema().Replace(text)); err != nil {
			return err
		}
		var sum int64
		for _, table := range []string{"documents", "provider_files"} {
			if err := addDigests(ctx, tx, table, &sum); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO published (id, digest) VALUES (1, $1)", sum)
		return err
	}
}

func addDigests(ctx context.Context, tx *sql.Tx, table string, sum *int64) error {
	return eachSQL(ctx, tx, "SELECT digest FROM "+table, nil, func(rows scanner) error {
		var digest int64
		err := rows.Scan(&digest)
		*sum += digest // past the end of its range a sum goes on at the other end
		return err
	})
}

func forgetPublished(ctx context.Context, tx *sql.Tx) error {
	return execAll(ctx, tx, "DROP TABLE published")
}
