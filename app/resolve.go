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
	Bought  string `json:"bought,omitempty"`
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

// Question is what Resolve is asked: what a key means for an account.
type Question struct {
	Key     string
	Account string
	Product string           // empty: the account as a whole
	Bought  calendar.Instant // when what it is about was bought; zero for what is not bought but used
	At      calendar.Instant // zero: now
	Known   calendar.Instant // zero: now
}

// Resolve says what a key means for an account and a product (or, with the
// empty product, the account as a whole) at an instant, as known at another;
// zero means now for both. What was bought under a contract that has ended may
// still stand under it, so a purchase is asked about with its instant. Resolve
// refuses a name that is not a key, an unknown account or product, an account
// that nothing binds, a purchase after the instant that is asked about, an
// instant before all documents, a key that nothing sets although silence on it
// means nothing, clauses that nothing ranks, and a value in working days of a
// year whose working days are not announced.
func (a *App) Resolve(ctx context.Context, q Question) (Resolution, error) {
	if err := terms.CheckKey(q.Key); err != nil {
		return Resolution{}, err
	}
	var r Resolution
	err := a.db.View(ctx, func(tx *store.Tx) error {
		asked, err := a.ask(ctx, tx, q)
		if err != nil {
			return err
		}
		p := asked.provider
		r = Resolution{Key: q.Key, Account: q.Account, Product: q.Product, At: p.instant(asked.at), Known: p.instant(asked.known)}
		if q.Bought != 0 {
			r.Bought = p.instant(q.Bought)
		}
		if err := r.explain(asked.set); err != nil {
			return err
		}
		return asked.set.CheckDays(q.Key, p.Settings.Zone.Day(asked.at), p.WorkingDays)
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
	r.Documents = boundDocuments(set)
	trace, err := set.Trace(r.Key)
	r.Value, r.Silent, r.Considered = trace.Text, trace.Silent, considered(trace, err == nil)
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
