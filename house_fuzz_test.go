package termwise_test

import (
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// reader is what functions are called that read what comes from outside.
var reader = regexp.MustCompile(`^(Parse[A-Z]?|Read$)`)

// unpacker is what functions and methods are called that read bytes or a text which
// was written before; column what methods are called that a library calls to read one.
var (
	unpacker = regexp.MustCompile(`^([Uu]npack|[Rr]ead[A-Z])`)
	column   = regexp.MustCompile(`^(Scan|Unmarshal(JSON|Text|YAML))$`)
)

// decoders are those that no fuzzer names, because a library or another function
// calls them, each with the fuzzer that reaches it all the same.
var decoders = map[string]string{
	"api.readEvents":                           "api.FuzzReadEvents",
	"api.measures.UnmarshalJSON":               "api.FuzzReadEvents",
	"app/usagefile.meterScalars.UnmarshalYAML": "app/usagefile.FuzzRead",
	"app/usagefile.scalar.UnmarshalYAML":       "app/usagefile.FuzzRead",
	"core/calendar.Day.UnmarshalText":          "core/calendar.FuzzCalendar",
	"core/calendar.Month.UnmarshalText":        "core/calendar.FuzzCalendar",
	"core/money.Amount.UnmarshalText":          "core/money.FuzzMoney",
	"core/money.Decimal.UnmarshalText":         "core/money.FuzzMoney",
	"core/terms.Hash.UnmarshalText":            "core/terms.FuzzHash",
	"store.bitColumn.Scan":                     "store.FuzzColumns",
	"store.comparedHash.Scan":                  "store.FuzzColumns",
	"store.hashColumn.Scan":                    "store.FuzzColumns",
	"store.measures.Scan":                      "store.FuzzMeasures",
	"store.sentMeasures.Scan":                  "store.FuzzMeasures",
	"store.smallColumn.Scan":                   "store.FuzzColumns",
	"store.stateColumn.Scan":                   "store.FuzzColumns",
	"store.tolerant.Scan":                      "store.FuzzColumns",
}

// TestDecodersAndTheirFuzzersExist keeps the table from outliving what it names.
func TestDecodersAndTheirFuzzersExist(t *testing.T) {
	tree := readTree(t, ".")
	known := map[string]bool{}
	for _, f := range tree.files {
		for _, fn := range functionsOf(f) {
			known[nameIn(f, fn)] = true
		}
	}
	for decoder, fuzzer := range decoders {
		if !known[decoder] || !known[fuzzer] {
			t.Errorf("the table says that %s is reached by %s; one of them does not exist", decoder, fuzzer)
		}
	}
}

// parsersAreFuzzed: whatever reads a text or bytes is reached from a fuzzer of its
// own package or stands in decoders, and what the fuzzers found interesting is kept
// beside them.
func parsersAreFuzzed(t tree) []string {
	reached := map[string]map[string]bool{} // by folder: the names that fuzzers reach
	var found []string
	for dir, functions := range testFunctions(t) {
		names := map[string]bool{}
		for name := range functions {
			if !strings.HasPrefix(name, "Fuzz") {
				continue
			}
			reach(name, functions, names)
			if corpus := dir + "/testdata/fuzz/" + name + "/"; !slices.ContainsFunc(t.paths(), func(p string) bool { return strings.HasPrefix(p, corpus) }) {
				found = append(found, fmt.Sprintf("%s:1: the fuzzer %s has no corpus in testdata/fuzz", dir, name))
			}
		}
		reached[dir] = names
	}
	for _, f := range t.files {
		if f.test() || isTestSupport(f.dir()) || !explained[f.top()] {
			continue
		}
		for _, fn := range functionsOf(f) {
			if decodes(fn) && (column.MatchString(fn.Name.Name) || !reached[f.dir()][fn.Name.Name]) && decoders[nameIn(f, fn)] == "" {
				found = append(found, t.at(fn, "no fuzzer of %s reaches %s", f.dir(), fn.Name.Name))
			}
		}
	}
	slices.Sort(found)
	return found
}

// decodes says whether a function reads what comes from outside: by its name, and by
// what it is given, since not all that reads or unpacks has bytes to do it from.
func decodes(fn *ast.FuncDecl) bool {
	name, given := fn.Name.Name, parameters(fn)
	switch {
	case column.MatchString(name):
		return fn.Recv != nil && len(given) == 1 && !strings.HasPrefix(given[0], "...")
	case reader.MatchString(name):
		return fn.Recv == nil
	case unpacker.MatchString(name):
		return slices.Contains(given, "[]byte") || len(given) > 0 && given[0] == "string" || len(given) == 0 && fn.Recv != nil
	}
	return false
}

// parameters lists the types of what a function is given.
func parameters(fn *ast.FuncDecl) (given []string) {
	for _, field := range fn.Type.Params.List {
		for range max(1, len(field.Names)) {
			given = append(given, types.ExprString(field.Type))
		}
	}
	return given
}

// nameIn names a function by its folder and a method by its type too.
func nameIn(f goFile, fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return f.dir() + "." + fn.Name.Name
	}
	receiver, _, _ := strings.Cut(strings.TrimPrefix(types.ExprString(fn.Recv.List[0].Type), "*"), "[")
	return f.dir() + "." + receiver + "." + fn.Name.Name
}

func functionsOf(f goFile) (functions []*ast.FuncDecl) {
	for _, decl := range f.ast.Decls {
		if fn, is := decl.(*ast.FuncDecl); is {
			functions = append(functions, fn)
		}
	}
	return functions
}

// testFunctions holds, by folder, what each function of its tests names.
func testFunctions(t tree) map[string]map[string]map[string]bool {
	all := map[string]map[string]map[string]bool{}
	for _, f := range t.files {
		if !f.test() {
			continue
		}
		for _, fn := range functionsOf(f) {
			if fn.Body == nil {
				continue
			}
			named := map[string]bool{}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				if id, is := n.(*ast.Ident); is {
					named[id.Name] = true
				}
				return true
			})
			if all[f.dir()] == nil {
				all[f.dir()] = map[string]map[string]bool{}
			}
			all[f.dir()][fn.Name.Name] = named
		}
	}
	return all
}

// reach collects what a function names, and the functions of the tests that it
// names in turn.
func reach(name string, functions map[string]map[string]bool, seen map[string]bool) {
	for named := range maps.Keys(functions[name]) {
		if !seen[named] {
			seen[named] = true
			reach(named, functions, seen)
		}
	}
}
