package model

import (
	"slices"
	"strings"
	"time"
)

// Document is one version of one document: what it sets, for whom, and from
// when. Values stand as the document writes them, by key.
type Document struct {
	ID, Version string
	Kind        string // stamped, page, special, general or rules
	Issuer      string
	Product     string // the product that it is for; empty for all
	Account     string // the only account that it is for; empty for all
	// ByAcceptance says that it binds who accepted it, not everyone.
	ByAcceptance         bool
	Announced, Effective time.Time
	Until                time.Time // when it ends; zero for never
	Values               map[string]string
	Meters               []Meter // on a page
	// Abridged says that the document says more than what the model reads of it,
	// so that every other version differs from it.
	Abridged bool
	// Known is when it was published; Publish sets it.
	Known time.Time
}

// Meter is what a page counts usage of a product in.
type Meter struct {
	Name, Base, Unit string
	Per              int64 // base units in a unit that has the price
}

// ranks lists the kinds by who goes before whom: G 12.1 puts stamped contracts
// first, then pages, then special and general terms; rules give way to all.
var ranks = []string{"stamped", "page", "special", "general", "rules"}

func rank(d *Document) int { return slices.Index(ranks, d.Kind) }

// question asks what binds: for which account and product, at an instant, as it
// was known at another.
type question struct {
	account   string
	accepted  []Acceptance
	left      []Exit
	product   string // empty for the account as a whole
	at, known time.Time
}

// inForce returns, of each document, the version that took effect last and that the
// account has not left the document over; that it ended is said by the last one.
func (m *Model) inForce(q question) []*Document {
	latest, ends := map[string]*Document{}, map[string]*Document{}
	var ids []string
	for _, d := range m.documents { // in the order of publication
		if d.Known.After(q.known) || d.Effective.After(q.at) {
			continue
		}
		if ends[d.ID] == nil || !d.Effective.Before(ends[d.ID].Effective) {
			ends[d.ID] = d
		}
		if q.hasLeft(d) {
			continue
		}
		if latest[d.ID] == nil {
			ids = append(ids, d.ID)
		}
		if latest[d.ID] == nil || !d.Effective.Before(latest[d.ID].Effective) {
			latest[d.ID] = d
		}
	}
	slices.Sort(ids)
	var found []*Document
	for _, id := range ids {
		over := slices.ContainsFunc([]*Document{latest[id], ends[id]}, func(d *Document) bool { return !d.Until.IsZero() && !q.at.Before(d.Until) })
		if !over {
			found = append(found, latest[id])
		}
	}
	return found
}

// hasLeft says whether the account had left a version's document by the time at
// which the version takes effect, and has not come back (G 3.2.9).
func (q question) hasLeft(d *Document) bool {
	return slices.ContainsFunc(q.left, func(e Exit) bool {
		known := !e.Recorded.After(q.known) && (e.LiftedRecorded.IsZero() || e.LiftedRecorded.After(q.known) || q.at.Before(e.Lifted))
		return known && e.Document == d.ID && !d.Effective.Before(e.At) && !q.at.Before(e.At)
	})
}

// staying asks the same of an account that has left nothing.
func (q question) staying() question {
	q.left = nil
	return q
}

// bound returns the documents that bind, the one that goes first first.
func (m *Model) bound(q question) []*Document {
	var found []*Document
	for _, d := range m.inForce(q) {
		if d.concerns(q.account, q.product) && (!d.ByAcceptance || acceptedBy(d.ID, q)) {
			found = append(found, d)
		}
	}
	slices.SortStableFunc(found, func(a, b *Document) int { return rank(a) - rank(b) })
	return found
}

func (d *Document) concerns(account, product string) bool {
	return (d.Account == "" || d.Account == account) && (d.Product == "" || d.Product == product)
}

// acceptedBy says whether some version of a document was accepted by then.
func acceptedBy(document string, q question) bool {
	return slices.ContainsFunc(q.accepted, func(a Acceptance) bool {
		return a.Document == document && a.Form != "continued_use" && !a.At.After(q.at) && !a.Recorded.After(q.known)
	})
}

// value returns what the documents that bind say on a key, and false where all
// of them are silent.
func (m *Model) value(key string, q question) (string, bool) {
	for _, d := range m.bound(q) {
		if v, set := d.Values[key]; set {
			return v, true
		}
	}
	return "", false
}

