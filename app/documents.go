package app

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/catalog"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// DocumentSummary is one version of a document in a list.
type DocumentSummary struct {
	Document  string `json:"document"`
	Code      string `json:"code"`
	Version   string `json:"version"`
	Kind      string `json:"kind"`
	Title     string `json:"title"`
	Issuer    string `json:"issuer"`
	By        string `json:"by"` // how it comes to bind: acceptance or publication
	Announced string `json:"announced,omitempty"`
	Effective string `json:"effective"`
	Until     string `json:"until,omitempty"` // the first instant at which it has ended
	Recorded  string `json:"recorded"`        // when it was published here
	InForce   bool   `json:"in_force"`
	Clauses   int    `json:"clauses"`
	Hash      string `json:"hash"`
}

// DocumentView is one version of a document, whole.
type DocumentView struct {
	DocumentSummary
	AlsoCalled     []string         `json:"also_called,omitempty"` // names by which other documents refer to it
	BindsProducts  []string         `json:"binds_products,omitempty"`
	ExceptProducts []string         `json:"except_products,omitempty"`
	BindsAccounts  []string         `json:"binds_accounts,omitempty"`
	Precedence     []LevelView      `json:"precedence,omitempty"` // highest first
	Ends           []RelationView   `json:"ends,omitempty"`       // what its acceptance ends
	Requires       []RelationView   `json:"requires,omitempty"`   // what must be accepted besides it
	Pins           []RelationView   `json:"pins,omitempty"`       // what stays under which documents after their end
	Product        *catalog.Product `json:"product,omitempty"`
	Text           []ClauseView     `json:"text"`
}

// LevelView is a rank of a precedence list.
type LevelView struct {
	Names []string `json:"names"` // kinds, document ids or self
	// Clause puts the level above those below it; absent on the last one.
	Clause string `json:"clause,omitempty"`
}

// RelationView is what a clause says of other documents.
type RelationView struct {
	Documents []string `json:"documents,omitempty"` // ids or, of what ends, kinds
	Issuers   []string `json:"issuers,omitempty"`   // every agreement with these sellers
	What      string   `json:"what,omitempty"`      // what is pinned
	AddOn     string   `json:"addon,omitempty"`     // the add-on that it is about
	Clause    string   `json:"clause"`
}

// ClauseView is one clause.
type ClauseView struct {
	Label string `json:"label"`
	Cite  string `json:"cite"` // for example "G 2.3"
	Title string `json:"title"`
	Text  string `json:"text"`
	// Emphasis says that the clause must stand out wherever it is shown.
	Emphasis bool       `json:"emphasis,omitempty"`
	Survives bool       `json:"survives,omitempty"`
	Terms    []TermView `json:"terms,omitempty"`
	Rules    []RuleView `json:"rules"`
}

// TermView is a value that a clause sets.
type TermView struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// RuleView is a rule of a clause and what becomes of it.
type RuleView struct {
	Rule   string     `json:"rule"` // for example "G-2.3.1.2a"
	Status RuleStatus `json:"status"`
	// Reason is why a declaratory rule asks for nothing, which capability a
	// waiting one waits for, or what executes it.
	Reason string `json:"reason,omitempty"`
}

// RuleStatus says what becomes of a rule.
type RuleStatus string

// The statuses of rules in a document. Whether an executable rule is proved by
// tests is a matter of coverage.
const (
	Executable  RuleStatus = "executable"
	Declaratory RuleStatus = "declaratory"
	Waiting     RuleStatus = "waiting"
)

// DocumentList lists every version of every published document, by document and
// the instant at which they take effect.
func (a *App) DocumentList(ctx context.Context) (list []DocumentSummary, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		p, now, err := a.providerNow(ctx, tx)
		if err != nil {
			return err
		}
		for _, published := range p.Documents {
			list = append(list, p.summary(published, now))
		}
		slices.SortFunc(list, func(a, b DocumentSummary) int {
			return cmp.Or(strings.Compare(a.Document, b.Document), strings.Compare(a.Effective, b.Effective))
		})
		return nil
	})
	return list, err
}

// providerNow returns what is published and the time.
func (a *App) providerNow(ctx context.Context, tx *store.Tx) (*Provider, calendar.Instant, error) {
	p, err := a.provider(ctx, tx)
	if err != nil {
		return nil, 0, err
	}
	m, err := a.moment(ctx, tx)
	return p, m.now, err
}

