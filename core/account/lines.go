package account

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/ledger"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/packed"
	"termwise.dev/core/rating"
)

// Lines are the charges and transfers of one journal entry, as they are kept with
// it. They are written together with the entry and never changed.
//
// The digest of a row is not kept: it is that of the row's content, so it can be
// made again, and eight bytes that cannot be packed would be as much as the rest of
// the row. The entry seals the digests that are made again. A digest of all of
// Content stands in it once, so that whoever reads a row can tell that it was
// changed without reading the other rows of the entry, which may be of any kind.
type Lines struct {
	// Entry numbers the journal entry.
	Entry int64
	// Charges counts the charges in Content.
	Charges int64
	// First and Last are the first and the last hour of the charges. Where there are
	// none they are 0 and -1: no hour lies between them.
	First, Last calendar.Hour
	// Content holds the rows. It is empty, and not nil, when there are none.
	Content []byte
}

// Lines packs the charges and transfers of each of the decision's entries, in the
// order of the entries. The error is that of a row which may not be written: one
// that belongs to no entry or stands out of order, that charges or moves nothing, or
// that moves money from an account to itself.
func (d *Decision) Lines() ([]Lines, error) {
	packed := make([]Lines, len(d.Entries))
	charges, transfers := d.Charges, d.Transfers
	for i := range d.Entries {
		own, moved := 0, 0
		seq := d.Entries[i].Seq
		for ; own < len(charges) && charges[own].Entry == seq; own++ {
			c := &charges[own]
			if c.Quantity <= 0 || c.Sequence <= 0 || own > 0 && c.RowID.Line <= charges[own-1].RowID.Line {
				return nil, d.never("charge", c.RowID)
			}
		}
		for ; moved < len(transfers) && transfers[moved].Entry == seq; moved++ {
			t := &transfers[moved]
			if t.Transfer.Amount <= 0 || t.Debit == t.Credit || moved > 0 && t.RowID.Line <= transfers[moved-1].RowID.Line {
				return nil, d.never("transfer", t.RowID)
			}
		}
		packed[i] = NewLines(d.Account, seq, charges[:own], transfers[:moved])
		charges, transfers = charges[own:], transfers[moved:]
	}
	switch {
	case len(charges) > 0:
		return nil, d.never("charge", charges[0].RowID)
	case len(transfers) > 0:
		return nil, d.never("transfer", transfers[0].RowID)
	}
	return packed, nil
}

// never is the error of a row that no decision may make.
func (d *Decision) never(kind string, row RowID) error {
	return fmt.Errorf("the %s in entry %d line %d of account %s may not be written: it is of nothing, out of order or of no entry; report it",
		kind, row.Entry, row.Line, d.Account)
}

// NewLines packs the charges and transfers of an account's entry, each in the order
// of their lines.
func NewLines(account string, entry int64, charges []Charge, transfers []Posted) Lines {
	l := Lines{Entry: entry, Charges: int64(len(charges)), Last: -1, Content: []byte{}}
	for i := range charges {
		hour := charges[i].Hour
		if i == 0 {
			l.First, l.Last = hour, hour
		}
		l.First, l.Last = min(l.First, hour), max(l.Last, hour)
	}
	if len(charges)+len(transfers) > 0 {
		l.Content = packLines(charges, transfers)
		binary.BigEndian.PutUint64(l.Content[1:], uint64(l.seal(account)))
	}
	return l
}

// seal is the digest that Content must carry.
func (l *Lines) seal(account string) int64 {
	e := encoders.Get().(*journal.Encoder)
	defer encoders.Put(e)
	e.Reset()
	e.Text(account).Text("lines").Int(l.Entry).Bytes(l.Content[linesHead:])
	return e.Digest()
}

// sealed says that Content carries its digest.
func (l *Lines) sealed(account string) bool {
	return len(l.Content) == 0 || len(l.Content) >= linesHead && int64(binary.BigEndian.Uint64(l.Content[1:])) == l.seal(account)
}

// Whole says that the lines are as they were written.
func (l *Lines) Whole(account string) bool {
	charges, transfers, err := l.Unpack()
	if err != nil || !l.sealed(account) {
		return false
	}
	made := NewLines(account, l.Entry, charges, transfers)
	return l.Charges == made.Charges && l.First == made.First && l.Last == made.Last
}

// Open returns the rows with their digests. Where Content does not carry its own,
// rows were changed, nobody knows which: they come with a digest of zero, which fits
// none. The error is Unpack's.
func (l *Lines) Open(account string) ([]Charge, []Posted, error) {
	charges, transfers, err := l.Unpack()
	if err == nil && l.sealed(account) {
		sealRows(account, charges, transfers)
	}
	return charges, transfers, err
}

