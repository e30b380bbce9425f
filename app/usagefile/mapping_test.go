package usagefile_test

import (
	"fmt"
	"strings"
	"testing"

	"termwise.dev/app/usagefile"
	"termwise.dev/core/refusal"
)

// sound is a mapping that the refused ones differ from in one line.
const sound = `source: trace
product: machines
origin: 2026-01-01T00:00:00Z
event:
  id: name
  account: "a-{number(name)}"
  resource: name
  interval: { from: start, to: end, unit: second }
  meters:
    cpu: milli
`

const soundFile = "name,start,end,milli\npod-1,0,60,1000\n"

func TestSoundMapping(t *testing.T) {
	if rows, err := readRows(sound, soundFile); err != nil || len(rows) != 1 || rows[0].Fault != nil {
		t.Fatalf("rows %+v, error %v", rows, err)
	}
}

// Faults of a mapping name their line and column, and what belongs there.
func TestRefusedMappings(t *testing.T) {
	const interval = "interval: { from: start, to: end, unit: second }"
	const useExpression = "; use whole numbers, columns, number(COLUMN), + - * mod and parentheses"
	tests := []struct{ name, old, new, want string }{
		{"not YAML", sound, "a: [", `usage.yaml:1:4: sequence end token ']' not found`},
		{"nothing", sound, "# nothing", `usage.yaml: the file holds 0 documents; write exactly one mapping`},
		{"two documents", "source: trace", "source: trace\n---", `usage.yaml: the file holds 2 documents; write exactly one mapping`},
		{"a list", sound, "- a", `usage.yaml:1:1: `},
		{"an unknown field", "product:", "produkt:", `usage.yaml:2:1: unknown field "produkt"; a mapping has source, product, origin and event; an event has id`},
		{"an unknown field inside", "resource:", "resources:", `usage.yaml:7:3: unknown field "resources"`},
		{"a field twice", "product: machines", "source: b", `usage.yaml:2:1: mapping key "source" already defined at [1:1]`},
		{"a meter twice", "    cpu: milli", "    cpu: milli\n    cpu: start", `usage.yaml:11:5: mapping key "cpu" already defined at [10:5]`},
		{"a list for a text", "product: machines", "product: [machines]", `usage.yaml:2:10: a text belongs here`},
		{"a mapping for a text", "    cpu: milli", "    cpu: { a: b }", `usage.yaml:10:10: a text belongs here`},
		{"a text for a mapping", interval, "interval: start", `usage.yaml:8:13: `},
		{"an alias", "product: machines", "product: *there", `usage.yaml:2:11: could not find alias "there"`},
		{"no value", "product: machines", "product:", `usage.yaml: product is missing; give it a value`},
		{"no source", "source: trace\n", "", `usage.yaml: source is missing; give it a value`},
		{"no id", "  id: name\n", "", `usage.yaml: event.id is missing; give it a value`},
		{"no end", ", to: end", "", `usage.yaml: event.interval.to is missing; give it a value`},
		{"no unit", ", unit: second", "", `usage.yaml: event.interval.unit is missing; give it a value`},
		{"no time", interval, "at: { unit: second }", `usage.yaml: event.at.time is missing; give it a value`},
		{"no meters", "  meters:\n    cpu: milli\n", "", `usage.yaml: event.meters is missing; name at least one meter`},
		{"neither interval nor at", interval, "", `usage.yaml: event needs either interval or at, and not both; say when the usage happened`},
		{"interval and at", interval, interval + "\n  at: { time: start, unit: second }", `usage.yaml: event needs either interval or at, and not both`},
		{"an unknown unit", "unit: second", "unit: seconds", `usage.yaml:8:43: "seconds" is not a unit; use millisecond, second, minute, hour or rfc3339`},
		{"no origin", "origin: 2026-01-01T00:00:00Z\n", "", `usage.yaml: origin is missing; give it a value`},
		{"not an origin", "2026-01-01T00:00:00Z", "2026-01-01", `usage.yaml:3:9: origin "2026-01-01" is not an instant; write it as 2026-01-01T00:00:00+08:00`},
		{"an origin without use", "unit: second", "unit: rfc3339", `usage.yaml:3:9: origin has no use where the unit is rfc3339; leave it out`},
		{"an expression for an instant", sound[strings.Index(sound, "origin"):], "event:\n  id: name\n  at: { time: start + 1, unit: rfc3339 }", `usage.yaml: event.account is missing; give it a value
usage.yaml: event.resource is missing; give it a value
usage.yaml:5:15: "start + 1" is not the name of a column; name the column that holds the instant`},
		{"not a column", "id: name", "id: a-b", `usage.yaml:5:7: "a-b" is not the name of a column; name a column, or write text with {COLUMN} in it`},
		{"an open brace", "{number(name)}", "{number(name)", `usage.yaml:6:12: the braces of "a-{number(name)" do not match; write {EXPRESSION}`},
		{"a closed brace", "{number(name)}", "name}", `usage.yaml:6:12: the braces of "a-name}" do not match`},
		{"a brace in braces", "{number(name)}", "{{name}}", `usage.yaml:6:12: the braces of "a-{{name}}" do not match`},
		{"empty braces", "{number(name)}", "{}", `usage.yaml:6:12: in "" a number, a column or ( belongs before the end` + useExpression},
		{"a width without a zero", "number(name)", "number(name):3", `usage.yaml:6:12: "3" is not a width; write 03 for three digits, at most 09`},
		{"a large width", "number(name)", "number(name):010", `usage.yaml:6:12: "010" is not a width`},
		{"an unknown column", "from: start", "from: strat", `usage.yaml:8:21: usage.csv has no column "strat"; did you mean start?`},
		{"a column unlike any", "cpu: milli", "cpu: gigs", `usage.yaml:10:10: usage.csv has no column "gigs"; it has: name, start, end, milli`},
	}
	for _, e := range []struct{ expression, want string }{
		{"milli +", `a number, a column or ( belongs before the end`},
		{"milli * * 2", `a number, a column or ( belongs before "*"`},
		{") milli", `a number, a column or ( belongs before ")"`},
		{"mod", `a number, a column or ( belongs before "mod"`},
		{"milli 2", `an operator belongs before "2"`},
		{"2milli", `an operator belongs before "milli"`},
		{"milli / 2", `an operator belongs before "/"`},
		{"1.5 * milli", `an operator belongs before "."`},
		{"(milli", `) belongs before the end`},
		{"(milli 2", `) belongs before "2"`},
		{"milli)", `an operator belongs before ")"`},
		{"number(2)", `number( takes a column, not "2"`},
		{"number(", `number( takes a column, not the end`},
		{"number(name", `) belongs before the end`},
		{"number name", `an operator belongs before "name"`},
		{"9223372036854775808", `this number is too large: "9223372036854775808"`},
		{"(((2) + é", `a number, a column or ( belongs before "é"`},
	} {
		tests = append(tests, struct{ name, old, new, want string }{
			e.expression, "cpu: milli", "cpu: " + e.expression, fmt.Sprintf("usage.yaml:10:10: in %q %s%s", e.expression, e.want, useExpression),
		})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			mapping := strings.Replace(sound, tt.old, tt.new, 1)
			_, err := readRows(mapping, soundFile)
			if code := refusal.CodeOf(err); code != refusal.BadInput || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("code %q, error\n%v, want\n%s", code, err, tt.want)
			}
		})
	}
}

