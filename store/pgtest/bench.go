package pgtest

import (
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"
)

// Bench starts a server for a benchmark, whose commits survive a crash; it is stopped
// when the benchmark ends. BENCH_SETTINGS gives it further settings, separated by
// commas ("shared_buffers=4GB,max_wal_size=8GB"), and BENCH_STATEMENTS has it count its
// statements, which costs a little.
func Bench(b *testing.B) *Server {
	b.Helper()
	var settings []string
	if asked := os.Getenv("BENCH_SETTINGS"); asked != "" {
		settings = strings.Split(asked, ",")
	}
	if countsStatements() {
		settings = append(settings, "shared_preload_libraries=pg_stat_statements")
	}
	server, err := Start(Options{Durable: true, Settings: settings})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := server.Stop(); err != nil {
			b.Error(err)
		}
	})
	return server
}

func countsStatements() bool { return os.Getenv("BENCH_STATEMENTS") != "" }

// Statements says on what the server of a benchmark spent its time. A nil one counts
// nothing.
type Statements struct {
	db    *sql.DB
	lines []string
}

// CountStatements counts the statements of a database of Bench where BENCH_STATEMENTS
// asks for it.
func CountStatements(b *testing.B, url string) *Statements {
	b.Helper()
	if !countsStatements() || !strings.HasPrefix(url, "postgres") {
		return nil
	}
	db, err := sql.Open("pgx", url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	s := &Statements{db: db}
	s.execute(b, "CREATE EXTENSION pg_stat_statements")
	return s
}

// Begin forgets what was counted before.
func (s *Statements) Begin(b *testing.B) {
	b.Helper()
	if s != nil {
		s.execute(b, "SELECT pg_stat_statements_reset()")
	}
}

func (s *Statements) execute(b *testing.B, text string) {
	b.Helper()
	if _, err := s.db.ExecContext(b.Context(), text); err != nil {
		b.Fatal(err)
	}
}

// topStatements asks for no more than a benchmark's log shows, which is ten lines.
const topStatements = `
	SELECT coalesce(string_agg(format('%s %s %s  %s', lpad(calls::text, 7), lpad(rows::text, 8), lpad(round(total_exec_time::numeric, 1)::text, 9),
		left(regexp_replace(query, '\s+', ' ', 'g'), 100)), E'\n' ORDER BY total_exec_time DESC), '')
	FROM (SELECT * FROM pg_stat_statements
		WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%pg_stat_statements%'
		ORDER BY total_exec_time DESC LIMIT 7) s`

// End reads on what the server spent the most time since Begin.
func (s *Statements) End(b *testing.B) {
	b.Helper()
	if s == nil {
		return
	}
	var top string
	if err := s.db.QueryRowContext(b.Context(), topStatements).Scan(&top); err != nil {
		b.Fatal(err)
	}
	s.lines = []string{fmt.Sprintf("%7s %8s %9s  statement, in the last operation", "calls", "rows", "ms"), top}
}

// Report logs what End read.
func (s *Statements) Report(b *testing.B) {
	b.Helper()
	if s != nil {
		b.Log("the server's time:\n" + strings.Join(s.lines, "\n"))
	}
}
