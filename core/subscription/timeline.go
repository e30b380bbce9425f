package subscription

import (
	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
)

// Timeline is what the terms say happens to a service in arrears. Instants of
// steps are lengths of time after what they follow.
type Timeline struct {
	// MayWithhold is the agreement's right to withhold service until paid.
	MayWithhold bool
	// NoticeAfter follows the beginning of arrears.
	NoticeAfter calendar.Duration
	// Suspends and SuspendAfter follow the beginning of arrears; SuspendNotice follows the notice.
	Suspends                    bool
	SuspendAfter, SuspendNotice calendar.Duration
	// Releases and ReleaseAfter follow the suspension; ReleaseNotice follows the warning.
	Releases                    bool
	ReleaseAfter, ReleaseNotice calendar.Duration
}

// Step is the next thing that a timeline asks for.
type Step string

// The steps of a timeline.
const (
	NoStep      Step = ""
	GiveNotice  Step = "arrears_notice"
	Suspend     Step = "suspend"
	WarnRelease Step = "release_warning"
	ReleaseStep Step = "release"
)

// Next returns the step that a service in arrears waits for and when it is due.
// A waiting period that a notice starts counts from the recorded notice, so a
// step is never due before the customer was told. A service that has ended is
// neither suspended nor released for arrears; its customer is still told of them.
func (s *Service) Next(t Timeline) (Step, calendar.Instant) {
	switch {
	case s.ArrearsSince == 0:
		return NoStep, calendar.EndOfTime
	case (s.State == Active || s.State == Ended) && s.Noticed == 0:
		return GiveNotice, s.ArrearsSince.Add(t.NoticeAfter)
	case s.State == Active && t.MayWithhold && t.Suspends && canary.On(canary.SuspendUnannounced):
		return Suspend, s.ArrearsSince.Add(t.SuspendAfter)
	case s.State == Active && t.MayWithhold && t.Suspends:
		return Suspend, max(s.ArrearsSince.Add(t.SuspendAfter), s.Noticed.Add(t.SuspendNotice))
	case s.State == Suspended && t.Releases && s.Warned == 0:
		return WarnRelease, max(s.Since, s.Since.Add(t.ReleaseAfter-t.ReleaseNotice))
	case s.State == Suspended && t.Releases && canary.On(canary.ReleaseEarly):
		return ReleaseStep, s.Since.Add(t.ReleaseAfter - calendar.DayLength)
	case s.State == Suspended && t.Releases:
		return ReleaseStep, max(s.Since.Add(t.ReleaseAfter), s.Warned.Add(t.ReleaseNotice))
	}
	return NoStep, calendar.EndOfTime
}
