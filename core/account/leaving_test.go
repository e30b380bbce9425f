package account_test

import (
	"fmt"
	"strings"
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/notice"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
	"termwise.dev/core/terms/clausetest"
)

// leaving is a world in which the general agreement changes on 1 February.
func leaving(t testing.TB, extra ...string) *world {
	t.Helper()
	return newWorld(t, changing(t, append(extra, nextOf(t, fileG, "2026-02-01", feeNow, feeNext))...))
}

// state says where compute stands, and since when.
func (w *world) state() string {
	s := w.books.Services["compute-payg"]
	if s == nil {
		return "never used"
	}
	return string(s.State) + " since " + w.zone.Format(s.Since)[:16]
}

// tally sums what was billed and refused, by code, in seconds of one vCPU.
func (w *world) tally() string {
	billed, codes := int64(0), map[refusal.Code]int64{}
	for _, c := range w.log.Charges {
		billed += c.Quantity / 1000
	}
	for _, r := range w.log.Refused {
		codes[r.Code] += r.Quantity / 1000
	}
	return fmt.Sprintf("%d billed, refused %v", billed, codes)
}

// TestLeavingAsTheChangeTakesEffect: what is used until then is charged, what is
// used after it is refused, and what is left in the wallet stays there. Staying,
// the same usage is charged and accepts the change.
func TestLeavingAsTheChangeTakesEffect(t *testing.T) {
	use := func(w *world) {
		w.topUp("2026-01-01T10:00:00+08:00", "100")
		w.use("pod", 1000, "2026-01-31T20:00:00+08:00", "2026-02-01T06:00:00+08:00", "2026-01-31T20:00:00+08:00")
		w.advance("2026-02-02T00:00:00+08:00")
	}
	w := leaving(t)
	w.announce("general-agreement", "2026-01-01T10:00:00+08:00")
	w.dissent("general-agreement", "2026-01-10T12:00:00+08:00", false)
	confirmed := w.log.Notices[len(w.log.Notices)-1]
	if confirmed.Kind != notice.ExitConfirmed || confirmed.Effective != instant("2026-02-01T00:00:00+08:00") || w.state() != "never used" {
		t.Errorf("%+v, %s", confirmed, w.state())
	}
	use(w)
	if got := w.tally(); got != "14400 billed, refused map[service_ended:21600]" {
		t.Error(got)
	}
	if w.state() != "ended since 2026-02-01T00:00" || w.wallet() != "99.640000" || len(byGoingOn(w)) > 0 {
		t.Errorf("%s, wallet %s, accepted %v", w.state(), w.wallet(), byGoingOn(w))
	}
	said := w.log.Notices[len(w.log.Notices)-1]
	if said.Kind != notice.WasEnded || said.Channels != "email,message" || said.Since != instant("2026-01-10T12:00:00+08:00") {
		t.Errorf("%+v", said)
	}
	moved := w.log.Transitions[len(w.log.Transitions)-1]
	refused := must(t)(w.explained(w.log.Refused[0].Entry, w.log.Refused[0].Terms).Refused(w.log.Refused[0], w.log.Transitions, w.log.Notices, w.events))
	clausetest.Applies(t, w.explainedNotice(confirmed), "G 3.2.9b")
	clausetest.Applies(t, must(t)(w.explained(moved.Entry, moved.Terms).Transition(moved)), "G 3.2.9b")
	clausetest.Applies(t, refused, "G 3.2.9b")
	opened := w.log.Transitions[0]
	clausetest.DoesNotApply(t, must(t)(w.explained(opened.Entry, opened.Terms).Transition(opened)), "G 3.2.9b")
	w.agreed()

	stays := leaving(t)
	use(stays)
	if got := stays.tally(); got != "36000 billed, refused map[]" || len(byGoingOn(stays)) != 1 || stays.state() != "active since 2026-01-31T20:00" {
		t.Errorf("who stays: %s, accepted %v, %s", got, byGoingOn(stays), stays.state())
	}
	stays.agreed()
}

// TestLeavingAtOnce ends the service in the middle of an hour.
func TestLeavingAtOnce(t *testing.T) {
	w := leaving(t)
	w.topUp("2026-01-01T10:00:00+08:00", "100")
	w.use("pod", 1000, "2026-01-10T12:00:00+08:00", "2026-01-10T14:00:00+08:00", "2026-01-10T12:00:00+08:00")
	w.advance("2026-01-10T13:00:00+08:00")
	w.dissent("general-agreement", "2026-01-10T13:30:00+08:00", true)
	if w.state() != "ended since 2026-01-10T13:30" {
		t.Error(w.state())
	}
	w.advance("2026-01-11T00:00:00+08:00")
	if got := w.tally(); got != "5400 billed, refused map[service_ended:1800]" {
		t.Error(got)
	}
	w.agreed()
}

