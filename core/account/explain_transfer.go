package account

import (
	"strings"

	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/terms"
)

// Around is what stands around a transfer.
type Around struct {
	// Books are those from before its entry; nil when they cannot be made again.
	Books *Books
	// Reasons are those of its entry's transfers, made again.
	Reasons map[RowID]Reason
	// Transfers are the account's, by entry and line, its own entry's included.
	Transfers []Posted
	// Charges and LateFees are those of its entry.
	Charges  []Charge
	LateFees []LateFee
}

// Products lists the products under whose terms a transfer was made, the first
// that has any counts; the empty one stands for the account as a whole.
func (a Around) Products(row Posted) []string {
	if row.Purpose == ledger.TopUp && a.Books != nil {
		return append([]string{""}, a.Books.products()...)
	}
	return []string{a.product(row)}
}

func (a Around) product(row Posted) string {
	switch row.Purpose {
	case ledger.Charge, ledger.ChargeReversed:
		if why, found := a.Reasons[row.RowID]; found && why.Product != "" {
			return why.Product
		}
		if len(a.Charges) > 0 {
			return a.Charges[0].Key.Product
		}
	case ledger.LateFee:
		if fee := a.fee(row); fee != nil {
			return fee.Product
		}
	case ledger.Payment, ledger.LateFeePaid:
		if a.Books != nil && len(a.Books.Debts) > 0 {
			return a.Books.Debts[0].Product
		}
		if len(a.Charges) > 0 {
			return a.Charges[0].Key.Product
		}
		if a.Books != nil && len(a.Books.Services) > 0 {
			return a.Books.products()[0]
		}
	}
	return ""
}

// fee returns the late fee that a transfer posts: it stands on the line before.
func (a Around) fee(row Posted) *LateFee {
	for i := range a.LateFees {
		if a.LateFees[i].RowID == (RowID{Entry: row.Entry, Line: row.Line - 1}) {
			return &a.LateFees[i]
		}
	}
	return nil
}

// balances sums the transfers before a row.
func (a Around) balances(row Posted) (ledger.Balances, error) {
	sums := ledger.Balances{}
	for _, t := range a.Transfers {
		if t.compare(row.RowID) >= 0 {
			break
		}
		if err := sums.Post(t.Transfer); err != nil {
			return nil, err
		}
	}
	return sums, nil
}

// Transfer explains a transfer of the ledger.
func (c Case) Transfer(row Posted, a Around) (Explanation, error) {
	x := c.explain("transfer")
	x.seal(row.Stamp, row.Seal(c.Account))
	x.input("purpose", string(row.Purpose), "")
	x.input("from", string(row.Debit), "")
	x.input("to", string(row.Credit), "")
	switch row.Purpose {
	case ledger.TopUp:
		x.topUp(row)
	case ledger.Charge, ledger.ChargeReversed:
		x.invoice(row, a)
	case ledger.LateFee:
		x.feePosted(row, a)
	case ledger.Payment:
		x.principalPaid(row, a)
	case ledger.LateFeePaid:
		x.feesPaid(row, a)
	case ledger.PaymentReturned:
		x.returned(row, a)
	default:
		x.disagree("no transfer is made for the purpose %q", row.Purpose)
	}
	return x.done()
}

func (x *explaining) topUp(row Posted) {
	var t TopUp
	if !x.payload(&t) {
		return
	}
	x.input("method", t.Method, "")
	x.input("reference", t.Reference, "")
	offered := x.use("ways of topping up", terms.TopupMethods.Name())
	x.step("%s is among the ways that the agreement lists: %s", t.Method, offered.Value)
	if row.Debit != ledger.PaidIn(t.Method) || row.Credit != ledger.Wallet {
		x.disagree("the transfer goes from %s to %s, and %s was paid in", row.Debit, row.Credit, t.Method)
	}
	x.say("%s were paid in by %s on %s, with the reference %s.", x.money(t.Amount), t.Method, x.local(x.c.Entry.Effective), t.Reference)
	x.outcome(x.money(row.Transfer.Amount), x.money(t.Amount))
}

