package store

import (
	"context"
	"errors"

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

// Remember keeps an answer. It returns ErrAnswered when there is one.
func (tx *Tx) Remember(ctx context.Context, a Answer) error {
	body := a.Answer
	if body == nil {
		body = []byte{}
	}
	n, err := tx.exec(ctx,
		`INSERT INTO idempotency (account, key, request, status, answer, recorded, digest)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		a.Account, a.Key, a.Request[:], a.Status, body, int64(a.Recorded), a.Seal())
	if err == nil && n == 0 {
		return ErrAnswered
	}
	return err
}

// Recall returns the answer for a key, and false when there is none.
func (tx *Tx) Recall(ctx context.Context, id, key string) (Answer, bool, error) {
	a := Answer{Account: id, Key: key}
	found, err := tx.one(ctx, []any{(*hashColumn)(&a.Request), &a.Status, &a.Answer, &a.Recorded},
		"SELECT request, status, answer, recorded FROM idempotency WHERE account = $1 AND key = $2", id, key)
	return a, found, err
}
