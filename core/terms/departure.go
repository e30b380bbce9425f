package terms

import (
	"encoding/binary"
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
)

// Departure is that an account has left a document over a change that it does not
// agree to: from At on it stays under the version that bound it until then, and no
// later one binds it. What it still owes is owed under what it had agreed to.
// Clauses: G 3.2.9, E 3.1.1, C 3.1.1.
type Departure struct {
	Document string
	At       calendar.Instant // from when the document is left
	Recorded calendar.Instant // from when we knew
	// Lifted is from when the account has accepted the document again, and
	// LiftedRecorded from when we knew that; zero when it has not.
	Lifted, LiftedRecorded calendar.Instant
}

// until is when the departure ends, as known at an instant.
func (d *Departure) until(known calendar.Instant) calendar.Instant {
	if d.Lifted == 0 || d.LiftedRecorded > known {
		return calendar.EndOfTime
	}
	return d.Lifted
}

// holds says whether the document is left at an instant, as known at another.
func (d *Departure) holds(at, known calendar.Instant) bool {
	return d.Recorded <= known && d.At <= at && at < d.until(known)
}

// turn returns the first instant after at at which the departure begins or ends.
func (d *Departure) turn(at, known calendar.Instant) calendar.Instant {
	switch ends := d.until(known); {
	case d.Recorded > known || d.At >= ends:
		return calendar.EndOfTime
	case d.At > at:
		return d.At
	case ends > at:
		return ends
	}
	return calendar.EndOfTime
}

// holdsBack says whether a version of the document came too late to bind, by the
// date with which it was published: what is tried meanwhile (see During) makes no
// version that the account had agreed to a later one.
func (d *Departure) holdsBack(v *version) bool {
	return d.tooLate(v.Document.ID, v.published().Effective)
}

func (d *Departure) tooLate(document string, effective calendar.Instant) bool {
	return document == d.Document && effective >= d.At && !canary.On(canary.RejectedBinds)
}

// HeldBack says whether an account, as known at an instant, has left the document by
// when New would begin to bind it: as it takes effect or, where it reaches back, as
// it becomes known. The account stays under what bound it before, so that New
// changes nothing for it. Clauses: G 3.2.9, E 3.1.1, C 3.1.1.
func (s Succession) HeldBack(who Standing, known calendar.Instant) bool {
	begins, known := max(s.New.Effective, s.Published), max(known, s.Published)
	return slices.ContainsFunc(who.Left, func(d Departure) bool { return d.tooLate(s.New.ID, s.New.Effective) && d.holds(begins, known) })
}

// left adds to a list the departures from documents of the shelf that hold at an
// instant, and finds when the next of them begins or ends.
func (s *shelf) left(left, all []Departure, at, known calendar.Instant) ([]Departure, calendar.Instant) {
	ahead := calendar.EndOfTime
	for i := range all {
		d := &all[i]
		if _, relevant := s.places[d.Document]; !relevant {
			continue
		}
		ahead = min(ahead, d.turn(at, known))
		if d.holds(at, known) {
			left = append(left, *d)
		}
	}
	return left, ahead
}

// leftKey adds to a key which versions a question's departures hold back.
func (q *question) leftKey(key []byte) []byte {
	key = append(key, byte(len(q.left)))
	for i := range q.left {
		d := &q.left[i]
		place := q.shelf.places[d.Document]
		bound := slices.IndexFunc(q.shelf.histories[place].versions, func(v version) bool { return d.holdsBack(&v) })
		key = binary.BigEndian.AppendUint32(key, place)
		key = binary.BigEndian.AppendUint32(key, uint32(bound+1))
	}
	return key
}
