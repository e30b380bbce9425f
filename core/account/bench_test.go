package account_test

import (
	"crypto/sha256"
	"math/bits"
	"strings"
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/terms"
)

// BenchmarkResolve does a bare lookup in a map, and asks the sample provider's
// documents, which hold as much, what settlement asks them for each charge. Get reads a
// key, Bind finds the account's documents.
func BenchmarkResolve(b *testing.B) {
	w := newWorld(b, sampleCorpus(b))
	bind := func() (*terms.Set, error) {
		return w.corpus.Bind(w.books.Subject("compute-payg"), start, start)
	}
	set, err := bind()
	if err != nil {
		b.Fatal(err)
	}
	var bare float64
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
		bare = nanoseconds(b)
	})
	b.Run("get", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := terms.GetIn(set, terms.PriceOf, "cpu"); err != nil {
				b.Fatal(err)
			}
		}
		ofBare(b, bare)
	})
	b.Run("bind", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := bind(); err != nil {
				b.Fatal(err)
			}
		}
		ofBare(b, bare)
	})
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
// the amount. The limit is what a program would do that knew its prices by heart: it
// looks one up in a map and does the arithmetic, a 128-bit product, divided.
func BenchmarkResolveAndRate(b *testing.B) {
	var bare float64
	b.Run("bare", func(b *testing.B) {
		prices := map[metering.Key]uint64{}
		key := metering.Key{Product: "compute-payg", Meter: "cpu"}
		for n := range 60 {
			prices[metering.Key{Product: "compute-payg", Meter: strings.Repeat("k", n)}] = 1
		}
		prices[key] = 900_000_000
		const divisor = 3_600_000 * (money.DecimalScale / money.AmountScale)
		var quantity, sum uint64
		b.ReportAllocs()
		for b.Loop() {
			quantity = quantity%14_400_000 + 1
			high, low := bits.Mul64(quantity, prices[key])
			quotient, remainder := bits.Div64(high, low, divisor)
			sum += quotient + remainder
		}
		if sum == 0 {
			b.Fatal("every quotient and remainder was zero")
		}
		bare = nanoseconds(b)
	})
	b.Run("charge", func(b *testing.B) {
		charge := resolveAndRate(b)
		b.ReportAllocs()
		for b.Loop() {
			charge()
		}
		ofBare(b, bare)
	})
}

func TestResolvingAndRatingAllocateNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, resolveAndRate(t)); n != 0 {
		t.Errorf("a charge allocates %v times", n)
	}
}

// BenchmarkAdvance decides what one closed hour of four buckets means: four
// charges, their payment, and the journal entry that seals them, without a
// database. The limit is the SHA-256 without which nothing is sealed: as many as the
// decision makes, of 112 bytes each, which is about what a charge is.
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
	d, err := w.books.Advance(w.env(), to)
	if err != nil || len(d.Charges) != charges || len(d.Entries) != 1 {
		b.Fatalf("%d charges in %d entries, error %v, want %d in one", len(d.Charges), len(d.Entries), err, charges)
	}
	digests := len(d.Charges) + len(d.Transfers) + 2 // of the entry one is over its rows, and one is its own
	var bare float64
	b.Run("bare", func(b *testing.B) {
		var row [112]byte
		b.ReportAllocs()
		for b.Loop() {
			for range digests {
				sum := sha256.Sum256(row[:])
				copy(row[:], sum[:])
			}
		}
		bare = nanoseconds(b)
	})
	b.Run("decide", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := w.books.Advance(w.env(), to); err != nil {
				b.Fatal(err)
			}
		}
		ofBare(b, bare)
		b.ReportMetric(nanoseconds(b)/charges, "ns/charge")
	})
}
