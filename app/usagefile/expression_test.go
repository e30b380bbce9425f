package usagefile_test

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"termwise.dev/core/refusal"
)

// evaluate gives the value or the code of an expression over the columns a, b
// and c, by way of a whole mapping and file.
func evaluate(expression string, a, b, c int64) (int64, refusal.Code, error) {
	mapping := strings.Replace(sound, "cpu: milli", "cpu: "+expression, 1)
	rows, err := readRows(mapping, fmt.Sprintf("name,start,end,a,b,c\np-1,0,60,%d,%d,%d\n", a, b, c))
	if err != nil {
		return 0, "", err
	}
	return rows[0].Measures[0].Value, refusal.CodeOf(rows[0].Fault), nil
}

func TestExpressions(t *testing.T) {
	const most, least = math.MaxInt64, math.MinInt64
	tests := []struct {
		expression string
		a, b, c    int64
		want       int64
		code       refusal.Code
	}{
		{"a", 7, 0, 0, 7, ""},
		{"a + b * c", 1, 2, 3, 7, ""},
		{"(a+b)*c", 1, 2, 3, 9, ""},
		{"a - b - c", 1, 2, 3, -4, ""},
		{"a - (b - c)", 1, 2, 3, 2, ""},
		{"a * b mod c", 5, 7, 4, 3, ""},
		{"a + b mod c", 5, 7, 4, 8, ""},
		{"a mod b", -1, 200, 0, 199, ""},
		{"a mod b", -200, 200, 0, 0, ""},
		{"a mod b", least, most, 0, most - 1, ""},
		{"a mod b", most, most, 0, 0, ""},
		{"a mod b", 1, 0, 0, 0, refusal.BadInput},
		{"a mod b", 1, -2, 0, 0, refusal.BadInput},
		{"a + b", most, 1, 0, 0, refusal.Overflow},
		{"a + b", least, -1, 0, 0, refusal.Overflow},
		{"a + b", most, least, 0, -1, ""},
		{"a - b", least, 1, 0, 0, refusal.Overflow},
		{"a - b", 0, least, 0, 0, refusal.Overflow},
		{"a - b", -1, least, 0, most, ""},
		{"a * b", least, -1, 0, 0, refusal.Overflow},
		{"a * b", -1, least, 0, 0, refusal.Overflow},
		{"a * b", least, 1, 0, least, ""},
		{"a * b", 1 << 32, 1 << 31, 0, 0, refusal.Overflow},
		{"a * b", 1 << 32, -1 << 31, 0, least, ""},
		{"a * b", 0, least, 0, 0, ""},
		{"number(a)", -12, 0, 0, 12, ""},
	}
	for _, tt := range tests {
		got, code, err := evaluate(tt.expression, tt.a, tt.b, tt.c)
		if err != nil || got != tt.want || code != tt.code {
			t.Errorf("%s of %d, %d, %d: %d %q %v, want %d %q", tt.expression, tt.a, tt.b, tt.c, got, code, err, tt.want, tt.code)
		}
	}
}

// tree is an expression as text, and its value without bounds; code says where
// it has none.
type tree struct {
	text  string
	value *big.Int
	code  refusal.Code
}

// grow draws an expression over a, b and c, with parentheses around every
// operation inside it.
func grow(t *rapid.T, depth int, columns map[string]int64) tree {
	if depth == 0 || rapid.IntRange(0, 3).Draw(t, "leaf") == 0 {
		if name := rapid.SampledFrom([]string{"a", "b", "c", ""}).Draw(t, "column"); name != "" {
			return tree{text: name, value: big.NewInt(columns[name])}
		}
		n := rapid.Int64Min(0).Draw(t, "number")
		return tree{text: fmt.Sprint(n), value: big.NewInt(n)}
	}
	left, right := grow(t, depth-1, columns), grow(t, depth-1, columns)
	operator := rapid.SampledFrom([]string{"+", "-", "*", "mod"}).Draw(t, "operator")
	out := tree{text: "(" + left.text + " " + operator + " " + right.text + ")", value: new(big.Int)}
	switch {
	case left.code != "":
		out.code = left.code
	case right.code != "":
		out.code = right.code
	case operator == "+":
		out.value.Add(left.value, right.value)
	case operator == "-":
		out.value.Sub(left.value, right.value)
	case operator == "*":
		out.value.Mul(left.value, right.value)
	case right.value.Sign() < 1:
		out.code = refusal.BadInput
	default:
		out.value.Mod(left.value, right.value)
	}
	if out.code == "" && !out.value.IsInt64() {
		out.code = refusal.Overflow
	}
	return out
}

// Expressions have the value that arithmetic without bounds gives, or are
// refused where it does not fit.
func TestExpressionsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		anyInteger := rapid.OneOf(rapid.Int64Range(-9, 9), rapid.Int64())
		columns := map[string]int64{}
		for _, name := range []string{"a", "b", "c"} {
			columns[name] = anyInteger.Draw(t, name)
		}
		e := grow(t, 4, columns)
		got, code, err := evaluate(e.text, columns["a"], columns["b"], columns["c"])
		if err != nil || code != e.code || code == "" && got != e.value.Int64() {
			t.Fatalf("%s of %v: %d %q %v, want %v %q", e.text, columns, got, code, err, e.value, e.code)
		}
	})
}

// Without parentheses, * and mod bind more than + and -, and all of one level
// from the left.
func TestPrecedence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.Int64Range(1, 1000), 1, 8).Draw(t, "numbers")
		sum, term, sign := int64(0), numbers[0], int64(1)
		written := fmt.Sprint(numbers[0])
		for _, n := range numbers[1:] {
			operator := rapid.SampledFrom([]string{"+", "-", "*", "mod"}).Draw(t, "operator")
			written += fmt.Sprintf(" %s %d", operator, n)
			switch operator {
			case "*":
				term = term * n % 1_000_003
				written += " mod 1000003"
			case "mod":
				term %= n
			default:
				sum += sign * term
				term, sign = n, map[string]int64{"+": 1, "-": -1}[operator]
			}
		}
		want := sum + sign*term
		if got, code, err := evaluate(written, 0, 0, 0); got != want || code != "" || err != nil {
			t.Fatalf("%s: %d %q %v, want %d", written, got, code, err, want)
		}
	})
}
