package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
)

// What is looked for in tables that grow with usage is found by their keys: no
// plan reads all of one, whether PostgreSQL makes it for the rows at hand or for
// any, and whether it has counted what the table holds or not.
func TestNoPlanReadsAllUsage(t *testing.T) {
	const accounts, some, each = 200, 50, 200
	db := open(t, newDatabase(t, postgres))
	for table, rest := range map[string]string{
		"usage_parcels": `1, i / %[1]d, i / %[1]d, 1, '\x00', 0`,
		"buckets":       `(i / %[1]d > 100)::int, '\x00'`, // half of it is dated ahead
		"resources":     `'vm', 1`,
	} {
		text := "INSERT INTO " + table + " SELECT 'c' || lpad((i %% %[1]d)::text, 3, '0'), i / %[1]d + 1, " + rest + " FROM generate_series(0, %[2]d) i"
		execute(t, db, fmt.Sprintf(text, accounts, accounts*each-1))
	}
	execute(t, db, `INSERT INTO usage_run_pages SELECT i / 4096, i % 4096, decode(repeat('00', 1400), 'hex'), 0 FROM generate_series(0, 40959) i`)
	for at, analyse := range []string{"SELECT 1", "ANALYZE"} {
		execute(t, db, analyse)
		for name, s := range map[string]search{
			"a parcel":        searched(&afterParcel, theParcels, accounts, int64(each-1)),
			"later parcels":   searched(&afterParcel, laterParcels, accounts, int64(each-1)),
			"spanned parcels": searched(&parcelSpans, spannedParcels, accounts, span{from: 1, to: 2, reach: each}),
			"an hour":         searched(&namedHours, theHours, accounts, calendar.Hour(each-1)),
			"open hours":      searched(&namedHours, openHours, accounts, calendar.Hour(each/2)),
			"a changed hour":  searched(&hours, changeHours, some, account.StoredHour{Hour: each - 1}),
			"a first use":     searched(&resources, putFirstUse, some, opened{account.Resource{Product: "7", Resource: "vm"}, 2}),
			"pages":           {manyPages, literals([]any{make([]int64, accounts), make([]int64, accounts)})},
		} {
			for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
				plan := planned(t, db, mode, s.text, s.arguments)
				if strings.Contains(plan, "Seq Scan") {
					t.Errorf("%s, %s, analysed %v: all of a table is read:\n%s", name, mode, at > 0, plan)
				}
			}
		}
	}
}

// standingTexts are the queries by which lists find how accounts came to where they
// stand, and the index that is to lead each to its rows.
func standingTexts(db *DB) map[string]struct{ text, index string } {
	tx := &Tx{engine: db.engine}
	return map[string]struct{ text, index string }{
		"steps":       {stepsOfMany(tx), "journal_steps"},
		"acceptances": {linesOfMany(&acceptances, tx), "acceptances_pkey"},
		"lapses":      {linesOfMany(&lapses, tx), "lapses_pkey"},
	}
}

// How accounts came to where they stand is found by their keys on PostgreSQL: it reads
// neither a table nor the index on steps whole, counted or not, for few or for many.
func TestNoPlanReadsAllStandings(t *testing.T) {
	const accounts, each = 200, 50
	db := open(t, newDatabase(t, postgres))
	for table, columns := range map[string]string{
		"journal":     `'settled', 0, 0, '', '{}', '\x00', '\x00', 0, 0, -1, '', (i / %[1]d %% 5 = 0)::int`,
		"acceptances": `1, 'd' || i, '1', 'click', 0, 0, '', '\x00', 0, ''`,
		"lapses":      `1, 'o', 'd' || i, '1', 'price', 0, 0, '', '', '', '', 0, 0`,
	} {
		text := "INSERT INTO " + table + " SELECT 'c' || lpad((i %% %[1]d)::text, 3, '0'), i / %[1]d + 1, " + columns + " FROM generate_series(0, %[2]d) i"
		execute(t, db, fmt.Sprintf(text, accounts, accounts*each-1))
	}
	for at, analyse := range []string{"SELECT 1", "ANALYZE"} {
		execute(t, db, analyse)
		for name, s := range standingTexts(db) {
			for _, many := range []int{1, accounts / 4} {
				for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
					plan := planned(t, db, mode, s.text, literals([]any{someIDs(many)}))
					if strings.Contains(plan, "Seq Scan") || !strings.Contains(plan, s.index) || !strings.Contains(plan, "Index Cond: (account = ") {
						t.Errorf("%s of %d, %s, analysed %v: more is read than theirs:\n%s", name, many, mode, at > 0, plan)
					}
				}
			}
		}
	}
}

