package account

import (
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/ledger"
)

// accrueLateFees charges, at a midnight, one day's late fee on what is overdue
// to each seller for each product. Clauses: G 2.3; where it is silent, the
// provider's published rules.
func (d *draft) accrueLateFees(midnight calendar.Instant) error {
	var fees []LateFee
	seen := map[[2]string]bool{}
	for _, debt := range d.books.Debts {
		pair := [2]string{debt.Seller, debt.Product}
		if seen[pair] {
			continue
		}
		seen[pair] = true
		fee, err := d.lateFee(debt.Seller, debt.Product, midnight)
		if err != nil {
			return err
		}
		if fee.Amount > 0 {
			fees = append(fees, fee)
		}
	}
	if len(fees) == 0 {
		return nil
	}
	d.begin(journal.FeeAccrued, midnight, Clock, "")
	for _, fee := range fees {
		fee.RowID = d.next()
		fee.Digest = d.keep(fee.Seal(d.books.ID))
		d.out.LateFees = append(d.out.LateFees, fee)
		if err := d.post(ledger.Transfer{
			Purpose: ledger.LateFee, Debit: ledger.FeesReceivable(fee.Seller, fee.Product), Credit: ledger.FeeIncome(fee.Seller), Amount: fee.Amount,
		}); err != nil {
			return err
		}
	}
	d.end()
	return nil
}

// lateFee computes one day's fee for a seller and product; its amount is zero
// where nothing is overdue or the terms are silent about a rate.
func (d *draft) lateFee(seller, product string, midnight calendar.Instant) (LateFee, error) {
	// The terms are those of the day that ends at this midnight; they say whether
	// the fee taken now is that day's or that of the day that begins.
	last := midnight - 1
	set, err := d.terms(product, last, midnight)
	if err != nil {
		return LateFee{}, err
	}
	reading, ok, err := lateFee(set)
	if err != nil || !ok {
		return LateFee{}, err
	}
	day := reading.FeeDay(d.env.Zone.Day(midnight))
	principal, err := reading.Overdue(d.books.Debts, seller, product, day)
	if err != nil || principal == 0 {
		return LateFee{}, err
	}
	base, amount, err := reading.Fee(principal, d.books.Balances.Owed(ledger.FeesReceivable(seller, product)))
	return LateFee{
		Seller: seller, Product: product, Day: day,
		Base: base, Amount: amount, Terms: d.cite(product, set),
	}, err
}
