package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/terms"
	"termwise.dev/provider"
	"termwise.dev/store"
	"termwise.dev/store/pgtest"
)

// The load: each account runs machines that use two meters for a whole hour, so
// that each machine has two buckets an hour, and pays from a full wallet.
const (
	settleMachines = 2
	settleCharges  = 2 * settleMachines // of an account in an hour
	settleFunds    = 1_000_000 * money.AmountScale
	settleAtOnce   = 1000 // accounts that share a transaction of the preparation
)

// BenchmarkSettle settles one hour of every account through App.Advance, and
// reports the rates beside what the same engine takes on this machine, in the
// same run, of the rows that a plain design writes for it, inserted in bulk into
// empty tables that have nothing but their primary keys, in durable
// transactions of the same accounts. These are the very rows that the settlement
// wrote, but that each charge and each transfer is a row of a table of its own,
// with the columns that they had there, and the entry of the journal a row without
// them: the limit is not lowered by what the settlement packs together. Each
// operation is the hour of all accounts.
func BenchmarkSettle(b *testing.B) {
	sizes := benchSizes(b, 1_000, 10_000)
	for _, accounts := range sizes {
		b.Run(fmt.Sprintf("engine=sqlite/accounts=%d", accounts), func(b *testing.B) {
			dir := b.TempDir()
			file := filepath.Join(dir, "termwise.db")
			w := newSettling(b, file, accounts)
			benchmarkSettle(b, w, newBareSQLite(b, file, filepath.Join(dir, "bare.db")))
		})
	}
	for _, accounts := range sizes {
		b.Run(fmt.Sprintf("engine=postgresql/accounts=%d", accounts), func(b *testing.B) {
			url := durable(b)
			benchmarkSettle(b, newSettling(b, url, accounts), newBarePostgres(b, url))
		})
	}
	// As on several nodes, with one account a transaction, but on one of them.
	b.Run(fmt.Sprintf("engine=nodes/accounts=%d", sizes[0]), func(b *testing.B) {
		url := durable(b)
		pgtest.DisguiseAsCitus(b, url)
		benchmarkSettle(b, newSettling(b, url, sizes[0]), newBarePostgres(b, url))
	})
}

// durable starts a server whose commits survive a crash, with an empty database.
func durable(b *testing.B) string {
	b.Helper()
	server, err := pgtest.Start(pgtest.Options{Durable: true})
	must(b, err)
	b.Cleanup(func() { must(b, server.Stop()) })
	url, err := server.CreateDatabase("termwise", "")
	must(b, err)
	return url
}

// benchSizes are the numbers of accounts of a benchmark, unless BENCH_ACCOUNTS
// asks for another one: a hundred thousand take minutes to prepare.
func benchSizes(b *testing.B, usual ...int) []int {
	b.Helper()
	asked := os.Getenv("BENCH_ACCOUNTS")
	if asked == "" {
		return usual
	}
	n, err := strconv.Atoi(asked)
	must(b, err)
	return []int{n}
}

func benchmarkSettle(b *testing.B, w *settling, bare bare) {
	w.use(b)
	w.settle(b) // the hour in which the services are opened is not measured
	var hours, written int
	var limit time.Duration
	for b.Loop() {
		b.StopTimer()
		w.use(b)
		b.StartTimer()
		batches := w.settle(b)
		b.StopTimer()
		n, took := bareInserts(b, w, batches, bare, writtenRows)
		hours, written, limit = hours+1, written+n, limit+took
		b.StartTimer()
	}
	accounts := float64(hours * len(w.ids))
	took := b.Elapsed().Seconds()
	b.ReportMetric(accounts/took, "accounts/s")
	b.ReportMetric(accounts*settleCharges/took, "charges/s")
	b.ReportMetric(float64(written)/took, "rows/s")
	b.ReportMetric(float64(written)/limit.Seconds(), "bare-rows/s")
	b.ReportMetric(100*limit.Seconds()/took, "%ofbare")
}

// settling is a database whose accounts all use the same in each hour.
type settling struct {
	app *app.App
	db  *store.DB // the same database, for what the preparation writes
	ids []string  // sorted, which is the order in which they are settled
	now calendar.Instant
}

func newSettling(b *testing.B, url string, accounts int) *settling {
	b.Helper()
	return newSettlingOf(b, url, provider.Sample, accounts, func(int) bool { return true })
}

