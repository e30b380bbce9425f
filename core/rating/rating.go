package rating

import (
	"math"

	"termwise.dev/core/canary"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
)

// Tariff is what the terms say that a meter costs.
type Tariff struct {
	// Price is money for each priced unit.
	Price money.Decimal
	// Per is the number of the meter's base units in a priced unit.
	Per int64
	// Rounding is how a line is rounded, once, to 1e-6 of the currency.
	Rounding money.Rounding
}

// Line is what a bucket's newly billed quantity costs.
type Line struct {
	// QuantityBefore and AmountBefore are what earlier lines of the bucket say.
	QuantityBefore, Quantity int64
	AmountBefore, Amount     money.Amount
	// Sequence numbers the bucket's lines from one; later ones are adjustments.
	Sequence int64
}

// Charge prices quantity on top of what the bucket was billed before. The line
// is the difference of two roundings of the whole, never a rounding of the
// difference. It refuses a quantity that is not positive and sums, prices and
// differences that leave 64 bits.
func (t Tariff) Charge(b *metering.Bucket, quantity int64) (Line, error) {
	if quantity <= 0 {
		return Line{}, refusal.New(refusal.BadQuantity, "a line for a quantity of %d", quantity).Do("charge positive quantities")
	}
	if quantity > math.MaxInt64-b.Billed {
		return Line{}, refusal.New(refusal.Overflow, "%d + %d leaves the range of a quantity", b.Billed, quantity).
			Do("report less usage of one meter in one hour")
	}
	whole, err := t.Rounding.Price(b.Billed+quantity, t.Price, t.Per)
	if err != nil {
		return Line{}, err
	}
	amount, err := whole.Sub(b.Charged)
	if canary.On(canary.RoundEachLine) {
		amount, err = t.Rounding.Price(quantity, t.Price, t.Per)
	}
	if err != nil {
		return Line{}, err
	}
	return Line{
		QuantityBefore: b.Billed, Quantity: quantity,
		AmountBefore: b.Charged, Amount: amount,
		Sequence: b.Lines + 1,
	}, nil
}
