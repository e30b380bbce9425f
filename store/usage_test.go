package store

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
)

func TestPutUsageOutcomes(t *testing.T) {
	changed := func(e metering.Event) metering.Event { e.To = e.To.Add(calendar.HourLength); return e }
	one, two, three := event("1", "a", "vm", 0, 1), event("2", "a", "vm", 0, 1), event("3", "a", "vm", 0, 1)
	elsewhere := event("1", "b", "vm", 0, 1)
	source := one
	source.Source = "another"
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a", "b")
		for _, test := range []struct {
			name  string
			batch []metering.Event
			want  []Outcome
		}{
			{"nothing", nil, []Outcome{}},
			{"new", []metering.Event{two, one}, []Outcome{UsageAccepted, UsageAccepted}},
			{"repeated", []metering.Event{one, two}, []Outcome{UsageDuplicate, UsageDuplicate}},
			{"reused", []metering.Event{changed(one), two}, []Outcome{UsageReused, UsageDuplicate}},
			{
				"inside a batch",
				[]metering.Event{three, changed(three), three, changed(two), two},
				[]Outcome{UsageAccepted, UsageReused, UsageDuplicate, UsageReused, UsageDuplicate},
			},
			{"the id in another account and source", []metering.Event{elsewhere, source}, []Outcome{UsageAccepted, UsageAccepted}},
		} {
			if diff := cmp.Diff(test.want, w.use(start, test.batch...)); diff != "" {
				t.Errorf("%s: %s", test.name, diff)
			}
		}
		for _, b := range w.fresh("a").Open {
			if want := 4 * 3600 * map[string]int64{"cpu": 2000, "memory": 4096}[b.Meter]; b.Total != want {
				t.Errorf("%s: total %d, want %d", b.Meter, b.Total, want)
			}
		}
	})
}

func TestPutUsageUnknownAccount(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		newWorld(t, db).open("a")
		refuses(t, db, refusal.UnknownAccount, func(ctx context.Context, tx *Tx) error {
			_, err := tx.PutUsage(ctx, []metering.Event{event("1", "a", "vm", 0, 1), event("1", "b", "vm", 0, 1)}, start)
			return err
		})
	})
}

// TestPutUsageSetsDue looks at when an account falls due and at what a resource
// and a bucket hold, as usage arrives in any order.
func TestPutUsageSetsDue(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a")
		hour := func(n int) calendar.Instant { return start.Add(calendar.Duration(n) * calendar.HourLength) }
		idle := event("idle", "a", "unused", 0, 1)
		idle.Measures = []metering.Measure{{Meter: "cpu"}}
		for _, test := range []struct {
			event                          metering.Event
			recorded, due, opened, touched calendar.Instant
		}{
			{idle, hour(0), calendar.EndOfTime, 0, 0},
			{event("1", "a", "vm", 8, 2), hour(9), hour(9), hour(8), hour(9)},
			{event("2", "a", "vm", 9, 1), hour(8), hour(9), hour(8), hour(9)},
			{event("3", "a", "vm", 2, 7), hour(8), hour(8), hour(2), hour(9)},
			{event("4", "a", "vm", 3, 6), hour(7), hour(7), hour(2), hour(9)},
		} {
			w.use(test.recorded, test.event)
			e := w.evidence("a")
			if e.NextDue != test.due {
				t.Errorf("after %s: due %s, want %s", test.event.ID, e.NextDue, test.due)
			}
			b := w.fresh("a")
			if got := b.Usage.Opened[account.Resource{Product: product, Resource: "vm"}]; got != test.opened {
				t.Errorf("after %s: opened %s, want %s", test.event.ID, got, test.opened)
			}
			for _, b := range b.Open {
				if b.Hour.Start() == hour(8) && b.Touched != test.touched {
					t.Errorf("after %s: touched %s, want %s", test.event.ID, b.Touched, test.touched)
				}
			}
		}
	})
}

// TestConcurrentUsage sends overlapping batches in different orders from eight
// goroutines while two others settle. Each event counts once and nobody waits
// in a circle.
func TestConcurrentUsage(t *testing.T) {
	const senders, accounts, perAccount = 8, 5, 40
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		var ids []string
		var all []metering.Event
		for a := range accounts {
			ids = append(ids, fmt.Sprint("a", a))
			for e := range perAccount {
				all = append(all, event(fmt.Sprint(e), ids[a], fmt.Sprint("vm", e%3), e%4, 2))
			}
		}
		w.open(ids...)
		var mu sync.Mutex
		counts := map[Outcome]int{}
		var group sync.WaitGroup
		for s := range senders {
			batch := slices.Clone(all[s*10:])
			if s%2 == 1 {
				slices.Reverse(batch)
			}
			group.Go(func() {
				for chunk := range slices.Chunk(batch, 37) {
					outcomes, err := put(t, db, chunk)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					for _, o := range outcomes {
						counts[o]++
					}
					mu.Unlock()
				}
			})
		}
		for range 2 {
			group.Go(func() {
				for range 5 {
					w.advance(start.Add(3*calendar.HourLength), ids...)
				}
			})
		}
		group.Wait()
		if counts[UsageAccepted] != len(all) || counts[UsageReused] != 0 {
			t.Errorf("%v of %d events", counts, len(all))
		}
		w.advance(start.Add(3*calendar.HourLength), ids...)
		for _, id := range ids {
			countedOnce(t, w.evidence(id), perAccount*2*3600*2000)
		}
	})
}

// countedOnce fails unless the buckets hold so much processor time, and the
// account falls due in time for those that are open.
func countedOnce(t *testing.T, e *account.Evidence, want int64) {
	t.Helper()
	var cpu int64
	for _, b := range e.Buckets {
		if b.Meter == "cpu" {
			cpu += b.Total
		}
		if b.IsOpen() && e.NextDue > max(b.Hour.End(), b.Touched) {
			t.Errorf("%s: bucket %v is open and the account falls due only at %s", e.Account.ID, b.Key, e.NextDue)
		}
	}
	if cpu != want {
		t.Errorf("%s: %d processor seconds, want %d", e.Account.ID, cpu, want)
	}
}

// put sends a batch and counts on no deadlock: it looks at the first attempt.
func put(t *testing.T, db *DB, batch []metering.Event) (outcomes []Outcome, err error) {
	err = db.write(t.Context(), alone, func(tx *Tx) (err error) {
		outcomes, err = tx.PutUsage(t.Context(), batch, start)
		return err
	})
	return outcomes, err
}
