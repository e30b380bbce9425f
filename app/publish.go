package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// Plan says what publishing a folder would change. Nothing has changed yet.
type Plan struct {
	Documents []PlannedDocument `json:"documents"`
	// Files lists provider files (settings, working days) that are new or changed.
	Files []string `json:"files"`
}

// PlannedDocument is a document version that would be published.
type PlannedDocument struct {
	Document  string           `json:"document"`
	Version   string           `json:"version"`
	Replaces  string           `json:"replaces,omitempty"` // the version in force before
	Announced calendar.Instant `json:"-"`
	Effective calendar.Instant `json:"-"`
	// EffectiveText is Effective in the provider's zone.
	EffectiveText string `json:"effective"`
	// Bound counts the accounts that it will bind when it takes effect.
	Bound int `json:"bound"`
	// Changes lists what differs from the version that it replaces.
	Changes []terms.Change `json:"changes,omitempty"`
	// Kinds are the kinds of change that it is, which decide how long before it
	// must be announced.
	Kinds []terms.ChangeKind `json:"kinds,omitempty"`
	// Notices lists what notice is owed, by which clause and to how many.
	Notices []PlannedNotice `json:"notices,omitempty"`
	// NoticesOwed counts the accounts that must be told, NoticeBy is the last day on which.
	NoticesOwed int    `json:"notices_owed"`
	NoticeBy    string `json:"notice_by,omitempty"`
	// Told counts the accounts that have been told.
	Told int64 `json:"told,omitempty"`
	// Warnings says which notice falls short that was only to be given as well as can be done.
	Warnings []string `json:"warnings,omitempty"`
	// Dissent is what going on using the service means, as the version in force says.
	Dissent terms.Dissent `json:"dissent,omitempty"`
	// Refused says why it may not be published, or nothing.
	Refused string `json:"refused,omitempty"`
}

// joinFaults joins lists of errors into one, or nil.
func joinFaults(lists ...[]error) error {
	var all []error
	for _, l := range lists {
		all = append(all, l...)
	}
	return errors.Join(all...)
}

// Publish makes a folder's documents, settings and working days known from now
// on. What is published already is left out; a version whose notice period is
// not respected, or that contradicts another undecidably, is refused, and then
// nothing of the folder is published. Then it tells the accounts that are owed a
// notice, in batches: when that is interrupted, the worker, the next Advance or
// the next Publish goes on with it.
func (a *App) Publish(ctx context.Context, dir fs.FS) (Plan, error) {
	f, err := readFolder(dir)
	if err != nil {
		return Plan{}, err
	}
	var plan Plan
	err = a.db.Update(ctx, func(tx *store.Tx) error {
		if err := tx.LockPublishing(ctx); err != nil {
			return err
		}
		m, err := a.moment(ctx, tx)
		if err != nil {
			return err
		}
		next, err := a.proposal(ctx, tx, f, m)
		if err != nil {
			return err
		}
		if plan, err = a.plan(ctx, tx, next); err != nil {
			return err
		}
		if err := next.refusals(); err != nil {
			return err
		}
		return a.makeKnown(ctx, tx, next, m)
	})
	if err != nil {
		return plan, err
	}
	if err := a.announceAll(ctx); err != nil {
		return plan, fmt.Errorf("everything was published, and telling the accounts was interrupted; publish again, or let the worker go on with it: %w", err)
	}
	return plan, a.countTold(ctx, plan.Documents)
}

// Plan says what Publish would do.
func (a *App) Plan(ctx context.Context, dir fs.FS) (Plan, error) {
	f, err := readFolder(dir)
	if err != nil {
		return Plan{}, err
	}
	var plan Plan
	err = a.db.View(ctx, func(tx *store.Tx) error {
		m, err := a.moment(ctx, tx)
		if err != nil {
			return err
		}
		next, err := a.proposal(ctx, tx, f, m)
		if err != nil {
			return err
		}
		plan, err = a.plan(ctx, tx, next)
		return err
	})
	return plan, err
}

