package ledger

import (
	"sort"
	"strings"

	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
)

// Account names one of a customer's ledger accounts: a kind, and after a colon
// the seller or the way of paying that it is kept for.
type Account string

// Wallet holds the money that the customer has paid in and not yet spent.
const Wallet Account = "wallet"

// PaidIn is where money comes from: one clearing account for each way of paying.
func PaidIn(method string) Account { return Account("paid_in:" + method) }

// Receivable is what the customer owes a seller for charges.
func Receivable(seller string) Account { return Account("receivable:" + seller) }

// Revenue is what a seller has charged.
func Revenue(seller string) Account { return Account("revenue:" + seller) }

// FeesReceivable is what the customer owes a seller in late fees on a product's
// debts. It is kept by product, because a service resumes when its own are paid
// and a compound fee is taken on its own.
func FeesReceivable(seller, product string) Account {
	return Account("fees_receivable:" + seller + ":" + product)
}

// FeeIncome is what a seller has charged in late fees.
func FeeIncome(seller string) Account { return Account("fee_income:" + seller) }

// Kind is the part of the name before the colon.
func (a Account) Kind() string {
	kind, _, _ := strings.Cut(string(a), ":")
	return kind
}

// IsFees says whether FeesReceivable names the account.
func (a Account) IsFees() bool { return a.Kind() == "fees_receivable" }

// Purpose says why a transfer was made.
type Purpose string

// The purposes of transfers.
const (
	TopUp           Purpose = "top_up"
	Charge          Purpose = "charge"
	Payment         Purpose = "payment"
	LateFee         Purpose = "late_fee"
	LateFeePaid     Purpose = "late_fee_payment"
	PaymentReturned Purpose = "payment_returned"
	ChargeReversed  Purpose = "charge_reversal"
)

// Transfer moves a positive amount, in 1e-6 of the customer's currency, from
// the debit account to the credit account.
type Transfer struct {
	Purpose Purpose
	Debit   Account
	Credit  Account
	Amount  money.Amount
}

// Balances maps each ledger account to credits less debits: money in the
// wallet is positive, money that the customer owes is negative.
type Balances map[Account]money.Amount

// Post applies a transfer. It refuses an amount that is not positive, a
// transfer to itself, a wallet that would go below zero, and an overflow;
// nothing has changed when it refuses.
func (b Balances) Post(t Transfer) error {
	if t.Amount <= 0 {
		return refusal.New(refusal.BadInput, "a transfer of %s does not move money", t.Amount).Do("transfer a positive amount")
	}
	if t.Debit == t.Credit {
		return refusal.New(refusal.BadInput, "a transfer from %s to itself moves nothing", t.Debit).Do("name two accounts")
	}
	debit, err := b[t.Debit].Sub(t.Amount)
	if err != nil {
		return err
	}
	credit, err := b[t.Credit].Add(t.Amount)
	if err != nil {
		return err
	}
	if t.Debit == Wallet && debit < 0 {
		return refusal.New(refusal.BadInput, "the wallet holds %s, less than %s", b[Wallet], t.Amount).Do("top up first")
	}
	b[t.Debit], b[t.Credit] = debit, credit
	return nil
}

// Owed returns what the customer owes in the account, as a positive amount.
func (b Balances) Owed(a Account) money.Amount {
	if b[a] < 0 {
		return -b[a]
	}
	return 0
}

// Names returns the accounts that have a balance row, sorted.
func (b Balances) Names() []Account {
	names := make([]Account, 0, len(b))
	for a := range b {
		names = append(names, a)
	}
	sort.Slice(names, func(i, j int) bool { return names[i] < names[j] })
	return names
}

// Clone returns a copy that can be posted to without changing b.
func (b Balances) Clone() Balances {
	c := make(Balances, len(b))
	for a, v := range b {
		c[a] = v
	}
	return c
}
