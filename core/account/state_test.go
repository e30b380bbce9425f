package account_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"termwise.dev/core/account"
	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
)

var (
	anyText = rapid.OneOf(rapid.SampledFrom([]string{"", "aurora", "compute-payg", "general-agreement", "中"}), rapid.String())
	anyInt  = rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1, -1, math.MinInt64, math.MaxInt64}))
	anyHash = rapid.Custom(func(t *rapid.T) (h terms.Hash) {
		copy(h[:], rapid.SliceOfN(rapid.Byte(), len(h), len(h)).Draw(t, "hash"))
		return h
	})
	anyInstant = rapid.Custom(func(t *rapid.T) calendar.Instant {
		return calendar.Instant(rapid.OneOf(anyInt, rapid.Int64Range(1_767_225_600_000_000, 1_767_312_000_000_000)).Draw(t, "instant"))
	})
)

func text(t *rapid.T) string                { return anyText.Draw(t, "text") }
func number(t *rapid.T) int64               { return anyInt.Draw(t, "number") }
func instantOf(t *rapid.T) calendar.Instant { return anyInstant.Draw(t, "instant") }

func several[T any](t *rapid.T, draw func(*rapid.T) T) []T {
	return rapid.SliceOfN(rapid.Custom(draw), 0, 4).Draw(t, "several")
}

// drawState draws a state that no account has: whatever the fields can hold.
func drawState(t *rapid.T) *account.Books {
	b := &account.Books{Balances: ledger.Balances{}, Services: map[string]*subscription.Service{}}
	for range rapid.IntRange(0, 5).Draw(t, "balances") {
		b.Balances[ledger.Account(text(t))] = money.Amount(number(t))
	}
	b.Debts = several(t, func(t *rapid.T) arrears.Debt {
		return arrears.Debt{
			Seller: text(t), Product: text(t), Due: calendar.Day(rapid.Int32().Draw(t, "day")),
			Since: instantOf(t), Outstanding: money.Amount(number(t)),
		}
	})
	for _, s := range several(t, drawService) {
		b.Services[s.Product] = s
	}
	b.Lapses = several(t, drawLapse)
	b.Acceptances = several(t, func(t *rapid.T) terms.Acceptance {
		return terms.Acceptance{
			Document: text(t), Version: text(t), Form: terms.AcceptanceForm(text(t)), At: instantOf(t), Recorded: instantOf(t),
			Actor: text(t), TextHash: anyHash.Draw(t, "text"),
		}
	})
	b.Exits = several(t, func(t *rapid.T) account.Exit {
		return account.Exit{
			Document: text(t), Version: text(t), At: instantOf(t), Told: instantOf(t), Lifted: instantOf(t),
			Recorded: instantOf(t), LiftedRecorded: instantOf(t), Entry: number(t),
		}
	})
	b.Ends = several(t, func(t *rapid.T) account.End {
		return account.End{Document: text(t), Version: text(t), At: instantOf(t)}
	})
	return b
}

func drawService(t *rapid.T) *subscription.Service {
	s := &subscription.Service{
		Product: text(t), State: subscription.State(text(t)), Since: instantOf(t),
		ArrearsSince: instantOf(t), Noticed: instantOf(t), Warned: instantOf(t),
	}
	s.History = several(t, func(t *rapid.T) subscription.Transition {
		return subscription.Transition{
			Product: s.Product, From: subscription.State(text(t)), To: subscription.State(text(t)), At: instantOf(t),
		}
	})
	return s
}

func drawLapse(t *rapid.T) account.Lapsed {
	return account.Lapsed{
		Stamp: account.Stamp{RowID: account.RowID{Entry: number(t), Line: number(t)}, Digest: number(t)},
		Order: text(t) + "!", Document: text(t), Version: text(t), Effect: terms.LapseEffect(text(t)), At: instantOf(t), Recorded: instantOf(t),
		Ruling: account.Ruling{
			Clause: terms.Citation{Document: text(t), Code: text(t), Version: text(t), Clause: text(t)}, Terms: number(t),
		},
	}
}

