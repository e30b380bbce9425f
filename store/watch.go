package store

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
}

// CallKind says what a call asks of the database.
type CallKind string

// The kinds of call.
const (
	Begin     CallKind = "begin"
	Statement CallKind = "statement"
	Commit    CallKind = "commit"
)

// Watcher is told of every call that transactions make. An error that it returns
// takes the place of the answer: before the call, nothing has happened; after a
// commit, all has happened and the caller does not know. Tests use it to find
// out what remains when a call fails.
type Watcher func(Call) error

// Option is a choice about a database that is being opened.
type Option func(*DB)

// Watched has a watcher told of the calls of every transaction.
func Watched(w Watcher) Option { return func(db *DB) { db.watch = w } }

// SealedAfter sets how many names of usage events are held in memory before they
// are written as a run of the index; a million when nothing is said.
func SealedAfter(names int) Option { return func(db *DB) { db.names.sealAt = names } }

// call makes a call under the eyes of the watcher, if there is one.
func (w Watcher) call(c Call, do func() error) error {
	if w == nil {
		return do()
	}
	if err := w(c); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	c.Answered = true
	return w(c)
}
