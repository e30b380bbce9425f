package app_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// surcharge is a new document that binds by publication, with a late fee of its own.
func surcharge(id, rate, effective string) string {
	return strings.NewReplacer("ID", id, "RATE", rate, "DAY", effective).Replace(`document: ID
code: X
version: "1"
kind: special
title: Surcharge
issuer: aurora
by: publication
binds: { products: [compute-payg] }
announced: 2025-12-01
effective: DAY
precedence: [self, page, general]
precedence_clause: "1"
clauses:
  - { id: "1", title: Late fee, text: A late fee., terms: { late_fee.rate: RATE } }
`)
}

// TestANewDocumentIsNoWayRoundTheNotice: beside an agreement that wants 30 days
// for its changes, one that sets otherwise what it settled needs them too.
func TestANewDocumentIsNoWayRoundTheNotice(t *testing.T) {
	ctx := context.Background()
	a := openSample(t, filepath.Join(t.TempDir(), "sur.db"))
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "g", Name: "G", Accepts: []string{"general-agreement"}}, "test"))
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "s", Name: "S", Accepts: []string{"service-agreement"}}, "test"))
	for _, day := range []string{"2026-01-02", "2025-12-01", "2026-01-30"} {
		folder := withDocuments(t, map[string]string{"agreements/x.yaml": surcharge("surcharge", "9%/day", day)})
		plan, err := a.Publish(ctx, folder)
		if refusal.CodeOf(err) != refusal.NoticeTooShort || !strings.Contains(err.Error(), "wants 30 days") || !strings.Contains(err.Error(), "let it take effect on 2026-01-31 or later") {
			t.Errorf("%s: %v", day, err)
		}
		if len(plan.Documents) == 1 && len(plan.Documents[0].Warnings) > 0 {
			t.Errorf("%s: %v", day, plan.Documents[0].Warnings)
		}
	}
	plan, err := a.Publish(ctx, withDocuments(t, map[string]string{"agreements/x.yaml": surcharge("surcharge", "9%/day", "2026-01-31")}))
	must(t, err)
	if p := plan.Documents[0]; p.NoticesOwed != 2 || p.Told != 2 {
		t.Errorf("%+v", p)
	}
	holdsTrue(t, a)
}

// TestTwoVersionsOfOneFolder: the second goes back to what the first changed, and
// each is owed.
func TestTwoVersionsOfOneFolder(t *testing.T) {
	ctx := context.Background()
	a := openSample(t, filepath.Join(t.TempDir(), "two.db"))
	crowd(t, a, 10)
	general := func(version, effective, rate string) string {
		return editedSample(t, "agreements/general-agreement.yaml", `version: "2025-06"`, `version: "`+version+`"`,
			"announced: 2025-05-01", "announced: 2026-01-01", "effective: 2025-06-01", "effective: "+effective, "late_fee.rate: 0.05%/day", "late_fee.rate: "+rate)
	}
	plan, err := a.Publish(ctx, withDocuments(t, map[string]string{
		"agreements/a.yaml": general("G3", "2026-04-01", "0.05%/day"), "agreements/b.yaml": general("G2", "2026-03-01", "0.06%/day"),
	}))
	must(t, err)
	for _, p := range plan.Documents {
		if p.NoticesOwed != 6 || p.Told != 6 {
			t.Errorf("%s: %d owed, %d told", p.Version, p.NoticesOwed, p.Told)
		}
	}
	holdsTrue(t, a)
}

// pageThatEnds is the compute page once more, until a day.
func pageThatEnds(t testing.TB, effective, until string) string {
	return strings.NewReplacer(`version: "2025-06"`, `version: "2026-02"`, "announced: 2025-05-01", "announced: 2026-01-01",
		"effective: 2025-06-01", "effective: "+effective+"\nuntil: "+until).Replace(editedSample(t, "products/compute-payg.yaml"))
}

// TestANewcomerIsToldOfTheEnd: who comes while the last version is in force is told
// that it ends, and its service ends with it. A notice that is taken away is missed.
func TestANewcomerIsToldOfTheEnd(t *testing.T) {
	ctx := context.Background()
	url := filepath.Join(t.TempDir(), "end.db")
	a := openSample(t, url)
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "early", Name: "E", Accepts: []string{"general-agreement"}}, "test"))
	_, err := a.Publish(ctx, withDocuments(t, map[string]string{"products/next.yaml": pageThatEnds(t, "2026-01-10", "2026-03-09")}))
	must(t, err)
	advance(t, a, "2026-02-01T00:00:00+08:00")
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "late", Name: "L", Accepts: []string{"general-agreement"}}, "test"))
	putMoney(t, a, "late", "100", "first")
	putUsage(t, a, "late", "pod", 1000, "2026-03-09T22:00:00+08:00", "2026-03-10T02:00:00+08:00")
	advance(t, a, "2026-03-11T00:00:00+08:00")
	advance(t, a, "2026-03-12T00:00:00+08:00")
	for id, entries := range map[string]int{"early": 1, "late": 1} {
		notices, _, err := a.Notices(ctx, id, "", 100)
		must(t, err)
		n := 0
		for _, x := range notices {
			if x.Kind == "product_ends" && x.Effective == "2026-03-10T00:00:00+08:00" {
				n++
				if y := explained(t, a, x.ID); !y.Agrees {
					t.Errorf("%s: %v", y.What, y.Disagreements)
				}
			}
		}
		if n != entries {
			t.Errorf("%s was told %d times: %+v", id, n, notices)
		}
	}
	v, err := a.Account(ctx, "late")
	must(t, err)
	if len(v.Services) != 1 || v.Services[0].State != "ended" {
		t.Errorf("%+v", v.Services)
	}
	holdsTrue(t, a)
}

