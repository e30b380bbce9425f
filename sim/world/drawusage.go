package world

import (
	"slices"
	"time"

	"termwise.dev/sim/model"
)

// reporting draws a batch of usage events: mostly fresh ones, some that were
// sent before, some under a name that stands for another event.
func (d *drawer) reporting() Step {
	var events []model.Event
	for range 1 + d.IntN(4) {
		e := d.usage()
		if len(d.sent) > 0 && d.chance(20) {
			e = pick(d.Rand, d.sent...)
			if d.chance(35) {
				d.alter(&e)
			}
		} else {
			d.sent = append(d.sent, e)
		}
		events = append(events, e)
	}
	if d.chance(15) {
		events = append(events, d.hourAndCount()...)
	}
	return Reporting{Events: events}
}

// hourAndCount is what a meter sends as an hour begins: what was used in the hour
// before, and how much there is now.
func (d *drawer) hourAndCount() []model.Event {
	used := d.usage()
	used.Point, used.To = false, d.model.Now.Truncate(time.Hour)
	used.From = used.To.Add(-time.Hour)
	count := used
	count.ID, count.Point, count.From = d.name("e"), true, used.To
	count.Measures = slices.Clone(used.Measures)
	for i := range count.Measures {
		count.Measures[i].Value = d.quantity(true)
	}
	d.sent = append(d.sent, used, count)
	return []model.Event{used, count}
}

// alter gives an event another body under the same name.
func (d *drawer) alter(e *model.Event) {
	e.Measures = append([]model.Measure(nil), e.Measures...)
	switch d.IntN(3) {
	case 0:
		e.Resource = pick(d.Rand, "r1", "r2", "r3")
	case 1:
		e.Account = d.account() // another account's event may have the same name
	default:
		e.Measures[0].Value++
	}
}

// usage draws one event.
func (d *drawer) usage() model.Event {
	pages := d.pages()
	page := pick(d.Rand, pages...)
	e := model.Event{
		Source: pick(d.Rand, "meter-1", "meter-2"), ID: d.name("e"), Account: d.account(),
		Product: page.Product, Resource: pick(d.Rand, "r1", "r2", "r3"), Point: d.chance(15),
	}
	d.span(&e)
	if charges := d.model.Books(e.Account).Charges; len(charges) > 0 && d.chance(12) {
		d.adjust(&e, &page, charges[d.IntN(len(charges))])
	}
	for _, m := range page.Meters {
		if len(e.Measures) == 0 || d.chance(40) {
			e.Measures = append(e.Measures, model.Measure{Meter: m.Name, Value: d.quantity(e.Point)})
		}
	}
	if d.chance(8) {
		d.spoil(&e)
	}
	return e
}

// adjust makes of an event one that comes late for an hour which was charged.
func (d *drawer) adjust(e *model.Event, page *model.Document, c model.Charge) {
	e.Product, e.Resource, e.Point = c.Product, c.Resource, false
	e.From = later(c.Hour.Add(time.Duration(d.IntN(3000))*time.Second), d.model.Opened(e.Account).Add(time.Second).Truncate(time.Second))
	e.To = e.From.Add(time.Duration(1+d.IntN(600)) * time.Second)
	*page = d.pageOf(c.Product)
}

// pageOf is the page that a product began with.
func (d *drawer) pageOf(product string) model.Document {
	pages := d.pages()
	return pages[slices.IndexFunc(pages, func(page model.Document) bool { return page.Product == product })]
}

func (d *drawer) pages() []model.Document {
	var pages []model.Document
	for _, doc := range d.config.Documents {
		if doc.Kind == "page" {
			pages = append(pages, doc)
		}
	}
	return pages
}

func (d *drawer) quantity(point bool) int64 {
	n := pick[int64](d.Rand, 0, 1, 7, 250, 1000, 1000, 3999, 64_000)
	if point {
		n *= 3600
	}
	if d.chance(1) {
		n = 1_000_000_000 // far more than anybody uses
	}
	return n
}

// span draws when usage happened: about now, before, or to come.
func (d *drawer) span(e *model.Event) {
	now := d.model.Now.Truncate(time.Second)
	long := time.Duration(1+d.IntN(4*3600)) * time.Second
	switch n := d.IntN(100); {
	case n < 35: // just now
		e.From = now.Add(-time.Duration(d.IntN(3*3600)) * time.Second)
	case n < 50: // whole hours
		e.From = now.Truncate(time.Hour).Add(-time.Duration(d.IntN(3)) * time.Hour)
		long = time.Duration(1+d.IntN(5)) * time.Hour
	case n < 65: // beginning now, as a machine that was just started
		e.From = now
		long = time.Duration(1+d.IntN(30)) * time.Hour
	case n < 72: // across an instant at which the terms turn
		e.From = d.nearestTurn().Add(-time.Duration(d.IntN(3*3600)) * time.Second).Truncate(time.Second)
	case n < 85: // late
		e.From = now.Add(-time.Duration(d.IntN(35*24*3600)) * time.Second)
	default: // ahead
		e.From = now.Add(time.Duration(d.IntN(40*3600)) * time.Second)
	}
	if opened := d.model.Opened(e.Account); e.From.Before(opened) && d.chance(90) {
		e.From = opened.Add(time.Second).Truncate(time.Second)
	}
	e.To = e.From.Add(long)
	if e.Point {
		e.From = d.point(e.Account, e.From)
		e.To = e.From
	}
}

// point draws when something happened that took no time, about an instant: often as an
// hour begins, and in the very instant in which a service moved.
func (d *drawer) point(account string, about time.Time) time.Time {
	moves := d.model.Books(account).Moves
	switch n := d.IntN(100); {
	case n < 40:
		return about.Truncate(time.Hour)
	case n < 50 && len(moves) > 0:
		return moves[d.IntN(len(moves))].At
	default:
		return about.Add(time.Duration(d.IntN(1_000_000)) * time.Microsecond)
	}
}

// nearestTurn is the instant nearest to now at which a version takes effect or ends.
func (d *drawer) nearestTurn() time.Time {
	now := d.model.Now
	nearest := now
	for _, doc := range d.model.Documents() {
		for _, turn := range []time.Time{doc.Effective, doc.Until} {
			if nearest.Equal(now) || turn.Sub(now).Abs() < nearest.Sub(now).Abs() {
				nearest = turn
			}
		}
	}
	if nearest.Sub(now).Abs() > 40*24*time.Hour {
		return now
	}
	return nearest
}

// spoil makes an event that cannot be accepted.
func (d *drawer) spoil(e *model.Event) {
	switch d.IntN(10) {
	case 0:
		e.Account = "nobody"
	case 1:
		e.Product = "no-such-product"
	case 2:
		e.Measures = append(e.Measures, model.Measure{Meter: "no-such-meter", Value: 1})
	case 3:
		e.Measures = append(e.Measures, e.Measures[0])
	case 4:
		e.Measures[0].Value = -1
	case 5:
		e.Measures[0].Value = 100_000_000_000_001
	case 6:
		e.To = e.From
	case 7:
		e.From = e.From.Add(500 * time.Millisecond)
	case 8:
		e.To = e.From.Add(367 * 24 * time.Hour)
	case 9:
		e.Resource = ""
	}
	if e.Point {
		e.To = e.From
	}
}
