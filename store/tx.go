package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"termwise.dev/core/canary"
)

// Tx is a transaction. It is used by one goroutine, inside Update or View.
type Tx struct {
	sql    *sql.Tx
	conn   *sql.Conn // the connection that sql runs on
	engine engine
	watch  Watcher
	writes bool
	// sharded says that accounts live on several nodes; see DB.Sharded.
	sharded bool
	names   *names
	learnt  *learnt // what names learns when the transaction is committed
	// statements counts what was sent, a bulk write as one for each chunk.
	statements int
	began      context.Context // with it ends the transaction
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
	pause := firstPause
	for attempt := 0; ; attempt++ {
		err := db.run(ctx, db.writer, nil, f)
		if err == nil || attempt == maxRetries || !isTransient(err) {
			return err
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
	return db.run(ctx, db.reader, &sql.TxOptions{ReadOnly: true, Isolation: db.engine.snapshot()}, f)
}

func (db *DB) run(ctx context.Context, pool *sql.DB, opts *sql.TxOptions, f func(*Tx) error) (err error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("store: connecting: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	var tx *sql.Tx
	defer func() {
		if tx == nil {
			return
		}
		if rollback := tx.Rollback(); !errors.Is(rollback, sql.ErrTxDone) {
			err = errors.Join(err, rollback)
		}
	}()
	watched := Call{Kind: Begin, Writes: opts == nil}
	if err := db.watch.call(watched, func() (err error) { tx, err = conn.BeginTx(ctx, opts); return err }); err != nil {
		return fmt.Errorf("store: beginning a transaction: %w", err)
	}
	var learnt *learnt
	if opts == nil {
		learnt = db.names.begin()
	}
	if err := f(&Tx{sql: tx, conn: conn, engine: db.engine, watch: db.watch, writes: opts == nil, names: db.names, learnt: learnt, sharded: db.sharded, began: ctx}); err != nil {
		return err
	}
	if opts == nil && canary.On(canary.AnswerUncommitted) {
		return nil
	}
	watched.Kind = Commit
	if err := db.watch.call(watched, tx.Commit); err != nil {
		return fmt.Errorf("store: committing: %w", err)
	}
	if learnt != nil {
		db.names.learn(learnt)
	}
	return nil
}

// exec runs a statement and returns how many rows it changed.
func (tx *Tx) exec(ctx context.Context, text string, args ...any) (int64, error) {
	tx.statements++
	var result sql.Result
	err := tx.statement(text, func() (err error) { result, err = tx.sql.ExecContext(ctx, text, args...); return err })
	if err != nil {
		return 0, explained(err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, explained(err)
	}
	return n, nil
}

// statement makes a call that runs a statement.
func (tx *Tx) statement(text string, run func() error) error {
	return tx.watch.call(Call{Kind: Statement, Text: text, Writes: tx.writes}, run)
}

// each runs a query and calls scan for each row.
func (tx *Tx) each(ctx context.Context, text string, args []any, scan func(*sql.Rows) error) error {
	tx.statements++
	return tx.statement(text, func() error {
		rows, err := tx.sql.QueryContext(ctx, text, args...)
		if err != nil {
			return explained(err)
		}
		return drain(rows, scan)
	})
}

func drain(rows *sql.Rows, scan func(*sql.Rows) error) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return explained(err)
		}
	}
	if err := rows.Err(); err != nil {
		return explained(err)
	}
	return nil
}

// one runs a query for at most one row and says whether there was one.
func (tx *Tx) one(ctx context.Context, dest []any, text string, args ...any) (found bool, err error) {
	err = tx.each(ctx, text, args, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(dest...)
	})
	return found, err
}
