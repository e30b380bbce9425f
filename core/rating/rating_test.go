package rating_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/rating"
	"termwise.dev/core/refusal"
)

func decimal(s string) money.Decimal {
	d, err := money.ParseDecimal(s)
	if err != nil {
		panic(err)
	}
	return d
}

func amount(s string) money.Amount {
	a, err := money.ParseAmount(s)
	if err != nil {
		panic(err)
	}
	return a
}

// settle charges a bucket and keeps what it has been charged, as settlement does.
func settle(b *metering.Bucket, t rating.Tariff, quantity int64) (rating.Line, error) {
	line, err := t.Charge(b, quantity)
	if err == nil {
		b.Billed += quantity
		b.Charged += line.Amount
		b.Lines++
	}
	return line, err
}

// P 1: 0.09 CNY per vCPU for an hour, 0.024 CNY per GiB, 8.50 CNY per GPU, in
// proportion.
func TestCharge(t *testing.T) {
	cpu := rating.Tariff{Price: decimal("0.09"), Per: 3_600_000, Rounding: money.HalfUp}
	memory := rating.Tariff{Price: decimal("0.024"), Per: 3_686_400, Rounding: money.HalfUp}
	gpu := rating.Tariff{Price: decimal("8.50"), Per: 3_600_000, Rounding: money.HalfUp}
	roundedBy := func(r money.Rounding) rating.Tariff {
		return rating.Tariff{Price: decimal("0.000001"), Per: 2, Rounding: r}
	}
	tests := []struct {
		name     string
		tariff   rating.Tariff
		quantity int64
		want     string
	}{
		{"12 vCPU for an hour", cpu, 12_000 * 3600, "1.080000"},
		{"6 vCPU for half an hour", cpu, 6_000 * 1800, "0.270000"},
		{"a thousandth of a vCPU for a second, a quarter of 1e-7", cpu, 1, "0.000000"},
		{"20 of them are half of 1e-6", cpu, 20, "0.000001"},
		{"19 are less", cpu, 19, "0.000000"},
		{"16 GiB for an hour", memory, 16_384 * 3600, "0.384000"},
		{"0.46 GPU for an hour", gpu, 460 * 3600, "3.910000"},
		{"a gift", rating.Tariff{Price: 0, Per: 1, Rounding: money.HalfUp}, 5, "0.000000"},
		{"half up", roundedBy(money.HalfUp), 1, "0.000001"},
		{"half to even, which is zero", roundedBy(money.HalfEven), 1, "0.000000"},
		{"half to even, which is two", roundedBy(money.HalfEven), 3, "0.000002"},
		{"down", roundedBy(money.Down), 3, "0.000001"},
		{"up", roundedBy(money.Up), 3, "0.000002"},
	}
	for _, tt := range tests {
		line, err := tt.tariff.Charge(&metering.Bucket{}, tt.quantity)
		want := rating.Line{Quantity: tt.quantity, Amount: amount(tt.want), Sequence: 1}
		if diff := cmp.Diff(want, line); err != nil || diff != "" {
			t.Errorf("%s: error %v, -want +got:\n%s", tt.name, err, diff)
		}
	}
}

// Usage that arrives late is charged as the difference that it makes to the
// rounded whole: here two halves of 1e-6, which together are one.
func TestChargeLateUsage(t *testing.T) {
	tariff := rating.Tariff{Price: decimal("0.000001"), Per: 2, Rounding: money.HalfUp}
	b := &metering.Bucket{}
	for _, want := range []rating.Line{
		{Quantity: 1, Amount: 1, Sequence: 1},
		{QuantityBefore: 1, AmountBefore: 1, Quantity: 1, Amount: 0, Sequence: 2},
		{QuantityBefore: 2, AmountBefore: 1, Quantity: 3, Amount: 2, Sequence: 3},
	} {
		line, err := settle(b, tariff, want.Quantity)
		if diff := cmp.Diff(want, line); err != nil || diff != "" {
			t.Errorf("error %v, -want +got:\n%s", err, diff)
		}
	}
}

