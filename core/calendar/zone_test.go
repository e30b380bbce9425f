package calendar_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

func TestParseZone(t *testing.T) {
	tests := []struct {
		in, want string
		code     refusal.Code
	}{
		{in: "UTC", want: "UTC"},
		{in: "UTC+0", want: "UTC"},
		{in: "UTC+8", want: "UTC+8"},
		{in: "UTC-5", want: "UTC-5"},
		{in: "UTC+14", want: "UTC+14"},
		{in: "UTC-12", want: "UTC-12"},
		{in: "UTC+15", code: refusal.BadInput},
		{in: "UTC-13", code: refusal.BadInput},
		{in: "UTC8", code: refusal.BadInput},
		{in: "UTC+08", code: refusal.BadInput},
		{in: "UTC+8:00", code: refusal.BadInput},
		{in: "UTC+8 ", code: refusal.BadInput},
		{in: "utc+8", code: refusal.BadInput},
		{in: "Asia/Shanghai", code: refusal.BadInput},
		{in: "", code: refusal.BadInput},
	}
	for _, tt := range tests {
		got, err := calendar.ParseZone(tt.in)
		if code := refusal.CodeOf(err); code != tt.code {
			t.Errorf("ParseZone(%q): error %v, want code %q", tt.in, err, tt.code)
		}
		if err == nil && got.String() != tt.want {
			t.Errorf("ParseZone(%q) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

// A legal day belongs to the provider's zone: in UTC+8 it begins at 16:00 UTC
// of the day before.
func TestZoneEdges(t *testing.T) {
	zone := mustZone(t, "UTC+8")
	tests := []struct{ at, day, month string }{
		{"2025-12-31T15:59:59.999999Z", "2025-12-31", "2025-12"},
		{"2025-12-31T16:00:00Z", "2026-01-01", "2026-01"},
		{"2026-02-28T16:00:00Z", "2026-03-01", "2026-03"},
		{"2024-02-28T16:00:00Z", "2024-02-29", "2024-02"},
		{"1969-12-31T15:59:59Z", "1969-12-31", "1969-12"},
	}
	for _, tt := range tests {
		at, err := calendar.ParseInstant(tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if day, month := zone.Day(at).String(), zone.Month(at).String(); day != tt.day || month != tt.month {
			t.Errorf("%s is on %s in %s, want %s in %s", tt.at, day, month, tt.day, tt.month)
		}
	}
	start, _ := calendar.ParseInstant("2025-12-31T16:00:00Z")
	if got := zone.Format(start); got != "2026-01-01T00:00:00+08:00" {
		t.Errorf("Format gives %s", got)
	}
}

// The day that is found agrees with the standard library's calendar, and the
// day's start and end are its first instant and the next day's.
func TestDayHoldsItsInstant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, at := drawZone(t), drawInstant(t)
		day := zone.Day(at)
		if want := zone.Format(at)[:len("2006-01-02")]; day.String() != want {
			t.Fatalf("%s in %s is on %s, want %s", at, zone, day, want)
		}
		if at < zone.Start(day) || at >= zone.Start(day+1) || zone.Day(zone.Start(day)) != day {
			t.Fatalf("%s is not inside %s, which starts at %s", at, day, zone.Start(day))
		}
	})
}

func TestMonthBoundsHoldTheirInstants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, at := drawZone(t), drawInstant(t)
		month := zone.Month(at)
		from, to := zone.MonthBounds(month)
		if at < from || at >= to {
			t.Fatalf("%s is not in %s, which is [%s, %s)", at, month, from, to)
		}
		if zone.Month(from) != month || zone.Month(to) != month+1 || zone.Month(to-1) != month {
			t.Fatalf("the edges of %s belong to other months", month)
		}
		if days := int(to.Sub(from) / calendar.DayLength); days != month.Days() {
			t.Fatalf("%s has %d days between its bounds and %d by count", month, days, month.Days())
		}
	})
}

func TestDaysOfMonths(t *testing.T) {
	for text, want := range map[string]int{
		"2026-01": 31, "2026-02": 28, "2024-02": 29, "2000-02": 29, "2100-02": 28, "2026-04": 30, "2026-12": 31,
	} {
		month, err := calendar.ParseMonth(text)
		if err != nil || month.Days() != want {
			t.Errorf("%s has %d days, %v; want %d", text, month.Days(), err, want)
		}
	}
}

