package terms

import (
	"encoding/binary"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// Acceptance is an account's act of accepting a document.
type Acceptance struct {
	Document string
	Version  string
	Form     AcceptanceForm
	At       calendar.Instant // from when it counts
	Recorded calendar.Instant // from when we knew
	Actor    string           // who acted for the account
	TextHash Hash             // of the text that was shown
}

// Bind returns the Set that binds the account for the product at an instant, as
// known at another. The empty product asks for what binds the account as a
// whole: the documents that bind all products.
//
// A document published to bind binds from its effective instant; one that needs
// acceptance binds from the acceptance of any of its versions, and a later
// version binds once it is in effect. Of each document the version in force is
// the one that took effect last; when it has ended, the document has ended.
//
// Bind refuses, in this order, unknown_product and agreement_not_accepted.
func (c *Corpus) Bind(account string, accepted []Acceptance, product string, at, known calendar.Instant) (*Set, error) {
	q := question{account: account, accepted: accepted, product: product, at: at, known: known}
	var bound []version
	until := calendar.EndOfTime
	for _, h := range c.histories {
		v, next := q.inForce(h)
		until = min(until, next)
		if v != nil {
			bound = append(bound, *v)
		}
	}
	if err := q.check(bound); err != nil {
		return nil, err
	}
	return c.share(product, bound, until), nil
}

// question is what Bind is asked.
type question struct {
	account   string
	accepted  []Acceptance
	product   string
	at, known calendar.Instant
}

// inForce returns the version of a document that binds, or nil, and the instant
// at which that changes by itself.
func (q question) inForce(h history) (bound *version, next calendar.Instant) {
	latest := q.latest(h)
	next = calendar.EndOfTime
	if latest != nil && q.covers(latest) && q.at < latest.Document.Until {
		if from := q.from(latest); from > q.at {
			next = from
		} else {
			bound, next = latest, latest.Document.Until
		}
	}
	for i := range h.versions {
		v := &h.versions[i]
		switch {
		case v.Recorded > q.known || v.Document.Effective <= q.at:
		case bound != nil:
			next = min(next, v.Document.Effective)
		case q.covers(v):
			next = min(next, q.from(v))
		}
	}
	return bound, next
}

// latest returns the known version that took effect last, or nil.
func (q question) latest(h history) *version {
	for i := len(h.versions) - 1; i >= 0; i-- {
		v := &h.versions[i]
		if v.Recorded <= q.known && v.Document.Effective <= q.at {
			return v
		}
	}
	return nil
}

func (q question) covers(v *version) bool { return v.Document.Binds.covers(q.account, q.product) }

// from returns the instant from which a version binds the account: its effective
// instant or, if later, the first acceptance. EndOfTime means never.
func (q question) from(v *version) calendar.Instant {
	if v.Document.By == ByPublication {
		return v.Document.Effective
	}
	first := calendar.EndOfTime
	for _, a := range q.accepted {
		if a.Document == v.Document.ID && a.Recorded <= q.known {
			first = min(first, a.At)
		}
	}
	return max(first, v.Document.Effective)
}

// check refuses a product that no bound page declares, and an account that no
// agreement binds.
func (q question) check(bound []version) error {
	declared, agreed := q.product == "", false
	for _, v := range bound {
		d := v.Document
		declared = declared || d.Product != nil && d.Product.ID == q.product
		agreed = agreed || d.Kind == General || d.Kind == Special || d.Kind == Stamped
	}
	if !declared {
		return refusal.New(refusal.UnknownProduct, "no page in force at %s sells the product %q to account %s", q.at, q.product, q.account).
			Do("publish a page that declares it, or name a product that a page declares")
	}
	if !agreed {
		return refusal.New(refusal.NotAccepted, "no agreement binds account %s at %s", q.account, q.at).
			Do("accept the general agreement, or the terms of the product, first")
	}
	return nil
}

// share returns the one Set for these versions, product and until.
func (c *Corpus) share(product string, bound []version, until calendar.Instant) *Set {
	key := make([]byte, 0, 128)
	for _, v := range bound {
		key = binary.BigEndian.AppendUint32(key, v.number)
	}
	key = append(key, product...)
	size := len(key)
	key = binary.BigEndian.AppendUint64(key, uint64(until))

	c.mu.RLock()
	set := c.sets[string(key)]
	c.mu.RUnlock()
	if set != nil {
		return set
	}
	c.mu.Lock()
	b := c.bindings[string(key[:size])]
	if b == nil {
		b = newBinding(product, documentsOf(bound))
		b.key = string(key[:size])
		c.bindings[b.key] = b
	}
	c.mu.Unlock()
	return c.shareUntil(b, until)
}

// shareUntil returns the one Set of a binding that ends at an instant.
func (c *Corpus) shareUntil(b *binding, until calendar.Instant) *Set {
	key := string(binary.BigEndian.AppendUint64([]byte(b.key), uint64(until)))
	c.mu.Lock()
	defer c.mu.Unlock()
	set := c.sets[key]
	if set == nil {
		set = &Set{binding: b, until: until}
		c.sets[key] = set
	}
	return set
}

func documentsOf(bound []version) []*Document {
	documents := make([]*Document, len(bound))
	for i, v := range bound {
		documents[i] = v.Document
	}
	return documents
}

// Turn returns the first instant after at at which a document of a product takes
// effect, ends or becomes known, or an acceptance begins; EndOfTime when there is
// none. Between two turns nothing changes in what binds.
func (c *Corpus) Turn(product string, accepted []Acceptance, at calendar.Instant) calendar.Instant {
	next := calendar.EndOfTime
	consider := func(t calendar.Instant) {
		if t > at {
			next = min(next, t)
		}
	}
	for _, h := range c.histories {
		for i := range h.versions {
			if v := &h.versions[i]; v.Document.Binds.coversProduct(product) {
				consider(v.Document.Effective)
				consider(v.Document.Until)
				consider(v.Recorded)
			}
		}
	}
	for _, a := range accepted {
		consider(a.At)
	}
	return next
}
