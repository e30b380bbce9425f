package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"termwise.dev/core/refusal"
)

// postgresConns bounds the connections to PostgreSQL. More writers than this
// only wait for each other inside the server.
const postgresConns = 16

// DB is an open database. It is safe for use by several goroutines.
type DB struct {
	engine engine
	// writer begins transactions that write, reader those that only read. On
	// PostgreSQL they are one pool; on SQLite writing is the convoy's.
	writer, reader *sql.DB
	convoy         *convoy // of those who write to SQLite
	watch          Watcher // nil when nobody watches
	sharded        bool    // see Sharded
	names          *names
	sets           sets
}

// Open opens a database and brings its schema up to date: "file.db" or
// "sqlite:file.db" for SQLite, "postgres://…" or "postgresql://…" for
// PostgreSQL. Several processes may open a new database at once. It refuses
// another scheme with bad_input.
func Open(ctx context.Context, location string, options ...Option) (*DB, error) {
	db, err := connect(location)
	if err != nil {
		return nil, err
	}
	for _, choose := range options {
		choose(db)
	}
	if err := db.watch.call(Call{Kind: Migrate}, func() error { return db.migrate(ctx) }); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func connect(location string) (*DB, error) {
	scheme, rest, found := strings.Cut(location, ":")
	switch {
	case location == "" || (found && rest == ""):
		return nil, refusal.New(refusal.BadInput, "%q names no database", location).
			Do("give a file, or a URL that begins with postgres://")
	case found && (scheme == "postgres" || scheme == "postgresql"):
		return connectPostgres(location)
	case found && scheme == "sqlite":
		return connectSQLite(rest)
	case strings.Contains(location, "://"):
		return nil, refusal.New(refusal.BadInput, "%q is not a database that can be opened", location).
			Do("give a file, or a URL that begins with postgres://")
	}
	return connectSQLite(location)
}

func connectPostgres(location string) (*DB, error) {
	pool, err := sql.Open("pgx", location)
	if err != nil {
		return nil, fmt.Errorf("store: opening PostgreSQL: %w", err)
	}
	pool.SetMaxOpenConns(postgresConns)
	pool.SetMaxIdleConns(postgresConns)
	return &DB{engine: postgres, writer: pool, reader: pool, names: newNames()}, nil
}

// connectSQLite opens the file twice. The convoy writes over one connection, whose
// transactions take the file's write lock as they begin; waiting for one's turn is
// fairer than waiting for the lock. The pool has a second one for migrations.
// Readers see a snapshot and are never waited for.
func connectSQLite(file string) (*DB, error) {
	writer, err := openSQLite(file, 2, "_txlock=immediate")
	if err != nil {
		return nil, err
	}
	reader, err := openSQLite(file, max(4, 2*runtime.NumCPU()), "_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	db := &DB{engine: sqlite, writer: writer, reader: reader, names: newNames()}
	db.convoy = &convoy{db: db}
	return db, nil
}

// sqliteSettings hold for every connection. FULL makes a commit durable; a
// large checkpoint interval keeps bulk writes in the log until it is worth
// moving them.
const sqliteSettings = "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
	"&_pragma=foreign_keys(1)&_pragma=wal_autocheckpoint(10000)&_pragma=cache_size(-65536)&"

func openSQLite(file string, conns int, setting string) (*sql.DB, error) {
	pool, err := sql.Open("sqlite", "file:"+url.PathEscape(file)+sqliteSettings+setting)
	if err != nil {
		return nil, fmt.Errorf("store: opening SQLite: %w", err)
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return pool, nil
}

// Close closes the database. Transactions that run are waited for.
func (db *DB) Close() error {
	if db.engine == postgres {
		return db.writer.Close()
	}
	return errors.Join(db.reader.Close(), db.convoy.close(), db.writer.Close())
}

// Engine returns "sqlite" or "postgresql".
func (db *DB) Engine() string { return string(db.engine) }

// Ping says whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.reader.PingContext(ctx); err != nil {
		return fmt.Errorf("store: the database does not answer: %w", err)
	}
	return nil
}
