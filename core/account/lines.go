package account

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/ledger"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/notice"
	"termwise.dev/core/packed"
	"termwise.dev/core/rating"
	"termwise.dev/core/subscription"
)

// Packed are the rows of one journal entry that are kept with it, each kind in the
// order of lines: charges, transfers, moves, and those notices that are found by their
// account alone; see Noticed.Packs.
type Packed struct {
	Charges   []Charge
	Transfers []Posted
	Notices   []Noticed
	Moves     []Moved
}

// Packs says that the notice is kept with its entry. One about a document has a row of
// its own, by which it is found who was told of the document.
func (n *Noticed) Packs() bool { return n.Document == "" }

// Lines are the rows of one journal entry as they are packed and kept with it. They are
// written together with the entry and never changed.
//
// The digest of a row is not kept: it is that of the row's content, so it can be
// made again, and eight bytes that cannot be packed would be as much as the rest of
// the row. The entry seals the digests that are made again. A digest of all of
// Content stands in it once, so that whoever reads a row can tell that it was
// changed without reading the other rows of the entry, which may be of any kind.
type Lines struct {
	// Entry numbers the journal entry.
	Entry int64
	// Charges counts the charges in Content, Steps the notices and moves: what a step of
	// a service's timeline writes, but also what its opening or its end does.
	Charges, Steps int64
	// First and Last are the first and the last hour of the charges. Where there are
	// none they are 0 and -1: no hour lies between them.
	First, Last calendar.Hour
	// Content holds the rows. It is empty, and not nil, when there are none.
	Content []byte
}

// Lines packs the rows of each of the decision's entries, in the order of the entries.
// The error is that of a row which may not be written: one that belongs to no entry or
// stands out of order, that charges or moves nothing, or that moves money from an
// account to itself.
func (d *Decision) Lines() ([]Lines, error) {
	left := Packed{d.Charges, d.Transfers, d.packing(), d.Transitions}
	packed := make([]Lines, len(d.Entries))
	for i := range d.Entries {
		seq := d.Entries[i].Seq
		own := Packed{CutEntry(&left.Charges, seq), CutEntry(&left.Transfers, seq), CutEntry(&left.Notices, seq), CutEntry(&left.Moves, seq)}
		if err := d.mayWrite(&own); err != nil {
			return nil, err
		}
		packed[i] = NewLines(d.Account, seq, own)
	}
	return packed, errors.Join(
		stray(d, "charge", left.Charges), stray(d, "transfer", left.Transfers),
		stray(d, "notice", left.Notices), stray(d, "move", left.Moves))
}

// packing lists the notices that are packed.
func (d *Decision) packing() []Noticed {
	return slices.DeleteFunc(slices.Clone(d.Notices), func(n Noticed) bool { return !n.Packs() })
}

// NoticeRows lists the notices that have rows of their own.
func (d *Decision) NoticeRows() []Noticed {
	return slices.DeleteFunc(slices.Clone(d.Notices), func(n Noticed) bool { return n.Packs() })
}

// CutEntry takes the rows of an entry from the beginning of a list.
func CutEntry[R any, P row[R]](rows *[]R, entry int64) []R {
	n := 0
	for n < len(*rows) && P(&(*rows)[n]).place().Entry == entry {
		n++
	}
	own := (*rows)[:n]
	*rows = (*rows)[n:]
	return own
}

// mayWrite refuses rows of nothing, and such as stand out of order.
func (d *Decision) mayWrite(p *Packed) error {
	for i := range p.Charges {
		if c := &p.Charges[i]; c.Quantity <= 0 || c.Sequence <= 0 {
			return d.never("charge", c.RowID)
		}
	}
	for i := range p.Transfers {
		if t := &p.Transfers[i]; t.Transfer.Amount <= 0 || t.Debit == t.Credit {
			return d.never("transfer", t.RowID)
		}
	}
	for i := range p.Notices {
		if n := &p.Notices[i]; n.Version != "" { // of a document, which it does not name
			return d.never("notice", n.RowID)
		}
	}
	return errors.Join(
		inOrder(d, "charge", p.Charges), inOrder(d, "transfer", p.Transfers),
		inOrder(d, "notice", p.Notices), inOrder(d, "move", p.Moves))
}

// inOrder refuses rows that do not stand in the order of their lines.
func inOrder[R any, P row[R]](d *Decision, kind string, rows []R) error {
	for i := 1; i < len(rows); i++ {
		if id := P(&rows[i]).place(); id.Line <= P(&rows[i-1]).place().Line {
			return d.never(kind, id)
		}
	}
	return nil
}