// TestLeavingInArrears: the service ends although it is suspended; what is owed
// goes on bearing fees, and paying it does not bring the service back.
func TestLeavingInArrears(t *testing.T) {
	w := leaving(t)
	w.use("pod", 100_000, "2026-01-29T00:00:00+08:00", "2026-01-29T01:00:00+08:00", "2026-01-29T00:00:00+08:00")
	w.advance("2026-01-31T00:00:00+08:00")
	if w.state() != "suspended since 2026-01-30T01:00" {
		t.Fatal(w.state())
	}
	w.dissent("general-agreement", "2026-01-31T00:00:00+08:00", false)
	w.advance("2026-02-04T00:00:00+08:00")
	moved := w.log.Transitions[len(w.log.Transitions)-1]
	if w.state() != "ended since 2026-02-01T00:00" || moved.From != subscription.Suspended || moved.Owed != amount(t, "9.009") {
		t.Errorf("%s, from %s, %s owed", w.state(), moved.From, moved.Owed)
	}
	// 0.05% of 9 on each of five days; the 0.04% from February on are of the version
	// that it did not agree to.
	if got := w.fees(); got != amount(t, "0.0225") {
		t.Errorf("late fees %s", got)
	}
	w.topUp("2026-02-04T10:00:00+08:00", "20")
	if len(w.books.Debts) > 0 || w.state() != "ended since 2026-02-01T00:00" || w.books.Services["compute-payg"].ArrearsSince != 0 {
		t.Errorf("%v, %s", w.books.Debts, w.state())
	}
	w.agreed()
}

// TestArrearsOfWhatHasEnded: the last hour falls due as the service ends; the
// customer is told of it, and nothing is suspended.
func TestArrearsOfWhatHasEnded(t *testing.T) {
	w := leaving(t)
	w.dissent("general-agreement", "2026-01-10T00:00:00+08:00", false)
	w.use("pod", 100_000, "2026-01-31T23:00:00+08:00", "2026-02-01T00:00:00+08:00", "2026-01-31T23:00:00+08:00")
	w.advance("2026-03-01T00:00:00+08:00")
	kinds := map[notice.Kind]int{}
	for _, n := range w.log.Notices {
		kinds[n.Kind]++
	}
	if w.state() != "ended since 2026-02-01T00:00" || kinds[notice.ArrearsBegan] != 1 || kinds[notice.WasSuspended] != 0 || kinds[notice.WasReleased] != 0 {
		t.Errorf("%s, %v", w.state(), kinds)
	}
	w.agreed()
}

// TestTheEndSettlesTheMonth: with a monthly cycle, what was used is settled as the
// service ends.
func TestTheEndSettlesTheMonth(t *testing.T) {
	monthly := editionOf(t, fileP, "2025-07", "2025-07-01", "2025-08-01", "billing.cycle: hour", "billing.cycle: month")
	w := newWorld(t, changing(t, monthly, nextOf(t, fileG, "2026-01-20T10:00:00+08:00", feeNow, feeNext)))
	w.topUp("2026-01-01T10:00:00+08:00", "100")
	w.use("pod", 1000, "2026-01-05T00:00:00+08:00", "2026-01-05T10:00:00+08:00", "2026-01-05T00:00:00+08:00")
	w.advance("2026-01-19T00:00:00+08:00")
	w.dissent("general-agreement", "2026-01-19T00:00:00+08:00", false)
	w.advance("2026-01-20T10:00:00+08:00")
	if w.state() != "ended since 2026-01-20T10:00" || w.tally() != "36000 billed, refused map[]" || w.wallet() != "99.100000" {
		t.Errorf("%s, %s, wallet %s", w.state(), w.tally(), w.wallet())
	}
	w.agreed()
}

// TestComingBack: who accepts the document again uses the services again from then
// on; what was used in between stays refused. Before the end it is a withdrawal.
func TestComingBack(t *testing.T) {
	accept := func(w *world, version, at string) {
		when := instant(at)
		w.run(when, func(b *account.Books) (*account.Decision, error) {
			return b.Accept(w.env(), []terms.Acceptance{{Document: "general-agreement", Version: version, Form: terms.Click, At: when, Recorded: when, Actor: "test"}}, when)
		})
	}
	w := leaving(t)
	w.topUp("2026-01-01T10:00:00+08:00", "100")
	w.use("pod", 1000, "2026-01-31T23:00:00+08:00", "2026-02-03T12:00:00+08:00", "2026-01-31T23:00:00+08:00")
	w.dissent("general-agreement", "2026-01-10T00:00:00+08:00", false)
	w.advance("2026-02-02T00:00:00+08:00")
	accept(w, "2026", "2026-02-03T10:30:00+08:00")
	w.advance("2026-02-04T00:00:00+08:00")
	if got := w.tally(); got != "9000 billed, refused map[service_ended:210600]" || w.state() != "active since 2026-02-03T10:30" {
		t.Errorf("%s, %s", got, w.state())
	}
	w.agreed()

	stays := leaving(t)
	stays.use("pod", 1000, "2026-01-31T23:00:00+08:00", "2026-02-01T02:00:00+08:00", "2026-01-31T23:00:00+08:00")
	stays.dissent("general-agreement", "2026-01-10T00:00:00+08:00", false)
	accept(stays, "2025-06", "2026-01-20T00:00:00+08:00")
	stays.advance("2026-02-02T00:00:00+08:00")
	if got := stays.tally(); got != "10800 billed, refused map[]" {
		t.Error(got)
	}
	stays.agreed()
}

