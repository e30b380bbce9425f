package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// company says whether a transaction may share its commit.
type company bool

const (
	alone   company = false
	sharing company = true
)

// maxRiders bounds how many share a commit, and so how long the first waits for it.
const maxRiders = 64

// errUnshared says that a transaction was lost through another one with which it
// shared the commit. Nothing is wrong with it; it is run again.
var errUnshared = errors.New("store: a transaction that shared the commit took this one with it")

// convoy is the line of those who write to a SQLite file. One at a time has the
// turn, on the one connection that writes, in the order in which they came. Who
// may share and sees that the next may too leaves the transaction open for it: the
// next writes under a savepoint, so that it can be rolled back by itself. The last
// commits for all, and only then is anyone answered: what one of them read, another
// one had written, and it is only true when it is durable.
type convoy struct {
	db *DB

	mu      sync.Mutex
	busy    bool // somebody has the turn
	waiting []*waiter

	// The rest belongs to whoever has the turn.
	wire *file // nil until the first turn, and after the connection broke
	open *shared
}

// waiter waits for its turn.
type waiter struct {
	with company
	turn chan struct{} // closed when it has come
}

// shared is a transaction that several write in.
type shared struct {
	with   company
	riders []*Tx // those that are to be committed
	count  int   // those and others that wait for the outcome
	done   chan struct{}
	err    error // when done
}

// ride runs f in a transaction when its turn has come, and returns when what f
// wrote, or read of the others, is durable.
func (c *convoy) ride(ctx context.Context, with company, f func(*Tx) error) error {
	if err := c.wait(ctx, with); err != nil {
		return err
	}
	var ridden *shared
	err := func() error {
		defer c.pass()
		begun, err := c.enter(ctx, with)
		if err != nil {
			return err
		}
		ridden, err = c.run(ctx, begun, f)
		return err
	}()
	if ridden == nil {
		return err
	}
	<-ridden.done
	if ridden.err != nil {
		return ridden.err
	}
	return err
}

// wait returns when the turn has come, or an error when ctx ended before.
func (c *convoy) wait(ctx context.Context, with company) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("store: connecting: %w", err)
	}
	c.mu.Lock()
	if !c.busy {
		c.busy = true
		c.mu.Unlock()
		return nil
	}
	w := &waiter{with: with, turn: make(chan struct{})}
	c.waiting = append(c.waiting, w)
	c.mu.Unlock()
	select {
	case <-w.turn:
		return nil
	case <-ctx.Done():
	}
	c.mu.Lock()
	at := slices.Index(c.waiting, w)
	if at >= 0 {
		c.waiting = slices.Delete(c.waiting, at, at+1)
	}
	c.mu.Unlock()
	if at < 0 { // the turn came meanwhile, and others may wait for the commit
		<-w.turn
		c.pass()
	}
	return fmt.Errorf("store: connecting: %w", ctx.Err())
}

// pass gives the turn to the next, and first commits what it is not to share.
func (c *convoy) pass() {
	for {
		c.mu.Lock()
		var next *waiter
		if len(c.waiting) > 0 {
			next = c.waiting[0]
		}
		if c.open != nil && !c.open.takes(next) {
			c.mu.Unlock()
			c.commit()
			continue
		}
		if next == nil {
			c.busy = false
		} else {
			c.waiting = slices.Delete(c.waiting, 0, 1)
			close(next.turn)
		}
		c.mu.Unlock()
		return
	}
}

// takes says whether the next may share the transaction.
func (s *shared) takes(next *waiter) bool {
	return next != nil && s.with == sharing && next.with == sharing && s.count < maxRiders
}

// enter begins a transaction, or a savepoint in the one that is open.
func (c *convoy) enter(ctx context.Context, with company) (begun bool, err error) {
	if c.open != nil {
		return false, c.savepoint(ctx)
	}
	if c.wire == nil {
		conn, err := c.db.writer.Conn(ctx)
		if err != nil {
			return false, fmt.Errorf("store: connecting: %w", err)
		}
		c.wire = &file{conn: conn, prepared: map[string]driver.Stmt{}}
	}
	if err := c.db.begin(c.wire, true, alone).later(ctx, c.db.beginning(true)); err != nil {
		return false, errors.Join(err, c.rollback())
	}
	c.open = &shared{with: with, done: make(chan struct{})}
	return true, nil
}

func (c *convoy) savepoint(ctx context.Context) error {
	_, err := c.db.begin(c.wire, true, alone).exec(ctx, "SAVEPOINT rider")
	return err
}

// run runs f. What fails is undone: the whole transaction where f is the first in
// it, else what it did itself. It returns the transaction whose outcome is to be
// waited for.
func (c *convoy) run(ctx context.Context, begun bool, f func(*Tx) error) (ridden *shared, err error) {
	tx := c.db.begin(c.wire, true, alone)
	whole := false // f returned
	defer func() {
		if !whole {
			err = errors.Join(err, c.undo(begun))
		}
	}()
	err = f(tx)
	whole = true
	switch {
	case err == nil && begun:
	case err == nil:
		_, err = tx.exec(ctx, "RELEASE rider")
	}
	if err == nil {
		c.open.riders = append(c.open.riders, tx)
	} else if lost := c.undo(begun); lost != nil || begun {
		return nil, errors.Join(err, lost)
	}
	c.open.count++
	return c.open, err
}

// undo takes back what one has written. When even that fails, nobody knows what is
// left of the transaction: it is given up, and who shared it begins again.
func (c *convoy) undo(begun bool) error {
	if begun {
		c.open = nil
		return c.rollback()
	}
	quiet := context.Background()
	tx := c.db.begin(c.wire, true, alone)
	_, err := tx.exec(quiet, "ROLLBACK TO rider")
	if err == nil {
		_, err = tx.exec(quiet, "RELEASE rider")
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", errUnshared, errors.Join(err, c.rollback()))
		c.end(err)
	}
	return err
}

// commit makes what was shared durable, and answers all.
func (c *convoy) commit() {
	err := c.db.begin(c.wire, true, alone).commit(context.Background())
	if err == nil {
		for _, tx := range c.open.riders {
			tx.learn()
		}
	} else {
		err = c.uncommitted(err)
	}
	c.end(err)
}

// uncommitted explains why a transaction was not committed. When it is certain that
// it was not, those who shared it begin again: it may be the fault of one.
func (c *convoy) uncommitted(err error) error {
	stands := c.wire.begun // and the commit was not made without its answer
	lost := c.rollback()
	if stands && lost == nil && c.open.count > 1 {
		return fmt.Errorf("%w: %w", errUnshared, err)
	}
	return errors.Join(err, lost)
}

// end answers those that wait for the outcome.
func (c *convoy) end(err error) {
	c.open.err = err
	close(c.open.done)
	c.open = nil
}

// rollback ends the transaction, if there is one. A connection on which even that
// fails is not used again.
func (c *convoy) rollback() error {
	err := c.wire.rollback(context.Background())
	if err != nil {
		c.wire = nil
	}
	return err
}

// close gives the connection back when nobody has it.
func (c *convoy) close() error {
	if err := c.wait(context.Background(), alone); err != nil {
		return err
	}
	defer c.pass()
	if c.wire == nil {
		return nil
	}
	err := errors.Join(c.wire.forget(), c.wire.conn.Close())
	c.wire = nil
	return err
}
