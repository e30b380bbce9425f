package store

import (
	"context"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// APIKey lets a caller in. Only the hash of its secret is stored.
type APIKey struct {
	ID, Name string
	// Role is operator, customer or product; Scope is the customer's account or
	// the product, and empty for an operator.
	Role, Scope string
	Hash        [32]byte
	Created     calendar.Instant
	// Revoked is from when the key no longer counts; zero while it does.
	Revoked calendar.Instant
}

const selectKeys = "SELECT id, name, role, scope, hash, created, revoked FROM api_keys "

func (tx *Tx) apiKeys(ctx context.Context, tail string, args ...any) (keys []APIKey, err error) {
	err = tx.each(ctx, selectKeys+tail, args, func(rows scanner) error {
		var k APIKey
		err := rows.Scan(&k.ID, &k.Name, &k.Role, &k.Scope, (*hashColumn)(&k.Hash), &k.Created, &k.Revoked)
		keys = append(keys, k)
		return err
	})
	return keys, err
}

// PutAPIKey keeps a new key; it refuses an id that is taken with already_exists.
func (tx *Tx) PutAPIKey(ctx context.Context, k APIKey) error {
	n, err := tx.exec(ctx,
		`INSERT INTO api_keys (id, name, role, scope, hash, created, revoked)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		k.ID, k.Name, k.Role, k.Scope, k.Hash[:], int64(k.Created), int64(k.Revoked))
	if err == nil && n == 0 {
		return refusal.New(refusal.AlreadyExists, "key %s exists", k.ID).Do("use another id")
	}
	return err
}

// APIKeys returns all keys, the oldest first.
func (tx *Tx) APIKeys(ctx context.Context) ([]APIKey, error) {
	return tx.apiKeys(ctx, "ORDER BY created, id")
}

// APIKeyByID returns a key, and false when there is none.
func (tx *Tx) APIKeyByID(ctx context.Context, id string) (APIKey, bool, error) {
	keys, err := tx.apiKeys(ctx, "WHERE id = $1", id)
	if err != nil || len(keys) == 0 {
		return APIKey{}, false, err
	}
	return keys[0], true, nil
}

// RevokeAPIKey ends a key at an instant; one that has ended keeps its instant.
// It refuses an unknown id with not_found.
func (tx *Tx) RevokeAPIKey(ctx context.Context, id string, at calendar.Instant) error {
	n, err := tx.exec(ctx,
		"UPDATE api_keys SET revoked = CASE WHEN revoked = 0 THEN $2 ELSE revoked END WHERE id = $1", id, int64(at))
	if err == nil && n == 0 {
		return refusal.New(refusal.NotFound, "no key has the id %q", id).Do("list the keys to find it")
	}
	return err
}
