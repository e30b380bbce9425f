package model

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Books are what an account's story comes to.
type Books struct {
	model   *Model
	account *account
	// Told is what the account was told last; what comes of it is recorded then.
	told fact
	// At is up to when time has been lived through.
	At time.Time

	Accepted []Acceptance
	Balances map[string]Money // credits less debits
	Debts    []Debt
	Services map[string]*Service

	Charges []Charge
	Refused []Refused
	Fees    []Fee
	Moves   []Move
	Notices []Notice
	// Arrived lists the usage events that were accepted, in order.
	Arrived []Arrival
	// Moved sums the transfers by their purpose and the instant that they belong to.
	Moved map[Movement]Money

	// Ends are the ends of products and agreements that the account was told of.
	Ends []End
	// Exits are the documents that the customer leaves.
	Exits []Exit

	waiting  []part
	settled  map[bucket]*settledBucket
	firstUse map[[2]string]time.Time // by product and resource
	lastFees time.Time               // the last midnight at which fees were looked for
	lastPaid Money                   // what the last top-up paid

	hasBeenTold map[*Document]bool
}

// settledBucket is what was settled of a bucket.
type settledBucket struct {
	billed int64
	cost   Money
	lines  int
}

// Debt is what falls due to a seller for a product at one instant and is not paid.
type Debt struct {
	Due             string // the legal day
	Seller, Product string
	Since           time.Time
	Outstanding     Money
}

// Charge is one line of a bill.
type Charge struct {
	Product, Resource, Meter string
	Hour                     time.Time
	Line                     int // the first, or a later one that adjusts it
	Quantity                 int64
	Amount                   Money
	At, Recorded             time.Time
}

// Refused is usage that was accepted and may not be billed.
type Refused struct {
	Product, Resource, Meter string
	Hour                     time.Time
	Quantity                 int64
	Code                     string
	At, Recorded             time.Time
}

// Fee is the late fee of one day.
type Fee struct {
	Seller, Product, Day string
	Base, Amount         Money
	At, Recorded         time.Time
}

// Move is a step of a service from one state to another.
type Move struct {
	Product, From, To string
	At                time.Time
	Owed              Money
}

// Notice is something that the customer was told.
type Notice struct {
	Kind, Product string
	Recorded      time.Time
	Owed          Money
}

// Movement names the transfers of one purpose at one instant.
type Movement struct {
	Purpose      string
	At, Recorded time.Time
}

// Arrival is a usage event that was accepted.
type Arrival struct {
	Event
	Recorded time.Time
}

// Service is the use of a product.
type Service struct {
	State string // active, suspended, released or ended
	Since time.Time
	// ArrearsSince is when the arrears began that it is in; zero for none.
	ArrearsSince time.Time
	// Noticed and Warned are when the customer was told; zero for not yet.
	Noticed, Warned time.Time
}

// Books lives an account's story from the first day, through all that it was
// told, and says where it stands. It returns nil for an account that there is not.
func (m *Model) Books(id string) *Books {
	a := m.accounts[id]
	if a == nil {
		return nil
	}
	return m.lived(a)
}

// BooksIf are the books of an account as they would stand if somebody looked at
// it up to an instant.
func (m *Model) BooksIf(id string, to time.Time) *Books {
	return m.booksIf(m.accounts[id], fact{now: m.Now, look: to})
}

// booksIf are the books as they would stand if the account were told one thing more.
func (m *Model) booksIf(a *account, more fact) *Books {
	b := m.lived(a).clone()
	b.tell(more)
	return b
}

// lived goes on living where it stopped. What was lived stays as it is: nothing
// that is published later was known then.
func (m *Model) lived(a *account) *Books {
	if a.books == nil {
		a.books = m.begin(a)
	}
	for _, f := range a.facts[a.lived:] {
		a.books.tell(f)
	}
	a.lived = len(a.facts)
	return a.books
}

// FromScratch are the books of an account, lived again from the first day.
func (m *Model) FromScratch(id string) *Books {
	b := m.begin(m.accounts[id])
	for _, f := range m.accounts[id].facts {
		b.tell(f)
	}
	return b
}

