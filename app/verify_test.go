package app_test

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/stdlib"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/terms"
	"termwise.dev/store"
	"termwise.dev/store/pgtest"
)

// storied makes three accounts to which everything happens that can.
func storied(t testing.TB, url string) *app.App {
	t.Helper()
	a := january20(t, url)
	acted(t, a)
	changed(t, a)
	return a
}

// january20 makes three accounts: one pays for what it uses, one falls into
// arrears, is suspended, pays and goes on, one is released. Usage arrives late and
// is refused.
func january20(t testing.TB, url string) *app.App {
	t.Helper()
	a := openSample(t, url, store.SealedAfter(2))
	ctx := context.Background()
	for n := 1; n <= 3; n++ {
		id := fmt.Sprintf("customer-%03d", n)
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: id, Name: "Test " + id, Accepts: []string{"general-agreement"}}, "test"))
	}
	putMoney(t, a, "customer-001", "500", "first")
	putMoney(t, a, "customer-002", "3", "first")
	putUsage(t, a, "customer-001", "pod-a", 2_000, "2026-01-01T00:00:00+08:00", "2026-01-04T00:00:00+08:00")
	putUsage(t, a, "customer-002", "pod-b", 10_000, "2026-01-01T00:00:00+08:00", "2026-01-04T00:00:00+08:00")
	putUsage(t, a, "customer-003", "pod-c", 10_000, "2026-01-01T00:00:00+08:00", "2026-01-02T12:00:00+08:00")
	advance(t, a, "2026-01-03T10:00:00+08:00")
	putMoney(t, a, "customer-002", "10", "second")
	advance(t, a, "2026-01-03T12:30:00+08:00")
	putMoney(t, a, "customer-002", "200", "third")
	putUsage(t, a, "customer-001", "pod-a2", 500, "2026-01-02T00:30:00+08:00", "2026-01-02T02:00:00+08:00")
	putUsage(t, a, "customer-001", "pod-a", 500, "2026-01-02T00:30:00+08:00", "2026-01-02T02:00:00+08:00")
	receipts := send(t, a, usage("customer-001", "pod-a", "backward", 1, "2026-01-03T02:00:00+08:00", "2026-01-03T01:00:00+08:00"))
	if receipts[0].Outcome != app.Refused {
		t.Fatalf("usage that ends before it starts was %s", receipts[0].Outcome)
	}
	advance(t, a, "2026-01-20T00:00:00+08:00")
	return a
}

// acted has the first customer accept the terms of compute and of the server guard
// with an order, switch the guard on, and the order lapse.
func acted(t testing.TB, a *app.App) {
	t.Helper()
	ctx := context.Background()
	_, err := a.Accept(ctx, "customer-001", app.NewAcceptance{Documents: []string{"compute-terms", "page-server-guard"}, Form: terms.Click, Order: "o-1"}, "", "test")
	must(t, err)
	_, err = a.SwitchAddOn(ctx, "customer-001", account.Switch{Product: "compute-payg", AddOn: "server_guard", On: true}, "", "test")
	must(t, err)
	_, err = a.LapseOrder(ctx, "customer-001", account.OrderLapse{Order: "o-1"}, "", "test")
	must(t, err)
}

// changed lets the general agreement change on 1 March: the first customer goes on
// using what it uses, the second leaves.
func changed(t testing.TB, a *app.App) {
	t.Helper()
	ctx := context.Background()
	_, err := a.Publish(ctx, withDocuments(t, map[string]string{"agreements/next.yaml": nextGeneral(t, "2026-01-20", "2026-03-01")}))
	must(t, err)
	_, err = a.Dissent(ctx, "customer-002", account.Dissent{Document: "general-agreement"}, "", "test")
	must(t, err)
	for id, pod := range map[string]string{"customer-001": "pod-a", "customer-002": "pod-b"} {
		putUsage(t, a, id, pod, 500, "2026-02-28T22:00:00+08:00", "2026-03-01T02:00:00+08:00")
	}
	advance(t, a, "2026-03-02T00:00:00+08:00")
}

