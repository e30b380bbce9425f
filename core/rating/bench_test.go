package rating_test

import (
	"math/bits"
	"testing"

	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/rating"
)

// BenchmarkCharge prices an hour of a bucket, and beside it does the bare
// arithmetic that no exact price can do without: one 128-bit product, divided.
func BenchmarkCharge(b *testing.B) {
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
	})
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
	})
}
