package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"termwise.dev/core/account"
	"termwise.dev/core/canary"
)

// Tx is a transaction. It is used by one goroutine, inside Update or View.
type Tx struct {
	wire   wire
	engine engine
	seen   seen
	writes bool
	// sharded says that accounts live on several nodes; see DB.Sharded.
	sharded bool
	names   *names
	learnt  *learnt // what names learns when the transaction is committed
	sets    *sets
	kept    []map[int64]account.TermSet // what sets learns then
	// queued are calls that wait to be sent together with the next one.
	queued []*call
	// ahead is what LookAhead has found, until something is written.
	ahead *ahead
	// glances says that LookAhead is to look without a lock, before the transaction
	// begins; glanced, that it did so, and that nothing more is asked before the commit.
	glances, glanced bool
	seenVersion      int64 // of the row that was glanced at
	// gathering says that reading waits too; see together.
	gathering bool
	// statements counts what was sent, a bulk write as one for each chunk.
	statements int
}

// A transaction that lost to another one is run again a few times, each time
// after a longer pause.
const (
	maxRetries = 6
	firstPause = 2 * time.Millisecond
)

// Update runs f in a transaction that writes, and commits it when f returns no
// error. The transaction is run again when it lost to another one (deadlock,
// serialization, a busy file), so f may run several times and must do nothing
// but read and write through its Tx. An error of Commit is returned: nothing
// was written then, unless the connection broke while it was being answered.
func (db *DB) Update(ctx context.Context, f func(*Tx) error) error {
	return db.update(ctx, alone, f)
}

// Share is Update for what is short and done often. On SQLite the transactions of
// several callers that wait for each other share a commit: each is rolled back by
// itself when its f fails, and none is answered, not even refused, before all of
// them are durable. On PostgreSQL what f looks at ahead is not locked. When it does
// not suffice, when f fails, or another transaction was first, f is run again, and
// locks.
func (db *DB) Share(ctx context.Context, f func(*Tx) error) error {
	err := db.update(ctx, sharing, f)
	if db.engine == postgres && (errors.Is(err, errUnlocked) || errors.Is(err, ErrStale) || errors.Is(err, ErrAnswered)) {
		return db.update(ctx, alone, f)
	}
	return err
}

func (db *DB) update(ctx context.Context, with company, f func(*Tx) error) error {
	pause := firstPause
	for attempt := 0; ; attempt++ {
		err := db.write(ctx, with, f)
		if err == nil || attempt == maxRetries || !isTransient(err) {
			return err
		}
		if errors.Is(err, errSetGone) {
			db.sets.forget()
		}
		if canary.On(canary.SwallowConflict) {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pause + rand.N(pause)):
		}
		pause *= 2
	}
}

// View runs f in a transaction that sees one state of the database and cannot
// change it.
func (db *DB) View(ctx context.Context, f func(*Tx) error) error {
	return db.on(ctx, db.reader, func(w wire) error { return db.run(ctx, db.begin(w, false, alone), f) })
}

// write runs f once in a transaction that writes.
func (db *DB) write(ctx context.Context, with company, f func(*Tx) error) error {
	if db.convoy != nil {
		return db.convoy.ride(ctx, with, f)
	}
	return db.on(ctx, db.writer, func(w wire) error { return db.run(ctx, db.begin(w, true, with), f) })
}

// on calls f with a connection of a pool.
func (db *DB) on(ctx context.Context, pool *sql.DB, f func(wire) error) (err error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("store: connecting: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if db.engine == sqlite {
		return f(&file{conn: conn})
	}
	return conn.Raw(func(driver any) error {
		return f(&pipe{conn: driver.(*stdlib.Conn).Conn(), sharded: db.sharded})
	})
}

// run runs f in a transaction on a connection of its own.
func (db *DB) run(ctx context.Context, tx *Tx, f func(*Tx) error) (err error) {
	ended := false
	defer func() {
		if !ended {
			err = errors.Join(err, tx.wire.rollback(ctx))
		}
	}()
	if err := tx.later(ctx, db.beginning(tx.writes)); err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return tx.unlocked(err)
	}
	if err := tx.commit(ctx); err != nil {
		return err
	}
	ended = true
	tx.learn()
	return nil
}

