package app

import (
	"context"

	"termwise.dev/core/account"
	"termwise.dev/store"
)

// refusedEventsPerPage is how many refused events are read at a time.
const refusedEventsPerPage = 1000

// aside checks what is kept for an account beside its books: the events that
// were not accepted, and the answers to its callers' commands.
func (y yardstick) aside(ctx context.Context, tx *store.Tx, ev *account.Evidence, out *verifiedAccount) error {
	if err := y.refusedEvents(ctx, tx, ev, out); err != nil {
		return err
	}
	answers, err := tx.Answers(ctx, out.id)
	if err != nil {
		return err
	}
	for i := range answers {
		if a := &answers[i]; a.Digest != a.Seal() {
			out.add(account.JournalReplays, Breakage{"idempotency", out.id + " " + a.Key, digestBroken})
		}
	}
	out.count("idempotency", account.JournalReplays, len(answers))
	return nil
}

// digestBroken is what is said of a row whose digest is not that of its content.
const digestBroken = "digest does not match its content"

func (o *verifiedAccount) add(truth account.Truth, b Breakage) {
	o.broken = append(o.broken, foundBreakage{truth, b})
}

func (o *verifiedAccount) count(table account.Table, truth account.Truth, rows int) {
	o.rows[table] += rows
	o.findings.Checked[truth] += rows
}

// refusedEvents checks the refusals that are kept for an account, or, where there is no
// evidence of one, for none.
func (y yardstick) refusedEvents(ctx context.Context, tx *store.Tx, ev *account.Evidence, out *verifiedAccount) error {
	var of *refusals
	for after := ""; ; {
		page, err := tx.RefusedEvents(ctx, out.id, after, refusedEventsPerPage)
		if err != nil {
			return err
		}
		if of == nil && len(page) > 0 && ev != nil && y.corpus != nil {
			of = y.refusals(ev)
		}
		for i := range page {
			y.refusedEvent(&page[i], of, out)
		}
		out.count("refused_events", account.UsageIsBilledOnce, len(page))
		if len(page) < refusedEventsPerPage {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

func (y yardstick) refusedEvent(e *store.KeptRefusal, of *refusals, out *verifiedAccount) {
	name := RowName{Kind: EventRow, Account: e.Account, Event: e.ID}.String()
	if e.Broken != nil {
		out.add(account.UsageIsBilledOnce, Breakage{"refused_events", name, "cannot be read: " + e.Broken.Error()})
		return
	}
	if e.Terms != 0 && y.sets[e.Terms] == nil {
		out.add(account.TermsRecompute, missingSet(e.Terms, name))
	}
	if e.Digest != e.Seal() {
		out.add(account.UsageIsBilledOnce, Breakage{"refused_events", name, digestBroken})
		return
	}
	if of == nil {
		return
	}
	if disagrees := of.again(&e.RefusedEvent); disagrees != "" {
		out.add(account.UsageIsBilledOnce, Breakage{"refused_events", name, disagrees})
	}
}
