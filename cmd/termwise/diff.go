package main

import (
	"os"
	"strings"

	"termwise.dev/app"
	"termwise.dev/core/terms"
)

type diffCmd struct {
	A    string `arg:"" help:"A document: DOCUMENT (the version in force), DOCUMENT@VERSION, or a file that ends in .yaml."`
	B    string `arg:"" help:"What to compare it with."`
	Same bool   `help:"List the terms on which both agree, too."`
}

// Run compares the documents.
func (c *diffCmd) Run(s *session) error {
	first, err := toCompare("A", c.A)
	if err != nil {
		return err
	}
	second, err := toCompare("B", c.B)
	if err != nil {
		return err
	}
	return s.with(func(a *app.App) error {
		compared, err := a.Compare(s, first, second)
		if err != nil {
			return err
		}
		return s.answer(compared, func(p *page) { showComparison(p, compared, c.Same) })
	})
}

// toCompare reads an argument: ids of documents have neither dots nor slashes.
func toCompare(flag, text string) (app.ToCompare, error) {
	if !strings.HasSuffix(text, ".yaml") && !strings.HasSuffix(text, ".yml") {
		return app.ParseToCompare(text), nil
	}
	source, err := os.ReadFile(text)
	if err != nil {
		return app.ToCompare{}, unreadable(flag, text, err)
	}
	return app.ToCompare{File: text, Source: source}, nil
}

func showComparison(p *page, c app.Comparison, same bool) {
	for _, d := range []struct {
		name string
		of   app.ComparedDocument
	}{{"A", c.A}, {"B", c.B}} {
		from := ""
		if d.of.File != "" {
			from = " (" + d.of.File + ")"
		}
		p.line("%s  %s, %s, effective %s: %s%s", p.bold(d.name), d.of.Document+" "+d.of.Version, d.of.Kind, d.of.Effective, d.of.Title, from)
	}
	showTerms(p, c, same)
	if c.Versions {
		showVersionChanges(p, c)
	}
}

// showTerms shows the terms side by side.
func showTerms(p *page, c app.Comparison, same bool) {
	p.heading("Terms")
	agree := 0
	var rows [][]string
	for _, t := range c.Terms {
		if t.Same {
			agree++
		}
		if !t.Same || same {
			rows = append(rows, []string{t.Key, mark(t), said(t.A), said(t.B)})
		}
	}
	if len(rows) > 0 {
		p.columns([]string{"term", "", "A: " + c.A.Document + " " + c.A.Version, "B: " + c.B.Document + " " + c.B.Version}, []int{31, 1, 28, 28}, rows)
	}
	p.line("%s %s one value in both, %s.", plural(agree, "term", "terms"), has(agree), plural(len(c.Terms)-agree, "differs", "differ"))
}

func has(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}

// mark says how the sides stand: = one value, ≠ two, < and > only one side.
func mark(t app.ComparedTerm) string {
	switch {
	case t.Same:
		return "="
	case len(t.B.Cites) == 0:
		return "<"
	case len(t.A.Cites) == 0:
		return ">"
	}
	return "≠"
}

func said(t app.SaidTerm) string {
	if len(t.Cites) == 0 {
		return "—"
	}
	return t.Value + " (" + strings.ReplaceAll(strings.Join(t.Cites, ", "), " ", unbroken) + ")"
}

// showVersionChanges shows what a version changes, clause by clause.
func showVersionChanges(p *page, c app.Comparison) {
	if len(c.Header) > 0 {
		p.heading("Document")
		for _, x := range c.Header {
			p.paragraph(2, x.Field+": "+orNone(x.Old)+" -> "+orNone(x.New)+unlessOperative(x))
		}
	}
	if len(c.Clauses) > 0 {
		p.heading("Clauses")
	}
	signs := map[terms.ClauseStatus]string{terms.ClauseAdded: "+", terms.ClauseRemoved: "-", terms.ClauseChanged: "~"}
	for _, clause := range c.Clauses {
		p.line("%s %s (%s)", signs[clause.Status], p.bold(strings.TrimSpace(clause.Label+" "+clause.Title)), clause.Status)
		for _, x := range clause.Changes {
			showClauseChange(p, clause, x)
		}
	}
	p.line("")
	p.line("%s of the document and its clauses, %s of them operative.", plural(len(c.Header)+changesIn(c.Clauses), "change", "changes"), count(c.Operative))
}

func changesIn(clauses []terms.ClauseChange) (n int) {
	for _, c := range clauses {
		n += len(c.Changes)
	}
	return n
}

// showClauseChange shows one field of a clause; a changed text word by word.
func showClauseChange(p *page, clause terms.ClauseChange, x terms.Change) {
	switch {
	case clause.Status == terms.ClauseChanged && x.Field == "text" && x.Part == terms.PartClause:
		p.paragraph(4, p.changedText(x.Old, x.New))
	case clause.Status == terms.ClauseChanged:
		p.paragraph(4, x.Field+": "+orNone(x.Old)+" -> "+orNone(x.New)+unlessOperative(x))
	case x.Field == "title" && x.Part == terms.PartClause: // stands in the line above
	case x.Field == "text" && x.Part == terms.PartClause:
		p.paragraph(4, x.Old+x.New)
	default:
		p.paragraph(4, x.Field+": "+x.Old+x.New)
	}
}

// unlessOperative marks a change that changes nobody's rights.
func unlessOperative(x terms.Change) string {
	if x.Operative {
		return ""
	}
	return " (not operative)"
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// changedText marks what was taken out of a text and what was put in.
func (p *page) changedText(old, new string) string {
	var parts []string
	for _, w := range terms.DiffWords(old, new) {
		switch {
		case w.Removed:
			parts = append(parts, "[-"+w.Text+"-]")
		case w.Added:
			parts = append(parts, "{+"+w.Text+"+}")
		default:
			parts = append(parts, w.Text)
		}
	}
	return strings.Join(parts, " ")
}
