package app_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/core/terms/clausetest"
	"termwise.dev/provider"
)

// The enterprise network is sold in packages, not by meter. To see what its
// terms do to money and time, these tests put a page in its place that sells it
// as the page of elastic compute sells that, with all of that page's values.
const (
	network     = "enterprise-network"
	networkPage = "products/enterprise-network.yaml"
)

// networkFolder is the sample with the metered page, to which a term is added
// unless it is empty. The page allows its own cycle, so that no other agreement
// than the network's is needed.
func networkFolder(t testing.TB, term string) fstest.MapFS {
	t.Helper()
	page, err := provider.Sample.ReadFile("products/compute-payg.yaml")
	must(t, err)
	added := "billing.cycles: [hour]"
	if term != "" {
		added += "\n      " + term
	}
	text := strings.NewReplacer("compute-payg", network, "code: P\n", "code: PN\n", "billing.cycle: hour", "billing.cycle: hour\n      "+added).
		Replace(string(page))
	return withDocuments(t, map[string]string{networkPage: text})
}

// networkUse is an hour of ten GPUs, 85.00, from an hour after the trace's start.
func networkUse(product string) app.Reported {
	from := instant(traceStart).Add(calendar.HourLength)
	return app.Reported{Event: metering.Event{
		Source: "s", ID: "use of " + product, Account: "c", Product: product, Resource: "r " + product,
		From: from, To: from.Add(calendar.HourLength), Measures: []metering.Measure{{Meter: "gpu", Value: 10_000}},
	}}
}

// networkTerm resolves a key for the enterprise network.
func networkTerm(t testing.TB, a *app.App, key string) app.Resolution {
	t.Helper()
	r, err := a.Resolve(context.Background(), app.Question{Key: key, Account: "c", Product: network})
	must(t, err)
	return r
}

// networkAcceptance returns account c's acceptance of a document, or an empty one.
func networkAcceptance(t testing.TB, a *app.App, document string) app.AcceptanceView {
	t.Helper()
	v, err := a.Account(context.Background(), "c")
	must(t, err)
	for _, accepted := range v.Accepted {
		if accepted.Document == document {
			return accepted
		}
	}
	return app.AcceptanceView{}
}

// networkMove explains how account c's service came into the state in which it stands.
func networkMove(t testing.TB, a *app.App, product string) app.Explanation {
	t.Helper()
	v, err := a.Account(context.Background(), "c")
	must(t, err)
	at := slices.IndexFunc(v.Services, func(s app.ServiceView) bool { return s.Product == product })
	if at < 0 {
		t.Fatalf("account c has no service %s", product)
	}
	return explained(t, a, v.Services[at].ID)
}

// networkServices gives the states of account c's services and its late fees.
func networkServices(t testing.TB, a *app.App) string {
	t.Helper()
	v, err := a.Account(context.Background(), "c")
	must(t, err)
	var out []string
	for _, s := range v.Services {
		out = append(out, s.Product+" "+s.State)
	}
	return strings.Join(append(out, v.LateFees.String()), ", ")
}

// TestNetworkTermsAreAcceptedByConduct: use without a click accepts, from the
// instant of the use; use of another product does not; a click is a click.
func TestNetworkTermsAreAcceptedByConduct(t *testing.T) {
	folder := networkFolder(t, "")
	used := customer(t, folder)
	if _, err := used.Resolve(context.Background(), app.Question{Key: "arrears.withhold", Account: "c", Product: network}); refusal.CodeOf(err) != refusal.NotAccepted {
		t.Errorf("before any acceptance: %v", err)
	}
	sendAll(t, used, networkUse(network))
	accepted := networkAcceptance(t, used, "network-terms")
	clausetest.Executes(t, "C 0.1", accepted.Form == "use" && accepted.At == "2026-01-01T01:00:00+08:00")
	act := explained(t, used, accepted.ID)
	clausetest.Applies(t, &act, "C 0.1")
	advance(t, used, "2026-01-01T03:00:00+08:00")
	clausetest.Applies(t, clausesOf(networkTerm(t, used, "acceptance.forms")), "C 0.1")

	other := customer(t, folder)
	sendAll(t, other, networkUse("compute-payg"))
	clausetest.Refrains(t, "C 0.1", networkAcceptance(t, other, "network-terms") == app.AcceptanceView{})

	clicked := customer(t, folder, "network-terms")
	if got := networkAcceptance(t, clicked, "network-terms"); got.Form != "click" || got.At != traceStart {
		t.Errorf("a click is recorded as %+v", got)
	}
}

