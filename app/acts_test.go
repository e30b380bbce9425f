package app_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/core/terms/clausetest"
)

// agree has account c click documents, with an order or none.
func agree(t testing.TB, a *app.App, order string, documents ...string) {
	t.Helper()
	_, err := a.Accept(context.Background(), "c", app.NewAcceptance{Documents: documents, Form: terms.Click, Order: order}, "", "test")
	must(t, err)
}

// lapsed has an order of account c lapse, and explains what that did to a document.
func lapsed(t testing.TB, a *app.App, order, document string) (app.LapsedDocument, app.Explanation) {
	t.Helper()
	v, err := a.LapseOrder(context.Background(), "c", account.OrderLapse{Order: order}, "", "test")
	must(t, err)
	i := slices.IndexFunc(v.Documents, func(d app.LapsedDocument) bool { return d.Document == document })
	if i < 0 {
		t.Fatalf("%s did not come with the order %s: %+v", document, order, v)
	}
	x := explained(t, a, v.Documents[i].ID)
	if !x.Agrees {
		t.Errorf("%s: %v", x.What, x.Disagreements)
	}
	return v.Documents[i], x
}

// switched switches an add-on of account c.
func switched(t testing.TB, a *app.App, product, addOn string, on bool) app.AddOnView {
	t.Helper()
	v, err := a.SwitchAddOn(context.Background(), "c", account.Switch{Product: product, AddOn: addOn, On: on}, "", "test")
	must(t, err)
	return v
}

// demanded is the refusal to switch an add-on of account c on.
func demanded(t testing.TB, a *app.App, product, addOn string, parts ...string) {
	t.Helper()
	_, err := a.SwitchAddOn(context.Background(), "c", account.Switch{Product: product, AddOn: addOn, On: true}, "", "test")
	if refusal.CodeOf(err) != refusal.NotAccepted {
		t.Fatalf("%s was switched on: %v", addOn, err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q lacks %q", err, part)
		}
	}
}

// addOnState is an add-on of account c; the zero view where none is listed.
func addOnState(t testing.TB, a *app.App, product, addOn string) app.AddOnView {
	t.Helper()
	v, err := a.AddOns(context.Background(), "c", product)
	must(t, err)
	for _, view := range v.List {
		if view.AddOn == addOn {
			return view
		}
	}
	return app.AddOnView{}
}

func wantCode(t testing.TB, err error, code refusal.Code) {
	t.Helper()
	if refusal.CodeOf(err) != code {
		t.Errorf("%v, want %s", err, code)
	}
}

func clauseOf(v app.AddOnView) terms.Citations {
	if v.Clause == nil {
		return nil
	}
	return terms.Citations{v.Clause.Citation}
}

// computeOutcome reports use of compute by account c.
func computeOutcome(t testing.TB, a *app.App, name, from, to string) app.Receipt {
	t.Helper()
	return send(t, a, usage("c", "pod", name, 1000, from, to))[0]
}

