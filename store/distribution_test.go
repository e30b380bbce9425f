package store

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/calendar"
	"termwise.dev/store/pgtest"
)

// TestTablesAreSpread opens a database that seems to have Citus: each table is
// spread once, in an order in which it can be, and one that is added later too.
func TestTablesAreSpread(t *testing.T) {
	location := newNodes(t)
	db := open(t, location)
	if !db.Sharded() {
		t.Fatal("a database with Citus is taken for one node")
	}
	var want []string
	for _, table := range referenceTables {
		want = append(want, table+": reference")
	}
	want = append(want, "usage_runs: by run with none", "usage_run_pages: by run with usage_runs")
	for i, table := range customerTables {
		beside := "accounts"
		if i == 0 {
			beside = "none"
		}
		want = append(want, table+": by account with "+beside)
	}
	if diff := cmp.Diff(want, pgtest.SpreadTables(t, location)); diff != "" {
		t.Errorf("the tables were spread otherwise (-want +got):\n%s", diff)
	}
	open(t, location)
	if got := pgtest.SpreadTables(t, location); len(got) != len(want) {
		t.Errorf("opened again, %d tables were spread, not %d", len(got), len(want))
	}
	if _, err := db.writer.ExecContext(t.Context(), "DELETE FROM pg_dist_partition WHERE logicalrelid = 'buckets'::regclass"); err != nil {
		t.Fatal(err)
	}
	open(t, location)
	got := pgtest.SpreadTables(t, location)
	if len(got) != len(want) || got[len(got)-1] != "buckets: by account with accounts" {
		t.Errorf("a table that is new was not spread: %v", got)
	}
}

// TestOneNodeIsNotSpread opens PostgreSQL without the extension.
func TestOneNodeIsNotSpread(t *testing.T) {
	if db := open(t, newDatabase(t, postgres)); db.Sharded() {
		t.Error("a database without Citus is taken for one on several nodes")
	}
}