// stray refuses rows of no entry.
func stray[R any, P row[R]](d *Decision, kind string, rows []R) error {
	if len(rows) == 0 {
		return nil
	}
	return d.never(kind, P(&rows[0]).place())
}

// never is the error of a row that no decision may make.
func (d *Decision) never(kind string, row RowID) error {
	return fmt.Errorf("the %s in entry %d line %d of account %s may not be written: it is of nothing, out of order or of no entry; report it",
		kind, row.Entry, row.Line, d.Account)
}

// NewLines packs the rows of an account's entry.
func NewLines(account string, entry int64, p Packed) Lines {
	l := Lines{Entry: entry, Charges: int64(len(p.Charges)), Steps: int64(len(p.Notices) + len(p.Moves)), Last: -1, Content: []byte{}}
	for i := range p.Charges {
		hour := p.Charges[i].Hour
		if i == 0 {
			l.First, l.Last = hour, hour
		}
		l.First, l.Last = min(l.First, hour), max(l.Last, hour)
	}
	if !p.empty() {
		l.Content = p.pack()
		binary.BigEndian.PutUint64(l.Content[1:], uint64(l.seal(account)))
	}
	return l
}

func (p *Packed) empty() bool {
	return len(p.Charges)+len(p.Transfers)+len(p.Notices)+len(p.Moves) == 0
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
	p, err := l.Unpack()
	if err != nil || !l.sealed(account) {
		return false
	}
	made := NewLines(account, l.Entry, p)
	return l.Charges == made.Charges && l.Steps == made.Steps && l.First == made.First && l.Last == made.Last
}

// Open returns the rows with their digests. Where Content does not carry its own,
// rows were changed, nobody knows which: they come with a digest of zero, which fits
// none. The error is Unpack's.
func (l *Lines) Open(account string) (Packed, error) {
	p, err := l.Unpack()
	if err == nil && l.sealed(account) {
		p.seal(account)
	}
	return p, err
}

// seal gives rows the digests of what they say.
func (p *Packed) seal(account string) {
	for i := range p.Charges {
		p.Charges[i].Digest = p.Charges[i].Seal(account)
	}
	for i := range p.Transfers {
		p.Transfers[i].Digest = p.Transfers[i].Seal(account)
	}
	for i := range p.Notices {
		p.Notices[i].Digest = p.Notices[i].Seal(account)
	}
	for i := range p.Moves {
		p.Moves[i].Digest = p.Moves[i].Seal(account)
	}
}

// The forms in which lines are packed: the first byte. Most entries have no notices and
// no moves, and do not say so.
const (
	linesOfMoney = 1 // charges and transfers
	linesOfSteps = 2 // these, and then notices and moves
)

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

// linePacker packs rows one after the other. A text, or a kind, is
// written where it first occurs, and later by its number.
type linePacker struct {
	out    []byte
	texts  map[string]uint64
	kinds  map[kind]uint64
	last   []rating.Line // by kind
	before *Charge
	line   int64 // of the row before of the same kind, other than charges
}

// pack writes rows as compactly as a settlement lets itself be written. The same rows
// are always written as the same bytes, with zeros for the digest.
func (p *Packed) pack() []byte {
	to := linePacker{
		out:   make([]byte, linesHead, linesHead+128+10*len(p.Charges)+100*(len(p.Notices)+len(p.Moves))),
		texts: map[string]uint64{}, kinds: map[kind]uint64{}, before: &Charge{},
	}
	to.out[0] = linesOfMoney
	packEach(&to, p.Charges, to.charge)
	packEach(&to, p.Transfers, to.transfer)
	if len(p.Notices)+len(p.Moves) > 0 {
		to.out[0] = linesOfSteps
		packEach(&to, p.Notices, to.notice)
		packEach(&to, p.Moves, to.move)
	}
	return to.out
}

