package store

import (
	"context"

	"termwise.dev/core/journal"
)

// Ahead says what a command on one account is going to ask for.
type Ahead struct {
	Account string
	Key     string // of the caller; empty for none
	// Reference is that of a payment, whose earlier top-ups are wanted; empty for none.
	Reference string
}

// ahead is what was asked for before it was wanted. Each thing is given out once.
type ahead struct {
	Ahead
	lock     *bool
	answer   *answerRow
	digest   *digestRow
	clock    *clockRow
	books    *loader
	toppedUp *[]journal.Entry
}

// LookAhead asks for everything that a command is going to ask for in one exchange,
// and locks its account, where that is cheaper; else it does nothing. Lock, Recall,
// DocumentsDigest, Clock, Books and ToppedUp then find it here, unless something was
// written meanwhile.
func (tx *Tx) LookAhead(ctx context.Context, a Ahead) error {
	if !tx.wire.waits() {
		return nil
	}
	loader, err := tx.loader([]string{a.Account})
	if err != nil {
		return err
	}
	h := &ahead{
		Ahead: a, lock: new(bool), answer: &answerRow{}, digest: &digestRow{}, clock: &clockRow{},
		books: loader, toppedUp: &[]journal.Entry{},
	}
	if err := tx.together(ctx, func() error { return h.ask(ctx, tx) }); err != nil {
		return err
	}
	tx.ahead = h
	return nil
}

// ask asks for the account first: it is locked while the rest is read.
func (h *ahead) ask(ctx context.Context, tx *Tx) error {
	if err := h.books.heads(ctx, tx.forUpdate()); err != nil {
		return err
	}
	if h.Key != "" {
		if err := h.answer.ask(ctx, tx, h.Account, h.Key); err != nil {
			return err
		}
	}
	if err := h.digest.askWithClock(ctx, tx, h.clock); err != nil || h.Reference == "" {
		return err
	}
	return askToppedUp(ctx, tx, h.Account, h.Reference, h.toppedUp)
}

// taken gives out what was asked for ahead, once, when it is about the account.
func taken[T any](tx *Tx, account string, from func(*ahead) **T) *T {
	if tx.ahead == nil || account != "" && account != tx.ahead.Account {
		return nil
	}
	at := from(tx.ahead)
	found := *at
	*at = nil
	return found
}

// takenBooks gives out the books that were asked for ahead.
func (tx *Tx) takenBooks(ids []string) *loader {
	if len(ids) != 1 {
		return nil
	}
	return taken(tx, ids[0], func(h *ahead) **loader { return &h.books })
}
