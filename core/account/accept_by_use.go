package account

import (
	"cmp"
	"slices"
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/terms"
)

// acceptByUse records, after a settlement, that whoever went on using a service
// accepted the versions under which it was used: of each document that the account
// had accepted in an earlier version only, where the document says that going on
// accepts a change. It counts from the first hour that was charged under the
// version, not before the version took effect, and is recorded once. Usage that
// was refused accepts nothing. Clauses: G 3.2.9, S 14.2, E 3.1.1, C 3.1.1, U 14.2.
func (d *draft) acceptByUse(settlement int64, at calendar.Instant) {
	var accepted []terms.Acceptance
	known := d.env.RecordedAt(at)
	for _, use := range d.firstUses(settlement) {
		for _, doc := range d.cited[use.set].Documents() {
			a := terms.Acceptance{
				Document: doc.ID, Version: doc.Version, Form: terms.ContinuedUse, At: max(use.hour.Start(), doc.Effective),
				Actor: Clock, TextHash: doc.Hash,
			}
			if d.env.Terms.GoingOnAccepts(d.books.Acceptances, doc, a.At, known) && !slices.ContainsFunc(accepted, func(o terms.Acceptance) bool { return sameText(o, a) }) {
				accepted = append(accepted, a)
			}
		}
	}
	if len(accepted) == 0 {
		return
	}
	slices.SortFunc(accepted, func(a, b terms.Acceptance) int {
		return cmp.Or(strings.Compare(a.Document, b.Document), cmp.Compare(a.At, b.At))
	})
	d.begin(journal.Accepted, at, Clock, "")
	for _, a := range accepted {
		d.acceptOne(a)
	}
	d.end()
}

// firstUse is the first hour that was charged under a set.
type firstUse struct {
	set  int64
	hour calendar.Hour
}

// firstUses finds the sets that a settlement's charges name, by their first hour.
func (d *draft) firstUses(settlement int64) []firstUse {
	var uses []firstUse
	for i := len(d.out.Charges) - 1; i >= 0 && d.out.Charges[i].Entry == settlement; i-- {
		c := &d.out.Charges[i]
		at := slices.IndexFunc(uses, func(u firstUse) bool { return u.set == c.Terms })
		if at < 0 {
			uses = append(uses, firstUse{c.Terms, c.Hour})
		} else {
			uses[at].hour = min(uses[at].hour, c.Hour)
		}
	}
	slices.SortFunc(uses, func(a, b firstUse) int { return cmp.Or(cmp.Compare(a.hour, b.hour), cmp.Compare(a.set, b.set)) })
	return uses
}

func sameText(a, b terms.Acceptance) bool { return a.Document == b.Document && a.Version == b.Version }
