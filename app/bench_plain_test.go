package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"termwise.dev/core/account"
	"termwise.dev/store/enginelimit"
)

// A plain design keeps a row for each thing, in tables that have nothing but their
// primary keys. What it writes is the limit that settling is measured by: however
// the settlement packs what it writes, the limit is not lowered by it.
type plainKind struct {
	table string
	// changed says that the rows are there already and change; the others are added.
	changed bool
	// of is the condition that a row of the packed table is of what is measured. $1 and
	// $2 bound the accounts, which all have as many journal entries and hours as the first.
	of string
}

// plainHour are the rows of an hour of an account: an entry of the journal, four
// charges, two transfers and four buckets are added, the account and two balances
// change.
var plainHour = []plainKind{
	{table: "accounts", changed: true},
	{table: "journal", of: "AND seq = (SELECT seq FROM accounts WHERE account = $1)"},
	{table: "charges"},
	{table: "transfers"},
	{table: "balances", changed: true},
	{table: "buckets", of: "AND hour = (SELECT max(hour) FROM buckets WHERE account = $1)"},
}

// plainTables are the tables that a plain design has otherwise than Termwise.
var plainTables = map[string]string{
	"accounts": `CREATE TABLE accounts (
    account  TEXT   NOT NULL,
    name     TEXT   NOT NULL,
    currency TEXT   NOT NULL,
    opened   BIGINT NOT NULL,
    seq      BIGINT NOT NULL,
    head     BYTEA  NOT NULL,
    at       BIGINT NOT NULL,
    next_due BIGINT NOT NULL,
    PRIMARY KEY (account)
)`,
	"journal": `CREATE TABLE journal (
    account   TEXT   NOT NULL,
    seq       BIGINT NOT NULL,
    kind      TEXT   NOT NULL,
    effective BIGINT NOT NULL,
    recorded  BIGINT NOT NULL,
    actor     TEXT   NOT NULL,
    payload   TEXT   NOT NULL,
    row_seal  BYTEA  NOT NULL,
    hash      BYTEA  NOT NULL,
    PRIMARY KEY (account, seq)
)`,
	"charges":     rowTables["charges"],
	"transfers":   rowTables["transfers"],
	"notices":     rowTables["notices"],
	"transitions": rowTables["transitions"],
	"balances": `CREATE TABLE balances (
    account TEXT   NOT NULL,
    name    TEXT   NOT NULL,
    balance BIGINT NOT NULL,
    PRIMARY KEY (account, name)
)`,
	"debts": `CREATE TABLE debts (
    account     TEXT   NOT NULL,
    since       BIGINT NOT NULL,
    seller      TEXT   NOT NULL,
    product     TEXT   NOT NULL,
    due         BIGINT NOT NULL,
    outstanding BIGINT NOT NULL,
    PRIMARY KEY (account, since, seller, product)
)`,
	"services": `CREATE TABLE services (
    account       TEXT   NOT NULL,
    product       TEXT   NOT NULL,
    state         TEXT   NOT NULL,
    since         BIGINT NOT NULL,
    arrears_since BIGINT NOT NULL,
    noticed       BIGINT NOT NULL,
    warned        BIGINT NOT NULL,
    PRIMARY KEY (account, product)
)`,
	"buckets": `CREATE TABLE buckets (
    account  TEXT   NOT NULL,
    hour     BIGINT NOT NULL,
    product  TEXT   NOT NULL,
    resource TEXT   NOT NULL,
    meter    TEXT   NOT NULL,
    total    BIGINT NOT NULL,
    touched  BIGINT NOT NULL,
    pending  BIGINT NOT NULL,
    billed   BIGINT NOT NULL,
    refused  BIGINT NOT NULL,
    charged  BIGINT NOT NULL,
    lines    BIGINT NOT NULL,
    PRIMARY KEY (account, hour, product, resource, meter)
)`,
}

// tableRows are whole rows of one table.
type tableRows struct {
	columns []string
	rows    [][]any
}

