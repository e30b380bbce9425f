package app_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
)

var january = func() calendar.Month {
	m, err := calendar.ParseMonth("2026-01")
	if err != nil {
		panic(err)
	}
	return m
}()

// job is usage of a number of GPUs, in thousandths, between two hours of New
// Year's Day, Beijing time.
func job(id, customer string, from, to int, gpu int64) app.Reported {
	day := instant(traceStart)
	return app.Reported{Event: metering.Event{
		Source: "test", ID: id, Account: customer, Product: "compute-payg", Resource: id,
		From: day.Add(calendar.Duration(from) * calendar.HourLength), To: day.Add(calendar.Duration(to) * calendar.HourLength),
		Measures: []metering.Measure{{Meter: "gpu", Value: gpu}},
	}}
}

func sendAll(t testing.TB, a *app.App, events ...app.Reported) {
	t.Helper()
	receipts, err := a.ReportUsage(context.Background(), events, "test")
	must(t, err)
	for _, r := range receipts {
		if r.Outcome != app.Accepted {
			t.Fatalf("%s is %s: %s", r.ID, r.Outcome, r.Message)
		}
	}
}

func payAlipay(t testing.TB, a *app.App, id, sum string) {
	t.Helper()
	m, err := money.ParseAmount(sum)
	must(t, err)
	_, err = a.TopUp(context.Background(), id, account.TopUp{Amount: m, Method: "alipay", Reference: sum}, sum, "test", false)
	must(t, err)
}

// sums are the amounts of a statement, as text.
func sums(s app.Statement) map[string]string {
	return map[string]string{
		"charged": s.Charged.String(), "adjusted": s.Adjusted.String(), "late fees": s.LateFees.String(),
		"paid in": s.TopUps.String(), "paid principal": s.PaidPrincipal.String(), "paid fees": s.PaidLateFees.String(),
		"wallet": s.Wallet.String(), "principal": s.OutstandingPrincipal.String(), "fees": s.OutstandingLateFees.String(),
	}
}

// A customer uses ten GPUs for an hour and one for three, has 100 CNY, reports
// half an hour late what belongs to the first hour, and pays on the fourth day.
func TestStatement(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		ctx := context.Background()
		a := openSample(t, url)
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: "acme", Name: "Acme", Accepts: []string{"general-agreement"}}, "test"))
		payAlipay(t, a, "acme", "100")
		sendAll(t, a, job("ten", "acme", 0, 1, 10_000), job("one", "acme", 1, 4, 1_000))
		advance(t, a, "2026-01-01T05:00:00+08:00")
		known := instant("2026-01-01T04:59:59+08:00") // the late job is settled at 05:00
		late := job("late", "acme", 0, 1, 2_000)
		late.Resource = "ten"
		sendAll(t, a, late)
		advance(t, a, "2026-01-04T12:00:00+08:00")
		payAlipay(t, a, "acme", "50")

		now, err := a.Statement(ctx, "acme", january, 0)
		must(t, err)
		// 85 + 3 × 8.50 + late 2 × 8.50 = 127.50; 27.50 is overdue on two whole days.
		want := map[string]string{
			"charged": "110.500000", "adjusted": "17.000000", "late fees": "0.027500",
			"paid in": "150.000000", "paid principal": "127.500000", "paid fees": "0.027500",
			"wallet": "22.472500", "principal": "0.000000", "fees": "0.000000",
		}
		if diff := cmp.Diff(want, sums(now)); diff != "" {
			t.Error(diff)
		}
		wantMeters := []app.MeterTotal{{
			Meter: "gpu", Product: "compute-payg", Quantity: 54_000_000, Unit: "milli_gpu_second",
			PricedUnit: "GPU·hour", Per: 3_600_000, Lines: 4, Adjustments: 1, Amount: 127_500_000,
		}}
		if diff := cmp.Diff(wantMeters, now.Meters); diff != "" {
			t.Error(diff)
		}
		then, err := a.Statement(ctx, "acme", january, known)
		must(t, err)
		if then.Charged != 110_500_000 || then.Adjusted != 0 || then.LateFees != 0 || then.TopUps != 100_000_000 {
			t.Errorf("as known then: %v", sums(then))
		}
		february, err := a.Statement(ctx, "acme", january+1, 0)
		must(t, err)
		if len(february.Meters) != 0 || february.Charged != 0 || february.TopUps != 0 {
			t.Errorf("February has %v", sums(february))
		}
		totals, err := a.Totals(ctx, january, 0)
		must(t, err)
		if totals.Total != 127_500_000 || totals.Lines != 5 {
			t.Errorf("totals: %s in %d lines", totals.Total, totals.Lines)
		}
		checkLines(t, a, now)
	})
}