func (m *Model) begin(a *account) *Books {
	return &Books{
		model: m, account: a, At: a.opened, lastFees: a.opened,
		Balances: map[string]Money{}, Services: map[string]*Service{}, Moved: map[Movement]Money{},
		settled: map[bucket]*settledBucket{}, firstUse: map[[2]string]time.Time{}, hasBeenTold: map[*Document]bool{},
	}
}

func (b *Books) clone() *Books {
	c := *b
	c.Accepted, c.Debts, c.Charges, c.Refused = slices.Clone(b.Accepted), slices.Clone(b.Debts), slices.Clip(b.Charges), slices.Clip(b.Refused)
	c.Fees, c.Moves, c.Notices, c.Arrived = slices.Clip(b.Fees), slices.Clip(b.Moves), slices.Clip(b.Notices), slices.Clip(b.Arrived)
	c.Balances, c.Moved, c.firstUse = maps.Clone(b.Balances), maps.Clone(b.Moved), maps.Clone(b.firstUse)
	c.waiting, c.Ends, c.hasBeenTold = slices.Clone(b.waiting), slices.Clip(b.Ends), maps.Clone(b.hasBeenTold)
	c.Exits = slices.Clone(b.Exits)
	c.Services, c.settled = map[string]*Service{}, map[bucket]*settledBucket{}
	for k, s := range b.Services {
		service := *s
		c.Services[k] = &service
	}
	for k, s := range b.settled {
		bucket := *s
		c.settled[k] = &bucket
	}
	return &c
}

// tell lives on until the fact, and then through it.
func (b *Books) tell(f fact) {
	b.told = f
	if f.usage != nil {
		b.use(f.usage)
		return
	}
	b.live(f.look)
	at := later(f.look, b.At)
	if f.accept != nil {
		b.accept(f.accept, at)
		b.live(at) // what was accepted may make something due at once
	}
	if f.topUp != nil {
		b.pay(f.topUp, at)
	}
	if f.announced != nil {
		b.announce(f.announced, at)
	}
	if f.leaving != nil {
		b.leave(f.leaving, at)
		b.live(at) // what ends now
	}
}

// use notes usage that has arrived; settling it comes later.
func (b *Books) use(e *Event) {
	b.Arrived = append(b.Arrived, Arrival{*e, b.told.now})
	b.waiting = append(b.waiting, e.parts(b.told.now)...)
	slices.SortStableFunc(b.waiting, func(a, b part) int { return a.hour.Compare(b.hour) })
	name := [2]string{e.Product, e.Resource}
	if first, seen := b.firstUse[name]; !seen || e.From.Before(first) {
		b.firstUse[name] = e.From
	}
}

// accept notes acceptances, but for what was accepted before.
func (b *Books) accept(accepted []Acceptance, at time.Time) {
	for _, a := range accepted {
		before := slices.ContainsFunc(b.Accepted, func(o Acceptance) bool {
			return o.Document == a.Document && o.Version == a.Version && o.Form == a.Form && !o.At.After(a.At)
		})
		if !before || b.hasLeft(a.Document) {
			a.Recorded = b.recorded(at)
			b.Accepted = append(b.Accepted, a)
			b.lift(a)
			b.At = at
		}
	}
}

// recorded is when something is written down that happens at an instant.
func (b *Books) recorded(at time.Time) time.Time {
	if b.model.Virtual {
		return at
	}
	return later(at, b.told.now)
}

// ask makes the question of what binds at an instant, as it is known when what
// happens at another is written down.
func (b *Books) ask(product string, at, happens time.Time) question {
	return question{b.account.id, b.Accepted, b.Exits, product, at, b.recorded(happens)}
}

// askWithin makes the question of what binds in a time: as it begins or, where
// something was missing yet, at the first turn within it at which it was there.
// When it is missing throughout, what was there last goes on.
func (b *Books) askWithin(product string, from, to, happens time.Time, isThere func(question) bool) question {
	q := b.ask(product, from, happens)
	instants := b.turns()
	for _, t := range append([]time.Time{from}, instants...) {
		if q.at = t; !t.Before(from) && t.Before(to) && isThere(q) {
			return q
		}
	}
	slices.Reverse(instants)
	for _, t := range instants {
		if q.at = t.Add(-time.Microsecond); !t.After(from) && isThere(q) {
			return q
		}
	}
	q.at = from
	return q
}

