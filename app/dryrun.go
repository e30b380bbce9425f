package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"termwise.dev/core/calendar"
	"termwise.dev/store"
)

// errDryRun rolls a transaction back whose answer is kept.
var errDryRun = errors.New("app: dry run")

// notDryRun turns the end of a dry run into success.
func notDryRun(err error) error {
	if errors.Is(err, errDryRun) {
		return nil
	}
	return err
}

// remember keeps an answer under the caller's key, in the transaction that made it true.
func remember(ctx context.Context, tx *store.Tx, account, key string, request [32]byte, answer any, at calendar.Instant) error {
	body, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("app: keeping an answer: %w", err)
	}
	return tx.Remember(ctx, store.Answer{Account: account, Key: key, Request: request, Status: 200, Answer: body, Recorded: at})
}
