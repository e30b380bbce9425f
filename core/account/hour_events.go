package account

import (
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
)

// hourEvents are the events that touch a clock hour, listed by the resource that they
// are of, each list in the order in which the events were given. An hour that is
// settled in parts asks for the events of each of its buckets; going through those of
// all resources every time would cost the square of a large account.
type hourEvents map[Resource][]*StoredEvent

// add lists the next event.
func (h hourEvents) add(e *StoredEvent) {
	of := Resource{Product: e.Product, Resource: e.Resource}
	h[of] = append(h[of], e)
}

// of lists the events of a bucket's resource.
func (h hourEvents) of(key metering.Key) []*StoredEvent {
	return h[Resource{Product: key.Product, Resource: key.Resource}]
}

// eventsOf lists the events of a bucket's resource that touch its hour, as the books
// hold them. loaded is false when they do not hold those of the hour.
func (d *draft) eventsOf(key metering.Key) (events []*StoredEvent, loaded bool) {
	all, loaded := d.books.Usage.Events[key.Hour]
	if !loaded {
		return nil, false
	}
	listed, done := d.events[key.Hour]
	if !done {
		listed = hourEvents{}
		for i := range all {
			listed.add(&all[i])
		}
		if d.events == nil { // most decisions need none
			d.events = map[calendar.Hour]hourEvents{}
		}
		d.events[key.Hour] = listed
	}
	return listed.of(key), true
}

// eventsOf lists the events of a bucket's resource that have a part in its hour, in
// the order of parcels.
func (k *usageKnown) eventsOf(ev *Evidence, key metering.Key) []*StoredEvent {
	listed, done := k.events[key.Hour]
	if !done {
		listed = hourEvents{}
		for _, i := range k.byHour[key.Hour] {
			listed.add(&ev.Events[i])
		}
		k.events[key.Hour] = listed
	}
	return listed.of(key)
}
