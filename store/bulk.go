package store

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"termwise.dev/core/account"
)

// maxRows bounds the rows that are sent to PostgreSQL in one statement: far more
// than a batch writes, so that it guards memory and nothing else.
const maxRows = 250_000

// rowsMark stands in a text for the rows that are written: a table r with the
// columns of the table. It comes last in a FROM or a USING. A SELECT that looks for
// something of each row names one other table, before it and by another name.
const rowsMark = "{rows}"

// insert gives a text that inserts rows; onConflict may be empty.
func (t *table[R]) insert(onConflict string) string {
	return "INSERT INTO " + t.name + " (" + t.owner + ", " + t.columns + ") SELECT * FROM {rows} " + onConflict
}

// copied is from how many rows on they are sent by COPY, which is faster for many
// and takes several exchanges.
const copied = 100

// add inserts rows, none of which may be there already, at the latest when the
// transaction is committed.
func (t *table[R]) add(ctx context.Context, tx *Tx, rows []owned[R]) error {
	if len(rows) < copied || tx.engine == sqlite {
		return t.put(ctx, tx, t.insert(""), rows, nil)
	}
	return tx.copy(ctx, t.name, func(conn *pgx.Conn) error { return t.copy(ctx, conn, rows) })
}

// copy makes a call of PostgreSQL's own.
func (tx *Tx) copy(ctx context.Context, table string, do func(*pgx.Conn) error) error {
	if err := tx.flush(ctx); err != nil {
		return err
	}
	c := newCall("COPY "+table, nil)
	tx.count(c)
	if err := tx.seen.watch.call(tx.seen.call(c), func() error { return do(tx.wire.(*pipe).conn) }); err != nil {
		return explained(err)
	}
	return nil
}

// copy sends rows.
func (t *table[R]) copy(ctx context.Context, conn *pgx.Conn, rows []owned[R]) error {
	var args []any
	source := pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
		args = t.values(args[:0], rows[i])
		return args, nil
	})
	columns := strings.Split(t.owner+", "+t.columns, ", ")
	_, err := conn.CopyFrom(ctx, pgx.Identifier{t.name}, columns, source)
	return err
}

// oneByOne says that a text is run once for each row: on SQLite, where a prepared
// statement in a loop is fastest (but for plain inserts; see chunked), and where
// accounts live on several nodes, since a statement that names its account by a
// parameter goes to one node.
func (tx *Tx) oneByOne() bool { return tx.engine == sqlite || tx.sharded }

// write runs a text for rows and returns how many rows it changed: once for
// many rows on PostgreSQL, once for each row where it must be oneByOne. Rows are
// taken in order.
func (t *table[R]) write(ctx context.Context, tx *Tx, text string, rows []owned[R]) (changed int64, err error) {
	for _, c := range t.calls(tx, text, rows) {
		if err := tx.make(ctx, c); err != nil {
			return changed, err
		}
		changed += c.changed
	}
	return changed, nil
}

