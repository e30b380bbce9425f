package account_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/notice"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
)

func TestAnHourIsChargedAndDeducted(t *testing.T) {
	w := newWorld(t, sampleCorpus(t))
	w.topUp("2026-01-01T00:00:00+08:00", "10.00")
	w.use("pod", 2000, "2026-01-01T00:00:00+08:00", "2026-01-01T01:30:00+08:00", "2026-01-01T00:00:00+08:00")
	w.advance("2026-01-01T01:00:00+08:00")
	if got := w.wallet(); got != "9.820000" { // 2 vCPU × 1 h × 0.09
		t.Errorf("wallet after one hour = %s", got)
	}
	d := w.advance("2026-01-01T02:00:00+08:00")
	if got := w.wallet(); got != "9.730000" {
		t.Errorf("wallet after the second hour = %s", got)
	}
	if d.NextDue != calendar.EndOfTime {
		t.Errorf("something is still due at %s", d.NextDue)
	}
}

func TestLateUsageBillsTheDifferenceRoundedOnTheWhole(t *testing.T) {
	once, twice := newWorld(t, sampleCorpus(t)), newWorld(t, sampleCorpus(t))
	const from, to = "2026-01-01T00:00:00+08:00", "2026-01-01T00:00:07+08:00"
	once.use("pod", 1, from, to, from)
	once.use("pod", 2, "2026-01-01T00:10:00+08:00", "2026-01-01T00:10:11+08:00", from)
	once.advance("2026-01-01T05:00:00+08:00")

	twice.use("pod", 1, from, to, from)
	twice.advance("2026-01-01T05:00:00+08:00")
	twice.use("pod", 2, "2026-01-01T00:10:00+08:00", "2026-01-01T00:10:11+08:00", "2026-01-01T05:00:00+08:00")
	twice.advance("2026-01-01T05:00:00+08:00")
	if once.charged() != twice.charged() || once.charged() == 0 {
		t.Errorf("charged %s at once, %s with a late event", once.charged(), twice.charged())
	}
	last := twice.log.Charges[len(twice.log.Charges)-1]
	if last.Sequence != 2 {
		t.Errorf("the late line has sequence %d", last.Sequence)
	}
}

