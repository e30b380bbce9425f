package account_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"termwise.dev/core/account"
	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
)

// evidence gives everything that a store would keep of the world's account.
func (w *world) evidence() *account.Evidence {
	w.log.Account = w.books.ID
	lines, err := w.log.Lines()
	if err != nil {
		w.t.Fatal(err)
	}
	ev := &account.Evidence{
		Account: *w.books, NextDue: w.books.At,
		Entries: slices.Clone(w.log.Entries), Lines: lines, Refused: slices.Clone(w.log.Refused),
		LateFees: slices.Clone(w.log.LateFees), NoticeRows: w.log.NoticeRows(), Acceptances: slices.Clone(w.log.Acceptances),
		Lapses: slices.Clone(w.log.Lapses), AddOns: slices.Clone(w.log.AddOns),
		State: w.books.PackState(), Resources: map[account.Resource]calendar.Instant{},
	}
	if err := ev.Account.UnpackState(ev.State); err != nil {
		w.t.Fatal(err)
	}
	if ev.Totals, err = w.books.Totals(); err != nil {
		w.t.Fatal(err)
	}
	ev.Account.OpenAfter = calendar.EndOfTime
	for _, hour := range slices.Sorted(maps.Keys(w.hours)) {
		h := w.hours[hour]
		buckets, err := h.Buckets()
		if err != nil {
			w.t.Fatal(err)
		}
		if h.Open {
			ev.Account.OpenAfter = min(ev.Account.OpenAfter, hour.End())
		}
		ev.Hours, ev.Buckets = append(ev.Hours, h), append(ev.Buckets, buckets...)
	}
	ev.Account.Intake.Parcels = int64(len(w.parcels))
	ev.Parcels = slices.Clone(w.parcels)
	ev.Unpack()
	ev.OpenLines()
	for _, e := range w.events[:ev.Account.Intake.Folded] {
		r := account.Resource{Product: e.Product, Resource: e.Resource}
		if at, seen := ev.Resources[r]; !seen || e.From < at {
			ev.Resources[r] = e.From
		}
	}
	return ev
}

// state changes the state of an account, and writes it as it is written.
func state(change func(*account.Books)) func(*account.Evidence) {
	return func(ev *account.Evidence) {
		change(&ev.Account)
		ev.State = ev.Account.PackState()
	}
}

func (w *world) replay() account.Replay {
	return account.Replay{Terms: w.corpus, Zone: w.zone, Virtual: w.late == 0, Now: w.books.At.Add(w.late)}
}

// wholeStory has usage, late usage, arrears, late fees, a suspension and a
// release, partial payments, a resumption and a second opening.
func wholeStory(t testing.TB, late calendar.Duration) *world {
	w := newWorld(t, sampleCorpus(t))
	w.late = late
	w.topUp("2026-01-01T00:00:00+08:00", "5.00")
	w.use("pod", 10_000, "2026-01-01T00:00:00+08:00", "2026-01-20T00:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.advance("2026-01-03T00:00:00+08:00")
	w.use("pod", 500, "2026-01-01T00:30:00+08:00", "2026-01-01T03:00:00+08:00", "2026-01-03T00:00:00+08:00")
	w.topUp("2026-01-03T10:15:00+08:00", "7.00")
	w.advance("2026-01-04T00:00:00+08:00")
	w.topUp("2026-01-04T10:20:00+08:00", "120.00") // resumes
	w.advance("2026-01-25T00:30:00+08:00")         // into arrears again, to the release
	w.use("new", 10_000, "2026-01-24T00:00:00+08:00", "2026-01-26T00:00:00+08:00", "2026-01-25T00:30:00+08:00")
	w.topUp("2026-01-25T00:30:00+08:00", "1000")
	w.advance("2026-01-26T03:00:00+08:00")
	return w
}

func TestAnHonestHistoryBreaksNoTruth(t *testing.T) {
	for name, late := range map[string]calendar.Duration{"on a virtual clock": 0, "on a real clock": 50 * calendar.HourLength} {
		t.Run(name, func(t *testing.T) {
			w := wholeStory(t, late)
			if len(w.log.LateFees) == 0 || len(w.log.Refused) == 0 || len(w.log.Transitions) < 4 {
				t.Fatalf("the story is dull: %d late fees, %d refusals, %d moves", len(w.log.LateFees), len(w.log.Refused), len(w.log.Transitions))
			}
			findings := w.evidence().Check(w.replay())
			for _, f := range findings.Faults {
				t.Errorf("truth %d: %v %v %s", f.Truth, f.RowID, f.Key, f)
			}
			for _, truth := range []account.Truth{1, 2, 3, 5, 7, 8, 9, 10} {
				if findings.Checked[truth] == 0 {
					t.Errorf("nothing was held against truth %d", truth)
				}
			}
		})
	}
}

// Any usage, payments, acts and pauses give a history that replays.
func TestEveryHistoryReplays(t *testing.T) {
	corpus := sampleCorpus(t)
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, corpus)
		now := start
		for i := range rapid.IntRange(1, 12).Draw(rt, "steps") {
			now = now.Add(calendar.Duration(rapid.IntRange(0, 400).Draw(rt, "minutes")) * 13 * calendar.Minute)
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0:
				w.topUp(w.zone.Format(now), money.Amount(rapid.Int64Range(1, 60_000_000).Draw(rt, "money")).String())
			case 1:
				from := now.Add(-calendar.Duration(rapid.IntRange(0, int(now-start)/int(calendar.Minute)).Draw(rt, "ago")) * calendar.Minute)
				to := from.Add(calendar.Duration(rapid.IntRange(1, 5000).Draw(rt, "long")) * calendar.Minute)
				resource := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "resource")
				w.use(resource, int64(1000*(i+1)), w.zone.Format(from), w.zone.Format(to), w.zone.Format(now))
			case 2:
				w.drawAct(rt, w.env(), now)
			default:
				w.advance(w.zone.Format(now))
			}
		}
		for _, f := range w.evidence().Check(w.replay()).Faults {
			rt.Errorf("truth %d: %v %v %s", f.Truth, f.RowID, f.Key, f)
		}
	})
}

