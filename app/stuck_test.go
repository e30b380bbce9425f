package app_test

import (
	"context"
	"testing"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// TestAStuckAccountWaitsForItsTerms takes the rule of rounding away: nothing can
// be charged. The clock stays, the rule is published, and the same command
// settles the hour.
func TestAStuckAccountWaitsForItsTerms(t *testing.T) {
	ctx := context.Background()
	folder := withDocuments(t, nil)
	rules := folder["agreements/billing-rules.yaml"]
	delete(folder, "agreements/billing-rules.yaml")
	a := customer(t, folder, "general-agreement")
	receipts, err := a.ReportUsage(ctx, usageOf("r", calendar.HourLength), "test")
	must(t, err)
	if receipts[0].Code != "" {
		t.Fatalf("%+v", receipts[0])
	}
	later := instant(traceStart).Add(2 * calendar.HourLength)
	report, err := a.Advance(ctx, later, nil)
	must(t, err)
	if refusal.CodeOf(report.Err()) != refusal.TermMissing {
		t.Fatalf("without a rule of rounding: %v", report.Err())
	}
	if now, _, err := a.Now(ctx); err != nil || now != instant(traceStart) {
		t.Errorf("the clock went to %s (%v)", now, err)
	}
	folder["agreements/billing-rules.yaml"] = rules
	_, err = a.Publish(ctx, folder)
	must(t, err)
	advance(t, a, later.String())
	totals, err := a.Totals(ctx, month("2026-01"), 0)
	must(t, err)
	if totals.Lines != 1 {
		t.Errorf("%d lines were charged", totals.Lines)
	}
}