// sealRows gives rows the digests of what they say.
func sealRows(account string, charges []Charge, transfers []Posted) {
	for i := range charges {
		charges[i].Digest = charges[i].Seal(account)
	}
	for i := range transfers {
		transfers[i].Digest = transfers[i].Seal(account)
	}
}

// linesPacked is the form in which lines are packed. Another form would be another
// first byte.
const linesPacked = 1

// linesHead is how many bytes come before the rows: the form and the digest.
const linesHead = 1 + 8

// mostShared bounds how much of a text is not written because another begins with
// it, so that what a few bytes stand for in memory is bounded too.
const mostShared = 255

// What a charge has in common with the one before it, or with what is usual, is not
// written. These bits stand in front of it and say what that is; above them stands
// its kind.
const (
	sameResource = 1 << iota
	sameHour
	nextLine    // the line after that of the charge before
	sameFigures // quantities, amounts and sequence as in the last charge of its kind
	firstLine   // the first charge of its bucket: nothing was charged before
	kindShift   = iota
)

// kind is what many charges have in common.
type kind struct {
	product, meter string
	terms          int64
}

// linePacker packs charges and transfers one after the other. A text, or a kind, is
// written where it first occurs, and later by its number.
type linePacker struct {
	out    []byte
	texts  map[string]uint64
	kinds  map[kind]uint64
	last   []rating.Line // by kind
	before *Charge
	line   int64 // of the transfer before
}

// packLines writes charges and transfers as compactly as a settlement lets itself be
// written. The same rows are always written as the same bytes, with zeros for the digest.
func packLines(charges []Charge, transfers []Posted) []byte {
	p := linePacker{
		out:   make([]byte, linesHead, linesHead+128+10*len(charges)),
		texts: map[string]uint64{}, kinds: map[kind]uint64{}, before: &Charge{},
	}
	p.out[0] = linesPacked
	p.out = binary.AppendUvarint(p.out, uint64(len(charges)))
	for i := range charges {
		p.charge(&charges[i])
	}
	p.out = binary.AppendUvarint(p.out, uint64(len(transfers)))
	for i := range transfers {
		p.transfer(&transfers[i])
	}
	return p.out
}

func (p *linePacker) charge(c *Charge) {
	of := kind{c.Product, c.Meter, c.Terms}
	at, known := p.kinds[of]
	if !known {
		at = uint64(len(p.kinds))
		p.kinds[of] = at
		p.last = append(p.last, rating.Line{})
	}
	bits := p.bits(c, &p.last[at])
	p.out = binary.AppendUvarint(p.out, at<<kindShift|bits)
	if !known {
		p.text(of.product, "")
		p.text(of.meter, "")
		p.out = binary.BigEndian.AppendUint64(p.out, uint64(of.terms))
	}
	if bits&sameResource == 0 {
		p.text(c.Resource, p.before.Resource)
	}
	// Differences may leave 64 bits and come back when they are added again.
	if bits&sameHour == 0 {
		p.out = binary.AppendVarint(p.out, int64(c.Hour-p.before.Hour))
	}
	if bits&nextLine == 0 {
		p.out = binary.AppendVarint(p.out, c.RowID.Line-p.before.RowID.Line)
	}
	if bits&sameFigures == 0 {
		p.figures(&c.Line, bits&firstLine != 0)
	}
	p.last[at], p.before = c.Line, c
}

// bits says what of a charge is not written.
func (p *linePacker) bits(c *Charge, last *rating.Line) (bits uint64) {
	if c.Resource == p.before.Resource {
		bits |= sameResource
	}
	if c.Hour == p.before.Hour {
		bits |= sameHour
	}
	if c.RowID.Line == p.before.RowID.Line+1 {
		bits |= nextLine
	}
	switch {
	case c.Line == *last:
		bits |= sameFigures
	case c.QuantityBefore == 0 && c.AmountBefore == 0 && c.Sequence == 1:
		bits |= firstLine
	}
	return bits
}

func (p *linePacker) figures(l *rating.Line, first bool) {
	p.out = binary.AppendVarint(p.out, l.Quantity)
	p.out = binary.AppendVarint(p.out, int64(l.Amount))
	if !first {
		p.out = binary.AppendVarint(p.out, l.QuantityBefore)
		p.out = binary.AppendVarint(p.out, int64(l.AmountBefore))
		p.out = binary.AppendVarint(p.out, l.Sequence)
	}
}

func (p *linePacker) transfer(t *Posted) {
	p.out = binary.AppendVarint(p.out, t.RowID.Line-p.line)
	p.line = t.RowID.Line
	p.text(string(t.Purpose), "")
	p.text(string(t.Debit), "")
	p.text(string(t.Credit), "")
	p.out = binary.AppendVarint(p.out, int64(t.Transfer.Amount))
}

