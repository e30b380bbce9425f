package terms

import (
	"encoding/binary"
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// Subject is what is asked about: an account with what it accepted, a product
// that it uses, and when it bought what the question is about.
type Subject struct {
	Account  string
	Accepted []Acceptance
	Left     []Departure      // the documents that the account has left over a change
	Product  string           // "" for the account as a whole: only documents that bind all products bind it
	Bought   calendar.Instant // zero for what is not bought but used, and for the account as a whole
}

// Bind returns the Set that binds the subject at an instant, as known at another.
//
// A document published to bind binds from its effective instant; one that needs
// acceptance binds from the acceptance of any of its versions, and a later
// version binds once it is in effect. Of each document the version in force is
// the one that took effect last; when it has ended, the document has ended,
// except for what it pins: what was bought while it bound stays under it (F 3).
// A change of the tariff waits for consent, where an agreement wants that (U 5.4).
// An account that has left a document stays under the version that bound it then
// (G 3.2.9).
//
// A document that ends others (see Ending) ends, for the products that it binds,
// what the account accepted of them before or in the same act; and while it binds
// they cannot be accepted beside it. Of two documents that end each other the one
// accepted last binds. Both stay when both were accepted at one instant: then what
// they set unequally is refused when it is read, as between any two documents.
//
// Bind refuses, in this order, unknown_product and agreement_not_accepted. Once
// warm it costs a lookup, whatever was published and whoever asks.
func (c *Corpus) Bind(s Subject, at, known calendar.Instant) (*Set, error) {
	st, ahead := c.stand(&s, at, known)
	if st.refused != "" {
		return nil, s.refusal(st.refused, at)
	}
	if ahead > st.set.until {
		return st.set, nil
	}
	if until := c.changes(&s, st.set, ahead, known); until != st.set.until {
		return &Set{binding: st.set.binding, until: until}, nil
	}
	return st.set, nil
}

// changes returns the instant at which another Set binds, looking no earlier than
// at an instant ahead at which an acceptance begins or ends.
func (c *Corpus) changes(s *Subject, set *Set, ahead, known calendar.Instant) calendar.Instant {
	for t := ahead; t < calendar.EndOfTime; {
		st, next := c.stand(s, t, known)
		if st.refused != "" || st.set.binding != set.binding {
			return t
		}
		t = min(next, st.set.until)
	}
	return calendar.EndOfTime
}

// refusal says why nothing binds.
func (s *Subject) refusal(code refusal.Code, at calendar.Instant) error {
	if code == refusal.UnknownProduct {
		return refusal.New(code, "no page in force at %s sells the product %q to account %s", at, s.Product, s.Account).
			Do("publish a page that declares it, or name a product that a page declares")
	}
	return refusal.New(code, "no agreement binds account %s at %s", s.Account, at).
		Do("accept the general agreement, or the terms of the product, first")
}

// stand is what is so for a subject between two instants at which something may
// change. Subjects that differ in nothing that matters share it.
type stand struct {
	set       *Set         // nil where refused
	refused   refusal.Code // why nothing binds; "" where something does
	documents []*Document  // in force, and binding if an agreement is
	byUse     []*Document  // see ByUse
	missing   []Need       // see Missing, without add-ons
}

// nothingSold is the stand of a product that no document ever named.
var nothingSold = &stand{refused: refusal.UnknownProduct}

// act is that a document was accepted, and when last.
type act struct {
	place uint32 // of the document on the shelf
	last  calendar.Instant
}

// stand finds what is so for a subject, and when the next of its acceptances
// begins or ends, which the stand itself does not know.
func (c *Corpus) stand(s *Subject, at, known calendar.Instant) (*stand, calendar.Instant) {
	sh := c.shelves[s.Product]
	if sh == nil {
		return nothingSold, calendar.EndOfTime
	}
	at = min(at, calendar.EndOfTime-1) // whatever has no end binds at any instant, and has no turn at the last one
	var room [8]act
	var exits [4]Departure
	acts, ahead := sh.acts(room[:0], s.Accepted, at, known)
	left, turn := sh.left(exits[:0], s.Left, at, known)
	ahead = min(ahead, turn)
	voided, pinned := sh.voided(acts, s.Accepted, at, known), c.pinned(sh, s, at, known)
	// What may be kept is asked with copies, so that what is asked each time can
	// stay on the stack.
	var waiting []version
	if len(sh.tariffs) > 0 {
		waiting = c.wait(&question{shelf: sh, subject: s.copy(), left: slices.Clone(left), pinned: pinned, at: at, known: known})
	}
	q := question{shelf: sh, subject: s, acts: acts, left: left, voided: voided, pinned: pinned, waiting: waiting, at: at, known: known}
	var buffer [128]byte
	key := q.key(buffer[:0])
	sh.mu.RLock()
	st := sh.stands[string(key)]
	sh.mu.RUnlock()
	if st != nil {
		return st, ahead
	}
	st = c.find(question{
		shelf: sh, subject: s.copy(), acts: slices.Clone(acts), left: slices.Clone(left), voided: voided,
		pinned: pinned, waiting: waiting, at: at, known: known,
	})
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if first := sh.stands[string(key)]; first != nil {
		return first, ahead
	}
	sh.stands[string(key)] = st
	return st, ahead
}

func (s *Subject) copy() *Subject {
	c := *s
	return &c
}

// pinned returns what bound a subject when it bought, or nil where that does not
// matter.
func (c *Corpus) pinned(sh *shelf, s *Subject, at, known calendar.Instant) *binding {
	if sh.hasPins && s.Bought != 0 && s.Bought <= at {
		return c.boughtUnder(s, known)
	}
	return nil
}

// boughtUnder returns what bound a subject when it bought, or nil.
func (c *Corpus) boughtUnder(s *Subject, known calendar.Instant) *binding {
	then := *s
	then.Bought = 0
	st, _ := c.stand(&then, s.Bought, known)
	if st.set == nil {
		return nil
	}
	return st.set.binding
}

// acts adds up the acceptances that count at an instant: each document once, in
// the order in which they were made where that matters, else in that of the
// shelf; and finds when the next acceptance begins or ends.
func (s *shelf) acts(acts []act, accepted []Acceptance, at, known calendar.Instant) ([]act, calendar.Instant) {
	ahead := calendar.EndOfTime
	for i := range accepted {
		a := &accepted[i]
		place, relevant := s.places[a.Document]
		if !relevant {
			continue
		}
		ahead = min(ahead, a.turn(at, known))
		if a.counts(at, known) {
			acts = addAct(acts, act{place: place, last: a.At})
		}
	}
	// Sorted by insertion: they are few, and sorting must not allocate.
	for i := 1; i < len(acts); i++ {
		for j := i; j > 0 && s.before(acts[j], acts[j-1]); j-- {
			acts[j], acts[j-1] = acts[j-1], acts[j]
		}
	}
	return acts, ahead
}

func addAct(acts []act, made act) []act {
	for i := range acts {
		if acts[i].place == made.place {
			acts[i].last = max(acts[i].last, made.last)
			return acts
		}
	}
	return append(acts, made)
}

func (s *shelf) before(a, b act) bool {
	if s.hasEnds && a.last != b.last {
		return a.last < b.last
	}
	return a.place < b.place
}

// question is what is asked of a shelf.
type question struct {
	shelf     *shelf
	subject   *Subject
	acts      []act
	left      []Departure // that hold at the instant
	voided    []voided
	pinned    *binding  // what bound when the subject bought; nil where that does not matter
	waiting   []version // the tariffs that have no consent yet
	at, known calendar.Instant
}

// key holds all that the answer depends on, and nothing else: between which
// turns the instants lie, who is asking as far as documents name accounts, what
// was accepted, in which order where that matters, what a lapsed order took back,
// under what it was bought, which tariffs wait, and what was left when.
func (q *question) key(key []byte) []byte {
	sh := q.shelf
	key = binary.BigEndian.AppendUint32(key, epoch(sh.turns, q.at))
	key = binary.BigEndian.AppendUint32(key, epoch(sh.learnt, q.known))
	key = binary.BigEndian.AppendUint32(key, sh.audience[q.subject.Account])
	pinned := uint32(0)
	if q.pinned != nil {
		pinned = q.pinned.number
	}
	key = binary.BigEndian.AppendUint32(key, pinned)
	if len(sh.tariffs) > 0 {
		key = append(key, byte(len(q.waiting)))
		for _, t := range q.waiting {
			key = binary.BigEndian.AppendUint32(key, t.number)
		}
	}
	key = q.leftKey(key)
	key = append(key, byte(len(q.voided)))
	for _, v := range q.voided {
		key = binary.BigEndian.AppendUint32(key, v.place)
		key = append(append(key, v.by.Version...), 0)
		key = append(append(key, v.by.Clause...), 0)
	}
	for i, a := range q.acts {
		place := a.place << 1
		if sh.hasEnds && i > 0 && q.acts[i-1].last == a.last {
			place |= 1 // accepted in one act with the one before
		}
		key = binary.BigEndian.AppendUint32(key, place)
	}
	return key
}

// find answers a question that was not asked before.
func (c *Corpus) find(q question) *stand {
	bound := q.bound()
	st := &stand{documents: documentsOf(bound), refused: q.refuses(bound)}
	if st.refused == "" {
		st.set = c.shareUntil(c.share(q.shelf.product, bound), q.until(bound))
	}
	if st.refused != refusal.UnknownProduct {
		st.byUse = q.byUse(st.documents)
		st.missing = q.missing(st, nil)
	}
	return st
}

// refuses says why the documents in force are no binding.
func (q *question) refuses(bound []version) refusal.Code {
	declared, agreed := q.shelf.product == "", false
	for _, v := range bound {
		d := v.Document
		declared = declared || d.Product != nil && d.Product.ID == q.shelf.product
		agreed = agreed || d.isAgreement()
	}
	switch {
	case !declared:
		return refusal.UnknownProduct
	case !agreed:
		return refusal.NotAccepted
	}
	return ""
}

// until returns the first turn at which the same acceptances give other
// documents.
func (q question) until(bound []version) calendar.Instant {
	sameVersion := func(a, b version) bool { return a.number == b.number }
	for t := after(q.shelf.turns, q.at); t < calendar.EndOfTime; t = after(q.shelf.turns, t) {
		q.at = t
		if !slices.EqualFunc(bound, q.bound(), sameVersion) {
			return t
		}
	}
	return calendar.EndOfTime
}

// share returns the one binding of a product by these versions.
func (c *Corpus) share(product string, bound []version) *binding {
	key := make([]byte, 0, 128)
	for _, v := range bound {
		key = binary.BigEndian.AppendUint32(key, v.number)
	}
	key = append(key, product...)
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.bindings[string(key)]
	if b == nil {
		b = newBinding(product, documentsOf(bound))
		b.number = uint32(len(c.bindings) + 1)
		c.bindings[string(key)] = b
	}
	return b
}

// shareUntil returns the one Set of a binding that ends at a turn of its
// documents.
func (c *Corpus) shareUntil(b *binding, until calendar.Instant) *Set {
	c.mu.Lock()
	defer c.mu.Unlock()
	set := b.sets[until]
	if set == nil {
		set = &Set{binding: b, until: until}
		b.sets[until] = set
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
// effect, ends or becomes known, or an acceptance begins or ends; EndOfTime when
// there is none. Between two turns nothing changes in what binds.
func (c *Corpus) Turn(product string, accepted []Acceptance, at calendar.Instant) calendar.Instant {
	next := calendar.EndOfTime
	if sh := c.shelves[product]; sh != nil {
		next = min(after(sh.turns, at), after(sh.learnt, at))
	}
	for i := range accepted {
		next = min(next, accepted[i].turn(at, calendar.EndOfTime))
	}
	return next
}

// KnownFrom returns the instant from which a version of a document is known, and
// false when it was not published.
func (c *Corpus) KnownFrom(document, version string) (calendar.Instant, bool) {
	v := c.version(document, version)
	if v == nil {
		return 0, false
	}
	return v.Recorded, true
}

// Learns returns the first instant after at at which a version of a document of a
// product becomes known, and false when none does.
func (c *Corpus) Learns(product string, at calendar.Instant) (calendar.Instant, bool) {
	sh := c.shelves[product]
	if sh == nil {
		return 0, false
	}
	next := after(sh.learnt, at)
	return next, next < calendar.EndOfTime
}
