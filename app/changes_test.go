package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/store"
	"termwise.dev/store/pgtest"
)

// crowd opens accounts: of each five, three accepted the general agreement, one
// the service agreement, and one nothing.
func crowd(t testing.TB, a *app.App, n int) {
	t.Helper()
	accepts := [][]string{{"general-agreement"}, {"service-agreement"}, {"general-agreement"}, {}, {"general-agreement"}}
	var accounts []app.NewAccount
	for i := range n {
		id := fmt.Sprintf("customer-%04d", i)
		accounts = append(accounts, app.NewAccount{ID: id, Name: id, Accepts: accepts[i%5]})
	}
	_, err := a.CreateAccounts(context.Background(), accounts, "test")
	must(t, err)
}

// publishNext publishes a new version of the general agreement, to take effect on
// 1 March.
func publishNext(t testing.TB, a *app.App, announced string) app.Plan {
	t.Helper()
	plan, err := a.Publish(context.Background(), withDocuments(t, map[string]string{"agreements/next.yaml": nextGeneral(t, announced, "2026-03-01")}))
	must(t, err)
	return plan
}

// told counts the notices of changes that each account got.
func told(t testing.TB, db *sql.DB) map[string]int {
	t.Helper()
	rows, err := db.Query("SELECT account, count(*) FROM notices WHERE document = 'general-agreement' AND version = '2026-03' GROUP BY account")
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	counts := map[string]int{}
	for rows.Next() {
		var id string
		var n int
		must(t, rows.Scan(&id, &n))
		counts[id] = n
	}
	must(t, rows.Err())
	return counts
}

// onceEach are the accounts of a crowd that the general agreement binds, each told
// once.
func onceEach(n int) map[string]int {
	counts := map[string]int{}
	for i := range n {
		if i%5 != 1 && i%5 != 3 {
			counts[fmt.Sprintf("customer-%04d", i)] = 1
		}
	}
	return counts
}

func TestPublishingTellsWhoIsBound(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		const n = 700
		a := openSample(t, url)
		crowd(t, a, n)
		plan := publishNext(t, a, "2026-01-01")
		want := []app.PlannedNotice{{
			Kind: terms.AgreementChange, Clause: "G 3.2.9 (general-agreement 2025-06)", Notice: "30 days",
			Channels: []terms.Channel{terms.ChannelSite}, Accounts: 420, By: "2026-01-30",
		}}
		d := plan.Documents[0]
		if diff := cmp.Diff(want, d.Notices, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".by" }, cmp.Ignore())); diff != "" {
			t.Error(diff)
		}
		if d.NoticesOwed != 420 || d.NoticeBy != "2026-01-30" || d.Told != 420 || !slices.Equal(d.Kinds, []terms.ChangeKind{terms.AgreementChange}) {
			t.Errorf("%+v", d)
		}
		if diff := cmp.Diff(onceEach(n), told(t, around(t, url))); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		publishNext(t, a, "2026-01-01")
		repeatTelling(t, url)
		advance(t, a, "2026-01-02T00:00:00+08:00")
		if diff := cmp.Diff(onceEach(n), told(t, around(t, url))); diff != "" {
			t.Errorf("after a repetition (-want +got):\n%s", diff)
		}
		holdsTrue(t, a)
	})
}

// repeatTelling has the telling of the new version begin again.
func repeatTelling(t testing.TB, url string) {
	t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, url)
	must(t, err)
	must(t, db.Update(ctx, func(tx *store.Tx) error {
		all, err := tx.Announcements(ctx)
		if err != nil || len(all) != 1 || all[0].State != store.AllTold {
			t.Errorf("announcements %+v", all)
			return err
		}
		all[0].After, all[0].State = "", store.StillTelling
		return tx.PutAnnounced(ctx, all[0])
	}))
	must(t, db.Close())
}

func holdsTrue(t testing.TB, a *app.App) {
	t.Helper()
	for _, b := range verified(t, a).Broken() {
		t.Error(b)
	}
}

// crashPublishes makes the test program a process that publishes the new version
// of the general agreement.
const crashPublishes = "TERMWISE_CRASH_PUBLISHES"

