package account

import (
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/catalog"
	"termwise.dev/core/metering"
	"termwise.dev/core/notice"
	"termwise.dev/core/rating"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
)

// Charge explains a line of a bill. usage holds the events that touch its hour.
func (c Case) Charge(row Charge, usage []StoredEvent) (Explanation, error) {
	x := c.explain("charge")
	x.seal(row.Stamp, row.Seal(c.Account))
	t, err := tariff(c.Set, row.Meter)
	if !x.try(err) {
		return x.done()
	}
	meter, _ := c.Set.Product().Meter(row.Meter)
	x.bucketInputs(row.Key, meter)
	x.input("quantity", grouped(row.Quantity), meter.Base)
	if row.Sequence > 1 {
		x.input("quantity of the hour's earlier lines", grouped(row.QuantityBefore), meter.Base)
		x.input("amount of the hour's earlier lines", row.AmountBefore.String(), string(c.Currency))
	}
	arrived := x.usage(row.Key, meter, usage, row.Hour.Start(), row.Hour.End())
	if rest := arrived - row.QuantityBefore - row.Quantity; rest > 0 {
		x.step("of the %s %s that had arrived, %s were refused: a refusal of the same hour says why", grouped(arrived), meter.Base, grouped(rest))
	}
	price := x.use("price", terms.PriceOf.Key(row.Meter))
	x.use("rounding", terms.PriceRounding.Name())
	x.use("how often usage is settled", terms.BillingCycle.Name())
	x.use("cycles that the agreement allows", terms.BillingCycles.Name())
	x.price(row, t, meter, price.Value)
	return x.done()
}

// bucketInputs notes what was used and when.
func (x *explaining) bucketInputs(key metering.Key, meter catalog.Meter) {
	x.input("product", key.Product, "")
	x.input("resource", key.Resource, "")
	x.input("meter", key.Meter, meter.Unit)
	x.input("hour", x.hour(key.Hour), "")
}

// usage writes out what each event that had arrived by then adds to a part of
// the hour, and returns the sum.
func (x *explaining) usage(key metering.Key, meter catalog.Meter, usage []StoredEvent, from, to calendar.Instant) (sum int64) {
	for i := range usage {
		e := &usage[i]
		q := e.Within(key.Meter, from, to)
		if q == 0 || e.Product != key.Product || e.Resource != key.Resource || e.Recorded > x.c.Entry.Effective {
			continue
		}
		sum += q
		if e.Point {
			x.step("event %s: %s %s at %s", EventName(e.Source, e.ID), grouped(q), meter.Base, x.local(e.From))
			continue
		}
		value := measured(&e.Event, key.Meter)
		x.step("event %s: %s × %s s = %s %s", EventName(e.Source, e.ID), grouped(value), grouped(q/value), grouped(q), meter.Base)
	}
	return sum
}

func measured(e *metering.Event, meter string) int64 {
	for _, m := range e.Measures {
		if m.Meter == meter {
			return m.Value
		}
	}
	return 0
}

// price recomputes the line and writes the computation out.
func (x *explaining) price(row Charge, t rating.Tariff, meter catalog.Meter, price string) {
	before := metering.Bucket{Key: row.Key, Billed: row.QuantityBefore, Charged: row.AmountBefore, Lines: row.Sequence - 1}
	line, err := t.Charge(&before, row.Quantity)
	if !x.try(err) {
		return
	}
	whole, all := row.AmountBefore+line.Amount, row.QuantityBefore+row.Quantity
	if row.Sequence > 1 {
		x.step("%s + %s = %s %s for the whole hour", grouped(row.QuantityBefore), grouped(row.Quantity), grouped(all), meter.Base)
	}
	x.step("%s ÷ %s × %s %s = %s %s, rounded %s → %s", grouped(all), grouped(t.Per), t.Price, x.c.Currency,
		exact(all, t.Price, t.Per), x.c.Currency, t.Rounding, whole)
	if row.Sequence > 1 {
		x.step("%s − %s charged before = %s %s", whole, row.AmountBefore, line.Amount, x.c.Currency)
	}
	what := "%s of %s by %s on %s cost %s at %s."
	if row.Sequence > 1 {
		what = "%s of %s by %s on %s, which arrived after the hour had been billed, cost %s more at %s."
	}
	x.say(what, priced(row.Quantity, meter), row.Meter, row.Resource, x.hour(row.Hour), x.money(line.Amount), price)
	x.outcome(x.money(row.Amount), x.money(line.Amount))
}