// nextGeneral is a new version of the general agreement with a lower late fee.
func nextGeneral(t testing.TB, announced, effective string) string {
	t.Helper()
	return editedSample(t, "agreements/general-agreement.yaml", `version: "2025-06"`, `version: "2026-03"`,
		"announced: 2025-05-01", "announced: "+announced, "effective: 2025-06-01", "effective: "+effective,
		"late_fee.rate: 0.05%/day", "late_fee.rate: 0.04%/day")
}

func putMoney(t testing.TB, a *app.App, id, sum, reference string) {
	t.Helper()
	amount, err := money.ParseAmount(sum)
	must(t, err)
	_, err = a.TopUp(context.Background(), id, account.TopUp{Amount: amount, Method: "bank_remittance", Reference: reference}, reference, "test", false)
	must(t, err)
}

func usage(id, resource, name string, milliCPU int64, from, to string) app.Reported {
	return app.Reported{Event: metering.Event{
		Source: "test", ID: name, Account: id, Product: "compute-payg", Resource: resource,
		From: instant(from), To: instant(to), Measures: []metering.Measure{{Meter: "cpu", Value: milliCPU}},
	}}
}

func send(t testing.TB, a *app.App, events ...app.Reported) []app.Receipt {
	t.Helper()
	receipts, err := a.ReportUsage(context.Background(), events, "test")
	must(t, err)
	return receipts
}

func putUsage(t testing.TB, a *app.App, id, resource string, milliCPU int64, from, to string) {
	t.Helper()
	receipts := send(t, a, usage(id, resource, resource+" "+from, milliCPU, from, to))
	if receipts[0].Outcome != app.Accepted {
		t.Fatalf("usage was %s: %s", receipts[0].Outcome, receipts[0].Message)
	}
}

func verified(t testing.TB, a *app.App) app.Verification {
	t.Helper()
	v, err := a.Verify(context.Background(), nil)
	must(t, err)
	return v
}

func TestAnHonestDatabaseVerifies(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := storied(t, url)
		calls := 0
		v, err := a.Verify(context.Background(), func(done, all int) { calls++ })
		must(t, err)
		for _, b := range v.Broken() {
			t.Error(b)
		}
		if !v.OK || v.Accounts != 3 || calls != 3 {
			t.Errorf("OK %v, %d accounts, %d calls of progress", v.OK, v.Accounts, calls)
		}
		for _, truth := range v.Truths {
			if truth.Checked == 0 {
				t.Errorf("nothing was held against truth %d", truth.N)
			}
		}
		for _, table := range guarded {
			if v.Rows[table] == 0 {
				t.Errorf("no row of %s was read: the story is dull", table)
			}
		}
	})
}

// guarded are the tables that bear money or history.
var guarded = []string{
	"accounts", "journal", "refused_usage", "late_fees", "notices", "acceptances", "lapses", "add_ons",
	"usage_parcels", "resources", "buckets", "refused_events", "idempotency",
	"documents", "provider_files", "published", "term_sets", "announcements", "usage_runs", "usage_run_pages",
}

// unguarded are the other tables, which bear neither money nor history.
var unguarded = map[string]string{
	"untold":   "guarded, and empty in this story: see tamperUntold",
	"api_keys": "who may ask, and nothing of what was answered",
	"wakes":    "that accounts are to be looked at once more, which changes nothing by itself",
}

// TestEveryTableIsGuarded: a table that is added is guarded, or somebody says here
// why it need not be.
func TestEveryTableIsGuarded(t *testing.T) {
	_, db := tampered(t)
	rows, err := db.Query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'goose%' ORDER BY name")
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	var tables []string
	for rows.Next() {
		var name string
		must(t, rows.Scan(&name))
		tables = append(tables, name)
	}
	must(t, rows.Err())
	known := slices.Concat(guarded, slices.Collect(maps.Keys(unguarded)))
	slices.Sort(known)
	if diff := gocmp.Diff(tables, known); diff != "" {
		t.Errorf("tables (-of the schema +guarded or not):\n%s", diff)
	}
}

// tampered is a storied SQLite database with a way around the program.
func tampered(t *testing.T) (*app.App, *sql.DB) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "test.db")
	a := storied(t, file)
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=ignore_check_constraints(1)&_pragma=foreign_keys(0)&_pragma=busy_timeout(5000)")
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return a, db
}