func publishChild(url, file string) int {
	ctx := context.Background()
	a, err := app.Open(ctx, url, realClock)
	if err == nil {
		_, err = a.Publish(ctx, os.DirFS(file))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// TestKilledWhileItTells kills the program while it tells thousands of accounts,
// again and again; in the end each was told once.
func TestKilledWhileItTells(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		const n = 4000
		a := openSample(t, url)
		crowd(t, a, n)
		folder := t.TempDir()
		must(t, os.CopyFS(folder, withDocuments(t, map[string]string{"agreements/next.yaml": nextGeneral(t, "2026-01-01", "2026-03-01")})))
		db := around(t, url)
		kills := 0
		for killedOnceItTells(t, db, url, folder) {
			kills++
		}
		if kills < 3 {
			t.Errorf("killed %d times while it told: the test shows little", kills)
		}
		if diff := cmp.Diff(onceEach(n), told(t, db)); diff != "" {
			t.Errorf("after %d kills (-want +got):\n%s", kills, diff)
		}
		holdsTrue(t, a)
	})
}

// killedOnceItTells starts the process and kills it when it has told somebody. It
// says whether it had to: in the end there is nobody left to tell.
func killedOnceItTells(t testing.TB, db *sql.DB, url, folder string) bool {
	t.Helper()
	count := func() (n int) {
		must(t, db.QueryRow("SELECT count(*) FROM notices").Scan(&n))
		return n
	}
	before := count()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), crashURL+"="+url, crashPublishes+"="+folder)
	command.Stderr = os.Stderr
	must(t, command.Start())
	done := make(chan error, 1)
	go func() { done <- command.Wait() }()
	for {
		select {
		case err := <-done:
			must(t, err)
			return false
		case <-time.After(2 * time.Millisecond):
			if count() > before {
				_ = command.Process.Kill() // it may have ended by itself
				err := <-done
				killed := command.ProcessState.ExitCode() == -1
				if !killed {
					must(t, err)
				}
				return killed
			}
		}
	}
}

// TestANewcomerIsTold: who accepts between the announcement and the effect is told
// as it accepts; who accepts after it accepts the new version.
func TestANewcomerIsTold(t *testing.T) {
	ctx := context.Background()
	url := filepath.Join(t.TempDir(), "new.db")
	a := openSample(t, url)
	publishNext(t, a, "2026-01-01")
	advance(t, a, "2026-01-10T00:00:00+08:00")
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "early", Name: "E", Accepts: []string{"general-agreement"}}, "test"))
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "user", Name: "U"}, "test"))
	putUsage(t, a, "user", "pod", 1000, "2026-01-10T00:00:00+08:00", "2026-01-10T01:00:00+08:00")
	advance(t, a, "2026-03-02T00:00:00+08:00")
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "late", Name: "L", Accepts: []string{"general-agreement"}}, "test"))
	if diff := cmp.Diff(map[string]int{"early": 1, "user": 1}, told(t, around(t, url))); diff != "" {
		t.Error(diff)
	}
	v, err := a.Account(ctx, "late")
	must(t, err)
	if len(v.Accepted) != 1 || v.Accepted[0].Version != "2026-03" {
		t.Errorf("accepted %+v", v.Accepted)
	}
	notices, _, err := a.Notices(ctx, "early", "", 10)
	must(t, err)
	if len(notices) != 1 || notices[0].Document != "general-agreement" || notices[0].Effective != "2026-03-01T00:00:00+08:00" || notices[0].Served != "" {
		t.Fatalf("%+v", notices)
	}
	if x := explained(t, a, notices[0].ID); !x.Agrees || !x.Cites("G", "3.2.9") {
		t.Errorf("%s: %v", x.What, x.Disagreements)
	}
	holdsTrue(t, a)
}

// TestWhoCannotBeToldIsToldLater: an account whose due work cannot be decided does
// not hold up the others, and is told when the terms are mended.
func TestWhoCannotBeToldIsToldLater(t *testing.T) {
	ctx := context.Background()
	url := filepath.Join(t.TempDir(), "stuck.db")
	now := realClock()
	a, err := app.Open(ctx, url, func() time.Time { return now })
	must(t, err)
	t.Cleanup(func() { must(t, a.Close()) })
	must(t, a.Init(ctx, false, 0))
	folder := withDocuments(t, nil)
	rules := folder["agreements/billing-rules.yaml"]
	delete(folder, "agreements/billing-rules.yaml")
	_, err = a.Publish(ctx, folder)
	must(t, err)
	for _, id := range []string{"c", "d"} {
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: id, Name: id, Accepts: []string{"general-agreement"}}, "test"))
	}
	_, err = a.ReportUsage(ctx, usageOf("r", calendar.HourLength), "test")
	must(t, err)
	now = now.Add(2 * time.Hour)
	folder["agreements/next.yaml"] = withDocuments(t, map[string]string{"x": nextGeneral(t, "2026-01-01", "2026-03-01")})["x"]
	_, err = a.Publish(ctx, folder)
	must(t, err)
	if diff := cmp.Diff(map[string]int{"d": 1}, told(t, around(t, url))); diff != "" {
		t.Error(diff)
	}
	tamperUntold(t, a, url)
	folder["agreements/billing-rules.yaml"] = rules
	_, err = a.Publish(ctx, folder)
	must(t, err)
	now = now.Add(2 * time.Minute) // what was published is known
	_, err = a.Work(ctx)
	must(t, err)
	_, err = a.Work(ctx)
	must(t, err)
	if diff := cmp.Diff(map[string]int{"c": 1, "d": 1}, told(t, around(t, url))); diff != "" {
		t.Error(diff)
	}
	var left int
	must(t, around(t, url).QueryRow("SELECT count(*) FROM untold").Scan(&left))
	if left != 0 {
		t.Errorf("%d accounts are still to be told", left)
	}
	holdsTrue(t, a)
}

