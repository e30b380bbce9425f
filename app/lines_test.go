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

// rowTables are packed rows as a plain design keeps them: a row each, with the columns
// that they had before their entry carried them. Notices about documents have them still.
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
	"notices": `CREATE TABLE notices (
    account   TEXT   NOT NULL,
    entry     BIGINT NOT NULL,
    line      BIGINT NOT NULL,
    kind      TEXT   NOT NULL,
    product   TEXT   NOT NULL,
    channels  TEXT   NOT NULL,
    recorded  BIGINT NOT NULL,
    since     BIGINT NOT NULL,
    told      BIGINT NOT NULL,
    owed      BIGINT NOT NULL,
    terms     BIGINT NOT NULL,
    document  TEXT   NOT NULL,
    version   TEXT   NOT NULL,
    effective BIGINT NOT NULL,
    served    BIGINT NOT NULL,
    inboxes   TEXT   NOT NULL,
    digest    BIGINT NOT NULL,
    PRIMARY KEY (account, entry, line)
)`,
	"transitions": `CREATE TABLE transitions (
    account    TEXT   NOT NULL,
    entry      BIGINT NOT NULL,
    line       BIGINT NOT NULL,
    product    TEXT   NOT NULL,
    from_state TEXT   NOT NULL,
    to_state   TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    since      BIGINT NOT NULL,
    told       BIGINT NOT NULL,
    owed       BIGINT NOT NULL,
    terms      BIGINT NOT NULL,
    digest     BIGINT NOT NULL,
    PRIMARY KEY (account, entry, line)
)`,
}

// noticeColumns are those of a notice, without the account.
const noticeColumns = "entry, line, kind, product, channels, recorded, since, told, owed, terms, document, version, effective, served, inboxes, digest"

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

func noticeRow(id string, n *account.Noticed) []any {
	return []any{
		id, n.Entry, n.Line, string(n.Kind), n.Product, n.Channels, int64(n.Recorded),
		int64(n.Since), int64(n.Told), int64(n.Owed), n.Terms,
		n.Document, n.Version, int64(n.Effective), int64(n.Served), string(n.Inboxes), n.Digest,
	}
}

// scanNotice reads the noticeColumns of a row.
func scanNotice(rows *sql.Rows) (n account.Noticed, err error) {
	err = rows.Scan(&n.Entry, &n.Line, &n.Kind, &n.Product, &n.Channels, &n.Recorded, &n.Since, &n.Told, &n.Owed, &n.Terms,
		&n.Document, &n.Version, &n.Effective, &n.Served, &n.Inboxes, &n.Digest)
	return n, err
}

func moveRow(id string, m *account.Moved) []any {
	return []any{
		id, m.Entry, m.Line, m.Product, string(m.From), string(m.To), int64(m.At),
		int64(m.Since), int64(m.Told), int64(m.Owed), m.Terms, m.Digest,
	}
}

// rowsIn gives the packed rows of an entry as a table has them.
func rowsIn(id string, p *account.Packed, table string, add func(values ...any)) {
	switch table {
	case "charges":
		for i := range p.Charges {
			add(chargeRow(id, &p.Charges[i])...)
		}
	case "transfers":
		for i := range p.Transfers {
			add(transferRow(id, &p.Transfers[i])...)
		}
	case "notices":
		for i := range p.Notices {
			add(noticeRow(id, &p.Notices[i])...)
		}
	case "transitions":
		for i := range p.Moves {
			add(moveRow(id, &p.Moves[i])...)
		}
	}
}

// ofLines tells texts about the tables that the schema does not have, or not with all
// their rows.
var ofLines = regexp.MustCompile(`\b(FROM|UPDATE|INTO|JOIN) (charges|transfers|notices|transitions)\b`)

// asked is the database to ask a query of: db itself or, for what it has packed in its
// journal, one that has it row by row.
func asked(t testing.TB, db *sql.DB, query string) *sql.DB {
	t.Helper()
	if !ofLines.MatchString(query) {
		return db
	}
	return unpacked(t, db)
}

// unpacked is a database in memory with the packed rows of another, and its notices.
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
		p, err := l.Open(l.account)
		must(t, err)
		for table := range rowTables {
			rowsIn(l.account, &p, table, insertInto(t, rows, table))
		}
	}
	for id, list := range noticesByRow(t, db, "") {
		for i := range list {
			insertInto(t, rows, "notices")(noticeRow(id, &list[i])...)
		}
	}
	return rows
}

func insertInto(t testing.TB, db *sql.DB, table string) func(values ...any) {
	return func(values ...any) {
		t.Helper()
		columns := ""
		if table == "notices" {
			columns = "(account, " + noticeColumns + ")"
		}
		places := make([]string, len(values))
		for i := range places {
			places[i] = fmt.Sprint("$", i+1)
		}
		_, err := db.Exec("INSERT INTO "+table+columns+" VALUES ("+strings.Join(places, ", ")+")", values...)
		must(t, err)
	}
}

