package money

import (
	"math"
	"strings"

	"termwise.dev/core/refusal"
)

// Currency is an ISO 4217 code, for example "CNY".
type Currency string

// Amount is money in 1e-6 of its currency. The currency stands beside it,
// never inside it: one account has one currency.
type Amount int64

// AmountScale is the number of Amount units in one unit of the currency.
const AmountScale = 1_000_000

// ParseAmount reads a plain decimal such as "12.40" or "-0.000001".
// More than six decimals, or a value outside int64, is refused.
func ParseAmount(s string) (Amount, error) {
	v, err := parseFixed(s, 6)
	return Amount(v), err
}

// String gives the amount with six decimals, for example "12.400000".
func (a Amount) String() string { return formatFixed(int64(a), 6) }

// MarshalText gives String; amounts are strings in every output.
func (a Amount) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what ParseAmount reads.
func (a *Amount) UnmarshalText(b []byte) error {
	v, err := ParseAmount(string(b))
	if err != nil {
		return err
	}
	*a = v
	return nil
}

// Add returns a+b, or a refusal with code overflow.
func (a Amount) Add(b Amount) (Amount, error) {
	sum := a + b
	if (b > 0) != (sum > a) {
		return 0, refusal.New(refusal.Overflow, "%s + %s leaves the range of an amount", a, b)
	}
	return sum, nil
}

// Sub returns a-b, or a refusal with code overflow.
func (a Amount) Sub(b Amount) (Amount, error) {
	difference := a - b
	if (b > 0) != (difference < a) {
		return 0, refusal.New(refusal.Overflow, "%s - %s leaves the range of an amount", a, b)
	}
	return difference, nil
}

// Sum adds all amounts, or refuses with code overflow.
func Sum(amounts ...Amount) (Amount, error) {
	var total Amount
	for _, a := range amounts {
		next, err := total.Add(a)
		if err != nil {
			return 0, err
		}
		total = next
	}
	return total, nil
}

func parseFixed(s string, places int) (int64, error) {
	bad := func(why string) (int64, error) {
		return 0, refusal.New(refusal.BadInput, "%q is not a decimal: %s", s, why).
			Do("write digits with at most %d decimals, for example 12.50", places)
	}
	rest, negative := strings.CutPrefix(s, "-")
	whole, fraction, point := strings.Cut(rest, ".")
	if whole == "" || (point && fraction == "") {
		return bad("digits are missing")
	}
	if len(fraction) > places {
		return bad("it has too many decimals")
	}
	digits := whole + fraction + strings.Repeat("0", places-len(fraction))
	limit := uint64(math.MaxInt64)
	if negative {
		limit++ // the lowest int64 has no positive twin
	}
	var v uint64
	for i := 0; i < len(digits); i++ {
		d := uint64(digits[i] - '0') // below '0' the byte wraps above 9
		if d > 9 {
			return bad("it holds something else than digits and a point")
		}
		if v > (limit-d)/10 {
			return 0, refusal.New(refusal.Overflow, "%q is too large to be held exactly", s).Do("use a smaller value")
		}
		v = v*10 + d
	}
	if negative {
		return -int64(v), nil
	}
	return int64(v), nil
}

func formatFixed(v int64, places int) string {
	var b []byte
	magnitude := uint64(v)
	if v < 0 {
		b = append(b, '-')
		magnitude = -magnitude
	}
	digits := make([]byte, 0, 24)
	for magnitude > 0 || len(digits) <= places {
		digits = append(digits, byte('0'+magnitude%10))
		magnitude /= 10
	}
	for i := len(digits) - 1; i >= 0; i-- {
		b = append(b, digits[i])
		if i == places {
			b = append(b, '.')
		}
	}
	return string(b)
}
