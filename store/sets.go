package store

import (
	"context"
	"errors"
	"sync"

	"termwise.dev/core/account"
	"termwise.dev/core/terms"
)

// maxSets bounds the sets of documents that a process remembers.
const maxSets = 100_000

// sets are the sets of documents of which a process knows that the database has
// them, so that it need not ask before it writes rows that name them.
type sets struct {
	mu    sync.Mutex
	known map[int64]terms.Hash
}

// errSetGone says that the database has not a set that it had: a backup was put
// back under this process. What is remembered was forgotten, and the transaction
// is run again.
var errSetGone = errors.New("store: the database has lost a set of documents that it had")

// hold says whether all of these are known.
func (s *sets) hold(wanted map[int64]account.TermSet) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, set := range wanted {
		if known, is := s.known[id]; !is || known != set.Hash {
			return false
		}
	}
	return true
}

// learn remembers sets that were committed.
func (s *sets) learn(kept []map[int64]account.TermSet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, some := range kept {
		for id, set := range some {
			if len(s.known) >= maxSets || s.known == nil {
				s.known = map[int64]terms.Hash{}
			}
			s.known[id] = set.Hash
		}
	}
}

func (s *sets) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = nil
}

// expectSets has the transaction fail when the database has not the sets that it is
// known to have. They are neither changed nor removed, so their names are enough.
func (tx *Tx) expectSets(ctx context.Context, ids []int64) error {
	wanted, err := list(tx, ids)
	if err != nil {
		return err
	}
	c := newCall("SELECT 1 / (count(*) = $2)::int FROM term_sets WHERE "+tx.among("terms", "bigint"), []any{wanted, len(ids)})
	c.scan = func(scanner) error { return nil }
	c.orElse, c.asks = errSetGone, true
	return tx.later(ctx, c)
}
