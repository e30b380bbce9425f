package app_test

import (
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"
)

// countingSettings have the server count its statements when BENCH_STATEMENTS asks
// for it, which costs a little.
func countingSettings() []string {
	if os.Getenv("BENCH_STATEMENTS") == "" {
		return nil
	}
	return []string{"shared_preload_libraries=pg_stat_statements"}
}

// statements are what PostgreSQL says of the statements of one operation: the last.
// A nil one counts nothing.
type statements struct {
	db    *sql.DB
	lines []string
}

// countStatements begins to count where it is asked for and the engine can.
func (w *settling) countStatements(b *testing.B) *statements {
	b.Helper()
	if countingSettings() == nil || w.app.Engine() != "postgresql" {
		return nil
	}
	s := &statements{db: openDB(b, "pgx", w.url)}
	_, err := s.db.ExecContext(b.Context(), "CREATE EXTENSION pg_stat_statements")
	must(b, err)
	return s
}

// begin forgets what was counted before.
func (s *statements) begin(b *testing.B) {
	b.Helper()
	if s == nil {
		return
	}
	_, err := s.db.ExecContext(b.Context(), "SELECT pg_stat_statements_reset()")
	must(b, err)
}

// topStatements asks for no more than a benchmark's log shows, which is ten lines.
const topStatements = `
	SELECT calls, rows, total_exec_time, left(regexp_replace(query, '\s+', ' ', 'g'), 100) FROM pg_stat_statements
	WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%pg_stat_statements%'
	ORDER BY total_exec_time DESC LIMIT 7`

// end reads on what the server spent the most time since begin.
func (s *statements) end(b *testing.B) {
	b.Helper()
	if s == nil {
		return
	}
	rows, err := s.db.QueryContext(b.Context(), topStatements)
	must(b, err)
	s.lines = []string{fmt.Sprintf("%7s %8s %9s  statement, in the last hour", "calls", "rows", "ms")}
	for rows.Next() {
		var calls, changed int64
		var took float64
		var text string
		must(b, rows.Scan(&calls, &changed, &took, &text))
		s.lines = append(s.lines, fmt.Sprintf("%7d %8d %9.1f  %s", calls, changed, took, text))
	}
	must(b, rows.Err())
}

func (s *statements) report(b *testing.B) {
	b.Helper()
	if s != nil {
		b.Log("the server's time:\n" + strings.Join(s.lines, "\n"))
	}
}
