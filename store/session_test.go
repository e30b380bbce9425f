package store

import (
	"context"
	"fmt"
	"slices"
	"testing"
)

// What crosses the wire comes back, be it the first that a connection sends: an empty
// text is not NULL, and neither are no bytes.
func TestSessionsCarryValues(t *testing.T) {
	location := newDatabase(t, postgres)
	for _, c := range []struct {
		kind string
		sent any
		want any
	}{
		{"text", "", ""},
		{"text", "x", "x"},
		{"bytea", []byte{}, `\x`},
		{"bytea", []byte{0, 255}, `\x00ff`},
		{"bytea", []byte(nil), nil},
		{"bigint", int64(0), "0"},
		{"bigint", int64(-1), "-1"},
		{"integer", int64(5), "5"},
		{"bigint", 7, "7"},
		{"boolean", true, "true"},
		{"text[]", []string{"", "x"}, `{"",x}`},
		{"bigint[]", []int64{}, "{}"},
		{"text", nil, nil},
	} {
		view(t, open(t, location), func(ctx context.Context, tx *Tx) error {
			for range 2 { // on the connection's first message, and on a later one
				var got any
				if _, err := tx.one(ctx, []any{&got}, "SELECT ($1::"+c.kind+")::text", c.sent); err != nil {
					return err
				}
				if got != c.want {
					t.Errorf("%T %v came as %v, not %v", c.sent, c.sent, got, c.want)
				}
			}
			return nil
		})
	}
}

// A new process finds the accounts of another one from the first on.
func TestAFreshConnectionBeginsAtTheBeginning(t *testing.T) {
	for _, location := range []string{newDatabase(t, sqlite), newDatabase(t, postgres), newNodes(t)} {
		newWorld(t, open(t, location)).open("a", "b")
		view(t, open(t, location), func(ctx context.Context, tx *Tx) error {
			ids, err := tx.AccountIDs(ctx, "", 10)
			if !slices.Equal(ids, []string{"a", "b"}) {
				t.Errorf("accounts %v", ids)
			}
			return err
		})
	}
}

// A connection whose statements the server has lost, or whose tables have changed,
// prepares them again.
func TestLostStatements(t *testing.T) {
	location := newDatabase(t, postgres)
	db, other := open(t, location), open(t, location)
	db.writer.SetMaxOpenConns(1)
	names := func() {
		update(t, db, func(ctx context.Context, tx *Tx) error {
			_, err := tx.texts(ctx, "SELECT name FROM api_keys")
			return err
		})
	}
	names()
	if _, err := db.writer.Exec("DEALLOCATE ALL"); err != nil {
		t.Fatal(err)
	}
	names()
	if _, err := other.writer.Exec("ALTER TABLE api_keys ALTER COLUMN name TYPE varchar"); err != nil {
		t.Fatal(err)
	}
	names()
}

// A connection holds no more statements than a bound, however many texts there are.
func TestStatementsAreGivenUp(t *testing.T) {
	db := open(t, newDatabase(t, postgres))
	db.writer.SetMaxOpenConns(1)
	for n := range 2*maxPrepared + 10 {
		view(t, db, func(ctx context.Context, tx *Tx) error {
			var got int64
			_, err := tx.one(ctx, []any{&got}, fmt.Sprintf("SELECT %d + $1::bigint", n), 1)
			if got != int64(n)+1 {
				t.Errorf("%d + 1 is %d", n, got)
			}
			return err
		})
	}
	var held int
	if err := db.writer.QueryRow("SELECT count(*) FROM pg_prepared_statements").Scan(&held); err != nil || held > maxPrepared+10 {
		t.Errorf("%d statements are held: %v", held, err)
	}
}
