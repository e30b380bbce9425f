package app_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/store"
)

// TestAnAcceptedEventStaysAccepted sends an event again after its service was
// suspended, as a client does that got no answer, and a new one of that time,
// which settlement refuses to bill.
func TestAnAcceptedEventStaysAccepted(t *testing.T) {
	ctx := context.Background()
	a := customer(t, withDocuments(t, nil), "general-agreement")
	_, err := a.ReportUsage(ctx, usageOf("r", 60*calendar.HourLength), "test") // nothing is paid: suspended after a day
	must(t, err)
	late := usageOf("late", calendar.HourLength)
	late[0].From, late[0].To = late[0].From.Add(40*calendar.HourLength), late[0].To.Add(40*calendar.HourLength)
	first, err := a.ReportUsage(ctx, late, "test")
	must(t, err)
	advance(t, a, "2026-01-04T00:00:00+08:00")
	again, err := a.ReportUsage(ctx, late, "test")
	must(t, err)
	if first[0].Outcome != app.Accepted || again[0].Outcome != app.Duplicate {
		t.Errorf("first %s, then %s (%s)", first[0].Outcome, again[0].Outcome, again[0].Code)
	}
	late[0].ID = "new"
	fresh, err := a.ReportUsage(ctx, late, "test")
	must(t, err)
	if fresh[0].Outcome != app.Accepted {
		t.Errorf("a new event of that time: %+v", fresh[0])
	}
	report, err := a.Advance(ctx, instant("2026-01-04T00:00:01+08:00"), nil)
	must(t, err)
	if report.Refused != 1 || report.Charges != 0 {
		t.Errorf("it was settled as %+v", report)
	}
}

// TestCurrencyAndZoneStay publishes a folder under which the stored amounts and
// days would mean something else.
func TestCurrencyAndZoneStay(t *testing.T) {
	for old, changed := range map[string]string{"currency: CNY": "currency: USD", "zone: UTC+8": "zone: UTC+7"} {
		folder := withDocuments(t, nil)
		a := customer(t, folder, "general-agreement")
		text := string(folder["provider.yaml"].Data)
		folder["provider.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(text, old, changed, 1))}
		if _, err := a.Publish(context.Background(), folder); refusal.CodeOf(err) != refusal.AlreadyExists {
			t.Errorf("%s: %v", changed, err)
		}
	}
}

// TestADocumentThatEndedIsNotAccepted has an open-ended version before the one
// that ended.
func TestADocumentThatEndedIsNotAccepted(t *testing.T) {
	first := small("extra", "X", "special", "acceptance", "late_fee.rate: 0.1%/day")
	second := strings.NewReplacer(`version: "1"`, `version: "2"`, "effective: 2025-06-01", "effective: 2025-07-01\nuntil: 2025-11-30").Replace(first)
	a := customer(t, withDocuments(t, map[string]string{"agreements/x.yaml": first, "agreements/y.yaml": second}), "general-agreement")
	if err := clicks(context.Background(), a, "c", []string{"extra"}, "test"); refusal.CodeOf(err) != refusal.NotFound {
		t.Errorf("accepting what has ended: %v", err)
	}
}

// TestAdvanceWaitsForAccountsThatAreHeld holds an account in another
// transaction while time passes.
func TestAdvanceWaitsForAccountsThatAreHeld(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		ctx := context.Background()
		a := openSample(t, url)
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: "c", Name: "C", Accepts: []string{"general-agreement"}}, "test"))
		_, err := a.ReportUsage(ctx, usageOf("r", calendar.HourLength), "test")
		must(t, err)
		db, err := store.Open(ctx, url)
		must(t, err)
		defer func() { must(t, db.Close()) }()
		held, release := make(chan struct{}), make(chan struct{})
		done := make(chan error, 1)
		go func() {
			done <- db.Update(ctx, func(tx *store.Tx) error {
				if err := tx.Lock(ctx, []string{"c"}); err != nil {
					return err
				}
				close(held)
				<-release
				return nil
			})
		}()
		<-held
		advanced := make(chan app.Advanced, 1)
		go func() {
			report, err := a.Advance(ctx, instant(traceStart).Add(calendar.HourLength), nil)
			if err != nil {
				t.Error(err)
			}
			advanced <- report
		}()
		time.AfterFunc(100*time.Millisecond, func() { close(release) })
		must(t, <-done)
		if report := <-advanced; report.Charges != 1 {
			t.Errorf("the clock moved and %d charges were made", report.Charges)
		}
	})
}

// TestAnotherCurrencyIsRefused: a price or a sum in another currency would be
// charged as if it were in the books' own. All of them are listed, beside what else
// keeps the folder from being published.
func TestAnotherCurrencyIsRefused(t *testing.T) {
	ctx := context.Background()
	folder := withDocuments(t, map[string]string{
		"products/compute-payg.yaml":        editedSample(t, "products/compute-payg.yaml", "price.cpu: 0.09 CNY", "price.cpu: 0.09 USD"),
		"agreements/framework-prices.yaml":  editedSample(t, "agreements/framework-prices.yaml", "contract.estimate: 200000 CNY", "contract.estimate: 200000 USD"),
		"agreements/another-of-a-code.yaml": small("another", "G", "special", "acceptance", "late_fee.rate: 0.1%/day"),
	})
	a := open(t, filepath.Join(t.TempDir(), "test.db"))
	must(t, a.Init(ctx, true, instant(traceStart)))
	_, planned := a.Plan(ctx, folder)
	_, published := a.Publish(ctx, folder)
	for name, err := range map[string]error{"plan": planned, "publish": published} {
		for _, want := range []string{
			`products/compute-payg.yaml:34:18: P 1`, `and the provider keeps its books in CNY; give the amount in CNY`,
			`agreements/framework-prices.yaml:39:26: FP 2`, `to "200000 USD"`, `the code G of`,
		} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s does not say %q: %v", name, want, err)
			}
		}
	}
}
