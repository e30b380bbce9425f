package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	modernc "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"termwise.dev/core/canary"
	"termwise.dev/core/refusal"
)

// engine is a kind of database. What differs between the two is in this file,
// in bulk.go (how rows are sent), open.go and migrate.go.
type engine string

const (
	sqlite   engine = "sqlite"
	postgres engine = "postgresql"
)

// schema turns the words of the migrations into the engine's. Text sorts by its
// bytes, as Go sorts it. SQLite's tables are STRICT, so that a sum that leaves
// 64 bits is refused, and WITHOUT ROWID, so that a row is stored once, under its
// key; tables of fat rows, which end with BY ARRIVAL, are not, since each row
// would touch a page of its own. SQLite has no word for locking a table, and a
// migration needs none there.
func (e engine) schema() *strings.Replacer {
	if e == postgres {
		return strings.NewReplacer(" TEXT ", ` TEXT COLLATE "C" `)
	}
	return strings.NewReplacer("\n); -- BY ARRIVAL", "\n) STRICT;", "\n);", "\n) STRICT, WITHOUT ROWID;", "BIGINT", "INTEGER", "BYTEA", "BLOB",
		"\nLOCK TABLE ", "\n-- LOCK TABLE ")
}

// among gives the condition that a column holds one of the values in the
// list that is the first argument; see list. Where accounts live on several
// nodes, a list of accounts has one, and the statement goes to its node. On PostgreSQL it is a join: a
// prepared "= ANY($1)" keeps the plan of when its table was small, which reads
// the whole table and compares each row with each value.
func (tx *Tx) among(column, kind string) string {
	if tx.sharded && column == "account" {
		return column + " = $1"
	}
	if tx.engine == postgres {
		return column + " IN (SELECT unnest($1::" + kind + "[]))"
	}
	return column + " IN (SELECT value FROM json_each($1))"
}

// list turns values into the one argument that among expects.
func list[T string | int64](tx *Tx, values []T) (any, error) {
	if ids, are := any(values).([]string); are && tx.sharded {
		if len(ids) != 1 {
			return nil, fmt.Errorf("store: a statement names %d accounts, which may live on different nodes", len(ids))
		}
		return ids[0], nil
	}
	if tx.engine == postgres {
		return values, nil
	}
	text, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("store: writing a list of values: %w", err)
	}
	return string(text), nil
}

// forUpdate ends a query that locks the rows it finds. SQLite's writer has
// locked the whole file already, and a reader locks nothing.
func (tx *Tx) forUpdate() string {
	if tx.engine == postgres && tx.writes && !canary.On(canary.SkipLock) {
		return " FOR UPDATE"
	}
	return ""
}

// skipLocked makes forUpdate pass over rows that others hold.
func (tx *Tx) skipLocked() string {
	if tx.forUpdate() == "" {
		return ""
	}
	return " SKIP LOCKED"
}

// PostgreSQL's codes that this package knows.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	numericOutOfRange    = "22003"
	divisionByZero       = "22012"
	zeroLogarithm        = "2201E"
	uniqueViolation      = "23505"
	unknownStatement     = "26000"
	notSupported         = "0A000"
)

// isTransient says that the same transaction may well succeed when run again.
func isTransient(err error) bool {
	if errors.Is(err, errForgotten) || errors.Is(err, errUnshared) || errors.Is(err, errSetGone) || errors.Is(err, errUnprepared) {
		return true
	}
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) {
		return pg.Code == serializationFailure || pg.Code == deadlockDetected
	}
	if lite := (*modernc.Error)(nil); errors.As(err, &lite) {
		return lite.Code()&0xff == sqlite3.SQLITE_BUSY
	}
	return false
}

// isOverflow says that a sum left 64 bits. SQLite turns such a sum into a real
// number, which a STRICT column refuses, or names it when it is sum() itself.
func isOverflow(err error) bool {
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) {
		return pg.Code == numericOutOfRange
	}
	if lite := (*modernc.Error)(nil); errors.As(err, &lite) {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_DATATYPE || strings.Contains(lite.Error(), "integer overflow")
	}
	return false
}

// explained adds what a person needs to a database's error.
func explained(err error) error {
	if isOverflow(err) {
		return errors.Join(sumLeavesRange(), err)
	}
	return fmt.Errorf("store: %w", err)
}

// sumLeavesRange refuses a sum that leaves 64 bits.
func sumLeavesRange() *refusal.Error {
	return refusal.New(refusal.Overflow, "a sum leaves the range that can be held exactly").
		Do("look for a quantity or an amount that is far too large")
}

// beginning is the text that begins a transaction. One that writes to SQLite
// takes the file's write lock at once; one that reads sees one state.
func (e engine) beginning(writes bool) string {
	switch {
	case e == postgres && !writes:
		return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	case e == sqlite && writes:
		return "BEGIN IMMEDIATE"
	}
	return "BEGIN"
}
