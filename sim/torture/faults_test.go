package torture_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/sim/world"
	"termwise.dev/store"
)

// errBroken is what a call that is broken off gives.
var errBroken = errors.New("broken off")

// breaker breaks off one call: before it is made or, when lost, after it.
type breaker struct {
	at   int // which call; -1 for none
	lost bool

	mu              sync.Mutex // verify makes calls from several goroutines
	calls, answered int
	seen            []store.Call
	committed       bool
}

func (b *breaker) watch(c store.Call) error {
	if c.Kind == store.Migrate {
		return nil // the use case comes after it
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	count := &b.calls
	if !c.Answered {
		b.seen = append(b.seen, c)
	}
	if c.Answered {
		count = &b.answered
		b.committed = b.committed || c.Committed
	}
	*count++
	if c.Answered == b.lost && *count-1 == b.at {
		return errBroken
	}
	return nil
}

// rest lets everything through from now on.
func (b *breaker) rest() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at = -1
}

// TestFaultsOneAtATime breaks off every use case at each of its calls to the
// database, once before the call and once when its answer is lost. The use case
// fails; nothing has changed, unless its commit was made; and done again it
// leaves what it leaves when nothing fails. Only a command that is broken off while
// it looks at an account without a lock is done all the same, with one. On
// PostgreSQL, where a database of one's own takes longer, only what begins and ends
// transactions is broken off in use cases that write, unless all is asked for; those
// that only read share a database.
func TestFaultsOneAtATime(t *testing.T) {
	files, err := world.NewFiles(t.Context(), t.TempDir())
	must(t, err)
	t.Run("sqlite", func(t *testing.T) { faultsOneAtATime(t, files, func(useCase, int, store.Call) bool { return true }) })
	server, err := world.NewServer(t.Context())
	must(t, err)
	t.Cleanup(func() { must(t, server.Close()) })
	t.Run("postgresql", func(t *testing.T) {
		faultsOneAtATime(t, server, func(u useCase, at int, c store.Call) bool {
			return *full || u.reads || c.Writes && c.Kind != store.Statement || looksAhead(at, c)
		})
	})
}

// looksAhead says whether a call of a use case looks at an account before the
// transaction begins: every other one begins by beginning it.
func looksAhead(at int, c store.Call) bool { return at == 0 && c.Writes && c.Kind == store.Statement }

// copies is a place that can copy a database which nobody uses.
type copies interface {
	world.Place
	Copy(ctx context.Context, location string) (string, error)
}

func faultsOneAtATime(t *testing.T, place copies, breaks func(u useCase, at int, c store.Call) bool) {
	var made, broken atomic.Int64
	for _, real := range []bool{false, true} {
		before := prepared(t, place, real)
		untouched := dump(t, before) // while nobody else has the database open
		shared, err := place.Copy(t.Context(), before)
		must(t, err)
		t.Run(fmt.Sprintf("real clock %t", real), func(t *testing.T) {
			for _, c := range useCases {
				if c.real != real {
					continue
				}
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					trial := &trial{T: t, useCase: c, place: place, breaks: breaks, before: before, shared: shared, untouched: untouched}
					trial.run()
					made.Add(int64(trial.made))
					broken.Add(int64(trial.broken))
				})
			}
		})
		if diff := cmp.Diff(untouched, dump(t, shared)); diff != "" {
			t.Errorf("who only reads leaves (-want +got):\n%s", diff)
		}
	}
	t.Logf("of %d calls %d were broken off", made.Load(), broken.Load())
}

// prepared makes the database that every use case starts from: one customer with
// money, one in arrears, one who accepted nothing, and usage to settle.
func prepared(t *testing.T, place copies, real bool) string {
	t.Helper()
	location, err := place.New(t.Context())
	must(t, err)
	a := openAt(t, location, start, nil)
	defer func() { must(t, a.Close()) }()
	ctx := t.Context()
	must(t, a.Init(ctx, !real, instantAt(0)))
	_, err = a.Publish(ctx, plain.First())
	must(t, err)
	if !real {
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: "early", Name: "Early"}, "test"))
	}
	for _, n := range []app.NewAccount{
		{ID: "owing", Name: "Owing", Accepts: []string{"general-agreement"}},
		{ID: "rich", Name: "Rich", Accepts: []string{"general-agreement"}},
		{ID: "silent", Name: "Silent"},
	} {
		must(t, a.CreateAccount(ctx, n, "test"))
	}
	for _, id := range []string{"owing", "rich"} {
		sum := map[string]money.Amount{"owing": 50_000, "rich": 90_000_000}[id]
		_, err := a.TopUp(ctx, id, account.TopUp{Amount: sum, Method: "alipay", Reference: "first"}, "first", "test", false)
		must(t, err)
	}
	from := 0
	if real {
		from = 30
	}
	_, err = a.ReportUsage(ctx, []app.Reported{usage("a", "owing", from, from+2), usage("b", "rich", from, from+48)}, "test")
	must(t, err)
	if !real {
		report, err := a.Advance(ctx, start, nil)
		must(t, errors.Join(err, report.Err()))
		_, err = a.ReportUsage(ctx, []app.Reported{usage("late", "owing", 3, 5)}, "test")
		must(t, err)
	}
	_, err = a.Publish(ctx, plain.Folder(versionOf("general-agreement", "late_fee.rate", "0.04%/day")))
	must(t, err)
	_, _, err = a.CreateKey(ctx, app.NewKey{Name: "first", Role: app.Operator})
	must(t, err)
	return location
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// openAt opens a database whose real clock, if it has one, stands at an instant.
func openAt(t *testing.T, location string, now calendar.Instant, watch store.Watcher) *app.App {
	t.Helper()
	clock := func() time.Time { return time.UnixMicro(int64(now)) }
	a, err := app.Open(t.Context(), location, clock, store.Watched(watch))
	must(t, err)
	return a
}

