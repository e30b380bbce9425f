package arrears

import (
	"cmp"
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/money"
)

// Debt is the principal that is outstanding to one seller for one product since
// one instant.
type Debt struct {
	Seller, Product string
	// Due is the legal day on which the debt falls due.
	Due calendar.Day
	// Since is the instant of that day at which it falls due.
	Since calendar.Instant
	// Outstanding is the principal not yet paid, above zero.
	Outstanding money.Amount
}

// compare orders debts by when they fall due; what names a debt is in its order.
func (d Debt) compare(o Debt) int {
	return cmp.Or(cmp.Compare(d.Since, o.Since), cmp.Compare(d.Seller, o.Seller), cmp.Compare(d.Product, o.Product))
}

// Debts are kept oldest first.
type Debts []Debt

// Add puts principal on the debt of its seller, product and due instant.
func (ds Debts) Add(d Debt) (Debts, error) {
	i, found := slices.BinarySearchFunc(ds, d, Debt.compare)
	if !found {
		return slices.Insert(ds, i, d), nil
	}
	sum, err := ds[i].Outstanding.Add(d.Outstanding)
	if err != nil {
		return nil, err
	}
	ds[i].Outstanding = sum
	return ds, nil
}

// Paid is a part of a payment that went to one seller.
type Paid struct {
	Seller string
	Amount money.Amount
	// Of holds the debts that it paid, each with what was paid of it.
	Of Debts
}

// Pay pays the debts from what is available, oldest first, and returns those
// that are left and what went to each seller, in the order in which they were
// first paid.
func (ds Debts) Pay(available money.Amount) (left Debts, paid []Paid) {
	left = ds[:0:0]
	if canary.On(canary.PayNewestFirst) {
		slices.Reverse(ds)
	}
	for _, d := range ds {
		part := min(d.Outstanding, available)
		if canary.On(canary.NoPartPayment) && part < d.Outstanding {
			part = 0
		}
		if part > 0 {
			available -= part
			paid = addPaid(paid, d, part)
			d.Outstanding -= part
		}
		if d.Outstanding > 0 {
			left = append(left, d)
		}
	}
	return left, paid
}

// Forgive takes an amount off the oldest debts to a seller for a product, and
// returns the debts that are left and the part that nothing was owed for.
func (ds Debts) Forgive(seller, product string, amount money.Amount) (left Debts, rest money.Amount) {
	left = ds[:0:0]
	for _, d := range ds {
		if d.Seller == seller && d.Product == product {
			part := min(d.Outstanding, amount)
			amount -= part
			d.Outstanding -= part
		}
		if d.Outstanding > 0 {
			left = append(left, d)
		}
	}
	return left, amount
}

func addPaid(paid []Paid, d Debt, part money.Amount) []Paid {
	d.Outstanding = part
	for i := range paid {
		if paid[i].Seller == d.Seller {
			paid[i].Amount += part
			paid[i].Of = append(paid[i].Of, d)
			return paid
		}
	}
	return append(paid, Paid{Seller: d.Seller, Amount: part, Of: Debts{d}})
}

// Outstanding returns the principal of a product that was due at or before now.
func (ds Debts) Outstanding(product string, now calendar.Instant) (total money.Amount, since calendar.Instant) {
	since = calendar.EndOfTime
	for _, d := range ds {
		if d.Product == product && d.Since <= now {
			total += d.Outstanding
			since = min(since, d.Since)
		}
	}
	return total, since
}

// ByDay parts the debts by the day on which they fell due, oldest first.
func (ds Debts) ByDay() []Debts {
	var days []Debts
	for i := range ds {
		if n := len(days); n > 0 && days[n-1][0].Due == ds[i].Due {
			days[n-1] = append(days[n-1], ds[i])
			continue
		}
		days = append(days, Debts{ds[i]})
	}
	return days
}

// Bands are the upper ends, in days, of the ages by which arrears are listed;
// older than the last is a band of its own. They group a report and decide nothing.
var Bands = []int{1, 7, 15, 30, 60}

// Age returns how many days a debt has been overdue on a day.
func (d Debt) Age(today calendar.Day) int { return max(0, int(today-d.Due)) }
