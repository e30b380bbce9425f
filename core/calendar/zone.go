package calendar

import (
	"fmt"
	"time"

	"termwise.dev/core/canary"
	"termwise.dev/core/refusal"
)

// Zone is the provider's zone: a fixed offset from UTC in whole hours.
type Zone struct{ hours int }

// ParseZone reads "UTC+8", "UTC-5" or "UTC".
func ParseZone(s string) (Zone, error) {
	if s == "UTC" {
		return Zone{}, nil
	}
	var hours int
	if n, err := fmt.Sscanf(s, "UTC%d", &hours); n != 1 || err != nil || hours < -12 || hours > 14 || s != fmt.Sprintf("UTC%+d", hours) {
		return Zone{}, refusal.New(refusal.BadInput, "%q is not a zone", s).Do("write UTC+8, with whole hours from -12 to +14")
	}
	return Zone{hours: hours}, nil
}

// String gives "UTC+8".
func (z Zone) String() string {
	if z.hours == 0 {
		return "UTC"
	}
	return fmt.Sprintf("UTC%+d", z.hours)
}

func (z Zone) offset() Duration {
	if canary.On(canary.DaysOfUTC) {
		return 0
	}
	return Duration(z.hours) * HourLength
}

// Format gives RFC 3339 with the zone's offset, for people.
func (z Zone) Format(t Instant) string {
	return time.UnixMicro(int64(t)).In(time.FixedZone(z.String(), z.hours*3600)).Format(instantForm)
}

// Day returns the legal day that holds t.
func (z Zone) Day(t Instant) Day { return Day(floorDiv(int64(t.Add(z.offset())), int64(DayLength))) }

// Start returns the first instant of a legal day.
func (z Zone) Start(d Day) Instant { return Instant(int64(d) * int64(DayLength)).Add(-z.offset()) }

// Month returns the legal month that holds t.
func (z Zone) Month(t Instant) Month { return z.Day(t).Month() }

// MonthBounds returns the first instant of a month and of the next one.
func (z Zone) MonthBounds(m Month) (from, to Instant) {
	if canary.On(canary.ShortMonth) {
		return z.Start(m.First()), z.Start((m + 1).First() - 1)
	}
	return z.Start(m.First()), z.Start((m + 1).First())
}

// Day is a legal day: the number of days since 1970-01-01.
type Day int32

// DateOf makes a Day; an impossible date such as 30 February is refused.
func DateOf(year, month, day int) (Day, error) {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if t.Year() != year || int(t.Month()) != month || t.Day() != day {
		return 0, refusal.New(refusal.BadInput, "%04d-%02d-%02d is not a date", year, month, day).Do("use a date that exists")
	}
	return Day(floorDiv(t.Unix(), 86400)), nil
}

// ParseDay reads "2026-01-31".
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, refusal.New(refusal.BadInput, "%q is not a date", s).Do("write it as 2026-01-31")
	}
	return Day(floorDiv(t.Unix(), 86400)), nil
}

func (d Day) time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String gives "2026-01-31".
func (d Day) String() string { return d.time().Format(time.DateOnly) }

// Weekday returns the day of the week.
func (d Day) Weekday() time.Weekday { return d.time().Weekday() }

// Month returns the day's month.
func (d Day) Month() Month {
	t := d.time()
	return Month(t.Year()*12 + int(t.Month()) - 1)
}

// AddMonths returns the same day of the month n months on, or the last day of
// that month when it is shorter.
func (d Day) AddMonths(n int) Day {
	m := d.Month()
	offset := d - m.First()
	target := m + Month(n)
	return target.First() + min(offset, Day(target.Days()-1))
}

// Month is a legal month: year × 12 + month − 1.
type Month int32

// ParseMonth reads "2026-01".
func ParseMonth(s string) (Month, error) {
	t, err := time.Parse("2006-01", s)
	if err != nil {
		return 0, refusal.New(refusal.BadInput, "%q is not a month", s).Do("write it as 2026-01")
	}
	return Month(t.Year()*12 + int(t.Month()) - 1), nil
}

// String gives "2026-01".
func (m Month) String() string { return fmt.Sprintf("%04d-%02d", int(m)/12, int(m)%12+1) }

// First returns the month's first day.
func (m Month) First() Day {
	t := time.Date(int(m)/12, time.Month(int(m)%12+1), 1, 0, 0, 0, 0, time.UTC)
	return Day(floorDiv(t.Unix(), 86400))
}

// Days returns the number of days in the month.
func (m Month) Days() int { return int((m + 1).First() - m.First()) }

// MarshalText gives String.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// MarshalText gives String.
func (m Month) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads "2026-01-31".
func (d *Day) UnmarshalText(b []byte) (err error) { *d, err = ParseDay(string(b)); return err }

// UnmarshalText reads "2026-01".
func (m *Month) UnmarshalText(b []byte) (err error) { *m, err = ParseMonth(string(b)); return err }
