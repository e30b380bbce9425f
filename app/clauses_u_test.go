package app_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/core/terms/clausetest"
	"termwise.dev/provider"
)

const (
	lineProduct   = "cross-border-line"
	lineAgreement = "cross-border-line-agreement"
	linePage      = "products/cross-border-line.yaml"
	lineCopy1     = "agreements/cross-border-line.yaml"
	lineCopy2     = "agreements/cross-border-line-copy-2.yaml"
)

// meteredLine is the page of the line, if it sold bandwidth: 1 CNY for an Mbit/s
// that is carried for an hour. What U says itself, it leaves to U.
const meteredLine = `
document: page-cross-border-line
code: PL
version: "2025-06"
kind: page
title: Cross-border line
issuer: northline
by: publication
announced: 2025-05-01
effective: 2025-06-01
product:
  id: cross-border-line
  title: Cross-border line
  meters:
    bandwidth: { base: mbps_second, unit: Mbps·hour, per: 3600 }
clauses:
  - id: "1"
    title: Everything that the agreement leaves open
    text: Prices and the rest.
    terms:
      price.bandwidth: 1 CNY per Mbps·hour
      payment.due: 0 days
      usage.intervals: end_after_start
      arrears.notice.after: 0 hours
      notice.channels: [message, email]
      resume.requires: principal_and_fees
`

// lineCustomer opens account c where the line is sold by meter, with a way
// around the program; edits change the page.
func lineCustomer(t testing.TB, accepts []string, edits ...string) (*app.App, *sql.DB) {
	t.Helper()
	page := strings.NewReplacer(edits...).Replace(meteredLine)
	url := filepath.Join(t.TempDir(), "line.db")
	a := open(t, url)
	ctx := context.Background()
	must(t, a.Init(ctx, true, instant(traceStart)))
	_, err := a.Publish(ctx, withDocuments(t, map[string]string{linePage: page}))
	must(t, err)
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "c", Name: "C", Accepts: accepts}, "test"))
	return a, around(t, url)
}

// generalAndLine is what a customer of the line accepts.
var generalAndLine = []string{"general-agreement", lineAgreement}

// lineUsage is a number of Mbit/s that account c's line carries.
func lineUsage(mbps int64, from, to string) app.Reported {
	e := usage("c", "line", "line "+from, 0, from, to)
	e.Product, e.Measures = lineProduct, []metering.Measure{{Meter: "bandwidth", Value: mbps}}
	return e
}

// lineRow explains the first row of a table that satisfies a condition.
func lineRow(t testing.TB, a *app.App, db *sql.DB, table, condition string) *app.Explanation {
	t.Helper()
	n := app.RowName{Kind: storedKinds[table]}
	query := "SELECT account, entry, line FROM " + table + " WHERE " + condition + " ORDER BY entry, line LIMIT 1"
	row := asked(t, db, query).QueryRow(query)
	if err := row.Scan(&n.Account, &n.Entry, &n.Line); err != nil {
		t.Fatalf("%s where %s: %v", table, condition, err)
	}
	x := explained(t, a, n.String())
	if !x.Agrees {
		t.Errorf("%s is stored otherwise than it is computed: %v", n, x.Disagreements)
	}
	return &x
}

// lineCount runs a query whose answer is one number.
func lineCount(t testing.TB, db *sql.DB, query string) (n int64) {
	t.Helper()
	must(t, asked(t, db, query).QueryRow("SELECT "+query).Scan(&n))
	return n
}

// stateOf reads the state of an account as it is stored.
func stateOf(t testing.TB, db *sql.DB, id string) *account.Books {
	t.Helper()
	var content []byte
	must(t, db.QueryRow("SELECT state FROM accounts WHERE account = $1", id).Scan(&content))
	b := &account.Books{}
	must(t, b.UnpackState(content))
	return b
}

func resolveLine(t testing.TB, a *app.App, key, at string) app.Resolution {
	t.Helper()
	r, err := a.Resolve(context.Background(), app.Question{Key: key, Account: "c", Product: lineProduct, At: instant(at)})
	must(t, err)
	return r
}