func tamper(t testing.TB, db *sql.DB, text string, args ...any) {
	t.Helper()
	if ofLines.MatchString(text) {
		tamperUnpacked(t, db, text, args...)
		return
	}
	_, err := db.Exec(text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

type tableColumn struct {
	table, name string
	key         bool // part of the primary key
}

func schemaOf(t testing.TB, db *sql.DB, table string) []tableColumn {
	t.Helper()
	query := "SELECT name, pk > 0 FROM pragma_table_info($1)"
	if _, postgres := db.Driver().(*stdlib.Driver); postgres {
		query = `SELECT a.attname, a.attnum = ANY(i.indkey) FROM pg_attribute a JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
			WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`
	}
	rows, err := db.Query(query, table)
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	var columns []tableColumn
	for rows.Next() {
		c := tableColumn{table: table}
		must(t, rows.Scan(&c.name, &c.key))
		columns = append(columns, c)
	}
	must(t, rows.Err())
	return columns
}

// full chooses rows that have something in each column.
var full = map[string]string{"journal": " WHERE charges > 0"}

// middleRow reads the row in the middle of a table, by column.
func middleRow(t testing.TB, db *sql.DB, columns []tableColumn) map[string]any {
	t.Helper()
	table := columns[0].table
	values, targets, names := make([]any, len(columns)), make([]any, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		targets[i], names[i] = &values[i], c.name
	}
	rows := table + full[table]
	must(t, db.QueryRow("SELECT "+strings.Join(names, ", ")+" FROM "+rows+" LIMIT 1 OFFSET (SELECT count(*) / 2 FROM "+rows+")").Scan(targets...))
	row := map[string]any{}
	for i, c := range columns {
		row[c.name] = values[i]
	}
	return row
}

// set changes a column of a row.
func (c tableColumn) set(t testing.TB, db *sql.DB, columns []tableColumn, row map[string]any, value any) {
	t.Helper()
	args, where := []any{value}, []string{}
	for _, k := range columns {
		if k.key {
			args = append(args, row[k.name])
			where = append(where, fmt.Sprintf("%s = $%d", k.name, len(args)))
		}
	}
	tamper(t, db, "UPDATE "+c.table+" SET "+c.name+" = $1 WHERE "+strings.Join(where, " AND "), args...)
	row[c.name] = value
}

// changed gives another value of the same type, in one byte where that is possible.
func (c tableColumn) changed(value any) any {
	switch v := value.(type) {
	case int64:
		return v + 1_000_003
	case string:
		switch c.name {
		case "refs", "payload", "measures":
			if i := strings.IndexAny(v, "12345678"); i >= 0 {
				return v[:i] + string(v[i]+1) + v[i+1:]
			}
		}
		return v + "x"
	case []byte:
		b := slices.Clone(v)
		b[len(b)/2] ^= 1
		return b
	}
	return nil
}

// elsewhere are columns whose change shows in another table: an account under
// another id has no journal.
var elsewhere = map[string]string{"accounts.account": "journal"}

// hints are the columns that hold neither money nor history.
var hints = map[string]string{
	"accounts.next_due": "looking at an account too early does no harm, and too late is among the cases below",
	"published.clock":   "what the clock says shows in what is recorded at it",
	"published.now":     "the same",
}

func TestEveryChangedColumnIsFoundAndItsRowNamed(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		a, db := tampered(t)
		changeEveryColumn(t, a, db)
	})
	t.Run("postgresql", func(t *testing.T) {
		url := pgtest.Database(t)
		a, db := storied(t, url), around(t, url)
		leaveUnchecked(t, db)
		changeEveryColumn(t, a, db)
	})
}

// leaveUnchecked takes from a PostgreSQL database what would refuse a changed row.
func leaveUnchecked(t *testing.T, db *sql.DB) {
	t.Helper()
	_, err := db.Exec(`DO $$ DECLARE c record; BEGIN
		FOR c IN SELECT conrelid::regclass AS checked, conname FROM pg_constraint WHERE contype IN ('c', 'f') AND conrelid <> 0 LOOP
			EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.checked, c.conname);
		END LOOP; END $$`)
	must(t, err)
}

