package account

import (
	"termwise.dev/core/metering"
)

// Tariff is what settlement asks a set of terms for before each charge.
var Tariff = tariff

// EventsOfEach lists, for one bucket after another, the events of its resource that
// touch its hour, as one decision on the books finds them.
func (b *Books) EventsOfEach(buckets []metering.Key) (found [][]StoredEvent, loaded []bool) {
	d := b.draft(Env{})
	for _, key := range buckets {
		events, there := d.eventsOf(key)
		found, loaded = append(found, contents(events)), append(loaded, there)
	}
	return found, loaded
}

// EventsOfEach lists, for one bucket after another, the events of its resource that
// have a part in its hour, as one replay finds them.
func (ev *Evidence) EventsOfEach(buckets []metering.Key) (found [][]StoredEvent) {
	known := knownUsage(ev)
	for _, key := range buckets {
		found = append(found, contents(known.eventsOf(ev, key)))
	}
	return found
}

func contents(events []*StoredEvent) []StoredEvent {
	list := make([]StoredEvent, len(events))
	for i, e := range events {
		list[i] = *e
	}
	return list
}
