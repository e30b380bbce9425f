package main

import (
	"strings"

	"termwise.dev/app"
	"termwise.dev/core/terms"
)

type documentsCmd struct {
	List documentsListCmd `cmd:"" help:"List every version of every document."`
	Show showCmd          `cmd:"" help:"Show a document, or one clause of it."`
}

type documentsListCmd struct{}

// Run lists the documents.
func (c *documentsListCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		list, err := a.DocumentList(s)
		if err != nil {
			return err
		}
		return s.answer(list, func(p *page) {
			rows := make([][]cell, len(list))
			for i, d := range list {
				inForce := ""
				if d.InForce {
					inForce = "in force"
				}
				rows[i] = []cell{d.Code, d.Document, d.Version, d.Kind, d.Clauses, d.Effective, inForce, d.Title}
			}
			p.table([]string{"code", "document", "version", "kind", "clauses", "effective", "", "title"}, rows)
		})
	})
}

func showDocument(p *page, d app.DocumentView) {
	p.line("%s", p.bold(d.Title))
	p.line("%s (%s) %s, %s, issued by %s, binds by %s", d.Document, d.Code, d.Version, d.Kind, d.Issuer, d.By)
	if len(d.AlsoCalled) > 0 {
		p.line("also called %s", strings.Join(d.AlsoCalled, ", "))
	}
	p.line("announced %s, effective %s%s", d.Announced, d.Effective, until(d.Until))
	for _, b := range []struct {
		what string
		list []string
	}{{"products", d.BindsProducts}, {"every product except", d.ExceptProducts}, {"accounts", d.BindsAccounts}} {
		if len(b.list) > 0 {
			p.line("binds %s: %s", b.what, strings.Join(b.list, ", "))
		}
	}
	if order := d.Order(); order != "" {
		p.line("order of documents: %s", order)
	}
	if d.Product != nil {
		for _, m := range d.Product.Meters {
			p.line("meter %s: counted in %s, priced per %s (%s)", m.Name, m.Base, m.Unit, count(m.Per))
		}
		if len(d.Product.AddOns) > 0 {
			p.line("add-ons: %s", strings.Join(d.Product.AddOns, ", "))
		}
	}
	for _, clause := range d.Nested() {
		p.line("")
		showClause(p, clause.ClauseView, 2*clause.Depth)
	}
}

func until(instant string) string {
	if instant == "" {
		return ""
	}
	return ", until " + instant
}

// showClause shows a clause, indented; one that the document prints with emphasis
// stands out (G 0.4), and one that survives the agreement says so (G 12.3).
func showClause(p *page, c app.ClauseView, indent int) {
	title := strings.TrimSpace(c.Cite + " " + c.Title)
	if c.Emphasis {
		title = p.emphasise(title)
	}
	if c.Survives {
		title += " (survives the agreement)"
	}
	margin := strings.Repeat(" ", indent)
	p.line("%s%s", margin, title)
	p.clauseText(indent+2, c.Text, c.Emphasis)
	for _, t := range c.Terms {
		p.line("%s    %s: %s", margin, t.Key, t.Value)
	}
	for _, r := range c.Rules {
		state, why := ruleState(r.Status, r.Reason)
		p.line("%s    [%s] %s", margin, r.Rule, strings.TrimSuffix(state+": "+why, ": "))
	}
}

type termsCmd struct {
	Keys termsKeysCmd `cmd:"" help:"List the keys: how their values are written, what silence means, and what reads them."`
}

type termsKeysCmd struct{}

// Run lists the term keys. It needs no database.
func (c *termsKeysCmd) Run(s *session) error {
	keys := terms.Keys()
	return s.answer(keys, func(p *page) {
		rows := make([][]cell, len(keys))
		for i, k := range keys {
			silence := string(k.Silence)
			if k.Silence == terms.SilenceIsError {
				silence = "an error"
			}
			rows[i] = []cell{k.Name, k.Type, k.Unit, silence, k.ReadBy}
		}
		p.table([]string{"key", "type", "written", "silence means", "read by"}, rows)
	})
}

type resolveCmd struct {
	Key     string `arg:"" optional:"" help:"The term, for example late_fee.rate; see termwise terms keys."`
	All     bool   `help:"Every term, by area, with its clause and what lost."`
	Account string `required:"" help:"The account's id."`
	Product string `help:"The product's id (default: the account as a whole)."`
	Bought  string `placeholder:"INSTANT" help:"When it was bought, for what is bought and not just used."`
	At      string `placeholder:"INSTANT" help:"When (default: now)."`
	Known   string `placeholder:"INSTANT" help:"As known when (default: now)."`
}

// Run resolves the term, or all of them.
func (c *resolveCmd) Run(s *session) error {
	if c.All == (c.Key != "") {
		return wrongUse("name a term, or ask for every one with --all")
	}
	at, err := instant("--at", c.At)
	if err != nil {
		return err
	}
	known, err := instant("--known", c.Known)
	if err != nil {
		return err
	}
	bought, err := instant("--bought", c.Bought)
	if err != nil {
		return err
	}
	q := app.Question{Key: c.Key, Account: c.Account, Product: c.Product, Bought: bought, At: at, Known: known}
	if c.All {
		return resolveAll(s, q)
	}
	return s.with(func(a *app.App) error {
		r, err := a.Resolve(s, q)
		if err != nil {
			return atFlags(err, "--at", "--known", "--account", "--bought")
		}
		return s.answer(r, func(p *page) { showResolution(p, r) })
	})
}

func showResolution(p *page, r app.Resolution) {
	whom := r.Account
	if r.Product != "" {
		whom += ", " + r.Product
	}
	if r.Bought != "" {
		whom += " bought at " + r.Bought + ","
	}
	p.line("%s for %s at %s:", r.Key, whom, r.At)
	if r.Silent {
		p.line("%s (no bound document sets it)", p.bold(r.Value))
	} else {
		p.line("%s, by %s: %s", p.bold(r.Value), r.Clause.Cite, r.Clause.Title)
		p.clauseText(2, r.Clause.Text, r.Clause.Emphasis)
	}
	for _, c := range r.Considered {
		if !c.Wins {
			p.line("  %s says %s and lost: %s", c.Cite, c.Value, c.Lost)
		}
	}
	p.line("Bound by:")
	for _, d := range r.Documents {
		p.line("  %s %s  %s", d.Document, d.Version, d.Title)
	}
}