// Refused explains usage that was not billed. moves are the moves of its
// service up to then, told the notices that the account was given, usage the
// events that touch its hour.
func (c Case) Refused(row Refused, moves []Moved, told []Noticed, usage []StoredEvent) (Explanation, error) {
	x := c.explain("refused usage")
	x.seal(row.Stamp, row.Seal(c.Account))
	meter, known := c.Set.Product().Meter(row.Meter)
	if !known {
		x.try(refusal.New(refusal.UnknownMeter, "product %s has no meter %q", row.Product, row.Meter).Do("run termwise verify"))
		return x.done()
	}
	x.bucketInputs(row.Key, meter)
	x.input("quantity", grouped(row.Quantity), meter.Base)
	why, closed := x.closedBy(row, moves)
	if row.Code == refusal.Ended {
		x.endClauses(row, told)
	} else {
		x.refusalClauses(row.Code)
	}
	recomputed := row.Quantity
	if len(closed) > 0 {
		recomputed = 0
		for _, c := range closed {
			recomputed += x.usage(row.Key, meter, usage, max(c.From, row.Hour.Start()), min(c.To, row.Hour.End()))
		}
		// Usage that arrived late is refused in several rows, each with its part.
		recomputed = min(recomputed, row.Quantity)
	}
	x.say("%s of %s by %s on %s were not billed: %s.", priced(row.Quantity, meter), row.Meter, row.Resource, x.hour(row.Hour), why)
	x.outcome(grouped(row.Quantity)+" "+meter.Base, grouped(recomputed)+" "+meter.Base)
	return x.done()
}

// refusalClauses cites what a reason for not billing rests on.
func (x *explaining) refusalClauses(code refusal.Code) {
	switch code {
	case refusal.Suspended:
		x.use("right to withhold the service", terms.ArrearsWithhold.Name())
		x.use("when the service is suspended", terms.SuspendAfter.Name())
	case refusal.Released:
		x.use("right to end the service", terms.ArrearsWithhold.Name())
		x.use("when resources are released", terms.ReleaseAfter.Name())
	case refusal.PayablesUnsettled:
		x.use("what keeps a service from being opened", terms.OpeningGate.Name())
	}
}

// endClauses cites what the end of a service rests on: the customer left a document
// that bound it, or was told that the provider ends the service.
func (x *explaining) endClauses(row Refused, told []Noticed) {
	told = slices.DeleteFunc(slices.Clone(told), func(n Noticed) bool {
		return n.compare(row.RowID) > 0 || n.Effective >= row.Hour.End()
	})
	last := func(binds bool, kinds ...notice.Kind) *Noticed {
		for i := len(told) - 1; i >= 0; i-- {
			if slices.Contains(kinds, told[i].Kind) && (!binds || x.c.Set.Document(told[i].Document) != nil) {
				return &told[i]
			}
		}
		return nil
	}
	n := last(true, notice.ExitConfirmed, notice.ProductEnds, notice.AgreementEnds)
	if n == nil { // a document that is new, and that the customer left over, never came to bind
		n = last(false, notice.ExitConfirmed)
	}
	switch {
	case n == nil:
		x.disagree("nobody said that the service would end")
	case n.Kind == notice.ExitConfirmed:
		x.leavingClause(n.Document)
	default:
		x.use("how the end of a product is announced", terms.DiscontinuationNotice.Name())
	}
}

// closedBy finds in the service's history when it was closed, in the row's hour
// and for its reason.
func (x *explaining) closedBy(row Refused, moves []Moved) (why string, closed []subscription.Closed) {
	s := subscription.Service{Product: row.Product}
	for _, m := range moves {
		if m.Product == row.Product && m.compare(row.RowID) < 0 {
			s.History = append(s.History, m.Transition)
		}
	}
	if len(s.History) == 0 && row.Code == refusal.PayablesUnsettled {
		return "the service could not be opened while payables were overdue", nil
	}
	if row.Code == refusal.Ended && !hasEnded(s.History) {
		return "the customer had left over a change of the terms, or the part of the product had been discontinued", nil
	}
	// A released service is closed otherwise to old resources than to new ones.
	for _, opened := range []calendar.Instant{0, calendar.EndOfTime} {
		for _, c := range s.ClosedFor(opened) {
			if c.Reason == row.Code && c.From < row.Hour.End() && row.Hour.Start() < c.To {
				x.step("the service was closed (%s) from %s until %s", c.Reason, x.local(c.From), x.opened(c.To))
				closed = append(closed, c)
			}
		}
		if len(closed) > 0 {
			return closedWords(row.Code) + " at " + x.local(closed[0].From), closed
		}
	}
	x.disagree("the service was not closed in this hour for the reason %s", row.Code)
	return "the reason given is " + string(row.Code), nil
}

func hasEnded(moves []subscription.Transition) bool {
	return slices.ContainsFunc(moves, func(t subscription.Transition) bool { return t.To == subscription.Ended })
}

// opened writes the end of an interval in which a service was closed.
func (x *explaining) opened(t calendar.Instant) string {
	if t == calendar.EndOfTime {
		return "after this settlement"
	}
	return x.local(t)
}

func closedWords(code refusal.Code) string {
	switch code {
	case refusal.Suspended:
		return "the service was suspended for arrears"
	case refusal.Released:
		return "the resource was released for arrears"
	case refusal.Ended:
		return "the service ended"
	default:
		return "the service was released and could not be opened again while payables were overdue"
	}
}
