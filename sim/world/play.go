package world

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"termwise.dev/app"
	"termwise.dev/sim/model"
	"termwise.dev/store"
)

// Told is a step of a story, with what goes wrong in it, or nil; and what goes
// wrong again as the step is put again or, when the program died and that is at
// the first call, as it is opened again.
type Told struct {
	Step
	Fault, Again *Fault
}

// Failure is where the program and the rules part.
type Failure struct {
	Kind FailureKind
	// After is the number of the step, from zero.
	After int
	// What says what went wrong, in lines.
	What string
	// InVerify says that verify finds it too.
	InVerify bool
}

// FailureKind says by what a failure was noticed.
type FailureKind string

// The kinds of failure: an answer is not the model's, the books are not, verify
// finds an untruth, or something fails that must not.
const (
	Answers FailureKind = "answers"
	Books   FailureKind = "books"
	Verify  FailureKind = "verify"
	Breaks  FailureKind = "breaks"
)

func failure(kind FailureKind, format string, args ...any) *Failure {
	return &Failure{Kind: kind, What: fmt.Sprintf(format, args...)}
}

// Place is where databases are kept. Each world has one of its own.
type Place interface {
	// New makes an empty database and returns where it is.
	New(ctx context.Context) (location string, err error)
	// Wreck returns where the database is that a program leaves which dies now.
	Wreck(ctx context.Context, location string) (string, error)
	// Drop removes a database that is closed.
	Drop(ctx context.Context, location string) error
}

// play is a story being told to the program and to the model.
type play struct {
	config *Config
	place  Place
	model  *model.Model
	now    time.Time // of a real clock

	location string
	app      *app.App
	db       *store.DB // the same database, to read from
	watcher  watcher
	old      []string // databases to drop
	did      Did
	said     error // the program's last answer, if it was no
	told     int   // how many steps were answered
	// before is how the accounts stood before the step that was broken off and is
	// being put again; nil while none is.
	before map[string]lines
	// seen is what the last check saw of each account, how many documents, and when.
	seen      map[string]lines
	documents int
	looked    time.Time
}

// begin makes a database and publishes the first documents.
func begin(ctx context.Context, c *Config, place Place) (p *play, err error) {
	p = &play{config: c, place: place, now: c.Start, model: model.New(c.zone(), c.Start, c.Virtual), did: Did{}, seen: map[string]lines{}}
	p.watcher.die = func() error {
		left, err := place.Wreck(ctx, p.location)
		if left != p.location {
			p.old = append(p.old, p.location)
		}
		p.location = left
		return err
	}
	p.watcher.arm(nil)
	if p.location, err = place.New(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.end(ctx))
		}
	}()
	if err = p.open(ctx); err != nil {
		return nil, err
	}
	if err = p.app.Init(ctx, c.Virtual, calendarInstant(c.Start)); err != nil {
		return nil, err
	}
	if _, err = p.app.Publish(ctx, c.First()); err != nil {
		return nil, fmt.Errorf("world: the first documents: %w", err)
	}
	if code := p.model.Publish(c.Documents); code != "" {
		return nil, fmt.Errorf("world: the model refuses the first documents: %s", code)
	}
	return p, nil
}

func (p *play) open(ctx context.Context) (err error) {
	p.app, err = app.Open(ctx, p.location, func() time.Time { return p.now }, store.Watched(p.watcher.watch), store.SealedAfter(7))
	if err != nil {
		p.app = nil
		return err
	}
	p.db, err = store.Open(ctx, p.location)
	return err
}

func (p *play) close() (err error) {
	if p.app != nil {
		err = p.app.Close()
	}
	if p.db != nil {
		err = errors.Join(err, p.db.Close())
	}
	p.app, p.db = nil, nil
	return err
}

func (p *play) reopen(ctx context.Context) error { return errors.Join(p.close(), p.open(ctx)) }

// end closes and removes what the play made.
func (p *play) end(ctx context.Context) error {
	err := p.close()
	for _, location := range append(p.old, p.location) {
		err = errors.Join(err, p.place.Drop(ctx, location))
	}
	return err
}

// step puts one step to both sides, and returns where they part, or nil. The
// error is one of the simulator itself.
func (p *play) step(ctx context.Context, t Told) (*Failure, error) {
	p.watcher.arm(t.Fault)
	p.said = nil
	got, err := t.do(ctx, p)
	broken := p.watcher.disarm()
	if err := withinReach(t, broken.calls); err != nil {
		return nil, err
	}
	if err != nil && !(broken.felt && errors.Is(err, errFault)) {
		return failure(Breaks, "the step fails: %v\n", err), nil
	}
	if broken.felt {
		p.did.fault(t.Fault, broken, err)
		if p.before != nil {
			p.did.count("fault: as the step is put again")
		}
	}
	if err != nil {
		return p.again(ctx, t, broken)
	}
	p.before = nil
	now := p.model.Now
	want := t.tell(p.model)
	p.told++
	p.did.step(t.Step, now, want)
	if got != want {
		return failure(Answers, "the answers differ\n  the rules say: %s\n  the program says: %s\n  %v\n", want, got, p.said), nil
	}
	if p.told%p.config.Check != 0 {
		return nil, nil
	}
	return p.check(ctx)
}

