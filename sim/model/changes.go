package model

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// change is what a new version does to an account, and when. first says that its
// document did not bind the account before.
type change struct {
	kind, product string
	at            time.Time
	notice        string
	first         bool
}

// kindsOf compares a version with the one before it. What it no longer sells, or
// only until an earlier day, ends a product or an agreement; a price above zero
// in place of zero ends a free use; every other difference changes the service
// on a page, and the agreement elsewhere (docs/terms.md, "Changing the terms").
func kindsOf(old, d *Document) map[string]time.Time {
	kinds := map[string]time.Time{}
	note := func(kind string, at time.Time) {
		if was, noted := kinds[kind]; !noted || at.Before(was) {
			kinds[kind] = at
		}
	}
	ends, rest := "agreement_ends", restOf(d)
	if d.Kind == "page" {
		ends = "product_ends"
	}
	switch {
	case old.Until.Equal(d.Until):
	case !d.Until.IsZero() && (old.Until.IsZero() || d.Until.Before(old.Until)):
		note(ends, d.Until)
	default:
		note(rest, d.Effective)
	}
	for _, m := range old.Meters {
		if d.meter(m.Name) == nil {
			note("product_ends", d.Effective)
		}
	}
	if old.Abridged || slices.ContainsFunc(d.Meters, func(m Meter) bool { return old.meter(m.Name) == nil }) {
		note(rest, d.Effective)
	}
	for key := range union(old.Values, d.Values) {
		before, had := old.Values[key]
		after, has := d.Values[key]
		meter, isPrice := strings.CutPrefix(key, "price.")
		isPrice = isPrice && key != "price.rounding"
		switch {
		case had == has && before == after:
		case isPrice && !has && d.meter(meter) == nil: // it ended with its meter
		case isPrice && had && has && number(before).Sign() == 0 && number(after).Sign() > 0:
			note("free_use_ends", d.Effective)
		default:
			note(rest, d.Effective)
		}
	}
	return kinds
}

func restOf(d *Document) string {
	if d.Kind == "page" {
		return "service_changes"
	}
	return "agreement_changes"
}

func union(a, b map[string]string) map[string]bool {
	keys := map[string]bool{}
	for k := range a {
		keys[k] = true
	}
	for k := range b {
		keys[k] = true
	}
	return keys
}

// sources are, for each kind of change, the keys that say how long before it
// must be announced, in the order in which they are asked. "own" marks those that
// speak of their own document.
var sources = map[string][]struct {
	key string
	own bool
}{
	"agreement_changes": {{"change.notice", true}},
	"agreement_ends":    {{"agreement_end.notice", true}, {"change.notice", true}},
	"product_ends":      {{"discontinuation.notice", false}, {"agreement_end.notice", true}, {"change.notice", true}},
	"service_changes":   {{"spec_change.notice", false}},
	"free_use_ends":     {{"free_tier.notice", false}, {"spec_change.notice", false}},
}

// noticeOf is the notice that a kind of change of a document is owed, by what the
// version before says of itself and else by what binds; value asks the latter.
// Where all are silent it must be announced before.
func noticeOf(kind string, old *Document, value func(key string) (string, bool)) string {
	for _, s := range sources[kind] {
		if old != nil && s.own {
			if v, set := old.Values[s.key]; set {
				return v
			}
		}
		if v, set := value(s.key); set {
			return v
		}
	}
	return "prior"
}

// tooSoon says whether a change that is announced at one instant takes effect
// before its notice is up: so many natural days after the announcement, whose own
// day does not count. What is only to be done as well as can be refuses nothing,
// nor do rules or a contract with an account when they first bind it.
func (m *Model) tooSoon(d *Document, c change, announced time.Time) bool {
	switch {
	case c.notice == "best_effort" || c.first && (d.Kind == "rules" || d.Kind == "stamped" && d.Account != ""):
		return false
	case c.notice == "prior":
		return !announced.Before(c.at)
	}
	return c.at.Before(midnight(announced, m.Zone, days(c.notice)))
}