// plainRows are the rows of a kind that a plain design would have written for some
// accounts, in the order in which Termwise writes.
func plainRows(b *testing.B, db *sql.DB, kinds []plainKind, kind plainKind, ids []string) tableRows {
	b.Helper()
	found := tableRows{columns: columnsIn(plainTables[kind.table])}
	add := func(values ...any) { found.rows = append(found.rows, values) }
	read := func(columns, table, of string, each func(row []any)) {
		rows, err := rowsOf(b.Context(), db, "SELECT "+columns+" FROM "+table+" WHERE account >= $1 AND account <= $2 "+of+" ORDER BY account", ids[0], ids[len(ids)-1])
		must(b, err)
		for _, row := range rows.rows {
			each(row)
		}
	}
	switch kind.table {
	case "charges", "transfers", "notices", "transitions":
		journal := kinds[slices.IndexFunc(kinds, func(k plainKind) bool { return k.table == "journal" })]
		read("account, seq, lines", "journal", journal.of, func(row []any) {
			id, lines := row[0].(string), account.Lines{Entry: row[1].(int64), Content: bytesOf(row[2])}
			p, err := lines.Open(id)
			must(b, err)
			rowsIn(id, &p, kind.table, add)
		})
	case "balances", "debts", "services":
		read("account, state", "accounts", "", func(row []any) {
			books := &account.Books{}
			must(b, books.UnpackState(bytesOf(row[1])))
			plainState(kind.table, row[0].(string), books, add)
		})
	case "buckets":
		read("account, hour, content", "buckets", kind.of, func(row []any) {
			hour := account.StoredHour{Content: bytesOf(row[2])}
			buckets, err := hour.Buckets()
			must(b, err)
			for _, u := range buckets {
				add(row[0], row[1], u.Product, u.Resource, u.Meter, u.Total, int64(u.Touched), int64(u.Pending), u.Billed, u.Refused, int64(u.Charged), u.Lines)
			}
		})
	default:
		columns := "*"
		if len(found.columns) > 0 {
			columns = strings.Join(found.columns, ", ")
		}
		rows, err := rowsOf(b.Context(), db, "SELECT "+columns+" FROM "+kind.table+" WHERE account >= $1 AND account <= $2 "+kind.of+" ORDER BY account", ids[0], ids[len(ids)-1])
		must(b, err)
		return rows
	}
	return found
}

// plainState gives the rows of an account's state: of its balances those that an hour
// changes, where the account owes nothing.
func plainState(table, id string, books *account.Books, add func(values ...any)) {
	switch table {
	case "balances":
		for _, name := range books.Balances.Names() {
			if kind := name.Kind(); kind == "wallet" || kind == "revenue" || len(books.Debts) > 0 {
				add(id, string(name), int64(books.Balances[name]))
			}
		}
	case "debts":
		for _, d := range books.Debts {
			add(id, int64(d.Since), d.Seller, d.Product, int64(d.Due), int64(d.Outstanding))
		}
	case "services":
		for _, product := range slices.Sorted(maps.Keys(books.Services)) {
			s := books.Services[product]
			add(id, product, string(s.State), int64(s.Since), int64(s.ArrearsSince), int64(s.Noticed), int64(s.Warned))
		}
	}
}

func bytesOf(value any) []byte {
	content, _ := value.([]byte) // nothing, where there are none
	return content
}

// columnsIn are the columns of a table.
func columnsIn(table string) (columns []string) {
	for line := range strings.Lines(table) {
		if fields := strings.Fields(line); strings.HasPrefix(line, "    ") && fields[0] != "PRIMARY" {
			columns = append(columns, fields[0])
		}
	}
	return columns
}

func rowsOf(ctx context.Context, db *sql.DB, query string, args ...any) (found tableRows, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return found, err
	}
	defer rows.Close()
	if found.columns, err = rows.Columns(); err != nil {
		return found, err
	}
	for rows.Next() {
		values, into := make([]any, len(found.columns)), make([]any, len(found.columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return found, err
		}
		found.rows = append(found.rows, values)
	}
	return found, rows.Err()
}

// bareEngine is an engine without Termwise. It has two sets of tables, one that is made
// anew for each measuring and one that is kept.
type bareEngine interface {
	// settled is the database whose rows are written again.
	settled() *sql.DB
	// make makes the tables of some kinds in a set anew.
	make(ctx context.Context, set string, kinds []plainKind) error
	// connections is how many write at once.
	connections() int
	// write writes the rows of each kind in one durable transaction, over the
	// connection of a number. Rows that are changed are looked for by their keys.
	write(ctx context.Context, connection int, set string, kinds []plainKind, tables []tableRows) error
}

// The two sets of tables.
const (
	emptied = "emptied"
	kept    = "kept"
)

// limits measures what an engine takes of the rows of a plain design: written as they
// are, added to tables that hold those of the times before or changed there, and all of
// them inserted in bulk into empty tables.
type limits struct {
	w               *settling
	bare            bareEngine
	kinds           []plainKind
	rows            int
	write, inserted time.Duration
}

