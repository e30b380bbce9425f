package metering_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"termwise.dev/core/calendar"
	"termwise.dev/core/catalog"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
)

func instant(s string) calendar.Instant {
	t, err := calendar.ParseInstant(s)
	if err != nil {
		panic(err)
	}
	return t
}

var noon = instant("2026-03-01T12:00:00Z")

func product(t *testing.T) *catalog.Product {
	t.Helper()
	p, err := catalog.NewProduct("compute", "Compute", []catalog.Meter{
		{Name: "cpu", Base: "milli_vcpu_second", Unit: "vCPU·hour", Per: 3_600_000},
		{Name: "memory", Base: "mib_second", Unit: "GiB·hour", Per: 3_686_400},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// event is one that Check accepts: ninety minutes from half past twelve.
func event() metering.Event {
	return metering.Event{
		Source: "trace", ID: "e-1", Account: "acme", Product: "compute", Resource: "vm-1",
		From: noon.Add(30 * calendar.Minute), To: noon.Add(120 * calendar.Minute),
		Measures: []metering.Measure{{Meter: "cpu", Value: 2000}, {Meter: "memory", Value: 0}},
	}
}

// pointEvent is one that Check accepts: two measures at half past twelve.
func pointEvent() metering.Event {
	e := event()
	e.Point, e.To = true, e.From
	return e
}

const maxRate = metering.MaxPerHour / 3600

// lastSecond is the last whole second that an instant can hold.
const lastSecond = calendar.EndOfTime - calendar.EndOfTime%calendar.Instant(calendar.Second)

// Check refuses in the documented order: each event here has its own fault and
// every fault of the events below it.
func TestCheckLadder(t *testing.T) {
	ladder := []struct {
		name  string
		spoil func(*metering.Event)
		code  refusal.Code
		want  string
	}{
		{"source", func(e *metering.Event) { e.Source = "" }, refusal.BadInput, "no source"},
		{"id", func(e *metering.Event) { e.ID = "" }, refusal.BadInput, "no id"},
		{"account", func(e *metering.Event) { e.Account = "" }, refusal.BadInput, "no account"},
		{"resource", func(e *metering.Event) { e.Resource = "" }, refusal.BadInput, "no resource"},
		{"backward interval", func(e *metering.Event) { e.To = e.From - 1 }, refusal.BadInterval, "before its start at 2026-03-01T12:30:00Z"},
		{"meter", func(e *metering.Event) { e.Measures[0].Meter, e.Measures[1].Meter = "cpus", "cpus" }, refusal.UnknownMeter, `no meter "cpus"`},
		{"meter twice", func(e *metering.Event) { e.Measures[1].Meter = "cpu" }, refusal.BadInput, `"cpu" is named twice`},
		{"value", func(e *metering.Event) { e.Measures[1].Value = -1 }, refusal.BadQuantity, "has the value -1"},
	}
	for i, rung := range ladder {
		e := event()
		for j := len(ladder) - 1; j >= i; j-- {
			ladder[j].spoil(&e)
		}
		err := e.Check(product(t))
		if refusal.CodeOf(err) != rung.code || !strings.Contains(err.Error(), rung.want) {
			t.Errorf("%s: %v, want %s: %s", rung.name, err, rung.code, rung.want)
		}
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		name  string
		event func() metering.Event
		spoil func(*metering.Event)
		code  refusal.Code
	}{
		{"interval", event, func(*metering.Event) {}, ""},
		{"point", pointEvent, func(*metering.Event) {}, ""},
		{"point in the middle of a second", pointEvent, func(e *metering.Event) { e.From++; e.To++ }, ""},
		{"end before start", event, func(e *metering.Event) { e.To = e.From.Add(-calendar.Second) }, refusal.BadInterval},
		{"shortest interval", event, func(e *metering.Event) { e.To = e.From.Add(calendar.Second) }, ""},
		{"start in the middle of a second", event, func(e *metering.Event) { e.From++ }, refusal.BadInterval},
		{"end in the middle of a second", event, func(e *metering.Event) { e.To-- }, refusal.BadInterval},
		{"longest interval", event, func(e *metering.Event) { e.To = e.From.Add(metering.MaxLength) }, ""},
		{"longer interval", event, func(e *metering.Event) { e.To = e.From.Add(metering.MaxLength + calendar.Second) }, refusal.BadInterval},
		{"endless interval", event, func(e *metering.Event) { e.To = lastSecond }, refusal.BadInterval},
		{"nothing measured", event, func(e *metering.Event) { e.Measures = nil }, ""},
		{"highest rate", event, func(e *metering.Event) { e.Measures[0].Value = maxRate }, ""},
		{"too high a rate", event, func(e *metering.Event) { e.Measures[0].Value = maxRate + 1 }, refusal.BadQuantity},
		{"highest quantity", pointEvent, func(e *metering.Event) { e.Measures[0].Value = metering.MaxPerHour }, ""},
		{"too high a quantity", pointEvent, func(e *metering.Event) { e.Measures[0].Value = metering.MaxPerHour + 1 }, refusal.BadQuantity},
	}
	for _, tt := range tests {
		e := tt.event()
		tt.spoil(&e)
		if err := e.Check(product(t)); refusal.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want code %q", tt.name, err, tt.code)
		}
	}
}

// The body tells any two different reports apart: every field but the name
// changes it.
func TestBody(t *testing.T) {
	changes := map[string]func(*metering.Event){
		"account":     func(e *metering.Event) { e.Account = "acm" },
		"product":     func(e *metering.Event) { e.Product = "ecompute" },
		"resource":    func(e *metering.Event) { e.Resource = "vm-2" },
		"from":        func(e *metering.Event) { e.From++ },
		"to":          func(e *metering.Event) { e.To++ },
		"point":       func(e *metering.Event) { e.Point = true },
		"meter":       func(e *metering.Event) { e.Measures[0].Meter = "cpus" },
		"value":       func(e *metering.Event) { e.Measures[0].Value++ },
		"less meters": func(e *metering.Event) { e.Measures = e.Measures[:1] },
		"more meters": func(e *metering.Event) { e.Measures = append(e.Measures, metering.Measure{Meter: "z"}) },
		// letters that move from one field to the next
		"boundary": func(e *metering.Event) { e.Account, e.Product = "acmec", "ompute" },
	}
	plain := event()
	seen := map[int64]string{plain.Body(): "nothing"}
	for name, change := range changes {
		e := event()
		change(&e)
		if other, taken := seen[e.Body()]; taken {
			t.Errorf("changing %s and changing %s give one body", name, other)
		}
		seen[e.Body()] = name
	}
	renamed := event()
	renamed.Source, renamed.ID = "other", "e-2"
	if renamed.Body() != plain.Body() {
		t.Error("the event's name is part of its body")
	}
}

// Equal reports have equal bodies, however their measures are ordered.
func TestBodyIgnoresOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvent(t)
		shuffled := e
		shuffled.Measures = rapid.Permutation(e.Measures).Draw(t, "measures")
		shuffled.Normalise()
		if e.Body() != shuffled.Body() {
			t.Fatalf("%+v and %+v have different bodies", e, shuffled)
		}
	})
}

