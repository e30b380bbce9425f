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
// name as long as a UUID, for two meters.
const (
	storedAccounts  = 100
	storedResources = 10
	storedHours     = 6 // of one operation
)

// storedTables are those that grow with use, and what one of their rows is called.
var storedTables = []struct{ table, row string }{
	{"usage_parcels", "parcel"},
	{"buckets", "bucket"},
	{"journal", "entry"},
}

// BenchmarkStored measures how much a database grows, with its indexes, while
// every account uses its resources and is settled hour by hour, and on PostgreSQL
// how much goes through its log. After each hour PostgreSQL is vacuumed, as it
// does by itself in time, so that what updates leave behind is used again. Each
// operation is six hours of all accounts.
func BenchmarkStored(b *testing.B) {
	b.Run("engine=sqlite", func(b *testing.B) {
		file := filepath.Join(b.TempDir(), "termwise.db")
		w := newSettling(b, file, benchSizes(b, storedAccounts)[0])
		benchmarkStored(b, w, openDB(b, "sqlite", "file:"+file), measureSQLite)
	})
	b.Run("engine=postgresql", func(b *testing.B) {
		url := durable(b)
		w := newSettling(b, url, benchSizes(b, storedAccounts)[0])
		benchmarkStored(b, w, openDB(b, "pgx", url), measurePostgres)
	})
}

// size is how large a database is: in all, what its log has grown to, and for
// each table bytes and rows.
type size struct {
	all, log float64
	bytes    map[string]float64
	rows     map[string]float64
}

func benchmarkStored(b *testing.B, w *settling, db *sql.DB, measure func(*testing.B, *sql.DB) size) {
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
	hour()
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
	for _, t := range storedTables {
		if rows := after.rows[t.table] - before.rows[t.table]; rows > 0 {
			b.ReportMetric((after.bytes[t.table]-before.bytes[t.table])/rows, "B/"+t.row)
		}
	}
}

// useMany reports an hour of every resource of every account.
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
			_, err := tx.PutUsage(b.Context(), events[at:min(at+settleAtOnce, len(events))], w.now)
			return err
		}))
	}
}

func measureSQLite(b *testing.B, db *sql.DB) (s size) {
	b.Helper()
	must(b, db.QueryRowContext(b.Context(), "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").Scan(&s.all))
	return s
}

func measurePostgres(b *testing.B, db *sql.DB) size {
	b.Helper()
	s := size{bytes: map[string]float64{}, rows: map[string]float64{}}
	must(b, db.QueryRowContext(b.Context(), "SELECT pg_database_size(current_database()), pg_current_wal_lsn() - '0/0'::pg_lsn").Scan(&s.all, &s.log))
	for _, t := range storedTables {
		var bytes, rows float64
		text := strings.ReplaceAll("SELECT pg_total_relation_size('{t}'), (SELECT count(*) FROM {t})", "{t}", t.table)
		must(b, db.QueryRowContext(b.Context(), text).Scan(&bytes, &rows))
		s.bytes[t.table], s.rows[t.table] = bytes, rows
	}
	return s
}
