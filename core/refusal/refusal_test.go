package refusal_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/refusal"
)

func TestErrorText(t *testing.T) {
	base := refusal.New(refusal.BadInput, "%q is not a colour", "loud")
	tests := []struct {
		err  *refusal.Error
		want string
	}{
		{base, `"loud" is not a colour`},
		{base.At("row 7"), `row 7: "loud" is not a colour`},
		{base.Do("use %s or %s", "red", "blue"), `"loud" is not a colour; use red or blue`},
		{base.Do("use red").At("file.yaml:3:9"), `file.yaml:3:9: "loud" is not a colour; use red`},
		{base.At("row 7").At("row 8"), `row 8: "loud" is not a colour`},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
		if tt.err.Code != refusal.BadInput {
			t.Errorf("%q lost its code and has %q", tt.want, tt.err.Code)
		}
	}
}

// At and Do return copies: a refusal that is shared does not change under its
// other holders.
func TestAtAndDoCopy(t *testing.T) {
	base := refusal.New(refusal.NotFound, "no account %q", "x")
	want := *base
	base.At("field account")
	base.Do("open it first")
	if diff := cmp.Diff(want, *base); diff != "" {
		t.Errorf("the original changed (-want +got):\n%s", diff)
	}
}

func TestCodeOf(t *testing.T) {
	first := refusal.New(refusal.Suspended, "suspended")
	second := refusal.New(refusal.Released, "released")
	tests := []struct {
		name string
		err  error
		want refusal.Code
	}{
		{"nothing", nil, ""},
		{"another error", errors.New("disk full"), ""},
		{"itself", first, refusal.Suspended},
		{"wrapped", fmt.Errorf("event 3: %w", first), refusal.Suspended},
		{"wrapped twice", fmt.Errorf("batch: %w", fmt.Errorf("event 3: %w", second)), refusal.Released},
		{"joined, first of two", errors.Join(first, second), refusal.Suspended},
		{"joined behind another error", errors.Join(errors.New("disk full"), second), refusal.Released},
	}
	for _, tt := range tests {
		if got := refusal.CodeOf(tt.err); got != tt.want {
			t.Errorf("%s: code %q, want %q", tt.name, got, tt.want)
		}
	}
}

// The set is closed: every declared code is listed once, in the order in which
// it is declared, explains itself, and is a word that clients can switch on.
func TestCodesAreTheDeclaredOnes(t *testing.T) {
	declared := declaredCodes(t)
	if diff := cmp.Diff(declared, refusal.Codes()); diff != "" {
		t.Errorf("declared and listed codes differ (-declared +listed):\n%s", diff)
	}
	word := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	seen := map[refusal.Code]bool{}
	for _, code := range declared {
		if seen[code] || !word.MatchString(string(code)) {
			t.Errorf("code %q is used twice or is not lower-case words", code)
		}
		seen[code] = true
	}
}

// declaredCodes reads the constants of type Code from the package's source, and
// fails for one without a comment.
func declaredCodes(t *testing.T) []refusal.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "refusal.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var codes []refusal.Code
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		typ, ok := spec.Type.(*ast.Ident)
		if !ok || typ.Name != "Code" {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		if spec.Doc.Text() == "" {
			t.Errorf("code %q has no comment that says when it is given", text)
		}
		codes = append(codes, refusal.Code(text))
		return true
	})
	return codes
}