// contractWithC is a stamped contract with account c.
func contractWithC(id, term string) string {
	return strings.Replace(small(id, "H", "stamped", "publication", term), "binds: { ", "binds: { accounts: [c], ", 1)
}

// TestWhatIsPublishedBindsWhatComesAfterIt settles usage at the instant at which
// a cheaper contract is then published.
func TestWhatIsPublishedBindsWhatComesAfterIt(t *testing.T) {
	ctx := context.Background()
	a := customer(t, withDocuments(t, nil), "general-agreement")
	_, err := a.ReportUsage(ctx, usageOf("r", 2*calendar.HourLength), "test")
	must(t, err)
	advance(t, a, "2026-01-01T01:00:00+08:00") // 0.09
	_, err = a.Publish(ctx, withDocuments(t, map[string]string{
		"agreements/x.yaml": contractWithC("half-price", "price.cpu: 0.04 CNY per vCPU·hour"),
	}))
	must(t, err)
	advance(t, a, "2026-01-01T02:00:00+08:00") // 0.04
	s, err := a.Statement(ctx, "c", january, 0)
	must(t, err)
	if s.Charged.String() != "0.130000" {
		t.Errorf("charged %s", s.Charged)
	}
	for _, b := range verified(t, a).Broken() {
		t.Error(b)
	}
}

// TestAVersionWakesWhoItConcerns shortens, for an account in arrears, the time
// to its suspension: it is suspended when the new version says.
func TestAVersionWakesWhoItConcerns(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		ctx := context.Background()
		a := openSample(t, url)
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: "c", Name: "C", Accepts: []string{"general-agreement"}}, "test"))
		_, err := a.ReportUsage(ctx, usageOf("r", calendar.HourLength), "test") // nothing is paid
		must(t, err)
		advance(t, a, "2026-01-01T01:00:00+08:00")
		sooner := strings.Replace(contractWithC("sooner", "suspend.after: 6 hours, suspend.notice: 0 hours"),
			"effective: 2025-06-01", "effective: 2026-01-01T09:00:00+08:00", 1)
		_, err = a.Publish(ctx, withDocuments(t, map[string]string{"agreements/x.yaml": sooner}))
		must(t, err)
		for _, b := range verified(t, a).Broken() {
			t.Error(b)
		}
		advance(t, a, "2026-01-01T12:00:00+08:00")
		view, err := a.Account(ctx, "c")
		must(t, err)
		if s := view.Services[0]; s.State != "suspended" || s.Since != "2026-01-01T09:00:00+08:00" {
			t.Errorf("%+v", s)
		}
	})
}

// TestAVersionWakesWhoOwesFeesAlone publishes something when the service is
// released, the principal paid, and nothing more to come.
func TestAVersionWakesWhoOwesFeesAlone(t *testing.T) {
	ctx := context.Background()
	folder := withDocuments(t, nil)
	for name := range folder {
		if strings.Contains(name, "framework") { // it ends, which is something to come
			delete(folder, name)
		}
	}
	a := customer(t, folder, "general-agreement")
	_, err := a.ReportUsage(ctx, usageOf("r", 100*calendar.HourLength), "test") // 24 hours of it are billed: 2.16
	must(t, err)
	advance(t, a, "2026-01-31T12:00:00+08:00")
	payAlipay(t, a, "c", "2.25")
	view, err := a.Account(ctx, "c")
	must(t, err)
	if view.Principal != 0 || view.LateFees == 0 {
		t.Fatalf("owes %s and %s of fees", view.Principal, view.LateFees)
	}
	folder["agreements/x.yaml"] = &fstest.MapFile{Data: []byte(contractWithC("more", "price.cpu: 0.04 CNY per vCPU·hour"))}
	_, err = a.Publish(ctx, folder)
	must(t, err)
	for _, b := range verified(t, a).Broken() {
		t.Error(b)
	}
}

// TestStatementOfWhatWentBack makes a contract known that halves a price, after
// an hour under it was paid in full; late usage of that hour brings it to light.
func TestStatementOfWhatWentBack(t *testing.T) {
	ctx := context.Background()
	a := customer(t, withDocuments(t, nil), "general-agreement")
	payAlipay(t, a, "c", "10")
	_, err := a.ReportUsage(ctx, usageOf("r", calendar.HourLength), "test") // 0.09
	must(t, err)
	advance(t, a, "2026-01-02T00:00:00+08:00")
	_, err = a.Publish(ctx, withDocuments(t, map[string]string{
		"agreements/x.yaml": contractWithC("half-price", "price.cpu: 0.04 CNY per vCPU·hour"),
	}))
	must(t, err)
	late := usageOf("late", calendar.HourLength/4)
	late[0].Resource = "r"
	_, err = a.ReportUsage(ctx, late, "test") // 1.25 vCPU·hours at 0.04
	must(t, err)
	advance(t, a, "2026-01-02T00:00:01+08:00")
	s, err := a.Statement(ctx, "c", january, 0)
	must(t, err)
	if s.Returned.String() != "0.040000" || s.Adjusted.String() != "-0.040000" || s.Wallet.String() != "9.950000" {
		t.Errorf("returned %s, adjusted %s, wallet %s", s.Returned, s.Adjusted, s.Wallet)
	}
	for _, b := range verified(t, a).Broken() {
		t.Error(b)
	}
}

