package terms

import (
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// Service says when notices count as served, as the terms say (S 11.1 to 11.3, U
// 11.1 to 11.3).
type Service struct {
	// Electronic: a notice in electronic form is served when it has been sent.
	Electronic bool
	// Paper is how long after posting one on paper is served; Count is zero where
	// that is not stated. FirstDay says whether the day of posting counts, and is
	// empty where nothing says so.
	Paper    Period
	FirstDay Counting
	// WrittenIsElectronic: what is written may be electronic.
	WrittenIsElectronic bool
	// SubUsers: a message to a sub-user is one to the customer.
	SubUsers bool
}

// Service reads when notices count as served.
func (s *Set) Service() (how Service, err error) {
	electronic, err := Get(s, ElectronicServed)
	if err != nil {
		return how, err
	}
	paper, err := Get(s, PaperServed)
	if err != nil {
		return how, err
	}
	written, err := Get(s, WrittenIncludesElectronic)
	if err != nil {
		return how, err
	}
	inbox, err := Get(s, SubuserInbox)
	if err != nil {
		return how, err
	}
	how = Service{Electronic: electronic.V == ServedWhenSent, Paper: paper.V, WrittenIsElectronic: written.V, SubUsers: inbox.V}
	if paper.Silent {
		return how, nil
	}
	first, err := Get(s, PaperFirstDay)
	if refusal.CodeOf(err) == refusal.TermMissing {
		return how, nil // who posts something will be told
	}
	how.FirstDay = first.V
	return how, err
}

// Served returns when a notice that went out at an instant counts as served: by
// the first of its channels, since one is enough (S 11.2). One on paper is served
// as the last of its days begins. It is zero where the terms do not say. It
// refuses with term_missing paper of which nothing says whether the day of posting
// counts.
func (s Service) Served(channels []Channel, sent calendar.Instant, zone calendar.Zone) (calendar.Instant, error) {
	if s.Electronic && slices.ContainsFunc(channels, func(c Channel) bool { return c.Form(s.WrittenIsElectronic) == InElectronicForm }) {
		return sent, nil
	}
	if s.Paper.Count == 0 || !slices.ContainsFunc(channels, func(c Channel) bool { return c.Form(s.WrittenIsElectronic) == OnPaper }) {
		return 0, nil
	}
	if s.FirstDay == "" {
		return 0, refusal.New(refusal.TermMissing, "no bound document sets %s, and silence on it means nothing", PaperFirstDay.name).
			Do("publish a rules document that sets it")
	}
	day, err := s.Paper.Through(zone.Day(sent), s.FirstDay, nil)
	return zone.Start(day), err
}
