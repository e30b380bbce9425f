package app_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"termwise.dev/core/account"
)

// rowTables are charges and transfers as a plain design keeps them: a row each, with the
// columns that they had before their entry carried them.
var rowTables = map[string]string{
	"charges": `CREATE TABLE charges (
    account         TEXT   NOT NULL,
    entry           BIGINT NOT NULL,
    line            BIGINT NOT NULL,
    product         TEXT   NOT NULL,
    resource        TEXT   NOT NULL,
    meter           TEXT   NOT NULL,
    hour            BIGINT NOT NULL,
    sequence        BIGINT NOT NULL,
    quantity_before BIGINT NOT NULL,
    quantity        BIGINT NOT NULL,
    amount_before   BIGINT NOT NULL,
    amount          BIGINT NOT NULL,
    terms           BIGINT NOT NULL,
    digest          BIGINT NOT NULL,
    PRIMARY KEY (account, entry, line)
)`,
	"transfers": `CREATE TABLE transfers (
    account TEXT   NOT NULL,
    entry   BIGINT NOT NULL,
    line    BIGINT NOT NULL,
    purpose TEXT   NOT NULL,
    debit   TEXT   NOT NULL,
    credit  TEXT   NOT NULL,
    amount  BIGINT NOT NULL,
    digest  BIGINT NOT NULL,
    PRIMARY KEY (account, entry, line)
)`,
}

// onSQLite is a table in SQLite's words.
func onSQLite(table string) string {
	return strings.NewReplacer("BIGINT", "INTEGER", "BYTEA", "BLOB").Replace(table) + " STRICT, WITHOUT ROWID"
}

// Values of a row, in the order of the columns.
func chargeRow(id string, c *account.Charge) []any {
	return []any{
		id, c.Entry, c.RowID.Line, c.Product, c.Resource, c.Meter, int64(c.Hour), c.Sequence,
		c.QuantityBefore, c.Quantity, int64(c.AmountBefore), int64(c.Amount), c.Terms, c.Digest,
	}
}

func transferRow(id string, p *account.Posted) []any {
	return []any{id, p.Entry, p.RowID.Line, string(p.Purpose), string(p.Debit), string(p.Credit), int64(p.Transfer.Amount), p.Digest}
}

// ofLines tells texts about the tables that the schema does not have.
var ofLines = regexp.MustCompile(`\b(FROM|UPDATE|INTO|JOIN) (charges|transfers)\b`)

// asked is the database to ask a query of: db itself or, for charges and transfers,
// which it has packed in its journal, one that has them row by row.
func asked(t testing.TB, db *sql.DB, query string) *sql.DB {
	t.Helper()
	if !ofLines.MatchString(query) {
		return db
	}
	return unpacked(t, db)
}

// unpacked is a database in memory with the charges and transfers of another, row by row.
func unpacked(t testing.TB, db *sql.DB) *sql.DB {
	t.Helper()
	rows, err := sql.Open("sqlite", ":memory:")
	must(t, err)
	rows.SetMaxOpenConns(1)
	t.Cleanup(func() { must(t, rows.Close()) })
	for _, table := range rowTables {
		tamper(t, rows, onSQLite(table))
	}
	for _, l := range storedLines(t, db) {
		charges, transfers, err := l.Open(l.account)
		must(t, err)
		for i := range charges {
			values := chargeRow(l.account, &charges[i])
			_, err := rows.Exec("INSERT INTO charges VALUES (?"+strings.Repeat(", ?", len(values)-1)+")", values...)
			must(t, err)
		}
		for i := range transfers {
			values := transferRow(l.account, &transfers[i])
			_, err := rows.Exec("INSERT INTO transfers VALUES (?"+strings.Repeat(", ?", len(values)-1)+")", values...)
			must(t, err)
		}
	}
	return rows
}

type accountLines struct {
	account string
	account.Lines
}

