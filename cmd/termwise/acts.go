package main

import (
	"termwise.dev/app"
	"termwise.dev/core/account"
)

type accountLapseOrderCmd struct {
	ID    string `arg:"" help:"The account's id."`
	Order string `arg:"" help:"The order's reference, as the acceptances named it."`
	Key   string `help:"Makes the answer repeatable: the same key gives the same one."`
}

// Run records that the order lapsed.
func (c *accountLapseOrderCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		v, err := a.LapseOrder(s, c.ID, account.OrderLapse{Order: c.Order}, c.Key, s.actor)
		if err != nil {
			return err
		}
		return s.answer(v, func(p *page) { showLapsed(p, v) })
	})
}

func showLapsed(p *page, v app.LapsedOrder) {
	if v.Repeated {
		p.line("The order had lapsed before; nothing has changed.")
	}
	p.line("%s: the order %s lapsed at %s", p.bold(v.Account), v.Order, v.At)
	for _, d := range v.Documents {
		became := "stands"
		if d.Voided {
			became = "is voided"
		}
		p.line("the acceptance of %s %s %s: %s", d.Document, d.Version, became, d.ID)
		if d.Clause != nil {
			p.line("  what ends with the order: %s, by %s", d.Effect, d.Clause.Cite)
		}
	}
	for _, s := range v.SwitchedOff {
		p.line("switched off with its terms: %s of %s: %s", s.AddOn, s.Product, s.ID)
	}
}

type accountAddOnCmd struct {
	ID      string `arg:"" help:"The account's id."`
	Product string `arg:"" help:"The product's id."`
	AddOn   string `arg:"" name:"addon" help:"The add-on."`
	State   string `arg:"" enum:"on,off" help:"on or off."`
	Key     string `help:"Makes the answer repeatable: the same key gives the same one."`
}

// Run switches the add-on.
func (c *accountAddOnCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		v, err := a.SwitchAddOn(s, c.ID, account.Switch{Product: c.Product, AddOn: c.AddOn, On: c.State == "on"}, c.Key, s.actor)
		if err != nil {
			return err
		}
		return s.answer(v, func(p *page) {
			if v.Repeated {
				p.line("It was %s already; nothing has changed.", onOff(v.On))
			}
			showAddOn(p, v)
		})
	})
}

type accountAddOnsCmd struct {
	ID      string `arg:"" help:"The account's id."`
	Product string `arg:"" help:"The product's id."`
}

// Run lists the add-ons.
func (c *accountAddOnsCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		v, err := a.AddOns(s, c.ID, c.Product)
		if err != nil {
			return err
		}
		return s.answer(v, func(p *page) {
			for _, addOn := range v.List {
				showAddOn(p, addOn)
			}
		})
	})
}

func showAddOn(p *page, v app.AddOnView) {
	line := p.bold(v.AddOn) + " is " + onOff(v.On)
	if v.Since != "" {
		line += " since " + v.Since
	}
	if v.Clause != nil {
		line += ", by " + v.Clause.Cite
	}
	if v.ID != "" {
		line += ": " + v.ID
	}
	p.line("%s", line)
	for _, m := range v.Missing {
		for _, d := range m.AnyOf {
			p.line("  needs %s %s  %s", d.Document, d.Version, d.Title)
		}
		showDemand(p, m)
	}
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
