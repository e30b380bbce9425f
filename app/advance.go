package app

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/store"
)

// accountsPerBatch is how many accounts share a transaction when time passes:
// enough that bulk writes pay, few enough that memory stays small.
const accountsPerBatch = 1024

// workers is how many batches are done at once: on PostgreSQL one decides while
// another writes, and they pass over each other's accounts; SQLite has one writer.
// Where accounts live on several nodes, workOneByOne has hands of its own.
func (a *App) workers() int {
	if a.Engine() == "postgresql" && !a.db.Sharded() {
		return 2
	}
	return 1
}

// waitForLocks is how long Advance waits for another transaction to let an
// account go.
const waitForLocks = 20 * time.Millisecond

// Advanced says what the passing of time did.
type Advanced struct {
	Accounts int `json:"accounts"` // accounts for which something fell due
	Entries  int `json:"entries"`  // journal entries written
	Charges  int `json:"charges"`
	LateFees int `json:"late_fees"`
	Notices  int `json:"notices"`
	Refused  int `json:"refused"`
	// Stuck lists accounts whose due work could not be decided, and why.
	Stuck []Stuck `json:"stuck,omitempty"`
}

// Stuck is an account whose due work could not be decided.
type Stuck struct {
	Account string       `json:"account"`
	Code    refusal.Code `json:"code"`
	Reason  string       `json:"reason"`
}

// Advance moves the virtual clock to an instant and does everything that falls
// due on the way, account by account. Interrupted and repeated, it gives the
// same books. It refuses a real clock and an instant before the clock's.
// While an account cannot be decided the clock stays where it is: what mends the
// terms must be known when the account's work falls due.
// progress, when given, is called with the number of accounts done and to do.
func (a *App) Advance(ctx context.Context, to calendar.Instant, progress func(done, all int)) (Advanced, error) {
	if err := a.checkAdvance(ctx, to); err != nil {
		return Advanced{}, err
	}
	if err := a.announceAll(ctx); err != nil { // as it was known before time passes
		return Advanced{}, err
	}
	report, err := a.workUntil(ctx, to, progress)
	if err != nil || len(report.Stuck) > 0 {
		return report, err
	}
	// A batch passes over accounts that another transaction holds. The clock
	// moves only when they too have been done.
	for {
		left, err := a.countDue(ctx, to)
		if err != nil {
			return report, err
		}
		if left == 0 {
			break
		}
		again, err := a.workUntil(ctx, to, progress)
		report.add(again)
		if err != nil || len(report.Stuck) > 0 {
			return report, err
		}
		if again.Accounts == 0 {
			time.Sleep(waitForLocks)
		}
	}
	return report, a.db.Update(ctx, func(tx *store.Tx) error {
		if m, err := a.moment(ctx, tx); err != nil || m.now >= to { // another advance went further
			return err
		}
		return tx.SetClock(ctx, store.Clock{Virtual: true, Now: to})
	})
}

func (a *App) checkAdvance(ctx context.Context, to calendar.Instant) error {
	now, virtual, err := a.Now(ctx)
	if err != nil {
		return err
	}
	if !virtual {
		return refusal.New(refusal.ClockIsReal, "the database's clock is real and moves by itself").At("--to").
			Do("create a database with a virtual clock: termwise init --virtual INSTANT")
	}
	if to >= now {
		return nil
	}
	zone, err := a.Zone(ctx)
	if err != nil {
		return err
	}
	return refusal.New(refusal.ClockBackward, "the clock stands at %s, after %s", zone.Format(now), zone.Format(to)).At("--to").
		Do("advance to a later instant")
}

// Work does what has fallen due by now on a real clock, and first goes on telling
// accounts of what was published.
func (a *App) Work(ctx context.Context) (Advanced, error) {
	if err := a.announceAll(ctx); err != nil {
		return Advanced{}, err
	}
	now, _, err := a.Now(ctx)
	if err != nil {
		return Advanced{}, err
	}
	return a.workUntil(ctx, now, nil)
}

// workUntil takes batches of due accounts until none is left.
func (a *App) workUntil(ctx context.Context, to calendar.Instant, progress func(done, all int)) (Advanced, error) {
	if err := a.wake(ctx); err != nil {
		return Advanced{}, err
	}
	all, err := a.countDue(ctx, to)
	if err != nil {
		return Advanced{}, err
	}
	w := working{app: a, to: to, all: all, progress: progress, stuck: map[string]bool{}}
	if a.Engine() == "sqlite" && all > accountsAhead {
		w.runAhead(ctx)
		return w.report, w.err
	}
	var group sync.WaitGroup
	for range a.workers() {
		group.Go(func() { w.run(ctx) })
	}
	group.Wait()
	return w.report, w.err
}

// working is the doing of what is due, shared by its workers.
type working struct {
	app      *App
	to       calendar.Instant
	all      int
	progress func(done, all int)

	mu     sync.Mutex
	report Advanced
	stuck  map[string]bool // accounts that were set aside
	err    error           // the first, after which no batch begins
}

