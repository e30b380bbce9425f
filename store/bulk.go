package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// maxRows bounds the rows that are sent to PostgreSQL in one statement: far more
// than a batch writes, so that it guards memory and nothing else.
const maxRows = 250_000

// rowsMark stands in a text for the rows that are written: a table r with the
// columns of the table. It comes last in a FROM or a USING.
const rowsMark = "{rows}"

// insert gives a text that inserts rows; onConflict may be empty.
func (t *table[R]) insert(onConflict string) string {
	return "INSERT INTO " + t.name + " (" + t.owner + ", " + t.columns + ") SELECT * FROM {rows} " + onConflict
}

// add inserts rows, none of which may be there already.
func (t *table[R]) add(ctx context.Context, tx *Tx, rows []owned[R]) error {
	if len(rows) == 0 || tx.engine == sqlite {
		_, err := t.write(ctx, tx, t.insert(""), rows)
		return err
	}
	tx.statements++
	return tx.statement("COPY "+t.name, func() error { return tx.raw(func(driver any) error { return t.copy(ctx, driver, rows) }) })
}

// copy sends rows over PostgreSQL's own connection.
func (t *table[R]) copy(ctx context.Context, driver any, rows []owned[R]) error {
	var args []any
	source := pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
		args = t.values(args[:0], rows[i])
		return args, nil
	})
	columns := strings.Split(t.owner+", "+t.columns, ", ")
	_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{t.name}, columns, source)
	if err != nil {
		return explained(err)
	}
	return nil
}

// oneByOne says that a text is run once for each row: on SQLite, where a prepared
// statement in a loop is fastest, and where accounts live on several nodes, since
// a statement that names its account by a parameter goes to one node.
func (tx *Tx) oneByOne() bool { return tx.engine == sqlite || tx.sharded }

// write runs a text for rows and returns how many rows it changed: once for
// many rows on PostgreSQL, once for each row where it must be oneByOne. Rows are
// taken in order.
func (t *table[R]) write(ctx context.Context, tx *Tx, text string, rows []owned[R]) (changed int64, err error) {
	if tx.engine == sqlite {
		return t.writeSQLite(ctx, tx, text, rows)
	}
	if tx.sharded {
		err = t.forEach(ctx, tx, text, rows, func(ctx context.Context, text rowText, args []any) error {
			result, err := text.ExecContext(ctx, args...)
			if err != nil {
				return explained(err)
			}
			n, err := result.RowsAffected()
			changed += n
			return err
		})
		return changed, err
	}
	for chunk := range slices.Chunk(rows, maxRows) {
		n, err := tx.exec(ctx, t.expand(text), t.arrays(chunk)...)
		if err != nil {
			return changed, err
		}
		changed += n
	}
	return changed, nil
}

// query runs a text for rows, as write does, and reads what it returns.
func (t *table[R]) query(ctx context.Context, tx *Tx, text string, rows []owned[R], scan func(*sql.Rows) error) error {
	if tx.oneByOne() {
		return t.forEach(ctx, tx, text, rows, func(ctx context.Context, text rowText, args []any) error {
			found, err := text.QueryContext(ctx, args...)
			if err != nil {
				return explained(err)
			}
			return drain(found, scan)
		})
	}
	for chunk := range slices.Chunk(rows, maxRows) {
		if err := tx.each(ctx, t.expand(text), t.arrays(chunk), scan); err != nil {
			return err
		}
	}
	return nil
}

// rowText is a text that is run for one row after the other.
type rowText interface {
	ExecContext(ctx context.Context, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, args ...any) (*sql.Rows, error)
}

// remembered is a text that the driver prepares once for each connection.
type remembered struct {
	tx   *sql.Tx
	text string
}

func (r remembered) ExecContext(ctx context.Context, args ...any) (sql.Result, error) {
	return r.tx.ExecContext(ctx, r.text, args...)
}

func (r remembered) QueryContext(ctx context.Context, args ...any) (*sql.Rows, error) {
	return r.tx.QueryContext(ctx, r.text, args...)
}

// forEach runs a text with the values of each row.
func (t *table[R]) forEach(
	ctx context.Context, tx *Tx, text string, rows []owned[R],
	run func(context.Context, rowText, []any) error,
) error {
	if len(rows) == 0 {
		return nil
	}
	tx.statements++
	text, used := t.bind(tx, text)
	return tx.statement(text, func() (err error) {
		if tx.engine == postgres {
			return t.runEach(ctx, remembered{tx.sql, text}, used, rows, run)
		}
		prepared, err := tx.sql.PrepareContext(ctx, text)
		if err != nil {
			return explained(err)
		}
		defer func() { err = errors.Join(err, prepared.Close()) }()
		return t.runEach(ctx, prepared, used, rows, run)
	})
}

