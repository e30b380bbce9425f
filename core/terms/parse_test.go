package terms_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

var update = flag.Bool("update", false, "rewrite the expected part of the golden files")

const separator = "----------\n"

// TestParse reads golden files: a document, a line of hyphens, and what it
// means or the faults that are found in it.
func TestParse(t *testing.T) {
	files, err := filepath.Glob("testdata/parse/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			golden, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			input, want, _ := strings.Cut(string(golden), separator)
			got := describe(terms.Parse("doc.yaml", []byte(input), zone))
			if *update {
				writeGolden(t, file, input+separator+got)
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestParseRefusesWhatCostsTooMuch: the parser's cost grows with the square of the depth.
func TestParseRefusesWhatCostsTooMuch(t *testing.T) {
	tests := map[string]struct{ source, want string }{
		"a large file":  {strings.Repeat("# words\n", 40_000), "320000 bytes"},
		"a long line":   {"title: " + strings.Repeat("word ", 1000), "doc.yaml:1: the line has 5007 bytes"},
		"many brackets": {"a: 1\nb: " + strings.Repeat("[\n{", 51), "doc.yaml:52: more than 100 brackets"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := terms.Parse("doc.yaml", []byte(tt.source), zone)
			wantRefusal(t, err, refusal.DocumentInvalid, tt.want)
		})
	}
	closed := text{id: "g", code: "G"}.source() + "# " + strings.Repeat("[]{}", 500) + "\n"
	if _, err := terms.Parse("doc.yaml", []byte(closed), zone); err != nil {
		t.Errorf("brackets that are closed nest nothing: %v", err)
	}
}

func writeGolden(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// describe shows a document, or the faults, one a line.
func describe(d *terms.Document, err error) string {
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s %s by %s of %s: %s\n", d.ID, d.Version, d.Code, d.Kind, d.By, d.Issuer, strings.Join(append([]string{d.Title}, d.AlsoCalled...), ", also "))
	fmt.Fprintf(&b, "announced %s effective %s until %s\n", zone.Format(d.Announced), zone.Format(d.Effective), showUntil(d.Until))
	fmt.Fprintf(&b, "binds products %v except %v accounts %v\n", d.Binds.Products, d.Binds.ExceptProducts, d.Binds.Accounts)
	for _, level := range d.Precedence {
		fmt.Fprintf(&b, "level %v by %s\n", level.Names, or(level.Clause, or(d.PrecedenceClause, "nothing")))
	}
	for _, e := range d.Ends {
		fmt.Fprintf(&b, "ends %v and those of %v by %s\n", e.Documents, e.Issuers, e.Clause)
	}
	for _, p := range d.Pins {
		fmt.Fprintf(&b, "pins %s under %v by %s\n", p.What, p.Documents, p.Clause)
	}
	for _, r := range d.Requires {
		fmt.Fprintf(&b, "requires %v for %q by %s\n", r.Documents, r.AddOn, r.Clause)
	}
	if d.Product != nil {
		fmt.Fprintf(&b, "product %s %q\n", d.Product.ID, d.Product.Title)
		for _, m := range d.Product.Meters {
			fmt.Fprintf(&b, "  %s: %d %s make one %s\n", m.Name, m.Per, m.Base, m.Unit)
		}
	}
	for i := range d.Clauses {
		describeClause(&b, &d.Clauses[i])
	}
	for _, r := range d.Rules() {
		fmt.Fprintf(&b, "rule %s %s\n", r.Ref(d.Code), status(r))
	}
	return b.String()
}

func describeClause(b *strings.Builder, c *terms.Clause) {
	marks := ""
	if c.Emphasis {
		marks += " emphasis"
	}
	if c.Survives {
		marks += " survives"
	}
	fmt.Fprintf(b, "%s %q%s: %s\n", c.Label(), c.Title, marks, c.Text)
	for _, term := range c.Terms {
		fmt.Fprintf(b, "  %s = %s\n", term.Key, term.Text)
	}
}

func status(r terms.Rule) string {
	switch {
	case r.Declaratory != "":
		return "declaratory: " + r.Declaratory
	case r.WaitsFor != "":
		return "waits for " + r.WaitsFor
	case r.ExecutedBy != "":
		return "executable by " + r.ExecutedBy
	}
	return fmt.Sprintf("executable %v", r.TermsOf)
}

func showUntil(t calendar.Instant) string {
	if t == calendar.EndOfTime {
		return "the end of time"
	}
	return zone.Format(t)
}
