package clausetest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/terms"
)

// recorder is a testing.TB that notes what an assertion says instead of failing.
type recorder struct {
	testing.TB
	failures int
	fatal    error
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failures++ }
func (r *recorder) Fatal(args ...any) {
	r.fatal = errors.New(fmt.Sprint(args...))
	panic(r.fatal)
}

// run calls an assertion. A fatal one stops by panicking, as it may not end this test.
func run(assertion func(testing.TB)) (r *recorder) {
	r = &recorder{}
	defer func() {
		if stopped := recover(); stopped != nil && stopped != r.fatal {
			panic(stopped)
		}
	}()
	assertion(r)
	return r
}

func TestAssertions(t *testing.T) {
	used := terms.Citations{{Code: "G", Clause: "2.3"}, {Code: "C-SLA", Clause: "3.1"}, {Code: "U", Clause: "A1-0"}}
	tests := []struct {
		ref   string
		cited bool
	}{
		{"G 2.3", true},
		{"G-2.3", true},
		{"G-2.3a", true}, // a rule of the clause
		{"G 2.3ab", false},
		{"G 2", false},
		{"G 2.31", false},
		{"S 2.3", false},
		{"C-SLA-3.1b", true},
		{"C-SLA 3.1", true},
		{"U-A1-0", true},
	}
	for _, tt := range tests {
		applies := run(func(tb testing.TB) { Applies(tb, used, tt.ref) })
		doesNot := run(func(tb testing.TB) { DoesNotApply(tb, used, tt.ref) })
		if (applies.failures == 0) != tt.cited || (doesNot.failures == 0) == tt.cited {
			t.Errorf("%s: Applies failed %d times, DoesNotApply %d times", tt.ref, applies.failures, doesNot.failures)
		}
	}
	for _, ok := range []bool{true, false} {
		executes := run(func(tb testing.TB) { Executes(tb, "G 0.4", ok) })
		refrains := run(func(tb testing.TB) { Refrains(tb, "G 0.4", ok) })
		if (executes.failures == 0) != ok || (refrains.failures == 0) != ok {
			t.Errorf("ok %v: Executes failed %d times, Refrains %d times", ok, executes.failures, refrains.failures)
		}
	}
}

func TestBadRefIsFatal(t *testing.T) {
	for _, ref := range []string{"", "G", "2.3", "g 2.3", "G 2.3 a", "G  2.3"} {
		for _, r := range []*recorder{
			run(func(tb testing.TB) { Applies(tb, terms.Citations{}, ref) }),
			run(func(tb testing.TB) { Executes(tb, ref, true) }),
			run(func(tb testing.TB) { Refrains(tb, ref, true) }),
		} {
			if r.fatal == nil {
				t.Errorf("%q is taken for a ref", ref)
			}
		}
	}
}

// source is a test file as someone would write it. The import's name is filled in.
const source = `package x

import (
	"testing"

	%[1]s"termwise.dev/core/terms/clausetest"
)

func TestFee(t *testing.T) {
	%[2]s.Applies(t, trace, "G 2.3")
	%[2]s.Applies(t, trace, "G-2.3")
	t.Run("none", func(t *testing.T) { %[2]s.DoesNotApply(t, trace, "G-2.3") })
}

func TestShown(t *testing.T) {
	%[2]s.Executes(t, "G 0.4", true)
	%[2]s.Refrains(t, "G-0.5", true)
	%[2]s.Citer(nil)
	other.Applies(t, trace, "S 1")
}
`

func write(t *testing.T, root, name, content string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestScan(t *testing.T) {
	root := t.TempDir()
	write(t, root, "a/one_test.go", fmt.Sprintf(source, "", "clausetest"))
	write(t, root, "b/two_test.go", fmt.Sprintf(source, "ct ", "ct"))
	write(t, root, "b/not_a_test_file.go", fmt.Sprintf(source, "", "clausetest"))
	write(t, root, "testdata/three_test.go", "not Go")
	write(t, root, "c/four_test.go", "package x\n\nfunc TestOther() { clausetest.Applies(nil, nil, \"S 2\") }\n")
	got, err := Scan(root)
	if err != nil {
		t.Fatal(err)
	}
	fee := []string{"a/one_test.go:TestFee", "b/two_test.go:TestFee"}
	shown := []string{"a/one_test.go:TestShown", "b/two_test.go:TestShown"}
	want := map[string]Proof{
		"G-2.3": {Applies: fee, DoesNotApply: fee},
		"G-0.4": {Applies: shown},
		"G-0.5": {DoesNotApply: shown},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !got["G-2.3"].Complete() || got["G-0.4"].Complete() || got["G-0.5"].Complete() {
		t.Error("Complete is wrong")
	}
}

func TestScanRefusesWhatItCannotCount(t *testing.T) {
	root := t.TempDir()
	write(t, root, "a_test.go", strings.ReplaceAll(fmt.Sprintf(source, "", "clausetest"), `"G-2.3")`, "ref)"))
	_, err := Scan(root)
	if err == nil || !strings.Contains(err.Error(), "a_test.go:11:2") || !strings.Contains(err.Error(), "not a string literal") {
		t.Errorf("got %v", err)
	}
	write(t, root, "b_test.go", strings.ReplaceAll(fmt.Sprintf(source, "", "clausetest"), `"G-2.3")`, `"2.3")`))
	if _, err = Scan(root); err == nil || !strings.Contains(err.Error(), "b_test.go:11:2") {
		t.Errorf("got %v", err)
	}
	write(t, root, "c_test.go", "not Go")
	if _, err = Scan(root); err == nil {
		t.Error("a file that does not parse is passed over")
	}
	if _, err := Scan(filepath.Join(root, "nowhere")); err == nil {
		t.Error("a missing folder is passed over")
	}
}
