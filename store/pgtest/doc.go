// Package pgtest gives tests and benchmarks a private PostgreSQL server.
//
// Owns: finding PostgreSQL's programs, one server per test process on a unix
// socket in a directory of its own, fresh databases cloned from a template that
// the caller prepares once, and the removal of all of it. Does not own: the
// schema (the caller's prepare function migrates the template) or the choice of
// storage engine.
//
// Invariants: no statement that changes anything runs before the server has
// shown that its data directory is the one made here, so no other database can
// be touched; the server listens on no network address; it never runs as root;
// server and directory are gone when the process ends, however it ends; a
// missing PostgreSQL fails the tests and is never skipped.
//
// A package uses it in two lines:
//
//	func TestMain(m *testing.M) { pgtest.Main(m, migrate) }
//	func TestX(t *testing.T)    { url := pgtest.Database(t) ... }
//
// The package runs on Unix systems only.
package pgtest