// longer says whether a notice takes longer than another.
func longer(a, b string) bool {
	rank := func(notice string) int {
		switch notice {
		case "best_effort":
			return -1
		case "prior":
			return 0
		}
		return days(notice)
	}
	return rank(a) > rank(b)
}

// changes lists what a version changes for an account, each kind once: of several
// products, by whose documents the notice is longest. Who has left the document by
// the time at which the version would begin to bind stays under the one before, and
// the version changes nothing for it; if it has come back since, it comes under the
// version as it stands now.
func (m *Model) changes(who question, d *Document) []change {
	list := m.changesFor
	begins := who
	begins.at, begins.known = later(d.Effective, d.Known), later(who.known, d.Known)
	if begins.hasLeft(d) {
		list = m.endsToCome
	}
	found := map[string]change{}
	for _, product := range append([]string{""}, m.products()...) {
		who.product = product
		for _, c := range list(who, d) {
			if have, noted := found[c.kind]; !noted || longer(c.notice, have.notice) {
				found[c.kind] = c
			}
		}
	}
	var all []change
	for _, kind := range slices.Sorted(maps.Keys(found)) {
		all = append(all, found[kind])
	}
	return all
}

// before asks what binds just before a version: as it takes effect or, where it
// reaches back, as it becomes known.
func (q question) before(d *Document) question {
	q.known = later(q.known, d.Known)
	if q.at = d.Effective.Add(-time.Microsecond); q.at.Before(d.Known) {
		q.at, q.known = d.Known, d.Known.Add(-time.Microsecond)
	}
	return q
}

// changesFor lists what a version changes for one product of an account, or for
// the account as a whole.
func (m *Model) changesFor(q question, d *Document) (all []change) {
	was := q.before(d)
	if !m.isAgreed(was) {
		return m.endsToCome(q, d)
	}
	old := find(m.bound(was), d.ID)
	if old == nil {
		if kind, changes := m.settlesAnew(q, d); changes {
			all = append(all, m.change(kind, nil, was, d.Effective))
			all[0].first = true
		}
		return all
	}
	if old.Version != d.Version {
		for kind, when := range kindsOf(old, d) {
			all = append(all, m.change(kind, old, was, when))
		}
	}
	return all
}

func (m *Model) change(kind string, old *Document, q question, at time.Time) change {
	notice := noticeOf(kind, old, func(key string) (string, bool) { return m.value(key, q) })
	return change{kind: kind, product: q.product, at: at, notice: notice}
}

// endsToCome lists, for an account that nothing bound before a version took effect
// and that it binds now, what that version ends after now.
func (m *Model) endsToCome(q question, d *Document) (all []change) {
	old := m.follows(d)
	q.known = later(q.known, d.Known)
	q.at = q.known
	if old == nil || !m.isAgreed(q) || find(m.bound(q), d.ID) != d {
		return nil
	}
	for kind, when := range kindsOf(old, d) {
		if when.After(q.at) {
			all = append(all, m.change(kind, d, q, when))
		}
	}
	return all
}

func find(documents []*Document, id string) *Document {
	for _, d := range documents {
		if d.ID == id {
			return d
		}
	}
	return nil
}

// settlesAnew says whether a document that did not bind sets otherwise, as it begins
// to, a value that was settled before, and what kind of change that is: where an
// agreement had settled it, that agreement's.
func (m *Model) settlesAnew(q question, d *Document) (kind string, changes bool) {
	was, is := q.before(d), q
	is.at, is.known = later(d.Effective, was.at), later(q.known, d.Known)
	is.left = slices.DeleteFunc(slices.Clone(q.left), func(e Exit) bool { return e.Document == d.ID }) // what it would be for who stays
	kind = restOf(d)
	if !m.isAgreed(is) || find(m.bound(is), d.ID) == nil {
		return kind, false
	}
	keys := map[string]bool{}
	for _, o := range m.bound(is) {
		for key := range o.Values {
			keys[key] = true
		}
	}
	for key := range keys {
		before, now := m.sets(key, was), m.sets(key, is)
		if now != d && !slices.Contains(m.bound(was), now) {
			continue // another document that is new changes it
		}
		if before == nil && mustBeSaid(key) || before != nil && before.Values[key] == now.Values[key] {
			continue
		}
		if changes = true; before != nil && before.Kind != "page" {
			kind = "agreement_changes"
		}
	}
	return kind, changes
}

