package main

import "termwise.dev/app"

type accountHistoryCmd struct {
	ID     string            `arg:"" help:"The account's id."`
	Month  string            `placeholder:"2026-01" help:"Only what the statement of this month holds."`
	Kind   []app.HistoryKind `placeholder:"KIND" help:"Only this kind; may be repeated: top_up, payment, late_fee, notice, transition, acceptance, refusal; charge and posting are listed only when asked for, and event (usage that was not accepted) only by itself."`
	Limit  int               `default:"100" help:"How many to list at most."`
	Cursor string            `placeholder:"CURSOR" help:"Continue where the last list ended."`
}

// historyAnswer is one page of an account's history.
type historyAnswer struct {
	Items      []app.HistoryItem `json:"items"`
	NextCursor string            `json:"next_cursor,omitempty"`
}

// Run lists the history.
func (c *accountHistoryCmd) Run(s *session) error {
	f := app.HistoryFilter{Kinds: c.Kind, Cursor: c.Cursor, Limit: c.Limit}
	if c.Month != "" {
		m, err := month(c.Month)
		if err != nil {
			return err
		}
		f.Month = m
	}
	return s.with(func(a *app.App) error {
		items, next, err := a.History(s, c.ID, f)
		if err != nil {
			return err
		}
		answer := historyAnswer{Items: items, NextCursor: next}
		if answer.Items == nil {
			answer.Items = []app.HistoryItem{}
		}
		return s.answer(answer, func(p *page) { c.show(p, answer) })
	})
}

func (c *accountHistoryCmd) show(p *page, h historyAnswer) {
	if len(h.Items) == 0 {
		p.line("Nothing to list.")
		return
	}
	rows := make([][]cell, len(h.Items))
	for i, item := range h.Items {
		moved := cell("")
		if item.Amount != nil {
			moved = *item.Amount
		}
		what := item.What
		if item.Code != "" {
			what = string(item.Code) + ": " + what
		}
		rows[i] = []cell{item.ID, item.At, item.Kind, moved, what}
	}
	p.table([]string{"id", "at", "kind", "amount", "what"}, rows)
	if h.NextCursor != "" {
		p.line("There is more: repeat the command with --cursor %s", h.NextCursor)
	}
}
