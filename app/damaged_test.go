package app_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
)

// TestADamagedAccountIsStuckAlone: a byte that was changed in one account's usage,
// hours or state leaves that account stuck, and no other.
func TestADamagedAccountIsStuckAlone(t *testing.T) {
	for name, change := range map[string]string{
		"a parcel": "UPDATE usage_parcels SET digest = digest + 1 WHERE account = 'a' AND parcel = 2",
		"an hour":  "UPDATE buckets SET content = x'0201' WHERE account = 'a'",
		"a state":  "UPDATE accounts SET state = x'09' WHERE account = 'a'",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "test.db")
			a, ids := openSample(t, file), []string{"a", "b"}
			for _, id := range ids {
				_, err := a.CreateAccounts(t.Context(), []app.NewAccount{{ID: id, Name: id, Accepts: []string{"general-agreement"}}}, "test")
				must(t, err)
			}
			start := instant(traceStart)
			hour := func(n int) string { return start.Add(calendar.Duration(n) * calendar.HourLength).String() }
			for _, id := range ids {
				send(t, a, usage(id, "vm", "1", 1000, hour(0), hour(3)))
			}
			_, err := a.Advance(t.Context(), start.Add(calendar.HourLength), nil)
			must(t, err)
			for _, id := range ids {
				send(t, a, usage(id, "vm", "2", 1000, hour(1), hour(2)))
			}
			db := around(t, file)
			tamper(t, db, change)
			report, err := a.Advance(t.Context(), start.Add(4*calendar.HourLength), nil)
			must(t, err)
			if len(report.Stuck) != 1 || report.Stuck[0].Account != "a" {
				t.Errorf("stuck are %+v", report.Stuck)
			}
			if settled := lineCount(t, db, "count(*) FROM journal WHERE account = 'b' AND kind = 'settled'"); settled != 3 {
				t.Errorf("b was settled %d times, want 3", settled)
			}
			if receipts := send(t, a, usage("b", "vm", "3", 1000, hour(4), hour(5))); receipts[0].Outcome != app.Accepted {
				t.Errorf("usage of b is %+v", receipts[0])
			}
		})
	}
}

// TestListsShowADamagedAccount: one account whose state cannot be read stands in the
// lists all the same, marked, with what the columns beside its state say; the other
// accounts and the sums are what they were.
func TestListsShowADamagedAccount(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := openSample(t, url)
		for _, id := range []string{"a", "b", "c"} {
			must(t, a.CreateAccount(t.Context(), app.NewAccount{ID: id, Name: "Customer " + id, Accepts: []string{"general-agreement"}}, "test"))
			send(t, a, usage(id, "vm", "1", 1000, traceStart, "2026-01-01T03:00:00+08:00"))
		}
		putMoney(t, a, "c", "100", "first")
		advance(t, a, "2026-01-05T00:00:00+08:00")
		before := lists(t, a)
		tamper(t, around(t, url), "UPDATE accounts SET state = "+blob(url, "09")+" WHERE account = 'a'")
		after := lists(t, a)

		const said = "the state of the account is not what packing gives"
		for what, damaged := range map[string]string{"the list of accounts": after.accounts[0].Damaged, "the arrears": after.arrears[0].Damaged} {
			if !strings.Contains(damaged, said) || !strings.Contains(damaged, "run termwise verify") {
				t.Errorf("in %s the damage is told as %q", what, damaged)
			}
		}
		want := before
		want.accounts, want.arrears = slices.Clone(before.accounts), slices.Clone(before.arrears)
		want.accounts[0].Damaged, want.accounts[0].Services = after.accounts[0].Damaged, []app.ServiceView{}
		want.arrears[0] = app.AccountArrears{
			Account: "a", Name: "Customer a", Currency: "CNY", Principal: before.arrears[0].Principal, LateFees: before.arrears[0].LateFees,
			Bands: unaged(before.arrears[0].Bands), Services: []app.ServiceView{}, Damaged: after.arrears[0].Damaged,
		}
		want.totals.Bands, want.totals.Damaged = before.arrears[1].Bands, 1
		if diff := cmp.Diff(want, after, cmp.AllowUnexported(listed{})); diff != "" {
			t.Errorf("beside the damage something else differs (-want +got):\n%s", diff)
		}
		if before.arrears[0].Principal == 0 || before.arrears[0].LateFees == 0 || len(before.arrears) != 2 || len(before.accounts) != 3 {
			t.Errorf("the world says nothing: %+v", before)
		}
	})
}

// listed is what the lists of all accounts hold.
type listed struct {
	accounts []app.AccountView
	arrears  []app.AccountArrears
	totals   app.ArrearsTotals
}

func lists(t *testing.T, a *app.App) (l listed) {
	t.Helper()
	var err error
	l.accounts, _, err = a.Accounts(t.Context(), "", 10)
	must(t, err)
	l.arrears, _, err = a.Arrears(t.Context(), "", 10)
	must(t, err)
	l.totals, err = a.ArrearsTotals(t.Context())
	must(t, err)
	return l
}

// unaged are bands without money.
func unaged(bands []app.AgeBand) []app.AgeBand {
	empty := slices.Clone(bands)
	for i := range empty {
		empty[i].Amount = 0
	}
	return empty
}

// blob writes bytes as the engine reads them.
func blob(url, digits string) string {
	if strings.HasPrefix(url, "postgres") {
		return `'\x` + digits + `'`
	}
	return "x'" + digits + "'"
}
