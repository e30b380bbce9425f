package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// pipe is a connection to PostgreSQL. Calls that are sent together cross the wire
// once: the server answers them one after the other and, when one fails, passes
// over the rest, a COMMIT among them.
type pipe struct {
	conn *pgx.Conn
	// sharded says that accounts live on several nodes; see DB.Sharded.
	sharded bool
}

func (p *pipe) waits() bool { return true }

// send tells the watcher of all calls before the first is sent, since then it is
// too late to break off any. An answer is told when all have come: that of a
// statement may be lost although the COMMIT behind it was made.
func (p *pipe) send(ctx context.Context, seen seen, calls []*call) error {
	told := make([]Call, len(calls))
	for i, c := range calls {
		told[i] = seen.call(c)
		if err := seen.watch.tell(&told[i]); err != nil {
			return c.failed(err)
		}
	}
	if err := p.exchange(ctx, calls); err != nil {
		return err
	}
	if seen.watch == nil {
		return nil
	}
	committed := calls[len(calls)-1].kind == Commit
	for i, c := range calls {
		told[i].Answered, told[i].Committed = true, committed && seen.writes
		if err := seen.watch(told[i]); err != nil {
			return c.failed(err)
		}
	}
	return nil
}

// exchange sends calls at once and reads the answers.
func (p *pipe) exchange(ctx context.Context, calls []*call) (err error) {
	batch := &pgx.Batch{}
	calls = p.merged(calls)
	for _, c := range calls {
		for i := range c.times {
			batch.Queue(c.text, c.args(i)...)
		}
	}
	answers := p.conn.SendBatch(ctx, batch)
	defer func() { err = errors.Join(err, ignoreSame(answers.Close(), err)) }()
	for _, c := range calls {
		for range c.times {
			if err := c.read(answers); err != nil {
				return c.answered(err)
			}
		}
		if err := c.check(); err != nil {
			return err
		}
	}
	return nil
}

// ignoreSame leaves out what closing says again.
func ignoreSame(closing, err error) error {
	if err != nil {
		return nil
	}
	return closing
}

// errRolledBack is what a COMMIT comes to in a transaction that has failed.
var errRolledBack = errors.New("store: the transaction was rolled back where it should have been committed")

func (c *call) read(answers pgx.BatchResults) error {
	if c.scan == nil {
		tag, err := answers.Exec()
		if err == nil && c.kind == Commit && tag.String() != "COMMIT" {
			return errRolledBack
		}
		c.changed += tag.RowsAffected()
		return err
	}
	rows, err := answers.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := c.scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// answered explains an error that the server answered.
func (c *call) answered(err error) error {
	if pg := (*pgconn.PgError)(nil); c.asks && errors.As(err, &pg) && pg.Code == divisionByZero {
		return c.orElse
	}
	return c.failed(err)
}

// rollback ends the transaction. Where that cannot be asked for any more, the
// connection is closed, and the server ends it.
func (p *pipe) rollback(ctx context.Context) error {
	if p.conn.IsClosed() || p.conn.PgConn().TxStatus() == 'I' {
		return nil
	}
	quiet := context.WithoutCancel(ctx)
	if ctx.Err() != nil {
		return p.conn.Close(ctx)
	}
	if _, err := p.conn.Exec(ctx, "ROLLBACK"); err != nil {
		return errors.Join(err, p.conn.Close(quiet))
	}
	return nil
}
