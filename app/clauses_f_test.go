package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms/clausetest"
)

const (
	party          = "northfield-a" // one of the accounts of the framework contract
	frameworkFile  = "agreements/framework-contract.yaml"
	pricesFile     = "agreements/framework-prices.yaml"
	frameTermsFile = "agreements/framework-terms.yaml"
	frameRateKey   = "late_fee.rate"
)

// theFramework is the contract with its annexes.
var theFramework = []string{"framework-contract", "framework-prices", "framework-terms"}

// and is the framework together with other documents.
func and(documents ...string) []string { return slices.Concat(theFramework, documents) }

// stranger is an account that the contract does not name.
const stranger = "northfield-d"

// acceptedBy is what an account accepts: a stranger cannot accept the contract.
func acceptedBy(id string) []string {
	if id == stranger {
		return []string{theGeneral}
	}
	return and(theGeneral)
}

// partyAt opens an account at an instant under documents of a folder, with the
// database to look into.
func partyAt(t testing.TB, at, id string, folder fstest.MapFS, accepts ...string) (*app.App, *sql.DB) {
	t.Helper()
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "test.db")
	a := open(t, file)
	must(t, a.Init(ctx, true, instant(at)))
	_, err := a.Publish(ctx, folder)
	must(t, err)
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: id, Name: "Northfield Works", Accepts: accepts}, "test"))
	return a, around(t, file)
}

// frameTerm resolves a key for an account and a product, now.
func frameTerm(t testing.TB, a *app.App, key, id, product string) app.Resolution {
	t.Helper()
	r, err := a.Resolve(context.Background(), app.Question{Key: key, Account: id, Product: product})
	must(t, err)
	return r
}

// saying is a sample document with a clause added that sets a term.
func saying(t testing.TB, file, term string) map[string]string {
	t.Helper()
	clause := "\n  - { id: Z, title: Added, text: Something else., terms: { " + term + " } }\n"
	return map[string]string{file: editedSample(t, file) + clause}
}

// thousandUsed is a use of compute that costs exactly 1,000.00.
func thousandUsed(id string) app.Reported {
	e := usage(id, "large", "large", 0, traceStart, "2026-01-01T01:00:00+08:00")
	e.Measures = []metering.Measure{{Meter: "gpu", Value: 100_000}, {Meter: "memory", Value: 6_250 * 1024}}
	return e
}

// TestTheFrameworkBindsItsAccounts: the contract binds the three accounts that
// it names, for all products but two; nobody else can accept it.
func TestTheFrameworkBindsItsAccounts(t *testing.T) {
	for _, id := range []string{party, "northfield-b", "northfield-c", stranger} {
		a, _ := partyAt(t, traceStart, id, withDocuments(t, nil), acceptedBy(id)...)
		r := frameTerm(t, a, frameRateKey, id, "compute-payg")
		if id == stranger {
			err := clicks(context.Background(), a, id, theFramework, "test")
			clausetest.Refrains(t, "F 1a", refusal.CodeOf(err) == refusal.BadInput && strings.Contains(err.Error(), "names the accounts"))
			clausetest.Refrains(t, "F 1a", r.Value == "0.05%/day" && !computeBinds(r, "framework-contract") && !computeBinds(r, "framework-terms"))
			continue
		}
		clausetest.Executes(t, "F 1a", r.Value == "0.1%/day" && computeBinds(r, "framework-contract") && computeBinds(r, "framework-prices"))
		clausetest.Refrains(t, "F 1b", computeBinds(r, "framework-contract"))
		for _, product := range []string{"domain-names", "marketplace"} {
			r := frameTerm(t, a, frameRateKey, id, product)
			bound := slices.ContainsFunc(r.Documents, func(d app.BoundDocument) bool { return strings.HasPrefix(d.Document, "framework-") })
			clausetest.Executes(t, "F 1b", r.Value == "0.05%/day" && r.Clause.Citation.String() == "G 2.3" && !bound)
		}
	}
}

// TestProductsUnderTheGeneralAgreementAlone: what the framework leaves out is
// sold under the general agreement, as its pages say.
func TestProductsUnderTheGeneralAgreementAlone(t *testing.T) {
	a, _ := partyAt(t, traceStart, party, withDocuments(t, nil), and(theGeneral)...)
	bound := func(product string) string {
		var ids []string
		for _, d := range frameTerm(t, a, frameRateKey, party, product).Documents {
			ids = append(ids, d.Document)
		}
		return strings.Join(ids, " ")
	}
	names := bound("domain-names") == "billing-rules general-agreement page-domain-names"
	goods := bound("marketplace") == "billing-rules general-agreement page-marketplace"
	compute := bound("compute-payg") == "billing-rules framework-contract framework-prices framework-terms general-agreement page-compute-payg"
	clausetest.Executes(t, "PD 1", names)
	clausetest.Refrains(t, "PD 1", compute)
	clausetest.Executes(t, "PM 1", goods)
	clausetest.Refrains(t, "PM 1", compute)
}

