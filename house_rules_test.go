package termwise_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	modulePath   = "termwise.dev"
	maxFileLines = 600
	maxFuncLines = 70
)

// houseRule is one rule: its name and the function that finds what breaks it.
type houseRule struct {
	name  string
	check func(tree) []string
}

var houseRules = []houseRule{
	{"imports run downward", importsRunDownward},
	{"core imports only what is pure", coreImports},
	{"the model of the simulator knows nothing of the code", modelIsIndependent},
	{"every seeded bug has one place", bugsHaveOnePlace},
	{"core reads no clock", coreReadsNoClock},
	{"core has no floating point", coreHasNoFloat},
	{"every package says what it owns", packagesSayWhatTheyOwn},
	{"files and functions are short", filesAndFunctionsAreShort},
	{"names say what is inside", namesSayWhatIsInside},
	{"nothing is left to be done", nothingIsLeft},
	{"no path of one machine", noMachinePath},
	{"everything exported in core is documented", coreIsDocumented},
	{"every refusal code is produced by a test", refusalsAreTested},
	{"every parser is fuzzed", parsersAreFuzzed},
}

// layers ranks the folders of the house: a package imports only packages of a
// lower rank, and those of its own folder. provider and console are data.
var layers = map[string]int{
	"core": 0, "provider": 0, "console": 0,
	"store": 1, "drivers": 1,
	"app": 2,
	"api": 3,
	"sim": 4,
	"cmd": 5, "docs": 6,
}

func importsRunDownward(t tree) []string {
	var found []string
	for _, f := range t.files {
		if f.top() == "" {
			continue
		}
		rank, known := layers[f.top()]
		if !known {
			found = append(found, t.at(f.ast, "folder %s has no rank; give it one in layers", f.top()))
			continue
		}
		for _, spec := range f.ast.Imports {
			rest, ours := strings.CutPrefix(imported(spec), modulePath+"/")
			if !ours || mayImport(f, rank, rest) {
				continue
			}
			found = append(found, t.at(spec, "%s may not import %s: imports run down, cmd → api → app → store → core", f.top(), rest))
		}
	}
	return found
}

// mayImport reports whether f, in a folder of this rank, may import the package
// at rest. Tests also have the sample provider and the packages for tests, which
// code that ships does not.
func mayImport(f goFile, rank int, rest string) bool {
	folder := top(rest + "/")
	if isTestSupport(rest) {
		return f.test() || isTestSupport(f.dir()) || f.top() == "sim"
	}
	if f.test() && folder == "provider" {
		return true
	}
	target, known := layers[folder]
	return known && (folder == f.top() && folder != "cmd" || target < rank)
}

// impure are the packages of the standard library through which a decision
// could depend on something other than its input, or do something.
var impure = regexp.MustCompile(`^(database/sql|net|net/http|context|log|os|syscall|math/rand|crypto/rand|runtime|unsafe|plugin)(/|$)`)

func coreImports(t tree) []string {
	var found []string
	for _, f := range t.files {
		if !f.pure() {
			continue
		}
		for _, spec := range f.ast.Imports {
			name := imported(spec)
			if impure.MatchString(name) {
				found = append(found, t.at(spec, "core may not import %s: it decides from its input alone", name))
			}
			if outside(name) && !(name == "github.com/goccy/go-yaml" || strings.HasPrefix(name, "github.com/goccy/go-yaml/")) {
				found = append(found, t.at(spec, "core may not import %s: besides core and the standard library it has only go-yaml, in core/terms", name))
			}
			if strings.HasPrefix(name, "github.com/goccy/go-yaml") && f.dir() != "core/terms" {
				found = append(found, t.at(spec, "only core/terms reads YAML"))
			}
		}
	}
	return found
}

// modelIsIndependent: what judges the code is made of the standard library alone.
func modelIsIndependent(t tree) []string {
	var found []string
	for _, f := range t.files {
		if f.dir() != "sim/model" {
			continue
		}
		for _, spec := range f.ast.Imports {
			if name := imported(spec); strings.Contains(top(name+"/"), ".") {
				found = append(found, t.at(spec, "the model may not import %s: it must not share a mistake with what it judges", name))
			}
		}
	}
	return found
}

