package app

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
)

// PlannedMoney is what a closed month came to, and what it would have come to
// under new versions. Amounts are in 1e-6 of Currency.
type PlannedMoney struct {
	Month    string         `json:"month"`
	Currency money.Currency `json:"currency"`
	// From and To are the first and the last instant at which the new versions
	// are taken to be in force.
	From  string         `json:"from"`
	To    string         `json:"to"`
	Tried []TriedVersion `json:"tried"`
	// Accounts counts those that were re-run, Differing those for which anything
	// would have been different.
	Accounts  int `json:"accounts"`
	Differing int `json:"differing"`

	// Meters sums the charges for the month's hours, Charged all of them.
	Meters   []MeterDifference `json:"meters"`
	Charged  Difference        `json:"charged"`
	LateFees Difference        `json:"late_fees"` // of the month's days
	// Returned is what was paid for usage and went back to the wallet.
	Returned Difference `json:"returned"`
	// Principal is what is due for usage and not paid when the month ends, and
	// UnpaidFees what is owed in late fees then.
	Principal  Difference `json:"arrears_principal"`
	UnpaidFees Difference `json:"arrears_late_fees"`

	// ByAccount holds the accounts whose money differs, the largest difference first.
	ByAccount Listed[AccountDifference] `json:"by_account"`
	// Moves are suspensions, releases and other changes of services that would
	// have been made at another time, or only once.
	Moves Listed[MoveDifference] `json:"moves"`
	// Refused is usage that would have been billed and was not, or the reverse.
	Refused Listed[RefusedDifference] `json:"refused"`
	// PaymentsRefused are payments that the new versions would not take.
	PaymentsRefused Listed[PaymentRefused] `json:"payments_refused"`
	// LeavingRefused are customers who left, and for whom the new versions have no
	// way out: their services go on.
	LeavingRefused Listed[LeavingRefused] `json:"leaving_refused"`
	// Undecided are accounts for which the new versions decide nothing; they
	// count in no sum.
	Undecided Listed[Stuck] `json:"undecided"`
	// NotRerun are accounts whose stored books cannot be made again: verify says
	// more. They count in no sum.
	NotRerun Listed[NotRerun] `json:"not_rerun"`

	meters map[account.Metered]*MeterDifference
}

// TriedVersion is a new version, and those that it stands in the place of.
type TriedVersion struct {
	Document string `json:"document"`
	Version  string `json:"version"`
	// Instead lists the versions that were in force in the month.
	Instead []string `json:"instead_of"`
}

// Difference is an amount as it was, as it would have been, and how much more
// the latter is.
type Difference struct {
	Was        money.Amount `json:"was"`
	Would      money.Amount `json:"would"`
	Difference money.Amount `json:"difference"`
}

func (d *Difference) add(was, would money.Amount) (err error) {
	if d.Was, err = d.Was.Add(was); err != nil {
		return err
	}
	if d.Would, err = d.Would.Add(would); err != nil {
		return err
	}
	d.Difference, err = d.Would.Sub(d.Was)
	return err
}

// MeterDifference is the charges of one meter. Quantities are in its base unit.
type MeterDifference struct {
	Product       string `json:"product"`
	Meter         string `json:"meter"`
	Unit          string `json:"unit"`
	QuantityWas   int64  `json:"quantity_was"`
	QuantityWould int64  `json:"quantity_would"`
	Difference
}

// AccountDifference is how the month of one account would have differed.
type AccountDifference struct {
	Account    string     `json:"account"`
	Name       string     `json:"name"`
	Charged    Difference `json:"charged"`
	LateFees   Difference `json:"late_fees"`
	Returned   Difference `json:"returned"`
	Principal  Difference `json:"arrears_principal"`
	UnpaidFees Difference `json:"arrears_late_fees"`
}

// MoveDifference is a change of a service's state that was made at another time
// than it would have been; an empty instant means not in the month.
type MoveDifference struct {
	Account string             `json:"account"`
	Product string             `json:"product"`
	From    subscription.State `json:"from"`
	To      subscription.State `json:"to"`
	Was     string             `json:"was"`
	Would   string             `json:"would"`
}

// RefusedDifference is usage that is not billed, in the meter's base unit.
type RefusedDifference struct {
	Account string       `json:"account"`
	Product string       `json:"product"`
	Meter   string       `json:"meter"`
	Unit    string       `json:"unit"`
	Code    refusal.Code `json:"code"`
	Was     int64        `json:"was"`
	Would   int64        `json:"would"`
}

// PaymentRefused is a payment that came in and would have been refused.
type PaymentRefused struct {
	Account string       `json:"account"`
	At      string       `json:"at"`
	Amount  money.Amount `json:"amount"`
	Method  string       `json:"method"`
	Code    refusal.Code `json:"code"`
	Reason  string       `json:"reason"`
}

