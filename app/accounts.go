package app

import (
	"context"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// NewAccount says which account to create and what its owner accepted.
type NewAccount struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Accepts lists the ids of the documents that were accepted by click.
	Accepts []string `json:"accepts"`
}

// CreateAccount opens an account and records what it accepted. Repeating it
// with the same content changes nothing; with other content it is refused.
func (a *App) CreateAccount(ctx context.Context, n NewAccount, actor string) error {
	_, err := a.CreateAccounts(ctx, []NewAccount{n}, actor)
	return err
}

// OpenAccount does what CreateAccount does, and answers with the account as it
// then stands. Under a key that is not empty, the same request gives the same
// answer for ever, and another one for the account is refused.
func (a *App) OpenAccount(ctx context.Context, n NewAccount, key, actor string) (v AccountView, err error) {
	if err := account.CheckID(n.ID); err != nil {
		return v, err
	}
	c, err := a.newCommand("open", n.ID, key, n)
	if err != nil {
		return v, err
	}
	err = a.update(ctx, func(tx *store.Tx) error {
		v, _, err = once(ctx, tx, c, func() (AccountView, calendar.Instant, error) {
			if _, err := a.createAccounts(ctx, tx, []NewAccount{n}, actor); err != nil {
				return AccountView{}, 0, err
			}
			return a.viewNow(ctx, tx, n.ID)
		})
		return err
	})
	return v, err
}

// CreateAccounts opens many accounts in one transaction, or, where accounts live
// on several nodes, each in its own, and returns how many of them were new.
func (a *App) CreateAccounts(ctx context.Context, accounts []NewAccount, actor string) (created int, err error) {
	if !a.db.Sharded() {
		return a.openTogether(ctx, accounts, actor)
	}
	for _, n := range accounts {
		opened, err := a.openTogether(ctx, []NewAccount{n}, actor)
		created += opened
		if err != nil {
			return created, err
		}
	}
	return created, nil
}

func (a *App) openTogether(ctx context.Context, accounts []NewAccount, actor string) (created int, err error) {
	err = a.update(ctx, func(tx *store.Tx) error {
		created, err = a.createAccounts(ctx, tx, accounts, actor)
		return err
	})
	return created, err
}

func (a *App) createAccounts(ctx context.Context, tx *store.Tx, accounts []NewAccount, actor string) (created int, err error) {
	p, err := a.provider(ctx, tx)
	if err != nil {
		return 0, err
	}
	m, err := a.moment(ctx, tx)
	if err != nil {
		return 0, err
	}
	var opened []*account.Decision
	for _, n := range accounts {
		d, err := openAccount(ctx, tx, p, m.env(p, actor), m.now, n)
		if err != nil {
			return 0, err
		}
		if d != nil {
			opened = append(opened, d...)
			created++
		}
	}
	if err := applyInOrder(ctx, tx, opened); err != nil {
		return 0, err
	}
	return created, a.tellNewcomers(ctx, tx, accepting(opened))
}

// accepting lists the accounts of decisions that accept something.
func accepting(ds []*account.Decision) (ids []string) {
	for _, d := range ds {
		if len(d.Acceptances) > 0 {
			ids = append(ids, d.Account)
		}
	}
	return ids
}

// applyInOrder applies openings before what was decided on top of them.
func applyInOrder(ctx context.Context, tx *store.Tx, ds []*account.Decision) error {
	var first, second []*account.Decision
	for _, d := range ds {
		if d.Before == nil {
			first = append(first, d)
		} else {
			second = append(second, d)
		}
	}
	if err := tx.Apply(ctx, first); err != nil {
		return err
	}
	return tx.Apply(ctx, second)
}

// openAccount decides the opening and the acceptances; it returns nothing for an
// account that exists with the same name.
func openAccount(ctx context.Context, tx *store.Tx, p *Provider, env account.Env, now calendar.Instant, n NewAccount) ([]*account.Decision, error) {
	existing, found, err := tx.Account(ctx, n.ID)
	if err != nil {
		return nil, err
	}
	if found {
		if existing.Name == n.Name {
			return nil, nil
		}
		return nil, refusal.New(refusal.AlreadyExists, "account %s exists under the name %q", n.ID, existing.Name).
			At("account").Do("choose another id")
	}
	if err := checkText("name", n.Name); err != nil {
		return nil, err
	}
	opening, err := account.Open(env, account.New{ID: n.ID, Name: n.Name, Currency: p.Currency()}, now)
	if err != nil {
		return nil, err
	}
	acceptances, err := p.accept(opening.After, NewAcceptance{Documents: n.Accepts, Form: terms.Click}, env.Actor, now)
	if err != nil {
		return nil, err
	}
	if len(acceptances) == 0 {
		return []*account.Decision{opening}, nil
	}
	accepting, err := opening.After.Accept(env, acceptances, now)
	if err != nil {
		return nil, err
	}
	return []*account.Decision{opening, accepting}, nil
}
