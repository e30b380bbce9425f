package app

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"

	"termwise.dev/app/checkpoint"
	"termwise.dev/store"
)

// Checkpointed says what a checkpoint holds.
type Checkpointed struct {
	At       string `json:"at"`
	Accounts int    `json:"accounts"`
}

// WriteCheckpoint writes, signed, where every account's journal stands now.
func (a *App) WriteCheckpoint(ctx context.Context, to io.Writer, key ed25519.PrivateKey) (Checkpointed, error) {
	var c Checkpointed
	err := a.db.View(ctx, func(tx *store.Tx) error {
		p, now, err := a.providerNow(ctx, tx)
		if err != nil {
			return err
		}
		c.At = p.instant(now)
		w, err := checkpoint.NewWriter(to, c.At)
		if err != nil {
			return err
		}
		if err := eachHead(ctx, tx, w.Add); err != nil {
			return err
		}
		c.Accounts, err = w.Close(key)
		return err
	})
	return c, err
}

// eachHead gives where the journals stand, by account.
func eachHead(ctx context.Context, tx *store.Tx, each func(checkpoint.Head) error) error {
	for after := ""; ; {
		rows, err := tx.Accounts(ctx, after, accountsPerPage)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := each(checkpoint.Head{Account: row.ID, Seq: row.Seq, Hash: row.Head.String()}); err != nil {
				return err
			}
			after = row.ID
		}
		if len(rows) < accountsPerPage {
			return nil
		}
	}
}

// CheckpointCheck is what holding the database against a checkpoint came to.
type CheckpointCheck struct {
	Checkpointed
	// Broken names the journals that are not what they were, the first few.
	Broken []Breakage `json:"broken"`
	// OK says that every journal still begins as it stood then.
	OK bool `json:"ok"`
}

// maxBroken is how many broken journals a check names.
const maxBroken = 20

// CheckCheckpoint holds the journals against a checkpoint: each must still have
// the entry that was its last one then, with the same hash, which covers every
// entry before it. Verify says whether the entries fit their hashes. It refuses
// a checkpoint that was changed or signed with another key.
func (a *App) CheckCheckpoint(ctx context.Context, from io.ReadSeeker, key ed25519.PublicKey) (CheckpointCheck, error) {
	c := CheckpointCheck{Broken: []Breakage{}, OK: true}
	err := a.db.View(ctx, func(tx *store.Tx) (err error) {
		c.At, err = checkpoint.Read(from, key, func(h checkpoint.Head) error {
			c.Accounts++
			found, err := heldAgainst(ctx, tx, h)
			if found == nil || err != nil {
				return err
			}
			if c.OK = false; len(c.Broken) < maxBroken {
				c.Broken = append(c.Broken, *found)
			}
			return nil
		})
		return err
	})
	return c, err
}

// heldAgainst says how a journal differs from what it was, or nothing.
func heldAgainst(ctx context.Context, tx *store.Tx, h checkpoint.Head) (*Breakage, error) {
	e, exists, err := tx.Entry(ctx, h.Account, h.Seq)
	if err != nil {
		return nil, err
	}
	row := fmt.Sprintf("%s %d", h.Account, h.Seq)
	switch {
	case !exists:
		return &Breakage{Table: "journal", Row: row, Message: "is gone: it was the account's last entry"}, nil
	case e.Hash.String() != h.Hash:
		return &Breakage{Table: "journal", Row: row, Message: fmt.Sprintf("has the hash %s, and had %s: it, or what comes before it, was made anew", e.Hash, h.Hash)}, nil
	}
	return nil, nil
}
