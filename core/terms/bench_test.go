package terms_test

import (
	"testing"

	"termwise.dev/core/terms"
)

func benchTexts() []text {
	g := general
	g.precedence = "[stamped, page, special, general]"
	special := text{id: "e", code: "E", kind: "special", by: "acceptance", binds: "{products: [p]}", precedence: "[stamped, self, page, general]"}
	return []text{
		g.with("late_fee.rate", "0.05%/day").with("payment.due", "0 days").with("suspend.after", "24 hours"),
		page.with("price.cpu", "0.09 CNY per vCPU·hour").with("late_fee.rate", "0.1%/day"),
		special.with("late_fee.rate", "0.2%/day"),
		text{id: "rules", code: "R", kind: "rules"}.with("late_fee.method", "simple"),
	}
}

// BenchmarkResolve reads one key of a Set, as rating does for each charge.
func BenchmarkResolve(b *testing.B) {
	s := bound(b, corpus(b, benchTexts()...), "g", "e")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := terms.Get(s, terms.LateFeeRate); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBind finds the shared Set of an account.
func BenchmarkBind(b *testing.B) {
	c := corpus(b, benchTexts()...)
	accepted, at := accepts("2025-01-01", "g", "e"), day("2025-06-15")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Bind("a", accepted, "p", at, at); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBindCold makes a corpus and the first Set of a binding.
func BenchmarkBindCold(b *testing.B) {
	all := published(b, benchTexts()...)
	b.ReportAllocs()
	for b.Loop() {
		c, err := terms.NewCorpus(all)
		if err != nil {
			b.Fatal(err)
		}
		bound(b, c, "g", "e")
	}
}
