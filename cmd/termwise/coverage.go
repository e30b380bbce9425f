package main

import (
	"fmt"

	"termwise.dev/app"
	"termwise.dev/provider"
)

type coverageCmd struct {
	Summary bool `help:"Only count the rules."`
	Sample  bool `help:"Use the sample provider, Aurora Cloud, that is built in, and no database."`
}

// Run says what becomes of every rule.
func (c *coverageCmd) Run(s *session) error {
	show := func(v app.Coverage) error {
		return s.answer(v, func(p *page) {
			if !c.Summary {
				showRules(p, v)
			}
			showCoverage(p, v)
		})
	}
	if c.Sample {
		v, err := app.FolderCoverage(provider.Sample)
		if err != nil {
			return err
		}
		return show(v)
	}
	return s.with(func(a *app.App) error {
		v, err := a.Coverage(s)
		if err != nil {
			return err
		}
		return show(v)
	})
}

// coverageOrder lists the statuses in the order in which they are shown, each with
// its heading.
var coverageOrder = []struct {
	status app.CoverageStatus
	title  string
}{
	{app.RuleExecuted, "executed and proved"},
	{app.RuleUnproved, "executed, not proved"},
	{app.RuleDeclaratory, "declaratory: nothing is to be carried out"},
	{app.RuleWaiting, "declaratory for now: what would carry them out does not exist yet"},
}

// showRules lists every rule, by document and by what becomes of it.
func showRules(p *page, v app.Coverage) {
	for _, d := range v.Documents {
		p.line("%s  %s", p.bold(d.Document+" "+d.Version), d.Title)
		for _, group := range coverageOrder {
			rules := rulesOf(v.Rules, d, group.status)
			if len(rules) > 0 {
				p.line("  %s (%s)", group.title, plural(len(rules), "rule", "rules"))
			}
			for _, r := range rules {
				showRule(p, r)
			}
		}
		p.line("")
	}
}

func rulesOf(rules []app.CoveredRule, d app.DocumentCoverage, status app.CoverageStatus) (of []app.CoveredRule) {
	for _, r := range rules {
		if r.Document == d.Document && r.Status == status {
			of = append(of, r)
		}
	}
	return of
}

func showRule(p *page, r app.CoveredRule) {
	state, why := ruleState(r.Status, r.Reason)
	if why != "" {
		why = " (" + why + ")"
	}
	p.line("    %-19s  %-26s  %s%s", r.Rule, state, r.Title, why)
	for _, test := range r.Applies {
		p.line("        at work: %s", test)
	}
	for _, test := range r.Refrains {
		p.line("        at rest: %s", test)
	}
}

// ruleState says in words what becomes of a rule, and why. What a rule waits for
// is a part of its state.
func ruleState[S app.RuleStatus | app.CoverageStatus](status S, reason string) (state, why string) {
	if status == S(app.Waiting) {
		return "waits for: " + reason, ""
	}
	return string(status), reason
}

// showCoverage counts the rules.
func showCoverage(p *page, v app.Coverage) {
	rows := make([][]cell, len(v.Documents))
	for i, d := range v.Documents {
		rows[i] = []cell{d.Document + " " + d.Version, d.Executed, d.Unproved, d.Waiting, d.Declaratory}
	}
	p.table([]string{"document", "executed and proved", "not proved", "waiting", "declaratory"}, rows,
		fmt.Sprintf("%d rules", v.Total), v.Executed, v.Unproved, v.Waiting, v.Declaratory)
	if len(v.WaitsFor) == 0 {
		return
	}
	waits := make([][]cell, len(v.WaitsFor))
	for i, w := range v.WaitsFor {
		waits[i] = []cell{w.Capability, w.Rules, w.Means}
	}
	p.line("")
	p.table([]string{"waiting for", "rules", "that is"}, waits)
}
