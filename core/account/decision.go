package account

import (
	"encoding/binary"

	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/journal"
	"termwise.dev/core/ledger"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/terms"
)

// Env is what a decision is made with, besides the books.
type Env struct {
	Terms Terms
	Zone  calendar.Zone
	// RecordedAt gives the instant at which something that is effective at an
	// instant is written down: now on a real clock, the same instant on a
	// virtual clock, which passes through every instant.
	RecordedAt func(effective calendar.Instant) calendar.Instant
	// Actor is who asks; what time brings is done by Clock.
	Actor string
}

// Clock is the actor of what falls due by itself.
const Clock = "clock"

// Terms finds the documents that bind.
type Terms interface {
	Bind(s terms.Subject, at, known calendar.Instant) (*terms.Set, error)
	// LastBound is Bind, except that where nothing binds it goes back to what bound last.
	LastBound(s terms.Subject, at, known calendar.Instant) (*terms.Set, calendar.Instant, error)
	// LastMetering is LastBound for a product's meter: it goes back to what last priced it.
	LastMetering(s terms.Subject, meter string, at, known calendar.Instant) (*terms.Set, calendar.Instant, error)
	// Repeats says whether an acceptance says nothing new.
	Repeats(accepted []terms.Acceptance, again terms.Acceptance) bool
	// Turn is the first instant after at at which something that binds may change.
	Turn(product string, accepted []terms.Acceptance, at calendar.Instant) calendar.Instant
	// Learns is the first instant after at at which a version becomes known, if one does.
	Learns(product string, at calendar.Instant) (calendar.Instant, bool)
	// KnownFrom is the instant from which a version is known, if it was published.
	KnownFrom(document, version string) (calendar.Instant, bool)
	// Announced lists what notice an account is owed of a published version.
	Announced(document, version string, who terms.Standing, known calendar.Instant) (terms.Succession, []terms.Owed, error)
	// GoingOnAccepts says whether using the service under a version accepts it.
	GoingOnAccepts(accepted []terms.Acceptance, d *terms.Document, at, known calendar.Instant) bool
	// Leaving finds the clause by which an account may leave over a version.
	Leaving(document, version string, who terms.Standing, known calendar.Instant) (terms.Leaving, error)
	// Missing lists what must be accepted before a product is used with add-ons.
	Missing(s terms.Subject, addOns []string, at, known calendar.Instant) ([]terms.Need, error)
	// Lapse finds what the lapse of an order does to an acceptance that came with it.
	Lapse(s terms.Subject, a terms.Acceptance, known calendar.Instant) (terms.Lapse, error)
}

// Decision is everything that a command or the passing of time does to one
// account: rows to add, and the books afterwards. A decision without entries
// changes nothing but NextDue.
type Decision struct {
	Account string
	// Before and After are the books that it starts from and leads to.
	Before, After *Books
	// NextDue is when something next falls due by itself.
	NextDue calendar.Instant

	Entries     []journal.Entry
	Charges     []Charge
	Refused     []Refused
	Transfers   []Posted
	LateFees    []LateFee
	Notices     []Noticed
	Transitions []Moved
	Acceptances []Accepted
	Lapses      []Lapsed
	AddOns      []Switched
	// Buckets holds each settled bucket as it is afterwards.
	Buckets []*metering.Bucket
	// Sets holds the sets of documents that rows name.
	Sets map[int64]TermSet
}

// TermSet is what must be kept so that a set can be found again.
type TermSet struct {
	Product string
	Hash    terms.Hash
	Refs    []terms.DocumentRef
}

// draft is a decision in the making.
type draft struct {
	env   Env
	books *Books
	out   *Decision

	entry *journal.Entry
	lines int64
	rows  []byte // the digests of the entry's rows

	settled map[metering.Key]int         // where in out.Buckets each settled bucket is
	events  map[calendar.Hour]hourEvents // what the books hold of the hours that were settled in parts
	cited   map[int64]*terms.Set         // the sets that rows name
	endings map[string]Ending            // of services that a settlement opened and ended, by product

	reasons map[RowID]Reason // of the transfers, when somebody asks for them
}

