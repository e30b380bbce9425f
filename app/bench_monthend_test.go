package app_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/subscription"
	"termwise.dev/provider"
	"termwise.dev/store"
)

const (
	monthly   = "storage-payg"              // the product that all accounts use, settled by the month
	monthEnd  = "2026-03-01T00:00:00+08:00" // the instant that is measured
	lastLook  = "2026-02-28T23:30:00+08:00" // up to which all is done beforehand
	monthUsed = "2026-02-10T09:00:00+08:00" // when each account used it, for some hours
	hoursUsed = 4
)

// arrearsBegan says, for the accounts that never pay, when what they used of the
// hourly product began to be used: each is at another stage as the month ends.
var arrearsBegan = []string{
	"2026-02-28T22:00:00+08:00", // overdue for an hour, and not yet for a day
	"2026-02-27T23:00:00+08:00", // to be suspended at this instant
	"2026-02-20T10:00:00+08:00", // suspended
	"2026-02-15T23:00:00+08:00", // to be warned of the release at this instant
	"2026-02-12T23:00:00+08:00", // to be released at this instant
	"2026-02-01T10:00:00+08:00", // released, and still bearing fees
}

// BenchmarkMonthEnd passes the end of a month, which settles what every account
// used in it. A tenth of the accounts never pay and are at every stage of arrears.
// It reports how far the heap grew on the way, at most as the collector last found
// it (MB-grown, with all that was made while it looked), and when the work stood
// still for it (MB-held), and the limit as BenchmarkSettle does, for the rows of
// this instant. Each operation is a month's end in a new database.
func BenchmarkMonthEnd(b *testing.B) {
	for _, accounts := range benchSizes(b, 4_000) {
		b.Run(fmt.Sprintf("engine=sqlite/accounts=%d", accounts), func(b *testing.B) {
			benchmarkMonthEnd(b, accounts, func() (string, bareEngine) {
				dir := b.TempDir()
				file := filepath.Join(dir, "termwise.db")
				return file, newBareSQLite(b, file, filepath.Join(dir, "bare.db"))
			})
		})
		b.Run(fmt.Sprintf("engine=postgresql/accounts=%d", accounts), func(b *testing.B) {
			benchmarkMonthEnd(b, accounts, func() (string, bareEngine) {
				url := durable(b)
				return url, newBarePostgres(b, url)
			})
		})
	}
}

func benchmarkMonthEnd(b *testing.B, accounts int, database func() (string, bareEngine)) {
	var ended, charges int
	var limit limits
	var grown, held float64
	for b.Loop() {
		b.StopTimer()
		url, engine := database()
		w := newMonth(b, url, accounts)
		heap := watchHeap()
		b.StartTimer()
		batches, report := w.passSeen(b, monthEnd, heap.after)
		b.StopTimer()
		heap.look()
		grown, held = max(grown, heap.grown()), max(held, heap.held)
		if want := accounts - accounts/10; report.Accounts != accounts || report.Charges < want*2*hoursUsed {
			b.Fatalf("the month ended for %d accounts with %d charges, want %d and more than %d", report.Accounts, report.Charges, accounts, want*2*hoursUsed)
		}
		one := newLimits(b, w, engine, plainMonth(instant(monthEnd)))
		one.measure(b, batches)
		limit.add(one)
		ended, charges = ended+accounts, charges+report.Charges
		b.StartTimer()
	}
	took := b.Elapsed().Seconds()
	b.ReportMetric(float64(ended)/took, "accounts/s")
	b.ReportMetric(float64(charges)/took, "charges/s")
	limit.report(b, took)
	b.ReportMetric(grown/(1<<20), "MB-grown")
	b.ReportMetric(held/(1<<20), "MB-held")
}

