package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// scanner is a row of an answer.
type scanner interface{ Scan(dest ...any) error }

// call is one call to the database: a text that is run once, or for several
// lists of arguments one after the other, and what becomes of its answer.
type call struct {
	kind  CallKind
	text  string
	times int
	args  func(i int) []any
	scan  func(scanner) error // reads a row; nil for a text that only changes rows
	// changed is how many rows were changed, when the call has been made. Where
	// orElse is given, it must be wants; else the call fails with orElse.
	changed, wants int64
	orElse         error
	// asks says that the text itself divides by zero when it is to fail with orElse.
	asks bool
	// writes is the table whose rows the text writes, where that may be done in one
	// statement with the writing of other tables.
	writes string
}

// newCall makes the call that runs a text once.
func newCall(text string, args []any) *call {
	return &call{kind: Statement, text: text, times: 1, args: func(int) []any { return args }}
}

// check returns orElse when the call changed other rows than it must.
func (c *call) check() error {
	if c.orElse != nil && !c.asks && c.changed != c.wants {
		return c.orElse
	}
	return nil
}

// failed adds to an error what was being done.
func (c *call) failed(err error) error {
	switch c.kind {
	case Begin:
		return fmt.Errorf("store: beginning a transaction: %w", err)
	case Commit:
		return fmt.Errorf("store: committing: %w", err)
	}
	return explained(err)
}

// wire is a connection on which a transaction's calls are made.
type wire interface {
	// send makes calls in order, and stops at the first that fails.
	send(ctx context.Context, seen seen, calls []*call) error
	// waits says that calls are cheaper when several are sent at once.
	waits() bool
	// rollback ends a transaction that was begun and not committed, if there is one.
	rollback(ctx context.Context) error
}

// seen has a watcher told of calls.
type seen struct {
	watch  Watcher // nil when nobody watches
	writes bool
}

func (s seen) call(c *call) Call { return Call{Kind: c.kind, Text: c.text, Writes: s.writes} }

// maxPrepared bounds the statements that are kept; there are not so many.
const maxPrepared = 512

// file is a connection to a SQLite file.
type file struct {
	conn *sql.Conn
	// prepared are the statements that were prepared; nil on a connection of the
	// pool of readers, which keeps none.
	prepared map[string]*sql.Stmt
	begun    bool
}

func (f *file) waits() bool { return false }

func (f *file) send(ctx context.Context, seen seen, calls []*call) error {
	for _, c := range calls {
		if err := seen.watch.call(seen.call(c), func() error { return f.make(ctx, c) }); err != nil {
			return c.failed(err)
		}
		if err := c.check(); err != nil {
			return err
		}
	}
	return nil
}

// make makes one call. The driver watches a context that can be cancelled with a
// goroutine for each statement, and what it breaks off can take the whole
// transaction with it, which others may share: where statements write, looking at
// the context between them is enough. What begins or ends a transaction is never
// broken off: it would not be known whether it had.
func (f *file) make(ctx context.Context, c *call) (err error) {
	quiet := ctx
	if f.prepared != nil || c.kind != Statement {
		quiet = context.WithoutCancel(ctx)
	}
	run, done, err := f.statement(quiet, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	for i := range c.times {
		if err := ctx.Err(); err != nil && c.kind == Statement {
			return err
		}
		if err := run.run(quiet, c, c.args(i)); err != nil {
			return err
		}
	}
	f.begun = c.kind != Commit
	return nil
}

// runner is a statement, prepared or not.
type runner struct {
	exec  func(ctx context.Context, args ...any) (sql.Result, error)
	query func(ctx context.Context, args ...any) (*sql.Rows, error)
}

func (r runner) run(ctx context.Context, c *call, args []any) error {
	if c.scan != nil {
		rows, err := r.query(ctx, args...)
		if err != nil {
			return err
		}
		return drain(rows, c.scan)
	}
	result, err := r.exec(ctx, args...)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	c.changed += n
	return err
}

// statement prepares a text when it is worth it: for ever where statements are
// kept, and for this call where it is run many times.
func (f *file) statement(ctx context.Context, c *call) (r runner, done func() error, err error) {
	done = func() error { return nil }
	statement := f.prepared[c.text]
	switch {
	case statement != nil:
	case f.prepared == nil && c.times == 1:
		return runner{
			func(ctx context.Context, args ...any) (sql.Result, error) {
				return f.conn.ExecContext(ctx, c.text, args...)
			},
			func(ctx context.Context, args ...any) (*sql.Rows, error) {
				return f.conn.QueryContext(ctx, c.text, args...)
			},
		}, done, nil
	default:
		if statement, err = f.conn.PrepareContext(ctx, c.text); err != nil {
			return r, done, err
		}
		if f.prepared == nil || len(f.prepared) == maxPrepared {
			done = statement.Close
		} else {
			f.prepared[c.text] = statement
		}
	}
	return runner{statement.ExecContext, statement.QueryContext}, done, nil
}

func (f *file) rollback(ctx context.Context) error {
	if !f.begun {
		return nil
	}
	f.begun = false
	_, err := f.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	if err == nil {
		return nil
	}
	// Nobody knows how the connection stands: it is not used again.
	err = errors.Join(err, f.forget())
	_ = f.conn.Raw(func(any) error { return driver.ErrBadConn })
	return err
}

// forget closes what was prepared.
func (f *file) forget() (err error) {
	for _, statement := range f.prepared {
		err = errors.Join(err, statement.Close())
	}
	clear(f.prepared)
	return err
}

func drain(rows *sql.Rows, scan func(scanner) error) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
