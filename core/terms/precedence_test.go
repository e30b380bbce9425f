package terms_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// TestPrecedence sets one key in several documents and asks which of them is cited.
func TestPrecedence(t *testing.T) {
	rate := func(x text, value string) text { return x.with("late_fee.rate", value) }
	g := general
	g.precedence = "[page, special, general]" // G 12.1
	silentG := general
	gStamped := general
	gStamped.precedence = "[stamped, page, special, general]" // G 12.1 with 12.4
	s := text{id: "s", code: "S", by: "acceptance", precedence: "[page, [special, annex], general]"}
	s1 := text{id: "s", code: "S", by: "acceptance", precedence: "[special, page, general]"}
	e := text{id: "e", code: "E", kind: "special", by: "acceptance", binds: "{products: [p]}", precedence: "[stamped, self, page, general]"} // E 11.1
	plainE := text{id: "e", code: "E", kind: "special", by: "acceptance"}
	annex := text{id: "annex", code: "FA", kind: "annex", by: "acceptance"}
	frame := text{id: "f", code: "F", kind: "stamped", by: "acceptance", binds: "{accounts: [a]}", precedence: "[self, annex]"} // F 4
	yielding := text{id: "f", code: "F", kind: "stamped", by: "acceptance", binds: "{accounts: [a]}", precedence: "[page, self]"}
	plainStamped := text{id: "f", code: "F", kind: "stamped", by: "acceptance", binds: "{accounts: [a]}"}
	rules := text{id: "rules", code: "R", kind: "rules"}
	rulesFirst := general
	rulesFirst.precedence = "[rules, general]"

	deal := text{id: "deal", code: "D", kind: "special", by: "acceptance", binds: "{accounts: [a]}", precedence: "[page, e]"}
	oneLevel := text{id: "e", code: "E", kind: "special", by: "acceptance", binds: "{products: [p]}", precedence: "[[page, special]]"}

	tests := []struct {
		name      string
		texts     []text
		want      string // the clause cited, or "" for a conflict
		decidedBy string // the clause that ranks the loser below it
	}{
		{"pages beat the general agreement (G 12.1)", []text{rate(g, "1%/day"), rate(page, "2%/day")}, "P 1", "G 12"},
		{"special terms that say so beat pages (X3)", []text{g, rate(e, "1%/day"), rate(page, "2%/day")}, "E 1", "E 12"},
		{"special terms that are silent yield to pages (X4)", []text{g, rate(plainE, "1%/day"), rate(page, "2%/day")}, "P 1", "G 12"},
		{"special beats general only where declared", []text{silentG.with("late_fee.rate", "1%/day"), rate(plainE, "2%/day"), page}, "", ""},
		{"special beats general as declared", []text{rate(g, "1%/day"), rate(plainE, "2%/day"), page}, "E 1", "G 12"},
		{"one level ranks nothing", []text{s, rate(annex, "1%/day"), rate(plainE, "2%/day"), page}, "", ""},
		{"equally special declarers disagree (X27)", []text{g, s1, rate(plainE, "1%/day"), rate(page, "2%/day")}, "", ""},
		{"a more special declarer settles what they dispute", []text{g, s1, rate(e, "1%/day"), rate(page, "2%/day")}, "E 1", "E 12"},
		{"a deal with the account settles what products dispute", []text{g, deal, rate(e, "1%/day"), rate(page, "2%/day")}, "P 1", "D 12"},
		{"one level leaves it to less special declarers", []text{g, rate(oneLevel, "1%/day"), rate(page, "2%/day")}, "P 1", "G 12"},
		{"of equal values the higher ranked is cited", []text{rate(g, "1%/day"), rate(page, "1%/day")}, "P 1", "G 12"},
		{"stamped beats the page (G 12.4)", []text{gStamped, rate(plainStamped, "1%/day"), rate(page, "2%/day")}, "F 1", "G 12"},
		{"stamped beats special terms that put it first", []text{rate(e, "1%/day"), rate(plainStamped, "2%/day"), page}, "F 1", "E 12"},
		{"stamped beats kinds the list leaves out", []text{gStamped, rate(plainStamped, "1%/day"), rate(annex, "2%/day"), page}, "F 1", "G 12"},
		{"stamped without a declaration ranks nothing", []text{rate(silentG, "1%/day"), rate(plainStamped, "2%/day"), page}, "", ""},
		{"the main body beats its annex (F 4)", []text{silentG, rate(frame, "1%/day"), rate(annex, "2%/day"), page}, "F 1", "F 12"},
		{"a stamped contract may yield to the page", []text{gStamped, rate(yielding, "1%/day"), rate(page, "2%/day")}, "P 1", "F 12"},
		{"rules give way to agreements", []text{rate(silentG, "1%/day"), rate(rules, "2%/day"), page}, "G 1", ""},
		{"rules win where declared", []text{rate(rulesFirst, "1%/day"), rate(rules, "2%/day"), page}, "R 1", "G 12"},
		{"the winner must beat every other", []text{g, s, rate(plainE, "1%/day"), rate(annex, "2%/day"), rate(page, "3%/day")}, "P 1", "G 12"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := bound(t, corpus(t, tt.texts...), "g", "s", "e", "f", "deal", "annex")
			trace, err := set.Trace("late_fee.rate")
			got, getErr := terms.Get(set, terms.LateFeeRate)
			if tt.want == "" {
				wantRefusal(t, err, refusal.TermConflict, "%/day")
				wantRefusal(t, getErr, refusal.TermConflict)
				return
			}
			if err != nil || getErr != nil {
				t.Fatal(err, getErr)
			}
			if trace.Citation.String() != tt.want || got.Citation != trace.Citation {
				t.Errorf("cited %s, %s; want %s", trace.Citation, got.Citation, tt.want)
			}
			for _, c := range trace.Considered {
				if c.Lost == "" && c.Citation != trace.Citation {
					t.Errorf("%s lost without a reason", c.Citation)
				}
				if c.Lost != "" && len(trace.Considered) == 2 && c.DecidedBy.String() != tt.decidedBy {
					t.Errorf("%s lost by %q (%s), want %q", c.Citation, c.DecidedBy, c.Lost, tt.decidedBy)
				}
			}
		})
	}
}