// On SQLite, which nobody has count anything, they are found by their keys too, and
// steps by their index and not in the whole journal of an account.
func TestSQLiteFindsStandingsByTheirKeys(t *testing.T) {
	db := open(t, newDatabase(t, sqlite))
	for _, analyse := range []string{"SELECT 1", "ANALYZE"} {
		execute(t, db, analyse)
		for name, s := range standingTexts(db) {
			plan := plannedBySQLite(t, db, s.text, `["c001","c002"]`)
			led := "SEARCH x USING PRIMARY KEY (account=?)"
			if name == "steps" {
				led = "SEARCH x USING INDEX journal_steps (account=?)"
			}
			if !slices.Contains(plan, led) || slices.ContainsFunc(plan, func(step string) bool { return strings.HasPrefix(step, "SCAN x") }) {
				t.Errorf("%s, %s: more is read than theirs:\n%s", name, analyse, strings.Join(plan, "\n"))
			}
		}
	}
}

func someIDs(many int) []string {
	ids := make([]string, many)
	for i := range ids {
		ids[i] = fmt.Sprintf("c%03d", i)
	}
	return ids
}

// plannedBySQLite asks SQLite how it would run a text.
func plannedBySQLite(t *testing.T, db *DB, text string, args ...any) (steps []string) {
	t.Helper()
	rows, err := db.reader.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
	if err != nil {
		t.Fatal(text, err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}()
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}

func execute(t *testing.T, db *DB, text string) {
	t.Helper()
	if _, err := db.writer.ExecContext(t.Context(), text); err != nil {
		t.Fatal(text, err)
	}
}

// search is a text, and its arguments as PostgreSQL reads them.
type search struct{ text, arguments string }

// searched looks for the same of many accounts.
func searched[R any](of *table[R], text string, accounts int, row R) search {
	var rows []owned[R]
	for i := range accounts {
		rows = append(rows, owned[R]{fmt.Sprintf("c%03d", i), &row})
	}
	return search{of.expand(text), literals(of.arrays(rows))}
}

func literals(arrays []any) string {
	var all []string
	for _, array := range arrays {
		var values string
		switch array := array.(type) {
		case []int64:
			values = strings.Join(strings.Fields(fmt.Sprint(array)), ",")
		case []string:
			values = strings.Join(array, ",")
		case [][]byte:
			values = strings.Repeat(`,"\\x00"`, len(array))[1:]
		}
		all = append(all, "'{"+strings.Trim(values, "[]")+"}'")
	}
	return strings.Join(all, ", ")
}

// planned asks PostgreSQL how it would run a prepared text.
func planned(t *testing.T, db *DB, mode, text, arguments string) string {
	t.Helper()
	conn, err := db.writer.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, text := range []string{"SET plan_cache_mode = " + mode, "PREPARE searched AS " + text} {
		if _, err := conn.ExecContext(t.Context(), text); err != nil {
			t.Fatal(text, err)
		}
	}
	lines, err := conn.QueryContext(t.Context(), "EXPLAIN EXECUTE searched("+arguments+")")
	if err != nil {
		t.Fatal(err)
	}
	var plan []string
	for lines.Next() {
		var line string
		if err := lines.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, line)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "DEALLOCATE searched; RESET plan_cache_mode"); err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "\n")
}
