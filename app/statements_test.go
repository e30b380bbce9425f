package app_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/store"
	"termwise.dev/store/pgtest"
)

// mixed is a database on a real clock that the test moves, whose accounts are of
// ten sorts, in turn, that differ in all that makes a batch write or look for
// another kind of row.
type mixed struct {
	t          *testing.T
	a          *app.App
	accounts   int
	now        calendar.Instant
	statements atomic.Int64

	mu               sync.Mutex
	reading, writing []int64 // the statements of each transaction, since work began
	ahead            bool    // batches are decided ahead
}

// The sorts of accounts that are told apart below; the others only pay.
const (
	broke     = iota // never pays: arrears, notices, fees, suspension, release
	goneAhead        // reports usage of hours to come
	recovers         // pays in the middle of an hour in which it is suspended
	late             // reports usage of hours that were settled
	inParts          // reports usage in parts while nobody looks
	leaves           // does not agree to what is published
	returns          // was released, and comes back with another resource
	poor             // can pay for a while
)

func newMixed(t *testing.T, url string, accounts int) *mixed {
	m := &mixed{t: t, accounts: accounts, now: instant(traceStart)}
	a, err := app.Open(t.Context(), url, func() time.Time { return time.UnixMicro(int64(m.now)) }, store.Watched(func(c store.Call) error {
		if !c.Answered {
			m.count(c)
		}
		return nil
	}))
	must(t, err)
	t.Cleanup(func() { must(t, a.Close()) })
	m.a = a
	must(t, a.Init(t.Context(), false, 0))
	_, err = a.Publish(t.Context(), withDocuments(t, nil))
	must(t, err)
	var opened []app.NewAccount
	for i := range accounts {
		opened = append(opened, app.NewAccount{ID: m.id(i), Name: "C", Accepts: []string{"general-agreement"}})
	}
	_, err = a.CreateAccounts(t.Context(), opened, "test")
	must(t, err)
	m.each(func(i, sort int) {
		switch sort {
		case broke, recovers, returns:
		case poor:
			putMoney(t, a, m.id(i), "0.5", "first")
		default:
			putMoney(t, a, m.id(i), "1000", "first")
		}
	})
	return m
}

// count counts a call, in the transaction that it belongs to: of those that read, and
// of those that write, one is open at a time.
func (m *mixed) count(c store.Call) {
	m.mu.Lock()
	defer m.mu.Unlock()
	of := &m.reading
	if c.Writes {
		of = &m.writing
	}
	if c.Kind == store.Begin || len(*of) == 0 {
		*of = append(*of, 0)
	}
	if c.Kind == store.Statement {
		m.statements.Add(1)
		(*of)[len(*of)-1]++
	}
}

func (m *mixed) id(i int) string { return fmt.Sprintf("customer-%04d", i) }

func (m *mixed) each(f func(i, sort int)) {
	for i := range m.accounts {
		f(i, i%10)
	}
}

// at moves the clock to hours after the start.
func (m *mixed) at(hours float64) {
	m.now = instant(traceStart).Add(calendar.Duration(hours * float64(calendar.HourLength)))
}

// use reports usage of a resource from hours after the start, of the accounts of
// some sorts, or of all when none is named.
func (m *mixed) use(resource string, from, hours float64, sorts ...int) {
	m.t.Helper()
	var events []app.Reported
	m.each(func(i, sort int) {
		wanted := len(sorts) == 0
		for _, s := range sorts {
			wanted = wanted || s == sort
		}
		if !wanted {
			return
		}
		begin := instant(traceStart).Add(calendar.Duration(from * float64(calendar.HourLength)))
		events = append(events, app.Reported{Event: metering.Event{
			Source: "s", ID: fmt.Sprint(resource, from, m.now), Account: m.id(i), Product: "compute-payg", Resource: resource,
			From: begin, To: begin.Add(calendar.Duration(hours * float64(calendar.HourLength))),
			Measures: []metering.Measure{{Meter: "cpu", Value: 1000}, {Meter: "memory", Value: 2048}},
		}})
	})
	receipts, err := m.a.ReportUsage(m.t.Context(), events, "test")
	must(m.t, err)
	for _, r := range receipts {
		if r.Outcome != app.Accepted {
			m.t.Fatalf("%+v", r)
		}
	}
}

// workAhead does what is due, decided ahead, and returns how many statements the
// batch took that took most, to look ahead and to write. Which kinds of rows a batch
// has depends on which accounts fall due together, so the others may take fewer.
func (m *mixed) workAhead() int64 {
	m.t.Helper()
	m.reading, m.writing = nil, nil
	done, err := m.a.WorkAhead(m.t.Context(), m.now)
	must(m.t, err)
	must(m.t, done.Err())
	batches := (done.Accounts + app.AccountsAhead - 1) / app.AccountsAhead
	// One look more finds nobody, and so does one transaction more.
	if done.Accounts < m.accounts/10 || len(m.reading) != batches+1 || len(m.writing) != batches+1 {
		m.t.Fatalf("at %s %d accounts were looked for in %d transactions and written in %d", m.now, done.Accounts, len(m.reading), len(m.writing))
	}
	most := int64(0)
	for i := range batches {
		most = max(most, m.reading[i]+m.writing[i])
	}
	return most
}

