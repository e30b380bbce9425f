package money_test

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
)

func TestParseAmount(t *testing.T) {
	tests := []struct {
		in   string
		want money.Amount
		code refusal.Code
	}{
		{in: "0", want: 0},
		{in: "-0", want: 0},
		{in: "12", want: 12_000_000},
		{in: "12.40", want: 12_400_000},
		{in: "0.000001", want: 1},
		{in: "-0.000001", want: -1},
		{in: "007.5", want: 7_500_000},
		{in: "9223372036854.775807", want: math.MaxInt64},
		{in: "-9223372036854.775808", want: math.MinInt64},
		{in: "9223372036854.775808", code: refusal.Overflow},
		{in: "-9223372036854.775809", code: refusal.Overflow},
		{in: "92233720368547758070", code: refusal.Overflow},
		{in: strings.Repeat("9", 400), code: refusal.Overflow},
		{in: "", code: refusal.BadInput},
		{in: "-", code: refusal.BadInput},
		{in: ".", code: refusal.BadInput},
		{in: ".5", code: refusal.BadInput},
		{in: "5.", code: refusal.BadInput},
		{in: "--5", code: refusal.BadInput},
		{in: "+5", code: refusal.BadInput},
		{in: " 5", code: refusal.BadInput},
		{in: "1,000", code: refusal.BadInput},
		{in: "1e3", code: refusal.BadInput},
		{in: "0x10", code: refusal.BadInput},
		{in: "1.2.3", code: refusal.BadInput},
		{in: "1.-2", code: refusal.BadInput},
		{in: "٣", code: refusal.BadInput},
		{in: "0.0000001", code: refusal.BadInput},
		{in: "5%", code: refusal.BadInput},
	}
	for _, tt := range tests {
		got, err := money.ParseAmount(tt.in)
		if code := refusal.CodeOf(err); code != tt.code {
			t.Errorf("ParseAmount(%q): code %q, want %q (%v)", tt.in, code, tt.code, err)
		}
		if err == nil && got != tt.want {
			t.Errorf("ParseAmount(%q) = %d, want %d", tt.in, got, tt.want)
		}
		if err != nil && !strings.Contains(err.Error(), tt.in) {
			t.Errorf("ParseAmount(%q): the refusal does not show the value: %v", tt.in, err)
		}
	}
}

func TestAmountString(t *testing.T) {
	tests := []struct {
		in   money.Amount
		want string
	}{
		{0, "0.000000"},
		{1, "0.000001"},
		{-1, "-0.000001"},
		{12_400_000, "12.400000"},
		{-100_000_000, "-100.000000"},
		{math.MaxInt64, "9223372036854.775807"},
		{math.MinInt64, "-9223372036854.775808"},
	}
	for _, tt := range tests {
		if got := tt.in.String(); got != tt.want {
			t.Errorf("Amount(%d).String() = %q, want %q", int64(tt.in), got, tt.want)
		}
	}
}

func TestAmountTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := money.Amount(rapid.Int64().Draw(t, "amount"))
		text, err := want.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got money.Amount
		if err := got.UnmarshalText(text); err != nil || got != want {
			t.Fatalf("%d became %q and came back as %d, %v", want, text, got, err)
		}
	})
}

// What cannot be read leaves the amount as it was.
func TestAmountUnmarshalRefuses(t *testing.T) {
	a := money.Amount(7)
	if err := a.UnmarshalText([]byte("seven")); refusal.CodeOf(err) != refusal.BadInput {
		t.Errorf("error %v, want code %s", err, refusal.BadInput)
	}
	if a != 7 {
		t.Errorf("the amount became %d", a)
	}
}

func TestAddAndSubMatchBigIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawWhole(t, "a"), drawWhole(t, "b")
		bigA, bigB := big.NewInt(a), big.NewInt(b)
		sum, err := money.Amount(a).Add(money.Amount(b))
		checkExact(t, "sum", sum, err, new(big.Int).Add(bigA, bigB))
		difference, err := money.Amount(a).Sub(money.Amount(b))
		checkExact(t, "difference", difference, err, new(big.Int).Sub(bigA, bigB))
	})
}

func TestSumMatchesBigIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// A quarter of the range and at most three terms: no partial sum overflows.
		whole := rapid.Int64Range(math.MinInt64/4, math.MaxInt64/4)
		values := rapid.SliceOfN(whole, 0, 3).Draw(t, "values")
		want := new(big.Int)
		amounts := make([]money.Amount, len(values))
		for i, v := range values {
			amounts[i] = money.Amount(v)
			want.Add(want, big.NewInt(v))
		}
		got, err := money.Sum(amounts...)
		checkExact(t, "sum", got, err, want)
	})
}

func TestSumRefusesOverflow(t *testing.T) {
	if _, err := money.Sum(math.MaxInt64, 1); refusal.CodeOf(err) != refusal.Overflow {
		t.Errorf("error %v, want code %s", err, refusal.Overflow)
	}
}

// drawWhole draws a whole number, the ends of the range often.
func drawWhole(t *rapid.T, label string) int64 {
	ends := rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 1, -1, 0, 1, math.MaxInt64 - 1, math.MaxInt64})
	return rapid.OneOf(rapid.Int64(), ends).Draw(t, label)
}

// checkExact wants exactly the big value, or a refusal where int64 cannot hold it.
func checkExact(t *rapid.T, what string, got money.Amount, err error, want *big.Int) {
	t.Helper()
	if !want.IsInt64() {
		if refusal.CodeOf(err) != refusal.Overflow {
			t.Fatalf("%s %s: got %d, %v; want a refusal with code %s", what, want, got, err, refusal.Overflow)
		}
		return
	}
	if err != nil || int64(got) != want.Int64() {
		t.Fatalf("%s: got %d, %v; want %s", what, got, err, want)
	}
}
