package store

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/account"
	"termwise.dev/core/metering"
)

// downTo brings a database back to what it was before a migration.
func downTo(t testing.TB, db *DB, version int64) error {
	t.Helper()
	provider, err := db.migrations()
	if err != nil {
		t.Fatal(err)
	}
	_, err = provider.DownTo(t.Context(), version)
	return err
}

// migrateTo brings a database from one version of the schema to another.
func migrateTo(t testing.TB, db *DB, from, to int64) error {
	t.Helper()
	if to < from {
		return downTo(t, db, to)
	}
	provider, err := db.migrations()
	if err != nil {
		t.Fatal(err)
	}
	_, err = provider.UpTo(t.Context(), to)
	return err
}

func up(t testing.TB, db *DB) error {
	t.Helper()
	provider, err := db.migrations()
	if err != nil {
		t.Fatal(err)
	}
	_, err = provider.Up(t.Context())
	return err
}

// evidences loads accounts whole, by their ids.
func (w *world) evidences(ids ...string) map[string]*account.Evidence {
	w.t.Helper()
	all := make(map[string]*account.Evidence, len(ids))
	for _, id := range ids {
		all[id] = w.evidence(id)
	}
	return all
}

// comesBack wants accounts to be without a fault what they were, after their database
// was brought back to what it was before a migration and up again. There, below is
// called with each account as it was.
func (w *world) comesBack(version int64, before map[string]*account.Evidence, below func(id string, was *account.Evidence)) {
	w.t.Helper()
	if err := downTo(w.t, w.db, version-1); err != nil {
		w.t.Fatal(err)
	}
	for id, was := range before {
		below(id, was)
	}
	if err := up(w.t, w.db); err != nil {
		w.t.Fatal(err)
	}
	for id, was := range before {
		is := w.evidence(id)
		if diff := cmp.Diff(was, is); diff != "" {
			w.t.Errorf("%s -before +after:\n%s", id, diff)
		}
		for _, f := range is.Check(account.Replay{}).Faults {
			w.t.Error(f)
		}
	}
}

// oneByOne reads an account's rows of a kind as they are before a migration packs them.
func oneByOne[R any](t *testing.T, db *DB, rows *table[R], id string) (found []R) {
	t.Helper()
	tx, err := db.reader.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}()
	if err := gathered(gathering{t.Context(), tx, id}, rows, "", func(row *R) { found = append(found, *row) }); err != nil {
		t.Fatal(err)
	}
	return found
}

// beside migrates while somebody writes who has begun before, and commits when the
// migration waits for a lock.
func beside(t *testing.T, db *DB, migrate func() error, texts ...string) {
	t.Helper()
	old, err := db.writer.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := execAll(t.Context(), old, texts...); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- migrate() }()
	awaitLock(t, db)
	if err := errors.Join(old.Commit(), <-done); err != nil {
		t.Fatal(err)
	}
}

// What is written to a table with the program of another version, while a migration
// makes the table anew, is not lost: the migration waits, on the way back too.
func TestWhatIsWrittenBesideAMigrationIsKept(t *testing.T) {
	const (
		debt    = "INSERT INTO debts (account, due, seller, product, since, outstanding) VALUES ('a', 1, 's', 'p', 1, 5)"
		service = "INSERT INTO services VALUES ('a', 'p', 'active', 1, 0, 0, 0)"
		bucket  = `INSERT INTO buckets (account, product, resource, meter, hour, total, touched, billed, refused, charged, lines, pending)
			VALUES ('a', 'p', 'r', 'm', 1, 1, 1, 0, 0, 0, 0, 1)`
		indexed = `WITH run AS (INSERT INTO usage_runs (run, names, filter, digest) VALUES (1, 1, '', 1)) UPDATE accounts SET indexed = 1`
	)
	hour := account.NewStoredHour(1, []metering.Bucket{{Key: metering.Key{Product: "p", Resource: "r", Meter: "m", Hour: 1}, Total: 1}})
	for _, step := range []struct {
		from, to      int64
		written, kept string
	}{
		{3, 4, debt, "debts"},
		{4, 3, debt, "debts"},
		{5, 6, service, "services"},
		{6, 5, service, "services"},
		{10, 11, bucket, "buckets"},
		{11, 10, bucket, "buckets"},
		{hoursVersion - 1, hoursVersion, bucket, "buckets"},
		{hoursVersion, hoursVersion - 1, fmt.Sprintf(`INSERT INTO buckets VALUES ('a', 1, 0, '\x%x')`, hour.Content), "buckets"},
		{reachVersion - 1, reachVersion, indexed, "accounts WHERE runs = 1"},
		{clockVersion - 1, clockVersion, "INSERT INTO clock VALUES (1, 'virtual', 77)", "published WHERE now = 77"},
		{clockVersion, clockVersion - 1, "UPDATE published SET clock = 'virtual', now = 77", "clock WHERE now = 77"},
	} {
		t.Run(fmt.Sprintf("%d to %d", step.from, step.to), func(t *testing.T) {
			db := open(t, newDatabase(t, postgres))
			newWorld(t, db).open("a")
			if err := downTo(t, db, step.from); err != nil {
				t.Fatal(err)
			}
			beside(t, db, func() error { return migrateTo(t, db, step.from, step.to) }, step.written)
			var kept int
			if err := db.reader.QueryRowContext(t.Context(), "SELECT count(*) FROM "+step.kept).Scan(&kept); err != nil || kept != 1 {
				t.Errorf("%d rows, %v", kept, err)
			}
		})
	}
}