func changeEveryColumn(t *testing.T, a *app.App, db *sql.DB) {
	t.Helper()
	for _, table := range guarded {
		columns := schemaOf(t, db, table)
		for _, c := range columns {
			if hints[table+"."+c.name] != "" {
				continue
			}
			t.Run(table+"."+c.name, func(t *testing.T) {
				row := middleRow(t, db, columns)
				value := row[c.name]
				c.set(t, db, columns, row, c.changed(value))
				v := verified(t, a)
				c.set(t, db, columns, row, value)
				wantNamed(t, v, cmp.Or(elsewhere[table+"."+c.name], table), rowName(c, row))
			})
		}
	}
	for _, b := range verified(t, a).Broken() {
		t.Errorf("after everything was put back: %s", b)
	}
}

// What a charge or a transfer says is changed and packed anew, so that only what
// covers the entry can tell: it or the row is named.
func TestEveryChangedColumnOfLinesIsFoundAndNamed(t *testing.T) {
	a, db := tampered(t)
	for table := range rowTables {
		columns := schemaOf(t, unpacked(t, db), table)
		for _, c := range columns {
			if c.name == "account" || c.name == "entry" || c.name == "digest" { // which are not packed
				continue
			}
			t.Run(table+"."+c.name, func(t *testing.T) {
				row := middleRow(t, unpacked(t, db), columns)
				name, entry := rowName(tableColumn{table: table}, row), fmt.Sprintf("%s entry %d", row["account"], row["entry"])
				value := row[c.name]
				c.set(t, db, columns, row, c.changed(value))
				v := verified(t, a)
				c.set(t, db, columns, row, value)
				if !slices.ContainsFunc(v.Broken(), func(b app.Breakage) bool {
					return b.Table == table && b.Row == name || b.Table == "journal" && (b.Row == entry || strings.HasPrefix(b.Row, entry+" line "))
				}) {
					t.Errorf("neither %s nor %s is named, but %v", name, entry, v.Broken())
				}
			})
		}
	}
	for _, b := range verified(t, a).Broken() {
		t.Errorf("after everything was put back: %s", b)
	}
}

// rowName is what a changed row must be called; where the name itself was
// changed, any will do.
func rowName(c tableColumn, row map[string]any) string {
	kinds := map[string]app.RowKind{
		"charges": app.ChargeRow, "refused_usage": app.RefusedRow, "transfers": app.TransferRow, "late_fees": app.LateFeeRow,
		"notices": app.NoticeRow, "transitions": app.TransitionRow, "acceptances": app.AcceptanceRow,
		"lapses": app.LapseRow, "add_ons": app.AddOnRow,
	}
	kind, named := kinds[c.table]
	switch {
	case c.key:
		return ""
	case named:
		return fmt.Sprintf("%s_%s_%d_%d", kind, row["account"], row["entry"], row["line"])
	case c.table == "journal":
		return fmt.Sprintf("%s entry %d", row["account"], row["seq"])
	}
	return ""
}

// last chooses the last row of a table of journal rows.
func lastRow(table string) string {
	return "(account, entry, line) = (SELECT account, entry, line FROM " + table + " ORDER BY account DESC, entry DESC, line DESC LIMIT 1)"
}

// wantNamed asserts that a verification names a row of a table; an empty row
// stands for any.
func wantNamed(t testing.TB, v app.Verification, table, row string) {
	t.Helper()
	if v.OK {
		t.Fatalf("nothing was found; a row of %s was changed", table)
	}
	named := func(b app.Breakage) bool { return b.Table == table && (row == "" || b.Row == row) && b.Row != "" }
	if !slices.ContainsFunc(v.Broken(), named) {
		t.Errorf("%s %s is not named, but %v", table, row, v.Broken())
	}
}