// A month on from the last days of a long month is the last day of a short one.
func TestAddMonths(t *testing.T) {
	tests := []struct {
		day  string
		n    int
		want string
	}{
		{"2026-01-15", 1, "2026-02-15"},
		{"2026-01-31", 1, "2026-02-28"},
		{"2024-01-31", 1, "2024-02-29"},
		{"2026-02-28", 1, "2026-03-28"},
		{"2025-12-31", 2, "2026-02-28"},
		{"2026-03-31", -1, "2026-02-28"},
		{"2026-01-15", -12, "2025-01-15"},
		{"2026-01-15", 0, "2026-01-15"},
	}
	for _, tt := range tests {
		day, err := calendar.ParseDay(tt.day)
		if got := day.AddMonths(tt.n); err != nil || got.String() != tt.want {
			t.Errorf("%s and %d months give %s, %v; want %s", tt.day, tt.n, got, err, tt.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		day := calendar.Day(rapid.Int32Range(-100_000, 100_000).Draw(t, "day"))
		n := rapid.IntRange(-1200, 1200).Draw(t, "months")
		if got := day.AddMonths(n); got.Month() != day.Month()+calendar.Month(n) {
			t.Fatalf("%s and %d months give %s", day, n, got)
		}
	})
}

func TestDayRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := calendar.Day(rapid.Int32Range(-719_162, 2_932_896).Draw(t, "day"))
		text, err := want.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got calendar.Day
		if err := got.UnmarshalText(text); err != nil || got != want {
			t.Fatalf("day %d became %q and came back as %d, %v", int32(want), text, int32(got), err)
		}
		date := time.Unix(int64(want)*86_400, 0).UTC()
		again, err := calendar.DateOf(date.Year(), int(date.Month()), date.Day())
		if err != nil || again != want || want.Weekday() != date.Weekday() {
			t.Fatalf("%s is day %d, %v, a %s; want %d, a %s", text, again, err, want.Weekday(), want, date.Weekday())
		}
		if first := want.Month().First(); first > want || int(want-first) >= want.Month().Days() {
			t.Fatalf("%s is not inside its month %s", want, want.Month())
		}
	})
}

func TestMonthRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := calendar.Month(rapid.Int32Range(12, 9999*12+11).Draw(t, "month"))
		text, err := want.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got calendar.Month
		if err := got.UnmarshalText(text); err != nil || got != want || want.First().Month() != want {
			t.Fatalf("month %d became %q and came back as %d, %v", int32(want), text, int32(got), err)
		}
	})
}

func TestDatesThatDoNotExist(t *testing.T) {
	for _, d := range [][3]int{{2026, 2, 29}, {2026, 13, 1}, {2026, 0, 1}, {2026, 4, 31}, {2026, 1, 0}} {
		if day, err := calendar.DateOf(d[0], d[1], d[2]); refusal.CodeOf(err) != refusal.BadInput {
			t.Errorf("DateOf(%v) = %s, %v; want code %s", d, day, err, refusal.BadInput)
		}
	}
	for _, text := range []string{"", "2026-02-29", "2026-1-1", "20260101", "2026-01-01T00:00:00Z"} {
		var day calendar.Day
		if err := day.UnmarshalText([]byte(text)); refusal.CodeOf(err) != refusal.BadInput {
			t.Errorf("day %q: error %v, want code %s", text, err, refusal.BadInput)
		}
	}
	for _, text := range []string{"", "2026", "2026-13", "2026-01-01"} {
		var month calendar.Month
		if err := month.UnmarshalText([]byte(text)); refusal.CodeOf(err) != refusal.BadInput {
			t.Errorf("month %q: error %v, want code %s", text, err, refusal.BadInput)
		}
	}
}

func drawZone(t *rapid.T) calendar.Zone {
	hours := rapid.IntRange(-12, 14).Draw(t, "zone")
	zone, err := calendar.ParseZone(fmt.Sprintf("UTC%+d", hours))
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func mustZone(t *testing.T, text string) calendar.Zone {
	t.Helper()
	zone, err := calendar.ParseZone(text)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}
