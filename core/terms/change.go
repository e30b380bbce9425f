package terms

import (
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/refusal"
)

// CheckChange refuses, with code notice_too_short, a new version of a document
// that takes effect before its notice has run. The notice is the change.notice
// of the version it follows: so many natural days after the day of announcement,
// which is not counted. When that version is silent the announcement must only
// come before the effect (see ChangeNotice).
//
// The announcement counts from the later of new.Announced and published, the
// instant at which the version became public here; to take over history that was
// announced elsewhere, pass new.Announced. A first version (old is nil) and a
// version without operative changes (see Diff) need no notice. Days are those of
// the zone.
func CheckChange(old, new *Document, published calendar.Instant, zone calendar.Zone) error {
	if old == nil || !slices.ContainsFunc(Diff(old, new), func(c Change) bool { return c.Operative }) {
		return nil
	}
	announced := max(new.Announced, published)
	notice, ok := find(old, ChangeNotice)
	if !ok {
		return checkPrior(new, announced, zone)
	}
	days := calendar.Day(notice.value.(Days))
	if canary.On(canary.ShortNotice) {
		days--
	}
	earliest := zone.Start(zone.Day(announced) + days)
	if new.Effective >= earliest {
		return nil
	}
	given := zone.Day(new.Effective) - zone.Day(announced)
	return refusal.New(refusal.NoticeTooShort, "%s %s is announced on %s and takes effect on %s, after %s; %s wants %s",
		new.ID, new.Version, zone.Day(announced), zone.Day(new.Effective), Days(given), old.cite(notice.clause).Long(), notice.Text).
		Do("let it take effect on %s or later", zone.Day(earliest))
}

func checkPrior(new *Document, announced calendar.Instant, zone calendar.Zone) error {
	if announced < new.Effective {
		return nil
	}
	return refusal.New(refusal.NoticeTooShort, "%s %s is announced at %s and takes effect at %s; a change needs prior notice, even where no number of days is agreed",
		new.ID, new.Version, zone.Format(announced), zone.Format(new.Effective)).
		Do("let it take effect after it is announced")
}

// find returns the term that a document itself sets for a key.
func find[T any](d *Document, k Key[T]) (Term, bool) {
	i := slices.IndexFunc(d.terms, func(t Term) bool { return t.Key == k.name })
	if i < 0 {
		return Term{}, false
	}
	return d.terms[i], true
}
