package store

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
)

// Events that were kept one row each are packed, are still what they were, and
// still tell a repetition; the way back gives the rows again.
func TestEventsArePackedAndUnpacked(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a", "b")
		w.topUp("a", 100_000_000, start)
		first, second := event("1", "a", "vm", 0, 2), event("2", "a", "vm", 1, 1)
		point := event("p", "b", "vm", 0, 0)
		point.Point = true
		w.use(start, second, first, point)
		late := event("3", "a", "vm", 0, 1)
		w.use(start.Add(calendar.HourLength), late)
		w.advance(start.Add(3*calendar.HourLength), "a", "b")
		before := w.evidence("a")

		if err := downTo(t, db, parcelsVersion-1); err != nil {
			t.Fatal(err)
		}
		rows := []string{
			fmt.Sprint("a 1 0 ", int64(start), int64(start.Add(2*calendar.HourLength)), ` {"cpu":2000,"memory":4096} `, int64(start)),
			fmt.Sprint("a 2 0 ", int64(start.Add(calendar.HourLength)), int64(start.Add(2*calendar.HourLength)), ` {"cpu":2000,"memory":4096} `, int64(start)),
			fmt.Sprint("a 3 0 ", int64(start), int64(start.Add(calendar.HourLength)), ` {"cpu":2000,"memory":4096} `, int64(start.Add(calendar.HourLength))),
			fmt.Sprint("b p 1 ", int64(start), int64(start), ` {"cpu":2000,"memory":4096} `, int64(start)),
		}
		if diff := cmp.Diff(rows, eventRows(t, db)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if err := up(t, db); err != nil {
			t.Fatal(err)
		}
		db.names.forgetNow() // as a process that is started then
		after := w.evidence("a")
		if len(after.Parcels) != 2 || after.Account.Intake != before.Account.Intake {
			t.Errorf("%d parcels, %+v, want 2 and %+v", len(after.Parcels), after.Account.Intake, before.Account.Intake)
		}
		for _, id := range []string{"a", "b"} {
			for _, f := range w.evidence(id).Check(account.Replay{}).Faults {
				t.Error(f)
			}
		}
		got := w.use(start, first, second, late, point, event("4", "a", "vm", 0, 1))
		want := []Outcome{UsageDuplicate, UsageDuplicate, UsageDuplicate, UsageDuplicate, UsageAccepted}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if err := downTo(t, db, parcelsVersion-1); err == nil {
			t.Error("usage that is in no bucket was let go")
		}
	})
}

func eventRows(t *testing.T, db *DB) (rows []string) {
	t.Helper()
	found, err := db.reader.QueryContext(t.Context(), "SELECT account, id, point, start, finish, measures, recorded FROM usage_events ORDER BY account, id")
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var id, event, measures string
		var point, from, to, recorded int64
		if err := found.Scan(&id, &event, &point, &from, &to, &measures, &recorded); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, fmt.Sprint(id, " ", event, " ", point, " ", from, to, " ", measures, " ", recorded))
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// Many events of one instant are packed into several parcels, in order.
func TestManyEventsArePackedInParts(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a")
		batch := make([]metering.Event, 2*maxPacked+1)
		for i := range batch {
			batch[i] = event(fmt.Sprintf("e-%05d", i), "a", "vm", 0, 1)
		}
		w.use(start, batch...)
		w.advance(start.Add(calendar.HourLength), "a")
		if err := downTo(t, db, parcelsVersion-1); err != nil {
			t.Fatal(err)
		}
		if err := up(t, db); err != nil {
			t.Fatal(err)
		}
		ev := w.evidence("a")
		if len(ev.Parcels) != 3 || len(ev.Events) != len(batch) || ev.Account.Intake.Folded != 3 {
			t.Errorf("%d parcels with %d events, %+v", len(ev.Parcels), len(ev.Events), ev.Account.Intake)
		}
		view(t, db, func(ctx context.Context, tx *Tx) error {
			s, err := tx.Summary(ctx)
			if s.Events != int64(len(batch)) {
				t.Errorf("%d events are counted", s.Events)
			}
			return err
		})
	})
}
