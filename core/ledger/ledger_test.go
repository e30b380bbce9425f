package ledger_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
)

const most, least = money.Amount(math.MaxInt64), money.Amount(math.MinInt64)

func TestPost(t *testing.T) {
	aurora := ledger.Receivable("aurora")
	b := ledger.Balances{}
	for _, transfer := range []ledger.Transfer{
		{Purpose: ledger.TopUp, Debit: ledger.PaidIn("card"), Credit: ledger.Wallet, Amount: 100},
		{Purpose: ledger.Charge, Debit: aurora, Credit: ledger.Revenue("aurora"), Amount: 130},
		{Purpose: ledger.Payment, Debit: ledger.Wallet, Credit: aurora, Amount: 100},
	} {
		if err := b.Post(transfer); err != nil {
			t.Fatal(err)
		}
	}
	want := ledger.Balances{ledger.PaidIn("card"): -100, ledger.Wallet: 0, aurora: -30, ledger.Revenue("aurora"): 130}
	if diff := cmp.Diff(want, b); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if b.Owed(aurora) != 30 || b.Owed(ledger.Revenue("aurora")) != 0 || b.Owed("nothing") != 0 {
		t.Errorf("owed %s, %s, %s", b.Owed(aurora), b.Owed(ledger.Revenue("aurora")), b.Owed("nothing"))
	}
}

// Nothing has changed when Post refuses.
func TestPostRefuses(t *testing.T) {
	tests := []struct {
		name     string
		balances ledger.Balances
		transfer ledger.Transfer
		code     refusal.Code
	}{
		{"nothing", nil, ledger.Transfer{Debit: "a", Credit: "b"}, refusal.BadInput},
		{"less than nothing", nil, ledger.Transfer{Debit: "a", Credit: "b", Amount: -1}, refusal.BadInput},
		{"to itself", ledger.Balances{"a": least}, ledger.Transfer{Debit: "a", Credit: "a", Amount: 1}, refusal.BadInput},
		{"a debit beyond the range", ledger.Balances{"a": least}, ledger.Transfer{Debit: "a", Credit: "b", Amount: 1}, refusal.Overflow},
		{"a credit beyond the range", ledger.Balances{"b": most}, ledger.Transfer{Debit: "a", Credit: "b", Amount: 1}, refusal.Overflow},
		{"more than the wallet holds", ledger.Balances{ledger.Wallet: 5}, ledger.Transfer{Debit: ledger.Wallet, Credit: "b", Amount: 6}, refusal.BadInput},
		{"anything from no wallet", nil, ledger.Transfer{Debit: ledger.Wallet, Credit: "b", Amount: 1}, refusal.BadInput},
	}
	for _, tt := range tests {
		before := tt.balances.Clone()
		after := tt.balances.Clone()
		err := after.Post(tt.transfer)
		if refusal.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want code %s", tt.name, err, tt.code)
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("%s: a refused transfer changed balances (-before +after):\n%s", tt.name, diff)
		}
	}
}

// A wallet may be emptied, and only a wallet has a floor.
func TestPostToTheLimit(t *testing.T) {
	b := ledger.Balances{ledger.Wallet: 5, "a": least + 1, "b": most - 6}
	for _, transfer := range []ledger.Transfer{
		{Debit: ledger.Wallet, Credit: "b", Amount: 5},
		{Debit: "a", Credit: "b", Amount: 1},
	} {
		if err := b.Post(transfer); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(ledger.Balances{ledger.Wallet: 0, "a": least, "b": most}, b); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Whatever is posted or refused: balances sum to zero, a transfer moves its
// amount between its two accounts and touches no other, the wallet never goes
// below zero, and a clone does not change with its original.
func TestBalancesAlwaysSumToZero(t *testing.T) {
	names := []ledger.Account{ledger.Wallet, ledger.PaidIn("card"), ledger.Receivable("aurora"), ledger.Revenue("aurora")}
	rapid.Check(t, func(t *rapid.T) {
		b := ledger.Balances{}
		for range rapid.IntRange(1, 20).Draw(t, "transfers") {
			transfer := ledger.Transfer{
				Debit:  rapid.SampledFrom(names).Draw(t, "debit"),
				Credit: rapid.SampledFrom(names).Draw(t, "credit"),
				Amount: money.Amount(rapid.OneOf(rapid.Int64Range(-1, 20), rapid.Int64()).Draw(t, "amount")),
			}
			before := b.Clone()
			err := b.Post(transfer)
			want := before.Clone()
			if err == nil {
				want[transfer.Debit] -= transfer.Amount
				want[transfer.Credit] += transfer.Amount
			} else if refusal.CodeOf(err) == "" {
				t.Fatalf("%+v: %v has no code", transfer, err)
			}
			if diff := cmp.Diff(want, b); diff != "" {
				t.Fatalf("%+v (%v): -want +got:\n%s", transfer, err, diff)
			}
			var sum money.Amount
			for _, balance := range b {
				sum += balance
			}
			if sum != 0 || b[ledger.Wallet] < 0 {
				t.Fatalf("after %+v the balances are %v", transfer, b)
			}
		}
	})
}

func TestNames(t *testing.T) {
	b := ledger.Balances{ledger.Wallet: 0, ledger.PaidIn("card"): 1, ledger.FeesReceivable("aurora", "vm"): 0, ledger.FeeIncome("aurora"): -1}
	want := []ledger.Account{"fee_income:aurora", "fees_receivable:aurora:vm", "paid_in:card", "wallet"}
	if got := b.Names(); !slices.Equal(got, want) {
		t.Errorf("names %v, want %v", got, want)
	}
	for _, tt := range []struct {
		account ledger.Account
		kind    string
	}{{"wallet", "wallet"}, {"paid_in:card", "paid_in"}, {"receivable:a:b", "receivable"}} {
		if got := tt.account.Kind(); got != tt.kind {
			t.Errorf("%s is of kind %q, want %q", tt.account, got, tt.kind)
		}
	}
}
