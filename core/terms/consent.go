package terms

import (
	"slices"

	"termwise.dev/core/calendar"
)

// A change of the tariff in mid-term binds only who consents, where an agreement
// says so (U 5.4): until then the account stays with the version before, and with
// it past every later version that does not have its consent either.

// Tariffs returns when versions take effect that adjust a tariff: who accepted an
// agreement before one may be bound by another than who did after, although both
// accepted the same.
func (c *Corpus) Tariffs() []calendar.Instant {
	var instants []calendar.Instant
	for _, h := range c.histories {
		for _, v := range h.versions {
			if v.Document.saysItIs(TariffAdjustment) {
				instants = append(instants, v.Document.Effective)
			}
		}
	}
	return instants
}

// wait finds which tariffs, also those to come, have no consent at the question's
// instant although they meet an agreement that wants it: the account accepted
// neither the version nor a later one.
func (c *Corpus) wait(q *question) []version {
	waiting := make([]version, 0, len(q.shelf.tariffs))
	for _, t := range q.shelf.tariffs {
		if t.Recorded <= q.known && !c.consents(q, t) && q.inTerm(t) {
			waiting = append(waiting, t)
		}
	}
	return waiting
}

// inTerm says whether an agreement that wants the consent of both binds as a
// tariff comes. The answer depends on no more than a stand does, and is kept.
func (q *question) inTerm(t version) bool {
	var room [8]act
	then := question{shelf: q.shelf, subject: q.subject, pinned: q.pinned, at: t.Document.Effective - 1, known: q.known}
	acts, _ := q.shelf.acts(room[:0], q.subject.Accepted, then.at, q.known)
	then.acts = acts
	then.left, _ = q.shelf.left(nil, q.subject.Left, then.at, q.known)
	var buffer [128]byte
	key := then.key(buffer[:0])
	q.shelf.mu.RLock()
	wants, found := q.shelf.consent[string(key)]
	q.shelf.mu.RUnlock()
	if found {
		return wants
	}
	then.acts = slices.Clone(acts)
	wants = slices.ContainsFunc(then.inEffect(), func(v version) bool { return wantsConsent(v.Document) })
	q.shelf.mu.Lock()
	q.shelf.consent[string(key)] = wants
	q.shelf.mu.Unlock()
	return wants
}

func wantsConsent(d *Document) bool {
	_, wants := find(d, ChangeOfTariff)
	return wants
}

// consents says whether the account accepted the version or a later one.
func (c *Corpus) consents(q *question, t version) bool {
	return slices.ContainsFunc(q.subject.Accepted, func(a Acceptance) bool {
		if a.Document != t.Document.ID || !a.counts(q.at, q.known) {
			return false
		}
		v := c.version(a.Document, a.Version)
		return v != nil && v.Document.Effective >= t.Document.Effective
	})
}

// waits says whether a version is, or follows, one that waits for consent or that
// the account has left its document over.
func (q *question) waits(v *version) bool {
	return slices.ContainsFunc(q.left, func(d Departure) bool { return d.holdsBack(v) }) || slices.ContainsFunc(q.waiting, func(t version) bool {
		return t.Document.ID == v.Document.ID && t.Document.Effective <= v.Document.Effective
	})
}

// bound returns the versions that bind, in the order of the shelf. A tariff waits
// no longer than an agreement that wants consent binds.
func (q *question) bound() []version {
	bound := q.inEffect()
	if len(q.waiting) == 0 || slices.ContainsFunc(bound, func(v version) bool { return wantsConsent(v.Document) }) {
		return bound
	}
	nobodyAsks := *q
	nobodyAsks.waiting = nil
	return nobodyAsks.inEffect()
}
