package store

import (
	"context"
	"errors"
	"strconv"
)

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
