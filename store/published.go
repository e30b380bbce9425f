package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
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

func addDigests(ctx context.Context, tx *sql.Tx, table string, sum *int64) (err error) {
	rows, err := tx.QueryContext(ctx, "SELECT digest FROM "+table)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var digest int64
		if err := rows.Scan(&digest); err != nil {
			return err
		}
		*sum += digest // past the end of its range a sum goes on at the other end
	}
	return rows.Err()
}

func forgetPublished(ctx context.Context, tx *sql.Tx) error {
	return execAll(ctx, tx, "DROP TABLE published")
}

// errUnsummed says that somebody removed the row that says what is published.
var errUnsummed = errors.New("store: the row of the table published is gone: the database was changed by hand; put a backup back")

// DocumentsDigest returns a text that changes when a document or a file is
// added, so that a caller can tell whether what it read before is stale.
func (tx *Tx) DocumentsDigest(ctx context.Context) (string, error) {
	if ahead := taken(tx, "", func(h *ahead) **int64 { return &h.published }); ahead != nil {
		return strconv.FormatInt(*ahead, 16), nil
	}
	sum, found, err := tx.PublishedDigest(ctx)
	if err == nil && !found {
		return "", errUnsummed
	}
	return strconv.FormatInt(sum, 16), err
}

// PublishedDigest returns the sum of the digests of what is published, as it is kept,
// and false when it is not.
func (tx *Tx) PublishedDigest(ctx context.Context) (sum int64, found bool, err error) {
	found, err = tx.one(ctx, []any{&sum}, "SELECT digest FROM published WHERE id = 1")
	return sum, found, err
}

// sumUp sums the digests of what is published anew, when something was added. So the
// sum is right again if it ever was not.
func (tx *Tx) sumUp(ctx context.Context) error {
	if _, err := tx.texts(ctx, "SELECT '' FROM published WHERE id = 1"+tx.forUpdate()); err != nil { // one after the other
		return err
	}
	var sum int64
	err := tx.each(ctx, "SELECT digest FROM documents UNION ALL SELECT digest FROM provider_files", nil, func(row scanner) error {
		var digest int64
		err := row.Scan(&digest)
		sum += digest
		return err
	})
	if err != nil {
		return err
	}
	n, err := tx.exec(ctx, "UPDATE published SET digest = $1 WHERE id = 1", sum)
	if err == nil && n == 0 {
		return errUnsummed
	}
	return err
}
