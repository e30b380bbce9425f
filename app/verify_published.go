package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"termwise.dev/core/account"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// published checks what does not belong to one account: the documents, the
// provider's files, the sets of documents that rows name, and rows whose account
// does not exist. What it reads, the accounts are then verified with.
func (v *verifier) published(ctx context.Context, tx *store.Tx) error {
	sum, err := v.files(ctx, tx)
	if err != nil {
		return err
	}
	documents, err := tx.Documents(ctx)
	if err != nil {
		return err
	}
	for i := range documents {
		v.document(&documents[i])
		sum += documents[i].Digest
	}
	v.count("documents", len(documents))
	sets, err := tx.TermSets(ctx)
	if err != nil {
		return err
	}
	v.count("term_sets", len(sets))
	if err := v.announcements(ctx, tx); err != nil {
		return err
	}
	if v.yardstick, err = readYardstick(ctx, tx); err != nil {
		return err
	}
	if v.fault != nil {
		v.broken(account.TermsRecompute, Breakage{"documents", "all", "cannot be used: " + v.fault.Error()})
	} else {
		v.rebuild(sets)
	}
	if err := v.sum(ctx, tx, sum); err != nil { // after what says more of a document that is gone
		return err
	}
	nobody := verifiedAccount{rows: map[account.Table]int{}, findings: account.Findings{Checked: map[account.Truth]int{}}}
	if err := v.refusedEvents(ctx, tx, nil, &nobody); err != nil { // of accounts that are not known
		return err
	}
	v.add(nobody)
	if err := v.runs(ctx, tx); err != nil {
		return err
	}
	return v.strays(ctx, tx)
}

// runs checks the index of the names of usage events.
func (v *verifier) runs(ctx context.Context, tx *store.Tx) error {
	c, err := tx.CheckRuns(ctx)
	if err != nil {
		return err
	}
	v.names = c
	v.out.Rows["usage_runs"], v.out.Rows["usage_run_pages"] = c.Runs, c.Pages
	v.truth(account.UsageIsBilledOnce).Checked += c.Runs + c.Pages
	for _, f := range c.Faults {
		v.broken(account.UsageIsBilledOnce, Breakage(f))
	}
	return nil
}

// readYardstick reads what accounts are measured by. What is cached is not what
// is stored, so the documents are read again.
func readYardstick(ctx context.Context, tx *store.Tx) (y yardstick, err error) {
	sets, err := tx.TermSets(ctx)
	if err != nil {
		return y, err
	}
	y.sets = make(map[int64]*store.KeptSet, len(sets))
	for i := range sets {
		y.sets[sets[i].ID] = &sets[i]
	}
	if y.index, err = tx.UsageIndex(ctx); err != nil {
		return y, err
	}
	p, err := loadPublished(ctx, tx)
	if refusal.CodeOf(err) != "" { // what is stored cannot be used; any other error is of reading it
		y.fault = err
		return y, nil
	}
	if err != nil {
		return y, err
	}
	y.provider, y.corpus, y.zone = p, p.Corpus, p.Settings.Zone
	y.announced, err = tx.Announcements(ctx)
	return y, err
}

func (v *verifier) count(table string, rows int) {
	v.out.Rows[table] += rows
	v.truth(account.TermsRecompute).Checked += rows
}

// sum checks the row by which commands see that something was published.
func (v *verifier) sum(ctx context.Context, tx *store.Tx, want int64) error {
	v.count("published", 1)
	kept, found, err := tx.PublishedDigest(ctx)
	switch {
	case err != nil:
		return err
	case !found:
		v.broken(account.TermsRecompute, Breakage{"published", "1", "is missing"})
	case kept != want:
		v.broken(account.TermsRecompute, Breakage{"published", "1", fmt.Sprintf("digest is %d, and those of the documents and files sum to %d", kept, want)})
	}
	return nil
}

