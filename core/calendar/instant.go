package calendar

import (
	"time"

	"termwise.dev/core/refusal"
)

// Instant is a point in time in microseconds since 1970-01-01T00:00:00Z.
// Zero means "none".
type Instant int64

// Duration is a length of time in microseconds.
type Duration int64

// Lengths of time.
const (
	Second      Duration = 1_000_000
	Minute               = 60 * Second
	HourLength           = 60 * Minute
	DayLength            = 24 * HourLength
	EndOfTime   Instant  = 1<<63 - 1 // later than anything that happens
	instantForm          = "2006-01-02T15:04:05.999999Z07:00"
)

// FromTime converts a time, dropping what is finer than a microsecond.
func FromTime(t time.Time) Instant { return Instant(t.UnixMicro()) }

// The instants that RFC 3339 can write in every zone: those of the years 1 to
// 9999, less their first and last day.
const (
	firstWritable Instant = -719_161 * Instant(DayLength)
	lastWritable  Instant = 2_932_896*Instant(DayLength) - 1
)

// ParseInstant reads RFC 3339, for example "2026-01-01T00:00:00+08:00". It refuses
// what could not be written again in another zone: before 0001-01-02 or after
// 9999-12-30 in UTC.
func ParseInstant(s string) (Instant, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return 0, refusal.New(refusal.BadInput, "%q is not an instant", s).
			Do("write it as 2026-01-01T00:00:00+08:00")
	}
	at := FromTime(t)
	if at < firstWritable || at > lastWritable {
		return 0, refusal.New(refusal.BadInput, "%q lies outside the years that every zone can write", s).
			Do("give an instant from 0001-01-02 to 9999-12-30")
	}
	return at, nil
}

// String gives RFC 3339 in UTC; use Zone.Format for people.
func (t Instant) String() string { return time.UnixMicro(int64(t)).UTC().Format(instantForm) }

// Add returns the instant d later. Nothing comes after EndOfTime, so a sum
// beyond it is EndOfTime.
func (t Instant) Add(d Duration) Instant {
	sum := t + Instant(d)
	if d > 0 && sum < t {
		return EndOfTime
	}
	return sum
}

// Sub returns how much later t is than u.
func (t Instant) Sub(u Instant) Duration { return Duration(t - u) }

// Hour is a clock hour: the number of whole hours since the epoch. Zones here
// have whole-hour offsets, so clock hours are the same everywhere.
type Hour int64

// HourOf returns the clock hour that holds t.
func HourOf(t Instant) Hour { return Hour(floorDiv(int64(t), int64(HourLength))) }

// Start returns the hour's first instant; its end is the next hour's start.
func (h Hour) Start() Instant { return Instant(int64(h) * int64(HourLength)) }

// End returns the first instant after the hour.
func (h Hour) End() Instant { return (h + 1).Start() }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
