package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
)

// riding has several callers share a commit: a first one keeps the turn until the
// others wait, in a known order.
type riding struct {
	t  *testing.T
	db *DB

	mu      sync.Mutex
	commits int
	refuse  func() error // what a commit meets before it is made
	lose    func() error // and after it
	early   []string     // riders that were answered before the commit
	errs    map[string]error
	runs    map[string]int
	order   []string
}

func newRiding(t *testing.T) *riding {
	t.Helper()
	r := &riding{t: t, errs: map[string]error{}, runs: map[string]int{}}
	location := newDatabase(t, sqlite)
	db, err := Open(t.Context(), location, Watched(r.watch))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	r.db = db
	return r
}

func (r *riding) watch(c Call) error {
	if c.Kind != Commit || !c.Writes {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.Answered {
		if r.lose != nil {
			return r.lose()
		}
		return nil
	}
	r.commits++
	for name := range r.errs {
		r.early = append(r.early, name)
	}
	if r.refuse != nil {
		return r.refuse()
	}
	return nil
}

// rider is one that shares.
type rider struct {
	name string
	ctx  context.Context
	do   func(tx *Tx) error
}

// keep writes a row of its own.
func (r *riding) keep(name string) rider {
	return rider{name: name, do: func(tx *Tx) error { return r.put(tx, name) }}
}

func (r *riding) put(tx *Tx, name string) error {
	return tx.PutAPIKey(r.t.Context(), APIKey{ID: name, Role: "operator", Created: start})
}

// share has riders share in order; the first begins when all others wait.
func (r *riding) share(riders ...rider) {
	r.t.Helper()
	gate := make(chan struct{})
	var group sync.WaitGroup
	for i, one := range riders {
		if one.ctx == nil {
			one.ctx = r.t.Context()
		}
		group.Go(func() {
			defer func() {
				if broken := recover(); broken != nil {
					r.answered(one.name, fmt.Errorf("panic: %v", broken))
				}
			}()
			r.answered(one.name, r.db.Share(one.ctx, func(tx *Tx) error {
				if i == 0 {
					<-gate
				}
				r.mu.Lock()
				r.runs[one.name]++
				r.order = append(r.order, one.name)
				r.mu.Unlock()
				return one.do(tx)
			}))
		})
		r.waitFor(i)
	}
	close(gate)
	group.Wait()
}

func (r *riding) answered(name string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errs[name] = err
}

// waitFor waits until the one with a number has the turn or waits for it.
func (r *riding) waitFor(i int) {
	for {
		c := r.db.convoy
		c.mu.Lock()
		here := c.busy && len(c.waiting) == i
		c.mu.Unlock()
		if here {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func (r *riding) kept() (ids []string) {
	view(r.t, r.db, func(ctx context.Context, tx *Tx) error {
		keys, err := tx.APIKeys(ctx)
		for _, k := range keys {
			ids = append(ids, k.ID)
		}
		return err
	})
	return ids
}

// want checks what was kept, in how many commits, and that none was answered early.
func (r *riding) want(commits int, kept ...string) {
	r.t.Helper()
	if diff := cmp.Diff(kept, r.kept()); diff != "" {
		r.t.Errorf("kept (-want +got):\n%s", diff)
	}
	if r.commits != commits {
		r.t.Errorf("%d commits, not %d", r.commits, commits)
	}
	if len(r.early) > 0 {
		r.t.Errorf("answered before the commit: %v", r.early)
	}
}

func (r *riding) fails(name string, want error) {
	r.t.Helper()
	if !errors.Is(r.errs[name], want) {
		r.t.Errorf("%s was answered %v, not %v", name, r.errs[name], want)
	}
}

var errOwn = errors.New("a fault of its own")

func TestThoseWhoWaitShareACommit(t *testing.T) {
	r := newRiding(t)
	r.share(r.keep("a"), r.keep("b"), r.keep("c"), r.keep("d"))
	r.want(1, "a", "b", "c", "d")
	if diff := cmp.Diff([]string{"a", "b", "c", "d"}, r.order); diff != "" {
		t.Errorf("order:\n%s", diff)
	}
	for name, err := range r.errs {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What one does wrong is undone by itself, wherever it stands in the line.
func TestOneFailsByItself(t *testing.T) {
	for failing := range 3 {
		r := newRiding(t)
		riders := []rider{r.keep("a"), r.keep("b"), r.keep("c")}
		name, do := riders[failing].name, riders[failing].do
		riders[failing].do = func(tx *Tx) error { return errors.Join(do(tx), errOwn) }
		r.share(riders...)
		want := slices.DeleteFunc([]string{"a", "b", "c"}, func(s string) bool { return s == name })
		r.fails(name, errOwn)
		if failing == 0 {
			r.early = nil // nobody had written before it
		}
		r.want(1, want...)
	}
}

func TestAPanicOfOne(t *testing.T) {
	for failing := range 3 {
		r := newRiding(t)
		riders := []rider{r.keep("a"), r.keep("b"), r.keep("c")}
		name, do := riders[failing].name, riders[failing].do
		riders[failing].do = func(tx *Tx) error { panic(fmt.Sprint("after ", do(tx))) }
		r.share(riders...)
		if err := r.errs[name]; err == nil || !strings.Contains(err.Error(), "panic: after <nil>") {
			t.Errorf("%s was answered %v", name, err)
		}
		r.early = nil // whoever panics waits for nobody
		r.want(1, slices.DeleteFunc([]string{"a", "b", "c"}, func(s string) bool { return s == name })...)
	}
}

// A commit that fails is nobody's answer: all begin again, those too who were
// refused for what another one had written.
func TestACommitThatFails(t *testing.T) {
	r := newRiding(t)
	failures := 1
	r.refuse = func() error {
		if failures--; failures >= 0 {
			return errors.New("the disk is full")
		}
		return nil
	}
	seen := []bool{}
	r.share(r.keep("a"), rider{name: "b", do: func(tx *Tx) error {
		_, found, err := tx.APIKeyByID(t.Context(), "a")
		seen = append(seen, found)
		return errors.Join(err, errOwn)
	}})
	r.fails("b", errOwn)
	if !seen[0] || r.runs["a"] != 2 || r.runs["b"] != 2 {
		t.Errorf("b saw %v; they ran %v", seen, r.runs)
	}
	if diff := cmp.Diff([]string{"a"}, r.kept()); diff != "" || r.errs["a"] != nil {
		t.Errorf("a was answered %v, kept:\n%s", r.errs["a"], diff)
	}
}

// A commit of one alone is answered as it is.
func TestACommitOfOneThatFails(t *testing.T) {
	r := newRiding(t)
	r.refuse = func() error { return errOwn }
	r.share(r.keep("a"))
	r.fails("a", errOwn)
	r.want(1)
	if r.runs["a"] != 1 {
		t.Errorf("it ran %d times", r.runs["a"])
	}
}

// When the commit was made and its answer lost, nobody does anything again.
func TestACommitWhoseAnswerIsLost(t *testing.T) {
	r := newRiding(t)
	r.lose = func() error { return errLost }
	r.share(r.keep("a"), r.keep("b"))
	r.fails("a", errLost)
	r.fails("b", errLost)
	r.want(1, "a", "b")
	if r.runs["a"] != 1 || r.runs["b"] != 1 {
		t.Errorf("they ran %v", r.runs)
	}
}

// When one takes the whole transaction with it, as SQLite does when the disk is
// full, those before it begin again.
func TestOneTakesTheTransactionWithIt(t *testing.T) {
	r := newRiding(t)
	r.share(r.keep("a"), rider{name: "b", do: func(tx *Tx) error {
		if r.runs["b"] == 1 {
			_, err := tx.exec(t.Context(), "ROLLBACK")
			return errors.Join(err, errOwn)
		}
		return r.put(tx, "b")
	}}, r.keep("c"))
	if diff := cmp.Diff([]string{"a", "b", "c"}, r.kept()); diff != "" {
		t.Errorf("kept:\n%s", diff)
	}
	if r.runs["a"] != 2 || r.runs["b"] != 2 || r.runs["c"] != 1 || r.errs["a"] != nil || r.errs["b"] != nil || r.errs["c"] != nil {
		t.Errorf("they ran %v and were answered %v", r.runs, r.errs)
	}
}

// Who does not want to wait any longer leaves the line, and the line goes on.
func TestOneLeavesTheLine(t *testing.T) {
	r := newRiding(t)
	ctx, leave := context.WithCancel(t.Context())
	first := r.keep("a")
	do := first.do
	first.do = func(tx *Tx) error {
		leave()
		r.waitFor(1)
		return do(tx)
	}
	gone := r.keep("b")
	gone.ctx = ctx
	r.share(first, gone, r.keep("c"))
	r.fails("b", context.Canceled)
	r.early = nil // it waited for nothing that others had written
	r.want(1, "a", "c")
}

// Who does not share is neither kept waiting by others nor keeps them waiting.
func TestOneWhoIsAloneCommitsAlone(t *testing.T) {
	r := newRiding(t)
	var group sync.WaitGroup
	first := r.keep("a")
	do := first.do
	first.do = func(tx *Tx) error {
		group.Go(func() {
			if err := r.db.Update(t.Context(), func(tx *Tx) error { return r.put(tx, "b") }); err != nil {
				t.Error(err)
			}
		})
		r.waitFor(1)
		group.Go(func() {
			if err := r.db.Share(t.Context(), func(tx *Tx) error { return r.put(tx, "c") }); err != nil {
				t.Error(err)
			}
		})
		r.waitFor(2)
		return do(tx)
	}
	r.share(first)
	group.Wait()
	r.early = nil
	r.want(3, "a", "b", "c")
}

// Who reads sees nothing of a transaction that is shared before it is committed.
func TestReadersSeeNothingHalf(t *testing.T) {
	r := newRiding(t)
	r.share(r.keep("a"), rider{name: "b", do: func(tx *Tx) error {
		if kept := r.kept(); len(kept) > 0 {
			t.Errorf("a reader sees %v", kept)
		}
		return r.put(tx, "b")
	}})
	r.want(1, "a", "b")
}

// What a transaction would have taught of usage is learnt when it was committed,
// and not when it, or the whole of what it shared in, was undone.
func TestUsageIsLearntWithTheCommit(t *testing.T) {
	r := newRiding(t)
	newWorld(t, r.db).open("a", "b")
	r.commits, r.errs = 0, map[string]error{}
	put := func(name, account string, and error) rider {
		return rider{name: name, do: func(tx *Tx) error {
			outcomes, err := tx.PutUsage(t.Context(), []metering.Event{event("1", account, "vm", 0, 1)}, start)
			if err == nil && (len(outcomes) != 1 || outcomes[0] != UsageAccepted) {
				t.Errorf("%s: the event is %v", name, outcomes)
			}
			return errors.Join(err, and)
		}}
	}
	failures := 1
	r.refuse = func() error {
		if failures--; failures >= 0 {
			return errors.New("the disk is full")
		}
		return nil
	}
	r.share(r.keep("x"), put("first", "a", nil), put("second", "b", errOwn))
	r.fails("second", errOwn)
	r.share(r.keep("y"), put("third", "b", nil))
	for _, name := range []string{"x", "first", "y", "third"} {
		if err := r.errs[name]; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	update(t, r.db, func(ctx context.Context, tx *Tx) error {
		outcomes, err := tx.PutUsage(ctx, []metering.Event{event("1", "a", "vm", 0, 1), event("1", "b", "vm", 0, 1)}, start)
		if fmt.Sprint(outcomes) != fmt.Sprint([]Outcome{UsageDuplicate, UsageDuplicate}) {
			t.Errorf("put again, the events are %v", outcomes)
		}
		return err
	})
}

// Two processes write to one file: each waits for the other's commits, and nothing
// is lost.
func TestTwoProcessesShareAFile(t *testing.T) {
	location := newDatabase(t, sqlite)
	processes := []*DB{open(t, location), open(t, location)}
	const writers, rounds = 8, 15
	update(t, processes[0], func(ctx context.Context, tx *Tx) error { return tx.SetClock(ctx, Clock{Virtual: true, Now: start}) })
	var group sync.WaitGroup
	var refused atomic.Int64
	for i := range writers {
		group.Go(func() {
			for round := range rounds {
				err := processes[i%2].Share(t.Context(), func(tx *Tx) error {
					c, _, err := tx.Clock(t.Context())
					if err != nil {
						return err
					}
					if err := tx.SetClock(t.Context(), Clock{Virtual: true, Now: c.Now + 1}); err != nil {
						return err
					}
					if (round+i)%5 == 0 {
						return errOwn
					}
					return nil
				})
				if errors.Is(err, errOwn) {
					refused.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	view(t, processes[1], func(ctx context.Context, tx *Tx) error {
		c, _, err := tx.Clock(ctx)
		if want := start + calendar.Instant(writers*rounds-refused.Load()); c.Now != want || refused.Load() == 0 {
			t.Errorf("the clock stands at %d, not %d; %d were refused", c.Now, want, refused.Load())
		}
		return err
	})
}