// proposal is a folder held against what is published.
type proposal struct {
	before    *Provider // nil before the first publication
	settings  Settings
	corpus    *terms.Corpus // with the new versions
	files     []store.File
	documents []store.DocumentFile
	versions  []*proposed // of documents, in the same order
	now       calendar.Instant
	// known is from when what is new is known; decided says that anything may
	// have been decided before.
	known   calendar.Instant
	decided bool
}

// proposal finds what is new in a folder. It refuses a version that was
// published with another content and versions that cannot stand together.
func (a *App) proposal(ctx context.Context, tx *store.Tx, f *folder, m moment) (*proposal, error) {
	next := &proposal{settings: f.settings, now: m.now}
	stored, err := tx.ProviderFiles(ctx)
	if err != nil {
		return nil, err
	}
	var published []terms.Published
	if len(stored) > 0 {
		if next.before, err = a.provider(ctx, tx); err != nil {
			return nil, err
		}
		published = next.before.Documents
		if err := sameBooks(next.before.Settings, f.settings); err != nil {
			return nil, err
		}
	}
	if err := next.becomeKnown(ctx, tx, m, published); err != nil {
		return nil, err
	}
	next.files = changedFiles(stored, f.files, next.known)
	all := published
	var faults []error
	for i, d := range f.parsed {
		if isPublished(published, d) {
			continue
		}
		faults = append(append(faults, d.CheckNames()...), d.CheckCurrency(f.settings.Currency)...)
		file := f.documents[i]
		file.Recorded = next.known
		next.documents = append(next.documents, file)
		all = append(all[:len(all):len(all)], terms.Published{Document: d, Recorded: next.known})
		next.versions = append(next.versions, &proposed{Succession: terms.Succession{New: d, Published: next.known}})
	}
	if next.corpus, err = terms.NewCorpus(all); err != nil {
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return nil, joinFaults(faults)
	}
	return next, a.judge(ctx, tx, f, next)
}

// sameBooks refuses settings that would change what stored books mean: their
// amounts are in the currency, their days are the zone's.
func sameBooks(old, new Settings) error {
	if old.Currency == new.Currency && old.Zone == new.Zone {
		return nil
	}
	return refusal.New(refusal.AlreadyExists, "the books are kept in %s by the days of %s; the folder says %s and %s",
		old.Currency, old.Zone, new.Currency, new.Zone).At(settingsFile).
		Do("keep currency and zone, or begin with a new database")
}

// isPublished says whether this very version is published with this content;
// with another content the corpus will refuse it.
func isPublished(published []terms.Published, d *terms.Document) bool {
	for _, p := range published {
		if p.Document.ID == d.ID && p.Document.Version == d.Version && p.Document.Hash == d.Hash {
			return true
		}
	}
	return false
}

// changedFiles returns the files of a folder that are not published as they are.
func changedFiles(stored, files []store.File, recorded calendar.Instant) []store.File {
	known := map[string]terms.Hash{}
	for _, f := range stored {
		known[f.Name] = f.Hash
	}
	var changed []store.File
	for _, f := range files {
		if hash, found := known[f.Name]; !found || hash != f.Hash {
			f.Recorded = recorded
			changed = append(changed, f)
		}
	}
	return changed
}

// proposed lists the new versions.
func (n *proposal) proposed() []*terms.Document {
	versions := make([]*terms.Document, len(n.versions))
	for i, v := range n.versions {
		versions[i] = v.New
	}
	return versions
}

func (n *proposal) refusals() error {
	var all []error
	for _, v := range n.versions {
		all = append(all, v.fault)
	}
	return errors.Join(all...)
}

// knownAfter is how long after its publication a version becomes known on a real
// clock: longer than any transaction takes and clocks differ, so that whoever
// decides at an instant at which a version is known has seen it.
const knownAfter = calendar.Minute