// TestAStampedNetworkContractComesFirst binds no other agreement than the
// network's, so that no other list can put the stamped text first.
func TestAStampedNetworkContractComesFirst(t *testing.T) {
	const key = "arrears.withhold"
	contract := strings.ReplaceAll(small("contract", "Z", "stamped", "acceptance", key+": false"), "compute-payg", network)
	folder := withDocuments(t, map[string]string{"agreements/z.yaml": contract})
	clicked := networkTerm(t, customer(t, folder, "network-terms"), key)
	clausetest.Refrains(t, "C 0.1", clicked.Value == "true")
	stamped := networkTerm(t, customer(t, folder, "network-terms", "contract"), key)
	clausetest.Executes(t, "C 0.1", stamped.Value == "false" && decides(stamped, "C 0.1"))
}

// TestNetworkAgreementsBindTheNetwork: who accepted them is bound by the terms
// and the service level agreement for the enterprise network, and for nothing else.
func TestNetworkAgreementsBindTheNetwork(t *testing.T) {
	folder := withDocuments(t, nil)
	bound := func(a *app.App, product string) string {
		r, err := a.Resolve(context.Background(), app.Question{Key: "arrears.withhold", Account: "c", Product: product})
		must(t, err)
		ids := map[string]bool{}
		for _, d := range r.Documents {
			ids[d.Document] = true
		}
		return strings.Join(slices.Sorted(maps.Keys(ids)), " ")
	}
	all := customer(t, folder, "general-agreement", "network-terms", "network-sla")
	onNetwork := bound(all, network) == "billing-rules general-agreement network-sla network-terms page-enterprise-network"
	clausetest.Executes(t, "C 1.1", onNetwork)
	clausetest.Executes(t, "PN 1", onNetwork)
	onCompute := bound(all, "compute-payg") == "billing-rules general-agreement page-compute-payg"
	clausetest.Refrains(t, "C 1.1", onCompute)
	clausetest.Refrains(t, "PN 1", onCompute)

	general := customer(t, folder, "general-agreement")
	if got := bound(general, network); got != "billing-rules general-agreement page-enterprise-network" {
		t.Errorf("an account that accepted the general agreement alone is bound by %s", got)
	}
}

// TestNetworkTermsGoBeforePages: the page says that nothing is withheld. It goes
// before the general agreement, and the service runs on; the network's terms go
// before the page, and it is suspended.
func TestNetworkTermsGoBeforePages(t *testing.T) {
	const key = "arrears.withhold"
	folder := networkFolder(t, key+": false")
	unpaid := func(folder fstest.MapFS, accepts ...string) *app.App {
		a := customer(t, folder, accepts...)
		sendAll(t, a, networkUse(network))
		advance(t, a, "2026-01-03T00:00:00+08:00")
		return a
	}
	under := unpaid(folder, "general-agreement", "network-terms")
	r := networkTerm(t, under, key)
	clausetest.Executes(t, "C 10.1", r.Value == "true" && len(r.Considered) == 3 && decides(r, "C 10.1"))
	if got := networkServices(t, under); got != "enterprise-network suspended, 0.042500" {
		t.Errorf("under the network's terms: %s", got)
	}
	move := networkMove(t, under, network)
	clausetest.Applies(t, &move, "C 2.4")

	without := unpaid(notByUse(t, folder, "network-terms"), "general-agreement")
	r = networkTerm(t, without, key)
	clausetest.Refrains(t, "C 10.1", r.Value == "false" && len(r.Considered) == 2 && decides(r, "G 12.1"))
	if got := networkServices(t, without); got != "enterprise-network active, 0.042500" {
		t.Errorf("under the general agreement alone: %s", got)
	}
}