// files checks that each revision of a provider's file is what was published, and
// sums their digests.
func (v *verifier) files(ctx context.Context, tx *store.Tx) (sum int64, err error) {
	files, err := tx.ProviderFileRevisions(ctx)
	if err != nil {
		return 0, err
	}
	v.count("provider_files", len(files))
	revision, name := int64(0), ""
	for _, f := range files {
		if f.Name != name {
			revision, name = 0, f.Name
		}
		revision++
		sum += f.Digest
		row := fmt.Sprintf("%s revision %d", f.Name, f.Revision)
		if terms.HashText(f.Source) != f.Hash {
			v.broken(account.TermsRecompute, Breakage{"provider_files", row, "hash is not that of its source"})
		}
		if f.Digest != f.Seal(f.Revision) {
			v.broken(account.TermsRecompute, Breakage{"provider_files", row, digestBroken})
		}
		if f.Revision != revision {
			v.broken(account.TermsRecompute, Breakage{"provider_files", fmt.Sprintf("%s revision %d", f.Name, revision), "is missing"})
			revision = f.Revision
		}
	}
	return sum, nil
}

// document checks that a document is what was published, when it was published.
func (v *verifier) document(d *store.DocumentFile) {
	row := d.Document + " " + d.Version
	if terms.HashText(d.Source) != d.Hash {
		v.broken(account.TermsRecompute, Breakage{"documents", row, "hash is not that of its source"})
	}
	if d.Digest != d.Seal() {
		v.broken(account.TermsRecompute, Breakage{"documents", row, digestBroken})
	}
}

// rebuild checks that each set of documents can be found again and has the name
// under which it is kept.
func (v *verifier) rebuild(sets []store.KeptSet) {
	for _, s := range sets {
		row := fmt.Sprint(s.ID)
		if s.Unreadable {
			v.broken(account.TermsRecompute, Breakage{"term_sets", row, "the list of its documents cannot be read"})
			continue
		}
		set, err := v.corpus.Rebuild(s.Refs, s.Product)
		switch {
		case err != nil:
			v.broken(account.TermsRecompute, Breakage{"term_sets", row, "cannot be found again: " + err.Error()})
		case set.Hash() != s.Hash:
			v.broken(account.TermsRecompute, Breakage{"term_sets", row, fmt.Sprintf("hash is %s, and its documents give %s", s.Hash, set.Hash())})
		case set.ID() != s.ID:
			v.broken(account.TermsRecompute, Breakage{"term_sets", row, fmt.Sprintf("stands under another name: its documents give %d", set.ID())})
		}
	}
}

// announcements checks how far the telling of each version is said to have come.
func (v *verifier) announcements(ctx context.Context, tx *store.Tx) error {
	all, err := tx.Announcements(ctx)
	for i := range all {
		if a := &all[i]; a.Digest != a.Seal() {
			v.broken(account.TermsRecompute, Breakage{"announcements", a.Document + " " + a.Version, digestBroken})
		}
	}
	v.count("announcements", len(all))
	if err != nil {
		return err
	}
	return v.unannounced(ctx, tx, all)
}

// unannounced finds versions that were published when there were accounts, and of
// which nothing says who was told.
func (v *verifier) unannounced(ctx context.Context, tx *store.Tx, all []store.Announced) error {
	first, found, err := tx.FirstOpened(ctx)
	if err != nil || !found {
		return err
	}
	documents, err := tx.Documents(ctx)
	for i := range documents {
		d := &documents[i]
		kept := slices.ContainsFunc(all, func(a store.Announced) bool { return a.Document == d.Document && a.Version == d.Version })
		if d.Recorded > first && !kept {
			v.broken(account.TermsRecompute, Breakage{"announcements", d.Document + " " + d.Version, "is missing"})
		}
	}
	return err
}

// strays finds rows whose account does not exist.
func (v *verifier) strays(ctx context.Context, tx *store.Tx) error {
	strays, err := tx.Strays(ctx)
	if err != nil {
		return err
	}
	for _, s := range strays {
		v.broken(account.JournalReplays, Breakage{s.Table, cmp.Or(s.Account, "of no account"), "belongs to an account that does not exist"})
	}
	return nil
}
