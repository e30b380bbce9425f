package app_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/terms"
	"termwise.dev/provider"
	"termwise.dev/store"
	"termwise.dev/store/pgtest"
)

// The load: each account runs machines that use two meters for a whole hour, so
// that each machine has two buckets an hour, and pays from a full wallet.
const (
	settleMachines = 2
	settleCharges  = 2 * settleMachines // of an account in an hour
	settleFunds    = 1_000_000 * money.AmountScale
	settleAtOnce   = 1000 // accounts that share a transaction of the preparation
)

// BenchmarkSettle settles one hour of every account through App.Advance, and
// reports the rates beside what the same engine takes on this machine, in the same
// run, of the rows that a plain design writes for it; see plainHour. Each operation
// is the hour of all accounts.
func BenchmarkSettle(b *testing.B) {
	sizes := benchSizes(b, 1_000, 10_000)
	for _, accounts := range sizes {
		b.Run(fmt.Sprintf("engine=sqlite/accounts=%d", accounts), func(b *testing.B) {
			dir := b.TempDir()
			file := filepath.Join(dir, "termwise.db")
			w := newSettling(b, file, accounts)
			benchmarkSettle(b, w, newBareSQLite(b, file, filepath.Join(dir, "bare.db")))
		})
	}
	for _, accounts := range sizes {
		b.Run(fmt.Sprintf("engine=postgresql/accounts=%d", accounts), func(b *testing.B) {
			url := durable(b)
			benchmarkSettle(b, newSettling(b, url, accounts), newBarePostgres(b, url))
		})
	}
	// As on several nodes, with one account a transaction, but on one of them.
	b.Run(fmt.Sprintf("engine=nodes/accounts=%d", sizes[0]), func(b *testing.B) {
		url := durable(b)
		pgtest.DisguiseAsCitus(b, url)
		benchmarkSettle(b, newSettling(b, url, sizes[0]), newBarePostgres(b, url))
	})
}

// durable starts a server whose commits survive a crash, with an empty database.
func durable(b *testing.B) string {
	b.Helper()
	url, err := pgtest.Bench(b).CreateDatabase("termwise", "")
	must(b, err)
	return url
}

// benchSizes are the numbers of accounts of a benchmark, unless BENCH_ACCOUNTS
// asks for another one: a hundred thousand take minutes to prepare.
func benchSizes(b *testing.B, usual ...int) []int {
	b.Helper()
	asked := os.Getenv("BENCH_ACCOUNTS")
	if asked == "" {
		return usual
	}
	n, err := strconv.Atoi(asked)
	must(b, err)
	return []int{n}
}

func benchmarkSettle(b *testing.B, w *settling, engine bareEngine) {
	w.use(b)
	w.settle(b) // the hour in which the services are opened is not measured
	limit, counted := newLimits(b, w, engine, plainHour), pgtest.CountStatements(b, w.url)
	var hours int
	for b.Loop() {
		b.StopTimer()
		w.use(b)
		counted.Begin(b)
		b.StartTimer()
		batches := w.settle(b)
		b.StopTimer()
		counted.End(b)
		limit.measure(b, batches)
		hours++
		b.StartTimer()
	}
	accounts := float64(hours * len(w.ids))
	took := b.Elapsed().Seconds()
	b.ReportMetric(accounts/took, "accounts/s")
	b.ReportMetric(accounts*settleCharges/took, "charges/s")
	limit.report(b, took)
	counted.Report(b)
}

// settling is a database whose accounts all use the same in each hour.
type settling struct {
	url string
	app *app.App
	db  *store.DB // the same database, for what the preparation writes
	ids []string  // sorted, which is the order in which they are settled
	now calendar.Instant
}

func newSettling(b *testing.B, url string, accounts int) *settling {
	b.Helper()
	return newSettlingOf(b, url, provider.Sample, accounts, func(int) bool { return true })
}

// newSettlingOf opens accounts under the documents of a folder, and funds some.
func newSettlingOf(tb testing.TB, url string, folder fs.FS, accounts int, funded func(n int) bool) *settling {
	tb.Helper()
	w := &settling{url: url, app: open(tb, url), now: instant(traceStart)}
	must(tb, w.app.Init(tb.Context(), true, w.now))
	_, err := w.app.Publish(tb.Context(), folder)
	must(tb, err)
	w.openStore(tb, url)
	for n := range accounts {
		w.ids = append(w.ids, fmt.Sprintf("customer-%06d", n))
	}
	p, err := w.app.Provider(tb.Context())
	must(tb, err)
	w.eachChunk(tb, func(tx *store.Tx, ids []string) error {
		at, _ := slices.BinarySearch(w.ids, ids[0])
		return openFunded(tb.Context(), tx, p, ids, func(i int) bool { return funded(at + i) }, w.now)
	})
	return w
}