// work does what is due, and returns how many statements the batch took.
func (m *mixed) work() int64 {
	m.t.Helper()
	if m.ahead {
		return m.workAhead()
	}
	before := m.statements.Load()
	done, err := m.a.WorkSome(m.t.Context(), m.now)
	must(m.t, err)
	must(m.t, done.Err())
	if done.Accounts < m.accounts/10 {
		m.t.Fatalf("at %s the batch had %d accounts", m.now, done.Accounts)
	}
	return m.statements.Load() - before
}

// live has the accounts go through all that the sorts stand for, and returns how
// many statements each batch took, and the telling of a publication.
func (m *mixed) live() (counts []int64) {
	m.t.Helper()
	m.at(1.1)
	m.use("vm", 0, 1)
	m.use("ahead", 10, 100, goneAhead)
	m.at(1.3)
	m.use("more", 0, 1, inParts)
	m.at(2.2)
	counts = append(counts, m.work())
	m.at(20) // before the suspension, which is due 24 hours after the notice
	m.use("vm", 19, 9)
	m.at(26.6)
	m.each(func(i, sort int) {
		if sort == recovers {
			putMoney(m.t, m.a, m.id(i), "10", "recovery")
		}
	})
	m.at(28.4)
	m.use("vm", 0.5, 0.5, late)
	m.use("vm", 25, 3, inParts, broke, recovers)
	counts = append(counts, m.work())
	m.at(13.5 * 24)
	m.use("vm", 300, 1, late, inParts)
	counts = append(counts, m.work())
	publishNext(m.t, m.a, "2026-01-01")
	before := m.statements.Load()
	publishNext(m.t, m.a, "2026-01-01")
	repeated := m.statements.Load() - before
	m.at(14.5 * 24)
	m.each(func(i, sort int) {
		if sort == leaves {
			_, err := m.a.Dissent(context.Background(), m.id(i), account.Dissent{Document: "general-agreement"}, "leave", "test")
			must(m.t, err)
		}
	})
	m.at(17.3 * 24)
	m.use("vm", 17*24, 1, broke, leaves)
	counts = append(counts, repeated, m.work())
	m.each(func(i, sort int) {
		if sort == returns {
			putMoney(m.t, m.a, m.id(i), "10", "return")
		}
	})
	m.at(17.9 * 24)
	m.use("again", 17.2*24, 4, returns)
	m.use("vm", 17.2*24, 4, returns)
	counts = append(counts, m.work())
	m.at(60*24 + 0.3)
	m.use("vm", 59*24-0.5, 24, leaves, late)
	return append(counts, m.work())
}

// TestABatchTakesAsManyStatementsAsAnother counts what a batch sends for ten
// accounts, one of each sort, and for a thousand.
func TestABatchTakesAsManyStatementsAsAnother(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		few := newMixed(t, url, 10)
		counts := few.live()
		holdsTrue(t, few.a)
		few.happened(url)
		other := filepath.Join(t.TempDir(), "many.db")
		if few.a.Engine() == "postgresql" {
			other = pgtest.Database(t)
		}
		thousand := newMixed(t, other, 1000)
		many := thousand.live()
		holdsTrue(t, thousand.a)
		if diff := cmp.Diff(counts, many); diff != "" {
			t.Errorf("statements of each batch, ten accounts against a thousand:\n%s", diff)
		}
		for _, n := range counts {
			if n < 5 || n > 40 {
				t.Errorf("a batch took %d statements", n)
			}
		}
	})
}

// TestABatchDecidedAheadTakesAsManyStatements counts the same where each batch is
// decided while the one before it is written, as it is on SQLite: of the one batch of
// ten accounts, and of the dearest of several.
func TestABatchDecidedAheadTakesAsManyStatements(t *testing.T) {
	var counts [2][]int64
	for i, accounts := range []int{10, 2*app.AccountsAhead + 88} {
		m := newMixed(t, filepath.Join(t.TempDir(), "ahead.db"), accounts)
		m.ahead = true
		counts[i] = m.live()
		holdsTrue(t, m.a)
	}
	if diff := cmp.Diff(counts[0], counts[1]); diff != "" {
		t.Errorf("statements of each batch, ten accounts against hundreds:\n%s", diff)
	}
}

// happened fails unless every kind of row was written that a batch can write.
func (m *mixed) happened(url string) {
	m.t.Helper()
	db := around(m.t, url)
	for _, what := range []string{
		"late_fees", "charges WHERE sequence > 1", "refused_usage WHERE code = 'service_suspended'", "refused_usage WHERE code = 'resource_released'",
		"refused_usage WHERE code = 'service_ended'", "transitions WHERE to_state = 'suspended'", "transitions WHERE to_state = 'released'",
		"transitions WHERE to_state = 'ended'", "transitions WHERE from_state = 'released'", "notices WHERE kind = 'release_warning'",
		"accounts WHERE owed > 0", "accounts WHERE in_arrears > 0", "notices WHERE document <> ''", "acceptances WHERE form = 'use'",
	} {
		var n int
		query := "SELECT count(*) FROM " + what
		must(m.t, asked(m.t, db, query).QueryRow(query).Scan(&n))
		if n == 0 {
			m.t.Errorf("nothing like this happened: %s", what)
		}
	}
}
