package account_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
	set, err := w.corpus.Bind(w.books.Subject("compute-payg"), at, at)
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

	// Under the contract the day is settled at its end and due two days later, on
	// the 4th, which bears the first fee, taken at its start: 4 to 7 January by
	// the midnight with which the 7th begins. 1 % a day, compound.
	other := overdue(underContract(t), "2026-01-07T00:00:00+08:00")
	principal := other.books.Balances.Owed(ledger.Receivable("aurora"))
	if len(other.log.LateFees) != 4 {
		t.Fatalf("%d days bore a fee under the contract", len(other.log.LateFees))
	}
	for i, f := range other.log.LateFees {
		base := principal
		for _, earlier := range other.log.LateFees[:i] {
			base += earlier.Amount
		}
		if want, err := money.Up.Share(base, 100_000_000); err != nil || f.Base != base || f.Amount != want {
			t.Errorf("day %d: fee %s on %s, want %s on %s (%v)", i, f.Amount, f.Base, want, base, err)
		}
	}
	if first := other.log.LateFees[0].Day.String(); first != "2026-01-04" {
		t.Errorf("the first day is %s", first)
	}
	clausetest.DoesNotApply(t, other.cited("late_fee.rate"), "G 2.3")
	clausetest.DoesNotApply(t, other.cited("late_fee.method"), "R 3")
	clausetest.DoesNotApply(t, other.cited("late_fee.first_day"), "R 4")
}

// TestWhenTheBaseIsTaken pays during a day: at the day's end the principal is
// gone and the day bears no fee; at its start it was there.
func TestWhenTheBaseIsTaken(t *testing.T) {
	paidAtNoon := func(w *world) int {
		overdue(w, "2026-01-05T12:00:00+08:00")
		before := len(w.log.LateFees)
		w.topUp("2026-01-05T12:00:00+08:00", "50000")
		w.advance("2026-01-08T00:00:00+08:00")
		if len(w.log.LateFees) != before {
			t.Errorf("%d days bore a fee after everything was paid", len(w.log.LateFees)-before)
		}
		return int(w.log.LateFees[before-1].Day)
	}
	fifth := int(w2026(5))
	sample, other := newWorld(t, sampleCorpus(t)), underContract(t)
	if day := paidAtNoon(sample); day != fifth-1 {
		t.Errorf("taken at a day's end, the last day is %d", day-fifth)
	}
	clausetest.Applies(t, sample.cited("late_fee.base"), "R 5")
	if day := paidAtNoon(other); day != fifth {
		t.Errorf("taken at a day's start, the last day is %d", day-fifth)
	}
	clausetest.DoesNotApply(t, other.cited("late_fee.base"), "R 5")
}

// w2026 is a day of January 2026.
func w2026(day int) calendar.Day {
	d, err := calendar.DateOf(2026, 1, day)
	if err != nil {
		panic(err)
	}
	return d
}