// bugsHaveOnePlace: a canary that is seeded nowhere proves nothing, and one that
// is seeded twice hides where it was found. Code asks for bugs by their names.
func bugsHaveOnePlace(t tree) []string {
	places := map[string]int{}
	for _, f := range t.files {
		if f.test() || f.top() == "sim" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			asks, ok := call.Fun.(*ast.SelectorExpr)
			if bug, named := call.Args[0].(*ast.SelectorExpr); ok && named && asks.Sel.Name == "On" {
				places[bug.Sel.Name]++
			}
			return true
		})
	}
	var found []string
	for _, f := range t.files {
		if f.path != "core/canary/bugs.go" {
			continue
		}
		for _, decl := range f.ast.Decls {
			group, ok := decl.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					if n := places[name.Name]; n != 1 {
						found = append(found, t.at(name, "%s is seeded in %d places, not in one", name.Name, n))
					}
				}
			}
		}
	}
	return found
}

// outside reports whether an import path is neither ours nor the standard
// library's, whose first element has no dot.
func outside(name string) bool {
	return strings.Contains(top(name+"/"), ".") && top(name+"/") != modulePath
}

// clockReaders are the functions of package time that read or wait on the clock.
var clockReaders = names("Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker")

func coreReadsNoClock(t tree) []string {
	return t.selectors(goFile.pure, func(pkg, name string) string {
		if pkg == "time" && clockReaders[name] {
			return "core may not call time." + name + ": instants come from outside"
		}
		return ""
	})
}

// exactMath are what package math offers besides floating point.
var exactMath = regexp.MustCompile(`^(Max|Min)U?[Ii]nt\d*$`)

func coreHasNoFloat(t tree) []string {
	found := t.selectors(goFile.pure, func(pkg, name string) string {
		switch {
		case pkg == "math" && !exactMath.MatchString(name),
			pkg == "math/big" && strings.Contains(name, "Float"),
			pkg == "strconv" && strings.Contains(name, "Float"):
			return pkg + "." + name + " is floating point; core counts in integers"
		}
		return ""
	})
	for _, f := range t.files {
		if !f.pure() {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if word := floating(n); word != "" {
				found = append(found, t.at(n, "%s is floating point; core counts in integers", word))
			}
			return true
		})
	}
	return found
}

var floatTypes = names("float32", "float64", "complex64", "complex128")

// floating returns the text of a node that names or writes a floating-point
// value, or "".
func floating(n ast.Node) string {
	switch n := n.(type) {
	case *ast.Ident:
		if floatTypes[n.Name] {
			return n.Name
		}
	case *ast.BasicLit:
		if n.Kind == token.FLOAT || n.Kind == token.IMAG {
			return n.Value
		}
	}
	return ""
}

// explained are the folders whose packages say in doc.go what they own.
var explained = names("core", "app", "store", "api", "drivers")

func packagesSayWhatTheyOwn(t tree) []string {
	comments := map[string]string{} // of each folder with Go code, from its doc.go
	for _, f := range t.files {
		if f.test() {
			continue
		}
		if path.Base(f.path) == "doc.go" && f.ast.Doc != nil {
			comments[f.dir()] = strings.ToLower(strings.Join(strings.Fields(f.ast.Doc.Text()), " "))
		} else if _, seen := comments[f.dir()]; !seen {
			comments[f.dir()] = ""
		}
	}
	var found []string
	for dir, comment := range comments {
		if comment == "" {
			found = append(found, dir+"/doc.go:1: missing, or without a package comment")
			continue
		}
		if !explained[top(dir+"/")] || isTestSupport(dir) {
			continue
		}
		for _, word := range []string{"owns", "does not own", "invariants"} {
			if !strings.Contains(comment, word) {
				found = append(found, fmt.Sprintf("%s/doc.go:1: the package comment does not say %q", dir, word))
			}
		}
	}
	slices.Sort(found)
	return found
}

func filesAndFunctionsAreShort(t tree) []string {
	var found []string
	for _, f := range t.files {
		if f.test() {
			continue
		}
		if lines := strings.Count(f.text, "\n"); lines > maxFileLines {
			found = append(found, fmt.Sprintf("%s:1: %d lines; a file has at most %d, so give it one concept less", f.path, lines, maxFileLines))
		}
		for _, decl := range f.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if lines := t.fset.Position(fn.End()).Line - t.fset.Position(fn.Pos()).Line + 1; lines > maxFuncLines {
				found = append(found, t.at(fn, "%s has %d lines; a function has at most %d", fn.Name.Name, lines, maxFuncLines))
			}
		}
	}
	return found
}

var vague = names("util", "utils", "helper", "helpers", "common", "misc")

