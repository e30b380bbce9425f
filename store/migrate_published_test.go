package store

import (
	"context"
	"testing"

	"termwise.dev/core/terms"
)

// What was published before is summed as it would have been, and what is published
// after a way back and up again, too.
func TestPublishedIsSummed(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		publish := func(version string) {
			update(t, db, func(ctx context.Context, tx *Tx) error {
				source := []byte("text of " + version)
				if err := tx.PutProviderFile(ctx, File{Name: "calendar.yaml", Source: source, Hash: terms.HashText(source), Recorded: start}); err != nil {
					return err
				}
				return tx.PutDocument(ctx, DocumentFile{Document: "a", Version: version, File: "a.yaml", Source: source, Hash: terms.HashText(source), Recorded: start})
			})
		}
		digest := func() (kept int64) {
			view(t, db, func(ctx context.Context, tx *Tx) error {
				var found bool
				var want int64
				var err error
				if kept, found, err = tx.PublishedDigest(ctx); err != nil || !found {
					t.Errorf("found %v, %v", found, err)
				}
				documents, err := tx.Documents(ctx)
				for _, d := range documents {
					want += d.Digest
				}
				if err != nil {
					return err
				}
				files, err := tx.ProviderFileRevisions(ctx)
				for _, f := range files {
					want += f.Digest
				}
				if kept != want {
					t.Errorf("the sum is %d, not %d", kept, want)
				}
				return err
			})
			return kept
		}
		empty := digest()
		publish("1")
		publish("1") // again, which changes nothing
		first := digest()
		publish("2")
		second := digest()
		if empty != 0 || first == empty || second == first {
			t.Errorf("sums: %d, %d, %d", empty, first, second)
		}
		if err := downTo(t, db, publishedVersion-1); err != nil {
			t.Fatal(err)
		}
		if err := up(t, db); err != nil {
			t.Fatal(err)
		}
		if again := digest(); again != second {
			t.Errorf("summed again: %d, not %d", again, second)
		}
		update(t, db, func(ctx context.Context, tx *Tx) error { // as who publishes with an older program leaves it
			_, err := tx.exec(ctx, "UPDATE published SET digest = digest - 1")
			return err
		})
		publish("3")
		digest()
	})
}

// Who publishes with the program from before while the row is made is waited for.
func TestPublishedWhileItIsSummed(t *testing.T) {
	db := open(t, newDatabase(t, postgres))
	if err := downTo(t, db, publishedVersion-1); err != nil {
		t.Fatal(err)
	}
	beside(t, db, func() error { return up(t, db) }, lockPublishing,
		"INSERT INTO documents (document, version, file, source, hash, recorded, digest) VALUES ('d', '1', 'f', '', '', 1, 77)")
	view(t, db, func(ctx context.Context, tx *Tx) error {
		sum, _, err := tx.PublishedDigest(ctx)
		if sum != 77 {
			t.Errorf("the sum is %d, not 77", sum)
		}
		return err
	})
}