// newMonth makes a database in which all is done up to half an hour before the
// month ends.
func newMonth(tb testing.TB, url string, accounts int) *settling {
	tb.Helper()
	w := newSettlingOf(tb, url, monthlyAndHourly(tb), accounts, func(n int) bool { return n%10 != 0 })
	w.pass(tb, "2026-02-01T00:00:00+08:00")
	for stage := len(arrearsBegan) - 1; stage >= 0; stage-- {
		began := instant(arrearsBegan[stage])
		w.pass(tb, began.String())
		w.report(tb, func(n int) (metering.Event, bool) {
			return monthUse("compute-payg", began, 1), n%10 == 0 && n/10%len(arrearsBegan) == stage
		})
		if began < instant(monthUsed) && stage > 0 {
			w.pass(tb, monthUsed)
			w.report(tb, func(int) (metering.Event, bool) { return monthUse(monthly, instant(monthUsed), hoursUsed), true })
		}
	}
	w.pass(tb, lastLook)
	return w
}

func monthUse(product string, from calendar.Instant, hours int) metering.Event {
	return metering.Event{
		Source: "meter-1", ID: product, Product: product, Resource: "r-0",
		From: from, To: from.Add(calendar.Duration(hours) * calendar.HourLength),
		Measures: []metering.Measure{{Meter: "cpu", Value: 4000}, {Meter: "memory", Value: 8192}},
	}
}

// report reports one event each of the accounts that have one.
func (w *settling) report(tb testing.TB, of func(n int) (metering.Event, bool)) {
	tb.Helper()
	for at := 0; at < len(w.ids); at += settleAtOnce {
		var events []app.Reported
		for n := at; n < min(at+settleAtOnce, len(w.ids)); n++ {
			if e, any := of(n); any {
				e.Account = w.ids[n]
				events = append(events, app.Reported{Event: e})
			}
		}
		if len(events) > 0 {
			send(tb, w.app, events...)
		}
	}
}

// pass lets time pass, and returns how many accounts each transaction had.
func (w *settling) pass(tb testing.TB, to string) (batches []int, report app.Advanced) {
	tb.Helper()
	return w.passSeen(tb, to, func(int) {})
}

// passSeen passes time, and says after each transaction how many accounts are done;
// nothing goes on meanwhile but the next batch on its way.
func (w *settling) passSeen(tb testing.TB, to string, see func(done int)) (batches []int, report app.Advanced) {
	tb.Helper()
	before := 0
	report, err := w.app.Advance(tb.Context(), instant(to), func(done, _ int) {
		batches = append(batches, done-before)
		before = done
		see(done)
	})
	must(tb, err)
	must(tb, report.Err())
	return batches, report
}

// monthlyAndHourly is the sample with a second product beside that by the hour.
func monthlyAndHourly(tb testing.TB) fstest.MapFS {
	tb.Helper()
	page, err := provider.Sample.ReadFile("products/compute-payg.yaml")
	must(tb, err)
	text := strings.NewReplacer("compute-payg", monthly, "code: P\n", "code: PS\n", "billing.cycle: hour", "billing.cycle: month").Replace(string(page))
	return withDocuments(tb, map[string]string{"products/" + monthly + ".yaml": text})
}

// plainMonth are the rows that a plain design writes as it passes an instant; see
// plainHour.
func plainMonth(at calendar.Instant) []plainKind {
	kinds := []plainKind{
		{table: "accounts", changed: true},
		{table: "journal", of: fmt.Sprintf("AND effective >= %d", at)},
		{table: "charges"},
		{table: "transfers"},
		{table: "notices"},
		{table: "transitions"},
	}
	for _, table := range []string{"refused_usage", "late_fees", "acceptances"} {
		kinds = append(kinds, plainKind{table: table, of: fmt.Sprintf(
			"AND EXISTS (SELECT 1 FROM journal j WHERE j.account = %[1]s.account AND j.seq = %[1]s.entry AND j.effective >= %[2]d)", table, at)})
	}
	return append(kinds, plainKind{table: "balances", changed: true}, plainKind{table: "debts", changed: true},
		plainKind{table: "services", changed: true}, plainKind{table: "buckets"})
}

// heapWatch watches the heap that is in use.
type heapWatch struct {
	before float64
	held   float64 // by how much it had grown at most when the work stood still
	looked int     // after how many accounts that was
	grown  func() float64
}

// lookEvery is after how many accounts the work stands still for a look, which takes
// some tenths of a second.
const lookEvery = 100_000