// All faults of a mapping are found at once.
func TestAllFaultsTogether(t *testing.T) {
	mapping := strings.NewReplacer("source: trace", "", "unit: second", "unit: week", "cpu: milli", "cpu: milli +").Replace(sound)
	_, err := usagefile.Parse("usage.yaml", []byte(mapping))
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("want three faults, got %v", err)
	}
	_, err = readRows(sound, "end,milli\n") // name, which is used three times, and start
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("want two faults, got %v", err)
	}
}

func TestMappingIsBounded(t *testing.T) {
	_, err := usagefile.Parse("usage.yaml", []byte(sound+strings.Repeat("#", 64<<10)))
	if refusal.CodeOf(err) != refusal.BadInput {
		t.Errorf("error %v", err)
	}
}

// A file must be able to hold what the mapping reads.
func TestRefusedFiles(t *testing.T) {
	tests := []struct{ name, csv, want string }{
		{"empty", "", "usage.csv: the file is empty; name the columns in its first line"},
		{"a stray quote in the first line", "na\"me\n", `usage.csv:1:3: this is not CSV: bare " in non-quoted-field`},
		{"a column twice", "name,start,end,milli,start\n", `usage.yaml:8:21: usage.csv has column "start" twice; give each column its own name`},
		{"an open quote", "name,start,end,milli\npod-1,0,60,\"1\n2\n", `usage.csv:3:3: this is not CSV: extraneous or missing " in quoted-field`},
		{"a field too many", "name,start,end,milli\npod-1,0,60,1,2\n", `usage.csv:2:1: the row has 5 fields, the first line has 4`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, err := readRows(sound, tt.csv)
			if refusal.CodeOf(err) != refusal.BadInput || !strings.HasPrefix(err.Error(), tt.want) || len(rows) > 0 {
				t.Errorf("%d rows, error\n%v, want\n%s", len(rows), err, tt.want)
			}
		})
	}
}
