package account_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/notice"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
)

// explained makes the case of a row as a store would: its entry, and the
// documents found again by what was kept of them.
func (w *world) explained(entry, set int64) account.Case {
	w.t.Helper()
	kept := w.log.Sets[set]
	c := account.Case{Account: w.books.ID, Currency: w.books.Currency, Zone: w.zone, Entry: w.log.Entries[entry-1]}
	if set == 0 {
		return c
	}
	rebuilt, err := w.corpus.Rebuild(kept.Refs, kept.Product)
	if err != nil {
		w.t.Fatal(err)
	}
	c.Set = rebuilt
	return c
}

func (w *world) bound(entry int64, product string) account.Case {
	w.t.Helper()
	c := w.explained(entry, 0)
	set, err := w.corpus.Bind(w.books.Subject(product), c.Entry.Effective, c.Entry.Recorded)
	if err != nil {
		w.t.Fatal(err)
	}
	c.Set = set
	return c
}

func must(t testing.TB) func(account.Explanation, error) account.Explanation {
	return func(x account.Explanation, err error) account.Explanation {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

// around gives what stands around an entry's transfers.
func (w *world) around(entry int64) account.Around {
	a := account.Around{Transfers: w.log.Transfers}
	for _, c := range w.log.Charges {
		if c.Entry == entry {
			a.Charges = append(a.Charges, c)
		}
	}
	for _, f := range w.log.LateFees {
		if f.Entry == entry {
			a.LateFees = append(a.LateFees, f)
		}
	}
	a.Books, _ = w.replay().Before(w.evidence(), entry)
	a.Reasons = w.replay().Reasons(w.evidence(), entry)
	return a
}

// every explains each row of the story, in the order of the rows' kinds.
func (w *world) every() []account.Explanation {
	ok := must(w.t)
	ev := w.evidence()
	var all []account.Explanation
	for _, r := range ev.Charges {
		all = append(all, ok(w.explained(r.Entry, r.Terms).Charge(r, ev.Events)))
	}
	for _, r := range ev.Refused {
		all = append(all, ok(w.explained(r.Entry, r.Terms).Refused(r, ev.Transitions, ev.Notices, ev.Events)))
	}
	for _, r := range ev.LateFees {
		before, fault := w.replay().Before(ev, r.Entry)
		if fault != nil {
			w.t.Fatal(fault)
		}
		all = append(all, ok(w.explained(r.Entry, r.Terms).LateFee(r, before)))
	}
	for _, r := range ev.Notices {
		all = append(all, ok(w.explained(r.Entry, r.Terms).Notice(r)))
	}
	for _, r := range ev.Transitions {
		all = append(all, ok(w.explained(r.Entry, r.Terms).Transition(r)))
	}
	for _, r := range ev.Transfers {
		a := w.around(r.Entry)
		all = append(all, ok(w.bound(r.Entry, a.Products(r)[0]).Transfer(r, a)))
	}
	return all
}

func TestEveryRowIsExplainedAndAgrees(t *testing.T) {
	w := wholeStory(t, 0)
	first := w.every()
	for _, x := range first {
		if !x.Agrees || x.What == "" || len(x.Clauses) == 0 || len(x.Arithmetic) == 0 && x.Kind != "notice" {
			t.Fatalf("%s: %q agrees %v with %d clauses and %d steps: %v", x.Kind, x.What, x.Agrees, len(x.Clauses), len(x.Arithmetic), x.Disagreements)
		}
		for _, u := range x.Clauses {
			if !u.Silent && (u.Text == "" || u.Hash == (terms.Hash{}) || u.Citation == "") {
				t.Fatalf("%s: the clause for %s has no text: %+v", x.Kind, u.Role, u)
			}
		}
	}
	again := wholeStory(t, 0).every()
	for i := range first {
		if diff := cmp.Diff(first[i], again[i], cmp.AllowUnexported(account.ClauseUse{})); diff != "" {
			t.Fatalf("the same rows are explained otherwise:\n%s", diff)
		}
	}
}

func TestAChargeIsWrittenOut(t *testing.T) {
	w := newWorld(t, sampleCorpus(t))
	w.topUp("2026-01-01T00:00:00+08:00", "10.00")
	w.use("pod", 12_000, "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.advance("2026-01-01T01:00:00+08:00")
	w.use("pod", 1, "2026-01-01T00:30:00+08:00", "2026-01-01T00:30:07+08:00", "2026-01-02T00:00:00+08:00")
	w.advance("2026-01-02T00:00:00+08:00")
	ev := w.evidence()
	first, late := ev.Charges[0], ev.Charges[1]
	x := must(t)(w.explained(first.Entry, first.Terms).Charge(first, ev.Events))
	want := []string{
		"event test pod2026-01-01T00:00:00+08:00: 12,000 × 3,600 s = 43,200,000 milli_vcpu_second",
		"43,200,000 ÷ 3,600,000 × 0.09 CNY = 1.08 CNY, rounded half_up → 1.080000",
	}
	if diff := cmp.Diff(want, x.Arithmetic); diff != "" {
		t.Errorf("arithmetic (-want +got):\n%s", diff)
	}
	if want := "12 vCPU·hour of cpu by pod on 2026-01-01 00:00 to 01:00 (UTC+8) cost 1.080000 CNY at 0.09 CNY per vCPU·hour."; x.What != want {
		t.Errorf("said %q, want %q", x.What, want)
	}
	for _, clause := range [][2]string{{"P", "1"}, {"R", "1"}, {"P", "2"}, {"G", "2.3.2"}} {
		if !x.Cites(clause[0], clause[1]) {
			t.Errorf("the price does not cite %s %s", clause[0], clause[1])
		}
	}
	x = must(t)(w.explained(late.Entry, late.Terms).Charge(late, ev.Events))
	if last := x.Arithmetic[len(x.Arithmetic)-1]; last != "1.080000 − 1.080000 charged before = 0.000000 CNY" || !x.Agrees {
		t.Errorf("the late line ends with %q", last)
	}
}

func TestALateFeeNamesItsDebts(t *testing.T) {
	w := wholeStory(t, 0)
	fee := w.log.LateFees[0]
	before, fault := w.replay().Before(w.evidence(), fee.Entry)
	if fault != nil {
		t.Fatal(fault)
	}
	x := must(t)(w.explained(fee.Entry, fee.Terms).LateFee(fee, before))
	if !strings.Contains(strings.Join(x.Arithmetic, "\n"), "on day 1 of its delay") || !x.Cites("G", "2.3") || !x.Cites("R", "3") {
		t.Errorf("explained by %v", x.Arithmetic)
	}
	without := must(t)(w.explained(fee.Entry, fee.Terms).LateFee(fee, nil))
	if !without.Agrees || without.Recomputed != x.Recomputed {
		t.Errorf("without its debts it is %s", without.Recomputed)
	}
	before.Debts[0].Outstanding++
	if x := must(t)(w.explained(fee.Entry, fee.Terms).LateFee(fee, before)); x.Agrees {
		t.Error("a base that the debts do not give agrees")
	}
}

func TestASuspensionSaysWhenItWasAllowed(t *testing.T) {
	w := wholeStory(t, 0)
	i := slices.IndexFunc(w.log.Transitions, func(m account.Moved) bool { return m.To == subscription.Suspended })
	row := w.log.Transitions[i]
	x := must(t)(w.explained(row.Entry, row.Terms).Transition(row))
	want := []string{
		"arrears since 2026-01-01 06:00, and 24 hours later",
		"notice recorded at 2026-01-01 06:00, and 24 hours later",
		"the earliest instant is 2026-01-02 06:00; it was done at 2026-01-02 06:00",
	}
	if diff := cmp.Diff(want, x.Arithmetic); diff != "" {
		t.Errorf("arithmetic (-want +got):\n%s", diff)
	}
	row.At -= calendar.Instant(calendar.Second)
	row.Digest = row.Seal(w.books.ID)
	if x := must(t)(w.explained(row.Entry, row.Terms).Transition(row)); x.Agrees {
		t.Error("a suspension before its time agrees")
	}
}

func TestAChangedRowDoesNotAgree(t *testing.T) {
	w := wholeStory(t, 0)
	ev := w.evidence()
	ok := must(t)
	resealed := func(ok bool, change func()) bool {
		if ok {
			change()
		}
		return ok
	}
	for _, seal := range []bool{false, true} { // whether its digest was made to fit
		charge := ev.Charges[0]
		charge.Amount++
		resealed(seal, func() { charge.Digest = charge.Seal(w.books.ID) })
		refused := ev.Refused[0]
		refused.Code = refusal.Released
		resealed(seal, func() { refused.Digest = refused.Seal(w.books.ID) })
		fee := ev.LateFees[0]
		fee.Amount++
		resealed(seal, func() { fee.Digest = fee.Seal(w.books.ID) })
		told := ev.Notices[0]
		told.Kind = notice.WasReleased
		resealed(seal, func() { told.Digest = told.Seal(w.books.ID) })
		moved := ev.Transitions[0]
		moved.To = subscription.Released
		resealed(seal, func() { moved.Digest = moved.Seal(w.books.ID) })
		for name, x := range map[string]account.Explanation{
			"charge":     ok(w.explained(charge.Entry, charge.Terms).Charge(charge, ev.Events)),
			"refused":    ok(w.explained(refused.Entry, refused.Terms).Refused(refused, ev.Transitions, ev.Notices, ev.Events)),
			"late fee":   ok(w.explained(fee.Entry, fee.Terms).LateFee(fee, nil)),
			"notice":     ok(w.explained(told.Entry, told.Terms).Notice(told)),
			"transition": ok(w.explained(moved.Entry, moved.Terms).Transition(moved)),
		} {
			if x.Agrees || len(x.Disagreements) == 0 {
				t.Errorf("a changed %s agrees (digest made to fit: %v)", name, seal)
			}
		}
		for _, row := range ev.Transfers {
			row.Transfer.Amount++
			resealed(seal, func() { row.Digest = row.Seal(w.books.ID) })
			a := w.around(row.Entry)
			if x := ok(w.bound(row.Entry, a.Products(row)[0]).Transfer(row, a)); x.Agrees {
				t.Errorf("a changed transfer for %s agrees (digest made to fit: %v)", row.Purpose, seal)
			}
		}
	}
}

func TestTransfersOfEveryPurposeAreExplained(t *testing.T) {
	w := wholeStory(t, 0)
	want := map[ledger.Purpose]string{
		ledger.TopUp:       "were paid in by bank_remittance",
		ledger.Charge:      "The usage of compute-payg that was settled at",
		ledger.Payment:     "were taken from the wallet",
		ledger.LateFee:     "became owed",
		ledger.LateFeePaid: "for late fees owed to aurora",
	}
	for _, row := range w.log.Transfers {
		a := w.around(row.Entry)
		x := must(t)(w.bound(row.Entry, a.Products(row)[0]).Transfer(row, a))
		if words, left := want[row.Purpose]; left && strings.Contains(x.What, words) {
			delete(want, row.Purpose)
		}
	}
	if len(want) > 0 {
		t.Errorf("not explained: %v", want)
	}
}

func TestAcceptancesAreExplained(t *testing.T) {
	w := wholeStory(t, 0)
	row := w.log.Acceptances[0]
	c := w.bound(row.Entry, "compute-payg")
	i := slices.IndexFunc(c.Set.Documents(), func(d *terms.Document) bool { return d.ID == row.Document })
	d := c.Set.Documents()[i]
	row.TextHash = d.Hash
	row.Digest = row.Seal(w.books.ID)
	if x := must(t)(c.Acceptance(row, d, nil, nil)); !x.Agrees || !x.Cites("G", "0.3") {
		t.Errorf("%q agrees %v: %v", x.What, x.Agrees, x.Disagreements)
	}
	row.TextHash[0] ^= 1
	if x := must(t)(c.Acceptance(row, d, nil, nil)); x.Agrees {
		t.Error("another text agrees")
	}
}
