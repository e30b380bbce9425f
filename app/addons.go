package app

import (
	"context"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// ProductAddOns are the add-ons of a product, as they stand for an account.
type ProductAddOns struct {
	Account string      `json:"account"`
	Product string      `json:"product"`
	At      string      `json:"at"`
	List    []AddOnView `json:"addons"`
}

// AddOnView is an add-on as it stands for an account.
type AddOnView struct {
	// ID names how it was switched last, for Explain; empty where nobody switched
	// it and it is as the terms have it.
	ID    string `json:"id,omitempty"`
	AddOn string `json:"addon"`
	On    bool   `json:"on"`
	// Since is when it was switched, in the provider's zone.
	Since string `json:"since,omitempty"`
	// Default is whether it comes with the product; absent where no document says.
	Default terms.AddonDefault `json:"default,omitempty"`
	// Clause says whether it comes with the product, or demands something for it.
	Clause *CitedClause `json:"clause,omitempty"`
	// Missing lists what must be accepted before it is switched on.
	Missing []MissingAcceptance `json:"missing"`
	// Repeated says that it was in this state already; nothing has changed.
	Repeated bool `json:"repeated,omitempty"`
}

// SwitchAddOn switches an add-on of a product on or off for an account, and answers
// with how it then stands. Switching it to the state that it has changes nothing;
// under a key that is not empty, the same request gives the same answer for ever.
// It refuses what account.SwitchAddOn refuses.
func (a *App) SwitchAddOn(ctx context.Context, id string, x account.Switch, key, actor string) (v AddOnView, err error) {
	c, err := a.newCommand("switch_add_on", id, key, x)
	if err != nil {
		return v, err
	}
	err = a.update(ctx, func(tx *store.Tx) error {
		v, _, err = once(ctx, tx, c, func() (AddOnView, calendar.Instant, error) { return a.switchAddOn(ctx, tx, id, x, actor) })
		return err
	})
	return v, err
}

func (a *App) switchAddOn(ctx context.Context, tx *store.Tx, id string, x account.Switch, actor string) (v AddOnView, at calendar.Instant, err error) {
	var p *Provider
	d, err := a.decide(ctx, tx, id, actor, func(c acase) (*account.Decision, error) {
		p, at = c.provider, max(c.now, c.books.At)
		if err := tx.LoadAddOns(ctx, c.books); err != nil {
			return nil, err
		}
		return c.books.SwitchAddOn(c.env, x, c.now)
	})
	if err != nil {
		return v, at, err
	}
	set, err := p.Corpus.Bind(d.After.Subject(x.Product), at, at)
	if err != nil {
		return v, at, err
	}
	addOn, err := set.AddOn(x.AddOn)
	if err != nil {
		return v, at, err
	}
	v, err = p.addOn(d.After, x.Product, addOn, at)
	v.Repeated = len(d.AddOns) == 0
	return v, at, err
}

// AddOns lists the add-ons that the documents which bind an account for a product
// name, sorted by name: whether each is on, and by which clause. It refuses an
// unknown account, a product that nothing sells, and what is not accepted.
func (a *App) AddOns(ctx context.Context, id, product string) (v ProductAddOns, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		p, now, err := a.providerNow(ctx, tx)
		if err != nil {
			return err
		}
		b, err := readBooks(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := tx.LoadAddOns(ctx, b); err != nil {
			return err
		}
		set, err := p.Corpus.Bind(b.Subject(product), now, now)
		if err != nil {
			return err
		}
		list, err := set.AddOns()
		if err != nil {
			return err
		}
		v = ProductAddOns{Account: id, Product: product, At: p.instant(now), List: []AddOnView{}}
		for _, addOn := range list {
			view, err := p.addOn(b, product, addOn, now)
			if err != nil {
				return err
			}
			v.List = append(v.List, view)
		}
		return nil
	})
	return v, err
}

// addOn views an add-on of a product that documents bind.
func (p *Provider) addOn(b *account.Books, product string, addOn terms.AddOn, at calendar.Instant) (AddOnView, error) {
	v := AddOnView{
		AddOn: addOn.Name, On: b.IsOn(product, addOn), Default: addOn.Default, Clause: p.clause(addOn.Clause),
		Missing: []MissingAcceptance{},
	}
	if s := b.SwitchOf(product, addOn.Name); s != nil {
		v.ID = RowName{Kind: AddOnRow, Account: b.ID, RowID: s.RowID}.String()
		v.Since, v.Clause = p.instant(s.At), p.clause(s.Clause)
	}
	needs, err := p.Corpus.Missing(b.Subject(product), []string{addOn.Name}, at, at)
	if err != nil {
		return v, err
	}
	for _, n := range needs {
		v.Missing = append(v.Missing, p.missingAcceptance(n))
	}
	return v, nil
}
