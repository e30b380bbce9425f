package store

import (
	"context"
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
	// chunked is a text for chunk of the times at once, where there is one.
	chunked string
	chunk   int
	scan    func(scanner) error // reads a row; nil for a text that only changes rows
	// changed is how many rows were changed, when the call has been made. Where
	// orElse is given, it must be wants; else the call fails with orElse.
	changed, wants int64
	orElse         error
	// condition is one that the text asks for, which must hold: then one row counts as changed.
	condition string
	// twice is what it means when a row that is added is there already.
	twice error
	// parts are the calls that this one was made of, which the server itself has fail.
	parts []*call
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
	if c.orElse != nil && c.parts == nil && c.changed != c.wants {
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
