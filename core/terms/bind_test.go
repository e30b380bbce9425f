package terms_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

func versions(s *terms.Set) string {
	var names []string
	for _, d := range s.Documents() {
		names = append(names, d.ID+" "+d.Version)
	}
	return strings.Join(names, ", ")
}

// TestBind asks which versions bind account a for product p at the start of a day.
func TestBind(t *testing.T) {
	v2 := general
	v2.version, v2.effective = "v2", "2025-07-01"
	ending := text{id: "offer", code: "O", kind: "special", effective: "2025-02-01", until: "2025-06-14"}
	forOthers := text{id: "deal", code: "D", kind: "stamped", binds: "{accounts: [b, c]}"}
	excluding := text{id: "frame", code: "F", kind: "special", binds: "{except_products: [p]}"}
	c := corpus(t, general, v2, page, ending, forOthers, excluding)

	tests := []struct {
		name, account, product string
		accepted               []terms.Acceptance
		at                     string
		want                   string
		until                  calendar.Instant
	}{
		{"accepted that day", "a", "p", accepts("2025-03-01", "g"), "2025-03-01", "g v1, offer v1, page v1", day("2025-06-15")},
		{"on the last day of the offer", "a", "p", accepts("2025-03-01", "g"), "2025-06-14", "g v1, offer v1, page v1", day("2025-06-15")},
		{"after its last day", "a", "p", accepts("2025-03-01", "g"), "2025-06-15", "g v1, page v1", day("2025-07-01")},
		{"a new version binds who accepted an old one", "a", "p", accepts("2025-03-01", "g"), "2025-07-01", "g v2, page v1", calendar.EndOfTime},
		{"named account", "b", "p", accepts("2025-03-01", "g"), "2025-08-01", "deal v1, g v2, page v1", calendar.EndOfTime},
		{"not excluded from another product", "a", "", accepts("2025-03-01", "g"), "2025-08-01", "frame v1, g v2", calendar.EndOfTime},
		{"an acceptance to come", "a", "p", accepts("2025-03-01", "g"), "2025-02-01", "offer v1, page v1", day("2025-03-01")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := c.Bind(terms.Subject{Account: tt.account, Accepted: tt.accepted, Product: tt.product}, day(tt.at), day("2030-01-01"))
			if err != nil {
				t.Fatal(err)
			}
			if got := versions(s); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if s.Until() != tt.until {
				t.Errorf("until %s, want %s", s.Until(), tt.until)
			}
		})
	}
}

func TestBindRefuses(t *testing.T) {
	later := text{id: "page2", code: "P2", kind: "page", product: "q", effective: "2025-09-01"}
	c := corpus(t, general, page, later)
	tests := []struct {
		name     string
		accepted []terms.Acceptance
		product  string
		at       string
		code     refusal.Code
	}{
		{"no such product", accepts("2025-03-01", "g"), "compute", "2025-03-01", refusal.UnknownProduct},
		{"a page not yet in effect", accepts("2025-03-01", "g"), "q", "2025-08-31", refusal.UnknownProduct},
		{"nothing accepted", nil, "p", "2025-03-01", refusal.NotAccepted},
		{"accepted a day later", accepts("2025-03-02", "g"), "p", "2025-03-01", refusal.NotAccepted},
		{"accepted another document", accepts("2025-03-01", "page"), "p", "2025-03-01", refusal.NotAccepted},
		{"the product comes before the agreement", nil, "compute", "2025-03-01", refusal.UnknownProduct},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := c.Bind(terms.Subject{Account: "a", Accepted: tt.accepted, Product: tt.product}, day(tt.at), day("2030-01-01"))
			wantRefusal(t, err, tt.code)
		})
	}
}

// TestKnown recomputes what bound in March as it was known at different times: a
// correction that was recorded later does not exist before.
func TestKnown(t *testing.T) {
	wrong := general.with("late_fee.rate", "0.5%/day")
	right := general.with("late_fee.rate", "0.05%/day")
	right.version = "v1a"
	c, err := terms.NewCorpus(append(published(t, wrong, page), terms.Published{Document: right.parse(t), Recorded: day("2025-04-10")}))
	if err != nil {
		t.Fatal(err)
	}
	for known, want := range map[string]string{"2025-04-09": "g v1, page v1", "2025-04-10": "g v1a, page v1"} {
		s, err := c.Bind(terms.Subject{Account: "a", Accepted: accepts("2025-01-01", "g"), Product: "p"}, day("2025-03-15"), day(known))
		if err != nil {
			t.Fatal(err)
		}
		if got := versions(s); got != want {
			t.Errorf("as known on %s: got %s, want %s", known, got, want)
		}
	}
	accepted := accepts("2025-03-01", "g")
	accepted[0].Recorded = day("2025-03-20")
	_, err = c.Bind(terms.Subject{Account: "a", Accepted: accepted, Product: "p"}, day("2025-03-15"), day("2025-03-19"))
	wantRefusal(t, err, refusal.NotAccepted)
}

