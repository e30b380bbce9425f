package money_test

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
)

var roundings = []money.Rounding{money.HalfUp, money.HalfEven, money.Down, money.Up}

func TestParseDecimal(t *testing.T) {
	tests := []struct {
		in   string
		want money.Decimal
		text string
		code refusal.Code
	}{
		{in: "0.09", want: 900_000_000, text: "0.09"},
		{in: "8.50", want: 85_000_000_000, text: "8.5"},
		{in: "0.0000000001", want: 1, text: "0.0000000001"},
		{in: "0.05%", want: 5_000_000, text: "0.0005"},
		{in: "0.05 %", want: 5_000_000, text: "0.0005"},
		{in: "100%", want: money.DecimalScale, text: "1"},
		{in: "-15%", want: -1_500_000_000, text: "-0.15"},
		{in: "0.00000001%", want: 1, text: "0.0000000001"},
		{in: "922337203.6854775807", want: math.MaxInt64, text: "922337203.6854775807"},
		{in: "-922337203.6854775808", want: math.MinInt64, text: "-922337203.6854775808"},
		{in: "922337203.6854775808", code: refusal.Overflow},
		{in: "0.00000000001", code: refusal.BadInput},
		{in: "0.000000001%", code: refusal.BadInput},
		{in: "%", code: refusal.BadInput},
		{in: "5%%", code: refusal.BadInput},
		{in: "", code: refusal.BadInput},
		{in: "free", code: refusal.BadInput},
	}
	for _, tt := range tests {
		got, err := money.ParseDecimal(tt.in)
		if code := refusal.CodeOf(err); code != tt.code {
			t.Errorf("ParseDecimal(%q): code %q, want %q (%v)", tt.in, code, tt.code, err)
		}
		if err == nil && (got != tt.want || got.String() != tt.text) {
			t.Errorf("ParseDecimal(%q) = %d (%s), want %d (%s)", tt.in, int64(got), got, int64(tt.want), tt.text)
		}
	}
}

func TestDecimalTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := money.Decimal(rapid.Int64().Draw(t, "decimal"))
		text, err := want.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got money.Decimal
		if err := got.UnmarshalText(text); err != nil || got != want {
			t.Fatalf("%d became %q and came back as %d, %v", int64(want), text, int64(got), err)
		}
	})
}

func TestDecimalUnmarshalRefuses(t *testing.T) {
	d := money.Decimal(7)
	if err := d.UnmarshalText([]byte("cheap")); refusal.CodeOf(err) != refusal.BadInput || d != 7 {
		t.Errorf("got %d, %v; want the old value and code %s", d, err, refusal.BadInput)
	}
}

func TestParseRounding(t *testing.T) {
	for _, want := range roundings {
		if got, err := money.ParseRounding(string(want)); err != nil || got != want {
			t.Errorf("ParseRounding(%q) = %q, %v", want, got, err)
		}
	}
	for _, in := range []string{"", "HALF_UP", "nearest"} {
		if _, err := money.ParseRounding(in); refusal.CodeOf(err) != refusal.BadInput {
			t.Errorf("ParseRounding(%q): error %v, want code %s", in, err, refusal.BadInput)
		}
	}
}

// A quantity of 1 at a price of 1e-10 for every `per` units gives fractions of
// the smallest amount; with per 1, 1e-6 of the currency is 10,000 of them.
func TestRoundingEdges(t *testing.T) {
	tests := []struct {
		quantity                   int64 // in ten-thousandths of the smallest amount
		halfUp, halfEven, down, up money.Amount
	}{
		{0, 0, 0, 0, 0},
		{1, 0, 0, 0, 1},
		{4_999, 0, 0, 0, 1},
		{5_000, 1, 0, 0, 1},
		{5_001, 1, 1, 0, 1},
		{9_999, 1, 1, 0, 1},
		{10_000, 1, 1, 1, 1},
		{10_001, 1, 1, 1, 2},
		{15_000, 2, 2, 1, 2},
		{25_000, 3, 2, 2, 3},
		{-4_999, 0, 0, 0, -1},
		{-5_000, -1, 0, 0, -1},
		{-15_000, -2, -2, -1, -2},
		{-25_000, -3, -2, -2, -3},
	}
	for _, tt := range tests {
		wants := []money.Amount{tt.halfUp, tt.halfEven, tt.down, tt.up}
		for i, r := range roundings {
			got, err := r.Price(tt.quantity, 1, 1)
			if err != nil || got != wants[i] {
				t.Errorf("%s of %d/10000 = %d, %v; want %d", r, tt.quantity, got, err, wants[i])
			}
		}
	}
}