// tamperUntold changes the one row that says who is still to be told, column by
// column, and takes it away.
func tamperUntold(t *testing.T, a *app.App, url string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+url+"?_pragma=ignore_check_constraints(1)&_pragma=busy_timeout(5000)")
	must(t, err)
	defer func() { must(t, db.Close()) }()
	columns := schemaOf(t, db, "untold")
	for _, c := range columns {
		row := middleRow(t, db, columns)
		value := row[c.name]
		c.set(t, db, columns, row, c.changed(value))
		if v := verified(t, a); v.OK {
			t.Errorf("untold.%s was changed, and nothing was found", c.name)
		}
		c.set(t, db, columns, row, value)
	}
	tamper(t, db, "CREATE TABLE aside AS SELECT * FROM untold")
	tamper(t, db, "DELETE FROM untold")
	wantNamed(t, verified(t, a), "notices", "c")
	tamper(t, db, "INSERT INTO untold SELECT * FROM aside")
	tamper(t, db, "DROP TABLE aside")
	holdsTrue(t, a)
}

// TestANoticeOfAChangeIsSealed changes each column of one.
func TestANoticeOfAChangeIsSealed(t *testing.T) {
	a, db := tampered(t)
	columns := schemaOf(t, db, "notices")
	var entry, line int64
	must(t, db.QueryRow("SELECT entry, line FROM notices WHERE account = 'customer-002' AND kind = 'agreement_changes'").Scan(&entry, &line))
	row := map[string]any{"account": "customer-002", "entry": entry, "line": line}
	name := fmt.Sprintf("ntc_customer-002_%d_%d", entry, line)
	for _, c := range columns {
		if c.key {
			continue
		}
		var value any
		must(t, db.QueryRow("SELECT "+c.name+" FROM notices WHERE account = 'customer-002' AND entry = $1 AND line = $2", entry, line).Scan(&value))
		c.set(t, db, columns, row, c.changed(value))
		wantNamed(t, verified(t, a), "notices", name)
		if x, err := a.Explain(context.Background(), name); err == nil && x.Agrees {
			t.Errorf("notices.%s was changed, and the explanation agrees", c.name)
		}
		c.set(t, db, columns, row, value)
	}
	holdsTrue(t, a)
}

// TestTheLongestNoticeGoverns: a product may be discontinued under the service
// agreement after any notice; one account under the general agreement is enough
// for 30 days.
func TestTheLongestNoticeGoverns(t *testing.T) {
	ctx := context.Background()
	ends := strings.NewReplacer(`version: "2025-06"`, `version: "2026-02"`, "announced: 2025-05-01", "announced: 2026-01-01",
		"effective: 2025-06-01", "effective: 2026-01-05\nuntil: 2026-01-29").Replace(editedSample(t, "products/compute-payg.yaml"))
	folder := withDocuments(t, map[string]string{"products/next.yaml": ends})
	a := openSample(t, filepath.Join(t.TempDir(), "long.db"))
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "s", Name: "S", Accepts: []string{"service-agreement"}}, "test"))
	plan, err := a.Plan(ctx, folder)
	must(t, err)
	if p := plan.Documents[0]; p.Refused != "" || p.NoticesOwed != 1 || p.Notices[0].Clause != "S 9.4 (service-agreement 2020-09-24)" {
		t.Errorf("under S: %+v", p)
	}
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "g", Name: "G", Accepts: []string{"general-agreement"}}, "test"))
	_, err = a.Publish(ctx, folder)
	if refusal.CodeOf(err) != refusal.NoticeTooShort || !strings.Contains(err.Error(), "G 7.4 (") || !strings.Contains(err.Error(), "2026-01-31 or later") {
		t.Errorf("one account under G: %v", err)
	}
}

