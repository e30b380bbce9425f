package app_test

import (
	"bytes"
	"context"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/provider"
)

// newVersion is the sample provider's folder with a further version of one of its
// documents, in which some texts are replaced: pairs of old and new.
func newVersion(t testing.TB, file string, replaced ...string) fstest.MapFS {
	t.Helper()
	source, err := provider.Sample.ReadFile(file)
	must(t, err)
	text := string(source)
	for i := 0; i < len(replaced); i += 2 {
		if !strings.Contains(text, replaced[i]) {
			t.Fatalf("%s does not say %q", file, replaced[i])
		}
		text = strings.Replace(text, replaced[i], replaced[i+1], 1)
	}
	for _, r := range [][2]string{{`version: "2025-06"`, `version: "2027-01"`}, {"announced: 2025-05-01", "announced: 2026-10-01"}, {"effective: 2025-06-01", "effective: 2027-01-01"}} {
		text = strings.Replace(text, r[0], r[1], 1)
	}
	return withDocuments(t, map[string]string{filepath.Dir(file) + "/new.yaml": text})
}

const computePage = "products/compute-payg.yaml"

// planMoney re-runs a month.
func planMoney(t testing.TB, a *app.App, of string, folder fstest.MapFS, id string) app.PlannedMoney {
	t.Helper()
	m, err := a.PlanMoney(context.Background(), folder, app.MoneyQuery{Month: month(of), Account: id, Limit: 1000}, nil)
	must(t, err)
	if m.NotRerun.All != 0 || m.Undecided.All != 0 {
		t.Fatalf("not re-run %+v, undecided %+v", m.NotRerun.Items, m.Undecided.Items)
	}
	return m
}

// cluster has a part of the real cluster's usage. Every tenth customer can pay for
// a little of it, the others for all.
func cluster(t testing.TB, url string) *app.App {
	t.Helper()
	a := openSample(t, url)
	fund(t, a, 3_000_000)
	for n := range 200 {
		if n%10 != 0 {
			putMoney(t, a, customerID(n), "50000", "second")
		}
	}
	lines := bytes.SplitAfter(trace(t), []byte("\n"))
	var part []byte
	for i, line := range lines {
		if i == 0 || i > 20 && i%13 == 0 { // the first ones run for months
			part = append(part, line...)
		}
	}
	importTrace(t, a, part)
	advance(t, a, "2026-05-27T07:00:00+08:00")
	for n := 0; n < 200; n += 20 { // some of those that are suspended pay
		putMoney(t, a, customerID(n), "40", "third")
	}
	advance(t, a, "2026-06-01T00:00:00+08:00")
	return a
}

func customerID(n int) string { return fmt.Sprintf("customer-%03d", n) }

// TestPlanMoneyOfNothingNew: an unchanged folder, and one with a new heading,
// change nothing, to the last 0.000001 of every account; and what the month was
// is what the statements say it was. Nothing is written.
func TestPlanMoneyOfNothingNew(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		ctx := context.Background()
		a := cluster(t, url)
		before := contentOf(t, url)
		totals, err := a.Totals(ctx, month("2026-05"), 0)
		must(t, err)
		for name, folder := range map[string]fstest.MapFS{
			"unchanged":   withDocuments(t, nil),
			"new heading": newVersion(t, computePage, "title: Release", "title: Release of resources"),
		} {
			m := planMoney(t, a, "2026-05", folder, "")
			if m.Accounts != 200 || m.Differing != 0 || m.ByAccount.All != 0 || m.Moves.All != 0 || m.Refused.All != 0 || m.PaymentsRefused.All != 0 {
				t.Errorf("%s: %d accounts, %d differ: %+v", name, m.Accounts, m.Differing, m)
			}
			if m.Charged.Was != totals.Total || m.Charged.Would != totals.Total || totals.Total == 0 || m.LateFees.Was == 0 || m.Principal.Was == 0 {
				t.Errorf("%s: %+v; the statements sum to %s", name, m, totals.Total)
			}
			checkMeters(t, totals, m)
		}
		checkStatements(t, a)
		if !bytes.Equal(before, contentOf(t, url)) {
			t.Error("the database has changed")
		}
	})
}