// newLimits makes the tables that are kept, and puts the rows there that change.
func newLimits(b *testing.B, w *settling, engine bareEngine, kinds []plainKind) *limits {
	b.Helper()
	must(b, engine.make(b.Context(), kept, kinds))
	var changing []plainKind
	for _, kind := range kinds {
		if kind.changed {
			changing = append(changing, kind)
		}
	}
	l := &limits{w: w, bare: engine, kinds: changing}
	l.put(b, kept, changing, []int{len(w.ids)})
	return &limits{w: w, bare: engine, kinds: kinds}
}

// measure writes again what was written, in the same batches of accounts.
func (l *limits) measure(b *testing.B, batches []int) {
	b.Helper()
	rows, took := l.put(b, kept, l.kinds, batches)
	l.rows, l.write = l.rows+rows, l.write+took
	added := slices.Clone(l.kinds)
	for i := range added {
		added[i].changed = false
	}
	must(b, l.bare.make(b.Context(), emptied, added))
	_, took = l.put(b, emptied, added, batches)
	l.inserted += took
}

// add adds what another has measured.
func (l *limits) add(o *limits) {
	l.rows, l.write, l.inserted = l.rows+o.rows, l.write+o.write, l.inserted+o.inserted
}

// report reports the shares of both limits, of work that took some seconds.
func (l *limits) report(b *testing.B, took float64) {
	b.ReportMetric(float64(l.rows)/took, "rows/s")
	b.ReportMetric(float64(l.rows)/l.write.Seconds(), "bare-rows/s")
	b.ReportMetric(100*l.write.Seconds()/took, "%ofbare")
	b.ReportMetric(100*l.inserted.Seconds()/took, "%ofinsert")
}

// put writes the rows over as many connections as Termwise writes with, and returns how
// many they were and how long it took. Reading them is not counted; as many batches are
// read as are written at once.
func (l *limits) put(b *testing.B, set string, kinds []plainKind, batches []int) (written int, took time.Duration) {
	b.Helper()
	at := 0
	for together := range slices.Chunk(batches, bareTogether*l.bare.connections()) {
		waiting := make(chan []tableRows, len(together))
		for _, accounts := range together {
			ids := l.w.ids[at : at+accounts]
			at += accounts
			tables := make([]tableRows, len(kinds))
			for i, kind := range kinds {
				tables[i] = plainRows(b, l.bare.settled(), kinds, kind, ids)
				written += len(tables[i].rows)
			}
			waiting <- tables
		}
		close(waiting)
		start := time.Now()
		var group sync.WaitGroup
		for n := range l.bare.connections() {
			group.Go(func() {
				for tables := range waiting {
					if err := l.bare.write(b.Context(), n, set, kinds, tables); err != nil {
						b.Error(err)
					}
				}
			})
		}
		group.Wait()
		took += time.Since(start)
	}
	return written, took
}

// bareTogether is how many batches each connection writes before more are read.
const bareTogether = 8

// bareSQLite writes many rows by each statement, the fastest way there is, a file for
// each set of tables.
type bareSQLite struct {
	from *sql.DB
	to   map[string]*enginelimit.SQLite
}

func newBareSQLite(b *testing.B, from, to string) *bareSQLite {
	b.Helper()
	const settings = "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(10000)&_pragma=cache_size(-65536)&_txlock="
	s := &bareSQLite{from: openDB(b, "sqlite", "file:"+from+settings+"deferred"), to: map[string]*enginelimit.SQLite{}}
	for _, set := range []string{emptied, kept} {
		writer, err := enginelimit.NewSQLite(b.Context(), openDB(b, "sqlite", "file:"+to+"-"+set+settings+"immediate"))
		must(b, err)
		b.Cleanup(func() { must(b, writer.Close()) })
		s.to[set] = writer
	}
	return s
}

func openDB(b *testing.B, driver, location string) *sql.DB {
	b.Helper()
	db, err := sql.Open(driver, location)
	must(b, err)
	db.SetMaxOpenConns(1)
	b.Cleanup(func() { must(b, db.Close()) })
	return db
}

func (s *bareSQLite) settled() *sql.DB { return s.from }

func (s *bareSQLite) make(ctx context.Context, set string, kinds []plainKind) error {
	for _, kind := range kinds {
		create := onSQLite(plainTables[kind.table])
		if plainTables[kind.table] == "" {
			if err := s.from.QueryRowContext(ctx, "SELECT sql FROM sqlite_master WHERE name = $1", kind.table).Scan(&create); err != nil {
				return err
			}
		}
		if err := s.to[set].Exec(ctx, "DROP TABLE IF EXISTS "+kind.table+";"+create); err != nil {
			return err
		}
	}
	return nil
}

