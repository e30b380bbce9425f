package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"termwise.dev/core/terms"
)

// TestEveryKeyIsRead holds the registry of term keys to the code: a key that
// nothing reads would be a promise that nothing keeps.
func TestEveryKeyIsRead(t *testing.T) {
	readers := map[string]map[string]bool{} // variable of core/terms → packages that name it
	must(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		return readKeys(path, readers)
	}))
	names := keyVariables(t)
	for _, key := range terms.Keys() {
		variable := names[key.Name]
		if variable == "" {
			t.Errorf("no variable declares %s", key.Name)
			continue
		}
		for _, pkg := range strings.Split(key.ReadBy, ", ") {
			if pkg != "core/terms" && !readers[variable][pkg] {
				t.Errorf("%s is said to be read by %s, which does not name terms.%s", key.Name, pkg, variable)
			}
		}
	}
}

func readKeys(path string, readers map[string]map[string]bool) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		return err
	}
	pkg := filepath.ToSlash(filepath.Dir(strings.TrimPrefix(path, ".."+string(os.PathSeparator))))
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == "terms" {
				if readers[s.Sel.Name] == nil {
					readers[s.Sel.Name] = map[string]bool{}
				}
				readers[s.Sel.Name][pkg] = true
			}
		}
		return true
	})
	return nil
}

// keyVariables maps each key's name to the variable that declares it.
func keyVariables(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../core/terms/keys.go", nil, 0)
	must(t, err)
	names := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		literal, ok := spec.Values[0].(*ast.CompositeLit)
		if !ok {
			return true
		}
		fields := map[string]string{}
		for _, element := range literal.Elts {
			if pair, ok := element.(*ast.KeyValueExpr); ok {
				if value, ok := pair.Value.(*ast.BasicLit); ok {
					fields[pair.Key.(*ast.Ident).Name] = strings.Trim(value.Value, `"`)
				}
			}
		}
		name := fields["name"]
		if fields["prefix"] != "" {
			name = fields["prefix"] + ".<" + fields["member"] + ">"
		}
		names[name] = spec.Names[0].Name
		return true
	})
	return names
}
