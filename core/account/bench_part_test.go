package account_test

import (
	"fmt"
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
)

// BenchmarkHourInPart settles the hour of an account with many resources whose
// service was opened within it, so that each bucket is parted by its events, and
// holds the account's evidence against every truth. It prints what each resource
// costs: as much in a large account as in a small one.
func BenchmarkHourInPart(b *testing.B) {
	for _, resources := range []int{1_000, 4_000} {
		w, to := resumedWith(b, resources), instant("2026-01-04T11:00:00+08:00")
		perResource := func(b *testing.B) {
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*resources), "ns/resource")
		}
		w.load(to)
		w.loadUsage(&account.MissingUsage{Hours: []calendar.Hour{calendar.HourOf(to) - 1}})
		b.Run(fmt.Sprintf("settle/resources=%d", resources), func(b *testing.B) {
			for b.Loop() {
				d, err := w.books.Advance(w.env(), to)
				if err != nil || len(d.Charges) != resources || len(d.Refused) != resources {
					b.Fatalf("error %v, decision %+v", err, d)
				}
			}
			perResource(b)
		})
		w.advance(to.String())
		ev := w.evidence()
		b.Run(fmt.Sprintf("verify/resources=%d", resources), func(b *testing.B) {
			for b.Loop() {
				if faults := ev.Check(w.replay()).Faults; len(faults) > 0 {
					b.Fatal(faults)
				}
			}
			perResource(b)
		})
	}
}

// resumedWith gives an account whose service is suspended until it pays at 10:20,
// and whose resources are used from ten o'clock to half past.
func resumedWith(tb testing.TB, resources int) *world {
	w := newWorld(tb, sampleCorpus(tb))
	w.topUp("2026-01-01T00:00:00+08:00", "5.00")
	w.use("pod", 10_000, "2026-01-01T00:00:00+08:00", "2026-01-04T00:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.advance("2026-01-04T00:00:00+08:00")
	w.topUp("2026-01-04T10:20:00+08:00", "1000") // resumes
	seen := instant("2026-01-04T10:30:00+08:00")
	for n := range resources {
		w.report(metering.Event{
			Source: "test", ID: fmt.Sprint("used ", n), Account: w.books.ID, Product: "compute-payg", Resource: fmt.Sprintf("vm-%06d", n),
			From: seen.Add(-30 * calendar.Minute), To: seen, Measures: []metering.Measure{{Meter: "cpu", Value: 4000}},
		}, seen)
	}
	return w
}
