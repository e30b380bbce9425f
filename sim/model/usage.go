package model

import (
	"cmp"
	"slices"
	"time"
)

// Event is one report of usage.
type Event struct {
	Source, ID                 string
	Account, Product, Resource string
	Point                      bool // it happened at one instant, From
	From, To                   time.Time
	Measures                   []Measure
}

// Measure is a rate for each second of an interval, or a quantity at a point.
type Measure struct {
	Meter string
	Value int64
}

// Bounds on one event: what it may add to one hour, and how long it may last.
const (
	mostInAnHour = 100_000_000_000_000
	longest      = 366 * 24 * time.Hour
)

// sameBody says whether two events differ in their names alone.
func sameBody(a, b *Event) bool {
	return a.Account == b.Account && a.Product == b.Product && a.Resource == b.Resource && a.Point == b.Point &&
		a.From.Equal(b.From) && a.To.Equal(b.To) && slices.Equal(sorted(a.Measures), sorted(b.Measures))
}

func sorted(measures []Measure) []Measure {
	return slices.SortedFunc(slices.Values(measures), func(a, b Measure) int {
		return cmp.Or(cmp.Compare(a.Meter, b.Meter), cmp.Compare(a.Value, b.Value))
	})
}

// fault says why an event cannot be measured on a page, or nothing.
func (e *Event) fault(page *Document) string {
	if e.Source == "" || e.ID == "" || e.Account == "" || e.Resource == "" {
		return "bad_input"
	}
	most := int64(mostInAnHour)
	if !e.Point {
		most /= 3600
		whole := e.From.Truncate(time.Second).Equal(e.From) && e.To.Truncate(time.Second).Equal(e.To)
		if !e.From.Before(e.To) || !whole || e.To.Sub(e.From) > longest {
			return "bad_interval"
		}
	}
	measures := sorted(e.Measures)
	for i, m := range measures {
		if page.meter(m.Meter) == nil {
			return "unknown_meter"
		}
		if i > 0 && measures[i-1].Meter == m.Meter {
			return "bad_input"
		}
		if m.Value < 0 || m.Value > most {
			return "bad_quantity"
		}
	}
	return ""
}

func (d *Document) meter(name string) *Meter {
	for i := range d.Meters {
		if d.Meters[i].Name == name {
			return &d.Meters[i]
		}
	}
	return nil
}

// within is what an event used of a meter after one instant and not after
// another. A second that is cut counts where it ends.
func (e *Event) within(m Measure, from, to time.Time) int64 {
	if e.Point {
		if e.From.Before(from) || !e.From.Before(to) {
			return 0
		}
		return m.Value
	}
	return m.Value * (e.secondsBy(to) - e.secondsBy(from))
}

// secondsBy counts the seconds of an interval that have ended by an instant.
func (e *Event) secondsBy(t time.Time) int64 {
	t = earlier(later(t, e.From), e.To)
	return int64(t.Sub(e.From) / time.Second)
}

// hours lists the beginnings of the clock hours that an event touches.
func (e *Event) hours() []time.Time {
	var all []time.Time
	for h := e.From.Truncate(time.Hour); h.Before(e.To) || e.Point && !h.After(e.From); h = h.Add(time.Hour) {
		all = append(all, h)
	}
	return all
}

// part is what one event used of one meter of a resource in one clock hour.
type part struct {
	bucket
	event    *Event
	measure  Measure
	quantity int64
	arrived  time.Time
}

// bucket names a meter of a resource in a clock hour.
type bucket struct {
	hour                     time.Time
	product, resource, meter string
}

func (b bucket) end() time.Time { return b.hour.Add(time.Hour) }

// compare orders buckets as a bill does: by hour, product, resource and meter.
func (b bucket) compare(o bucket) int {
	return cmp.Or(b.hour.Compare(o.hour), cmp.Compare(b.product, o.product),
		cmp.Compare(b.resource, o.resource), cmp.Compare(b.meter, o.meter))
}

// parts divides an event by meter and clock hour. What comes to nothing is left out.
func (e *Event) parts(arrived time.Time) []part {
	var all []part
	for _, h := range e.hours() {
		for _, m := range sorted(e.Measures) {
			if q := e.within(m, h, h.Add(time.Hour)); q > 0 {
				all = append(all, part{bucket{h, e.Product, e.Resource, m.Meter}, e, m, q, arrived})
			}
		}
	}
	return all
}