func TestEachHour(t *testing.T) {
	tests := []struct {
		name  string
		event metering.Event
		want  []string
	}{
		{"interval", event(), []string{"12 cpu 3600000", "13 cpu 7200000"}},
		{"point", pointEvent(), []string{"12 cpu 2000"}},
		{"whole hours", at(event(), 1, 3), []string{"13 cpu 7200000", "14 cpu 7200000"}},
	}
	for _, tt := range tests {
		var got []string
		tt.event.EachHour(func(h calendar.Hour, meter string, q int64) {
			got = append(got, fmt.Sprintf("%d %s %d", h%24, meter, q))
		})
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tt.name, diff)
		}
	}
}

// The first hour is the first that EachHour gives.
func TestFirstHour(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvent(t)
		var want calendar.Hour
		any := false
		e.EachHour(func(h calendar.Hour, _ string, _ int64) {
			if !any {
				want, any = h, true
			}
		})
		if got, used := e.FirstHour(); got != want || used != any {
			t.Fatalf("the first hour of %+v is %d (%v), want %d (%v)", e, got, used, want, any)
		}
	})
}

// Two events say the same when their bodies are the same.
func TestSameBody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawEvent(t), drawEvent(t)
		if rapid.Bool().Draw(t, "the same") {
			b = a
			b.Source, b.ID = "other", "e-2"
		}
		if a.SameBody(&b) != (a.Body() == b.Body()) {
			t.Fatalf("%+v and %+v: %v", a, b, a.SameBody(&b))
		}
	})
}

