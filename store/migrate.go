package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to date, alone among processes that start at once.
func (db *DB) migrate(ctx context.Context) error {
	provider, err := db.migrations()
	if err != nil {
		return err
	}
	up := func() error { _, err := provider.Up(ctx); return err }
	if db.engine == postgres {
		err = db.upAlone(ctx, provider, up)
	} else {
		err = retried(up, 2+len(provider.ListSources()))
	}
	if err != nil {
		return fmt.Errorf("store: bringing the schema up to date: %w", err)
	}
	return nil
}

// upAlone runs up, and spreads the tables over the nodes, if either is left to do.
// Meanwhile it holds the lock for migrations: a row which goose never touches, the
// first of its own table. So no other lock is needed than those of rows, it goes
// with its transaction however the process ends, and pools of connections do not
// matter.
func (db *DB) upAlone(ctx context.Context, provider *goose.Provider, up func() error) (err error) {
	pending, err := provider.HasPending(ctx) // makes goose's table
	if err != nil {
		return err
	}
	if unspread, err := db.unspread(ctx); err != nil || !pending && len(unspread) == 0 {
		return err
	}
	lock, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Rollback()) }()
	if _, err := lock.ExecContext(ctx, "SELECT 1 FROM goose_db_version WHERE version_id = 0 FOR UPDATE"); err != nil {
		return err
	}
	if err := up(); err != nil {
		return err
	}
	return db.spread(ctx)
}

// retried runs f again when it fails. SQLite has no lock that outlives a
// transaction, and needs none: each migration is one transaction, so a process
// that loses a race fails whole, and finds that step done when it tries again.
// It can lose once for each step and for the table that counts them.
func retried(f func() error, times int) (err error) {
	for range times {
		if err = f(); err == nil {
			return nil
		}
	}
	return err
}

func (db *DB) migrations() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("store: reading the migrations: %w", err)
	}
	dialect := goose.DialectPostgres
	if db.engine == sqlite {
		dialect = goose.DialectSQLite3
	}
	// Migrations that are written side by side may reach a database in another order
	// than that of their numbers: each stands on those that it names alone.
	provider, err := goose.NewProvider(dialect, db.writer, translated{files, db.engine.schema()},
		goose.WithGoMigrations(db.engine.goMigrations()...), goose.WithAllowOutofOrder(true))
	if err != nil {
		return nil, fmt.Errorf("store: reading the migrations: %w", err)
	}
	return provider, nil
}

// goMigrations are those that SQL alone cannot say: they pack what was rows, or say
// something else to each engine.
func (e engine) goMigrations() (all []*goose.Migration) {
	for _, m := range []struct {
		version  int64
		up, down func(context.Context, *sql.Tx) error
	}{
		{parcelsVersion, packEvents(e), unpackEvents(e)},
		{linesVersion, packLines(e), unpackLines(e)},
		{stateVersion, gatherState(e), scatterState(e)},
		{hoursVersion, packBuckets(e), unpackBuckets(e)},
		{paymentsVersion, findPayments(e), loseSightOfPayments},
		{publishedVersion, sumPublished(e), forgetPublished},
		{leanVersion, slim(e), fatten(e)},
		{stepsVersion, packSteps(e), unpackSteps(e)},
		{clockVersion, joinClock(e), partClock(e)},
		{reachVersion, sayReach(e), forgetReach(e)},
	} {
		all = append(all, goose.NewGoMigration(m.version, &goose.GoFunc{RunTx: m.up}, &goose.GoFunc{RunTx: m.down}))
	}
	return all
}

// takeTables waits for whoever writes to tables with the program of another version, and
// keeps everybody from them until the migration is done: what is written to a table after
// it was read would go with it. Come first, so that no weaker lock has to grow, and name
// the tables in the order in which that program asks for them. On SQLite the migration
// has the whole file.
func (e engine) takeTables(ctx context.Context, tx *sql.Tx, tables string) error {
	if e != postgres {
		return nil
	}
	return execAll(ctx, tx, "LOCK TABLE "+tables+" IN ACCESS EXCLUSIVE MODE")
}

// execAll executes texts one after the other.
func execAll(ctx context.Context, tx *sql.Tx, texts ...string) error {
	for _, text := range texts {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// eachSQL is Tx.each for a transaction that database/sql began, as migrations have.
func eachSQL(ctx context.Context, tx *sql.Tx, text string, args []any, scan func(scanner) error) (err error) {
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// translated gives the migrations in an engine's own words.
type translated struct {
	fs.FS
	words *strings.Replacer
}

// Open opens a migration for reading.
func (t translated) Open(name string) (fs.File, error) {
	f, err := t.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return f, err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return translatedFile{f, strings.NewReader(t.words.Replace(string(text)))}, nil
}

type translatedFile struct {
	fs.File
	text *strings.Reader
}

// Read reads the translation.
func (f translatedFile) Read(p []byte) (int, error) { return f.text.Read(p) }