func (w *working) run(ctx context.Context) {
	for {
		w.mu.Lock()
		stuck, failed := maps.Clone(w.stuck), w.err != nil
		w.mu.Unlock()
		if failed {
			return
		}
		batch, err := w.app.workSome(ctx, w.to, stuck)
		if !w.keep(batch, err) {
			return
		}
	}
}

// keep adds what a batch did, and says whether there may be more to do. Of accounts
// that have a transaction each, some may have been done though others failed.
func (w *working) keep(batch Advanced, err error) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = cmp.Or(w.err, err)
	if batch.Accounts == 0 && len(batch.Stuck) == 0 {
		return false
	}
	// Another worker may have met an account before it was known to be stuck.
	batch.Stuck = slices.DeleteFunc(batch.Stuck, func(s Stuck) bool { return w.stuck[s.Account] })
	for _, s := range batch.Stuck {
		w.stuck[s.Account] = true
	}
	w.report.add(batch)
	if w.progress != nil {
		w.progress(w.report.Accounts+len(w.report.Stuck), max(w.all, w.report.Accounts))
	}
	return err == nil
}

func (r *Advanced) add(o Advanced) {
	r.Accounts += o.Accounts
	r.Entries += o.Entries
	r.Charges += o.Charges
	r.LateFees += o.LateFees
	r.Notices += o.Notices
	r.Refused += o.Refused
	r.Stuck = append(r.Stuck, o.Stuck...)
}

func (a *App) countDue(ctx context.Context, to calendar.Instant) (n int, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		n, err = tx.CountDue(ctx, to)
		return err
	})
	return n, err
}

// workSome does what is due for some accounts: a batch in one transaction, or,
// where accounts live on several nodes, one after the other.
func (a *App) workSome(ctx context.Context, to calendar.Instant, stuck map[string]bool) (Advanced, error) {
	if a.db.Sharded() {
		return a.workOneByOne(ctx, to, stuck)
	}
	return a.workBatch(ctx, to, func(tx *store.Tx) ([]string, error) {
		ids, err := tx.DueAccounts(ctx, to, accountsPerBatch+len(stuck))
		return without(ids, stuck), err
	})
}

// workBatch does what is due for the accounts that choose locks, in one
// transaction. An account that cannot be decided is set aside and does not hold
// up the others.
func (a *App) workBatch(ctx context.Context, to calendar.Instant, choose func(*store.Tx) ([]string, error)) (Advanced, error) {
	var report Advanced
	err := a.db.Update(ctx, func(tx *store.Tx) error {
		report = Advanced{}
		p, err := a.provider(ctx, tx)
		if err != nil {
			return err
		}
		m, err := a.moment(ctx, tx)
		if err != nil {
			return err
		}
		ids, err := choose(tx)
		if err != nil {
			return err
		}
		books, err := tx.Books(ctx, ids, to)
		if err != nil {
			return err
		}
		decisions, err := advanceAll(ctx, tx, books, m.env(p, account.Clock), to, &report)
		if err != nil {
			return err
		}
		return tx.Apply(ctx, decisions)
	})
	if err != nil {
		return Advanced{}, err // what was decided is not done
	}
	return report, nil
}

func without(ids []string, stuck map[string]bool) []string {
	kept := ids[:0]
	for _, id := range ids {
		if !stuck[id] {
			kept = append(kept, id)
		}
	}
	return kept
}

func advanceAll(ctx context.Context, tx *store.Tx, books []*account.Books, env account.Env, to calendar.Instant, report *Advanced) ([]*account.Decision, error) {
	outcomes, err := withUsage(ctx, tx, books, func(b *account.Books) (*account.Decision, error) { return b.Advance(env, to) })
	if err != nil {
		return nil, err
	}
	decisions := make([]*account.Decision, 0, len(books))
	for i, b := range books {
		d, err := outcomes[i].decision, outcomes[i].err
		if err != nil && refusal.CodeOf(err) == "" {
			return nil, err
		}
		if err != nil {
			report.Stuck = append(report.Stuck, Stuck{Account: b.ID, Code: refusal.CodeOf(err), Reason: err.Error()})
			continue
		}
		decisions = append(decisions, d)
		report.add(Advanced{
			Accounts: 1, Entries: len(d.Entries), Charges: len(d.Charges),
			LateFees: len(d.LateFees), Notices: len(d.Notices), Refused: len(d.Refused),
		})
	}
	return decisions, nil
}

// Err returns an error when any account is stuck: the rest has been done.
func (r Advanced) Err() error {
	if len(r.Stuck) == 0 {
		return nil
	}
	first := r.Stuck[0]
	return refusal.New(first.Code, "%d of the accounts could not be advanced; %s: %s", len(r.Stuck), first.Account, first.Reason).
		Do("publish terms that mend it and advance again")
}
