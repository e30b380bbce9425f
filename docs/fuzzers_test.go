package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	fuzzerRow  = regexp.MustCompile("(?m)^\\| .* \\| `([a-z/]+)`: (`Fuzz.*`) \\|$")
	fuzzerName = regexp.MustCompile("`(Fuzz[A-Za-z]+)`")
	fuzzerFunc = regexp.MustCompile(`(?m)^func (Fuzz[A-Za-z]+)\(f \*testing\.F\)`)
)

// TestFuzzers holds the table of fuzzers against those that there are.
func TestFuzzers(t *testing.T) {
	var listed []string
	for _, row := range fuzzerRow.FindAllStringSubmatch(pages(t)["reliability.md"], -1) {
		for _, name := range fuzzerName.FindAllStringSubmatch(row[2], -1) {
			listed = append(listed, row[1]+" "+name[1])
		}
	}
	slices.Sort(listed)
	if diff := cmp.Diff(fuzzers(t), listed); diff != "" {
		t.Errorf("fuzzers (-there +listed in reliability.md):\n%s", diff)
	}
}

// fuzzers lists the fuzzers of the repository, each after its folder.
func fuzzers(t *testing.T) (found []string) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		dir, _ := filepath.Rel("..", filepath.Dir(path))
		for _, m := range fuzzerFunc.FindAllSubmatch(text, -1) {
			found = append(found, filepath.ToSlash(dir)+" "+string(m[1]))
		}
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatal("no fuzzers", err)
	}
	slices.Sort(found)
	return found
}