// TestWhatWasNeverUsed is not opened after its customer has left.
func TestWhatWasNeverUsed(t *testing.T) {
	w := leaving(t)
	w.dissent("general-agreement", "2026-01-10T00:00:00+08:00", true)
	w.use("pod", 1000, "2026-01-12T00:00:00+08:00", "2026-01-12T01:00:00+08:00", "2026-01-12T00:00:00+08:00")
	w.advance("2026-01-13T00:00:00+08:00")
	if w.state() != "never used" || w.tally() != "0 billed, refused map[service_ended:3600]" {
		t.Errorf("%s, %s", w.state(), w.tally())
	}
	w.agreed()
}

// TestUsageAfterTheEndWaitsForItsCycle: what is used after its customer has left is
// refused as its cycle closes, whatever else happens to the account before that, and
// whether or not the service was ever used.
func TestUsageAfterTheEndWaitsForItsCycle(t *testing.T) {
	for name, meanwhile := range map[string]func(w *world){
		"nothing": func(*world) {},
		"a look":  func(w *world) { w.advance("2026-01-12T06:00:00+08:00") },
		"a top-up": func(w *world) {
			w.topUp("2026-01-12T05:30:00+08:00", "1")
			w.advance("2026-01-12T06:00:00+08:00")
		},
		"usage of another product": func(w *world) {
			w.useOf("disk", "d", 1000, "2026-01-12T04:00:00+08:00", "2026-01-12T05:00:00+08:00", "2026-01-12T05:00:00+08:00")
		},
	} {
		for _, before := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, used before %v", name, before), func(t *testing.T) {
				daily := editionOf(t, fileP, "2025-07", "2025-07-01", "2025-08-01", "billing.cycle: hour", "billing.cycle: day")
				next := nextOf(t, fileP, "2026-02-01", "by: publication", "by: publication\nuntil: 2026-02-10")
				w := newWorld(t, changing(t, daily, next, pageOf("disk", "PDK", "", "effective: 2025-06-01")))
				w.topUp("2026-01-01T10:00:00+08:00", "100")
				if before {
					w.use("pod", 1000, "2026-01-05T00:00:00+08:00", "2026-01-05T01:00:00+08:00", "2026-01-05T00:00:00+08:00")
				}
				w.dissent("page-compute-payg", "2026-01-10T00:00:00+08:00", true)
				w.use("pod", 1000, "2026-01-12T04:30:00+08:00", "2026-01-12T05:30:00+08:00", "2026-01-12T04:30:00+08:00")
				meanwhile(w)
				w.advance("2026-01-14T00:00:00+08:00")
				if len(w.log.Refused) != 2 {
					t.Fatalf("refused: %+v", w.log.Refused)
				}
				for _, r := range w.log.Refused {
					if at := w.log.Entries[r.Entry-1].Effective; at != instant("2026-01-13T00:00:00+08:00") || r.Code != refusal.Ended {
						t.Errorf("the hour from %s is settled at %s: %s", w.zone.Format(r.Hour.Start()), w.zone.Format(at), r.Code)
					}
				}
				w.agreed()
				w.rerun(t, w.corpus, "2026-01")
			})
		}
	}
}

// TestUsageBeforeTheEndThatIsLate is settled as it arrives, also when the customer has
// come back: its cycle closed as the service ended. An hour in which the service was
// open again closes with the next end.
func TestUsageBeforeTheEndThatIsLate(t *testing.T) {
	monthly := editionOf(t, fileP, "2025-07", "2025-07-01", "2025-08-01", "billing.cycle: hour", "billing.cycle: month")
	w := leaving(t, monthly)
	w.topUp("2026-01-01T10:00:00+08:00", "100")
	w.dissent("general-agreement", "2026-01-10T00:00:00+08:00", true)
	w.accept("general-agreement", "2025-06", "2026-01-11T00:30:00+08:00")
	w.use("pod", 1000, "2026-01-09T22:00:00+08:00", "2026-01-09T23:00:00+08:00", "2026-01-12T00:00:00+08:00")
	w.use("pod", 1000, "2026-01-11T00:00:00+08:00", "2026-01-11T01:00:00+08:00", "2026-01-12T00:00:00+08:00")
	w.advance("2026-01-12T00:00:00+08:00")
	if got := w.tally(); got != "3600 billed, refused map[]" {
		t.Errorf("while the second month of use runs: %s", got)
	}
	w.dissent("general-agreement", "2026-01-13T00:00:00+08:00", true)
	if got := w.tally(); got != "5400 billed, refused map[service_ended:1800]" {
		t.Errorf("as the service ends again: %s", got)
	}
	w.agreed()
	w.rerun(t, w.corpus, "2026-01")
}

