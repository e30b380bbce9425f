package api_test

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/store"
	"termwise.dev/store/pgtest"
)

// The load: clients that send batches one after the other, of distinct events
// of one hour with three meters each, spread over accounts, resources and hours.
const (
	ingestClients   = 8
	ingestBatch     = 1000
	ingestAccounts  = 200
	ingestResources = 20
	holdBatch       = 50_000
)

// ingestEvent is the data of one event of the load.
type ingestEvent struct {
	account, id, resource string
	from, to              calendar.Instant
}

func ingestEventAt(start calendar.Instant, i int) ingestEvent {
	turn := i / (ingestAccounts * ingestResources)
	from := start.Add(calendar.Duration(turn%700) * calendar.HourLength)
	return ingestEvent{
		account:  fmt.Sprintf("customer-%03d", i%ingestAccounts),
		resource: fmt.Sprintf("vm-%d", i/ingestAccounts%ingestResources),
		id:       fmt.Sprintf("%08x-%d", uint32(i)*2654435761, i), // in no order, as ids come
		from:     from, to: from.Add(calendar.HourLength),
	}
}

func (e ingestEvent) json(b *bytes.Buffer) {
	fmt.Fprintf(b, `{"specversion":"1.0","id":%q,"source":"meter-1","type":"termwise.usage.v1","subject":%q,"data":{"account":%q,"product":"compute-payg",`+
		`"from":%q,"to":%q,"rates":{"cpu":4000,"gpu":500,"memory":8192}}}`, e.id, e.resource, e.account, e.from, e.to)
}

// event is the event as the store takes it.
func (e ingestEvent) event() metering.Event {
	return metering.Event{
		Source: "meter-1", ID: e.id, Account: e.account, Product: "compute-payg", Resource: e.resource, From: e.from, To: e.to,
		Measures: []metering.Measure{{Meter: "cpu", Value: 4000}, {Meter: "gpu", Value: 500}, {Meter: "memory", Value: 8192}},
	}
}

// ingestBody is a batch of the load, from an event on.
func ingestBody(start calendar.Instant, first int) []byte {
	var b bytes.Buffer
	for i := range ingestBatch {
		b.WriteByte("[,"[min(i, 1)])
		ingestEventAt(start, first+i).json(&b)
	}
	b.WriteByte(']')
	return b.Bytes()
}

// BenchmarkIngest sends usage over HTTP until it is durable, and reports the
// rate beside what the same engine takes on this machine, in the same run, of
// the same rows in bare bulk inserts under the same unique key. Each operation
// is a batch of a thousand events. BENCH_HELD says how many events Termwise's
// database holds before; the bare table is always fresh.
func BenchmarkIngest(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		dir := b.TempDir()
		file, other := filepath.Join(dir, "termwise.db"), filepath.Join(dir, "bare.db")
		benchmarkIngest(b, file, bareSQLite(b, other), func(b *testing.B) [2]int64 {
			return [2]int64{fileSize(b, file), fileSize(b, other)}
		})
	})
	server, err := pgtest.Start(pgtest.Options{Durable: true})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := server.Stop(); err != nil {
			b.Error(err)
		}
	}()
	databases := 0
	database := func(b *testing.B) string {
		databases++
		url, err := server.CreateDatabase(fmt.Sprintf("ingest%d", databases), "")
		if err != nil {
			b.Fatal(err)
		}
		return url
	}
	b.Run("postgresql", func(b *testing.B) {
		url, other := database(b), database(b)
		benchmarkIngest(b, url, barePostgres(b, other), func(b *testing.B) [2]int64 {
			return [2]int64{databaseSize(b, url), databaseSize(b, other)}
		})
	})
}

// fileSize is the size of a SQLite database, all that is in its log included.
func fileSize(b *testing.B, file string) (size int64) {
	b.Helper()
	return askOnce(b, "sqlite", "file:"+file, "PRAGMA wal_checkpoint(TRUNCATE)", "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
}

func databaseSize(b *testing.B, url string) int64 {
	b.Helper()
	return askOnce(b, "pgx", url, "SELECT 1", "SELECT pg_database_size(current_database())")
}

func askOnce(b *testing.B, driver, location, first, question string) (answer int64) {
	b.Helper()
	db, err := sql.Open(driver, location)
	if err != nil {
		b.Fatal(err)
	}
	defer closed(b, db)
	if _, err := db.Exec(first); err != nil {
		b.Fatal(err)
	}
	if err := db.QueryRow(question).Scan(&answer); err != nil {
		b.Fatal(err)
	}
	return answer
}

// held is how many events are there before.
func held(b *testing.B) int {
	b.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("BENCH_HELD"), "0"))
	if err != nil {
		b.Fatal("BENCH_HELD: ", err)
	}
	return n
}

