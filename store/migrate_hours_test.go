package store

import (
	"testing"

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
		before := w.evidences("a", "b")
		open := 0
		for _, h := range before["a"].Hours {
			open += int(bit(h.Open))
		}
		if n := len(before["a"].Hours); open == 0 || open == n {
			t.Fatalf("the story is dull: %d of %d hours are open", open, n)
		}

		w.comesBack(hoursVersion, before, func(id string, was *account.Evidence) {
			var rows int
			if err := db.reader.QueryRowContext(t.Context(), "SELECT count(*) FROM buckets WHERE account = $1 AND meter IN ('cpu', 'memory')", id).Scan(&rows); err != nil {
				t.Fatal(err)
			}
			if want := len(was.Buckets); rows != want {
				t.Errorf("%s: %d rows, want %d", id, rows, want)
			}
		})
	})
}