// at moves an event to hours after noon.
func at(e metering.Event, from, to calendar.Duration) metering.Event {
	e.From, e.To = noon.Add(from*calendar.HourLength), noon.Add(to*calendar.HourLength)
	return e
}

// drawEvent draws an event that Check accepts, or would without its product.
func drawEvent(t *rapid.T) metering.Event {
	second := int64(calendar.Second)
	start := rapid.Int64Range(-100_000, 4_000_000_000).Draw(t, "start")
	e := metering.Event{
		Source: "trace", ID: "e-1", Account: "acme", Product: "compute", Resource: "vm-1",
		Point: rapid.Bool().Draw(t, "point"), From: calendar.Instant(start * second),
	}
	e.To = e.From
	limit := int64(metering.MaxPerHour)
	if !e.Point {
		e.To = e.From.Add(calendar.Duration(rapid.Int64Range(1, 100_000).Draw(t, "seconds") * second))
		limit = maxRate
	}
	for _, meter := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"cpu", "gpu", "memory"}), func(s string) string { return s }).Draw(t, "meters") {
		e.Measures = append(e.Measures, metering.Measure{Meter: meter, Value: rapid.Int64Range(0, limit).Draw(t, meter)})
	}
	e.Normalise()
	return e
}

// whole is what an event uses of a measure altogether.
func whole(e metering.Event, m metering.Measure) int64 {
	if e.Point {
		return m.Value
	}
	return m.Value * int64(e.To.Sub(e.From)/calendar.Second)
}

// The quantities of an event's hours sum to its whole, none is zero or above
// the bound, and each is what Within finds in its hour.
func TestEachHourConserves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvent(t)
		sums := map[string]int64{}
		var last metering.Key
		e.EachHour(func(h calendar.Hour, meter string, q int64) {
			key := metering.Key{Hour: h, Meter: meter}
			if last.Compare(key) >= 0 && len(sums) > 0 {
				t.Fatalf("%v after %v", key, last)
			}
			if q <= 0 || q > metering.MaxPerHour || q != e.Within(meter, h.Start(), h.End()) {
				t.Fatalf("hour %d has %d of %s, within it are %d", h, q, meter, e.Within(meter, h.Start(), h.End()))
			}
			sums[meter] += q
			last = key
		})
		for _, m := range e.Measures {
			if sums[m.Meter] != whole(e, m) {
				t.Fatalf("the hours of %s sum to %d of %d", m.Meter, sums[m.Meter], whole(e, m))
			}
		}
	})
}

// However time is cut, even inside a second, the parts sum to the whole.
func TestWithinConserves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvent(t)
		cut := rapid.Int64Range(int64(e.From)-5_000_000, int64(e.To)+5_000_000)
		cuts := rapid.SliceOfN(cut, 0, 5).Draw(t, "cuts")
		cuts = append(cuts, int64(e.From), int64(e.To)+1)
		slices.Sort(cuts)
		for _, m := range e.Measures {
			var sum int64
			for i := 1; i < len(cuts); i++ {
				sum += e.Within(m.Meter, calendar.Instant(cuts[i-1]), calendar.Instant(cuts[i]))
			}
			if sum != whole(e, m) {
				t.Fatalf("the parts of %s sum to %d of %d", m.Meter, sum, whole(e, m))
			}
		}
	})
}