// TestDissentRefuses, in the order of its documentation.
func TestDissentRefuses(t *testing.T) {
	w := newWorld(t, changing(t, nextOf(t, fileG, "2026-02-01", feeNow, feeNext), nextOf(t, fileS, "2026-02-01", feeNow, feeNext)), "general-agreement")
	for document, code := range map[string]refusal.Code{"no-such": refusal.NotFound, "service-agreement": refusal.NotFound} {
		if _, err := w.tryDissent(document, "2026-01-10T00:00:00+08:00", false); refusal.CodeOf(err) != code {
			t.Errorf("%s: %v", document, err)
		}
	}
	if _, err := w.tryDissent("general-agreement", "2026-02-01T00:00:01+08:00", false); refusal.CodeOf(err) != refusal.ChangeInEffect {
		t.Errorf("after the change: %v", err)
	}
	d, err := w.tryDissent("general-agreement", "2026-02-01T00:00:00+08:00", false)
	if err != nil || len(d.Entries) != 1 {
		t.Errorf("as it takes effect: %v", err)
	}
	w.apply(d, err)
	if again, err := w.tryDissent("general-agreement", "2026-02-01T00:00:00+08:00", false); err != nil || len(again.Entries) > 0 {
		t.Errorf("said again: %v, %v", again, err)
	}
	silent := newWorld(t, changing(t, nextOf(t, fileS, "2026-02-01", feeNow, feeNext)), "service-agreement")
	if _, err := silent.tryDissent("service-agreement", "2026-01-10T00:00:00+08:00", false); refusal.CodeOf(err) != refusal.NoWayOut {
		t.Errorf("S says nothing of leaving: %v", err)
	}
}

// TestLeavingSpecialTerms ends the product that they are for; another one under
// the general agreement goes on.
func TestLeavingSpecialTerms(t *testing.T) {
	next := nextOf(t, fileE, "2026-02-01", "The customer shall observe these terms", "The customer shall well observe these terms")
	w := newWorld(t, changing(t, next, pageOf("disk", "PDK", "", "effective: 2025-06-01")), "general-agreement", "compute-terms")
	w.topUp("2026-01-01T10:00:00+08:00", "100")
	w.use("pod", 1000, "2026-01-31T23:00:00+08:00", "2026-02-01T01:00:00+08:00", "2026-01-31T23:00:00+08:00")
	w.useOf("disk", "d", 1000, "2026-01-31T23:00:00+08:00", "2026-02-01T01:00:00+08:00", "2026-01-31T23:00:00+08:00")
	w.dissent("compute-terms", "2026-01-10T00:00:00+08:00", false)
	w.advance("2026-02-02T00:00:00+08:00")
	if got := w.tally(); got != "10800 billed, refused map[service_ended:3600]" || w.books.Services["disk"].State != subscription.Active {
		t.Errorf("%s, %s, disk %s", got, w.state(), w.books.Services["disk"].State)
	}
	confirmed := w.log.Notices[0]
	clausetest.Applies(t, w.explainedNotice(confirmed), "E 3.1.1b")
	opened := w.log.Transitions[0]
	clausetest.DoesNotApply(t, must(t)(w.explained(opened.Entry, opened.Terms).Transition(opened)), "E 3.1.1b")
	w.agreed()
}

// discontinued is a page of compute that ends with 10 February.
func discontinued(t testing.TB) string {
	return nextOf(t, fileP, "2026-01-05", "by: publication", "by: publication\nuntil: 2026-02-10")
}

// TestADiscontinuedProduct ends on its day for whoever was told, with what is owed
// and what was used settled; whoever was not told goes on.
func TestADiscontinuedProduct(t *testing.T) {
	corpus := changing(t, discontinued(t))
	use := func(w *world) {
		w.use("pod", 1000, "2026-02-10T22:00:00+08:00", "2026-02-11T03:00:00+08:00", "2026-02-10T22:00:00+08:00")
		w.advance("2026-02-13T00:00:00+08:00")
	}
	told := newWorld(t, corpus)
	told.announce("page-compute-payg", "2026-01-01T10:00:00+08:00")
	if n := told.log.Notices[0]; n.Kind != notice.ProductEnds || n.Effective != instant("2026-02-11T00:00:00+08:00") || n.Product != "compute-payg" {
		t.Errorf("%+v", n)
	}
	use(told)
	if got := told.tally(); got != "7200 billed, refused map[service_ended:10800]" || told.state() != "ended since 2026-02-11T00:00" {
		t.Errorf("%s, %s", got, told.state())
	}
	if len(told.log.LateFees) == 0 {
		t.Error("what is owed bears no fee any more")
	}
	moved := told.log.Transitions[len(told.log.Transitions)-1]
	clausetest.Applies(t, must(t)(told.explained(moved.Entry, moved.Terms).Transition(moved)), "G 7.4a")
	clausetest.Applies(t, told.explainedNotice(told.log.Notices[0]), "G 7.4a")
	opened := told.log.Transitions[0]
	clausetest.DoesNotApply(t, must(t)(told.explained(opened.Entry, opened.Terms).Transition(opened)), "G 7.4a")
	told.topUp("2026-02-13T10:00:00+08:00", "50")
	if len(told.books.Debts) > 0 || told.state() != "ended since 2026-02-11T00:00" {
		t.Errorf("%v, %s", told.books.Debts, told.state())
	}
	told.agreed()

	untold := newWorld(t, corpus)
	use(untold)
	if got := untold.tally(); got != "18000 billed, refused map[]" {
		t.Error(got)
	}
	untold.agreed()
}

