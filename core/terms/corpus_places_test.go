package terms_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"termwise.dev/core/terms"
)

// TestCorpusFaultsHavePlaces reads golden files: documents, and what is wrong
// with them together, each fault with its file, line and column.
func TestCorpusFaultsHavePlaces(t *testing.T) {
	files, err := filepath.Glob("testdata/corpus/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var published []terms.Published
			want := &archive.Files[len(archive.Files)-1]
			for _, f := range archive.Files {
				if f.Name == want.Name {
					continue
				}
				d, err := terms.Parse(f.Name, f.Data, zone)
				if err != nil {
					t.Fatal(err)
				}
				published = append(published, terms.Published{Document: d, Recorded: day("2025-01-01")})
			}
			_, err = terms.NewCorpus(published)
			if err == nil {
				t.Fatal("nothing is wrong")
			}
			got := err.Error() + "\n"
			for _, line := range strings.Split(strings.TrimSpace(got), "\n") {
				if !placeOf.MatchString(line) {
					t.Errorf("no place: %s", line)
				}
			}
			if *update {
				want.Data = []byte(got)
				writeGolden(t, file, string(txtar.Format(archive)))
				return
			}
			if diff := cmp.Diff(string(want.Data), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestEveryReferenceIsChecked: the golden file refuses a wrong value of every key
// whose values are the names of something.
func TestEveryReferenceIsChecked(t *testing.T) {
	golden, err := os.ReadFile("testdata/corpus/values.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range terms.Keys() {
		refers := slices.Contains([]string{"labels of clauses", "seller", "sellers"}, k.Type)
		if refers && !strings.Contains(string(golden), " sets "+k.Name+" to ") {
			t.Errorf("no wrong value of %s is refused", k.Name)
		}
	}
}