func TestChargeRefuses(t *testing.T) {
	sound := rating.Tariff{Price: decimal("8.50"), Per: 3_600_000, Rounding: money.HalfUp}
	tests := []struct {
		name     string
		tariff   rating.Tariff
		bucket   metering.Bucket
		quantity int64
		code     refusal.Code
	}{
		{"nothing", sound, metering.Bucket{}, 0, refusal.BadQuantity},
		{"less than nothing", sound, metering.Bucket{Billed: 5}, -1, refusal.BadQuantity},
		{"an amount beyond the range", rating.Tariff{Price: math.MaxInt64, Per: 1, Rounding: money.Down}, metering.Bucket{}, math.MaxInt64, refusal.Overflow},
		{"a quantity beyond the range", rating.Tariff{Price: 1, Per: 1, Rounding: money.Down}, metering.Bucket{Billed: math.MaxInt64}, 1, refusal.Overflow},
		{"a difference beyond the range", sound, metering.Bucket{Charged: math.MinInt64}, 3_600_000, refusal.Overflow},
		{"no rounding", rating.Tariff{Price: 1, Per: 1}, metering.Bucket{}, 1, refusal.BadInput},
		{"no priced unit", rating.Tariff{Price: 1, Rounding: money.Up}, metering.Bucket{}, 1, refusal.BadInput},
	}
	for _, tt := range tests {
		if line, err := tt.tariff.Charge(&tt.bucket, tt.quantity); refusal.CodeOf(err) != tt.code || line != (rating.Line{}) {
			t.Errorf("%s: line %+v, error %v, want code %s", tt.name, line, err, tt.code)
		}
	}
}

// However usage arrives in parts, the charges sum to the whole, priced exactly
// and rounded once.
func TestChargesSumToTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tariff := rating.Tariff{
			Price:    money.Decimal(rapid.Int64Range(0, 100*money.DecimalScale).Draw(t, "price")),
			Per:      rapid.Int64Range(1, 4_000_000).Draw(t, "per"),
			Rounding: rapid.SampledFrom([]money.Rounding{money.HalfUp, money.HalfEven, money.Down, money.Up}).Draw(t, "rounding"),
		}
		parts := rapid.SliceOfN(rapid.Int64Range(1, 1_000_000_000), 1, 10).Draw(t, "parts")
		b := &metering.Bucket{}
		var quantity int64
		var sum money.Amount
		for i, part := range parts {
			line, err := settle(b, tariff, part)
			if err != nil {
				t.Fatal(err)
			}
			if line.QuantityBefore != quantity || line.AmountBefore != sum || line.Sequence != int64(i)+1 || line.Amount < 0 {
				t.Fatalf("after %d for %s came %+v", quantity, sum, line)
			}
			quantity += part
			sum += line.Amount
		}
		if want := exact(quantity, tariff); int64(sum) != want {
			t.Fatalf("%d in parts cost %d, at once %d", quantity, int64(sum), want)
		}
	})
}

// exact prices a quantity in rational numbers: an independent reading of the rule.
func exact(quantity int64, t rating.Tariff) int64 {
	price := new(big.Rat).SetFrac64(int64(t.Price), money.DecimalScale/money.AmountScale)
	whole := price.Mul(price, new(big.Rat).SetFrac64(quantity, t.Per))
	floor := new(big.Int).Div(whole.Num(), whole.Denom())
	rest := new(big.Rat).Sub(whole, new(big.Rat).SetInt(floor))
	n := floor.Int64()
	half := rest.Cmp(big.NewRat(1, 2))
	switch t.Rounding {
	case money.HalfUp:
		if half >= 0 {
			n++
		}
	case money.HalfEven:
		if half > 0 || half == 0 && n%2 == 1 {
			n++
		}
	case money.Up:
		if rest.Sign() > 0 {
			n++
		}
	}
	return n
}