// packEach writes how many rows there are, and each of them.
func packEach[R any](to *linePacker, rows []R, write func(*R)) {
	to.line = 0
	to.out = binary.AppendUvarint(to.out, uint64(len(rows)))
	for i := range rows {
		write(&rows[i])
	}
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

// number writes a line by how far it is from the one before.
func (p *linePacker) number(id RowID) {
	p.out = binary.AppendVarint(p.out, id.Line-p.line)
	p.line = id.Line
}

func (p *linePacker) transfer(t *Posted) {
	p.number(t.RowID)
	p.text(string(t.Purpose), "")
	p.text(string(t.Debit), "")
	p.text(string(t.Credit), "")
	p.out = binary.AppendVarint(p.out, int64(t.Transfer.Amount))
}

func (p *linePacker) notice(n *Noticed) {
	p.number(n.RowID)
	p.text(string(n.Kind), "")
	p.text(n.Product, "")
	p.text(n.Channels, "")
	p.text(string(n.Inboxes), "")
	p.out = binary.AppendVarint(p.out, int64(n.Recorded))
	p.out = binary.AppendVarint(p.out, int64(n.Effective))
	p.out = binary.AppendVarint(p.out, int64(n.Served))
	p.basis(&n.Basis)
}

func (p *linePacker) move(m *Moved) {
	p.number(m.RowID)
	p.text(m.Product, "")
	p.text(string(m.From), "")
	p.text(string(m.To), "")
	p.out = binary.AppendVarint(p.out, int64(m.At))
	p.basis(&m.Basis)
}

func (p *linePacker) basis(b *Basis) {
	p.out = binary.AppendVarint(p.out, int64(b.Since))
	p.out = binary.AppendVarint(p.out, int64(b.Told))
	p.out = binary.AppendVarint(p.out, int64(b.Owed))
	p.out = binary.BigEndian.AppendUint64(p.out, uint64(b.Terms))
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

// errNotLines is the error of content that packing has not written.
var errNotLines = errors.New("the rows of the entry are not what packing gives: run termwise verify, " +
	"and put a backup back if it names the entry")

// Unpack returns the rows without their digests. The error is that of Content which
// packing could not have given, be it one byte from what it gave.
func (l *Lines) Unpack() (Packed, error) {
	if len(l.Content) == 0 {
		return Packed{}, nil
	}
	if len(l.Content) < linesHead {
		return Packed{}, errNotLines
	}
	u := lineUnpacker{Reader: packed.NewReader(l.Content[linesHead:]), entry: l.Entry}
	p := Packed{Charges: u.charges(), Transfers: unpackEach(&u, u.transfer)}
	if l.Content[0] == linesOfSteps {
		p.Notices, p.Moves = unpackEach(&u, u.notice), unpackEach(&u, u.move)
	}
	if !u.Whole() || p.empty() {
		return Packed{}, errNotLines
	}
	if again := p.pack(); again[0] != l.Content[0] || !bytes.Equal(again[linesHead:], l.Content[linesHead:]) {
		return Packed{}, errNotLines
	}
	return p, nil
}

// lineUnpacker reads what was packed. After anything that cannot be, it is broken
// and gives nothing more.
type lineUnpacker struct {
	packed.Reader
	entry int64
	line  int64 // of the row before of the same kind, other than charges
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

// unpackEach reads how many rows there are, and each of them.
func unpackEach[R any](u *lineUnpacker, read func() R) []R {
	u.line = 0
	n := u.Count()
	rows := make([]R, 0, min(n, fewRows))
	for range n {
		r := read()
		if u.Broken() {
			return nil
		}
		rows = append(rows, r)
	}
	return rows
}

// fewRows are made room for at once: how many there are is only known when they are read.
const fewRows = 64

func (u *lineUnpacker) stamp() Stamp {
	u.line += u.Varint()
	return Stamp{RowID: RowID{Entry: u.entry, Line: u.line}}
}

func (u *lineUnpacker) transfer() Posted {
	return Posted{Stamp: u.stamp(), Transfer: ledger.Transfer{
		Purpose: ledger.Purpose(u.text("")), Debit: ledger.Account(u.text("")), Credit: ledger.Account(u.text("")),
		Amount: money.Amount(u.Varint()),
	}}
}

func (u *lineUnpacker) notice() Noticed {
	n := Noticed{Stamp: u.stamp(), Notice: notice.Notice{
		Kind: notice.Kind(u.text("")), Product: u.text(""), Channels: u.text(""), Inboxes: notice.Inboxes(u.text("")),
		Recorded: calendar.Instant(u.Varint()),
	}}
	n.Effective = calendar.Instant(u.Varint())
	n.Served = calendar.Instant(u.Varint())
	n.Basis = u.basis()
	return n
}

func (u *lineUnpacker) move() Moved {
	return Moved{Stamp: u.stamp(), Transition: subscription.Transition{
		Product: u.text(""), From: subscription.State(u.text("")), To: subscription.State(u.text("")),
		At: calendar.Instant(u.Varint()),
	}, Basis: u.basis()}
}

func (u *lineUnpacker) basis() Basis {
	return Basis{
		Since: calendar.Instant(u.Varint()), Told: calendar.Instant(u.Varint()),
		Owed: money.Amount(u.Varint()), Terms: int64(u.Uint64()),
	}
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
