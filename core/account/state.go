package account

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"strconv"

	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/packed"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
)

// packedState is the form in which the state of books is packed. Another form would
// be another first byte.
const packedState = 1

// PackState writes what the books hold beside the account's own facts and its usage:
// balances, debts, services with their moves, acceptances, lapses, exits and ends.
// It is what a decision needs to know of the past, so that no other row has to be
// read for it. The same state is always written as the same bytes.
func (b *Books) PackState() []byte {
	p := packer{out: append(make([]byte, 0, 512), packedState)}
	p.balances(b.Balances)
	each(&p, b.Debts, p.debt)
	p.services(b.Services)
	each(&p, b.Acceptances, p.acceptance)
	each(&p, b.Lapses, p.lapse)
	each(&p, b.Exits, p.exit)
	each(&p, b.Ends, p.end)
	return p.out
}

// errNotAState is the error of content that PackState has not written.
var errNotAState = Unreadable("the state of the account is not what packing gives")

// Unreadable is the refusal to decide on an account of which something that is
// stored cannot be read; what says what that is, and what becomes of it.
func Unreadable(what string) error {
	return refusal.New(refusal.BadInput, "%s: the database was changed by hand", what).
		Do("run termwise verify, and put the row back as it was")
}

// UnpackState fills in what PackState wrote. It returns an error for content that
// cannot be read; whether what was read is true, Evidence.Check tells.
func (b *Books) UnpackState(content []byte) error {
	u := unpacker{Reader: packed.NewReader(content)}
	u.Form(packedState)
	b.Balances = u.balances()
	b.Debts = list(&u, u.debt)
	b.Services = u.services()
	b.Acceptances = list(&u, u.acceptance)
	b.Lapses = list(&u, u.lapse)
	b.Exits = list(&u, u.exit)
	b.Ends = list(&u, u.end)
	if !u.Whole() {
		return errNotAState
	}
	b.voidLapsed()
	return nil
}

// voidLapsed takes back the acceptances that went with orders that lapsed.
func (b *Books) voidLapsed() {
	if len(b.Lapses) == 0 {
		return
	}
	cameWith := map[string][]int{}
	for i := range b.Acceptances {
		if order := b.Acceptances[i].Order; order != "" {
			cameWith[order] = append(cameWith[order], i)
		}
	}
	for i := range b.Lapses {
		for _, at := range cameWith[b.Lapses[i].Order] {
			b.Lapses[i].void(b.Acceptances[at : at+1])
		}
	}
}

// holdsState says whether content is how the state of the books is written.
func (b *Books) holdsState(content []byte) bool { return bytes.Equal(content, b.PackState()) }

// Totals are what lists ask of an account, in 1e-6 of its currency: what the wallet
// holds, what principal is outstanding, which late fees are unpaid, and whether a
// timeline of arrears runs for one of its services.
type Totals struct {
	Wallet, Owed, Fees money.Amount
	InArrears          bool
}

// Totals sums the books. It refuses a sum that leaves 64 bits, a debt of nothing or
// less, and a service in a state that there is not.
func (b *Books) Totals() (t Totals, err error) {
	t.Wallet = b.Balances[ledger.Wallet]
	for _, d := range b.Debts {
		if d.Outstanding <= 0 {
			return t, Unreadable("a debt of " + d.Outstanding.String() + " is none")
		}
		if t.Owed, err = t.Owed.Add(d.Outstanding); err != nil {
			return t, err
		}
	}
	for name := range b.Balances {
		if !name.IsFees() {
			continue
		}
		if t.Fees, err = t.Fees.Add(b.Balances.Owed(name)); err != nil {
			return t, err
		}
	}
	for _, s := range b.Services {
		if !s.State.Exists() {
			return t, Unreadable("a service cannot be " + strconv.Quote(string(s.State)))
		}
		t.InArrears = t.InArrears || s.ArrearsSince != 0
	}
	return t, nil
}

// packer writes numbers, texts and instants one after the other: a text that was
// written before by its place among the texts, an instant as the distance from the
// one before.
type packer struct {
	out    []byte
	texts  []string
	places map[string]int // of texts, when there are many
	at     calendar.Instant
}

func (p *packer) count(n int) { p.out = binary.AppendUvarint(p.out, uint64(n)) }

func (p *packer) int(v int64) { p.out = binary.AppendVarint(p.out, v) }

func (p *packer) text(s string) {
	if place, written := p.place(s); written {
		p.count(place + 1)
		return
	}
	p.texts = append(p.texts, s)
	p.count(0)
	p.count(len(s))
	p.out = append(p.out, s...)
}

// manyTexts is from how many texts on looking through them takes longer than a map.
const manyTexts = 32

// place finds a text that was written.
func (p *packer) place(s string) (place int, written bool) {
	if len(p.texts) < manyTexts {
		place = slices.Index(p.texts, s)
		return place, place >= 0
	}
	if p.places == nil {
		p.places = make(map[string]int, 2*manyTexts)
	}
	for i := len(p.places); i < len(p.texts); i++ { // no text is in there twice
		p.places[p.texts[i]] = i
	}
	place, written = p.places[s]
	return place, written
}

// instant writes an instant. One that is not set is a zero, which says so.
func (p *packer) instant(at calendar.Instant) {
	if at == 0 {
		p.count(0)
		return
	}
	p.count(1)
	// The difference may leave 64 bits and comes back when it is added again.
	p.int(int64(at) - int64(p.at))
	p.at = at
}

// each writes how many things there are, and each of them.
func each[T any](p *packer, things []T, write func(*T)) {
	p.count(len(things))
	for i := range things {
		write(&things[i])
	}
}

func (p *packer) balances(b ledger.Balances) {
	p.count(len(b))
	for _, name := range b.Names() {
		p.text(string(name))
		p.int(int64(b[name]))
	}
}