// Vectors from the sample provider's prices and its late fee.
func TestPriceAndShareVectors(t *testing.T) {
	parse := func(s string) money.Decimal {
		d, err := money.ParseDecimal(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	prices := []struct {
		quantity int64
		price    string
		per      int64
		want     string
		whatItIs string
	}{
		{quantity: 12_000 * 3600, price: "0.09", per: 3_600_000, want: "1.080000", whatItIs: "12 vCPU for an hour"},
		{quantity: 16_384 * 3600, price: "0.024", per: 3_686_400, want: "0.384000", whatItIs: "16 GiB for an hour"},
		{quantity: 1_000 * 3600, price: "8.50", per: 3_600_000, want: "8.500000", whatItIs: "a GPU for an hour"},
		{quantity: 460 * 60, price: "8.50", per: 3_600_000, want: "0.065167", whatItIs: "0.46 GPU for a minute: 0.0651666…"},
		{quantity: 1, price: "1000000", per: 1, want: "1000000.000000", whatItIs: "a price far above 100"},
	}
	for _, tt := range prices {
		got, err := money.HalfUp.Price(tt.quantity, parse(tt.price), tt.per)
		if err != nil || got.String() != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.whatItIs, got, err, tt.want)
		}
	}
	fee, err := money.HalfUp.Share(10_000_000_000, parse("0.05%"))
	if err != nil || fee.String() != "5.000000" {
		t.Errorf("a day's fee on 10000.00 is %s, %v; want 5.000000", fee, err)
	}
}

func TestPriceRefusals(t *testing.T) {
	tests := []struct {
		name     string
		rounding money.Rounding
		quantity int64
		price    money.Decimal
		per      int64
		code     refusal.Code
	}{
		{"no rounding named", "", 1, 1, 1, refusal.BadInput},
		{"an unknown rounding", "nearest", 1, 1, 1, refusal.BadInput},
		{"nothing makes a priced unit", money.HalfUp, 1, 1, 0, refusal.BadInput},
		{"a negative unit", money.HalfUp, 1, 1, -1, refusal.BadInput},
		{"the product is too large", money.HalfUp, math.MaxInt64, math.MaxInt64, 1, refusal.Overflow},
		{"the divisor is too large", money.HalfUp, 1, 1, math.MaxInt64, refusal.Overflow},
		{"the divisor is just too large", money.HalfUp, 1, 1, 2_000_000_000_000_000, refusal.Overflow},
		{"a quotient of exactly 2^64", money.Down, 1 << 62, 40_000, 1, refusal.Overflow},
		{"the largest amount", money.Up, math.MaxInt64, 10_000, 1, ""},
		{"one above the range", money.Down, 1 << 62, 20_000, 1, refusal.Overflow},
	}
	for _, tt := range tests {
		got, err := tt.rounding.Price(tt.quantity, tt.price, tt.per)
		if code := refusal.CodeOf(err); code != tt.code {
			t.Errorf("%s: %d, %v; want code %q", tt.name, got, err, tt.code)
		}
	}
}

// A quotient that rounding lifts over the edge is refused: at 2^63-1 it would
// turn negative, at 2^64-1 it would wrap to zero.
func TestPriceRoundedOverTheEdge(t *testing.T) {
	for _, bits := range []uint{63, 64} {
		quantity, price := justBelow(t, bits)
		got, err := money.HalfUp.Price(quantity, price, 1)
		if refusal.CodeOf(err) != refusal.Overflow {
			t.Errorf("%d × %d gives %d, %v; want a refusal with code %s", quantity, price, got, err, refusal.Overflow)
		}
	}
}

// justBelow finds a quantity and a price whose exact product is less than half
// a smallest amount below 2^bits smallest amounts.
func justBelow(t *testing.T, bits uint) (int64, money.Decimal) {
	limit := new(big.Int).Lsh(big.NewInt(10_000), bits)
	limit.Sub(limit, big.NewInt(1))
	for quantity := int64(10_001); quantity < 60_000; quantity++ {
		price, rest := new(big.Int).QuoRem(limit, big.NewInt(quantity), new(big.Int))
		if price.IsInt64() && rest.Int64() < 5_000 {
			return quantity, money.Decimal(price.Int64())
		}
	}
	t.Fatalf("no quantity comes close to 2^%d; the test would prove nothing", bits)
	return 0, 0
}

func TestPriceMatchesBigIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.SampledFrom(roundings).Draw(t, "rounding")
		quantity, price := drawSized(t, "quantity"), drawSized(t, "price")
		per := rapid.OneOf(rapid.Int64Range(1, 10_000_000), rapid.Int64Range(1, math.MaxInt64/10_000)).Draw(t, "per")
		got, err := r.Price(quantity, money.Decimal(price), per)
		divisor := new(big.Int).Mul(big.NewInt(per), big.NewInt(10_000))
		checkRounded(t, got, err, roundBig(r, quantity, price, divisor))
	})
}

func TestShareMatchesBigIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.SampledFrom(roundings).Draw(t, "rounding")
		amount, rate := drawSized(t, "amount"), drawSized(t, "rate")
		got, err := r.Share(money.Amount(amount), money.Decimal(rate))
		checkRounded(t, got, err, roundBig(r, amount, rate, big.NewInt(money.DecimalScale)))
	})
}

// A credit mirrors its charge, whatever the rounding.
func TestPartVectors(t *testing.T) {
	tests := []struct {
		amount    money.Amount
		parts, of int64
		want      string
		code      refusal.Code
	}{
		{amount: 100_000_000, parts: 10, of: 30, want: "33.333333"},
		{amount: 100_000_000, parts: 70, of: 30, want: "233.333333"},
		{amount: 2, parts: 1, of: 3, want: "0.000001"},
		{amount: -100_000_000, parts: 20, of: 30, want: "-66.666667"},
		{amount: 1, parts: 0, of: 1, want: "0.000000"},
		{amount: 1, parts: 1, of: 0, code: refusal.BadInput},
		{amount: math.MaxInt64, parts: 2, of: 1, code: refusal.Overflow},
	}
	for _, tt := range tests {
		got, err := money.HalfUp.Part(tt.amount, tt.parts, tt.of)
		if code := refusal.CodeOf(err); code != tt.code || err == nil && got.String() != tt.want {
			t.Errorf("%s × %d ÷ %d = %s, %v; want %s %s", tt.amount, tt.parts, tt.of, got, err, tt.want, tt.code)
		}
	}
}

func TestRoundingMirrors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.SampledFrom(roundings).Draw(t, "rounding")
		quantity := rapid.Int64Range(0, 1<<40).Draw(t, "quantity")
		price := money.Decimal(rapid.Int64Range(0, 1<<40).Draw(t, "price"))
		per := rapid.Int64Range(1, 1<<40).Draw(t, "per")
		charge, chargeErr := r.Price(quantity, price, per)
		credit, creditErr := r.Price(-quantity, price, per)
		if charge != -credit || (chargeErr == nil) != (creditErr == nil) {
			t.Fatalf("charge %d, %v; credit %d, %v", charge, chargeErr, credit, creditErr)
		}
	})
}

// drawSized draws numbers of every magnitude, so that both sides of the edge of
// the range are reached.
func drawSized(t *rapid.T, label string) int64 {
	size := rapid.IntRange(0, 62).Draw(t, label+" bits")
	return rapid.OneOf(
		rapid.Int64Range(-(1<<size), 1<<size),
		rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, 0, 1, -1}),
	).Draw(t, label)
}

// roundBig is the independent model: a × b ÷ divisor in unbounded integers,
// judged by twice the remainder.
func roundBig(r money.Rounding, a, b int64, divisor *big.Int) *big.Int {
	product := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	quotient, rest := new(big.Int).QuoRem(new(big.Int).Abs(product), divisor, new(big.Int))
	twice := new(big.Int).Lsh(rest, 1).Cmp(divisor)
	away := false
	switch r {
	case money.Up:
		away = rest.Sign() > 0
	case money.HalfUp:
		away = twice >= 0
	case money.HalfEven:
		away = twice > 0 || twice == 0 && quotient.Bit(0) == 1
	case money.Down:
	}
	if away {
		quotient.Add(quotient, big.NewInt(1))
	}
	if product.Sign() < 0 {
		quotient.Neg(quotient)
	}
	return quotient
}

// checkRounded wants the model's value, or a refusal where its magnitude is
// above the largest amount.
func checkRounded(t *rapid.T, got money.Amount, err error, want *big.Int) {
	t.Helper()
	if new(big.Int).Abs(want).IsInt64() {
		if err != nil || int64(got) != want.Int64() {
			t.Fatalf("got %d, %v; want %s", got, err, want)
		}
		return
	}
	if refusal.CodeOf(err) != refusal.Overflow {
		t.Fatalf("got %d, %v for %s; want a refusal with code %s", got, err, want, refusal.Overflow)
	}
}
