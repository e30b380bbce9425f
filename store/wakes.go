package store

import (
	"context"

	"termwise.dev/core/calendar"
)

// Wakes returns the instants from which accounts have still to be looked at, the
// earliest first. There are some only where a publication could not wake all
// accounts in its own transaction, because these live on several nodes. Whoever
// does what falls due wakes them first: Sleepers, WakeAccount for each, Woken.
// It may be done twice, or by several at once.
func (tx *Tx) Wakes(ctx context.Context) (instants []calendar.Instant, err error) {
	err = tx.each(ctx, "SELECT known FROM wakes ORDER BY known", nil, func(rows scanner) error {
		var at calendar.Instant
		err := rows.Scan(&at)
		instants = append(instants, at)
		return err
	})
	return instants, err
}

// Sleepers returns the first accounts after an id, sorted, that Wake would have
// looked at.
func (tx *Tx) Sleepers(ctx context.Context, after string, limit int) ([]string, error) {
	return tx.texts(ctx, "SELECT account FROM accounts WHERE account > $1 AND "+waits+" ORDER BY account LIMIT $3",
		after, int64(calendar.EndOfTime), limit)
}

// WakeAccount makes one account be looked at from an instant on.
func (tx *Tx) WakeAccount(ctx context.Context, id string, from calendar.Instant) error {
	_, err := tx.exec(ctx, "UPDATE accounts SET next_due = "+earlier+" WHERE account = $2", int64(from), id)
	return err
}

// Woken says that every account is awake for an instant.
func (tx *Tx) Woken(ctx context.Context, from calendar.Instant) error {
	_, err := tx.exec(ctx, "DELETE FROM wakes WHERE known = $1", int64(from))
	return err
}
