package account

import (
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/subscription"
)

// MissingUsage is the error of a decision that needs more of Usage than was
// loaded. Nothing was decided; load it and decide again. A decision asks for all
// that it can see it will need, and when that was not enough, because services
// were closed on the way, for all that there is: so it asks twice at most.
type MissingUsage struct {
	// Hours lists the hours whose events are needed, in order.
	Hours []calendar.Hour
	// Resources says that Opened is needed.
	Resources bool
}

// Error says what is missing; it is for the program, never for a person.
func (m *MissingUsage) Error() string { return "the decision needs usage that was not loaded" }

// missing asks for the detail of a bucket, if one is given, and for all that looks
// as if it will be needed.
func (d *draft) missing(b *metering.Bucket) *MissingUsage {
	loaded := d.books.Usage
	again := loaded.Events != nil || loaded.Opened != nil
	m := &MissingUsage{Resources: loaded.Opened == nil && (again || d.wasReleased())}
	ask := func(hour calendar.Hour) {
		if _, known := loaded.Events[hour]; !known && (len(m.Hours) == 0 || m.Hours[len(m.Hours)-1] != hour) {
			m.Hours = append(m.Hours, hour)
		}
	}
	for _, open := range d.out.Before.Open { // in the order of hours
		if again || b != nil && open.Key == b.Key || d.inParts(open) {
			ask(open.Hour)
		}
	}
	return m
}

func (d *draft) wasReleased() bool {
	for _, s := range d.books.Services {
		if s.WasReleased() {
			return true
		}
	}
	return false
}

// inParts says whether a bucket looks like one that is settled in parts: some of
// its usage came after the rest fell due, or its service moved in its hour.
func (d *draft) inParts(b *metering.Bucket) bool {
	due, err := d.bucketDue(b)
	if err != nil || b.Touched > due {
		return true
	}
	s, opened := d.books.Services[b.Product]
	return opened && slices.ContainsFunc(s.History, func(t subscription.Transition) bool {
		return b.Hour.Start() < t.At && t.At < b.Hour.End()
	})
}