// contentOf is a SQLite file's content; on PostgreSQL the transaction itself
// cannot write.
func contentOf(t testing.TB, url string) []byte {
	t.Helper()
	if strings.HasPrefix(url, "postgres") {
		return nil
	}
	var all []byte
	for _, part := range []string{url, url + "-wal"} {
		content, err := os.ReadFile(part)
		must(t, err)
		all = append(all, content...)
	}
	return all
}

func checkMeters(t testing.TB, totals app.Totals, m app.PlannedMoney) {
	t.Helper()
	var want []app.MeterDifference
	for _, s := range totals.Meters {
		want = append(want, app.MeterDifference{
			Product: s.Product, Meter: s.Meter, Unit: s.Unit, QuantityWas: s.Quantity, QuantityWould: s.Quantity,
			Difference: app.Difference{Was: s.Amount, Would: s.Amount},
		})
	}
	if diff := cmp.Diff(want, m.Meters); diff != "" {
		t.Error(diff)
	}
}

// checkStatements holds accounts, one by one, against their statements.
func checkStatements(t testing.TB, a *app.App) {
	t.Helper()
	for n := 0; n < 200; n += 7 {
		s, err := a.Statement(context.Background(), customerID(n), month("2026-05"), 0)
		must(t, err)
		m := planMoney(t, a, "2026-05", withDocuments(t, nil), customerID(n))
		if m.Accounts != 1 || m.Charged.Was != s.Charged+s.Adjusted || m.LateFees.Was != s.LateFees {
			t.Errorf("%s: %+v, its statement says %s and %s", s.Account, m, s.Charged+s.Adjusted, s.LateFees)
		}
	}
}

// TestPlanMoneyOfAPrice raises a price by a tenth, and holds the difference
// against a computation of its own: each hour's quantity, in fractions.
func TestPlanMoneyOfAPrice(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := openSample(t, url)
		fund(t, a, 100_000_000_000) // so much that nobody falls into arrears
		lines := bytes.SplitAfter(trace(t), []byte("\n"))
		importTrace(t, a, append(lines[0], bytes.Join(lines[20:320], nil)...))
		advance(t, a, "2026-05-01T00:00:00+08:00")
		m := planMoney(t, a, "2026-04", newVersion(t, computePage, "price.gpu: 8.50 CNY", "price.gpu: 9.35 CNY"), "")
		want, differing := money.Amount(0), 0
		for n := range 200 {
			more := repriced(t, a, customerID(n), big.NewRat(935, 100)) - repriced(t, a, customerID(n), big.NewRat(850, 100))
			want += more
			if more != 0 {
				differing++
			}
		}
		if m.Charged.Difference != want || want == 0 || m.Differing != differing || m.ByAccount.All != differing {
			t.Errorf("%+v and %d accounts, want %s and %d", m.Charged, m.Differing, want, differing)
		}
		if len(m.Tried) != 1 || m.Tried[0].Version != "2027-01" || !slices.Equal(m.Tried[0].Instead, []string{"2025-06"}) {
			t.Errorf("tried %+v", m.Tried)
		}
		for i, x := range m.ByAccount.Items {
			if i > 0 && x.Charged.Difference > m.ByAccount.Items[i-1].Charged.Difference {
				t.Errorf("%s is out of order", x.Account)
			}
		}
	})
}

