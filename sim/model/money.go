package model

import (
	"fmt"
	"math/big"
	"strings"
)

// Money is an amount in millionths of the currency.
type Money int64

// String gives six decimals.
func (m Money) String() string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	return fmt.Sprintf("%s%d.%06d", sign, m/1_000_000, m%1_000_000)
}

// number reads the number that a text begins with: "0.09 CNY per vCPU·hour".
func number(text string) *big.Rat {
	word, _, _ := strings.Cut(text, " ")
	r, ok := new(big.Rat).SetString(word)
	if !ok {
		panic("model: no number begins " + text)
	}
	return r
}

// perDay reads a rate such as "0.05%/day".
func perDay(text string) *big.Rat {
	percent, found := strings.CutSuffix(text, "%/day")
	if !found {
		panic("model: not a rate: " + text)
	}
	return new(big.Rat).Quo(number(percent), big.NewRat(100, 1))
}

// round rounds a fraction of millionths to a whole one, once. Halves are judged
// by the magnitude, so that what is taken back mirrors what was charged.
func round(millionths *big.Rat, how string) Money {
	magnitude := new(big.Rat).Abs(millionths)
	whole := new(big.Int).Quo(magnitude.Num(), magnitude.Denom())
	rest := new(big.Rat).Sub(magnitude, new(big.Rat).SetInt(whole))
	half := rest.Cmp(big.NewRat(1, 2))
	up := false
	switch how {
	case "half_up":
		up = half >= 0
	case "half_even":
		up = half > 0 || half == 0 && whole.Bit(0) == 1
	case "up":
		up = rest.Sign() > 0
	case "down":
	default:
		panic("model: not a rounding: " + how)
	}
	if up {
		whole.Add(whole, big.NewInt(1))
	}
	if millionths.Sign() < 0 {
		whole.Neg(whole)
	}
	return Money(whole.Int64())
}

// cost is what a quantity of base units costs at a price for each `per` of them.
func cost(quantity int64, price *big.Rat, per int64, how string) Money {
	exact := new(big.Rat).Mul(price, big.NewRat(quantity, per))
	return round(exact.Mul(exact, big.NewRat(1_000_000, 1)), how)
}

// share is a fraction of an amount.
func share(amount Money, rate *big.Rat, how string) Money {
	return round(new(big.Rat).Mul(big.NewRat(int64(amount), 1), rate), how)
}