func TestRowsThatAreGoneForgedOrSwappedAreNamed(t *testing.T) {
	const charge = "account = 'customer-001' AND entry = (SELECT min(entry) + 5 FROM charges WHERE account = 'customer-001')"
	cases := []struct {
		name   string
		change []string
		table  string
		row    string
	}{
		{"a charge's amount", []string{"UPDATE charges SET amount = amount - 1 WHERE account = 'customer-001' AND entry = 10"}, "charges", "chg_customer-001_10_1"},
		{"a charge, gone", []string{"DELETE FROM charges WHERE account = 'customer-001' AND entry = 10"}, "charges", "chg_customer-001_10_1"},
		{"a transfer, gone", []string{"DELETE FROM transfers WHERE account = 'customer-001' AND entry = 10 AND line = 2"}, "transfers", "trf_customer-001_10_2"},
		{"a journal entry, gone", []string{"DELETE FROM journal WHERE account = 'customer-001' AND seq = 10"}, "journal", "customer-001 entry 10"},
		{"the end of the journal, gone", []string{"DELETE FROM journal WHERE account = 'customer-001' AND seq = (SELECT seq FROM accounts WHERE account = 'customer-001')"}, "journal", ""},
		{"a late fee, gone", []string{"DELETE FROM late_fees WHERE " + lastRow("late_fees")}, "late_fees", ""},
		{"a notice, gone", []string{"DELETE FROM notices WHERE " + lastRow("notices")}, "notices", ""},
		{"a move, gone", []string{"DELETE FROM transitions WHERE " + lastRow("transitions")}, "transitions", ""},
		{"a refusal, gone", []string{"DELETE FROM refused_usage WHERE " + lastRow("refused_usage")}, "refused_usage", ""},
		{"an acceptance, gone", []string{"DELETE FROM acceptances WHERE account = 'customer-003'"}, "acceptances", "acc_customer-003_2_1"},
		{"a lapse, gone", []string{"DELETE FROM lapses WHERE " + lastRow("lapses")}, "lapses", ""},
		{"a switch, gone", []string{"DELETE FROM add_ons WHERE " + lastRow("add_ons")}, "add_ons", ""},
		{"usage, gone", []string{"DELETE FROM usage_parcels WHERE account = 'customer-003'"}, "usage_parcels", ""},
		{"the last usage, gone", []string{"DELETE FROM usage_parcels WHERE account = 'customer-001' AND parcel = (SELECT parcels FROM accounts WHERE account = 'customer-001')"}, "usage_parcels", ""},
		{"a run of the index, gone", []string{"DELETE FROM usage_runs WHERE run = 1"}, "usage_runs", "run 1"},
		{"the whole index, gone", []string{"DELETE FROM usage_run_pages", "DELETE FROM usage_runs"}, "usage_runs", ""},
		{"a page of the index, gone", []string{"DELETE FROM usage_run_pages WHERE run = 1"}, "usage_run_pages", "of run 1"},
		{"a bucket, gone", []string{"DELETE FROM buckets WHERE account = 'customer-001' AND hour = (SELECT min(hour) + 5 FROM buckets WHERE account = 'customer-001')"}, "buckets", ""},
		{"the state of another account", []string{"UPDATE accounts SET state = (SELECT state FROM accounts WHERE account = 'customer-002') WHERE account = 'customer-001'"}, "accounts", "customer-001 fee_income:aurora"},
		{"a state, gone", []string{"UPDATE accounts SET state = x'' WHERE account = 'customer-003'"}, "accounts", "customer-003"},
		{"a resource, gone", []string{"DELETE FROM resources WHERE account = 'customer-002'"}, "resources", "customer-002 compute-payg pod-b"},
		{"a document, gone", []string{"DELETE FROM documents WHERE document = 'billing-rules'"}, "term_sets", ""},
		{"a file of the provider, gone", []string{"DELETE FROM provider_files WHERE name = (SELECT min(name) FROM provider_files)"}, "published", "1"},
		{"what is published, gone", []string{"DELETE FROM published"}, "published", "1"},
		{"a set of documents, gone", []string{"DELETE FROM term_sets"}, "term_sets", ""},
		{"a forged charge", []string{"INSERT INTO charges SELECT account, entry, 99, product, resource, meter, hour, sequence, quantity_before, quantity, amount_before, amount, terms, digest FROM charges WHERE " + charge}, "charges", ""},
		{"all lines of an entry, gone", []string{"UPDATE journal SET lines = x'', charges = 0, first_hour = 0, last_hour = -1 WHERE account = 'customer-001' AND seq = 10"}, "charges", "chg_customer-001_10_1"},
		{"lines that cannot be read", []string{"UPDATE journal SET lines = x'0102' WHERE account = 'customer-001' AND seq = 10"}, "journal", "customer-001 entry 10"},
		{"a forged top-up", []string{"INSERT INTO transfers VALUES ('customer-003', 2, 9, 'top_up', 'paid_in:alipay', 'wallet', 1000000, 5)"}, "transfers", "trf_customer-003_2_9"},
		{"the lines of two entries, swapped", []string{`UPDATE journal SET lines = (SELECT lines FROM journal j
			WHERE j.account = 'customer-001' AND j.seq = 21 - journal.seq) WHERE account = 'customer-001' AND seq IN (10, 11)`}, "journal", "customer-001 entry 10"},
		{"a wallet that was never filled", []string{"UPDATE accounts SET wallet = wallet + 1000000 WHERE account = 'customer-001'"}, "accounts", "customer-001"},
		{"an account that is never looked at", []string{"UPDATE accounts SET next_due = 9223372036854775807 WHERE account = 'customer-003'"}, "accounts", "customer-003"},
		{"a row of nobody", []string{"UPDATE late_fees SET account = 'nobody' WHERE " + lastRow("late_fees")}, "late_fees", "nobody"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a, db := tampered(t)
			for _, text := range c.change {
				tamper(t, db, text)
			}
			wantNamed(t, verified(t, a), c.table, c.row)
		})
	}
}