func (s *bareSQLite) connections() int { return 1 } // a file has one writer

func (s *bareSQLite) write(ctx context.Context, _ int, set string, kinds []plainKind, tables []tableRows) error {
	to := s.to[set]
	return to.InTransaction(ctx, func() error {
		for i, kind := range kinds {
			if err := to.Insert(ctx, "INSERT INTO "+kind.table, kind.onConflict(tables[i].columns), tables[i].rows); err != nil {
				return err
			}
		}
		return nil
	})
}

// onConflict changes a row that is there.
func (k plainKind) onConflict(columns []string) string {
	if !k.changed {
		return ""
	}
	_, key, _ := strings.Cut(plainTables[k.table], "PRIMARY KEY ")
	set := make([]string, len(columns))
	for i, c := range columns {
		set[i] = c + " = excluded." + c
	}
	return " ON CONFLICT " + key[:strings.Index(key, ")")+1] + " DO UPDATE SET " + strings.Join(set, ", ")
}

// barePostgres copies rows that are added, the fastest way there is, and changes
// others by one statement each, a schema for each set of tables.
type barePostgres struct {
	from *sql.DB
	to   [2]*pgx.Conn
}

func newBarePostgres(b *testing.B, url string) *barePostgres {
	b.Helper()
	p := &barePostgres{from: openDB(b, "pgx", url)}
	for i := range p.to {
		to, err := pgx.Connect(b.Context(), url)
		must(b, err)
		b.Cleanup(func() { must(b, to.Close(context.WithoutCancel(b.Context()))) })
		p.to[i] = to
	}
	return p
}

func (p *barePostgres) settled() *sql.DB { return p.from }

func (p *barePostgres) make(ctx context.Context, set string, kinds []plainKind) error {
	if _, err := p.to[0].Exec(ctx, "DROP SCHEMA IF EXISTS "+set+" CASCADE; CREATE SCHEMA "+set); err != nil {
		return err
	}
	for _, kind := range kinds {
		text := strings.NewReplacer("CREATE TABLE ", "CREATE TABLE "+set+".", " TEXT ", ` TEXT COLLATE "C" `).Replace(plainTables[kind.table])
		if text == "" {
			var key string
			if err := p.to[0].QueryRow(ctx, "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'p'",
				"public."+kind.table).Scan(&key); err != nil {
				return err
			}
			text = "CREATE TABLE " + set + "." + kind.table + " (LIKE public." + kind.table + ", " + key + ")"
		}
		if _, err := p.to[0].Exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

func (p *barePostgres) connections() int { return len(p.to) }

func (p *barePostgres) write(ctx context.Context, connection int, set string, kinds []plainKind, tables []tableRows) error {
	return pgx.BeginFunc(ctx, p.to[connection], func(tx pgx.Tx) error {
		for i, kind := range kinds {
			if err := p.writeTable(ctx, tx, set, kind, tables[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *barePostgres) writeTable(ctx context.Context, tx pgx.Tx, set string, kind plainKind, t tableRows) error {
	if !kind.changed {
		_, err := tx.CopyFrom(ctx, pgx.Identifier{set, kind.table}, t.columns, pgx.CopyFromRows(t.rows))
		return err
	}
	arrays, types := columnArrays(t)
	_, err := tx.Exec(ctx, "INSERT INTO "+set+"."+kind.table+" SELECT * FROM unnest("+types+")"+kind.onConflict(t.columns), arrays...)
	return err
}

// columnArrays gives the columns of rows as arrays, and their parameters.
func columnArrays(t tableRows) (arrays []any, parameters string) {
	for i := range t.columns {
		var ints []int64
		var texts []string
		var bytes [][]byte
		for _, row := range t.rows {
			switch v := row[i].(type) {
			case int64:
				ints = append(ints, v)
			case string:
				texts = append(texts, v)
			case []byte:
				bytes = append(bytes, v)
			}
		}
		array, kind := any(texts), "text"
		switch {
		case ints != nil:
			array, kind = ints, "bigint"
		case bytes != nil:
			array, kind = bytes, "bytea"
		}
		arrays = append(arrays, array)
		parameters += fmt.Sprintf(", $%d::%s[]", i+1, kind)
	}
	return arrays, parameters[2:]
}
