package terms_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// ownTerms are special terms of product p that end themselves with an order, and
// that use accepts.
var ownTerms = useable(text{id: "e", code: "E", kind: "special", by: "acceptance", binds: "{products: [p]}"}).with("order.lapse_voids", "terms")

// taken is an acceptance of a document that a lapsed order took back on a day.
func taken(on, document, by string) []terms.Acceptance {
	a := accepts("2025-03-01", document)
	a[0].Void = terms.Void{At: day(on), Recorded: day(on), Clause: terms.Citation{Document: by, Code: strings.ToUpper(by), Version: "v1", Clause: "1"}}
	return a
}

func needsOf(t *testing.T, c *terms.Corpus, s terms.Subject, at string) (list []string) {
	t.Helper()
	needs, err := c.Missing(s, nil, day(at), far)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range needs {
		list = append(list, need(n))
	}
	return list
}

// TestWhatALapsedOrderTookIsDemandedAgain: by its own clause, until it is accepted
// again or would bind no more; use does not accept it.
func TestWhatALapsedOrderTookIsDemandedAgain(t *testing.T) {
	guard := text{id: "guard", code: "GT", kind: "annex", by: "acceptance", binds: "{products: [p]}"}
	stamped := text{id: "k", code: "K", kind: "stamped", by: "acceptance", binds: "{products: [p]}", header: "ends: [{documents: [e], clause: '12'}]"}
	c := corpus(t, general, ownTerms, guard, stamped, page)
	for _, tt := range []struct {
		name     string
		accepted []terms.Acceptance
		at       string
		needs    []string
		byUse    string
	}{
		{"never accepted", accepts("2025-01-10", "g"), "2025-04-01", nil, "e"},
		{"before it lapsed", append(accepts("2025-01-10", "g"), taken("2025-03-08", "e", "e")...), "2025-03-07", nil, ""},
		{"from then on", append(accepts("2025-01-10", "g"), taken("2025-03-08", "e", "e")...), "2025-03-08", []string{"e by E 1"}, ""},
		{"with nothing else", taken("2025-03-08", "e", "e"), "2025-03-08", []string{"e by E 1"}, ""},
		{"another act stands", append(accepts("2025-02-01", "e"), taken("2025-03-08", "e", "e")...), "2025-03-08", nil, ""},
		{"accepted again", append(taken("2025-03-08", "e", "e"), accepts("2025-04-01", "e")...), "2025-04-01", nil, ""},
		{"what went along with it", append(accepts("2025-01-10", "g", "e"), taken("2025-03-08", "guard", "e")...), "2025-03-08", nil, ""},
		{"what would bind no more", append(taken("2025-03-08", "e", "e"), accepts("2025-04-01", "k")...), "2025-04-01", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range 2 { // the second time it is remembered
				if diff := cmp.Diff(tt.needs, needsOf(t, c, subject(tt.accepted), tt.at)); diff != "" {
					t.Error(diff)
				}
				if got := idsOf(c.ByUse(subject(tt.accepted), day(tt.at), far)); got != tt.byUse {
					t.Errorf("use accepts %q, want %q", got, tt.byUse)
				}
			}
		})
	}
}

