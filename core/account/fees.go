package account

import (
	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/ledger"
	"termwise.dev/core/terms"
)

// accrueLateFees charges, at a midnight, the late fees whose base is taken at
// it: those of the day that ends and of the day that begins, each as its own
// terms say, so that a day bears one fee whatever the terms change to. Clauses:
// G 2.3; where it is silent, the provider's published rules.
func (d *draft) accrueLateFees(midnight calendar.Instant) error {
	today := d.env.Zone.Day(midnight)
	for _, day := range []calendar.Day{today - 1, today} {
		seen := map[sale]bool{}
		for _, debt := range d.books.Debts {
			to := sale{debt.Product, debt.Seller}
			if seen[to] {
				continue
			}
			seen[to] = true
			if err := d.accrueLateFee(to, day, midnight); err != nil {
				return err
			}
		}
	}
	if d.entry != nil {
		d.end()
	}
	return nil
}

// accrueLateFee charges one day's fee on what is overdue to a seller for a
// product, if its base is taken at this midnight.
func (d *draft) accrueLateFee(to sale, day calendar.Day, midnight calendar.Instant) error {
	set, reading, err := d.feeReading(to.product, day, midnight)
	if err != nil || set == nil {
		return err
	}
	principal, err := reading.Overdue(d.books.Debts, to.seller, to.product, day, d.env.Zone)
	if err != nil || principal == 0 {
		return err
	}
	receivable := ledger.FeesReceivable(to.seller, to.product)
	base, amount, err := reading.Fee(principal, d.books.Balances.Owed(receivable))
	if err != nil || amount == 0 {
		return err
	}
	if d.entry == nil {
		d.begin(journal.FeeAccrued, midnight, Clock, "")
	}
	fee := LateFee{
		Stamp:  Stamp{RowID: d.next()},
		Seller: to.seller, Product: to.product, Day: day,
		Base: base, Amount: amount, Terms: d.cite(to.product, set),
	}
	fee.Digest = d.keep(fee.Seal(d.books.ID))
	d.out.LateFees = append(d.out.LateFees, fee)
	return d.post(ledger.Transfer{
		Purpose: ledger.LateFee, Debit: receivable, Credit: ledger.FeeIncome(to.seller), Amount: amount,
	})
}

// feeReading returns what the terms of a day say about its late fee; no set
// where they name no rate, or take the base at another midnight.
func (d *draft) feeReading(product string, day calendar.Day, midnight calendar.Instant) (*terms.Set, arrears.Reading, error) {
	set, err := d.within(product, d.env.Zone.Start(day), d.env.Zone.Start(day+1), midnight)
	if err != nil {
		return nil, arrears.Reading{}, err
	}
	reading, charged, err := lateFee(set)
	if err != nil || !charged || reading.Taken(day, d.env.Zone) != midnight {
		return nil, reading, err
	}
	return set, reading, nil
}
