package terms_test

import (
	"slices"
	"strings"
	"testing"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// TestEveryKeyHasAnArea: a reader finds each key under what it is about.
func TestEveryKeyHasAnArea(t *testing.T) {
	used := map[string]bool{}
	for _, k := range terms.Keys() {
		area := terms.Area(k.Name)
		if !slices.Contains(terms.Areas(), area) {
			t.Errorf("%s has no area; add the first part of its name to one in all.go", k.Name)
		}
		used[area] = true
	}
	for _, area := range terms.Areas() {
		if !used[area] {
			t.Errorf("no key is about %q", area)
		}
	}
	if terms.Area("nonsense.key") != "" {
		t.Error("what is no key has an area")
	}
}

// withWaiting adds a clause with a term that no code reads yet, and binds account a
// for a product.
func withWaiting(t *testing.T, product string, term string) *terms.Set {
	t.Helper()
	source := general.source() + "  - {id: '9', text: Words., waits_for: sla, terms: {" + term + "}}\n"
	d, err := terms.Parse("g.yaml", []byte(source), zone)
	if err != nil {
		t.Fatal(err)
	}
	c, err := terms.NewCorpus(append(published(t, page.with("price.cpu", "1 CNY per vCPU·hour")), terms.Published{Document: d, Recorded: day("2024-12-01")}))
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Bind(terms.Subject{Account: "a", Accepted: accepts("2025-01-01", "g"), Product: product}, day("2025-06-01"), day("2030-01-01"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAskable: a family is asked for by its members, those that are set and
// those that the product has.
func TestAskable(t *testing.T) {
	names := func(s *terms.Set) (all []string) {
		for _, k := range s.Askable() {
			all = append(all, k.Name)
		}
		return all
	}
	with, without := names(withWaiting(t, "p", "addon.default.monitoring: provided")), names(withWaiting(t, "", "addon.default.monitoring: provided"))
	if !slices.Contains(with, "price.cpu") || slices.Contains(without, "price.cpu") || !slices.Contains(without, "addon.default.monitoring") {
		t.Errorf("with the product %v, without %v", with, without)
	}
	if strings.Contains(strings.Join(with, " "), "<") || len(slices.Compact(slices.Sorted(slices.Values(with)))) != len(with) {
		t.Errorf("a family itself, or a key twice: %v", with)
	}
}

// TestCheckDays: working days are counted only in years whose table is announced.
func TestCheckDays(t *testing.T) {
	w, err := calendar.NewWorkingDays([]int{2026}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := withWaiting(t, "p", "assignment.notice: 5 working days, sla.claim.opens_after: 5 working days, late_fee.rate: 0.05%/day")
	for _, tt := range []struct {
		key, from string
		code      refusal.Code
	}{
		{"sla.claim.opens_after", "2026-12-01", ""},
		{"sla.claim.opens_after", "2026-12-29", refusal.TermMissing}, // the fifth lies in 2027
		{"assignment.notice", "2027-03-01", refusal.TermMissing},
		{"late_fee.rate", "2027-03-01", ""},
	} {
		from, _ := calendar.ParseDay(tt.from)
		err := s.CheckDays(tt.key, from, w)
		if refusal.CodeOf(err) != tt.code {
			t.Errorf("%s from %s: %v", tt.key, tt.from, err)
		}
		if err != nil && !strings.Contains(err.Error(), "5 working days") {
			t.Errorf("the refusal does not say what cannot be counted: %v", err)
		}
	}
}