// liveHeap is how much of the heap was in use, as the collector last found it.
func liveHeap() float64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return float64(sample[0].Value.Uint64())
}

// watchHeap begins to watch. Its grown ends that and tells by how many bytes the
// heap had grown at most whenever the collector had looked.
func watchHeap() *heapWatch {
	debug.FreeOSMemory()
	w := &heapWatch{before: liveHeap()}
	most := w.before
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for {
			most = max(most, liveHeap())
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	w.grown = func() float64 {
		close(stop)
		<-stopped
		return most - w.before
	}
	return w
}

// after looks once every so many accounts.
func (w *heapWatch) after(done int) {
	if done >= w.looked+lookEvery {
		w.looked = done
		w.look()
	}
}

// look has the collector look twice while the work stands still: what was made
// while it first looked counts as in use, and is gone when it looks again.
func (w *heapWatch) look() {
	runtime.GC()
	runtime.GC()
	w.held = max(w.held, liveHeap()-w.before)
}

// TestTheMeasuredMonthIsTrue holds what BenchmarkMonthEnd measures against what
// must always be true, and against what it says of it.
func TestTheMeasuredMonthIsTrue(t *testing.T) {
	file := filepath.Join(t.TempDir(), "test.db")
	w := newMonth(t, file, 600)
	_, report := w.pass(t, monthEnd)
	if report.Accounts != 600 || report.Charges < 540*2*hoursUsed {
		t.Errorf("%+v", report)
	}
	holdsTrue(t, w.app)
	db := around(t, file)
	at := fmt.Sprint(int64(instant(monthEnd)))
	for what, want := range map[string]int{
		"late_fees f JOIN journal j ON j.account = f.account AND j.seq = f.entry WHERE j.effective = " + at: 40,
		"transitions WHERE to_state = 'suspended' AND at = " + at:                                           10,
		"transitions WHERE to_state = 'released' AND at = " + at:                                            10,
		"transitions WHERE to_state = 'released' AND at < " + at:                                            10,
		"notices WHERE kind = 'release_warning' AND recorded = " + at:                                       10,
	} {
		var n int
		query := "SELECT count(*) FROM " + what
		rows := db
		if !strings.HasPrefix(what, "late_fees") {
			rows = asked(t, db, query)
		}
		must(t, rows.QueryRow(query).Scan(&n))
		if n != want {
			t.Errorf("%d of %s, want %d", n, what, want)
		}
	}
	must(t, w.db.View(t.Context(), func(tx *store.Tx) error {
		s, err := tx.Summary(t.Context())
		if n := s.Services[subscription.Suspended]; n != 30 {
			t.Errorf("%d services are suspended, want 30", n)
		}
		must(t, err)
		left, err := tx.CountDue(t.Context(), instant(monthEnd))
		if left != 0 {
			t.Errorf("%d accounts are still due", left)
		}
		return err
	}))
}

// TestAMonthsEndKeepsNothingOfAnAccount looks at the heap after each transaction of a
// month's end: what is in use does not grow with the accounts that are done.
func TestAMonthsEndKeepsNothingOfAnAccount(t *testing.T) {
	const accounts, noise = 4_000, 200 // bytes of an account: its books take ten times as many
	w := newMonth(t, filepath.Join(t.TempDir(), "test.db"), accounts)
	heap := watchHeap()
	defer heap.grown()
	var doneAt []int
	var inUse []float64
	w.passSeen(t, monthEnd, func(done int) {
		heap.held = 0
		heap.look()
		doneAt, inUse = append(doneAt, done), append(inUse, heap.held)
	})
	full := len(inUse) - 2 // as long as one batch is written and the next one is decided
	if full < 8 {
		t.Fatalf("a month's end of %d accounts took %d transactions: too few to see anything grow", accounts, len(inUse))
	}
	passed := doneAt[full-1] - doneAt[0]
	if grown := inUse[full-1] - inUse[0]; grown > float64(passed*noise) {
		t.Errorf("%.0f bytes more are in use after %d accounts more; after each transaction: %.0f", grown, passed, inUse)
	}
}
