package account

import (
	"cmp"
	"maps"
	"slices"

	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/journal"
	"termwise.dev/core/ledger"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
)

// settle charges every bucket that is due at an instant, and takes what the
// wallet can pay. Clauses: G 2.3.2, the page's prices and cycle.
func (d *draft) settle(at calendar.Instant) error {
	due, later, err := d.dueBuckets(at)
	if err != nil || len(due) == 0 {
		return err
	}
	d.begin(journal.Settled, at, Clock, "")
	d.out.Charges = slices.Grow(d.out.Charges, len(due))
	d.out.Buckets = slices.Grow(d.out.Buckets, len(due))
	totals := map[sale]money.Amount{}
	for _, b := range due {
		by, amount, after, err := d.settleBucket(b, at)
		if err != nil {
			return err
		}
		if after.Pending > 0 {
			later = append(later, after)
		}
		if totals[by], err = totals[by].Add(amount); err != nil {
			return err
		}
	}
	slices.SortFunc(later, func(a, b *metering.Bucket) int { return a.Compare(b.Key) })
	d.books.Open = later
	return d.closeSettlement(totals, at)
}

// closeSettlement posts what each product's usage cost, takes what the wallet
// can pay, and ends the entry.
func (d *draft) closeSettlement(totals map[sale]money.Amount, at calendar.Instant) error {
	for _, by := range slices.SortedFunc(maps.Keys(totals), sale.compare) {
		if err := d.invoice(by, totals[by], at); err != nil {
			return err
		}
	}
	if err := d.pay(at); err != nil {
		return err
	}
	settlement := d.entry.Seq
	if len(d.endings) > 0 {
		inputs, err := payload(d.endings)
		if err != nil {
			return err
		}
		d.entry.Payload, d.endings = inputs, nil
	}
	d.end()
	d.acceptByUse(settlement, at)
	return nil
}

// sale says whose product was used.
type sale struct{ product, seller string }

func (s sale) compare(o sale) int {
	return cmp.Or(cmp.Compare(s.product, o.product), cmp.Compare(s.seller, o.seller))
}

// dueBuckets parts the open buckets into those to settle now and the rest.
func (d *draft) dueBuckets(at calendar.Instant) (due, later []*metering.Bucket, err error) {
	for i, b := range d.books.Open {
		if b.Hour.End() > at {
			return due, append(later, d.books.Open[i:]...), nil
		}
		if d.complete(b) > at {
			later = append(later, b)
			continue
		}
		when, err := d.bucketDue(b)
		if err != nil {
			return nil, nil, err
		}
		if when <= at {
			due = append(due, b)
		} else {
			later = append(later, b)
		}
	}
	return due, later, nil
}

// basis is what a bucket is settled on: the terms that price it, the seller, and
// the service or why there is none.
type basis struct {
	set     *terms.Set
	by      sale
	service *subscription.Service
	gate    refusal.Code
}

func (d *draft) basis(b *metering.Bucket, at calendar.Instant) (basis, error) {
	set, err := d.used(b, at)
	if err != nil {
		return basis{}, err
	}
	of, err := seller(set)
	if err != nil {
		return basis{}, err
	}
	service, gate, err := d.service(b, set, at)
	return basis{set: set, by: sale{b.Product, of}, service: service, gate: gate}, err
}

// settleBucket charges what may be billed of a bucket and refuses the rest. It
// returns whose sale that was, for how much, and the bucket as it is afterwards.
func (d *draft) settleBucket(b *metering.Bucket, at calendar.Instant) (by sale, amount money.Amount, after *metering.Bucket, err error) {
	on, err := d.basis(b, at)
	if err != nil {
		return by, 0, nil, err
	}
	usage, err := d.arrived(b, at)
	if err != nil {
		return by, 0, nil, err
	}
	split, err := d.split(b, usage, on)
	if err != nil {
		return by, 0, nil, err
	}
	after = d.settling(b)
	after.Pending = usage.next
	amount, err = d.book(after, split, on.set)
	return on.by, amount, after, err
}

// book writes the lines that refuse and charge the parts of a bucket.
func (d *draft) book(b *metering.Bucket, p parts, set *terms.Set) (money.Amount, error) {
	for _, part := range p.refused {
		d.refuse(b, part, set)
	}
	if p.billed == 0 {
		return 0, nil
	}
	return d.charge(b, p.billed, set)
}

// settling returns the decision's own copy of a bucket, which holds it once
// however often it is settled.
func (d *draft) settling(b *metering.Bucket) *metering.Bucket {
	after := *b
	if i, again := d.settled[b.Key]; again {
		d.out.Buckets[i] = &after
		return &after
	}
	d.settled[b.Key] = len(d.out.Buckets)
	d.out.Buckets = append(d.out.Buckets, &after)
	return &after
}

