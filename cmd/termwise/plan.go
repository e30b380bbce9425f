package main

import (
	"strings"

	"termwise.dev/app"
	"termwise.dev/core/subscription"
)

// moneyPageSize is how many accounts a plan lists where nobody asks for more.
const moneyPageSize = 100

type planCmd struct {
	folderArgs
	Month   string `placeholder:"MONTH" help:"Re-run this closed month under the new versions and show the money, for example 2026-03."`
	Account string `placeholder:"ID" help:"Re-run only this account (with --month)."`
	Limit   int    `placeholder:"N" help:"How much to list of each kind of difference (with --month; default 100)."`
}

// Run says what publishing would change.
func (c *planCmd) Run(s *session) error {
	if c.Month == "" {
		if c.Account != "" || c.Limit != 0 {
			return wrongUse("--account and --limit belong to --month, which re-runs a closed month")
		}
		return c.plan(s, (*app.App).Plan, "To publish", "Nothing would change.")
	}
	of, err := month(c.Month)
	if err != nil {
		return err
	}
	if c.Limit == 0 {
		c.Limit = moneyPageSize
	}
	q := app.MoneyQuery{Month: of, Account: c.Account, Limit: c.Limit}
	if err := q.Check(); err != nil {
		return atFlag("--limit", err)
	}
	return c.money(s, q)
}

// planWithMoney is the answer of a plan that re-runs a month.
type planWithMoney struct {
	app.Plan
	Money app.PlannedMoney `json:"money"`
}

func (c *planCmd) money(s *session, q app.MoneyQuery) error {
	dir, err := c.open()
	if err != nil {
		return err
	}
	return s.with(func(a *app.App) error {
		plan, err := a.Plan(s, dir)
		if err != nil {
			return err
		}
		progress := s.bar("re-running " + q.Month.String())
		money, err := a.PlanMoney(s, dir, q, progress.set)
		progress.end()
		if err != nil {
			return atFlags(err, "--month", "--account")
		}
		if err := s.answer(planWithMoney{plan, money}, func(p *page) {
			showPlan(p, plan, "To publish", "Nothing would change.")
			showMoney(p, money)
		}); err != nil {
			return err
		}
		switch {
		case money.NotRerun.All > 0:
			return errUntrue
		case money.Undecided.All > 0:
			return errRefused
		}
		return refusedIn(plan)
	})
}

// showMoney shows what a month would have come to.
func showMoney(p *page, m app.PlannedMoney) {
	p.heading("%s re-run", m.Month)
	showAssumption(p, m)
	rows := make([][]cell, 0, len(m.Meters)+5)
	for _, x := range m.Meters {
		rows = append(rows, []cell{x.Product + " " + x.Meter, x.Was, x.Would, x.Difference.Difference})
	}
	for _, x := range []struct {
		what string
		app.Difference
	}{
		{"charged", m.Charged},
		{"late fees", m.LateFees},
		{"paid and given back", m.Returned},
		{"arrears at the month's end", m.Principal},
		{"late fees owed at the month's end", m.UnpaidFees},
	} {
		rows = append(rows, []cell{x.what, x.Was, x.Would, x.Difference.Difference})
	}
	p.line("")
	p.table([]string{string(m.Currency), "was", "would be", "difference"}, rows)
	p.line("")
	p.line("%s re-run, %s.", plural(m.Accounts, "account", "accounts"), differing(m.Differing))
	showByAccount(p, m)
	showMoves(p, m)
	showRefusedDifferently(p, m)
	showNotCounted(p, m)
}

func differing(n int) string {
	if n == 0 {
		return "nothing differs"
	}
	return plural(n, "differs", "differ")
}

// showAssumption says what the re-run takes to be so.
func showAssumption(p *page, m app.PlannedMoney) {
	if len(m.Tried) == 0 {
		p.line("The folder has no new version, so the month is made again under the documents as they were.")
		return
	}
	p.line("As if in force from %s to %s:", m.From, m.To)
	for _, v := range m.Tried {
		place := "where no version was in force"
		if len(v.Instead) > 0 {
			place = "in the place of " + strings.Join(v.Instead, ", ")
		}
		p.line("  %s %s %s", v.Document, v.Version, place)
	}
	p.line("Everything else is as it was: usage, payments, acceptances, and what had happened before.")
}