// TestLostAnnouncements: a version that was published when there were accounts has
// a row that says so, also when it is owed to nobody.
func TestLostAnnouncements(t *testing.T) {
	url := filepath.Join(t.TempDir(), "lost.db")
	a := openSample(t, url)
	crowd(t, a, 5)
	publishNext(t, a, "2026-01-01")
	_, err := a.Publish(context.Background(), withDocuments(t, map[string]string{"products/new.yaml": `document: page-abacus
code: AB
version: "1"
kind: page
title: Abacus
issuer: aurora
by: publication
announced: 2026-01-01
effective: 2026-01-02
product: { id: abacus, title: Abacus, meters: {} }
clauses:
  - { id: "1", title: The abacus, text: An abacus., executed_by: binding }
`}))
	must(t, err)
	holdsTrue(t, a)
	db := around(t, url)
	for document, version := range map[string]string{"general-agreement": "2026-03", "page-abacus": "1"} {
		tamper(t, db, "CREATE TABLE aside AS SELECT * FROM announcements")
		tamper(t, db, "DELETE FROM announcements WHERE document = '"+document+"'")
		wantNamed(t, verified(t, a), "announcements", document+" "+version)
		tamper(t, db, "DELETE FROM announcements")
		tamper(t, db, "INSERT INTO announcements SELECT * FROM aside")
		tamper(t, db, "DROP TABLE aside")
		holdsTrue(t, a)
	}
}