// repriced sums what the GPUs of April cost an account at a price.
func repriced(t testing.TB, a *app.App, id string, price *big.Rat) (sum money.Amount) {
	t.Helper()
	hours := map[string]int64{}
	for cursor := ""; ; {
		lines, next, err := a.StatementLines(context.Background(), id, month("2026-04"), 0, cursor, 1000)
		must(t, err)
		for _, l := range lines {
			if l.Meter == "gpu" {
				hours[l.Resource+l.Hour] += l.Quantity
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	half := big.NewRat(1, 2)
	for _, quantity := range hours {
		// A GPU·hour is 3,600,000 base units, and an amount counts millionths.
		exact := new(big.Rat).Mul(price, big.NewRat(quantity*1_000_000, 3_600_000))
		exact.Add(exact, half)
		sum += money.Amount(new(big.Int).Quo(exact.Num(), exact.Denom()).Int64())
	}
	return sum
}

// arrearsStories has customers that pay at different times after their arrears
// began, at one in the morning of New Year's Day: a ten hours later, b thirty, c
// sixty; d never pays, and e is never in arrears.
func arrearsStories(t testing.TB, url string) *app.App {
	t.Helper()
	a := openSample(t, url)
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		must(t, a.CreateAccount(context.Background(), app.NewAccount{ID: id, Name: id, Accepts: []string{"general-agreement"}}, "test"))
		if id == "e" {
			payAlipay(t, a, id, "5000")
		}
		putUsage(t, a, id, "pod", 10_000, "2026-01-01T00:00:00+08:00", "2026-01-20T00:00:00+08:00")
	}
	for _, pays := range []struct{ at, id string }{{"2026-01-01T11:00:00+08:00", "a"}, {"2026-01-02T07:00:00+08:00", "b"}, {"2026-01-03T13:00:00+08:00", "c"}} {
		advance(t, a, pays.at)
		payAlipay(t, a, pays.id, "1000")
	}
	advance(t, a, "2026-02-01T00:00:00+08:00")
	return a
}

// TestPlanMoneyOfSuspension waits 48 hours before it suspends: b would not have
// been suspended at all, c and d a day later; d would have been released a day
// later. Every hour costs 0.90 CNY.
func TestPlanMoneyOfSuspension(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := arrearsStories(t, url)
		m := planMoney(t, a, "2026-01", newVersion(t, computePage, "suspend.after: 24 hours", "suspend.after: 48 hours"), "")
		want := []app.MoveDifference{
			{Account: "b", Product: "compute-payg", From: "active", To: "suspended", Was: "2026-01-02T01:00:00+08:00"},
			{Account: "b", Product: "compute-payg", From: "suspended", To: "active", Was: "2026-01-02T07:00:00+08:00"},
			{Account: "c", Product: "compute-payg", From: "active", To: "suspended", Was: "2026-01-02T01:00:00+08:00", Would: "2026-01-03T01:00:00+08:00"},
			{Account: "d", Product: "compute-payg", From: "active", To: "suspended", Was: "2026-01-02T01:00:00+08:00", Would: "2026-01-03T01:00:00+08:00"},
			{Account: "d", Product: "compute-payg", From: "suspended", To: "released", Was: "2026-01-17T01:00:00+08:00", Would: "2026-01-18T01:00:00+08:00"},
		}
		if diff := cmp.Diff(want, m.Moves.Items); diff != "" {
			t.Error(diff)
		}
		// b would have been charged for the 6 hours that it was suspended, c and d
		// for 24 more; the wallets of b and c hold what they owe.
		charged := map[string]money.Amount{}
		for _, x := range m.ByAccount.Items {
			charged[x.Account] = x.Charged.Difference
		}
		if diff := cmp.Diff(map[string]money.Amount{"b": 5_400_000, "c": 21_600_000, "d": 21_600_000}, charged); diff != "" {
			t.Error(diff)
		}
		if m.Charged.Difference != 48_600_000 || m.Principal.Difference != 21_600_000 || m.Differing != 3 || m.Accounts != 5 {
			t.Errorf("charged %+v, arrears %+v, %d of %d differ", m.Charged, m.Principal, m.Differing, m.Accounts)
		}
		var less []string
		for _, x := range m.Refused.Items {
			less = append(less, x.Account+" "+string(x.Code))
			if x.Code == refusal.Suspended && x.Account == "b" && (x.Was != 6*36_000_000 || x.Would != 0) {
				t.Errorf("%+v", x)
			}
		}
		if diff := cmp.Diff([]string{"b service_suspended", "c service_suspended", "d resource_released"}, less); diff != "" {
			t.Error(diff)
		}
		checkOneAlone(t, a, m)
	})
}

