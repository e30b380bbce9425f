package account

import (
	"maps"
	"slices"
	"strings"

	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/terms"
)

// Around is what stands around a transfer.
type Around struct {
	// Books are those from before its entry; nil when they cannot be made again.
	Books *Books
	// Transfers are the account's, by entry and line, its own entry's included.
	Transfers []Posted
	// Charges and LateFees are those of its entry.
	Charges  []Charge
	LateFees []LateFee
}

// Product returns the product under whose terms a transfer was made; it is
// empty for what concerns the account as a whole.
func (a Around) Product(row Posted) string {
	switch row.Purpose {
	case ledger.Charge, ledger.ChargeReversed:
		product, _ := a.invoiced(row)
		return product
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

// invoiced returns the product whose charges a transfer sums, and the sum. An
// entry has one such transfer for each product that cost something, in order.
func (a Around) invoiced(row Posted) (string, money.Amount) {
	totals := map[string]money.Amount{}
	for _, c := range a.Charges {
		totals[c.Key.Product] += c.Amount
	}
	nth := 0
	for _, t := range a.Transfers {
		if t.Entry == row.Entry && t.Line < row.Line && (t.Purpose == ledger.Charge || t.Purpose == ledger.ChargeReversed) {
			nth++
		}
	}
	for _, product := range slices.Sorted(maps.Keys(totals)) {
		if totals[product] == 0 {
			continue
		}
		if nth == 0 {
			return product, totals[product]
		}
		nth--
	}
	return "", 0
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
		x.payment(row, a, "principal")
	case ledger.LateFeePaid:
		x.payment(row, a, "late fees")
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
	product, total := a.invoiced(row)
	lines := 0
	for _, c := range a.Charges {
		if c.Key.Product == product {
			lines++
		}
	}
	x.input("product", product, "")
	x.use("when it is due", terms.PaymentDue.Name())
	if lines == 1 {
		x.step("the one charge of entry %d for %s is %s %s", row.Entry, product, total, x.c.Currency)
	} else {
		x.step("the %d charges of entry %d for %s sum to %s %s", lines, row.Entry, product, total, x.c.Currency)
	}
	words := "The usage of %s that was settled at %s cost %s."
	if row.Purpose == ledger.ChargeReversed {
		words, total = "The usage of %s that was settled at %s cost %s less than was charged before.", -total
	}
	x.say(words, product, x.local(x.c.Entry.Effective), x.money(total))
	x.outcome(x.money(row.Transfer.Amount), x.money(total))
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
		x.input("day", fee.Day.String(), x.c.Zone.String())
		x.step("line %d of entry %d is the late fee of %s for %s: %s", fee.Line, fee.Entry, fee.Day, fee.Product, x.money(amount))
		x.say("The late fee of %s for %s became owed: %s.", fee.Day, fee.Product, x.money(amount))
	}
	x.outcome(x.money(row.Transfer.Amount), x.money(amount))
}

func (x *explaining) payment(row Posted, a Around, of string) {
	x.use("what a payment pays first", terms.OrderOfPayment.Name())
	before, err := a.balances(row)
	if !x.try(err) {
		return
	}
	held, owed := before[ledger.Wallet], before.Owed(row.Credit)
	_, seller, _ := strings.Cut(string(row.Credit), ":")
	seller = strings.Replace(seller, ":", " for ", 1)
	x.input("in the wallet", held.String(), string(x.c.Currency))
	x.input("owed in "+of, owed.String(), string(x.c.Currency))
	x.step("the smaller of %s in the wallet and %s owed to %s is %s", held, owed, seller, min(held, owed))
	x.say("%s were taken from the wallet at %s for %s owed to %s.", x.money(min(held, owed)), x.local(x.c.Entry.Effective), of, seller)
	x.outcome(x.money(row.Transfer.Amount), x.money(min(held, owed)))
}