// checkLines walks the lines two at a time and holds them against the statement.
func checkLines(t *testing.T, a *app.App, s app.Statement) {
	t.Helper()
	ctx := context.Background()
	seen := map[string]bool{}
	var total money.Amount
	var adjustments int
	for cursor := ""; ; {
		lines, next, err := a.StatementLines(ctx, s.Account, january, 0, cursor, 2)
		must(t, err)
		for _, l := range lines {
			if seen[l.ID] {
				t.Errorf("%s is listed twice", l.ID)
			}
			seen[l.ID] = true
			total += l.Amount
			if l.Kind == app.AdjustmentLine {
				adjustments++
			}
			if x, err := a.Explain(ctx, l.ID); err != nil || !x.Agrees {
				t.Errorf("%s is not explained: %v %v", l.ID, x.Disagreements, err)
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	if len(seen) != 5 || adjustments != 1 || total != s.Charged+s.Adjusted {
		t.Errorf("%d lines, %d adjustments, %s", len(seen), adjustments, total)
	}
}

func TestStatementRefusals(t *testing.T) {
	ctx := context.Background()
	a := openSample(t, t.TempDir()+"/test.db")
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "acme", Name: "Acme"}, "test"))
	for name, c := range map[string]struct {
		do   func() error
		code refusal.Code
	}{
		"statement": {func() error { _, err := a.Statement(ctx, "nobody", january, 0); return err }, refusal.UnknownAccount},
		"lines":     {func() error { _, _, err := a.StatementLines(ctx, "nobody", january, 0, "", 1); return err }, refusal.UnknownAccount},
		"cursor":    {func() error { _, _, err := a.StatementLines(ctx, "acme", january, 0, "x", 1); return err }, refusal.BadInput},
		"cursor 0":  {func() error { _, _, err := a.StatementLines(ctx, "acme", january, 0, "0-1", 1); return err }, refusal.BadInput},
		"account":   {func() error { _, err := a.Account(ctx, "nobody"); return err }, refusal.UnknownAccount},
		"arrears":   {func() error { _, err := a.ArrearsOf(ctx, "nobody"); return err }, refusal.UnknownAccount},
		"document":  {func() error { _, err := a.Document(ctx, "nothing", ""); return err }, refusal.NotFound},
		"version":   {func() error { _, err := a.Document(ctx, "general-agreement", "0"); return err }, refusal.NotFound},
		"resolve, nothing accepted": {func() error {
			_, err := a.Resolve(ctx, app.Question{Key: "late_fee.rate", Account: "acme", Product: "compute-payg"})
			return err
		}, refusal.NotAccepted},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.do(); refusal.CodeOf(err) != c.code {
				t.Errorf("got %v, want a refusal with %s", err, c.code)
			}
		})
	}
}