// checkOneAlone re-runs an account by itself: it is what it was among all.
func checkOneAlone(t testing.TB, a *app.App, all app.PlannedMoney) {
	t.Helper()
	alone := planMoney(t, a, "2026-01", newVersion(t, computePage, "suspend.after: 24 hours", "suspend.after: 48 hours"), "d")
	i := slices.IndexFunc(all.ByAccount.Items, func(x app.AccountDifference) bool { return x.Account == "d" })
	if len(alone.ByAccount.Items) != 1 || i < 0 || cmp.Diff(alone.ByAccount.Items[0], all.ByAccount.Items[i]) != "" || alone.Accounts != 1 {
		t.Errorf("alone %+v", alone.ByAccount)
	}
	few, err := a.PlanMoney(context.Background(), newVersion(t, computePage, "suspend.after: 24 hours", "suspend.after: 48 hours"),
		app.MoneyQuery{Month: january, Limit: 1}, nil)
	must(t, err)
	if few.ByAccount.All != 3 || few.Moves.All != 5 || few.Charged != all.Charged || len(few.Moves.Items) != 1 ||
		cmp.Diff(few.ByAccount.Items, all.ByAccount.Items[:1]) != "" {
		t.Errorf("a list of one: %+v, %+v", few.ByAccount, few.Moves)
	}
}

// TestPlanMoneyBegins with the month: what an account was suspended for in
// January stays as it was when February is re-run.
func TestPlanMoneyBeginsWithTheMonth(t *testing.T) {
	ctx := context.Background()
	a := arrearsStories(t, filepath.Join(t.TempDir(), "test.db"))
	putUsage(t, a, "e", "more", 1_000, "2026-02-01T00:00:00+08:00", "2026-02-01T10:00:00+08:00")
	advance(t, a, "2026-03-01T00:00:00+08:00")
	folder := newVersion(t, computePage, "suspend.after: 24 hours", "suspend.after: 48 hours", "price.cpu: 0.09 CNY", "price.cpu: 0.10 CNY")
	m, err := a.PlanMoney(ctx, folder, app.MoneyQuery{Month: january + 1, Limit: 10}, nil)
	must(t, err)
	if m.Moves.All != 0 || m.Charged.Was != 900_000 || m.Charged.Would != 1_000_000 || m.ByAccount.All != 1 || m.ByAccount.Items[0].Account != "e" {
		t.Errorf("%+v", m)
	}
	if m.LateFees.Was == 0 || m.LateFees.Difference != 0 || m.Principal.Was == 0 || m.Principal.Difference != 0 {
		t.Errorf("d owes as it did: %+v, %+v", m.LateFees, m.Principal)
	}
}

// TestPlanMoneyOfAWayToPay takes a way of paying away: who paid by it would have
// stayed in arrears.
func TestPlanMoneyOfAWayToPay(t *testing.T) {
	a := arrearsStories(t, filepath.Join(t.TempDir(), "test.db"))
	m := planMoney(t, a, "2026-01", newVersion(t, "agreements/general-agreement.yaml", "alipay, ", ""), "")
	var refused []string
	for _, p := range m.PaymentsRefused.Items {
		refused = append(refused, p.Account+" "+p.At+" "+p.Amount.String()+" "+p.Method+" "+string(p.Code))
	}
	want := []string{
		"a 2026-01-01T11:00:00+08:00 1000.000000 alipay method_not_offered",
		"b 2026-01-02T07:00:00+08:00 1000.000000 alipay method_not_offered",
		"c 2026-01-03T13:00:00+08:00 1000.000000 alipay method_not_offered",
		"e 2026-01-01T00:00:00+08:00 5000.000000 alipay method_not_offered",
	}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Error(diff)
	}
	if m.Principal.Difference <= 0 || m.LateFees.Difference <= 0 || m.Differing != 4 {
		t.Errorf("%+v %+v %d", m.Principal, m.LateFees, m.Differing)
	}
}

// TestPlanMoneyThatIsUndecided drops a rule that every charge needs.
func TestPlanMoneyThatIsUndecided(t *testing.T) {
	a := arrearsStories(t, filepath.Join(t.TempDir(), "test.db"))
	folder := newVersion(t, "agreements/billing-rules.yaml", "    terms:\n      price.rounding: half_up\n", "    waits_for: orders\n")
	m, err := a.PlanMoney(context.Background(), folder, app.MoneyQuery{Month: january, Limit: 10}, nil)
	must(t, err)
	if m.Undecided.All != 5 || m.Undecided.Items[0].Code != refusal.TermMissing || m.Accounts != 0 || m.Charged != (app.Difference{}) {
		t.Errorf("%+v", m)
	}
}

