package clausetest

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Proof lists the test functions that show a rule in each direction, as
// "folder/file_test.go:TestName", sorted.
type Proof struct {
	Applies      []string
	DoesNotApply []string
}

// Complete says whether both directions are shown.
func (p Proof) Complete() bool { return len(p.Applies) > 0 && len(p.DoesNotApply) > 0 }

// importPath is how test files import this package.
const importPath = "termwise.dev/core/terms/clausetest"

// directions says which direction each assertion shows.
var directions = map[string]func(*Proof) *[]string{
	"Applies":      func(p *Proof) *[]string { return &p.Applies },
	"Executes":     func(p *Proof) *[]string { return &p.Applies },
	"DoesNotApply": func(p *Proof) *[]string { return &p.DoesNotApply },
	"Refrains":     func(p *Proof) *[]string { return &p.DoesNotApply },
}

// Scan reads every test file under root and returns the proofs by canonical ref
// ("G-2.3"). An assertion counts under the function that holds it.
// An assertion whose ref is not a literal of the right form is an error that
// names its place; all of them are returned.
func Scan(root string) (map[string]Proof, error) {
	s := &scanner{root: root, proofs: make(map[string]Proof)}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".")):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		return s.file(path)
	})
	if err != nil {
		return nil, fmt.Errorf("reading tests: %w", err)
	}
	return s.proofs, errors.Join(s.errs...)
}

type scanner struct {
	root   string
	proofs map[string]Proof
	errs   []error
}

func (s *scanner) file(path string) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	name := packageName(file)
	if name == "" {
		return nil
	}
	shown, err := filepath.Rel(s.root, path)
	if err != nil {
		return err
	}
	for _, decl := range file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		test := filepath.ToSlash(shown) + ":" + fn.Name.Name
		ast.Inspect(fn, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				s.call(files, name, test, call)
			}
			return true
		})
	}
	return nil
}

// packageName returns the name by which a file knows this package, or "".
func packageName(file *ast.File) string {
	for _, spec := range file.Imports {
		if spec.Path.Value != strconv.Quote(importPath) {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return "clausetest"
	}
	return ""
}

func (s *scanner) call(files *token.FileSet, name, test string, call *ast.CallExpr) {
	fn, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	qualifier, ok := fn.X.(*ast.Ident)
	direction := directions[fn.Sel.Name]
	if !ok || qualifier.Name != name || direction == nil {
		return
	}
	ref, err := refOf(fn.Sel.Name, call)
	if err != nil {
		s.errs = append(s.errs, fmt.Errorf("%s: %w", files.Position(call.Pos()), err))
		return
	}
	proof := s.proofs[ref]
	tests := direction(&proof)
	if at, found := slices.BinarySearch(*tests, test); !found {
		*tests = slices.Insert(*tests, at, test)
	}
	s.proofs[ref] = proof
}

// refOf reads the ref of an assertion: its only argument that is a string literal.
func refOf(assertion string, call *ast.CallExpr) (string, error) {
	for _, arg := range call.Args {
		literal, ok := arg.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			continue
		}
		text, err := strconv.Unquote(literal.Value)
		if err != nil {
			return "", err
		}
		return Canonical(text)
	}
	return "", fmt.Errorf("the ref of %s is not a string literal; write it out, so that coverage can be counted", assertion)
}
