package store

import (
	"context"

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
	// Services are sorted by product, without their history.
	Services []subscription.Service
}

// Arrears returns the first accounts after an id that owe something, sorted by id.
func (tx *Tx) Arrears(ctx context.Context, after string, limit int) ([]*InArrears, error) {
	owing, err := tx.texts(ctx, `SELECT account FROM (
			SELECT account FROM debts WHERE account > $1
			UNION SELECT account FROM balances WHERE account > $1 AND `+feesOwed+`) owing
		ORDER BY account LIMIT $2`, after, limit)
	if err != nil {
		return nil, err
	}
	rows, err := tx.accountsOf(ctx, owing)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*InArrears, len(rows))
	ids := make([]string, len(rows))
	for i, row := range rows {
		byID[row.ID] = &InArrears{AccountRow: row, FeesOwed: map[ledger.Account]money.Amount{}}
		ids[i] = row.ID
	}
	return apart(tx, ids, func(ids []string) (some []*InArrears, err error) {
		for _, id := range ids {
			some = append(some, byID[id])
		}
		return some, tx.fillArrears(ctx, ids, byID)
	})
}

func (tx *Tx) fillArrears(ctx context.Context, ids []string, byID map[string]*InArrears) error {
	wanted, err := list(tx, ids)
	if err != nil {
		return err
	}
	where := "WHERE " + tx.among("account", "text")
	if err := debts.each(ctx, tx, func(id string, d *arrears.Debt) {
		byID[id].Debts = append(byID[id].Debts, *d)
	}, where+" ORDER BY account, since, seller, product", wanted); err != nil {
		return err
	}
	if err := balances.each(ctx, tx, func(id string, b *balance) {
		byID[id].FeesOwed[b.name] = -b.amount
	}, where+" AND "+feesOwed, wanted); err != nil {
		return err
	}
	return services.each(ctx, tx, func(id string, s *subscription.Service) {
		byID[id].Services = append(byID[id].Services, *s)
	}, where+" ORDER BY account, product", wanted)
}
