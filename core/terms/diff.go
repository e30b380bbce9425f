package terms

import (
	"fmt"
	"slices"
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/catalog"
)

// Part is the part of a document that a Change is about.
type Part string

// The parts of a document.
const (
	PartHeader Part = "header" // a field of the document; Field names it
	PartMeter  Part = "meter"  // a meter of the product; Field names it
	PartTerm   Part = "term"   // a term value; Field is its key
	PartClause Part = "clause" // a field of a clause; Field names it
)

// Change is one difference between two versions of a document.
type Change struct {
	Part      Part   `json:"part"`
	Clause    string `json:"clause,omitempty"` // the label, for terms and clauses
	Field     string `json:"field"`            // the field, key or meter that differs
	Old       string `json:"old"`              // "" when the new version adds it
	New       string `json:"new"`              // "" when the new version removes it
	Operative bool   `json:"operative"`        // false for what changes nobody's rights: headings do not interpret (S 0.2)
}

// Diff lists what a new version changes: the header, the meters, the terms key
// by key, and the clauses by label. A nil document is one without content, so
// that Diff(nil, d) lists all of d. Version, announced and effective are left
// out, as they differ between any two versions; so is how a clause is executed,
// which is not part of the agreement.
func Diff(old, new *Document) []Change {
	before, after := facts(old), facts(new)
	was, is := byName(before), byName(after)
	var changes []Change
	for _, f := range before {
		if now := is[f.factName]; now.text != f.text {
			changes = append(changes, f.change(f.text, now.text))
		}
	}
	for _, f := range after {
		if _, ok := was[f.factName]; !ok {
			changes = append(changes, f.change("", f.text))
		}
	}
	return changes
}

// fact is one statement of a document. There is no fact without text.
type fact struct {
	factName
	text        string
	inoperative bool
}

type factName struct {
	part          Part
	clause, field string
}

func (f fact) change(before, after string) Change {
	return Change{Part: f.part, Clause: f.clause, Field: f.field, Old: before, New: after, Operative: !f.inoperative}
}

func byName(facts []fact) map[factName]fact {
	index := make(map[factName]fact, len(facts))
	for _, f := range facts {
		index[f.factName] = f
	}
	return index
}

// facts states a document, in its own order.
func facts(d *Document) []fact {
	if d == nil {
		return nil
	}
	header := func(field, text string) fact {
		return fact{factName: factName{part: PartHeader, field: field}, text: text}
	}
	title := header("title", d.Title)
	title.inoperative = true
	all := []fact{
		title,
		header("also_called", strings.Join(d.AlsoCalled, ", ")),
		header("code", d.Code),
		header("kind", string(d.Kind)),
		header("issuer", d.Issuer),
		header("by", string(d.By)),
		header("binds.products", strings.Join(d.Binds.Products, ", ")),
		header("binds.except_products", strings.Join(d.Binds.ExceptProducts, ", ")),
		header("binds.accounts", strings.Join(d.Binds.Accounts, ", ")),
		header("until", untilText(d.Until)),
		header("precedence", d.levelsText()),
		header("ends", joined(d.Ends, Ending.String)),
		header("pins", joined(d.Pins, Pin.String)),
		header("requires", joined(d.Requires, Requirement.String)),
	}
	all = append(all, productFacts(d.Product)...)
	for i := range d.Clauses {
		all = append(all, clauseFacts(&d.Clauses[i])...)
	}
	return slices.DeleteFunc(all, func(f fact) bool { return f.text == "" })
}

func untilText(t calendar.Instant) string {
	if t == calendar.EndOfTime {
		return ""
	}
	return t.String()
}

// levelsText gives "stamped (12.4) > page (12.1) > special = annex".
func (d *Document) levelsText() string {
	texts := make([]string, len(d.Precedence))
	for i, level := range d.Precedence {
		texts[i] = strings.Join(level.Names, " = ")
		if clause := d.RankClause(i); clause != "" {
			texts[i] += " (" + clause + ")"
		}
	}
	return strings.Join(texts, " > ")
}

// String gives "purchases under self, framework-prices (3)".
func (p Pin) String() string {
	return string(p.What) + " under " + strings.Join(p.Documents, ", ") + " (" + p.Clause + ")"
}

// String gives "general, of aurora (0.2)".
func (e Ending) String() string {
	named := slices.Clone(e.Documents)
	for _, issuer := range e.Issuers {
		named = append(named, "of "+issuer)
	}
	return strings.Join(named, ", ") + " (" + e.Clause + ")"
}

// String gives "server-guard-terms for server_guard (3.2.5)".
func (r Requirement) String() string {
	text := strings.Join(r.Documents, ", ")
	if r.AddOn != "" {
		text += " for " + r.AddOn
	}
	return text + " (" + r.Clause + ")"
}

func joined[T any](items []T, text func(T) string) string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = text(item)
	}
	return strings.Join(texts, "; ")
}

func productFacts(p *catalog.Product) []fact {
	if p == nil {
		return nil
	}
	all := []fact{
		{factName: factName{part: PartHeader, field: "product.id"}, text: p.ID},
		{factName: factName{part: PartHeader, field: "product.title"}, text: p.Title, inoperative: true},
	}
	if len(p.AddOns) > 0 {
		all = append(all, fact{factName: factName{part: PartHeader, field: "product.add_ons"}, text: strings.Join(p.AddOns, ", ")})
	}
	for _, m := range p.Meters {
		text := fmt.Sprintf("%s; %d make one %s", m.Base, m.Per, m.Unit)
		all = append(all, fact{factName: factName{part: PartMeter, field: m.Name}, text: text})
	}
	return all
}

// clauseFacts states a clause. How the provider's machine executes it is not
// part of the agreement.
func clauseFacts(c *Clause) []fact {
	about := func(field, text string) fact {
		return fact{factName: factName{part: PartClause, clause: c.Label(), field: field}, text: text}
	}
	title := about("title", c.Title)
	title.inoperative = true
	all := []fact{title, about("text", c.Text), about("emphasis", mark(c.Emphasis)), about("survives", mark(c.Survives))}
	for _, t := range c.Terms {
		all = append(all, fact{factName: factName{part: PartTerm, clause: c.Label(), field: t.Key}, text: t.Text})
	}
	return all
}

func mark(set bool) string {
	if set {
		return "yes"
	}
	return ""
}
