package store

import "sync/atomic"

// Call is one call to the database as a Watcher sees it: once before it is made,
// and once more when it has been answered.
type Call struct {
	Kind CallKind
	// Text is the SQL of a statement; a bulk write is one call.
	Text string
	// Writes says that the call belongs to a transaction of Update.
	Writes bool
	// Answered says that the call was made and has succeeded.
	Answered bool
	// Committed says of an answer that what was written in the transaction is
	// there for good: of a commit's, and of those that are read together with it.
	Committed bool
	// Number tells the calls of a process apart; an answer has its call's.
	Number int64
}

// CallKind says what a call asks of the database.
type CallKind string

// The kinds of call. All that brings the schema up to date as a database is opened
// counts as one.
const (
	Migrate   CallKind = "migrate"
	Begin     CallKind = "begin"
	Statement CallKind = "statement"
	Commit    CallKind = "commit"
)

// Watcher is told of every call that opening and transactions make. An error that it returns
// takes the place of the answer: before the call, nothing has happened; after a
// commit, all has happened and the caller does not know. On PostgreSQL several
// calls are sent together: it is told of all of them, and then of all answers.
// Tests use it to find out what remains when a call fails.
type Watcher func(Call) error

// Option is a choice about a database that is being opened.
type Option func(*DB)

// Watched has a watcher told of every call.
func Watched(w Watcher) Option { return func(db *DB) { db.watch = w } }

// SealedAfter sets how many names of usage events are held in memory before they
// are written as a run of the index; a million when nothing is said.
func SealedAfter(names int) Option { return func(db *DB) { db.names.sealAt = names } }

// calls counts the calls that were watched.
var calls atomic.Int64

// tell numbers a call and tells the watcher, if there is one, that it is about to
// be made.
func (w Watcher) tell(c *Call) error {
	if w == nil {
		return nil
	}
	c.Number = calls.Add(1)
	return w(*c)
}

// call makes a call under the eyes of the watcher.
func (w Watcher) call(c Call, do func() error) error {
	if err := w.tell(&c); err != nil {
		return err
	}
	if err := do(); err != nil || w == nil {
		return err
	}
	c.Answered, c.Committed = true, c.Kind == Commit && c.Writes
	return w(c)
}
