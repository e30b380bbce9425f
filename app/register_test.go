package app_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
	"termwise.dev/core/terms"
	"termwise.dev/provider"
)

const (
	registerFile = "../provider/register.txt"
	floorFile    = "../provider/executed.txt"
)

// linesOf reads a file's lines without comments and empty lines.
func linesOf(t testing.TB, file string) (lines []string) {
	t.Helper()
	source, err := os.ReadFile(file)
	must(t, err)
	for line := range strings.Lines(string(source)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// registered says whether the register speaks about a document. Product pages and
// rules documents are the provider's own, beside the agreements.
func registered(d *terms.Document) bool { return d.Kind != terms.Page && d.Kind != terms.Rules }

// registerFaults holds the register against documents and says what is wrong:
// every row has one rule under its label, in every version of its document, and
// every rule of an agreement belongs to a row.
func registerFaults(rows []string, documents []*terms.Document) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	rowsOf, seen := map[string][]string{}, map[string]bool{}
	for _, row := range rows {
		if seen[row] {
			fault("row %s stands in the register twice", row)
		}
		seen[row] = true
		code := codeOf(row, documents)
		if code == "" {
			fault("row %s is of no document: no agreement has its code", row)
		}
		rowsOf[code] = append(rowsOf[code], row)
	}
	for _, d := range documents {
		if !registered(d) {
			continue
		}
		rules := d.Rules()
		for _, row := range rowsOf[d.Code] {
			if !slices.ContainsFunc(rules, func(r terms.Rule) bool { return r.Ref(d.Code) == row }) {
				fault("row %s has no rule in %s %s: write its clause under that label, or split a clause by rules", row, d.ID, d.Version)
			}
		}
		for _, r := range rules {
			if !belongs(d.Code, r, seen) {
				fault("rule %s of %s %s has no row in the register: give it the label of its row", r.Ref(d.Code), d.ID, d.Version)
			}
		}
	}
	return faults
}

// codeOf is the code of the agreement to which a row belongs: C-SLA-1a is a row
// of C-SLA and not of C.
func codeOf(row string, documents []*terms.Document) (code string) {
	for _, d := range documents {
		if registered(d) && strings.HasPrefix(row, d.Code+"-") && len(d.Code) > len(code) {
			code = d.Code
		}
	}
	return code
}

// belongs says whether a rule has a row: its own, or that of the clause of which
// it is a part, or that of the clause under which its clause stands. A clause that
// the register splits may be split further.
func belongs(code string, r terms.Rule, rows map[string]bool) bool {
	parent, _, _ := strings.Cut(r.Clause, "/")
	return rows[r.Ref(code)] || rows[code+"-"+r.Clause] || rows[code+"-"+r.Clause+"a"] || rows[code+"-"+parent]
}

func TestRegister(t *testing.T) {
	rows := linesOf(t, registerFile)
	if len(rows) != 518 {
		t.Errorf("the register has %d rows, and the agreements require 518 things", len(rows))
	}
	for _, fault := range registerFaults(rows, sampleDocuments(t)) {
		t.Error(fault)
	}
}

func TestRegisterFaults(t *testing.T) {
	zone, err := calendar.ParseZone("UTC+8")
	must(t, err)
	document := func(code, kind, clauses string) *terms.Document {
		d, err := terms.Parse("d.yaml", []byte("document: d-"+strings.ToLower(code)+"\ncode: "+code+"\nversion: v1\nkind: "+kind+
			"\ntitle: T\nissuer: aurora\nby: acceptance\nannounced: 2025-05-01\neffective: 2025-06-01\nclauses:\n"+clauses), zone)
		must(t, err)
		return d
	}
	clause := func(id string) string { return "  - { id: \"" + id + "\", text: x, waits_for: orders }\n" }
	split := "  - { id: \"1\", text: x, rules: [ { id: 1a, waits_for: orders }, { id: 1b, waits_for: orders } ] }\n"
	item := "  - { id: 1.5, parent: \"1\", text: x, waits_for: orders }\n"
	for _, tt := range []struct {
		name string
		rows []string
		docs []*terms.Document
		want []string
	}{
		{"each has the other", []string{"X-1", "X-SLA-1"}, []*terms.Document{document("X", "general", clause("1")), document("X-SLA", "sla", clause("1"))}, nil},
		{"a split clause", []string{"X-1a", "X-1b"}, []*terms.Document{document("X", "general", split)}, nil},
		{"a split clause, split further", []string{"X-1a"}, []*terms.Document{document("X", "general", split)}, nil},
		{"a part beside the whole", []string{"X-1"}, []*terms.Document{document("X", "general", clause("1")+item)}, nil},
		{"pages and rules have no rows", nil, []*terms.Document{document("R", "rules", clause("1")), document("P", "page", clause("1"))}, nil},
		{"a row without a rule", []string{"X-1", "X-2"}, []*terms.Document{document("X", "general", clause("1"))}, []string{"row X-2 has no rule in d-x v1"}},
		{"a row split otherwise", []string{"X-1"}, []*terms.Document{document("X", "general", split)}, []string{"row X-1 has no rule in d-x v1"}},
		{"a rule without a row", []string{"X-1"}, []*terms.Document{document("X", "general", clause("1")+clause("2"))}, []string{"rule X-2 of d-x v1 has no row in the register"}},
		{"a row twice", []string{"X-1", "X-1"}, []*terms.Document{document("X", "general", clause("1"))}, []string{"row X-1 stands in the register twice"}},
		{"a row of no document", []string{"X-1", "Y-1"}, []*terms.Document{document("X", "general", clause("1"))}, []string{"row Y-1 is of no document"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := registerFaults(tt.rows, tt.docs)
			for i := range got {
				got[i], _, _ = strings.Cut(got[i], ":") // what to do follows
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestExecutedOnlyGrows holds the number of executed rows of the register to the
// highest that it ever had. With -update a new highest is written down; a lower
// one is never written.
func TestExecutedOnlyGrows(t *testing.T) {
	c, err := app.FolderCoverage(provider.Sample)
	must(t, err)
	rows, executed := linesOf(t, registerFile), 0
	for _, r := range c.Rules {
		if r.Status == app.RuleExecuted && slices.Contains(rows, r.Rule) {
			executed++
		}
	}
	floor, err := strconv.Atoi(strings.Join(linesOf(t, floorFile), " "))
	must(t, err)
	switch {
	case executed < floor:
		t.Errorf("%d rows of the register are executed, and %s says that %d once were: a clause lost its terms, its executor or its proof. "+
			"`git diff` of provider/coverage.json shows which; put it back", executed, floorFile, floor)
	case executed > floor && *update:
		source, err := os.ReadFile(floorFile)
		must(t, err)
		text := strings.Replace(string(source), fmt.Sprintf("\n%d\n", floor), fmt.Sprintf("\n%d\n", executed), 1)
		must(t, os.WriteFile(floorFile, []byte(text), 0o644))
	case executed > floor:
		t.Errorf("%d rows of the register are executed, and %s says %d: raise it with go test ./app -run TestExecutedOnlyGrows -update", executed, floorFile, floor)
	}
}
