package terms

import (
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// Check holds the days on which what New brings takes effect against the notices
// that are owed. The refusal, with code notice_too_short, cites the clause whose notice is
// up last, and says from which day on New may take effect. A notice that is only
// to be given as well as can be done never refuses; falling short of one is
// returned as a warning, once. So is what a document brings to those whom it did
// not bind before, where it is no change that the provider makes by itself.
func (s Succession) Check(owed []Owed, zone calendar.Zone, w *calendar.WorkingDays) (warnings []string, refused error) {
	var latest calendar.Instant
	for _, o := range owed {
		earliest, err := o.Earliest(s, zone, w)
		if err != nil {
			return warnings, err
		}
		if earliest <= o.At {
			continue
		}
		short := s.tooShort(o, earliest, zone)
		if o.Notice.Soft || o.First && s.New.mayReachBack() {
			if !slices.Contains(warnings, short.Message) {
				warnings = append(warnings, short.Message)
			}
			continue
		}
		if earliest > latest {
			latest, refused = earliest, short
		}
	}
	return warnings, refused
}

// mayReachBack says whether a document may bind at once, and for the past: one
// that reads the agreements or corrects the books, and a contract that its parties
// signed, which names them.
func (d *Document) mayReachBack() bool {
	return d.Kind == Rules || d.Kind == Stamped && len(d.Binds.Accounts) > 0
}

// Earliest returns the first instant at which the version may take effect by this
// notice; zero where none is owed. It refuses what Notice.Earliest refuses.
func (o Owed) Earliest(s Succession, zone calendar.Zone, w *calendar.WorkingDays) (calendar.Instant, error) {
	from, err := o.counts(s.Announced(), zone)
	if err != nil {
		return 0, err
	}
	return o.Notice.Earliest(from, zone, w)
}

// counts is the instant from which a notice counts: when it is announced, or,
// where paper is the only channel, when that counts as served.
func (o Owed) counts(announced calendar.Instant, zone calendar.Zone) (calendar.Instant, error) {
	if o.Set == nil {
		return announced, nil
	}
	how, err := o.Set.Service()
	if err != nil {
		return 0, err
	}
	if slices.ContainsFunc(o.Channels, func(c Channel) bool { return c.Form(how.WrittenIsElectronic) == InElectronicForm }) {
		return announced, nil
	}
	served, err := how.Served(o.Channels, announced, zone)
	return max(announced, served), err
}

func (s Succession) tooShort(o Owed, earliest calendar.Instant, zone calendar.Zone) *refusal.Error {
	day := zone.Day(s.Announced())
	wants := o.Text
	if o.Clause != (Citation{}) {
		wants = o.Clause.Long() + " wants " + o.Text
	} else {
		wants = o.Key + " is silent on this, which means " + wants
	}
	if o.Notice.Lead.Count == 0 {
		return refusal.New(refusal.NoticeTooShort, "%s %s is announced at %s and takes effect at %s; %s for a change of the kind %s, and prior is before it takes effect",
			s.New.ID, s.New.Version, zone.Format(s.Announced()), zone.Format(o.At), wants, o.Kind).
			Do("let it take effect after it is announced")
	}
	given := max(0, zone.Day(o.At)-day)
	return refusal.New(refusal.NoticeTooShort, "%s %s is announced on %s and takes effect on %s, after %s; %s for a change of the kind %s",
		s.New.ID, s.New.Version, day, zone.Day(o.At), Days(given), wants, o.Kind).
		Do("let it take effect on %s or later", zone.Day(earliest))
}

// differs says whether a key is a price that both versions have and that is another
// in the second. One that goes with its meter has ended; where another clause says
// the same, nothing has changed.
func differs(old, new *Document, key string) bool {
	before, had := priceIn(old, key)
	after, has := priceIn(new, key)
	return had && has && before != after
}

// CheckTariff refuses, with code change_hidden, a version that changes a price for
// an account with whom a change of the tariff needs the consent of both, and does
// not declare it: it would bind without that consent.
func (s Succession) CheckTariff(owed []Owed) error {
	if s.Old == nil || s.New.saysItIs(TariffAdjustment) {
		return nil
	}
	for _, o := range owed {
		consent, err := Get(o.Set, ChangeOfTariff)
		if err != nil || consent.Silent {
			continue
		}
		for _, c := range Diff(s.Old, s.New) {
			if c.Part == PartTerm && differs(s.Old, s.New, c.Field) {
				return refusal.New(refusal.ChangeHidden, "%s %s changes %s, and %s wants the consent of both parties to that",
					s.New.ID, s.New.Version, c.words(), consent.Citation.Long()).
					Do("write change: [%s], so that it binds whoever accepts it", TariffAdjustment)
			}
		}
	}
	return nil
}