// TestEveryTableIsSpread wants each table of the migrated schema in one of the
// three lists; goose's own stays where migrations run.
func TestEveryTableIsSpread(t *testing.T) {
	listed := slices.Concat(customerTables, indexTables, referenceTables, []string{"goose_db_version"})
	slices.Sort(listed)
	found := catalogue(t, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
	if diff := cmp.Diff(listed, found); diff != "" {
		t.Errorf("the lists in distribution.go and the schema differ (-listed +schema):\n%s", diff)
	}
}

// TestKeysBeginWithWhatSpreads reads the catalogue: what Citus enforces within a
// node must be enforceable there.
func TestKeysBeginWithWhatSpreads(t *testing.T) {
	keys := catalogue(t, `
		SELECT i.indrelid::regclass || ' ' || i.indexrelid::regclass || ' ' || a.attname
		FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
		JOIN pg_class c ON c.oid = i.indrelid
		WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace ORDER BY 1`)
	checkFirst(t, customerTables, "account", keys)
	checkFirst(t, indexTables, "run", keys)
	foreign := catalogue(t, `
		SELECT f.conrelid::regclass || ' ' || f.conname || ' ' || a.attname || '->' || f.confrelid::regclass || '.' || b.attname
		FROM pg_constraint f JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
		JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = f.confkey[1]
		WHERE f.contype = 'f' ORDER BY 1`)
	if len(foreign) > 0 { // every writer has locked the account, and need not have it looked up for each row
		t.Errorf("there are foreign keys: %v", foreign)
	}
}

// TestAccountsAreOfOneKind wants one type and one collation of every column that
// tables are spread by; otherwise rows of one account could lie apart.
func TestAccountsAreOfOneKind(t *testing.T) {
	kinds := catalogue(t, `
		SELECT format_type(a.atttypid, a.atttypmod) || ' ' || c.collname || ' of ' || string_agg(a.attrelid::regclass::text, ' ' ORDER BY 1)
		FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid JOIN pg_collation c ON c.oid = a.attcollation
		WHERE a.attname = 'account' AND r.relkind = 'r' AND r.relnamespace = 'public'::regnamespace
		GROUP BY format_type(a.atttypid, a.atttypmod), c.collname`)
	if len(kinds) != 1 || !strings.HasPrefix(kinds[0], "text C of ") || strings.Count(kinds[0], " ") != len(customerTables)+2 {
		t.Errorf("accounts are of these kinds: %v", kinds)
	}
}

// checkFirst wants each of the tables to have a unique key, and the first column
// of every such key of theirs to be the one by which they are spread.
func checkFirst(t *testing.T, tables []string, column string, keys []string) {
	t.Helper()
	with := map[string]bool{}
	for _, key := range keys {
		part := strings.Fields(key)
		with[part[0]] = true
		if slices.Contains(tables, part[0]) && part[2] != column {
			t.Errorf("a unique key does not begin with %s: %s", column, key)
		}
	}
	for _, table := range tables {
		if !with[table] {
			t.Errorf("%s has no unique key", table)
		}
	}
}

// TestSchemaHasNothingThatCitusRefuses looks for what is one for a whole
// database: sequences, triggers, rules and functions. The sequence that numbers
// goose's rows stays with them, on the node that migrates.
func TestSchemaHasNothingThatCitusRefuses(t *testing.T) {
	found := catalogue(t, `
		SELECT 'sequence ' || relname FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace AND relname <> 'goose_db_version_id_seq'
		UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
		UNION ALL SELECT 'rule ' || rulename FROM pg_rules WHERE schemaname = 'public'
		UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
		UNION ALL SELECT 'view ' || viewname FROM pg_views WHERE schemaname = 'public'
		UNION ALL SELECT 'exclusion ' || conname FROM pg_constraint WHERE contype = 'x'`)
	for _, f := range found {
		t.Errorf("the schema has the %s", f)
	}
}

var ofOneServer = regexp.MustCompile(`\b(LISTEN|NOTIFY|UNLISTEN)\b|(?i:pg_(try_)?advisory|nextval\(|\b(big)?serial\b|CREATE (TRIGGER|SEQUENCE|FUNCTION|RULE)|AS IDENTITY)`)

// TestSQLHasNothingThatCitusRefuses reads the texts of this package.
func TestSQLHasNothingThatCitusRefuses(t *testing.T) {
	var files []string
	for _, pattern := range []string{"*.go", "migrations/*.sql"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatal("no files", err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if word := ofOneServer.Find(text); word != nil {
			t.Errorf("%s says %s", file, word)
		}
	}
}

// catalogue runs a query for texts on a migrated database of PostgreSQL.
func catalogue(t *testing.T, query string) (found []string) {
	t.Helper()
	db := open(t, newDatabase(t, postgres))
	view(t, db, func(ctx context.Context, tx *Tx) (err error) {
		found, err = tx.texts(ctx, query)
		return err
	})
	return found
}

// named matches a text that names one account by a parameter.
var named = regexp.MustCompile(`account = \$\d|^INSERT INTO \w+ \(account, [\w, ]+\) +VALUES \(\$1::text|^COPY `)

// TestStatementsNameTheirAccount watches a life on several nodes: whatever locks
// or writes a customer's rows must say by a parameter whose they are, so that it
// is sent to one node.
func TestStatementsNameTheirAccount(t *testing.T) {
	location := newNodes(t)
	watched := 0
	db, err := Open(t.Context(), location, Watched(func(c Call) error {
		verb, _, _ := strings.Cut(c.Text, " ")
		writes := verb != "SELECT" || strings.Contains(c.Text, "FOR UPDATE")
		if c.Kind != Statement || c.Answered || !writes || !ofCustomers.MatchString(c.Text) {
			return nil
		}
		watched++
		if !named.MatchString(c.Text) || strings.Contains(c.Text, "unnest") {
			t.Errorf("not for one node: %s", c.Text)
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := newWorld(t, db)
	w.open("a", "b")
	w.use(start, event("1", "a", "vm", 0, 1), event("2", "a", "vm", 1, 1), event("1", "b", "vm", 0, 1))
	later := start.Add(40 * calendar.HourLength)
	for _, id := range []string{"a", "b"} {
		update(t, db, func(ctx context.Context, tx *Tx) error {
			if claimed, err := tx.Claim(ctx, id, later); err != nil || !claimed {
				t.Errorf("claiming %s: %v, %v", id, claimed, err)
			}
			books, err := tx.Books(ctx, []string{id}, later)
			if err != nil {
				return err
			}
			made, err := advanced(w.env, books, later)
			if err != nil {
				return err
			}
			return tx.Apply(ctx, made)
		})
	}
	if watched < 20 {
		t.Errorf("only %d statements were watched", watched)
	}
}

var ofCustomers = regexp.MustCompile(`\b(` + strings.Join(customerTables, "|") + `)\b`)

// TestStatementsNameTheirRun has a process learn on several nodes what another has
// sealed: each statement about the index names its run, so that it is sent to one
// node, and what was sealed is known again. Only which run is the last is asked of all
// nodes, by who seals and holds nothing.
func TestStatementsNameTheirRun(t *testing.T) {
	location, watched := newNodes(t), map[string]bool{}
	watch := Watched(func(c Call) error {
		if c.Kind != Statement || !strings.Contains(c.Text, "usage_run") {
			return nil
		}
		watched[c.Text] = true
		if c.Text != theLastRun && !strings.Contains(c.Text, "run = $1") && !strings.HasPrefix(c.Text, "INSERT INTO") {
			t.Errorf("not for one node: %s", c.Text)
		}
		return nil
	})
	process := func() *world {
		db, err := Open(t.Context(), location, SealedAfter(1), watch)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { closed(t, db) })
		return newWorld(t, db)
	}
	one, other := process(), process()
	one.open("a")
	seal := func(ctx context.Context, tx *Tx) error { return tx.SealUsage(ctx) }
	first, second := event("1", "a", "vm", 0, 1), event("2", "a", "vm", 1, 1)
	one.use(start, first)
	update(t, one.db, seal)
	one.use(start, second)
	update(t, one.db, seal)
	one.use(start, event("3", "a", "vm", 2, 1)) // from which others learn what is sealed
	delete(watched, theLastRun)
	got := other.use(start, first, second, event("4", "a", "vm", 3, 1))
	if want := []Outcome{UsageDuplicate, UsageDuplicate, UsageAccepted}; !slices.Equal(got, want) {
		t.Errorf("the events are %v, want %v", got, want)
	}
	if len(watched) != 4 { // runs and pages are written and read, and nobody who puts usage asks for the last
		t.Errorf("the index was used by %d statements: %v", len(watched), watched)
	}
}

// TestWakes leaves the waking of accounts to whoever does what falls due.
func TestWakes(t *testing.T) {
	db := open(t, newNodes(t))
	w := newWorld(t, db)
	w.open("asleep", "awake")
	w.use(start, event("1", "asleep", "vm", 20, 1), event("1", "awake", "vm", 0, 1))
	from := start.Add(5 * calendar.HourLength)
	update(t, db, func(ctx context.Context, tx *Tx) error {
		for range 2 { // a publication that is repeated
			if err := tx.Wake(ctx, from); err != nil {
				return err
			}
		}
		return nil
	})
	update(t, db, func(ctx context.Context, tx *Tx) error {
		wakes, err := tx.Wakes(ctx)
		if err != nil || !slices.Equal(wakes, []calendar.Instant{from}) {
			t.Errorf("wakes: %v, %v", wakes, err)
		}
		for after, want := range map[string][]string{"": {"asleep", "awake"}, "asleep": {"awake"}, "awake": nil} {
			if got, err := tx.Sleepers(ctx, after, 9); err != nil || !slices.Equal(got, want) {
				t.Errorf("after %q sleep %v, %v", after, got, err)
			}
		}
		for _, id := range []string{"asleep", "awake"} {
			if err := tx.WakeAccount(ctx, id, from); err != nil {
				return err
			}
		}
		return tx.Woken(ctx, from)
	})
	view(t, db, func(ctx context.Context, tx *Tx) error {
		if wakes, err := tx.Wakes(ctx); err != nil || len(wakes) != 0 {
			t.Errorf("wakes: %v, %v", wakes, err)
		}
		for id, want := range map[string]calendar.Instant{"asleep": from, "awake": start.Add(calendar.HourLength)} {
			if row, _, err := tx.Account(ctx, id); err != nil || row.NextDue != want {
				t.Errorf("%s is due %d, not %d, %v", id, row.NextDue, want, err)
			}
		}
		return nil
	})
}
