package torture_test

import (
	"context"
	"flag"
	"path/filepath"
	"testing"
	"time"

	"termwise.dev/sim/torture"
	"termwise.dev/store"
	"termwise.dev/store/pgtest"
)

var full = flag.Bool("full", false, "use the sizes of docs/reliability.md")

func TestMain(m *testing.M) {
	flag.Parse()
	pgtest.Main(m, prepare)
}

func prepare(url string) error {
	db, err := store.Open(context.Background(), url)
	if err != nil {
		return err
	}
	return db.Close()
}

// sized returns a size for every day, or the full one.
func sized[T any](everyDay, atLength T) T {
	if *full {
		return atLength
	}
	return everyDay
}

// engines runs a test with a maker of empty databases of each engine.
func engines(t *testing.T, test func(t *testing.T, empty func() string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		test(t, func() string { return filepath.Join(t.TempDir(), "torture.db") })
	})
	t.Run("postgresql", func(t *testing.T) {
		test(t, func() string { return pgtest.Database(t) })
	})
}

// seed is fresh each time; a test that fails says which it was.
func seed(t *testing.T) uint64 {
	t.Helper()
	s := uint64(time.Now().UnixNano())
	t.Logf("seed %d", s)
	return s
}

func TestAStormHasTheTotalsOfTheCalmFeed(t *testing.T) {
	engines(t, func(t *testing.T, empty func() string) {
		storm := torture.Storm{Events: sized(4_000, 1_000_000), Accounts: sized(10, 200), Senders: 4, Seed: seed(t)}
		weather, err := storm.Run(t.Context(), empty(), empty())
		t.Logf("%+v", weather)
		if err != nil {
			t.Fatal(err)
		}
		if weather.Duplicates == 0 || weather.Reordered == 0 || weather.Late == 0 || weather.Reused == 0 {
			t.Error("there was no storm")
		}
		if weather.Met == 0 {
			t.Error("no two senders were at work at once")
		}
	})
}

func TestMoneyNeitherComesNorGoes(t *testing.T) {
	engines(t, func(t *testing.T, empty func() string) {
		bank := torture.Bank{Accounts: 8, Payers: 4, Users: 3, Auditors: 2, Rounds: sized(30, 2_000), Seed: seed(t)}
		audits, err := bank.Run(t.Context(), empty())
		t.Logf("%+v", audits)
		if err != nil {
			t.Fatal(err)
		}
		if audits.Busy == 0 {
			t.Error("nobody read the books while payments were made")
		}
	})
}

func TestOfManyOneWins(t *testing.T) {
	engines(t, func(t *testing.T, empty func() string) {
		for range sized(1, 20) {
			if err := torture.Race(t.Context(), empty(), 200); err != nil {
				t.Fatal(err)
			}
		}
	})
}
