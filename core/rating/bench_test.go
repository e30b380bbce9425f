package rating_test

import (
	"math/bits"
	"testing"

	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/rating"
)

// BenchmarkCharge does the bare arithmetic that no exact price can do without, one
// 128-bit product, divided, and then prices an hour of a bucket: %ofbare is the share
// of the time of a charge that the arithmetic alone takes.
func BenchmarkCharge(b *testing.B) {
	var bare float64
	b.Run("bare", func(b *testing.B) {
		const price, divisor = 900_000_000, 3_600_000 * (money.DecimalScale / money.AmountScale)
		var quantity, sum uint64
		b.ReportAllocs()
		for b.Loop() {
			quantity = quantity%14_400_000 + 1
			high, low := bits.Mul64(quantity, price)
			quotient, remainder := bits.Div64(high, low, divisor)
			sum += quotient + remainder
		}
		if sum == 0 {
			b.Fatal("every quotient and remainder was zero")
		}
		bare = nanoseconds(b)
	})
	b.Run("charge", func(b *testing.B) {
		tariff := rating.Tariff{Price: decimal("0.09"), Per: 3_600_000, Rounding: money.HalfUp}
		bucket := &metering.Bucket{Billed: 1_000_000, Charged: 25_000, Lines: 1}
		var quantity int64
		b.ReportAllocs()
		for b.Loop() {
			quantity = quantity%14_400_000 + 1
			if _, err := tariff.Charge(bucket, quantity); err != nil {
				b.Fatal(err)
			}
		}
		ofBare(b, bare)
	})
}

// nanoseconds returns what an operation took.
func nanoseconds(b *testing.B) float64 { return float64(b.Elapsed().Nanoseconds()) / float64(b.N) }

// ofBare reports the share of an operation's time that the bare one takes. A pattern of
// benchmarks can leave that one out.
func ofBare(b *testing.B, bare float64) {
	if bare > 0 {
		b.ReportMetric(100*bare/nanoseconds(b), "%ofbare")
	}
}
