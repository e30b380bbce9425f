package money

import (
	"math/bits"

	"termwise.dev/core/refusal"
)

// Split divides an amount in proportion to weights. Each part is rounded
// toward zero and what remains goes, 1e-6 at a time, to the first parts with a
// weight, so that the parts always sum to the whole.
func Split(whole Amount, weights []int64) ([]Amount, error) {
	var total uint64
	for _, w := range weights {
		if w < 0 {
			return nil, refusal.New(refusal.BadInput, "a weight of %d is negative", w)
		}
		next, carry := bits.Add64(total, uint64(w), 0)
		if carry != 0 {
			return nil, refusal.New(refusal.Overflow, "the weights of a split are too large")
		}
		total = next
	}
	if total == 0 {
		return nil, refusal.New(refusal.BadInput, "a split needs at least one weight above zero")
	}
	parts := make([]Amount, len(weights))
	rest := magnitude(int64(whole))
	for i, w := range weights {
		high, low := bits.Mul64(magnitude(int64(whole)), uint64(w))
		part, _ := bits.Div64(high, low, total) // part ≤ whole, so the quotient fits
		parts[i] = Amount(part)
		rest -= part
	}
	for i := 0; rest > 0; i++ {
		if weights[i] > 0 {
			parts[i]++
			rest--
		}
	}
	if whole < 0 {
		for i := range parts {
			parts[i] = -parts[i]
		}
	}
	return parts, nil
}
