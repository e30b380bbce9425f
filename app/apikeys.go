package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/store"
)

// Role says what the holder of an API key may do.
type Role string

// The roles.
const (
	// Operator works for the provider and sees every account.
	Operator Role = "operator"
	// Customer sees the one account that its key is scoped to.
	Customer Role = "customer"
	// ProductTeam reports usage of the one product that its key is scoped to.
	ProductTeam Role = "product"
)

// Roles lists the roles.
func Roles() []Role { return []Role{Operator, Customer, ProductTeam} }

// The parts of a token: "tw_<id>_<secret>", both in hexadecimal. The secret has
// as many random bits as its digest, so a plain SHA-256 of it can be stored:
// there is nothing to guess that a slow hash would protect.
const (
	tokenPrefix = "tw"
	keyIDBytes  = 8
	secretBytes = 32
)

// Key is an API key without its secret.
type Key struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Scope is the account of a customer's key, the product of a product
	// team's, and empty for an operator's.
	Scope string `json:"scope,omitempty"`
	// Created and Revoked are in the provider's zone; Revoked is empty while the key works.
	Created string `json:"created"`
	Revoked string `json:"revoked,omitempty"`
}

// Actor is how the journal names the holder of the key.
func (k Key) Actor() string { return k.Name + " (key " + k.ID + ")" }

// CheckActor refuses, with code bad_input, a name that cannot be kept, and one under
// which nobody may act: what falls due by itself is recorded under it.
func CheckActor(name string) error {
	if err := checkText("name", name); err != nil {
		return err
	}
	if strings.TrimSpace(name) != account.Clock {
		return nil
	}
	return refusal.New(refusal.BadInput, "%q is the name under which the journal records what time brings", name).At("name").
		Do("act under another name")
}

// NewKey says which API key to make.
type NewKey struct {
	Name  string `json:"name"`
	Role  Role   `json:"role"`
	Scope string `json:"scope,omitempty"`
}

// CreateKey makes an API key and returns it with its token. The token is shown
// this once: only the digest of its secret is kept. It refuses, in this order,
// a missing name, a role that there is not, and a scope that the role does not
// have or that names no account or product.
func (a *App) CreateKey(ctx context.Context, n NewKey) (key Key, token string, err error) {
	id, secret := randomHex(keyIDBytes), randomHex(secretBytes)
	err = a.db.Update(ctx, func(tx *store.Tx) error {
		if err := a.checkNewKey(ctx, tx, n); err != nil {
			return err
		}
		m, err := a.moment(ctx, tx)
		if err != nil {
			return err
		}
		row := store.APIKey{
			ID: id, Name: n.Name, Role: string(n.Role), Scope: n.Scope, Hash: hashSecret(secret), Created: m.now,
		}
		zone, err := a.zone(ctx, tx)
		if err != nil {
			return err
		}
		key = keyOf(row, zone)
		return tx.PutAPIKey(ctx, row)
	})
	if err != nil {
		return Key{}, "", err
	}
	return key, strings.Join([]string{tokenPrefix, id, secret}, "_"), nil
}

// randomHex returns n random bytes in hexadecimal. crypto/rand never fails.
func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}

func hashSecret(secret string) [sha256.Size]byte { return sha256.Sum256([]byte(secret)) }

func (a *App) checkNewKey(ctx context.Context, tx *store.Tx, n NewKey) error {
	if strings.TrimSpace(n.Name) == "" {
		return refusal.New(refusal.BadInput, "the key has no name").At("name").Do("name who will hold it")
	}
	if err := CheckActor(n.Name); err != nil {
		return err
	}
	switch n.Role {
	case Operator:
		if n.Scope != "" {
			return refusal.New(refusal.BadInput, "an operator's key has no scope, not %q", n.Scope).At("scope").
				Do("leave the scope out, or make a customer's or a product's key")
		}
		return nil
	case Customer:
		if n.Scope == "" {
			return refusal.New(refusal.BadInput, "a customer's key needs the account that it may see").At("scope").
				Do("give the account's id as the scope")
		}
		_, found, err := tx.Account(ctx, n.Scope)
		if err == nil && !found {
			err = unknownAccount(n.Scope)
		}
		return err
	case ProductTeam:
		if n.Scope == "" {
			return refusal.New(refusal.BadInput, "a product team's key needs the product that it may report usage of").At("scope").
				Do("give the product's id as the scope")
		}
		return a.checkProduct(ctx, tx, n.Scope)
	}
	return refusal.New(refusal.BadInput, "%q is not a role", n.Role).At("role").Do("use one of %s", refusal.List(Roles()))
}