func TestConflictCitesBoth(t *testing.T) {
	special := text{id: "e", code: "E", kind: "special", by: "acceptance"}.with("late_fee.rate", "0.3%/day")
	set := bound(t, corpus(t, general.with("late_fee.rate", "0.05%/day"), special, page), "g", "e")
	_, err := terms.Get(set, terms.LateFeeRate)
	wantRefusal(t, err, refusal.TermConflict, "G 1 (g v1)", "E 1 (e v1)", `"0.05%/day"`, `"0.3%/day"`, "precedence list")
	trace, _ := set.Trace("late_fee.rate")
	if len(trace.Considered) != 2 {
		t.Errorf("considered %v", trace.Considered)
	}
}

// TestConflictCitesTheStrongest: what something already beats is not worth settling.
func TestConflictCitesTheStrongest(t *testing.T) {
	g := general
	g.precedence = "[page, annex]"
	annex := text{id: "annex", code: "A", kind: "annex", binds: "{products: [p]}"}.with("late_fee.rate", "1%/day")
	special := text{id: "e", code: "E", kind: "special", binds: "{products: [p]}"}.with("late_fee.rate", "2%/day")
	set := bound(t, corpus(t, g, annex, special,
		page.with("late_fee.rate", "3%/day"), text{id: "z", code: "Z", by: "acceptance", precedence: "[page, special]"}), "g")
	_, err := terms.Get(set, terms.LateFeeRate)
	wantRefusal(t, err, refusal.TermConflict, "E 1 (e v1)", "P 1 (page v1)")
}

// TestConflictCitesWhatIsUndecided: the page goes before other special terms, and
// special terms of the first kind before the page; nothing decides between these
// two, and it is not the page that has to be ranked.
func TestConflictCitesWhatIsUndecided(t *testing.T) {
	g := general
	g.precedence = "[page, special, general]"
	first := text{id: "e", code: "E", kind: "special", by: "acceptance", binds: "{products: [p]}", precedence: "[self, page]"}.with("late_fee.rate", "2%/day")
	other := text{id: "x", code: "X", kind: "special", by: "acceptance"}.with("late_fee.rate", "1%/day")
	set := bound(t, corpus(t, g, page.with("late_fee.rate", "3%/day"), other, first), "g", "e", "x")
	_, err := terms.Get(set, terms.LateFeeRate)
	wantRefusal(t, err, refusal.TermConflict, "E 1 (e v1)", "X 1 (x v1)")
}