func TestEveryChangeIsFoundAndNamed(t *testing.T) {
	type change struct {
		name  string
		do    func(*account.Evidence)
		table account.Table
	}
	cases := []change{
		{"a charge's amount", func(ev *account.Evidence) { ev.Charges[3].Amount++ }, account.InCharges},
		{"a charge's quantity", func(ev *account.Evidence) { ev.Charges[3].Quantity-- }, account.InCharges},
		{"a charge, with its digest", func(ev *account.Evidence) {
			c := &ev.Charges[3]
			c.Amount++
			c.Digest = c.Seal(ev.Account.ID)
		}, account.InCharges},
		{"a refusal's reason", func(ev *account.Evidence) { ev.Refused[0].Code = "resource_released" }, account.InRefused},
		{"a transfer's account", func(ev *account.Evidence) { ev.Transfers[0].Credit = "wallex" }, account.InTransfers},
		{"a late fee's day", func(ev *account.Evidence) { ev.LateFees[0].Day-- }, account.InLateFees},
		{"a late fee's base, with its digest", func(ev *account.Evidence) {
			f := &ev.LateFees[0]
			f.Base--
			f.Digest = f.Seal(ev.Account.ID)
		}, account.InLateFees},
		{"a notice's time", func(ev *account.Evidence) { ev.Notices[0].Recorded-- }, account.InNotices},
		{"a move's time", func(ev *account.Evidence) { ev.Transitions[1].At++ }, account.InTransitions},
		{"an acceptance's text", func(ev *account.Evidence) { ev.Acceptances[0].TextHash[5] ^= 1 }, account.InAcceptances},
		{"two digests", func(ev *account.Evidence) {
			ev.Charges[1].Digest, ev.Charges[2].Digest = ev.Charges[2].Digest, ev.Charges[1].Digest
		}, account.InCharges},
		{"a payload", func(ev *account.Evidence) { ev.Entries[2].Payload += " " }, account.InJournal},
		{"a seal", func(ev *account.Evidence) { ev.Entries[2].Rows[0] ^= 1 }, account.InJournal},
		{"a hash", func(ev *account.Evidence) { ev.Entries[2].Hash[0] ^= 1 }, account.InJournal},
		{"an actor", func(ev *account.Evidence) { ev.Entries[0].Actor = "other" }, account.InJournal},
		{"an entry, gone", func(ev *account.Evidence) { ev.Entries = slices.Delete(ev.Entries, 4, 5) }, account.InJournal},
		{"the last entry, gone", func(ev *account.Evidence) { ev.Entries = ev.Entries[:len(ev.Entries)-1] }, account.InJournal},
		{"a charge, gone", func(ev *account.Evidence) { ev.Charges = slices.Delete(ev.Charges, 4, 5) }, account.InCharges},
		{"a refusal, gone", func(ev *account.Evidence) { ev.Refused = slices.Delete(ev.Refused, 4, 5) }, account.InRefused},
		{"a late fee, gone", func(ev *account.Evidence) { ev.LateFees = slices.Delete(ev.LateFees, 1, 2) }, account.InLateFees},
		{"a transfer, gone", func(ev *account.Evidence) { ev.Transfers = slices.Delete(ev.Transfers, 1, 2) }, account.InTransfers},
		{"a notice, gone", func(ev *account.Evidence) { ev.Notices = slices.Delete(ev.Notices, 1, 2) }, account.InNotices},
		{"a move, gone", func(ev *account.Evidence) { ev.Transitions = slices.Delete(ev.Transitions, 1, 2) }, account.InTransitions},
		{"an acceptance, gone", func(ev *account.Evidence) { ev.Acceptances = nil }, account.InAcceptances},
		{"a forged charge", func(ev *account.Evidence) {
			c := ev.Charges[0]
			c.RowID.Line = 9
			c.Digest = c.Seal(ev.Account.ID)
			ev.Charges = slices.Insert(ev.Charges, 1, c)
		}, account.InCharges},
		{"a balance", state(func(b *account.Books) { b.Balances[ledger.Wallet]++ }), account.InAccounts},
		{"a balance of nothing, gone", state(func(b *account.Books) {
			for name, balance := range b.Balances {
				if balance == 0 {
					delete(b.Balances, name)
				}
			}
		}), account.InAccounts},
		{"a balance, gone", state(func(b *account.Books) { delete(b.Balances, ledger.Wallet) }), account.InAccounts},
		{"a debt that nobody owes", state(func(b *account.Books) { b.Debts = arrears.Debts{{Seller: "aurora", Outstanding: 1}} }), account.InAccounts},
		{"a service's state", state(func(b *account.Books) { b.Services["compute-payg"].State = "suspended" }), account.InAccounts},
		{"a service's arrears", state(func(b *account.Books) { b.Services["compute-payg"].ArrearsSince = 1 }), account.InAccounts},
		{"a service's past", state(func(b *account.Books) { b.Services["compute-payg"].History[1].At++ }), account.InAccounts},
		{"a service, gone", state(func(b *account.Books) { b.Services = nil }), account.InAccounts},
		{"what was accepted", state(func(b *account.Books) { b.Acceptances[0].At-- }), account.InAccounts},
		{"who accepted it", state(func(b *account.Books) { b.Acceptances[0].Actor = "other" }), account.InAccounts},
		{"an exit that nobody made", state(func(b *account.Books) { b.Exits = []account.Exit{{Document: "general-agreement", At: 1}} }), account.InAccounts},
		{"an end that nobody was told of", state(func(b *account.Books) { b.Ends = []account.End{{Document: "general-agreement", At: 1}} }), account.InAccounts},
		{"a lapse that never was", state(func(b *account.Books) { b.Lapses = []account.Lapsed{{Order: "o"}} }), account.InAccounts},
		{"how the state is written", func(ev *account.Evidence) { ev.State = append(slices.Clone(ev.State), 0) }, account.InAccounts},
		{"what lists say the wallet holds", func(ev *account.Evidence) { ev.Totals.Wallet++ }, account.InAccounts},
		{"what lists say is owed", func(ev *account.Evidence) { ev.Totals.Owed++ }, account.InAccounts},
		{"which late fees lists say are owed", func(ev *account.Evidence) { ev.Totals.Fees++ }, account.InAccounts},
		{"that lists say it is in arrears", func(ev *account.Evidence) { ev.Totals.InArrears = !ev.Totals.InArrears }, account.InAccounts},
		{"when usage in buckets falls due", func(ev *account.Evidence) { ev.Account.OpenAfter++ }, account.InAccounts},
		{"usage", func(ev *account.Evidence) { ev.Parcels[0].Content = ev.Parcels[1].Content }, account.InUsage},
		{"usage that cannot be read", func(ev *account.Evidence) {
			p := &ev.Parcels[0]
			p.Content = p.Content[1:]
			p.Digest = p.Seal(ev.Account.ID)
		}, account.InUsage},
		{"an interval that would never end", func(ev *account.Evidence) {
			e := ev.Events[0].Event
			e.To = calendar.EndOfTime
			digest := ev.Parcels[0].Digest
			ev.Parcels[0] = *account.NewParcel(ev.Account.ID, 1, ev.Parcels[0].Recorded, []metering.Event{e})
			ev.Parcels[0].Digest = digest
		}, account.InUsage},
		{"usage, gone", func(ev *account.Evidence) { ev.Parcels = ev.Parcels[1:] }, account.InUsage},
		{"the last usage, gone", func(ev *account.Evidence) { ev.Parcels = ev.Parcels[:1] }, account.InUsage},
		{"an event in two parcels", func(ev *account.Evidence) {
			p := ev.Parcels[len(ev.Parcels)-1]
			ev.Parcels = append(ev.Parcels, *account.NewParcel(ev.Account.ID, p.Number+1, p.Recorded, []metering.Event{ev.Events[0].Event}))
			ev.Account.Intake.Parcels++
		}, account.InUsage},
		{"how many parcels came", func(ev *account.Evidence) { ev.Account.Intake.Parcels++ }, account.InAccounts},
		{"how many parcels are in buckets", func(ev *account.Evidence) { ev.Account.Intake.Folded = 99 }, account.InAccounts},
		{"fewer parcels in buckets", func(ev *account.Evidence) { ev.Account.Intake.Folded-- }, account.InBuckets},
		{"how many parcels are indexed", func(ev *account.Evidence) { ev.Account.Intake.Indexed = 99 }, account.InAccounts},
		{"where buckets end", func(ev *account.Evidence) { ev.Account.Intake.To-- }, account.InAccounts},
		{"a bucket's total", func(ev *account.Evidence) { ev.Buckets[0].Total++ }, account.InBuckets},
		{"what a bucket says was billed", func(ev *account.Evidence) { ev.Buckets[0].Billed-- }, account.InBuckets},
		{"a bucket's last touch", func(ev *account.Evidence) { ev.Buckets[0].Touched-- }, account.InBuckets},
		{"a settled bucket's arrival", func(ev *account.Evidence) { ev.Buckets[0].Pending++ }, account.InBuckets},
		{"how an hour is written", func(ev *account.Evidence) { ev.Hours[0].Content = append(slices.Clone(ev.Hours[0].Content), 0) }, account.InBuckets},
		{"that an hour is open", func(ev *account.Evidence) { ev.Hours[0].Open = !ev.Hours[0].Open }, account.InBuckets},
		{"a bucket, gone", func(ev *account.Evidence) { ev.Buckets = ev.Buckets[1:] }, account.InBuckets},
		{"a resource's first use", func(ev *account.Evidence) { ev.Resources[account.Resource{Product: "compute-payg", Resource: "pod"}]++ }, account.InResources},
		{"the account's name", func(ev *account.Evidence) { ev.Account.Name = "Other" }, account.InAccounts},
		{"the account's opening", func(ev *account.Evidence) { ev.Account.Opened++ }, account.InAccounts},
		{"the account's time", func(ev *account.Evidence) { ev.Account.At++ }, account.InAccounts},
		{"the account's head", func(ev *account.Evidence) { ev.Account.Head[1] ^= 1 }, account.InAccounts},
		{"the account's next time", func(ev *account.Evidence) { ev.NextDue = calendar.EndOfTime }, account.InAccounts},
	}
	w := wholeStory(t, 0)
	w.use("open", 1000, "2026-01-26T03:00:00+08:00", "2026-01-26T05:00:00+08:00", "2026-01-26T03:00:00+08:00")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ev := w.evidence()
			c.do(ev)
			ev.Unpack()
			findings := ev.Check(w.replay())
			named := func(f *account.Fault) bool { return f.Table == c.table }
			if !slices.ContainsFunc(findings.Faults, named) {
				t.Errorf("no fault names %s; found %v", c.table, findings.Faults)
			}
		})
	}
}