// TestPriorIsBeforeItIsKnown: on a real clock a version is known a minute after it
// is published, and where any notice before it will do, that minute is not one.
func TestPriorIsBeforeItIsKnown(t *testing.T) {
	ctx := context.Background()
	now := realClock()
	a, err := app.Open(ctx, filepath.Join(t.TempDir(), "known.db"), func() time.Time { return now })
	must(t, err)
	t.Cleanup(func() { must(t, a.Close()) })
	must(t, a.Init(ctx, false, 0))
	_, err = a.Publish(ctx, withDocuments(t, nil))
	must(t, err)
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "s", Name: "S", Accepts: []string{"service-agreement"}}, "test"))
	dearer := func(after time.Duration) error {
		_, err := a.Publish(ctx, withDocuments(t, map[string]string{"products/next.yaml": editedSample(t, "products/compute-payg.yaml", `version: "2025-06"`, `version: "2026-02"`,
			"announced: 2025-05-01", "announced: 2026-01-01", "effective: 2025-06-01", "effective: "+now.Add(after).Format(time.RFC3339), "price.cpu: 0.09 CNY", "price.cpu: 0.10 CNY")}))
		return err
	}
	if err := dearer(30 * time.Second); refusal.CodeOf(err) != refusal.NoticeTooShort {
		t.Errorf("before it is known: %v", err)
	}
	must(t, dearer(2*time.Minute))
	var got []string
	notices, _, err := a.Notices(ctx, "s", "", 10)
	must(t, err)
	for _, n := range notices {
		got = append(got, string(n.Kind))
	}
	if diff := cmp.Diff([]string{"service_changes"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestAContradictionThatAccountsWouldMeetIsRefused: an agreement that sets the key
// could decide for who accepts it; for who did, and for whom it does not, nothing
// does. Both clauses are named with their places.
func TestAContradictionThatAccountsWouldMeetIsRefused(t *testing.T) {
	ctx := context.Background()
	two := map[string]string{"agreements/x.yaml": surcharge("sur-a", "8%/day", "2026-03-01"), "agreements/y.yaml": strings.Replace(surcharge("sur-b", "9%/day", "2026-03-01"), "code: X", "code: Y", 1)}
	a := customer(t, withDocuments(t, nil), "general-agreement")
	for _, publish := range []func() (app.Plan, error){
		func() (app.Plan, error) { return a.Publish(ctx, withDocuments(t, two)) },
		func() (app.Plan, error) {
			_, err := a.Publish(ctx, withDocuments(t, map[string]string{"agreements/x.yaml": two["agreements/x.yaml"]}))
			must(t, err)
			return a.Publish(ctx, withDocuments(t, two))
		},
	} {
		_, err := publish()
		if refusal.CodeOf(err) != refusal.TermConflict {
			t.Fatalf("%v", err)
		}
		for _, part := range []string{`X 1 (sur-a 1)`, `Y 1 (sur-b 1)`, "x.yaml:14:", "y.yaml:14:", "8%/day", "9%/day", "rank"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("no %q in %v", part, err)
			}
		}
	}
	plan, err := a.Plan(ctx, withDocuments(t, two))
	must(t, err)
	if !strings.Contains(plan.Documents[0].Refused, "nothing decides between them") {
		t.Errorf("%+v", plan.Documents[0])
	}
	holdsTrue(t, a)
}

// TestConsentBeforeATariffTakesEffect: who consents before pays the new price from
// the first hour, who does not pays the old one.
func TestConsentBeforeATariffTakesEffect(t *testing.T) {
	ctx := context.Background()
	a := openSample(t, filepath.Join(t.TempDir(), "tariff.db"))
	consent := strings.NewReplacer("late_fee.rate: 9%/day", "tariff.change: after_consultation", "by: publication", "by: acceptance").Replace(surcharge("consent", "9%/day", "2025-12-01"))
	folder := map[string]string{"agreements/x.yaml": consent}
	_, err := a.Publish(ctx, withDocuments(t, folder))
	must(t, err)
	for _, id := range []string{"agrees", "waits"} {
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: id, Name: id, Accepts: []string{"general-agreement", "consent"}}, "test"))
		putMoney(t, a, id, "100", "first")
	}
	folder["products/next.yaml"] = editedSample(t, "products/compute-payg.yaml", `version: "2025-06"`, `version: "2026-02"`, "announced: 2025-05-01", "announced: 2026-01-01",
		"effective: 2025-06-01", "effective: 2026-02-01", "by: publication", "by: publication\nchange: [tariff]", "price.cpu: 0.09 CNY", "price.cpu: 0.18 CNY")
	_, err = a.Publish(ctx, withDocuments(t, folder))
	must(t, err)
	accept := func(document string) error {
		_, err := a.Accept(ctx, "agrees", app.NewAcceptance{Documents: []string{document}, Form: terms.Click}, "", "test")
		return err
	}
	for _, document := range []string{"page-compute-payg@2027", "general-agreement@2026-03", "nothing@1"} {
		if err := accept(document); refusal.CodeOf(err) != refusal.NotFound {
			t.Errorf("%s: %v", document, err)
		}
	}
	must(t, accept("page-compute-payg@2026-02"))
	must(t, accept("general-agreement@2025-06"))
	want := map[string]string{"agrees": "99.730000", "waits": "99.820000"}
	for id, wallet := range want {
		putUsage(t, a, id, "pod", 1000, "2026-01-31T23:00:00+08:00", "2026-02-01T01:00:00+08:00")
		advance(t, a, "2026-02-02T00:00:00+08:00")
		v, err := a.Account(ctx, id)
		must(t, err)
		if v.Wallet.String() != wallet {
			t.Errorf("%s holds %s, want %s", id, v.Wallet, wallet)
		}
	}
	holdsTrue(t, a)
}

// TestWhoAcceptsInTheInstantOfAPublication: on a real clock an account may accept
// something in the very instant in which a contract was published that reaches
// back. It had accepted nothing that the contract could change, and verify does not
// miss a notice.
func TestWhoAcceptsInTheInstantOfAPublication(t *testing.T) {
	ctx := context.Background()
	now := realClock()
	a, err := app.Open(ctx, filepath.Join(t.TempDir(), "instant.db"), func() time.Time { return now })
	must(t, err)
	t.Cleanup(func() { must(t, a.Close()) })
	must(t, a.Init(ctx, false, 0))
	_, err = a.Publish(ctx, withDocuments(t, nil))
	must(t, err)
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "c", Name: "C"}, "test"))
	contract := strings.Replace(contractWithC("half-price", "price.cpu: 0.04 CNY per vCPU·hour"), "clauses:\n",
		"precedence: [stamped, page]\nprecedence_clause: \"0\"\nclauses:\n  - { id: \"0\", title: First, text: This goes first., executed_by: precedence }\n", 1)
	_, err = a.Publish(ctx, withDocuments(t, map[string]string{"agreements/x.yaml": contract}))
	must(t, err)
	_, err = a.Accept(ctx, "c", app.NewAcceptance{Documents: []string{"general-agreement"}, Form: terms.Click}, "", "test")
	must(t, err)
	for _, b := range verified(t, a).Broken() {
		t.Error(b)
	}
}
