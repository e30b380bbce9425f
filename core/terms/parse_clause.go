package terms

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// placedTerm is a term with where its value stands.
type placedTerm struct {
	Term
	node ast.Node
}

var clauseFields = []string{
	"id", "parent", "title", "text", "emphasis", "survives", "terms", "declaratory", "waits_for", "executed_by", "rules",
}

func (p *documentReader) clause(n ast.Node) Clause {
	var c Clause
	var terms, rules ast.Node
	faults := len(p.errs)
	for _, f := range p.fields(n, clauseFields...) {
		switch f.name {
		case "id":
			c.ID = p.name(f, isLabel, labelShape)
		case "parent":
			c.Parent = p.name(f, isLabel, labelShape)
		case "title":
			c.Title = p.text(f.value)
		case "text":
			c.Text = p.text(f.value)
		case "emphasis":
			c.Emphasis = p.bool(f.value)
		case "survives":
			c.Survives = p.bool(f.value)
		case "declaratory":
			c.Declaratory = p.text(f.value)
		case "waits_for":
			c.WaitsFor = p.capability(f.value)
		case "executed_by":
			c.ExecutedBy = p.executor(f.value)
		case "terms":
			terms = f.value
		case "rules":
			rules = f.value
		}
	}
	if len(p.errs) == faults && (c.ID == "" || c.Text == "") {
		p.refuseAt(n, "the clause is not complete", "give it an id (the label as printed) and a text")
	}
	p.readTerms(&c, terms)
	p.readRules(&c, rules)
	if len(p.errs) == faults {
		p.checkStatus(n, &c)
	}
	return c
}

// readTerms comes after the other fields, because a term names its clause.
func (p *documentReader) readTerms(c *Clause, n ast.Node) {
	if n == nil {
		return
	}
	for _, f := range p.fields(n) {
		def, err := define(f.name)
		if err != nil {
			p.refuseWith(f.key, "clause "+c.Label(), err)
			continue
		}
		faults := len(p.errs)
		w := p.written(f.value)
		if len(p.errs) > faults {
			continue
		}
		value, err := def.read(w)
		if err != nil {
			p.refuseWith(f.value, f.name, err)
			continue
		}
		t := Term{Key: f.name, Text: w.text(), value: value, canonical: def.canonical(value), clause: c.Label()}
		c.Terms = append(c.Terms, t)
		p.terms = append(p.terms, placedTerm{Term: t, node: f.value})
	}
}

func (p *documentReader) readRules(c *Clause, n ast.Node) {
	if n == nil {
		return
	}
	for _, item := range p.items(n) {
		r := Rule{Clause: c.Label()}
		for _, f := range p.fields(item, "id", "declaratory", "waits_for", "executed_by", "terms_of") {
			switch f.name {
			case "id":
				r.ID = p.name(f, isLabel, labelShape)
			case "declaratory":
				r.Declaratory = p.text(f.value)
			case "waits_for":
				r.WaitsFor = p.capability(f.value)
			case "executed_by":
				r.ExecutedBy = p.executor(f.value)
			case "terms_of":
				r.TermsOf = p.texts(f.value)
			}
		}
		p.checkRule(item, c, r)
		c.Rules = append(c.Rules, r)
	}
}

func (p *documentReader) checkRule(n ast.Node, c *Clause, r Rule) {
	if r.ID == "" {
		p.refuseAt(n, "the rule has no id", "give it one, for example %sa", c.ID)
	}
	if !hasOneStatus(len(r.TermsOf) > 0, r.Declaratory, r.WaitsFor, r.ExecutedBy) {
		p.refuseAt(n, fmt.Sprintf("rule %s needs exactly one status", r.ID),
			"give it one of declaratory, waits_for, executed_by and terms_of, or terms_of with waits_for")
		return
	}
	p.checkReaders(n, "rule "+r.ID, r.WaitsFor, r.TermsOf)
	for _, key := range r.TermsOf {
		if !slices.ContainsFunc(c.Terms, func(t Term) bool { return t.Key == key }) {
			p.refuseAt(n, fmt.Sprintf("rule %s is about %s, which clause %s does not set", r.ID, key, c.Label()), "name keys of this clause")
		}
	}
}

