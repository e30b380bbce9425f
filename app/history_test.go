package app_test

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/core/refusal"
)

// historyOf walks an account's history in pages of a size.
func historyOf(t testing.TB, a *app.App, id string, f app.HistoryFilter) []app.HistoryItem {
	t.Helper()
	var all []app.HistoryItem
	for {
		items, next, err := a.History(context.Background(), id, f)
		must(t, err)
		if len(items) > f.Limit || next != "" && len(items) < f.Limit {
			t.Fatalf("a page of %d items, with the cursor %q", len(items), next)
		}
		all = append(all, items...)
		if f.Cursor = next; next == "" {
			return all
		}
	}
}

func historyIDs(items []app.HistoryItem) []string {
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = item.ID
	}
	return ids
}

// Every row of the books that can be explained is found in the history of its
// account, once, in the order of the journal, whatever the size of the pages.
func TestHistoryFindsEveryRow(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := storied(t, url)
		db := around(t, url)
		every := slices.DeleteFunc(app.HistoryKinds(), func(k app.HistoryKind) bool { return k == app.HistoryEvent })
		for n := 1; n <= 3; n++ {
			id := fmt.Sprintf("customer-%03d", n)
			var want []string
			for _, name := range everyRow(t, db, id) {
				want = append(want, name.String())
			}
			for _, size := range []int{7, app.MaxHistory} {
				got := historyIDs(historyOf(t, a, id, app.HistoryFilter{Kinds: every, Limit: size}))
				if diff := gocmp.Diff(want, got); diff != "" || len(want) == 0 {
					t.Errorf("%s in pages of %d:\n%s", id, size, diff)
				}
			}
		}
	})
}

// everyRow names the rows of an account in the order of its journal.
func everyRow(t testing.TB, db *sql.DB, id string) (names []app.RowName) {
	t.Helper()
	for table, kind := range storedKinds {
		query := "SELECT entry, line FROM " + table + " WHERE account = $1"
		rows, err := asked(t, db, query).Query(query, id)
		must(t, err)
		for rows.Next() {
			name := app.RowName{Kind: kind, Account: id}
			must(t, rows.Scan(&name.Entry, &name.Line))
			names = append(names, name)
		}
		must(t, rows.Err())
		must(t, rows.Close())
	}
	slices.SortFunc(names, func(a, b app.RowName) int { return cmp.Or(cmp.Compare(a.Entry, b.Entry), cmp.Compare(a.Line, b.Line)) })
	return names
}

// Without a kind, everything is listed but what is many and what was never
// accepted; what is listed says when and what, and can be explained.
func TestUsualHistory(t *testing.T) {
	a := storied(t, t.TempDir()+"/test.db")
	seen := map[app.HistoryKind]bool{}
	for n := 1; n <= 3; n++ {
		at := ""
		for _, item := range historyOf(t, a, fmt.Sprintf("customer-%03d", n), app.HistoryFilter{Limit: 50}) {
			seen[item.Kind] = true
			moves := item.Kind == app.HistoryTopUp || item.Kind == app.HistoryPayment || item.Kind == app.HistoryLateFee
			if moves != (item.Amount != nil) || (item.Kind == app.HistoryRefusal) != (item.Code != "") {
				t.Errorf("%s: the amount is %v and the code %q", item.ID, item.Amount, item.Code)
			}
			if item.At < at || !strings.HasSuffix(item.At, "+08:00") || !strings.HasSuffix(item.What, ".") {
				t.Errorf("%s follows %s: %+v", item.At, at, item)
			}
			at = item.At
			if x := explained(t, a, item.ID); !x.Agrees {
				t.Errorf("%s: %v", item.ID, x.Disagreements)
			}
		}
	}
	for _, k := range app.HistoryKinds() {
		unusual := k == app.HistoryCharge || k == app.HistoryPosting || k == app.HistoryEvent
		if seen[k] == unusual {
			t.Errorf("%s: listed %v", k, seen[k])
		}
	}
}

func TestHistorySaysWhatHappened(t *testing.T) {
	a := storied(t, t.TempDir()+"/test.db")
	for _, test := range []struct {
		account string
		kind    app.HistoryKind
		want    string // the first of the kind
	}{
		{"customer-002", app.HistoryTopUp, "2026-01-01T00:00:00+08:00 3.000000 Paid in by bank_remittance, with the reference first."},
		{"customer-002", app.HistoryPayment, "2026-01-01T01:00:00+08:00 0.900000 Principal owed to aurora was paid from the wallet."},
		{"customer-001", app.HistoryCharge, "2026-01-01T01:00:00+08:00 0.180000 cpu of pod-a (compute-payg), 7200000 milli_vcpu_second in the hour from 2026-01-01 00:00, was charged."},
		{"customer-001", app.HistoryPosting, "2026-01-01T01:00:00+08:00 0.180000 Usage was charged and became owed to aurora."},
		{"customer-001", app.HistoryAcceptance, "2026-01-01T00:00:00+08:00 general-agreement 2025-06 was accepted by click (test)."},
		{"customer-003", app.HistoryTransition, "2026-01-01T01:00:00+08:00 Service compute-payg was opened by its first use."},
	} {
		item := historyOf(t, a, test.account, app.HistoryFilter{Kinds: []app.HistoryKind{test.kind}, Limit: 500})[0]
		got := item.At + " "
		if item.Amount != nil {
			got += item.Amount.String() + " "
		}
		if got += item.What; got != test.want || item.Kind != test.kind {
			t.Errorf("%s of %s:\n got %s\nwant %s", item.Kind, test.account, got, test.want)
		}
	}
}