// turns lists, in order, the instants at which what binds the account may change.
func (b *Books) turns() []time.Time {
	all := b.model.turns()
	for _, a := range b.Accepted {
		all = append(all, a.At)
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}

// askHour makes the question of what binds for the usage of a meter in an hour.
func (b *Books) askHour(k bucket, happens time.Time) question {
	return b.askWithin(k.product, k.hour, k.end(), happens, func(q question) bool {
		page := b.model.page(q)
		return b.model.hasAgreement(q) && page != nil && page.meter(k.meter) != nil
	})
}

// askStanding makes the question of what binds at an instant, or bound last: what
// is owed goes on under what was agreed for it.
func (b *Books) askStanding(product string, at time.Time) question {
	return b.askWithin(product, at, at.Add(time.Microsecond), at, b.model.isAgreed)
}

func (b *Books) value(key, product string, at time.Time) (string, bool) {
	return b.model.value(key, b.askStanding(product, at))
}

func (b *Books) must(key, product string, at time.Time) string {
	return b.model.must(key, b.askStanding(product, at))
}

// move transfers money from a debit to a credit account.
func (b *Books) move(purpose, debit, credit string, amount Money, at time.Time) {
	if amount == 0 {
		return
	}
	b.Balances[debit] -= amount
	b.Balances[credit] += amount
	b.Moved[Movement{purpose, at, b.recorded(at)}] += amount
}

// live does everything that falls due up to an instant, in due order.
func (b *Books) live(to time.Time) {
	for {
		at, any := b.NextDue()
		if !any || at.After(to) {
			return
		}
		b.do(at)
	}
}

// do does what is due at an instant: the fees of the day that ended, then the
// return of services for which the terms ask for nothing more, then the settlement
// of what has closed, then the ends of services and the steps of arrears.
func (b *Books) do(at time.Time) {
	if isMidnight(at, b.model.Zone) && at.After(b.lastFees) {
		b.lastFees = at
		b.takeFees(at)
	}
	b.restore(at) // the terms may have come to ask for less
	b.settle(at)
	b.noteArrears(at)
	for _, product := range b.products() {
		b.takeEnd(product, at)
		b.restoreOne(product, at)
		for b.takeStep(product, at) {
		}
	}
	b.At = later(b.At, at)
}

// products lists the products in use, sorted: what happens to several of them at
// one instant happens in this order.
func (b *Books) products() []string {
	var all []string
	for p := range b.Services {
		all = append(all, p)
	}
	slices.Sort(all)
	return all
}

// NextDue is when something next falls due by itself, and false for never.
func (b *Books) NextDue() (next time.Time, any bool) {
	consider := func(t time.Time) {
		t = later(t, b.At)
		if !any || t.Before(next) {
			next, any = t, true
		}
	}
	for i := range b.waiting { // by hour, and nothing is due before its hour has ended
		if p := &b.waiting[i]; !any || p.end().Before(next) {
			consider(b.due(p))
		}
	}
	if len(b.Debts) > 0 {
		consider(midnight(b.At, b.model.Zone, 1))
	}
	for _, d := range b.Debts {
		if d.Since.After(b.At) {
			consider(d.Since)
		}
	}
	for _, product := range b.products() {
		if end, ends := b.endOf(product); ends && b.Services[product].canEnd() {
			consider(end)
		}
		if b.Services[product].ArrearsSince.IsZero() {
			continue
		}
		for _, turn := range b.model.turns() {
			if turn.After(b.At) {
				consider(turn)
			}
		}
		if step, due := b.nextStep(product, b.At); step != "" {
			consider(due)
		}
	}
	return next, any
}

// compare orders debts as they are paid: what fell due earlier first (R 2).
// Between debts of one instant the documents leave it open; it goes by seller
// and product.
func (d Debt) compare(o Debt) int {
	return cmp.Or(d.Since.Compare(o.Since), cmp.Compare(d.Seller, o.Seller), cmp.Compare(d.Product, o.Product))
}