// checkProduct refuses a product that no published page sells.
func (a *App) checkProduct(ctx context.Context, tx *store.Tx, product string) error {
	p, err := a.provider(ctx, tx)
	if err != nil {
		return err
	}
	for _, published := range p.Documents {
		if sold := published.Document.Product; sold != nil && sold.ID == product {
			return nil
		}
	}
	return refusal.New(refusal.UnknownProduct, "no published page sells the product %q", product).At("scope").
		Do("publish its page first, or correct the id")
}

// Keys lists every API key, also those that were revoked.
func (a *App) Keys(ctx context.Context) (keys []Key, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.APIKeys(ctx)
		if err != nil {
			return err
		}
		keys = make([]Key, 0, len(rows))
		zone, err := a.zone(ctx, tx)
		if err != nil {
			return err
		}
		for _, row := range rows {
			keys = append(keys, keyOf(row, zone))
		}
		return nil
	})
	return keys, err
}

// RevokeKey ends an API key: from the next request on it is not known. A key
// that was revoked before stays as it is.
func (a *App) RevokeKey(ctx context.Context, id string) (key Key, err error) {
	missing := refusal.New(refusal.NotFound, "there is no API key %q", id).At("id").Do("use an id that the list of keys shows")
	if !isKeyID(id) {
		return Key{}, missing
	}
	err = a.db.Update(ctx, func(tx *store.Tx) error {
		row, found, err := tx.APIKeyByID(ctx, id)
		if err != nil {
			return err
		}
		if !found {
			return missing
		}
		m, err := a.moment(ctx, tx)
		if err != nil {
			return err
		}
		if row.Revoked == 0 {
			row.Revoked = m.now
			if err := tx.RevokeAPIKey(ctx, id, m.now); err != nil {
				return err
			}
		}
		zone, err := a.zone(ctx, tx)
		key = keyOf(row, zone)
		return err
	})
	return key, err
}

// Authenticate finds the key of a token, without its dates. Every way in which a token can be
// wrong is refused alike, so that an answer tells nothing about which keys
// there are.
func (a *App) Authenticate(ctx context.Context, token string) (Key, error) {
	unknown := refusal.New(refusal.Unauthenticated, "the API key is not known").
		At("Authorization").Do("send a key that has not been revoked: Authorization: Bearer tw_…")
	parts := strings.Split(token, "_")
	if len(parts) != 3 || parts[0] != tokenPrefix || !isKeyID(parts[1]) {
		return Key{}, unknown
	}
	var row store.APIKey
	err := a.db.View(ctx, func(tx *store.Tx) (err error) {
		row, _, err = tx.APIKeyByID(ctx, parts[1])
		return err
	})
	if err != nil {
		return Key{}, fmt.Errorf("app: reading an API key: %w", err)
	}
	hash := hashSecret(parts[2])
	// A key that is not there has a digest of zeros, which no secret is known to have.
	if subtle.ConstantTimeCompare(hash[:], row.Hash[:]) != 1 || row.ID == "" || row.Revoked != 0 {
		return Key{}, unknown
	}
	return Key{ID: row.ID, Name: row.Name, Role: Role(row.Role), Scope: row.Scope}, nil
}

// isKeyID says whether a key may have an id: no other text is looked for, which may
// be none that the database takes.
func isKeyID(id string) bool {
	bytes, err := hex.DecodeString(id)
	return err == nil && len(bytes) == keyIDBytes
}

// zone is the provider's zone, or UTC before anything was published: the first
// key may be made before the first publication.
func (a *App) zone(ctx context.Context, tx *store.Tx) (calendar.Zone, error) {
	p, err := a.provider(ctx, tx)
	if refusal.CodeOf(err) == refusal.NotFound {
		return calendar.Zone{}, nil
	}
	if err != nil {
		return calendar.Zone{}, err
	}
	return p.Settings.Zone, nil
}

func keyOf(row store.APIKey, zone calendar.Zone) Key {
	k := Key{ID: row.ID, Name: row.Name, Role: Role(row.Role), Scope: row.Scope, Created: zone.Format(row.Created)}
	if row.Revoked != 0 {
		k.Revoked = zone.Format(row.Revoked)
	}
	return k
}