// becomeKnown finds an instant at which nothing has been decided yet, and from
// which what is new can be known. Before the first account is opened that is now;
// a virtual clock will move on by the smallest step. No two publications become
// known at one instant, so that what was known with one can be asked again.
func (n *proposal) becomeKnown(ctx context.Context, tx *store.Tx, m moment, published []terms.Published) error {
	anybody, err := tx.AccountIDs(ctx, "", 1)
	n.known, n.decided = m.now, len(anybody) > 0
	switch {
	case !n.decided:
	case m.virtual:
		n.known++
	default:
		n.known = n.known.Add(knownAfter)
		for _, p := range published {
			n.known = max(n.known, p.Recorded+1)
		}
	}
	return err
}

// makeKnown writes what is new, and has every account looked at when it is known.
func (a *App) makeKnown(ctx context.Context, tx *store.Tx, n *proposal, m moment) error {
	if len(n.files)+len(n.documents) == 0 {
		return nil
	}
	if n.decided && m.virtual {
		if err := tx.SetClock(ctx, store.Clock{Virtual: true, Now: n.known}); err != nil {
			return err
		}
	}
	if err := n.write(ctx, tx); err != nil || !n.decided || canary.On(canary.PublishSilently) {
		return err
	}
	return tx.Wake(ctx, n.known)
}

func (n *proposal) write(ctx context.Context, tx *store.Tx) error {
	for _, f := range n.files {
		if err := tx.PutProviderFile(ctx, f); err != nil {
			return err
		}
	}
	for _, d := range n.documents {
		if err := tx.PutDocument(ctx, d); err != nil {
			return err
		}
	}
	for _, v := range n.versions {
		if err := n.announce(ctx, tx, v); err != nil {
			return err
		}
	}
	return nil
}

// announce has the accounts told that a version is owed to. That it owes nobody is
// kept too: a row that is missing is one that was taken away.
func (n *proposal) announce(ctx context.Context, tx *store.Tx, v *proposed) error {
	if !n.decided {
		return nil
	}
	a := store.Announced{Announcement: account.Announcement{Document: v.New.ID, Version: v.New.Version}, Recorded: n.now, State: store.AllTold}
	if len(v.groups) > 0 {
		a.State = store.StillTelling
	}
	return tx.PutAnnounced(ctx, a)
}

// plan describes a proposal: what changes, whom it binds, who must be told.
func (a *App) plan(ctx context.Context, tx *store.Tx, n *proposal) (Plan, error) {
	var plan Plan
	for _, f := range n.files {
		plan.Files = append(plan.Files, f.Name)
	}
	for _, v := range n.versions {
		p, err := v.planned(n.settings.Zone)
		if err != nil {
			return Plan{}, err
		}
		if p.Bound, err = a.countBound(ctx, tx, v.New); err != nil {
			return Plan{}, err
		}
		p.Bound -= v.left
		plan.Documents = append(plan.Documents, p)
	}
	return plan, nil
}

// countBound counts the accounts that a version would bind if nobody had left its
// document: those that it names, else those that accepted it, or all where
// publication binds. mayBind says the same of one of them.
func (a *App) countBound(ctx context.Context, tx *store.Tx, d *terms.Document) (int, error) {
	switch {
	case len(d.Binds.Accounts) > 0:
		return tx.CountAmong(ctx, d.Binds.Accounts)
	case d.By == terms.ByPublication:
		return tx.CountAccounts(ctx)
	default:
		return tx.CountAccepted(ctx, d.ID)
	}
}

func mayBind(d *terms.Document, who terms.Standing) bool {
	switch {
	case len(d.Binds.Accounts) > 0:
		return slices.Contains(d.Binds.Accounts, who.Account)
	case d.By == terms.ByPublication:
		return true
	default:
		return slices.ContainsFunc(who.Accepted, func(a terms.Acceptance) bool { return a.Document == d.ID && a.Void.At == 0 })
	}
}
