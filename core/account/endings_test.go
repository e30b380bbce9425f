package account_test

import (
	"fmt"
	"strings"
	"testing"

	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/subscription"
)

// verified replays the world's journal and checks its rows.
func (w *world) verified() {
	w.t.Helper()
	for _, f := range w.evidence().Check(w.replay()).Faults {
		w.t.Errorf("%s %+v %s: %s", f.Table, f.RowID, f.Key, f.Message)
	}
}

// A product is withdrawn. What was used under its page is charged, what is owed
// runs its course under the terms that bound last, and can be paid.
func TestPageThatEnds(t *testing.T) {
	corpus := sampleCorpus(t, pageOf("disk", "PDK", "", "effective: 2025-06-01\nuntil: 2026-01-01"))
	t.Run("the last hour, and what runs on after it", func(t *testing.T) {
		w := newWorld(t, corpus)
		w.topUp("2026-01-01T00:00:00+08:00", "1")
		w.useOf("disk", "d", 1000, "2026-01-01T23:00:00+08:00", "2026-01-02T02:00:00+08:00", "2026-01-01T00:00:00+08:00")
		w.advance("2026-01-02T03:00:00+08:00")
		if len(w.log.Charges) != 3 || w.charged() != amount(t, "0.27") {
			t.Errorf("%d charges, %s", len(w.log.Charges), w.charged())
		}
		w.verified()
	})
	t.Run("a debt", func(t *testing.T) {
		w := newWorld(t, corpus)
		w.useOf("disk", "d", 1_000_000, "2026-01-01T03:00:00+08:00", "2026-01-01T04:00:00+08:00", "2026-01-01T00:00:00+08:00")
		w.advance("2026-01-04T12:00:00+08:00")
		s := w.books.Services["disk"]
		if want := instant("2026-01-02T04:00:00+08:00"); s.State != subscription.Suspended || s.Since != want {
			t.Errorf("%s since %s, want suspended since %s", s.State, w.zone.Format(s.Since), w.zone.Format(want))
		}
		if w.fees() != amount(t, "0.09") { // of 2 and 3 January, 0.05% of 90
			t.Errorf("late fees %s", w.fees())
		}
		w.topUp("2026-01-04T12:00:00+08:00", "90.09")
		if len(w.books.Debts) > 0 || w.books.Services["disk"].State != subscription.Active || w.wallet() != "0.000000" {
			t.Errorf("owes %v, %s, wallet %s", w.books.Debts, w.books.Services["disk"].State, w.wallet())
		}
		w.verified()
	})
}

// A version of the page without a meter takes effect while usage of it goes on.
func TestMeterThatIsDropped(t *testing.T) {
	v2 := strings.Replace(strings.Replace(pageOf("disk", "PDK", "", "effective: 2026-01-02"), "version: 2025-06", "version: 2026-01", 1), "cpu: { base", "io: { base", 1)
	v2 = strings.Replace(v2, "price.cpu", "price.io", 1)
	w := newWorld(t, sampleCorpus(t, pageOf("disk", "PDK", "", "effective: 2025-06-01"), v2))
	w.topUp("2026-01-01T00:00:00+08:00", "100")
	w.useOf("disk", "d", 1000, "2026-01-01T20:00:00+08:00", "2026-01-02T04:00:00+08:00", "2026-01-02T04:00:00+08:00")
	w.advance("2026-01-02T05:00:00+08:00")
	if len(w.log.Charges) != 8 || w.charged() != amount(t, "0.72") {
		t.Errorf("%d charges, %s", len(w.log.Charges), w.charged())
	}
	w.verified()
}