// A hash that was made shorter is named with its row, and the rest is checked: the
// late fee that was changed too.
func TestAHashOfAnotherLengthIsNamed(t *testing.T) {
	for _, c := range []struct{ table, column, row string }{
		{"documents", "hash", "document || ' ' || version"},
		{"provider_files", "hash", "name || ' revision ' || revision"},
		{"term_sets", "hash", "'' || terms"},
		{"idempotency", "request", "account || ' ' || key"},
	} {
		t.Run(c.table, func(t *testing.T) {
			a, db := tampered(t)
			var row string
			first := " WHERE digest = (SELECT min(digest) FROM " + c.table + ")"
			if c.table == "term_sets" {
				first = " WHERE terms = (SELECT min(terms) FROM term_sets)"
			}
			must(t, db.QueryRow("SELECT "+c.row+" FROM "+c.table+first).Scan(&row))
			tamper(t, db, "UPDATE "+c.table+" SET "+c.column+" = substr("+c.column+", 1, 31)"+first)
			tamper(t, db, "UPDATE late_fees SET amount = amount + 1 WHERE "+lastRow("late_fees"))
			v := verified(t, a)
			wantNamed(t, v, c.table, row)
			wantNamed(t, v, "late_fees", "")
			if v.Accounts != 3 {
				t.Errorf("%d accounts were checked", v.Accounts)
			}
		})
	}
}

// resealRun gives a row of the index of usage other content, and the digest of that.
func resealRun(t testing.TB, db *sql.DB, text string, e *journal.Encoder, args ...any) {
	t.Helper()
	tamper(t, db, text, append(args, e.Digest())...)
}

// A page that says that an event is in another parcel than it is, and a run that holds
// what is of nobody, are named although their digests are right: a repetition would find
// nothing where it is said to be, and an event that is new would be looked for.
func TestWhatTheIndexSaysOfAnEventIsChecked(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := storied(t, url)
		db := around(t, url)
		var run, page int64
		var content []byte
		must(t, db.QueryRow("SELECT run, page, content FROM usage_run_pages WHERE length(content) > 0 ORDER BY run, page LIMIT 1").Scan(&run, &page, &content))
		wrong := slices.Clone(content)
		wrong[21]++ // the last byte of the parcel of the first name
		reseal := func(content []byte) {
			var e journal.Encoder
			e.Text("usage_run_page").Int(run).Int(page).Bytes(content)
			resealRun(t, db, "UPDATE usage_run_pages SET content = $3, digest = $4 WHERE run = $1 AND page = $2", &e, run, page, content)
		}
		reseal(wrong)
		wantNamed(t, verified(t, a), "usage_run_pages", fmt.Sprintf("run %d page %d", run, page))
		reseal(content)
		for _, b := range verified(t, a).Broken() {
			t.Errorf("after everything was put back: %s", b)
		}

		others := around(t, otherStory(t, url))
		var last int64
		must(t, db.QueryRow("SELECT max(run) FROM usage_runs").Scan(&last))
		var names int64
		var filter []byte
		must(t, others.QueryRow("SELECT names, filter FROM usage_runs WHERE run = 1").Scan(&names, &filter))
		must(t, others.QueryRow("SELECT content FROM usage_run_pages WHERE run = 1 AND page = 0").Scan(&content))
		var e journal.Encoder
		e.Text("usage_run").Int(last + 1).Int(names).Bytes(filter)
		resealRun(t, db, "INSERT INTO usage_runs (run, names, filter, digest) VALUES ($1, $2, $3, $4)", &e, last+1, names, filter)
		run, page = last+1, 0
		e.Reset()
		e.Text("usage_run_page").Int(run).Int(page).Bytes(content)
		resealRun(t, db, "INSERT INTO usage_run_pages (run, page, content, digest) VALUES ($1, $2, $3, $4)", &e, run, page, content)
		wantNamed(t, verified(t, a), "usage_run_pages", fmt.Sprintf("run %d page 0", run))
	})
}