// TestLapse: what becomes of each document that was accepted with an order.
func TestLapse(t *testing.T) {
	g := general.with("order.lapse_voids", "price")
	annex := text{id: "annex", code: "A", kind: "annex", by: "acceptance", binds: "{products: [p]}"}
	wide := text{id: "wide", code: "W", kind: "annex", by: "acceptance", binds: "{products: [p, q]}"}
	stamped := text{
		id: "k", code: "K", kind: "stamped", by: "acceptance", binds: "{products: [p]}", precedence: "[stamped, special, general]",
	}.with("order.lapse_voids", "consensus")
	e := ownTerms
	e.precedence = "[special, general]"
	toCome := text{id: "page-n", code: "PN", kind: "page", product: "none", effective: "2029-01-01"}
	c := corpus(t, g, e, annex, wide, stamped, page, otherPage, toCome, text{id: "e2", version: "v1", code: "E2", kind: "special", by: "acceptance", binds: "{products: [none]}"})
	for _, tt := range []struct {
		name     string
		accepted []terms.Acceptance
		document string
		want     string
		code     refusal.Code
	}{
		{"terms that end themselves", accepts("2025-01-10", "g", "e"), "e", "terms by E 1, in p", ""},
		{"an agreement that stands", accepts("2025-01-10", "g", "e"), "g", "price by G 1", ""},
		{"a part goes with what it belongs to", accepts("2025-01-10", "g", "e", "annex"), "annex", "terms by E 1, in p", ""},
		{"or stands with it", accepts("2025-01-10", "g", "annex"), "annex", "price by G 1, in p", ""},
		{"what goes before it keeps it", accepts("2025-01-10", "g", "e", "k"), "e", "consensus by K 1, in p", ""},
		{"a product for which nothing binds", accepts("2025-01-10", "e", "wide"), "wide", "terms by E 1, in p", ""},
		{"products that differ", accepts("2025-01-10", "g", "e", "wide"), "wide", "", refusal.TermConflict},
		{"what bound nowhere", accepts("2025-01-10", "e2"), "e2", "", refusal.UnknownProduct},
		{"what is not published", accepts("2025-01-10", "e3"), "e3", "", refusal.NotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := subject(tt.accepted)
			s.Product = ""
			var with terms.Acceptance
			for _, a := range tt.accepted {
				if a.Document == tt.document {
					with = a
				}
			}
			lapse, err := c.Lapse(s, with, far)
			if refusal.CodeOf(err) != tt.code || tt.code == "" && err != nil {
				t.Fatal(err)
			}
			if err != nil {
				return
			}
			got := string(lapse.Effect) + " by " + lapse.Clause.String()
			if lapse.Set != nil {
				got += ", in " + lapse.Set.ProductID()
			}
			if got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
	silent := corpus(t, general, page)
	a := accepts("2025-01-10", "g")
	if _, err := silent.Lapse(subject(a), a[0], far); refusal.CodeOf(err) != refusal.TermMissing {
		t.Errorf("nothing says what lapses: %v", err)
	}
}

// TestAddOns: whether an add-on is on where nobody switched it, and by which clause.
func TestAddOns(t *testing.T) {
	sold := page.with("addon.default.monitoring", "provided").with("addon.default.router", "opt_in")
	sold.header = "requires: [{addon: image, documents: [licence], clause: '12'}]"
	licence := text{id: "licence", code: "L", kind: "page", by: "acceptance", binds: "{products: [p]}", issuer: "northline"}
	e := text{id: "e", code: "E", kind: "special", by: "acceptance", binds: "{products: [p]}"}.with("addon.default.shield", "on").with("licence.third_party", "applies")
	c := corpus(t, general, sold, licence, e)
	set, err := c.Bind(subject(accepts("2025-01-10", "e")), day("2025-04-01"), far)
	if err != nil {
		t.Fatal(err)
	}
	list, err := set.AddOns()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range list {
		state := " off by "
		if a.On() {
			state = " on by "
		}
		got = append(got, a.Name+state+a.Clause.String())
	}
	if diff := cmp.Diff([]string{"image off by P 12", "monitoring on by P 1", "router off by P 1", "shield on by E 1"}, got); diff != "" {
		t.Error(diff)
	}
	bare, err := corpus(t, general, text{id: "page-q", code: "Q", kind: "page", product: "q", bare: true}).Bind(
		terms.Subject{Account: "a", Accepted: accepts("2025-01-10", "g"), Product: "q"}, day("2025-04-01"), far)
	if err != nil {
		t.Fatal(err)
	}
	_, err = bare.AddOn("monitoring")
	wantRefusal(t, err, refusal.BadInput, "the product has no add-ons")
	if _, err := set.AddOn("tea"); refusal.CodeOf(err) != refusal.BadInput {
		t.Error(err)
	}

	needs, err := c.Missing(subject(accepts("2025-01-10", "e")), []string{"image"}, day("2025-04-01"), far)
	if err != nil || len(needs) != 1 || needs[0].Under.String() != "E 1" {
		t.Errorf("%+v, %v", needs, err)
	}
	needs, err = c.Missing(subject(accepts("2025-01-10", "g")), []string{"image"}, day("2025-04-01"), far)
	if err != nil || len(needs) != 1 || needs[0].Under != (terms.Citation{}) {
		t.Errorf("%+v, %v", needs, err)
	}
	unmet := terms.Unmet(append(needs, needs...), subject())
	if refusal.CodeOf(unmet) != refusal.NotAccepted || !strings.Contains(unmet.Error(), "accept licence v1 and licence v1 first") {
		t.Error(unmet)
	}
	if terms.Unmet(nil, subject()) != nil {
		t.Error("nothing is missing, and it is refused")
	}
}