// TestTheFrameworkHasAWindow: it binds from the first second of its first day,
// through the last second of its last day.
func TestTheFrameworkHasAWindow(t *testing.T) {
	ctx := context.Background()
	early, _ := partyAt(t, "2025-06-02T23:59:59+08:00", party, withDocuments(t, nil))
	err := clicks(ctx, early, party, theFramework, "test")
	clausetest.Refrains(t, "F 3a", refusal.CodeOf(err) == refusal.NotFound)
	advance(t, early, "2025-06-03T00:00:00+08:00")
	must(t, clicks(ctx, early, party, and(theGeneral), "test"))

	rateAt := func(at string) string {
		r, err := early.Resolve(ctx, app.Question{Key: frameRateKey, Account: party, Product: "compute-payg", At: instant(at)})
		must(t, err)
		return r.Value
	}
	for _, at := range []string{"2025-06-03T00:00:00+08:00", "2026-06-03T23:59:59+08:00", "2026-06-03T23:59:59.999999+08:00"} {
		clausetest.Executes(t, "F 3a", rateAt(at) == "0.1%/day")
	}
	clausetest.Refrains(t, "F 3a", rateAt("2026-06-04T00:00:00+08:00") == "0.05%/day")
}

// TestWhatWasBoughtStaysUnderTheFramework asks half a year after the end about a
// package that was bought within the term, about one that was bought after it,
// and about what is charged by volume.
func TestWhatWasBoughtStaysUnderTheFramework(t *testing.T) {
	const later = "2026-12-01T00:00:00+08:00"
	a, _ := partyAt(t, traceStart, party, withDocuments(t, nil), and(theGeneral)...)
	rate := func(bought string) app.Resolution {
		q := app.Question{Key: frameRateKey, Account: party, Product: "compute-payg", At: instant(later)}
		if bought != "" {
			q.Bought = instant(bought)
		}
		r, err := a.Resolve(context.Background(), q)
		must(t, err)
		return r
	}
	for _, bought := range []string{"2026-05-01T00:00:00+08:00", "2026-06-03T23:59:59+08:00"} {
		r := rate(bought)
		whole := computeBinds(r, "framework-contract") && computeBinds(r, "framework-prices") && computeBinds(r, "framework-terms")
		clausetest.Executes(t, "F 3b", r.Value == "0.1%/day" && whole)
	}
	for _, bought := range []string{"2026-06-04T00:00:00+08:00", ""} {
		r := rate(bought)
		clausetest.Refrains(t, "F 3b", r.Value == "0.05%/day" && !computeBinds(r, "framework-contract") && !computeBinds(r, "framework-terms"))
	}
	q := app.Question{Key: frameRateKey, Account: party, Product: "compute-payg", Bought: instant(later) + 1, At: instant(later)}
	if _, err := a.Resolve(context.Background(), q); refusal.CodeOf(err) != refusal.BadInput {
		t.Errorf("bought after the instant that is asked about: %v", err)
	}
}

// TestVolumeStopsBeingUnderTheFramework: the last hour of the contract is charged
// under it, the next hour under the general agreement, which binds the account too.
func TestVolumeStopsBeingUnderTheFramework(t *testing.T) {
	const last, end, next = "2026-06-03T23:00:00+08:00", "2026-06-04T00:00:00+08:00", "2026-06-04T01:00:00+08:00"
	a, db := partyAt(t, last, party, withDocuments(t, nil), and(theGeneral)...)
	sendAll(t, a, usage(party, "pod", "pod", 1000, last, next))
	advance(t, a, next)
	var charges []app.Explanation
	for _, name := range namesIn(t, db, "charges", app.ChargeRow) {
		charges = append(charges, explained(t, a, name))
	}
	if len(charges) != 2 || lineCount(t, db, "SUM(amount) FROM charges") != 180_000 {
		t.Fatalf("%d charges", len(charges))
	}
	clausetest.Applies(t, &charges[0], "FA 2.3.2")
	clausetest.DoesNotApply(t, &charges[1], "FA 2.3.2")
	clausetest.Applies(t, &charges[1], "G 2.3.2")
}