func namesSayWhatIsInside(t tree) []string {
	var found []string
	for _, name := range t.paths() {
		for _, part := range strings.Split(name, "/") {
			part, _, _ = strings.Cut(part, ".")
			for _, word := range strings.FieldsFunc(part, func(r rune) bool { return r == '_' || r == '-' }) {
				if vague[strings.ToLower(word)] {
					found = append(found, fmt.Sprintf("%s:1: %q does not say what is inside", name, word))
				}
			}
		}
	}
	return found
}

// unfinished are the words that promise work; spelt so as not to match itself.
var unfinished = regexp.MustCompile(`\b(T` + `ODO|FI` + `XME|X` + `XX)\b`)

func nothingIsLeft(t tree) []string {
	return t.grep(unfinished, "finish it or drop it", func(name string) bool {
		return path.Ext(name) == ".go" || path.Ext(name) == ".md"
	})
}

// machinePath matches folders that exist on one machine only; spelt so as not
// to match itself.
var machinePath = regexp.MustCompile(`/wor` + `k/|/ro` + `ot/|/tmp/sp` + `ec`)

func noMachinePath(t tree) []string {
	// Checksums are base64 text, in which a path can occur by chance.
	checksums := names("go.sum", "tools.sum", "package-lock.json")
	return t.grep(machinePath, "a path of one machine", func(name string) bool {
		return !checksums[path.Base(name)]
	})
}

func coreIsDocumented(t tree) []string {
	var found []string
	for _, f := range t.files {
		if f.top() != "core" || f.test() {
			continue
		}
		for _, decl := range f.ast.Decls {
			for _, name := range undocumented(decl) {
				found = append(found, t.at(name, "%s is exported and has no comment", name.Name))
			}
		}
	}
	return found
}

// undocumented lists the exported names that a declaration leaves without a
// comment. A group of constants or variables may share the group's comment.
func undocumented(decl ast.Decl) []*ast.Ident {
	if fn, ok := decl.(*ast.FuncDecl); ok {
		if fn.Doc == nil && fn.Name.IsExported() && exportedReceiver(fn) {
			return []*ast.Ident{fn.Name}
		}
		return nil
	}
	group, ok := decl.(*ast.GenDecl)
	if !ok || group.Doc != nil && (group.Tok != token.TYPE || !group.Lparen.IsValid()) {
		return nil
	}
	var bare []*ast.Ident
	for _, spec := range group.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Doc == nil && spec.Name.IsExported() {
				bare = append(bare, spec.Name)
			}
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if spec.Doc == nil && spec.Comment == nil && name.IsExported() {
					bare = append(bare, name)
				}
			}
		}
	}
	return bare
}

// exportedReceiver reports whether a function has no receiver or one whose type
// is exported: the methods of an unexported type cannot be called by name.
func exportedReceiver(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return true
	}
	exported := false
	ast.Inspect(fn.Recv.List[0].Type, func(n ast.Node) bool {
		if name, ok := n.(*ast.Ident); ok && !exported {
			exported = name.IsExported()
			return false
		}
		return true
	})
	return exported
}

func refusalsAreTested(t tree) []string {
	used, quoted := map[string]bool{}, strings.Builder{}
	for _, f := range t.files {
		if !f.test() || f.top() == "" || f.dir() == "core/refusal" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "refusal" {
					used[n.Sel.Name] = true
				}
			case *ast.BasicLit:
				if n.Kind == token.STRING {
					quoted.WriteString(quote(n.Value) + "\n")
				}
			}
			return true
		})
	}
	var found []string
	for _, code := range refusalCodes(t) {
		if !used[code.name.Name] && !strings.Contains(quoted.String(), `"`+code.value+`"`) {
			found = append(found, t.at(code.name, "no test outside core/refusal produces refusal.%s (%s)", code.name.Name, code.value))
		}
	}
	return found
}

// quote puts a string literal's content in quotes, so that a code which is the
// whole content is found like one that stands in quotes inside a longer text.
func quote(literal string) string {
	content, err := strconv.Unquote(literal)
	if err != nil {
		return literal
	}
	return `"` + content + `"`
}

// refusalCode is one constant of type Code in core/refusal.
type refusalCode struct {
	name  *ast.Ident
	value string
}

func refusalCodes(t tree) []refusalCode {
	var codes []refusalCode
	for _, f := range t.files {
		if f.dir() != "core/refusal" || f.test() {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			kind, isNamed := spec.Type.(*ast.Ident)
			value, isLiteral := spec.Values[0].(*ast.BasicLit)
			if isNamed && isLiteral && kind.Name == "Code" {
				codes = append(codes, refusalCode{spec.Names[0], strings.Trim(value.Value, `"`)})
			}
			return true
		})
	}
	return codes
}
