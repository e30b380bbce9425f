package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"termwise.dev/core/account"
	"termwise.dev/core/metering"
)

// table describes how rows of a kind are stored: the column of their owner, which
// is the account for all customer data, the columns after it, and the fields that
// these are read into and written from, in the same order. A field is a pointer to int64, int32, bool (stored as 0 or
// 1), string, bytes, [32]byte, measures, sentMeasures or stateColumn.
type table[R any] struct {
	name, owner, columns string
	fields               func(*R) []any
}

// accountTable describes rows of customer data.
func accountTable[R any](name, columns string, fields func(*R) []any) table[R] {
	return table[R]{name: name, owner: "account", columns: columns, fields: fields}
}

// owned is a row and its owner.
type owned[R any] struct {
	owner string
	row   *R
}

// each reads rows; tail is the rest of the query, from WHERE on.
func (t *table[R]) each(ctx context.Context, tx *Tx, yield func(owner string, row *R), tail string, args ...any) error {
	return tx.each(ctx, "SELECT "+t.owner+", "+t.columns+" FROM "+t.name+" "+tail, args, t.scan(yield))
}

// selected begins a query for rows of the table under another name.
func (t *table[R]) selected(as string) string {
	return "SELECT " + t.named(as) + " FROM " + t.name + " " + as
}

// named lists the columns under another name of the table.
func (t *table[R]) named(as string) string {
	return as + "." + strings.Join(strings.Split(t.owner+", "+t.columns, ", "), ", "+as+".")
}

// ofMany finds the rows of accounts, each of which is named once in a list, that meet
// a condition on x, by an index that SQLite is told to use. PostgreSQL looks for those
// of each account by themselves, as in nested.
func (t *table[R]) ofMany(tx *Tx, by, condition, order string) string {
	if tx.engine == postgres && !tx.sharded {
		text := nested(t.selected("x") + ", {rows} WHERE x.account = r.account" + condition + " ORDER BY " + order)
		return strings.ReplaceAll(text, rowsMark, "unnest($1::text[]) AS r (account)")
	}
	return t.selected("x") + " " + by + "WHERE " + tx.among("account", "text") + condition + " ORDER BY " + order
}

// all reads rows of an account that the caller has named.
func (t *table[R]) all(ctx context.Context, tx *Tx, tail string, args ...any) ([]R, error) {
	var rows []R
	err := t.each(ctx, tx, func(_ string, row *R) { rows = append(rows, *row) }, tail, args...)
	return rows, err
}

// get reads one row, and says whether there is one.
func (t *table[R]) get(ctx context.Context, tx *Tx, tail string, args ...any) (row R, found bool, err error) {
	rows, err := t.all(ctx, tx, tail, args...)
	if err != nil || len(rows) == 0 {
		return row, false, err
	}
	return rows[0], true, nil
}

func (t *table[R]) scan(yield func(owner string, row *R)) func(scanner) error {
	return func(rows scanner) error {
		var owner string
		row := new(R)
		if err := rows.Scan(targets(&owner, t.fields(row))...); err != nil {
			return &UnreadableRow{Table: t.name, Owner: owner, Err: err}
		}
		yield(owner, row)
		return nil
	}
}

// eachKept is each for verify, which is to name the row that holds what was never
// written there, and to go on. Such a field is left empty, and broken says what it holds;
// it is nil where everything could be read.
func (t *table[R]) eachKept(ctx context.Context, tx *Tx, yield func(owner string, row *R, broken error), tail string, args ...any) error {
	return tx.each(ctx, "SELECT "+t.owner+", "+t.columns+" FROM "+t.name+" "+tail, args, func(rows scanner) error {
		var owner string
		var broken error
		row := new(R)
		dest := targets(&owner, t.fields(row))
		for i, field := range dest {
			dest[i] = tolerantly(field, &broken)
		}
		if err := rows.Scan(dest...); err != nil {
			return &UnreadableRow{Table: t.name, Owner: owner, Err: err}
		}
		yield(owner, row, broken)
		return nil
	})
}

// tolerant is a field that notes why its value cannot be read, where nothing is noted
// yet.
type tolerant struct {
	field  sql.Scanner
	broken *error
}

// tolerantly has a field that not every value of its column can be read into note it.
func tolerantly(field any, broken *error) any {
	switch f := field.(type) {
	case *int32:
		return tolerant{(*smallColumn)(f), broken}
	case sql.Scanner:
		return tolerant{f, broken}
	}
	return field
}

// Scan reads what can be read.
func (t tolerant) Scan(value any) error {
	if err := t.field.Scan(value); err != nil && *t.broken == nil {
		*t.broken = err
	}
	return nil
}

// UnreadableRow is the error of a row that holds a value which was never
// written there.
type UnreadableRow struct {
	Table, Owner string
	Err          error
}

