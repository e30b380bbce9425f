package app

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"termwise.dev/core/refusal"
)

//go:embed show.html
var showText string

var showTemplate = template.Must(template.New("show").Parse(showText))

// NestedClause is a clause and how deep it stands under others.
type NestedClause struct {
	ClauseView
	// Depth counts the clauses that it stands under: those whose labels its own
	// begins with. Labels skip, so it is not the number of its dots.
	Depth int
}

// Level is the level of the clause's heading below that of the document.
func (c NestedClause) Level() int { return c.Depth + 2 }

// Nested returns the clauses with how deep each stands, as the labels are printed.
func (v DocumentView) Nested() []NestedClause {
	labels := make(map[string]bool, len(v.Text))
	for i := range v.Text {
		labels[v.Text[i].Label] = true
	}
	clauses := make([]NestedClause, len(v.Text))
	for i := range v.Text {
		clauses[i] = NestedClause{ClauseView: v.Text[i], Depth: depth(v.Text[i].Label, labels)}
	}
	return clauses
}

// depth counts the labels that a label stands under.
func depth(label string, labels map[string]bool) (n int) {
	for {
		i := strings.LastIndexAny(label, "./")
		if i < 0 {
			return n
		}
		if label = label[:i]; labels[label] {
			n++
		}
	}
}

// Only returns the document with one of its clauses, by its label: as it is
// printed or, where one label is printed several times, with the label that it
// stands under before it. It refuses a label that the document does not have, and
// one that names several clauses.
func (v DocumentView) Only(label string) (DocumentView, error) {
	i := slices.IndexFunc(v.Text, func(c ClauseView) bool { return c.Label == label })
	if i < 0 {
		var nested []string
		for at, c := range v.Text {
			if strings.HasSuffix(c.Label, "/"+label) {
				i, nested = at, append(nested, c.Label)
			}
		}
		if len(nested) > 1 {
			return v, refusal.New(refusal.BadInput, "%s %s prints the label %q several times", v.Document, v.Version, label).At("clause").
				Do("say which: %s", strings.Join(nested, " or "))
		}
	}
	if i < 0 {
		return v, refusal.New(refusal.NotFound, "%s %s has no clause %q", v.Document, v.Version, label).At("clause").
			Do("use a label as the document prints it: termwise show %s", v.Document)
	}
	v.Text = v.Text[i : i+1]
	return v, nil
}

// showPage is what the template is made of.
type showPage struct {
	Title, Version string
	About          []documentFact
	Depths         []int
	Clauses        []NestedClause
}

// HTML gives the document as a page that needs nothing from elsewhere and runs
// no program: for reading, printing and keeping. Whatever a document says is
// text in it, never markup.
func (v DocumentView) HTML() ([]byte, error) {
	page := showPage{Title: v.Title, Version: v.Version, About: v.about(), Clauses: v.Nested()}
	for _, c := range page.Clauses {
		if c.Depth > 0 && !slices.Contains(page.Depths, c.Depth) {
			page.Depths = append(page.Depths, c.Depth)
		}
	}
	slices.Sort(page.Depths)
	var out bytes.Buffer
	if err := showTemplate.Execute(&out, page); err != nil {
		return nil, fmt.Errorf("app: writing the page of %s %s: %w", v.Document, v.Version, err)
	}
	return out.Bytes(), nil
}

// documentFact is something that a document says of itself.
type documentFact struct{ Name, Value string }

// about lists what the document says of itself.
func (v DocumentView) about() []documentFact {
	all := []documentFact{
		{"Document", v.Document + " (" + v.Code + ")"},
		{"Also called", strings.Join(v.AlsoCalled, ", ")},
		{"Version", v.Version},
		{"Kind", v.Kind},
		{"Issued by", v.Issuer},
		{"Binds by", v.By},
		{"Announced", v.Announced},
		{"In effect from", v.Effective},
		{"Ends at", v.Until},
		{"Binds products", strings.Join(v.BindsProducts, ", ")},
		{"Every product except", strings.Join(v.ExceptProducts, ", ")},
		{"Binds accounts", strings.Join(v.BindsAccounts, ", ")},
		{"Order of documents", v.Order()},
	}
	for _, e := range v.Ends {
		all = append(all, documentFact{"Ends", strings.Join(slices.Concat(e.Documents, e.Issuers), ", ") + " (" + e.Clause + ")"})
	}
	for _, pin := range v.Pins {
		all = append(all, documentFact{"Keeps after its end", pin.What + " under " + strings.Join(pin.Documents, ", ") + " (" + pin.Clause + ")"})
	}
	for _, r := range v.Requires {
		all = append(all, documentFact{strings.TrimSpace("Requires " + r.AddOn), strings.Join(r.Documents, ", ") + " (" + r.Clause + ")"})
	}
	if v.Product != nil {
		for _, m := range v.Product.Meters {
			all = append(all, documentFact{"Meter " + m.Name, "counted in " + m.Base + ", priced per " + m.Unit + " (" + strconv.FormatInt(m.Per, 10) + ")"})
		}
	}
	all = append(all, documentFact{"Content", v.Hash})
	return slices.DeleteFunc(all, func(f documentFact) bool { return f.Value == "" })
}

// Order gives the precedence that the document declares, highest first: "stamped
// (12.4) > page (12.1) > special = annex"; empty where it declares none.
func (v DocumentView) Order() string {
	texts := make([]string, len(v.Precedence))
	for i, level := range v.Precedence {
		texts[i] = strings.Join(level.Names, " = ")
		if level.Clause != "" {
			texts[i] += " (" + level.Clause + ")"
		}
	}
	return strings.Join(texts, " > ")
}
