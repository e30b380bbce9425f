package usagefile_test

import (
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app/usagefile"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/rating"
	"termwise.dev/core/refusal"
	"termwise.dev/provider"
)

// trace reads the sample provider's usage.
func trace(t *testing.T) []usagefile.Row {
	t.Helper()
	source, err := provider.Sample.ReadFile("usage/openb.map.yaml")
	if err != nil {
		t.Fatal(err)
	}
	m, err := usagefile.Parse("openb.map.yaml", source)
	if err != nil {
		t.Fatal(err)
	}
	file, err := provider.Sample.Open("usage/openb_pod_list_default.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	r, err := m.Read("openb_pod_list_default.csv", file)
	if err != nil {
		t.Fatal(err)
	}
	var rows []usagefile.Row
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
}

// bucket names what one charge is for.
type bucket struct {
	account, resource, meter string
	hour                     calendar.Hour
}

func buckets(rows []usagefile.Row) map[bucket]int64 {
	total := map[bucket]int64{}
	for i := range rows {
		if e := &rows[i].Event; rows[i].Fault == nil {
			e.EachHour(func(hour calendar.Hour, meter string, quantity int64) {
				total[bucket{e.Account, e.Resource, meter, hour}] += quantity
			})
		}
	}
	return total
}

// The trace holds 8,152 workloads of 200 accounts. Those that were never
// scheduled are faults at their line and column that still name their account;
// the others cost, line by line, what an independent computation found.
func TestTrace(t *testing.T) {
	rows := trace(t)
	refused, accounts := 0, map[string]bool{}
	for _, row := range rows {
		accounts[row.Account] = true
		if row.Fault == nil {
			continue
		}
		refused++
		if refusal.CodeOf(row.Fault) != refusal.BadInterval || row.ID == "" || row.Account == "" || row.Resource == "" {
			t.Errorf("%s: %s of %q: %v", row.Place, row.ID, row.Account, row.Fault)
		}
	}
	if len(rows) != 8152 || refused != 897 || len(accounts) != 200 {
		t.Errorf("%d rows, %d refused, %d accounts", len(rows), refused, len(accounts))
	}
	type total struct {
		Lines  int
		Amount money.Amount
	}
	tariffs := map[string]rating.Tariff{
		"cpu":    {Price: 900_000_000, Per: 3_600_000, Rounding: money.HalfUp},
		"memory": {Price: 240_000_000, Per: 3_686_400, Rounding: money.HalfUp},
		"gpu":    {Price: 85_000_000_000, Per: 3_600_000, Rounding: money.HalfUp},
	}
	got := map[string]total{}
	for b, quantity := range buckets(rows) {
		line, err := tariffs[b.meter].Charge(&metering.Bucket{}, quantity)
		if err != nil {
			t.Fatal(err)
		}
		sum := got[b.meter]
		got[b.meter] = total{sum.Lines + 1, sum.Amount + line.Amount}
	}
	want := map[string]total{"cpu": {65_614, 62_663_440_350}, "memory": {65_612, 41_397_194_470}, "gpu": {59_362, 437_500_730_690}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The first workload that was never scheduled, as a refusal lists it.
func TestTraceFault(t *testing.T) {
	for _, row := range trace(t) {
		if row.Fault == nil {
			continue
		}
		got := []string{row.Place, row.ID, row.Account, row.Fault.Error()}
		want := []string{
			"openb_pod_list_default.csv:63: column scheduled_time", "openb-pod-0061", "customer-061",
			"the usage has no start: scheduled_time is empty; give it a value",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		return
	}
	t.Fatal("no fault")
}
