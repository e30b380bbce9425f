package calendar_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

func TestParseInstant(t *testing.T) {
	tests := []struct {
		in   string
		want calendar.Instant
		text string
		code refusal.Code
	}{
		{in: "1970-01-01T00:00:00Z", want: 0, text: "1970-01-01T00:00:00Z"},
		{in: "2026-01-01T00:00:00+08:00", want: 1767196800_000000, text: "2025-12-31T16:00:00Z"},
		{in: "2026-01-01T00:00:00.000001Z", want: 1767225600_000001, text: "2026-01-01T00:00:00.000001Z"},
		{in: "2026-01-01T00:00:00.0000019Z", want: 1767225600_000001, text: "2026-01-01T00:00:00.000001Z"},
		{in: "1969-12-31T23:59:59.9999999Z", want: -1, text: "1969-12-31T23:59:59.999999Z"},
		{in: "2026-01-01", code: refusal.BadInput},
		{in: "2026-01-01T00:00:00", code: refusal.BadInput},
		{in: "2026-02-29T00:00:00Z", code: refusal.BadInput},
		{in: "2026-01-01T24:00:00Z", code: refusal.BadInput},
		{in: "", code: refusal.BadInput},
	}
	for _, tt := range tests {
		got, err := calendar.ParseInstant(tt.in)
		if code := refusal.CodeOf(err); code != tt.code {
			t.Errorf("ParseInstant(%q): error %v, want code %q", tt.in, err, tt.code)
		}
		if err == nil && (got != tt.want || got.String() != tt.text) {
			t.Errorf("ParseInstant(%q) = %d (%s), want %d (%s)", tt.in, int64(got), got, int64(tt.want), tt.text)
		}
	}
}

func TestInstantTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawInstant(t)
		for _, text := range []string{want.String(), drawZone(t).Format(want)} {
			if got, err := calendar.ParseInstant(text); err != nil || got != want {
				t.Fatalf("%d became %q and came back as %d, %v", int64(want), text, int64(got), err)
			}
		}
	})
}

// Nothing is later than EndOfTime, and adding to it does not wrap into the past.
func TestAddStopsAtTheEndOfTime(t *testing.T) {
	tests := []struct {
		at   calendar.Instant
		add  calendar.Duration
		want calendar.Instant
	}{
		{calendar.EndOfTime, calendar.DayLength, calendar.EndOfTime},
		{calendar.EndOfTime - 1, 1, calendar.EndOfTime},
		{calendar.EndOfTime - 1, 2, calendar.EndOfTime},
		{calendar.EndOfTime, -1, calendar.EndOfTime - 1},
		{0, -1, -1},
		{-5, 5, 0},
	}
	for _, tt := range tests {
		if got := tt.at.Add(tt.add); got != tt.want {
			t.Errorf("%d + %d = %d, want %d", int64(tt.at), int64(tt.add), int64(got), int64(tt.want))
		}
	}
}

func TestAddAndSubInvert(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawInstant(t), drawInstant(t)
		if got := b.Add(a.Sub(b)); got != a {
			t.Fatalf("%s + (%s - %s) = %s", b, a, b, got)
		}
	})
}

// Each instant lies in exactly one clock hour, before and after the epoch.
func TestHourHoldsItsInstant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := drawInstant(t)
		h := calendar.HourOf(at)
		if at < h.Start() || at >= h.End() || h.End().Sub(h.Start()) != calendar.HourLength {
			t.Fatalf("%s is not in [%s, %s)", at, h.Start(), h.End())
		}
		if calendar.HourOf(h.Start()) != h || calendar.HourOf(h.End()) != h+1 || calendar.HourOf(h.Start()-1) != h-1 {
			t.Fatalf("the edges of hour %d belong to other hours", h)
		}
	})
}

func TestFromTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := drawInstant(t)
		fraction := time.Duration(rapid.IntRange(0, 999).Draw(t, "nanoseconds"))
		if got := calendar.FromTime(time.UnixMicro(int64(at)).Add(fraction)); got != at {
			t.Fatalf("%d and %s became %d", int64(at), fraction, int64(got))
		}
	})
}

// drawInstant draws instants of the years 1 to 9999, which RFC 3339 can write
// in every zone.
func drawInstant(t *rapid.T) calendar.Instant {
	const day = int64(calendar.DayLength)
	first, last := -719_161*day, 2_932_895*day
	near := rapid.Int64Range(-3*day, 3*day)
	return calendar.Instant(rapid.OneOf(rapid.Int64Range(first, last), near).Draw(t, "instant"))
}

func TestEndOfTimeIsTheLargest(t *testing.T) {
	if calendar.EndOfTime != math.MaxInt64 {
		t.Errorf("EndOfTime is %d", int64(calendar.EndOfTime))
	}
}
