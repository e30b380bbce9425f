package terms

import (
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// levels reads a precedence list. A level is a name, a list of names that are
// not ranked among themselves, or either of them with its own clause.
func (p *documentReader) levels(n ast.Node) (levels []Level) {
	seen := make(map[string]bool)
	for _, item := range p.items(n) {
		level := p.level(item)
		for _, name := range level.Names {
			if seen[name] {
				p.refuseAt(item, fmt.Sprintf("%q is ranked twice", name), "name it on one level")
			}
			seen[name] = true
		}
		levels = append(levels, level)
	}
	if len(levels) == 0 {
		p.refuseAt(n, "the precedence list is empty", "remove it, or name what it ranks")
	}
	return levels
}

func (p *documentReader) level(n ast.Node) (l Level) {
	if _, ok := n.(*ast.MappingNode); !ok {
		l.Names = p.textOrTexts(n)
		return l
	}
	faults := len(p.errs)
	for _, f := range p.fields(n, "level", "clause") {
		switch f.name {
		case "level":
			l.Names = p.textOrTexts(f.value)
		case "clause":
			l.Clause = p.text(f.value)
		}
	}
	if len(p.errs) == faults && (len(l.Names) == 0 || l.Clause == "") {
		p.refuseAt(n, "the level is not complete", "write { level: stamped, clause: \"12.4\" }, or the name alone")
	}
	return l
}

// textOrTexts reads a scalar, or a list of them.
func (p *documentReader) textOrTexts(n ast.Node) []string {
	if _, ok := n.(*ast.SequenceNode); ok {
		return p.texts(n)
	}
	return []string{p.text(n)}
}

// endings reads what the acceptance of the document ends.
func (p *documentReader) endings(n ast.Node) (endings []Ending) {
	for _, item := range p.items(n) {
		var e Ending
		faults := len(p.errs)
		for _, f := range p.fields(item, "documents", "issuers", "clause") {
			switch f.name {
			case "documents":
				e.Documents = p.texts(f.value)
			case "issuers":
				e.Issuers = p.texts(f.value)
			case "clause":
				e.Clause = p.text(f.value)
			}
		}
		if len(p.errs) == faults && len(e.Documents)+len(e.Issuers) == 0 {
			p.refuseAt(item, "it does not say what ends", "add documents with kinds or document ids, or issuers")
		}
		endings = append(endings, e)
	}
	return endings
}

// pins reads what stays under documents after their end.
func (p *documentReader) pins(n ast.Node) (pins []Pin) {
	for _, item := range p.items(n) {
		var pin Pin
		faults := len(p.errs)
		for _, f := range p.fields(item, "what", "documents", "clause") {
			switch f.name {
			case "what":
				pin.What = word(p, f, Purchases)
			case "documents":
				pin.Documents = p.texts(f.value)
			case "clause":
				pin.Clause = p.text(f.value)
			}
		}
		if len(p.errs) == faults && (pin.What == "" || len(pin.Documents) == 0) {
			p.refuseAt(item, "the pin is not complete", "say what stays (%s), and under which documents: self, or their ids", Purchases)
		}
		pins = append(pins, pin)
	}
	return pins
}

// requirements reads what must be accepted besides the document.
func (p *documentReader) requirements(n ast.Node) (requirements []Requirement) {
	for _, item := range p.items(n) {
		var r Requirement
		faults := len(p.errs)
		for _, f := range p.fields(item, "addon", "documents", "clause") {
			switch f.name {
			case "addon":
				r.AddOn = p.name(f, isIdentifier, "lower-case letters, digits and underscores")
			case "documents":
				r.Documents = p.texts(f.value)
			case "clause":
				r.Clause = p.text(f.value)
			}
		}
		if len(p.errs) == faults && len(r.Documents) == 0 {
			p.refuseAt(item, "it requires nothing", "add documents with the ids of those that must be accepted")
		}
		requirements = append(requirements, r)
	}
	return requirements
}

// checkPrecedence wants the clause of every rank: what decides between documents
// must be citable. Below the last level there is nothing to be ranked above.
func (p *documentReader) checkPrecedence() {
	list, clause := p.at["precedence"], p.at["precedence_clause"]
	if list == nil {
		if clause != nil {
			p.refuseAt(clause, "precedence_clause stands without a precedence list", "add precedence, or remove precedence_clause")
		}
		return
	}
	last := len(p.doc.Precedence) - 1
	for i, level := range p.doc.Precedence {
		ranks := i < last || i == 0 && p.doc.putsStampedFirst()
		switch {
		case level.Clause != "" && !ranks:
			p.refuseAt(list, "the last level stands above nothing, so its clause would never be cited", "write the level without a clause")
		case level.Clause != "":
			p.wantClause(list, level.Clause)
		case ranks && clause == nil:
			p.refuseAt(list, fmt.Sprintf("no clause puts %q above what follows", level.Names), "add precedence_clause with the label of the clause that does, or a clause to the level")
		}
	}
	if clause != nil {
		p.wantClause(clause, p.doc.PrecedenceClause)
	}
}

// checkRelations wants the clause of everything else that the header says about
// other documents, and an act from which an ending can count.
func (p *documentReader) checkRelations() {
	d := p.doc
	for _, e := range d.Ends {
		p.wantClause(p.at["ends"], e.Clause)
		if slices.Contains(e.Documents, d.ID) {
			p.refuseAt(p.at["ends"], "the document ends itself", "name other documents")
		}
	}
	if len(d.Ends) > 0 && d.By != ByAcceptance {
		p.refuseAt(p.at["ends"], "a document that binds by publication ends nothing: no act of the account says from when", "let it bind by acceptance")
	}
	for _, r := range d.Requires {
		p.wantClause(p.at["requires"], r.Clause)
	}
	for _, pin := range d.Pins {
		p.wantClause(p.at["pins"], pin.Clause)
	}
}

// wantClause refuses a label that no clause has, at the node that needs it.
func (p *documentReader) wantClause(n ast.Node, label string) {
	if label == "" {
		p.refuseAt(n, "no clause is named that says so", "add the label of the clause that does")
		return
	}
	if _, ok := p.doc.Clause(label); !ok {
		p.refuseAt(n, fmt.Sprintf("the document has no clause %q", label), "name the clause that says so")
	}
}
