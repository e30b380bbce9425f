package model

import (
	"cmp"
	"slices"
	"time"
)

// due is when a part of usage is to be settled: when its cycle has closed and it
// has arrived (G 2.3.2).
func (b *Books) due(p *part) time.Time {
	arrived := later(later(p.arrived, p.end()), b.At)
	closes := b.cycleEnd(p.bucket, arrived)
	if end, ends := b.endAfter(p.bucket); ends {
		closes = earlier(closes, end) // what was used is settled as the service ends
	}
	return later(closes, arrived)
}

// cycleEnd is when the billing cycle closes that holds an hour.
func (b *Books) cycleEnd(k bucket, happens time.Time) time.Time {
	switch cycle := b.model.must("billing.cycle", b.askHour(k, happens)); cycle {
	case "hour":
		return k.end()
	case "day":
		return midnight(k.hour, b.model.Zone, 1)
	case "month":
		return nextMonth(k.hour, b.model.Zone)
	default:
		panic("model: not a cycle: " + cycle)
	}
}

// sale is what was used of whose product.
type sale struct{ product, seller string }

// settle charges all usage that is due at an instant.
func (b *Books) settle(at time.Time) {
	due := map[bucket][]part{}
	var rest []part
	for _, p := range b.waiting {
		if p.end().After(at) || b.due(&p).After(at) {
			rest = append(rest, p)
		} else {
			due[p.bucket] = append(due[p.bucket], p)
		}
	}
	if len(due) == 0 {
		return
	}
	b.waiting = rest
	before := len(b.Charges)
	totals := map[sale]Money{}
	for _, k := range sortedKeys(due, bucket.compare) {
		by, amount := b.settleBucket(k, due[k], at)
		totals[by] += amount
	}
	byName := func(a, b sale) int { return cmp.Or(cmp.Compare(a.product, b.product), cmp.Compare(a.seller, b.seller)) }
	for _, by := range sortedKeys(totals, byName) {
		b.invoice(by, totals[by], at)
	}
	b.payWhatIsOwed(at)
	b.At = at
	b.goOn(b.Charges[before:], at)
}

func sortedKeys[K comparable, V any](m map[K]V, compare func(a, b K) int) []K {
	var keys []K
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compare)
	return keys
}

// settleBucket parts usage into what may be billed and what may not, and charges
// the first. Usage is settled once, by what is so then: what was refused stays
// refused, also when the service is opened again for the same hour.
func (b *Books) settleBucket(k bucket, parts []part, at time.Time) (sale, Money) {
	q := b.askHour(k, at)
	page := b.model.page(q)
	by := sale{k.product, page.Issuer}
	refused := map[string]int64{}
	var billed int64
	if code := b.open(k, q, at); code != "" {
		for _, p := range parts {
			refused[code] += p.quantity
		}
	} else {
		for _, p := range parts {
			left := p.quantity
			for _, c := range b.closedFor(k.product, k.resource) {
				q := p.event.within(p.measure, later(c.from, k.hour), earlier(c.to, k.end()))
				if c.from.Before(k.end()) && k.hour.Before(c.to) && q > 0 {
					refused[c.code] += q
					left -= q
				}
			}
			billed += left
		}
	}
	for _, code := range sortedKeys(refused, func(a, b string) int { return cmp.Compare(a, b) }) {
		b.Refused = append(b.Refused, Refused{k.product, k.resource, k.meter, k.hour, refused[code], code, at, b.recorded(at)})
	}
	return by, b.charge(k, billed, page.meter(k.meter).Per, q, at)
}

// charge bills a quantity of a bucket on top of what was billed before: the line
// is the difference of two roundings of the whole, so that the lines of a bucket
// always sum to what its whole quantity costs, rounded once (R 1). The price is
// that of the hour (G 2.1).
func (b *Books) charge(k bucket, quantity, per int64, q question, at time.Time) Money {
	if quantity == 0 {
		return 0
	}
	s := b.settled[k]
	if s == nil {
		s = &settledBucket{}
		b.settled[k] = s
	}
	s.billed += quantity
	whole := cost(s.billed, number(b.model.must("price."+k.meter, q)), per, b.model.must("price.rounding", q))
	line := whole - s.cost
	s.cost = whole
	s.lines++
	b.Charges = append(b.Charges, Charge{
		k.product, k.resource, k.meter, k.hour, s.lines, quantity, line, at, b.recorded(at),
	})
	return line
}