func showByAccount(p *page, m app.PlannedMoney) {
	if m.ByAccount.All == 0 {
		return
	}
	p.heading("By account, the largest difference first%s", shownOf(len(m.ByAccount.Items), m.ByAccount.All))
	rows := make([][]cell, len(m.ByAccount.Items))
	for i, x := range m.ByAccount.Items {
		rows[i] = []cell{
			x.Account, x.Charged.Was, x.Charged.Would, x.Charged.Difference,
			x.LateFees.Difference, x.Returned.Difference, x.Principal.Difference,
		}
	}
	p.table([]string{"account", "charged", "would be", "difference", "late fees", "given back", "arrears"}, rows)
}

// shownOf says how much of a list is shown.
func shownOf(shown, all int) string {
	if shown == all {
		return " (" + count(all) + ")"
	}
	return " (" + count(shown) + " of " + count(all) + "; more with --limit)"
}

func showMoves(p *page, m app.PlannedMoney) {
	if m.Moves.All == 0 {
		return
	}
	p.heading("Suspended, released or resumed differently%s", shownOf(len(m.Moves.Items), m.Moves.All))
	rows := make([][]cell, len(m.Moves.Items))
	for i, x := range m.Moves.Items {
		rows[i] = []cell{x.Account, x.Product, moved(x), orNever(x.Was), orNever(x.Would)}
	}
	p.table([]string{"account", "product", "", "was", "would be"}, rows)
}

// moved names a change of a service's state.
func moved(x app.MoveDifference) string {
	switch {
	case x.To != subscription.Active:
		return string(x.To)
	case x.From == subscription.Suspended:
		return "resumed"
	case x.From == subscription.Released:
		return "reopened"
	}
	return "opened"
}

func orNever(instant string) string {
	if instant == "" {
		return "not in the month"
	}
	return instant
}

func showRefusedDifferently(p *page, m app.PlannedMoney) {
	if m.Refused.All > 0 {
		p.heading("Not billed%s", shownOf(len(m.Refused.Items), m.Refused.All))
		rows := make([][]cell, len(m.Refused.Items))
		for i, x := range m.Refused.Items {
			rows[i] = []cell{x.Account, x.Product + " " + x.Meter, string(x.Code), x.Was, x.Would, x.Unit}
		}
		p.table([]string{"account", "usage", "reason", "was", "would be", ""}, rows)
	}
	if m.PaymentsRefused.All > 0 {
		p.heading("Payments that would be refused%s", shownOf(len(m.PaymentsRefused.Items), m.PaymentsRefused.All))
		for _, x := range m.PaymentsRefused.Items {
			p.line("  %s at %s: %s by %s (%s)", x.Account, x.At, amount(x.Amount), x.Method, x.Code)
			p.paragraph(4, x.Reason)
		}
	}
	if m.LeavingRefused.All > 0 {
		p.heading("Customers who left and would have no way out%s", shownOf(len(m.LeavingRefused.Items), m.LeavingRefused.All))
		for _, x := range m.LeavingRefused.Items {
			p.line("  %s at %s: over %s %s (%s)", x.Account, x.At, x.Document, x.Version, x.Code)
			p.paragraph(4, x.Reason)
		}
	}
}

// showNotCounted lists the accounts that the sums leave out.
func showNotCounted(p *page, m app.PlannedMoney) {
	if m.Undecided.All > 0 {
		p.heading("Undecided under the new versions, and in no sum%s", shownOf(len(m.Undecided.Items), m.Undecided.All))
		for _, x := range m.Undecided.Items {
			p.line("  %s (%s)", x.Account, x.Code)
			p.paragraph(4, x.Reason)
		}
	}
	if m.NotRerun.All > 0 {
		p.heading("Not re-run, and in no sum: the stored books cannot be made again; see termwise verify%s", shownOf(len(m.NotRerun.Items), m.NotRerun.All))
		for _, x := range m.NotRerun.Items {
			p.line("  %s: %s", x.Row, x.Reason)
		}
	}
}
