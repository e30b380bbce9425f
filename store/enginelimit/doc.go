// Package enginelimit writes rows into SQLite as fast as its driver takes them: the limit
// that benchmarks hold Termwise against.
//
// Owns: inserting many rows by few statements, prepared once, past database/sql. Does
// not own: tables, transactions or what is measured; PostgreSQL, whose COPY its own
// driver has.
//
// Invariants: rows are written in the order given, each once; nothing is kept of them.
//
// Clauses: none.
package enginelimit
