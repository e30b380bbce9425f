package app

import (
	"cmp"
	"context"
	"slices"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// Needs is what an account must still accept before it uses or orders a product.
type Needs struct {
	Account string `json:"account"`
	Product string `json:"product"`
	At      string `json:"at"`
	// Missing lists what must be accepted first; empty when nothing stands in the way.
	Missing []MissingAcceptance `json:"missing"`
	// ByUse lists what the first use of the product will accept by itself.
	ByUse []AcceptableDocument `json:"by_use"`
	// Left lists the documents for the product that the account has left over a
	// change: its use is refused, and accepts nothing, until it accepts them again.
	Left []LeftView `json:"left,omitempty"`
}

// MissingAcceptance is one acceptance that is needed.
type MissingAcceptance struct {
	// AnyOf lists the documents of which one must be accepted; mostly there is one.
	AnyOf []AcceptableDocument `json:"any_of"`
	// AddOn is the add-on that needs it; absent when the product itself does.
	AddOn string `json:"addon,omitempty"`
	// Clause demands it; absent where no agreement binds the account at all.
	Clause *CitedClause `json:"clause,omitempty"`
	// Under says that the licences of third parties apply, where this is one.
	Under *CitedClause `json:"under,omitempty"`
}

// AcceptableDocument is a version in force that an account may accept.
type AcceptableDocument struct {
	Document string `json:"document"`
	Version  string `json:"version"`
	Title    string `json:"title"`
	Hash     string `json:"hash"`
	// Forms lists the acts by which the document says that it is accepted, but for
	// use, which is recorded as usage is reported; absent where it lists none, and so
	// leaves that to the agreement that it belongs to.
	Forms []terms.AcceptanceForm `json:"forms,omitempty"`
}

// Needs says what an account must accept before it uses or orders a product with
// add-ons, at an instant; zero means now. It refuses an unknown account or
// product, and an add-on that no document names.
//
// Clauses: G 0.3 (no service without agreement), G 3.1.8, E 3.1.3.3 and C 3.1.3.3
// (licences of others), E 3.2.5 (add-ons with terms of their own), E 2.1.1.1 and
// C 2.2 (what a lapsed order took back), G 3.2.9 (what the account has left).
func (a *App) Needs(ctx context.Context, id, product string, addOns []string, at calendar.Instant) (n Needs, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		p, now, err := a.providerNow(ctx, tx)
		if err != nil {
			return err
		}
		b, err := readBooks(ctx, tx, id)
		if err != nil {
			return err
		}
		at = orNow(at, now)
		missing, err := p.Corpus.Missing(b.Subject(product), addOns, at, now)
		if err != nil {
			return err
		}
		n = Needs{Account: id, Product: product, At: p.instant(at), Missing: []MissingAcceptance{}}
		n.ByUse = acceptableDocuments(p.Corpus.ByUse(b.Subject(product), at, now))
		if n.Left = p.leftFor(b, product, at, now); len(n.Left) > 0 {
			n.ByUse = []AcceptableDocument{}
		}
		for _, m := range missing {
			n.Missing = append(n.Missing, p.missingAcceptance(m))
		}
		return nil
	})
	return n, err
}

// leftFor lists, of the documents that would bind an account for a product, those
// that it has left at an instant.
func (p *Provider) leftFor(b *account.Books, product string, at, known calendar.Instant) (left []LeftView) {
	staying := b.Staying(product)
	for _, d := range p.Corpus.ByUse(staying, at, known) {
		staying.Accepted = append(slices.Clone(staying.Accepted), acceptanceOf(d, terms.Use, at, known, ""))
	}
	set, err := p.Corpus.Bind(staying, at, known)
	if err != nil {
		return nil // nothing would bind, and what is missing says so
	}
	exits := slices.SortedStableFunc(slices.Values(b.Exits), func(x, y account.Exit) int { return cmp.Compare(x.At, y.At) })
	for _, e := range exits { // of two over one document, that which ended it
		again := slices.ContainsFunc(left, func(l LeftView) bool { return l.Document == e.Document })
		if e.Holds(at) && set.Document(e.Document) != nil && !again {
			left = append(left, p.leftView(b.ID, e))
		}
	}
	return left
}

func (p *Provider) missingAcceptance(m terms.Need) MissingAcceptance {
	needed := MissingAcceptance{AnyOf: acceptableDocuments(m.AnyOf), AddOn: m.AddOn}
	needed.Clause, needed.Under = p.clause(m.By), p.clause(m.Under)
	return needed
}

func acceptableDocuments(documents []*terms.Document) []AcceptableDocument {
	list := []AcceptableDocument{}
	for _, d := range documents {
		forms, _ := terms.In(d, terms.AcceptanceForms)
		list = append(list, AcceptableDocument{Document: d.ID, Version: d.Version, Title: d.Title, Hash: d.Hash.String(), Forms: byHand(forms)})
	}
	return list
}
