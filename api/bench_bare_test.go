package api_test

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"termwise.dev/store/enginelimit"
)

// plainTable inserts rows into a table that has nothing but their unique key.
type plainTable struct {
	load   ingestLoad
	insert func(rows [][]any) error
}

// rows are those of so many events of the load, from one on.
func (t *plainTable) rows(first, events int) [][]any {
	rows := make([][]any, events)
	for i := range rows {
		rows[i] = t.load.bareRow(first + i)
	}
	return rows
}

// holding fills the table with so many events before it gets its key, which is
// much faster than after.
func (t *plainTable) holding(b *testing.B, events int, index func(text string) error) *plainTable {
	b.Helper()
	inParallel(b, (events+holdBatch-1)/holdBatch, func(n int) error {
		return t.insert(t.rows(n*holdBatch, min(holdBatch, events-n*holdBatch)))
	})
	if err := index("CREATE UNIQUE INDEX bare_key ON bare (account, source, id)"); err != nil {
		b.Fatal(err)
	}
	return t
}

// measure inserts b.N batches from an event on, and returns how many rows a
// second it took. Making the rows is not measured, as making the batches that
// Termwise is sent is not.
func (t *plainTable) measure(b *testing.B, first int) float64 {
	b.Helper()
	batches := make([][][]any, b.N)
	for n := range batches {
		batches[n] = t.rows(first+n*ingestBatch, ingestBatch)
	}
	runtime.GC() // of what was made
	start := time.Now()
	inParallel(b, b.N, func(n int) error { return t.insert(batches[n]) })
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

// bareSQLite inserts batches by statements of many rows, each in a durable
// transaction: the fastest way there is.
func bareSQLite(b *testing.B, file string, load ingestLoad, events int) *plainTable {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(10000)&_pragma=cache_size(-65536)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { closed(b, db) })
	writer, err := enginelimit.NewSQLite(b.Context(), db)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { closed(b, writer) })
	ctx := context.Background()
	if err := writer.Exec(ctx, "CREATE TABLE bare "+strings.ReplaceAll(bareColumns, "BIGINT", "INTEGER")+" STRICT"); err != nil {
		b.Fatal(err)
	}
	table := &plainTable{load, func(rows [][]any) error {
		return writer.InTransaction(ctx, func() error { return writer.Insert(ctx, "INSERT INTO bare", "", rows) })
	}}
	return table.holding(b, events, func(text string) error { return writer.Exec(ctx, text) })
}

// barePostgres copies batches in, each in a durable transaction: the fastest
// way there is.
func barePostgres(b *testing.B, url string, load ingestLoad, events int) *plainTable {
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
	table := &plainTable{load, func(rows [][]any) error {
		conn, err := db.Conn(context.Background())
		if err != nil {
			return err
		}
		err = conn.Raw(func(driver any) error {
			_, err := driver.(*stdlib.Conn).Conn().CopyFrom(context.Background(), pgx.Identifier{"bare"}, columns, pgx.CopyFromRows(rows))
			return err
		})
		return errors.Join(err, conn.Close())
	}}
	return table.holding(b, events, func(text string) error {
		_, err := db.Exec(text)
		return err
	})
}
