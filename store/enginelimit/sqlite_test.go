package enginelimit_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"

	"termwise.dev/store/enginelimit"
)

func TestEveryRowIsWrittenOnce(t *testing.T) {
	ctx := t.Context()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "bare.db"))
	must(t, err)
	_, err = db.Exec("CREATE TABLE numbers (n INTEGER PRIMARY KEY, name TEXT NOT NULL)")
	must(t, err)
	s, err := enginelimit.NewSQLite(ctx, db)
	must(t, err)
	defer func() { must(t, errors.Join(s.Close(), db.Close())) }()
	put := func(from, to int, after string, fails error) error {
		var rows [][]any
		for n := from; n < to; n++ {
			rows = append(rows, []any{int64(n), "name"})
		}
		return s.InTransaction(ctx, func() error { return errors.Join(s.Insert(ctx, "INSERT INTO numbers", after, rows), fails) })
	}
	must(t, put(0, 1234, "", nil))
	must(t, put(0, 0, "", nil))
	must(t, put(1000, 1500, " ON CONFLICT (n) DO UPDATE SET name = 'again'", nil))
	given := errors.New("given up")
	if err := put(5000, 6000, "", given); !errors.Is(err, given) {
		t.Errorf("a transaction that is given up gives %v", err)
	}
	if err := put(0, 1, "", nil); err == nil {
		t.Error("a row that is there was written again")
	}
	var rows, sum, again int64
	must(t, db.QueryRow("SELECT count(*), sum(n), sum(name = 'again') FROM numbers").Scan(&rows, &sum, &again))
	if rows != 1500 || sum != 1500*1499/2 || again != 234 {
		t.Errorf("%d rows, of sum %d, %d changed", rows, sum, again)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