// noticesByRow reads the notices that a table has, by account.
func noticesByRow(t testing.TB, db *sql.DB, where string) map[string][]account.Noticed {
	t.Helper()
	found := map[string][]account.Noticed{}
	rows, err := db.Query("SELECT DISTINCT account FROM notices " + where)
	must(t, err)
	var ids []string
	for rows.Next() {
		var id string
		must(t, rows.Scan(&id))
		ids = append(ids, id)
	}
	must(t, rows.Err())
	for _, id := range ids {
		of := "WHERE account = $1"
		if where != "" {
			of = where + " AND account = $1"
		}
		rows, err := db.Query("SELECT "+noticeColumns+" FROM notices "+of+" ORDER BY entry, line", id)
		must(t, err)
		for rows.Next() {
			n, err := scanNotice(rows)
			must(t, err)
			found[id] = append(found[id], n)
		}
		must(t, rows.Err())
	}
	return found
}

type accountLines struct {
	account string
	account.Lines
}

func storedLines(t testing.TB, db *sql.DB) (all []accountLines) {
	t.Helper()
	rows, err := db.Query("SELECT account, seq, charges, first_hour, last_hour, steps, lines FROM journal ORDER BY account, seq")
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	for rows.Next() {
		var l accountLines
		must(t, rows.Scan(&l.account, &l.Entry, &l.Charges, &l.First, &l.Last, &l.Steps, &l.Content))
		all = append(all, l)
	}
	must(t, rows.Err())
	return all
}

// tamperUnpacked changes packed rows, row by row, and packs them anew: what one does
// who knows the form, and the digest of all rows of an entry. Notices about documents
// are written as they are.
func tamperUnpacked(t testing.TB, db *sql.DB, text string, args ...any) {
	t.Helper()
	repack(t, db, func(_, _ []byte) {}, text, args...)
}

// tamperUnsealed is tamperUnpacked by one who knows the form and not the digest.
func tamperUnsealed(t testing.TB, db *sql.DB, text string, args ...any) {
	t.Helper()
	repack(t, db, func(made, was []byte) { copy(made[1:9], was[1:9]) }, text, args...)
}

func repack(t testing.TB, db *sql.DB, seal func(made, was []byte), text string, args ...any) {
	t.Helper()
	rows := unpacked(t, db)
	result, err := rows.Exec(text, args...)
	must(t, err)
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s changed %d rows, %v", text, n, err)
	}
	for _, l := range storedLines(t, db) {
		made := account.NewLines(l.account, l.Entry, rowsOfEntry(t, rows, l.account, l.Entry))
		if bytes.Equal(made.Content, l.Content) {
			continue
		}
		seal(made.Content, l.Content)
		_, err := db.Exec("UPDATE journal SET charges = $3, first_hour = $4, last_hour = $5, steps = $6, lines = $7 WHERE account = $1 AND seq = $2",
			l.account, l.Entry, made.Charges, int64(made.First), int64(made.Last), made.Steps, made.Content)
		must(t, err)
	}
	_, err = db.Exec("DELETE FROM notices")
	must(t, err)
	for id, list := range noticesByRow(t, rows, "WHERE document <> ''") {
		for i := range list {
			insertInto(t, db, "notices")(noticeRow(id, &list[i])...)
		}
	}
}

func rowsOfEntry(t testing.TB, db *sql.DB, id string, entry int64) (p account.Packed) {
	t.Helper()
	const where = " WHERE account = $1 AND entry = $2 ORDER BY line"
	rows, err := db.Query(`SELECT entry, line, product, resource, meter, hour, sequence,
		quantity_before, quantity, amount_before, amount, terms FROM charges`+where, id, entry)
	must(t, err)
	for rows.Next() {
		var c account.Charge
		must(t, rows.Scan(&c.Entry, &c.RowID.Line, &c.Product, &c.Resource, &c.Meter, &c.Hour, &c.Sequence,
			&c.QuantityBefore, &c.Quantity, &c.AmountBefore, &c.Amount, &c.Terms))
		p.Charges = append(p.Charges, c)
	}
	must(t, rows.Err())
	rows, err = db.Query("SELECT entry, line, purpose, debit, credit, amount FROM transfers"+where, id, entry)
	must(t, err)
	for rows.Next() {
		var moved account.Posted
		must(t, rows.Scan(&moved.Entry, &moved.RowID.Line, &moved.Purpose, &moved.Debit, &moved.Credit, &moved.Transfer.Amount))
		p.Transfers = append(p.Transfers, moved)
	}
	must(t, rows.Err())
	rows, err = db.Query("SELECT "+noticeColumns+" FROM notices WHERE account = $1 AND entry = $2 AND document = '' ORDER BY line", id, entry)
	must(t, err)
	for rows.Next() {
		n, err := scanNotice(rows)
		must(t, err)
		p.Notices = append(p.Notices, n)
	}
	must(t, rows.Err())
	rows, err = db.Query("SELECT entry, line, product, from_state, to_state, at, since, told, owed, terms FROM transitions"+where, id, entry)
	must(t, err)
	for rows.Next() {
		var m account.Moved
		must(t, rows.Scan(&m.Entry, &m.Line, &m.Product, &m.From, &m.To, &m.At, &m.Since, &m.Told, &m.Owed, &m.Terms))
		p.Moves = append(p.Moves, m)
	}
	must(t, rows.Err())
	return p
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
