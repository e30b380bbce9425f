package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxParameters bounds the parameters of a statement that inserts many rows at
// once on SQLite: more make the statement longer to prepare and save nothing.
const maxParameters = 500

// writeSQLite runs a text for rows on SQLite: many rows to a statement where it
// inserts values, else one. It talks to the driver itself: database/sql looks at
// each argument again and takes locks for each statement, which is dear where a
// statement takes microseconds.
func (t *table[R]) writeSQLite(ctx context.Context, tx *Tx, text string, rows []owned[R]) (changed int64, err error) {
	if len(rows) == 0 {
		return 0, nil
	}
	tx.statements++
	err = tx.statement(text, func() error {
		return tx.raw(func(conn any) (err error) {
			changed, err = t.writeRaw(ctx, conn.(driver.ConnPrepareContext), text, rows)
			return err
		})
	})
	if err != nil {
		return 0, explained(err)
	}
	return changed, nil
}

func (t *table[R]) writeRaw(ctx context.Context, conn driver.ConnPrepareContext, text string, rows []owned[R]) (changed int64, err error) {
	atOnce := 1
	if strings.HasPrefix(text, "INSERT") {
		atOnce = max(1, maxParameters/t.width())
	}
	for len(rows) > 0 {
		atOnce = min(atOnce, len(rows))
		whole := len(rows) - len(rows)%atOnce
		n, err := t.writeChunks(ctx, conn, text, rows[:whole], atOnce)
		if changed += n; err != nil {
			return changed, err
		}
		rows = rows[whole:]
	}
	return changed, nil
}

// writeChunks prepares a text for a number of rows, and runs it for each so many.
func (t *table[R]) writeChunks(ctx context.Context, conn driver.ConnPrepareContext, text string, rows []owned[R], atOnce int) (changed int64, err error) {
	bound, used := t.bindSQLite(text, atOnce)
	if atOnce > 1 && !strings.Contains(text, "ON CONFLICT") {
		// Whoever meets the error gives the transaction up. SQLite need not keep
		// copies of pages to undo the statement alone.
		bound = strings.Replace(bound, "INSERT INTO", "INSERT OR FAIL INTO", 1)
	}
	// The driver watches a context that can be cancelled with a goroutine for
	// each statement; looking at it between them is enough.
	quiet := context.WithoutCancel(ctx)
	prepared, err := conn.PrepareContext(quiet, bound)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, prepared.Close()) }()
	run, can := prepared.(driver.StmtExecContext)
	if !can {
		return 0, fmt.Errorf("store: SQLite's driver gives statements of type %T", prepared)
	}
	args := make([]driver.NamedValue, len(used)*atOnce)
	for i := range args {
		args[i].Ordinal = i + 1
	}
	var all []any
	for chunk := range slices.Chunk(rows, atOnce) {
		if err := ctx.Err(); err != nil {
			return changed, err
		}
		for i, row := range chunk {
			all = t.values(all[:0], row)
			for j, column := range used {
				args[i*len(used)+j].Value = all[column]
			}
		}
		result, err := run.ExecContext(quiet, args)
		if err != nil {
			return changed, err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return changed, err
		}
		changed += n
	}
	return changed, nil
}

// valuesMark stands in a text that inserts rows as they are.
const valuesMark = "SELECT * FROM " + rowsMark

// bindSQLite makes a text for some rows at a time, whose values become parameters
// without a name, which SQLite finds at once. It returns the columns that the
// parameters of a row stand for. An INSERT takes rows as they are, or from a table
// r; other texts take one row, whose columns become parameters, since SQLite would
// fill a temporary table with what it takes from a query.
func (t *table[R]) bindSQLite(text string, rows int) (bound string, used []int) {
	columns := strings.Split(t.owner+", "+t.columns, ", ")
	if !strings.HasPrefix(text, "INSERT") {
		text = rowsColumn.ReplaceAllStringFunc(text, func(column string) string {
			used = append(used, slices.Index(columns, column[len("r."):]))
			return "?"
		})
		return withoutFrom.Replace(text), used
	}
	for i := range columns {
		used = append(used, i)
	}
	row := "(?" + strings.Repeat(", ?", len(columns)-1) + ")"
	values := "VALUES " + row + strings.Repeat(", "+row, rows-1)
	if strings.Contains(text, valuesMark) {
		return strings.Replace(text, valuesMark, values, 1), used
	}
	return "WITH r (" + t.owner + ", " + t.columns + ") AS (" + values + ") " + strings.Replace(text, rowsMark, "r", 1), used
}

// width is how many columns a row has, with its owner.
func (t *table[R]) width() int { return strings.Count(t.columns, ", ") + 2 }