// TestUntil: what is to come ends a binding only if it was known.
func TestUntil(t *testing.T) {
	ahead := text{id: "h", code: "H", by: "acceptance", effective: "2025-09-01"}
	v2 := general
	v2.version, v2.effective = "v2", "2025-10-01"
	c, err := terms.NewCorpus(append(published(t, general, page, ahead), terms.Published{Document: v2.parse(t), Recorded: day("2025-08-01")}))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		accepted []terms.Acceptance
		at       string
		known    string
		want     calendar.Instant
	}{
		{"nothing known", accepts("2025-01-01", "g"), "2025-06-15", "2025-07-31", calendar.EndOfTime},
		{"a version to come", accepts("2025-01-01", "g"), "2025-06-15", "2025-08-01", day("2025-10-01")},
		{"a document to come that was accepted ahead", accepts("2025-01-01", "g", "h"), "2025-06-15", "2025-08-01", day("2025-09-01")},
		{"once it is in effect", accepts("2025-01-01", "g", "h"), "2025-09-01", "2025-08-01", day("2025-10-01")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := c.Bind(terms.Subject{Account: "a", Accepted: tt.accepted, Product: "p"}, day(tt.at), day(tt.known))
			if err != nil {
				t.Fatal(err)
			}
			if s.Until() != tt.want {
				t.Errorf("until %s, want %s", s.Until(), tt.want)
			}
		})
	}
}

func TestSetIsShared(t *testing.T) {
	c := corpus(t, general, page)
	one := bound(t, c, "g")
	two, err := c.Bind(terms.Subject{Account: "b", Accepted: accepts("2025-02-02", "g"), Product: "p"}, day("2025-05-05"), day("2026-01-01"))
	if err != nil {
		t.Fatal(err)
	}
	if one != two {
		t.Error("two accounts with the same binding have two Sets")
	}
	if one.ID() == 0 || one.Product().ID != "p" {
		t.Errorf("id %d, product %v", one.ID(), one.Product())
	}
}

func TestRebuild(t *testing.T) {
	documents := []text{general.with("late_fee.rate", "0.05%/day"), page.with("price.cpu", "0.09 CNY per vCPU·hour")}
	s := bound(t, corpus(t, documents...), "g")
	refs := s.Refs()
	refs[0], refs[1] = refs[1], refs[0]

	// A later process has published more since then.
	v2 := general.with("late_fee.rate", "0.04%/day")
	v2.version, v2.effective = "v2", "2026-01-01"
	c := corpus(t, append(documents, v2, text{id: "aaa", code: "A"})...)
	again, err := c.Rebuild(refs, "p")
	if err != nil {
		t.Fatal(err)
	}
	if again.Hash() != s.Hash() || again.ID() != s.ID() || again.Until() != 0 {
		t.Errorf("rebuilt %s (%d) until %d, want %s (%d)", again.Hash(), again.ID(), again.Until(), s.Hash(), s.ID())
	}
	for _, key := range []string{"late_fee.rate", "price.cpu"} {
		before, err1 := s.Trace(key)
		after, err2 := again.Trace(key)
		if diff := cmp.Diff(before, after); diff != "" || err1 != nil || err2 != nil {
			t.Errorf("%s: %v %v %s", key, err1, err2, diff)
		}
	}
	account, err := c.Rebuild(refs, "")
	if err != nil || account.Hash() == s.Hash() {
		t.Errorf("another product has the same hash, or %v", err)
	}
}

func TestRebuildRefuses(t *testing.T) {
	s := bound(t, corpus(t, general.with("late_fee.rate", "0.05%/day"), page), "g")
	edited := corpus(t, general.with("late_fee.rate", "0.06%/day"), page)
	_, err := edited.Rebuild(s.Refs(), "p")
	wantRefusal(t, err, refusal.NotFound, "g v1", s.Refs()[0].Hash.String())
	_, err = corpus(t, page).Rebuild(s.Refs(), "p")
	wantRefusal(t, err, refusal.NotFound, "g v1 is not published")
}

// TestAskingForTheEndOfTime leaves what binds before it as it was.
func TestAskingForTheEndOfTime(t *testing.T) {
	c := corpus(t, general, page)
	s := terms.Subject{Account: "a", Accepted: accepts("2025-01-01", "g"), Product: "p"}
	for _, at := range []calendar.Instant{calendar.EndOfTime, day("2025-06-01")} {
		if set, err := c.Bind(s, at, day("2025-06-01")); err != nil || len(set.Documents()) != 2 {
			t.Errorf("at %s: %v", at, err)
		}
	}
}