// R 2: the debt that fell due first is paid first, also within a day.
func TestOldestPrincipalFirst(t *testing.T) {
	corpus := sampleCorpus(t, pageOf("alpha", "PAL", "", "effective: 2025-06-01"), pageOf("zeta", "PZE", "", "effective: 2025-06-01"))
	w := newWorld(t, corpus)
	w.useOf("zeta", "z", 100_000, "2026-01-01T01:00:00+08:00", "2026-01-01T02:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.useOf("alpha", "a", 100_000, "2026-01-01T01:00:00+08:00", "2026-01-01T02:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.useOf("alpha", "a", 100_000, "2026-01-01T20:00:00+08:00", "2026-01-01T21:00:00+08:00", "2026-01-01T00:00:01+08:00")
	w.advance("2026-01-01T22:00:00+08:00")
	w.topUp("2026-01-01T22:00:00+08:00", "18.00") // the two debts of 02:00
	if len(w.books.Debts) != 1 || w.books.Debts[0].Since != instant("2026-01-01T21:00:00+08:00") || w.books.Debts[0].Outstanding != amount(t, "9") {
		t.Errorf("left %+v", w.books.Debts)
	}
	w.verified()
}

// An hour has two reasons not to be billed, and its usage arrives in two parts:
// each part is refused for what it was used in, also where the second is recorded in
// the very instant in which the first was settled.
func TestTwoReasonsInAnHour(t *testing.T) {
	page := pageOf("disk", "PDK", "", "effective: 2025-06-01")
	for old, quick := range map[string]string{
		"suspend.after: 24 hours": "suspend.after: 90 minutes", "suspend.notice: 24 hours": "suspend.notice: 0 hours",
		"release.after: 15 days": "release.after: 20 minutes", "release.notice: 3 days": "release.notice: 0 hours",
	} {
		page = strings.Replace(page, old, quick, 1)
	}
	for _, recorded := range []string{"2026-01-01T03:00:00+08:00", "2026-01-01T03:30:00+08:00"} {
		w := newWorld(t, sampleCorpus(t, page))
		w.useOf("disk", "d", 1, "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00", "2026-01-01T00:00:00+08:00")
		w.useOf("disk", "d", 1, "2026-01-01T02:00:00+08:00", "2026-01-01T03:00:00+08:00", "2026-01-01T03:00:00+08:00")
		w.advance("2026-01-01T03:20:00+08:00") // suspended at 02:30, released at 02:50
		w.useOf("disk", "d", 10, "2026-01-01T02:00:00+08:00", "2026-01-01T03:00:00+08:00", recorded)
		w.advance("2026-01-01T04:00:00+08:00")
		var got []string
		for _, r := range w.log.Refused {
			got = append(got, fmt.Sprintf("%s %d", r.Code, r.Quantity))
		}
		want := "[resource_released 600 service_suspended 1200 resource_released 6000 service_suspended 12000]"
		if fmt.Sprint(got) != want || len(w.log.Charges) != 3 || w.log.Charges[2].Quantity != 18_000 {
			t.Errorf("recorded at %s: refused %v, want %s; charges %+v", recorded, got, want, w.log.Charges)
		}
		w.verified()
	}
}

// Debts to two sellers take turns: what each is paid is explained by the debts
// that it paid, and not by what it is owed.
func TestPaymentsToTwoSellers(t *testing.T) {
	north := strings.Replace(pageOf("line", "PL2", "", "effective: 2025-06-01"), "issuer: aurora", "issuer: northline", 1)
	w := newWorld(t, sampleCorpus(t, pageOf("disk", "PDK", "", "effective: 2025-06-01"), north))
	w.useOf("disk", "d", 1_000_000, "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.useOf("line", "l", 1_000_000, "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.useOf("disk", "d", 1_000_000, "2026-01-01T02:00:00+08:00", "2026-01-01T03:00:00+08:00", "2026-01-01T00:00:01+08:00")
	w.advance("2026-01-01T04:00:00+08:00")
	w.topUp("2026-01-01T04:00:00+08:00", "150")
	paid := map[ledger.Account]string{}
	for _, row := range w.log.Transfers {
		a := w.around(row.Entry)
		x := must(t)(w.bound(row.Entry, a.Products(row)[0]).Transfer(row, a))
		if !x.Agrees {
			t.Errorf("%s: %v", x.What, x.Disagreements)
		}
		if row.Purpose == ledger.Payment {
			paid[row.Credit] = row.Transfer.Amount.String()
		}
	}
	if paid[ledger.Receivable("aurora")] != "90.000000" || paid[ledger.Receivable("northline")] != "60.000000" {
		t.Errorf("paid %v", paid)
	}
	w.verified()
}

// feesPage is a page that reads late fees in its own way from a day on.
func feesPage(version, effective, base string) string {
	return fmt.Sprintf(`
document: own-rules
code: OR
version: %s
kind: page
title: Own
issuer: aurora
binds: { products: [compute-payg] }
by: publication
announced: 2025-05-01
effective: %s
precedence: [self, page, rules]
precedence_clause: "0"
clauses:
  - { id: "0", title: P, text: P., executed_by: precedence }
  - id: "1"
    title: B
    text: B.
    terms: { late_fee.base: %s }
`, version, effective, base)
}

// The terms change when a day's base is taken, at midnight or within a day: each
// day still bears one fee.
func TestEveryDayBearsOneFee(t *testing.T) {
	const dayStart, dayEnd = "outstanding_at_day_start", "outstanding_at_day_end"
	for _, from := range []string{"2026-01-05", "2026-01-05T12:00:00+08:00"} {
		for _, c := range [][2]string{{dayStart, dayEnd}, {dayEnd, dayStart}} {
			w := newWorld(t, sampleCorpus(t, feesPage("a", "2025-06-01", c[0]), feesPage("b", from, c[1])))
			w.use("pod", 1_000_000, "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00", "2026-01-01T00:00:00+08:00")
			w.advance("2026-01-09T00:00:00+08:00")
			days := map[string]int{}
			for _, f := range w.log.LateFees {
				days[f.Day.String()]++
			}
			for _, d := range []string{"2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"} {
				if days[d] != 1 {
					t.Errorf("%v from %s: %s bears %d fees", c, from, d, days[d])
				}
			}
			w.verified()
		}
	}
}

// payment.due counts natural days from the settlement: what was settled later in
// a day is due later in a day.
func TestDueWithinTheDay(t *testing.T) {
	p := strings.Replace(pageOf("disk", "PDK", "", "effective: 2025-06-01"), "payment.due: 0 days", "payment.due: 2 days", 1)
	w := newWorld(t, sampleCorpus(t, p))
	w.useOf("disk", "d", 1_000_000, "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.useOf("disk", "d", 1_000_000, "2026-01-01T22:00:00+08:00", "2026-01-01T23:00:00+08:00", "2026-01-01T00:00:01+08:00")
	w.advance("2026-01-03T02:00:00+08:00")
	if len(w.log.Notices) != 1 || w.log.Notices[0].Owed != amount(t, "90") || w.log.Notices[0].Recorded != instant("2026-01-03T01:00:00+08:00") {
		t.Errorf("%+v: 90 is overdue since 01:00, the other 90 falls due at 23:00", w.log.Notices)
	}
	w.verified()
}

// What is paid before it is due bears no fee, even where the due day counts and
// the base is taken as the day begins.
func TestNoFeeBeforeDue(t *testing.T) {
	p := strings.Replace(pageOf("disk", "PDK", ", late_fee.base: outstanding_at_day_start, late_fee.first_day: due_day", "effective: 2025-06-01"), "payment.due: 0 days", "payment.due: 2 days", 1)
	for paid, want := range map[string]string{"2026-01-03T09:00:00+08:00": "0.000000", "2026-01-04T09:00:00+08:00": "0.045000"} {
		w := newWorld(t, sampleCorpus(t, p))
		w.useOf("disk", "d", 1_000_000, "2026-01-01T10:00:00+08:00", "2026-01-01T11:00:00+08:00", "2026-01-01T00:00:00+08:00")
		w.advance(paid)
		w.topUp(paid, "1000")
		if w.fees() != amount(t, want) {
			t.Errorf("due on 3 January at 11:00, paid at %s: late fees %s, want %s", paid, w.fees(), want)
		}
		w.verified()
	}
}

// Usage arrives in parts, and nobody looks for a while: the books are those of
// somebody who always looks.
func TestAWorkerThatWasDown(t *testing.T) {
	run := func(looks ...string) *world {
		w := newWorld(t, sampleCorpus(t))
		w.use("pod", 100_000_000, "2026-01-01T22:00:00+08:00", "2026-01-01T23:00:00+08:00", "2026-01-01T23:50:00+08:00")
		for _, at := range looks {
			w.advance(at)
		}
		w.useOf("compute-payg", "pod", 1_000_000, "2026-01-01T22:00:00+08:00", "2026-01-01T22:00:01+08:00", "2026-01-02T00:10:00+08:00")
		w.useOf("compute-payg", "pod", 1_000_000, "2026-01-01T22:00:01+08:00", "2026-01-01T22:00:03+08:00", "2026-01-02T00:20:00+08:00")
		w.advance("2026-01-04T00:00:00+08:00")
		w.verified()
		return w
	}
	up, down := run("2026-01-01T23:51:00+08:00"), run()
	if len(up.log.Charges) != 3 || up.fees() == 0 {
		t.Fatalf("%d charges, late fees %s", len(up.log.Charges), up.fees())
	}
	if got, want := fmt.Sprintf("%+v", down.log), fmt.Sprintf("%+v", up.log); got != want {
		t.Errorf("the worker that was down wrote\n%s\nand the other one\n%s", got, want)
	}
	for _, c := range down.log.Charges {
		if calendar.Hour(c.Hour) != calendar.HourOf(instant("2026-01-01T22:00:00+08:00")) {
			t.Errorf("a charge for %v", c.Hour)
		}
	}
}