func (x *explaining) invoice(row Posted, a Around) {
	why, found := a.Reasons[row.RowID]
	if !found {
		x.disagree("the entry, made again, has no such transfer")
	}
	x.input("product", why.Product, "")
	x.input("seller", why.Seller, "")
	x.use("when it is due", terms.PaymentDue.Name())
	x.step("the charges of entry %d for %s of %s sum to %s %s", row.Entry, why.Product, why.Seller, why.Amount, x.c.Currency)
	words := "The usage of %s that was settled at %s cost %s."
	if row.Purpose == ledger.ChargeReversed {
		words = "The usage of %s that was settled at %s cost %s less than was charged before."
	}
	x.say(words, why.Product, x.local(x.c.Entry.Effective), x.money(why.Amount))
	x.outcome(x.money(row.Transfer.Amount), x.money(why.Amount))
}

// returned explains what went back to the wallet: the part of a reversal that
// had been paid already.
func (x *explaining) returned(row Posted, a Around) {
	before, err := a.balances(row)
	if !x.try(err) {
		return
	}
	returned := max(before[row.Debit], 0)
	x.step("the reversal left %s more paid than was charged", x.money(returned))
	x.say("%s that had been paid too much went back to the wallet.", x.money(row.Transfer.Amount))
	x.outcome(x.money(row.Transfer.Amount), x.money(returned))
}

func (x *explaining) feePosted(row Posted, a Around) {
	x.use("rate", terms.LateFeeRate.Name())
	var amount money.Amount
	if fee := a.fee(row); fee == nil {
		x.disagree("no late fee stands before the transfer")
	} else {
		amount = fee.Amount
		x.seal(fee.Stamp, fee.Seal(x.c.Account)) // the transfer has no digest of its own that could differ
		x.input("day", fee.Day.String(), x.c.Zone.String())
		x.step("line %d of entry %d is the late fee of %s for %s: %s", fee.Line, fee.Entry, fee.Day, fee.Product, x.money(amount))
		x.say("The late fee of %s for %s became owed: %s.", fee.Day, fee.Product, x.money(amount))
	}
	x.outcome(x.money(row.Transfer.Amount), x.money(amount))
}

// principalPaid explains a payment to a seller by the debts that it paid.
func (x *explaining) principalPaid(row Posted, a Around) {
	x.use("what a payment pays first", terms.OrderOfPayment.Name())
	before, err := a.balances(row)
	if !x.try(err) {
		return
	}
	why := a.Reasons[row.RowID]
	x.input("in the wallet", before[ledger.Wallet].String(), string(x.c.Currency))
	x.input("owed in principal", before.Owed(row.Credit).String(), string(x.c.Currency))
	for _, sameDay := range why.Paid.ByDay() {
		var sum money.Amount
		for _, d := range sameDay {
			sum += d.Outstanding
		}
		x.step("%s of what fell due on %s", x.money(sum), sameDay[0].Due)
	}
	x.step("the oldest first, until the wallet is empty or nothing more is owed: %s to %s", x.money(why.Amount), why.Seller)
	x.say("%s were taken from the wallet at %s for principal owed to %s.", x.money(why.Amount), x.local(x.c.Entry.Effective), why.Seller)
	x.outcome(x.money(row.Transfer.Amount), x.money(why.Amount))
}

func (x *explaining) feesPaid(row Posted, a Around) {
	x.use("what a payment pays first", terms.OrderOfPayment.Name())
	before, err := a.balances(row)
	if !x.try(err) {
		return
	}
	held, owed := before[ledger.Wallet], before.Owed(row.Credit)
	_, to, _ := strings.Cut(string(row.Credit), ":")
	to = strings.Replace(to, ":", " for ", 1)
	x.input("in the wallet", held.String(), string(x.c.Currency))
	x.input("owed in late fees", owed.String(), string(x.c.Currency))
	x.step("the smaller of %s in the wallet and %s owed to %s is %s", held, owed, to, min(held, owed))
	x.say("%s were taken from the wallet at %s for late fees owed to %s.", x.money(min(held, owed)), x.local(x.c.Entry.Effective), to)
	x.outcome(x.money(row.Transfer.Amount), x.money(min(held, owed)))
}