// trial tries one use case.
type trial struct {
	*testing.T
	useCase
	place     copies
	breaks    func(u useCase, at int, c store.Call) bool
	before    string
	shared    string // a copy of before, which use cases share that only read
	untouched []string
	// made counts the calls of the use case, broken those that were broken off.
	made, broken int
}

func (t *trial) run() {
	calm := &breaker{at: -1}
	left, err := t.try(calm, true)
	must(t.T, err)
	if calm.calls == 0 {
		t.Fatal("the use case makes no call")
	}
	t.made = calm.calls
	for at, c := range calm.seen {
		if !t.breaks(t.useCase, at, c) {
			continue
		}
		t.broken++
		for _, lost := range []bool{false, true} {
			b := &breaker{at: at, lost: lost}
			after, err := t.try(b, false)
			if doneAllTheSame := err == nil && after.committed == left.committed && looksAhead(at, c); !errors.Is(err, errBroken) && !doneAllTheSame {
				t.Errorf("call %d (answer lost: %t): the use case returns %v", at, lost, err)
			}
			t.judge(fmt.Sprintf("call %d (answer lost: %t, committed: %t)", at, lost, after.committed), after, left)
		}
	}
	t.Logf("%d calls, %d broken off", t.made, t.broken)
}

// outcome is a database after a trial, and after the use case was done again.
type outcome struct {
	first, second []string
	committed     bool // the first time
}

// try does the use case under a breaker on a database of its own, and again
// without one.
func (t *trial) try(b *breaker, once bool) (outcome, error) {
	if t.reads {
		return t.read(b)
	}
	location, err := t.place.Copy(t.Context(), t.before)
	must(t.T, err)
	a := openAt(t.T, location, t.now(), b.watch)
	defer func() { must(t.T, errors.Join(a.Close(), t.place.Drop(t.Context(), location))) }()
	failed := t.do(t.Context(), a)
	b.rest()
	left := outcome{committed: b.committed}
	left.first = dump(t.T, location)
	if !once {
		must(t.T, t.do(t.Context(), a))
		left.second = dump(t.T, location)
	}
	return left, failed
}

// read does a use case that only reads.
func (t *trial) read(b *breaker) (outcome, error) {
	a := openAt(t.T, t.shared, t.now(), b.watch)
	defer func() { must(t.T, a.Close()) }()
	err := t.do(t.Context(), a)
	return outcome{committed: b.committed}, err
}

// now is where the clock stands.
func (t *trial) now() calendar.Instant {
	if t.real {
		return start.Add(26 * calendar.HourLength)
	}
	return start
}

// judge holds what a broken use case left against what it should have left.
func (t *trial) judge(what string, got, calm outcome) {
	t.Helper()
	if t.reads {
		if got.committed {
			t.Errorf("%s: it only reads, and a transaction was committed that writes", what)
		}
		return
	}
	want := t.untouched
	if got.committed {
		want = calm.first
	}
	if diff := cmp.Diff(want, got.first); diff != "" && !t.many && !t.again {
		t.Errorf("%s: it leaves (-want +got):\n%s", what, diff)
	}
	if diff := cmp.Diff(calm.first, got.second); diff != "" && !t.again {
		t.Errorf("%s: done again it leaves (-want +got):\n%s", what, diff)
	}
	if t.again && len(calm.first) > len(got.second) {
		t.Errorf("%s: done again, it has still not been done", what)
	}
}

// dump gives every row of every table as a line.
func dump(t *testing.T, location string) []string {
	t.Helper()
	driver, tables := "sqlite", "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
	if strings.HasPrefix(location, "postgres") {
		driver, tables = "pgx", "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
	}
	db, err := sql.Open(driver, location)
	must(t, err)
	defer func() { must(t, db.Close()) }()
	var lines []string
	for _, table := range rowsOf(t, db, tables) {
		if name := table[0].(string); !strings.HasPrefix(name, "goose") {
			for _, row := range rowsOf(t, db, "SELECT * FROM "+name) {
				lines = append(lines, name+" "+fmt.Sprint(row...))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// rowsOf reads what a query finds; long bytes are shortened to their hash.
func rowsOf(t *testing.T, db *sql.DB, query string) (all [][]any) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	must(t, err)
	names, err := rows.Columns()
	must(t, err)
	for rows.Next() {
		targets, values := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			targets[i] = &values[i]
		}
		must(t, rows.Scan(targets...))
		for i, v := range values {
			if raw, is := v.([]byte); is {
				values[i] = fmt.Sprintf("%x", sha256.Sum256(raw))
			}
		}
		all = append(all, values)
	}
	must(t, errors.Join(rows.Err(), rows.Close()))
	return all
}
