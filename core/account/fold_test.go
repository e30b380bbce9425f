package account_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
)

func used(id, resource string, from, to calendar.Instant, milliCPU int64) metering.Event {
	return metering.Event{
		Source: "test", ID: id, Account: "a", Product: "compute-payg", Resource: resource,
		From: from, To: to, Measures: []metering.Measure{{Meter: "cpu", Value: milliCPU}},
	}
}

// However many times buckets are written between parcels, they come out the same.
func TestFoldingInStepsIsFoldingAtOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var parcels []account.Parcel
		for n := range rapid.IntRange(1, 6).Draw(t, "parcels") {
			var events []metering.Event
			for i := range rapid.IntRange(1, 4).Draw(t, "events") {
				from := start.Add(calendar.Duration(rapid.IntRange(0, 40_000).Draw(t, "from")) * calendar.Second)
				to := from.Add(calendar.Duration(rapid.IntRange(1, 9000).Draw(t, "seconds")) * calendar.Second)
				events = append(events, used(fmt.Sprint(n, " ", i), rapid.SampledFrom([]string{"x", "y"}).Draw(t, "resource"), from, to, int64(i)))
			}
			recorded := start.Add(calendar.Duration(rapid.IntRange(0, 9).Draw(t, "recorded")) * calendar.Minute)
			parcels = append(parcels, *account.NewParcel("a", int64(n)+1, recorded, events))
		}
		atOnce := folded(parcels, func(int) bool { return false })
		inSteps := folded(parcels, func(int) bool { return rapid.Bool().Draw(t, "written") })
		if diff := cmp.Diff(atOnce, inSteps); diff != "" {
			t.Fatalf("-at once +in steps:\n%s", diff)
		}
	})
}

// folded folds parcels as a store does, which writes buckets after some of them.
func folded(parcels []account.Parcel, written func(int) bool) []metering.Bucket {
	buckets := map[metering.Key]metering.Bucket{}
	var to calendar.Hour
	fold := account.NewFold("a", to)
	for i := range parcels {
		fold.Add(&parcels[i])
		if i < len(parcels)-1 && !written(i) {
			continue
		}
		var stored []metering.Bucket
		late := fold.Late()
		for key, b := range buckets {
			if slices.Contains(late, key.Hour) {
				stored = append(stored, b)
			}
		}
		fresh := fold.Finish(stored)
		for _, b := range fresh.Made {
			if _, there := buckets[b.Key]; there {
				panic("a bucket that is there is made again")
			}
			buckets[b.Key] = *b
		}
		for _, b := range fresh.Raised {
			buckets[b.Key] = *b
		}
		to = fresh.To
		fold = account.NewFold("a", to)
	}
	all := make([]metering.Bucket, 0, len(buckets))
	for _, b := range buckets {
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b metering.Bucket) int { return a.Compare(b.Key) })
	return all
}

// No decision is made on an account whose usage cannot be put into buckets.
func TestUsageThatCannotBeFolded(t *testing.T) {
	const most = math.MaxInt64 - 10
	point := func(id string, quantity int64) metering.Event {
		e := used(id, "x", start, start, quantity)
		e.Account, e.Point = "customer-001", true
		return e
	}
	for name, c := range map[string]struct {
		report func(w *world)
		want   refusal.Code
	}{
		"what fits": {func(w *world) { w.report(point("1", most), start); w.report(point("2", 10), start) }, ""},
		"too much":  {func(w *world) { w.report(point("1", most), start); w.report(point("2", 11), start) }, refusal.Overflow},
		"too much for a bucket that is there": {func(w *world) {
			w.report(point("1", most), start)
			w.topUp(start.String(), "1.00")
			w.report(point("2", 11), start)
		}, refusal.Overflow},
		"a parcel that was changed": {func(w *world) { w.report(point("1", 10), start); w.parcels[0].Recorded++ }, refusal.BadInput},
		"a parcel that cannot be read": {func(w *world) {
			w.report(point("1", 10), start)
			w.parcels[0].Content = w.parcels[0].Content[1:]
			w.parcels[0].Digest = w.parcels[0].Seal("customer-001")
		}, refusal.BadInput},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sampleCorpus(t))
			c.report(w)
			w.load(start)
			_, advanced := w.books.Advance(w.env(), start)
			_, paid := w.books.TopUp(w.env(), account.TopUp{Amount: 1, Method: "bank_remittance", Reference: "R"}, start)
			if refusal.CodeOf(advanced) != c.want || refusal.CodeOf(paid) != c.want || (c.want == "") != (advanced == nil) {
				t.Errorf("got %v and %v, want %q", advanced, paid, c.want)
			}
		})
	}
}

// A parcel opens as what was put in, and says when that was used.
func TestParcel(t *testing.T) {
	hour := calendar.HourLength
	events := []metering.Event{
		used("2", "x", start.Add(5*hour), start.Add(6*hour), 1), used("1", "y", start, start.Add(9*hour), 2), used("3", "x", start.Add(1), start.Add(2), 3),
	}
	p := account.NewParcel("a", 7, start, events)
	if p.First != start || p.Last != start.Add(9*hour) || p.Events != 3 || p.Number != 7 || p.Recorded != start {
		t.Errorf("%+v", p)
	}
	stored, whole := p.Open("a")
	for i, e := range stored {
		if diff := cmp.Diff(account.StoredEvent{Event: events[i], Parcel: 7, Recorded: start}, e); diff != "" {
			t.Error(diff)
		}
	}
	if !whole || len(stored) != 3 {
		t.Errorf("%d events, whole: %v", len(stored), whole)
	}
	for name, change := range map[string]func(p *account.Parcel){
		"number": func(p *account.Parcel) { p.Number++ }, "recorded": func(p *account.Parcel) { p.Recorded++ },
		"first": func(p *account.Parcel) { p.First-- }, "last": func(p *account.Parcel) { p.Last++ },
		"events": func(p *account.Parcel) { p.Events++ }, "content": func(p *account.Parcel) { p.Content = p.Content[:len(p.Content)-1] },
		"digest": func(p *account.Parcel) { p.Digest++ },
	} {
		changed := *p
		change(&changed)
		if _, whole := changed.Open("a"); whole {
			t.Errorf("a parcel with another %s opens", name)
		}
	}
	if _, whole := p.Open("b"); whole {
		t.Error("the parcel opens as another account's")
	}
}