// TestAnOrderThatLapsesTakesTheComputeTerms: the terms that were accepted with the
// order are gone with it, and use is refused until they are accepted again; what
// was used before is billed under them.
func TestAnOrderThatLapsesTakesTheComputeTerms(t *testing.T) {
	ctx := context.Background()
	a := customer(t, withDocuments(t, computeFolder(t)))
	agree(t, a, "o-1", computeTerms)
	computeOutcome(t, a, "before", "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00")
	advance(t, a, "2026-01-01T02:30:00+08:00")
	doc, x := lapsed(t, a, "o-1", computeTerms)
	clausetest.Applies(t, x, "E 2.1.1.1b")
	if !doc.Voided || doc.Effect != terms.LapsesTerms || doc.Clause == nil || doc.Clause.Cite != "E 2.1.1.1 (compute-terms 2025-06)" {
		t.Errorf("%+v", doc)
	}
	if got := computeOutcome(t, a, "late", "2026-01-01T01:00:00+08:00", "2026-01-01T02:00:00+08:00"); got.Outcome != app.Accepted {
		t.Errorf("use before the order lapsed: %+v", got)
	}
	refused := computeOutcome(t, a, "after", "2026-01-01T02:30:00+08:00", "2026-01-01T03:00:00+08:00")
	if refused.Code != refusal.NotAccepted || !strings.Contains(refused.Message, "E 2.1.1.1 (compute-terms 2025-06) demands") {
		t.Errorf("use after it: %+v", refused)
	}
	if x := explained(t, a, refused.Refusal); !x.Agrees {
		t.Errorf("%v", x.Disagreements)
	}
	needs, err := a.Needs(ctx, "c", "compute-payg", nil, 0)
	must(t, err)
	if len(needs.ByUse) != 0 || len(needs.Missing) != 1 || needs.Missing[0].AnyOf[0].Document != computeTerms || needs.Missing[0].Clause.Cite != doc.Clause.Cite {
		t.Errorf("%+v", needs)
	}
	view, err := a.Account(ctx, "c")
	must(t, err)
	if got := view.Accepted[0]; got.Order != "o-1" || got.Voided != "2026-01-01T02:30:00+08:00" || got.VoidedBy != doc.Clause.Cite {
		t.Errorf("%+v", got)
	}
	if x := explained(t, a, view.Accepted[0].ID); !x.Agrees || !x.Cites("E", "2.1.1.1") {
		t.Errorf("%+v", x)
	}

	agree(t, a, "o-2", computeTerms)
	if x := explained(t, a, refused.Refusal); len(x.Disagreements) > 0 { // accepted again in the same instant
		t.Errorf("%v", x.Disagreements)
	}
	if got := computeOutcome(t, a, "again", "2026-01-01T02:30:00+08:00", "2026-01-01T03:00:00+08:00"); got.Outcome != app.Accepted {
		t.Errorf("use after accepting again: %+v", got)
	}
	advance(t, a, "2026-01-01T05:00:00+08:00")
	sum, err := a.Statement(ctx, "c", month("2026-01"), 0)
	must(t, err)
	if sum.Charged != 225_000 { // 2.5 hours at 0.09
		t.Errorf("charged %s", sum.Charged)
	}
	if v := verified(t, a); !v.OK {
		t.Error(v.Broken())
	}
}

// TestWhatStandsWhenAnOrderLapses: the general agreement loses the price and not
// itself, also beside the compute terms, which are demanded again.
func TestWhatStandsWhenAnOrderLapses(t *testing.T) {
	a := customer(t, withDocuments(t, nil))
	agree(t, a, "o-1", "general-agreement")
	doc, x := lapsed(t, a, "o-1", "general-agreement")
	clausetest.Applies(t, x, "G 2.3.1.2d")
	clausetest.DoesNotApply(t, x, "E 2.1.1.1b")
	clausetest.DoesNotApply(t, x, "C 2.2b")
	if doc.Voided || doc.Effect != terms.LapsesPrice {
		t.Errorf("%+v", doc)
	}
	if got := computeOutcome(t, a, "on", "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00"); got.Outcome != app.Accepted {
		t.Errorf("%+v", got)
	}

	both := customer(t, withDocuments(t, nil))
	agree(t, both, "o-1", "general-agreement", computeTerms)
	doc, x = lapsed(t, both, "o-1", computeTerms)
	clausetest.DoesNotApply(t, x, "G 2.3.1.2d")
	if !doc.Voided {
		t.Errorf("%+v", doc)
	}
	if again, _ := lapsed(t, both, "o-1", "general-agreement"); again.Voided {
		t.Errorf("%+v", again)
	}
	if got := computeOutcome(t, both, "on", "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00"); got.Code != refusal.NotAccepted {
		t.Errorf("%+v", got)
	}
	firewall := usage("c", "wall", "wall", 1000, "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00")
	firewall.Product = "cloud-firewall"
	if got := send(t, both, firewall)[0]; got.Code == refusal.NotAccepted {
		t.Errorf("the firewall is under the general agreement alone: %+v", got)
	}
}