// What was packed comes out as it went in, whatever it is.
func TestPackedStateKeepsTheBooks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawState(t)
		var back account.Books
		if err := back.UnpackState(b.PackState()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(b, &back, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("-packed +unpacked:\n%s", diff)
		}
	})
}

// Many texts are told apart as few are.
func TestPackedStateOfManyTexts(t *testing.T) {
	var b, back account.Books
	for i := range 300 {
		b.Ends = append(b.Ends, account.End{Document: string(rune('a' + i%150)), At: calendar.Instant(i)})
	}
	if err := back.UnpackState(b.PackState()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.Ends, back.Ends); diff != "" {
		t.Error(diff)
	}
	if size := len(b.PackState()); size > 150*3+300*5+20 {
		t.Errorf("%d bytes: texts are written again and again", size)
	}
}

// An acceptance that went with its order comes out void, as the lapse made it.
func TestPackedStateVoids(t *testing.T) {
	b := account.Books{
		Acceptances: []terms.Acceptance{{Document: "d", Version: "1", Order: "o"}, {Document: "d", Version: "1"}},
	}
	b.Lapse(&account.Lapsed{Order: "o", Document: "d", Version: "1", Effect: terms.LapsesTerms, At: 7, Recorded: 8})
	var back account.Books
	if err := back.UnpackState(b.PackState()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.Acceptances, back.Acceptances); diff != "" || back.Acceptances[0].Void.At != 7 {
		t.Error(diff)
	}
}

// After every step of a long story the state that is packed is the account's.
func TestPackedStateOfAStory(t *testing.T) {
	w := wholeStory(t, 0)
	content := w.books.PackState()
	var back account.Books
	if err := back.UnpackState(content); err != nil {
		t.Fatal(err)
	}
	want := account.Books{
		Balances: w.books.Balances, Debts: w.books.Debts, Services: w.books.Services, Acceptances: w.books.Acceptances,
		Lapses: w.books.Lapses, Exits: w.books.Exits, Ends: w.books.Ends,
	}
	if diff := cmp.Diff(want, back, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	for n := range content {
		if err := new(account.Books).UnpackState(content[:n]); err == nil {
			t.Errorf("the first %d bytes are taken for the whole", n)
		}
	}
}

func TestTotals(t *testing.T) {
	b := account.Books{
		Balances: ledger.Balances{
			ledger.Wallet: 5, ledger.FeesReceivable("aurora", "compute-payg"): -2, ledger.FeesReceivable("northline", "line"): -3,
			ledger.Receivable("aurora"): -9, ledger.FeesReceivable("aurora", "paid"): 0,
		},
		Debts:    arrears.Debts{{Outstanding: 4}, {Outstanding: 5}},
		Services: map[string]*subscription.Service{"a": {State: "active"}, "b": {State: "ended", ArrearsSince: 1}},
	}
	got, err := b.Totals()
	if want := (account.Totals{Wallet: 5, Owed: 9, Fees: 5, InArrears: true}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for i, wrong := range []func(){
		func() { b.Debts[0].Outstanding = math.MaxInt64 }, // a sum that cannot be held
		func() { b.Debts[0].Outstanding = 0 },             // a debt of nothing
		func() { b.Debts, b.Services["a"].State = nil, "" },
	} {
		wrong()
		if _, err := b.Totals(); err == nil {
			t.Errorf("case %d: summed", i)
		}
	}
}

// FuzzUnpackState: whatever the bytes are, unpacking ends, and what can be read
// can be written and read again.
func FuzzUnpackState(f *testing.F) {
	f.Add(new(account.Books).PackState())
	f.Add([]byte{})
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	w := wholeStory(f, 0)
	f.Add(w.books.PackState())
	f.Fuzz(func(t *testing.T, content []byte) {
		var b, back account.Books
		if b.UnpackState(content) != nil {
			return
		}
		if err := back.UnpackState(b.PackState()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(b, back, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}
