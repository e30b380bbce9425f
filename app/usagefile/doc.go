// Package usagefile reads usage from CSV files, as a mapping describes them.
//
// Owns: the mapping (a YAML file), the integer expressions and templates in it,
// and reading a CSV file row by row into usage events. Does not own: whether an
// event is acceptable (core/metering and the use case), or what becomes of it.
//
// Invariants: every row becomes an event or a fault that names its line; a
// faulty row still says which event of whose account it is, as far as it can be
// read; arithmetic is exact or refused; one file and one mapping always give
// the same events.
//
// Clauses: none of its own. That a row without a start, or one that does not
// end after it starts, counts as no use is the product page's rule.
//
// # The mapping
//
//	source: trace             # the events' source; an id is unique inside it
//	product: compute          # the product that is used
//	origin: 2026-01-01T00:00:00+08:00 # the instant that numbers count from
//	event:
//	  id: name                # TEMPLATE
//	  account: "c-{number(name) mod 200:03}" # TEMPLATE
//	  resource: name          # TEMPLATE
//	  interval: { from: start, to: start + length, unit: second } # EXPRESSIONS
//	  meters:
//	    cpu: cpu_milli        # EXPRESSION
//
// An EXPRESSION is made of whole numbers, columns, + - * mod and parentheses.
// number(COLUMN) is the last run of digits in a column. Columns are named by
// the file's first line; those that the mapping uses consist of letters,
// digits, underscores and dots, and do not begin with a digit.
//
// A TEMPLATE is the name of one column, or text with {EXPRESSION} in it;
// {COLUMN} stands for the column as it is written, {EXPRESSION:03} for a number
// of at least three digits.
//
// Units are millisecond, second, minute and hour, counted from origin, and
// rfc3339, which takes a column as an instant and has no origin. In place of
// interval, "at: { time: EXPRESSION, unit: UNIT }" says that usage happened at
// one instant: meters then hold quantities and not rates per second.
package usagefile
