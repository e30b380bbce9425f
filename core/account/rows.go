package account

import (
	"sync"

	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/ledger"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/notice"
	"termwise.dev/core/rating"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
)

// RowID names a row within its account: the journal entry that wrote it and
// its line there. Lines count through all kinds of row of an entry.
type RowID struct{ Entry, Line int64 }

// Stamp is what every row carries: its name and the digest of its content.
type Stamp struct {
	RowID
	Digest int64
}

// Charge is a line of a bill: one meter of one resource in one clock hour.
type Charge struct {
	Stamp
	metering.Key
	rating.Line
	// Terms names the set of documents that it was computed under.
	Terms int64
}

// Refused is usage that was not billed, and why.
type Refused struct {
	Stamp
	metering.Key
	Quantity int64
	Code     refusal.Code
	Terms    int64
}

// Posted is a transfer of the ledger.
type Posted struct {
	Stamp
	ledger.Transfer
}

// LateFee is the fee of one day on what was overdue to a seller for a product.
type LateFee struct {
	Stamp
	Seller, Product string
	Day             calendar.Day
	Base, Amount    money.Amount
	Terms           int64
}

// Basis is why a step of a timeline was taken: since when, when the customer
// was told of it, and what was owed at the time.
type Basis struct {
	Since, Told calendar.Instant
	Owed        money.Amount
	Terms       int64
}

// Noticed is a notice that was recorded.
type Noticed struct {
	Stamp
	notice.Notice
	Basis
}

// Moved is a move of a service from one state to another.
type Moved struct {
	Stamp
	subscription.Transition
	Basis
}

// Accepted is an acceptance of a document.
type Accepted struct {
	Stamp
	terms.Acceptance
}

// Ruling is the clause that a row rests on, and the set of documents by which it
// is the one that counts; zero where a document says it for itself.
type Ruling struct {
	Clause terms.Citation
	Terms  int64
}

// Lapsed is what the lapse of an order did to the acceptance of a document that
// came with it.
type Lapsed struct {
	Stamp
	Order             string
	Document, Version string // that was accepted with the order
	Effect            terms.LapseEffect
	At, Recorded      calendar.Instant // when it lapsed, and from when that is known
	Ruling
}

// Power is whether an add-on is on.
type Power string

// The two of them.
const (
	On  Power = "on"
	Off Power = "off"
)

func power(on bool) Power {
	if on {
		return On
	}
	return Off
}

// Switched is that an add-on of a product was switched on or off.
type Switched struct {
	Stamp
	Product, AddOn string
	State          Power
	At             calendar.Instant
	// Order is the order whose lapse switched it off, because the terms of the
	// add-on went with it; "" where somebody switched it.
	Order string
	Ruling
}

// digest gives a row's digest over the account, the row's name and its fields.
func digest(account, kind string, id RowID, fields func(*journal.Encoder)) int64 {
	e := encoders.Get().(*journal.Encoder)
	defer encoders.Put(e)
	e.Reset()
	e.Text(account).Text(kind).Int(id.Entry).Int(id.Line)
	fields(e)
	return e.Digest()
}

// encoders are kept, since every row needs one for a moment.
var encoders = sync.Pool{New: func() any { return new(journal.Encoder) }}

func encodeKey(e *journal.Encoder, k metering.Key) {
	e.Text(k.Product).Text(k.Resource).Text(k.Meter).Int(int64(k.Hour))
}

func encodeRuling(e *journal.Encoder, r Ruling) {
	e.Text(r.Clause.Document).Text(r.Clause.Code).Text(r.Clause.Version).Text(r.Clause.Clause).Int(r.Terms)
}

func encodeBasis(e *journal.Encoder, b Basis) {
	e.Int(int64(b.Since)).Int(int64(b.Told)).Int(int64(b.Owed)).Int(b.Terms)
}

// Seal returns the digest that the row must carry.
func (c *Charge) Seal(account string) int64 {
	return digest(account, "charge", c.RowID, func(e *journal.Encoder) {
		encodeKey(e, c.Key)
		e.Int(c.QuantityBefore).Int(c.Quantity).Int(int64(c.AmountBefore)).Int(int64(c.Amount)).Int(c.Sequence).Int(c.Terms)
	})
}

// Seal returns the digest that the row must carry.
func (r *Refused) Seal(account string) int64 {
	return digest(account, "refused", r.RowID, func(e *journal.Encoder) {
		encodeKey(e, r.Key)
		e.Int(r.Quantity).Text(string(r.Code)).Int(r.Terms)
	})
}

// Seal returns the digest that the row must carry.
func (p *Posted) Seal(account string) int64 {
	return digest(account, "transfer", p.RowID, func(e *journal.Encoder) {
		e.Text(string(p.Purpose)).Text(string(p.Debit)).Text(string(p.Credit)).Int(int64(p.Transfer.Amount))
	})
}

// Seal returns the digest that the row must carry.
func (f *LateFee) Seal(account string) int64 {
	return digest(account, "late_fee", f.RowID, func(e *journal.Encoder) {
		e.Text(f.Seller).Text(f.Product).Int(int64(f.Day)).Int(int64(f.Base)).Int(int64(f.Amount)).Int(f.Terms)
	})
}

// Seal returns the digest that the row must carry.
func (n *Noticed) Seal(account string) int64 {
	return digest(account, "notice", n.RowID, func(e *journal.Encoder) {
		e.Text(string(n.Kind)).Text(n.Product).Text(n.Channels).Int(int64(n.Recorded))
		encodeBasis(e, n.Basis)
		// Rows that are older than these fields hold none of them.
		if n.About != (notice.About{}) || n.Served != 0 || n.Inboxes != "" {
			e.Text(n.Document).Text(n.Version).Int(int64(n.Effective)).Int(int64(n.Served)).Text(string(n.Inboxes))
		}
	})
}

// Seal returns the digest that the row must carry.
func (m *Moved) Seal(account string) int64 {
	return digest(account, "transition", m.RowID, func(e *journal.Encoder) {
		e.Text(m.Product).Text(string(m.From)).Text(string(m.To)).Int(int64(m.At))
		encodeBasis(e, m.Basis)
	})
}

// Seal returns the digest that the row must carry.
func (a *Accepted) Seal(account string) int64 {
	return digest(account, "acceptance", a.RowID, func(e *journal.Encoder) {
		e.Text(a.Document).Text(a.Version).Text(string(a.Form)).Int(int64(a.At)).Int(int64(a.Recorded)).
			Text(a.Actor).Bytes(a.TextHash[:])
		if a.Order != "" { // rows that are older than this field came with no order
			e.Text(a.Order)
		}
	})
}

// Seal returns the digest that the row must carry.
func (l *Lapsed) Seal(account string) int64 {
	return digest(account, "lapse", l.RowID, func(e *journal.Encoder) {
		e.Text(l.Order).Text(l.Document).Text(l.Version).Text(string(l.Effect)).Int(int64(l.At)).Int(int64(l.Recorded))
		encodeRuling(e, l.Ruling)
	})
}

// Seal returns the digest that the row must carry.
func (s *Switched) Seal(account string) int64 {
	return digest(account, "add_on", s.RowID, func(e *journal.Encoder) {
		e.Text(s.Product).Text(s.AddOn).Text(string(s.State)).Int(int64(s.At)).Text(s.Order)
		encodeRuling(e, s.Ruling)
	})
}