// unlocked explains what a transaction failed with. One that looked without a lock has
// not seen everything, and may have failed for that.
func (tx *Tx) unlocked(err error) error {
	if tx.glanced {
		return errors.Join(errUnlocked, err)
	}
	return err
}

// begin makes the transaction, on which nothing has been called yet.
func (db *DB) begin(w wire, writes bool, with company) *Tx {
	tx := &Tx{glances: with == sharing && db.engine == postgres && !db.sharded, wire: w, engine: db.engine, seen: seen{db.watch, writes}, writes: writes, names: db.names, sets: &db.sets, sharded: db.sharded}
	if writes {
		tx.learnt = db.names.begin()
	}
	return tx
}

// learn makes known what was committed.
func (tx *Tx) learn() {
	if tx.learnt != nil {
		tx.names.learn(tx.learnt)
		tx.sets.learn(tx.kept)
	}
}

func (db *DB) beginning(writes bool) *call {
	c := newCall(db.engine.beginning(writes), nil)
	c.kind = Begin
	return c
}

// commit sends what waits, and the COMMIT. Where accounts live on several nodes,
// the answers to what waits are looked at first.
func (tx *Tx) commit(ctx context.Context) error {
	if tx.writes && canary.On(canary.AnswerUncommitted) {
		tx.learnt = nil
		return tx.wire.rollback(ctx)
	}
	if tx.sharded {
		if err := tx.send(ctx); err != nil {
			return err
		}
	}
	c := newCall("COMMIT", nil)
	c.kind = Commit
	tx.queued = append(tx.queued, c)
	return tx.send(ctx)
}

// make makes a call now, and those that wait before it.
func (tx *Tx) make(ctx context.Context, c *call) error {
	tx.count(c)
	tx.queued = append(tx.queued, c)
	return tx.flush(ctx)
}

// later makes a call at the latest when the transaction is committed: together with
// others, where that is cheaper. Until then nothing is known of its answer.
func (tx *Tx) later(ctx context.Context, c *call) error {
	tx.count(c)
	tx.queued = append(tx.queued, c)
	if tx.wire.waits() {
		return nil
	}
	return tx.flush(ctx)
}

// count counts a statement. One that writes may change what was looked at ahead.
func (tx *Tx) count(c *call) {
	if c.kind == Statement {
		tx.statements++
	}
	if c.scan == nil {
		tx.ahead = nil
	}
}

// flush makes the calls that wait, before the commit.
func (tx *Tx) flush(ctx context.Context) error {
	if tx.glanced {
		return errUnlocked
	}
	return tx.send(ctx)
}

func (tx *Tx) send(ctx context.Context) error {
	calls := tx.queued
	tx.queued = nil
	if len(calls) == 0 {
		return nil
	}
	return tx.wire.send(ctx, tx.seen, calls)
}

// together has the queries that f makes sent at once, where that is cheaper. What
// they find is known when together returns; f must not build on it.
func (tx *Tx) together(ctx context.Context, f func() error) error {
	before := tx.gathering
	tx.gathering = true
	err := f()
	tx.gathering = before
	if err != nil || before {
		return err
	}
	return tx.flush(ctx)
}

// exec runs a statement and returns how many rows it changed.
func (tx *Tx) exec(ctx context.Context, text string, args ...any) (int64, error) {
	c := newCall(text, args)
	err := tx.make(ctx, c)
	return c.changed, err
}

// each runs a query and calls scan for each row.
func (tx *Tx) each(ctx context.Context, text string, args []any, scan func(scanner) error) error {
	c := newCall(text, args)
	c.scan = scan
	return tx.ask(ctx, c)
}

// ask makes a call that reads: at once, unless several are sent together.
func (tx *Tx) ask(ctx context.Context, c *call) error {
	if tx.gathering {
		return tx.later(ctx, c)
	}
	return tx.make(ctx, c)
}

// one runs a query for at most one row and says whether there was one.
func (tx *Tx) one(ctx context.Context, dest []any, text string, args ...any) (found bool, err error) {
	err = tx.each(ctx, text, args, func(rows scanner) error {
		found = true
		return rows.Scan(dest...)
	})
	return found, err
}
