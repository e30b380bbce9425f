package app

import (
	"context"
	"slices"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
	"termwise.dev/store"
)

// Leaving answers a customer who does not agree to a change.
type Leaving struct {
	// ID names the notice that confirms it, for Explain.
	ID       string `json:"id"`
	Account  string `json:"account"`
	Document string `json:"document"`
	Version  string `json:"version"` // that it does not agree to
	// Ends is from when the services are ended, in the provider's zone.
	Ends string `json:"ends"`
	// Services are the products in use that end, GoOn those that do not.
	Services []string `json:"services"`
	GoOn     []string `json:"go_on"`
	// Wallet is the money at hand and Owed what is outstanding, late fees
	// included, as things stand; what is used until the end comes on top.
	Wallet   money.Amount   `json:"wallet"`
	Owed     money.Amount   `json:"owed"`
	Currency money.Currency `json:"currency"`
	// Repeated says that the customer was leaving already; nothing has changed.
	Repeated bool `json:"repeated,omitempty"`
}

// Dissent records that a customer does not agree to a version of a document and
// leaves: its services under the document end as the version takes effect, or at
// once. The empty version asks for the next one that is to come. Under a key that
// is not empty, the same request gives the same answer for ever. It refuses what
// account.Dissent refuses, and a document of which no version is to come with
// not_found. What the wallet holds stays there: nothing pays it out yet.
func (a *App) Dissent(ctx context.Context, id string, x account.Dissent, key, actor string) (v Leaving, err error) {
	c, err := a.newCommand("dissent", id, key, x)
	c.enough = true
	if err != nil {
		return v, err
	}
	err = a.update(ctx, func(tx *store.Tx) error {
		v, _, err = once(ctx, tx, c, func() (Leaving, calendar.Instant, error) { return a.dissent(ctx, tx, id, x, actor) })
		return err
	})
	return v, err
}

func (a *App) dissent(ctx context.Context, tx *store.Tx, id string, x account.Dissent, actor string) (v Leaving, at calendar.Instant, err error) {
	var p *Provider
	d, err := a.decide(ctx, tx, id, actor, func(c acase) (*account.Decision, error) {
		p, at = c.provider, max(c.now, c.books.At)
		if x.Version == "" {
			next := p.Corpus.Next(x.Document, at, calendar.EndOfTime)
			if next == nil {
				return nil, refusal.New(refusal.NotFound, "no version of document %q is to come", x.Document).
					At("document").Do("name a document of which a new version was announced: termwise documents list")
			}
			x.Version = next.Version
		}
		return c.books.Dissent(c.env, x, c.now)
	})
	if err != nil {
		return v, at, err
	}
	return p.leaving(d, x), at, nil
}

// leaving describes an exit after it was decided.
func (p *Provider) leaving(d *account.Decision, x account.Dissent) Leaving {
	b := d.After
	exit := account.Exit{}
	for _, e := range b.Exits { // the last word counts
		if e.Document == x.Document && e.Lifted == 0 {
			exit = e
		}
	}
	owing := inArrears(b)
	v := Leaving{
		ID:      exitName(b.ID, exit),
		Account: b.ID, Document: exit.Document, Version: exit.Version, Ends: p.instant(exit.At),
		Services: []string{}, GoOn: []string{},
		Wallet: b.Balances[ledger.Wallet], Owed: owing.Owed + owing.Fees, Currency: b.Currency,
		Repeated: exit.Entry <= d.Before.Seq,
	}
	for _, s := range owing.Services {
		switch {
		case p.leaves(b, s.Product, exit):
			v.Services = append(v.Services, s.Product)
		case s.State != subscription.Ended:
			v.GoOn = append(v.GoOn, s.Product)
		}
	}
	return v
}

// exitName names the notice that confirms an exit.
func exitName(id string, e account.Exit) string {
	return RowName{Kind: NoticeRow, Account: id, RowID: account.RowID{Entry: e.Entry, Line: 1}}.String()
}

// leaves says whether an exit ends a product for the account: the document bound
// it for the product until then, or would from then on.
func (p *Provider) leaves(b *account.Books, product string, exit account.Exit) bool {
	return slices.ContainsFunc([]calendar.Instant{exit.At - 1, exit.At}, func(at calendar.Instant) bool {
		set, err := p.Corpus.Bind(b.Staying(product), at, max(b.At, exit.Told))
		return err == nil && set.Document(exit.Document) != nil
	})
}