func (b *Books) draft(env Env) *draft {
	after := b.clone()
	return &draft{
		env: env, books: after,
		out:     &Decision{Account: b.ID, Before: b, After: after, Sets: map[int64]TermSet{}},
		settled: map[metering.Key]int{}, cited: map[int64]*terms.Set{},
	}
}

// begin starts a journal entry; rows go into it until end.
func (d *draft) begin(kind journal.Kind, at calendar.Instant, actor, payload string) {
	d.entry = &journal.Entry{
		Seq: d.books.Seq + 1, Kind: kind,
		Effective: at, Recorded: d.env.RecordedAt(at),
		Actor: actor, Payload: payload, Previous: d.books.Head,
	}
	d.lines, d.rows = 0, d.rows[:0]
}

// end seals the entry and makes it the head of the chain.
func (d *draft) end() {
	e := d.entry
	e.Rows = SealRows(d.rows)
	if canary.On(canary.UnsealedRows) {
		e.Rows = SealRows(nil)
	}
	e.Hash = e.Seal(d.books.ID)
	d.books.Seq, d.books.Head, d.books.At = e.Seq, e.Hash, e.Effective
	d.out.Entries = append(d.out.Entries, *e)
	d.entry = nil
}

// next names the entry's next row.
func (d *draft) next() RowID {
	d.lines++
	return RowID{Entry: d.entry.Seq, Line: d.lines}
}

// keep notes a row's digest in its entry.
func (d *draft) keep(digest int64) int64 {
	d.rows = binary.BigEndian.AppendUint64(d.rows, uint64(digest))
	return digest
}

// SealRows returns the digest of an entry over its rows' digests in line order.
func SealRows(digests []byte) journal.Hash {
	var e journal.Encoder
	return e.Bytes(digests).Sum()
}

// terms returns the set that binds at an instant, as known when the entry at
// known is recorded.
func (d *draft) terms(product string, at, known calendar.Instant) (*terms.Set, error) {
	return d.env.Terms.Bind(d.books.Subject(product), at, d.env.RecordedAt(known))
}

// standing returns the set that binds at an instant or, when all that bound has
// ended, the one that bound last: what is owed, and the service that owes it,
// go on under what was agreed for them.
func (d *draft) standing(product string, at, known calendar.Instant) (*terms.Set, error) {
	set, _, err := d.env.Terms.LastBound(d.books.Subject(product), at, d.env.RecordedAt(known))
	return set, err
}

// within returns the set that binds at the beginning of an interval or, where
// nothing bound yet, at the first later instant of it at which something did,
// and at last what stands.
func (d *draft) within(product string, from, to, known calendar.Instant) (*terms.Set, error) {
	for at := from; at < to; at = d.turn(product, at) {
		if set, err := d.terms(product, at, known); err == nil {
			return set, nil
		}
	}
	return d.standing(product, from, known)
}

// turn is the next instant after at at which something that binds may change.
func (d *draft) turn(product string, at calendar.Instant) calendar.Instant {
	return d.env.Terms.Turn(product, d.books.Acceptances, at)
}

// cite notes that rows name a set, and returns its name.
func (d *draft) cite(product string, set *terms.Set) int64 {
	id := set.ID()
	if _, known := d.out.Sets[id]; !known {
		d.cited[id] = set
		d.out.Sets[id] = TermSet{Product: product, Hash: set.Hash(), Refs: set.Refs()}
	}
	return id
}

// Reason is what a transfer's own row does not say of why it was made.
type Reason struct {
	Product, Seller string
	Amount          money.Amount
	// Paid holds the debts that a payment paid, each with what it paid of it.
	Paid arrears.Debts
}

// reason notes why the next row is written.
func (d *draft) reason(r Reason) {
	if d.reasons != nil {
		d.reasons[RowID{Entry: d.entry.Seq, Line: d.lines + 1}] = r
	}
}

// post moves money and keeps the row. A transfer of nothing is left out.
func (d *draft) post(t ledger.Transfer) error {
	if t.Amount == 0 {
		return nil
	}
	if err := d.books.Balances.Post(t); err != nil {
		return err
	}
	row := Posted{Stamp: Stamp{RowID: d.next()}, Transfer: t}
	row.Digest = d.keep(row.Seal(d.books.ID))
	d.out.Transfers = append(d.out.Transfers, row)
	return nil
}
