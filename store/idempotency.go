package store

import (
	"context"
	"errors"
	"fmt"

	"termwise.dev/core/calendar"
)

// ErrAnswered says that another transaction answered a command with this key
// first. Give this one up, so that the command happens once, and recall the
// answer.
var ErrAnswered = errors.New("store: a command with this key was answered already")

// Answer is what a command with a caller's key was answered.
type Answer struct {
	// Account and Key together name the answer.
	Account, Key string
	// Request is the hash of the request: the same key with another request is a mistake.
	Request  [32]byte
	Status   int
	Answer   []byte
	Recorded calendar.Instant
	// Digest is over the rest; Remember writes it.
	Digest int64
}

// Remember keeps an answer, at the latest when the transaction is committed, which
// fails with ErrAnswered when there is one.
func (tx *Tx) Remember(ctx context.Context, a Answer) error {
	body := a.Answer
	if body == nil {
		body = []byte{}
	}
	const insert = "INSERT INTO idempotency (account, key, request, status, answer, recorded, digest) VALUES ($1, $2, $3, $4, $5, $6, $7)"
	args := []any{a.Account, a.Key, a.Request[:], int64(a.Status), body, int64(a.Recorded), a.Seal()}
	c := newCall(insert+" ON CONFLICT DO NOTHING", args)
	c.wants, c.orElse = 1, ErrAnswered
	if tx.engine == postgres && !tx.sharded { // where looking for a conflict first is dear
		c = newCall(insert, args)
		c.twice = ErrAnswered
	}
	c.writes = "idempotency"
	return tx.later(ctx, c)
}

// Recall returns the answer for a key, and false when there is none. One that was
// changed since is an error, also where it is the request that was: the caller would
// take for true what never was, or for its own mistake what is none.
func (tx *Tx) Recall(ctx context.Context, id, key string) (Answer, bool, error) {
	var row *answerRow
	if tx.ahead != nil && tx.ahead.Key == key {
		row = taken(tx, id, func(h *ahead) **answerRow { return &h.unanswered })
	}
	var err error
	if row == nil {
		row = &answerRow{}
		err = row.ask(ctx, tx, id, key)
	}
	if err == nil && row.found && row.Digest != row.Seal() {
		return Answer{}, false, fmt.Errorf("store: the answer that is kept under the key %q of account %s was changed: run termwise verify", key, id)
	}
	return row.Answer, row.found, err
}

type answerRow struct {
	Answer
	found bool
}

func (r *answerRow) ask(ctx context.Context, tx *Tx, id, key string) error {
	r.Account, r.Key = id, key
	return tx.each(ctx, "SELECT request, status, answer, recorded, digest FROM idempotency WHERE account = $1 AND key = $2", []any{id, key},
		func(row scanner) error {
			r.found = true
			return row.Scan((*comparedHash)(&r.Request), &r.Status, &r.Answer.Answer, &r.Recorded, &r.Digest)
		})
}
