package account_test

import (
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/notice"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
	"termwise.dev/core/terms/clausetest"
)

// contract is a stamped contract that says otherwise about everything that the
// sample provider's clauses say: under it none of them may decide.
const contract = `
document: contract
code: K
version: 2025-06
kind: stamped
title: A contract that differs in everything
issuer: aurora
binds: { products: [compute-payg] }
by: acceptance
announced: 2025-05-01
effective: 2025-06-01
precedence: [stamped, page, special, general, rules]
precedence_clause: "0"
clauses:
  - { id: "0", title: Precedence, text: This contract comes first., executed_by: precedence }
  - id: "1"
    title: Everything
    text: Everything is otherwise.
    terms:
      price.cpu: 1.80 CNY per vCPU·hour
      price.rounding: down
      billing.cycle: day
      billing.cycles: [day]
      payment.due: 2 days
      payment.order: late_fee_first
      late_fee.rate: 1%/day
      late_fee.method: compound
      late_fee.first_day: due_day
      late_fee.base: outstanding_at_day_start
      late_fee.rounding: up
      arrears.withhold: false
      arrears.notice.after: 6 hours
      notice.channels: [paper]
      suspend.after: 48 hours
      suspend.notice: 12 hours
      release.after: 30 days
      release.notice: 10 days
      resume.requires: principal
`

// underContract is a world in which the contract was accepted besides the general agreement.
func underContract(t testing.TB, edits ...string) *world {
	return newWorld(t, sampleCorpus(t, contract), "general-agreement", "contract")
}

// cited returns the clause that sets a key for compute at the end of the first hour.
func (w *world) cited(key string) terms.Citations {
	w.t.Helper()
	at := start.Add(calendar.HourLength)
	set, err := w.corpus.Bind(w.books.ID, w.books.Acceptances, "compute-payg", at, at)
	if err != nil {
		w.t.Fatal(err)
	}
	trace, err := set.Trace(key)
	if err != nil {
		w.t.Fatal(err)
	}
	return terms.Citations{trace.Citation}
}

// oneHour uses 3 milli-vCPU for one hour and a second: prices do not come out even.
func (w *world) oneHour() *world {
	w.use("pod", 3, "2026-01-01T00:00:00+08:00", "2026-01-01T00:00:07+08:00", "2026-01-01T00:00:00+08:00")
	w.advance("2026-01-02T00:00:00+08:00")
	return w
}

func TestPricesAndRounding(t *testing.T) {
	sample, other := newWorld(t, sampleCorpus(t)).oneHour(), underContract(t).oneHour()
	// 21 milli-vCPU-seconds: × 0.09 / 3,600,000 = 0.000000525, × 1.80 = 0.0000105.
	if got := sample.charged(); got != 1 {
		t.Errorf("under the page the charge is %s", got)
	}
	clausetest.Applies(t, sample.cited("price.cpu"), "P 1")
	clausetest.Applies(t, sample.cited("price.rounding"), "R 1")
	if got := other.charged(); got != 10 {
		t.Errorf("under the contract the charge is %s", got)
	}
	clausetest.DoesNotApply(t, other.cited("price.cpu"), "P 1")
	clausetest.DoesNotApply(t, other.cited("price.rounding"), "R 1")
}

func TestTheCycleThatClosedIsDeducted(t *testing.T) {
	sample, other := newWorld(t, sampleCorpus(t)).oneHour(), underContract(t).oneHour()
	settled := func(w *world) calendar.Instant { return w.log.Entries[len(w.log.Entries)-1].Effective }
	first := func(w *world) calendar.Instant {
		for _, e := range w.log.Entries {
			if e.Kind == "settled" {
				return e.Effective
			}
		}
		return settled(w)
	}
	if got := first(sample); got != start.Add(calendar.HourLength) {
		t.Errorf("an hourly cycle was settled at %s", got)
	}
	clausetest.Applies(t, sample.cited("billing.cycles"), "G 2.3.2")
	clausetest.Applies(t, sample.cited("billing.cycle"), "P 2")
	if got := first(other); got != start.Add(calendar.DayLength) {
		t.Errorf("a daily cycle was settled at %s", got)
	}
	clausetest.DoesNotApply(t, other.cited("billing.cycles"), "G 2.3.2")
	clausetest.DoesNotApply(t, other.cited("billing.cycle"), "P 2")
}

