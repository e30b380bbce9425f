package main

import (
	"context"
	"io/fs"
	"strings"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/money"
	"termwise.dev/core/terms"
)

// planner is App.Publish or App.Plan.
type planner = func(*app.App, context.Context, fs.FS) (app.Plan, error)

// pageSize is how many rows are read at once of a list that is printed whole.
const pageSize = 500

type accountCmd struct {
	Create     accountCreateCmd     `cmd:"" help:"Open an account."`
	Accept     accountAcceptCmd     `cmd:"" help:"Record that an account accepts documents."`
	Needs      accountNeedsCmd      `cmd:"" help:"Say what an account must still accept for a product."`
	Dissent    accountDissentCmd    `cmd:"" help:"Record that an account does not agree to a new version and leaves."`
	LapseOrder accountLapseOrderCmd `cmd:"" help:"Record that an order lapsed, and what was accepted with it."`
	AddOn      accountAddOnCmd      `cmd:"" name:"add-on" help:"Switch an add-on of a product on or off."`
	AddOns     accountAddOnsCmd     `cmd:"" name:"add-ons" help:"List the add-ons of a product, as they stand for an account."`
	Show       accountShowCmd       `cmd:"" help:"Show an account."`
	List       accountListCmd       `cmd:"" help:"List all accounts."`
	History    accountHistoryCmd    `cmd:"" help:"List what happened to an account, with the ids that explain takes."`
}

type accountCreateCmd struct {
	ID     string   `arg:"" help:"The account's id: lower-case letters, digits and hyphens."`
	Name   string   `required:"" help:"The customer's name."`
	Accept []string `placeholder:"DOCUMENT" help:"Documents that the customer accepted by click."`
}

// Run opens the account.
func (c *accountCreateCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		if err := a.CreateAccount(s, app.NewAccount{ID: c.ID, Name: c.Name, Accepts: c.Accept}, s.actor); err != nil {
			return err
		}
		return showAccount(s, a, c.ID)
	})
}

type accountAcceptCmd struct {
	ID        string   `arg:"" help:"The account's id."`
	Documents []string `arg:"" help:"The ids of the documents; DOCUMENT@VERSION consents to a tariff that is to come."`
	Form      string   `required:"" placeholder:"FORM" help:"The act: click, purchase, stamp or mail; each document must list it. Use is recorded as usage is reported."`
	Signed    string   `placeholder:"INSTANT" help:"When a paper was signed, for stamp and mail (default: now)."`
	Order     string   `placeholder:"REFERENCE" help:"The order that the acceptance comes with, for click and purchase."`
}

// Run records the acceptance.
func (c *accountAcceptCmd) Run(s *session) error {
	signed, err := instant("--signed", c.Signed)
	if err != nil {
		return err
	}
	n := app.NewAcceptance{Documents: c.Documents, Form: terms.AcceptanceForm(c.Form), Signed: signed, Order: c.Order}
	return s.with(func(a *app.App) error {
		if _, err := a.Accept(s, c.ID, n, "", s.actor); err != nil {
			return err
		}
		return showAccount(s, a, c.ID)
	})
}

type accountNeedsCmd struct {
	ID      string   `arg:"" help:"The account's id."`
	Product string   `required:"" help:"The product's id."`
	AddOn   []string `name:"addon" help:"An add-on that is to be switched on; may be repeated."`
	At      string   `placeholder:"INSTANT" help:"When (default: now)."`
}

// Run says what is missing.
func (c *accountNeedsCmd) Run(s *session) error {
	at, err := instant("--at", c.At)
	if err != nil {
		return err
	}
	return s.with(func(a *app.App) error {
		n, err := a.Needs(s, c.ID, c.Product, c.AddOn, at)
		if err != nil {
			return err
		}
		return s.answer(n, func(p *page) { showNeeds(p, n) })
	})
}

func showNeeds(p *page, n app.Needs) {
	if len(n.Missing)+len(n.Left) == 0 {
		p.line("%s has accepted what %s needs.", p.bold(n.Account), n.Product)
	}
	for _, x := range n.Left {
		p.line("%s has left %s over %s, from %s: %s", p.bold(n.Account), x.Document, x.Version, x.Ends, x.ID)
		p.line("  accepting %s again brings it back; until then use of %s is refused, and accepts nothing", x.Document, n.Product)
	}
	for _, m := range n.Missing {
		forWhat := n.Product
		if m.AddOn != "" {
			forWhat += " with " + m.AddOn
		}
		one := ""
		if len(m.AnyOf) > 1 {
			one = " one of these"
		}
		p.line("For %s, %s must accept%s:", forWhat, p.bold(n.Account), one)
		for _, d := range m.AnyOf {
			p.line("  %s %s  %s%s", d.Document, d.Version, d.Title, byForms(d.Forms))
		}
		showDemand(p, m)
	}
	for _, d := range n.ByUse {
		p.line("The first use accepts %s %s  %s", d.Document, d.Version, d.Title)
	}
}

// showDemand says what demands an acceptance.
func showDemand(p *page, m app.MissingAcceptance) {
	if m.Clause != nil {
		p.line("  as %s demands: %s", m.Clause.Cite, m.Clause.Title)
	}
	if m.Under != nil {
		p.line("  and %s provides: %s", m.Under.Cite, m.Under.Title)
	}
}

// byForms gives ", by click or stamp".
func byForms(forms []terms.AcceptanceForm) string {
	text := ""
	for i, f := range forms {
		if i == 0 {
			text = ", by "
		} else {
			text += " or "
		}
		text += string(f)
	}
	return text
}

type accountDissentCmd struct {
	ID       string `arg:"" help:"The account's id."`
	Document string `arg:"" help:"The document of which a new version was announced, or DOCUMENT@VERSION (default: the next version to come)."`
	Now      bool   `help:"End the services at once, and not as the version takes effect."`
}