// TestNetworkArrears leaves 85.00 unpaid from New Year's Day: the network's terms
// withhold the service and set no fee for the delay. One is owed where the
// general agreement, which sets one, was accepted too; and it is the general
// agreement that withholds another product.
func TestNetworkArrears(t *testing.T) {
	both := customer(t, networkFolder(t, ""), "general-agreement", "network-terms")
	alone := customer(t, notByUse(t, networkFolder(t, ""), "general-agreement"), "network-terms")
	sendAll(t, alone, networkUse(network))
	sendAll(t, both, networkUse(network), networkUse("compute-payg"))

	const begun = "2026-01-01T02:00:00+08:00"
	advance(t, both, "2026-01-02T01:59:59+08:00")
	if got := networkServices(t, both); got != "compute-payg active, enterprise-network active, 0.000000" {
		t.Errorf("a second short of 24 hours after %s: %s", begun, got)
	}
	for _, a := range []*app.App{alone, both} {
		advance(t, a, "2026-01-04T00:00:00+08:00")
	}
	if got := networkServices(t, alone); got != "enterprise-network suspended, 0.000000" {
		t.Errorf("under the network's terms alone: %s", got)
	}
	if r := networkTerm(t, alone, "late_fee.rate"); !r.Silent {
		t.Errorf("the late fee is %s", r.Value)
	}
	// 85.00 of each product, 0.05% on 2 and 3 January.
	if got := networkServices(t, both); got != "compute-payg suspended, enterprise-network suspended, 0.170000" {
		t.Errorf("under both agreements: %s", got)
	}
	withheld, elsewhere := networkMove(t, both, network), networkMove(t, both, "compute-payg")
	clausetest.Applies(t, &withheld, "C 2.4")
	clausetest.DoesNotApply(t, &elsewhere, "C 2.4")
	fee := networkTerm(t, both, "late_fee.rate")
	if fee.Value != "0.05%/day" || !clausesOf(fee).Cites("G", "2.3") {
		t.Errorf("the late fee of the network is %s by %v", fee.Value, clausesOf(fee))
	}
	clausetest.DoesNotApply(t, clausesOf(fee), "C 2.4")
}

// networkChange is the sample with a new version of an agreement, announced on 1
// January, in which some of its text differs.
func networkChange(t testing.TB, file, effective, old, new string) fstest.MapFS {
	t.Helper()
	text, err := provider.Sample.ReadFile(file)
	must(t, err)
	next := strings.NewReplacer(
		`version: "2025-06"`, `version: "2026-02"`, "announced: 2025-05-01", "announced: 2026-01-01",
		"effective: 2025-06-01", "effective: "+effective, old, new,
	).Replace(string(text))
	return withDocuments(t, map[string]string{"agreements/next.yaml": next})
}

// networkNotice publishes a change that takes effect 29 natural days after its
// announcement, which must be refused by a clause, and then one after 30.
func networkNotice(t testing.TB, a *app.App, file, old, new, cite string) (refused, accepted bool) {
	t.Helper()
	ctx := context.Background()
	_, err := a.Publish(ctx, networkChange(t, file, "2026-01-30", old, new))
	refused = refusal.CodeOf(err) == refusal.NoticeTooShort && strings.Contains(err.Error(), cite+" (")
	plan, err := a.Publish(ctx, networkChange(t, file, "2026-01-31", old, new))
	must(t, err)
	if len(plan.Documents) != 1 {
		t.Fatalf("plan %+v", plan.Documents)
	}
	p := plan.Documents[0]
	accepted = p.NoticesOwed == 1 && p.NoticeBy == "2026-01-01" && p.Dissent == terms.ContinuedUseAccepts
	return refused, accepted
}

// TestThirtyDaysBeforeTheNetworkTermsChange: the account that goes on using the
// service is bound by the change from its day.
func TestThirtyDaysBeforeTheNetworkTermsChange(t *testing.T) {
	const key = "arrears.withhold"
	a := customer(t, withDocuments(t, nil), "general-agreement", "network-terms", "network-sla")
	refused, accepted := networkNotice(t, a, "agreements/network-terms.yaml", key+": true", key+": false", "C 3.1.1")
	if !refused || !accepted {
		t.Errorf("refused %v, accepted %v", refused, accepted)
	}
	advance(t, a, "2026-01-30T23:59:59+08:00")
	if r := networkTerm(t, a, key); r.Value != "true" {
		t.Errorf("a second before the change it is %s", r.Value)
	}
	advance(t, a, "2026-01-31T00:00:00+08:00")
	r := networkTerm(t, a, key)
	if want := "C 2.4 (network-terms 2026-02)"; r.Value != "false" || r.Clause.Cite != want {
		t.Errorf("after the change it is %s by %v", r.Value, r.Clause)
	}
}