// put is write for a text of which nothing needs to be known at once: it is run at
// the latest when the transaction is committed. Where orElse is given, the text
// changes one row for each; when it does not, the transaction fails with orElse.
func (t *table[R]) put(ctx context.Context, tx *Tx, text string, rows []owned[R], orElse error) error {
	for _, c := range t.calls(tx, text, rows) {
		c.orElse = orElse
		if len(rows) < copied { // what writes many rows gains nothing by being sent with more
			c.writes = t.name
		}
		if err := tx.later(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// query runs a text for rows, as write does, and reads what it returns.
func (t *table[R]) query(ctx context.Context, tx *Tx, text string, rows []owned[R], scan func(scanner) error) error {
	for _, c := range t.calls(tx, text, rows) {
		c.scan = scan
		if err := tx.ask(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// calls makes the calls that run a text for rows.
func (t *table[R]) calls(tx *Tx, text string, rows []owned[R]) (calls []*call) {
	if len(rows) == 0 {
		return nil
	}
	if tx.oneByOne() || len(rows) == 1 || len(rows) <= fewRows && !strings.HasPrefix(text, "INSERT") {
		return []*call{t.rowByRow(tx, text, rows)}
	}
	for chunk := range slices.Chunk(rows, maxRows) {
		c := newCall(t.expand(text), t.arrays(chunk))
		c.wants = int64(len(chunk))
		calls = append(calls, c)
	}
	return calls
}

// fewRows are so few that each is better looked for by itself: the plan that
// PostgreSQL keeps of a join with a list of rows is made for more of them.
const fewRows = 16

// rowByRow makes the call that runs a text with the values of each row.
func (t *table[R]) rowByRow(tx *Tx, text string, rows []owned[R]) *call {
	b := t.bind(tx, text)
	all, args := []any(nil), make([]any, len(b.used))
	return &call{kind: Statement, text: b.text, times: len(rows), chunk: b.chunk, chunked: b.chunked, wants: int64(len(rows)), args: func(i int) []any {
		if tx.wire.waits() { // the arguments of all rows are needed at once
			args = make([]any, len(b.used))
		}
		all = t.values(all[:0], rows[i])
		for i, column := range b.used {
			args[i] = all[column]
		}
		return args
	}}
}

// written are the texts that expand and bind have made: the same few again and
// again.
var written sync.Map

// writtenKey names a text before it was made.
type writtenKey struct {
	columns, text string
	engine        engine // empty for expand
}

// bound is a text for one row at a time, and the columns that its parameters stand for.
type bound struct {
	text string
	used []int
	// chunked is the text for chunk rows at once; chunk is zero where there is none.
	chunked string
	chunk   int
}

// maxParameters bounds the parameters of a statement that inserts many rows at
// once on SQLite: more make the statement longer to prepare and save nothing.
const maxParameters = 500

// valuesMark stands in a text that inserts rows as they are.
const valuesMark = "SELECT * FROM " + rowsMark

// chunked makes the text that inserts many rows as they are in one statement of
// SQLite, and says how many.
func (t *table[R]) chunked(tx *Tx, text string) (chunked string, rows int) {
	before, after, plain := strings.Cut(text, valuesMark)
	if tx.engine != sqlite || !plain || rowsColumn.MatchString(after) {
		return "", 0
	}
	columns := strings.Count(t.columns, ", ") + 2
	if rows = maxParameters / columns; rows < 2 {
		return "", 0
	}
	row := "(?" + strings.Repeat(", ?", columns-1) + ")"
	chunked = before + "VALUES " + row + strings.Repeat(", "+row, rows-1) + after
	if !strings.Contains(text, "ON CONFLICT") {
		// Whoever meets the error takes back all that the transaction wrote. SQLite
		// need not keep copies of pages to undo the statement alone.
		chunked = strings.Replace(chunked, "INSERT INTO", "INSERT OR FAIL INTO", 1)
	}
	return chunked, rows
}

// expand puts the rows into a text as unnested arrays, one for each column.
func (t *table[R]) expand(text string) string {
	key := writtenKey{columns: t.columns, text: text}
	if made, found := written.Load(key); found {
		return made.(string)
	}
	made := t.expanded(text)
	written.Store(key, made)
	return made
}

func (t *table[R]) expanded(text string) string {
	var b strings.Builder
	for i, a := range t.shape() {
		fmt.Fprintf(&b, "%s$%d::%s[]", comma(i), i+1, a.kind)
	}
	return strings.ReplaceAll(nested(text), rowsMark, "unnest("+b.String()+") AS r ("+t.owner+", "+t.columns+")")
}

// nested has PostgreSQL look for each row by itself in a text that reads. Left to
// choose, it reads the whole table and joins it with the rows, when it thinks that
// one row finds much, or does not know yet how large the table has become. It panics
// where a text that reads has another form than rowsMark asks for: it would be joined.
func nested(text string) string {
	if !strings.HasPrefix(text, "SELECT ") {
		return text
	}
	from, where, formed := strings.Cut(text, ", "+rowsMark+" WHERE ")
	columns, table, _ := strings.Cut(from, " FROM ")
	if !formed {
		panic("store: a search for rows of another form: " + text)
	}
	where, order, ordered := strings.Cut(where, " ORDER BY ")
	if ordered {
		order = " ORDER BY " + order
	}
	_, alias, _ := strings.Cut(table, " ")
	return columns + " FROM " + rowsMark + ", LATERAL (SELECT * FROM " + table + " WHERE " + where + " OFFSET 0) " + alias + order
}

var (
	rowsColumn  = regexp.MustCompile(`\br\.(\w+)`)
	withoutFrom = strings.NewReplacer(" FROM "+rowsMark, "", " USING "+rowsMark, "", ", "+rowsMark, "")
)

// bind makes a text for one row at a time.
func (t *table[R]) bind(tx *Tx, text string) bound {
	key := writtenKey{t.columns, text, tx.engine}
	if made, found := written.Load(key); found {
		return made.(bound)
	}
	made := t.bound(tx, text)
	written.Store(key, made)
	return made
}

// bound makes a text for one row at a time: the columns of r become parameters and
// the rows leave the text, since SQLite would fill a temporary table for each row
// that it takes from a query.
func (t *table[R]) bound(tx *Tx, text string) (made bound) {
	columns, shape := strings.Split(t.owner+", "+t.columns, ", "), t.shape()
	parameter := func(column int) string {
		if !slices.Contains(made.used, column) {
			made.used = append(made.used, column)
		}
		name := "$" + strconv.Itoa(slices.Index(made.used, column)+1)
		if tx.engine == postgres {
			name += "::" + shape[column].kind // it could not always guess it
		}
		return name
	}
	made.chunked, made.chunk = t.chunked(tx, text)
	if strings.Contains(text, valuesMark) {
		all := make([]string, len(columns))
		for i := range columns {
			all[i] = parameter(i)
		}
		text = strings.ReplaceAll(text, valuesMark, "VALUES ("+strings.Join(all, ", ")+")")
	}
	made.text = rowsColumn.ReplaceAllStringFunc(withoutFrom.Replace(text), func(c string) string {
		return parameter(slices.Index(columns, c[len("r."):]))
	})
	return made
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
	case *stateColumn:
		return (*account.Books)(f).PackState()
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
