package metering

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"termwise.dev/core/calendar"
	"termwise.dev/core/catalog"
	"termwise.dev/core/journal"
	"termwise.dev/core/refusal"
)

// MaxPerHour bounds what one event may add to one hour, in base units: the sum
// over every event that an hour can hold must stay inside int64.
const MaxPerHour = 100_000_000_000_000

// MaxLength bounds one event's interval: all its hours are written in one
// transaction. Longer use is reported in parts.
const MaxLength = 366 * calendar.DayLength

// Measure is one meter's reading: a rate per second in an event with an
// interval, a quantity in an event at a point in time.
type Measure struct {
	Meter string
	Value int64
}

// Event is one report of usage by a product.
type Event struct {
	// Source and ID together name the event.
	Source, ID string
	// Account, Product and Resource say whose usage it is.
	Account, Product, Resource string
	// Point says that the usage happened at one instant, From.
	Point bool
	// From and To bound the interval; for a point in time both are its instant.
	From, To calendar.Instant
	// Measures are sorted by meter and name each meter once.
	Measures []Measure
}

// Normalise sorts the measures, so that equal events have equal bodies.
func (e *Event) Normalise() {
	sort.Slice(e.Measures, func(i, j int) bool { return e.Measures[i].Meter < e.Measures[j].Meter })
}

// MaxName bounds the bytes of an event's names: they stand in keys and in lists.
const MaxName = 200

// CheckNames refuses a name that is too long, is not UTF-8 or holds control
// characters. It empties such names, so that the refusal itself can be kept.
func (e *Event) CheckNames() error {
	var fault error
	for _, f := range []struct {
		name string
		text *string
	}{
		{"id", &e.ID}, {"source", &e.Source}, {"account", &e.Account}, {"product", &e.Product}, {"resource", &e.Resource},
	} {
		if IsName(*f.text) {
			continue
		}
		if fault == nil {
			fault = refusal.New(refusal.BadInput, "the %s is %.40q, of %d bytes", f.name, *f.text, len(*f.text)).At(f.name).
				Do("send at most %d bytes without control characters", MaxName)
		}
		*f.text = ""
	}
	return fault
}

// IsName says whether a text can be a name: short, UTF-8, without control characters.
func IsName(s string) bool {
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	return len(s) <= MaxName && utf8.ValidString(s) && !strings.ContainsFunc(s, control)
}

// Check refuses, in this order: missing names; an interval that ends before it
// starts, is not in whole seconds or is longer than MaxLength; and of
// each measure in turn a meter that the product does not have or that is named
// twice, and a value out of range.
func (e *Event) Check(product *catalog.Product) error {
	for _, f := range []struct{ name, value string }{
		{"source", e.Source}, {"id", e.ID}, {"account", e.Account}, {"resource", e.Resource},
	} {
		if f.value == "" {
			return refusal.New(refusal.BadInput, "the event has no %s", f.name).Do("send a %s", f.name)
		}
	}
	if err := e.checkInterval(); err != nil {
		return err
	}
	return e.checkMeasures(product)
}

func (e *Event) checkInterval() error {
	if e.Point {
		return nil
	}
	if e.To < e.From {
		return refusal.New(refusal.BadInterval, "the interval ends at %s, before its start at %s", e.To, e.From).
			Do("send usage that ends after it starts")
	}
	if int64(e.From)%int64(calendar.Second) != 0 || int64(e.To)%int64(calendar.Second) != 0 {
		return refusal.New(refusal.BadInterval, "the interval %s to %s is not in whole seconds", e.From, e.To).
			Do("round both ends to seconds")
	}
	if e.To > e.From.Add(MaxLength) {
		return refusal.New(refusal.BadInterval, "the interval %s to %s is longer than %d days", e.From, e.To, MaxLength/calendar.DayLength).
			Do("report it in parts, each with its own id")
	}
	return nil
}

