package account_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
)

// a life is what happens to an account from outside.
type life struct {
	usage  []span
	topUps []topUp
}

type span struct {
	resource string
	rate     int64
	from, to calendar.Instant
}

type topUp struct {
	at  calendar.Instant
	sum money.Amount
}

// twentyDays draws usage and payments so that some accounts sail, some fall
// behind, and some are released.
func twentyDays(t *rapid.T) life {
	var l life
	second := func(name string) calendar.Instant {
		return start.Add(calendar.Duration(rapid.Int64Range(0, 20*86400-1).Draw(t, name)) * calendar.Second)
	}
	for i := range rapid.IntRange(1, 5).Draw(t, "resources") {
		from, to := second("from"), second("to")
		if from == to {
			to = to.Add(calendar.Second)
		}
		l.usage = append(l.usage, span{fmt.Sprint("r", i), rapid.Int64Range(1, 9000).Draw(t, "rate"), min(from, to), max(from, to)})
	}
	for range rapid.IntRange(0, 5).Draw(t, "payments") {
		l.topUps = append(l.topUps, topUp{second("paid"), money.Amount(rapid.Int64Range(1, 60_000_000).Draw(t, "sum"))})
	}
	return l
}

// live runs a life, looking at the clock at each of the instants between.
func (l life) live(t testing.TB, looks []calendar.Instant) *world {
	w := newWorld(t, sampleCorpus(t))
	for _, s := range l.usage {
		w.use(s.resource, s.rate, s.from.String(), s.to.String(), start.String())
	}
	end := start.Add(20 * calendar.DayLength)
	paid := make([]bool, len(l.topUps))
	for {
		next, which := end.Add(1), -1
		for i, p := range l.topUps {
			if !paid[i] && p.at < next {
				next, which = p.at, i
			}
		}
		for _, at := range looks {
			if at > w.books.At && at < next && at <= end {
				w.advance(at.String())
			}
		}
		if which < 0 {
			w.advance(end.String())
			return w
		}
		paid[which] = true
		w.topUp(next.String(), l.topUps[which].sum.String())
	}
}

func TestHoweverOftenTheClockIsLookedAt(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := twentyDays(rt)
		var looks []calendar.Instant
		for range rapid.IntRange(1, 30).Draw(rt, "looks") {
			looks = append(looks, start.Add(calendar.Duration(rapid.Int64Range(1, 20*86400).Draw(rt, "look"))*calendar.Second))
		}
		once, often := l.live(t, nil), l.live(t, looks)
		if once.books.Head != often.books.Head {
			rt.Fatalf("looking once gives %d entries, looking often %d, with other content", once.books.Seq, often.books.Seq)
		}
	})
}

func TestTheBooksAreTrue(t *testing.T) {
	suspended, released, fees, late := 0, 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		w := twentyDays(rt).live(t, nil)
		checkBalances(rt, w)
		checkUsage(rt, w)
		checkChain(rt, w)
		for _, m := range w.log.Transitions {
			switch m.To {
			case "suspended":
				suspended++
			case "released":
				released++
			}
		}
		fees += len(w.log.LateFees)
		late += len(w.log.Refused)
	})
	if suspended == 0 || released == 0 || fees == 0 || late == 0 {
		t.Errorf("nothing interesting happened: %d suspensions, %d releases, %d fees, %d refusals", suspended, released, fees, late)
	}
}

// checkBalances: transfers sum to the balances, the balances to zero, and what
// is receivable is what the debts say.
func checkBalances(t *rapid.T, w *world) {
	sums := ledger.Balances{}
	for _, p := range w.log.Transfers {
		sums[p.Debit] -= p.Transfer.Amount
		sums[p.Credit] += p.Transfer.Amount
	}
	var all money.Amount
	for name, balance := range w.books.Balances {
		if sums[name] != balance {
			t.Fatalf("%s holds %s, its transfers sum to %s", name, balance, sums[name])
		}
		all += balance
	}
	var debts money.Amount
	for _, d := range w.books.Debts {
		debts += d.Outstanding
	}
	owed := w.books.Balances.Owed(ledger.Receivable("aurora"))
	if all != 0 || owed != debts || w.books.Balances[ledger.Wallet] < 0 {
		t.Fatalf("balances sum to %s, %s is receivable, debts are %s, the wallet holds %s", all, owed, debts, w.wallet())
	}
	if charged := -w.books.Balances[ledger.Receivable("aurora")] + paidOf(w, ledger.Payment); charged != w.charged() {
		t.Fatalf("%s was posted, the charges sum to %s", charged, w.charged())
	}
}

