package app

import (
	"context"

	"termwise.dev/core/calendar"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// Resolution is what a term means for an account and a product at an instant,
// and why.
type Resolution struct {
	Key     string `json:"key"`
	Account string `json:"account"`
	Product string `json:"product"` // empty: the account as a whole
	At      string `json:"at"`
	Known   string `json:"known"`
	// Value is as the document writes it, or what silence means.
	Value  string `json:"value"`
	Silent bool   `json:"silent"`
	// Clause is where the value stands; absent when Silent.
	Clause *CitedClause `json:"clause,omitempty"`
	// Considered lists every clause that sets the key, the winner among them.
	Considered []ConsideredClause `json:"considered"`
	// Documents lists the versions that bind.
	Documents []BoundDocument `json:"documents"`
}

// CitedClause is a clause with its text.
type CitedClause struct {
	Citation terms.Citation `json:"citation"`
	Cite     string         `json:"cite"` // for example "G 2.3 (general-agreement 2025-06)"
	Title    string         `json:"title"`
	Text     string         `json:"text"`
	Emphasis bool           `json:"emphasis,omitempty"`
}

// ConsideredClause is a clause that sets the key, and how it fared.
type ConsideredClause struct {
	Cite  string `json:"cite"`
	Value string `json:"value"`
	Wins  bool   `json:"wins"`
	// Lost says why it lost; DecidedBy names the clause that ranks it lower.
	Lost      string `json:"lost,omitempty"`
	DecidedBy string `json:"decided_by,omitempty"`
}

// BoundDocument is one version of a document that binds.
type BoundDocument struct {
	Document string `json:"document"`
	Version  string `json:"version"`
	Title    string `json:"title"`
	Hash     string `json:"hash"`
}

// Resolve says what a key means for an account and a product (or, with the
// empty product, the account as a whole) at an instant, as known at another;
// zero means now for both. It refuses a name that is not a key, an unknown
// account or product, an account that nothing binds, a key that nothing sets
// although silence on it means nothing, and clauses that nothing ranks.
func (a *App) Resolve(ctx context.Context, key, account, product string, at, known calendar.Instant) (Resolution, error) {
	var r Resolution
	err := a.db.View(ctx, func(tx *store.Tx) error {
		p, err := a.provider(ctx, tx)
		if err != nil {
			return err
		}
		m, err := a.moment(ctx, tx)
		if err != nil {
			return err
		}
		b, err := readBooks(ctx, tx, account)
		if err != nil {
			return err
		}
		at, known = orNow(at, m.now), orNow(known, m.now)
		set, err := p.Corpus.Bind(account, b.Acceptances, product, at, known)
		if err != nil {
			return err
		}
		r = Resolution{Key: key, Account: account, Product: product, At: p.instant(at), Known: p.instant(known)}
		return r.explain(set)
	})
	return r, err
}

func orNow(t, now calendar.Instant) calendar.Instant {
	if t == 0 {
		return now
	}
	return t
}

// explain fills the resolution from a set's trace.
func (r *Resolution) explain(set *terms.Set) error {
	r.Considered = []ConsideredClause{}
	for _, d := range set.Documents() {
		r.Documents = append(r.Documents, BoundDocument{Document: d.ID, Version: d.Version, Title: d.Title, Hash: d.Hash.String()})
	}
	trace, err := set.Trace(r.Key)
	r.Value, r.Silent = trace.Text, trace.Silent
	for _, c := range trace.Considered {
		r.Considered = append(r.Considered, ConsideredClause{
			Cite: c.Citation.Long(), Value: c.Text, Wins: err == nil && c.Lost == "",
			Lost: c.Lost, DecidedBy: c.DecidedBy.Long(),
		})
	}
	if err != nil || trace.Silent {
		return err
	}
	r.Clause = citedClause(set.Documents(), trace.Citation)
	return nil
}

// citedClause finds the text of a citation, or nil.
func citedClause(documents []*terms.Document, c terms.Citation) *CitedClause {
	for _, d := range documents {
		if d.ID != c.Document || d.Version != c.Version {
			continue
		}
		if clause, found := d.Clause(c.Clause); found {
			return &CitedClause{Citation: c, Cite: c.Long(), Title: clause.Title, Text: clause.Text, Emphasis: clause.Emphasis}
		}
	}
	return nil
}