// TestAProductThatComesBack is opened again by its use.
func TestAProductThatComesBack(t *testing.T) {
	back := editionOf(t, fileP, "2026-03", "2026-02-01", "2026-02-20")
	w := newWorld(t, changing(t, discontinued(t), back))
	w.topUp("2026-01-01T10:00:00+08:00", "100")
	w.announce("page-compute-payg", "2026-01-01T10:00:00+08:00")
	w.use("pod", 1000, "2026-02-10T22:00:00+08:00", "2026-02-11T01:00:00+08:00", "2026-02-10T22:00:00+08:00")
	w.advance("2026-02-12T00:00:00+08:00")
	if w.state() != "ended since 2026-02-11T00:00" {
		t.Error(w.state())
	}
	w.use("pod2", 1000, "2026-02-21T10:00:00+08:00", "2026-02-21T12:00:00+08:00", "2026-02-21T10:00:00+08:00")
	w.advance("2026-02-22T00:00:00+08:00")
	if got := w.tally(); got != "14400 billed, refused map[service_ended:3600]" || w.state() != "active since 2026-02-21T10:00" {
		t.Errorf("%s, %s", got, w.state())
	}
	w.agreed()
}

// TestADiscontinuedPhase: a meter that the page drops is not charged any more for
// whoever was told; the others go on.
func TestADiscontinuedPhase(t *testing.T) {
	next := nextOf(t, fileP, "2026-02-10", "    gpu: { base: milli_gpu_second, unit: GPU·hour, per: 3600000 } # 1000 × 3600\n", "", "      price.gpu: 8.50 CNY per GPU·hour\n", "")
	w := newWorld(t, changing(t, next))
	w.topUp("2026-01-01T10:00:00+08:00", "100")
	w.announce("page-compute-payg", "2026-01-01T10:00:00+08:00")
	e := metering.Event{
		Source: "test", ID: "both", Account: "customer-001", Product: "compute-payg", Resource: "pod",
		From: instant("2026-02-09T23:00:00+08:00"), To: instant("2026-02-10T02:00:00+08:00"),
		Measures: []metering.Measure{{Meter: "cpu", Value: 1000}, {Meter: "gpu", Value: 1000}},
	}
	w.report(e, instant("2026-02-09T23:00:00+08:00"))
	w.advance("2026-02-11T00:00:00+08:00")
	if got := w.tally(); got != "14400 billed, refused map[service_ended:7200]" || w.state() != "active since 2026-02-09T23:00" {
		t.Errorf("%s, %s", got, w.state())
	}
	for _, r := range w.log.Refused {
		if r.Meter != "gpu" {
			t.Errorf("%s was refused", r.Meter)
		}
	}
	w.agreed()
}

// TestSteppingLeavesTheSame: an exit and a discontinuation found in one leap are
// those found step by step.
func TestSteppingLeavesTheSame(t *testing.T) {
	run := func(steps ...string) string {
		w := leaving(t, discontinued(t))
		w.announce("page-compute-payg", "2026-01-01T10:00:00+08:00")
		w.announce("general-agreement", "2026-01-01T10:00:00+08:00")
		w.dissent("general-agreement", "2026-01-10T12:00:00+08:00", false)
		w.use("pod", 1000, "2026-01-31T20:00:00+08:00", "2026-02-01T06:00:00+08:00", "2026-01-11T00:00:00+08:00")
		for _, at := range steps {
			w.advance(at)
		}
		w.advance("2026-03-01T00:00:00+08:00")
		w.agreed()
		return fmt.Sprintf("%+v", w.log)
	}
	var hours []string
	for at := instant("2026-01-31T18:00:00+08:00"); at < instant("2026-02-02T00:00:00+08:00"); at = at.Add(calendar.HourLength / 2) {
		hours = append(hours, at.String())
	}
	if leap, steps := run(), run(hours...); leap != steps {
		t.Errorf("in one leap\n%s\nstep by step\n%s", leap, steps)
	}
}

func TestFirstUseThatArrivesAfterTheEnd(t *testing.T) {
	w := leaving(t)
	w.topUp("2026-01-01T10:00:00+08:00", "100")
	w.dissent("general-agreement", "2026-01-10T00:30:00+08:00", true)
	w.use("pod", 1000, "2026-01-10T00:00:00+08:00", "2026-01-10T03:00:00+08:00", "2026-01-10T05:00:00+08:00")
	w.advance("2026-01-10T06:00:00+08:00")
	if got := w.tally(); got != "1800 billed, refused map[service_ended:9000]" {
		t.Error(got, w.state())
	}
	w.agreed()
}

