package terms_test

import (
	"testing"

	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// TestADocumentThatIsNewToTheAccount: one that binds by publication changes what
// was settled, or it does not. Where it does, the notice of a change is owed, as if
// the agreement itself were changed; and it may not reach back.
func TestADocumentThatIsNewToTheAccount(t *testing.T) {
	priced := page.with("price.cpu", "1 CNY per vCPU·hour")
	fee := general.with("late_fee.rate", "0.05%/day").with("change.notice", "30 days")
	added := func(key, value, effective string) *terms.Document {
		x := text{id: "extra", code: "X", kind: "page", binds: "{products: [p]}", precedence: "[self, page, general]", announced: "2025-04-01", effective: effective, terms: map[string]string{key: value}}
		return x.parse(t)
	}
	const agreement, service = terms.AgreementChange, terms.ServiceChange
	for name, tt := range map[string]struct {
		key, value, effective string
		kind                  terms.ChangeKind // "" where nothing is owed
		refused               string
	}{
		"another value tomorrow":   {"late_fee.rate", "9%/day", "2025-05-02", agreement, "G 1 (g v1) wants 30 days"},
		"a month ago":              {"late_fee.rate", "9%/day", "2025-04-01", agreement, "let it take effect on 2025-05-31 or later"},
		"30 days later":            {"late_fee.rate", "9%/day", "2025-05-31", agreement, ""},
		"the same value":           {"late_fee.rate", "0.05%/day", "2025-05-02", "", ""},
		"what silence had settled": {"suspend.after", "24 hours", "2025-05-01", service, "prior is before it takes effect"},
		"a price tomorrow":         {"price.cpu", "9 CNY per vCPU·hour", "2025-05-02", service, ""}, // any notice before will do
		"a price at once":          {"price.cpu", "9 CNY per vCPU·hour", "2025-05-01", service, "prior is before it takes effect"},
		"what nothing had settled": {"resume.requires", "principal", "2025-05-01", "", ""},
	} {
		s, owed, err := owedOf(t, added(tt.key, tt.value, tt.effective), "2025-05-01", standing("g"), fee, priced)
		if err != nil || (len(owed) > 0) != (tt.kind != "") || len(owed) > 0 && owed[0].Kind != tt.kind {
			t.Errorf("%s: %+v %v", name, owed, err)
			continue
		}
		warnings, err := s.Check(owed, zone, nil)
		if len(warnings) > 0 {
			t.Errorf("%s: only warns %v", name, warnings)
		}
		switch {
		case tt.refused != "":
			wantRefusal(t, err, refusal.NoticeTooShort, tt.refused)
		case err != nil:
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWhatMayReachBack: a reading of the agreements, and a contract that its
// parties signed. Who falls short is warned, once however many are owed.
func TestWhatMayReachBack(t *testing.T) {
	fee := general.with("change.notice", "30 days").with("late_fee.rate", "0.05%/day")
	rate := map[string]string{"late_fee.rate": "0.01%/day"}
	for name, tt := range map[string]struct {
		x       text
		allowed bool
	}{
		"a reading":                          {text{kind: "rules", binds: "{}"}, true},
		"a contract that names its accounts": {text{kind: "stamped", binds: "{accounts: [a]}"}, true},
		"a contract that names nobody":       {text{kind: "stamped", binds: "{}"}, false},
		"special terms that name somebody":   {text{kind: "special", binds: "{accounts: [a]}"}, false},
	} {
		x := tt.x
		x.id, x.code, x.by, x.precedence, x.terms, x.effective = "x", "X", "publication", "[self, general]", rate, "2025-04-01"
		s, owed, err := owedOf(t, x.parse(t), "2025-05-01", standing("g"), fee, page)
		if err != nil || len(owed) != 1 {
			t.Errorf("%s: %+v %v", name, owed, err)
			continue
		}
		warnings, err := s.Check(append(owed, owed...), zone, nil)
		if tt.allowed != (err == nil) || tt.allowed != (len(warnings) == 1) {
			t.Errorf("%s: %v %v", name, warnings, err)
		}
	}
}

// TestOneInstantForPlanAndTelling: a version that reaches back concerns who is
// bound as it becomes known, also one who accepted after it says that it took effect.
func TestOneInstantForPlanAndTelling(t *testing.T) {
	fee := general.with("late_fee.rate", "0.05%/day").with("change.notice", "30 days")
	x := text{id: "x", code: "X", kind: "rules", by: "publication", precedence: "[self, general]", effective: "2025-04-01", terms: map[string]string{"late_fee.rate": "0.01%/day"}}
	c, err := terms.NewCorpus(append(published(t, fee, page), terms.Published{Document: x.parse(t), Recorded: day("2025-05-01")}))
	if err != nil {
		t.Fatal(err)
	}
	for accepted, want := range map[string]int{"2025-03-01": 1, "2025-04-15": 1, "2025-05-02": 0} {
		who := terms.Standing{Account: "a", Accepted: accepts(accepted, "g"), Accounts: 1}
		_, owed, err := c.Announced("x", "v1", who, day("2025-05-10"))
		if err != nil || len(owed) != want {
			t.Errorf("accepted on %s: %+v %v", accepted, owed, err)
		}
	}
}

// TestWhoComesBeforeTheEnd: whoever accepts while a version is in force that has an
// end is owed the notice of the end, and of nothing that was so before it came.
func TestWhoComesBeforeTheEnd(t *testing.T) {
	g := general.with("discontinuation.notice", "30 days")
	ending := second(page.with("price.cpu", "2 CNY per vCPU·hour"))
	ending.until = "2025-12-31"
	c, err := terms.NewCorpus(append(published(t, g, page.with("price.cpu", "1 CNY per vCPU·hour")), terms.Published{Document: ending.parse(t), Recorded: day("2025-05-01")}))
	if err != nil {
		t.Fatal(err)
	}
	for accepted, want := range map[string]int{"2025-05-15": 2, "2025-07-01": 1, "2026-02-01": 0} {
		who := terms.Standing{Account: "a", Accepted: accepts(accepted, "g"), Accounts: 1}
		_, owed, err := c.Announced("page", "v2", who, day(accepted))
		if err != nil || len(owed) != want || want > 0 && (owed[0].Kind != terms.Discontinuation || owed[0].At != day("2026-01-01")) {
			t.Errorf("accepted on %s: %+v %v", accepted, owed, err)
		}
	}
}

// TestSilenceIsAnAnswer: a document that says what going on means, and no way out,
// has none to lend from the others (S 14.2, U 14.2); a document that speaks of
// neither has.
func TestSilenceIsAnAnswer(t *testing.T) {
	way := text{id: "e", code: "E", kind: "special", by: "acceptance", binds: "{products: [p]}", terms: map[string]string{"change.exit": "[stop_using]", "change.dissent": "continued_use_accepts"}}
	for dissent, found := range map[string]bool{"continued_use_accepts": false, "": true} {
		g := general.with("late_fee.rate", "0.05%/day")
		if dissent != "" {
			g = g.with("change.dissent", dissent)
		}
		c := corpus(t, g, second(g.with("late_fee.rate", "0.06%/day")), way, page)
		l, err := c.Leaving("g", "v2", standing("g", "e"), day("2025-05-01"))
		if !found {
			wantRefusal(t, err, refusal.NoWayOut, "account a")
		} else if err != nil || l.Clause.Code != "E" {
			t.Errorf("%+v %v", l, err)
		}
	}
}

// TestWhatEndsEndsForAll: who does not consent to a tariff keeps the price that it
// had, and not the product beyond its end.
func TestWhatEndsEndsForAll(t *testing.T) {
	priced := page.with("price.cpu", "1 CNY per vCPU·hour")
	consent := general.with("tariff.change", "after_consultation")
	tariff := sourceOf(t, second(page.with("price.cpu", "2 CNY per vCPU·hour")), "by: publication", "by: publication\nchange: [tariff]")
	third := page.with("price.cpu", "2 CNY per vCPU·hour")
	third.version, third.effective = "v3", "2025-08-01"
	again := third
	again.version, again.effective = "v4", "2025-11-01"
	ending := func(edit, to string) []terms.Published {
		return append(published(t, consent, priced), terms.Published{Document: tariff, Recorded: day("2025-05-01")},
			terms.Published{Document: sourceOf(t, third, edit, to), Recorded: day("2025-05-02")})
	}
	bind := func(at string, all ...terms.Published) (*terms.Set, error) {
		c, err := terms.NewCorpus(all)
		if err != nil {
			t.Fatal(err)
		}
		return c.Bind(terms.Subject{Account: "a", Accepted: accepts("2025-01-01", "g"), Product: "p"}, day(at), day("2030-01-01"))
	}
	until := ending("effective: 2025-08-01", "effective: 2025-08-01\nuntil: 2025-08-31")
	named := ending("by: publication", "by: publication\nbinds: {accounts: [b]}")
	revived := append(until, terms.Published{Document: again.parse(t), Recorded: day("2025-05-03")})
	for name, tt := range map[string]struct {
		at    string
		all   []terms.Published
		bound bool
	}{
		"before the end":               {"2025-08-31", until, true},
		"after the end":                {"2025-09-01", until, false},
		"long after":                   {"2026-10-01", until, false},
		"before it is no longer bound": {"2025-07-31", named, true},
		"a version for other accounts": {"2025-08-01", named, false},
		"a later version that goes on": {"2025-11-01", revived, true},
		"but not between the two":      {"2025-10-31", revived, false},
	} {
		set, err := bind(tt.at, tt.all...)
		if (err == nil) != tt.bound {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && set.Document("page").Version != "v1" {
			t.Errorf("%s: bound by %s", name, set.Document("page").Version)
		}
	}
	if set, err := bind("2025-07-01", until...); err != nil || set.Until() != day("2025-09-01") {
		t.Errorf("it is bound until %s (%v)", set.Until(), err)
	}
}

// TestWhoseClauseSaysThatGoingOnAccepts: it is that of the version under which the
// account stands, not of the one that it comes to accept, and not of one that a version
// which was published later has come before.
func TestWhoseClauseSaysThatGoingOnAccepts(t *testing.T) {
	silent := general.with("late_fee.rate", "0.05%/day")
	says := silent.with("change.dissent", "continued_use_accepts")
	for name, tt := range map[string]struct {
		old, new text
		want     bool
	}{
		"both say so":           {says, second(says.with("late_fee.rate", "0.06%/day")), true},
		"the version before":    {says, second(silent.with("late_fee.rate", "0.06%/day")), true},
		"only the next version": {silent, second(says.with("late_fee.rate", "0.06%/day")), false},
		"neither":               {silent, second(silent.with("late_fee.rate", "0.06%/day")), false},
	} {
		c := corpus(t, tt.old, tt.new, page)
		s, err := c.Succession("g", "v2")
		if err != nil {
			t.Fatal(err)
		}
		if got := c.GoingOnAccepts(accepts("2025-01-01", "g"), s.New, day("2025-06-02"), day("2025-06-02")); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
		between := map[string]text{"says": says, "is silent": silent}
		for what, v := range between {
			late := second(v.with("late_fee.rate", "0.07%/day"))
			late.version, late.effective = "between", "2025-05-15"
			all := published(t, tt.old, tt.new, late, page)
			all[2].Recorded = day("2025-05-10")
			c, err := terms.NewCorpus(all)
			if err != nil {
				t.Fatal(err)
			}
			for known, want := range map[string]bool{"2025-06-02": what == "says", "2025-05-09": tt.want} {
				if got := c.GoingOnAccepts(accepts("2025-01-01", "g"), s.New, day("2025-06-02"), day(known)); got != want {
					t.Errorf("%s, and one between that %s, as known on %s: %v", name, what, known, got)
				}
			}
		}
	}
}
