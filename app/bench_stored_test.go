package app_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/store"
)

// What is stored: each resource of an account sends one event an hour, under a
// name as long as a UUID, for two meters. The names of an hour are sealed as one
// run. They are a few more than a power of two, as those of a full run are, so that
// a name has as much of a filter and of a page as there.
const (
	storedAccounts  = 103
	storedResources = 10
	storedCharges   = 2 // of a resource in an hour
	storedHours     = 6 // of one operation
)

// storedTables are those that grow with use, and what one of their rows is called.
var storedTables = []struct{ table, row string }{
	{"usage_parcels", "parcel"},
	{"usage_runs", "run"},
	{"usage_run_pages", "page"},
	{"buckets", "hour"},
	{"journal", "entry"},
}

// BenchmarkStored measures how much a database grows, with its indexes, while
// every account uses its resources and is settled hour by hour, and on PostgreSQL
// how much goes through its log: in all, for each event (its share of a parcel and of
// a run of the index) and for each charge (its share of an hour of buckets and of an
// entry of the journal). After each hour PostgreSQL is vacuumed, as it does by
// itself in time, so that what updates leave behind is used again. Each operation is
// six hours of all accounts.
func BenchmarkStored(b *testing.B) {
	b.Run("engine=sqlite", func(b *testing.B) {
		file := filepath.Join(b.TempDir(), "termwise.db")
		w := newSettling(b, file, benchSizes(b, storedAccounts)[0])
		benchmarkStored(b, w, file, openDB(b, "sqlite", "file:"+file), measureSQLite)
	})
	b.Run("engine=postgresql", func(b *testing.B) {
		url := durable(b)
		w := newSettling(b, url, benchSizes(b, storedAccounts)[0])
		benchmarkStored(b, w, url, openDB(b, "pgx", url), measurePostgres)
	})
}

// size is how large a database is: in all, what its log has grown to, and for
// each table bytes and rows.
type size struct {
	all, log float64
	bytes    map[string]float64
	rows     map[string]float64
}

func benchmarkStored(b *testing.B, w *settling, url string, db *sql.DB, measure func(*testing.B, *sql.DB) size) {
	w.openStore(b, url, store.SealedAfter(len(w.ids)*storedResources))
	random := rand.New(rand.NewPCG(1, 1))
	hour := func() {
		w.useMany(b, random)
		w.now = w.now.Add(calendar.HourLength)
		report, err := w.app.Advance(b.Context(), w.now, nil)
		must(b, err)
		must(b, report.Err())
		_, err = db.ExecContext(b.Context(), map[bool]string{true: "PRAGMA wal_checkpoint(TRUNCATE)", false: "VACUUM"}[w.app.Engine() == "sqlite"])
		must(b, err)
	}
	hour() // services and resources are opened
	hour() // and the first run is sealed
	before, hours := measure(b, db), 0
	for b.Loop() {
		for range storedHours {
			hour()
		}
		hours += storedHours
	}
	after := measure(b, db)
	used := float64(hours * len(w.ids) * storedResources)
	b.ReportMetric((after.all-before.all)/used, "B/resource-hour")
	if after.log > 0 {
		b.ReportMetric((after.log-before.log)/used, "log-B/resource-hour")
	}
	grown := map[string]float64{}
	for _, t := range storedTables {
		grown[t.table] = after.bytes[t.table] - before.bytes[t.table]
		b.ReportMetric(grown[t.table]/(after.rows[t.table]-before.rows[t.table]), "B/"+t.row)
	}
	index := grown["usage_runs"] + grown["usage_run_pages"]
	b.ReportMetric(index/used, "B/name")
	b.ReportMetric((index+grown["usage_parcels"])/used, "B/event")
	b.ReportMetric((grown["buckets"]+grown["journal"])/(used*storedCharges), "B/charge")
}

// useMany reports an hour of every resource of every account. The names of the hour
// before are sealed first.
func (w *settling) useMany(b *testing.B, random *rand.Rand) {
	b.Helper()
	var events []metering.Event
	for _, id := range w.ids {
		for n := range storedResources {
			events = append(events, metering.Event{
				Source: "meter-1", ID: fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", random.Uint32(), random.Uint32()>>16, random.Uint32()>>16, random.Uint32()>>16, random.Uint64()>>16),
				Account: id, Product: "compute-payg", Resource: fmt.Sprintf("vm-%s-%08d", id[len(id)-6:], n),
				From: w.now, To: w.now.Add(calendar.HourLength),
				Measures: []metering.Measure{{Meter: "cpu", Value: 4000}, {Meter: "memory", Value: 8192}},
			})
		}
	}
	for at := 0; at < len(events); at += settleAtOnce {
		must(b, w.db.Update(b.Context(), func(tx *store.Tx) error {
			if err := tx.SealUsage(b.Context()); err != nil {
				return err
			}
			_, err := tx.PutUsage(b.Context(), events[at:min(at+settleAtOnce, len(events))], w.now)
			return err
		}))
	}
}

func measureSQLite(b *testing.B, db *sql.DB) (s size) {
	b.Helper()
	must(b, db.QueryRowContext(b.Context(), "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").Scan(&s.all))
	s.measureTables(b, db, "(SELECT sum(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name = '{t}'))")
	return s
}

func measurePostgres(b *testing.B, db *sql.DB) (s size) {
	b.Helper()
	must(b, db.QueryRowContext(b.Context(), "SELECT pg_database_size(current_database()), pg_current_wal_lsn() - '0/0'::pg_lsn").Scan(&s.all, &s.log))
	s.measureTables(b, db, "pg_total_relation_size('{t}')")
	return s
}

// measureTables asks for the bytes and the rows of each table.
func (s *size) measureTables(b *testing.B, db *sql.DB, bytes string) {
	b.Helper()
	s.bytes, s.rows = map[string]float64{}, map[string]float64{}
	for _, t := range storedTables {
		var size, rows float64
		text := strings.ReplaceAll("SELECT "+bytes+", (SELECT count(*) FROM {t})", "{t}", t.table)
		must(b, db.QueryRowContext(b.Context(), text).Scan(&size, &rows))
		s.bytes[t.table], s.rows[t.table] = size, rows
	}
}