// LeavingRefused is a customer who left over a version, and would not have been able to.
type LeavingRefused struct {
	Account  string       `json:"account"`
	At       string       `json:"at"`
	Document string       `json:"document"`
	Version  string       `json:"version"`
	Code     refusal.Code `json:"code"`
	Reason   string       `json:"reason"`
}

// NotRerun is an account whose books cannot be made again, and the row at which
// that shows.
type NotRerun struct {
	Account string `json:"account"`
	Row     string `json:"row"`
	Reason  string `json:"reason"`
}

// Listed is the beginning of a list, and how long all of it is.
type Listed[T any] struct {
	All   int `json:"all"`
	Items []T `json:"items"`

	limit   int
	compare func(a, b T) int
}

func listed[T any](limit int, compare func(a, b T) int) Listed[T] {
	return Listed[T]{Items: []T{}, limit: limit, compare: compare}
}

// add keeps an item, as long as it may be among the first ones.
func (l *Listed[T]) add(item T) {
	l.All++
	l.Items = append(l.Items, item)
	if len(l.Items) >= 2*l.limit {
		l.cut()
	}
}

// cut drops what is not among the first ones.
func (l *Listed[T]) cut() {
	slices.SortStableFunc(l.Items, l.compare)
	l.Items = slices.Clip(l.Items[:min(len(l.Items), l.limit)])
}

func newPlannedMoney(p *Provider, q MoneyQuery, tried []*terms.Document) *PlannedMoney {
	from, to := p.Settings.Zone.MonthBounds(q.Month)
	m := &PlannedMoney{
		Month: q.Month.String(), Currency: p.Currency(), From: p.instant(from), To: p.instant(to),
		Tried: []TriedVersion{}, meters: map[account.Metered]*MeterDifference{},
		ByAccount: listed(q.Limit, func(a, b AccountDifference) int {
			return cmp.Or(cmp.Compare(b.size(), a.size()), strings.Compare(a.Account, b.Account))
		}),
		Moves:           listed(q.Limit, func(a, b MoveDifference) int { return strings.Compare(a.Account, b.Account) }),
		Refused:         listed(q.Limit, func(a, b RefusedDifference) int { return strings.Compare(a.Account, b.Account) }),
		PaymentsRefused: listed(q.Limit, func(a, b PaymentRefused) int { return strings.Compare(a.Account, b.Account) }),
		LeavingRefused:  listed(q.Limit, func(a, b LeavingRefused) int { return strings.Compare(a.Account, b.Account) }),
		Undecided:       listed(q.Limit, func(a, b Stuck) int { return strings.Compare(a.Account, b.Account) }),
		NotRerun:        listed(q.Limit, func(a, b NotRerun) int { return strings.Compare(a.Account, b.Account) }),
	}
	for _, d := range tried {
		v := TriedVersion{Document: d.ID, Version: d.Version, Instead: []string{}}
		for _, old := range p.Documents {
			at := max(from, old.Document.Effective)
			if old.Document.ID == d.ID && at < to && p.InForce(d.ID, at, calendar.EndOfTime) == old.Document {
				v.Instead = append(v.Instead, old.Document.Version)
			}
		}
		m.Tried = append(m.Tried, v)
	}
	return m
}

// size is by how much money an account differs at most.
func (d *AccountDifference) size() (size money.Amount) {
	for _, part := range d.parts() {
		size = max(size, part.Difference, -part.Difference)
	}
	return size
}

func (d *AccountDifference) parts() []*Difference {
	return []*Difference{&d.Charged, &d.LateFees, &d.Returned, &d.Principal, &d.UnpaidFees}
}

// count adds what came out for an account.
func (m *PlannedMoney) count(p *Provider, of *account.Books, was, would *account.Outcome) error {
	if would.Undecided != nil {
		m.Undecided.add(Stuck{Account: of.ID, Code: refusal.CodeOf(would.Undecided), Reason: would.Undecided.Error()})
		return nil
	}
	m.Accounts++
	d := AccountDifference{Account: of.ID, Name: of.Name}
	if err := m.countCharges(p, &d, was, would); err != nil {
		return err
	}
	for _, part := range []struct {
		of         *Difference
		was, would money.Amount
	}{
		{&d.LateFees, was.LateFees, would.LateFees},
		{&d.Returned, was.Returned, would.Returned},
		{&d.Principal, was.Principal, would.Principal},
		{&d.UnpaidFees, was.Fees, would.Fees},
	} {
		if err := part.of.add(part.was, part.would); err != nil {
			return err
		}
	}
	sums := []*Difference{&m.Charged, &m.LateFees, &m.Returned, &m.Principal, &m.UnpaidFees}
	for i, part := range d.parts() {
		if err := sums[i].add(part.Was, part.Would); err != nil {
			return err
		}
	}
	differs := d.size() != 0
	if differs {
		m.ByAccount.add(d)
	}
	if m.compare(p, of.ID, was, would) || differs {
		m.Differing++
	}
	return nil
}