// newSettlingOf opens accounts under the documents of a folder, and funds some.
func newSettlingOf(tb testing.TB, url string, folder fs.FS, accounts int, funded func(n int) bool) *settling {
	tb.Helper()
	w := &settling{app: open(tb, url), now: instant(traceStart)}
	must(tb, w.app.Init(tb.Context(), true, w.now))
	_, err := w.app.Publish(tb.Context(), folder)
	must(tb, err)
	w.openStore(tb, url)
	for n := range accounts {
		w.ids = append(w.ids, fmt.Sprintf("customer-%06d", n))
	}
	p, err := w.app.Provider(tb.Context())
	must(tb, err)
	w.eachChunk(tb, func(tx *store.Tx, ids []string) error {
		at, _ := slices.BinarySearch(w.ids, ids[0])
		return openFunded(tb.Context(), tx, p, ids, func(i int) bool { return funded(at + i) }, w.now)
	})
	return w
}

// openStore opens the database once more, for what the preparation writes.
func (w *settling) openStore(tb testing.TB, url string) {
	tb.Helper()
	db, err := store.Open(tb.Context(), url)
	must(tb, err)
	tb.Cleanup(func() { must(tb, db.Close()) })
	w.db = db
}

// eachChunk runs f in a transaction for each thousand accounts.
func (w *settling) eachChunk(tb testing.TB, f func(tx *store.Tx, ids []string) error) {
	tb.Helper()
	for at := 0; at < len(w.ids); at += settleAtOnce {
		ids := w.ids[at:min(at+settleAtOnce, len(w.ids))]
		must(tb, w.db.Update(tb.Context(), func(tx *store.Tx) error { return f(tx, ids) }))
	}
}

// openFunded opens accounts that accept the general agreement, and tops up those
// that are funded. Each of the three is applied before the next, as an account
// takes one decision at a time.
func openFunded(ctx context.Context, tx *store.Tx, p *app.Provider, ids []string, funded func(i int) bool, at calendar.Instant) error {
	env := account.Env{
		Terms: p.Corpus, Zone: p.Settings.Zone, Actor: "benchmark",
		RecordedAt: func(effective calendar.Instant) calendar.Instant { return effective },
	}
	agreement := p.InForce("general-agreement", at, at)
	accepted := []terms.Acceptance{{
		Document: agreement.ID, Version: agreement.Version, Form: terms.Click, At: at, Actor: "benchmark", TextHash: agreement.Hash,
	}}
	topUp := account.TopUp{Amount: settleFunds, Method: "bank_remittance", Reference: "first"}
	books := make([]*account.Books, len(ids))
	for _, step := range []func(i int) (*account.Decision, error){
		func(i int) (*account.Decision, error) {
			return account.Open(env, account.New{ID: ids[i], Name: "Loom", Currency: p.Currency()}, at)
		},
		func(i int) (*account.Decision, error) { return books[i].Accept(env, accepted, at) },
		func(i int) (*account.Decision, error) {
			if !funded(i) {
				return nil, nil
			}
			return books[i].TopUp(env, topUp, at)
		},
	} {
		var decisions []*account.Decision
		for i := range ids {
			d, err := step(i)
			if err != nil {
				return err
			}
			if d != nil {
				decisions, books[i] = append(decisions, d), d.After
			}
		}
		if err := tx.Apply(ctx, decisions); err != nil {
			return err
		}
	}
	return nil
}

// use reports the usage of the hour that begins now, of every account. It is
// reported as it is in service, by the process that settles: what another process
// writes to a file of SQLite, this one has to read again.
func (w *settling) use(b *testing.B) {
	b.Helper()
	for at := 0; at < len(w.ids); at += settleAtOnce {
		var events []app.Reported
		for _, id := range w.ids[at:min(at+settleAtOnce, len(w.ids))] {
			for machine := range settleMachines {
				events = append(events, app.Reported{Event: metering.Event{
					Source: "meter-1", ID: fmt.Sprintf("%d-%d", w.now, machine),
					Account: id, Product: "compute-payg", Resource: fmt.Sprintf("vm-%d", machine),
					From: w.now, To: w.now.Add(calendar.HourLength),
					Measures: []metering.Measure{{Meter: "cpu", Value: 4000}, {Meter: "memory", Value: 8192}},
				}})
			}
		}
		receipts, err := w.app.ReportUsage(b.Context(), events, "benchmark")
		must(b, err)
		for _, r := range receipts {
			if r.Outcome != app.Accepted {
				b.Fatalf("%+v", r)
			}
		}
	}
}