// text writes the number of a text; one that is new follows, without what it has in
// common with the beginning of another one.
func (p *linePacker) text(s, other string) {
	if at, known := p.texts[s]; known {
		p.out = binary.AppendUvarint(p.out, at)
		return
	}
	at := uint64(len(p.texts))
	p.texts[s] = at
	p.out = binary.AppendUvarint(p.out, at)
	shared := 0
	for shared < min(len(s), len(other), mostShared) && s[shared] == other[shared] {
		shared++
	}
	p.out = append(p.out, byte(shared))
	p.out = binary.AppendUvarint(p.out, uint64(len(s)-shared))
	p.out = append(p.out, s[shared:]...)
}

// errNotLines is the error of content that packLines has not written.
var errNotLines = errors.New("the charges and transfers are not what packing gives: run termwise verify, " +
	"and put a backup back if it names the entry")

// Unpack returns the rows without their digests. The error is that of Content which
// packing could not have given, be it one byte from what it gave.
func (l *Lines) Unpack() ([]Charge, []Posted, error) {
	if len(l.Content) == 0 {
		return nil, nil, nil
	}
	if len(l.Content) < linesHead || l.Content[0] != linesPacked {
		return nil, nil, errNotLines
	}
	u := lineUnpacker{Reader: packed.NewReader(l.Content[linesHead:]), entry: l.Entry}
	charges, transfers := u.charges(), u.transfers()
	if !u.Whole() || len(charges)+len(transfers) == 0 ||
		!bytes.Equal(packLines(charges, transfers)[linesHead:], l.Content[linesHead:]) {
		return nil, nil, errNotLines
	}
	return charges, transfers, nil
}

// lineUnpacker reads what was packed. After anything that cannot be, it is broken
// and gives nothing more.
type lineUnpacker struct {
	packed.Reader
	entry int64
	texts []string
	kinds []kind
	last  []rating.Line // by kind
}

func (u *lineUnpacker) charges() []Charge {
	charges := make([]Charge, 0, u.Count())
	var before Charge
	for range cap(charges) {
		c := u.charge(&before)
		if u.Broken() {
			return nil
		}
		charges = append(charges, c)
		before = c
	}
	return charges
}

func (u *lineUnpacker) charge(before *Charge) (c Charge) {
	bits := u.Uvarint()
	at := bits >> kindShift
	switch {
	case at > uint64(len(u.kinds)):
		u.Break()
	case at == uint64(len(u.kinds)):
		u.kinds = append(u.kinds, kind{u.text(""), u.text(""), int64(u.Uint64())})
		u.last = append(u.last, rating.Line{})
	}
	if u.Broken() {
		return c
	}
	of := &u.kinds[at]
	c = Charge{
		Stamp: Stamp{RowID: RowID{Entry: u.entry, Line: before.RowID.Line + 1}}, Terms: of.terms,
		Key: metering.Key{Product: of.product, Meter: of.meter, Resource: before.Resource, Hour: before.Hour},
	}
	if bits&sameResource == 0 {
		c.Resource = u.text(before.Resource)
	}
	if bits&sameHour == 0 {
		c.Hour = before.Hour + calendar.Hour(u.Varint())
	}
	if bits&nextLine == 0 {
		c.RowID.Line = before.RowID.Line + u.Varint()
	}
	if bits&sameFigures == 0 {
		u.last[at] = u.figures(bits&firstLine != 0)
	}
	c.Line = u.last[at]
	return c
}

func (u *lineUnpacker) figures(first bool) rating.Line {
	l := rating.Line{Quantity: u.Varint(), Amount: money.Amount(u.Varint()), Sequence: 1}
	if !first {
		l.QuantityBefore, l.AmountBefore, l.Sequence = u.Varint(), money.Amount(u.Varint()), u.Varint()
	}
	return l
}

func (u *lineUnpacker) transfers() []Posted {
	transfers := make([]Posted, 0, u.Count())
	line := int64(0)
	for range cap(transfers) {
		line += u.Varint()
		t := Posted{Stamp: Stamp{RowID: RowID{Entry: u.entry, Line: line}}, Transfer: ledger.Transfer{
			Purpose: ledger.Purpose(u.text("")), Debit: ledger.Account(u.text("")), Credit: ledger.Account(u.text("")),
			Amount: money.Amount(u.Varint()),
		}}
		if u.Broken() {
			return nil
		}
		transfers = append(transfers, t)
	}
	return transfers
}

// text reads a text; a new one begins as other does, as far as it says.
func (u *lineUnpacker) text(other string) string {
	at := u.Uvarint()
	if at < uint64(len(u.texts)) {
		return u.texts[at]
	}
	shared := u.Bytes(1)
	if u.Broken() || at > uint64(len(u.texts)) || int(shared[0]) > len(other) {
		u.Break()
		return ""
	}
	s := other[:shared[0]] + u.Reader.Text()
	u.texts = append(u.texts, s)
	return s
}
