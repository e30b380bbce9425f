package terms_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// placeOf is how a fault begins: with its file, line and column; or, where the
// file as a whole or a whole line is at fault, without those.
var placeOf = regexp.MustCompile(`^[a-z0-9/-]+\.yaml(:[0-9]+){0,2}( and [a-z0-9/-]+\.yaml:[0-9]+:[0-9]+)?: `)

// faults lists the single faults of an error.
func faults(err error) []error {
	joined, is := err.(interface{ Unwrap() []error })
	if !is {
		return []error{err}
	}
	return joined.Unwrap()
}

// sources reads documents and the first part of golden files.
func sources(t testing.TB, patterns ...string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, file := range files {
			golden, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			source, _, _ := strings.Cut(string(golden), separator)
			found[file] = []byte(source)
		}
	}
	return found
}

// FuzzParseDocument looks for a source that panics, a fault without a code, a
// place or a hint, and a document that is another one when it is written anew
// and read again.
func FuzzParseDocument(f *testing.F) {
	for _, source := range sources(f, "testdata/parse/*.txt", "../../provider/products/*.yaml") {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		d, err := terms.Parse("doc.yaml", source, zone)
		if err != nil {
			for _, fault := range faults(err) {
				r, is := fault.(*refusal.Error)
				if !is || r.Code != refusal.DocumentInvalid || r.Hint == "" || !placeOf.MatchString(r.Error()) {
					t.Fatalf("a fault without code, place or hint: %v", fault)
				}
			}
			return
		}
		checkWrittenAnew(t, d)
	})
}

// TestWrittenAnew: each document of the sample provider, written in another way,
// is the same document.
func TestWrittenAnew(t *testing.T) {
	for file, source := range sources(t, "../../provider/agreements/*.yaml", "../../provider/products/*.yaml") {
		d, err := terms.Parse(filepath.Base(file), source, zone)
		if err != nil {
			t.Fatal(err)
		}
		checkWrittenAnew(t, d)
	}
}

// checkWrittenAnew writes a document in the canonical way and reads it again.
func checkWrittenAnew(t *testing.T, d *terms.Document) {
	t.Helper()
	written := write(d)
	if slices.ContainsFunc(strings.Split(string(written), "\n"), func(line string) bool { return len(line) > 4<<10 }) {
		return // no source may have such lines; the canonical way breaks none
	}
	again, err := terms.Parse("doc.yaml", written, zone)
	if err != nil {
		t.Fatalf("what was read cannot be read again: %v\n%s", err, written)
	}
	if diff := terms.Diff(d, again); len(diff) != 0 || d.Announced != again.Announced || d.Effective != again.Effective {
		t.Fatalf("read again it differs: %+v\n%s", diff, written)
	}
	if twice := write(again); string(twice) != string(written) {
		t.Fatalf("written again it differs:\n%s\n%s", written, twice)
	}
}
