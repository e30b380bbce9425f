package terms_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// sourceOf is a text with edits: old, new, …
func sourceOf(t testing.TB, x text, edits ...string) *terms.Document {
	t.Helper()
	source := x.source()
	for i := 0; i+1 < len(edits); i += 2 {
		if !strings.Contains(source, edits[i]) {
			t.Fatalf("no %q in\n%s", edits[i], source)
		}
		source = strings.ReplaceAll(source, edits[i], edits[i+1])
	}
	d, err := terms.Parse(x.id+".yaml", []byte(source), zone)
	if err != nil {
		t.Fatalf("%v\n%s", err, source)
	}
	return d
}

// second is a text's second version, from 1 June 2025.
func second(x text) text {
	x.version, x.announced, x.effective = "v2", "2025-05-01", "2025-06-01"
	return x
}

func TestProven(t *testing.T) {
	priced := page.with("price.cpu", "1 CNY per vCPU·hour").with("billing.cycle", "hour")
	free := page.with("price.cpu", "0 CNY per vCPU·hour").with("billing.cycle", "hour")
	fee := general.with("late_fee.rate", "0.05%/day")
	named := fee
	named.binds = "{accounts: [a, b]}"
	twice := page
	twice.product, twice.binds = "", "{products: [p, q]}"
	ending := func(x text, until string) text { x.until = until; return x }
	bound := func(x text, binds string) text { x.binds = binds; return x }
	const effect = "2025-06-01"
	tests := []struct {
		name  string
		old   text
		new   text
		edits []string
		want  map[terms.ChangeKind]string // when it takes effect
	}{
		{"nothing", priced, priced, nil, map[terms.ChangeKind]string{}},
		{"a heading", fee, fee, []string{"title: Terms", "title: Words"}, map[terms.ChangeKind]string{}},
		{"a term of an agreement", fee, fee.with("late_fee.rate", "0.1%/day"), nil, map[terms.ChangeKind]string{terms.AgreementChange: effect}},
		{"its words", fee, fee, []string{"text: Terms.", "text: Other terms."}, map[terms.ChangeKind]string{terms.AgreementChange: effect}},
		{"a price", priced, priced.with("price.cpu", "2 CNY per vCPU·hour"), nil, map[terms.ChangeKind]string{terms.ServiceChange: effect}},
		{"a lower price", priced, priced.with("price.cpu", "0.5 CNY per vCPU·hour"), nil, map[terms.ChangeKind]string{terms.ServiceChange: effect}},
		{"the billing mode", priced, priced.with("billing.cycle", "day"), nil, map[terms.ChangeKind]string{terms.ServiceChange: effect}},
		{"what was free is charged for", free, priced, nil, map[terms.ChangeKind]string{terms.FreeUseEnds: effect}},
		{"and the billing mode", free, priced.with("billing.cycle", "day"), nil, map[terms.ChangeKind]string{terms.FreeUseEnds: effect, terms.ServiceChange: effect}},
		{"another issuer", fee, fee, []string{"issuer: aurora", "issuer: borealis"}, map[terms.ChangeKind]string{terms.Assignment: effect}},
		{"a page ends", priced, ending(priced, "2025-08-31"), nil, map[terms.ChangeKind]string{terms.Discontinuation: "2025-09-01"}},
		{"a page ends sooner", ending(priced, "2025-12-31"), ending(priced, "2025-08-31"), nil, map[terms.ChangeKind]string{terms.Discontinuation: "2025-09-01"}},
		{"a page ends later", ending(priced, "2025-08-31"), ending(priced, "2025-12-31"), nil, map[terms.ChangeKind]string{terms.ServiceChange: effect}},
		{"an agreement ends", fee, ending(fee, "2025-08-31"), nil, map[terms.ChangeKind]string{terms.AgreementEnd: "2025-09-01"}},
		{"a meter goes with its price", priced, priced, []string{"cpu: {base", "ram: {base", "price.cpu", "price.ram"}, map[terms.ChangeKind]string{terms.Discontinuation: effect, terms.ServiceChange: effect}},
		{"a page without one of its products", twice, bound(twice, "{products: [p]}"), nil, map[terms.ChangeKind]string{terms.Discontinuation: effect}},
		{"an agreement without an account", named, bound(named, "{accounts: [a]}"), nil, map[terms.ChangeKind]string{terms.AgreementEnd: effect}},
		{"an agreement that excepts a product", fee, bound(fee, "{except_products: [q]}"), nil, map[terms.ChangeKind]string{terms.AgreementEnd: effect}},
		{"an agreement for one product only", fee, bound(fee, "{products: [q]}"), nil, map[terms.ChangeKind]string{terms.AgreementEnd: effect}},
		{"a wider agreement", named, bound(named, "{accounts: [a, b, c]}"), nil, map[terms.ChangeKind]string{terms.AgreementChange: effect}},
		{"a tariff that is declared", priced, priced.with("price.cpu", "2 CNY per vCPU·hour"), []string{"by: publication", "by: publication\nchange: [tariff]"}, map[terms.ChangeKind]string{terms.TariffAdjustment: effect}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := map[terms.ChangeKind]string{}
			for _, p := range terms.Proven(tt.old.parse(t), sourceOf(t, second(tt.new), tt.edits...)) {
				if p.What == "" {
					t.Errorf("nothing is said to show %s", p.Kind)
				}
				got[p.Kind] = zone.Day(p.At).String()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCheckDeclared(t *testing.T) {
	fee := general.with("late_fee.rate", "0.05%/day")
	changed := fee.with("late_fee.rate", "0.1%/day")
	declaring := func(kinds string) *terms.Document {
		return sourceOf(t, second(changed), "by: acceptance", "by: acceptance\nchange: ["+kinds+"]", "issuer: aurora", "issuer: borealis")
	}
	for kinds, hidden := range map[string]string{
		"agreement, assignment":            "",
		"assignment, agreement, migration": "",
		"agreement":                        "issuer aurora -> borealis",
		"assignment":                       "late_fee.rate 0.05%/day -> 0.1%/day",
		"agreement, assignment, tariff":    "no price differs",
	} {
		err := terms.CheckDeclared(fee.parse(t), declaring(kinds))
		if hidden == "" && err != nil {
			t.Errorf("%s: %v", kinds, err)
		}
		if hidden != "" {
			wantRefusal(t, err, refusal.ChangeHidden, "g v2", hidden)
		}
	}
	if err := terms.CheckDeclared(fee.parse(t), second(changed).parse(t)); err != nil {
		t.Errorf("a version that declares nothing: %v", err)
	}
	wantRefusal(t, terms.CheckDeclared(nil, declaring("agreement")), refusal.ChangeHidden, "first version")
}

// TestDeclaredKindsAreListed: what cannot be seen counts when it is declared.
func TestDeclaredKindsAreListed(t *testing.T) {
	moved := sourceOf(t, second(page), "by: publication", "by: publication\nchange: [migration]")
	kinds := terms.KindsOf(page.parse(t), moved)
	if len(kinds) != 1 || kinds[0].Kind != terms.Migration || kinds[0].At != day("2025-06-01") {
		t.Errorf("%+v", kinds)
	}
}

// standing is account a, which accepted documents on 1 January 2025.
func standing(accepted ...string) terms.Standing {
	return terms.Standing{Account: "a", Accepted: accepts("2025-01-01", accepted...), Accounts: 1}
}

// owedOf publishes a second version to what was published before.
func owedOf(t testing.TB, d *terms.Document, on string, who terms.Standing, before ...text) (terms.Succession, []terms.Owed, error) {
	t.Helper()
	after, err := terms.NewCorpus(append(published(t, before...), terms.Published{Document: d, Recorded: day(on)}))
	if err != nil {
		t.Fatal(err)
	}
	s, err := after.Succession(d.ID, d.Version)
	if err != nil {
		t.Fatal(err)
	}
	owed, err := after.Owed(s, who, s.Published)
	return s, owed, err
}

// TestWhoseRuleGoverns changes a page under two agreements: the more special one
// says how long before, and the longest of several products' notices counts.
func TestWhoseRuleGoverns(t *testing.T) {
	ranked := general.with("discontinuation.notice", "30 days").with("spec_change.notice", "10 days")
	ranked.precedence = "[special, general]"
	special := text{id: "s", code: "S", kind: "special", by: "acceptance", binds: "{products: [p]}", terms: map[string]string{"discontinuation.notice": "45 days"}}
	other := text{id: "page-q", code: "Q", kind: "page", product: "q"}
	ending := second(page)
	ending.until = "2025-12-31"
	for name, tt := range map[string]struct {
		who  terms.Standing
		want string
	}{
		"the general agreement alone": {standing("g"), "G 1 (g v1)"},
		"special terms go before it":  {standing("g", "s"), "S 1 (s v1)"},
	} {
		_, owed, err := owedOf(t, ending.parse(t), "2025-05-01", tt.who, ranked, special, page, other)
		if err != nil || len(owed) != 1 || owed[0].Clause.Long() != tt.want || owed[0].Product != "p" {
			t.Errorf("%s: %+v %v", name, owed, err)
		}
	}

	// The rules of a service decide for all products; where they differ the longest does.
	moved := sourceOf(t, second(ranked), "by: acceptance", "by: acceptance\nchange: [agreement, migration]")
	slow := special
	slow.terms = map[string]string{"migration.notice": "1 month"}
	_, owed, err := owedOf(t, moved, "2025-05-01", standing("g", "s"), ranked.with("migration.notice", "7 days"), slow, page, other)
	if err != nil || len(owed) != 2 || owed[1].Kind != terms.Migration || owed[1].Clause.Code != "S" || owed[1].Text != "1 month" {
		t.Errorf("%+v %v", owed, err)
	}
}

// TestNobodyIsOwed: an account that the document does not bind is told nothing.
func TestNobodyIsOwed(t *testing.T) {
	fee := general.with("late_fee.rate", "0.05%/day")
	next := second(fee.with("late_fee.rate", "0.1%/day")).parse(t)
	other := text{id: "h", code: "H", kind: "general", by: "acceptance"}
	for name, who := range map[string]terms.Standing{"nothing accepted": standing(), "another agreement": standing("h")} {
		if _, owed, err := owedOf(t, next, "2025-05-01", who, fee, other, page); err != nil || len(owed) > 0 {
			t.Errorf("%s: %+v %v", name, owed, err)
		}
	}
}

// TestTwoRulesThatNothingRanks: how long the notice is cannot be decided.
func TestTwoRulesThatNothingRanks(t *testing.T) {
	g, h := general.with("spec_change.notice", "10 days"), text{id: "h", code: "H", kind: "general", by: "acceptance", terms: map[string]string{"spec_change.notice": "20 days"}}
	dearer := second(page.with("price.cpu", "2 CNY per vCPU·hour"))
	_, _, err := owedOf(t, dearer.parse(t), "2025-05-01", standing("g", "h"), g, h, page.with("price.cpu", "1 CNY per vCPU·hour"))
	wantRefusal(t, err, refusal.TermConflict, "G 1 (g v1)", "H 1 (h v1)")
}

// TestPricesThatNeedConsent: a price that both parties must agree on is the
// tariff's, and has to be declared so.
func TestPricesThatNeedConsent(t *testing.T) {
	priced, dearer := page.with("price.cpu", "1 CNY per vCPU·hour"), second(page.with("price.cpu", "2 CNY per vCPU·hour"))
	consent := general.with("tariff.change", "after_consultation")
	check := func(d *terms.Document, agreement text) error {
		s, owed, err := owedOf(t, d, "2025-05-01", standing("g"), agreement, priced)
		if err != nil {
			t.Fatal(err)
		}
		return s.CheckTariff(owed)
	}
	wantRefusal(t, check(dearer.parse(t), consent), refusal.ChangeHidden, "price.cpu 1 CNY per vCPU·hour -> 2 CNY", "G 1 (g v1)")
	if err := check(dearer.parse(t), general); err != nil {
		t.Errorf("where notice is enough: %v", err)
	}
	if err := check(sourceOf(t, dearer, "by: publication", "by: publication\nchange: [tariff]"), consent); err != nil {
		t.Errorf("declared: %v", err)
	}
	// The same price in another clause changes nothing, and one that goes with its
	// meter has ended.
	if err := check(sourceOf(t, second(priced), "id: '1'", "id: '3'"), consent); err != nil {
		t.Errorf("the same price: %v", err)
	}
	ended := page
	ended.meter = "gpu"
	if err := check(second(ended).parse(t), consent); err != nil {
		t.Errorf("with its meter: %v", err)
	}
	// One that was free and no longer is, is both kinds.
	free := page.with("price.cpu", "0 CNY per vCPU·hour")
	if err := terms.CheckDeclared(free.parse(t), sourceOf(t, dearer, "by: publication", "by: publication\nchange: [free_quota, tariff]")); err != nil {
		t.Errorf("no longer free: %v", err)
	}
	if err := terms.CheckDeclared(priced.parse(t), sourceOf(t, second(priced), "by: publication", "by: publication\nchange: [tariff]")); refusal.CodeOf(err) != refusal.ChangeHidden {
		t.Errorf("a tariff where no price differs: %v", err)
	}
}

// TestLeaving finds the clause by which an account leaves: the document's own, or
// what binds for the product.
func TestLeaving(t *testing.T) {
	way := general.with("change.exit", "[stop_using, notify_termination]").with("late_fee.rate", "0.05%/day")
	later := second(way.with("late_fee.rate", "0.1%/day"))
	dearer := second(page.with("price.cpu", "2 CNY per vCPU·hour"))
	silent := text{id: "h", code: "H", kind: "general", by: "acceptance", terms: map[string]string{"late_fee.rate": "0.05%/day"}}
	c := corpus(t, way, later, silent, page.with("price.cpu", "1 CNY per vCPU·hour"), dearer)
	for name, tt := range map[string]struct {
		document string
		who      terms.Standing
		code     refusal.Code
	}{
		"the document's own":              {"g", standing("g"), ""},
		"over a page, by the agreement's": {"page", standing("g"), ""},
		"no document says how":            {"page", standing("h"), refusal.NoWayOut},
		"the document does not bind":      {"g", standing("h"), refusal.NotFound},
		"no such document":                {"x", standing("g"), refusal.NotFound},
	} {
		l, err := c.Leaving(tt.document, "v2", tt.who, day("2025-05-01"))
		if tt.code != "" {
			wantRefusal(t, err, tt.code)
			continue
		}
		if err != nil || l.Clause.Long() != "G 1 (g v1)" || len(l.Steps) != 2 || l.New.Version != "v2" {
			t.Errorf("%s: %+v %v", name, l, err)
		}
	}
}

// TestNoticeByPaperAlone counts from when the paper is served.
func TestNoticeByPaperAlone(t *testing.T) {
	paper := general.with("change.notice", "30 days").with("notice.paper.served", "5 natural days").with("notice.paper.first_day", "day_after")
	for channels, want := range map[string]string{"[paper]": "2025-06-05", "[paper, email]": "2025-05-31", "[written]": "2025-06-05"} {
		old := paper.with("change.channels", channels)
		changed := old.with("late_fee.rate", "0.1%/day")
		s, owed, err := owedOf(t, second(changed).parse(t), "2025-05-01", standing("g"), old, page)
		if err != nil || len(owed) != 1 {
			t.Fatalf("%+v %v", owed, err)
		}
		earliest, err := owed[0].Earliest(s, zone, nil)
		if err != nil || zone.Day(earliest).String() != want {
			t.Errorf("%s: from %s (%v), want %s", channels, zone.Day(earliest), err, want)
		}
	}
}

func TestNoticeFromAndTo(t *testing.T) {
	for _, tt := range []struct {
		notice          terms.Notice
		announced       string
		earliest, until string // the last day on which an act of that day can be announced
	}{
		{terms.Notice{Lead: terms.Period{Count: 30, Unit: terms.PlainDay}, Prior: true}, "2026-03-01", "2026-03-31", "2026-03-01"},
		{terms.Notice{Lead: terms.Period{Count: 1, Unit: terms.MonthUnit}, Prior: true}, "2026-01-31", "2026-02-28", "2026-01-31"},
		{terms.Notice{Lead: terms.Period{Count: 1, Unit: terms.MonthUnit}, Prior: true}, "2026-01-15", "2026-02-15", "2026-01-15"},
		{terms.Notice{Prior: true}, "2026-03-01", "2026-03-01", ""},
		{terms.Notice{Soft: true}, "2026-03-01", "2026-03-01", ""},
	} {
		earliest, err := tt.notice.Earliest(day(tt.announced), zone, nil)
		if err != nil || zone.Day(earliest).String() != tt.earliest {
			t.Errorf("%s: from %s (%v)", tt.notice, zone.Day(earliest), err)
		}
		last, stated, err := tt.notice.LastDay(day(tt.earliest), zone, nil)
		if err != nil || stated != (tt.until != "") || stated && last.String() != tt.until {
			t.Errorf("%s: until %s %v (%v)", tt.notice, last, stated, err)
		}
	}
	if at, err := (terms.Notice{}).Earliest(day("2026-03-01"), zone, nil); at != 0 || err != nil {
		t.Errorf("no notice is owed, and it is from %s (%v)", at, err)
	}
	working := terms.Notice{Lead: terms.Period{Count: 5, Unit: terms.WorkingDay}, Prior: true}
	_, err := working.Earliest(day("2026-03-01"), zone, nil)
	wantRefusal(t, err, refusal.BadInput, "5 working days")
}

// TestServed: posted on 1 March, served on 6 March; electronic, as it is sent.
func TestServed(t *testing.T) {
	sent := day("2026-03-01").Add(10 * calendar.HourLength)
	both := terms.Service{Electronic: true, Paper: terms.Period{Count: 5, Unit: terms.NaturalDay}, FirstDay: terms.FromDayAfter}
	loose := both
	loose.WrittenIsElectronic = true
	paper := both
	paper.Electronic = false
	same := both
	same.FirstDay = terms.FromSameDay
	for _, tt := range []struct {
		name     string
		how      terms.Service
		channels []terms.Channel
		want     calendar.Instant
	}{
		{"paper", both, []terms.Channel{terms.ChannelPaper}, day("2026-03-06")},
		{"the day of posting counts", same, []terms.Channel{terms.ChannelPaper}, day("2026-03-05")},
		{"an announcement", both, []terms.Channel{terms.ChannelSite}, sent},
		{"the first of several", both, []terms.Channel{terms.ChannelPaper, terms.ChannelSMS}, sent},
		{"what is written is paper", both, []terms.Channel{terms.ChannelWritten}, day("2026-03-06")},
		{"unless it may be electronic", loose, []terms.Channel{terms.ChannelWritten}, sent},
		{"electronic service is not stated", paper, []terms.Channel{terms.ChannelEmail}, 0},
		{"nothing is stated", terms.Service{}, []terms.Channel{terms.ChannelPaper, terms.ChannelSite}, 0},
	} {
		got, err := tt.how.Served(tt.channels, sent, zone)
		if err != nil || got != tt.want {
			t.Errorf("%s: %s (%v), want %s", tt.name, got, err, tt.want)
		}
	}
	unsaid := both
	unsaid.FirstDay = ""
	_, err := unsaid.Served([]terms.Channel{terms.ChannelPaper}, sent, zone)
	wantRefusal(t, err, refusal.TermMissing, "notice.paper.first_day")
}

// TestATariffWaitsForConsent: whoever is in term stays with the price that it had,
// until it accepts the page's version or a later one; whoever comes later pays the
// price of the day.
func TestATariffWaitsForConsent(t *testing.T) {
	priced := page.with("price.cpu", "1 CNY per vCPU·hour")
	consent := general.with("tariff.change", "after_consultation")
	tariff := sourceOf(t, second(page.with("price.cpu", "2 CNY per vCPU·hour")), "by: publication", "by: publication\nchange: [tariff]")
	third := page.with("price.cpu", "3 CNY per vCPU·hour")
	third.version, third.effective = "v3", "2025-08-01"
	c, err := terms.NewCorpus(append(published(t, consent, text{id: "h", code: "H", kind: "general", by: "acceptance"}, priced, third), terms.Published{Document: tariff, Recorded: day("2025-05-01")}))
	if err != nil {
		t.Fatal(err)
	}
	consented := append(accepts("2025-01-01", "g"), terms.Acceptance{Document: "page", Version: "v2", Form: terms.Click, At: day("2025-06-10"), Recorded: day("2025-06-10")})
	for _, tt := range []struct {
		name     string
		accepted []terms.Acceptance
		at, want string
	}{
		{"in term, before", accepts("2025-01-01", "g"), "2025-05-31", "1"},
		{"in term, without consent", accepts("2025-01-01", "g"), "2025-06-15", "1"},
		{"what follows waits too", accepts("2025-01-01", "g"), "2025-08-15", "1"},
		{"before it consented", consented, "2025-06-09", "1"},
		{"after it consented", consented, "2025-06-10", "2"},
		{"and what follows", consented, "2025-08-15", "3"},
		{"a later customer", accepts("2025-06-05", "g"), "2025-06-15", "2"},
		{"an agreement that wants no consent", accepts("2025-01-01", "h"), "2025-06-15", "2"},
	} {
		set, err := c.Bind(terms.Subject{Account: "a", Accepted: tt.accepted, Product: "p"}, day(tt.at), day("2030-01-01"))
		if err != nil {
			t.Fatal(err)
		}
		if v, err := terms.GetIn(set, terms.PriceOf, "cpu"); err != nil || v.V.Amount.String() != tt.want {
			t.Errorf("%s: %s (%v), want %s", tt.name, v.V.Amount, err, tt.want)
		}
	}
	set, err := c.Bind(terms.Subject{Account: "a", Accepted: consented, Product: "p"}, day("2025-06-05"), day("2030-01-01"))
	if err != nil || set.Until() != day("2025-06-10") {
		t.Errorf("the binding changes at %s (%v)", set.Until(), err)
	}
}