// TestPrecedenceWithinTheFramework: the main body goes before the annexes, and
// the price annex before the terms.
func TestPrecedenceWithinTheFramework(t *testing.T) {
	rate := func(accepts []string, added map[string]string) app.Resolution {
		a, _ := partyAt(t, traceStart, party, withDocuments(t, added), accepts...)
		return frameTerm(t, a, frameRateKey, party, "compute-payg")
	}
	const other = frameRateKey + ": 0.2%/day"
	plain := rate(theFramework, nil)
	alone := plain.Value == "0.1%/day" && len(plain.Considered) == 1

	main := rate(theFramework, saying(t, frameworkFile, other))
	clausetest.Executes(t, "F 4a", main.Value == "0.2%/day" && main.Clause.Citation.Code == "F" && decides(main, "F 4"))
	clausetest.Refrains(t, "F 4a", alone)

	prices := rate(theFramework, saying(t, pricesFile, other))
	clausetest.Executes(t, "F 4b", prices.Value == "0.2%/day" && prices.Clause.Citation.Code == "FP" && decides(prices, "F 4"))
	clausetest.Refrains(t, "F 4b", alone)

	// The annexes have the force of the main body: they go before what was clicked.
	for _, general := range []string{theGeneral, service} {
		if r := rate(and(general), nil); r.Value != "0.1%/day" || !decides(r, "F 4") {
			t.Errorf("beside the %s the rate is %s: %+v", general, r.Value, r.Considered)
		}
	}
}

// TestTheContractCallsItsAnnexesOtherwise: each name that clause 4 uses is one
// that an annex says it is called by, and no annex is headed so (X19).
func TestTheContractCallsItsAnnexesOtherwise(t *testing.T) {
	ctx := context.Background()
	a, _ := partyAt(t, traceStart, party, withDocuments(t, nil))
	contract, err := a.Document(ctx, "framework-contract", "")
	must(t, err)
	order := contract.Text[slices.IndexFunc(contract.Text, func(c app.ClauseView) bool { return c.Label == "4" })].Text
	last := -1
	for _, annex := range []string{"framework-prices", "framework-terms"} { // the order of clause 4
		d, err := a.Document(ctx, annex, "")
		must(t, err)
		if len(d.AlsoCalled) != 1 || strings.Contains(order, d.Title) {
			t.Fatalf("%s is headed %q and also called %q", annex, d.Title, d.AlsoCalled)
		}
		at := strings.Index(order, d.AlsoCalled[0])
		if at <= last {
			t.Errorf("clause 4 does not name the %s in its place: %s", d.AlsoCalled[0], order)
		}
		last = at
	}
}

// TestTheStampedContractGoesBeforeAPage: what the stamped main body says goes
// before the page; in the annex, which pages go before, the same words do not.
func TestTheStampedContractGoesBeforeAPage(t *testing.T) {
	suspension := func(file string) app.Resolution {
		a, _ := partyAt(t, traceStart, party, withDocuments(t, saying(t, file, "suspend.after: 48 hours")), and(theGeneral)...)
		return frameTerm(t, a, "suspend.after", party, "compute-payg")
	}
	stamped, annexed := suspension(frameworkFile), suspension(frameTermsFile)
	clausetest.Executes(t, "F SIG", stamped.Value == "48 hours" && decides(stamped, "G 12.4"))
	clausetest.Refrains(t, "F SIG", annexed.Value == "24 hours" && decides(annexed, "FA 12.1"))
}

// TestPrecedenceOfTheFrameworkTerms: pages go before special clauses and service
// level agreements, which stand on one level, and these before the terms.
func TestPrecedenceOfTheFrameworkTerms(t *testing.T) {
	text := func(id, code, kind, by, rate string) string { return small(id, code, kind, by, frameRateKey+": "+rate) }
	special := text("special", "X", "special", "acceptance", "0.2%/day")
	level := text("level", "L", "sla", "acceptance", "0.3%/day")
	page := text("page", "Y", "page", "publication", "0.4%/day")
	order := text("order", "O", "order", "acceptance", "0.5%/day")
	for _, tt := range []struct {
		name    string
		added   []string
		accepts []string
		want    string // the value, or the code of a refusal
	}{
		{"special before the terms", []string{special}, []string{"special"}, "0.2%/day"},
		{"service level before the terms", []string{level}, []string{"level"}, "0.3%/day"},
		{"page before the terms", []string{page}, nil, "0.4%/day"},
		{"page before special", []string{special, page}, []string{"special"}, "0.4%/day"},
		{"page before service level", []string{level, page}, []string{"level"}, "0.4%/day"},
		{"order page before special", []string{special, order}, []string{"special", "order"}, "0.5%/day"},
		{"special and service level on one level", []string{special, level}, []string{"special", "level"}, string(refusal.TermConflict)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			added := map[string]string{}
			for i, text := range tt.added {
				added[fmt.Sprintf("agreements/x%d.yaml", i)] = text
			}
			a, _ := partyAt(t, traceStart, party, withDocuments(t, added), and(tt.accepts...)...)
			r, err := a.Resolve(context.Background(), app.Question{Key: frameRateKey, Account: party, Product: "compute-payg"})
			got := r.Value
			if err != nil {
				got = string(refusal.CodeOf(err))
			} else {
				clausetest.Executes(t, "FA 12.1", decides(r, "FA 12.1"))
			}
			if got != tt.want {
				t.Errorf("%s, want %s (%v)", got, tt.want, err)
			}
			if tt.name == "special before the terms" {
				clausetest.Executes(t, "FA 0.2", got == "0.2%/day")
			}
		})
	}
	plain, _ := partyAt(t, traceStart, party, withDocuments(t, nil), theFramework...)
	r := frameTerm(t, plain, frameRateKey, party, "compute-payg")
	clausetest.Refrains(t, "FA 12.1", r.Value == "0.1%/day" && !decides(r, "FA 12.1"))
	clausetest.Refrains(t, "FA 0.2", r.Value == "0.1%/day" && len(r.Considered) == 1)
}

