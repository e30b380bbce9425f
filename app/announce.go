package app

import (
	"context"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// announceAll tells every account that is owed a notice of a version that was
// published, in batches: each is a transaction that also notes how far it has
// come, so that after a crash each account has been told once, whoever goes on.
// Accounts that could not be told in their turn are tried again.
func (a *App) announceAll(ctx context.Context) error {
	for {
		more, err := a.announceBatch(ctx)
		if err != nil {
			return err
		}
		if !more {
			return a.tellUntold(ctx)
		}
	}
}

// announceBatch tells the next accounts of the first version that is not done.
func (a *App) announceBatch(ctx context.Context) (more bool, err error) {
	err = a.db.Update(ctx, func(tx *store.Tx) error {
		next, found, err := tx.NextAnnouncement(ctx)
		if more = found; err != nil || !found {
			return err
		}
		ids, err := tx.AccountIDs(ctx, next.After, a.together())
		if err != nil {
			return err
		}
		told, left, err := a.tell(ctx, tx, ids, next.Announcement)
		if err != nil {
			return err
		}
		for i := range left {
			left[i].Recorded = next.Recorded
		}
		if err := tx.PutUntold(ctx, left); err != nil {
			return err
		}
		next.Told += told
		if len(ids) > 0 {
			next.After = ids[len(ids)-1]
		}
		if len(ids) < a.together() {
			next.State = store.AllTold
		}
		return tx.PutAnnounced(ctx, next)
	})
	return more, err
}

// tell tells accounts of a version, those that are not told yet and that it
// changes something for. It returns how many it told, and those for which that
// cannot be decided now.
func (a *App) tell(ctx context.Context, tx *store.Tx, ids []string, what account.Announcement) (told int64, left []store.Untold, err error) {
	p, err := a.provider(ctx, tx)
	if err != nil {
		return 0, nil, err
	}
	m, err := a.moment(ctx, tx)
	if err != nil {
		return 0, nil, err
	}
	books, err := tx.Books(ctx, ids, m.now)
	if err != nil {
		return 0, nil, err
	}
	if err := tx.LoadTold(ctx, books, what); err != nil {
		return 0, nil, err
	}
	outcomes, err := withUsage(ctx, tx, books, func(b *account.Books) (*account.Decision, error) {
		return b.Announce(m.env(p, account.Clock), what, m.now)
	})
	if err != nil {
		return 0, nil, err
	}
	var decisions []*account.Decision
	for i, b := range books {
		d, err := outcomes[i].decision, outcomes[i].err
		if err != nil && refusal.CodeOf(err) == "" {
			return 0, nil, err
		}
		if err != nil {
			left = append(left, store.Untold{Account: b.ID, Announcement: what})
			continue
		}
		if len(d.After.Told) > len(b.Told) {
			told++
		}
		if len(d.Entries) > 0 {
			decisions = append(decisions, d)
		}
	}
	return told, left, tx.Apply(ctx, decisions)
}

// tellUntold tries again to tell accounts that could not be told in their turn.
func (a *App) tellUntold(ctx context.Context) error {
	for after := (store.Untold{}); ; {
		var waiting []store.Untold
		err := a.db.View(ctx, func(tx *store.Tx) (err error) {
			waiting, err = tx.Untold(ctx, after, accountsPerBatch)
			return err
		})
		if err != nil {
			return err
		}
		for _, u := range waiting {
			if err := a.tellOne(ctx, u); err != nil {
				return err
			}
		}
		if len(waiting) < accountsPerBatch {
			return nil
		}
		after = waiting[len(waiting)-1]
	}
}

// tellOne tells one account. Whoever tells of a version holds its row, so that of
// two workers one tells, and both count.
func (a *App) tellOne(ctx context.Context, u store.Untold) error {
	return a.db.Update(ctx, func(tx *store.Tx) error {
		of, found, err := tx.LockAnnouncement(ctx, u.Announcement)
		if err != nil {
			return err
		}
		told, left, err := a.tell(ctx, tx, []string{u.Account}, u.Announcement)
		if err != nil || len(left) > 0 {
			return err
		}
		if err := tx.DropUntold(ctx, u); err != nil || told == 0 || !found {
			return err
		}
		of.Told += told
		return tx.PutAnnounced(ctx, of)
	})
}

// tellNewcomers tells accounts that have just accepted something of the versions
// that are to come, and of those in force whose end is: whoever is bound when a
// version takes effect or ends has been told of it.
func (a *App) tellNewcomers(ctx context.Context, tx *store.Tx, ids []string) error {
	if err := tx.LockDocuments(ctx); err != nil {
		return err
	}
	p, now, err := a.providerNow(ctx, tx)
	if err != nil {
		return err
	}
	for _, published := range p.Documents {
		d := published.Document
		if !toCome(d, now) {
			continue
		}
		_, left, err := a.tell(ctx, tx, ids, account.Announcement{Document: d.ID, Version: d.Version})
		if err != nil {
			return err
		}
		for i := range left {
			left[i].Recorded = published.Recorded
		}
		if err := tx.PutUntold(ctx, left); err != nil {
			return err
		}
	}
	return nil
}

// toCome says whether a version takes effect, or ends, after an instant.
func toCome(d *terms.Document, at calendar.Instant) bool {
	return d.Effective > at || at < d.Until && d.Until < calendar.EndOfTime
}

// countTold adds to planned versions how many accounts have been told of them.
func (a *App) countTold(ctx context.Context, planned []PlannedDocument) error {
	return a.db.View(ctx, func(tx *store.Tx) error {
		all, err := tx.Announcements(ctx)
		for i := range planned {
			p := &planned[i]
			for _, x := range all {
				if x.Document == p.Document && x.Version == p.Version {
					p.Told = x.Told
				}
			}
		}
		return err
	})
}
