package terms_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// FuzzParse looks for a source that panics, that is refused without a code, or
// that two parses read differently.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/parse/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		golden, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		source, _, _ := strings.Cut(string(golden), separator)
		f.Add([]byte(source))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		d, err := terms.Parse("doc.yaml", source, zone)
		if err != nil {
			if refusal.CodeOf(err) != refusal.DocumentInvalid {
				t.Fatalf("code %q: %v", refusal.CodeOf(err), err)
			}
			return
		}
		again, err := terms.Parse("doc.yaml", source, zone)
		if err != nil || len(terms.Diff(d, again)) != 0 {
			t.Fatalf("the second parse differs: %v", err)
		}
	})
}