// Run records the dissent.
func (c *accountDissentCmd) Run(s *session) error {
	document, version, _ := strings.Cut(c.Document, "@")
	return s.with(func(a *app.App) error {
		x := account.Dissent{Document: document, Version: version, Now: c.Now}
		leaving, err := a.Dissent(s, c.ID, x, "", s.actor)
		if err != nil {
			return err
		}
		return s.answer(leaving, func(p *page) { showLeaving(p, leaving) })
	})
}

func showLeaving(p *page, v app.Leaving) {
	if v.Repeated {
		p.line("%s was leaving already; nothing has changed.", v.Account)
	}
	p.line("%s does not agree to %s %s and leaves: %s", p.bold(v.Account), v.Document, v.Version, v.ID)
	p.line("services end at %s: %s", v.Ends, listed(v.Services))
	if len(v.GoOn) > 0 {
		p.line("services that go on: %s", listed(v.GoOn))
	}
	p.line("owed now %s %s; what is used until the end is settled and comes on top", amount(v.Owed), v.Currency)
	p.line("the wallet holds %s %s and keeps it: nothing pays it out yet", amount(v.Wallet), v.Currency)
}

func listed(names []string) string {
	if len(names) == 0 {
		return "none in use"
	}
	return strings.Join(names, ", ")
}

type accountShowCmd struct {
	ID string `arg:"" help:"The account's id."`
}

// Run shows the account.
func (c *accountShowCmd) Run(s *session) error {
	return s.with(func(a *app.App) error { return showAccount(s, a, c.ID) })
}

func showAccount(s *session, a *app.App, id string) error {
	v, err := a.Account(s, id)
	if err != nil {
		return err
	}
	return s.answer(v, func(p *page) {
		p.line("%s  %s", p.bold(v.ID), v.Name)
		p.line("opened       %s", v.Opened)
		p.line("wallet       %s %s", amount(v.Wallet), v.Currency)
		p.line("outstanding  %s %s principal, %s %s late fees", amount(v.Principal), v.Currency, amount(v.LateFees), v.Currency)
		for _, svc := range v.Services {
			p.line("service      %s", serviceLine(svc))
		}
		for _, acc := range v.Accepted {
			known := ""
			if acc.Recorded != acc.At {
				known = ", recorded " + acc.Recorded
			}
			if acc.Order != "" {
				known += ", with the order " + acc.Order
			}
			p.line("accepted     %s %s by %s on %s%s (%s): %s", acc.Document, acc.Version, acc.Form, acc.At, known, acc.Actor, acc.ID)
			if acc.Voided != "" {
				p.line("             voided at %s by %s", acc.Voided, acc.VoidedBy)
			}
		}
		for _, x := range v.Left {
			p.line("leaves       %s over %s, from %s: %s", x.Document, x.Version, x.Ends, x.ID)
		}
	})
}

func serviceLine(v app.ServiceView) string {
	line := v.Product + " is " + v.State + " since " + v.Since
	if v.ArrearsSince != "" {
		line += ", in arrears since " + v.ArrearsSince
	}
	return line + ": " + v.ID
}

type accountListCmd struct{}

// Run lists the accounts.
func (c *accountListCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		list := []app.AccountView{}
		for cursor := ""; ; {
			views, next, err := a.Accounts(s, cursor, pageSize)
			if err != nil {
				return err
			}
			list = append(list, views...)
			if cursor = next; next == "" {
				break
			}
		}
		return s.answer(list, func(p *page) {
			rows := make([][]cell, len(list))
			for i, v := range list {
				rows[i] = []cell{v.ID, v.Name, v.Wallet, v.Principal, v.LateFees, v.Currency}
			}
			p.table([]string{"account", "name", "wallet", "principal owed", "late fees owed", ""}, rows)
			for _, v := range list {
				showDamage(p, v.ID, v.Damaged)
			}
		})
	})
}

// showDamage says why the state of a listed account cannot be read, if it cannot.
func showDamage(p *page, id, damaged string) {
	if damaged != "" {
		p.line("%s is DAMAGED: %s", id, damaged)
	}
}

type topupCmd struct {
	Account   string `arg:"" help:"The account's id."`
	Amount    string `arg:"" help:"How much, for example 500.00."`
	Method    string `required:"" help:"How it was paid, as the agreement lists the ways."`
	Reference string `required:"" help:"The payment's own name, for example the bank's."`
	Key       string `help:"Makes repeating this safe: the same key pays once (default: the reference)."`
	DryRun    bool   `help:"Say what would happen, and keep nothing."`
}

// Run pays in.
func (c *topupCmd) Run(s *session) error {
	sum, err := money.ParseAmount(c.Amount)
	if err != nil {
		return atFlag("AMOUNT", err)
	}
	key := c.Key
	if key == "" {
		key = c.Reference
	}
	return s.with(func(a *app.App) error {
		t := account.TopUp{Amount: sum, Method: c.Method, Reference: c.Reference}
		paid, err := a.TopUp(s, c.Account, t, key, s.actor, c.DryRun)
		if err != nil {
			return err
		}
		return s.answer(paid, func(p *page) { showToppedUp(p, paid, c.DryRun) })
	})
}

func showToppedUp(p *page, t app.ToppedUp, dryRun bool) {
	switch {
	case t.Repeated:
		p.line("This top-up was recorded before; nothing has changed.")
	case dryRun:
		p.line("Nothing was kept. A top-up would give:")
	}
	p.line("%s paid in %s %s (%s)", t.Account, amount(t.Amount), t.Currency, t.ID)
	p.line("of it paid what was owed: %s; wallet now %s; still owed %s", amount(t.Paid), amount(t.Wallet), amount(t.Owed))
}
