package model

import "time"

// Statement is what an account was charged for the hours of a month, and what
// it paid in it, as it was known at an instant.
type Statement struct {
	Charged, Adjusted, LateFees         Money
	TopUps, PaidPrincipal, PaidLateFees Money
	Returned                            Money
	Refused                             int64 // of usage, in base units of all meters together
	Wallet, Principal, Fees             Money // as they are now
}

// Statement returns the statement of the month that begins at an instant.
func (m *Model) Statement(id string, month, known time.Time) (s Statement) {
	b := m.Books(id)
	next := nextMonth(month, m.Zone)
	within := func(t time.Time) bool { return !t.Before(month) && t.Before(next) }
	wasKnown := func(t time.Time) bool { return !t.After(known) }
	for _, c := range b.Charges {
		switch {
		case !within(c.Hour) || !wasKnown(c.Recorded):
		case c.Line == 1:
			s.Charged += c.Amount
		default:
			s.Adjusted += c.Amount
		}
	}
	for _, r := range b.Refused {
		if within(r.Hour) && wasKnown(r.Recorded) {
			s.Refused += r.Quantity
		}
	}
	for _, f := range b.Fees {
		if f.Day[:7] == date(month, m.Zone)[:7] && wasKnown(f.Recorded) {
			s.LateFees += f.Amount
		}
	}
	for moved, amount := range b.Moved {
		if !within(moved.At) || !wasKnown(moved.Recorded) {
			continue
		}
		switch moved.Purpose {
		case "top_up":
			s.TopUps += amount
		case "payment":
			s.PaidPrincipal += amount
		case "payment_returned":
			s.Returned += amount
		case "late_fee_payment":
			s.PaidLateFees += amount
		}
	}
	s.Wallet = b.Balances["wallet"]
	for _, d := range b.Debts {
		s.Principal += d.Outstanding
	}
	s.Fees = b.Owed() - s.Principal
	return s
}
