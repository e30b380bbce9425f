package enginelimit

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// SQLite writes over one connection to a SQLite database, for one caller at a time.
type SQLite struct {
	mu       sync.Mutex
	conn     *sql.Conn
	prepared map[string]statement
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
}

// NewSQLite takes a connection of a database.
func NewSQLite(ctx context.Context, db *sql.DB) (*SQLite, error) {
	conn, err := db.Conn(ctx)
	return &SQLite{conn: conn, prepared: map[string]statement{}}, err
}

// Close gives the connection back.
func (s *SQLite) Close() (err error) {
	for _, p := range s.prepared {
		err = errors.Join(err, p.Close())
	}
	return errors.Join(err, s.conn.Close())
}

// Exec runs statements that are not measured.
func (s *SQLite) Exec(ctx context.Context, text string) error {
	_, err := s.conn.ExecContext(ctx, text)
	return err
}

// InTransaction runs f in a transaction that is durable when it returns without an
// error. Nobody else writes meanwhile.
func (s *SQLite) InTransaction(ctx context.Context, f func() error) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_, failed := s.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
			err = errors.Join(err, failed)
		}
	}()
	if err := f(); err != nil {
		return err
	}
	_, err = s.conn.ExecContext(ctx, "COMMIT")
	return err
}

// maxParameters bounds the parameters of a statement: more make it no faster.
const maxParameters = 500

// Insert writes rows, all of one length, in a transaction. before is the text up to
// VALUES, and after what follows the rows; it may be empty.
func (s *SQLite) Insert(ctx context.Context, before, after string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	columns := len(rows[0])
	together := max(1, maxParameters/columns)
	for len(rows) > 0 {
		if together > len(rows) {
			together = 1
		}
		if err := s.insert(ctx, before, after, columns, rows[:together]); err != nil {
			return err
		}
		rows = rows[together:]
	}
	return nil
}

func (s *SQLite) insert(ctx context.Context, before, after string, columns int, rows [][]any) error {
	row := "(?" + strings.Repeat(", ?", columns-1) + ")"
	text := before + " VALUES " + row + strings.Repeat(", "+row, len(rows)-1) + after
	args := make([]driver.NamedValue, 0, columns*len(rows))
	for _, values := range rows {
		for _, value := range values {
			args = append(args, driver.NamedValue{Ordinal: len(args) + 1, Value: value})
		}
	}
	return s.conn.Raw(func(conn any) error {
		prepared, known := s.prepared[text]
		if !known {
			made, err := conn.(driver.ConnPrepareContext).PrepareContext(ctx, text)
			if err != nil {
				return err
			}
			if prepared, known = made.(statement); !known {
				return fmt.Errorf("enginelimit: SQLite's driver gives statements of type %T", made)
			}
			s.prepared[text] = prepared
		}
		_, err := prepared.ExecContext(ctx, args)
		return err
	})
}
