package account

import (
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
)

// Outcome is what a month came to for an account. Amounts are in 1e-6 of its
// currency, quantities in the meters' base units.
type Outcome struct {
	// Charges sums the lines for the month's hours, whenever they were written.
	Charges map[Metered]Charged
	// LateFees sums the fees of the month's days.
	LateFees money.Amount
	// Refused sums the usage of the month's hours that is not billed.
	Refused map[Unbilled]int64
	// Returned sums what was paid for usage and went back to the wallet in the month.
	Returned money.Amount
	// Moves are the changes of the services' states in the month.
	Moves []subscription.Transition
	// Principal is what is due for usage when the month ends and has not been
	// paid, Fees what is owed in late fees.
	Principal, Fees money.Amount
	// TurnedDown are the payments of the month that would not be taken.
	TurnedDown []TurnedDown
	// Kept are the dissents of the month by which the customer could not leave.
	Kept []Kept
	// Undecided is why the month cannot be made to its end under the documents
	// that are tried, or nil; the rest then counts for nothing.
	Undecided error
}

// Metered names a meter of a product.
type Metered struct{ Product, Meter string }

// Charged sums charge lines.
type Charged struct {
	Quantity int64
	Lines    int64
	Amount   money.Amount
}

// Unbilled names a reason for which usage of a meter is not billed.
type Unbilled struct {
	Metered
	Code refusal.Code
}

// TurnedDown is a payment that came in, and would be refused.
type TurnedDown struct {
	TopUp
	// Entry is the journal entry by which it came in.
	Entry  int64
	At     calendar.Instant
	Reason error
}

// Kept is a dissent by which the customer left, and that would be refused.
type Kept struct {
	Dissent
	// Entry is the journal entry that records it.
	Entry  int64
	At     calendar.Instant
	Reason error
}

func newOutcome() Outcome {
	return Outcome{Charges: map[Metered]Charged{}, Refused: map[Unbilled]int64{}}
}

// count counts what a decision did to the month.
func (r *rerun) count(d *Decision) error {
	for i := range d.Charges {
		if c := &d.Charges[i]; r.inMonth(c.Hour) {
			if err := r.out.charge(c); err != nil {
				return err
			}
		}
	}
	for i := range d.Refused {
		if x := &d.Refused[i]; r.inMonth(x.Hour) {
			r.out.Refused[Unbilled{Metered{x.Product, x.Meter}, x.Code}] += x.Quantity
		}
	}
	for i := range d.LateFees {
		if f := &d.LateFees[i]; f.Day.Month() == r.Month {
			if err := addTo(&r.out.LateFees, f.Amount); err != nil {
				return err
			}
		}
	}
	for i := range d.Transitions {
		if m := &d.Transitions[i]; r.from <= m.At && m.At < r.to {
			r.out.Moves = append(r.out.Moves, m.Transition)
		}
	}
	return r.countReturned(d)
}

// countReturned counts what went back to the wallet in the month.
func (r *rerun) countReturned(d *Decision) error {
	in := map[int64]bool{}
	for i := range d.Entries {
		e := &d.Entries[i]
		in[e.Seq] = r.from <= e.Effective && e.Effective < r.to
	}
	for i := range d.Transfers {
		if t := &d.Transfers[i]; t.Purpose == ledger.PaymentReturned && in[t.Entry] {
			if err := addTo(&r.out.Returned, t.Transfer.Amount); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *Outcome) charge(c *Charge) error {
	of := Metered{c.Product, c.Meter}
	sum := o.Charges[of]
	sum.Quantity += c.Quantity
	sum.Lines++
	err := addTo(&sum.Amount, c.Amount)
	o.Charges[of] = sum
	return err
}

func (r *rerun) inMonth(hour calendar.Hour) bool {
	return calendar.HourOf(r.from) <= hour && hour < calendar.HourOf(r.to)
}

// countArrears notes what is due and not paid when the month ends.
func (r *rerun) countArrears() error {
	for _, d := range r.books.Debts {
		if d.Since > r.to {
			continue
		}
		if err := addTo(&r.out.Principal, d.Outstanding); err != nil {
			return err
		}
	}
	for name := range r.books.Balances {
		if !name.IsFees() {
			continue
		}
		if err := addTo(&r.out.Fees, r.books.Balances.Owed(name)); err != nil {
			return err
		}
	}
	return nil
}

func addTo(sum *money.Amount, part money.Amount) (err error) {
	*sum, err = sum.Add(part)
	return err
}
