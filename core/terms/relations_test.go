package terms_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// far is when everything is known.
var far = day("2035-01-01")

// subject is account a using product p after accepting, each on its day.
func subject(accepted ...[]terms.Acceptance) terms.Subject {
	s := terms.Subject{Account: "a", Product: "p"}
	for _, acceptances := range accepted {
		s.Accepted = append(s.Accepted, acceptances...)
	}
	return s
}

// ids lists what binds a subject, or the code of a refusal.
func ids(t testing.TB, c *terms.Corpus, s terms.Subject, at string) string {
	t.Helper()
	set, err := c.Bind(s, day(at), far)
	if err != nil {
		return string(refusal.CodeOf(err))
	}
	return versions(set)
}

var (
	oneGeneral   = text{id: "g", code: "G", by: "acceptance", header: "ends: [{documents: [general], clause: '12'}]"}
	otherGeneral = text{id: "s", code: "S", by: "acceptance", header: "ends: [{documents: [general], clause: '12'}]"}
	// lineTerms replaces what was agreed with aurora for product p alone.
	lineTerms = text{
		id: "u", code: "U", kind: "special", by: "acceptance", binds: "{products: [p]}", issuer: "northline",
		header: "ends: [{issuers: [aurora], clause: '12'}]",
	}
	otherPage = text{id: "page2", code: "P2", kind: "page", product: "q"}
)

