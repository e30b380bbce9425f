package store

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"termwise.dev/core/refusal"
)

func TestOpenRefuses(t *testing.T) {
	for _, location := range []string{"", "sqlite:", "postgres:", "mysql://here/there", "http://example"} {
		if db, err := Open(t.Context(), location); refusal.CodeOf(err) != refusal.BadInput {
			t.Errorf("%q: %v, %v", location, db, err)
		}
	}
	if _, err := Open(t.Context(), t.TempDir()+"/missing/books.db"); err == nil {
		t.Error("a file in a folder that does not exist is opened")
	}
}

func TestEngine(t *testing.T) {
	onEngines(t, func(t *testing.T, db *DB) {
		if !strings.HasSuffix(t.Name(), "/"+db.Engine()) {
			t.Errorf("%s on %s", t.Name(), db.Engine())
		}
		if err := db.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestMigrationsGoBothWays takes the schema down and up again.
func TestMigrationsGoBothWays(t *testing.T) {
	tables := map[engine]string{
		sqlite:   "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'",
		postgres: "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'goose%'",
	}
	onEngines(t, func(t *testing.T, db *DB) {
		for range 2 {
			if err := downTo(t, db, 0); err != nil {
				t.Fatal(err)
			}
			var left int
			if err := db.reader.QueryRowContext(t.Context(), tables[db.engine]).Scan(&left); err != nil || left != 0 {
				t.Fatalf("%d tables are left, %v", left, err)
			}
			if err := up(t, db); err != nil {
				t.Fatal(err)
			}
		}
		newWorld(t, db).open("a")
	})
}

// TestOpenAtOnce lets several processes open one new database.
func TestOpenAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		location := newDatabase(t, db.engine)
		if db.engine == postgres {
			empty(t, location)
		}
		var running []*exec.Cmd
		for range 4 {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), openThis+"="+location)
			cmd.Stderr = &strings.Builder{}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			running = append(running, cmd)
		}
		for _, cmd := range running {
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v: %s", err, cmd.Stderr)
			}
		}
		newWorld(t, open(t, location)).open("a")
	})
}

// empty takes everything out of a PostgreSQL database.
func empty(t testing.TB, location string) {
	t.Helper()
	db, err := connect(location)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.writer.ExecContext(t.Context(), "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestViewCannotWrite(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		err := db.View(t.Context(), func(tx *Tx) error { return tx.SetClock(t.Context(), Clock{Now: 5}) })
		if err == nil {
			t.Error("View has written")
		}
	})
}

// TestViewSeesOneState changes the database while a View looks at it.
func TestViewSeesOneState(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a")
		view(t, db, func(ctx context.Context, tx *Tx) error {
			before, err := tx.AccountIDs(ctx, "", 9)
			if err != nil {
				return err
			}
			w.open("b")
			after, err := tx.AccountIDs(ctx, "", 9)
			if len(before) != 1 || len(after) != 1 {
				t.Errorf("saw %v, then %v", before, after)
			}
			return err
		})
	})
}

func TestUpdateRollsBack(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		broken := errors.New("broken")
		err := db.Update(t.Context(), func(tx *Tx) error {
			return errors.Join(tx.SetClock(t.Context(), Clock{Now: 5}), broken)
		})
		if !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
		func() {
			defer func() { recover() }()
			_ = db.Update(t.Context(), func(tx *Tx) error {
				if err := tx.SetClock(t.Context(), Clock{Now: 6}); err != nil {
					t.Error(err)
				}
				panic(broken)
			})
		}()
		view(t, db, func(ctx context.Context, tx *Tx) error {
			if c, found, err := tx.Clock(ctx); found || err != nil {
				t.Errorf("written: %v, %v", c, err)
			}
			return nil
		})
	})
}

// TestUpdateTriesAgain fails a transaction as a deadlock would, and as nothing would.
func TestUpdateTriesAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		for _, test := range []struct {
			code            string
			failures, tries int
			fails           bool
		}{
			{"40P01", 2, 3, false},
			{"40001", maxRetries, maxRetries + 1, false},
			{"40P01", maxRetries + 5, maxRetries + 1, true},
			{"23505", 2, 1, true},
		} {
			tries := 0
			err := db.Update(t.Context(), func(*Tx) error {
				if tries++; tries <= test.failures {
					return explained(&pgconn.PgError{Code: test.code})
				}
				return nil
			})
			if tries != test.tries || (err != nil) != test.fails {
				t.Errorf("%+v: %d tries, %v", test, tries, err)
			}
		}
	})
}

// TestDeadlockIsTransient lets two transactions lock two accounts crosswise.
func TestDeadlockIsTransient(t *testing.T) {
	db := open(t, newDatabase(t, postgres))
	newWorld(t, db).open("a", "b")
	bothHold := sync.WaitGroup{}
	bothHold.Add(2)
	crosswise := func(first, second string) error {
		tries := 0
		return db.Update(t.Context(), func(tx *Tx) error {
			if err := tx.Lock(t.Context(), []string{first}); err != nil {
				return err
			}
			if tries++; tries == 1 {
				bothHold.Done()
				bothHold.Wait()
			}
			return tx.Lock(t.Context(), []string{second})
		})
	}
	done := make(chan error)
	go func() { done <- crosswise("b", "a") }()
	if err := errors.Join(crosswise("a", "b"), <-done); err != nil {
		t.Error(err)
	}
}