// TestAnOrderThatLapsesTakesTheNetworkTerms: the network's terms end themselves as
// those of compute do.
func TestAnOrderThatLapsesTakesTheNetworkTerms(t *testing.T) {
	a := customer(t, networkFolder(t, ""))
	agree(t, a, "o-1", "network-terms", "network-sla")
	doc, x := lapsed(t, a, "o-1", "network-terms")
	clausetest.Applies(t, x, "C 2.2b")
	sla, _ := lapsed(t, a, "o-1", "network-sla")
	if !doc.Voided || !sla.Voided {
		t.Errorf("%+v, %+v", doc, sla)
	}
	if got := send(t, a, networkUse(network))[0]; got.Code != refusal.NotAccepted || !strings.Contains(got.Message, "C 2.2") {
		t.Errorf("%+v", got)
	}
	agree(t, a, "", "network-terms")
	if got := send(t, a, networkUse(network))[0]; got.Outcome != app.Accepted {
		t.Errorf("%+v", got)
	}
}

// TestLapsedOrderIsAnsweredAgain: twice changes nothing; a key gives its answer.
func TestLapsedOrderIsAnsweredAgain(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		ctx := context.Background()
		a := openSample(t, url)
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: "c", Name: "C"}, "test"))
		agree(t, a, "o-1", computeTerms, "page-server-guard")
		switched(t, a, "compute-payg", "server_guard", true)
		first, err := a.LapseOrder(ctx, "c", account.OrderLapse{Order: "o-1"}, "key", "test")
		must(t, err)
		if len(first.Documents) != 2 || len(first.SwitchedOff) != 1 || first.SwitchedOff[0].AddOn != "server_guard" || first.Repeated {
			t.Errorf("%+v", first)
		}
		if x := explained(t, a, first.SwitchedOff[0].ID); !x.Agrees || !x.Cites("E", "2.1.1.1") {
			t.Errorf("%+v", x)
		}
		kept, err := a.LapseOrder(ctx, "c", account.OrderLapse{Order: "o-1"}, "key", "test")
		must(t, err)
		if diff := cmp.Diff(first, kept); diff != "" {
			t.Error(diff)
		}
		again, err := a.LapseOrder(ctx, "c", account.OrderLapse{Order: "o-1"}, "", "test")
		must(t, err)
		if !again.Repeated {
			t.Error("the second time is not a repetition")
		}
		again.Repeated = false
		if diff := cmp.Diff(first, again); diff != "" {
			t.Error(diff)
		}
		_, err = a.LapseOrder(ctx, "c", account.OrderLapse{Order: "o-2"}, "key", "test")
		wantCode(t, err, refusal.KeyReused)
		_, err = a.LapseOrder(ctx, "c", account.OrderLapse{Order: "o-2"}, "", "test")
		wantCode(t, err, refusal.NotFound)
		_, err = a.LapseOrder(ctx, "nobody", account.OrderLapse{Order: "o-1"}, "", "test")
		wantCode(t, err, refusal.UnknownAccount)
		items, _, err := a.History(ctx, "c", app.HistoryFilter{Limit: 100, Kinds: []app.HistoryKind{app.HistoryLapse, app.HistoryAddOn}})
		must(t, err)
		var told []string
		for _, item := range items {
			told = append(told, item.ID+" "+item.What)
		}
		if diff := cmp.Diff([]string{
			"add_c_3_1 The add-on server_guard of compute-payg was switched on (E 3.2.5).",
			"lps_c_4_1 The order o-1 lapsed; the acceptance of compute-terms 2025-06 went with it (E 2.1.1.1).",
			"lps_c_4_2 The order o-1 lapsed; the acceptance of page-server-guard 2025-06 went with it (E 2.1.1.1).",
			"add_c_4_3 The add-on server_guard of compute-payg was switched off (E 2.1.1.1).",
		}, told); diff != "" {
			t.Error(diff)
		}
		if v := verified(t, a); !v.OK {
			t.Error(v.Broken())
		}
	})
}

