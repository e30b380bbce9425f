package store

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
)

// step is one thing that happens to an account.
type step struct {
	kind   string
	hours  int // how much time passes first
	size   int
	amount money.Amount
}

var steps = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
	return step{
		kind:   rapid.SampledFrom([]string{"use", "use", "top-up", "advance"}).Draw(t, "kind"),
		hours:  rapid.SampledFrom([]int{0, 1, 5, 30, 24 * 20}).Draw(t, "hours"),
		size:   rapid.IntRange(1, 30).Draw(t, "size"),
		amount: money.Amount(rapid.Int64Range(1, 40_000_000).Draw(t, "amount")),
	}
}), 1, 12)

// TestBooksRoundTrip lets accounts live, and loads after each decision the books
// that it led to. Both engines must hold the same in the end.
func TestBooksRoundTrip(t *testing.T) {
	lite, pg := newWorld(t, open(t, newDatabase(t, sqlite))), newWorld(t, open(t, newDatabase(t, postgres)))
	lives := 0
	rapid.Check(t, func(r *rapid.T) {
		lives++
		id := fmt.Sprintf("life-%d", lives)
		script := steps.Draw(r, "steps")
		for _, w := range []*world{lite, pg} {
			w.open(id)
			w.live(r, id, script)
		}
		if diff := cmp.Diff(lite.evidence(id), pg.evidence(id)); diff != "" {
			r.Fatalf("SQLite (-) and PostgreSQL (+) hold different things:\n%s", diff)
		}
	})
}

func (w *world) live(r *rapid.T, id string, script []step) {
	now := start
	for i, s := range script {
		now = now.Add(calendar.Duration(s.hours) * calendar.HourLength)
		switch s.kind {
		case "use":
			e := event(fmt.Sprint("e", i), id, fmt.Sprint("vm", s.size%3), 0, s.size)
			e.From, e.To = now.Add(-calendar.Minute*7), now.Add(calendar.Duration(s.size)*calendar.HourLength)
			if e.From < start {
				e.From = start
			}
			w.use(now, e)
		case "top-up":
			w.sameAfter(r, w.topUp(id, s.amount, now))
		case "advance":
			w.sameAfter(r, w.advance(now, id)[0])
		}
	}
}

// sameAfter fails unless the books that are loaded are those of the decision.
func (w *world) sameAfter(r *rapid.T, d *account.Decision) {
	var loaded []*account.Books
	var row AccountRow
	view(w.t, w.db, func(ctx context.Context, tx *Tx) (err error) {
		if row, _, err = tx.Account(ctx, d.Account); err != nil {
			return err
		}
		loaded, err = tx.Books(ctx, []string{d.Account}, d.After.At)
		return err
	})
	if len(loaded) != 1 {
		r.Fatalf("loaded %d books", len(loaded))
	}
	loaded[0].Open, loaded[0].OpenAfter = d.After.Open, d.After.OpenAfter
	if diff := cmp.Diff(d.After, loaded[0], cmpopts.EquateEmpty(), cmpopts.IgnoreFields(account.Books{}, "Usage")); diff != "" {
		r.Fatalf("%s: decided (-) and loaded (+) differ:\n%s", w.db.Engine(), diff)
	}
	if row.NextDue != d.NextDue {
		r.Fatalf("next due %s, decided %s", row.NextDue, d.NextDue)
	}
}

func TestBooksOpenBuckets(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a", "b", "c")
		w.use(start, event("1", "a", "vm", 0, 3), event("2", "a", "vm", 5, 1), event("3", "b", "vm", 9, 1))
		hour := calendar.HourOf(start)
		for _, test := range []struct {
			upTo  calendar.Instant
			open  int // buckets of a; two meters an hour
			after calendar.Instant
		}{
			{start, 0, hour.End()},
			{hour.End() - 1, 0, hour.End()},
			{hour.End(), 2, (hour + 1).End()},
			{(hour + 2).End(), 6, (hour + 5).End()},
			{(hour + 5).End(), 8, calendar.EndOfTime},
			{calendar.EndOfTime, 8, calendar.EndOfTime},
		} {
			view(t, db, func(ctx context.Context, tx *Tx) error {
				books, err := tx.Books(ctx, []string{"c", "nobody", "a"}, test.upTo)
				if err != nil {
					return err
				}
				if len(books) != 2 || books[0].ID != "a" || books[1].ID != "c" {
					t.Fatalf("got books of %v, want a and c", books)
				}
				if len(books[0].Open) != test.open || books[0].OpenAfter != test.after {
					t.Errorf("up to %s: %d open, the next after %s; want %d, %s", test.upTo,
						len(books[0].Open), books[0].OpenAfter, test.open, test.after)
				}
				return nil
			})
		}
	})
}

func TestOpenBucketsAreSorted(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a")
		var batch []metering.Event
		for i, resource := range []string{"b", "B", "é", "a-1", "a_1", "中"} {
			batch = append(batch, event(fmt.Sprint(i), "a", resource, i%2, 2))
		}
		w.use(start, batch...)
		view(t, db, func(ctx context.Context, tx *Tx) error {
			books, err := tx.Books(ctx, []string{"a"}, calendar.EndOfTime)
			if err != nil {
				return err
			}
			for i, b := range books[0].Open[1:] {
				if books[0].Open[i].Compare(b.Key) >= 0 {
					t.Errorf("%v stands before %v", books[0].Open[i].Key, b.Key)
				}
			}
			return nil
		})
	})
}

func TestLoadUsage(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a", "b")
		point := event("point", "a", "vm2", 2, 0)
		point.Point = true
		w.use(start, event("1", "a", "vm1", 0, 2), event("2", "a", "vm1", 1, 3), point, event("3", "b", "vm1", 0, 9))
		hour := calendar.HourOf(start)
		view(t, db, func(ctx context.Context, tx *Tx) error {
			books, err := tx.Books(ctx, []string{"a"}, start)
			if err != nil {
				return err
			}
			b := books[0]
			if err := tx.LoadUsage(ctx, Missing{b, &account.MissingUsage{Resources: true}}); err != nil {
				return err
			}
			wantOpened := map[account.Resource]calendar.Instant{
				{Product: product, Resource: "vm1"}: start, {Product: product, Resource: "vm2"}: point.From,
			}
			if diff := cmp.Diff(wantOpened, b.Usage.Opened); diff != "" {
				t.Error(diff)
			}
			for _, hours := range [][]calendar.Hour{{hour + 2}, {hour, hour + 7}} {
				if err := tx.LoadUsage(ctx, Missing{b, &account.MissingUsage{Hours: hours}}); err != nil {
					return err
				}
			}
			want := map[calendar.Hour][]metering.Event{
				hour:     {event("1", "a", "vm1", 0, 2)},
				hour + 2: {event("2", "a", "vm1", 1, 3), point},
				hour + 7: {},
			}
			got := map[calendar.Hour][]metering.Event{}
			for h, stored := range b.Usage.Events {
				got[h] = []metering.Event{}
				for _, e := range stored {
					if got[h] = append(got[h], e.Event); e.Recorded != start {
						t.Errorf("event %s was recorded at %s", e.ID, e.Recorded)
					}
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			return nil
		})
	})
}