// TestTheFrameworkIsAcceptedByAnAct: a click is one of the other forms. Use
// alone accepts the general agreement and not the contract.
func TestTheFrameworkIsAcceptedByAnAct(t *testing.T) {
	clicked, db := partyAt(t, traceStart, party, withDocuments(t, nil), theFramework...)
	clausetest.Applies(t, lineRow(t, clicked, db, "acceptances", "document = 'framework-contract'"), "F 5a")

	used, useDB := partyAt(t, traceStart, party, withDocuments(t, nil))
	sendAll(t, used, usage(party, "pod", "pod", 1000, traceStart, "2026-01-01T01:00:00+08:00"))
	clausetest.DoesNotApply(t, lineRow(t, used, useDB, "acceptances", "document = 'general-agreement'"), "F 5a")
	if n := lineCount(t, useDB, "COUNT(*) FROM acceptances WHERE document LIKE 'framework-%'"); n != 0 {
		t.Errorf("use alone accepts %d documents of the contract", n)
	}
}

// TestFrameworkLateFee leaves 1,000.00 overdue for ten days: 10.00 under the
// contract, and 5.00 for who only has the general agreement.
func TestFrameworkLateFee(t *testing.T) {
	const tenDays = "2026-01-12T00:00:00+08:00" // 2 to 11 January
	for id, want := range map[string]int64{party: 10_000_000, stranger: 5_000_000} {
		a, db := partyAt(t, traceStart, id, notByUse(t, withDocuments(t, nil), computeTerms), acceptedBy(id)...)
		sendAll(t, a, thousandUsed(id))
		advance(t, a, tenDays)
		if got := lineCount(t, db, "SUM(amount) FROM late_fees"); got != want {
			t.Errorf("%s: ten days cost %d, want %d", id, got, want)
		}
		fee := lineRow(t, a, db, "late_fees", "account = '"+id+"'")
		suspended := lineRow(t, a, db, "transitions", "to_state = 'suspended'")
		if id == party {
			clausetest.Applies(t, fee, "FA 2.3")
			clausetest.Applies(t, suspended, "FA 2.3")
		} else {
			clausetest.DoesNotApply(t, fee, "FA 2.3")
			clausetest.DoesNotApply(t, suspended, "FA 2.3")
		}
	}
}

// TestFrameworkTopUp: the three ways that the terms name are open, another is
// refused by them; who is not bound by them is refused by the general agreement.
func TestFrameworkTopUp(t *testing.T) {
	ctx := context.Background()
	refused := func(id string) (*app.App, error) {
		a, _ := partyAt(t, traceStart, id, withDocuments(t, nil), acceptedBy(id)...)
		_, err := a.TopUp(ctx, id, account.TopUp{Amount: 1, Method: "shells", Reference: "r"}, "k", "test", false)
		return a, err
	}
	a, err := refused(party)
	clausetest.Executes(t, "FA 2.2", refusal.CodeOf(err) == refusal.MethodNotOffered && strings.Contains(err.Error(), "FA 2.2"))
	for _, method := range []string{"alipay", "online_banking", "bank_remittance"} {
		_, err := a.TopUp(ctx, party, account.TopUp{Amount: 100_000_000, Method: method, Reference: method}, method, "test", false)
		clausetest.Executes(t, "FA 2.2", err == nil)
	}
	_, err = refused(stranger)
	clausetest.Refrains(t, "FA 2.2", refusal.CodeOf(err) == refusal.MethodNotOffered && !strings.Contains(err.Error(), "FA 2.2"))
}

