package app

import (
	"context"
	"math"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// AccountView is an account as it stands now.
type AccountView struct {
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	Currency  money.Currency   `json:"currency"`
	Opened    string           `json:"opened"`
	Wallet    money.Amount     `json:"wallet"`
	Principal money.Amount     `json:"outstanding_principal"`
	LateFees  money.Amount     `json:"outstanding_late_fees"`
	Services  []ServiceView    `json:"services"`
	Accepted  []AcceptanceView `json:"accepted"`
	// Left lists the documents that the account is leaving, or has left, over a
	// change, and has not accepted again.
	Left []LeftView `json:"left,omitempty"`
	// Damaged says, in a list, why the account's state cannot be read, and what to do;
	// absent where it can. Then nothing says how its services stand and what it left.
	Damaged string `json:"damaged,omitempty"`
}

// LeftView is that an account leaves a document over a version to which it does
// not agree. Explain takes its ID.
type LeftView struct {
	ID       string `json:"id"`
	Document string `json:"document"`
	Version  string `json:"version"`
	Ends     string `json:"ends"` // from when the services under it are ended
}

// AcceptanceView is one acceptance of a document. Explain takes its ID.
type AcceptanceView struct {
	ID       string `json:"id"`
	Document string `json:"document"`
	Version  string `json:"version"`
	Form     string `json:"form"`
	At       string `json:"at"`       // from when it counts
	Recorded string `json:"recorded"` // from when it is known
	Actor    string `json:"actor"`
	TextHash string `json:"text_hash"` // of the text that was accepted
	// Order is the order that it came with; absent where it came with none.
	Order string `json:"order,omitempty"`
	// Voided is from when it counts no longer, because the order lapsed, and
	// VoidedBy the clause that says so; absent where it stands.
	Voided   string `json:"voided,omitempty"`
	VoidedBy string `json:"voided_by,omitempty"`
}

// Account returns an account as it stands. It refuses an unknown account.
func (a *App) Account(ctx context.Context, id string) (v AccountView, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		v, err = a.view(ctx, tx, id)
		return err
	})
	return v, err
}

func (a *App) view(ctx context.Context, tx *store.Tx, id string) (AccountView, error) {
	p, err := a.provider(ctx, tx)
	if err != nil {
		return AccountView{}, err
	}
	b, err := readBooks(ctx, tx, id)
	if err != nil {
		return AccountView{}, err
	}
	standings, err := tx.Standings(ctx, []string{id})
	if err != nil {
		return AccountView{}, err
	}
	return p.accountView(b, standings[id]), nil
}

// viewNow is view, with the instant at which it was so.
func (a *App) viewNow(ctx context.Context, tx *store.Tx, id string) (AccountView, calendar.Instant, error) {
	m, err := a.moment(ctx, tx)
	if err != nil {
		return AccountView{}, 0, err
	}
	v, err := a.view(ctx, tx, id)
	return v, m.now, err
}

// Accounts lists accounts, sorted by id, after a cursor, which is empty for the
// first ones; the cursor returned is empty when there are no more. An account whose
// state cannot be read is marked as damaged.
func (a *App) Accounts(ctx context.Context, cursor string, limit int) (list []AccountView, next string, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		p, err := a.provider(ctx, tx)
		if err != nil {
			return err
		}
		ids, err := tx.AccountIDs(ctx, cursor, limit+1)
		if err != nil {
			return err
		}
		if len(ids) > limit {
			ids = ids[:limit]
			next = ids[limit-1]
		}
		books, err := tx.Books(ctx, ids, 0)
		if err != nil {
			return err
		}
		standings, err := tx.Standings(ctx, ids)
		if err != nil {
			return err
		}
		for _, b := range books {
			view, err := p.listedView(ctx, tx, b, standings[b.ID])
			if err != nil {
				return err
			}
			list = append(list, view)
		}
		return nil
	})
	return list, next, err
}

// listedView views an account in a list. Of one whose state cannot be read it gives
// what the columns beside the state and the rows of its history say.
func (p *Provider) listedView(ctx context.Context, tx *store.Tx, b *account.Books, s *store.Standing) (AccountView, error) {
	if b.Broken == nil {
		return p.accountView(b, s), nil
	}
	row, _, err := tx.Account(ctx, b.ID)
	if err != nil {
		return AccountView{}, err
	}
	v := p.accountView(&account.Books{ID: row.ID, Name: row.Name, Currency: row.Currency, Opened: row.Opened}, s)
	v.Wallet, v.Principal, v.LateFees, v.Damaged = row.Wallet, row.Owed, row.Fees, b.Broken.Error()
	return v, nil
}

// readBooks reads an account without its open buckets, or refuses an unknown one.
func readBooks(ctx context.Context, tx *store.Tx, id string) (*account.Books, error) {
	if !terms.IsAccountID(id) {
		return nil, unknownAccount(id)
	}
	books, err := tx.Books(ctx, []string{id}, 0)
	if err != nil {
		return nil, err
	}
	if len(books) == 0 {
		return nil, unknownAccount(id)
	}
	return books[0], books[0].Broken
}

// accountView views an account that came to where it stands as s says.
func (p *Provider) accountView(b *account.Books, s *store.Standing) AccountView {
	owing := inArrears(b)
	v := AccountView{
		ID: b.ID, Name: b.Name, Currency: b.Currency, Opened: p.instant(b.Opened),
		Wallet: b.Balances[ledger.Wallet], Principal: owing.Owed, LateFees: owing.Fees,
		Services: p.services(b.ID, owing.Services, s), Accepted: []AcceptanceView{},
	}
	standing := account.AcceptedBefore(math.MaxInt64, s.Acceptances, s.Lapses)
	for i, acc := range s.Acceptances {
		view := AcceptanceView{
			ID:       RowName{Kind: AcceptanceRow, Account: b.ID, RowID: acc.RowID}.String(),
			Document: acc.Document, Version: acc.Version, Form: string(acc.Form),
			At: p.instant(acc.At), Recorded: p.instant(acc.Recorded), Actor: acc.Actor, TextHash: acc.TextHash.String(),
			Order: acc.Order,
		}
		if void := standing[i].Void; void.At != 0 {
			view.Voided, view.VoidedBy = p.instant(void.At), void.Clause.Long()
		}
		v.Accepted = append(v.Accepted, view)
	}
	for _, e := range b.Exits {
		if e.Lifted == 0 {
			v.Left = append(v.Left, p.leftView(b.ID, e))
		}
	}
	return v
}

func (p *Provider) leftView(id string, e account.Exit) LeftView {
	return LeftView{ID: exitName(id, e), Document: e.Document, Version: e.Version, Ends: p.instant(e.At)}
}
