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
func (y yardstick) told(ctx context.Context, tx *store.Tx, ev *account.Evidence, m moment, out *verifiedAccount) error {
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
		turn := func() (calendar.Instant, error) { return y.turn(ctx, tx, ev.Account.ID, a, m) }
		owed, err := y.owed(ev, a, turn)
		if err != nil {
			return err
		}
		if owed {
			out.add(account.StatesMoveOnEdges, Breakage{"notices", out.id, "lacks one of " + a.Document + " " + a.Version + ", which was announced to the account's like"})
		}
	}
	return nil
}

// owed says whether an account should have been told of a version: when it was
// published, if it has had its turn, or when it came to accept something later.
// turn is asked for the last instant at which that turn may have come.
func (y yardstick) owed(ev *account.Evidence, a *store.Announced, turn func() (calendar.Instant, error)) (bool, error) {
	owes := func(who terms.Standing, known calendar.Instant) bool {
		_, owed, err := y.corpus.Announced(a.Document, a.Version, who, known)
		return err == nil && len(owed) > 0
	}
	// What was accepted in the very instant of the publication may have been before
	// it or after it, and the account may have left before its turn came.
	before, with := standing(ev, a.Recorded-1), standing(ev, a.Recorded)
	if (a.State == store.AllTold || a.After >= ev.Account.ID) && owes(before, a.Recorded) && owes(with, a.Recorded) {
		left, later := leftBy(with, a.Recorded, calendar.EndOfTime)
		if later && !owes(left, a.Recorded) {
			last, err := turn()
			if err != nil {
				return false, err
			}
			left, _ = leftBy(with, a.Recorded, last)
		}
		if owes(left, a.Recorded) {
			return true, nil
		}
	}
	s, err := y.corpus.Succession(a.Document, a.Version)
	if err != nil {
		return false, nil // a version that is gone is missed elsewhere
	}
	for i := range ev.Acceptances {
		row := &ev.Acceptances[i]
		if row.Form != terms.ContinuedUse && row.Recorded > a.Recorded && toCome(s.New, row.Recorded) &&
			owes(standing(ev, row.Recorded), row.Recorded) {
			return true, nil
		}
	}
	return false, nil
}

// leftBy is an account as if it had been known at a publication already what it
// left until its turn came; later says whether that makes a difference.
func leftBy(who terms.Standing, published, turn calendar.Instant) (left terms.Standing, later bool) {
	who.Left = slices.Clone(who.Left)
	for i := range who.Left {
		if d := &who.Left[i]; d.Recorded > published && d.Recorded <= turn {
			d.Recorded, later = published, true
		}
	}
	return who, later
}

// turn is the last instant at which the turn of an account may have come to be told
// of a version. A virtual clock stands still until all are told. On a real one the
// accounts are told in the order of their ids, so that it came before that of any
// later one, but for what clocks differ by; of the last one nothing is known.
func (y yardstick) turn(ctx context.Context, tx *store.Tx, id string, a *store.Announced, m moment) (calendar.Instant, error) {
	s, err := y.corpus.Succession(a.Document, a.Version)
	if err != nil || m.virtual {
		return s.Published, err
	}
	next, found, err := tx.ToldAfter(ctx, a, id)
	if err != nil || !found {
		return calendar.EndOfTime, err
	}
	return next.Add(knownAfter), nil
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
