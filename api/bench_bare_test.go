package api_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// plainTable inserts so many events of the load, from one on, into a table that has
// nothing but their unique key.
type plainTable func(first, rows int) error

// holding fills the table with so many events before it gets its key, which is
// much faster than after.
func (insert plainTable) holding(b *testing.B, db *sql.DB, events int) plainTable {
	b.Helper()
	inParallel(b, (events+holdBatch-1)/holdBatch, func(n int) error {
		return insert(n*holdBatch, min(holdBatch, events-n*holdBatch))
	})
	if _, err := db.Exec("CREATE UNIQUE INDEX bare_key ON bare (account, source, id)"); err != nil {
		b.Fatal(err)
	}
	return insert
}

// measure inserts b.N batches from an event on, and returns how many rows a
// second it took.
func (insert plainTable) measure(b *testing.B, first int) float64 {
	b.Helper()
	start := time.Now()
	inParallel(b, b.N, func(n int) error { return insert(first+n*ingestBatch, ingestBatch) })
	return float64(b.N*ingestBatch) / time.Since(start).Seconds()
}

// bareColumns are those of a table of events.
const bareColumns = `(account TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, product TEXT NOT NULL, resource TEXT NOT NULL,
	point BIGINT NOT NULL, start BIGINT NOT NULL, finish BIGINT NOT NULL, measures TEXT NOT NULL, body BIGINT NOT NULL, recorded BIGINT NOT NULL)`

func (l ingestLoad) bareRow(i int) []any {
	e := l.event(i)
	return []any{
		e.account, "meter-1", e.id, "compute-payg", e.resource, int64(0), int64(e.from), int64(e.to),
		`{"cpu":4000,"gpu":500,"memory":8192}`, int64(i), int64(e.to),
	}
}

// bareSQLite inserts batches with one prepared statement, each in a durable
// transaction: the fastest way there is.
func bareSQLite(b *testing.B, file string, load ingestLoad, events int) plainTable {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(10000)&_pragma=cache_size(-65536)&_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	b.Cleanup(func() { closed(b, db) })
	if _, err := db.Exec("CREATE TABLE bare " + strings.ReplaceAll(bareColumns, "BIGINT", "INTEGER") + " STRICT"); err != nil {
		b.Fatal(err)
	}
	put := func(first, rows int) (err error) {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		insert, err := tx.Prepare("INSERT INTO bare VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
		if err != nil {
			return err
		}
		for i := range rows {
			if _, err := insert.Exec(load.bareRow(first + i)...); err != nil {
				return err
			}
		}
		return tx.Commit()
	}
	return plainTable(put).holding(b, db, events)
}

// barePostgres copies batches in, each in a durable transaction: the fastest
// way there is.
func barePostgres(b *testing.B, url string, load ingestLoad, events int) plainTable {
	b.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { closed(b, db) })
	db.SetMaxIdleConns(ingestClients)
	if _, err := db.Exec("CREATE TABLE bare " + bareColumns); err != nil {
		b.Fatal(err)
	}
	columns := []string{"account", "source", "id", "product", "resource", "point", "start", "finish", "measures", "body", "recorded"}
	put := func(first, rows int) error {
		conn, err := db.Conn(context.Background())
		if err != nil {
			return err
		}
		err = conn.Raw(func(driver any) error {
			source := pgx.CopyFromSlice(rows, func(i int) ([]any, error) { return load.bareRow(first + i), nil })
			_, err := driver.(*stdlib.Conn).Conn().CopyFrom(context.Background(), pgx.Identifier{"bare"}, columns, source)
			return err
		})
		if err != nil {
			return err
		}
		return conn.Close()
	}
	return plainTable(put).holding(b, db, events)
}
