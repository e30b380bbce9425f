package clausetest

import (
	"slices"
	"testing"
)

// Citer is whatever can say which clauses it used: terms.Citations, or a trace.
type Citer interface {
	Cites(code, clause string) bool
}

// Applies asserts that the clause of a rule was used. The ref must be a string literal.
func Applies(t testing.TB, trace Citer, ref string) {
	t.Helper()
	if !cites(t, trace, ref) {
		t.Errorf("%s should apply and is not cited by %v", ref, trace)
	}
}

// DoesNotApply asserts that the clause of a rule was not used. The ref must be a
// string literal.
func DoesNotApply(t testing.TB, trace Citer, ref string) {
	t.Helper()
	if cites(t, trace, ref) {
		t.Errorf("%s should not apply and is cited by %v", ref, trace)
	}
}

// Executes asserts that a rule without terms does its work where it applies. The
// ref must be a string literal.
func Executes(t testing.TB, ref string, ok bool) {
	t.Helper()
	if _, err := Canonical(ref); err != nil {
		t.Fatal(err)
	}
	if !ok {
		t.Errorf("%s applies here and was not executed", ref)
	}
}

// Refrains asserts that a rule without terms is at rest where it does not apply.
// The ref must be a string literal.
func Refrains(t testing.TB, ref string, ok bool) {
	t.Helper()
	if _, err := Canonical(ref); err != nil {
		t.Fatal(err)
	}
	if !ok {
		t.Errorf("%s does not apply here and was executed", ref)
	}
}

func cites(t testing.TB, trace Citer, ref string) bool {
	t.Helper()
	if _, err := Canonical(ref); err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(readings(ref), func(c [2]string) bool { return trace.Cites(c[0], c[1]) })
}
