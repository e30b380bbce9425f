package main

import (
	"strings"

	"termwise.dev/app"
)

// resolveAll resolves every term.
func resolveAll(s *session, q app.Question) error {
	return s.with(func(a *app.App) error {
		r, err := a.ResolveAll(s, q)
		if err != nil {
			return atFlags(err, "--at", "--known", "--account", "--bought")
		}
		return s.answer(r, func(p *page) { showResolvedTerms(p, r) })
	})
}

// showResolvedTerms shows every term: what it is, by which clause, and what lost.
func showResolvedTerms(p *page, r app.ResolvedTerms) {
	whom := "account " + r.Account
	if r.Product != "" {
		whom += " and product " + r.Product
	}
	if r.Bought != "" {
		whom += " bought at " + r.Bought + ","
	}
	p.line("%s", p.bold("What binds "+whom+" at "+r.At))
	p.line("as known at %s, by:", r.Known)
	for _, d := range r.Documents {
		p.line("  %s %s  %s", d.Document, d.Version, d.Title)
	}
	counts := map[app.TermStatus]int{}
	for _, area := range r.Areas {
		p.heading("%s", area.Area)
		var rows [][]string
		for _, t := range area.Terms {
			counts[t.Status]++
			rows = append(rows, termRows(t)...)
		}
		p.columns([]string{"term", "value", "clause"}, []int{31, 26, 37}, rows)
	}
	p.line("")
	p.paragraph(0, plural(counts[app.TermSet], "term is", "terms are")+" set by a clause. Of the others the documents say nothing: for "+
		plural(counts[app.TermSilent], "term", "terms")+" that has a meaning, which stands in brackets; for "+
		plural(counts[app.TermMissing], "term", "terms")+" it has none, and what needs one is refused. "+
		plural(counts[app.TermUndecided], "term is", "terms are")+" undecided.")
}

// termRows gives a term's row, and one for each clause that lost.
func termRows(t app.ResolvedTerm) [][]string {
	clause := t.Cite
	if t.Title != "" {
		clause += ": " + t.Title
	}
	row := []string{t.Key, t.Value, clause}
	switch t.Status {
	case app.TermSilent:
		row = []string{t.Key, "[" + t.Value + "]", "no clause"}
	case app.TermMissing:
		row = []string{t.Key, "[nothing]", "no clause"}
	case app.TermUndecided:
		row = []string{t.Key, "UNDECIDED", strings.TrimSpace(t.Refusal)}
	}
	rows := [][]string{row}
	for _, o := range t.Others {
		why := o.Lost
		if t.Status == app.TermUndecided {
			why = "says so"
		}
		rows = append(rows, []string{"", "  not: " + o.Value, o.Cite + ", " + why})
	}
	if t.Status == app.TermSet && t.Refusal != "" {
		rows = append(rows, []string{"", "", t.Refusal})
	}
	return rows
}
