package account

import (
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/terms"
)

// pay takes what the wallet holds for what is owed, in the order that the
// terms name, and undoes what payment can undo.
func (d *draft) pay(at calendar.Instant) error {
	if err := d.payDebts(at); err != nil {
		return err
	}
	return d.restore(at)
}

func (d *draft) payDebts(at calendar.Instant) error {
	if d.books.Balances[ledger.Wallet] == 0 || !d.owesAnything() {
		return nil
	}
	order, err := d.paymentOrder(at)
	if err != nil {
		return err
	}
	if order == terms.LateFeeFirst {
		if err := d.payLateFees(); err != nil {
			return err
		}
		return d.payPrincipal()
	}
	if err := d.payPrincipal(); err != nil {
		return err
	}
	return d.payLateFees()
}

func (d *draft) owesAnything() bool {
	if len(d.books.Debts) > 0 {
		return true
	}
	for name := range d.books.Balances {
		if name.Kind() == "fees_receivable" && d.books.Balances.Owed(name) > 0 {
			return true
		}
	}
	return false
}

// paymentOrder reads the order from the terms of the oldest debt's product, or
// of the first service when only late fees are owed.
func (d *draft) paymentOrder(at calendar.Instant) (terms.PaymentOrder, error) {
	product := ""
	if len(d.books.Debts) > 0 {
		product = d.books.Debts[0].Product
	} else if products := d.books.products(); len(products) > 0 {
		product = products[0]
	}
	set, err := d.standing(product, at, at)
	if err != nil {
		return "", err
	}
	order, err := terms.Get(set, terms.OrderOfPayment)
	return order.V, err
}

func (d *draft) payPrincipal() error {
	left, paid := d.books.Debts.Pay(d.books.Balances[ledger.Wallet])
	for _, p := range paid {
		d.reason(Reason{Seller: p.Seller, Amount: p.Amount, Paid: p.Of})
		if err := d.post(ledger.Transfer{
			Purpose: ledger.Payment, Debit: ledger.Wallet, Credit: ledger.Receivable(p.Seller), Amount: p.Amount,
		}); err != nil {
			return err
		}
	}
	d.books.Debts = left
	return nil
}

func (d *draft) payLateFees() error {
	for _, name := range d.books.Balances.Names() {
		if name.Kind() != "fees_receivable" {
			continue
		}
		amount := min(d.books.Balances.Owed(name), d.books.Balances[ledger.Wallet])
		if err := d.post(ledger.Transfer{
			Purpose: ledger.LateFeePaid, Debit: ledger.Wallet, Credit: name, Amount: amount,
		}); err != nil {
			return err
		}
	}
	return nil
}

// owedFor returns what must be paid before a service in arrears is clear: its
// principal that is due and, where the terms say so, its late fees.
func (d *draft) owedFor(product string, at calendar.Instant) (money.Amount, error) {
	set, err := d.standing(product, at, at)
	if err != nil {
		return 0, err
	}
	requires, err := terms.Get(set, terms.ResumeRequires)
	if err != nil {
		return 0, err
	}
	if requires.V != terms.PrincipalAndFees || canary.On(canary.ResumeUnpaid) {
		owed, _ := d.books.Debts.Outstanding(product, at)
		return owed, nil
	}
	return d.owing(product, at)
}

// owing is what is due for a product, principal and late fees.
func (d *draft) owing(product string, at calendar.Instant) (owed money.Amount, err error) {
	owed, _ = d.books.Debts.Outstanding(product, at)
	for name := range d.books.Balances {
		if name.Kind() == "fees_receivable" && strings.HasSuffix(string(name), ":"+product) {
			if owed, err = owed.Add(d.books.Balances.Owed(name)); err != nil {
				return 0, err
			}
		}
	}
	return owed, nil
}
