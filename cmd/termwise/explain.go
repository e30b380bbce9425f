package main

import (
	"errors"
	"fmt"
	"strconv"

	"termwise.dev/app"
	"termwise.dev/core/account"
)

// errUntrue ends a verification that found something untrue.
var errUntrue = errors.New("something is not true")

type explainCmd struct {
	ID string `arg:"" help:"The row's id, for example chg_customer-017_42_3; statement --lines and account history list ids."`
}

// Run explains the row.
func (c *explainCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		x, err := a.Explain(s, c.ID)
		if err != nil {
			return err
		}
		return s.answer(x, func(p *page) { showExplanation(p, x, true) })
	})
}

// showExplanation shows an explanation; whole adds the inputs, the clauses'
// texts and the journal.
func showExplanation(p *page, x app.Explanation, whole bool) {
	p.line("%s", p.bold(x.ID))
	p.paragraph(2, x.What)
	if whole && len(x.Inputs) > 0 {
		p.line("")
		for _, in := range x.Inputs {
			p.line("  %-28s %s %s", in.Name, in.Value, in.Unit)
		}
	}
	for _, step := range x.Arithmetic {
		p.line("    %s", step)
	}
	if whole {
		p.line("")
	}
	for _, use := range x.Clauses {
		showClauseUse(p, use, whole)
	}
	switch {
	case x.Agrees:
		p.line("  Stored %s, recomputed %s: they agree.", x.Stored, x.Recomputed)
	case len(x.Disagreements) == 0:
		p.paragraph(2, fmt.Sprintf("Stored %s; %s.", x.Stored, x.Recomputed))
	default:
		p.line("  Stored %s, recomputed %s: THEY DO NOT AGREE.", x.Stored, x.Recomputed)
	}
	for _, d := range x.Disagreements {
		p.paragraph(2, d)
	}
	if whole && x.Journal != nil {
		j := x.Journal
		p.line("  Journal entry %d (%s), effective %s, recorded %s by %s", j.Seq, j.Kind, j.Effective, j.Recorded, j.Actor)
	}
}

func showClauseUse(p *page, use account.ClauseUse, whole bool) {
	if use.Citation == "" {
		p.line("  %s: %s (no clause sets it)", use.Role, use.Value)
		return
	}
	title := use.Citation + " " + use.Title
	if use.Emphasis {
		title = p.emphasise(title)
	}
	p.line("  %s: %s, by %s", use.Role, use.Value, title)
	if !whole {
		return
	}
	p.clauseText(6, use.Text, use.Emphasis)
	for _, c := range use.Considered {
		if c.Lost != "" {
			p.line("      %s says %s and lost: %s", c.Citation.Long(), c.Text, c.Lost)
		}
	}
}

type verifyCmd struct{}

// Run checks every truth.
func (c *verifyCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		progress := s.bar("verifying")
		v, err := a.Verify(s, progress.set)
		progress.end()
		if err != nil {
			return err
		}
		if err := s.answer(v, func(p *page) { showVerification(p, v) }); err != nil {
			return err
		}
		if !v.OK {
			return errUntrue
		}
		return nil
	})
}

func showVerification(p *page, v app.Verification) {
	for _, t := range v.Truths {
		mark := "holds "
		if t.Broken != nil {
			mark = "BROKEN"
		}
		p.line("  %2s %s  %s (%s checked)", strconv.Itoa(t.N), mark, t.Name, count(t.Checked))
		if t.Broken != nil {
			p.line("       %s row %s: %s", t.Broken.Table, t.Broken.Row, t.Broken.Message)
		}
	}
	if v.OK {
		p.line("Everything that must be true of %s is true.", plural(v.Accounts, "account", "accounts"))
	} else {
		p.line("NOT everything that must be true is true.")
	}
}
