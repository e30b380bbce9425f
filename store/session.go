package store

import (
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// session is what is kept of a connection to PostgreSQL from one transaction to the
// next: the statements that it has prepared, and room for their arguments. Values
// cross the wire as they lie in memory, past the driver's general conversions.
type session struct {
	types    *pgtype.Map
	prepared map[string]*statement
	made     int // counts the statements that were ever prepared, to name them

	bound  []binding
	values [][]byte
	format []int16
	room   []byte
}

// statement is a text that the server has parsed.
type statement struct {
	*pgconn.StatementDescription
	results []int16 // the formats of its columns
}

// binding is a statement with its arguments, which lie in the session's values from
// one place to before another.
type binding struct {
	statement *statement
	from, to  int
}

// newRoom makes room that is there while nothing is in it: on the wire no room at all
// stands for NULL, and an empty text is none.
func newRoom() []byte { return make([]byte, 0, 4096) }

// maxRoom bounds the room that a connection keeps for its next transaction.
const maxRoom = 1 << 20

// sessionKey is where a connection keeps its session.
const sessionKey = "termwise.session"

func (p *pipe) session() *session {
	kept := p.conn.PgConn().CustomData()
	if s, is := kept[sessionKey].(*session); is {
		return s
	}
	s := &session{types: p.conn.TypeMap(), prepared: map[string]*statement{}, room: newRoom()}
	kept[sessionKey] = s
	return s
}

// bind prepares what is not prepared yet and lays out the arguments of calls, before
// anything is sent.
func (s *session) bind(ctx context.Context, conn *pgconn.PgConn, calls []*call) error {
	if len(s.prepared) > maxPrepared {
		if err := s.forget(ctx, conn); err != nil {
			return err
		}
	}
	s.bound, s.values, s.format, s.room = s.bound[:0], s.values[:0], s.format[:0], s.room[:0]
	if cap(s.room) > maxRoom {
		s.bound, s.values, s.format, s.room = nil, nil, nil, newRoom()
	}
	for _, c := range calls {
		st, err := s.prepare(ctx, conn, c.text)
		if err != nil {
			return c.failed(err)
		}
		for i := range c.times {
			from := len(s.values)
			if err := s.lay(st, c.args(i)); err != nil {
				return c.failed(err)
			}
			s.bound = append(s.bound, binding{st, from, len(s.values)})
		}
	}
	return nil
}

// forget gives all statements up.
func (s *session) forget(ctx context.Context, conn *pgconn.PgConn) error {
	pipeline := conn.StartPipeline(ctx)
	for _, st := range s.prepared {
		pipeline.SendDeallocate(st.Name)
	}
	clear(s.prepared)
	if err := errors.Join(pipeline.Sync(), pipeline.Close()); err != nil {
		return fmt.Errorf("store: giving up prepared statements: %w", err)
	}
	return nil
}

// lost forgets the statements when the server says that it has lost one, or that a
// table has changed under it, and returns the error that says so.
func (s *session) lost(answered *pgconn.PgError) error {
	gone := answered.Code == unknownStatement || answered.Code == notSupported && strings.Contains(answered.Message, "cached plan")
	if !gone {
		return nil
	}
	clear(s.prepared)
	return errors.Join(errUnprepared, answered)
}

// errUnprepared says that a connection's statements were lost. They are prepared
// again, and the transaction is run again.
var errUnprepared = errors.New("store: the server has lost a prepared statement")

func (s *session) prepare(ctx context.Context, conn *pgconn.PgConn, text string) (*statement, error) {
	if st := s.prepared[text]; st != nil {
		return st, nil
	}
	s.made++
	description, err := conn.Prepare(ctx, "termwise_"+strconv.Itoa(s.made), text, nil)
	if err != nil {
		return nil, err
	}
	st := &statement{description, make([]int16, len(description.Fields))}
	for i, field := range description.Fields {
		st.results[i] = s.types.FormatCodeForOID(field.DataTypeOID)
	}
	s.prepared[text] = st
	return st, nil
}

// lay lays out the arguments of a statement.
func (s *session) lay(st *statement, args []any) (err error) {
	if len(args) != len(st.ParamOIDs) {
		return fmt.Errorf("%d arguments are given for %d parameters", len(args), len(st.ParamOIDs))
	}
	for i, arg := range args {
		from, format, none := len(s.room), int16(pgtype.BinaryFormatCode), false
		switch v := arg.(type) {
		case int64:
			if st.ParamOIDs[i] == pgtype.Int8OID {
				s.room = binary.BigEndian.AppendUint64(s.room, uint64(v))
				break
			}
			format, none, err = s.encode(st.ParamOIDs[i], v)
		case string: // of whatever type, in words
			s.room, format = append(s.room, v...), pgtype.TextFormatCode
		case []byte:
			s.room, none = append(s.room, v...), v == nil
		default:
			format, none, err = s.encode(st.ParamOIDs[i], v)
		}
		if err != nil {
			return fmt.Errorf("parameter %d: %w", i+1, err)
		}
		s.format = append(s.format, format)
		if none {
			s.values = append(s.values, nil)
			continue
		}
		s.values = append(s.values, s.room[from:len(s.room):len(s.room)])
	}
	return nil
}

// encode lays out an argument as the driver does.
func (s *session) encode(oid uint32, value any) (format int16, none bool, err error) {
	format = s.types.FormatCodeForOID(oid)
	room, err := s.types.Encode(oid, format, value, s.room)
	if err != nil || room == nil {
		return format, true, err
	}
	s.room = room
	return format, false, nil
}

// send sends what was bound, and a mark at the end: up to there it is one transaction
// unless a BEGIN says otherwise.
func (s *session) send(pipeline *pgconn.Pipeline) error {
	for _, b := range s.bound {
		pipeline.SendQueryStatement(b.statement.StatementDescription, s.values[b.from:b.to], s.format[b.from:b.to], b.statement.results)
	}
	return pipeline.Sync()
}

// answer is a row that the server has sent. Its bytes are the connection's until the
// next row.
type answer struct {
	types  *pgtype.Map
	fields []pgconn.FieldDescription
	values [][]byte
}

// Scan puts the row's values into fields.
func (a *answer) Scan(dest ...any) error {
	if len(dest) != len(a.values) {
		return fmt.Errorf("a row of %d values is read into %d fields", len(a.values), len(dest))
	}
	for i, field := range dest {
		if a.assign(field, a.fields[i].DataTypeOID, a.values[i]) {
			continue
		}
		value, err := a.value(i)
		if err != nil {
			return err
		}
		if err := assign(field, value); err != nil {
			return err
		}
	}
	return nil
}

// assign puts a value into a field of the plainest kinds, and says whether it could.
func (a *answer) assign(field any, oid uint32, value []byte) bool {
	switch f := field.(type) {
	case *int64:
		if oid == pgtype.Int8OID && len(value) == 8 {
			*f = int64(binary.BigEndian.Uint64(value))
			return true
		}
	case *string:
		if oid == pgtype.TextOID && value != nil {
			*f = string(value)
			return true
		}
	case *[]byte:
		if oid == pgtype.ByteaOID && value != nil {
			*f = bytes.Clone(value)
			return true
		}
	}
	return false
}

// value returns a value as a driver gives it.
func (a *answer) value(i int) (driver.Value, error) {
	oid, value := a.fields[i].DataTypeOID, a.values[i]
	switch {
	case value == nil:
		return nil, nil
	case oid == pgtype.ByteaOID:
		return value, nil
	case oid == pgtype.TextOID:
		return string(value), nil
	}
	kind, known := a.types.TypeForOID(oid)
	if !known {
		return string(value), nil
	}
	return kind.Codec.DecodeDatabaseSQLValue(a.types, oid, a.fields[i].Format, value)
}
