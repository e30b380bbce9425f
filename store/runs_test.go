package store

import (
	"errors"
	"fmt"
	"testing"

	"termwise.dev/core/metering"
)

// process is a process of its own on a database, that seals each name.
func process(t *testing.T, location string) *world {
	t.Helper()
	db, err := Open(t.Context(), location, SealedAfter(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, db) })
	return newWorld(t, db)
}

// onPlaces runs a test on both engines, and on one database that seems to be spread
// over several nodes.
func onPlaces(t *testing.T, test func(t *testing.T, location string)) {
	for name, location := range map[string]func() string{
		"sqlite":        func() string { return newDatabase(t, sqlite) },
		"postgresql":    func() string { return newDatabase(t, postgres) },
		"several nodes": func() string { return newNodes(t) },
	} {
		t.Run(name, func(t *testing.T) { test(t, location()) })
	}
}

// seal seals what a process has in memory.
func (w *world) seal() error {
	return w.db.Update(w.t.Context(), func(tx *Tx) error { return tx.SealUsage(w.t.Context()) })
}

// sealed has an account use, and the names of what it used sealed, so many times; each
// time the account says what was sealed before. It returns the events.
func (w *world) sealed(id string, times int) (events []metering.Event) {
	w.t.Helper()
	for i := range times {
		events = append(events, event(fmt.Sprint(i), id, "vm", i, 1))
		w.use(start, events[i])
		if err := w.seal(); err != nil {
			w.t.Fatal(err)
		}
	}
	w.use(start, event("last", id, "vm", times, 1))
	return events
}

// runFault wants an error that names a run of the index.
func runFault(t *testing.T, err error, run int64) {
	t.Helper()
	var fault *IndexFault
	if !errors.As(err, &fault) || fault.Run != run {
		t.Errorf("got %v, want that something is wrong with run %d of the index", err, run)
	}
}

// A run that is gone is missed by whoever needs it: an account that says that its names
// are in it gets no usage by a process that does not know it, and nothing else is
// written under its number, after which nobody would miss it.
func TestARunThatIsGoneIsMissed(t *testing.T) {
	for _, gone := range []struct {
		name, rows string
		missed     int64
		refilled   int64 // what is missed when another is in its place, where nobody who seals can tell
	}{
		{"the first", "run = 1", 1, 0},
		{"one in the middle", "run = 2", 2, 0},
		{"all but the last", "run < 3", 1, 0},
		{"the last", "run = 3", 3, 3},
		{"all", "run > 0", 1, 2},
	} {
		t.Run(gone.name, func(t *testing.T) {
			onPlaces(t, func(t *testing.T, location string) {
				one := process(t, location)
				one.open("a", "b")
				events := one.sealed("a", 3)
				one.byHand("DELETE FROM usage_runs WHERE " + gone.rows)
				one.byHand("DELETE FROM usage_run_pages WHERE " + gone.rows)
				other := process(t, location)
				_, err := put(t, other.db, events)
				runFault(t, err, gone.missed)
				other.use(start, event("1", "b", "vm", 0, 1)) // which is in no run
				err = other.seal()
				if gone.refilled > 0 {
					if err != nil {
						t.Fatal(err)
					}
					_, err = put(t, process(t, location).db, events)
					runFault(t, err, gone.refilled)
					return
				}
				runFault(t, err, gone.missed)
				runFault(t, other.db.LearnRuns(t.Context()), gone.missed)
			})
		})
	}
}
