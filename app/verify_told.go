package app

import (
	"context"
	"math"
	"slices"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// told checks that the account was told of every version whose turn it had, if
// the version changed something for it, and that what waits to be told is intact.
func (y yardstick) told(ctx context.Context, tx *store.Tx, ev *account.Evidence, out *verifiedAccount) error {
	waiting, err := tx.UntoldOf(ctx, out.id)
	if err != nil {
		return err
	}
	for i := range waiting {
		if u := &waiting[i]; u.Digest != u.Seal() {
			out.add(account.StatesMoveOnEdges, Breakage{"untold", out.id + " " + u.Document + " " + u.Version, digestBroken})
		}
	}
	out.count("untold", account.StatesMoveOnEdges, len(waiting))
	for i := range y.announced {
		a := &y.announced[i]
		if y.corpus == nil || wasTold(ev, a.Announcement) ||
			slices.ContainsFunc(waiting, func(u store.Untold) bool { return u.Announcement == a.Announcement }) {
			continue
		}
		if y.owed(ev, a) {
			out.add(account.StatesMoveOnEdges, Breakage{"notices", out.id, "lacks one of " + a.Document + " " + a.Version + ", which was announced to the account's like"})
		}
	}
	return nil
}

// owed says whether an account should have been told of a version: when it was
// published, if it has had its turn, or when it came to accept something later.
func (y yardstick) owed(ev *account.Evidence, a *store.Announced) bool {
	owes := func(who terms.Standing, known calendar.Instant) bool {
		_, owed, err := y.corpus.Announced(a.Document, a.Version, who, known)
		return err == nil && len(owed) > 0
	}
	// What was accepted in the very instant of the publication may have been before
	// it or after it, and the account may have left before its turn came.
	before, with := standing(ev, a.Recorded-1), standing(ev, a.Recorded)
	left := with
	left.Left = slices.Clone(with.Left)
	for i := range left.Left {
		left.Left[i].Recorded = min(left.Left[i].Recorded, a.Recorded)
	}
	if (a.State == store.AllTold || a.After >= ev.Account.ID) && owes(before, a.Recorded) && owes(with, a.Recorded) && owes(left, a.Recorded) {
		return true
	}
	s, err := y.corpus.Succession(a.Document, a.Version)
	if err != nil {
		return false
	}
	for i := range ev.Acceptances {
		row := &ev.Acceptances[i]
		if row.Form != terms.ContinuedUse && row.Recorded > a.Recorded && toCome(s.New, row.Recorded) &&
			owes(standing(ev, row.Recorded), row.Recorded) {
			return true
		}
	}
	return false
}

// standing is the account as it stood at an instant, by what was known then.
func standing(ev *account.Evidence, known calendar.Instant) terms.Standing {
	who := ev.Acts().Before(math.MaxInt64, ev.Account.ID)
	who.Accepted = slices.DeleteFunc(who.Accepted, func(a terms.Acceptance) bool { return a.Recorded > known })
	return who
}

func wasTold(ev *account.Evidence, a account.Announcement) bool {
	return slices.ContainsFunc(ev.Notices, func(n account.Noticed) bool {
		return n.Document == a.Document && n.Version == a.Version && account.IsOfChange(n)
	})
}