// TestAHiddenChangeIsRefused, and one that comes in two steps of one folder is not
// measured by the first of them.
func TestAHiddenChangeIsRefused(t *testing.T) {
	ctx := context.Background()
	a := customer(t, withDocuments(t, nil), "general-agreement")
	hidden := strings.Replace(nextGeneral(t, "2026-01-01", "2026-03-01"), "by: acceptance\n", "by: acceptance\nchange: [migration]\n", 1)
	_, err := a.Publish(ctx, withDocuments(t, map[string]string{"agreements/next.yaml": hidden}))
	if refusal.CodeOf(err) != refusal.ChangeHidden || !strings.Contains(err.Error(), "late_fee.rate") {
		t.Errorf("%v", err)
	}
	steps := map[string]string{
		"agreements/one.yaml": editedSample(t, "agreements/general-agreement.yaml", `version: "2025-06"`, `version: "2026-01"`,
			"announced: 2025-05-01", "announced: 2026-01-01", "effective: 2025-06-01", "effective: 2026-01-02", "title: Changes to this agreement", "title: Changes"),
		"agreements/two.yaml": nextGeneral(t, "2026-01-01", "2026-01-03"),
	}
	_, err = a.Publish(ctx, withDocuments(t, steps))
	if refusal.CodeOf(err) != refusal.NoticeTooShort || !strings.Contains(err.Error(), "2026-03 is announced") {
		t.Errorf("%v", err)
	}
}

// TestLeavingIsKept: the answer, its repetition under a key, what verify, explain
// and the history say, on both engines.
func TestLeavingIsKept(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		ctx := context.Background()
		a := openSample(t, url)
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: "customer-001", Name: "C", Accepts: []string{"general-agreement"}}, "test"))
		putMoney(t, a, "customer-001", "100", "first")
		putUsage(t, a, "customer-001", "pod", 1000, "2026-01-01T00:00:00+08:00", "2026-01-01T02:00:00+08:00")
		if _, err := a.Dissent(ctx, "customer-001", account.Dissent{Document: "general-agreement"}, "", "test"); refusal.CodeOf(err) != refusal.NotFound {
			t.Errorf("nothing is to come: %v", err)
		}
		publishNext(t, a, "2026-01-01")
		advance(t, a, "2026-01-10T00:00:00+08:00")
		x := account.Dissent{Document: "general-agreement"}
		first, err := a.Dissent(ctx, "customer-001", x, "key", "test")
		must(t, err)
		again, err := a.Dissent(ctx, "customer-001", x, "key", "test")
		must(t, err)
		if diff := cmp.Diff(first, again); diff != "" {
			t.Error(diff)
		}
		repeated, err := a.Dissent(ctx, "customer-001", x, "", "test")
		must(t, err)
		if !repeated.Repeated || repeated.ID != first.ID || first.Ends != "2026-03-01T00:00:00+08:00" || !slices.Equal(first.Services, []string{"compute-payg"}) || first.Wallet.String() != "99.820000" {
			t.Errorf("%+v, repeated %+v", first, repeated)
		}
		if y := explained(t, a, first.ID); !y.Agrees || !y.Cites("G", "3.2.9") {
			t.Errorf("%+v", y)
		}
		putUsage(t, a, "customer-001", "pod", 1000, "2026-02-28T23:00:00+08:00", "2026-03-01T01:00:00+08:00")
		advance(t, a, "2026-03-02T00:00:00+08:00")
		items, _, err := a.History(ctx, "customer-001", app.HistoryFilter{Limit: 100})
		must(t, err)
		i := slices.IndexFunc(items, func(h app.HistoryItem) bool { return h.Kind == app.HistoryRefusal })
		if i < 0 || items[i].Code != refusal.Ended {
			t.Fatalf("%+v", items)
		}
		for _, h := range items {
			if y := explained(t, a, h.ID); !y.Agrees {
				t.Errorf("%s: %v", h.What, y.Disagreements)
			}
		}
		if y := explained(t, a, items[i].ID); !y.Cites("G", "3.2.9") {
			t.Errorf("%s: %+v", y.What, y.Clauses)
		}
		if _, err := a.Dissent(ctx, "customer-001", account.Dissent{Document: "general-agreement", Version: "2026-03"}, "", "test"); refusal.CodeOf(err) != refusal.ChangeInEffect {
			t.Errorf("after it: %v", err)
		}
		_, err = a.Accept(ctx, "customer-001", app.NewAcceptance{Documents: []string{"general-agreement"}, Form: terms.Click}, "", "test")
		must(t, err)
		putUsage(t, a, "customer-001", "pod", 1000, "2026-03-02T01:00:00+08:00", "2026-03-02T02:00:00+08:00")
		advance(t, a, "2026-03-03T00:00:00+08:00")
		v, err := a.Account(ctx, "customer-001")
		must(t, err)
		if v.Services[0].State != "active" || v.Wallet.String() != "99.640000" {
			t.Errorf("%+v", v)
		}
		holdsTrue(t, a)
	})
}