// otherStory is a database of another provider with the usage of one account.
func otherStory(t testing.TB, url string) string {
	t.Helper()
	other := freshURL(t, url)
	a := openSample(t, other, store.SealedAfter(1))
	must(t, a.CreateAccount(t.Context(), app.NewAccount{ID: "other", Name: "Other", Accepts: []string{"general-agreement"}}, "test"))
	for n := range 2 {
		putUsage(t, a, "other", fmt.Sprint("pod-", n), 500, "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00")
	}
	return other
}

// What a column takes and no field can hold, or what the rules take for granted, keeps
// nobody from seeing the rest: the row is named, and as many rows are read as ever.
func TestWhatNoFieldCanHoldIsNamed(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a, db := storied(t, url), around(t, url)
		uncheck(t, db)
		whole := verified(t, a).Rows
		for _, odd := range []struct {
			table, column string
			value         any
		}{
			{"accounts", "head", []byte{1}},
			{"journal", "row_seal", []byte{}},
			{"journal", "hash", make([]byte, 33)},
			{"journal", "effective", int64(calendar.EndOfTime)},
			{"acceptances", "text_hash", make([]byte, 31)},
			{"late_fees", "day", int64(1) << 40},
			{"late_fees", "day", int64(math.MinInt64)},
			{"refused_usage", "product", ""},
			{"refused_events", "point", int64(7)},
			{"refused_events", "unread", int64(-1)},
			{"refused_events", "measures", "[["},
			{"idempotency", "account", ""},
			{"documents", "file", "\xff"},
			{"notices", "document", "\xff"},
		} {
			if text, is := odd.value.(string); is && !utf8.ValidString(text) && a.Engine() != "sqlite" {
				continue // which the other engine does not take
			}
			columns := schemaOf(t, db, odd.table)
			row := middleRow(t, db, columns)
			c := columns[slices.IndexFunc(columns, func(c tableColumn) bool { return c.name == odd.column })]
			kept := row[c.name]
			c.set(t, db, columns, row, odd.value)
			v := verified(t, a)
			name := rowName(c, row)
			if odd.table == "refused_events" {
				name = fmt.Sprintf("evt_%s_%s", row["account"], row["id"])
			}
			wantNamed(t, v, odd.table, name)
			if odd.table == "idempotency" {
				v.Rows[odd.table]++ // the one that is of nobody now
			}
			if diff := gocmp.Diff(whole, v.Rows); diff != "" {
				t.Errorf("%s.%s is %v: other rows were read:\n%s", odd.table, odd.column, odd.value, diff)
			}
			c.set(t, db, columns, row, kept)
		}
		for _, b := range verified(t, a).Broken() {
			t.Errorf("after everything was put back: %s", b)
		}
	})
}

// uncheck takes from a database what would refuse a changed row.
func uncheck(t *testing.T, db *sql.DB) {
	t.Helper()
	if _, postgres := db.Driver().(*stdlib.Driver); postgres {
		leaveUnchecked(t, db)
		return
	}
	db.SetMaxOpenConns(1)
	for _, pragma := range []string{"ignore_check_constraints = 1", "foreign_keys = 0", "busy_timeout = 5000"} {
		tamper(t, db, "PRAGMA "+pragma)
	}
}
