package store

import (
	"context"
	"fmt"
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
)

// onBothEngines runs a benchmark on a new database of each engine.
func onBothEngines(b *testing.B, bench func(b *testing.B, w *world)) {
	for _, e := range []engine{sqlite, postgres} {
		b.Run(string(e), func(b *testing.B) { bench(b, newWorld(b, open(b, newDatabase(b, e)))) })
	}
}

// BenchmarkPutUsage keeps batches of a thousand new events of a thousand accounts.
func BenchmarkPutUsage(b *testing.B) {
	const accounts, perBatch = 1000, 1000
	onBothEngines(b, func(b *testing.B, w *world) {
		ids := make([]string, accounts)
		newBatch(ids, "customer-")
		w.open(ids...)
		n := 0
		for b.Loop() {
			batch := make([]metering.Event, perBatch)
			for i := range batch {
				n++
				batch[i] = event(fmt.Sprintf("e-%d", n*7919%1_000_003), ids[n%accounts], "vm", n/accounts%48, 1)
			}
			w.use(start, batch...)
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
	})
}

// BenchmarkApply settles an hour of a thousand accounts at once: two charges each.
func BenchmarkApply(b *testing.B) {
	const accounts = 1000
	onBothEngines(b, func(b *testing.B, w *world) {
		ids := make([]string, accounts)
		batch := newBatch(ids, "customer-")
		w.open(ids...)
		w.decide(start, ids, func(books *account.Books) (*account.Decision, error) { // so that no service is suspended
			return books.TopUp(w.env, account.TopUp{Amount: 1e12, Method: "bank_remittance", Reference: "R"}, start)
		})
		charges, now := 0, start
		for b.Loop() {
			b.StopTimer()
			for i := range batch {
				batch[i].ID = fmt.Sprint(now)
				batch[i].From, batch[i].To = now, now.Add(calendar.HourLength)
			}
			w.use(now, batch...)
			now = now.Add(calendar.HourLength)
			b.StartTimer()
			update(b, w.db, func(ctx context.Context, tx *Tx) error {
				books, err := tx.Books(ctx, ids, now)
				if err != nil {
					return err
				}
				made, err := advanced(w.env, books, now)
				if err != nil {
					return err
				}
				charges += countCharges(made)
				return tx.Apply(ctx, made)
			})
		}
		b.ReportMetric(float64(charges)/b.Elapsed().Seconds(), "charges/s")
	})
}

func countCharges(made []*account.Decision) (n int) {
	for _, d := range made {
		n += len(d.Charges)
	}
	return n
}
