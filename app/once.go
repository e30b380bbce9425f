package app

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// command is what a caller asked for, under a key of its own choice, which may
// be empty: then nothing is kept of it.
type command struct {
	account, key string
	request      [sha256.Size]byte
	payment      string // the reference of the payment that it looks for
	enough       bool   // what it looks at ahead nearly always suffices
}

// newCommand digests a command and its input, to tell a repetition from a
// reused key. The name keeps the commands apart that share the account's keys. It
// refuses a key that cannot be kept, and what cannot be an account's id: there is
// no account under it.
func (a *App) newCommand(name, account, key string, input any) (command, error) {
	if err := checkText("idempotency key", key); err != nil {
		return command{}, err
	}
	if !terms.IsAccountID(account) {
		return command{}, unknownAccount(account)
	}
	body, err := json.Marshal([]any{name, account, input})
	if err != nil {
		return command{}, fmt.Errorf("app: hashing a request: %w", err)
	}
	return command{account: account, key: key, request: sha256.Sum256(body)}, nil
}

// once does a command and keeps its answer under the key, in one transaction; a
// repetition gets the answer that was kept, and nothing happens. It refuses a
// key that comes back with another request. do says when the answer was given.
func once[T any](ctx context.Context, tx *store.Tx, c command, do func() (T, calendar.Instant, error)) (answer T, repeated bool, err error) {
	if err := tx.LookAhead(ctx, store.Ahead{Account: c.account, Key: c.key, Reference: c.payment, Enough: c.enough}); err != nil {
		return answer, false, err
	}
	// Locked first, or looked at so that nobody can come between: two requests with one
	// key are answered one after the other.
	if err := tx.Lock(ctx, []string{c.account}); err != nil {
		return answer, false, err
	}
	if c.key == "" {
		answer, _, err = do()
		return answer, false, err
	}
	if repeated, err = recall(ctx, tx, c, &answer); repeated || err != nil {
		return answer, repeated, err
	}
	answer, at, err := do()
	if err != nil {
		return answer, false, err
	}
	return answer, false, remember(ctx, tx, c, answer, at)
}

// update runs f in a transaction that writes, and again when another one was
// first: an account that does not exist yet cannot be locked, and two requests
// may open it at once.
func (a *App) update(ctx context.Context, f func(*store.Tx) error) error {
	err := a.db.Share(ctx, f)
	if errors.Is(err, store.ErrStale) || errors.Is(err, store.ErrAnswered) || refusal.CodeOf(err) == refusal.AlreadyExists {
		return a.db.Share(ctx, f) // it now sees what the other one did
	}
	return err
}

// recall reads the answer that a key was given before. It refuses a key that
// comes back with another request.
func recall(ctx context.Context, tx *store.Tx, c command, answer any) (bool, error) {
	stored, found, err := tx.Recall(ctx, c.account, c.key)
	if err != nil || !found {
		return false, err
	}
	if stored.Request != c.request {
		return false, refusal.New(refusal.KeyReused, "the key %q was used before for another request", c.key).
			At("idempotency key").Do("use a new key for a new request")
	}
	return true, readAnswer(stored.Answer, answer)
}

// readAnswer reads an answer as it is kept.
func readAnswer(kept []byte, answer any) error {
	if err := json.Unmarshal(kept, answer); err != nil {
		return fmt.Errorf("app: reading a stored answer: %w", err)
	}
	return nil
}

// remember keeps an answer under the caller's key, in the transaction that made it true.
func remember(ctx context.Context, tx *store.Tx, c command, answer any, at calendar.Instant) error {
	if canary.On(canary.ForgetAnswer) {
		return nil
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("app: keeping an answer: %w", err)
	}
	return tx.Remember(ctx, store.Answer{
		Account: c.account, Key: c.key, Request: c.request, Status: 200, Answer: body, Recorded: at,
	})
}
