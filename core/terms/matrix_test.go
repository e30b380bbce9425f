package terms_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"termwise.dev/core/calendar"
	"termwise.dev/core/terms"
)

// matrixColumns are the columns of the matrix with the codes of their documents.
var matrixColumns = map[string][]string{
	"G": {"G"}, "S": {"S", "S-CADT"}, "E": {"E"}, "C": {"C", "C-SLA"}, "U": {"U", "U-INV"}, "F": {"F", "FP", "FA"},
}

// matrixRow is a row of the table: what each column says.
type matrixRow struct {
	number int
	name   string
	lines  []matrixLine
}

// matrixLine is one thing that a column says.
type matrixLine struct {
	place              string // file and line
	column, what, cite string
}

// set splits "key = value".
func (l matrixLine) set() (key, value string, ok bool) { return strings.Cut(l.what, " = ") }

// TestMatrix holds the documents of the sample provider to testdata/matrix.txt.
func TestMatrix(t *testing.T) {
	rows := readMatrix(t, "testdata/matrix.txt")
	for i, row := range rows {
		if row.number != i+1 {
			t.Fatalf("row %d stands where row %d belongs", row.number, i+1)
		}
	}
	if len(rows) != 65 {
		t.Fatalf("the matrix has %d rows, not 65", len(rows))
	}
	for _, row := range rows {
		t.Run(fmt.Sprintf("%d %s", row.number, row.name), func(t *testing.T) {
			for column := range matrixColumns {
				if !slices.ContainsFunc(row.lines, func(l matrixLine) bool { return l.column == column }) {
					t.Errorf("column %s says nothing, not even that it is silent", column)
				}
			}
			for _, l := range row.lines {
				checkLine(t, row, l)
			}
			checkSilence(t, row)
		})
	}
}

// TestMatrixIsHeld plants faults in the table, each of which must be found.
func TestMatrixIsHeld(t *testing.T) {
	g := func(what, cite string) matrixLine { return matrixLine{column: "G", what: what, cite: cite} }
	tests := map[string]matrixLine{
		"another value":      g("order.hold = when_up 7 days", "G 2.3.1.2"),
		"another clause":     g("order.hold = more_than 7 days", "G 2.3"),
		"no such clause":     g("order.hold = more_than 7 days", "G 99"),
		"another column":     g("order.hold = more_than 7 days", "S 3.2.1"),
		"not its words":      g(`text "at once"`, "G 2.3.1.2"),
		"survival":           g("survives = yes", "G 2.3.1.2"),
		"the head":           g("document.kind = stamped", "G"),
		"no such field":      g("document.colour = red", "G"),
		"silent and is not":  g("silent", ""),
		"nothing understood": g("perhaps", "G 2.3"),
	}
	for name, l := range tests {
		faults := &faultCounter{TB: t}
		row := matrixRow{number: 1, lines: []matrixLine{l, {column: "F", what: "order.hold = more_than 7 days", cite: "FA 2.3.1.2"}}}
		checkLine(faults, row, l)
		checkSilence(faults, row)
		if faults.n == 0 {
			t.Errorf("%s: %+v passes", name, l)
		}
	}
}

// faultCounter is a testing.TB that counts faults.
type faultCounter struct {
	testing.TB
	n int
}

func (f *faultCounter) Helper()               {}
func (f *faultCounter) Errorf(string, ...any) { f.n++ }

var (
	matrixHead = regexp.MustCompile(`^(\d+)\. (.+)$`)
	matrixText = regexp.MustCompile(`^text "(.+)"$`)
)

func readMatrix(t *testing.T, file string) (rows []matrixRow) {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for n, text := range strings.Split(string(source), "\n") {
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		if head := matrixHead.FindStringSubmatch(text); head != nil {
			number, err := strconv.Atoi(head[1])
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, matrixRow{number: number, name: head[2]})
			continue
		}
		parts := strings.Split(strings.TrimSpace(text), " | ")
		if len(rows) == 0 || len(parts) < 2 || len(parts) > 3 || matrixColumns[parts[0]] == nil {
			t.Fatalf("%s:%d: %q is not a line of the table", file, n+1, text)
		}
		l := matrixLine{place: fmt.Sprintf("%s:%d", file, n+1), column: parts[0], what: parts[1]}
		if len(parts) == 3 {
			l.cite = parts[2]
		}
		row := &rows[len(rows)-1]
		row.lines = append(row.lines, l)
	}
	return rows
}

// checkLine holds the documents that a line cites, in every version, to it.
func checkLine(t testing.TB, row matrixRow, l matrixLine) {
	t.Helper()
	if l.what == "silent" {
		if slices.ContainsFunc(row.lines, func(o matrixLine) bool { return o.column == l.column && o != l }) {
			t.Errorf("%s: column %s is silent and says something", l.place, l.column)
		}
		return
	}
	code, label, _ := strings.Cut(l.cite, " ")
	if !slices.Contains(matrixColumns[l.column], code) {
		t.Errorf("%s: %q is no clause of column %s", l.place, l.cite, l.column)
		return
	}
	for _, d := range coded(t, code) {
		if fault := faultOf(d, label, l); fault != "" {
			t.Errorf("%s: %s %s: %s", l.place, d.ID, d.Version, fault)
		}
	}
}

