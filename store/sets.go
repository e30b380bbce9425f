package store

import (
	"context"
	"errors"
	"strconv"
	"strings"
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
	condition, args := haveSets(ids)
	c := newCall("SELECT ("+condition+")::int", args)
	c.scan = func(row scanner) error { return row.Scan(&c.changed) }
	c.condition, c.wants, c.orElse = condition, 1, errSetGone
	return tx.later(ctx, c)
}

// haveSets is the condition that the database has some sets. Few are looked for one
// by one, without a join.
func haveSets(ids []int64) (condition string, args []any) {
	if len(ids) > fewRows {
		return "(SELECT count(*) FROM term_sets WHERE terms IN (SELECT unnest($1::bigint[]))) = $2", []any{ids, len(ids)}
	}
	each := make([]string, len(ids))
	for i, id := range ids {
		each[i], args = "EXISTS (SELECT 1 FROM term_sets WHERE terms = $"+strconv.Itoa(i+1)+")", append(args, id)
	}
	return strings.Join(each, " AND "), args
}
