package account

import (
	"termwise.dev/core/arrears"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// LateFee explains the fee of one day. before are the books when it was
// charged, by which the debts that made its base are named; without them (nil)
// the base is taken as it is stored.
func (c Case) LateFee(row LateFee, before *Books) (Explanation, error) {
	x := c.explain("late fee")
	x.seal(row.Stamp, row.Seal(c.Account))
	reading, charged, err := lateFee(c.Set)
	if err == nil && !charged {
		err = refusal.New(refusal.TermMissing, "the terms that fee %d names set no late fee", row.Entry).Do("run termwise verify")
	}
	if !x.try(err) {
		return x.done()
	}
	x.input("seller", row.Seller, "")
	x.input("product", row.Product, "")
	x.input("day", row.Day.String(), c.Zone.String())
	x.use("rate", terms.LateFeeRate.Name())
	x.use("whether a fee bears a fee", terms.LateFeeMethod.Name())
	x.use("first day that bears a fee", terms.LateFeeFirstDay.Name())
	x.use("what a day's fee is taken on", terms.LateFeeBase.Name())
	x.use("rounding", terms.LateFeeRounding.Name())
	principal, unpaid, err := x.overdue(row, reading, before)
	if !x.try(err) {
		return x.done()
	}
	base, amount, err := reading.Fee(principal, unpaid)
	if !x.try(err) {
		return x.done()
	}
	x.input("base", base.String(), string(c.Currency))
	if base != principal {
		x.step("%s + %s of unpaid late fees = %s (%s)", principal, unpaid, base, reading.Method)
	}
	x.step("%s × %s = %s %s, rounded %s → %s", base, reading.Rate, share(base, reading.Rate), c.Currency, reading.Rounding, amount)
	if base != row.Base {
		x.disagree("a base of %s is stored, and the debts sum to %s", row.Base, base)
	}
	x.say("%s was overdue to %s for %s on %s; the late fee of that day is %s.", x.money(base), row.Seller, row.Product, row.Day, x.money(amount))
	x.outcome(x.money(row.Amount), x.money(amount))
	return x.done()
}

// overdue finds the principal that bears the fee, debt by debt.
func (x *explaining) overdue(row LateFee, reading arrears.Reading, before *Books) (principal, unpaid money.Amount, err error) {
	if before == nil {
		x.step("the debts of that day cannot be found again; the stored base is taken")
		return row.Base, 0, nil
	}
	for _, sameDay := range before.Debts.ByDay() {
		part, err := reading.Overdue(sameDay, row.Seller, row.Product, row.Day, x.c.Zone)
		if err != nil {
			return 0, 0, err
		}
		if part == 0 {
			continue
		}
		due := sameDay[0].Due
		x.step("%s, due on %s, on day %d of its delay", x.money(part), due, row.Day-due)
		if principal, err = principal.Add(part); err != nil {
			return 0, 0, err
		}
	}
	return principal, before.Balances.Owed(ledger.FeesReceivable(row.Seller, row.Product)), nil
}

// share writes amount × rate exactly.
func share(a money.Amount, rate money.Decimal) string {
	return exact(int64(a), rate, money.AmountScale)
}
