package terms_test

import (
	"fmt"
	"testing"

	"termwise.dev/core/calendar"
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

// manyTexts is the small corpus among other documents, so many in all: pages and
// terms of other products, and contracts for product p with accounts of their own.
func manyTexts(documents int) []text {
	texts := benchTexts()
	for i := range documents - len(texts) {
		x := text{id: fmt.Sprintf("d%d", i), code: fmt.Sprintf("D%d", i)}
		switch i % 3 {
		case 0:
			x.kind, x.product = "page", fmt.Sprintf("p%d", i)
		case 1:
			x.kind, x.by, x.binds = "special", "acceptance", fmt.Sprintf("{products: [p%d]}", i-1)
		default:
			x.kind, x.by, x.binds = "stamped", "acceptance", fmt.Sprintf("{products: [p], accounts: [party-%d]}", i)
		}
		texts = append(texts, x.with("suspend.after", "15 days"))
	}
	return texts
}

// BenchmarkBind binds one account after another, each of which accepted at an
// instant of its own, and reads a key: what a bound account costs once warm must
// depend neither on how many documents were published nor on how many accounts
// there are. It costs as much where the account has left a document, and
// allocates nothing either way. The limit is to know each account's set by heart: one
// lookup by its name in a map of as many.
func BenchmarkBind(b *testing.B) {
	bare := map[int]float64{}
	for _, accounts := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("bare/accounts=%d", accounts), func(b *testing.B) {
			bare[accounts] = benchmarkLookup(b, manySubjects(accounts))
		})
	}
	left := terms.Departure{Document: "g", At: day("2025-03-01"), Recorded: day("2025-02-15")}
	for _, documents := range []int{10, 100, 1000} {
		c := corpus(b, manyTexts(documents)...)
		for _, accounts := range []int{1_000, 100_000} {
			b.Run(fmt.Sprintf("documents=%d/accounts=%d", documents, accounts), func(b *testing.B) {
				benchmarkBind(b, c, manySubjects(accounts))
				ofBare(b, bare[accounts])
			})
			b.Run(fmt.Sprintf("documents=%d/accounts=%d/left", documents, accounts), func(b *testing.B) {
				benchmarkBind(b, c, manySubjects(accounts, left))
				ofBare(b, bare[accounts])
			})
		}
	}
}

// benchmarkLookup looks one account after another up in a map, and returns what a
// lookup took.
func benchmarkLookup(b *testing.B, subjects []terms.Subject) float64 {
	sets, set := make(map[string]*terms.Set, len(subjects)), new(terms.Set)
	for i := range subjects {
		sets[subjects[i].Account] = set
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if sets[subjects[i%len(subjects)].Account] == nil {
			b.Fatal("the set is gone")
		}
	}
	return nanoseconds(b)
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

func manySubjects(accounts int, left ...terms.Departure) []terms.Subject {
	subjects := make([]terms.Subject, accounts)
	for i := range subjects {
		accepted := accepts("2025-01-01", "g", "e")
		for j := range accepted {
			accepted[j].At = accepted[j].At.Add(calendar.Duration(i) * calendar.Second)
		}
		subjects[i] = terms.Subject{Account: fmt.Sprintf("account-%d", i), Accepted: accepted, Left: left, Product: "p"}
	}
	return subjects
}

func benchmarkBind(b *testing.B, c *terms.Corpus, subjects []terms.Subject) {
	at := day("2025-06-15")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		set, err := c.Bind(subjects[i%len(subjects)], at, at)
		if err != nil {
			b.Fatal(err)
		}
		if v, err := terms.Get(set, terms.LateFeeRate); err != nil || v.Silent {
			b.Fatal(v, err)
		}
	}
}

// TestBindAllocatesNothing once warm, also for who has left a document.
func TestBindAllocatesNothing(t *testing.T) {
	c := corpus(t, benchTexts()...)
	at := day("2025-06-15")
	for _, left := range [][]terms.Departure{nil, {{Document: "g", At: day("2025-03-01"), Recorded: day("2025-02-15")}}} {
		s := manySubjects(1, left...)[0]
		if n := testing.AllocsPerRun(100, func() {
			if _, err := c.Bind(s, at, at); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("left %v: %v allocations", left, n)
		}
	}
}

// BenchmarkByUse is what ingest asks of each event besides.
func BenchmarkByUse(b *testing.B) {
	c := corpus(b, manyTexts(1000)...)
	s, at := subject(accepts("2025-01-01", "g", "e")), day("2025-06-15")
	b.ReportAllocs()
	for b.Loop() {
		if len(c.ByUse(s, at, at)) > 0 {
			b.Fatal("something")
		}
	}
}

// BenchmarkNewCorpus checks and proves what was published.
func BenchmarkNewCorpus(b *testing.B) {
	for _, documents := range []int{10, 100, 1000} {
		all := published(b, manyTexts(documents)...)
		b.Run(fmt.Sprintf("documents=%d", documents), func(b *testing.B) {
			for b.Loop() {
				if _, err := terms.NewCorpus(all); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBindTariffs binds accounts that consented to none of many tariffs.
func BenchmarkBindTariffs(b *testing.B) {
	texts := benchTexts()
	texts[0] = texts[0].with("tariff.change", "after_consultation")
	all := published(b, texts...)
	for i := range 12 {
		x := texts[1].with("price.cpu", fmt.Sprintf("0.%d CNY per vCPU·hour", 10+i))
		x.version, x.announced, x.effective = fmt.Sprintf("t%d", i), "2025-01-01", fmt.Sprintf("2025-02-%02d", i+1)
		all = append(all, terms.Published{Document: sourceOf(b, x, "by: publication", "by: publication\nchange: [tariff]"), Recorded: day("2025-01-01")})
	}
	c, err := terms.NewCorpus(all)
	if err != nil {
		b.Fatal(err)
	}
	s, at := terms.Subject{Account: "a", Accepted: accepts("2025-01-01", "g", "e"), Product: "p"}, day("2025-06-15")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Bind(s, at, at); err != nil {
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
