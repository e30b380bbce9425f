package terms_test

import (
	"testing"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// TestLastBound asks which versions bound account a for product p last. The page
// binds from 1 March to 14 June, is away for a fortnight, and comes back for July.
func TestLastBound(t *testing.T) {
	first := page
	first.effective, first.until = "2025-03-01", "2025-06-14"
	back := page
	back.version, back.effective, back.until = "v2", "2025-07-01", "2025-07-31"
	c := corpus(t, general, first, back)
	tests := []struct {
		name, at, want  string
		when, until     calendar.Instant
		accepted, known string
	}{
		{"while it binds", "2025-04-01", "g v1, page v1", day("2025-04-01"), day("2025-06-15"), "2025-01-01", "2030-01-01"},
		{"the instant it ends", "2025-06-15", "g v1, page v1", day("2025-06-15") - 1, day("2025-07-01"), "2025-01-01", "2030-01-01"},
		{"in between", "2025-06-20", "g v1, page v1", day("2025-06-15") - 1, day("2025-07-01"), "2025-01-01", "2030-01-01"},
		{"back again", "2025-07-01", "g v1, page v2", day("2025-07-01"), day("2025-08-01"), "2025-01-01", "2030-01-01"},
		{"ended for good", "2027-01-01", "g v1, page v2", day("2025-08-01") - 1, calendar.EndOfTime, "2025-01-01", "2030-01-01"},
		{"accepted in between", "2025-08-20", "g v1, page v2", day("2025-08-01") - 1, calendar.EndOfTime, "2025-06-20", "2030-01-01"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := terms.Subject{Account: "a", Accepted: accepts(tt.accepted, "g"), Product: "p"}
			set, when, err := c.LastBound(s, day(tt.at), day(tt.known))
			if err != nil {
				t.Fatal(err)
			}
			if got := versions(set); got != tt.want || when != tt.when || set.Until() != tt.until {
				t.Errorf("got %s at %s until %s; want %s at %s until %s", got, when, set.Until(), tt.want, tt.when, tt.until)
			}
		})
	}
}

// TestLastBoundIsTheBoundOne: what is told of a Set that ended is told of the Set
// that bound, by the same hash.
func TestLastBoundIsTheBoundOne(t *testing.T) {
	ended := page.with("price.cpu", "0.09 CNY per vCPU·hour")
	ended.until = "2025-06-30"
	c := corpus(t, general, ended)
	last, _, err := c.LastBound(terms.Subject{Account: "a", Accepted: accepts("2025-01-01", "g"), Product: "p"}, day("2026-01-01"), day("2026-01-01"))
	if err != nil {
		t.Fatal(err)
	}
	if last.Hash() != bound(t, c, "g").Hash() {
		t.Error("another hash")
	}
	if v, err := terms.GetIn(last, terms.PriceOf, "cpu"); v.V.Amount != 900_000_000 || err != nil {
		t.Errorf("%v %v", v, err)
	}
}

func TestLastBoundRefuses(t *testing.T) {
	c := corpus(t, general, page)
	tests := []struct {
		name     string
		product  string
		accepted []terms.Acceptance
		known    string
		code     refusal.Code
	}{
		{"nothing was ever accepted", "p", nil, "2030-01-01", refusal.NotAccepted},
		{"accepted later", "p", accepts("2026-01-01", "g"), "2030-01-01", refusal.NotAccepted},
		{"no such product", "q", accepts("2025-01-01", "g"), "2030-01-01", refusal.UnknownProduct},
		{"known before anything was published", "p", accepts("2025-01-01", "g"), "2024-11-30", refusal.UnknownProduct},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, when, err := c.LastBound(terms.Subject{Account: "a", Accepted: tt.accepted, Product: tt.product}, day("2025-06-15"), day(tt.known))
			wantRefusal(t, err, tt.code)
			if set != nil || when != 0 {
				t.Errorf("and gives %v at %s", set, when)
			}
		})
	}
}

// TestLastMetering: the page meters cpu until a version that binds from June
// replaces it by disk.
func TestLastMetering(t *testing.T) {
	disk := page
	disk.version, disk.effective, disk.meter = "v2", "2025-06-01", "disk"
	c := corpus(t, general, page, disk)
	s := terms.Subject{Account: "a", Accepted: accepts("2025-01-01", "g"), Product: "p"}
	tests := []struct {
		meter, at, want string
		when            calendar.Instant
	}{
		{"cpu", "2025-05-31", "g v1, page v1", day("2025-05-31")},
		{"cpu", "2025-06-01", "g v1, page v1", day("2025-06-01") - 1},
		{"cpu", "2026-06-01", "g v1, page v1", day("2025-06-01") - 1},
		{"disk", "2026-06-01", "g v1, page v2", day("2026-06-01")},
	}
	for _, tt := range tests {
		set, when, err := c.LastMetering(s, tt.meter, day(tt.at), day("2030-01-01"))
		if err != nil {
			t.Errorf("%s at %s: %v", tt.meter, tt.at, err)
			continue
		}
		if got := versions(set); got != tt.want || when != tt.when {
			t.Errorf("%s at %s: got %s at %s, want %s at %s", tt.meter, tt.at, got, when, tt.want, tt.when)
		}
	}
	_, _, err := c.LastMetering(s, "disk", day("2025-05-31"), day("2030-01-01"))
	wantRefusal(t, err, refusal.UnknownMeter, `"disk"`)
	s.Product = ""
	_, _, err = c.LastMetering(s, "cpu", day("2025-05-31"), day("2030-01-01"))
	wantRefusal(t, err, refusal.UnknownMeter)
	s.Accepted = nil
	_, _, err = c.LastMetering(s, "cpu", day("2025-05-31"), day("2030-01-01"))
	wantRefusal(t, err, refusal.NotAccepted)
}
