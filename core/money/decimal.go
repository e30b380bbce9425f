package money

import (
	"math"
	"math/bits"
	"strings"

	"termwise.dev/core/canary"
	"termwise.dev/core/refusal"
)

// Decimal is a price or a rate in units of 1e-10.
type Decimal int64

// DecimalScale is the number of Decimal units in one.
const DecimalScale = 10_000_000_000

// ParseDecimal reads a plain decimal of up to ten places, such as "0.0005".
// A trailing percent sign divides by a hundred: "0.05%" is 0.0005.
func ParseDecimal(s string) (Decimal, error) {
	if number, percent := strings.CutSuffix(s, "%"); percent {
		v, err := parseFixed(strings.TrimSpace(number), 8)
		return Decimal(v), err
	}
	v, err := parseFixed(s, 10)
	return Decimal(v), err
}

// String gives the shortest exact decimal, for example "0.0005".
func (d Decimal) String() string {
	s := strings.TrimRight(formatFixed(int64(d), 10), "0")
	return strings.TrimSuffix(s, ".")
}

// MarshalText gives String.
func (d Decimal) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDecimal reads.
func (d *Decimal) UnmarshalText(b []byte) error {
	v, err := ParseDecimal(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// Rounding says what happens to what is smaller than 1e-6 of the currency.
type Rounding string

// The roundings that terms can name. Halves and remainders are judged on the
// magnitude, so that a credit mirrors its charge.
const (
	HalfUp   Rounding = "half_up"
	HalfEven Rounding = "half_even"
	Down     Rounding = "down"
	Up       Rounding = "up"
)

// ParseRounding reads one of the named roundings.
func ParseRounding(s string) (Rounding, error) {
	switch r := Rounding(s); r {
	case HalfUp, HalfEven, Down, Up:
		return r, nil
	}
	return "", refusal.New(refusal.BadInput, "%q is not a rounding", s).
		Do("use one of half_up, half_even, down, up")
}

// Price returns quantity × price ÷ per, rounded once. Quantity is in the
// meter's base unit, price is money per priced unit, per is the number of base
// units in a priced unit.
func (r Rounding) Price(quantity int64, price Decimal, per int64) (Amount, error) {
	return r.product(quantity, int64(price), per, DecimalScale/AmountScale)
}

// Share returns amount × rate, rounded once.
func (r Rounding) Share(amount Amount, rate Decimal) (Amount, error) {
	return r.product(int64(amount), int64(rate), DecimalScale, 1)
}

// Part returns amount × parts ÷ of, rounded once. Of is positive.
func (r Rounding) Part(amount Amount, parts, of int64) (Amount, error) {
	return r.product(int64(amount), parts, of, 1)
}

// product returns a × b ÷ (c × d) rounded once; c and d are positive. A
// rounding that is not one of the named ones is refused: there is no default.
func (r Rounding) product(a, b, c, d int64) (Amount, error) {
	if _, err := ParseRounding(string(r)); err != nil {
		return 0, err
	}
	if c <= 0 || d <= 0 {
		return 0, refusal.New(refusal.BadInput, "a divisor of %d × %d is not positive", c, d)
	}
	overflow := func() (Amount, error) {
		return 0, refusal.New(refusal.Overflow, "%d × %d ÷ (%d × %d) leaves the range of an amount", a, b, c, d)
	}
	divisorHigh, divisor := bits.Mul64(uint64(c), uint64(d))
	if divisorHigh != 0 {
		return overflow()
	}
	high, low := bits.Mul64(magnitude(a), magnitude(b))
	if high >= divisor {
		return overflow()
	}
	quotient, remainder := bits.Div64(high, low, divisor)
	if quotient > math.MaxInt64 { // before rounding: the largest quotient would wrap to zero
		return overflow()
	}
	if r.roundsAway(quotient, remainder, divisor) && !canary.On(canary.DropRemainder) {
		quotient++
	}
	if quotient > math.MaxInt64 {
		return overflow()
	}
	if (a < 0) != (b < 0) {
		return -Amount(quotient), nil
	}
	return Amount(quotient), nil
}

func (r Rounding) roundsAway(quotient, remainder, divisor uint64) bool {
	half := divisor - remainder // compare remainder with divisor-remainder: doubling could overflow
	switch r {
	case Up:
		return remainder > 0
	case HalfUp:
		return remainder >= half && remainder > 0
	case HalfEven:
		return remainder > half || (remainder == half && quotient%2 == 1)
	default:
		return false
	}
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}
