package terms

import (
	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/refusal"
)

// Unit is what an agreement counts a period in. It is kept as written: 30 days
// are not a month (U 10.1, U 10.2), and natural days are not days of a kind that
// is left open (G 3.2.8, FA 3.2.8).
type Unit string

// The units of a period. Days of an open kind are counted as natural days.
const (
	NaturalDay   Unit = "natural day"
	WorkingDay   Unit = "working day"
	PlainDay     Unit = "day" // the agreement does not say which kind of day
	MonthUnit    Unit = "month"
	NaturalMonth Unit = "natural month" // a whole calendar month
)

// Period is a number of days or months by the calendar, written "7 natural
// days". A length of time, which has no calendar, is a calendar.Duration.
type Period struct {
	Count int
	Unit  Unit
}

// Counting says whether the day of an event counts as the first day of a period
// that it begins (X26).
type Counting string

// The readings of the first day.
const (
	FromDayAfter Counting = "day_after"
	FromSameDay  Counting = "same_day"
)

// Through returns the last day of the period that an event on a day begins. A
// month ends on the day of the month on which it began, or on the last day of a
// shorter month, and a day before that when the day of the event counts. A
// natural month ends with the calendar. A period of working days is refused where
// the table does not know a year; the other periods do not read it, and it may be
// nil.
func (p Period) Through(event calendar.Day, first Counting, w *calendar.WorkingDays) (calendar.Day, error) {
	counted := calendar.Day(0)
	if first == FromSameDay {
		counted = 1
	}
	switch p.Unit {
	case MonthUnit:
		return event.AddMonths(p.Count) - counted, nil
	case NaturalMonth:
		return (event.Month() + calendar.Month(p.Count) + 1).First() - 1, nil
	case WorkingDay:
		return p.workingDaysAfter(event-counted, w)
	}
	return event + calendar.Day(p.Count) - counted, nil
}

func (p Period) workingDaysAfter(d calendar.Day, w *calendar.WorkingDays) (calendar.Day, error) {
	if w == nil {
		return 0, refusal.New(refusal.BadInput, "%s cannot be counted without the table of working days", p).Do("state it in natural days")
	}
	for left := p.Count; left > 0; {
		d++
		working, err := w.IsWorking(d)
		if err != nil {
			return 0, err
		}
		if working {
			left--
		}
	}
	return d, nil
}

// Window returns the days of the period that ends as an event happens: from the
// first day to the last one before the event, which is not counted. Natural
// months are the whole months before that of the event (FA 8.5). Only months
// have a window; working days are refused.
func (p Period) Window(event calendar.Day) (from, to calendar.Day, err error) {
	switch p.Unit {
	case MonthUnit:
		return event.AddMonths(-p.Count), event - 1, nil
	case NaturalMonth:
		m := event.Month()
		return (m - calendar.Month(p.Count)).First(), m.First() - 1, nil
	case WorkingDay:
		return 0, 0, refusal.New(refusal.BadInput, "%s are not a window that ends on a day", p).Do("state the window in months or in natural days")
	}
	return event - calendar.Day(p.Count), event - 1, nil
}

// Edge says on which side of its limit a period still runs (X6).
type Edge string

// The edges. "Within 7 days" holds at the instant at which the 7th day is full,
// as a payment at that instant was made within them; "when the 7 days are up"
// does not.
const (
	MoreThan Edge = "more_than" // over after the limit
	WhenUp   Edge = "when_up"   // over at the limit
	Within   Edge = "within"    // over after the limit, which belongs to the period
)

// Hold is for how long something is kept open, written "more_than 7 days". Days
// are 24 hours each: an order is held from the instant at which it was placed.
type Hold struct {
	Edge   Edge
	Length calendar.Duration
}

// Lapsed says whether what was placed has lapsed, unpaid, by now.
func (h Hold) Lapsed(placed, now calendar.Instant) bool {
	return now >= h.LapsesAt(placed)
}

// LapsesAt returns the first instant at which what was placed has lapsed.
func (h Hold) LapsesAt(placed calendar.Instant) calendar.Instant {
	limit := placed.Add(h.Length)
	if h.Edge == WhenUp {
		return limit
	}
	return limit.Add(1) // microsecond: the limit itself is in time
}

// DayLimit is a number of natural days after a day, written "more_than 30 days".
type DayLimit struct {
	Edge Edge
	Days Days
}

// Passed says whether the limit, counted from a day that does not itself count,
// is passed on another.
func (l DayLimit) Passed(from, on calendar.Day) bool {
	limit := from + calendar.Day(l.Days)
	if l.Edge == WhenUp {
		return on >= limit
	}
	return on > limit
}

// Notice is how long before an act it must be announced. It is written "30
// days", "prior" (beforehand, of no agreed length), "best_effort" (as good as
// can be done), "10 natural days if_possible", or "none" (no notice is owed).
type Notice struct {
	Lead  Period // Count is zero where no length is agreed
	Prior bool   // the announcement must come before the act
	Soft  bool   // as good as can be done: a notice that falls short is flagged, not refused
}

// Respected says whether an act may take effect at one instant when it was
// announced at another: Lead runs from the day after the announcement and is
// full when the day of the act begins. A Soft notice that falls short is not
// respected either; what follows from that is for the caller. It refuses what
// Period.Through refuses.
func (n Notice) Respected(announced, effect calendar.Instant, zone calendar.Zone, w *calendar.WorkingDays) (bool, error) {
	if n.Lead.Count == 0 {
		return announced < effect || !n.Prior && !n.Soft, nil
	}
	last, err := n.Lead.Through(zone.Day(announced), FromDayAfter, w)
	return err == nil && last <= zone.Day(effect), err
}

// Earliest returns the first instant at which an act may take effect that was
// announced at another: when Lead is full, or just after the announcement where
// no length is agreed. Where no notice is owed it is zero. It refuses what
// Period.Through refuses.
func (n Notice) Earliest(announced calendar.Instant, zone calendar.Zone, w *calendar.WorkingDays) (calendar.Instant, error) {
	switch {
	case n == (Notice{}):
		return 0, nil
	case n.Lead.Count == 0:
		return announced + 1, nil
	}
	last, err := n.Lead.Through(zone.Day(announced), FromDayAfter, w)
	if canary.On(canary.ShortNotice) {
		last--
	}
	return zone.Start(last), err
}

// LastDay returns the last day on which an act that takes effect at an instant
// can be announced, and false where no length is agreed. It refuses what
// Period.Through refuses.
func (n Notice) LastDay(effect calendar.Instant, zone calendar.Zone, w *calendar.WorkingDays) (day calendar.Day, ok bool, err error) {
	if n.Lead.Count == 0 {
		return 0, false, nil
	}
	for day = zone.Day(effect); ; day-- {
		full, err := n.Lead.Through(day, FromDayAfter, w)
		if err != nil || full <= zone.Day(effect) {
			return day, err == nil, err
		}
	}
}

// MonthDay is a day of a month that is counted from that of an event, written
// "month+1 day 5"; the zero MonthDay, written "at_once", is the day of the event.
type MonthDay struct {
	Months int
	Day    int
}

// From returns the day, for an event on another.
func (m MonthDay) From(event calendar.Day) calendar.Day {
	if m == (MonthDay{}) {
		return event
	}
	return (event.Month() + calendar.Month(m.Months)).First() + calendar.Day(m.Day) - 1
}
