package app

import (
	"context"
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// ResolvedTerms is what every term means for an account and a product at an
// instant, and why.
type ResolvedTerms struct {
	Account string `json:"account"`
	Product string `json:"product"` // empty: the account as a whole
	Bought  string `json:"bought,omitempty"`
	At      string `json:"at"`
	Known   string `json:"known"`
	// Areas group the terms by what they are about.
	Areas []ResolvedArea `json:"areas"`
	// Documents lists the versions that bind.
	Documents []BoundDocument `json:"documents"`
}

// ResolvedArea is the terms about one thing.
type ResolvedArea struct {
	Area  string         `json:"area"`
	Terms []ResolvedTerm `json:"terms"`
}

// TermStatus says how a term stands.
type TermStatus string

// How a term can stand.
const (
	TermSet       TermStatus = "set"       // a clause sets it
	TermSilent    TermStatus = "silent"    // nothing sets it, and that has a meaning
	TermMissing   TermStatus = "missing"   // nothing sets it, and what needs it is refused
	TermUndecided TermStatus = "undecided" // clauses contradict each other
)

// ResolvedTerm is what one term means.
type ResolvedTerm struct {
	Key    string     `json:"key"`
	Status TermStatus `json:"status"`
	// Value is as the document writes it, or what silence means in words.
	Value string `json:"value"`
	// Cite and Title name the clause that sets it, for example
	// "G 2.3 (general-agreement 2025-06)"; empty unless Status is set.
	Cite  string `json:"cite,omitempty"`
	Title string `json:"title,omitempty"`
	// Others are the other clauses that set the key: why each lost, or, where
	// nothing is decided, that it is not.
	Others []ConsideredClause `json:"others"`
	// Refusal is why the term cannot be used as it is.
	Refusal string `json:"refusal,omitempty"`
	// WaitsFor is the capability that will read the value; empty when it is read today.
	WaitsFor string `json:"waits_for,omitempty"`
}

// ResolveAll says what every registered term means for an account and a product,
// as Resolve says it of one; the key of the question is not read. Terms that
// nothing sets and terms on which clauses contradict each other are a part of the
// answer. It refuses what Resolve refuses of the account, the product and the
// instants.
func (a *App) ResolveAll(ctx context.Context, q Question) (r ResolvedTerms, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		asked, err := a.ask(ctx, tx, q)
		if err != nil {
			return err
		}
		p := asked.provider
		r = ResolvedTerms{
			Account: q.Account, Product: q.Product, At: p.instant(asked.at), Known: p.instant(asked.known),
			Areas: asked.areas(), Documents: boundDocuments(asked.set),
		}
		if q.Bought != 0 {
			r.Bought = p.instant(q.Bought)
		}
		return nil
	})
	return r, err
}

// asked is a question with the documents that answer it.
type asked struct {
	provider  *Provider
	at, known calendar.Instant
	set       *terms.Set
}

// ask finds the documents that bind.
func (a *App) ask(ctx context.Context, tx *store.Tx, q Question) (*asked, error) {
	p, now, err := a.providerNow(ctx, tx)
	if err != nil {
		return nil, err
	}
	b, err := readBooks(ctx, tx, q.Account)
	if err != nil {
		return nil, err
	}
	found := &asked{provider: p, at: orNow(q.At, now), known: orNow(q.Known, now)}
	if err := p.checkCovered(found.at, found.known); err != nil {
		return nil, err
	}
	if q.Bought > found.at {
		return nil, refusal.New(refusal.BadInput, "bought at %s, and asked about %s", p.instant(q.Bought), p.instant(found.at)).
			At("bought").Do("ask about an instant after the purchase")
	}
	subject := b.Subject(q.Product)
	subject.Bought = q.Bought
	found.set, err = p.Corpus.Bind(subject, found.at, found.known)
	return found, err
}

// checkCovered refuses a date outside what the documents cover.
func (p *Provider) checkCovered(at, known calendar.Instant) error {
	if first := p.firstEffective(); at < first {
		return refusal.New(refusal.BadInput, "nothing was in force at %s: the first document took effect at %s", p.instant(at), p.instant(first)).
			At("at").Do("ask for an instant from then on")
	}
	first := calendar.EndOfTime
	for _, published := range p.Documents {
		first = min(first, published.Recorded)
	}
	if known < first {
		return refusal.New(refusal.BadInput, "nothing was known here at %s: the first document was published at %s", p.instant(known), p.instant(first)).
			At("known").Do("ask for what was known from then on")
	}
	return nil
}

// areas resolves every term, by area.
func (q *asked) areas() []ResolvedArea {
	byArea := map[string][]ResolvedTerm{}
	for _, k := range q.set.Askable() {
		area := terms.Area(k.Name)
		byArea[area] = append(byArea[area], q.resolve(k))
	}
	all := []ResolvedArea{}
	for _, title := range terms.Areas() {
		if len(byArea[title]) > 0 {
			all = append(all, ResolvedArea{Area: title, Terms: byArea[title]})
		}
	}
	return all
}

func (q *asked) resolve(k terms.KeyInfo) ResolvedTerm {
	trace, err := q.set.Trace(k.Name)
	t := ResolvedTerm{Key: k.Name, Status: TermSet, Value: trace.Text, Others: []ConsideredClause{}, WaitsFor: k.WaitsFor}
	switch {
	case refusal.CodeOf(err) == refusal.TermMissing:
		t.Status = TermMissing
	case err != nil:
		t.Status = TermUndecided
	case trace.Silent:
		t.Status = TermSilent
	default:
		t.Cite = trace.Citation.Long()
		if clause := citedClause(q.set.Documents(), trace.Citation); clause != nil {
			t.Title = clause.Title
		}
		err = q.set.CheckDays(k.Name, q.provider.Settings.Zone.Day(q.at), q.provider.WorkingDays)
	}
	if err != nil {
		t.Refusal = err.Error()
	}
	t.Others = slices.DeleteFunc(considered(trace, t.Status == TermSet), func(c ConsideredClause) bool { return c.Wins })
	return t
}

// considered lists the clauses that a trace weighs.
func considered(trace terms.Trace, decided bool) []ConsideredClause {
	list := []ConsideredClause{}
	for _, c := range trace.Considered {
		list = append(list, ConsideredClause{
			Cite: c.Citation.Long(), Value: c.Text, Wins: decided && c.Lost == "",
			Lost: c.Lost, DecidedBy: c.DecidedBy.Long(),
		})
	}
	return list
}

func boundDocuments(set *terms.Set) []BoundDocument {
	list := []BoundDocument{}
	for _, d := range set.Documents() {
		list = append(list, BoundDocument{Document: d.ID, Version: d.Version, Title: d.Title, Hash: d.Hash.String()})
	}
	return list
}
