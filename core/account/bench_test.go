package account_test

import (
	"strings"
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/terms"
)

// BenchmarkResolve asks the sample provider's documents what settlement asks
// them for each charge, and beside it does a bare lookup in a map that holds as
// much. Get reads a key, Bind finds the account's documents.
func BenchmarkResolve(b *testing.B) {
	w := newWorld(b, sampleCorpus(b))
	bind := func() (*terms.Set, error) {
		return w.corpus.Bind(w.books.Subject("compute-payg"), start, start)
	}
	set, err := bind()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("get", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := terms.GetIn(set, terms.PriceOf, "cpu"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bind", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := bind(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		values := map[string]*terms.Set{"price.cpu": set}
		for n := range 60 {
			values[strings.Repeat("k", n)] = set
		}
		b.ReportAllocs()
		for b.Loop() {
			if values["price.cpu"] == nil {
				b.Fatal("the value is gone")
			}
		}
	})
}

// resolveAndRate gives what settlement does for one charge: it finds the terms that
// bind, the price and the rule of rounding in them, and the amount of the line.
func resolveAndRate(tb testing.TB) func() {
	w := newWorld(tb, sampleCorpus(tb))
	bucket := &metering.Bucket{Key: metering.Key{Product: "compute-payg", Resource: "vm", Meter: "cpu", Hour: calendar.HourOf(start)}}
	subject := w.books.Subject("compute-payg")
	var quantity int64
	return func() {
		quantity = quantity%14_400_000 + 1
		set, err := w.corpus.Bind(subject, start, start)
		if err != nil {
			tb.Fatal(err)
		}
		by, err := account.Tariff(set, bucket.Meter)
		if err != nil {
			tb.Fatal(err)
		}
		if line, err := by.Charge(bucket, quantity); err != nil || line.Amount < 0 {
			tb.Fatal(line, err)
		}
	}
}

// BenchmarkResolveAndRate prices one charge, from the question of what binds to
// the amount.
func BenchmarkResolveAndRate(b *testing.B) {
	charge := resolveAndRate(b)
	b.ReportAllocs()
	for b.Loop() {
		charge()
	}
}

func TestResolvingAndRatingAllocateNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, resolveAndRate(t)); n != 0 {
		t.Errorf("a charge allocates %v times", n)
	}
}

// BenchmarkAdvance decides what one closed hour of four buckets means: four
// charges, their payment, and the journal entry that seals them, without a
// database.
func BenchmarkAdvance(b *testing.B) {
	const charges = 4
	w := newWorld(b, sampleCorpus(b))
	w.topUp("2026-01-01T00:00:00+08:00", "1000000")
	for _, resource := range []string{"vm-0", "vm-1", "vm-2", "vm-3"} {
		w.use(resource, 4000, "2026-01-01T00:00:00+08:00", "2026-01-01T02:00:00+08:00", "2026-01-01T00:00:00+08:00")
	}
	w.advance("2026-01-01T01:00:00+08:00") // opens the service
	to := instant("2026-01-01T02:00:00+08:00")
	w.load(to)
	b.ReportAllocs()
	for b.Loop() {
		d, err := w.books.Advance(w.env(), to)
		if err != nil || len(d.Charges) != charges {
			b.Fatalf("%d charges, error %v, want %d", len(d.Charges), err, charges)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*charges), "ns/charge")
}
