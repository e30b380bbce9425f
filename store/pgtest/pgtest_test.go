package pgtest

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain prepares a template with one table; in a child process of the tests
// in orphan_test.go, the process comes to a bad end instead.
func TestMain(m *testing.M) {
	if end := os.Getenv(childEnd); end != "" {
		Main(m, prepareAndEnd(end))
	}
	Main(m, sowSeed)
}

func sowSeed(url string) error {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	_, err = db.Exec("CREATE TABLE seed (word TEXT NOT NULL); INSERT INTO seed VALUES ('sown')")
	return errors.Join(err, db.Close())
}

// open connects to url until the test ends.
func open(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func mustExec(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// text reads the one value that a query returns.
func text(t *testing.T, db *sql.DB, query string, args ...any) string {
	t.Helper()
	var value string
	if err := db.QueryRow(query, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

func TestDatabasesStartFromTheTemplateAndAreIsolated(t *testing.T) {
	first, second := open(t, Database(t)), open(t, Database(t))
	mustExec(t, first, "INSERT INTO seed VALUES ('mine')")
	mustExec(t, first, "CREATE TABLE only_here (n BIGINT)")

	const words = "SELECT string_agg(word, ',' ORDER BY word) FROM seed"
	if got := text(t, first, words); got != "mine,sown" {
		t.Errorf("first database holds %q, want mine,sown", got)
	}
	if got := text(t, second, words); got != "sown" {
		t.Errorf("second database holds %q, want only what the template holds", got)
	}
	if got := text(t, second, "SELECT (to_regclass('only_here') IS NULL)::text"); got != "true" {
		t.Error("a table of the first database is seen in the second")
	}
}

func TestDatabasesCanBeMadeAtTheSameTime(t *testing.T) {
	for _, name := range []string{"one", "two", "three", "four"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, Database(t))
			mustExec(t, db, "DELETE FROM seed")
			if got := text(t, db, "SELECT count(*)::text FROM seed"); got != "0" {
				t.Errorf("%s rows are left, so another test wrote here", got)
			}
		})
	}
}

func TestDatabaseIsDroppedWhenItsTestEnds(t *testing.T) {
	watcher := open(t, Database(t))
	const exists = "SELECT (count(*) = 1)::text FROM pg_database WHERE datname = $1"
	var name string
	t.Run("inner", func(t *testing.T) {
		db := open(t, Database(t))
		name = text(t, db, "SELECT current_database()")
		if got := text(t, watcher, exists, name); got != "true" {
			t.Fatalf("database %s is not listed while its test runs", name)
		}
	})
	if got := text(t, watcher, exists, name); got != "false" {
		t.Errorf("database %s is still there after its test", name)
	}
}

func TestNoDatabaseWithoutTestMain(t *testing.T) {
	_, _, err := new(suite).database()
	if err == nil || !strings.Contains(err.Error(), "TestMain") {
		t.Errorf("got %v, want an error that names TestMain", err)
	}
}

func TestPrepareThatFailsFailsEveryDatabase(t *testing.T) {
	s := &suite{running: true, prepare: func(string) error { return errors.New("no such migration") }}
	t.Cleanup(func() { _ = s.end() })
	for range 2 {
		_, _, err := s.database()
		if err == nil || !strings.Contains(err.Error(), "no such migration") {
			t.Errorf("got %v, want prepare's error", err)
		}
	}
}

func TestStopRemovesServerAndDirectory(t *testing.T) {
	s, err := Start(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	db := open(t, s.URL())
	if got := text(t, db, "SHOW data_directory"); got != filepath.Join(s.Dir(), "data") {
		t.Errorf("data directory is %s, want data in %s", got, s.Dir())
	}
	if got := text(t, db, "SHOW listen_addresses"); got != "" {
		t.Errorf("the server listens on %q, want no network address", got)
	}
	for range 2 { // a second Stop changes nothing
		if err := s.Stop(); err != nil {
			t.Errorf("Stop: %v", err)
		}
	}
	if err := db.Ping(); err == nil {
		t.Error("the server answers after Stop")
	}
	if _, err := os.Stat(s.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Stop, %s: %v; want it gone", s.Dir(), err)
	}
}

func TestDurabilityIsAChoice(t *testing.T) {
	const query = "SELECT current_setting('fsync') || ' ' || current_setting('synchronous_commit') || ' ' || " +
		"current_setting('full_page_writes') || ' ' || current_setting('max_connections')"
	if got := text(t, open(t, Database(t)), query); got != "off off off 200" {
		t.Errorf("tests get %s, want off off off 200", got)
	}
	s, err := Start(Options{Durable: true, Settings: []string{"max_connections=7"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	if got := text(t, open(t, s.URL()), query); got != "on on on 7" {
		t.Errorf("a durable server gives %s, want on on on 7", got)
	}
}

func TestStartReportsWhyTheServerEndedAndLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", shortDir(t))
	_, err := Start(Options{Settings: []string{"max_connections=none"}})
	if err == nil || !strings.Contains(err.Error(), "max_connections") {
		t.Errorf("got %v, want the server's own complaint", err)
	}
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

func TestVerifyRefusesAnotherServer(t *testing.T) {
	db := open(t, Database(t))
	err := verify(db, "/var/lib/postgresql/15/main")
	if err == nil || !strings.Contains(err.Error(), "another server") {
		t.Errorf("got %v, want a refusal that says another server answered", err)
	}
}

func TestPGVariablesOfTheCallerAreIgnored(t *testing.T) {
	t.Setenv("PGDATABASE", "elsewhere")
	t.Setenv("PGHOST", "192.0.2.1")
	t.Setenv("PGUSER", "stranger")
	db := open(t, Database(t))
	if got := text(t, db, "SELECT current_user"); got != superuser {
		t.Errorf("connected as %s, want %s", got, superuser)
	}
}

// shortDir is a directory that all may enter, with a path short enough for a
// socket; t.TempDir gives neither.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "pgt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
