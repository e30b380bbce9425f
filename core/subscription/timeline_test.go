package subscription_test

import (
	"testing"

	"pgregory.net/rapid"

	"termwise.dev/core/calendar"
	"termwise.dev/core/subscription"
)

const (
	hour = calendar.HourLength
	day  = calendar.DayLength
)

// page is the timeline of the sample's product page: notice at once, suspension
// 24 hours after arrears began and 24 hours after the notice, release 15 days
// after the suspension and 3 days after the warning (P 3.1 to P 3.3).
var page = subscription.Timeline{
	MayWithhold: true,
	Suspends:    true, SuspendAfter: 24 * hour, SuspendNotice: 24 * hour,
	Releases: true, ReleaseAfter: 15 * day, ReleaseNotice: 3 * day,
}

func TestNext(t *testing.T) {
	const began, never = calendar.Instant(1_000_000 * day), calendar.EndOfTime
	change := func(f func(*subscription.Timeline)) subscription.Timeline {
		changed := page
		f(&changed)
		return changed
	}
	type service = subscription.Service
	tests := []struct {
		name     string
		timeline subscription.Timeline
		service  service
		step     subscription.Step
		due      calendar.Instant
	}{
		{"no arrears", page, service{State: active}, subscription.NoStep, never},
		{"suspended without arrears", page, service{State: suspended, Since: began}, subscription.NoStep, never},
		{"arrears", page, service{State: active, ArrearsSince: began}, subscription.GiveNotice, began},
		{
			"arrears that are told later", change(func(t *subscription.Timeline) { t.NoticeAfter = 5 * hour }),
			service{State: active, ArrearsSince: began},
			subscription.GiveNotice, began.Add(5 * hour),
		},
		{"told at once", page, service{State: active, ArrearsSince: began, Noticed: began}, subscription.Suspend, began.Add(24 * hour)},
		{
			"told late: the suspension waits", page,
			service{State: active, ArrearsSince: began, Noticed: began.Add(40 * hour)},
			subscription.Suspend, began.Add(64 * hour),
		},
		{
			"told early: the arrears decide", change(func(t *subscription.Timeline) { t.SuspendNotice = hour }),
			service{State: active, ArrearsSince: began, Noticed: began.Add(2 * hour)},
			subscription.Suspend, began.Add(24 * hour),
		},
		{
			"no right to withhold", change(func(t *subscription.Timeline) { t.MayWithhold = false }),
			service{State: active, ArrearsSince: began, Noticed: began},
			subscription.NoStep, never,
		},
		{
			"terms that never suspend", change(func(t *subscription.Timeline) { t.Suspends = false }),
			service{State: active, ArrearsSince: began, Noticed: began},
			subscription.NoStep, never,
		},
		{
			"no right to withhold: still told", change(func(t *subscription.Timeline) { t.MayWithhold = false }),
			service{State: active, ArrearsSince: began},
			subscription.GiveNotice, began,
		},
		{"suspended", page, service{State: suspended, Since: began, ArrearsSince: began}, subscription.WarnRelease, began.Add(12 * day)},
		{
			"a warning longer than the wait is given at once", change(func(t *subscription.Timeline) { t.ReleaseNotice = 20 * day }),
			service{State: suspended, Since: began, ArrearsSince: began},
			subscription.WarnRelease, began,
		},
		{
			"warned in time", page,
			service{State: suspended, Since: began, ArrearsSince: began, Warned: began.Add(12 * day)},
			subscription.ReleaseStep, began.Add(15 * day),
		},
		{
			"warned late: the release waits", page,
			service{State: suspended, Since: began, ArrearsSince: began, Warned: began.Add(14 * day)},
			subscription.ReleaseStep, began.Add(17 * day),
		},
		{
			"terms that never release", change(func(t *subscription.Timeline) { t.Releases = false }),
			service{State: suspended, Since: began, ArrearsSince: began},
			subscription.NoStep, never,
		},
		{"released", page, service{State: released, Since: began, ArrearsSince: began, Noticed: began, Warned: began}, subscription.NoStep, never},
	}
	for _, tt := range tests {
		if step, due := tt.service.Next(tt.timeline); step != tt.step || due != tt.due {
			t.Errorf("%s: %q at %s, want %q at %s", tt.name, step, due, tt.step, tt.due)
		}
	}
}

// Whatever the lengths, and however late each step is taken and recorded, the
// steps come in their order, and none before its own time and its notice's.
func TestStepsWaitForTheirNotices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.Int64Range(0, 100)
		draw := func(name string) calendar.Duration { return calendar.Duration(length.Draw(t, name)) }
		timeline := subscription.Timeline{
			MayWithhold: true, NoticeAfter: draw("notice after"),
			Suspends: true, SuspendAfter: draw("suspend after"), SuspendNotice: draw("suspend notice"),
			Releases: true, ReleaseAfter: draw("release after"), ReleaseNotice: draw("release notice"),
		}
		began := calendar.Instant(1000)
		s := subscription.Service{Product: "compute", State: active, Since: began, ArrearsSince: began}
		now := began
		take := func(want subscription.Step, notBefore ...calendar.Instant) {
			step, due := s.Next(timeline)
			if step != want {
				t.Fatalf("%q comes where %q belongs", step, want)
			}
			for _, earliest := range notBefore {
				if due < earliest {
					t.Fatalf("%s is due at %d, not before %d", step, due, earliest)
				}
			}
			now = max(now, due).Add(draw("delay"))
		}
		take(subscription.GiveNotice, began.Add(timeline.NoticeAfter))
		s.Noticed = now
		take(subscription.Suspend, began.Add(timeline.SuspendAfter), s.Noticed.Add(timeline.SuspendNotice))
		if _, err := s.Move(suspended, now); err != nil {
			t.Fatal(err)
		}
		take(subscription.WarnRelease, s.Since)
		s.Warned = now
		take(subscription.ReleaseStep, s.Since.Add(timeline.ReleaseAfter), s.Warned.Add(timeline.ReleaseNotice))
		if _, err := s.Move(released, now); err != nil {
			t.Fatal(err)
		}
		if step, due := s.Next(timeline); step != subscription.NoStep || due != calendar.EndOfTime {
			t.Fatalf("after the release comes %q at %d", step, due)
		}
	})
}