func TestOrdersThatAnAcceptanceCannotName(t *testing.T) {
	a := customer(t, withDocuments(t, nil))
	for _, tt := range []struct {
		n    app.NewAcceptance
		part string
	}{
		{app.NewAcceptance{Documents: []string{computeTerms}, Form: terms.Stamp, Order: "o-1"}, "an acceptance by stamp comes with no order"},
		{app.NewAcceptance{Documents: []string{computeTerms}, Form: terms.Mail, Order: "o-1"}, "an acceptance by mail comes with no order"},
		{app.NewAcceptance{Documents: []string{computeTerms}, Form: terms.Click, Order: "o 1"}, `"o 1" cannot be the reference`},
		{app.NewAcceptance{Documents: []string{computeTerms}, Form: terms.Click, Order: strings.Repeat("o", 101)}, "cannot be the reference"},
	} {
		_, err := a.Accept(context.Background(), "c", tt.n, "", "test")
		wantCode(t, err, refusal.BadInput)
		if !strings.Contains(err.Error(), tt.part) {
			t.Errorf("%q lacks %q", err, tt.part)
		}
	}
	_, err := a.Accept(context.Background(), "c", app.NewAcceptance{Documents: []string{"general-agreement"}, Form: terms.Purchase, Order: "o-1"}, "", "test")
	must(t, err)
}

// TestAddOnsOfCompute: what comes with compute is on until it is switched off;
// what the customer has to choose is off until it is switched on.
func TestAddOnsOfCompute(t *testing.T) {
	a := customer(t, withDocuments(t, nil), computeTerms)
	firewall := customer(t, withDocuments(t, nil), "general-agreement")
	for _, tt := range []struct {
		addOn string
		on    bool
	}{{"content_guard", true}, {"host_shield", true}, {"server_guard", false}, {"licensed_image", false}} {
		if got := addOnState(t, a, "compute-payg", tt.addOn); got.On != tt.on || got.ID != "" || got.Since != "" {
			t.Errorf("%+v", got)
		}
	}
	clausetest.Applies(t, clauseOf(addOnState(t, a, "compute-payg", "content_guard")), "E 3.1.7b")
	clausetest.DoesNotApply(t, clauseOf(addOnState(t, firewall, "compute-payg", "content_guard")), "E 3.1.7b")
	clausetest.Applies(t, clauseOf(addOnState(t, a, "compute-payg", "host_shield")), "E 3.1.9b")
	clausetest.DoesNotApply(t, clauseOf(addOnState(t, firewall, "compute-payg", "host_shield")), "E 3.1.9b")
	clausetest.DoesNotApply(t, clauseOf(addOnState(t, firewall, "compute-payg", "server_guard")), "E 3.2.5")

	off := switched(t, a, "compute-payg", "host_shield", false)
	if off.On || off.Since != traceStart || off.Repeated {
		t.Errorf("%+v", off)
	}
	if x := explained(t, a, off.ID); !x.Agrees || !x.Cites("E", "3.1.9") {
		t.Errorf("%+v", x)
	}
	if again := switched(t, a, "compute-payg", "host_shield", false); !again.Repeated || again.ID != off.ID {
		t.Errorf("%+v", again)
	}
	if on := switched(t, a, "compute-payg", "host_shield", true); !on.On || on.ID == off.ID {
		t.Errorf("%+v", on)
	}

	demanded(t, a, "compute-payg", "server_guard", "E 3.2.5", "page-server-guard 2025-06")
	agree(t, a, "", "page-server-guard")
	guard := switched(t, a, "compute-payg", "server_guard", true)
	x := explained(t, a, guard.ID)
	clausetest.Applies(t, x, "E 3.2.5")
	if !guard.On || !x.Agrees || len(guard.Missing) != 0 {
		t.Errorf("%+v, %v", guard, x.Disagreements)
	}
	if v := verified(t, a); !v.OK {
		t.Error(v.Broken())
	}
}

