package api_test

import (
	"bytes"
	"cmp"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

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
	ingestResources = 20
	scattered       = 7919 // a prime: each account has its turn
	holdBatch       = 50_000
)

// ingestEvent is the data of one event of the load.
type ingestEvent struct {
	account, id, resource string
	from, to              calendar.Instant
}

// ingestLoad is the load of so many accounts, from an instant on: so many events of
// one account together, then those of another.
type ingestLoad struct {
	accounts, together int
	start              calendar.Instant
}

func newIngestLoad(b *testing.B) ingestLoad {
	b.Helper()
	return ingestLoad{
		accounts: fromEnvironment(b, "BENCH_ACCOUNTS", "200"), together: fromEnvironment(b, "BENCH_TOGETHER", "5"),
		start: at(b, "2026-01-01T00:00:00+08:00"),
	}
}

func (l ingestLoad) account(n int) string { return fmt.Sprintf("customer-%06d", n) }

// event gives one event of the load.
func (l ingestLoad) event(i int) ingestEvent {
	report := i / l.together
	used := report/l.accounts*l.together + i%l.together // how many events of the account came before
	from := l.start.Add(calendar.Duration(used/ingestResources%700) * calendar.HourLength)
	return ingestEvent{
		account:  l.account(report * scattered % l.accounts), // in no order either
		resource: fmt.Sprintf("vm-%d", used%ingestResources),
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

// ingestBody is a batch of events, from one on.
func ingestBody(first int, event func(i int) ingestEvent) []byte {
	var b bytes.Buffer
	for i := range ingestBatch {
		b.WriteByte("[,"[min(i, 1)])
		event(first + i).json(&b)
	}
	b.WriteByte(']')
	return b.Bytes()
}

// BenchmarkIngest sends usage over HTTP until it is durable, and reports the
// rate beside what the same engine takes on this machine, in the same run, of
// the same rows in bare bulk inserts under the same unique key. Each operation
// is a batch of a thousand events. BENCH_ACCOUNTS says over how many accounts they
// are spread, and BENCH_TOGETHER how many of an account's a batch brings: one that
// has one event in a transaction costs as much as one that has many. BENCH_HELD says
// how many events are held before: then the limit is measured twice, into a fresh table (%ofbare) and into
// one that holds as many (%ofheld). What is held was put in long ago as far as the
// engine is concerned: it is vacuumed and written out before the measurement.
func BenchmarkIngest(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		dir := b.TempDir()
		benchmarkIngest(b, func(name string) ingestDatabase {
			file := filepath.Join(dir, name+".db")
			return ingestDatabase{
				url: file, bare: func(load ingestLoad, held int) *plainTable { return bareSQLite(b, file, load, held) },
				rest: func() { fileSize(b, file) }, size: func() int64 { return fileSize(b, file) },
			}
		})
	})
	server := pgtest.Bench(b)
	databases := 0
	b.Run("postgresql", func(b *testing.B) {
		benchmarkIngest(b, func(name string) ingestDatabase {
			databases++
			url, err := server.CreateDatabase(fmt.Sprintf("%s%d", name, databases), "")
			if err != nil {
				b.Fatal(err)
			}
			return ingestDatabase{
				url: url, bare: func(load ingestLoad, held int) *plainTable { return barePostgres(b, url, load, held) },
				rest: func() {
					askOnce(b, "pgx", url, "VACUUM ANALYZE", "SELECT 1")
					askOnce(b, "pgx", url, "CHECKPOINT", "SELECT 1")
				},
				size: func() int64 { return databaseSize(b, url) },
			}
		})
	})
}

// ingestDatabase is a new database of an engine.
type ingestDatabase struct {
	url  string
	bare func(load ingestLoad, held int) *plainTable // makes the table of the limit, with so many events
	rest func()                                      // has the engine do what it would do when nothing else is asked of it
	size func() int64
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

// fromEnvironment reads a size.
func fromEnvironment(tb testing.TB, name, usual string) int {
	tb.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv(name), usual))
	if err != nil {
		tb.Fatal(name, err)
	}
	return n
}

