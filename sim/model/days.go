package model

import (
	"fmt"
	"strings"
	"time"
)

// date names a legal day of a zone: "2026-01-31". Dates sort as text.
func date(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.DateOnly) }

// midnight is the first instant of the day that is so many days after the one
// which holds t.
func midnight(t time.Time, zone *time.Location, days int) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d+days, 0, 0, 0, 0, zone).UTC()
}

// isMidnight says whether a day begins at t.
func isMidnight(t time.Time, zone *time.Location) bool { return midnight(t, zone, 0).Equal(t) }

// nextMonth is the first instant of the month after the one that holds t.
func nextMonth(t time.Time, zone *time.Location) time.Time {
	y, m, _ := t.In(zone).Date()
	return time.Date(y, m+1, 1, 0, 0, 0, 0, zone).UTC()
}

// length reads "24 hours" or "15 days"; a day is 24 hours long.
func length(text string) time.Duration {
	var n int
	var unit string
	if _, err := fmt.Sscanf(text, "%d %s", &n, &unit); err != nil {
		panic("model: not a length of time: " + text)
	}
	units := map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
	return time.Duration(n) * units[strings.TrimSuffix(unit, "s")]
}

// days reads "30 days" as a number of natural days.
func days(text string) int { return int(length(text) / (24 * time.Hour)) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
