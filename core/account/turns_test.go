package account_test

import (
	"fmt"
	"strings"
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/ledger"
	"termwise.dev/core/metering"
	"termwise.dev/core/terms"
)

// page2 is a page of another product.
func pageOf(product, code, extra, header string) string {
	return fmt.Sprintf(`
document: page-%[1]s
code: %[2]s
version: 2025-06
kind: page
title: %[1]s
issuer: aurora
binds: { products: [%[1]s] }
by: publication
announced: 2025-05-01
%[4]s
product:
  id: %[1]s
  title: %[1]s
  meters: { cpu: { base: milli_vcpu_second, unit: vCPU·hour, per: 3600000 } }
clauses:
  - id: "1"
    title: Prices
    text: Prices.
    terms: { price.cpu: 0.09 CNY per vCPU·hour, billing.cycle: hour, payment.due: 0 days, arrears.notice.after: 0 hours, notice.channels: [message], usage.intervals: end_after_start, resume.requires: principal_and_fees, suspend.after: 24 hours, suspend.notice: 24 hours, release.after: 15 days, release.notice: 3 days%[3]s }
`, product, code, extra, header)
}

func (w *world) useOf(product, resource string, milliCPU int64, from, to, seen string) {
	e := metering.Event{
		Source: "test", ID: w.unused(product + resource + from + seen), Account: "customer-001", Product: product, Resource: resource,
		From: instant(from), To: instant(to), Measures: []metering.Measure{{Meter: "cpu", Value: milliCPU}},
	}
	w.report(e, instant(seen))
}

func tryAdvance(w *world, to string) error {
	at := instant(to)
	w.load(at)
	for {
		d, err := w.books.Advance(w.env(), at)
		missing, asks := err.(*account.MissingUsage)
		if asks {
			w.loadUsage(missing)
			continue
		}
		if err == nil {
			w.apply(d, nil)
		}
		return err
	}
}

// Something else accepted before the agreement, in the same hour.
func TestTwoAcceptancesInOneHour(t *testing.T) {
	special := `
document: firewall-terms
code: FW
version: 2025-06
kind: special
title: Firewall terms
issuer: aurora
binds: { products: [cloud-firewall] }
by: acceptance
announced: 2025-05-01
effective: 2025-06-01
clauses:
  - { id: "1", title: T, text: T., declaratory: none }
`
	w := newWorld(t, sampleCorpus(t, special), "firewall-terms") // at 00:00
	half := instant("2026-01-01T01:30:00+08:00")
	w.run(half, func(b *account.Books) (*account.Decision, error) {
		return b.Accept(w.env(), []terms.Acceptance{{Document: "general-agreement", Version: "2025-06", Form: terms.Click, At: half, Recorded: half, Actor: "test"}}, half)
	})
	// Ingest binds at the event's From, 01:30: accepted.
	if _, err := w.corpus.Bind(w.books.Subject("compute-payg"), half, half); err != nil {
		t.Fatal(err)
	}
	w.use("pod", 1000, "2026-01-01T01:30:00+08:00", "2026-01-01T01:45:00+08:00", "2026-01-01T01:45:00+08:00")
	if err := tryAdvance(w, "2026-01-01T03:00:00+08:00"); err != nil {
		t.Fatalf("accepted usage can never be settled, the account is stuck: %v", err)
	}
}

// A page that takes effect in the middle of an hour.
func TestPageFromTheMiddleOfAnHour(t *testing.T) {
	w := newWorld(t, sampleCorpus(t, pageOf("disk", "PDK", "", "effective: 2026-01-01T01:30:00+08:00")))
	half := instant("2026-01-01T01:30:00+08:00")
	if _, err := w.corpus.Bind(w.books.Subject("disk"), half, half); err != nil {
		t.Fatal(err)
	}
	w.useOf("disk", "d", 1000, "2026-01-01T01:30:00+08:00", "2026-01-01T01:45:00+08:00", "2026-01-01T01:45:00+08:00")
	if err := tryAdvance(w, "2026-01-01T03:00:00+08:00"); err != nil {
		t.Fatalf("accepted usage can never be settled, the account is stuck: %v", err)
	}
}

// Another seller takes over the product at midnight.
func TestSellerChanges(t *testing.T) {
	v1 := pageOf("disk", "PDK", "", "effective: 2025-06-01")
	v2 := strings.Replace(strings.Replace(pageOf("disk", "PDK", "", "effective: 2026-01-02"), "version: 2025-06", "version: 2026-01", 1), "issuer: aurora", "issuer: borealis", 1)
	corpus := sampleCorpus(t, v1, v2)
	t.Run("the last hour", func(t *testing.T) {
		w := newWorld(t, corpus)
		w.useOf("disk", "d", 1_000_000, "2026-01-01T23:00:00+08:00", "2026-01-02T00:00:00+08:00", "2026-01-01T00:00:00+08:00")
		w.advance("2026-01-02T01:00:00+08:00")
		if got := w.books.Balances[ledger.Revenue("borealis")]; got != 0 {
			t.Errorf("usage of 1 January, sold and priced by aurora, is revenue of borealis: %s", got)
		}
	})
	t.Run("resumption", func(t *testing.T) {
		w := newWorld(t, corpus)
		w.useOf("disk", "d", 100_000_000, "2026-01-01T01:00:00+08:00", "2026-01-01T02:00:00+08:00", "2026-01-01T00:00:00+08:00")
		w.advance("2026-01-04T01:00:00+08:00") // suspended, fees of 2 and 3 January
		w.topUp("2026-01-04T01:00:00+08:00", "9000.00")
		owed := w.books.Balances.Owed(ledger.FeesReceivable("aurora", "disk"))
		if s := w.books.Services["disk"]; owed > 0 && s.State == "active" {
			t.Errorf("resumed while %s of fees on the product are unpaid; it resumes when principal and fees are paid", owed)
		}
	})
}

// A version that brings a suspension takes effect while only fees are owed.
func TestNewVersionWakesTheTimeline(t *testing.T) {
	v1 := strings.Replace(pageOf("disk", "PDK", "", "effective: 2025-06-01"), "suspend.after: 24 hours, ", "", 1)
	v2 := strings.Replace(pageOf("disk", "PDK", "", "effective: 2026-01-10"), "version: 2025-06", "version: 2026-01", 1)
	for name, touch := range map[string]bool{"untouched": false, "with a payment of 0.000001": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sampleCorpus(t, v1, v2))
			w.useOf("disk", "d", 100_000_000, "2026-01-01T01:00:00+08:00", "2026-01-01T02:00:00+08:00", "2026-01-01T00:00:00+08:00")
			w.advance("2026-01-04T01:00:00+08:00")
			w.topUp("2026-01-04T01:00:00+08:00", "9000.00") // the principal; fees stay unpaid
			if touch {
				w.advance("2026-01-11T01:00:00+08:00")
				w.topUp("2026-01-11T01:00:00+08:00", "0.000001")
			}
			d := w.advance("2026-03-01T00:00:00+08:00")
			if s := w.books.Services["disk"]; s.State == "active" {
				t.Errorf("the terms of 10 January suspend what is in arrears; on 1 March it is %s, next due at %s", s.State, d.NextDue)
			}
		})
	}
}