// TestUseAfterLeavingAcceptsNothing: using a service accepts its special terms; a
// customer who has left uses it in vain, and the account says what it has left.
func TestUseAfterLeavingAcceptsNothing(t *testing.T) {
	ctx := context.Background()
	for _, leaves := range []bool{true, false} {
		a := openSample(t, filepath.Join(t.TempDir(), "leaving.db"))
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: "customer-001", Name: "C", Accepts: []string{"general-agreement"}}, "test"))
		publishNext(t, a, "2026-01-01")
		advance(t, a, "2026-01-10T00:00:00+08:00")
		if leaves {
			_, err := a.Dissent(ctx, "customer-001", account.Dissent{Document: "general-agreement", Now: true}, "", "test")
			must(t, err)
		}
		putUsage(t, a, "customer-001", "pod", 1000, "2026-01-10T01:00:00+08:00", "2026-01-10T02:00:00+08:00")
		view, err := a.Account(ctx, "customer-001")
		must(t, err)
		accepted := slices.ContainsFunc(view.Accepted, func(v app.AcceptanceView) bool { return v.Document == "compute-terms" })
		if accepted == leaves || (len(view.Left) == 1) != leaves {
			t.Errorf("leaves %t: accepted %+v, left %+v", leaves, view.Accepted, view.Left)
		}
		holdsTrue(t, a)
	}
}

// TestGoingOnIsExplainedByWhatStoodBefore: what going on means is said by the version
// that stood until the accepted one took effect, also where that was published later.
func TestGoingOnIsExplainedByWhatStoodBefore(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		ctx := context.Background()
		a := openSample(t, url)
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: "customer-001", Name: "C", Accepts: []string{"general-agreement"}}, "test"))
		putMoney(t, a, "customer-001", "100", "first")
		folder := map[string]string{"agreements/three.yaml": generalOf(t, "2026-03", "2026-01-01", "2026-03-01", "0.03%/day", "30 days")}
		_, err := a.Publish(ctx, withDocuments(t, folder))
		must(t, err)
		advance(t, a, "2026-01-02T00:00:00+08:00")
		folder["agreements/two.yaml"] = generalOf(t, "2026-02", "2026-01-02", "2026-02-15", "0.04%/day", "30 days")
		_, err = a.Publish(ctx, withDocuments(t, folder))
		must(t, err)
		putUsage(t, a, "customer-001", "pod", 1000, "2026-03-01T00:00:00+08:00", "2026-03-01T02:00:00+08:00")
		advance(t, a, "2026-03-02T00:00:00+08:00")
		items, _, err := a.History(ctx, "customer-001", app.HistoryFilter{Kinds: []app.HistoryKind{app.HistoryAcceptance}, Limit: 100})
		must(t, err)
		var said []string // which version says what going on means, for each acceptance
		for _, h := range items {
			x := explained(t, a, h.ID)
			for _, c := range x.Clauses {
				if c.Key == terms.ChangeDissent.Name() {
					said = append(said, fmt.Sprintf("%s: %s %s", x.What, c.Document, c.Version))
				}
			}
		}
		if len(said) != 1 || !strings.Contains(said[0], "version 2026-03, was accepted by going on") || !strings.HasSuffix(said[0], ": general-agreement 2026-02") {
			t.Errorf("what going on means is taken from %q", said)
		}
		holdsTrue(t, a)
	})
}

// Whoever publishes from a process of its own, which has just begun, tells all the same
// accounts.
func TestAnotherProcessPublishes(t *testing.T) {
	for _, url := range []string{filepath.Join(t.TempDir(), "books.db"), pgtest.Database(t)} {
		crowd(t, openSample(t, url), 10)
		publishNext(t, open(t, url), "2026-01-01")
		if diff := cmp.Diff(onceEach(10), told(t, around(t, url))); diff != "" {
			t.Errorf("who was told (-want +got):\n%s", diff)
		}
	}
}
