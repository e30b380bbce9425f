package store

import (
	"context"

	"termwise.dev/core/account"
)

// KeptSet is a set of documents as it is stored under its short name.
type KeptSet struct {
	ID int64
	account.TermSet
	// Unreadable says that the list of its documents cannot be read.
	Unreadable bool
}

// TermSets returns every set of documents that rows were computed under, sorted
// by name.
func (tx *Tx) TermSets(ctx context.Context) (sets []KeptSet, err error) {
	err = tx.each(ctx, "SELECT terms, hash, product, refs FROM term_sets ORDER BY terms", nil,
		func(rows scanner) error {
			var s KeptSet
			var refs []byte
			if err := rows.Scan(&s.ID, (*comparedHash)(&s.Hash), &s.Product, &refs); err != nil {
				return err
			}
			var err error
			s.Refs, err = readRefs(refs)
			s.Unreadable = err != nil
			sets = append(sets, s)
			return nil
		})
	return sets, err
}

// FileRevision is one revision of one of the provider's own files.
type FileRevision struct {
	File
	Revision int64
}

// ProviderFileRevisions returns every revision of each file, sorted by name and
// revision.
func (tx *Tx) ProviderFileRevisions(ctx context.Context) (files []FileRevision, err error) {
	err = tx.each(ctx, "SELECT name, revision, source, hash, recorded, digest FROM provider_files ORDER BY name, revision", nil,
		func(rows scanner) error {
			var f FileRevision
			err := rows.Scan(&f.Name, &f.Revision, &f.Source, (*comparedHash)(&f.Hash), &f.Recorded, &f.Digest)
			files = append(files, f)
			return err
		})
	return files, err
}

// Stray is a row of an account that does not exist.
type Stray struct{ Table, Account string }

// Strays returns, for each table that has any, the first account that does not
// exist and has rows there.
func (tx *Tx) Strays(ctx context.Context) (strays []Stray, err error) {
	for _, table := range customerTables[1:] {
		var id string
		stray, err := tx.one(ctx, []any{&id}, "SELECT account FROM "+table+
			" t WHERE "+ofSomebody(table)+"NOT EXISTS (SELECT 1 FROM accounts a WHERE a.account = t.account) ORDER BY account LIMIT 1")
		if err != nil {
			return nil, err
		}
		if stray {
			strays = append(strays, Stray{Table: table, Account: id})
		}
	}
	return strays, nil
}

// ofSomebody leaves out of a table's rows those that need no account: events that were
// refused because they named none.
func ofSomebody(table string) string {
	if table == refusedEvents.name {
		return "account <> '' AND "
	}
	return ""
}

// Answers returns the answers that are kept for an account's callers, sorted by key.
func (tx *Tx) Answers(ctx context.Context, id string) (answers []Answer, err error) {
	err = tx.each(ctx, `SELECT key, request, status, answer, recorded, digest FROM idempotency
		WHERE account = $1 ORDER BY key`, []any{id},
		func(rows scanner) error {
			a := Answer{Account: id}
			err := rows.Scan(&a.Key, (*comparedHash)(&a.Request), &a.Status, &a.Answer, &a.Recorded, &a.Digest)
			answers = append(answers, a)
			return err
		})
	return answers, err
}
