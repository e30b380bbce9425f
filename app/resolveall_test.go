package app_test

import (
	"context"
	"strings"
	"testing"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// resolvedTerms gives every term of account c by its key.
func resolvedTerms(t *testing.T, a *app.App, product string) map[string]app.ResolvedTerm {
	t.Helper()
	r, err := a.ResolveAll(context.Background(), app.Question{Account: "c", Product: product})
	must(t, err)
	all := map[string]app.ResolvedTerm{}
	for _, area := range r.Areas {
		for _, x := range area.Terms {
			if _, twice := all[x.Key]; twice || terms.Area(x.Key) != area.Area {
				t.Errorf("%s is there twice or in the wrong place", x.Key)
			}
			all[x.Key] = x
		}
	}
	return all
}

// TestResolveAll: every key, what won, what lost and why, what silence means, and
// what nothing decides.
func TestResolveAll(t *testing.T) {
	a := customer(t, withDocuments(t, map[string]string{
		"agreements/x.yaml": small("extra-x", "XX", "special", "acceptance", "suspend.after: 48 hours"),
		"agreements/y.yaml": small("extra-y", "YY", "special", "acceptance", "usage.future_limit: 2 days"),
		"agreements/z.yaml": small("extra-z", "ZZ", "special", "acceptance", "usage.future_limit: 3 days"),
	}), "general-agreement", "extra-x", "extra-y", "extra-z")
	all := resolvedTerms(t, a, "compute-payg")
	for _, k := range terms.Keys() {
		if _, there := all[k.Name]; !there && !strings.Contains(k.Name, "<") {
			t.Errorf("%s is left out", k.Name)
		}
	}
	rate := all["late_fee.rate"]
	if rate.Status != app.TermSet || rate.Value != "0.05%/day" || rate.Cite != "G 2.3 (general-agreement 2025-06)" || rate.Title != "Late payment" || len(rate.Others) != 0 {
		t.Errorf("%+v", rate)
	}
	suspend := all["suspend.after"]
	if suspend.Value != "24 hours" || len(suspend.Others) != 1 || suspend.Others[0].Value != "48 hours" ||
		suspend.Others[0].Lost != "G 12.1 ranks page above special" || suspend.Others[0].DecidedBy != "G 12.1 (general-agreement 2025-06)" {
		t.Errorf("%+v", suspend)
	}
	if gpu := all["price.gpu"]; gpu.Status != app.TermSet || gpu.Cite != "P 1 (page-compute-payg 2025-06)" {
		t.Errorf("%+v", gpu)
	}
	if silent := all["set_off.after"]; silent.Status != app.TermSilent || silent.Value != "no set-off is agreed" || silent.Cite != "" || silent.WaitsFor != "set_off" {
		t.Errorf("%+v", silent)
	}
	if missing := all["invoice.vat"]; missing.Status != app.TermMissing || !strings.Contains(missing.Refusal, "no bound document sets invoice.vat") {
		t.Errorf("%+v", missing)
	}
	limit := all["usage.future_limit"]
	if limit.Status != app.TermUndecided || len(limit.Others) != 2 || !strings.Contains(limit.Refusal, "nothing decides between them") {
		t.Errorf("%+v", limit)
	}
	if _, there := resolvedTerms(t, a, "")["price.gpu"]; there {
		t.Error("the account as a whole has a price")
	}
}

// TestResolveOutsideTheDocuments: a date that no document covers is refused, by
// one term and by all of them.
func TestResolveOutsideTheDocuments(t *testing.T) {
	ctx := context.Background()
	clause := "  - { id: \"9\", title: T, text: T., waits_for: sla, terms: { sla.claim.opens_after: 5 working days } }\n"
	a := customer(t, withDocuments(t, map[string]string{
		"agreements/x.yaml": small("extra-x", "XX", "special", "acceptance", "usage.future_limit: 2 days") + clause,
	}), "general-agreement", "extra-x")
	for name, c := range map[string]struct {
		key, at, known string
		code           refusal.Code
		says           string
	}{
		"before all documents":      {"late_fee.rate", "2019-12-31T00:00:00+08:00", "", refusal.BadInput, "at: nothing was in force at 2019-12-31T00:00:00+08:00: the first document took effect at 2020-09-24T00:00:00+08:00"},
		"before anything was known": {"late_fee.rate", "", "2025-12-01T00:00:00+08:00", refusal.BadInput, "known: nothing was known here at 2025-12-01T00:00:00+08:00: the first document was published at 2026-01-01T00:00:00+08:00"},
		"a year without a calendar": {
			"sla.claim.opens_after", "2027-03-01T00:00:00+08:00", "", refusal.TermMissing,
			"sla.claim.opens_after is 5 working days by XX 9 (extra-x 1), which cannot be counted from 2027-03-01: the working days of 2027 are not announced; publish the year's table first",
		},
		"what needs no calendar": {"late_fee.rate", "2027-03-01T00:00:00+08:00", "", "", ""},
	} {
		var at, known calendar.Instant
		if c.at != "" {
			at = instant(c.at)
		}
		if c.known != "" {
			known = instant(c.known)
		}
		_, err := a.Resolve(ctx, app.Question{Key: c.key, Account: "c", Product: "compute-payg", At: at, Known: known})
		if refusal.CodeOf(err) != c.code || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		all, err := a.ResolveAll(ctx, app.Question{Account: "c", Product: "compute-payg", At: at, Known: known})
		switch {
		case c.code == refusal.BadInput:
			if refusal.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s, of all terms: %v", name, err)
			}
		case err != nil || c.says != "" && !strings.Contains(refusalOf(all, c.key), c.says):
			t.Errorf("%s, of all terms: %v, %q", name, err, refusalOf(all, c.key))
		}
	}
}

func refusalOf(r app.ResolvedTerms, key string) string {
	for _, area := range r.Areas {
		for _, x := range area.Terms {
			if x.Key == key {
				return x.Refusal
			}
		}
	}
	return ""
}
