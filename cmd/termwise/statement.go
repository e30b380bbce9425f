package main

import (
	"termwise.dev/app"
	"termwise.dev/core/calendar"
)

type statementCmd struct {
	Account string `help:"The account's id."`
	Month   string `required:"" placeholder:"2026-01" help:"The month."`
	Totals  bool   `help:"Sum all accounts, by meter."`
	Lines   bool   `help:"List every line, with the id that explain takes."`
	Known   string `placeholder:"INSTANT" help:"Show it as it was known then (default: now)."`
}

// Run shows a statement, or the totals of all accounts.
func (c *statementCmd) Run(s *session) error {
	if c.Totals == (c.Account != "") {
		return wrongUse("name an account with --account, or ask for the sum of all with --totals")
	}
	if c.Totals && c.Lines {
		return wrongUse("--lines lists those of one account: name it with --account")
	}
	m, err := month(c.Month)
	if err != nil {
		return err
	}
	known, err := instant("--known", c.Known)
	if err != nil {
		return err
	}
	return s.with(func(a *app.App) error {
		if c.Totals {
			t, err := a.Totals(s, m, known)
			if err != nil {
				return err
			}
			return s.answer(t, func(p *page) { showTotals(p, t) })
		}
		return c.one(s, a, m, known)
	})
}

func (c *statementCmd) one(s *session, a *app.App, m calendar.Month, known calendar.Instant) error {
	v, err := a.Statement(s, c.Account, m, known)
	if err != nil {
		return err
	}
	for cursor := ""; c.Lines; {
		lines, next, err := a.StatementLines(s, c.Account, m, known, cursor, pageSize)
		if err != nil {
			return err
		}
		v.Lines = append(v.Lines, lines...)
		if cursor = next; next == "" {
			break
		}
	}
	return s.answer(v, func(p *page) { showStatement(p, v) })
}

var meterHeader = []string{"meter", "product", "quantity", "unit", "lines", "adjusted", "amount"}

func meterRows(meters []app.MeterTotal) [][]cell {
	rows := make([][]cell, len(meters))
	for i, m := range meters {
		rows[i] = []cell{m.Meter, m.Product, m.Quantity, m.Unit, m.Lines, m.Adjustments, m.Amount}
	}
	return rows
}

func showTotals(p *page, t app.Totals) {
	p.line("%s in %s, %s", p.bold("All accounts, "+t.Month), t.Currency, plural(t.Lines, "line", "lines"))
	p.table(meterHeader, meterRows(t.Meters), "total", "", "", "", t.Lines, "", t.Total)
}

func showStatement(p *page, v app.Statement) {
	p.line("%s  %s", p.bold(v.Account+", "+v.Month), v.Name)
	if v.Known != "" {
		p.line("as known at %s", v.Known)
	}
	p.table(meterHeader, meterRows(v.Meters), "total", "", "", "", "", "", v.Charged+v.Adjusted)
	p.line("")
	p.table([]string{"in " + string(v.Currency), ""}, [][]cell{
		{"charged", v.Charged},
		{"adjusted later", v.Adjusted},
		{"late fees of the month's days", v.LateFees},
		{"paid in", v.TopUps},
		{"paid of principal", v.PaidPrincipal},
		{"paid of late fees", v.PaidLateFees},
		{"paid too much, returned", v.Returned},
		{"wallet now", v.Wallet},
		{"outstanding principal now", v.OutstandingPrincipal},
		{"outstanding late fees now", v.OutstandingLateFees},
	})
	for _, r := range v.Refused {
		p.line("not billed (%s): %s %s of %s %s, in %s", r.Code, count(r.Quantity), r.Unit, r.Product, r.Meter, plural(r.Count, "part", "parts"))
	}
	if len(v.Lines) == 0 {
		p.line("")
		p.line("List every line with --lines, and everything else with its id:")
		p.line("  termwise account history %s --month %s", v.Account, v.Month)
		return
	}
	rows := make([][]cell, len(v.Lines))
	for i, l := range v.Lines {
		rows[i] = []cell{l.ID, l.Hour, l.Resource, l.Meter, l.Quantity, l.Unit, l.Amount, l.Kind}
	}
	p.line("")
	p.table([]string{"line", "hour", "resource", "meter", "quantity", "unit", "amount", "kind"}, rows)
}

type arrearsCmd struct{}

// arrearsAnswer is the whole list with its sums.
type arrearsAnswer struct {
	Totals   app.ArrearsTotals    `json:"totals"`
	Accounts []app.AccountArrears `json:"accounts"`
}

// Run lists the arrears.
func (c *arrearsCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		answer := arrearsAnswer{Accounts: []app.AccountArrears{}}
		for cursor := ""; ; {
			list, next, err := a.Arrears(s, cursor, pageSize)
			if err != nil {
				return err
			}
			answer.Accounts = append(answer.Accounts, list...)
			if cursor = next; next == "" {
				break
			}
		}
		var err error
		if answer.Totals, err = a.ArrearsTotals(s); err != nil {
			return err
		}
		return s.answer(answer, func(p *page) { showArrears(p, answer) })
	})
}

func showArrears(p *page, a arrearsAnswer) {
	if len(a.Accounts) == 0 {
		p.line("Nobody owes anything.")
		return
	}
	rows := make([][]cell, len(a.Accounts))
	for i, v := range a.Accounts {
		state := ""
		for _, svc := range v.Services {
			state += svc.Product + " " + svc.State + " "
		}
		rows[i] = []cell{v.Account, v.Name, v.Principal, v.LateFees, v.OldestDue, v.DaysOverdue, state}
		if v.Damaged != "" {
			rows[i] = []cell{v.Account, v.Name, v.Principal, v.LateFees, "unknown", "", "DAMAGED"}
		}
	}
	p.table([]string{"account", "name", "principal", "late fees", "oldest due", "days", "services"}, rows,
		plural(a.Totals.Accounts, "account", "accounts"), string(a.Totals.Currency), a.Totals.Principal, a.Totals.LateFees, "", "", "")
	p.line("")
	showBands(p, a.Totals)
	for _, v := range a.Accounts {
		showDamage(p, v.Account, v.Damaged)
	}
	if a.Totals.Damaged > 0 {
		p.line("What damaged accounts owe is in the sums, and in no age.")
	}
}

func showBands(p *page, t app.ArrearsTotals) {
	var header []string
	var row []cell
	for _, b := range t.Bands {
		header, row = append(header, b.Age), append(row, b.Amount)
	}
	p.table(append([]string{"principal overdue for"}, header...), [][]cell{append([]cell{""}, row...)})
}