func storedLines(t testing.TB, db *sql.DB) (all []accountLines) {
	t.Helper()
	rows, err := db.Query("SELECT account, seq, charges, first_hour, last_hour, lines FROM journal ORDER BY account, seq")
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	for rows.Next() {
		var l accountLines
		must(t, rows.Scan(&l.account, &l.Entry, &l.Charges, &l.First, &l.Last, &l.Content))
		all = append(all, l)
	}
	must(t, rows.Err())
	return all
}

// tamperUnpacked changes charges and transfers, row by row, and packs them anew: what
// one does who knows the form, and the digest of all rows of an entry.
func tamperUnpacked(t testing.TB, db *sql.DB, text string, args ...any) {
	t.Helper()
	rows := unpacked(t, db)
	result, err := rows.Exec(text, args...)
	must(t, err)
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s changed %d rows, %v", text, n, err)
	}
	changed := 0
	for _, l := range storedLines(t, db) {
		charges, transfers := rowsOfEntry(t, rows, l.account, l.Entry)
		made := account.NewLines(l.account, l.Entry, charges, transfers)
		if bytes.Equal(made.Content, l.Content) {
			continue
		}
		changed++
		_, err := db.Exec("UPDATE journal SET charges = $3, first_hour = $4, last_hour = $5, lines = $6 WHERE account = $1 AND seq = $2",
			l.account, l.Entry, made.Charges, int64(made.First), int64(made.Last), made.Content)
		must(t, err)
	}
	if changed == 0 {
		t.Fatalf("%s changed no entry", text)
	}
}

func rowsOfEntry(t testing.TB, db *sql.DB, id string, entry int64) (charges []account.Charge, transfers []account.Posted) {
	t.Helper()
	const where = " WHERE account = $1 AND entry = $2 ORDER BY line"
	rows, err := db.Query(`SELECT entry, line, product, resource, meter, hour, sequence,
		quantity_before, quantity, amount_before, amount, terms FROM charges`+where, id, entry)
	must(t, err)
	for rows.Next() {
		var c account.Charge
		must(t, rows.Scan(&c.Entry, &c.RowID.Line, &c.Product, &c.Resource, &c.Meter, &c.Hour, &c.Sequence,
			&c.QuantityBefore, &c.Quantity, &c.AmountBefore, &c.Amount, &c.Terms))
		charges = append(charges, c)
	}
	must(t, rows.Err())
	rows, err = db.Query("SELECT entry, line, purpose, debit, credit, amount FROM transfers"+where, id, entry)
	must(t, err)
	for rows.Next() {
		var p account.Posted
		must(t, rows.Scan(&p.Entry, &p.RowID.Line, &p.Purpose, &p.Debit, &p.Credit, &p.Transfer.Amount))
		transfers = append(transfers, p)
	}
	must(t, rows.Err())
	return charges, transfers
}

// TestChangedBytesOfLinesAreFound changes bytes of an entry's charges and transfers one
// by one, in the database: verify names the entry. Those of the head are all changed,
// of the rest every seventh; core's tests change every bit.
func TestChangedBytesOfLinesAreFound(t *testing.T) {
	a, db := tampered(t)
	all := storedLines(t, db)
	l := all[len(all)/2]
	for i := len(all) / 2; l.Charges == 0; i++ {
		l = all[i]
	}
	put := func(content []byte) {
		_, err := db.Exec("UPDATE journal SET lines = $1 WHERE account = $2 AND seq = $3", content, l.account, l.Entry)
		must(t, err)
	}
	for i := range l.Content {
		if i > 10 && i%7 != 0 {
			continue
		}
		changed := bytes.Clone(l.Content)
		changed[i] ^= 1 << (i % 8)
		put(changed)
		wantNamed(t, verified(t, a), "journal", fmt.Sprintf("%s entry %d", l.account, l.Entry))
	}
	put(l.Content)
	for _, b := range verified(t, a).Broken() {
		t.Errorf("after everything was put back: %s", b)
	}
}