// settle advances the clock by an hour and returns how many accounts each of
// its transactions had.
func (w *settling) settle(b *testing.B) (batches []int) {
	b.Helper()
	before := 0
	w.now = w.now.Add(calendar.HourLength)
	report, err := w.app.Advance(b.Context(), w.now, func(done, _ int) {
		batches = append(batches, done-before)
		before = done
	})
	must(b, err)
	must(b, report.Err())
	if report.Accounts != len(w.ids) || report.Charges != settleCharges*len(w.ids) {
		b.Fatalf("settled %d accounts with %d charges, want %d and %d each", report.Accounts, report.Charges, len(w.ids), settleCharges)
	}
	return batches
}

// writtenRows are the rows that a plain design writes as it settles an hour: what
// it inserts, and what it updates as it is afterwards. $1 and $2 bound the accounts,
// which all have as many journal entries and hours of usage as the first. Charges and
// transfers are those of the entries of the journal that are chosen.
var writtenRows = []writtenKind{
	{"accounts", ""},
	{"journal", "AND seq = (SELECT seq FROM accounts WHERE account = $1)"},
	{"charges", ""},
	{"transfers", ""},
	{"buckets", "AND hour = (SELECT max(hour) FROM buckets WHERE account = $1)"},
}

type writtenKind struct{ table, where string }

// tableRows are whole rows of one table.
type tableRows struct {
	columns []string
	rows    [][]any
}

// bare is an engine without Termwise.
type bare interface {
	// settled is the database whose rows are written again.
	settled() *sql.DB
	// empty makes the tables of some kinds anew.
	empty(ctx context.Context, kinds []writtenKind) error
	// connections is how many insert at once.
	connections() int
	// insert inserts the rows of each kind in one durable transaction, over the
	// connection of a number.
	insert(ctx context.Context, connection int, kinds []writtenKind, tables []tableRows) error
}

