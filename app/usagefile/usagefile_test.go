package usagefile_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app/usagefile"
	"termwise.dev/core/refusal"
)

var update = flag.Bool("update", false, "rewrite the last part of the golden files")

const separator = "----------\n"

// TestGolden reads golden files: a mapping, a line of hyphens, a CSV file,
// another such line, and the rows that come of it or the faults that are found.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			golden, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts := strings.SplitN(string(golden), separator, 3)
			got := read(parts[0], parts[1])
			if *update {
				content := parts[0] + separator + parts[1] + separator + got
				if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(parts[2], got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// read shows what a mapping makes of a file, one row a line.
func read(mapping, csv string) string {
	rows, err := readRows(mapping, csv)
	var b strings.Builder
	for i := range rows {
		b.WriteString(show(&rows[i]))
	}
	if err != nil {
		fmt.Fprintf(&b, "%s: %v\n", refusal.CodeOf(err), err)
	}
	return b.String()
}

func readRows(mapping, csv string) (rows []usagefile.Row, err error) {
	m, err := usagefile.Parse("usage.yaml", []byte(mapping))
	if err != nil {
		return nil, err
	}
	r, err := m.Read("usage.csv", strings.NewReader(csv))
	if err != nil {
		return nil, err
	}
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
}

func show(row *usagefile.Row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %q of %q", row.Place, row.Source+"/"+row.ID, row.Account)
	fmt.Fprintf(&b, " uses %s %q %s", row.Product, row.Resource, row.From)
	if !row.Point {
		fmt.Fprintf(&b, "..%s", row.To)
	}
	for _, m := range row.Measures {
		fmt.Fprintf(&b, " %s=%d", m.Meter, m.Value)
	}
	if row.Fault != nil {
		fmt.Fprintf(&b, "\n  %s: %v", refusal.CodeOf(row.Fault), row.Fault)
	}
	return b.String() + "\n"
}

// checkRow holds a row to what every row promises.
func checkRow(t *testing.T, row *usagefile.Row) {
	t.Helper()
	if !strings.HasPrefix(row.Place, "usage.csv:") {
		t.Errorf("the place %q does not name the file", row.Place)
	}
	if row.Fault != nil {
		if refusal.CodeOf(row.Fault) == "" {
			t.Errorf("a fault without a code: %v", row.Fault)
		}
		return
	}
	if row.ID == "" || row.Account == "" || row.Resource == "" || !row.Point && row.To <= row.From || len(row.Measures) == 0 {
		t.Errorf("not an event and without a fault: %+v", row)
	}
}
