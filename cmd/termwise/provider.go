package main

import (
	"io/fs"
	"os"
	"slices"
	"strings"

	"termwise.dev/app"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/provider"
)

type initCmd struct {
	Clock   string `enum:"real,virtual" default:"real" help:"Which clock the database has: real or virtual."`
	Virtual string `placeholder:"INSTANT" help:"Start a virtual clock here, for example 2026-01-01T00:00:00+08:00."`
}

// Run creates the database.
func (c *initCmd) Run(s *session) error {
	virtual := c.Clock == "virtual" || c.Virtual != ""
	if virtual && c.Virtual == "" {
		return wrongUse("a virtual clock needs a start: --virtual 2026-01-01T00:00:00+08:00")
	}
	start, err := instant("--virtual", c.Virtual)
	if err != nil {
		return err
	}
	return s.create(func(a *app.App) error {
		if err := a.Init(s, virtual, start); err != nil {
			return err
		}
		now, virtual, err := a.Now(s)
		if err != nil {
			return err
		}
		zone, err := a.Zone(s)
		if err != nil {
			return err
		}
		clock := "real"
		if virtual {
			clock = "virtual"
		}
		answer := struct {
			Database string `json:"database"`
			Engine   string `json:"engine"`
			Clock    string `json:"clock"`
			Now      string `json:"now"`
		}{shownLocation(s.location()), a.Engine(), clock, zone.Format(now)}
		return s.answer(answer, func(p *page) {
			p.line("%s is ready (%s); its clock is %s and stands at %s.", answer.Database, answer.Engine, clock, answer.Now)
			p.line("Next: termwise publish DIR, or termwise publish --sample")
		})
	})
}

// shownLocation leaves out of a database's URL what may be secret.
func shownLocation(location string) string {
	if _, file := isFile(location); file {
		return location
	}
	scheme, rest, _ := strings.Cut(location, "://")
	if _, host, found := strings.Cut(rest, "@"); found {
		rest = host
	}
	rest, _, _ = strings.Cut(rest, "?")
	return scheme + "://" + rest
}

// folderArgs name a provider's folder.
type folderArgs struct {
	Dir    string `arg:"" optional:"" help:"The provider's folder: provider.yaml, calendar.yaml and documents."`
	Sample bool   `help:"Use the sample provider, Aurora Cloud, that is built in."`
}

func (f folderArgs) open() (fs.FS, error) {
	switch {
	case f.Sample && f.Dir != "":
		return nil, wrongUse("name a folder or --sample, not both")
	case f.Sample:
		return provider.Sample, nil
	case f.Dir == "":
		return nil, wrongUse("name a provider's folder, or --sample")
	}
	if info, err := os.Stat(f.Dir); err != nil || !info.IsDir() {
		return nil, refusal.New(refusal.BadInput, "%q is not a folder that can be read", f.Dir).At("DIR").Do("name a provider's folder")
	}
	return os.DirFS(f.Dir), nil
}

type publishCmd struct{ folderArgs }

// Run publishes the folder.
func (c *publishCmd) Run(s *session) error {
	return c.plan(s, (*app.App).Publish, "Published", "Nothing new to publish.")
}

func (f folderArgs) plan(s *session, do planner, title, nothing string) error {
	dir, err := f.open()
	if err != nil {
		return err
	}
	return s.with(func(a *app.App) error {
		plan, err := do(a, s, dir)
		if err != nil {
			return err
		}
		if err := s.answer(plan, func(p *page) { showPlan(p, plan, title, nothing) }); err != nil {
			return err
		}
		return refusedIn(plan)
	})
}

// refusedIn says that something of a plan would be refused.
func refusedIn(plan app.Plan) error {
	if slices.ContainsFunc(plan.Documents, func(d app.PlannedDocument) bool { return d.Refused != "" }) {
		return errRefused
	}
	return nil
}

func showPlan(p *page, plan app.Plan, title, nothing string) {
	if len(plan.Documents) == 0 && len(plan.Files) == 0 {
		p.line("%s", nothing)
		return
	}
	if len(plan.Files) > 0 {
		p.line("%s: %s", title, strings.Join(plan.Files, ", "))
	}
	for _, d := range plan.Documents {
		p.line("%s: %s %s, effective %s, binds %s", title, p.bold(d.Document), d.Version, d.EffectiveText, plural(d.Bound, "account", "accounts"))
		if d.Replaces != "" {
			p.line("  replaces %s; %s to be told %s", d.Replaces, plural(d.NoticesOwed, "account", "accounts"), toldBy(d.NoticeBy))
			if d.Dissent == terms.ContinuedUseAccepts {
				p.line("  going on using the services accepts it")
			}
		}
		showNotices(p, d)
		for _, c := range d.Changes {
			showChange(p, c)
		}
		if d.Refused != "" {
			p.line("  would be refused: %s", d.Refused)
		}
	}
}

// showNotices says what notice a version owes, by which clause and to how many.
func showNotices(p *page, d app.PlannedDocument) {
	for _, n := range d.Notices {
		clause := n.Clause
		if clause == "" {
			clause = "no document says how long before"
		}
		where := make([]string, len(n.Channels))
		for i, c := range n.Channels {
			where[i] = string(c)
		}
		p.line("  notice of the change (%s): %s (%s), by %s, to %s, %s",
			n.Kind, n.Notice, clause, strings.Join(where, ", "), plural(n.Accounts, "account", "accounts"), toldBy(n.By))
	}
	for _, w := range d.Warnings {
		p.line("  warning: %s", w)
	}
	if d.Told > 0 {
		p.line("  told %s", plural(int(d.Told), "account", "accounts"))
	}
}

// toldBy says by when accounts must be told; the terms may name no number of days.
func toldBy(day string) string {
	if day == "" {
		return "before it takes effect"
	}
	return "by " + day
}

func showChange(p *page, c terms.Change) {
	where := c.Field
	if c.Clause != "" {
		where = c.Clause + " " + c.Field
	}
	switch {
	case c.Old == "":
		p.line("  + %s: %s", where, c.New)
	case c.New == "":
		p.line("  - %s: %s", where, c.Old)
	default:
		p.line("  ~ %s: %s -> %s", where, c.Old, c.New)
	}
}