// bareInserts inserts what was written, in the same batches of accounts and over
// as many connections as Termwise writes with, and returns how many rows these
// were and how long inserting them took. Reading them is not counted; as many
// batches are read as are inserted at once.
func bareInserts(b *testing.B, w *settling, batches []int, bare bare, kinds []writtenKind) (written int, took time.Duration) {
	b.Helper()
	must(b, bare.empty(b.Context(), kinds))
	at := 0
	for together := range slices.Chunk(batches, bareTogether*bare.connections()) {
		waiting := make(chan []tableRows, len(together))
		for _, accounts := range together {
			ids := w.ids[at : at+accounts]
			at += accounts
			tables := make([]tableRows, len(kinds))
			for i, kind := range kinds {
				tables[i] = plainRows(b, w, bare.settled(), kinds, kind, ids)
				written += len(tables[i].rows)
			}
			waiting <- tables
		}
		close(waiting)
		start := time.Now()
		var group sync.WaitGroup
		for n := range bare.connections() {
			group.Go(func() {
				for tables := range waiting {
					if err := bare.insert(b.Context(), n, kinds, tables); err != nil {
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

// plainRows are the rows of a kind that were written for some accounts, in the order
// in which Termwise writes.
func plainRows(b *testing.B, w *settling, db *sql.DB, kinds []writtenKind, kind writtenKind, ids []string) tableRows {
	b.Helper()
	columns := "*"
	switch kind.table {
	case "charges", "transfers":
		return rowsOfLines(b, w, db, kinds, kind.table, ids)
	case "journal":
		columns = journalColumns
	}
	found, err := rowsOf(b.Context(), db, "SELECT "+columns+" FROM "+kind.table+" WHERE account >= $1 AND account <= $2 "+kind.where+" ORDER BY account",
		ids[0], ids[len(ids)-1])
	must(b, err)
	return found
}

// rowsOfLines makes a row of each charge or transfer of the entries that are chosen,
// of which an account has no later ones.
func rowsOfLines(b *testing.B, w *settling, db *sql.DB, kinds []writtenKind, table string, ids []string) tableRows {
	b.Helper()
	entries := kinds[slices.IndexFunc(kinds, func(k writtenKind) bool { return k.table == "journal" })]
	first, err := rowsOf(b.Context(), db, "SELECT account, min(seq) FROM journal WHERE account >= $1 AND account <= $2 "+entries.where+" GROUP BY account ORDER BY account",
		ids[0], ids[len(ids)-1])
	must(b, err)
	found := tableRows{columns: strings.Split(rowColumns[table], ", ")}
	must(b, w.db.View(b.Context(), func(tx *store.Tx) error {
		for _, row := range first.rows {
			id, before := row[0].(string), account.RowID{Entry: row[1].(int64) - 1, Line: math.MaxInt64}
			if table == "charges" {
				charges, err := tx.Charges(b.Context(), id, store.Filter[calendar.Hour]{After: before})
				if err != nil {
					return err
				}
				for i := range charges {
					found.rows = append(found.rows, chargeRow(id, &charges[i]))
				}
				continue
			}
			transfers, err := tx.Transfers(b.Context(), id, store.Filter[calendar.Instant]{After: before})
			if err != nil {
				return err
			}
			for i := range transfers {
				found.rows = append(found.rows, transferRow(id, &transfers[i]))
			}
		}
		return nil
	}))
	return found
}

// plainJournal is the table of entries that do not carry their charges and transfers.
const (
	plainJournal = `CREATE TABLE journal (
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
)`
	journalColumns = "account, seq, kind, effective, recorded, actor, payload, row_seal, hash"
)

// plainTable is a table that a plain design has otherwise than Termwise, empty for
// the others.
func plainTable(name string) string {
	if name == "journal" {
		return plainJournal
	}
	return rowTables[name]
}

// bareTogether is how many batches each connection inserts before more are read.
const bareTogether = 8

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

// bareSQLite inserts with prepared statements: the fastest way there is.
type bareSQLite struct{ from, to *sql.DB }

func newBareSQLite(b *testing.B, from, to string) *bareSQLite {
	b.Helper()
	const settings = "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(10000)&_pragma=cache_size(-65536)&_txlock="
	return &bareSQLite{from: openDB(b, "sqlite", "file:"+from+settings+"deferred"), to: openDB(b, "sqlite", "file:"+to+settings+"immediate")}
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

func (s *bareSQLite) empty(ctx context.Context, kinds []writtenKind) error {
	for _, kind := range kinds {
		create := onSQLite(plainTable(kind.table))
		if plainTable(kind.table) == "" {
			if err := s.from.QueryRowContext(ctx, "SELECT sql FROM sqlite_master WHERE name = $1", kind.table).Scan(&create); err != nil {
				return err
			}
		}
		if _, err := s.to.ExecContext(ctx, "DROP TABLE IF EXISTS "+kind.table+";"+create); err != nil {
			return err
		}
	}
	return nil
}

func (s *bareSQLite) connections() int { return 1 } // a file has one writer

func (s *bareSQLite) insert(_ context.Context, _ int, kinds []writtenKind, tables []tableRows) error {
	tx, err := s.to.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for i, kind := range kinds {
		marks := strings.Repeat(", ?", len(tables[i].columns))[2:]
		prepared, err := tx.Prepare("INSERT INTO " + kind.table + " VALUES (" + marks + ")")
		if err != nil {
			return err
		}
		for _, row := range tables[i].rows {
			if _, err := prepared.Exec(row...); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}

// barePostgres copies rows in: the fastest way there is.
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

func (p *barePostgres) empty(ctx context.Context, kinds []writtenKind) error {
	if _, err := p.to[0].Exec(ctx, "DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare"); err != nil {
		return err
	}
	for _, kind := range kinds {
		if plain := plainTable(kind.table); plain != "" {
			text := strings.NewReplacer("CREATE TABLE ", "CREATE TABLE bare.", " TEXT ", ` TEXT COLLATE "C" `).Replace(plain)
			if _, err := p.to[0].Exec(ctx, text); err != nil {
				return err
			}
			continue
		}
		var key string
		if err := p.to[0].QueryRow(ctx, "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'p'",
			"public."+kind.table).Scan(&key); err != nil {
			return err
		}
		if _, err := p.to[0].Exec(ctx, "CREATE TABLE bare."+kind.table+" (LIKE public."+kind.table+", "+key+")"); err != nil {
			return err
		}
	}
	return nil
}

func (p *barePostgres) connections() int { return len(p.to) }

func (p *barePostgres) insert(ctx context.Context, connection int, kinds []writtenKind, tables []tableRows) error {
	return pgx.BeginFunc(ctx, p.to[connection], func(tx pgx.Tx) error {
		for i, kind := range kinds {
			if _, err := tx.CopyFrom(ctx, pgx.Identifier{"bare", kind.table}, tables[i].columns, pgx.CopyFromRows(tables[i].rows)); err != nil {
				return err
			}
		}
		return nil
	})
}
