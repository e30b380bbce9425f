package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// raw lets f talk to the driver of the connection that the transaction is on.
// database/sql rolls a transaction back when the context ends that it was begun
// with, and the connection would take what comes then as statements of their own.
// It cannot do so while f runs.
func (tx *Tx) raw(f func(conn any) error) error {
	return tx.conn.Raw(func(conn any) error {
		if err := tx.began.Err(); err != nil {
			return errors.Join(sql.ErrTxDone, err)
		}
		return f(conn)
	})
}

// eachRaw is each without database/sql between, which converts every value once
// more and takes a lock for every row. The values are the driver's until the next
// row.
func (tx *Tx) eachRaw(ctx context.Context, text string, args []any, read func([]driver.Value) error) error {
	tx.statements++
	return tx.statement(text, func() error {
		return tx.raw(func(conn any) error {
			querier, can := conn.(driver.QueryerContext)
			if !can {
				return fmt.Errorf("store: the database's driver has connections of type %T", conn)
			}
			named, err := namedValues(args)
			if err != nil {
				return explained(err)
			}
			rows, err := querier.QueryContext(ctx, text, named)
			if err != nil {
				return explained(err)
			}
			return drainRaw(rows, read)
		})
	})
}

// namedValues gives arguments as a driver takes them. Lists are PostgreSQL's own.
func namedValues(args []any) ([]driver.NamedValue, error) {
	named := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: arg}
		switch arg.(type) {
		case []string, []int64, [][]byte:
			continue
		}
		value, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			return nil, err
		}
		named[i].Value = value
	}
	return named, nil
}

func drainRaw(rows driver.Rows, read func([]driver.Value) error) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	values := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(values); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return explained(err)
		}
		if err := read(values); err != nil {
			return explained(err)
		}
	}
}