// openStore opens the database once more, for what the preparation writes.
func (w *settling) openStore(tb testing.TB, url string, options ...store.Option) {
	tb.Helper()
	db, err := store.Open(tb.Context(), url, options...)
	must(tb, err)
	tb.Cleanup(func() { must(tb, db.Close()) })
	w.db = db
}

// eachChunk runs f in a transaction for each thousand accounts.
func (w *settling) eachChunk(tb testing.TB, f func(tx *store.Tx, ids []string) error) {
	tb.Helper()
	for at := 0; at < len(w.ids); at += settleAtOnce {
		ids := w.ids[at:min(at+settleAtOnce, len(w.ids))]
		must(tb, w.db.Update(tb.Context(), func(tx *store.Tx) error { return f(tx, ids) }))
	}
}

// openFunded opens accounts that accept the general agreement, and tops up those
// that are funded. Each of the three is applied before the next, as an account
// takes one decision at a time.
func openFunded(ctx context.Context, tx *store.Tx, p *app.Provider, ids []string, funded func(i int) bool, at calendar.Instant) error {
	env := account.Env{
		Terms: p.Corpus, Zone: p.Settings.Zone, Actor: "benchmark",
		RecordedAt: func(effective calendar.Instant) calendar.Instant { return effective },
	}
	agreement := p.InForce("general-agreement", at, at)
	accepted := []terms.Acceptance{{
		Document: agreement.ID, Version: agreement.Version, Form: terms.Click, At: at, Actor: "benchmark", TextHash: agreement.Hash,
	}}
	topUp := account.TopUp{Amount: settleFunds, Method: "bank_remittance", Reference: "first"}
	books := make([]*account.Books, len(ids))
	for _, step := range []func(i int) (*account.Decision, error){
		func(i int) (*account.Decision, error) {
			return account.Open(env, account.New{ID: ids[i], Name: "Loom", Currency: p.Currency()}, at)
		},
		func(i int) (*account.Decision, error) { return books[i].Accept(env, accepted, at) },
		func(i int) (*account.Decision, error) {
			if !funded(i) {
				return nil, nil
			}
			return books[i].TopUp(env, topUp, at)
		},
	} {
		var decisions []*account.Decision
		for i := range ids {
			d, err := step(i)
			if err != nil {
				return err
			}
			if d != nil {
				decisions, books[i] = append(decisions, d), d.After
			}
		}
		if err := tx.Apply(ctx, decisions); err != nil {
			return err
		}
	}
	return nil
}

// use reports the usage of the hour that begins now, of every account. It is
// reported as it is in service, by the process that settles: what another process
// writes to a file of SQLite, this one has to read again.
func (w *settling) use(b *testing.B) {
	b.Helper()
	for at := 0; at < len(w.ids); at += settleAtOnce {
		var events []app.Reported
		for _, id := range w.ids[at:min(at+settleAtOnce, len(w.ids))] {
			for machine := range settleMachines {
				events = append(events, app.Reported{Event: metering.Event{
					Source: "meter-1", ID: fmt.Sprintf("%d-%d", w.now, machine),
					Account: id, Product: "compute-payg", Resource: fmt.Sprintf("vm-%d", machine),
					From: w.now, To: w.now.Add(calendar.HourLength),
					Measures: []metering.Measure{{Meter: "cpu", Value: 4000}, {Meter: "memory", Value: 8192}},
				}})
			}
		}
		receipts, err := w.app.ReportUsage(b.Context(), events, "benchmark")
		must(b, err)
		for _, r := range receipts {
			if r.Outcome != app.Accepted {
				b.Fatalf("%+v", r)
			}
		}
	}
}

// settle advances the clock by an hour and returns how many accounts each of
// its transactions had.
func (w *settling) settle(b *testing.B) (batches []int) {
	b.Helper()
	before := 0
	w.now = w.now.Add(calendar.HourLength)
	report, err := w.app.Advance(b.Context(), w.now, func(done, _ int) {
		batches = append(batches, done-before)
		before = done
	})
	must(b, err)
	must(b, report.Err())
	if report.Accounts != len(w.ids) || report.Charges != settleCharges*len(w.ids) {
		b.Fatalf("settled %d accounts with %d charges, want %d and %d each", report.Accounts, report.Charges, len(w.ids), settleCharges)
	}
	return batches
}