func TestLeavingAgainAfterReturn(t *testing.T) {
	w := leaving(t)
	w.topUp("2026-01-01T10:00:00+08:00", "100")
	w.use("pod", 1000, "2026-01-05T00:00:00+08:00", "2026-01-05T01:00:00+08:00", "2026-01-05T01:00:00+08:00")
	w.advance("2026-01-06T00:00:00+08:00")
	w.dissent("general-agreement", "2026-01-10T00:00:00+08:00", true)
	when := instant("2026-01-11T00:00:00+08:00")
	w.run(when, func(b *account.Books) (*account.Decision, error) {
		return b.Accept(w.env(), []terms.Acceptance{{Document: "general-agreement", Version: "2025-06", Form: terms.Click, At: when, Recorded: when, Actor: "test"}}, when)
	})
	w.dissent("general-agreement", "2026-01-12T00:00:00+08:00", true)
	w.use("pod", 1000, "2026-01-11T23:00:00+08:00", "2026-01-12T02:00:00+08:00", "2026-01-12T05:00:00+08:00")
	w.advance("2026-01-12T06:00:00+08:00")
	if got := w.tally(); got != "7200 billed, refused map[service_ended:7200]" {
		t.Error(got, w.state())
	}
	w.agreed()
}

// accept accepts a version by a click.
func (w *world) accept(document, version, at string) {
	w.t.Helper()
	when := instant(at)
	w.run(when, func(b *account.Books) (*account.Decision, error) {
		return b.Accept(w.env(), []terms.Acceptance{{Document: document, Version: version, Form: terms.Click, At: when, Recorded: when, Actor: "test"}}, when)
	})
}

// TestComingBackOwing: a debt keeps the service from being opened again, and the hour
// is refused. What arrives for it when the debt is paid is charged from the return on;
// what was refused before stays so.
func TestComingBackOwing(t *testing.T) {
	w := leaving(t)
	w.use("pod", 1000, "2026-01-10T12:00:00+08:00", "2026-01-10T14:00:00+08:00", "2026-01-10T12:00:00+08:00")
	w.advance("2026-01-10T13:00:00+08:00")
	w.dissent("general-agreement", "2026-01-10T13:00:00+08:00", true)
	w.accept("general-agreement", "2025-06", "2026-01-10T13:30:00+08:00")
	w.advance("2026-01-10T15:00:00+08:00")
	if got := w.tally() + ", " + w.state(); got != "3600 billed, refused map[service_ended:3600], ended since 2026-01-10T13:00" {
		t.Error(got)
	}
	w.topUp("2026-01-10T15:00:00+08:00", "10")
	w.use("pod", 1000, "2026-01-10T13:00:00+08:00", "2026-01-10T14:00:00+08:00", "2026-01-10T15:10:00+08:00")
	w.advance("2026-01-10T16:00:00+08:00")
	if got := w.tally() + ", " + w.state(); got != "5400 billed, refused map[service_ended:5400], active since 2026-01-10T13:30" {
		t.Error(got)
	}
	w.agreed()
	w.rerun(t, w.corpus, "2026-01")
}

// TestComingBackUnderAGate: whether a debt keeps the service from being opened again
// is for the terms of the instant of the return to say, also when the hour began
// under others.
func TestComingBackUnderAGate(t *testing.T) {
	const opening = `
document: opening-terms
code: OT
version: "2025-06"
kind: special
issuer: aurora
title: Opening
binds: { products: [compute-payg] }
by: acceptance
announced: 2025-06-01
effective: 2025-06-01
clauses:
  - id: "1"
    text: A service is opened for whoever owes nothing.
    terms: { opening.gate: no_overdue_payables }
`
	w := newWorld(t, changing(t,
		editionOf(t, fileG, "2025-12", "2025-11-01", "2025-12-01", "opening.gate: no_overdue_payables", "price.rounding: half_up"),
		opening,
		strings.NewReplacer(`"2025-06"`, `"2026"`, "announced: 2025-06-01", "announced: 2026-01-01", "effective: 2025-06-01", "effective: 2026-02-01", "is opened", "is opened only").Replace(opening),
	))
	w.use("pod", 1000, "2026-01-10T12:00:00+08:00", "2026-01-10T14:00:00+08:00", "2026-01-10T12:00:00+08:00")
	w.accept("opening-terms", "2025-06", "2026-01-10T13:10:00+08:00")
	w.dissent("opening-terms", "2026-01-10T13:20:00+08:00", true)
	w.accept("opening-terms", "2025-06", "2026-01-10T13:30:00+08:00")
	w.advance("2026-01-10T15:00:00+08:00")
	if got := w.tally() + ", " + w.state(); got != "4800 billed, refused map[service_ended:2400], ended since 2026-01-10T13:20" {
		t.Error(got)
	}
	w.advance("2026-02-01T00:00:00+08:00")
	w.agreed()
	w.rerun(t, w.corpus, "2026-01")
}