func (m *PlannedMoney) countCharges(p *Provider, d *AccountDifference, was, would *account.Outcome) error {
	for _, of := range keysOf(was.Charges, would.Charges) {
		sum := m.meters[of]
		if sum == nil {
			sum = &MeterDifference{Product: of.Product, Meter: of.Meter, Unit: p.meter(of.Product, of.Meter).Base}
			m.meters[of] = sum
		}
		before, after := was.Charges[of], would.Charges[of]
		sum.QuantityWas += before.Quantity
		sum.QuantityWould += after.Quantity
		if err := sum.add(before.Amount, after.Amount); err != nil {
			return err
		}
		if err := d.Charged.add(before.Amount, after.Amount); err != nil {
			return err
		}
	}
	return nil
}

// keysOf returns the keys of two maps, in no order.
func keysOf[K comparable, V any](a, b map[K]V) []K {
	keys := slices.Collect(maps.Keys(a))
	for k := range b {
		if _, both := a[k]; !both {
			keys = append(keys, k)
		}
	}
	return keys
}

// compare lists what is not money and would have been different, and says
// whether anything would.
func (m *PlannedMoney) compare(p *Provider, id string, was, would *account.Outcome) (differs bool) {
	for _, move := range differingMoves(p, id, was.Moves, would.Moves) {
		m.Moves.add(move)
		differs = true
	}
	refused := keysOf(was.Refused, would.Refused)
	slices.SortFunc(refused, func(a, b account.Unbilled) int {
		return cmp.Or(strings.Compare(a.Product, b.Product), strings.Compare(a.Meter, b.Meter), strings.Compare(string(a.Code), string(b.Code)))
	})
	for _, of := range refused {
		if was.Refused[of] == would.Refused[of] {
			continue
		}
		m.Refused.add(RefusedDifference{
			Account: id, Product: of.Product, Meter: of.Meter, Unit: p.meter(of.Product, of.Meter).Base, Code: of.Code,
			Was: was.Refused[of], Would: would.Refused[of],
		})
		differs = true
	}
	for _, t := range would.TurnedDown {
		m.PaymentsRefused.add(PaymentRefused{
			Account: id, At: p.instant(t.At), Amount: t.Amount, Method: t.Method,
			Code: refusal.CodeOf(t.Reason), Reason: t.Reason.Error(),
		})
		differs = true
	}
	for _, x := range would.Kept {
		m.LeavingRefused.add(LeavingRefused{
			Account: id, At: p.instant(x.At), Document: x.Document, Version: x.Version, Code: refusal.CodeOf(x.Reason), Reason: x.Reason.Error(),
		})
		differs = true
	}
	return differs
}

// differingMoves pairs the moves of each service that led from one state to
// another, and leaves out those that were made at the same instant.
func differingMoves(p *Provider, id string, was, would []subscription.Transition) []MoveDifference {
	both := func(t subscription.Transition) bool { return slices.Contains(was, t) && slices.Contains(would, t) }
	left := func(all []subscription.Transition) []subscription.Transition {
		return slices.DeleteFunc(slices.Clone(all), both)
	}
	before, after := left(was), left(would)
	var found []MoveDifference
	for _, t := range before {
		d := MoveDifference{Account: id, Product: t.Product, From: t.From, To: t.To, Was: p.instant(t.At)}
		i := slices.IndexFunc(after, func(o subscription.Transition) bool {
			return o.Product == t.Product && o.From == t.From && o.To == t.To
		})
		if i >= 0 {
			d.Would = p.instant(after[i].At)
			after = slices.Delete(after, i, i+1)
		}
		found = append(found, d)
	}
	for _, t := range after {
		found = append(found, MoveDifference{Account: id, Product: t.Product, From: t.From, To: t.To, Would: p.instant(t.At)})
	}
	return found
}

// sorted puts the lists in order.
func (m *PlannedMoney) sorted() PlannedMoney {
	for _, l := range []interface{ cut() }{&m.ByAccount, &m.Moves, &m.Refused, &m.PaymentsRefused, &m.LeavingRefused, &m.Undecided, &m.NotRerun} {
		l.cut()
	}
	m.Meters = []MeterDifference{}
	for _, of := range slices.SortedFunc(maps.Keys(m.meters), func(a, b account.Metered) int {
		return cmp.Or(strings.Compare(a.Product, b.Product), strings.Compare(a.Meter, b.Meter))
	}) {
		m.Meters = append(m.Meters, *m.meters[of])
	}
	return *m
}