// TestAddOnsThatAreProvided: under the general agreements and the framework the
// server guard and the monitoring come with the service; the compute terms, which
// go before them, have the customer choose the server guard.
func TestAddOnsThatAreProvided(t *testing.T) {
	state := func(a *app.App) terms.Citations { return clauseOf(addOnState(t, a, "compute-payg", "server_guard")) }
	general := customer(t, withDocuments(t, nil), "general-agreement")
	second := customer(t, withDocuments(t, nil), "service-agreement")
	compute := customer(t, withDocuments(t, nil), "general-agreement", computeTerms)
	clausetest.Applies(t, state(general), "G 3.2.6b")
	clausetest.DoesNotApply(t, state(compute), "G 3.2.6b")
	clausetest.Applies(t, state(second), "S 5.7b")
	clausetest.DoesNotApply(t, state(general), "S 5.7b")
	if guard := addOnState(t, general, "compute-payg", "server_guard"); !guard.On || guard.Default != terms.AddonProvided {
		t.Errorf("%+v", guard)
	}
	if off := switched(t, general, "compute-payg", "monitoring", false); off.On {
		t.Errorf("%+v", off)
	}

	framework, _ := partyAt(t, traceStart, "northfield-a", withDocuments(t, nil), and(theGeneral)...)
	view, err := framework.AddOns(context.Background(), "northfield-a", "compute-payg")
	must(t, err)
	i := slices.IndexFunc(view.List, func(v app.AddOnView) bool { return v.AddOn == "server_guard" })
	if i < 0 {
		t.Fatalf("%+v", view)
	}
	clausetest.Applies(t, clauseOf(view.List[i]), "FA 3.2.6b")
	clausetest.DoesNotApply(t, state(general), "FA 3.2.6b")
}

// TestLicencesOfThirdParties: whoever switches on what includes the software of a
// third party has accepted its licence; for what is the provider's own, none is
// demanded.
func TestLicencesOfThirdParties(t *testing.T) {
	image := func(a *app.App, product string) (own, others app.Explanation) {
		t.Helper()
		own = explained(t, a, switched(t, a, product, "monitoring", false).ID)
		agree(t, a, "", "licence-hazelworks")
		return own, explained(t, a, switched(t, a, product, "licensed_image", true).ID)
	}
	general := customer(t, withDocuments(t, nil), "general-agreement")
	demanded(t, general, "compute-payg", "licensed_image", "P 4", "as G 3.1.8 (general-agreement 2025-06) provides", "licence-hazelworks 2025-06")
	own, others := image(general, "compute-payg")
	clausetest.DoesNotApply(t, own, "G 3.1.8")
	clausetest.DoesNotApply(t, own, "P 4")
	clausetest.Applies(t, others, "G 3.1.8")
	clausetest.Applies(t, others, "P 4")

	compute := customer(t, withDocuments(t, nil), "general-agreement", computeTerms)
	demanded(t, compute, "compute-payg", "licensed_image", "as E 3.1.3.3 (compute-terms 2025-06) provides")
	own, others = image(compute, "compute-payg")
	clausetest.DoesNotApply(t, own, "E 3.1.3.3")
	clausetest.Applies(t, others, "E 3.1.3.3")
	agree(t, compute, "", "page-server-guard")
	guard := explained(t, compute, switched(t, compute, "compute-payg", "server_guard", true).ID)
	clausetest.DoesNotApply(t, guard, "E 3.1.3.3")

	net := customer(t, withDocuments(t, nil), "network-terms", "general-agreement")
	demanded(t, net, network, "licensed_router", "PN 4", "as C 3.1.3.3 (network-terms 2025-06) provides")
	own = explained(t, net, switched(t, net, network, "monitoring", false).ID)
	agree(t, net, "", "licence-hazelworks")
	others = explained(t, net, switched(t, net, network, "licensed_router", true).ID)
	clausetest.DoesNotApply(t, own, "C 3.1.3.3")
	clausetest.DoesNotApply(t, own, "PN 4")
	clausetest.Applies(t, others, "C 3.1.3.3")
	clausetest.Applies(t, others, "PN 4")
}

// TestLicencesUnderTheFramework: the contract's annex has the licence apply, where
// no special terms go before it.
func TestLicencesUnderTheFramework(t *testing.T) {
	ctx := context.Background()
	a, _ := partyAt(t, traceStart, "northfield-a", withDocuments(t, nil), and(theGeneral)...)
	x := account.Switch{Product: "compute-payg", AddOn: "licensed_image", On: true}
	_, err := a.SwitchAddOn(ctx, "northfield-a", x, "", "test")
	if refusal.CodeOf(err) != refusal.NotAccepted || !strings.Contains(err.Error(), "as FA 3.1.8 (framework-terms") {
		t.Fatal(err)
	}
	must(t, clicks(ctx, a, "northfield-a", []string{"licence-hazelworks"}, "test"))
	on, err := a.SwitchAddOn(ctx, "northfield-a", x, "", "test")
	must(t, err)
	clausetest.Applies(t, explained(t, a, on.ID), "FA 3.1.8")
	off, err := a.SwitchAddOn(ctx, "northfield-a", account.Switch{Product: "compute-payg", AddOn: "monitoring"}, "", "test")
	must(t, err)
	clausetest.DoesNotApply(t, explained(t, a, off.ID), "FA 3.1.8")
}

