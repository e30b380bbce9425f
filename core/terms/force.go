package terms

import (
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
)

// standing is a version that an account may be bound by at an instant.
type standing struct {
	version
	last calendar.Instant // when it was accepted last; zero for one that binds by publication
	over bool             // it has ended, and pins nothing of the subject
}

// inEffect returns the versions that bind, in the order of the shelf, unless a
// tariff that waits is no longer to be waited for (see bound).
func (q *question) inEffect() []version {
	begun := q.begun()
	if q.shelf.hasEnds {
		begun = withoutEnded(begun)
	}
	var bound []version
	for _, s := range begun {
		if !s.over {
			bound = append(bound, s.version)
		}
	}
	return bound
}

// begun returns the versions that cover the subject, are in effect and, where
// they need it, accepted. Those that are over are among them: what they ended
// stays ended.
func (q *question) begun() (begun []standing) {
	for i := range q.shelf.histories[:q.shelf.covering] {
		v := q.latest(&q.shelf.histories[i])
		if v == nil || !q.covers(v.Document) {
			continue
		}
		s := standing{version: *v, over: q.ended(&q.shelf.histories[i], v) && !q.pins(v.Document)}
		if v.Document.By == ByAcceptance {
			accepted, ok := q.accepted(uint32(i))
			if !ok {
				continue
			}
			s.last = accepted.last
		}
		begun = append(begun, s)
	}
	return begun
}

// latest returns the known version that took effect last and is not held back, or
// nil.
func (q *question) latest(h *history) *version {
	for i := len(h.versions) - 1; i >= 0; i-- {
		v := &h.versions[i]
		if (v.Recorded <= q.known || canary.On(canary.EarlyKnowledge)) && v.Document.Effective <= q.at && !q.waits(v) {
			return v
		}
	}
	return nil
}

// ended says whether a version has ended. One under which an account stays that
// does not consent to a later one, or has left over it, ends no later than what
// followed it: that a document ends or is withdrawn is not held back.
func (q *question) ended(h *history, v *version) bool {
	if q.at >= v.Document.Until {
		return true
	}
	if len(q.waiting)+len(q.left) == 0 {
		return false
	}
	nothingWaits := *q
	nothingWaits.waiting, nothingWaits.left = nil, nil
	last := nothingWaits.latest(h)
	return last != v && (q.at >= last.Document.Until || !q.covers(last.Document))
}

// inForce returns the version of a document that is in force, or nil.
func (q *question) inForce(h *history) *Document {
	v := q.latest(h)
	if v == nil || q.ended(h, v) {
		return nil
	}
	return v.Document
}

func (q *question) covers(d *Document) bool {
	return d.Binds.covers(q.subject.Account, q.shelf.product)
}

func (q *question) accepted(place uint32) (act, bool) {
	i := slices.IndexFunc(q.acts, func(a act) bool { return a.place == place })
	if i < 0 {
		return act{}, false
	}
	return q.acts[i], true
}

// pins says whether a document goes on binding the subject after its end,
// because it bound when the subject bought and one that bound then says so.
func (q *question) pins(d *Document) bool {
	if q.pinned == nil || !slices.ContainsFunc(q.pinned.documents, func(then *Document) bool { return then.ID == d.ID }) {
		return false
	}
	return slices.ContainsFunc(q.pinned.documents, func(then *Document) bool { return then.pins(d) })
}

// withoutEnded leaves out what another document ended.
func withoutEnded(begun []standing) []standing {
	left := slices.DeleteFunc(slices.Clone(begun), func(s standing) bool {
		return slices.ContainsFunc(begun, func(by standing) bool { return by.ended(s) })
	})
	return slices.DeleteFunc(slices.Clone(left), func(s standing) bool {
		return slices.ContainsFunc(left, func(by standing) bool { return by.displaces(s) })
	})
}

// ended says whether accepting a document ended another one that was accepted
// before, or in the same act unless each ends the other.
func (s standing) ended(other standing) bool {
	if !s.ends(other) || other.last > s.last {
		return false
	}
	return other.last < s.last || !other.ends(s)
}

// displaces says whether a document, while it binds, keeps another one out that
// was accepted later. One that ends it in turn is not kept out.
func (s standing) displaces(other standing) bool {
	return !s.over && s.ends(other) && other.last > s.last && !other.ends(s)
}

// ends says whether a document ends another agreement. What binds by publication
// is no agreement of the account's, so that nothing ends it.
func (s standing) ends(other standing) bool {
	return other.Document.By == ByAcceptance && s.Document.ends(other.Document)
}

// isAgreement says whether a document by itself makes an account a customer.
func (d *Document) isAgreement() bool {
	return d.Kind == General || d.Kind == Special || d.Kind == Stamped
}