// checkStatus wants to know of each clause whether and how it is executed.
func (p *documentReader) checkStatus(n ast.Node, c *Clause) {
	if len(c.Rules) == 0 {
		if !hasOneStatus(len(c.Terms) > 0, c.Declaratory, c.WaitsFor, c.ExecutedBy) {
			p.refuseAt(n, fmt.Sprintf("clause %s needs exactly one status", c.Label()),
				"give it one of terms, declaratory, waits_for, executed_by and rules, or terms with waits_for")
			return
		}
		p.checkReaders(n, "clause "+c.Label(), c.WaitsFor, c.rules()[0].TermsOf)
		return
	}
	if c.Declaratory+c.WaitsFor+c.ExecutedBy != "" {
		p.refuseAt(n, fmt.Sprintf("clause %s has rules and a status of its own", c.Label()), "move declaratory, waits_for or executed_by into the rules")
	}
	for _, t := range c.Terms {
		if !slices.ContainsFunc(c.Rules, func(r Rule) bool { return slices.Contains(r.TermsOf, t.Key) }) {
			p.refuseAt(n, fmt.Sprintf("%s of clause %s belongs to none of its rules", t.Key, c.Label()), "add it to the terms_of of a rule")
		}
	}
}

// hasOneStatus says whether a rule has exactly one status. To set values and to
// wait for a capability is one: the values are there, and what reads them is not.
func hasOneStatus(setsTerms bool, declaratory, waitsFor, executedBy string) bool {
	switch {
	case declaratory != "":
		return waitsFor+executedBy == "" && !setsTerms
	case executedBy != "":
		return waitsFor == "" && !setsTerms
	}
	return setsTerms || waitsFor != ""
}

// checkReaders refuses a rule that would count as executable although no code
// reads any of the values that it is about.
func (p *documentReader) checkReaders(n ast.Node, what, waitsFor string, keys []string) {
	if waitsFor != "" || len(keys) == 0 || slices.ContainsFunc(keys, func(key string) bool { return !waits(key) }) {
		return
	}
	def, _ := define(keys[0])
	p.refuseAt(n, fmt.Sprintf("%s sets nothing that code reads yet: %s", what, strings.Join(keys, ", ")),
		"add waits_for, for example waits_for: %s", def.Info().WaitsFor)
}

// checkClauses refuses a label or a rule id that names two things: a citation
// must lead to one place. Gaps and jumps are fine; printed labels have them.
func (p *documentReader) checkClauses() {
	labels, rules := map[string]bool{}, map[string]bool{}
	for i := range p.doc.Clauses {
		c := &p.doc.Clauses[i]
		if labels[c.Label()] {
			p.refuseAt(p.clauses[i], fmt.Sprintf("two clauses have the label %s", c.Label()), "add parent: with the label that each stands under")
			continue
		}
		labels[c.Label()] = true
		if c.Parent != "" && !p.isHeading(c.Parent) {
			p.refuseAt(p.clauses[i], fmt.Sprintf("clause %s stands under %s, which is the label of no clause or heading", c.Label(), c.Parent),
				"name the clause that it stands under, or leave parent out where the label is printed once")
		}
		for _, r := range c.rules() {
			if rules[r.ID] {
				p.refuseAt(p.clauses[i], fmt.Sprintf("two rules have the id %s", r.ID), "give each rule its own id")
			}
			rules[r.ID] = true
		}
	}
}

// isHeading says whether a label is that of a clause, or of a heading above one.
func (p *documentReader) isHeading(label string) bool {
	return slices.ContainsFunc(p.doc.Clauses, func(c Clause) bool { return c.ID == label || strings.HasPrefix(c.ID, label+".") })
}

// collectTerms sorts the terms for resolution, after checking what only the
// whole document can show.
func (p *documentReader) collectTerms() {
	first := make(map[string]placedTerm)
	for _, t := range p.terms {
		if f, ok := first[t.Key]; ok && f.canonical != t.canonical {
			p.refuseAt(t.node, fmt.Sprintf("clause %s sets %s to %q and clause %s sets it to %q", t.clause, t.Key, t.Text, f.clause, f.Text),
				"let one document say one thing")
		} else if !ok {
			first[t.Key] = t
		}
		p.checkPrice(t)
		p.doc.terms = append(p.doc.terms, t.Term)
	}
	slices.SortFunc(p.doc.terms, compareTerms)
}

// checkPrice wants the prices of a page to be for meters that it declares, per
// the unit that it declares.
func (p *documentReader) checkPrice(t placedTerm) {
	price, ok := t.value.(Price)
	if !ok || p.doc.Product == nil {
		return
	}
	name := strings.TrimPrefix(t.Key, PriceOf.Key(""))
	meter, ok := p.doc.Product.Meter(name)
	if !ok {
		p.refuseAt(t.node, fmt.Sprintf("the page sets a price for the meter %q, which it does not declare", name), "declare it under product, meters")
		return
	}
	if price.Per != meter.Unit {
		p.refuseAt(t.node, fmt.Sprintf("the price is per %s and the meter %s is counted per %s", price.Per, name, meter.Unit), "price it per %s", meter.Unit)
	}
}