// open says why usage of a product may not be billed at all, or nothing: the
// service opens with its first use, unless the account has overdue payables (G
// 7.3).
func (b *Books) open(k bucket, q question, at time.Time) (code string) {
	switch {
	case b.partEnded(k, at):
		return "service_ended"
	case b.Services[k.product] != nil:
		b.reopen(k, q, at)
		return ""
	}
	switch end, ends := b.endFrom(k.product, k.hour, at); {
	case ends && !end.After(k.hour):
		return "service_ended"
	case b.gateIsShut(q, at):
		return "payables_unsettled"
	}
	b.Services[k.product] = &Service{}
	b.enter(k.product, "active", k.hour, 0)
	b.endPast(k.product, at)
	return ""
}

func (b *Books) gateIsShut(q question, at time.Time) bool {
	gate, set := b.model.value("opening.gate", q)
	overdue := slices.ContainsFunc(b.Debts, func(d Debt) bool { return !d.Since.After(at) })
	return set && gate == "no_overdue_payables" && overdue
}

// enter brings a service into a state.
func (b *Books) enter(product, state string, at time.Time, owed Money) {
	s := b.Services[product]
	b.Moves = append(b.Moves, Move{product, s.State, state, at, owed})
	s.State, s.Since = state, at
}

// closed is a time in which usage may not be billed, and why.
type closed struct {
	from, to time.Time
	code     string
}

var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// closedFor lists when a service was closed for a resource. While it is
// suspended it cannot be used (P 3.2). What was released does not come back
// (P 3.3): a resource first used before stays released, another one has to wait
// until the service is open again.
func (b *Books) closedFor(product, resource string) []closed {
	firstUse := b.firstUse[[2]string{product, resource}]
	var all []closed
	var moves []Move
	for _, m := range b.Moves {
		if m.Product == product {
			moves = append(moves, m)
		}
	}
	for i, m := range moves {
		end := endOfTime
		if i+1 < len(moves) {
			end = moves[i+1].At
		}
		switch {
		case m.To == "suspended":
			all = append(all, closed{m.At, end, "service_suspended"})
		case m.To == "ended":
			all = append(all, closed{m.At, end, "service_ended"})
		case m.To == "released" && firstUse.Before(m.At):
			return append(all, closed{m.At, endOfTime, "resource_released"})
		case m.To == "released":
			all = append(all, closed{m.At, end, "payables_unsettled"})
		}
	}
	return all
}

// invoice makes what was used owed, or takes back what was charged too much.
func (b *Books) invoice(by sale, amount Money, at time.Time) {
	if amount < 0 {
		b.takeBack(by, -amount, at)
		return
	}
	if amount == 0 {
		return
	}
	b.move("charge", "receivable:"+by.seller, "revenue:"+by.seller, amount, at)
	due := at.Add(time.Duration(days(b.must("payment.due", by.product, at))) * 24 * time.Hour)
	b.owe(Debt{date(due, b.model.Zone), by.seller, by.product, due, amount})
}

// owe adds a debt to those of its instant.
func (b *Books) owe(d Debt) {
	for i := range b.Debts {
		if o := &b.Debts[i]; o.compare(d) == 0 {
			o.Outstanding += d.Outstanding
			return
		}
	}
	b.Debts = append(b.Debts, d)
	slices.SortFunc(b.Debts, Debt.compare)
}

// takeBack lowers the oldest debts for a product; what was paid already goes
// back into the wallet.
func (b *Books) takeBack(by sale, amount Money, at time.Time) {
	b.move("charge_reversal", "revenue:"+by.seller, "receivable:"+by.seller, amount, at)
	for i := range b.Debts {
		if d := &b.Debts[i]; d.Seller == by.seller && d.Product == by.product {
			part := min(d.Outstanding, amount)
			d.Outstanding -= part
			amount -= part
		}
	}
	b.dropPaid()
	b.move("payment_returned", "receivable:"+by.seller, "wallet", amount, at)
}

func (b *Books) dropPaid() {
	b.Debts = slices.DeleteFunc(b.Debts, func(d Debt) bool { return d.Outstanding == 0 })
}