// TestOfTwoGeneralAgreementsTheLaterOneBinds (X27).
func TestOfTwoGeneralAgreementsTheLaterOneBinds(t *testing.T) {
	c := corpus(t, oneGeneral, otherGeneral, page)
	january, march, june := accepts("2025-01-10", "g"), accepts("2025-03-10", "s"), accepts("2025-06-10", "g")
	both := subject(january, march)
	tests := []struct {
		name, at, want string
		s              terms.Subject
	}{
		{"before the second", "2025-03-09", "g v1, page v1", both},
		{"from the second on", "2025-03-10", "page v1, s v1", both},
		{"as a whole", "2025-04-01", "s v1", terms.Subject{Account: "a", Accepted: both.Accepted}},
		{"long after", "2026-01-01", "page v1, s v1", both},
		{"in the other order", "2025-04-01", "g v1, page v1", subject(accepts("2025-01-10", "s"), accepts("2025-03-10", "g"))},
		{"back to the first", "2025-06-10", "g v1, page v1", subject(january, march, june)},
		{"between", "2025-06-09", "page v1, s v1", subject(january, march, june)},
		{"at one instant", "2025-04-01", "g v1, page v1, s v1", subject(accepts("2025-03-10", "g", "s"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ids(t, c, tt.s, tt.at); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	// What is not known yet has ended nothing.
	march[0].Recorded = day("2025-05-01")
	for known, want := range map[string]string{"2025-04-30": "g v1, page v1", "2025-05-01": "page v1, s v1"} {
		set, err := c.Bind(subject(january, march), day("2025-04-01"), day(known))
		if err != nil || versions(set) != want {
			t.Errorf("as known on %s: %v, %v; want %s", known, set.Documents(), err, want)
		}
	}
}

// TestTheLineEndsWhatWasAgreedForIt (U 0.2).
func TestTheLineEndsWhatWasAgreedForIt(t *testing.T) {
	ending := lineTerms
	ending.until = "2025-09-30"
	c := corpus(t, general, ending, page, otherPage, text{id: "rules", code: "R", kind: "rules"})
	both := subject(accepts("2025-01-10", "g"), accepts("2025-03-10", "u"))
	elsewhere := both
	elsewhere.Product = "q"
	tests := []struct {
		name, at, want string
		s              terms.Subject
	}{
		{"before", "2025-03-09", "g v1, page v1, rules v1", both},
		{"from then on, and rules are no agreement", "2025-03-10", "page v1, rules v1, u v1", both},
		{"another product", "2025-03-10", "g v1, page2 v1, rules v1", elsewhere},
		{"accepted together", "2025-03-10", "page v1, rules v1, u v1", subject(accepts("2025-03-10", "g", "u"))},
		{"an agreement accepted later is not for the line", "2025-05-01", "page v1, rules v1, u v1", subject(accepts("2025-03-10", "u"), accepts("2025-04-01", "g"))},
		{"what was ended stays ended", "2025-10-01", "agreement_not_accepted", both},
		{"what was accepted later is free again", "2025-10-01", "g v1, page v1, rules v1", subject(accepts("2025-03-10", "u"), accepts("2025-04-01", "g"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ids(t, c, tt.s, tt.at); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	// When the line agreement has ended, what bound last is that, not what it ended.
	last, when, err := c.LastBound(both, day("2025-12-01"), far)
	if err != nil || versions(last) != "page v1, rules v1, u v1" || when != day("2025-10-01")-1 {
		t.Errorf("%v at %s, %v", last, when, err)
	}
}

// TestWhatIsEndedEndsNothingMore: of three agreements that end each other in a
// ring, what was ended keeps nothing out.
func TestWhatIsEndedEndsNothingMore(t *testing.T) {
	ring := func(id, code, ends string) text {
		return text{id: id, code: code, kind: "special", by: "acceptance", header: "ends: [{documents: [" + ends + "], clause: '12'}]"}
	}
	c := corpus(t, ring("x", "X", "y"), ring("y", "Y", "z"), ring("z", "Z", "x"), page)
	s := subject(accepts("2025-01-01", "y"), accepts("2025-02-01", "x"), accepts("2025-03-01", "z"))
	// x ended y, z ended x; y, being ended, does not keep z out.
	if got := ids(t, c, s, "2025-04-01"); got != "page v1, z v1" {
		t.Errorf("got %s", got)
	}
}

// TestPins: what was bought while the framework contract bound stays under it
// when it has ended; what is used does not (F 3).
func TestPins(t *testing.T) {
	frame := text{
		id: "f", code: "F", kind: "stamped", by: "acceptance", binds: "{accounts: [a, b], except_products: [q]}",
		effective: "2025-02-01", until: "2025-06-30", header: "pins: [{what: purchases, documents: [self], clause: '12'}]",
	}
	plain := text{id: "e", code: "E", kind: "special", by: "acceptance", effective: "2025-02-01", until: "2025-06-30"}
	c := corpus(t, general, frame, plain, page, otherPage)
	accepted := accepts("2025-01-10", "g", "f", "e")
	tests := []struct {
		name, account, product, bought, at, want string
	}{
		{"in the term", "a", "p", "2025-03-01", "2025-06-30", "e v1, f v1, g v1, page v1"},
		{"bought in the term", "a", "p", "2025-06-30", "2025-12-01", "f v1, g v1, page v1"},
		{"bought after it", "a", "p", "2025-07-01", "2025-12-01", "g v1, page v1"},
		{"bought before it", "a", "p", "2025-01-31", "2025-12-01", "g v1, page v1"},
		{"bought before it, in the term", "a", "p", "2025-01-31", "2025-03-01", "e v1, f v1, g v1, page v1"},
		{"not bought but used", "a", "p", "", "2025-12-01", "g v1, page v1"},
		{"a product that it leaves out", "a", "q", "2025-03-01", "2025-12-01", "g v1, page2 v1"},
		{"another account of the contract", "b", "p", "2025-03-01", "2025-12-01", "f v1, g v1, page v1"},
		{"an account that is not named", "c", "p", "2025-03-01", "2025-12-01", "g v1, page v1"},
		{"asked about before the purchase", "a", "p", "2025-12-02", "2025-12-01", "g v1, page v1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := terms.Subject{Account: tt.account, Accepted: accepted, Product: tt.product}
			if tt.bought != "" {
				s.Bought = day(tt.bought)
			}
			if got := ids(t, c, s, tt.at); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestAContractPinsForItsAnnexes: what the main body says of purchases goes for
// the annexes that it names, and for no other document that ends with them.
func TestAContractPinsForItsAnnexes(t *testing.T) {
	part := func(id, code, kind, header string) text {
		return text{id: id, code: code, kind: kind, by: "acceptance", effective: "2025-02-01", until: "2025-06-30", header: header}
	}
	c := corpus(t, general, page,
		part("f", "F", "stamped", "pins: [{what: purchases, documents: [self, prices], clause: '12'}]"),
		part("prices", "FP", "annex", ""), part("other", "O", "annex", ""))
	s := subject(accepts("2025-01-10", "g", "f", "other"), accepts("2025-04-01", "prices"))
	for bought, want := range map[string]string{
		"2025-03-31": "f v1, g v1, page v1", // the annex did not bind yet
		"2025-04-01": "f v1, g v1, page v1, prices v1",
	} {
		s.Bought = day(bought)
		if got := ids(t, c, s, "2025-12-01"); got != want {
			t.Errorf("bought on %s: got %s, want %s", bought, got, want)
		}
	}
}

// TestPinsUntilTheContractIsConcludedAnew: the last version that was in force
// goes on for what it pins, until another one takes effect.
func TestPinsUntilTheContractIsConcludedAnew(t *testing.T) {
	frame := text{
		id: "f", code: "F", kind: "stamped", by: "acceptance", effective: "2025-02-01", until: "2025-06-30",
		header: "pins: [{what: purchases, documents: [self], clause: '12'}]",
	}
	changed, anew := frame, frame
	changed.version, changed.effective = "v2", "2025-04-01"
	anew.version, anew.effective, anew.until = "v3", "2026-01-01", "2026-12-31"
	c := corpus(t, general, frame, changed, anew, page)
	s := subject(accepts("2025-01-10", "g", "f"))
	s.Bought = day("2025-03-01")
	for at, want := range map[string]string{
		"2025-03-31": "f v1, g v1, page v1", "2025-06-30": "f v2, g v1, page v1",
		"2025-12-31": "f v2, g v1, page v1", "2026-01-01": "f v3, g v1, page v1", "2027-01-01": "f v3, g v1, page v1",
	} {
		if got := ids(t, c, s, at); got != want {
			t.Errorf("on %s: got %s, want %s", at, got, want)
		}
	}
}

// TestVoid: an acceptance that was taken back does not count from then on, once
// that is known; accepted again, the document binds again.
func TestVoid(t *testing.T) {
	c := corpus(t, general, text{id: "e", code: "E", kind: "special", by: "acceptance", binds: "{products: [p]}"}, page)
	lapsed := accepts("2025-03-01", "e")
	lapsed[0].Void = terms.Void{At: day("2025-03-08"), Recorded: day("2025-03-10"), Reason: "the order lapsed", Clause: terms.Citation{Document: "e", Clause: "2.1.1.1"}}
	s := subject(accepts("2025-01-10", "g"), lapsed)
	again := subject(accepts("2025-01-10", "g"), lapsed, accepts("2025-04-01", "e"))
	tests := []struct {
		name      string
		s         terms.Subject
		at, known string
		want      string
		until     calendar.Instant
	}{
		{"before", s, "2025-03-07", "2025-05-01", "e v1, g v1, page v1", day("2025-03-08")},
		{"from the lapse on", s, "2025-03-08", "2025-05-01", "g v1, page v1", calendar.EndOfTime},
		{"the lapse is not known", s, "2025-03-08", "2025-03-09", "e v1, g v1, page v1", calendar.EndOfTime},
		{"accepted again", again, "2025-04-01", "2025-05-01", "e v1, g v1, page v1", calendar.EndOfTime},
		{"not yet again", again, "2025-03-31", "2025-05-01", "g v1, page v1", day("2025-04-01")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := c.Bind(tt.s, day(tt.at), day(tt.known))
			if err != nil {
				t.Fatal(err)
			}
			if got := versions(set); got != tt.want || set.Until() != tt.until {
				t.Errorf("got %s until %s, want %s until %s", got, set.Until(), tt.want, tt.until)
			}
		})
	}
	if turn := c.Turn("p", s.Accepted, day("2025-03-01")); turn != day("2025-03-08") {
		t.Errorf("the next turn is %s", turn)
	}
	if c.Repeats(s.Accepted, accepts("2025-04-01", "e")[0]) {
		t.Error("to accept again what was void is said to repeat it")
	}
}

// TestRepeats: what was accepted in the same version and form need not be
// recorded again, unless it has been ended since.
func TestRepeats(t *testing.T) {
	c := corpus(t, oneGeneral, otherGeneral, page)
	again := func(on string, change func(*terms.Acceptance)) terms.Acceptance {
		a := accepts(on, "g")[0]
		if change != nil {
			change(&a)
		}
		return a
	}
	accepted := accepts("2025-01-10", "g")
	ended := append(accepts("2025-01-10", "g"), accepts("2025-03-10", "s")...)
	for name, tt := range map[string]struct {
		accepted []terms.Acceptance
		again    terms.Acceptance
		want     bool
	}{
		"the same":            {accepted, again("2025-02-01", nil), true},
		"an earlier one":      {accepted, again("2025-01-09", nil), false},
		"another version":     {accepted, again("2025-02-01", func(a *terms.Acceptance) { a.Version = "v2" }), false},
		"another form":        {accepted, again("2025-02-01", func(a *terms.Acceptance) { a.Form = terms.Stamp }), false},
		"ended since":         {ended, again("2025-04-01", nil), false},
		"before it was ended": {ended, again("2025-02-01", nil), true},
	} {
		if got := c.Repeats(tt.accepted, tt.again); got != tt.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestCheckTogether(t *testing.T) {
	c := corpus(t, oneGeneral, otherGeneral, lineTerms, page)
	if err := c.CheckTogether(nil, accepts("2025-01-10", "g", "u")); err != nil {
		t.Errorf("one ends the other, so it is clear which is left: %v", err)
	}
	if err := c.CheckTogether(accepts("2025-01-10", "g"), accepts("2025-01-11", "s")); err != nil {
		t.Errorf("one after the other: %v", err)
	}
	wantRefusal(t, c.CheckTogether(nil, accepts("2025-01-10", "g", "s")), refusal.BadInput, "g and s")
	wantRefusal(t, c.CheckTogether(accepts("2025-01-10", "g"), accepts("2025-01-10", "s")), refusal.BadInput, "g and s")
}

// useable is a document that use accepts.
func useable(x text) text { return x.with("acceptance.forms", "[click, use]") }

func idsOf(documents []*terms.Document) string {
	var names []string
	for _, d := range documents {
		names = append(names, d.ID)
	}
	return strings.Join(names, " ")
}

// TestByUse asks what the first use of product p accepts (G 0.3, E 0.1, C 0.1).
func TestByUse(t *testing.T) {
	e := text{id: "e", code: "E", kind: "special", by: "acceptance", binds: "{products: [p]}"}
	elsewhere := useable(text{id: "c", code: "C", kind: "special", by: "acceptance", binds: "{products: [q]}"})
	forOthers := useable(text{id: "d", code: "D", kind: "special", by: "acceptance", binds: "{accounts: [b]}"})
	later := useable(text{id: "l", code: "L", kind: "special", by: "acceptance", effective: "2026-01-01"})
	rest := []text{elsewhere, forOthers, later, page, otherPage}
	tests := []struct {
		name     string
		texts    []text
		accepted []terms.Acceptance
		want     string
	}{
		{"nothing is accepted yet", []text{useable(general), useable(e)}, nil, "e g"},
		{"the general agreement is", []text{useable(general), useable(e)}, accepts("2025-01-10", "g"), "e"},
		{"the terms are, so use accepts the general agreement", []text{useable(general), useable(e)}, accepts("2025-01-10", "e"), "g"},
		{"both are", []text{useable(general), useable(e)}, accepts("2025-01-10", "e", "g"), ""},
		{"terms that do not list use", []text{useable(general), e}, nil, "g"},
		{"the other general agreement binds", []text{useable(oneGeneral), otherGeneral}, accepts("2025-01-10", "s"), ""},
		{"two general agreements to choose from", []text{useable(oneGeneral), useable(otherGeneral), useable(e)}, nil, "e"},
		{"one that the line has ended", []text{useable(general), lineTerms}, accepts("2025-01-10", "u"), ""},
		{"accepted later than the use", []text{useable(general)}, accepts("2025-08-01", "g"), "g"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := corpus(t, append(tt.texts, rest...)...)
			if got := idsOf(c.ByUse(subject(tt.accepted), day("2025-06-15"), far)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// need writes what is missing as "one of these, for an add-on, by a clause".
func need(n terms.Need) string {
	text := idsOf(n.AnyOf)
	if n.AddOn != "" {
		text += " for " + n.AddOn
	}
	if n.By != (terms.Citation{}) {
		text += " by " + n.By.String()
	}
	return text
}

// TestMissing asks what account a must accept before it uses product p.
func TestMissing(t *testing.T) {
	sold := page
	sold.header = "requires: [{documents: [licence], clause: '12'}, {addon: gpu_driver, documents: [driver-licence], clause: '12'}]"
	e := text{
		id: "e", code: "E", kind: "special", by: "acceptance", binds: "{products: [p]}",
		header: "requires: [{addon: server_guard, documents: [guard], clause: '12'}]",
	}
	licence := text{id: "licence", code: "L", kind: "annex", by: "acceptance", binds: "{products: [p]}", header: "requires: [{documents: [undertaking], clause: '12'}]"}
	undertaking := text{id: "undertaking", code: "UN", kind: "annex", by: "acceptance", binds: "{products: [licences]}"}
	guard := text{id: "guard", code: "GT", kind: "annex", by: "acceptance"}
	driver := text{id: "driver-licence", code: "DL", kind: "annex", by: "acceptance", until: "2025-05-31"}
	newer := text{id: "newer", code: "N", kind: "annex", by: "acceptance", header: "ends: [{documents: [licence], clause: '12'}]"}
	licences := text{id: "page-l", code: "PL", kind: "page", product: "licences"}
	c := corpus(t, general, otherGeneral, sold, otherPage, licences, e, licence, undertaking, guard, driver, newer)
	tests := []struct {
		name     string
		accepted []terms.Acceptance
		product  string
		addOns   []string
		at       string
		want     []string
	}{
		{"nothing is accepted", nil, "p", nil, "2025-04-01", []string{"e g s", "licence by P 12", "undertaking by L 12"}},
		{"an agreement is", accepts("2025-01-10", "g"), "p", nil, "2025-04-01", []string{"licence by P 12", "undertaking by L 12"}},
		{"the licence is", accepts("2025-01-10", "g", "licence"), "p", nil, "2025-04-01", []string{"undertaking by L 12"}},
		{"everything is", accepts("2025-01-10", "g", "licence", "undertaking"), "p", nil, "2025-04-01", nil},
		{"the licence has been ended", accepts("2025-01-10", "g", "licence", "undertaking", "newer"), "p", nil, "2025-04-01", []string{"licence by P 12"}},
		{"not yet", accepts("2025-04-02", "g", "licence", "undertaking"), "p", nil, "2025-04-01", []string{"e g s", "licence by P 12", "undertaking by L 12"}},
		{"another product", accepts("2025-01-10", "g"), "q", nil, "2025-04-01", nil},
		{"an add-on", accepts("2025-01-10", "g", "licence", "undertaking"), "p", []string{"gpu_driver"}, "2025-04-01", []string{"driver-licence for gpu_driver by P 12"}},
		{"what is not in force cannot be demanded", accepts("2025-01-10", "g", "licence", "undertaking"), "p", []string{"gpu_driver"}, "2025-06-01", nil},
		{"terms that are not accepted demand nothing", accepts("2025-01-10", "g", "licence", "undertaking"), "p", []string{"server_guard"}, "2025-04-01", nil},
		{"terms that are do", accepts("2025-01-10", "g", "e", "licence", "undertaking"), "p", []string{"server_guard"}, "2025-04-01", []string{"guard for server_guard by E 12"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := subject(tt.accepted)
			s.Product = tt.product
			missing, err := c.Missing(s, tt.addOns, day(tt.at), far)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, n := range missing {
				got = append(got, need(n))
				wantRefusal(t, n.Refusal(s), refusal.NotAccepted, n.AnyOf[0].ID, s.Product)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	_, err := c.Missing(subject(accepts("2025-01-10", "g")), []string{"server_gard"}, day("2025-04-01"), far)
	wantRefusal(t, err, refusal.BadInput, "did you mean server_guard?")
	_, err = c.Missing(terms.Subject{Account: "a", Product: "none"}, nil, day("2025-04-01"), far)
	wantRefusal(t, err, refusal.UnknownProduct)
}

// TestMissingOfWhatUseAccepts: terms that use accepts demand what they require
// as if they were accepted, for the use that accepts them is to be allowed or not.
func TestMissingOfWhatUseAccepts(t *testing.T) {
	e := useable(text{
		id: "e", code: "E", kind: "special", by: "acceptance", binds: "{products: [p]}",
		header: "requires: [{addon: server_guard, documents: [guard], clause: '12'}, {documents: [undertaking], clause: '12'}]",
	})
	guard := text{id: "guard", code: "GT", kind: "annex", by: "acceptance"}
	undertaking := text{id: "undertaking", code: "UN", kind: "annex", by: "acceptance"}
	c := corpus(t, general, page, e, guard, undertaking)
	missing, err := c.Missing(subject(accepts("2025-01-10", "g")), []string{"server_guard"}, day("2025-04-01"), far)
	if err != nil {
		t.Fatal(err)
	}
	if len(missing) != 2 || need(missing[0]) != "guard for server_guard by E 12" || need(missing[1]) != "undertaking by E 12" {
		t.Errorf("got %+v", missing)
	}
}

// TestFormsOf: a document says how it is accepted, or leaves it to the agreement
// that it belongs to.
func TestFormsOf(t *testing.T) {
	g := general.with("acceptance.forms", "[click, stamp, mail]")
	g.precedence = "[special, general]"
	e := text{id: "e", code: "E", kind: "special", by: "acceptance", binds: "{products: [p]}"}.with("acceptance.forms", "[stamp, use]")
	annex := text{id: "annex", code: "A", kind: "annex", by: "acceptance", binds: "{products: [p]}"}
	ofBoth := text{id: "annex2", code: "A2", kind: "annex", by: "acceptance", binds: "{products: [p, q]}"}
	whole := text{id: "annex3", code: "A3", kind: "annex", by: "acceptance"}
	texts := []text{g, e, annex, ofBoth, whole, page, otherPage}
	c := corpus(t, texts...)
	document := func(id string) *terms.Document {
		for _, x := range texts {
			if x.id == id {
				return x.parse(t)
			}
		}
		return nil
	}
	for _, tt := range []struct {
		document string
		accepted []terms.Acceptance
		want     []terms.AcceptanceForm
		cite     string
	}{
		{"e", nil, []terms.AcceptanceForm{terms.Stamp, terms.Use}, "E 1"},
		{"annex", accepts("2025-01-10", "g", "e", "annex"), []terms.AcceptanceForm{terms.Stamp, terms.Use}, "E 1"},
		{"annex", accepts("2025-01-10", "g", "annex"), []terms.AcceptanceForm{terms.Click, terms.Mail, terms.Stamp}, "G 1"},
		{"annex2", accepts("2025-01-10", "g", "e", "annex2"), []terms.AcceptanceForm{terms.Stamp}, "E 1"},
		{"annex3", accepts("2025-01-10", "g", "e", "annex3"), []terms.AcceptanceForm{terms.Click, terms.Mail, terms.Stamp}, "G 1"},
	} {
		forms, err := c.FormsOf(subject(tt.accepted), document(tt.document), day("2025-06-15"), far)
		if diff := cmp.Diff(tt.want, forms.V); diff != "" || err != nil || forms.Citation.String() != tt.cite {
			t.Errorf("%s: %v by %s: %s", tt.document, err, forms.Citation, diff)
		}
	}
	_, err := c.FormsOf(subject(accepts("2025-01-10", "annex")), document("annex"), day("2025-06-15"), far)
	wantRefusal(t, err, refusal.NotAccepted)
	silent := corpus(t, general, annex, page)
	_, err = silent.FormsOf(subject(accepts("2025-01-10", "g", "annex")), document("annex"), day("2025-06-15"), far)
	wantRefusal(t, err, refusal.TermMissing, "acceptance.forms")
}

// TestEachLevelNamesItsClause (G 12.4, 12.1 and 0.1).
func TestEachLevelNamesItsClause(t *testing.T) {
	rate := func(x text, value string) text { return x.with("late_fee.rate", value) }
	g := general
	g.precedence = "[{level: stamped, clause: '0'}, page, {level: [special, annex], clause: '0'}, general]"
	special := text{id: "e", code: "E", kind: "special", by: "acceptance"}
	contract := text{id: "f", code: "F", kind: "stamped", by: "acceptance"}
	for name, tt := range map[string]struct {
		texts []text
		want  string
	}{
		"stamped over page":     {[]text{g, rate(contract, "1%/day"), rate(page, "2%/day")}, "G 0"},
		"page over special":     {[]text{g, rate(special, "1%/day"), rate(page, "2%/day")}, "G 12"},
		"special over general":  {[]text{rate(g, "1%/day"), rate(special, "2%/day"), page}, "G 0"},
		"page over general":     {[]text{rate(g, "1%/day"), rate(page, "2%/day")}, "G 12"},
		"stamped over unlisted": {[]text{g, rate(contract, "1%/day"), rate(text{id: "o", code: "O", kind: "order"}, "2%/day"), page}, "G 0"},
	} {
		trace, err := bound(t, corpus(t, tt.texts...), "g", "e", "f").Trace("late_fee.rate")
		if err != nil || !trace.Cites("G", strings.TrimPrefix(tt.want, "G ")) || len(trace.Citations()) != 2 {
			t.Errorf("%s: decided by %v, %v", name, trace.Citations(), err)
		}
	}
}
