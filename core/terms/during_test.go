package terms_test

import (
	"testing"

	"pgregory.net/rapid"

	"termwise.dev/core/calendar"
	"termwise.dev/core/terms"
)

// TestDuring asks which versions bind when the third version of g is tried from
// February to the end of April, during which its second took effect.
func TestDuring(t *testing.T) {
	dated := func(version, effective string) text {
		x := general
		x.version, x.effective = version, effective
		return x
	}
	tried := dated("v3", "2026-01-01")
	fresh := text{id: "new", code: "N", kind: "special", by: "publication", effective: "2026-01-01"}
	from, to := day("2025-02-01"), day("2025-05-01")
	c := corpus(t, dated("v1", "2025-01-01"), dated("v2", "2025-03-01"), dated("v4", "2025-06-01"), page)
	what := c.During(from, to, []*terms.Document{tried.parse(t), fresh.parse(t)})
	for _, tt := range []struct {
		at    calendar.Instant
		want  string
		until calendar.Instant
	}{
		{day("2025-01-31"), "g v1, page v1", from},
		{from - 1, "g v1, page v1", from},
		{from, "g v3, new v1, page v1", to + 1},
		{day("2025-03-15"), "g v3, new v1, page v1", to + 1},
		{to, "g v3, new v1, page v1", to + 1},
		{to + 1, "g v2, page v1", day("2025-06-01")},
		{day("2025-06-01"), "g v4, page v1", calendar.EndOfTime},
	} {
		s, err := what.Bind(customerOf(accepts("2025-01-01", "g")), tt.at, day("2030-01-01"))
		if err != nil {
			t.Fatal(err)
		}
		if got := versions(s); got != tt.want || s.Until() != tt.until {
			t.Errorf("at %s: %s until %s, want %s until %s", tt.at, got, s.Until(), tt.want, tt.until)
		}
	}
	if s, err := c.Bind(customerOf(accepts("2025-01-01", "g")), day("2025-03-15"), day("2030-01-01")); err != nil || versions(s) != "g v2, page v1" {
		t.Errorf("the corpus itself has changed: %v, %v", s, err)
	}
}

// TestDuringOutside: before and after the span nothing is different, whatever was
// published when, as known at any time, also for who has left the document; and
// within it nothing for who had left by its first instant.
func TestDuringOutside(t *testing.T) {
	tried := general.parse(t)
	rapid.Check(t, func(rt *rapid.T) {
		month := func(name string) calendar.Instant {
			return day("2025-01-01").Add(calendar.Duration(rapid.IntRange(0, 12).Draw(rt, name)) * 30 * calendar.DayLength)
		}
		var all []terms.Published
		for i := range rapid.IntRange(1, 5).Draw(rt, "versions") {
			x := general
			x.version = string(rune('a' + i))
			x.effective = zone.Day(month("effective")).String()
			all = append(all, terms.Published{Document: x.parse(t), Recorded: month("recorded").Add(calendar.Duration(i))})
		}
		c, err := terms.NewCorpus(append(all, published(t, page)...))
		if err != nil {
			rt.Fatal(err)
		}
		from := month("from")
		to := max(from+1, month("to"))
		what := c.During(from, to, []*terms.Document{tried})
		at, known := month("at").Add(calendar.Duration(rapid.IntRange(-1, 1).Draw(rt, "nudge"))), month("known")
		s := customerOf(accepts("2024-12-01", "g"))
		left := month("left").Add(calendar.Duration(rapid.IntRange(-1, 1).Draw(rt, "nudge of left")))
		if rapid.Bool().Draw(rt, "leaves") {
			s.Left = []terms.Departure{{Document: "g", At: left, Recorded: month("left recorded")}}
		}
		had := len(s.Left) > 0 && s.Left[0].Recorded <= known && left <= from
		want, refused := c.Bind(s, at, known)
		got, err := what.Bind(s, at, known)
		if from <= at && at <= to && !had {
			if err != nil || versions(got) != "g v1, page v1" {
				rt.Fatalf("within: %v", err)
			}
			return
		}
		if (err == nil) != (refused == nil) || err == nil && (versions(got) != versions(want) || got.Hash() != want.Hash()) {
			rt.Fatalf("at %s known %s: %v and %v", at, known, refused, err)
		}
	})
}

// customerOf is account a that uses product p.
func customerOf(accepted []terms.Acceptance) terms.Subject {
	return terms.Subject{Account: "a", Accepted: accepted, Product: "p"}
}