// TestFrameworkOpensWithoutArrears: a released service is opened anew only when
// nothing overdue stands against it.
func TestFrameworkOpensWithoutArrears(t *testing.T) {
	for _, pays := range []bool{false, true} {
		a, db := partyAt(t, traceStart, party, withDocuments(t, nil), theFramework...)
		if pays {
			putMoney(t, a, party, "2000", "first")
		}
		sendAll(t, a, thousandUsed(party), usage(party, "new", "new", 1000, "2026-01-20T00:00:00+08:00", "2026-01-20T02:00:00+08:00"))
		advance(t, a, "2026-01-21T00:00:00+08:00")
		if pays {
			clausetest.Refrains(t, "FA 7.3", lineCount(t, db, "COUNT(*) FROM refused_usage") == 0)
			continue
		}
		clausetest.Applies(t, lineRow(t, a, db, "refused_usage", "code = 'payables_unsettled'"), "FA 7.3")
	}
}

// TestFrameworkPrices: under the contract, too, each hour costs what the page
// lists for it.
func TestFrameworkPrices(t *testing.T) {
	page := map[string]string{"products/next.yaml": editedSample(t, "products/compute-payg.yaml",
		`version: "2025-06"`, `version: "2026"`, "announced: 2025-05-01", "announced: 2026-01-01",
		"effective: 2025-06-01", "effective: 2026-01-01T12:00:00+08:00", "price.cpu: 0.09 CNY", "price.cpu: 0.18 CNY")}
	a, db := partyAt(t, traceStart, party, withDocuments(t, page), theFramework...)
	sendAll(t, a, usage(party, "pod", "pod", 1000, "2026-01-01T11:00:00+08:00", "2026-01-01T13:00:00+08:00"))
	advance(t, a, "2026-01-01T13:00:00+08:00")
	clausetest.Executes(t, "FA 2.1", lineCount(t, db, "MAX(amount) FROM charges") == 180_000)
	clausetest.Refrains(t, "FA 2.1", lineCount(t, db, "MIN(amount) FROM charges") == 90_000)
}

func TestFrameworkEmphasisAndSurvivalAreShown(t *testing.T) {
	a, _ := partyAt(t, traceStart, party, withDocuments(t, nil))
	d, err := a.Document(context.Background(), "framework-terms", "")
	must(t, err)
	clause := map[string]app.ClauseView{}
	for _, c := range d.Text {
		clause[c.Label] = c
	}
	for _, label := range []string{"2.3", "8.4", "8.5", "3.2.12", "11.2"} { // breach, exclusion, limit, measures, court
		clausetest.Executes(t, "FA 0.3", clause[label].Emphasis)
	}
	clausetest.Refrains(t, "FA 0.3", !clause["2.2"].Emphasis && !clause["12.1"].Emphasis)
	for _, label := range []string{"5.2", "6.2", "5.1", "11.1", "11.2"} { // warranty, confidentiality, property, law, disputes
		clausetest.Executes(t, "FA 12.4", clause[label].Survives)
	}
	clausetest.Refrains(t, "FA 12.4", !clause["2.3"].Survives && !clause["8.5"].Survives)
}

// TestThirtyDaysBeforeAFrameworkChange publishes a new rate on 1 January, to take
// effect after 29 and after 30 natural days.
func TestThirtyDaysBeforeAFrameworkChange(t *testing.T) {
	a, _ := partyAt(t, traceStart, party, withDocuments(t, nil), theFramework...)
	publish := func(effective string) error {
		next := editedSample(t, frameTermsFile, `version: "2025-06-03"`, `version: "2026"`, "announced: 2025-06-03", "announced: 2026-01-01",
			"effective: 2025-06-03", "effective: "+effective, "late_fee.rate: 0.1%/day", "late_fee.rate: 0.09%/day")
		_, err := a.Publish(context.Background(), withDocuments(t, map[string]string{"agreements/next.yaml": next}))
		return err
	}
	err := publish("2026-01-30")
	if refusal.CodeOf(err) != refusal.NoticeTooShort || !strings.Contains(err.Error(), "FA 3.2.10") {
		t.Errorf("too short a notice: %v", err)
	}
	err = publish("2026-01-31")
	must(t, err)
	advance(t, a, "2026-01-31T00:00:00+08:00")
	if r := frameTerm(t, a, frameRateKey, party, "compute-payg"); r.Value != "0.09%/day" { // going on accepts
		t.Errorf("after the change the rate is %s (%v)", r.Value, err)
	}
}