// Document returns one version of a document; the empty version asks for the one
// in force, or the first to come. It refuses what is not published.
func (a *App) Document(ctx context.Context, id, version string) (v DocumentView, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		p, now, err := a.providerNow(ctx, tx)
		if err != nil {
			return err
		}
		published, err := p.find(id, version, now)
		if err != nil {
			return err
		}
		v = p.view(published, now)
		return nil
	})
	return v, err
}

// find returns a version of a document, or refuses one that is not published.
func (p *Provider) find(id, version string, now calendar.Instant) (terms.Published, error) {
	inForce := p.InForce(id, now, now)
	var found *terms.Published
	var versions []string
	for i := range p.Documents {
		d := p.Documents[i].Document
		if d.ID != id {
			continue
		}
		versions = append(versions, d.Version)
		asked := d.Version == version || version == "" && (d == inForce || inForce == nil)
		if asked && (found == nil || d.Effective < found.Document.Effective) {
			found = &p.Documents[i]
		}
	}
	switch {
	case found != nil:
		return *found, nil
	case len(versions) > 0:
		return terms.Published{}, refusal.New(refusal.NotFound, "document %s has no version %q", id, version).At("version").
			Do("use one of %s", strings.Join(versions, ", "))
	}
	return terms.Published{}, refusal.New(refusal.NotFound, "no document %q is published", id).At("document").
		Do("use one of %s", strings.Join(p.documentIDs(), ", "))
}

func (p *Provider) documentIDs() []string {
	var ids []string
	for _, published := range p.Documents {
		ids = append(ids, published.Document.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (p *Provider) summary(published terms.Published, now calendar.Instant) DocumentSummary {
	d := published.Document
	return DocumentSummary{
		Document: d.ID, Code: d.Code, Version: d.Version, Kind: string(d.Kind), Title: d.Title, Issuer: d.Issuer, By: string(d.By),
		Announced: p.instant(d.Announced), Effective: p.instant(d.Effective), Until: p.instant(d.Until), Recorded: p.instant(published.Recorded),
		InForce: p.InForce(d.ID, now, now) == d, Clauses: len(d.Clauses), Hash: d.Hash.String(),
	}
}

func (p *Provider) view(published terms.Published, now calendar.Instant) DocumentView {
	d := published.Document
	v := DocumentView{
		DocumentSummary: p.summary(published, now),
		AlsoCalled:      d.AlsoCalled,
		BindsProducts:   d.Binds.Products, ExceptProducts: d.Binds.ExceptProducts, BindsAccounts: d.Binds.Accounts,
		Product: d.Product, Text: []ClauseView{},
	}
	for i, level := range d.Precedence {
		v.Precedence = append(v.Precedence, LevelView{Names: level.Names, Clause: d.RankClause(i)})
	}
	for _, e := range d.Ends {
		v.Ends = append(v.Ends, RelationView{Documents: e.Documents, Issuers: e.Issuers, Clause: e.Clause})
	}
	for _, pin := range d.Pins {
		v.Pins = append(v.Pins, RelationView{What: string(pin.What), Documents: pin.Documents, Clause: pin.Clause})
	}
	for _, r := range d.Requires {
		v.Requires = append(v.Requires, RelationView{Documents: r.Documents, AddOn: r.AddOn, Clause: r.Clause})
	}
	rules := map[string][]RuleView{}
	for _, r := range d.Rules() {
		rules[r.Clause] = append(rules[r.Clause], ruleView(d.Code, r))
	}
	for i := range d.Clauses {
		v.Text = append(v.Text, clauseView(d.Code, &d.Clauses[i], rules))
	}
	return v
}

func clauseView(code string, c *terms.Clause, rules map[string][]RuleView) ClauseView {
	v := ClauseView{
		Label: c.Label(), Cite: code + " " + c.Label(), Title: c.Title, Text: c.Text,
		Emphasis: c.Emphasis, Survives: c.Survives, Rules: rules[c.Label()],
	}
	for _, t := range c.Terms {
		v.Terms = append(v.Terms, TermView{Key: t.Key, Value: t.Text})
	}
	return v
}

func ruleView(code string, r terms.Rule) RuleView {
	v := RuleView{Rule: r.Ref(code), Status: Executable, Reason: r.ExecutedBy}
	switch {
	case r.Declaratory != "":
		v.Status, v.Reason = Declaratory, r.Declaratory
	case r.WaitsFor != "":
		v.Status, v.Reason = Waiting, r.WaitsFor
	case v.Reason == "":
		v.Reason = "reads " + strings.Join(r.TermsOf, ", ")
	}
	return v
}
