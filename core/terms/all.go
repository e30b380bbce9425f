package terms

import (
	"errors"
	"slices"
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// areas are what keys are about, in the order in which a reader wants them, each
// with the first parts of its keys' names.
var areas = []struct {
	title string
	parts []string
}{
	{"Prices", []string{"price", "tariff"}},
	{"Usage", []string{"usage", "free_tier"}},
	{"Billing and payment", []string{"billing", "payment", "topup", "balance"}},
	{"Late fee", []string{"late_fee"}},
	{"Arrears, suspension and release", []string{"arrears", "suspend", "release", "resume", "set_off"}},
	{"Orders and opening", []string{"order", "prepaid", "opening", "addon", "licence"}},
	{"Term and renewal", []string{"term", "renewal"}},
	{"Packages, promotions and gifts", []string{"package", "promotion", "gifts"}},
	{"Contracts", []string{"contract", "publicity"}},
	{"End, refund and discontinuation", []string{"end", "agreement_end", "discontinuation"}},
	{"Acceptance and changes of the terms", []string{"acceptance", "change", "content_change", "spec_change", "invalid_clause", "waiver"}},
	{"Migration and assignment", []string{"migration", "assignment"}},
	{"Notices and contacts", []string{"notice", "contact"}},
	{"Conduct and measures", []string{"ban", "breach", "measures", "sublease", "penalty", "content", "complaint", "smtp", "permission"}},
	{"Data and its deletion", []string{"data"}},
	{"Disclosure and confidentiality", []string{"disclosure", "confidentiality"}},
	{"Liability and disputes", []string{"liability", "free", "indemnity", "outage", "dispute"}},
	{"Service levels", []string{"sla"}},
	{"Invoices", []string{"invoice"}},
	{"Support", []string{"support"}},
}

// Areas lists what keys are about, in the order in which a reader wants them.
func Areas() []string {
	titles := make([]string, len(areas))
	for i, a := range areas {
		titles[i] = a.title
	}
	return titles
}

// Area says what a key is about: one of Areas, or "" for what is no key.
func Area(key string) string {
	first, _, _ := strings.Cut(key, ".")
	for _, a := range areas {
		if slices.Contains(a.parts, first) {
			return a.title
		}
	}
	return ""
}

// Askable describes every key that can be asked of the Set, in the order of
// Keys. A family is replaced by its members: those that a bound document sets
// and, of prices, the meters of the product.
func (s *Set) Askable() []KeyInfo {
	var all []KeyInfo
	for _, k := range Keys() {
		prefix, _, isFamily := strings.Cut(k.Name, "<")
		if !isFamily {
			all = append(all, k)
			continue
		}
		for _, name := range s.members(prefix) {
			k.Name = name
			all = append(all, k)
		}
	}
	return all
}

// members lists the keys of a family, sorted.
func (s *Set) members(prefix string) []string {
	var names []string
	for key := range s.resolved {
		if def, err := define(key); err == nil && strings.HasPrefix(key, prefix) && strings.HasPrefix(def.Info().Name, prefix+"<") {
			names = append(names, key)
		}
	}
	if prefix == PriceOf.Key("") && s.product != nil {
		for _, m := range s.product.Meters {
			names = append(names, PriceOf.Key(m.Name))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// CheckDays refuses, with term_missing, a value that is counted in working days
// from a day of which it is not known which days those are. What is not resolved
// or not counted so is in order.
func (s *Set) CheckDays(key string, from calendar.Day, w *calendar.WorkingDays) error {
	r, set := s.resolved[key]
	if !set || r.err != nil {
		return nil
	}
	var period Period
	switch v := r.winner.term.value.(type) {
	case Period:
		period = v
	case Notice:
		period = v.Lead
	}
	if period.Unit != WorkingDay {
		return nil
	}
	var reason *refusal.Error
	if _, err := period.Through(from, FromDayAfter, w); errors.As(err, &reason) {
		return refusal.New(reason.Code, "%s is %s by %s, which cannot be counted from %s: %s",
			key, r.winner.term.Text, r.winner.citation().Long(), from, reason.Message).Do("%s", reason.Hint)
	}
	return nil
}
