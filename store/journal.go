package store

import (
	"context"

	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
)

// chain reads entries of the account $1 with the hash of the one before, which is
// stored there only.
var chain = accountTable(
	"journal",
	entries.columns+", (SELECT p.hash FROM journal p WHERE p.account = $1 AND p.seq = journal.seq - 1)",
	func(e *journal.Entry) []any { return append(entries.fields(e), (*[32]byte)(&e.Previous)) },
)

// Entry returns an entry of an account's journal, and false when there is none.
func (tx *Tx) Entry(ctx context.Context, id string, seq int64) (journal.Entry, bool, error) {
	return chain.get(ctx, tx, "WHERE account = $1 AND seq = $2", id, seq)
}

// Entries returns those entries of an account's journal that have one of some
// numbers, by number, without the hash of the entry before.
func (tx *Tx) Entries(ctx context.Context, id string, numbers []int64) (map[int64]journal.Entry, error) {
	wanted, err := list(tx, numbers)
	if err != nil {
		return nil, err
	}
	found := make(map[int64]journal.Entry, len(numbers))
	err = entries.each(ctx, tx, func(_ string, e *journal.Entry) { found[e.Seq] = *e },
		"WHERE "+tx.among("seq", "bigint")+" AND account = $2", wanted, id)
	return found, err
}

// Journal returns entries of an account's journal, by when they took effect, in
// order of number. Of After only Entry counts.
func (tx *Tx) Journal(ctx context.Context, id string, f Filter[calendar.Instant]) ([]journal.Entry, error) {
	var s selection
	s.where("account = ?", id)
	s.where("seq > ?", f.After.Entry)
	s.between("effective", int64(f.From), int64(f.To))
	if f.Known != 0 {
		s.where("recorded <= ?", int64(f.Known))
	}
	s.add(" ORDER BY seq")
	if f.Limit > 0 {
		s.add(" LIMIT ?", f.Limit)
	}
	return chain.all(ctx, tx, s.text.String(), s.args...)
}

// ToppedUp returns the entries of an account's top-ups by payments of a reference, in
// order of number, without the hash of the entry before.
func (tx *Tx) ToppedUp(ctx context.Context, id, reference string) ([]journal.Entry, error) {
	if tx.ahead != nil && tx.ahead.Reference == reference {
		if found := taken(tx, id, func(h *ahead) **[]journal.Entry { return &h.uncredited }); found != nil {
			return *found, nil
		}
	}
	var found []journal.Entry
	err := entries.each(ctx, tx, func(_ string, e *journal.Entry) { found = append(found, *e) },
		tx.bySteps()+"WHERE account = $1 AND "+isTopUp+" AND "+tx.engine.paymentReference()+" = $2 ORDER BY seq", id, reference)
	return found, err
}

// isTopUp is the condition that an entry is of a top-up. The kind stands in the text,
// so that the engines see that the index on top-ups and steps may serve.
const isTopUp = "kind = '" + string(journal.ToppedUp) + "'"

// paymentReference is the expression of the index on top-ups and steps: the reference
// of the payment that a top-up keeps.
func (e engine) paymentReference() string {
	return "(CASE WHEN " + isTopUp + " THEN " + e.reference() + " END)"
}

// reference is the field of an entry's inputs, in the engine's words.
func (e engine) reference() string {
	if e == sqlite {
		return "(payload ->> 'reference')"
	}
	return "(payload::jsonb ->> 'reference')"
}
