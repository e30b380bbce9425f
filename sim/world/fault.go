package world

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"termwise.dev/store"
)

// Fault is something that goes wrong at one call to the database.
type Fault struct {
	Kind FaultKind
	// Call counts the calls of the step from zero.
	Call int
}

// mostCalls is more than any step makes; the most that was seen is 60, by a publication.
const mostCalls = 96

// withinReach wants every call that a step made to be one at which a fault can be drawn.
// After a fault it makes some of them again.
func withinReach(t Told, calls int) error {
	if t.Fault != nil || calls <= mostCalls {
		return nil
	}
	return fmt.Errorf("world: a step (%T) makes %d calls, and faults are drawn among the first %d: raise mostCalls", t.Step, calls, mostCalls)
}

// isLate is a call that only long steps come to.
const isLate = 30

// drawFault draws what goes wrong in a step. Every call of every step can be met,
// and the first ones of steps that seldom make many are met more often.
func drawFault(r *rand.Rand, s Step) *Fault {
	f := &Fault{Kind: pick(r, faultKinds...)}
	switch s.(type) {
	case Reopening: // makes one call
	case Advancing, Working, Publishing:
		f.Call = r.IntN(mostCalls)
	default:
		f.Call = r.IntN(1 + r.IntN(mostCalls))
	}
	return f
}

// FaultKind says what goes wrong.
type FaultKind string

// The kinds of fault. Before or after means the call: what a commit did is done
// when its answer is lost.
const (
	Fails     FaultKind = "the call fails"
	LosesTo   FaultKind = "the transaction loses to another one and is run again"
	Loses     FaultKind = "the call is made and its answer is lost"
	DiesAt    FaultKind = "the program dies before the call"
	DiesAfter FaultKind = "the program dies after the call"
)

var faultKinds = []FaultKind{Fails, LosesTo, Loses, DiesAt, DiesAfter}

func (f *Fault) String() string { return fmt.Sprintf("at database call %d %s", f.Call, f.Kind) }

func (k FaultKind) dies() bool  { return k == DiesAt || k == DiesAfter }
func (k FaultKind) after() bool { return k == Loses || k == DiesAfter }

var (
	errFault = errors.New("a fault of the simulator")
	// errLost is what PostgreSQL says to a transaction that lost to another one.
	errLost = fmt.Errorf("%w: %w", errFault, &pgconn.PgError{Code: "40001", Message: "could not serialize access"})
)

// watcher makes a fault happen, and knows what was committed.
type watcher struct {
	die func() error // takes the database as it lies

	mu      sync.Mutex // verify makes calls from several goroutines
	fault   *Fault
	calls   int
	numbers map[int64]int // which of the step's calls each is
	happening
}

// happening is what came of a step's calls.
type happening struct {
	calls     int  // how many were made; what is done again after one is counted, too
	felt      bool // the fault happened
	dead      bool // and the program is dead
	committed bool // a transaction that writes was committed
	opening   bool // the fault happened while the database was opened
}

// arm waits for a fault, or for none.
func (w *watcher) arm(f *Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault, w.calls, w.happening = f, 0, happening{}
	w.numbers = map[int64]int{}
}

// disarm waits for nothing more, and returns what came.
func (w *watcher) disarm() happening {
	defer w.arm(nil)
	w.mu.Lock()
	defer w.mu.Unlock()
	came := w.happening
	came.calls = w.calls
	return came
}

// watch is the store's watcher.
func (w *watcher) watch(c store.Call) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead {
		return errFault
	}
	w.committed = w.committed || c.Committed
	if !c.Answered {
		w.numbers[c.Number] = w.calls
		w.calls++
	}
	number := w.numbers[c.Number]
	if w.fault == nil || w.felt || number != w.fault.Call || c.Answered != w.fault.Kind.after() {
		return nil
	}
	w.felt, w.opening = true, c.Kind == store.Migrate
	switch {
	case w.fault.Kind.dies():
		w.dead = true
		return errors.Join(errFault, w.die())
	case w.fault.Kind == LosesTo:
		return errLost
	}
	return errFault
}
