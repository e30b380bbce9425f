package money_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
)

func TestSplit(t *testing.T) {
	tests := []struct {
		name    string
		whole   money.Amount
		weights []int64
		want    []money.Amount
		code    refusal.Code
	}{
		{name: "even", whole: 90, weights: []int64{1, 1, 1}, want: []money.Amount{30, 30, 30}},
		{name: "what remains goes to the first", whole: 100, weights: []int64{1, 1, 1}, want: []money.Amount{34, 33, 33}},
		{name: "a credit mirrors its charge", whole: -100, weights: []int64{1, 1, 1}, want: []money.Amount{-34, -33, -33}},
		{name: "no weight, no part", whole: 5, weights: []int64{0, 1, 0, 1}, want: []money.Amount{0, 3, 0, 2}},
		{name: "nothing", whole: 0, weights: []int64{3, 4}, want: []money.Amount{0, 0}},
		{name: "less than one for each", whole: 2, weights: []int64{9, 9, 9}, want: []money.Amount{1, 1, 0}},
		{name: "the lowest amount", whole: math.MinInt64, weights: []int64{1}, want: []money.Amount{math.MinInt64}},
		{name: "the largest weights", whole: 7, weights: []int64{math.MaxInt64, math.MaxInt64}, want: []money.Amount{4, 3}},
		{name: "no weights", whole: 1, code: refusal.BadInput},
		{name: "only zero weights", whole: 1, weights: []int64{0, 0}, code: refusal.BadInput},
		{name: "a negative weight", whole: 1, weights: []int64{2, -1}, code: refusal.BadInput},
		{name: "weights too large", whole: 1, weights: []int64{math.MaxInt64, math.MaxInt64, 2}, code: refusal.Overflow},
	}
	for _, tt := range tests {
		got, err := money.Split(tt.whole, tt.weights)
		if code := refusal.CodeOf(err); code != tt.code {
			t.Errorf("%s: error %v, want code %q", tt.name, err, tt.code)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// The parts sum to the whole, none is on the other side of zero, none is more
// than 1e-6 away from its exact share, and no weight means no part.
func TestSplitConserves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := drawWhole(t, "whole")
		weight := rapid.OneOf(rapid.Int64Range(0, 9), rapid.Int64Range(0, math.MaxInt64/8))
		weights := rapid.SliceOfN(weight, 1, 8).Draw(t, "weights")
		parts, err := money.Split(money.Amount(whole), weights)
		total := new(big.Int)
		for _, w := range weights {
			total.Add(total, big.NewInt(w))
		}
		if total.Sign() == 0 {
			if refusal.CodeOf(err) != refusal.BadInput {
				t.Fatalf("no weight at all: %v, %v", parts, err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		sum := new(big.Int)
		for i, p := range parts {
			sum.Add(sum, big.NewInt(int64(p)))
			checkPart(t, whole, weights[i], total, int64(p))
		}
		if sum.Cmp(big.NewInt(whole)) != 0 {
			t.Fatalf("%v sum to %s, not to %d", parts, sum, whole)
		}
	})
}

func checkPart(t *rapid.T, whole, weight int64, total *big.Int, part int64) {
	t.Helper()
	exact := new(big.Int).Mul(big.NewInt(whole), big.NewInt(weight))
	exact.Quo(exact, total) // toward zero
	away := new(big.Int).Sub(big.NewInt(part), exact)
	if away.Sign() != 0 && (weight == 0 || away.CmpAbs(big.NewInt(1)) > 0 || (away.Sign() > 0) != (whole > 0)) {
		t.Fatalf("weight %d of %s in %d gives %d; the share is %s", weight, total, whole, part, exact)
	}
}

// Split never panics, whatever it is given.
func TestSplitAnyInput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOf(rapid.Int64()).Draw(t, "weights")
		parts, err := money.Split(money.Amount(drawWhole(t, "whole")), weights)
		if (err == nil) != (len(parts) == len(weights) && parts != nil) {
			t.Fatalf("parts %v with error %v", parts, err)
		}
	})
}