// An interval that is cut inside a second counts a second where it ends.
func TestWithin(t *testing.T) {
	e := event()
	const half = calendar.Second / 2
	tests := []struct {
		name     string
		event    metering.Event
		meter    string
		from, to calendar.Instant
		want     int64
	}{
		{"all", e, "cpu", e.From, e.To, 2000 * 5400},
		{"more than all", e, "cpu", noon, noon.Add(calendar.DayLength), 2000 * 5400},
		{"nothing of it", e, "cpu", noon, e.From, 0},
		{"an empty part", e, "cpu", e.To, e.From, 0},
		{"another meter", e, "gpu", e.From, e.To, 0},
		{"before the second has ended", e, "cpu", e.From, e.From.Add(half), 0},
		{"from inside the second", e, "cpu", e.From.Add(half), e.From.Add(2 * calendar.Second), 2000 * 2},
		{"both inside a second", e, "cpu", e.From.Add(half), e.From.Add(calendar.Second + half), 2000},
		{"point at the beginning", pointEvent(), "cpu", e.From, e.From + 1, 2000},
		{"point at the end", pointEvent(), "cpu", noon, e.From, 0},
	}
	for _, tt := range tests {
		if got := tt.event.Within(tt.meter, tt.from, tt.to); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// Charges stand by hour, product, resource and meter, in this order.
func TestKeysAreOrdered(t *testing.T) {
	keys := []metering.Key{
		{Hour: 1, Product: "b", Resource: "b", Meter: "b"},
		{Hour: 2, Product: "a", Resource: "b", Meter: "b"},
		{Hour: 2, Product: "b", Resource: "a", Meter: "b"},
		{Hour: 2, Product: "b", Resource: "b", Meter: "a"},
		{Hour: 2, Product: "b", Resource: "b", Meter: "b"},
	}
	for i := range keys {
		for j := range keys {
			if got, want := keys[i].Compare(keys[j]) < 0, i < j; got != want {
				t.Errorf("%v before %v: %v, want %v", keys[i], keys[j], got, want)
			}
		}
	}
}

func TestBucketIsOpen(t *testing.T) {
	for _, tt := range []struct {
		bucket metering.Bucket
		want   bool
	}{
		{metering.Bucket{Total: 3}, true},
		{metering.Bucket{Total: 3, Billed: 1, Refused: 1}, true},
		{metering.Bucket{Total: 3, Billed: 1, Refused: 2}, false},
		{metering.Bucket{}, false},
	} {
		if got := tt.bucket.IsOpen(); got != tt.want {
			t.Errorf("%+v: %v, want %v", tt.bucket, got, tt.want)
		}
	}
}

func TestNamesThatCannotBeKept(t *testing.T) {
	long := strings.Repeat("é", metering.MaxName/2)
	for name, c := range map[string]struct {
		event metering.Event
		want  refusal.Code
	}{
		"as long as allowed":  {metering.Event{ID: long, Source: "s", Account: "a", Product: "p", Resource: "r"}, ""},
		"one byte longer":     {metering.Event{ID: long + "x"}, refusal.BadInput},
		"a control character": {metering.Event{Resource: "a\x00b"}, refusal.BadInput},
		"broken UTF-8":        {metering.Event{Source: "a\xffb"}, refusal.BadInput},
	} {
		t.Run(name, func(t *testing.T) {
			if got := refusal.CodeOf(c.event.CheckNames()); got != c.want {
				t.Errorf("refused with %q, want %q", got, c.want)
			}
			if err := c.event.CheckNames(); err != nil {
				t.Errorf("a name that was refused stayed: %v", err)
			}
		})
	}
}
