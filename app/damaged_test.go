package app_test

import (
	"path/filepath"
	"testing"

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
