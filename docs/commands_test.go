package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	goTest      = regexp.MustCompile(`(?m)go test ([^\n` + "`" + `]*)`)
	wantedTests = regexp.MustCompile(`-(run|bench) '?([^' ]+)'?`)
	testFunc    = regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)[A-Za-z0-9]*)\(`)
	raceTests   = regexp.MustCompile(`(?m)^RACE_TESTS \?= (.*)$`)
)

// TestCommandsFindTheirTests holds every `go test` that the pages give, and the tests
// that run under the race detector, against the tests that there are: a name that
// matches nothing passes without a word.
func TestCommandsFindTheirTests(t *testing.T) {
	found := 0
	for name, page := range pages(t) {
		for _, command := range goTest.FindAllStringSubmatch(page, -1) {
			for _, wanted := range wantedTests.FindAllStringSubmatch(command[1], -1) {
				if wanted[2] == "^$" || wanted[2] == "." {
					continue
				}
				found++
				expectTests(t, name+": "+command[0], wanted[2], strings.Fields(command[1]))
			}
		}
	}
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	race := raceTests.FindSubmatch(makefile)
	if race == nil || found < 20 {
		t.Fatalf("found %d commands in the pages, and the race detector's tests: %t", found, race != nil)
	}
	expectTests(t, "Makefile: RACE_TESTS", string(race[1]), []string{"./app", "./sim/torture"})
}

// expectTests wants a test of some packages for each alternative of a pattern.
func expectTests(t *testing.T, where, pattern string, packages []string) {
	t.Helper()
	first, _, _ := strings.Cut(pattern, "/") // what follows chooses among a test's parts
	for _, alternative := range strings.Split(strings.Trim(first, "()"), "|") {
		matching, err := regexp.Compile(alternative)
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		if !hasTest(t, matching, packages) {
			t.Errorf("%s: no test is called %s", where, alternative)
		}
	}
}

func hasTest(t *testing.T, name *regexp.Regexp, packages []string) bool {
	t.Helper()
	for _, folder := range packages {
		if !strings.HasPrefix(folder, "./") {
			continue
		}
		files, err := filepath.Glob(filepath.Join("..", strings.TrimSuffix(folder, "/..."), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, test := range testFunc.FindAllStringSubmatch(string(text), -1) {
				if name.MatchString(test[1]) {
					return true
				}
			}
		}
	}
	return false
}