func (t *table[R]) runEach(
	ctx context.Context, text rowText, used []int, rows []owned[R],
	run func(context.Context, rowText, []any) error,
) error {
	// The driver watches a context that can be cancelled with a goroutine for
	// each statement; looking at it between the rows is enough.
	quiet := context.WithoutCancel(ctx)
	var all []any
	args := make([]any, len(used))
	for _, row := range rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		all = t.values(all[:0], row)
		for i, column := range used {
			args[i] = all[column]
		}
		if err := run(quiet, text, args); err != nil {
			return err
		}
	}
	return nil
}

// expand puts the rows into a text as unnested arrays, one for each column.
func (t *table[R]) expand(text string) string {
	var b strings.Builder
	for i, a := range t.shape() {
		fmt.Fprintf(&b, "%s$%d::%s[]", comma(i), i+1, a.kind)
	}
	return strings.ReplaceAll(text, rowsMark, "unnest("+b.String()+") AS r ("+t.owner+", "+t.columns+")")
}

var (
	rowsColumn  = regexp.MustCompile(`\br\.(\w+)`)
	withoutFrom = strings.NewReplacer(" FROM "+rowsMark, "", " USING "+rowsMark, "", ", "+rowsMark, "")
)

// bind makes a text for one row at a time: the columns of r become parameters and
// the rows leave the text, since SQLite would fill a temporary table for each row
// that it takes from a query. It returns the columns that the parameters stand for.
func (t *table[R]) bind(tx *Tx, text string) (bound string, used []int) {
	columns, shape := strings.Split(t.owner+", "+t.columns, ", "), t.shape()
	parameter := func(column int) string {
		if !slices.Contains(used, column) {
			used = append(used, column)
		}
		name := "$" + strconv.Itoa(slices.Index(used, column)+1)
		if tx.engine == postgres {
			name += "::" + shape[column].kind // it could not always guess it
		}
		return name
	}
	if values := "SELECT * FROM " + rowsMark; strings.Contains(text, values) {
		all := make([]string, len(columns))
		for i := range columns {
			all[i] = parameter(i)
		}
		text = strings.ReplaceAll(text, values, "VALUES ("+strings.Join(all, ", ")+")")
	}
	bound = rowsColumn.ReplaceAllStringFunc(withoutFrom.Replace(text), func(c string) string {
		return parameter(slices.Index(columns, c[len("r."):]))
	})
	return bound, used
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ", "
}

// array is one column of many rows, as PostgreSQL takes it.
type array struct {
	kind   string // PostgreSQL's name of the type
	ints   []int64
	texts  []string
	hashes [][]byte
}

// shape returns the empty arrays of the owner and the columns.
func (t *table[R]) shape() []array {
	values := t.values(nil, owned[R]{row: new(R)})
	arrays := make([]array, len(values))
	for i, v := range values {
		switch v.(type) {
		case int64:
			arrays[i].kind = "bigint"
		case string:
			arrays[i].kind = "text"
		case []byte:
			arrays[i].kind = "bytea"
		}
	}
	return arrays
}

func (t *table[R]) arrays(rows []owned[R]) []any {
	columns := t.shape()
	for _, row := range rows {
		columns[0].texts = append(columns[0].texts, row.owner)
		for i, f := range t.fields(row.row) {
			columns[i+1].add(f)
		}
	}
	args := make([]any, len(columns))
	for i := range columns {
		args[i] = columns[i].value()
	}
	return args
}

func (a *array) add(field any) {
	switch v := value(field).(type) {
	case int64:
		a.ints = append(a.ints, v)
	case string:
		a.texts = append(a.texts, v)
	case []byte:
		a.hashes = append(a.hashes, v)
	}
}

func (a *array) value() any {
	switch a.kind {
	case "bigint":
		return a.ints
	case "text":
		return a.texts
	}
	return a.hashes
}

// values appends a row's values to args, the owner first.
func (t *table[R]) values(args []any, row owned[R]) []any {
	args = append(args, row.owner)
	for _, f := range t.fields(row.row) {
		args = append(args, value(f))
	}
	return args
}

// value returns what a field holds, as an int64, a string or bytes.
func value(field any) any {
	switch f := field.(type) {
	case *int64:
		return *f
	case *int32:
		return int64(*f)
	case *string:
		return *f
	case *[32]byte:
		return f[:]
	case *[]byte:
		return *f
	case *bool:
		return bit(*f)
	case *measures:
		return f.text()
	case *sentMeasures:
		return f.text()
	}
	panic("store: a table has a field of type " + strconv.Quote(fmt.Sprintf("%T", field)))
}

// ownedKey names something of an account.
type ownedKey[K any] struct {
	owner string
	key   K
}

// sortedRows sorts rows by owner, and those of one owner by compare.
func sortedRows[R any](rows []owned[R], compare func(a, b *R) int) []owned[R] {
	slices.SortFunc(rows, func(a, b owned[R]) int {
		return cmp.Or(strings.Compare(a.owner, b.owner), compare(a.row, b.row))
	})
	return rows
}