// TestTheLicenceItself: it is accepted by a click alone, and binds for what
// includes the software, once it is accepted.
func TestTheLicenceItself(t *testing.T) {
	ctx := context.Background()
	a := customer(t, withDocuments(t, nil), "general-agreement")
	_, err := a.Accept(ctx, "c", app.NewAcceptance{Documents: []string{"licence-hazelworks"}, Form: terms.Purchase}, "", "test")
	wantCode(t, err, refusal.BadInput)
	clausetest.Refrains(t, "HZ 2", !computeBinds(resolve(t, a, "late_fee.rate"), "licence-hazelworks"))
	agree(t, a, "", "licence-hazelworks")
	clausetest.Executes(t, "HZ 2", computeBinds(resolve(t, a, "late_fee.rate"), "licence-hazelworks"))
	view, err := a.Account(ctx, "c")
	must(t, err)
	clausetest.Applies(t, explained(t, a, view.Accepted[1].ID), "HZ 1")
	clausetest.DoesNotApply(t, explained(t, a, view.Accepted[0].ID), "HZ 1")
}

func TestAddOnsRefuse(t *testing.T) {
	ctx := context.Background()
	a := customer(t, withDocuments(t, nil), computeTerms)
	_, err := a.AddOns(ctx, "nobody", "compute-payg")
	wantCode(t, err, refusal.UnknownAccount)
	_, err = a.AddOns(ctx, "c", "tea")
	wantCode(t, err, refusal.UnknownProduct)
	_, err = a.SwitchAddOn(ctx, "c", account.Switch{Product: "compute-payg", AddOn: "milk", On: true}, "key", "test")
	wantCode(t, err, refusal.BadInput)
	first, err := a.SwitchAddOn(ctx, "c", account.Switch{Product: "compute-payg", AddOn: "host_shield"}, "key", "test")
	must(t, err)
	kept, err := a.SwitchAddOn(ctx, "c", account.Switch{Product: "compute-payg", AddOn: "host_shield"}, "key", "test")
	must(t, err)
	if diff := cmp.Diff(first, kept); diff != "" {
		t.Error(diff)
	}
	_, err = a.SwitchAddOn(ctx, "c", account.Switch{Product: "compute-payg", AddOn: "host_shield", On: true}, "key", "test")
	wantCode(t, err, refusal.KeyReused)
}

// TestVerifyKnowsWhenAnOrderLapsed: what was taken in while the terms were accepted, and
// refused while they were not, stays right after the order lapsed, and after another one.
func TestVerifyKnowsWhenAnOrderLapsed(t *testing.T) {
	a := customer(t, withDocuments(t, computeFolder(t)))
	holds := func() {
		t.Helper()
		if v := verified(t, a); !v.OK {
			t.Error(v.Broken())
		}
	}
	agree(t, a, "o-1", computeTerms)
	advance(t, a, "2026-01-01T05:30:00+08:00")
	if got := computeOutcome(t, a, "before", "2026-01-01T04:00:00+08:00", "2026-01-01T05:00:00+08:00"); got.Outcome != app.Accepted {
		t.Errorf("%+v", got)
	}
	advance(t, a, "2026-01-02T02:30:00+08:00")
	lapsed(t, a, "o-1", computeTerms)
	advance(t, a, "2026-01-02T05:30:00+08:00")
	holds()
	if got := computeOutcome(t, a, "after", "2026-01-02T04:00:00+08:00", "2026-01-02T05:00:00+08:00"); got.Code != refusal.NotAccepted {
		t.Errorf("%+v", got)
	}
	advance(t, a, "2026-01-03T05:30:00+08:00")
	agree(t, a, "o-2", computeTerms)
	advance(t, a, "2026-01-04T05:30:00+08:00")
	holds()
}