func paidOf(w *world, purpose ledger.Purpose) (sum money.Amount) {
	for _, p := range w.log.Transfers {
		if p.Purpose == purpose {
			sum += p.Transfer.Amount
		}
	}
	return sum
}

// checkUsage: each bucket is settled once and whole, and its lines sum to it.
func checkUsage(t *rapid.T, w *world) {
	for key, b := range w.buckets {
		if b.IsOpen() || b.Billed+b.Refused != b.Total {
			t.Fatalf("%v: %d of %d is billed, %d refused", key, b.Billed, b.Total, b.Refused)
		}
		var quantity int64
		var sum money.Amount
		for _, c := range w.log.Charges {
			if c.Key == key {
				quantity += c.Quantity
				sum += c.Amount
			}
		}
		if quantity != b.Billed || sum != b.Charged {
			t.Fatalf("%v: its charges are %s for %d, it says %s for %d", key, sum, quantity, b.Charged, b.Billed)
		}
	}
}

// checkChain: entries follow each other without gaps and each seals its rows.
func checkChain(t *rapid.T, w *world) {
	var previous journal.Hash
	for i, e := range w.log.Entries {
		if e.Seq != int64(i+1) || e.Previous != previous || e.Seal(w.books.ID) != e.Hash {
			t.Fatalf("entry %d does not follow", e.Seq)
		}
		previous = e.Hash
	}
	for _, c := range w.log.Charges {
		if c.Seal(w.books.ID) != c.Digest {
			t.Fatalf("charge %v does not carry its digest", c.RowID)
		}
	}
	if previous != w.books.Head {
		t.Fatal("the head is not the last entry")
	}
}

// Usage that arrives at many instants while nobody looks is settled as it would have
// been had somebody looked at each of them, and not a bucket earlier or later.
func TestUsageThatArrivesWhileNobodyLooks(t *testing.T) {
	corpus := sampleCorpus(t)
	rapid.Check(t, func(rt *rapid.T) {
		once, often := newWorld(t, corpus), newWorld(t, corpus)
		now, settlements := start, map[calendar.Instant]bool{}
		for range rapid.IntRange(1, 12).Draw(rt, "reports") {
			now = now.Add(calendar.Duration(rapid.IntRange(1, 90).Draw(rt, "minutes later")) * calendar.Minute)
			for range rapid.IntRange(1, 3).Draw(rt, "events") {
				resource := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "resource")
				from := start.Add(calendar.Duration(rapid.IntRange(0, int(now-start)/int(calendar.Minute)-1).Draw(rt, "from")) * calendar.Minute)
				to := min(now, from.Add(calendar.Duration(rapid.IntRange(1, 100).Draw(rt, "long"))*calendar.Minute))
				once.use(resource, 1000, from.String(), to.String(), now.String())
				often.use(resource, 1000, from.String(), to.String(), now.String())
				settlements[max(now, calendar.HourOf(from).End())] = true
			}
			often.advance(now.String())
		}
		end := now.Add(2 * calendar.HourLength)
		once.advance(end.String())
		often.advance(end.String())
		if once.books.Head != often.books.Head {
			rt.Fatalf("looking once gives %d entries, looking often %d, with other content", once.books.Seq, often.books.Seq)
		}
		settled := map[calendar.Instant]bool{}
		for _, c := range once.log.Charges {
			settled[once.log.Entries[c.Entry-1].Effective] = true
		}
		for at := range settlements {
			if !settled[at] {
				rt.Errorf("what was to be settled at %s is not", at)
			}
		}
	})
}