// lineSource is a file of the sample with changes.
func lineSource(t testing.TB, name string, edits ...string) string {
	t.Helper()
	source, err := provider.Sample.ReadFile(name)
	must(t, err)
	text := string(source)
	for i := 0; i < len(edits); i += 2 {
		if !strings.Contains(text, edits[i]) {
			t.Fatalf("%s does not hold %q", name, edits[i])
		}
		text = strings.ReplaceAll(text, edits[i], edits[i+1])
	}
	return text
}

// TestLineLateFeeFollowsTheSeller leaves one customer's 1000 CNY overdue to each
// seller for ten days: 0.3% a day of what is owed to the carrier makes 30 CNY,
// 0.05% a day of what is owed to the provider makes 5 CNY.
func TestLineLateFeeFollowsTheSeller(t *testing.T) {
	a, db := lineCustomer(t, generalAndLine)
	sendAll(t, a,
		lineUsage(1000, "2026-01-01T23:00:00+08:00", "2026-01-02T00:00:00+08:00"),
		// 40,000 vCPU for 1000 s at 0.09 CNY an hour.
		usage("c", "pod", "pod", 40_000_000, "2026-01-01T23:00:00+08:00", "2026-01-01T23:16:40+08:00"))
	advance(t, a, "2026-01-13T00:00:00+08:00")

	for query, want := range map[string]int64{
		"SUM(amount) FROM late_fees WHERE seller = 'northline' AND product = 'cross-border-line'": 30_000_000,
		"SUM(amount) FROM late_fees WHERE seller = 'aurora' AND product = 'compute-payg'":         5_000_000,
		"COUNT(*) FROM late_fees": 20,
		"SUM(amount) FROM transfers WHERE credit = 'fee_income:northline'":                                 30_000_000,
		"COUNT(*) FROM transfers WHERE debit LIKE '%aurora%' AND credit LIKE '%northline%'":                0,
		"COUNT(*) FROM transfers WHERE debit LIKE '%northline%' AND credit LIKE '%aurora%'":                0,
		"SUM(amount) FROM transfers WHERE debit = 'receivable:aurora' AND credit = 'revenue:aurora'":       1000_000_000,
		"SUM(amount) FROM transfers WHERE debit = 'receivable:northline' AND credit = 'revenue:northline'": 1000_000_000,
	} {
		if got := lineCount(t, db, query); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	clausetest.Applies(t, lineRow(t, a, db, "late_fees", "seller = 'northline'"), "U 10.1a")
	clausetest.DoesNotApply(t, lineRow(t, a, db, "late_fees", "seller = 'aurora'"), "U 10.1a")
	owed := map[string]money.Amount{}
	for _, d := range stateOf(t, db, "c").Debts {
		owed[d.Seller+" for "+d.Product] += d.Outstanding
	}
	want := map[string]money.Amount{"northline for cross-border-line": 1000_000_000, "aurora for compute-payg": 1000_000_000}
	if diff := cmp.Diff(want, owed); diff != "" {
		t.Error(diff)
	}
	clausetest.Executes(t, "U 1", owed["northline for "+lineProduct] > 0)
	clausetest.Refrains(t, "U 1", owed["aurora for compute-payg"] > 0)
}

// TestLineIsBilledByTheDay: two hours of a day make one bill, on the next day;
// compute is billed by the hour, and a page cannot bill the line so.
func TestLineIsBilledByTheDay(t *testing.T) {
	a, db := lineCustomer(t, generalAndLine)
	putMoney(t, a, "c", "100", "first")
	sendAll(t, a,
		lineUsage(8, "2026-01-01T10:00:00+08:00", "2026-01-01T12:00:00+08:00"),
		usage("c", "pod", "pod", 1000, "2026-01-01T10:00:00+08:00", "2026-01-01T11:00:00+08:00"))
	advance(t, a, "2026-01-01T23:59:59+08:00")
	charged := func(seller string) int64 {
		return lineCount(t, db, "COUNT(*) FROM transfers WHERE credit = 'revenue:"+seller+"'")
	}
	if charged("northline") != 0 || charged("aurora") != 1 {
		t.Errorf("before midnight the line was billed %d times, compute %d times", charged("northline"), charged("aurora"))
	}
	clausetest.DoesNotApply(t, lineRow(t, a, db, "charges", "product = 'compute-payg'"), "U 3.3a")
	advance(t, a, "2026-01-02T00:00:00+08:00")
	bill := lineCount(t, db, "SUM(amount) FROM transfers WHERE credit = 'revenue:northline'")
	if charged("northline") != 1 || bill != 16_000_000 {
		t.Errorf("at midnight the line was billed %d times, for %d", charged("northline"), bill)
	}
	clausetest.Applies(t, lineRow(t, a, db, "charges", "product = 'cross-border-line'"), "U 3.3a")

	hourly, _ := lineCustomer(t, generalAndLine, "payment.due: 0 days", "payment.due: 0 days\n      billing.cycle: hour")
	sendAll(t, hourly, lineUsage(8, "2026-01-01T10:00:00+08:00", "2026-01-01T11:00:00+08:00"))
	done, err := hourly.Advance(context.Background(), instant("2026-01-02T00:00:00+08:00"), nil)
	must(t, err)
	if err := done.Err(); refusal.CodeOf(err) != refusal.TermConflict || !strings.Contains(err.Error(), "U 3.3") {
		t.Errorf("a page that bills the line by the hour: %v", err)
	}
}

// TestLineIsPausedAtOnce: a balance of 5 does not cover a bill of 8, so the line
// is paused as the deduction fails. Compute goes on for the time that its page
// gives it, and a line that is paid for goes on.
func TestLineIsPausedAtOnce(t *testing.T) {
	const midnight = "2026-01-02T00:00:00+08:00"
	state := func(a *app.App, product string) string {
		v, err := a.Account(context.Background(), "c")
		must(t, err)
		i := slices.IndexFunc(v.Services, func(s app.ServiceView) bool { return s.Product == product })
		if i < 0 {
			return ""
		}
		return v.Services[i].State + " " + v.Services[i].Since
	}
	short, db := lineCustomer(t, generalAndLine)
	putMoney(t, short, "c", "5", "first")
	sendAll(t, short, lineUsage(8, "2026-01-01T23:00:00+08:00", midnight),
		usage("c", "pod", "pod", 1_000_000, "2026-01-01T23:00:00+08:00", "2026-01-02T01:00:00+08:00"))
	advance(t, short, midnight)
	if got := state(short, lineProduct); got != "suspended "+midnight {
		t.Errorf("the line is %s", got)
	}
	clausetest.Applies(t, lineRow(t, short, db, "transitions", "product = 'cross-border-line' AND to_state = 'suspended'"), "U 3.3b")
	if got := state(short, "compute-payg"); got != "active 2026-01-01T23:00:00+08:00" {
		t.Errorf("compute is %s", got)
	}
	advance(t, short, "2026-01-03T00:00:00+08:00")
	clausetest.DoesNotApply(t, lineRow(t, short, db, "transitions", "product = 'compute-payg' AND to_state = 'suspended'"), "U 3.3b")

	covered, _ := lineCustomer(t, generalAndLine)
	putMoney(t, covered, "c", "8", "first")
	sendAll(t, covered, lineUsage(8, "2026-01-01T23:00:00+08:00", midnight))
	advance(t, covered, midnight)
	if got := state(covered, lineProduct); got != "active 2026-01-01T23:00:00+08:00" {
		t.Errorf("the line that is paid for is %s", got)
	}
}

// TestLineIsNotOpenedOnArrears: payables that are overdue keep the line closed.
func TestLineIsNotOpenedOnArrears(t *testing.T) {
	for _, balance := range []string{"1", "1000"} {
		a, db := lineCustomer(t, generalAndLine)
		putMoney(t, a, "c", balance, "first")
		sendAll(t, a,
			usage("c", "pod", "pod", 100_000, "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00"), // 9 CNY
			lineUsage(8, "2026-01-01T02:00:00+08:00", "2026-01-01T03:00:00+08:00"))
		advance(t, a, "2026-01-02T00:00:00+08:00")
		opened := lineCount(t, db, "COUNT(*) FROM transitions WHERE product = 'cross-border-line' AND to_state = 'active'") == 1
		if opened != (balance == "1000") {
			t.Errorf("with a balance of %s opened is %v", balance, opened)
		}
		if !opened {
			clausetest.Applies(t, lineRow(t, a, db, "refused_usage", "product = 'cross-border-line' AND code = 'payables_unsettled'"), "U 9.2")
		}
		clausetest.DoesNotApply(t, lineRow(t, a, db, "transitions", "product = 'compute-payg' AND to_state = 'active'"), "U 9.2")
	}
}

// TestLineAgreementIsFormedByTheClick: the agreement binds from the instant of
// the click and not before, and using the line alone does not accept it.
func TestLineAgreementIsFormedByTheClick(t *testing.T) {
	const before, click = "2026-01-01T11:59:59+08:00", "2026-01-01T12:00:00+08:00"
	ctx := context.Background()
	user, _ := lineCustomer(t, nil)
	sendAll(t, user, lineUsage(8, "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00"))
	v, err := user.Account(ctx, "c")
	must(t, err)
	if len(v.Accepted) == 0 || slices.ContainsFunc(v.Accepted, func(a app.AcceptanceView) bool { return a.Document == lineAgreement }) {
		t.Errorf("by using the line the customer accepted %+v", v.Accepted)
	}
	a, db := lineCustomer(t, []string{"general-agreement"})
	advance(t, a, click)
	must(t, clicks(ctx, a, "c", []string{lineAgreement}, "test"))
	if was, is := resolveLine(t, a, "late_fee.rate", before), resolveLine(t, a, "late_fee.rate", click); was.Value != "0.05%/day" || is.Value != "0.3%/day" {
		t.Errorf("the rate was %s before the click and is %s from it", was.Value, is.Value)
	}
	clausetest.Applies(t, lineRow(t, a, db, "acceptances", "document = '"+lineAgreement+"'"), "U 0.4")
	clausetest.DoesNotApply(t, lineRow(t, a, db, "acceptances", "document = 'general-agreement'"), "U 0.4")
}

// TestTheLineAgreementEndsTheEarlierOne: what the customer agreed with Aurora
// Cloud for the line ends as the line agreement is confirmed, at once and for the
// line alone; a general agreement accepted afterwards is not for the line either.
func TestTheLineAgreementEndsTheEarlierOne(t *testing.T) {
	const before, click, after = "2026-01-01T11:59:59+08:00", "2026-01-01T12:00:00+08:00", "2026-01-02T00:00:00+08:00"
	ctx := context.Background()
	a, _ := lineCustomer(t, []string{"general-agreement"})
	binds := func(at, product, document string) bool {
		r, err := a.Resolve(ctx, app.Question{Key: "late_fee.rate", Account: "c", Product: product, At: instant(at)})
		must(t, err)
		return computeBinds(r, document)
	}
	advance(t, a, click)
	must(t, clicks(ctx, a, "c", []string{lineAgreement}, "test"))
	clausetest.Refrains(t, "U 0.2", binds(before, lineProduct, "general-agreement"))
	clausetest.Executes(t, "U 0.2", !binds(click, lineProduct, "general-agreement") && binds(click, lineProduct, lineAgreement))
	clausetest.Refrains(t, "U 0.2", binds(click, "compute-payg", "general-agreement"))
	// Aurora Cloud's rules are no agreement, and the carrier's own are not ended.
	clausetest.Refrains(t, "U 0.2", binds(click, lineProduct, "billing-rules"))

	advance(t, a, after)
	must(t, clicks(ctx, a, "c", []string{"service-agreement"}, "test"))
	clausetest.Executes(t, "U 0.2", !binds(after, lineProduct, "service-agreement") && binds(after, "compute-payg", "service-agreement"))
}

func TestLineEmphasisAndSurvival(t *testing.T) {
	ctx := context.Background()
	a, _ := lineCustomer(t, nil)
	for _, version := range []string{"2025-06", "2025-06-copy-2"} {
		d, err := a.Document(ctx, lineAgreement, version)
		must(t, err)
		clause := map[string]app.ClauseView{}
		for _, c := range d.Text {
			clause[c.Label] = c
		}
		for _, label := range []string{"3.2.3", "4.4", "10.1", "10.3", "10.4", "13", "A1-4"} { // bans, breach, venue
			clausetest.Executes(t, "U 0.3", clause[label].Emphasis)
		}
		clausetest.Refrains(t, "U 0.3", !clause["2"].Emphasis && !clause["4.6"].Emphasis)
		for _, label := range []string{"6.2", "7.1", "7.5", "13"} { // warranty, confidentiality, law and disputes
			clausetest.Executes(t, "U 14.6", clause[label].Survives)
		}
		for _, label := range []string{"6.1", "6.3", "3.1", "10.1"} { // intellectual property is not on the list
			clausetest.Refrains(t, "U 14.6", !clause[label].Survives)
		}
	}
}

// lineVersion publishes, on 1 January, a next version of the line agreement.
func lineVersion(t testing.TB, a *app.App, effective string, edits ...string) error {
	t.Helper()
	text := lineSource(t, lineCopy2, append([]string{
		`version: "2025-06-copy-2"`, `version: "2026-02"`, "announced: 2025-05-01", "announced: 2026-01-01",
		"effective: 2025-06-01T00:00:01+08:00", "effective: " + effective,
	}, edits...)...)
	folder := map[string]string{linePage: meteredLine, "agreements/next.yaml": text}
	_, err := a.Publish(context.Background(), withDocuments(t, folder))
	return err
}

// TestLineAgreementChangesOnNotice: a change needs 30 days, and then binds who
// goes on; a heading is not a change.
func TestLineAgreementChangesOnNotice(t *testing.T) {
	lower := []string{"late_fee.rate: 0.3%/day", "late_fee.rate: 0.2%/day"}
	a, _ := lineCustomer(t, generalAndLine)
	err := lineVersion(t, a, "2026-01-30", lower...)
	refused := refusal.CodeOf(err) == refusal.NoticeTooShort && strings.Contains(err.Error(), "U 14.2")
	clausetest.Executes(t, "U 14.2", refused)
	if !refused {
		t.Errorf("after 29 days: %v", err)
	}
	err = lineVersion(t, a, "2026-01-31", lower...)
	clausetest.Refrains(t, "U 14.2", err == nil)
	if err != nil {
		t.Errorf("after 30 days: %v", err)
	}
	was, is := resolveLine(t, a, "late_fee.rate", "2026-01-30T23:59:59+08:00"), resolveLine(t, a, "late_fee.rate", "2026-01-31T00:00:00+08:00")
	if was.Value != "0.3%/day" || is.Value != "0.2%/day" {
		t.Errorf("the rate was %s and is %s", was.Value, is.Value)
	}

	headed, _ := lineCustomer(t, generalAndLine)
	clausetest.Executes(t, "U 0.3", lineVersion(t, headed, "2026-01-02", "title: Late payment", "title: Delay") == nil)
	worded, _ := lineCustomer(t, generalAndLine)
	err = lineVersion(t, worded, "2026-01-02", "pay the fees in full and on time", "pay the fees in full and in time")
	clausetest.Refrains(t, "U 0.3", refusal.CodeOf(err) == refusal.NoticeTooShort)
}

// TestLineAgreementRanksNothing: what the page and the agreement say otherwise
// is put before somebody who decides; what they say alike needs no ranking.
func TestLineAgreementRanksNothing(t *testing.T) {
	resolve := func(rate string) (app.Resolution, error) {
		a, _ := lineCustomer(t, []string{lineAgreement}, "payment.due: 0 days", "payment.due: 0 days\n      late_fee.rate: "+rate)
		return a.Resolve(context.Background(), app.Question{Key: "late_fee.rate", Account: "c", Product: lineProduct})
	}
	_, err := resolve("0.2%/day")
	open := refusal.CodeOf(err) == refusal.TermConflict && strings.Contains(err.Error(), "U 10.1") && strings.Contains(err.Error(), "PL 1")
	clausetest.Executes(t, "U 14.1", open)
	if !open {
		t.Errorf("0.3%% and 0.2%%: %v", err)
	}
	same, err := resolve("0.3%/day")
	clausetest.Refrains(t, "U 14.1", err == nil && same.Value == "0.3%/day")
}

// TestLineCopiesDiffer holds the two copies to the nine differences: none of
// them is a value. A version that changes a value is not a copy.
func TestLineCopiesDiffer(t *testing.T) {
	ctx := context.Background()
	a := open(t, filepath.Join(t.TempDir(), "copies.db"))
	must(t, a.Init(ctx, true, instant("2025-05-01T00:00:00+08:00")))
	one := withDocuments(t, nil)
	delete(one, lineCopy2)
	_, err := a.Publish(ctx, one)
	must(t, err)
	changes := func(second string) []terms.Change {
		plan, err := a.Plan(ctx, withDocuments(t, map[string]string{lineCopy2: second}))
		must(t, err)
		if len(plan.Documents) != 1 || plan.Documents[0].Replaces != "2025-06" {
			t.Fatalf("plan %+v", plan.Documents)
		}
		return plan.Documents[0].Changes
	}
	isValue := func(c terms.Change) bool { return c.Part == terms.PartTerm }

	copies := changes(lineSource(t, lineCopy2))
	var differ []string
	for _, c := range copies {
		differ = append(differ, strings.TrimSpace(c.Clause+" "+c.Field))
	}
	want := []string{"title", "0.1 text", "4.13 text", "6.1 text", "A1-0 title", "A1-4 text", "3.1 emphasis", "A1-0 emphasis"}
	slices.Sort(differ)
	slices.Sort(want)
	if diff := cmp.Diff(want, differ); diff != "" {
		t.Error(diff)
	}
	products := slices.ContainsFunc(copies, func(c terms.Change) bool {
		return c.Clause == "0.1" && strings.Contains(c.Old, "2.0_cross-domain acceleration") && strings.Contains(c.New, "cross-domain acceleration bandwidth package")
	})
	clausetest.Executes(t, "U-DIFF", products && !slices.ContainsFunc(copies, isValue))
	dearer := changes(lineSource(t, lineCopy2, "late_fee.rate: 0.3%/day", "late_fee.rate: 0.4%/day"))
	clausetest.Refrains(t, "U-DIFF", slices.ContainsFunc(dearer, isValue))
}

// TestLineAgreementRelatesToTheLine looks at what binds a customer of both
// sellers, on the page as it is published.
func TestLineAgreementRelatesToTheLine(t *testing.T) {
	a := customer(t, withDocuments(t, nil), "general-agreement", lineAgreement, "line-invoicing-procedure")
	bound := func(product string) string {
		r, err := a.Resolve(context.Background(), app.Question{Key: "late_fee.rate", Account: "c", Product: product})
		must(t, err)
		var ids []string
		for _, d := range r.Documents {
			ids = append(ids, d.Document)
		}
		slices.Sort(ids)
		return strings.Join(ids, " ")
	}
	line := "billing-rules cross-border-line-agreement line-invoicing-procedure page-cross-border-line"
	clausetest.Executes(t, "PL 1", bound(lineProduct) == line)
	clausetest.Refrains(t, "PL 1", bound("compute-payg") == "billing-rules general-agreement page-compute-payg")
	d, err := a.Document(context.Background(), lineAgreement, "")
	must(t, err)
	if d.Issuer != "northline" || d.Version != "2025-06-copy-2" {
		t.Errorf("version %s of %s is in force", d.Version, d.Issuer)
	}
}