func TestTheWholeStoryOfArrears(t *testing.T) {
	w := arrearsStory(t)
	var got []string
	for _, n := range w.log.Notices {
		got = append(got, w.zone.Format(n.Recorded)+" "+string(n.Kind))
	}
	want := []string{
		"2026-01-01T06:00:00+08:00 arrears_began", // 5 hours are paid, the sixth is not
		"2026-01-02T06:00:00+08:00 was_suspended",
		"2026-01-14T06:00:00+08:00 release_warning",
		"2026-01-17T06:00:00+08:00 was_released",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	if state := w.books.Services["compute-payg"].State; state != subscription.Released {
		t.Errorf("the service is %s", state)
	}
	// Thirty hours at 0.90 were charged until the suspension, 5.00 of them paid.
	if owed := w.books.Balances.Owed(ledger.Receivable("aurora")); owed != amount(t, "22.00") {
		t.Errorf("owed %s", owed)
	}
	if len(w.log.Refused) == 0 || w.log.Refused[0].Code != refusal.Suspended {
		t.Error("usage after the suspension was not refused")
	}
}

// arrearsStory runs a resource that costs 0.90 an hour on a wallet of 5.00 for
// nineteen days.
func arrearsStory(t *testing.T) *world {
	w := newWorld(t, sampleCorpus(t))
	w.topUp("2026-01-01T00:00:00+08:00", "5.00")
	w.use("pod", 10_000, "2026-01-01T00:00:00+08:00", "2026-01-20T00:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.advance("2026-01-20T00:00:00+08:00")
	return w
}

func TestOneLeapEqualsManySteps(t *testing.T) {
	leap := arrearsStory(t)
	steps := newWorld(t, sampleCorpus(t))
	steps.topUp("2026-01-01T00:00:00+08:00", "5.00")
	steps.use("pod", 10_000, "2026-01-01T00:00:00+08:00", "2026-01-20T00:00:00+08:00", "2026-01-01T00:00:00+08:00")
	for at := start; at <= instant("2026-01-20T00:00:00+08:00"); at = at.Add(37 * calendar.Minute) {
		steps.advance(steps.zone.Format(at))
	}
	steps.advance("2026-01-20T00:00:00+08:00")
	if leap.books.Head != steps.books.Head {
		t.Errorf("the journal of a leap ends in %s after %d entries, that of steps in %s after %d",
			leap.books.Head, leap.books.Seq, steps.books.Head, steps.books.Seq)
	}
}

func TestPaymentUndoesSuspension(t *testing.T) {
	w := newWorld(t, sampleCorpus(t))
	w.use("pod", 10_000, "2026-01-01T00:00:00+08:00", "2026-01-06T00:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.advance("2026-01-03T00:00:00+08:00")
	if state := w.books.Services["compute-payg"].State; state != subscription.Suspended {
		t.Fatalf("the service is %s", state)
	}
	owed := w.books.Balances.Owed(ledger.Receivable("aurora"))
	fees := w.books.Balances.Owed(ledger.FeesReceivable("aurora", "compute-payg"))
	if fees == 0 {
		t.Fatal("a day of arrears bore no late fee")
	}
	w.topUp("2026-01-03T10:15:00+08:00", owed.String()) // the principal alone does not resume it
	if state := w.books.Services["compute-payg"].State; state != subscription.Suspended {
		t.Fatalf("after the principal the service is %s", state)
	}
	w.topUp("2026-01-03T10:20:00+08:00", (fees + 100_000_000).String())
	if state := w.books.Services["compute-payg"].State; state != subscription.Active {
		t.Fatalf("after principal and fees the service is %s", state)
	}
	last := w.log.Notices[len(w.log.Notices)-1]
	if last.Kind != notice.WasResumed {
		t.Errorf("the last notice is %s", last.Kind)
	}
	before := len(w.log.Charges)
	w.advance("2026-01-03T11:00:00+08:00")
	charge := w.log.Charges[before]
	if want := int64(10_000 * 40 * 60); charge.Quantity != want { // 10:20 to 11:00
		t.Errorf("the hour of resumption bills %d, want %d", charge.Quantity, want)
	}
}

func TestReleasedResourcesStayClosedAndNewOnesOpenAfterPayment(t *testing.T) {
	w := newWorld(t, sampleCorpus(t))
	w.use("old", 10_000, "2026-01-01T00:00:00+08:00", "2026-02-01T00:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.use("new", 10_000, "2026-01-20T00:00:00+08:00", "2026-02-01T00:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.advance("2026-01-25T00:30:00+08:00")
	if state := w.books.Services["compute-payg"].State; state != subscription.Released {
		t.Fatalf("the service is %s", state)
	}
	w.topUp("2026-01-25T00:30:00+08:00", "1000")
	w.advance("2026-01-25T02:00:00+08:00")
	codes := map[string]refusal.Code{}
	for _, r := range w.log.Refused {
		codes[r.Resource] = r.Code
	}
	want := map[string]refusal.Code{"old": refusal.Released, "new": refusal.PayablesUnsettled}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Errorf("last refusals (-want +got):\n%s", diff)
	}
	last := w.log.Charges[len(w.log.Charges)-2:]
	if last[0].Resource != "new" || last[0].Quantity != 10_000*1800 || last[1].Quantity != 10_000*3600 {
		t.Errorf("after payment the bill is %+v", last)
	}
}

func TestANoticeThatComesLatePostponesTheStep(t *testing.T) {
	w := newWorld(t, sampleCorpus(t))
	w.late = 50 * calendar.HourLength // nobody looked for fifty hours
	w.use("pod", 10_000, "2026-01-01T00:00:00+08:00", "2026-01-20T00:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.advance("2026-01-20T00:00:00+08:00")
	for _, m := range w.log.Transitions {
		if m.To == subscription.Suspended {
			if want := instant("2026-01-01T01:00:00+08:00").Add(50*calendar.HourLength + 24*calendar.HourLength); m.At != want {
				t.Errorf("suspended at %s, want %s", m.At, want)
			}
			return
		}
	}
	t.Error("the service was never suspended")
}

func TestTopUpRefusesInOrder(t *testing.T) {
	w := newWorld(t, sampleCorpus(t))
	cases := []struct {
		name string
		top  account.TopUp
		want refusal.Code
	}{
		{"no money, whatever else is wrong", account.TopUp{}, refusal.BadInput},
		{"no reference, whatever the method", account.TopUp{Amount: 1, Method: "cheque"}, refusal.BadInput},
		{"a method that the agreement does not list", account.TopUp{Amount: 1, Method: "cheque", Reference: "r"}, refusal.MethodNotOffered},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := w.books.TopUp(w.env(), c.top, start)
			if got := refusal.CodeOf(err); got != c.want {
				t.Errorf("refused with %q (%v), want %q", got, err, c.want)
			}
		})
	}
}