// again puts a step again that was broken off: as whoever got no answer does.
func (p *play) again(ctx context.Context, t Told, broken happening) (*Failure, error) {
	if p.before == nil {
		p.before = p.stand()
	}
	next := Told{Step: t.Step, Fault: t.Again}
	if broken.dead || p.app == nil {
		felt, err := p.recover(ctx, t.Again)
		if err != nil {
			return failure(Breaks, "what a dying program left cannot be opened: %v\n", err), nil
		}
		if felt {
			next.Fault = nil
		}
	}
	found, err := p.checkBroken(ctx, t.Step, broken)
	if found != nil || err != nil {
		return found, err
	}
	return p.step(ctx, next)
}

// recover opens what a program left that died, or could not be opened. A fault may
// happen then as well: the next one who opens it must succeed.
func (p *play) recover(ctx context.Context, f *Fault) (felt bool, err error) {
	p.watcher.arm(f)
	err = p.reopen(ctx)
	broken := p.watcher.disarm()
	if broken.felt {
		p.did.fault(f, broken, err)
	}
	if broken.felt && errors.Is(err, errFault) {
		err = p.reopen(ctx)
	}
	return broken.felt, err
}

// checkBroken checks what a step left that was broken off.
func (p *play) checkBroken(ctx context.Context, s Step, broken happening) (*Failure, error) {
	if to, passes := p.passes(s); passes {
		return p.checkEither(ctx, p.ruled, func(id string) lines { return ruled(p.model.BooksIf(id, to), p.model.Turned(id)) })
	}
	if broken.committed {
		s.tell(p.model) // it was done, and nobody knows
	}
	if _, publishes := s.(Publishing); publishes { // accounts are told in further transactions
		return p.checkEither(ctx, func(id string) lines { return p.before[id] }, p.ruled)
	}
	return p.check(ctx)
}

// stand is how every account stands by the rules.
func (p *play) stand() map[string]lines {
	all := map[string]lines{}
	for _, id := range p.model.Accounts() {
		all[id] = p.ruled(id)
	}
	return all
}

// passes says whether a step lets time pass, and up to when: that takes several
// transactions, each for some accounts.
func (p *play) passes(s Step) (time.Time, bool) {
	switch s := s.(type) {
	case Advancing:
		return s.To, !s.To.Before(p.model.Now)
	case Working:
		return p.model.Now, true
	}
	return time.Time{}, false
}

// check holds the books of every account against the rules, and everything
// against what verify says must always be true.
func (p *play) check(ctx context.Context) (*Failure, error) {
	changed := !p.model.Now.Equal(p.looked) // what is due depends on the clock
	p.looked = p.model.Now
	for _, id := range append(p.model.Accounts(), "") {
		kept, err := p.read(ctx, id)
		if err != nil {
			return nil, err
		}
		changed = changed || !slices.Equal(kept, p.seen[id])
		p.seen[id] = kept
		if difference := differ(p.ruled(id), kept); difference != "" {
			return failure(Books, "the books of account %q differ\n%s", id, difference), nil
		}
	}
	if n := len(p.model.Documents()); n != p.documents {
		changed, p.documents = true, n
	}
	if !changed {
		return nil, nil // verified as it is
	}
	return p.verify(ctx)
}

func (p *play) ruled(id string) lines {
	if id == "" {
		return lines{}.turned(p.model.Turned("")).sorted()
	}
	return ruled(p.model.Books(id), p.model.Turned(id))
}

// checkEither checks that each account stands as before the step, or as after.
func (p *play) checkEither(ctx context.Context, ruledBefore, ruledAfter func(id string) lines) (*Failure, error) {
	for _, id := range p.model.Accounts() {
		kept, err := p.read(ctx, id)
		if err != nil {
			return nil, err
		}
		before, after := differ(ruledBefore(id), kept), differ(ruledAfter(id), kept)
		if before != "" && after != "" {
			return failure(Books, "the books of account %q are those of neither before nor after\nbefore:\n%safter:\n%s", id, before, after), nil
		}
	}
	return nil, nil
}

// verify asks the program whether everything is true.
func (p *play) verify(ctx context.Context) (*Failure, error) {
	v, err := judge(ctx, p.app)
	if err != nil {
		return failure(Breaks, "verify fails: %v\n", err), nil
	}
	if v.OK {
		return nil, nil
	}
	found := failure(Verify, "verify finds an untruth\n")
	for _, b := range v.Broken() {
		found.What += "  " + b.String() + "\n"
	}
	return found, nil
}

// alsoVerify notes whether verify sees what went wrong.
func (p *play) alsoVerify(ctx context.Context, f *Failure) {
	if f == nil || p.app == nil {
		return
	}
	v, err := judge(ctx, p.app)
	f.InVerify = err != nil || !v.OK
}