func TestArrearsByAge(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		ctx := context.Background()
		a := openSample(t, url)
		for _, id := range []string{"a-1", "a-2", "a-3"} {
			must(t, a.CreateAccount(ctx, app.NewAccount{ID: id, Name: id, Accepts: []string{"general-agreement"}}, "test"))
		}
		payAlipay(t, a, "a-2", "1000")
		// a-1 owes 85 from 1 January, a-3 owes 8.50 from 6 January.
		sendAll(t, a, job("j-1", "a-1", 0, 1, 10_000), job("j-2", "a-2", 0, 1, 10_000), job("j-3", "a-3", 120, 121, 1_000))
		advance(t, a, "2026-01-08T00:00:00+08:00")

		first, next, err := a.Arrears(ctx, "", 1)
		must(t, err)
		second, end, err := a.Arrears(ctx, next, 1)
		must(t, err)
		if len(first) != 1 || len(second) != 1 || next == "" || end != "" {
			t.Fatalf("pages of %d and %d, cursors %q and %q", len(first), len(second), next, end)
		}
		got := fmt.Sprintf("%s %s %s %s %d %s", first[0].Account, first[0].Principal, first[0].LateFees, first[0].OldestDue, first[0].DaysOverdue, first[0].Services[0].State)
		if got != "a-1 85.000000 0.255000 2026-01-01 7 suspended" {
			t.Error(got)
		}
		want := []app.AgeBand{
			{Age: "0 to 1 days", Amount: 0},
			{Age: "2 to 7 days", Amount: 93_500_000},
			{Age: "8 to 15 days"},
			{Age: "16 to 30 days"},
			{Age: "31 to 60 days"},
			{Age: "over 60 days"},
		}
		totals, err := a.ArrearsTotals(ctx)
		must(t, err)
		if diff := cmp.Diff(want, totals.Bands); diff != "" {
			t.Error(diff)
		}
		alone, err := a.ArrearsOf(ctx, "a-3")
		must(t, err)
		if diff := cmp.Diff(second[0], alone); diff != "" {
			t.Error(diff)
		}
		if totals.Accounts != 2 || totals.Principal != first[0].Principal+alone.Principal || totals.LateFees != first[0].LateFees+alone.LateFees {
			t.Errorf("totals %+v", totals)
		}
		s, err := a.Summary(ctx)
		must(t, err)
		got = fmt.Sprintf("%d accounts, %d events, %d hours, %d lines, %s revenue, %s in %d fees, %s in %d top-ups, %d suspended, %d released, %d months",
			s.Accounts, s.Events, s.ResourceHours, s.Lines, s.Revenue, s.LateFees.Amount, s.LateFees.Count,
			s.TopUps.Amount, s.TopUps.Count, s.Suspensions, s.Releases, len(s.Months))
		summary := "3 accounts, 3 events, 3 hours, 3 lines, 178.500000 revenue, 0.259250 in 7 fees, 1000.000000 in 1 top-ups, 2 suspended, 0 released, 1 months"
		if got != summary || s.Services["suspended"] != 2 || s.Arrears.Principal != totals.Principal {
			t.Errorf("got  %s, services %v\nwant %s", got, s.Services, summary)
		}
	})
}

func TestAccountsArePaged(t *testing.T) {
	ctx := context.Background()
	a := openSample(t, t.TempDir()+"/test.db")
	for _, id := range []string{"a", "b", "c"} {
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: id, Name: id, Accepts: []string{"general-agreement"}}, "test"))
	}
	var ids []string
	for cursor := ""; ; {
		page, next, err := a.Accounts(ctx, cursor, 2)
		must(t, err)
		for _, v := range page {
			ids = append(ids, v.ID)
			if len(v.Accepted) != 1 || v.Accepted[0].Form != "click" || v.Accepted[0].ID != "acc_"+v.ID+"_2_1" {
				t.Errorf("%s accepted %v", v.ID, v.Accepted)
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, ids); diff != "" {
		t.Error(diff)
	}
}

func TestResolveTellsValueFromSilence(t *testing.T) {
	ctx := context.Background()
	a := openSample(t, t.TempDir()+"/test.db")
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "acme", Name: "Acme", Accepts: []string{"general-agreement"}}, "test"))
	set, err := a.Resolve(ctx, app.Question{Key: "late_fee.rate", Account: "acme", Product: "compute-payg"})
	must(t, err)
	if set.Silent || set.Value != "0.05%/day" || set.Clause == nil || set.Clause.Cite != "G 2.3 (general-agreement 2025-06)" || !set.Clause.Emphasis {
		t.Errorf("%+v", set)
	}
	silent, err := a.Resolve(ctx, app.Question{Key: "usage.future_limit", Account: "acme", Product: "compute-payg"})
	must(t, err)
	if !silent.Silent || silent.Value != "no limit" || silent.Clause != nil {
		t.Errorf("%+v", silent)
	}
}

func TestCoverageCountsEveryRule(t *testing.T) {
	c, err := openSample(t, t.TempDir()+"/test.db").Coverage(context.Background())
	must(t, err)
	if c.Total != len(c.Rules) || c.Total != c.Executed+c.Unproved+c.Declaratory+c.Waiting || c.Total == 0 {
		t.Errorf("%d rules: %d executed, %d unproved, %d declaratory, %d waiting", c.Total, c.Executed, c.Unproved, c.Declaratory, c.Waiting)
	}
	for _, r := range c.Rules {
		if r.Status == app.RuleExecuted && (len(r.Applies) == 0 || len(r.Refrains) == 0) {
			t.Errorf("%s counts as executed without proof", r.Rule)
		}
		if r.Reason == "" {
			t.Errorf("%s has no reason", r.Rule)
		}
	}
	waiting := 0
	for _, w := range c.WaitsFor {
		waiting += w.Rules
	}
	if waiting != c.Waiting {
		t.Errorf("%d rules wait, and the capabilities sum to %d", c.Waiting, waiting)
	}
}