// faultOf says in what a document differs from a line, or "".
func faultOf(d *terms.Document, label string, l matrixLine) string {
	key, value, isSet := l.set()
	if field, ok := strings.CutPrefix(key, "document."); ok {
		if got := headOf(d, field); got != value {
			return fmt.Sprintf("%s is %q", field, got)
		}
		return ""
	}
	clause, found := d.Clause(label)
	words := matrixText.FindStringSubmatch(l.what)
	switch {
	case !found:
		return "there is no clause " + label
	case words != nil:
		if !strings.Contains(clause.Text, words[1]) {
			return "the clause does not have these words"
		}
	case key == "survives":
		if clause.Survives != (value == "yes") {
			return "the clause says otherwise"
		}
	case isSet:
		return faultOfTerm(clause, key, value)
	default:
		return fmt.Sprintf("%q is not understood", l.what)
	}
	return ""
}

func faultOfTerm(clause *terms.Clause, key, value string) string {
	for _, term := range clause.Terms {
		if term.Key == key {
			if term.Text != value {
				return fmt.Sprintf("the clause sets %q", term.Text)
			}
			return ""
		}
	}
	return "the clause does not set " + key
}

// checkSilence wants every clause of every column that sets a key of the row to
// stand in the row: what is not there is silent.
func checkSilence(t testing.TB, row matrixRow) {
	t.Helper()
	var keys []string
	for _, l := range row.lines {
		if key, _, ok := l.set(); ok {
			keys = append(keys, key)
		}
	}
	for column, codes := range matrixColumns {
		for _, code := range codes {
			for _, d := range coded(t, code) {
				for _, set := range settings(d, keys) {
					if !slices.ContainsFunc(row.lines, func(l matrixLine) bool {
						key, _, _ := l.set()
						return l.column == column && key == set[0] && l.cite == set[1]
					}) {
						t.Errorf("row %d: column %s does not say that %s sets %s", row.number, column, set[1], set[0])
					}
				}
			}
		}
	}
}

// settings lists where a document sets one of some keys: key and citation.
func settings(d *terms.Document, keys []string) (list [][2]string) {
	for i := range d.Clauses {
		for _, term := range d.Clauses[i].Terms {
			if slices.Contains(keys, term.Key) {
				list = append(list, [2]string{term.Key, d.Code + " " + d.Clauses[i].Label()})
			}
		}
	}
	return list
}

// headOf gives a field of a document's head as the table writes it.
func headOf(d *terms.Document, field string) string {
	switch field {
	case "kind":
		return string(d.Kind)
	case "by":
		return string(d.By)
	case "issuer":
		return d.Issuer
	case "effective":
		return zone.Format(d.Effective)
	case "until":
		if d.Until == calendar.EndOfTime {
			return "open"
		}
		return zone.Format(d.Until)
	case "accounts":
		return strings.Join(d.Binds.Accounts, ", ")
	case "products":
		return scopeOf(d)
	case "precedence":
		return listOf(d)
	case "stamped_first":
		if len(d.Precedence) > 0 && slices.Contains(d.Precedence[0].Names, string(terms.Stamped)) {
			return "yes"
		}
		return "no"
	}
	return ""
}

func scopeOf(d *terms.Document) string {
	switch {
	case len(d.Binds.Products) > 0:
		return strings.Join(d.Binds.Products, ", ")
	case len(d.Binds.ExceptProducts) > 0:
		return "all but " + strings.Join(d.Binds.ExceptProducts, ", ")
	}
	return "all"
}

func listOf(d *terms.Document) string {
	if len(d.Precedence) == 0 {
		return "none"
	}
	levels := make([]string, len(d.Precedence))
	for i, level := range d.Precedence {
		levels[i] = strings.Join(level.Names, " = ")
		if clause := d.RankClause(i); clause != "" {
			levels[i] += " (" + clause + ")"
		}
	}
	return strings.Join(levels, " > ")
}

// TestWaitingKeys holds the keys that wait to the documents: each is set by some
// clause, and a rule that waits with values waits for the reader of one of them.
func TestWaitingKeys(t *testing.T) {
	set := map[string]bool{}
	for _, d := range sample(t) {
		for _, r := range d.Rules() {
			waiting := false
			for _, key := range r.TermsOf {
				set[registered(key)] = true
				waiting = waiting || waits(t, registered(key))
			}
			if r.WaitsFor != "" && len(r.TermsOf) > 0 && !waiting {
				t.Errorf("%s waits for %s, and all that it sets is read: take waits_for away", r.Ref(d.Code), r.WaitsFor)
			}
		}
	}
	for _, k := range terms.Keys() {
		if k.WaitsFor != "" && !set[k.Name] {
			t.Errorf("no document of the sample sets %s", k.Name)
		}
	}
}

// registered gives the registered name of a key: that of its family for a member.
func registered(key string) string {
	for _, k := range terms.Keys() {
		if prefix, _, family := strings.Cut(k.Name, "<"); family && strings.HasPrefix(key, prefix) && key != "price.rounding" {
			return k.Name
		}
	}
	return key
}

func waits(t testing.TB, name string) bool {
	t.Helper()
	for _, k := range terms.Keys() {
		if k.Name == name {
			return k.WaitsFor != ""
		}
	}
	t.Fatalf("%s is not registered", name)
	return false
}
