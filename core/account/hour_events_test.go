package account_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
)

// drawEvents draws usage of two products' resources, of the same names, in three
// hours: intervals that reach over several and points in time, in the order of parcels.
func drawEvents(t *rapid.T) []account.StoredEvent {
	var events []account.StoredEvent
	for n := range rapid.IntRange(0, 20).Draw(t, "events") {
		from := start.Add(calendar.Duration(rapid.IntRange(0, 10_799).Draw(t, "from")) * calendar.Second)
		e := used(fmt.Sprint(n), rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "resource"), from, from, int64(n)+1)
		e.Product = rapid.SampledFrom([]string{"compute-payg", "object-store"}).Draw(t, "product")
		if e.Point = rapid.Bool().Draw(t, "point"); !e.Point {
			e.To = from.Add(calendar.Duration(rapid.IntRange(1, 9000).Draw(t, "seconds")) * calendar.Second)
		}
		events = append(events, account.StoredEvent{Event: e, Parcel: int64(n) + 1, Recorded: e.To})
	}
	return events
}

// drawBuckets draws buckets of the events and of usage that never came, some of
// them again and again, in any order.
func drawBuckets(t *rapid.T) []metering.Key {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) metering.Key {
		return metering.Key{
			Product:  rapid.SampledFrom([]string{"compute-payg", "object-store", "none"}).Draw(t, "product"),
			Resource: rapid.SampledFrom([]string{"x", "y", "z", "none"}).Draw(t, "resource"),
			Meter:    "cpu",
			Hour:     calendar.HourOf(start) + calendar.Hour(rapid.IntRange(0, 4).Draw(t, "hour")),
		}
	}), 1, 20).Draw(t, "buckets")
}

// ofBucket picks a bucket's events by going through all of them.
func ofBucket(events []account.StoredEvent, key metering.Key) (found []account.StoredEvent) {
	for _, e := range events {
		if e.Product == key.Product && e.Resource == key.Resource && e.Within(key.Meter, key.Hour.Start(), key.Hour.End()) > 0 {
			found = append(found, e)
		}
	}
	return found
}

// The events of a bucket that are looked up are those that going through all events
// finds, in the same order, whichever buckets were asked for before.
func TestEventsOfABucketAreThoseOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events, buckets := drawEvents(t), drawBuckets(t)
		hours := map[calendar.Hour][]account.StoredEvent{}
		for h := range calendar.Hour(4) { // the fifth is not loaded
			hour := calendar.HourOf(start) + h
			hours[hour] = []account.StoredEvent{}
			for _, e := range events {
				if e.Within("cpu", hour.Start(), hour.End()) > 0 {
					hours[hour] = append(hours[hour], e)
				}
			}
		}
		books := &account.Books{Usage: account.Usage{Events: hours}}
		settled, loaded := books.EventsOfEach(buckets)
		replayed := (&account.Evidence{Events: events}).EventsOfEach(buckets)
		for i, key := range buckets {
			want := ofBucket(events, key)
			if diff := cmp.Diff(want, replayed[i], cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("replaying %v:\n%s", key, diff)
			}
			if _, there := hours[key.Hour]; loaded[i] != there {
				t.Fatalf("the hour of %v is loaded: %v", key, loaded[i])
			}
			if !loaded[i] {
				want = nil
			}
			if diff := cmp.Diff(want, settled[i], cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("settling %v:\n%s", key, diff)
			}
		}
	})
}
