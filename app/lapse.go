package app

import (
	"context"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// LapsedOrder answers that an order lapsed.
type LapsedOrder struct {
	Account string `json:"account"`
	Order   string `json:"order"`
	// At is when it lapsed, in the provider's zone.
	At string `json:"at"`
	// Documents are those that were accepted with the order.
	Documents []LapsedDocument `json:"documents"`
	// SwitchedOff are the add-ons that are switched off, because their terms went
	// with the order.
	SwitchedOff []SwitchedOff `json:"switched_off"`
	// Repeated says that the order had lapsed before; nothing has changed.
	Repeated bool `json:"repeated,omitempty"`
}

// LapsedDocument is what became of an acceptance. Explain takes its ID.
type LapsedDocument struct {
	ID       string `json:"id"`
	Document string `json:"document"`
	Version  string `json:"version"`
	// Effect is what ends by the clause: the consensus on the service, the price as
	// well, or the terms themselves.
	Effect terms.LapseEffect `json:"effect"`
	// Voided says that the document must be accepted again; otherwise the
	// acceptance stands.
	Voided bool         `json:"voided"`
	Clause *CitedClause `json:"clause"`
}

// SwitchedOff is an add-on that went off with its terms. Explain takes its ID.
type SwitchedOff struct {
	ID      string `json:"id"`
	Product string `json:"product"`
	AddOn   string `json:"addon"`
}

// LapseOrder records that an order of an account lapsed, and answers what went with
// it and what stands, each by its clause. Lapsed again, an order changes nothing and
// gives the same answer; under a key that is not empty, the same request gives the
// same answer for ever. It refuses what account.LapseOrder refuses. There are no
// orders here: whoever keeps them says so.
func (a *App) LapseOrder(ctx context.Context, id string, x account.OrderLapse, key, actor string) (v LapsedOrder, err error) {
	c, err := a.newCommand("lapse_order", id, key, x)
	if err != nil {
		return v, err
	}
	err = a.update(ctx, func(tx *store.Tx) error {
		v, _, err = once(ctx, tx, c, func() (LapsedOrder, calendar.Instant, error) { return a.lapseOrder(ctx, tx, id, x, actor) })
		return err
	})
	return v, err
}

func (a *App) lapseOrder(ctx context.Context, tx *store.Tx, id string, x account.OrderLapse, actor string) (v LapsedOrder, at calendar.Instant, err error) {
	var p *Provider
	d, err := a.decide(ctx, tx, id, actor, func(c acase) (*account.Decision, error) {
		p, at = c.provider, max(c.now, c.books.At)
		if err := tx.LoadAddOns(ctx, c.books); err != nil {
			return nil, err
		}
		return c.books.LapseOrder(c.env, x, c.now)
	})
	if err != nil {
		return v, at, err
	}
	return p.lapsedOrder(d, x.Order), at, nil
}

func (p *Provider) lapsedOrder(d *account.Decision, order string) LapsedOrder {
	v := LapsedOrder{
		Account: d.Account, Order: order, Documents: []LapsedDocument{}, SwitchedOff: []SwitchedOff{},
		Repeated: len(d.Lapses) == 0,
	}
	for _, l := range d.After.Lapses {
		if l.Order != order {
			continue
		}
		v.At = p.instant(l.At)
		v.Documents = append(v.Documents, LapsedDocument{
			ID:       RowName{Kind: LapseRow, Account: d.Account, RowID: l.RowID}.String(),
			Document: l.Document, Version: l.Version, Effect: l.Effect, Voided: l.Voids(), Clause: p.clause(l.Clause),
		})
	}
	for _, s := range d.After.AddOns {
		if s.Order == order {
			v.SwitchedOff = append(v.SwitchedOff, SwitchedOff{
				ID: RowName{Kind: AddOnRow, Account: d.Account, RowID: s.RowID}.String(), Product: s.Product, AddOn: s.AddOn,
			})
		}
	}
	return v
}

// clause finds the text of a citation of any version that is published, or nil.
func (p *Provider) clause(c terms.Citation) *CitedClause {
	for _, published := range p.Documents {
		if found := citedClause([]*terms.Document{published.Document}, c); found != nil {
			return found
		}
	}
	return nil
}
