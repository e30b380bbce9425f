package account_test

import (
	"testing"

	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
)

// cheaper is a page that halves the price of an hour that has passed.
const cheaper = `
document: page-compute-payg
code: P
version: 2026-01
kind: page
title: Elastic compute, pay as you go
issuer: aurora
binds: { products: [compute-payg] }
by: publication
announced: 2025-12-01
effective: 2026-01-01
product:
  id: compute-payg
  title: Elastic compute, pay as you go
  meters: { cpu: { base: milli_vcpu_second, unit: vCPU·hour, per: 3600000 } }
clauses:
  - id: "1"
    title: Prices
    text: Prices.
    terms: { price.cpu: 0.045 CNY per vCPU·hour, billing.cycle: hour, payment.due: 0 days, arrears.notice.after: 0 hours, notice.channels: [message], usage.intervals: end_after_start, resume.requires: principal }
`

// TestAPriceThatWasLowerLowersWhatIsOwed learns on the second day that the first
// hour was cheaper, when late usage of it arrives: the line is negative, and
// what it takes off comes off the debt first and goes back to the wallet else.
func TestAPriceThatWasLowerLowersWhatIsOwed(t *testing.T) {
	published := samplePublished(t, cheaper)
	published[len(published)-1].Recorded = start.Add(calendar.DayLength)
	for _, c := range []struct{ paid, wallet, owed string }{
		{"0.00", "0.000000", "0.460800"}, // 10 vCPU·hours at 0.09, then 10.24 at 0.045
		{"0.50", "0.039200", "0.000000"},
		{"10.00", "9.539200", "0.000000"},
	} {
		t.Run("with "+c.paid+" paid", func(t *testing.T) {
			w := newWorld(t, corpusOf(t, published))
			if c.paid != "0.00" {
				w.topUp("2026-01-01T00:00:00+08:00", c.paid)
			}
			w.use("pod", 10_000, "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00", "2026-01-01T00:00:00+08:00")
			w.advance("2026-01-01T02:00:00+08:00")
			w.use("pod", 1_000, "2026-01-01T00:10:00+08:00", "2026-01-01T00:24:24+08:00", "2026-01-02T02:00:00+08:00")
			w.advance("2026-01-02T02:00:00+08:00")
			last := w.log.Charges[len(w.log.Charges)-1]
			if want := amount(t, "0.4608") - amount(t, "0.90"); last.Amount != want {
				t.Errorf("the late line is %s, want %s", last.Amount, want)
			}
			owed := w.books.Balances.Owed(ledger.Receivable("aurora"))
			if w.wallet() != c.wallet || owed.String() != c.owed {
				t.Errorf("the wallet holds %s and %s is owed, want %s and %s", w.wallet(), owed, c.wallet, c.owed)
			}
			var debts money.Amount
			for _, d := range w.books.Debts {
				debts += d.Outstanding
			}
			if debts != owed {
				t.Errorf("the debts sum to %s, %s is receivable", debts, owed)
			}
			if f := w.evidence().Check(w.replay()); len(f.Faults) > 0 {
				t.Errorf("verification: %v", f.Faults)
			}
		})
	}
}