func (d *draft) charge(b *metering.Bucket, quantity int64, set *terms.Set) (money.Amount, error) {
	t, err := tariff(set, b.Meter)
	if err != nil {
		return 0, err
	}
	line, err := t.Charge(b, quantity)
	if err != nil {
		return 0, err
	}
	row := Charge{Stamp: Stamp{RowID: d.next()}, Key: b.Key, Line: line, Terms: d.cite(b.Product, set)}
	row.Digest = d.keep(row.Seal(d.books.ID))
	d.out.Charges = append(d.out.Charges, row)
	b.Billed += quantity
	b.Charged += line.Amount
	b.Lines++
	return line.Amount, nil
}

func (d *draft) refuse(b *metering.Bucket, part refusedPart, set *terms.Set) {
	row := Refused{
		Stamp: Stamp{RowID: d.next()}, Key: b.Key,
		Quantity: part.quantity, Code: part.code, Terms: d.cite(b.Product, set),
	}
	row.Digest = d.keep(row.Seal(d.books.ID))
	d.out.Refused = append(d.out.Refused, row)
	b.Refused += part.quantity
}

// service returns the account's service for a bucket's product, opening it at
// its first usage. gate tells why it could not be opened (G 7.3).
func (d *draft) service(b *metering.Bucket, set *terms.Set, at calendar.Instant) (s *subscription.Service, gate refusal.Code, err error) {
	if ended, err := d.phaseEnded(b, at); err != nil || ended {
		return nil, refusal.Ended, err
	}
	if s, opened := d.books.Services[b.Product]; opened {
		return s, "", d.reopen(s, b, at)
	}
	if ended, err := d.endFrom(b.Product, b.Hour.Start(), at); err != nil || ended.at <= b.Hour.Start() {
		return nil, refusal.Ended, err
	}
	closed, err := d.gateClosed(set, at)
	if err != nil || closed {
		return nil, refusal.PayablesUnsettled, err
	}
	s = &subscription.Service{Product: b.Product}
	d.books.Services[b.Product] = s
	if err := d.move(s, subscription.Active, b.Hour.Start(), Basis{Terms: d.cite(b.Product, set)}); err != nil {
		return nil, "", err
	}
	return s, "", d.endPast(s, at)
}

// gateClosed says whether the terms keep a service from being opened because
// the account has overdue payables (G 7.3).
func (d *draft) gateClosed(set *terms.Set, at calendar.Instant) (bool, error) {
	gate, err := terms.Get(set, terms.OpeningGate)
	if err != nil || gate.Silent || canary.On(canary.OpenGate) {
		return false, err
	}
	overdue := slices.ContainsFunc(d.books.Debts, func(debt arrears.Debt) bool { return debt.Since <= at })
	return gate.V == terms.NoOverduePayables && overdue, nil
}

// invoice posts what was used of a seller's product and makes it due.
func (d *draft) invoice(by sale, amount money.Amount, at calendar.Instant) error {
	product, to := by.product, by.seller
	if amount < 0 {
		return d.reverse(to, product, -amount)
	}
	if amount == 0 {
		return nil
	}
	set, err := d.standing(product, at, at)
	if err != nil {
		return err
	}
	d.reason(Reason{Product: product, Seller: to, Amount: amount})
	if err := d.post(ledger.Transfer{Purpose: ledger.Charge, Debit: ledger.Receivable(to), Credit: ledger.Revenue(to), Amount: amount}); err != nil {
		return err
	}
	days, err := terms.Get(set, terms.PaymentDue)
	if err != nil {
		return err
	}
	due := at.Add(calendar.Duration(days.V) * calendar.DayLength)
	d.books.Debts, err = d.books.Debts.Add(arrears.Debt{
		Seller: to, Product: product, Due: d.env.Zone.Day(due), Since: due, Outstanding: amount,
	})
	return err
}

// reverse takes back what a product's usage was charged too much: it lowers what
// is owed for the product, and what was paid already goes back to the wallet.
func (d *draft) reverse(to, product string, amount money.Amount) error {
	d.reason(Reason{Product: product, Seller: to, Amount: amount})
	if err := d.post(ledger.Transfer{
		Purpose: ledger.ChargeReversed, Debit: ledger.Revenue(to), Credit: ledger.Receivable(to), Amount: amount,
	}); err != nil {
		return err
	}
	left, paidBefore := d.books.Debts.Forgive(to, product, amount)
	d.books.Debts = left
	if canary.On(canary.KeepOverpayment) {
		return nil
	}
	return d.post(ledger.Transfer{
		Purpose: ledger.PaymentReturned, Debit: ledger.Receivable(to), Credit: ledger.Wallet, Amount: paidBefore,
	})
}
