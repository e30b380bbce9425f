package store

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
)

// drawnUsage draws events of a few hours, often at whole hours, in the parcels in
// which they come.
func drawnUsage(t *rapid.T, id string) (parcels [][]metering.Event) {
	instant := rapid.Custom(func(t *rapid.T) calendar.Instant {
		at := start.Add(calendar.Duration(rapid.IntRange(0, 6).Draw(t, "hour")) * calendar.HourLength)
		return at.Add(calendar.Duration(rapid.SampledFrom([]int64{0, 0, 1, 1800, 3599}).Draw(t, "second")) * calendar.Second)
	})
	for p := range rapid.IntRange(1, 4).Draw(t, "parcels") {
		var events []metering.Event
		for n := range rapid.IntRange(1, 3).Draw(t, "events") {
			e := metering.Event{
				Source: "meter-1", ID: fmt.Sprintf("%d-%d", p, n), Account: id, Product: product, Resource: "vm",
				From: instant.Draw(t, "from"), Measures: []metering.Measure{{Meter: "cpu", Value: 1}},
			}
			e.Point = rapid.Bool().Draw(t, "point")
			if e.To = e.From; !e.Point {
				e.To = max(e.From, instant.Draw(t, "to"))
			}
			events = append(events, e)
		}
		parcels = append(parcels, events)
	}
	return parcels
}

// partIn says whether an event has a part in an hour: it happened within it, or, when
// it took no time, at an instant of it.
func partIn(e *metering.Event, hour calendar.Hour) bool {
	if e.From == e.To {
		return calendar.HourOf(e.From) == hour
	}
	return e.From < hour.End() && e.To > hour.Start()
}

// TestUsageOfAnHourIsFound holds the search for an hour's events, which passes over
// parcels, against all events.
func TestUsageOfAnHourIsFound(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		accounts := 0
		rapid.Check(t, func(rt *rapid.T) {
			accounts++
			id := fmt.Sprint("a", accounts)
			w.open(id)
			drawn := drawnUsage(rt, id)
			for _, events := range drawn {
				w.use(start, events...)
			}
			first := calendar.HourOf(start) + calendar.Hour(rapid.IntRange(-1, 7).Draw(rt, "wanted"))
			hours := slices.Compact([]calendar.Hour{first, first + calendar.Hour(rapid.IntRange(0, 3).Draw(rt, "more"))})
			view(t, db, func(ctx context.Context, tx *Tx) error {
				books, err := tx.Books(ctx, []string{id}, start)
				if err != nil {
					return err
				}
				if err := tx.LoadUsage(ctx, Missing{books[0], &account.MissingUsage{Hours: hours}}); err != nil {
					return err
				}
				for _, hour := range hours {
					if diff := cmp.Diff(touching(drawn, hour), idsOf(books[0].Usage.Events[hour])); diff != "" {
						rt.Errorf("LoadUsage: %s", diff)
					}
					found, err := tx.UsageOf(ctx, id, account.Resource{Product: product, Resource: "vm"}, hour)
					if err != nil {
						return err
					}
					if diff := cmp.Diff(touching(drawn, hour), idsOf(found)); diff != "" {
						rt.Errorf("UsageOf: %s", diff)
					}
				}
				return nil
			})
		})
	})
}

func touching(parcels [][]metering.Event, hour calendar.Hour) []string {
	ids := []string{}
	for _, events := range parcels {
		for i := range events {
			if partIn(&events[i], hour) {
				ids = append(ids, events[i].ID)
			}
		}
	}
	return ids
}

func idsOf(events []account.StoredEvent) []string {
	ids := []string{}
	for i := range events {
		ids = append(ids, events[i].ID)
	}
	slices.Sort(ids)
	return ids
}
