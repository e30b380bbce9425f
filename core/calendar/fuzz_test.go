package calendar_test

import (
	"testing"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// FuzzCalendar looks for a text that panics, is refused without a code, or reads
// as one date and is written as another, in whatever zone.
func FuzzCalendar(f *testing.F) {
	for _, text := range []string{
		"2026-01-01T00:00:00+08:00", "2026-01-01T00:00:00.123456Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "0000-01-01T00:00:00+14:00",
		"2026-02-29", "2024-02-29", "0000-01-01", "9999-12-31", "2026-01", "0000-01", "9999-12", "UTC+8", "UTC-12", "UTC", "2026-01-01T24:00:00Z",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		zone, err := calendar.ParseZone(text)
		checkRefusal(t, text, err)
		if again, err := calendar.ParseZone(zone.String()); err != nil || again != zone {
			t.Fatalf("%q is %s, and that is %s, %v", text, zone, again, err)
		}
		for _, z := range []calendar.Zone{zone, mustZone(t, "UTC+14"), mustZone(t, "UTC-12")} {
			checkInstant(t, text, z)
			checkDay(t, text, z)
			checkMonth(t, text, z)
		}
	})
}

func checkRefusal(t *testing.T, text string, err error) {
	t.Helper()
	if err != nil && refusal.CodeOf(err) != refusal.BadInput {
		t.Fatalf("%q: %v", text, err)
	}
}

func checkInstant(t *testing.T, text string, zone calendar.Zone) {
	t.Helper()
	at, err := calendar.ParseInstant(text)
	checkRefusal(t, text, err)
	if err != nil {
		return
	}
	for _, written := range []string{at.String(), zone.Format(at)} {
		if again, err := calendar.ParseInstant(written); err != nil || again != at {
			t.Fatalf("%q is written %s, and that is %s, %v", text, written, again, err)
		}
	}
	if day := zone.Day(at); at < zone.Start(day) || at >= zone.Start(day+1) {
		t.Fatalf("%q is not in its day %s", text, day)
	}
	if hour := calendar.HourOf(at); at < hour.Start() || at >= hour.End() {
		t.Fatalf("%q is not in its hour", text)
	}
}

func checkDay(t *testing.T, text string, zone calendar.Zone) {
	t.Helper()
	day, err := calendar.ParseDay(text)
	checkRefusal(t, text, err)
	if err != nil {
		return
	}
	if again, err := calendar.ParseDay(day.String()); err != nil || again != day || day.String() != text {
		t.Fatalf("%q is %s, and that is %s, %v", text, day, again, err)
	}
	if zone.Day(zone.Start(day)) != day || zone.Day(zone.Start(day)-1) != day-1 {
		t.Fatalf("%q does not begin where it begins", text)
	}
	if month := day.Month(); day < month.First() || day >= (month+1).First() {
		t.Fatalf("%q is not in its month %s", text, month)
	}
}

func checkMonth(t *testing.T, text string, zone calendar.Zone) {
	t.Helper()
	month, err := calendar.ParseMonth(text)
	checkRefusal(t, text, err)
	if err != nil {
		return
	}
	if again, err := calendar.ParseMonth(month.String()); err != nil || again != month || month.String() != text {
		t.Fatalf("%q is %s, and that is %s, %v", text, month, again, err)
	}
	from, to := zone.MonthBounds(month)
	if zone.Month(from) != month || zone.Month(to-1) != month || zone.Month(to) == month {
		t.Fatalf("%q does not reach from %s to %s", text, from, to)
	}
}

// FuzzWorkingDays holds the n-th working day of any month under any table against
// counting: in a year that is announced there is such a day or none.
func FuzzWorkingDays(f *testing.F) {
	f.Add(2026, 1, 5, uint64(0b111), uint8(4))
	f.Add(2024, 2, 20, uint64(0), uint8(0))
	f.Add(2026, 12, -3, ^uint64(0), uint8(31))
	f.Fuzz(func(t *testing.T, year, month, n int, off uint64, madeUp uint8) {
		first, err := calendar.DateOf(year, month, 1)
		if err != nil || year < 1 || year > 9998 {
			return
		}
		var holidays []calendar.Day
		for i := range first.Month().Days() {
			if off&(1<<i) != 0 {
				holidays = append(holidays, first+calendar.Day(i))
			}
		}
		days, err := calendar.NewWorkingDays([]int{year}, holidays, []calendar.Day{first + calendar.Day(madeUp)})
		if err != nil {
			checkRefusal(t, "a table", err)
			return
		}
		nth, err := days.Nth(first.Month(), n)
		count := 0
		for d := first; d < (first.Month()+1).First() && (err != nil || d <= nth); d++ {
			working, err := days.IsWorking(d)
			if err != nil {
				t.Fatal(err)
			}
			if working {
				count++
			}
		}
		if err == nil && count != n || err != nil && n >= 1 && count >= n {
			t.Fatalf("working day %d of %s is %s, %v; %d were counted", n, first.Month(), nth, err, count)
		}
		if _, err := days.IsWorking(first.Month().First() - 400); refusal.CodeOf(err) != refusal.TermMissing {
			t.Fatalf("a year that is not announced: %v", err)
		}
	})
}

// TestInstantsThatCannotBeWrittenAnew: an instant whose year another zone could
// not write is refused.
func TestInstantsThatCannotBeWrittenAnew(t *testing.T) {
	for text, code := range map[string]refusal.Code{
		"0001-01-02T00:00:00Z":             "",
		"9999-12-30T23:59:59.999999Z":      "",
		"0001-01-01T23:59:59.999999Z":      refusal.BadInput,
		"9999-12-31T00:00:00Z":             refusal.BadInput,
		"0000-01-01T00:00:00Z":             refusal.BadInput,
		"9999-12-31T23:59:59+14:00":        refusal.BadInput,
		"9999-12-31T07:59:59.999999+08:00": "",
	} {
		if _, err := calendar.ParseInstant(text); refusal.CodeOf(err) != code {
			t.Errorf("%s: %v, want code %q", text, err, code)
		}
	}
}
