package termwise_test

import (
	"fmt"
	"go/ast"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// reader is what functions are called that read what comes from outside.
var reader = regexp.MustCompile(`^(Parse[A-Z]?|Read$)`)

// parsersAreFuzzed: whatever reads a text is reached from a fuzzer of its own
// package, and what the fuzzers found interesting is kept beside them.
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
		for _, decl := range f.ast.Decls {
			fn, is := decl.(*ast.FuncDecl)
			if is && fn.Recv == nil && reader.MatchString(fn.Name.Name) && !reached[f.dir()][fn.Name.Name] {
				found = append(found, t.at(fn, "no fuzzer of %s reaches %s", f.dir(), fn.Name.Name))
			}
		}
	}
	slices.Sort(found)
	return found
}

// testFunctions holds, by folder, what each function of its tests names.
func testFunctions(t tree) map[string]map[string]map[string]bool {
	all := map[string]map[string]map[string]bool{}
	for _, f := range t.files {
		if !f.test() {
			continue
		}
		for _, decl := range f.ast.Decls {
			fn, is := decl.(*ast.FuncDecl)
			if !is || fn.Body == nil {
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