// overdue leaves 10,000.00 unpaid on 1 January and lets days pass.
func overdue(w *world, until string) *world {
	w.t.Helper()
	price := int64(111_111_112) // × 0.09 ≈ 10,000.00 for an hour
	if w.corpus != nil && len(w.books.Acceptances) > 1 {
		price = 5_555_556 // × 1.80
	}
	w.use("pod", price, "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.advance(until)
	return w
}

func (w *world) fees() (sum money.Amount) {
	for _, f := range w.log.LateFees {
		sum += f.Amount
	}
	return sum
}

func TestLateFee(t *testing.T) {
	sample := overdue(newWorld(t, sampleCorpus(t)), "2026-01-12T00:00:00+08:00")
	if got := len(sample.log.LateFees); got != 10 { // 2 to 11 January
		t.Errorf("%d days bore a fee", got)
	}
	if got := sample.fees(); got != amount(t, "50.00") {
		t.Errorf("ten days on 10,000.00 cost %s", got)
	}
	clausetest.Applies(t, sample.cited("late_fee.rate"), "G 2.3")
	clausetest.Applies(t, sample.cited("late_fee.method"), "R 3")
	clausetest.Applies(t, sample.cited("late_fee.first_day"), "R 4")
	clausetest.Applies(t, sample.cited("late_fee.base"), "R 5")
	clausetest.Applies(t, sample.cited("late_fee.rounding"), "R 6")

	// Settled at the end of 1 January and due two days later, on the 4th; that
	// day bears the first fee, taken at a day's start: the 5th, as the debt
	// begins at the start of the 4th itself. Compound at 1 %.
	other := overdue(underContract(t), "2026-01-06T00:00:00+08:00")
	if got := other.fees(); got <= amount(t, "200.00") {
		t.Errorf("the contract's compound fees are %s", got)
	}
	clausetest.DoesNotApply(t, other.cited("late_fee.rate"), "G 2.3")
	clausetest.DoesNotApply(t, other.cited("late_fee.method"), "R 3")
	clausetest.DoesNotApply(t, other.cited("late_fee.first_day"), "R 4")
	clausetest.DoesNotApply(t, other.cited("late_fee.base"), "R 5")
	clausetest.DoesNotApply(t, other.cited("late_fee.rounding"), "R 6")
}

func TestPaymentOrder(t *testing.T) {
	for _, c := range []struct {
		name string
		w    *world
		want ledger.Purpose
	}{
		{"principal first", overdue(newWorld(t, sampleCorpus(t)), "2026-01-10T00:00:00+08:00"), ledger.Payment},
		{"late fees first", overdue(underContract(t), "2026-01-10T00:00:00+08:00"), ledger.LateFeePaid},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.w.topUp("2026-01-10T12:00:00+08:00", "1.00")
			last := c.w.log.Transfers[len(c.w.log.Transfers)-1]
			if last.Purpose != c.want || last.Transfer.Amount != amount(t, "1.00") {
				t.Errorf("1.00 went to %s as %s", last.Credit, last.Purpose)
			}
		})
	}
	clausetest.Applies(t, newWorld(t, sampleCorpus(t)).cited("payment.order"), "R 2")
	clausetest.DoesNotApply(t, underContract(t).cited("payment.order"), "R 2")
}

func TestTimelineClauses(t *testing.T) {
	sample := overdue(newWorld(t, sampleCorpus(t)), "2026-03-01T00:00:00+08:00")
	other := overdue(underContract(t), "2026-03-01T00:00:00+08:00")

	told := func(w *world, kind notice.Kind) (calendar.Instant, string) {
		for _, n := range w.log.Notices {
			if n.Kind == kind {
				return n.Recorded, n.Channels
			}
		}
		return 0, ""
	}
	if at, where := told(sample, notice.ArrearsBegan); at != start.Add(calendar.HourLength) || where != "email,message" {
		t.Errorf("the page's notice went to %s at %s", where, at)
	}
	clausetest.Applies(t, sample.cited("arrears.notice.after"), "P 3.1")
	if _, where := told(other, notice.ArrearsBegan); where != "paper" {
		t.Errorf("the contract's notice went to %s", where)
	}
	clausetest.DoesNotApply(t, other.cited("arrears.notice.after"), "P 3.1")

	reached := func(w *world, state subscription.State) bool {
		for _, m := range w.log.Transitions {
			if m.To == state {
				return true
			}
		}
		return false
	}
	if !reached(sample, subscription.Suspended) || !reached(sample, subscription.Released) {
		t.Error("under the page the service was not suspended and released")
	}
	clausetest.Applies(t, sample.cited("suspend.after"), "P 3.2")
	clausetest.Applies(t, sample.cited("release.after"), "P 3.3")
	clausetest.Applies(t, sample.cited("resume.requires"), "P 3.4")
	// The contract gives no right to withhold: nothing is suspended.
	if reached(other, subscription.Suspended) {
		t.Error("a service was suspended without a right to withhold")
	}
	clausetest.DoesNotApply(t, other.cited("suspend.after"), "P 3.2")
	clausetest.DoesNotApply(t, other.cited("release.after"), "P 3.3")
	clausetest.DoesNotApply(t, other.cited("resume.requires"), "P 3.4")
}

