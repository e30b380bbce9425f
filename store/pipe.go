package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
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
	calls = atOnce(p.merged(calls))
	if len(calls) == 0 {
		return nil
	}
	session, conn := p.session(), p.conn.PgConn()
	if err := session.bind(ctx, conn, calls); err != nil {
		return err
	}
	pipeline := conn.StartPipeline(ctx)
	defer func() {
		// What is a transaction by itself is committed at the end.
		if closing := pipeline.Close(); err == nil && closing != nil {
			err = calls[len(calls)-1].answered(session, closing)
		}
	}()
	if err := session.send(pipeline); err != nil {
		return calls[0].failed(err)
	}
	for _, c := range calls {
		for range c.times {
			if err := c.read(session.types, pipeline); err != nil {
				return c.answered(session, err)
			}
		}
		if err := c.check(); err != nil {
			return err
		}
	}
	return nil
}

// atOnce leaves out a BEGIN and a COMMIT that are sent together: what is sent at once
// is a transaction by itself.
func atOnce(calls []*call) []*call {
	if last := len(calls) - 1; calls[0].kind == Begin && calls[last].kind == Commit {
		return calls[1:last]
	}
	return calls
}

// errRolledBack is what a COMMIT comes to in a transaction that has failed.
var errRolledBack = errors.New("store: the transaction was rolled back where it should have been committed")

func (c *call) read(types *pgtype.Map, pipeline *pgconn.Pipeline) error {
	results, err := pipeline.GetResults()
	if err != nil {
		return err
	}
	reader, is := results.(*pgconn.ResultReader)
	if !is {
		return fmt.Errorf("the server answers %T", results)
	}
	row := answer{types: types, fields: reader.FieldDescriptions()}
	for reader.NextRow() {
		if c.scan == nil {
			continue
		}
		row.values = reader.Values()
		if err := c.scan(&row); err != nil {
			return err
		}
	}
	tag, err := reader.Close()
	switch {
	case err != nil:
		return err
	case c.kind == Commit && tag.String() != "COMMIT":
		return errRolledBack
	case c.scan == nil:
		c.changed += tag.RowsAffected()
	}
	return nil
}

// answered explains an error that the server answered.
func (c *call) answered(s *session, err error) error {
	pg := (*pgconn.PgError)(nil)
	if !errors.As(err, &pg) {
		return c.failed(err)
	}
	return cmp.Or(s.lost(pg), c.failing(pg), c.failed(err))
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