func (p *packer) debt(d *arrears.Debt) {
	p.instant(d.Since)
	p.text(d.Seller)
	p.text(d.Product)
	p.int(int64(d.Due))
	p.int(int64(d.Outstanding))
}

func (p *packer) services(services map[string]*subscription.Service) {
	p.count(len(services))
	for _, product := range slices.Sorted(maps.Keys(services)) {
		s := services[product]
		p.text(product)
		p.text(string(s.State))
		p.instant(s.Since)
		p.instant(s.ArrearsSince)
		p.instant(s.Noticed)
		p.instant(s.Warned)
		each(p, s.History, func(t *subscription.Transition) {
			p.text(string(t.From))
			p.text(string(t.To))
			p.instant(t.At)
		})
	}
}

// acceptance leaves out what a lapse made void: the lapses tell.
func (p *packer) acceptance(a *terms.Acceptance) {
	p.text(a.Document)
	p.text(a.Version)
	p.text(string(a.Form))
	p.instant(a.At)
	p.instant(a.Recorded)
	p.text(a.Actor)
	p.out = append(p.out, a.TextHash[:]...)
	p.text(a.Order)
}

func (p *packer) lapse(l *Lapsed) {
	p.int(l.Entry)
	p.int(l.Line)
	p.int(l.Digest)
	p.text(l.Order)
	p.text(l.Document)
	p.text(l.Version)
	p.text(string(l.Effect))
	p.instant(l.At)
	p.instant(l.Recorded)
	p.text(l.Clause.Document)
	p.text(l.Clause.Code)
	p.text(l.Clause.Version)
	p.text(l.Clause.Clause)
	p.int(l.Terms)
}

func (p *packer) exit(e *Exit) {
	p.text(e.Document)
	p.text(e.Version)
	p.instant(e.At)
	p.instant(e.Told)
	p.instant(e.Lifted)
	p.instant(e.Recorded)
	p.instant(e.LiftedRecorded)
	p.int(e.Entry)
}

func (p *packer) end(e *End) {
	p.text(e.Document)
	p.text(e.Version)
	p.instant(e.At)
}

// unpacker reads what a packer wrote.
type unpacker struct {
	packed.Reader
	texts []string
	at    calendar.Instant
}

func (u *unpacker) text() string {
	at := u.Uvarint()
	if at > uint64(len(u.texts)) {
		u.Break()
		return ""
	}
	if at > 0 {
		return u.texts[at-1]
	}
	s := u.Reader.Text()
	u.texts = append(u.texts, s)
	return s
}

func (u *unpacker) instant() calendar.Instant {
	if u.Count() == 0 {
		return 0
	}
	u.at = calendar.Instant(int64(u.at) + u.Varint())
	return u.at
}

// list reads things that each wrote; nil when there are none.
func list[T any](u *unpacker, read func() T) []T {
	n := u.Count()
	if n == 0 {
		return nil
	}
	things := make([]T, 0, min(n, 64)) // as many as come: a damaged count must not fill the memory
	for range n {
		if u.Broken() {
			return nil
		}
		things = append(things, read())
	}
	return things
}

func (u *unpacker) balances() ledger.Balances {
	n := u.Count()
	b := make(ledger.Balances, min(n, 64))
	for range n {
		if u.Broken() {
			break
		}
		name := ledger.Account(u.text())
		b[name] = money.Amount(u.Varint())
	}
	return b
}

func (u *unpacker) debt() arrears.Debt {
	return arrears.Debt{
		Since: u.instant(), Seller: u.text(), Product: u.text(), Due: calendar.Day(u.Varint()), Outstanding: money.Amount(u.Varint()),
	}
}

func (u *unpacker) services() map[string]*subscription.Service {
	n := u.Count()
	services := make(map[string]*subscription.Service, min(n, 64))
	for range n {
		if u.Broken() {
			break
		}
		s := &subscription.Service{
			Product: u.text(), State: subscription.State(u.text()), Since: u.instant(),
			ArrearsSince: u.instant(), Noticed: u.instant(), Warned: u.instant(),
		}
		s.History = list(u, func() subscription.Transition {
			return subscription.Transition{
				Product: s.Product, From: subscription.State(u.text()), To: subscription.State(u.text()), At: u.instant(),
			}
		})
		services[s.Product] = s
	}
	return services
}

func (u *unpacker) acceptance() terms.Acceptance {
	a := terms.Acceptance{
		Document: u.text(), Version: u.text(), Form: terms.AcceptanceForm(u.text()),
		At: u.instant(), Recorded: u.instant(), Actor: u.text(),
	}
	copy(a.TextHash[:], u.Bytes(len(a.TextHash)))
	a.Order = u.text()
	return a
}

func (u *unpacker) lapse() Lapsed {
	return Lapsed{
		Stamp: Stamp{RowID: RowID{Entry: u.Varint(), Line: u.Varint()}, Digest: u.Varint()},
		Order: u.text(), Document: u.text(), Version: u.text(), Effect: terms.LapseEffect(u.text()),
		At: u.instant(), Recorded: u.instant(),
		Ruling: Ruling{
			Clause: terms.Citation{Document: u.text(), Code: u.text(), Version: u.text(), Clause: u.text()},
			Terms:  u.Varint(),
		},
	}
}

func (u *unpacker) exit() Exit {
	return Exit{
		Document: u.text(), Version: u.text(), At: u.instant(), Told: u.instant(), Lifted: u.instant(),
		Recorded: u.instant(), LiftedRecorded: u.instant(), Entry: u.Varint(),
	}
}

func (u *unpacker) end() End { return End{Document: u.text(), Version: u.text(), At: u.instant()} }