// TestLateFeeRounding owes 0.001: a day costs exactly half of 0.000001.
func TestLateFeeRounding(t *testing.T) {
	sample := newWorld(t, sampleCorpus(t))
	sample.use("pod", 1, "2026-01-01T00:00:00+08:00", "2026-01-01T00:00:40+08:00", "2026-01-01T00:00:00+08:00") // 40 × 0.09 ÷ 3,600,000 = 0.000001
	sample.use("other", 1000, "2026-01-01T00:00:00+08:00", "2026-01-01T00:00:40+08:00", "2026-01-01T00:00:00+08:00")
	sample.advance("2026-01-03T00:00:00+08:00")
	if len(sample.log.LateFees) != 1 || sample.log.LateFees[0].Base != 1001 || sample.log.LateFees[0].Amount != 1 {
		t.Fatalf("late fees %+v", sample.log.LateFees)
	}
	clausetest.Applies(t, sample.cited("late_fee.rounding"), "R 6")
	other := overdue(underContract(t), "2026-01-05T12:00:00+08:00")
	last := other.log.LateFees[len(other.log.LateFees)-1]
	if down, err := money.Down.Share(last.Base, 100_000_000); err != nil || last.Amount <= down && last.Base%100 != 0 {
		t.Errorf("the contract rounds %s up from %s (%v)", last.Amount, down, err)
	}
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

// timeline lists what a world's customer was told and what became of the
// service, with the instants.
func (w *world) timeline() []string {
	var lines []string
	for _, n := range w.log.Notices {
		lines = append(lines, w.zone.Format(n.Recorded)+" "+string(n.Kind)+" by "+n.Channels)
	}
	return lines
}

// TestTimelineClauses owes since 01:00 of 1 January under the page. Under the
// contract, which gives the right to withhold here, it is settled at the day's
// end, due on the 4th, told of after 6 hours, suspended after 48, and released
// after 30 days.
func TestTimelineClauses(t *testing.T) {
	sample := overdue(newWorld(t, sampleCorpus(t)), "2026-03-01T00:00:00+08:00")
	want := []string{
		"2026-01-01T01:00:00+08:00 arrears_began by email,message",
		"2026-01-02T01:00:00+08:00 was_suspended by email,message",
		"2026-01-14T01:00:00+08:00 release_warning by email,message",
		"2026-01-17T01:00:00+08:00 was_released by email,message",
	}
	if diff := cmp.Diff(want, sample.timeline()); diff != "" {
		t.Errorf("under the page (-want +got):\n%s", diff)
	}
	clausetest.Applies(t, sample.cited("arrears.notice.after"), "P 3.1")
	clausetest.Applies(t, sample.cited("suspend.after"), "P 3.2")
	clausetest.Applies(t, sample.cited("release.after"), "P 3.3")

	withholding := strings.Replace(contract, "arrears.withhold: false", "arrears.withhold: true", 1)
	other := overdue(newWorld(t, sampleCorpus(t, withholding), "general-agreement", "contract"), "2026-03-01T00:00:00+08:00")
	want = []string{
		"2026-01-04T06:00:00+08:00 arrears_began by paper",
		"2026-01-06T00:00:00+08:00 was_suspended by paper",
		"2026-01-26T00:00:00+08:00 release_warning by paper",
		"2026-02-05T00:00:00+08:00 was_released by paper",
	}
	if diff := cmp.Diff(want, other.timeline()); diff != "" {
		t.Errorf("under the contract (-want +got):\n%s", diff)
	}
	clausetest.DoesNotApply(t, other.cited("arrears.notice.after"), "P 3.1")
	clausetest.DoesNotApply(t, other.cited("suspend.after"), "P 3.2")
	clausetest.DoesNotApply(t, other.cited("release.after"), "P 3.3")

	// Without a right to withhold the customer is told, and nothing else happens.
	if got := overdue(underContract(t), "2026-03-01T00:00:00+08:00").timeline(); len(got) != 1 {
		t.Errorf("without a right to withhold: %v", got)
	}
}

// TestWhatMustBePaidToResume pays the principal of a suspended service, and then
// the fees: the page asks for both, the contract for the principal alone.
func TestWhatMustBePaidToResume(t *testing.T) {
	withholding := strings.NewReplacer("arrears.withhold: false", "arrears.withhold: true",
		"payment.order: late_fee_first", "payment.order: principal_first").Replace(contract)
	sample := overdue(newWorld(t, sampleCorpus(t)), "2026-01-08T12:00:00+08:00")
	other := overdue(newWorld(t, sampleCorpus(t, withholding), "general-agreement", "contract"), "2026-01-08T12:00:00+08:00")
	state := func(w *world, sum money.Amount) subscription.State {
		if sum > 0 {
			w.topUp("2026-01-08T12:00:00+08:00", sum.String())
		}
		return w.books.Services["compute-payg"].State
	}
	for _, w := range []*world{sample, other} {
		if got := state(w, 0); got != subscription.Suspended {
			t.Fatalf("before payment the service is %s", got)
		}
	}
	principal := func(w *world) money.Amount { return w.books.Balances.Owed(ledger.Receivable("aurora")) }
	fees := func(w *world) money.Amount {
		return w.books.Balances.Owed(ledger.FeesReceivable("aurora", "compute-payg"))
	}
	if got := state(sample, principal(sample)); got != subscription.Suspended {
		t.Errorf("under the page, with fees unpaid, the service is %s", got)
	}
	if got := state(sample, fees(sample)); got != subscription.Active {
		t.Errorf("under the page, with everything paid, the service is %s", got)
	}
	clausetest.Applies(t, sample.cited("resume.requires"), "P 3.4")
	if got := state(other, principal(other)); got != subscription.Active || fees(other) == 0 {
		t.Errorf("under the contract, with the principal paid, the service is %s and %s of fees are owed", got, fees(other))
	}
	clausetest.DoesNotApply(t, other.cited("resume.requires"), "P 3.4")
}

// TestFeesAloneKeepAServiceInArrears pays the principal of a suspended service
// and never the fees: what the customer is told, and what the release is
// explained by, is the sum that was still owed.
func TestFeesAloneKeepAServiceInArrears(t *testing.T) {
	w := overdue(newWorld(t, sampleCorpus(t)), "2026-01-05T12:00:00+08:00")
	w.topUp("2026-01-05T12:00:00+08:00", w.books.Balances.Owed(ledger.Receivable("aurora")).String())
	fees := w.books.Balances.Owed(ledger.FeesReceivable("aurora", "compute-payg"))
	w.advance("2026-02-01T00:00:00+08:00")
	last := w.log.Transitions[len(w.log.Transitions)-1]
	if last.To != subscription.Released || last.Owed != fees || fees == 0 {
		t.Errorf("the last move is to %s, with %s owed; the fees are %s", last.To, last.Owed, fees)
	}
	for _, n := range w.log.Notices {
		if n.Kind != notice.WasResumed && n.Owed == 0 {
			t.Errorf("%s was said with nothing owed", n.Kind)
		}
	}
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

// TestWaysToPay pays by a way that the general agreement names and the service
// agreement does not, and by one that neither names.
func TestWaysToPay(t *testing.T) {
	pay := func(w *world, method string) error {
		_, err := w.books.TopUp(w.env(), account.TopUp{Amount: 1, Method: method, Reference: "r"}, start)
		return err
	}
	alone := newWorld(t, sampleCorpus(t), "service-agreement")
	if err := pay(alone, "online_banking"); err != nil {
		t.Error(err)
	}
	err := pay(alone, "cash")
	if refusal.CodeOf(err) != refusal.MethodNotOffered || !strings.Contains(err.Error(), "R 7 does not offer") {
		t.Error(err)
	}
	err = pay(newWorld(t, sampleCorpus(t)), "cash")
	if refusal.CodeOf(err) != refusal.MethodNotOffered || !strings.Contains(err.Error(), "G 2.2 does not offer") {
		t.Error(err)
	}
	clausetest.Applies(t, alone.cited("topup.methods"), "R 7")
	clausetest.DoesNotApply(t, newWorld(t, sampleCorpus(t)).cited("topup.methods"), "R 7")
}

// TestWaysToPayForAProduct stands under the terms of its product alone, which
// bind nothing else, and pays.
func TestWaysToPayForAProduct(t *testing.T) {
	w := newWorld(t, sampleCorpus(t, pageOf("disk", "PDK", "", "effective: 2025-06-01"), diskTerms), "disk-terms")
	top := account.TopUp{Amount: 1, Method: "alipay", Reference: "r"}
	if _, err := w.books.TopUp(w.env(), top, start); refusal.CodeOf(err) != refusal.NotAccepted {
		t.Errorf("before any use: %v", err)
	}
	w.useOf("disk", "d", 1000, "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.advance("2026-01-01T01:00:00+08:00")
	w.topUp("2026-01-01T01:00:00+08:00", "1.00")
	if w.wallet() != "0.910000" {
		t.Errorf("wallet %s", w.wallet())
	}
}

// diskTerms are terms of one product that can be accepted by themselves.
const diskTerms = `
document: disk-terms
code: DT
version: 2025-06
kind: special
title: Disk terms
issuer: aurora
binds: { products: [disk] }
by: acceptance
announced: 2025-05-01
effective: 2025-06-01
clauses:
  - { id: "1", title: T, text: T., terms: { arrears.withhold: true } }
`
