package arrears

import (
	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/money"
	"termwise.dev/core/terms"
)

// Reading is everything that the terms say about a day's late fee.
type Reading struct {
	Rate     money.Decimal
	Method   terms.FeeMethod
	FirstDay terms.FirstDay
	Base     terms.FeeBase
	Rounding money.Rounding
}

// Taken returns the midnight at which the base of a day's fee is taken: the end
// of the day or its beginning.
func (r Reading) Taken(day calendar.Day, zone calendar.Zone) calendar.Instant {
	if r.Base == terms.OutstandingAtDayStart {
		return zone.Start(day)
	}
	return zone.Start(day + 1)
}

// Overdue sums the principal of a seller and product that bears a fee on a day.
// What falls due after the base was taken is not overdue yet.
func (r Reading) Overdue(ds Debts, seller, product string, day calendar.Day, zone calendar.Zone) (money.Amount, error) {
	first := calendar.Day(1)
	if r.FirstDay == terms.DueDay || canary.On(canary.FeeOnDueDay) {
		first = 0
	}
	taken := r.Taken(day, zone)
	var base money.Amount
	for _, d := range ds {
		if d.Seller != seller || d.Product != product || day < d.Due+first || d.Since > taken {
			continue
		}
		sum, err := base.Add(d.Outstanding)
		if err != nil {
			return 0, err
		}
		base = sum
	}
	return base, nil
}

// Fee returns the fee of one day on a base, rounded once. Unpaid fees join the
// base only where the terms say compound.
func (r Reading) Fee(principal, unpaidFees money.Amount) (base, fee money.Amount, err error) {
	base = principal
	if (r.Method == terms.Compound || canary.On(canary.FeeOnFee)) && principal > 0 {
		if base, err = principal.Add(unpaidFees); err != nil {
			return 0, 0, err
		}
	}
	fee, err = r.Rounding.Share(base, r.Rate)
	return base, fee, err
}