// TestThirtyDaysBeforeTheNetworkSLAChanges lowers the availability undertaken.
func TestThirtyDaysBeforeTheNetworkSLAChanges(t *testing.T) {
	a := customer(t, withDocuments(t, nil), "general-agreement", "network-terms", "network-sla")
	refused, accepted := networkNotice(t, a, "agreements/network-sla.yaml", "not lower than 99.95%.", "not lower than 99.90%.", "C-SLA 4")
	if !refused || !accepted {
		t.Errorf("refused %v, accepted %v", refused, accepted)
	}
	advance(t, a, "2026-01-31T00:00:00+08:00")
	bound := networkTerm(t, a, "arrears.withhold").Documents
	if !slices.ContainsFunc(bound, func(d app.BoundDocument) bool { return d.Document == "network-sla" && d.Version == "2026-02" }) {
		t.Errorf("after the change the account is bound by %+v", bound)
	}
}

// networkText is the network's terms as they are shown, by label, and the labels
// in their order.
func networkText(t testing.TB) (map[string]app.ClauseView, []string) {
	t.Helper()
	a := openSample(t, t.TempDir()+"/test.db")
	d, err := a.Document(context.Background(), "network-terms", "")
	must(t, err)
	clauses := map[string]app.ClauseView{}
	var labels []string
	for _, c := range d.Text {
		clauses[c.Label] = c
		labels = append(labels, c.Label)
	}
	if len(clauses) != len(labels) {
		t.Errorf("%d labels name %d clauses", len(labels), len(clauses))
	}
	return clauses, labels
}

func TestNetworkEmphasisAndSurvivalAreShown(t *testing.T) {
	clause, _ := networkText(t)
	for _, label := range []string{"2.4", "7.2", "7.4", "7.5", "8.1", "9.2"} { // breach, exemptions, limits, venue
		clausetest.Executes(t, "C 0.2", clause[label].Emphasis)
	}
	for _, label := range []string{"1.1", "2.1", "3.2.2.2"} {
		clausetest.Refrains(t, "C 0.2", !clause[label].Emphasis)
	}
	for _, label := range []string{"3.2.5", "4.1", "4.3", "5.1", "5.3", "9.1"} { // confidentiality, warranty, intellectual property, law
		clausetest.Executes(t, "C 10.3", clause[label].Survives)
	}
	for _, label := range []string{"2.1", "3.1.2", "6.1"} {
		clausetest.Refrains(t, "C 10.3", !clause[label].Survives)
	}
}

// TestNetworkLabelsAreKept: the terms skip 3.1.9, and print the items of 3.1.3.5
// under the number of the clause after it. Labels are kept as printed.
func TestNetworkLabelsAreKept(t *testing.T) {
	clause, labels := networkText(t)
	_, numbered := clause["3.1.9"]
	at := slices.Index(labels, "3.1.8")
	clausetest.Executes(t, "C-3.1.9", !numbered && slices.Equal(labels[at:at+3], []string{"3.1.8", "3.1.10", "3.1.11"}))
	at = slices.Index(labels, "3.1.3.8")
	clausetest.Refrains(t, "C-3.1.9", slices.Equal(labels[at:at+3], []string{"3.1.3.8", "3.1.3.9", "3.1.3.10"}))

	at = slices.Index(labels, "3.1.3.5")
	for i := range 8 {
		label := fmt.Sprintf("3.1.3.5/3.1.3.6.%d", i+1)
		if labels[at+1+i] != label || clause[label].Cite != "C "+label {
			t.Errorf("item %d has the label %s and is cited as %s", i+1, labels[at+1+i], clause[label].Cite)
		}
	}
	if labels[at+9] != "3.1.3.6" || clause["3.1.3.6"].Title != "No heavy use of resources" {
		t.Errorf("after the items comes %s, %s", labels[at+9], clause["3.1.3.6"].Title)
	}
}