// A month holds what its statement counts: a late fee belongs to its day,
// although it is charged when the day is over.
func TestHistoryOfAMonth(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := openSample(t, url)
		ctx := context.Background()
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: "acme", Name: "Acme", Accepts: []string{"general-agreement"}}, "test"))
		sendAll(t, a, job("ten", "acme", 0, 1, 10_000), job("last", "acme", 743, 744, 1_000))
		advance(t, a, "2026-02-03T12:00:00+08:00")
		for month, days := range map[string][2]string{"2026-01": {"2026-01-02", "2026-01-31"}, "2026-02": {"2026-02-01", "2026-02-02"}} {
			m := january
			if month == "2026-02" {
				m++
			}
			s, err := a.Statement(ctx, "acme", m, 0)
			must(t, err)
			fees := historyOf(t, a, "acme", app.HistoryFilter{Month: m, Kinds: []app.HistoryKind{app.HistoryLateFee}, Limit: 10})
			sum := s.LateFees
			for _, fee := range fees {
				sum -= *fee.Amount
			}
			if sum != 0 || !strings.Contains(fees[0].What, days[0]) || !strings.Contains(fees[len(fees)-1].What, days[1]) {
				t.Errorf("%s: %s of late fees are missing from %d, which begin with %q", month, sum, len(fees), fees[0].What)
			}
			refused := historyOf(t, a, "acme", app.HistoryFilter{Month: m, Kinds: []app.HistoryKind{app.HistoryRefusal}, Limit: 10})
			if len(refused) != len(s.Refused) {
				t.Errorf("%s: %d refusals are listed, the statement has %v", month, len(refused), s.Refused)
			}
			for _, item := range historyOf(t, a, "acme", app.HistoryFilter{Month: m, Limit: 10}) {
				if item.Kind != app.HistoryLateFee && item.Kind != app.HistoryRefusal && item.At[:7] != month {
					t.Errorf("%s: %+v", month, item)
				}
			}
		}
	})
}

// Usage events that were not accepted are listed by themselves.
func TestHistoryOfRefusedEvents(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := openSample(t, url)
		must(t, a.CreateAccount(context.Background(), app.NewAccount{ID: "acme", Name: "Acme", Accepts: []string{"general-agreement"}}, "test"))
		want := map[string]bool{}
		for i := range 5 {
			r := send(t, a, usage("acme", "pod", fmt.Sprint(i), 1, "2026-01-03T02:00:00+08:00", "2026-01-03T01:00:00+08:00"))[0]
			want[r.Refusal] = true
			if i == 2 {
				advance(t, a, "2026-02-02T00:00:00+08:00")
			}
		}
		f := app.HistoryFilter{Kinds: []app.HistoryKind{app.HistoryEvent}, Limit: 2}
		got := historyOf(t, a, "acme", f)
		for _, item := range got {
			if !want[item.ID] || item.Code != refusal.BadInterval || !strings.Contains(item.What, "of test was not accepted: ") {
				t.Errorf("%+v", item)
			}
			delete(want, item.ID)
			if x := explained(t, a, item.ID); !x.Agrees {
				t.Errorf("%s: %v", item.ID, x.Disagreements)
			}
		}
		if len(want) != 0 {
			t.Errorf("not listed: %v", want)
		}
		f.Month = january
		if first := historyOf(t, a, "acme", f); len(first) != 3 {
			t.Errorf("%d in January", len(first))
		}
	})
}

func TestHistoryRefuses(t *testing.T) {
	a := openSample(t, t.TempDir()+"/test.db")
	must(t, a.CreateAccount(context.Background(), app.NewAccount{ID: "acme", Name: "Acme"}, "test"))
	event := []app.HistoryKind{app.HistoryEvent}
	for name, c := range map[string]struct {
		account string
		f       app.HistoryFilter
		code    refusal.Code
		place   string
	}{
		"an unknown account":     {"nobody", app.HistoryFilter{Limit: 1}, refusal.UnknownAccount, "account"},
		"an unknown kind":        {"acme", app.HistoryFilter{Kinds: []app.HistoryKind{"war"}, Limit: 1}, refusal.BadInput, "kind"},
		"events among others":    {"acme", app.HistoryFilter{Kinds: []app.HistoryKind{app.HistoryEvent, app.HistoryNotice}, Limit: 1}, refusal.BadInput, "kind"},
		"no limit":               {"acme", app.HistoryFilter{}, refusal.BadInput, "limit"},
		"too high a limit":       {"acme", app.HistoryFilter{Limit: app.MaxHistory + 1}, refusal.BadInput, "limit"},
		"a cursor":               {"acme", app.HistoryFilter{Cursor: "x", Limit: 1}, refusal.BadInput, "cursor"},
		"an event's cursor":      {"acme", app.HistoryFilter{Kinds: event, Cursor: "x", Limit: 1}, refusal.BadInput, "cursor"},
		"an event's half cursor": {"acme", app.HistoryFilter{Kinds: event, Cursor: "5-", Limit: 1}, refusal.BadInput, "cursor"},
	} {
		_, _, err := a.History(context.Background(), c.account, c.f)
		if refusal.CodeOf(err) != c.code || !strings.HasPrefix(err.Error(), c.place+": ") {
			t.Errorf("%s was refused with %v", name, err)
		}
	}
}