// TestLeavingOwing: a debt keeps the service from being opened in the hour in which
// its customer leaves. What arrives for it when the debt is paid is charged until then.
func TestLeavingOwing(t *testing.T) {
	w := leaving(t, pageOf("disk", "PDISK", "", "effective: 2025-06-01"))
	w.useOf("disk", "d", 1000, "2026-01-10T11:00:00+08:00", "2026-01-10T12:00:00+08:00", "2026-01-10T11:00:00+08:00")
	w.use("pod", 1000, "2026-01-10T13:00:00+08:00", "2026-01-10T14:00:00+08:00", "2026-01-10T13:00:00+08:00")
	w.dissent("general-agreement", "2026-01-10T13:30:00+08:00", true)
	w.advance("2026-01-10T15:00:00+08:00")
	if got := w.tally() + ", " + w.state(); got != "3600 billed, refused map[payables_unsettled:3600], never used" {
		t.Error(got)
	}
	w.topUp("2026-01-10T15:00:00+08:00", "10")
	w.use("pod", 1000, "2026-01-10T13:00:00+08:00", "2026-01-10T14:00:00+08:00", "2026-01-10T15:10:00+08:00")
	w.advance("2026-01-10T16:00:00+08:00")
	if got := w.tally() + ", " + w.state(); got != "5400 billed, refused map[payables_unsettled:3600 service_ended:1800], ended since 2026-01-10T13:30" {
		t.Error(got)
	}
	w.agreed()
	w.rerun(t, w.corpus, "2026-01")
}

// TestUsageInAnyOrder: of an hour in which the service ended, usage of before the end
// and usage of after it arrive apart. Each is what it is, in whichever order it was
// recorded, sent and found.
func TestUsageInAnyOrder(t *testing.T) {
	const before, after = "13:00:00 13:30:00", "13:30:00 14:00:00"
	type part struct{ used, recorded, found string }
	for name, parts := range map[string][]part{
		"one after the other":                   {{after, "14:30:00", "14:30:00"}, {before, "14:40:00", "15:00:00"}},
		"found together":                        {{after, "14:30:00", ""}, {before, "14:40:00", "15:00:00"}},
		"recorded the other way round":          {{after, "14:40:00", ""}, {before, "14:30:00", "15:00:00"}},
		"in the instant of a settlement":        {{after, "14:30:00", "14:30:00"}, {before, "14:30:00", "15:00:00"}},
		"recorded before a settlement, later":   {{after, "14:40:00", "14:45:00"}, {before, "14:30:00", "15:00:00"}},
		"the first part, before a settlement":   {{before, "14:40:00", "14:45:00"}, {after, "14:30:00", "15:00:00"}},
		"the first part, in its very instant":   {{before, "14:30:00", "14:30:00"}, {after, "14:30:00", "15:00:00"}},
		"the first part, recorded as the later": {{before, "14:40:00", ""}, {after, "14:30:00", "15:00:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := leaving(t)
			w.topUp("2026-01-01T10:00:00+08:00", "100")
			w.use("pod", 1000, "2026-01-10T12:00:00+08:00", "2026-01-10T14:00:00+08:00", "2026-01-10T12:00:00+08:00")
			w.dissent("general-agreement", "2026-01-10T13:30:00+08:00", true)
			w.advance("2026-01-10T14:10:00+08:00")
			for _, p := range parts {
				from, to, _ := strings.Cut(p.used, " ")
				w.use("pod", 1000, "2026-01-10T"+from+"+08:00", "2026-01-10T"+to+"+08:00", "2026-01-10T"+p.recorded+"+08:00")
				if p.found != "" {
					w.advance("2026-01-10T" + p.found + "+08:00")
				}
			}
			if got := w.tally(); got != "7200 billed, refused map[service_ended:3600]" {
				t.Error(got)
			}
			w.agreed()
			w.rerun(t, w.corpus, "2026-01")
		})
	}
}

// TestLeavingForAnotherAgreement: who has left one agreement and accepts another,
// which ends the first, uses the service under that one; nothing ends it again.
func TestLeavingForAnotherAgreement(t *testing.T) {
	w := leaving(t)
	w.topUp("2026-01-01T10:00:00+08:00", "100")
	w.use("pod", 1000, "2026-01-05T00:00:00+08:00", "2026-01-05T01:00:00+08:00", "2026-01-05T01:00:00+08:00")
	w.advance("2026-01-06T00:00:00+08:00")
	w.dissent("general-agreement", "2026-01-10T00:00:00+08:00", true)
	w.accept("service-agreement", "2020-09-24", "2026-01-12T00:00:00+08:00")
	for _, hour := range []string{"13T00", "13T01", "13T02"} {
		from := "2026-01-" + hour + ":00:00+08:00"
		w.use("pod", 1000, from, w.zone.Format(instant(from).Add(calendar.HourLength)), w.zone.Format(instant(from).Add(calendar.HourLength)))
		w.advance(w.zone.Format(instant(from).Add(calendar.HourLength)))
	}
	if got := w.tally() + ", " + w.state(); got != "14400 billed, refused map[], active since 2026-01-13T00:00" {
		t.Error(got)
	}
	w.agreed()
}