// sets is the document that decides on a key, or nil where all are silent.
func (m *Model) sets(key string, q question) *Document {
	for _, d := range m.bound(q) {
		if _, set := d.Values[key]; set {
			return d
		}
	}
	return nil
}

// mustBeSaid says whether silence on a key means nothing, so that nothing was
// settled while all were silent.
func mustBeSaid(key string) bool {
	switch key {
	case "billing.cycle", "payment.due", "payment.order", "topup.methods", "arrears.notice.after", "suspend.notice",
		"release.notice", "resume.requires", "acceptance.forms", "notice.channels", "usage.intervals":
		return true
	}
	return strings.HasPrefix(key, "price.") || strings.HasPrefix(key, "late_fee.") && key != "late_fee.rate"
}

// products lists what the documents name, sorted.
func (m *Model) products() []string {
	var all []string
	for _, d := range m.documents {
		if d.Product != "" {
			all = append(all, d.Product)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// owed lists what a version that would be published now changes for each account.
func (m *Model) owed(d *Document) (all []change) {
	after := *m
	after.documents = append(slices.Clip(m.documents), d)
	for _, id := range m.ids {
		b := m.Books(id)
		all = append(all, after.changes(question{account: id, accepted: b.Accepted, left: b.Exits, known: d.Known}, d)...)
	}
	return all
}

// ownChanges lists what a version changes that affects nobody yet, by what the
// version before says of itself.
func (m *Model) ownChanges(d *Document) (all []change) {
	old := m.follows(d)
	if old == nil {
		return nil
	}
	for kind, when := range kindsOf(old, d) {
		own := noticeOf(kind, nil, func(key string) (string, bool) {
			v, set := old.Values[key]
			return v, set
		})
		all = append(all, change{kind: kind, at: when, notice: own})
	}
	return all
}

// follows returns the version that one follows: the latest of its document that
// takes effect no later.
func (m *Model) follows(d *Document) (old *Document) {
	for _, p := range m.documents {
		if p.ID == d.ID && p.Version != d.Version && !p.Effective.After(d.Effective) && (old == nil || p.Effective.After(old.Effective)) {
			old = p
		}
	}
	return old
}

// tellAll tells every account of a version that was published, if it changes
// something for anybody. An account for which that writes nothing is as if nobody
// had looked at it: that its arrears have begun is noted when somebody does.
func (m *Model) tellAll(d *Document) {
	for _, id := range m.ids {
		a, f := m.accounts[id], fact{now: m.Now, look: m.Now, announced: d}
		if m.booksIf(a, f).written() > m.lived(a).written() {
			a.tell(f)
		}
	}
}

// written counts what is written down in books, and never again taken out.
func (b *Books) written() int {
	return len(b.Accepted) + len(b.Charges) + len(b.Refused) + len(b.Fees) + len(b.Moves) + len(b.Notices)
}

// tellNewcomer tells an account that has just accepted something of the versions
// that are to come, and of those whose end is.
func (m *Model) tellNewcomer(a *account) {
	for _, d := range m.documents {
		if d.Effective.After(m.Now) || d.Until.After(m.Now) {
			a.tell(fact{now: m.Now, look: m.Now, announced: d})
		}
	}
}

// End is an end that an account was told of.
type End struct {
	Document string
	At       time.Time
}

// announce tells the account of a version, once, if it changes something for it.
func (b *Books) announce(d *Document, at time.Time) {
	if b.hasBeenTold[d] {
		return
	}
	known := b.recorded(at)
	changes := b.changesBy(d, at)
	if len(changes) == 0 {
		return
	}
	for _, c := range changes {
		b.Notices = append(b.Notices, Notice{Kind: c.kind, Product: c.product, Recorded: known})
		if c.kind == "product_ends" || c.kind == "agreement_ends" {
			b.Ends = append(b.Ends, End{d.ID, c.at})
		}
	}
	b.hasBeenTold[d] = true
	b.At = at
}