func (e *Event) checkMeasures(product *catalog.Product) error {
	limit := int64(MaxPerHour)
	if !e.Point {
		limit /= int64(calendar.HourLength / calendar.Second)
	}
	for i, m := range e.Measures {
		if _, known := product.Meter(m.Meter); !known {
			return refusal.New(refusal.UnknownMeter, "product %s has no meter %q", product.ID, m.Meter).
				Do("use a meter that the product's page declares")
		}
		if i > 0 && e.Measures[i-1].Meter == m.Meter {
			return refusal.New(refusal.BadInput, "meter %q is named twice", m.Meter).Do("name each meter once")
		}
		if m.Value < 0 || m.Value > limit {
			return refusal.New(refusal.BadQuantity, "meter %s has the value %d", m.Meter, m.Value).
				Do("send a value from 0 to %d", limit)
		}
	}
	return nil
}

// Body is a digest of everything but source and id: a repeated event has the
// same, a reused id another.
func (e *Event) Body() int64 {
	kind := "interval"
	if e.Point {
		kind = "point"
	}
	var enc journal.Encoder
	enc.Text(e.Account).Text(e.Product).Text(e.Resource).Text(kind).Int(int64(e.From)).Int(int64(e.To))
	for _, m := range e.Measures {
		enc.Text(m.Meter).Int(m.Value)
	}
	return enc.Digest()
}

// SameBody says whether two events say the same, whatever their names are.
func (e *Event) SameBody(o *Event) bool {
	return e.Account == o.Account && e.Product == o.Product && e.Resource == o.Resource &&
		e.Point == o.Point && e.From == o.From && e.To == o.To && slices.Equal(e.Measures, o.Measures)
}

// FirstHour returns the first clock hour to which the event adds something, and
// false when it adds nothing to any.
func (e *Event) FirstHour() (first calendar.Hour, used bool) {
	if !slices.ContainsFunc(e.Measures, func(m Measure) bool { return m.Value > 0 }) {
		return 0, false
	}
	if e.Point {
		return calendar.HourOf(e.From), true
	}
	for h := calendar.HourOf(e.From); h.Start() < e.To; h++ {
		if e.seconds(h.Start(), h.End()) > 0 {
			return h, true
		}
	}
	return 0, false
}

// EachHour calls yield with the quantity that the event adds to each clock
// hour of each meter, in order of hour and meter. Zero quantities are left out.
func (e *Event) EachHour(yield func(hour calendar.Hour, meter string, quantity int64)) {
	if e.Point {
		e.eachMeasure(calendar.HourOf(e.From), 1, yield)
		return
	}
	for h := calendar.HourOf(e.From); h.Start() < e.To; h++ {
		e.eachMeasure(h, e.seconds(h.Start(), h.End()), yield)
	}
}

func (e *Event) eachMeasure(hour calendar.Hour, times int64, yield func(calendar.Hour, string, int64)) {
	for _, m := range e.Measures {
		if q := m.Value * times; q > 0 {
			yield(hour, m.Meter, q)
		}
	}
}

// seconds returns how many seconds of the interval, counted from its start, end
// after from and not after to: a second that is cut belongs to the part in
// which it ends, so that the parts of an interval sum to the whole.
func (e *Event) seconds(from, to calendar.Instant) int64 {
	start, end := max(e.From, from), min(e.To, to)
	if end <= start {
		return 0
	}
	return int64(end.Sub(e.From)/calendar.Second - start.Sub(e.From)/calendar.Second)
}

// Within returns the quantity of a meter that falls into [from, to). A second
// that is cut counts where it ends.
func (e *Event) Within(meter string, from, to calendar.Instant) int64 {
	for _, m := range e.Measures {
		if m.Meter != meter {
			continue
		}
		if !e.Point {
			return m.Value * e.seconds(from, to)
		}
		if e.From >= from && e.From < to {
			return m.Value
		}
	}
	return 0
}
