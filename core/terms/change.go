package terms

import (
	"slices"
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// Succession is a version of a document, and from when it is public here.
type Succession struct {
	// Old is the version that New follows; nil when New is the first.
	Old, New *Document
	// Published is when New became known here. Its announcement counts from the
	// later of this and New.Announced.
	Published calendar.Instant
}

// Announced is the instant from which the announcement counts.
func (s Succession) Announced() calendar.Instant { return max(s.New.Announced, s.Published) }

// Standing is an account with what it accepted and left; it may stand for several
// accounts that are alike in that.
type Standing struct {
	Account  string
	Accepted []Acceptance
	Left     []Departure
	Accounts int // how many there are
}

// Owed is the notice that a kind of change owes an account.
type Owed struct {
	Proof
	// Product is the product whose documents say so; empty for the account as a whole.
	Product string
	// Set is what binds the account just before the change, for the product.
	Set    *Set
	Notice Notice
	// Key is the term that was read, Clause who sets it and Text the value as it
	// is written; where no bound document does, Clause is zero and Text what the
	// silence means.
	Key, Text string
	Clause    Citation
	// Channels are where it is announced. ChannelsClause is zero where that is not said.
	Channels       []Channel
	ChannelsClause Citation
}

// Succession returns a published version with the one that it follows: the latest
// of its document that takes effect no later and was known no later. It refuses a
// version that is not published with not_found.
func (c *Corpus) Succession(document, version string) (Succession, error) {
	return c.succession(document, version, inForceAs)
}

// inForceAs is a version with the dates that it has in its corpus.
func inForceAs(v *version) *Document { return v.Document }

// succession is Succession, by one of a version's dates.
func (c *Corpus) succession(document, label string, dated func(*version) *Document) (Succession, error) {
	var s Succession
	h := c.history(document)
	if h == nil {
		h = &history{}
	}
	for i := range h.versions {
		if v := &h.versions[i]; v.Document.Version == label {
			s.New, s.Published = dated(v), v.Recorded
		}
	}
	if s.New == nil {
		return Succession{}, refusal.New(refusal.NotFound, "%s %s is not published", document, label).
			Do("name a document and a version that are: termwise documents list")
	}
	if old := h.before(s.Published, func(v *version) bool { return dated(v) == s.New }); old != nil {
		s.Old = dated(old)
	}
	return s, nil
}

// Announced lists what notice an account is owed of a published version, as known
// at an instant. It refuses what Succession and Owed refuse.
func (c *Corpus) Announced(document, version string, who Standing, known calendar.Instant) (Succession, []Owed, error) {
	s, err := c.Succession(document, version)
	if err != nil {
		return s, nil, err
	}
	owed, err := c.Owed(s, who, known)
	return s, owed, err
}

// rule is by which terms a kind of change is announced.
type rule struct {
	notice Key[Notice]
	// channels has no name where no term says by which channels.
	channels Key[[]Channel]
	// behind is the kind that is asked where notice is silent.
	behind ChangeKind
	// self: the clause is about its own document ("this agreement may be changed"),
	// so what a document says of itself decides, whatever binds beside it. The
	// others are about the service, and what binds the account for the product
	// decides.
	self bool
}

var ruleOf = map[ChangeKind]rule{
	AgreementChange:  {notice: ChangeNotice, channels: ChangeChannels, self: true},
	FreeUseEnds:      {notice: FreeTierNotice, behind: ServiceChange},
	Discontinuation:  {notice: DiscontinuationNotice, channels: DiscontinuationChannels, behind: AgreementEnd},
	ServiceChange:    {notice: SpecChangeNotice, channels: SpecChangeChannels},
	AgreementEnd:     {notice: AgreementEndNotice, channels: AgreementEndChannels, behind: AgreementChange, self: true},
	Migration:        {notice: MigrationNotice},
	Assignment:       {notice: AssignmentNotice, channels: AssignmentChannels, self: true},
	TariffAdjustment: {notice: SpecChangeNotice, channels: SpecChangeChannels},
}

// contentRule is by which terms a change of what a tool offers is announced, where
// the terms say so (S-CADT 3); its price is not content.
var contentRule = rule{notice: ContentChangeNotice}

// Owed lists what notice an account is owed of the succession, one for each kind
// of change: of several products, by whose documents the notice is longest. It is
// empty for an account that New does not affect. c holds New, and known is the
// instant as of which the account's documents are asked.
//
// What binds the account just before New takes effect is what changes; where New
// reaches back, what binds as it becomes known. A version that binds an account
// which its document did not bind before, for example the first of a document that
// binds by publication, is a change as far as a value that was settled becomes
// another one. An account that comes under New while its end is still to come is
// owed the notice of that end. To one that has left the document by when New would
// begin to bind it (see HeldBack), New changes nothing until it comes back.
//
// Owed refuses what reading a key refuses: two clauses that say differently how
// long a notice is, and that nothing ranks.
func (c *Corpus) Owed(s Succession, who Standing, known calendar.Instant) ([]Owed, error) {
	a := c.asking(s, who, known)
	kinds := a.kinds
	if c.asPublished(s).HeldBack(who, known) {
		kinds = a.endsToCome // if it has come back since, and stands under New now
	}
	var owed []Owed
	for _, product := range append([]string{""}, c.products...) {
		for _, proof := range kinds(product) {
			o, err := a.owed(proof, product)
			if err != nil {
				return nil, err
			}
			if o.Notice != (Notice{}) {
				owed = longest(owed, o)
			}
		}
	}
	slices.SortFunc(owed, func(x, y Owed) int {
		return slices.Index(ChangeKinds(), x.Kind) - slices.Index(ChangeKinds(), y.Kind)
	})
	return owed, nil
}

// asPublished gives the succession's new version the dates with which it was published.
func (c *Corpus) asPublished(s Succession) Succession {
	if v := c.version(s.New.ID, s.New.Version); v != nil {
		s.New = v.published()
	}
	return s
}

// OwedByItself lists what the succession owes by what Old says of itself, when it
// affects no account yet.
func (s Succession) OwedByItself() []Owed {
	var owed []Owed
	if s.Old == nil {
		return nil
	}
	for _, proof := range KindsOf(s.Old, s.New) {
		o := Owed{Proof: proof, Notice: Notice{Prior: true}, Channels: []Channel{ChannelSite}}
		for ask := proof.Kind; ask != ""; ask = ruleOf[ask].behind {
			key := ruleOf[ask].notice
			o.Key, o.Text = key.Name(), string(key.silence)
			if t, stated := find(s.Old, key); stated {
				o.Notice, o.Text, o.Clause = t.value.(Notice), t.Text, s.Old.cite(t.clause)
				break
			}
		}
		owed = append(owed, o)
	}
	return owed
}

// longest keeps, of two notices of one kind, that which takes longer; of two as
// long, the first.
func longest(owed []Owed, o Owed) []Owed {
	i := slices.IndexFunc(owed, func(have Owed) bool { return have.Kind == o.Kind })
	switch {
	case i < 0:
		return append(owed, o)
	case o.Notice.longerThan(owed[i].Notice):
		owed[i] = o
	}
	return owed
}

// longerThan orders notices for one announcement: what may be refused goes before
// what is only flagged, then the longer one. Months and days are compared by the
// most days that a month can have.
func (n Notice) longerThan(o Notice) bool {
	rank := func(n Notice) int {
		days := n.Lead.Count
		if n.Lead.Unit == MonthUnit || n.Lead.Unit == NaturalMonth {
			days *= 31
		}
		switch {
		case n == (Notice{}):
			return -1
		case n.Soft:
			return days
		}
		return 2*maxDays*31 + days
	}
	return rank(n) > rank(o)
}

// asking is a question for what an account is owed.
type asking struct {
	corpus *Corpus
	s      Succession
	who    Standing
	at     calendar.Instant // when it is asked what binds before the change,
	before calendar.Instant // as known then
	known  calendar.Instant // of the account

	set *Set // what binds before the change, for the product asked about

	// affected says that New changes something for the account wherever it binds,
	// whatever comparing shows.
	affected bool
}

func (c *Corpus) asking(s Succession, who Standing, known calendar.Instant) asking {
	a := asking{corpus: c, s: s, who: who, known: max(known, s.Published), at: s.New.Effective - 1}
	a.before = a.known
	if a.at < s.Published { // it reaches back: nobody knew of it before
		a.at, a.before = s.Published, s.Published-1
	}
	return a
}

// kinds finds what binds the account for a product just before the change, and
// lists the kinds of change that New is for it.
func (a *asking) kinds(product string) []Proof {
	var err error
	if a.set, err = a.who.bind(a.corpus, product, a.at, a.before); err != nil {
		return a.endsToCome(product)
	}
	if old := a.set.Document(a.s.New.ID); old != nil {
		if old == a.s.New {
			return nil
		}
		if kinds := a.corpus.kindsOf(old, a.s.New); len(kinds) > 0 || !a.affected {
			return kinds
		}
		return []Proof{{Kind: rest(a.s.New), What: "the account is taken to leave over it", At: a.s.New.Effective}}
	}
	after, err := a.who.staying(a.s.New.ID).bind(a.corpus, product, max(a.s.New.Effective, a.at), a.known)
	if err != nil || after.Document(a.s.New.ID) == nil {
		return nil
	}
	kind, changes := a.s.New.changes(a.set, after)
	if !changes && !a.affected {
		return nil
	}
	return []Proof{{Kind: kind, What: a.s.New.ID + " did not bind before", At: a.s.New.Effective, First: true}}
}

// kindsOf is KindsOf, which compares two versions word for word, once for all the
// accounts for which it is asked.
func (c *Corpus) kindsOf(old, new *Document) []Proof {
	c.mu.Lock()
	defer c.mu.Unlock()
	pair := [2]*Document{old, new}
	kinds, known := c.kinds[pair]
	if !known {
		kinds = KindsOf(old, new)
		c.kinds[pair] = kinds
	}
	return slices.Clone(kinds)
}

// endsToCome lists, for an account that nothing bound before New took effect and
// that New binds now, what New ends after now.
func (a *asking) endsToCome(product string) (ends []Proof) {
	now, err := a.who.bind(a.corpus, product, a.known, a.known)
	if err != nil || a.s.Old == nil || now.Document(a.s.New.ID) != a.s.New {
		return nil
	}
	a.set = now
	for _, p := range a.corpus.kindsOf(a.s.Old, a.s.New) {
		if p.At > a.known {
			ends = append(ends, p)
		}
	}
	return ends
}

// Document returns the version of a document that is in the Set, or nil.
func (s *Set) Document(id string) *Document {
	for _, d := range s.documents {
		if d.ID == id {
			return d
		}
	}
	return nil
}

// changes says whether a document that is new to an account sets otherwise what
// was settled, and of which kind the change is: where an agreement had settled it,
// that agreement is changed, whatever New calls itself. A key on which silence
// means nothing settles nothing while it is silent. What another document changes
// that is new at the same instant is its own.
func (d *Document) changes(before, after *Set) (kind ChangeKind, changes bool) {
	kind = rest(d)
	for key, is := range after.resolved {
		was, stated := before.resolved[key]
		switch {
		case is.err == nil && is.winner.document != d && !slices.Contains(before.documents, is.winner.document):
		case stated && was.err == nil && is.err == nil && was.winner.equals(is.winner):
		case stated && was.err != nil: // nothing was settled
		case !stated && silenceOf(key) == SilenceIsError:
		default:
			changes = true
			if stated && was.winner.document.Kind != Page {
				kind = AgreementChange
			}
		}
	}
	return kind, changes
}

func silenceOf(key string) Silence {
	def, err := define(key)
	if err != nil {
		return SilenceIsError
	}
	return def.Info().Silence
}

// owed reads the notice and the channels of a kind of change.
func (a *asking) owed(proof Proof, product string) (Owed, error) {
	o := Owed{Proof: proof, Product: product, Set: a.set}
	for ask := proof.Kind; ; ask = ruleOf[ask].behind {
		r := ruleOf[ask]
		if ask == ServiceChange && a.ofContent() {
			r = contentRule
		}
		if ask == Discontinuation && a.set.prefers(AgreementEndNotice.name, DiscontinuationNotice.name) {
			continue // the more special terms end as a whole (E 7.2.4)
		}
		v, err := read(a, r.notice, r.self)
		if err == nil && ask == ServiceChange && !v.Silent {
			v.Silent, err = a.passedOver()
		}
		if err != nil {
			return o, err
		}
		if v.Silent && r.behind != "" {
			continue
		}
		o.Key, o.Notice, o.Clause, o.Text = r.notice.name, v.V, v.Citation, v.V.String()
		if v.Silent {
			o.Notice, o.Clause, o.Text = Notice{Prior: true}, Citation{}, string(r.notice.silence)
		}
		return o, a.channels(&o, r)
	}
}

// channels reads where a change is announced; where no term says, on the site.
func (a *asking) channels(o *Owed, r rule) error {
	o.Channels = []Channel{ChannelSite}
	if r.channels.name == "" {
		return nil
	}
	where, err := read(a, r.channels, r.self)
	if err == nil && !where.Silent {
		o.Channels, o.ChannelsClause = where.V, where.Citation
	}
	return err
}

// ofContent says whether the change is one of content, of which the terms speak by
// themselves: no price and no billing mode differs.
func (a *asking) ofContent() bool {
	if _, stated := a.set.resolved[ContentChangeNotice.name]; !stated {
		return false
	}
	return !slices.ContainsFunc(a.subjects(), func(s ChangeSubject) bool { return s == ChangesPrice || s == ChangesBillingMode })
}

// subjects lists what the change of a service concerns; empty for a document that
// did not bind before.
func (a *asking) subjects() (subjects []ChangeSubject) {
	old := a.set.Document(a.s.New.ID)
	if old == nil {
		return nil
	}
	for _, c := range Diff(old, a.s.New) {
		switch {
		case !c.Operative:
		case c.Part == PartTerm && strings.HasPrefix(c.Field, PriceOf.Key("")):
			subjects = append(subjects, ChangesPrice)
		case c.Part == PartTerm && c.Field == BillingCycle.name:
			subjects = append(subjects, ChangesBillingMode)
		default:
			subjects = append(subjects, ChangesForm, ChangesSpecification, ChangesNetwork)
		}
	}
	return subjects
}

// passedOver says whether the terms on changes of a service do not speak of what
// changes: some leave the price out (G 7.4; S 9.4 does not).
func (a *asking) passedOver() (bool, error) {
	of, err := Get(a.set, SpecChangeOf)
	subjects := a.subjects()
	if err != nil || of.Silent || len(subjects) == 0 {
		return false, err
	}
	return !slices.ContainsFunc(subjects, func(s ChangeSubject) bool { return slices.Contains(of.V, s) }), nil
}

// prefers says whether one key is set by a document that goes before the one that
// sets the other.
func (s *Set) prefers(key, other string) bool {
	a, stated := s.resolved[key]
	b, contested := s.resolved[other]
	return stated && contested && a.err == nil && b.err == nil && a.winner.document != b.winner.document &&
		s.ranking.compare(a.winner.document, b.winner.document).beats
}

// read returns a key's value: what the version that changes says of itself, where
// the key is about its own document, else what the Set says.
func read[T any](a *asking, k Key[T], self bool) (Value[T], error) {
	if old := a.set.Document(a.s.New.ID); self && old != nil {
		if t, stated := find(old, k); stated {
			return Value[T]{V: t.value.(T), Citation: old.cite(t.clause)}, nil
		}
	}
	return Get(a.set, k)
}

// find returns the term that a document itself sets for a key.
func find[T any](d *Document, k Key[T]) (Term, bool) {
	i := slices.IndexFunc(d.terms, func(t Term) bool { return t.Key == k.name })
	if i < 0 {
		return Term{}, false
	}
	return d.terms[i], true
}

// staying is the account if it had not left a document.
func (w Standing) staying(document string) Standing {
	w.Left = slices.DeleteFunc(slices.Clone(w.Left), func(d Departure) bool { return d.Document == document })
	return w
}

// For is the account as a user of a product, to ask what binds it.
func (w Standing) For(product string) Subject {
	return Subject{Account: w.Account, Accepted: w.Accepted, Left: w.Left, Product: product}
}

// bind asks what binds an account for a product.
func (w Standing) bind(c *Corpus, product string, at, known calendar.Instant) (*Set, error) {
	return c.Bind(w.For(product), at, known)
}