// must returns a value on which the documents of a world are never silent.
func (m *Model) must(key string, q question) string {
	v, set := m.value(key, q)
	if !set {
		panic("model: nothing that binds sets " + key)
	}
	return v
}

// hasAgreement says whether anything was agreed with the account: pages and
// rules alone are no agreement.
func (m *Model) hasAgreement(q question) bool {
	return slices.ContainsFunc(m.bound(q), func(d *Document) bool {
		return d.Kind == "stamped" || d.Kind == "special" || d.Kind == "general"
	})
}

// isAgreed says whether a product is sold under an agreement with the account.
func (m *Model) isAgreed(q question) bool {
	return m.hasAgreement(q) && (q.product == "" || m.page(q) != nil)
}

// page returns the page that sells a product, or nil.
func (m *Model) page(q question) *Document {
	for _, d := range m.bound(q) {
		if d.Kind == "page" && d.Product == q.product {
			return d
		}
	}
	return nil
}

// turns lists the instants at which what binds may change: a version takes
// effect, ends, or becomes known.
func (m *Model) turns() []time.Time {
	var all []time.Time
	for _, d := range m.documents {
		all = append(all, d.Effective, d.Known)
		if !d.Until.IsZero() {
			all = append(all, d.Until)
		}
	}
	return all
}

// lists says whether a value written as "[a, b]" names a word.
func lists(value, word string) bool {
	return slices.Contains(strings.Split(strings.Trim(value, "[]"), ", "), word)
}

// Publish makes versions known now, all of them or, with the code of a refusal,
// none. A version that is published already is passed over. Then it tells every
// account for which a version changes something.
func (m *Model) Publish(versions []Document) (code string) {
	fresh, code := m.MayPublish(versions)
	if code != "" {
		return code
	}
	var told []*Document
	for _, d := range fresh {
		if len(m.owed(d)) > 0 {
			told = append(told, d)
		}
	}
	m.documents = append(m.documents, fresh...)
	if m.Virtual && len(fresh) > 0 {
		m.Now = m.knownFrom()
	}
	for _, d := range told {
		m.tellAll(d)
	}
	return ""
}

// MayPublish returns the versions that are not published yet, or says why they
// may not be.
func (m *Model) MayPublish(versions []Document) (fresh []*Document, code string) {
	for i := range versions {
		d := versions[i]
		d.Known = m.knownFrom()
		if d.Effective.Before(d.Announced) {
			return nil, "document_invalid"
		}
		if m.find(d.ID, d.Version) != nil {
			continue
		}
		if m.isUndecided(&d) {
			return nil, "document_invalid"
		}
		if m.isTooSoon(&d) {
			return nil, "notice_too_short"
		}
		fresh = append(fresh, &d)
	}
	return fresh, ""
}

// isTooSoon says whether a version takes effect before those whom it affects have
// had the notice that they were promised (G 3.2.9 and its like).
func (m *Model) isTooSoon(d *Document) bool {
	changes := m.owed(d)
	if len(changes) == 0 {
		changes = m.ownChanges(d)
	}
	announced := later(d.Announced, d.Known)
	return slices.ContainsFunc(changes, func(c change) bool { return m.tooSoon(d, c, announced) })
}

// knownFrom is from when a version is known that is published now: an instant at
// which nothing has been decided yet (docs/terms.md).
func (m *Model) knownFrom() time.Time {
	switch {
	case len(m.ids) == 0:
		return m.Now
	case m.Virtual:
		return m.Now.Add(time.Microsecond)
	default:
		known := m.Now.Add(time.Minute)
		for _, d := range m.documents { // no two publications become known at one instant
			known = later(known, d.Known.Add(time.Microsecond))
		}
		return known
	}
}

// isUndecided says whether nothing tells which of two versions is the later one.
func (m *Model) isUndecided(d *Document) bool {
	return slices.ContainsFunc(m.documents, func(o *Document) bool {
		return o.ID == d.ID && o.Effective.Equal(d.Effective) && o.Known.Equal(d.Known)
	})
}

func (m *Model) find(id, version string) *Document {
	for _, d := range m.documents {
		if d.ID == id && d.Version == version {
			return d
		}
	}
	return nil
}

// Documents lists every version that was published.
func (m *Model) Documents() []*Document { return m.documents }
