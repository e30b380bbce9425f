package store

import (
	"context"
	"errors"
	"strconv"

	"termwise.dev/core/account"
	"termwise.dev/core/journal"
)

// Ahead says what a command on one account is going to ask for.
type Ahead struct {
	Account string
	Key     string // of the caller; empty for none
	// Reference is that of a payment, whose earlier top-ups are wanted; empty for none.
	Reference string
	// Enough says that nearly always nothing else is asked for. Who needs more locks
	// the account at once.
	Enough bool
}

// ahead is what was asked for before it was wanted. Each thing is given out once.
type ahead struct {
	Ahead
	version   int64 // of the account's row
	lock      *bool
	published *int64
	clock     *clockRow
	books     *loader
	// These are set when there is no answer, or whether there is will be found when
	// another one is kept, and when there is no earlier top-up; what there is, is read
	// when it is wanted.
	unanswered *answerRow
	uncredited *[]journal.Entry
}

// errUnlocked says that a transaction asks for more than it looked at without a
// lock. It is run again with the account locked.
var errUnlocked = errors.New("store: a transaction asks for more than what it looked at ahead")

// LookAhead asks for everything that a command is going to ask for with one
// question, where that is cheaper; else it does nothing. Lock, Recall,
// DocumentsDigest, Clock, Books and ToppedUp then find it here, unless something was
// written meanwhile. In Share, when that is enough, what is found is of one instant
// and not locked, whoever asks for the lock: Apply finds out whether anybody has written
// the account's row since, and Remember whether anybody has used the key before or since.
func (tx *Tx) LookAhead(ctx context.Context, a Ahead) error {
	if !tx.wire.waits() {
		return nil
	}
	loader, err := tx.loader([]string{a.Account})
	if err != nil {
		return err
	}
	h := &ahead{Ahead: a}
	tx.glances = tx.glances && a.Enough
	if tx.glances {
		h.unanswered = &answerRow{}
	}
	look := h.question(loader, tx.glances)
	if tx.glances {
		tx.glances, tx.glanced = false, true
		tx.count(look)
		err = tx.wire.send(ctx, tx.seen, []*call{look}) // the BEGIN goes on waiting
		tx.seenVersion = h.version
	} else {
		// Locked by a statement of its own: what the next one sees is not older.
		err = tx.together(ctx, func() error {
			_, err := tx.lock(ctx, []string{a.Account})
			return errors.Join(err, tx.later(ctx, look))
		})
	}
	tx.ahead = h
	return err
}

// question asks for the account's row, and for what every command needs to know.
// Where there is no such account, nothing is found.
func (h *ahead) question(l *loader, version bool) *call {
	args := []any{h.Account}
	text := aheadColumns + ", 0::bigint"
	if version {
		text = aheadColumns + ", " + rowVersion
	}
	also := func(condition, value string) {
		if value == "" {
			text += ", FALSE"
			return
		}
		args = append(args, value)
		text += ", EXISTS (SELECT 1 FROM " + condition + " = $" + strconv.Itoa(len(args)) + ")"
	}
	if h.unanswered == nil {
		also("idempotency WHERE account = $1 AND key", h.Key)
	} else {
		also("", "")
	}
	also("journal WHERE account = $1 AND "+isTopUp+" AND "+postgres.paymentReference(), h.Reference)
	c := newCall(text+aheadTables, args)
	c.scan = func(row scanner) error { return h.read(row, l) }
	return c
}

var aheadColumns = "SELECT " + books.named("accounts") + ", p.digest, p.clock, p.now"

const aheadTables = " FROM accounts JOIN published p ON p.id = 1 WHERE account = $1"

// read keeps what was found, to be given out.
func (h *ahead) read(row scanner, l *loader) error {
	b := &account.Books{}
	var version, digest int64
	var clock clockRow
	var answered, credited bool
	dest := append(targets(&b.ID, books.fields(b)), &digest, &clock.mode, &clock.now, &version, &answered, &credited)
	if err := row.Scan(dest...); err != nil {
		return &UnreadableRow{Table: books.name, Owner: h.Account, Err: err}
	}
	l.keep(b)
	h.version, h.lock, h.published, h.clock, h.books = version, new(bool), &digest, &clock, l
	if !answered {
		h.unanswered = &answerRow{}
	}
	if !credited {
		h.uncredited = &[]journal.Entry{}
	}
	return nil
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
