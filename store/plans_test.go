package store

import (
	"fmt"
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
