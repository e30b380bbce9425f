package store

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/account"
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

// upBeside brings a database up from before a migration while somebody writes with the
// program from before, who commits when the migration waits for a lock.
func upBeside(t *testing.T, db *DB, version int64, texts ...string) {
	t.Helper()
	if err := downTo(t, db, version-1); err != nil {
		t.Fatal(err)
	}
	old, err := db.writer.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := execAll(t.Context(), old, texts...); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- up(t, db) }()
	awaitLock(t, db)
	if err := errors.Join(old.Commit(), <-done); err != nil {
		t.Fatal(err)
	}
}
