package account

import (
	"cmp"
	"maps"
	"slices"

	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
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
	totals := map[sale]money.Amount{}
	for _, b := range due {
		by, amount, err := d.settleBucket(b, at)
		if err != nil {
			return err
		}
		if totals[by], err = totals[by].Add(amount); err != nil {
			return err
		}
	}
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
	d.end()
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

// settleBucket charges what may be billed of a bucket and refuses the rest.
func (d *draft) settleBucket(b *metering.Bucket, at calendar.Instant) (by sale, amount money.Amount, err error) {
	set, err := d.used(b, at)
	if err != nil {
		return by, 0, err
	}
	by.product = b.Product
	if by.seller, err = seller(set); err != nil {
		return by, 0, err
	}
	service, gate, err := d.service(b, set, at)
	if err != nil {
		return by, 0, err
	}
	split, err := d.split(b, service, gate)
	if err != nil {
		return by, 0, err
	}
	after := *b
	d.out.Buckets = append(d.out.Buckets, &after)
	for _, part := range split.refused {
		d.refuse(&after, part, set)
	}
	if split.billed == 0 {
		return by, 0, nil
	}
	amount, err = d.charge(&after, split.billed, set)
	return by, amount, err
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
	if s, opened := d.books.Services[b.Product]; opened {
		return s, "", nil
	}
	closed, err := d.gateClosed(set, at)
	if err != nil || closed {
		return nil, refusal.PayablesUnsettled, err
	}
	s = &subscription.Service{Product: b.Product}
	d.books.Services[b.Product] = s
	return s, "", d.move(s, subscription.Active, b.Hour.Start(), Basis{Terms: d.cite(b.Product, set)})
}

// gateClosed says whether the terms keep a service from being opened because
// the account has overdue payables (G 7.3).
func (d *draft) gateClosed(set *terms.Set, at calendar.Instant) (bool, error) {
	gate, err := terms.Get(set, terms.OpeningGate)
	if err != nil || gate.Silent {
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
	set, err := d.terms(product, at, at)
	if err != nil {
		return err
	}
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
	if err := d.post(ledger.Transfer{
		Purpose: ledger.ChargeReversed, Debit: ledger.Revenue(to), Credit: ledger.Receivable(to), Amount: amount,
	}); err != nil {
		return err
	}
	left, paidBefore := d.books.Debts.Forgive(to, product, amount)
	d.books.Debts = left
	return d.post(ledger.Transfer{
		Purpose: ledger.PaymentReturned, Debit: ledger.Receivable(to), Credit: ledger.Wallet, Amount: paidBefore,
	})
}
