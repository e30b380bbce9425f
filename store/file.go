package store

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// maxPrepared bounds the statements that are kept; there are not so many.
const maxPrepared = 512

// file is a connection to a SQLite file. It talks to the driver itself:
// database/sql looks at each argument and each value again and takes locks for each
// statement and each row, which is dear where a statement takes microseconds.
type file struct {
	conn *sql.Conn
	// prepared are the statements that were prepared; nil on a connection of the
	// pool of readers, which keeps none.
	prepared map[string]driver.Stmt
	begun    bool
}

func (f *file) waits() bool { return false }

func (f *file) send(ctx context.Context, seen seen, calls []*call) error {
	for _, c := range calls {
		if err := seen.watch.call(seen.call(c), func() error { return f.make(ctx, c) }); err != nil {
			return c.failed(err)
		}
		if err := c.check(); err != nil {
			return err
		}
	}
	return nil
}

// make makes one call. The driver watches a context that can be cancelled with a
// goroutine for each statement, and what it breaks off can take the whole
// transaction with it, which others may share: where statements write, looking at
// the context between them is enough. What begins or ends a transaction is never
// broken off: it would not be known whether it had.
func (f *file) make(ctx context.Context, c *call) error {
	quiet := ctx
	if f.prepared != nil || c.kind != Statement {
		quiet = context.WithoutCancel(ctx)
	}
	err := f.conn.Raw(func(conn any) error {
		made := 0
		if c.chunk > 0 && c.times >= c.chunk {
			made = c.times - c.times%c.chunk
			if err := f.run(ctx, quiet, conn, c, c.chunked, 0, made, c.chunk); err != nil {
				return err
			}
		}
		return f.run(ctx, quiet, conn, c, c.text, made, c.times, 1)
	})
	if err == nil {
		f.begun = c.kind != Commit
	}
	return err
}

// run runs a text for the call's times from one to before another, several at once.
func (f *file) run(ctx, quiet context.Context, conn any, c *call, text string, from, to, atOnce int) (err error) {
	if from == to {
		return nil
	}
	statement, kept, err := f.statement(quiet, conn, text)
	if err != nil {
		return err
	}
	if !kept {
		defer func() { err = errors.Join(err, statement.Close()) }()
	}
	var args []driver.NamedValue
	for i := from; i < to; i += atOnce {
		if err := ctx.Err(); err != nil && c.kind == Statement {
			return err
		}
		args = args[:0]
		for j := range atOnce {
			if args, err = appendArgs(args, c.args(i+j)); err != nil {
				return err
			}
		}
		if err := c.runFile(quiet, statement, args); err != nil {
			return err
		}
	}
	return nil
}

// statement finds a prepared text, or prepares it. It is kept where there is room.
func (f *file) statement(ctx context.Context, conn any, text string) (statement driver.Stmt, kept bool, err error) {
	if statement, kept = f.prepared[text]; kept {
		return statement, true, nil
	}
	preparer, can := conn.(driver.ConnPrepareContext)
	if !can {
		return nil, false, fmt.Errorf("store: SQLite's driver has connections of type %T", conn)
	}
	if statement, err = preparer.PrepareContext(ctx, text); err != nil {
		return nil, false, err
	}
	if kept = f.prepared != nil && len(f.prepared) < maxPrepared; kept {
		f.prepared[text] = statement
	}
	return statement, kept, nil
}

// sqliteStatement is what the driver's statements can do.
type sqliteStatement interface {
	driver.StmtExecContext
	driver.StmtQueryContext
}

func (c *call) runFile(ctx context.Context, prepared driver.Stmt, args []driver.NamedValue) error {
	statement, can := prepared.(sqliteStatement)
	if !can {
		return fmt.Errorf("store: SQLite's driver gives statements of type %T", prepared)
	}
	if c.scan != nil {
		rows, err := statement.QueryContext(ctx, args)
		if err != nil {
			return err
		}
		return drain(rows, c.scan)
	}
	result, err := statement.ExecContext(ctx, args)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	c.changed += n
	return err
}

// appendArgs appends arguments as a driver takes them.
func appendArgs(args []driver.NamedValue, values []any) ([]driver.NamedValue, error) {
	for _, value := range values {
		switch value.(type) {
		case int64, string, []byte:
		default:
			converted, err := driver.DefaultParameterConverter.ConvertValue(value)
			if err != nil {
				return nil, err
			}
			value = converted
		}
		args = append(args, driver.NamedValue{Ordinal: len(args) + 1, Value: value})
	}
	return args, nil
}

func (f *file) rollback(ctx context.Context) error {
	if !f.begun {
		return nil
	}
	f.begun = false
	_, err := f.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	if err == nil {
		return nil
	}
	// Nobody knows how the connection stands: it is not used again.
	err = errors.Join(err, f.forget())
	_ = f.conn.Raw(func(any) error { return driver.ErrBadConn })
	return err
}

// forget closes what was prepared.
func (f *file) forget() (err error) {
	for _, statement := range f.prepared {
		err = errors.Join(err, statement.Close())
	}
	clear(f.prepared)
	return err
}

func drain(rows driver.Rows, scan func(scanner) error) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make(fileRow, len(rows.Columns()))
	for {
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := scan(row); err != nil {
			return err
		}
	}
}

// fileRow is a row as the driver gives it. Its bytes are the driver's until the
// next row.
type fileRow []driver.Value

// Scan puts the row's values into fields.
func (r fileRow) Scan(dest ...any) error {
	if len(dest) != len(r) {
		return fmt.Errorf("a row of %d values is read into %d fields", len(r), len(dest))
	}
	for i, field := range dest {
		if err := assign(field, r[i]); err != nil {
			return err
		}
	}
	return nil
}

// assign puts a value into a field.
func assign(field any, value driver.Value) error {
	switch f := field.(type) {
	case *int64:
		if v, is := value.(int64); is {
			*f = v
			return nil
		}
	case *string:
		if v, is := value.(string); is {
			*f = v
			return nil
		}
	case *[]byte:
		switch v := value.(type) {
		case []byte:
			*f = bytes.Clone(v)
			return nil
		case string: // JSON, which the driver gives as text
			*f = []byte(v)
			return nil
		}
	case *bool:
		if v, is := value.(bool); is {
			*f = v
			return nil
		}
	case *any:
		*f = value
		return nil
	case sql.Scanner:
		return f.Scan(value)
	}
	return assignKind(field, value)
}

// assignKind is assign for fields of types of their own.
func assignKind(field any, value driver.Value) error {
	f := reflect.ValueOf(field).Elem()
	switch v := value.(type) {
	case string:
		if f.Kind() == reflect.String {
			f.SetString(v)
			return nil
		}
	case int64:
		if f.CanInt() && !f.OverflowInt(v) {
			f.SetInt(v)
			return nil
		}
	}
	return fmt.Errorf("a field of type %T cannot hold %T %v", field, value, value)
}