// Usage that is said to have come at another time of its hour adds up to the same, and
// all digests are right; but the service was closed then, or was not.
func TestUsageThatWasMovedWithinItsHour(t *testing.T) {
	w := newWorld(t, sampleCorpus(t))
	w.topUp("2026-01-01T00:00:00+08:00", "5.00")
	w.use("pod", 10_000, "2026-01-01T00:00:00+08:00", "2026-01-20T00:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.advance("2026-01-04T00:00:00+08:00")
	w.topUp("2026-01-04T10:20:00+08:00", "120.00") // resumes
	w.use("short", 6000, "2026-01-04T10:10:00+08:00", "2026-01-04T10:30:00+08:00", "2026-01-04T10:30:00+08:00")
	w.advance("2026-01-04T12:00:00+08:00")
	for _, c := range []struct {
		by   calendar.Duration
		says string
	}{{0, ""}, {10 * calendar.Minute, "events give 7200000 and 0"}, {-10 * calendar.Minute, "events give 0 and 7200000"}} {
		ev := w.evidence()
		p := &ev.Parcels[len(ev.Parcels)-1]
		e := ev.Events[len(ev.Events)-1].Event
		e.From, e.To = e.From.Add(c.by), e.To.Add(c.by)
		*p = *account.NewParcel(ev.Account.ID, p.Number, p.Recorded, []metering.Event{e})
		ev.Resources[account.Resource{Product: e.Product, Resource: e.Resource}] = e.From
		ev.Unpack()
		faults := ev.Check(w.replay()).Faults
		found := len(faults) == 1 && faults[0].Table == account.InJournal && strings.Contains(faults[0].Error(), c.says)
		if c.says == "" && len(faults) > 0 || c.says != "" && !found {
			t.Errorf("moved by %v: %v", c.by, faults)
		}
	}
}

// A debt of another amount, seller, product, day or instant is found, and one that is gone.
func TestEveryChangeOfADebtIsFound(t *testing.T) {
	w := newWorld(t, sampleCorpus(t))
	w.use("pod", 10_000, "2026-01-01T00:00:00+08:00", "2026-01-01T02:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.advance("2026-01-02T12:00:00+08:00")
	for name, change := range map[string]func(*account.Books){
		"amount":  func(b *account.Books) { b.Debts[1].Outstanding++ },
		"seller":  func(b *account.Books) { b.Debts[1].Seller = "northline" },
		"product": func(b *account.Books) { b.Debts[1].Product = "object-store" },
		"day":     func(b *account.Books) { b.Debts[1].Due++ },
		"instant": func(b *account.Books) { b.Debts[1].Since++ },
		"gone":    func(b *account.Books) { b.Debts = b.Debts[:1] },
	} {
		ev := w.evidence()
		if faults := ev.Check(w.replay()).Faults; len(faults) > 0 {
			t.Fatalf("before: %v", faults)
		}
		state(change)(ev)
		var err error
		if ev.Totals, err = ev.Account.Totals(); err != nil {
			t.Fatal(err)
		}
		faults := ev.Check(w.replay()).Faults
		if !slices.ContainsFunc(faults, func(f *account.Fault) bool { return f.Table == account.InAccounts && strings.Contains(f.Key, "debt") }) {
			t.Errorf("%s: found %v", name, faults)
		}
	}
}

// A virtual clock that was turned back stands before what it has brought.
func TestAClockThatWasTurnedBack(t *testing.T) {
	w := wholeStory(t, 0)
	replay := w.replay()
	replay.Now--
	faults := w.evidence().Check(replay).Faults
	if len(faults) != 1 || faults[0].Table != account.InAccounts || !strings.Contains(faults[0].Message, "the clock stands at") {
		t.Errorf("found %v", faults)
	}
}

// What was changed by hand to an instant at which even what never ends would have ended
// is a fault, and keeps nobody from going on.
func TestNothingStopsAReplay(t *testing.T) {
	w := wholeStory(t, calendar.HourLength)
	last := len(w.evidence().Entries) - 1
	for name, change := range map[string]func(*account.Evidence){
		"an entry":    func(ev *account.Evidence) { ev.Entries[last].Effective = calendar.EndOfTime },
		"the account": state(func(b *account.Books) { b.At = calendar.EndOfTime }),
	} {
		ev := w.evidence()
		change(ev)
		if len(ev.Check(w.replay()).Faults) == 0 {
			t.Errorf("%s: nothing was found", name)
		}
	}
}

// A payment is credited once, whatever took it in.
func TestAPaymentThatWasCreditedTwiceIsFound(t *testing.T) {
	w := newWorld(t, sampleCorpus(t))
	credit := func(method, reference string) int64 {
		top := account.TopUp{Amount: amount(t, "5"), Method: method, Reference: reference}
		w.run(start, func(b *account.Books) (*account.Decision, error) { return b.TopUp(w.env(), top, start) })
		return w.books.Seq
	}
	credit("alipay", "r")
	credit("alipay", "s")
	credit("bank_remittance", "r")
	if faults := w.evidence().Check(w.replay()).Faults; len(faults) > 0 {
		t.Fatalf("of three payments: %v", faults)
	}
	again := credit("alipay", "r")
	faults := w.evidence().Check(w.replay()).Faults
	if len(faults) != 1 || faults[0].Table != account.InJournal || faults[0].Entry != again || !strings.Contains(faults[0].Message, `credits the payment "r" by alipay`) {
		t.Errorf("of one that is credited twice: %v", faults)
	}
}

// What was settled before its cycle closes by the documents is found by making the
// settlement again.
func TestWhatWasSettledTooEarlyIsFound(t *testing.T) {
	w := newWorld(t, sampleCorpus(t))
	w.topUp("2026-01-01T00:00:00+08:00", "500")
	w.use("pod", 1000, "2026-01-01T00:00:00+08:00", "2026-01-01T03:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.advance("2026-01-01T05:00:00+08:00")
	for cycle, found := range map[string]bool{"hour": false, "day": true, "month": true} {
		w.corpus = sampleCorpus(t, editionOf(t, fileP, "2025-07", "2025-07-01", "2025-08-01", "billing.cycle: hour", "billing.cycle: "+cycle))
		early := slices.ContainsFunc(w.evidence().Check(w.replay()).Faults, func(f *account.Fault) bool {
			return f.Table == account.InJournal && strings.Contains(f.Message, "was settled, and its cycle closes at")
		})
		if early != found {
			t.Errorf("settled each hour where each %s is: found %v", cycle, early)
		}
	}
}

// What was paid too much goes back to the wallet, and nothing else does: this is found
// without any document, by the transfers alone.
func TestWhatGoesBackWasPaid(t *testing.T) {
	const seller = "aurora"
	posted := func(entry, line int64, purpose ledger.Purpose, debit, credit ledger.Account, sum money.Amount) account.Posted {
		p := account.Posted{Transfer: ledger.Transfer{Purpose: purpose, Debit: debit, Credit: credit, Amount: sum}}
		p.Entry, p.Line = entry, line
		return p
	}
	owed, revenue := ledger.Receivable(seller), ledger.Revenue(seller)
	story := []account.Posted{
		posted(1, 1, ledger.TopUp, ledger.PaidIn("alipay"), ledger.Wallet, 10),
		posted(2, 1, ledger.Charge, owed, revenue, 10),
		posted(2, 2, ledger.Payment, ledger.Wallet, owed, 6),
	}
	for name, c := range map[string]struct {
		then  []account.Posted
		wrong bool
	}{
		"nothing":                  {nil, false},
		"what was paid":            {[]account.Posted{posted(3, 1, ledger.ChargeReversed, revenue, owed, 10), posted(3, 2, ledger.PaymentReturned, owed, ledger.Wallet, 6)}, false},
		"more than was paid":       {[]account.Posted{posted(3, 1, ledger.ChargeReversed, revenue, owed, 10), posted(3, 2, ledger.PaymentReturned, owed, ledger.Wallet, 7)}, true},
		"more than was taken back": {[]account.Posted{posted(3, 1, ledger.ChargeReversed, revenue, owed, 5), posted(3, 2, ledger.PaymentReturned, owed, ledger.Wallet, 6)}, true},
		"without taking back":      {[]account.Posted{posted(3, 1, ledger.ChargeReversed, revenue, owed, 10), posted(4, 1, ledger.PaymentReturned, owed, ledger.Wallet, 6)}, true},
		"twice": {[]account.Posted{
			posted(3, 1, ledger.ChargeReversed, revenue, owed, 10), posted(3, 2, ledger.PaymentReturned, owed, ledger.Wallet, 5), posted(3, 3, ledger.PaymentReturned, owed, ledger.Wallet, 2),
		}, true},
		"of another seller": {[]account.Posted{
			posted(3, 1, ledger.ChargeReversed, ledger.Revenue("b"), ledger.Receivable("b"), 6), posted(3, 2, ledger.PaymentReturned, ledger.Receivable("b"), ledger.Wallet, 6),
		}, true},
	} {
		ev := &account.Evidence{Transfers: slices.Concat(story, c.then)}
		found := ev.Check(account.Replay{})
		wrong := slices.ContainsFunc(found.Faults, func(f *account.Fault) bool {
			return f.Truth == account.ReturnsWerePaid && f.Table == account.InTransfers
		})
		if wrong != c.wrong || found.Checked[account.ReturnsWerePaid] == 0 {
			t.Errorf("%s: found %v: %v", name, wrong, found.Faults)
		}
	}
}
