package terms_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/terms"
)

func TestDiff(t *testing.T) {
	old := general.with("late_fee.rate", "0.05%/day").with("payment.due", "0 days").parse(t)
	x := general.with("late_fee.rate", "0.1%/day").with("suspend.after", "24 hours")
	x.version, x.title, x.until = "v2", "Other words", "2026-12-31"
	want := []terms.Change{
		{Part: terms.PartClause, Clause: "1", Field: "title", Old: "Terms", New: "Other words"},
		{Part: terms.PartTerm, Clause: "1", Field: "late_fee.rate", Old: "0.05%/day", New: "0.1%/day", Operative: true},
		{Part: terms.PartTerm, Clause: "1", Field: "payment.due", Old: "0 days", Operative: true},
		{Part: terms.PartHeader, Field: "until", New: "2026-12-31T16:00:00Z", Operative: true},
		{Part: terms.PartTerm, Clause: "1", Field: "suspend.after", New: "24 hours", Operative: true},
	}
	byPlace := func(a, b terms.Change) bool { return a.Field < b.Field }
	got := terms.Diff(old, x.parse(t))
	if diff := cmp.Diff(want, got, sortChanges(byPlace)); diff != "" {
		t.Error(diff)
	}
	if again := terms.Diff(old, old); len(again) != 0 {
		t.Errorf("a document differs from itself: %v", again)
	}
}

// TestAnotherNameIsAChange: by its names other documents rank a document (F 4).
func TestAnotherNameIsAChange(t *testing.T) {
	source := strings.Replace(general.source(), "issuer:", "also_called: [Other Words]\nissuer:", 1)
	renamed, err := terms.Parse("g.yaml", []byte(source), zone)
	if err != nil {
		t.Fatal(err)
	}
	want := []terms.Change{{Part: terms.PartHeader, Field: "also_called", New: "Other Words", Operative: true}}
	if diff := cmp.Diff(want, terms.Diff(general.parse(t), renamed)); diff != "" {
		t.Error(diff)
	}
}

func sortChanges(less func(a, b terms.Change) bool) cmp.Option {
	return cmp.Transformer("sorted", func(in []terms.Change) map[string]terms.Change {
		out := make(map[string]terms.Change)
		for _, c := range in {
			out[string(c.Part)+c.Clause+c.Field] = c
		}
		return out
	})
}

func TestDiffOfAllAndNothing(t *testing.T) {
	d := page.with("price.cpu", "1 CNY per vCPU·hour").parse(t)
	added, removed := terms.Diff(nil, d), terms.Diff(d, nil)
	if len(added) == 0 || len(added) != len(removed) {
		t.Fatalf("%d added, %d removed", len(added), len(removed))
	}
	for i := range added {
		if added[i].Old != "" || added[i].New != removed[i].Old || removed[i].New != "" {
			t.Errorf("%v and %v", added[i], removed[i])
		}
	}
}
