package terms

import (
	"slices"
	"strconv"
	"strings"

	"termwise.dev/core/calendar"
)

// The forms of periods, limits and notices.
var (
	periodForm   = scalar("period", periodUnit, parsePeriod, Period.String)
	holdForm     = scalar("hold", `an edge and a length, written "more_than 7 days", "when_up 7 days" or "within 7 days"`, parseHold, Hold.String)
	dayLimitForm = scalar("limit in days", `an edge and natural days, written "more_than 30 days"`, parseDayLimit, DayLimit.String)
	noticeForm   = scalar("notice", `a period such as "30 days", with if_possible where it is a mere effort; or prior, best_effort, none`, parseNotice, Notice.String)
	monthDayForm = scalar("day of a month", `counted from the month of the event, written "month+1 day 5"; or at_once`, parseMonthDay, MonthDay.String)
	countingForm = enum(FromDayAfter, FromSameDay)
)

const periodUnit = `"7 natural days", "5 working days", "7 days" (of an open kind), "1 month" or "12 natural months"`

// String gives "7 natural days".
func (p Period) String() string { return plural(int64(p.Count), string(p.Unit)) }

// maxPeriods bounds each unit by a hundred years.
var maxPeriods = map[Unit]int64{NaturalDay: maxDays, WorkingDay: maxDays, PlainDay: maxDays, MonthUnit: 1200, NaturalMonth: 1200}

func parsePeriod(s string) (Period, error) {
	n, unit, ok := countAndUnit(s)
	limit, known := maxPeriods[Unit(unit)]
	if !ok || !known {
		return Period{}, invalid(strconv.Quote(s)+" is not a period", "write %s", periodUnit)
	}
	if n > limit {
		return Period{}, invalid(strconv.Quote(s)+" is more than a hundred years", "give at most %s", plural(limit, unit))
	}
	return Period{Count: int(n), Unit: Unit(unit)}, nil
}

// edgeAndRest splits "more_than 7 days" into its edge and "7 days".
func edgeAndRest(s, example string) (Edge, string, error) {
	word, rest, _ := strings.Cut(s, " ")
	if !slices.Contains([]Edge{MoreThan, WhenUp, Within}, Edge(word)) {
		return "", "", invalid(strconv.Quote(s)+" does not say on which side of the limit it ends",
			"begin with more_than, when_up or within, for example %q", example)
	}
	return Edge(word), rest, nil
}

// String gives "more_than 7 days".
func (h Hold) String() string { return string(h.Edge) + " " + formatDuration(h.Length) }

func parseHold(s string) (Hold, error) {
	edge, rest, err := edgeAndRest(s, "more_than 7 days")
	if err != nil {
		return Hold{}, err
	}
	length, err := parseDuration(rest)
	if err == nil && length == 0 {
		err = invalid(strconv.Quote(s)+" holds nothing", "give a length of more than nothing, or leave the key out")
	}
	return Hold{Edge: edge, Length: length}, err
}

// String gives "more_than 30 days".
func (l DayLimit) String() string { return string(l.Edge) + " " + l.Days.String() }

func parseDayLimit(s string) (DayLimit, error) {
	edge, rest, err := edgeAndRest(s, "more_than 30 days")
	if err != nil {
		return DayLimit{}, err
	}
	days, err := parseDays(rest)
	return DayLimit{Edge: edge, Days: days}, err
}

const ifPossible = " if_possible"

// String gives what parseNotice reads.
func (n Notice) String() string {
	switch {
	case n.Lead.Count > 0 && n.Soft:
		return n.Lead.String() + ifPossible
	case n.Lead.Count > 0:
		return n.Lead.String()
	case n.Soft:
		return "best_effort"
	case n.Prior:
		return "prior"
	}
	return "none"
}

func parseNotice(s string) (Notice, error) {
	switch s {
	case "prior":
		return Notice{Prior: true}, nil
	case "best_effort":
		return Notice{Soft: true}, nil
	case "none":
		return Notice{}, nil
	}
	text, soft := strings.CutSuffix(s, ifPossible)
	lead, err := parsePeriod(text)
	switch {
	case err != nil:
		return Notice{}, invalid(strconv.Quote(s)+" is not a notice", "write %s, prior, best_effort or none", periodUnit)
	case lead.Count == 0:
		return Notice{}, invalid(strconv.Quote(s)+" is no notice", "write none if no notice is owed, or prior if its length is not agreed")
	}
	return Notice{Lead: lead, Prior: true, Soft: soft}, nil
}

// String gives "month+1 day 5" or "at_once".
func (m MonthDay) String() string {
	if m == (MonthDay{}) {
		return "at_once"
	}
	return "month+" + strconv.Itoa(m.Months) + " day " + strconv.Itoa(m.Day)
}

// Every month has a 28th; a year ahead is further than any invoice.
const (
	maxMonthDay    = 28
	maxMonthsAhead = 12
)

func parseMonthDay(s string) (MonthDay, error) {
	if s == "at_once" {
		return MonthDay{}, nil
	}
	month, day, found := strings.Cut(s, " day ")
	ahead, plus := strings.CutPrefix(month, "month+")
	n, errMonth := strconv.ParseUint(ahead, 10, 8)
	d, errDay := strconv.ParseUint(day, 10, 8)
	if !found || !plus || errMonth != nil || errDay != nil {
		return MonthDay{}, invalid(strconv.Quote(s)+" is not a day of a month", `write "month+1 day 5" or at_once`)
	}
	if n > maxMonthsAhead || d < 1 || d > maxMonthDay {
		return MonthDay{}, invalid(strconv.Quote(s)+" is not a day that every month has, within a year",
			"give month+0 to month+%d and a day from 1 to %d", maxMonthsAhead, maxMonthDay)
	}
	return MonthDay{Months: int(n), Day: int(d)}, nil
}

// hoursForm is the form of a length of time that must not be interrupted.
var hoursForm = scalar("length of time", `hours on end, written "72 hours"`, parseHours, formatHours)

func parseHours(s string) (calendar.Duration, error) {
	d, err := parseDuration(s)
	if err == nil && (d == 0 || d%calendar.HourLength != 0) {
		err = invalid(strconv.Quote(s)+" is not a number of hours", `write "72 hours"`)
	}
	return d, err
}

func formatHours(d calendar.Duration) string { return plural(int64(d/calendar.HourLength), "hour") }