func TestOpeningGate(t *testing.T) {
	w := newWorld(t, sampleCorpus(t))
	w.use("old", 10_000, "2026-01-01T00:00:00+08:00", "2026-01-02T00:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.use("new", 10_000, "2026-01-20T00:00:00+08:00", "2026-01-20T02:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.advance("2026-01-21T00:00:00+08:00")
	gated := len(w.log.Refused) > 0 && w.log.Refused[len(w.log.Refused)-1].Code == refusal.PayablesUnsettled
	clausetest.Executes(t, "G 7.3", gated)

	paid := newWorld(t, sampleCorpus(t))
	paid.topUp("2026-01-01T00:00:00+08:00", "100")
	paid.use("new", 10_000, "2026-01-20T00:00:00+08:00", "2026-01-20T02:00:00+08:00", "2026-01-01T00:00:00+08:00")
	paid.advance("2026-01-21T00:00:00+08:00")
	clausetest.Refrains(t, "G 7.3", len(paid.log.Refused) == 0 && len(paid.log.Charges) == 2)
}

func TestTopUpMethods(t *testing.T) {
	w := newWorld(t, sampleCorpus(t))
	d := w.topUp("2026-01-01T00:00:00+08:00", "100.00")
	if w.wallet() != "100.000000" || d.Transfers[0].Debit != ledger.PaidIn("bank_remittance") {
		t.Errorf("wallet %s from %s", w.wallet(), d.Transfers[0].Debit)
	}
	clausetest.Executes(t, "G 2.2", w.wallet() == "100.000000")
	_, err := w.books.TopUp(w.env(), account.TopUp{Amount: 1, Method: "cash", Reference: "r"}, start)
	clausetest.Refrains(t, "G 2.2", refusal.CodeOf(err) == refusal.MethodNotOffered)
}

// TestThePriceInForceApplies changes the page at noon: usage before costs the
// old price, usage after the new one.
func TestThePriceInForceApplies(t *testing.T) {
	page := `
document: page-compute-payg
code: P
version: 2026-01
kind: page
title: Elastic compute, pay as you go
issuer: aurora
binds: { products: [compute-payg] }
by: publication
announced: 2025-12-01
effective: 2026-01-01T12:00:00+08:00
product:
  id: compute-payg
  title: Elastic compute, pay as you go
  meters: { cpu: { base: milli_vcpu_second, unit: vCPU·hour, per: 3600000 } }
clauses:
  - id: "1"
    title: Prices
    text: Prices.
    terms: { price.cpu: 0.18 CNY per vCPU·hour, billing.cycle: hour, payment.due: 0 days, arrears.notice.after: 0 hours, notice.channels: [message], usage.intervals: end_after_start, resume.requires: principal }
`
	w := newWorld(t, sampleCorpus(t, page))
	w.topUp("2026-01-01T00:00:00+08:00", "100")
	w.use("pod", 1000, "2026-01-01T11:00:00+08:00", "2026-01-01T13:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.advance("2026-01-02T00:00:00+08:00")
	if len(w.log.Charges) != 2 {
		t.Fatalf("%d charges", len(w.log.Charges))
	}
	clausetest.Executes(t, "G 2.1", w.log.Charges[1].Amount == amount(t, "0.18"))
	clausetest.Refrains(t, "G 2.1", w.log.Charges[0].Amount == amount(t, "0.09"))
}
