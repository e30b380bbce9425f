// Package store keeps the books in a database: SQLite in one file, or PostgreSQL.
//
// Owns: all SQL, the schema and its migrations, transactions and their retry,
// row locks, bulk writes, and the translation between rows and the types of
// core. Does not own: what a row means (core decides) or who may see it (api).
//
// Invariants: a Decision is applied whole or not at all, and only to the books
// that it was made from; the number of statements does not grow with the number
// of accounts; locks are taken on accounts before anything else of theirs, in
// order of id, so that writers wait for each other and never in a circle; a
// usage event is kept once, however often and through however many processes it
// arrives; what is known in memory of usage is never more than was committed, and
// is brought up to date from the account's row, under its lock; text sorts by its
// bytes on both engines; a sum that leaves 64 bits is an error, never a wrong
// figure. Every key of customer data begins with the account, and nothing needs
// one server: no sequence, trigger, advisory lock or notification. Where the tables are
// spread over several nodes, a statement that locks or writes customer data names
// one account by a parameter.
//
// How it is written: one SQL text for both engines with $1 placeholders.
// dialect.go holds what differs, distribution.go what several nodes need. A
// transaction's calls go over a wire: call.go and convoy.go are SQLite's, where
// transactions share a commit, pipe.go and merge.go PostgreSQL's, where calls are
// sent together. A table (rows.go) describes a kind of row once,
// for reading and for writing; {rows} in a text stands for rows to write
// (bulk.go). Charges, transfers, moves and the notices about them have no table: their
// entry of the journal carries them packed (packed.go). There is one file for each
// aggregate.
//
// Clauses: none. What a clause asks for is decided in core.
package store
