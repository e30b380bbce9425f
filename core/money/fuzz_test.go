package money_test

import (
	"math/big"
	"testing"

	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
)

// FuzzMoney looks for a text that panics, is refused without a code, or reads as
// one value and is written as another; and for a product of a price and a
// quantity that is not what fractions give.
func FuzzMoney(f *testing.F) {
	f.Add("12.40", int64(36_000_000), int64(3_600_000))
	f.Add("-0.000001", int64(-1), int64(1))
	f.Add("0.05%", int64(1_446_083_987), int64(10_000_000_000))
	f.Add("9223372036854.775807", int64(1)<<62, int64(3))
	f.Add("+1", int64(0), int64(0))
	f.Add(".5", int64(7), int64(2))
	f.Add("1e3", int64(5), int64(10))
	f.Fuzz(func(t *testing.T, text string, quantity, per int64) {
		amount, err := money.ParseAmount(text)
		checkRefusal(t, text, err)
		if again, err := money.ParseAmount(amount.String()); err != nil || again != amount {
			t.Fatalf("%q is %s, and that is %s, %v", text, amount, again, err)
		}
		if r, err := money.ParseRounding(text); err == nil && string(r) != text {
			t.Fatalf("%q is the rounding %s", text, r)
		} else {
			checkRefusal(t, text, err)
		}
		price, err := money.ParseDecimal(text)
		checkRefusal(t, text, err)
		if again, err := money.ParseDecimal(price.String()); err != nil || again != price {
			t.Fatalf("%q is %s, and that is %s, %v", text, price, again, err)
		}
		for _, r := range []money.Rounding{money.HalfUp, money.HalfEven, money.Down, money.Up} {
			got, err := r.Price(quantity, price, per)
			checkRefusal(t, text, err)
			if err == nil {
				checkProduct(t, r, got, quantity, price, per)
			}
		}
	})
}

func checkRefusal(t *testing.T, text string, err error) {
	t.Helper()
	if code := refusal.CodeOf(err); err != nil && code != refusal.BadInput && code != refusal.Overflow {
		t.Fatalf("%q: %v", text, err)
	}
}

// checkProduct holds a product against the exact one: less than one unit from it,
// at most half a unit where halves are judged, and on the right side.
func checkProduct(t *testing.T, r money.Rounding, got money.Amount, quantity int64, price money.Decimal, per int64) {
	t.Helper()
	exact := new(big.Rat).Mul(big.NewRat(quantity, per), big.NewRat(int64(price), money.DecimalScale/money.AmountScale))
	off := new(big.Rat).Sub(new(big.Rat).SetInt64(int64(got)), exact)
	away := off.Sign() * exact.Sign() // above zero when it was rounded away from zero
	off.Abs(off)
	half := off.Cmp(big.NewRat(1, 2))
	wrong := off.Cmp(big.NewRat(1, 1)) >= 0
	switch r {
	case money.Down:
		wrong = wrong || away > 0
	case money.Up:
		wrong = wrong || away < 0
	case money.HalfUp:
		wrong = wrong || half > 0 || half == 0 && away < 0
	case money.HalfEven:
		wrong = wrong || half > 0 || half == 0 && got%2 != 0
	}
	if wrong {
		t.Fatalf("%d × %s ÷ %d rounded %s is %s, exactly %s", quantity, price, per, r, got, exact.FloatString(8))
	}
}
