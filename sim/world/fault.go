package world

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"termwise.dev/store"
)

// Fault is something that goes wrong at one call to the database.
type Fault struct {
	Kind FaultKind
	// Call counts the calls of the step from zero.
	Call int
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
	fault *Fault
	calls int
	// happened says that the fault did, committed that a transaction that writes
	// was committed since the watcher was armed.
	happened, committed bool
	dead                bool
	die                 func() error // takes the database as it lies
}

func (w *watcher) arm(f *Fault) { *w = watcher{fault: f, die: w.die} }

// watch is the store's watcher.
func (w *watcher) watch(c store.Call) error {
	if w.dead {
		return errFault
	}
	if c.Answered {
		w.committed = w.committed || c.Kind == store.Commit && c.Writes
		w.calls++
	}
	if w.fault == nil || w.happened || c.Answered != w.fault.Kind.after() {
		return nil
	}
	n := w.calls
	if c.Answered {
		n-- // it has been counted
	}
	if n != w.fault.Call {
		return nil
	}
	w.happened = true
	switch {
	case w.fault.Kind.dies():
		w.dead = true
		return errors.Join(errFault, w.die())
	case w.fault.Kind == LosesTo:
		return errLost
	}
	return errFault
}
