package store

import (
	"context"
	"maps"
	"slices"

	"termwise.dev/core/account"
	"termwise.dev/core/arrears"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/subscription"
)

// InArrears is an account that owes principal or late fees.
type InArrears struct {
	AccountRow
	// Debts are sorted by due instant, seller and product.
	Debts arrears.Debts
	// FeesOwed holds the unpaid late fees, above zero, by the account that
	// ledger.FeesReceivable names.
	FeesOwed map[ledger.Account]money.Amount
	// Services are sorted by product.
	Services []subscription.Service
	// Broken is why the state of the account cannot be read; then it has no debts,
	// no fees by their accounts and no services here, and Owed and Fees are all that
	// is known of what it owes.
	Broken error
}

// owing is the condition of the index on accounts that owe something.
const owing = "(owed > 0 OR fees > 0)"

// Arrears returns the first accounts after an id that owe something, sorted by id.
func (tx *Tx) Arrears(ctx context.Context, after string, limit int) ([]*InArrears, error) {
	ids, err := tx.texts(ctx, "SELECT account FROM accounts WHERE account > $1 AND "+owing+" ORDER BY account LIMIT $2", after, limit)
	if err != nil {
		return nil, err
	}
	rows, err := tx.accountsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	books, err := tx.Heads(ctx, ids)
	if err != nil {
		return nil, err
	}
	inArrears := make([]*InArrears, 0, len(rows))
	for i, row := range rows {
		// a View: both have the same accounts, sorted by id
		inArrears = append(inArrears, newInArrears(row, books[i]))
	}
	return inArrears, nil
}

func newInArrears(row AccountRow, books *account.Books) *InArrears {
	if books.Broken != nil {
		return &InArrears{AccountRow: row, Broken: books.Broken}
	}
	a := &InArrears{AccountRow: row, Debts: books.Debts, FeesOwed: map[ledger.Account]money.Amount{}}
	for name := range books.Balances {
		if owed := books.Balances.Owed(name); owed > 0 && name.IsFees() {
			a.FeesOwed[name] = owed
		}
	}
	for _, product := range slices.Sorted(maps.Keys(books.Services)) {
		a.Services = append(a.Services, *books.Services[product])
	}
	return a
}
