package usagefile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// Mapping says how the rows of a file become usage events. It does not change
// once it is parsed, and can serve several files.
type Mapping struct {
	source                string
	product               named
	id, account, resource text
	point                 bool
	from, to              moment // to is nil for a point in time
	meters                []meter
	columns               []column
}

// named is a name from the mapping, and the place file:line:column where it stands.
type named struct{ name, place string }

// column is a column that a mapping uses: its name, and where it is first used.
type column struct{ name, place string }

// meter is one meter of a mapping and the expression for its rate or quantity.
type meter struct {
	named
	value expression
}

// moment reads an instant from a row.
type moment func(row []string) (calendar.Instant, *refusal.Error)

// Parse reads a mapping; file names it in places. All faults that can be seen
// without a CSV file are returned together, each a refusal with code bad_input
// and the place file:line:column.
func Parse(file string, source []byte) (*Mapping, error) {
	raw, err := decode(file, source)
	if err != nil {
		return nil, err
	}
	c := &compiler{file: file}
	m := &Mapping{
		source:   c.plain(raw.Source, "source"),
		product:  named{c.plain(raw.Product, "product"), raw.Product.in(file)},
		id:       c.template(raw.Event.ID, "event.id"),
		account:  c.template(raw.Event.Account, "event.account"),
		resource: c.template(raw.Event.Resource, "event.resource"),
	}
	switch interval, at := raw.Event.Interval, raw.Event.At; {
	case (interval == nil) == (at == nil):
		c.refuse(file, "event needs either interval or at, and not both", "say when the usage happened")
	case at != nil:
		m.point = true
		instant := c.unit(at.Unit, "event.at.unit", raw.Origin)
		m.from = instant(at.Time, "event.at.time")
	default:
		instant := c.unit(interval.Unit, "event.interval.unit", raw.Origin)
		m.from = instant(interval.From, "event.interval.from")
		m.to = instant(interval.To, "event.interval.to")
	}
	m.meters = c.meters(raw.Event.Meters)
	m.columns = c.columns
	if len(c.faults) > 0 {
		return nil, errors.Join(c.faults...)
	}
	return m, nil
}

// compiler turns the texts of a mapping into functions of a row. It numbers the
// columns as it meets them and collects every fault.
type compiler struct {
	file    string
	columns []column
	faults  []error
}

func (c *compiler) refuse(place, message, hint string) {
	c.faults = append(c.faults, refusal.New(refusal.BadInput, "%s", message).At(place).Do("%s", hint))
}

func (c *compiler) refuseAt(s scalar, message, hint string) {
	c.refuse(s.in(c.file), message, hint)
}

// present says whether a text is there, and refuses one that is missing.
func (c *compiler) present(s scalar, field string) bool {
	if s.text == "" {
		c.refuse(c.file, field+" is missing", "give it a value")
	}
	return s.text != ""
}

func (c *compiler) plain(s scalar, field string) string {
	c.present(s, field)
	return s.text
}

// column numbers a column: rows hold just those that the mapping uses, in this order.
func (c *compiler) column(name string, at scalar) int {
	for i := range c.columns {
		if c.columns[i].name == name {
			return i
		}
	}
	c.columns = append(c.columns, column{name: name, place: at.in(c.file)})
	return len(c.columns) - 1
}

// units are the lengths of the units that instants are counted in from origin.
var units = map[string]calendar.Duration{
	"millisecond": calendar.Second / 1000,
	"second":      calendar.Second,
	"minute":      calendar.Minute,
	"hour":        calendar.HourLength,
}

// unit returns how the instants of an event are to be read.
func (c *compiler) unit(unit scalar, field string, origin scalar) func(scalar, string) moment {
	if !c.present(unit, field) {
		return func(scalar, string) moment { return nil }
	}
	if unit.text == "rfc3339" {
		if origin.text != "" {
			c.refuseAt(origin, "origin has no use where the unit is rfc3339", "leave it out")
		}
		return c.written
	}
	length, known := units[unit.text]
	if !known {
		c.refuseAt(unit, fmt.Sprintf("%q is not a unit", unit.text), "use millisecond, second, minute, hour or rfc3339")
	}
	var zero calendar.Instant
	if c.present(origin, "origin") {
		var err error
		if zero, err = calendar.ParseInstant(origin.text); err != nil {
			c.refuseAt(origin, fmt.Sprintf("origin %q is not an instant", origin.text), "write it as 2026-01-01T00:00:00+08:00")
		}
	}
	return func(s scalar, field string) moment { return c.counted(s, field, zero, length) }
}

// counted reads an instant that is a number of units after origin.
func (c *compiler) counted(s scalar, field string, origin calendar.Instant, unit calendar.Duration) moment {
	count := c.expression(s, field)
	return func(row []string) (calendar.Instant, *refusal.Error) {
		n, err := count(row)
		if err != nil {
			return 0, err
		}
		after, err := operate("*", n, int64(unit))
		if err != nil {
			return 0, err
		}
		at, err := operate("+", int64(origin), after)
		return calendar.Instant(at), err
	}
}

// written reads an instant that a column holds as text.
func (c *compiler) written(s scalar, field string) moment {
	if !c.present(s, field) {
		return nil
	}
	if !isName(s.text) {
		c.refuseAt(s, fmt.Sprintf("%q is not the name of a column", s.text), "name the column that holds the instant")
		return nil
	}
	i := c.column(s.text, s)
	return func(row []string) (calendar.Instant, *refusal.Error) {
		at, err := calendar.ParseInstant(row[i])
		if err == nil {
			return at, nil
		}
		if row[i] == "" {
			return 0, empty(s.text)
		}
		return 0, unreadable(s.text, row[i], "an instant").Do("write it as 2026-01-01T00:00:00+08:00")
	}
}

func (c *compiler) meters(raw meterScalars) []meter {
	if len(raw) == 0 {
		c.refuse(c.file, "event.meters is missing", "name at least one meter")
	}
	var out []meter
	for _, m := range raw {
		name := m.name.text
		out = append(out, meter{named: named{name, m.name.in(c.file)}, value: c.expression(m.value, "event.meters."+name)})
	}
	slices.SortFunc(out, func(a, b meter) int { return strings.Compare(a.name, b.name) })
	return out
}
