package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
)

// The way back gives each bucket a row again, and what is packed from these is what
// was there: settled hours, an hour that is open, and one with late usage.
func TestHoursAreUnpackedAndPacked(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a", "b")
		w.topUp("a", 100_000_000, start)
		w.use(start, event("1", "a", "vm-1", 0, 3), event("2", "a", "vm-2", 1, 1), event("3", "b", "vm", 0, 1))
		w.advance(start.Add(3*calendar.HourLength), "a", "b")
		w.use(start.Add(3*calendar.HourLength), event("4", "a", "vm-1", 0, 1), event("5", "a", "vm-1", 2, 9))
		w.advance(start.Add(4*calendar.HourLength), "a")
		before := map[string]*account.Evidence{"a": w.evidence("a"), "b": w.evidence("b")}
		open := 0
		for _, h := range before["a"].Hours {
			open += int(bit(h.Open))
		}
		if n := len(before["a"].Hours); open == 0 || open == n {
			t.Fatalf("the story is dull: %d of %d hours are open", open, n)
		}

		provider, err := db.migrations()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := provider.DownTo(t.Context(), hoursVersion-1); err != nil {
			t.Fatal(err)
		}
		var rows int
		if err := db.reader.QueryRowContext(t.Context(), "SELECT count(*) FROM buckets WHERE meter = 'cpu' OR meter = 'memory'").Scan(&rows); err != nil {
			t.Fatal(err)
		}
		if want := len(before["a"].Buckets) + len(before["b"].Buckets); rows != want {
			t.Errorf("%d rows, want %d", rows, want)
		}
		if _, err := provider.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		for id, was := range before {
			if diff := cmp.Diff(was.Hours, w.evidence(id).Hours); diff != "" {
				t.Errorf("%s: -before +after:\n%s", id, diff)
			}
			for _, f := range w.evidence(id).Check(account.Replay{}).Faults {
				t.Error(f)
			}
		}
	})
}