// Error names the table and the owner.
func (u *UnreadableRow) Error() string {
	return fmt.Sprintf("a row of %s in %s cannot be read: %v", u.Owner, u.Table, u.Err)
}

// Unwrap returns what reading the row met.
func (u *UnreadableRow) Unwrap() error { return u.Err }

// targets gives what a row scans an owner and fields into.
func targets(owner *string, fields []any) []any {
	dest := append(make([]any, 0, 1+len(fields)), owner)
	for _, f := range fields {
		switch field := f.(type) {
		case *[32]byte:
			f = (*hashColumn)(field)
		case *bool:
			f = (*bitColumn)(field)
		}
		dest = append(dest, f)
	}
	return dest
}

// hashColumn reads a hash; where there is none it is zero.
type hashColumn [32]byte

// Scan reads 32 bytes, or NULL.
func (h *hashColumn) Scan(value any) error {
	b, _ := value.([]byte)
	if value != nil && len(b) != len(h) {
		return fmt.Errorf("a hash has %d bytes, not %d", len(b), len(h))
	}
	*h = hashColumn{}
	copy(h[:], b)
	return nil
}

// comparedHash reads a hash that verify holds against what it is the hash of, or that
// the digest of its row covers. One of another length counts as none: verify names its
// row, as it does that of one with a wrong byte, and goes on with the next.
type comparedHash [32]byte

// Scan reads 32 bytes.
func (h *comparedHash) Scan(value any) error {
	if (*hashColumn)(h).Scan(value) != nil {
		*h = comparedHash{}
	}
	return nil
}

// stateColumn reads and writes the state of books; see account.Books.PackState.
type stateColumn account.Books

// Scan reads what was packed. Of a state that cannot be read the books say so: the
// other accounts of a batch are not concerned.
func (s *stateColumn) Scan(value any) error {
	content, _ := value.([]byte)
	s.Broken = (*account.Books)(s).UnpackState(content)
	return nil
}

// bitColumn reads a bool that is stored as 0 or 1.
type bitColumn bool

// Scan reads the number.
func (b *bitColumn) Scan(value any) error {
	bit, is := value.(int64)
	if !is || bit&^1 != 0 {
		return fmt.Errorf("%v is neither 0 nor 1", value)
	}
	*b = bit == 1
	return nil
}

// smallColumn reads a number that is stored in more bits than it needs.
type smallColumn int32

// Scan reads the number.
func (s *smallColumn) Scan(value any) error {
	n, is := value.(int64)
	if !is || int64(int32(n)) != n {
		return fmt.Errorf("%v is no number of 32 bits", value)
	}
	*s = smallColumn(n)
	return nil
}

// measures are stored as JSON sorted by meter: {"cpu":4000,"gpu":0}.
type measures []metering.Measure

func (m *measures) text() string {
	text := []byte{'{'}
	for i, measure := range *m {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(appendText(text, measure.Meter), ':')
		text = strconv.AppendInt(text, measure.Value, 10)
	}
	return string(append(text, '}'))
}

// appendText appends a JSON string.
func appendText(text []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings can always be written
	}
	return append(text, quoted...)
}

// Scan reads the JSON.
func (m *measures) Scan(value any) error {
	text, _ := value.(string)
	values := map[string]int64{}
	if err := json.Unmarshal([]byte(text), &values); err != nil {
		return fmt.Errorf("the measures %q: %w", text, err)
	}
	*m = make(measures, 0, len(values))
	for meter, v := range values {
		*m = append(*m, metering.Measure{Meter: meter, Value: v})
	}
	slices.SortFunc(*m, func(a, b metering.Measure) int { return strings.Compare(a.Meter, b.Meter) })
	return nil
}

// sentMeasures are measures as they were sent, in which a meter may be named
// twice. They are stored as a JSON list: [["cpu",4000],["cpu",1]].
type sentMeasures []metering.Measure

func (m *sentMeasures) text() string {
	pairs := make([][2]any, len(*m))
	for i, measure := range *m {
		pairs[i] = [2]any{measure.Meter, measure.Value}
	}
	text, err := json.Marshal(pairs)
	if err != nil {
		panic(err) // strings and integers can always be written
	}
	return string(text)
}

// Scan reads the JSON.
func (m *sentMeasures) Scan(value any) error {
	text, _ := value.(string)
	var pairs [][]json.RawMessage
	if err := json.Unmarshal([]byte(text), &pairs); err != nil {
		return fmt.Errorf("the measures %q: %w", text, err)
	}
	*m = nil
	for _, pair := range pairs {
		if len(pair) != 2 {
			return fmt.Errorf("the measures %q: one has %d parts", text, len(pair))
		}
		var measure metering.Measure
		if err := errors.Join(json.Unmarshal(pair[0], &measure.Meter), json.Unmarshal(pair[1], &measure.Value)); err != nil {
			return fmt.Errorf("the measures %q: %w", text, err)
		}
		*m = append(*m, measure)
	}
	return nil
}
