package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"termwise.dev/core/terms"
)

// TestEveryKeyIsRead holds the registry of term keys to the code: a key that
// nothing reads would be a promise that nothing keeps, unless it says for which
// capability it waits; and one that is read does not wait.
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
		if key.WaitsFor != "" {
			if len(readers[variable]) > 0 {
				t.Errorf("%s is said to wait for %s, and is read by %v", key.Name, key.WaitsFor, slices.Sorted(maps.Keys(readers[variable])))
			}
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
	files, err := filepath.Glob("../core/terms/keys*.go")
	must(t, err)
	names := map[string]string{}
	for _, file := range files {
		declaredKeys(t, file, names)
	}
	return names
}

func declaredKeys(t *testing.T, path string, names map[string]string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	must(t, err)
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
}