// TestAnEndWaitsForNothing: a service ends although its terms say neither where
// notices go nor what must be paid to resume.
func TestAnEndWaitsForNothing(t *testing.T) {
	page := strings.NewReplacer(", notice.channels: [message]", "", ", resume.requires: principal_and_fees", "").
		Replace(pageOf("disk", "PDISK", "", "effective: 2025-06-01"))
	w := leaving(t, page)
	w.topUp("2026-01-01T10:00:00+08:00", "100")
	w.useOf("disk", "d", 1000, "2026-01-05T00:00:00+08:00", "2026-01-05T01:00:00+08:00", "2026-01-05T01:00:00+08:00")
	w.advance("2026-01-06T00:00:00+08:00")
	w.dissent("general-agreement", "2026-01-10T00:00:00+08:00", false)
	w.advance("2026-02-02T00:00:00+08:00")
	if s := w.books.Services["disk"]; s.State != subscription.Ended || s.Since != instant("2026-02-01T00:00:00+08:00") {
		t.Errorf("%+v", s)
	}
	w.agreed()
}

// feesPerDay lists the late fee of each day.
func (w *world) feesPerDay() string {
	var days []string
	for _, f := range w.log.LateFees {
		days = append(days, f.Day.String()[5:]+" "+f.Amount.String())
	}
	return strings.Join(days, ", ")
}

// TestComingBackInArrears: what is owed bears the fee of the rejected version from the
// day after the customer accepts it after all, and of none before.
func TestComingBackInArrears(t *testing.T) {
	w := leaving(t)
	w.use("pod", 100_000, "2026-01-30T00:00:00+08:00", "2026-01-30T01:00:00+08:00", "2026-01-30T00:00:00+08:00")
	w.dissent("general-agreement", "2026-01-31T00:00:00+08:00", false)
	w.advance("2026-02-03T00:00:00+08:00")
	w.accept("general-agreement", "2026", "2026-02-03T10:30:00+08:00")
	w.advance("2026-02-05T00:00:00+08:00")
	if got := w.feesPerDay(); got != "01-31 0.004500, 02-01 0.004500, 02-02 0.004500, 02-03 0.004500, 02-04 0.003600" {
		t.Error(got)
	}
	w.agreed()
}

// TestLeavingOverOneDocumentKeepsOthers: what the customer does not reject goes on
// changing, also the version of another document at the same instant.
func TestLeavingOverOneDocumentKeepsOthers(t *testing.T) {
	rules := nextOf(t, "agreements/billing-rules.yaml", "2026-02-01", "late_fee.method: simple", "late_fee.method: compound")
	w := leaving(t, rules)
	w.use("pod", 100_000, "2026-01-31T00:00:00+08:00", "2026-01-31T01:00:00+08:00", "2026-01-31T00:00:00+08:00")
	w.dissent("general-agreement", "2026-01-31T00:00:00+08:00", false)
	w.advance("2026-02-04T00:00:00+08:00")
	if got := w.feesPerDay(); got != "02-01 0.004500, 02-02 0.004502, 02-03 0.004505" {
		t.Error(got)
	}
	w.agreed()
}

// TestLeavingOverANewDocument: one that did not bind before never comes to bind who
// leaves over it.
func TestLeavingOverANewDocument(t *testing.T) {
	late := `
document: late-terms
code: LT
version: "2026"
kind: special
issuer: aurora
title: Late payment
binds: { products: [compute-payg] }
by: publication
announced: 2026-01-01
effective: 2026-02-01
clauses:
  - id: "1"
    text: The late payment fee is 0.02% a day.
    terms: { late_fee.rate: 0.02%/day }
`
	run := func(leaves, now bool) *world {
		w := newWorld(t, changing(t, late))
		w.use("pod", 100_000, "2026-01-31T00:00:00+08:00", "2026-02-01T01:00:00+08:00", "2026-01-31T00:00:00+08:00")
		w.advance("2026-01-31T02:00:00+08:00")
		if leaves {
			w.dissent("late-terms", "2026-01-31T03:00:00+08:00", now)
		}
		w.advance("2026-02-03T00:00:00+08:00")
		w.agreed()
		return w
	}
	left, stays := run(true, false), run(false, false)
	if now := run(true, true); now.state() != left.state() || now.tally() != left.tally() || now.feesPerDay() != left.feesPerDay() {
		t.Errorf("at once, before it binds: %s, %s, %s", now.state(), now.tally(), now.feesPerDay())
	}
	if left.state() != "ended since 2026-02-01T00:00" || !strings.HasSuffix(left.tally(), "refused map[service_ended:360000]") {
		t.Errorf("%s, %s", left.state(), left.tally())
	}
	if got, want := left.feesPerDay(), stays.feesPerDay(); got != "02-01 0.103500, 02-02 0.108000" || want == got {
		t.Errorf("%s; who stays %s", got, want)
	}
	for _, r := range left.log.Refused {
		must(t)(left.explained(r.Entry, r.Terms).Refused(r, left.log.Transitions, left.log.Notices, left.events))
	}
}