// TestTraceCites: a value rests on the clause that sets it and on the one that
// ranks it, and not on those that lost.
func TestTraceCites(t *testing.T) {
	g := general
	g.precedence = "[page, special, general]"
	c := corpus(t, g.with("late_fee.rate", "1%/day"), text{id: "e", code: "E", kind: "special", by: "acceptance"}.with("late_fee.rate", "2%/day"), page)
	both, err := bound(t, c, "g", "e").Trace("late_fee.rate")
	if err != nil {
		t.Fatal(err)
	}
	if !both.Cites("E", "1") || !both.Cites("G", "12") || both.Cites("G", "1") {
		t.Errorf("with the special terms: %v", both.Citations())
	}
	alone, err := bound(t, c, "g").Trace("late_fee.rate")
	if err != nil {
		t.Fatal(err)
	}
	if !alone.Cites("G", "1") || alone.Cites("G", "12") {
		t.Errorf("without them: %v", alone.Citations())
	}
}

// TestEqualValuesNeedNoRank: what two documents write differently and mean alike
// is no conflict.
func TestEqualValuesNeedNoRank(t *testing.T) {
	special := text{id: "e", code: "E", kind: "special", by: "acceptance"}.with("suspend.after", "24 hours")
	set := bound(t, corpus(t, general.with("suspend.after", "1 day"), special, page), "g", "e")
	trace, err := set.Trace("suspend.after")
	if err != nil {
		t.Fatal(err)
	}
	if trace.Citation.String() != "E 1" || trace.Considered[1].Lost != "sets the same value" {
		t.Errorf("got %+v", trace)
	}
}

// TestOrderIsIrrelevant shuffles the publications and acceptances of random
// corpora: every key must mean the same, or be refused with the same words.
func TestOrderIsIrrelevant(t *testing.T) {
	lists := []string{"", "[page, special, general]", "[stamped, self, page, general]", "[special, [page, annex]]", "[self, d0, d1]", "[d2, d1, d0]", "[rules, stamped, general]"}
	scopes := []string{"", "{products: [p]}", "{accounts: [a]}"}
	rapid.Check(t, func(rt *rapid.T) {
		var texts []text
		var ids []string
		for i := range rapid.IntRange(3, 6).Draw(rt, "documents") {
			id := fmt.Sprintf("d%d", i)
			kind := rapid.SampledFrom([]string{"stamped", "annex", "special", "sla", "general", "rules"}).Draw(rt, "kind")
			texts = append(texts, text{
				id: id, code: fmt.Sprintf("D%d", i), kind: kind, by: "acceptance",
				precedence: rapid.SampledFrom(lists).Draw(rt, "list"), binds: rapid.SampledFrom(scopes).Draw(rt, "scope"),
			}.with("late_fee.rate", rapid.SampledFrom([]string{"1%/day", "2%/day", "3%/day"}).Draw(rt, "rate")))
			ids = append(ids, id)
		}
		texts = append(texts, page, text{id: "anchor", code: "A", by: "acceptance"})
		all := published(t, texts...)
		want := meaning(t, all, accepts("2025-01-01", append(ids, "anchor")...))
		got := meaning(t, rapid.Permutation(all).Draw(rt, "published"), accepts("2025-01-01", rapid.Permutation(append(ids, "anchor")).Draw(rt, "accepted")...))
		if got != want {
			rt.Fatalf("got %s\nwant %s", got, want)
		}
	})
}

func meaning(t *testing.T, all []terms.Published, accepted []terms.Acceptance) string {
	t.Helper()
	c, err := terms.NewCorpus(all)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Bind(terms.Subject{Account: "a", Accepted: accepted, Product: "p"}, day("2025-06-15"), day("2025-06-15"))
	if err != nil {
		t.Fatal(err)
	}
	trace, err := s.Trace("late_fee.rate")
	return fmt.Sprintf("%s %+v %v", s.Hash(), trace, err)
}