// hold fills a database with so many events of the load, without HTTP.
func hold(b *testing.B, url string, load ingestLoad, events int) {
	b.Helper()
	db, err := store.Open(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	defer closed(b, db)
	for first := 0; first < events; first += holdBatch {
		batch := make([]metering.Event, min(holdBatch, events-first))
		for i := range batch {
			batch[i] = load.event(first + i).event()
		}
		if err := db.Update(b.Context(), func(tx *store.Tx) error {
			if err := tx.SealUsage(b.Context()); err != nil {
				return err
			}
			_, err := tx.PutUsage(b.Context(), batch, load.start)
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
}

// warmUp has each account use something, so that the server learns what is held of
// it. It returns how far the load has come.
func (w *world) warmUp(b *testing.B, server *httptest.Server, load ingestLoad, from int) int {
	b.Helper()
	for used := 0; used < load.accounts; used += ingestBatch {
		body := ingestBody(used, func(i int) ingestEvent { return load.event(from + i*load.together) })
		if err := post(server, w.keys["operator"], body); err != nil {
			b.Fatal(err)
		}
	}
	events := (load.accounts + ingestBatch) * load.together
	return from + (events+ingestBatch-1)/ingestBatch*ingestBatch
}

func benchmarkIngest(b *testing.B, database func(name string) ingestDatabase) {
	load := newIngestLoad(b)
	accounts := make([]app.NewAccount, load.accounts)
	for i := range accounts {
		accounts[i] = app.NewAccount{ID: load.account(i), Name: "Loom", Accepts: []string{"general-agreement", "compute-terms"}}
	}
	ours, fresh, full := database("ours"), database("fresh"), database("full")
	w := emptyWorldOn(b, ours.url, accounts...)
	server := httptest.NewServer(w.server)
	defer server.Close()
	before := fromEnvironment(b, "BENCH_HELD", "0")
	if b.N == 1 {
		before = 0 // the run with which the testing package begins is not reported
	}
	hold(b, ours.url, load, before)
	into, intoFull := fresh.bare(load, 0), full.bare(load, before)
	first := w.warmUp(b, server, load, before)
	bodies := make([][]byte, b.N)
	for n := range bodies {
		bodies[n] = ingestBody(first+n*ingestBatch, load.event)
	}
	for _, of := range []ingestDatabase{ours, fresh, full} {
		of.rest()
	}
	events := float64(b.N * ingestBatch)
	small, bareSmall := ours.size(), fresh.size()
	counted := pgtest.CountStatements(b, ours.url)
	counted.Begin(b)

	b.ResetTimer()
	inParallel(b, b.N, func(n int) error { return post(server, w.keys["operator"], bodies[n]) })
	b.StopTimer()
	counted.End(b)
	counted.Report(b)
	perSecond := events / b.Elapsed().Seconds()
	limit := into.measure(b, first)
	b.ReportMetric(perSecond, "events/s")
	b.ReportMetric(limit, "bare-rows/s")
	b.ReportMetric(100*perSecond/limit, "%ofbare")
	if before > 0 {
		limit := intoFull.measure(b, first)
		b.ReportMetric(limit, "held-rows/s")
		b.ReportMetric(100*perSecond/limit, "%ofheld")
	}
	b.ReportMetric(float64(ours.size()-small)/events, "B/event")
	b.ReportMetric(float64(fresh.size()-bareSmall)/events, "bare-B/row")
}

// inParallel does pieces of work, as many at once as there are clients.
func inParallel(b *testing.B, work int, do func(n int) error) {
	b.Helper()
	pieces := make(chan int, work)
	for n := range work {
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

func closed(b *testing.B, c io.Closer) {
	b.Helper()
	if err := c.Close(); err != nil {
		b.Error(err)
	}
}