// TestPlanMoneyOfChangedBooks names the account whose stored books nobody can
// make again, and counts the others.
func TestPlanMoneyOfChangedBooks(t *testing.T) {
	a, db := tampered(t)
	tamper(t, db, "UPDATE journal SET payload = replace(payload, '500', '501') WHERE account = 'customer-001' AND kind = 'topped_up'")
	m, err := a.PlanMoney(context.Background(), withDocuments(t, nil), app.MoneyQuery{Month: january, Limit: 10}, nil)
	must(t, err)
	if m.NotRerun.All != 1 || m.NotRerun.Items[0].Account != "customer-001" || !strings.HasPrefix(m.NotRerun.Items[0].Row, "customer-001 entry ") || m.Accounts != 2 {
		t.Errorf("%+v", m)
	}
}

func TestPlanMoneyRefusals(t *testing.T) {
	ctx := context.Background()
	a := arrearsStories(t, filepath.Join(t.TempDir(), "test.db"))
	folder := withDocuments(t, nil)
	for name, c := range map[string]struct {
		query app.MoneyQuery
		code  refusal.Code
		says  string
	}{
		"a month that has not ended": {app.MoneyQuery{Month: january + 1, Limit: 1}, refusal.BadInput, "2026-02 has not ended; it is 2026-02-01T00:00:00+08:00"},
		"before all documents":       {app.MoneyQuery{Month: month("2020-08"), Limit: 1}, refusal.BadInput, "nothing was in force in 2020-08: the first document took effect at 2020-09-24T00:00:00+08:00"},
		"an unknown account":         {app.MoneyQuery{Month: january, Account: "x", Limit: 1}, refusal.UnknownAccount, "no account"},
		"no list":                    {app.MoneyQuery{Month: january}, refusal.BadInput, "lists of 0"},
		"a list without end":         {app.MoneyQuery{Month: january, Limit: 100_001}, refusal.BadInput, "lists of 100001"},
	} {
		_, err := a.PlanMoney(ctx, folder, c.query, nil)
		if refusal.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	empty := open(t, filepath.Join(t.TempDir(), "empty.db"))
	if _, err := empty.PlanMoney(ctx, folder, app.MoneyQuery{Month: january, Limit: 1}, nil); refusal.CodeOf(err) != refusal.NotFound {
		t.Errorf("nothing published: %v", err)
	}
}

// TestPlanMoneyOfAMonthThatIsNotClosed has work that is due and not done, on a
// real clock.
func TestPlanMoneyOfAMonthThatIsNotClosed(t *testing.T) {
	ctx := context.Background()
	clock := realClock()
	file := filepath.Join(t.TempDir(), "test.db")
	a, err := app.Open(ctx, file, func() time.Time { return clock })
	must(t, err)
	t.Cleanup(func() { must(t, a.Close()) })
	must(t, a.Init(ctx, false, 0))
	_, err = a.Publish(ctx, provider.Sample)
	must(t, err)
	for _, id := range []string{"a", "b"} {
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: id, Name: id, Accepts: []string{"general-agreement"}}, "test"))
	}
	putUsage(t, a, "b", "pod", 1_000, "2026-01-01T00:00:00+08:00", "2026-01-01T02:00:00+08:00")
	clock = clock.AddDate(0, 1, 0)
	q := app.MoneyQuery{Month: january, Limit: 10}
	for _, id := range []string{"", "b"} {
		q.Account = id
		_, err = a.PlanMoney(ctx, withDocuments(t, nil), q, nil)
		if refusal.CodeOf(err) != refusal.BadInput || !strings.Contains(err.Error(), "2026-01 is not closed: what fell due in it is not done for 1 accounts, the first being b") {
			t.Errorf("%q: %v", id, err)
		}
	}
	q.Account = "a"
	if m, err := a.PlanMoney(ctx, withDocuments(t, nil), q, nil); err != nil || m.Accounts != 1 {
		t.Errorf("the other account: %v", err)
	}
	_, err = a.Work(ctx)
	must(t, err)
	q.Account = ""
	m, err := a.PlanMoney(ctx, newVersion(t, computePage, "price.cpu: 0.09 CNY", "price.cpu: 0.18 CNY"), q, nil)
	must(t, err)
	if m.NotRerun.All != 0 || m.Charged.Was != 180_000 || m.Charged.Would != 360_000 {
		t.Errorf("%+v", m)
	}
}
