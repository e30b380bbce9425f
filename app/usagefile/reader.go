package usagefile

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
)

// Row is one row of a file.
type Row struct {
	// Event is what the row says, as far as it can be read.
	metering.Event
	// Place is "file:line", and names a column where the row has a fault.
	Place string
	// Fault says why the row is no usage event; nil when it is one.
	Fault error
}

// Reader reads the rows of one file, in order, as they are asked for.
type Reader struct {
	mapping *Mapping
	name    string
	csv     *csv.Reader
	index   []int    // of each of the mapping's columns in the file
	row     []string // the mapping's columns of the row that is being read
}

// Read begins to read a CSV file whose first line names its columns; name is the
// file's name in places. Columns that the mapping uses and the file does not
// have exactly once are refused, all together, with the mapping's places.
func (m *Mapping) Read(name string, file io.Reader) (*Reader, error) {
	buffered := bufio.NewReader(file)
	if lead, err := buffered.Peek(3); err == nil && string(lead) == "\ufeff" {
		if _, err := buffered.Discard(3); err != nil {
			return nil, fmt.Errorf("usagefile: reading %s: %w", name, err)
		}
	}
	r := &Reader{mapping: m, name: name, csv: csv.NewReader(buffered), row: make([]string, len(m.columns))}
	header, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, refusal.New(refusal.BadInput, "the file is empty").At(name).Do("name the columns in its first line")
	}
	if err != nil {
		return nil, r.broken(err, nil)
	}
	if err := r.bind(header); err != nil {
		return nil, err
	}
	r.csv.ReuseRecord = true
	return r, nil
}

// bind finds the mapping's columns in the file.
func (r *Reader) bind(header []string) error {
	var faults []error
	for _, c := range r.mapping.columns {
		i := slices.Index(header, c.name)
		switch {
		case i < 0:
			faults = append(faults, refusal.New(refusal.BadInput, "%s has no column %q", r.name, c.name).
				At(c.place).Do("%s", suggest(c.name, header)))
		case slices.Contains(header[i+1:], c.name):
			faults = append(faults, refusal.New(refusal.BadInput, "%s has column %q twice", r.name, c.name).
				At(c.place).Do("give each column its own name"))
		}
		r.index = append(r.index, i)
	}
	return errors.Join(faults...)
}

// suggest names the column that is most like a word; else it names all columns.
func suggest(word string, header []string) string {
	if best := nearest(word, header); best != "" {
		return fmt.Sprintf("did you mean %s?", best)
	}
	return "it has: " + strings.Join(header, ", ")
}

// nearest returns the name that has most of a word's pairs of neighbouring
// letters, in either order, if it has half of them; else nothing.
func nearest(word string, names []string) string {
	pairs := func(name string) (shared int) {
		for i := 1; i < len(word); i++ {
			if strings.Contains(name, word[i-1:i+1]) || strings.Contains(name, word[i:i+1]+word[i-1:i]) {
				shared++
			}
		}
		return shared
	}
	if len(names) == 0 {
		return ""
	}
	best := slices.MaxFunc(names, func(a, b string) int { return cmp.Compare(pairs(a), pairs(b)) })
	if 2*pairs(best) < len(word) {
		return ""
	}
	return best
}

// Next returns the next row, or io.EOF after the last. A row whose values
// cannot be read is a row with a fault; where the file is no longer CSV, or a
// row has more or fewer fields than there are columns, nothing after it can be
// trusted, and Next refuses with code bad_input and the place file:line:column.
func (r *Reader) Next() (Row, error) {
	record, err := r.csv.Read()
	if err != nil {
		return Row{}, r.broken(err, record)
	}
	for i, at := range r.index {
		r.row[i] = record[at]
	}
	line, _ := r.csv.FieldPos(0)
	return r.event(fmt.Sprintf("%s:%d", r.name, line)), nil
}

func (r *Reader) broken(err error, record []string) error {
	var syntax *csv.ParseError
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	if !errors.As(err, &syntax) {
		return fmt.Errorf("usagefile: reading %s: %w", r.name, err)
	}
	place := fmt.Sprintf("%s:%d:%d", r.name, syntax.Line, syntax.Column)
	message := fmt.Sprintf("this is not CSV: %v", syntax.Err)
	if errors.Is(err, csv.ErrFieldCount) {
		message = fmt.Sprintf("the row has %d fields, the first line has %d", len(record), r.csv.FieldsPerRecord)
	}
	return refusal.New(refusal.BadInput, "%s", message).At(place).
		Do("correct the file and import it again; events that were accepted are not accepted twice")
}

// event reads the row that is in r.row. It reads on after a fault, and keeps the
// first, so that a refused row can be listed under its account.
func (r *Reader) event(place string) Row {
	m := r.mapping
	row := Row{Place: place, Event: metering.Event{Source: m.source, Product: m.product.name, Point: m.point}}
	row.ID = row.text(m.id, r.row, "id")
	row.Account = row.text(m.account, r.row, "account")
	row.Resource = row.text(m.resource, r.row, "resource")
	m.readTime(&row, r.row)
	for _, meter := range m.meters {
		value, err := meter.value(r.row)
		row.fail(err)
		row.Measures = append(row.Measures, metering.Measure{Meter: meter.name, Value: value})
	}
	return row
}

// fail keeps a row's first fault: its place goes to the row's.
func (row *Row) fail(err *refusal.Error) {
	if err == nil || row.Fault != nil {
		return
	}
	if err.Place != "" {
		row.Place += ": " + err.Place
	}
	row.Fault = err.At("")
}

func (row *Row) text(t text, fields []string, what string) string {
	s, err := t(fields)
	if err == nil && s == "" {
		err = refusal.New(refusal.BadInput, "the row has no %s", what).Do("give each row one")
	}
	row.fail(err)
	return s
}

// readTime reads when the usage happened. What cannot be read is refused as an
// interval; whether an interval counts as use is for the terms to say.
func (m *Mapping) readTime(row *Row, fields []string) {
	var err *refusal.Error
	row.From, err = m.from(fields)
	row.fail(untimed(err, "start"))
	if row.To = row.From; m.to == nil {
		return
	}
	row.To, err = m.to(fields)
	row.fail(untimed(err, "end"))
}

// untimed says of a value that cannot be read that the usage has no start or end.
func untimed(err *refusal.Error, what string) *refusal.Error {
	if err == nil || err.Code != refusal.BadInput {
		return err
	}
	return refusal.New(refusal.BadInterval, "the usage has no %s: %s", what, err.Message).At(err.Place).Do("%s", err.Hint)
}
