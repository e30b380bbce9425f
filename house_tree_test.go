package termwise_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
)

// tree is the repository, read and parsed.
type tree struct {
	fset  *token.FileSet
	texts map[string]string // by path from the root, with slashes
	files []goFile          // the Go files among them, by path
}

// goFile is one Go file.
type goFile struct {
	path string
	text string
	ast  *ast.File
}

// parseTree parses the Go files among texts.
func parseTree(texts map[string]string) (tree, error) {
	t := tree{fset: token.NewFileSet(), texts: texts}
	for name, text := range texts {
		if path.Ext(name) != ".go" || strings.Contains(name, "testdata/") {
			continue
		}
		file, err := parser.ParseFile(t.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return tree{}, err
		}
		t.files = append(t.files, goFile{name, text, file})
	}
	slices.SortFunc(t.files, func(a, b goFile) int { return cmp.Compare(a.path, b.path) })
	return t, nil
}

// at makes a finding that starts with the place of node.
func (t tree) at(node ast.Node, format string, args ...any) string {
	p := t.fset.Position(node.Pos())
	return fmt.Sprintf("%s:%d: ", p.Filename, p.Line) + fmt.Sprintf(format, args...)
}

func (f goFile) dir() string            { return path.Dir(f.path) }
func (f goFile) test() bool             { return strings.HasSuffix(f.path, "_test.go") }
func (f goFile) top() string            { return top(f.path) }
func (f goFile) pure() bool             { return f.top() == "core" && !f.test() && !isTestSupport(f.dir()) }
func imported(s *ast.ImportSpec) string { return strings.Trim(s.Path.Value, "\"`") }

// top is the first folder of a path, or "" for a file at the root.
func top(name string) string {
	first, _, inside := strings.Cut(name, "/")
	if !inside {
		return ""
	}
	return first
}

// isTestSupport reports whether a folder holds a package that exists for tests
// only. Such packages end in "test", as net/http/httptest does.
func isTestSupport(dir string) bool { return strings.HasSuffix(dir, "test") }

// selectors calls judge with the import path and the name of every qualified
// identifier in the files that want selects, and returns what it objects to.
func (t tree) selectors(want func(goFile) bool, judge func(pkg, name string) string) []string {
	var found []string
	for _, f := range t.files {
		if !want(f) {
			continue
		}
		packages := localNames(f.ast)
		ast.Inspect(f.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && packages[x.Name] != "" {
				if objection := judge(packages[x.Name], sel.Sel.Name); objection != "" {
					found = append(found, t.at(sel, "%s", objection))
				}
			}
			return true
		})
	}
	return found
}

// localNames maps the names that a file gives its imports to their paths.
func localNames(file *ast.File) map[string]string {
	local := map[string]string{}
	for _, spec := range file.Imports {
		name := path.Base(imported(spec))
		if spec.Name != nil {
			name = spec.Name.Name
		}
		local[name] = imported(spec)
	}
	return local
}

// grep returns each line of the text files that want selects which matches.
func (t tree) grep(pattern *regexp.Regexp, objection string, want func(name string) bool) []string {
	var found []string
	for _, name := range t.paths() {
		text := t.texts[name]
		if !want(name) || strings.ContainsRune(text, 0) {
			continue
		}
		for _, span := range pattern.FindAllStringIndex(text, -1) {
			line := strings.Count(text[:span[0]], "\n") + 1
			found = append(found, fmt.Sprintf("%s:%d: %q: %s", name, line, text[span[0]:span[1]], objection))
		}
	}
	return found
}

func (t tree) paths() []string {
	var all []string
	for name := range t.texts {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// names makes a set.
func names(list ...string) map[string]bool {
	set := map[string]bool{}
	for _, name := range list {
		set[name] = true
	}
	return set
}
