package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// File is one of the provider's own files, for example "calendar.yaml".
type File struct {
	Name     string
	Source   []byte
	Hash     terms.Hash
	Recorded calendar.Instant
	// Digest is over the rest; PutProviderFile writes it.
	Digest int64
}

// DocumentFile is one version of a document, as it was published.
type DocumentFile struct {
	Document, Version string
	// File is the name that the document came under, for messages about it.
	File     string
	Source   []byte
	Hash     terms.Hash
	Recorded calendar.Instant
	// Digest is over the rest; PutDocument writes it.
	Digest int64
}

// Documents returns every version of every document, sorted by document and
// version.
func (tx *Tx) Documents(ctx context.Context) (docs []DocumentFile, err error) {
	err = tx.each(ctx,
		`SELECT document, version, file, source, hash, recorded, digest FROM documents ORDER BY document, version`, nil,
		func(rows scanner) error {
			var d DocumentFile
			err := rows.Scan(&d.Document, &d.Version, &d.File, &d.Source, (*comparedHash)(&d.Hash), &d.Recorded, &d.Digest)
			docs = append(docs, d)
			return err
		})
	return docs, err
}

// PutDocument keeps a version of a document. The same text again changes
// nothing; another text under the same version is refused with already_exists.
func (tx *Tx) PutDocument(ctx context.Context, d DocumentFile) error {
	inserted, err := tx.exec(ctx,
		`INSERT INTO documents (document, version, file, source, hash, recorded, digest)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		d.Document, d.Version, d.File, d.Source, d.Hash[:], int64(d.Recorded), d.Seal())
	if err != nil {
		return err
	}
	if inserted == 1 {
		return tx.sumUp(ctx)
	}
	var kept terms.Hash
	if _, err := tx.one(ctx, []any{(*hashColumn)(&kept)},
		"SELECT hash FROM documents WHERE document = $1 AND version = $2", d.Document, d.Version); err != nil {
		return err
	}
	if kept != d.Hash {
		return refusal.New(refusal.AlreadyExists, "%s %s is published with another text", d.Document, d.Version).
			At(d.File).Do("publish the new text as a new version")
	}
	return nil
}

// ProviderFiles returns the newest revision of each file, sorted by name.
func (tx *Tx) ProviderFiles(ctx context.Context) (files []File, err error) {
	err = tx.each(ctx,
		`SELECT name, source, hash, recorded FROM provider_files f
		WHERE revision = (SELECT max(revision) FROM provider_files n WHERE n.name = f.name) ORDER BY name`, nil,
		func(rows scanner) error {
			var f File
			err := rows.Scan(&f.Name, &f.Source, (*comparedHash)(&f.Hash), &f.Recorded)
			files = append(files, f)
			return err
		})
	return files, err
}

// PutProviderFile keeps a new revision of a file, unless the newest one is the same.
func (tx *Tx) PutProviderFile(ctx context.Context, f File) error {
	var newest terms.Hash
	var revision int64
	_, err := tx.one(ctx, []any{(*hashColumn)(&newest), &revision},
		"SELECT hash, revision FROM provider_files WHERE name = $1 ORDER BY revision DESC LIMIT 1", f.Name)
	if err != nil || newest == f.Hash {
		return err
	}
	_, err = tx.exec(ctx,
		"INSERT INTO provider_files (name, revision, source, hash, recorded, digest) VALUES ($1, $2, $3, $4, $5, $6)",
		f.Name, revision+1, f.Source, f.Hash[:], int64(f.Recorded), f.Seal(revision+1))
	if err != nil {
		return err
	}
	return tx.sumUp(ctx)
}

// TermSet returns a set of documents that rows name, and false when no row does.
func (tx *Tx) TermSet(ctx context.Context, id int64) (set account.TermSet, found bool, err error) {
	var refs []byte
	found, err = tx.one(ctx, []any{(*hashColumn)(&set.Hash), &set.Product, &refs},
		"SELECT hash, product, refs FROM term_sets WHERE terms = $1", id)
	if err != nil || !found {
		return set, false, err
	}
	if set.Refs, err = readRefs(refs); err != nil {
		return set, false, fmt.Errorf("store: reading the documents of the set %d: %w", id, err)
	}
	return set, true, nil
}

// readRefs reads the list of a set's documents.
func readRefs(text []byte) (refs []terms.DocumentRef, err error) {
	err = json.Unmarshal(text, &refs)
	return refs, err
}

// termSets is REFERENCE data; its rows are written with the product first.
var termSets = table[termSet]{
	name: "term_sets", owner: "product", columns: "terms, hash, refs",
	fields: func(s *termSet) []any { return []any{&s.id, (*[32]byte)(&s.hash), &s.refs} },
}

type termSet struct {
	id   int64
	hash terms.Hash
	refs string
}

// putTermSets keeps the sets of documents that rows are about to name. It
// refuses with already_exists when a name stands for other documents. Nearly
// always they are known: writers of different accounts then share nothing, and
// the replicas of the table stay alone. That the database still has what is known,
// although a backup was put back under the process, is checked by all but those that
// look without a lock, which are many and small: the next batch that names the set
// finds out.
func (tx *Tx) putTermSets(ctx context.Context, sets map[int64]account.TermSet) error {
	if tx.wire.waits() && tx.sets.hold(sets) {
		if tx.glanced {
			return nil
		}
		return tx.expectSets(ctx, slices.Sorted(maps.Keys(sets)))
	}
	known, err := tx.knownSets(ctx, slices.Sorted(maps.Keys(sets)))
	if err != nil {
		return err
	}
	tx.kept = append(tx.kept, sets)
	rows := make([]owned[termSet], 0, len(sets))
	for _, id := range slices.Sorted(maps.Keys(sets)) {
		if known[id] == sets[id].Hash {
			continue
		}
		refs, err := json.Marshal(sets[id].Refs)
		if err != nil {
			return fmt.Errorf("store: writing the documents of the set %d: %w", id, err)
		}
		rows = append(rows, owned[termSet]{sets[id].Product, &termSet{id, sets[id].Hash, string(refs)}})
	}
	if len(rows) == 0 {
		return nil
	}
	if _, err := termSets.write(ctx, tx, termSets.insert("ON CONFLICT DO NOTHING"), rows); err != nil {
		return err
	}
	return termSets.query(ctx, tx, otherSets, rows, func(found scanner) error {
		var id int64
		if err := found.Scan(&id); err != nil {
			return err
		}
		return refusal.New(refusal.AlreadyExists, "the name %d stands for another set of documents", id).
			Do("report it: two sets of documents have the same short name")
	})
}

const otherSets = "SELECT t.terms FROM term_sets t, {rows} WHERE t.terms = r.terms AND t.hash <> r.hash"

// knownSets returns the hashes of those sets that are kept, by their short names.
func (tx *Tx) knownSets(ctx context.Context, ids []int64) (map[int64]terms.Hash, error) {
	wanted, err := list(tx, ids)
	if err != nil {
		return nil, err
	}
	known := make(map[int64]terms.Hash, len(ids))
	err = tx.each(ctx, "SELECT terms, hash FROM term_sets WHERE "+tx.among("terms", "bigint"), []any{wanted},
		func(rows scanner) error {
			var id int64
			var hash terms.Hash
			err := rows.Scan(&id, (*hashColumn)(&hash))
			known[id] = hash
			return err
		})
	return known, err
}

// LockPublishing waits until no other transaction publishes.
func (tx *Tx) LockPublishing(ctx context.Context) error {
	if tx.engine != postgres {
		return nil // the writer has the whole file
	}
	_, err := tx.exec(ctx, lockPublishing)
	return err
}

const lockPublishing = "LOCK TABLE documents, provider_files IN SHARE ROW EXCLUSIVE MODE"