// hold fills a database with so many events of the load, without HTTP.
func hold(b *testing.B, url string, start calendar.Instant, events int) {
	b.Helper()
	db, err := store.Open(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	defer closed(b, db)
	for first := 0; first < events; first += holdBatch {
		batch := make([]metering.Event, min(holdBatch, events-first))
		for i := range batch {
			batch[i] = ingestEventAt(start, first+i).event()
		}
		if err := db.Update(b.Context(), func(tx *store.Tx) error {
			if err := tx.SealUsage(b.Context()); err != nil {
				return err
			}
			_, err := tx.PutUsage(b.Context(), batch, start)
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
}

// warmUp has each account use something, which accepts what use accepts, and the
// server learn what is held.
func (w *world) warmUp(b *testing.B, server *httptest.Server, start calendar.Instant, from int) {
	b.Helper()
	if err := post(server, w.keys["operator"], ingestBody(start, from)); err != nil {
		b.Fatal(err)
	}
}

func benchmarkIngest(b *testing.B, url string, bare func(first int) error, sizes func(*testing.B) [2]int64) {
	accounts := make([]app.NewAccount, ingestAccounts)
	for i := range accounts {
		accounts[i] = app.NewAccount{ID: fmt.Sprintf("customer-%03d", i), Name: "Loom", Accepts: []string{"general-agreement"}}
	}
	w := emptyWorldOn(b, url, accounts...)
	server := httptest.NewServer(w.server)
	defer server.Close()
	beginning, before := at(b, "2026-01-01T00:00:00+08:00"), held(b)
	w.warmUp(b, server, beginning, before)
	hold(b, url, beginning, before)
	first := before + ingestBatch
	w.warmUp(b, server, beginning, first)
	first += ingestBatch
	bodies := make([][]byte, b.N)
	for n := range bodies {
		bodies[n] = ingestBody(beginning, first+n*ingestBatch)
	}
	small := sizes(b)

	b.ResetTimer()
	inParallel(b, func(n int) error { return post(server, w.keys["operator"], bodies[n]) })
	b.StopTimer()
	perSecond := float64(b.N*ingestBatch) / b.Elapsed().Seconds()
	start := time.Now()
	inParallel(b, func(n int) error { return bare(n * ingestBatch) })
	limit := float64(b.N*ingestBatch) / time.Since(start).Seconds()
	large := sizes(b)
	b.ReportMetric(perSecond, "events/s")
	b.ReportMetric(limit, "bare-rows/s")
	b.ReportMetric(100*perSecond/limit, "%ofbare")
	b.ReportMetric(float64(large[0]-small[0])/float64(b.N*ingestBatch), "B/event")
	b.ReportMetric(float64(large[1]-small[1])/float64(b.N*ingestBatch), "bare-B/row")
}

// inParallel does b.N pieces of work, several at once.
func inParallel(b *testing.B, do func(n int) error) {
	b.Helper()
	pieces := make(chan int, b.N)
	for n := range b.N {
		pieces <- n
	}
	close(pieces)
	var wait sync.WaitGroup
	for range ingestClients {
		wait.Go(func() {
			for n := range pieces {
				if err := do(n); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wait.Wait()
}

func post(server *httptest.Server, token string, body []byte) error {
	req, err := http.NewRequest(http.MethodPost, server.URL+"/v1/usage-events", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", batch)
	res, err := server.Client().Do(req)
	if err != nil {
		return err
	}
	answered, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if want := fmt.Sprintf(`{"accepted":%d,`, ingestBatch); !bytes.HasPrefix(answered, []byte(want)) {
		return fmt.Errorf("status %d: %.300s", res.StatusCode, answered)
	}
	return res.Body.Close()
}

// bareColumns is the events' table with nothing but its key.
const bareColumns = `(account TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, product TEXT NOT NULL, resource TEXT NOT NULL,
	point BIGINT NOT NULL, start BIGINT NOT NULL, finish BIGINT NOT NULL, measures TEXT NOT NULL, body BIGINT NOT NULL, recorded BIGINT NOT NULL,
	PRIMARY KEY (account, source, id))`

func bareRow(i int) []any {
	e := ingestEventAt(1, i)
	return []any{
		e.account, "meter-1", e.id, "compute-payg", e.resource, int64(0), int64(e.from), int64(e.to),
		`{"cpu":4000,"gpu":500,"memory":8192}`, int64(i), int64(e.to),
	}
}

// bareSQLite inserts batches with one prepared statement, each in a durable
// transaction: the fastest way there is.
func bareSQLite(b *testing.B, file string) func(first int) error {
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
	return func(first int) (err error) {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		insert, err := tx.Prepare("INSERT INTO bare VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
		if err != nil {
			return err
		}
		for i := range ingestBatch {
			if _, err := insert.Exec(bareRow(first + i)...); err != nil {
				return err
			}
		}
		return tx.Commit()
	}
}

func closed(b *testing.B, c io.Closer) {
	b.Helper()
	if err := c.Close(); err != nil {
		b.Error(err)
	}
}

// barePostgres copies batches in, each in a durable transaction: the fastest
// way there is.
func barePostgres(b *testing.B, url string) func(first int) error {
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
	return func(first int) error {
		conn, err := db.Conn(context.Background())
		if err != nil {
			return err
		}
		err = conn.Raw(func(driver any) error {
			rows := pgx.CopyFromSlice(ingestBatch, func(i int) ([]any, error) { return bareRow(first + i), nil })
			_, err := driver.(*stdlib.Conn).Conn().CopyFrom(context.Background(), pgx.Identifier{"bare"}, columns, rows)
			return err
		})
		if err != nil {
			return err
		}
		return conn.Close()
	}
}
