package termwise_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// houseCase is a small repository and what one rule must find in it.
type houseCase struct {
	rule  string
	files map[string]string
	want  []string // starts of the findings, in order; none: the rule is kept
}

var houseCases = []houseCase{
	{"imports run downward", map[string]string{
		"core/a/a.go": "package a\nimport \"termwise.dev/store\"",
		"store/s.go":  "package store\nimport \"termwise.dev/app\"",
		"app/a.go":    "package app\nimport \"termwise.dev/api\"",
		"sim/s.go":    "package sim\nimport \"termwise.dev/cmd/termwise\"",
	}, []string{"app/a.go:2: app may not import api", "core/a/a.go:2: core may not import store", "sim/s.go:2: ", "store/s.go:2: "}},
	{"imports run downward", map[string]string{
		"cmd/x/x.go":       "package main\nimport \"termwise.dev/cmd/y\"",
		"store/s.go":       "package store\nimport \"termwise.dev/drivers\"",
		"core/a/a_test.go": "package a\nimport \"termwise.dev/app\"",
	}, []string{"cmd/x/x.go:2: ", "core/a/a_test.go:2: ", "store/s.go:2: "}},
	{"imports run downward", map[string]string{
		"app/a.go":       "package app\nimport \"termwise.dev/store/pgtest\"",
		"attic/a.go":     "package attic",
		"core/a/a.go":    "package a\nimport \"termwise.dev/provider\"",
		"store/s.go":     "package store\nimport \"termwise.dev/attic\"",
		"termwise.go":    "package termwise",
		"house_test.go":  "package termwise_test",
		"drivers/d/d.go": "package d",
	}, []string{"app/a.go:2: ", "attic/a.go:1: folder attic has no rank", "core/a/a.go:2: ", "store/s.go:2: "}},
	{"imports run downward", map[string]string{
		"cmd/x/x.go":                    "package main\nimport (\"fmt\"; \"termwise.dev/api\"; \"termwise.dev/core/a\"; \"termwise.dev/sim\")",
		"api/a.go":                      "package api\nimport (\"termwise.dev/app\"; \"termwise.dev/core/a\")",
		"core/a/a.go":                   "package a\nimport \"termwise.dev/core/b\"",
		"core/a/a_test.go":              "package a\nimport (\"termwise.dev/provider\"; \"pgregory.net/rapid\")",
		"store/s_test.go":               "package store\nimport \"termwise.dev/store/pgtest\"",
		"core/terms/clausetest/case.go": "package clausetest\nimport \"termwise.dev/core/terms\"",
	}, nil},

	{"the model of the simulator knows nothing of the code", map[string]string{
		"sim/model/m.go":      "package model\nimport \"termwise.dev/core/money\"",
		"sim/model/m_test.go": "package model\nimport \"pgregory.net/rapid\"",
	}, []string{"sim/model/m.go:2: the model may not import termwise.dev/core/money", "sim/model/m_test.go:2: "}},
	{"the model of the simulator knows nothing of the code", map[string]string{
		"sim/model/m.go": "package model\nimport (\"math/big\"; \"time\")",
		"sim/world/w.go": "package world\nimport \"termwise.dev/core/money\"",
	}, nil},

	{"every seeded bug has one place", map[string]string{
		"core/canary/bugs.go": "package canary\nconst (\nNowhere Bug = \"a: b\"\nTwice Bug = \"c: d\"\n)",
		"app/a.go":            "package app\nfunc a() bool { return canary.On(canary.Twice) || canary.On(canary.Twice) }",
	}, []string{"core/canary/bugs.go:3: Nowhere is seeded in 0 places", "core/canary/bugs.go:4: Twice is seeded in 2 places"}},
	{"every seeded bug has one place", map[string]string{
		"core/canary/bugs.go": "package canary\nconst Once Bug = \"a: b\"",
		"store/s.go":          "package store\nfunc s() bool { return canary.On(canary.Once) }",
		"sim/s.go":            "package main\nfunc s() { canary.On(canary.Once) }",
	}, nil},

	{"core imports only what is pure", map[string]string{
		"core/a/a.go": "package a\nimport (\n\"database/sql/driver\"\n\"context\"\n\"log/slog\"\n\"os/exec\"\n\"net/http\"\n\"math/rand/v2\"\n)",
		"core/b/b.go": "package b\nimport \"github.com/goccy/go-yaml/ast\"",
		"core/c/c.go": "package c\nimport \"github.com/jackc/pgx/v5\"",
	}, []string{
		"core/a/a.go:3: ", "core/a/a.go:4: core may not import context", "core/a/a.go:5: ", "core/a/a.go:6: ", "core/a/a.go:7: ", "core/a/a.go:8: ",
		"core/b/b.go:2: only core/terms", "core/c/c.go:2: core may not import github.com/jackc",
	}},
	{"core imports only what is pure", map[string]string{
		"core/a/a.go":                   "package a\nimport (\"fmt\"; \"math/bits\"; \"termwise.dev/core/b\"; \"encoding/json\")",
		"core/a/a_test.go":              "package a\nimport (\"os\"; \"pgregory.net/rapid\")",
		"core/terms/t.go":               "package terms\nimport \"github.com/goccy/go-yaml/parser\"",
		"core/terms/clausetest/case.go": "package clausetest\nimport (\"os\"; \"context\")",
		"app/a.go":                      "package app\nimport \"context\"",
	}, nil},

	{"core reads no clock", map[string]string{
		"core/a/a.go": "package a\nimport \"time\"\nvar start = time.Now()\nfunc f() { time.Sleep(1) }",
		"core/b/b.go": "package b\nimport clock \"time\"\nvar age = clock.Since",
	}, []string{"core/a/a.go:3: core may not call time.Now", "core/a/a.go:4: ", "core/b/b.go:3: "}},
	{"core reads no clock", map[string]string{
		"core/a/a.go":      "package a\nimport \"time\"\nvar d = time.Date\nvar t struct{ Now int }\nvar n = t.Now",
		"core/a/a_test.go": "package a\nimport \"time\"\nvar start = time.Now()",
		"app/a.go":         "package app\nimport \"time\"\nvar start = time.Now()",
	}, nil},

	{"core has no floating point", map[string]string{
		"core/a/a.go": "package a\nimport (\"math\"; \"strconv\")\nvar rate float64\nconst half = 0.5\nvar x = math.Sqrt\nvar y = strconv.ParseFloat\nconst big = 1e6\ntype z complex128",
	}, []string{
		"core/a/a.go:5: math.Sqrt", "core/a/a.go:6: strconv.ParseFloat",
		"core/a/a.go:3: float64", "core/a/a.go:4: 0.5", "core/a/a.go:7: 1e6", "core/a/a.go:8: complex128",
	}},
	{"core has no floating point", map[string]string{
		"core/a/a.go":      "package a\nimport \"math\"\nconst half = 5 // tenths, not 0.5 or float64\nconst top = math.MaxInt64\nvar s = \"0.5\"",
		"core/a/a_test.go": "package a\nvar rate float64 = 0.5",
		"sim/s.go":         "package sim\nvar rate float64 = 0.5",
	}, nil},

	{"every package says what it owns", map[string]string{
		"core/a/a.go":          "// Package a is not described in doc.go.\npackage a",
		"core/b/doc.go":        "// Package b. Owns: x. Invariants: y.\npackage b",
		"core/c/doc.go":        "package c",
		"cmd/x/main.go":        "package main",
		"store/doc.go":         "// Package store. Does not own: x.\npackage store",
		"store/pgtest/some.go": "package pgtest",
	}, []string{
		"cmd/x/doc.go:1: missing", "core/a/doc.go:1: missing", "core/b/doc.go:1: the package comment does not say \"does not own\"", "core/c/doc.go:1: missing",
		"store/doc.go:1: the package comment does not say \"invariants\"", "store/doc.go:1: the package comment does not say \"owns\"", "store/pgtest/doc.go:1: missing",
	}},
	{"every package says what it owns", map[string]string{
		"core/a/a.go":       "package a",
		"core/a/doc.go":     "// Package a.\n//\n// Owns: x. Does not\n// own: y.\n//\n// Invariants: z.\npackage a",
		"core/e/e_test.go":  "package e",
		"cmd/x/doc.go":      "// Command x.\npackage main",
		"x/xtest/doc.go":    "// Package xtest.\npackage xtest",
		"a/testdata/a/a.go": "package a",
	}, nil},

	{"files and functions are short", map[string]string{
		"core/a/a.go": "package a\n" + strings.Repeat("\n", maxFileLines),
		"core/b/b.go": "package b\nfunc long() {\n" + strings.Repeat("\n", maxFuncLines-1) + "}",
	}, []string{"core/a/a.go:1: 601 lines", "core/b/b.go:2: long has 71 lines"}},
	{"files and functions are short", map[string]string{
		"core/a/a.go":      "package a\n" + strings.Repeat("\n", maxFileLines-1),
		"core/b/b.go":      "package b\n// long.\nfunc long() {\n" + strings.Repeat("\n", maxFuncLines-2) + "}",
		"core/b/b_test.go": "package b\nfunc long() {\n" + strings.Repeat("\n", maxFileLines) + "}",
	}, nil},

	{"names say what is inside", map[string]string{
		"core/util/a.go": "package util", "app/order_helpers.go": "package app", "docs/misc.md": "", "api/common_test.go": "package api",
	}, []string{"api/common_test.go:1: ", "app/order_helpers.go:1: \"helpers\"", "core/util/a.go:1: ", "docs/misc.md:1: "}},
	{"names say what is inside", map[string]string{
		"core/utility.go": "package core", "app/commonly.go": "package app", "docs/help.md": "",
	}, nil},

	{"nothing is left to be done", map[string]string{
		"app/a.go": "package app\n\n// TO" + "DO: pay", "docs/a.md": "a\nFIX" + "ME\n", "README.md": "XX" + "X",
	}, []string{"README.md:1: ", "app/a.go:3: ", "docs/a.md:2: "}},
	{"nothing is left to be done", map[string]string{
		"app/a.go": "package app\n// todo lists, TO" + "DOS and XX" + "XX are words", "provider/a.yaml": "# TO" + "DO", "docs/a.md": "",
	}, nil},

	{"no path of one machine", map[string]string{
		"Makefile": "a:\n\tcd /wor" + "k/main", "docs/a.md": "see /ro" + "ot/x", "app/a.go": "package app\n// /tmp/sp" + "ec",
	}, []string{"Makefile:2: ", "app/a.go:2: ", "docs/a.md:1: "}},
	{"no path of one machine", map[string]string{
		"go.sum": "h1:/wor" + "k/", "docs/a.md": "network/ and /tmp and work/", "a.png": "\x00/wor" + "k/",
	}, nil},

	{"everything exported in core is documented", map[string]string{
		"core/a/a.go": "package a\nfunc F() {}\ntype T struct{}\nfunc (t *T) M() {}\nconst C = 1\nvar V, w = 1, 2\n// group\ntype (\nA int\n)",
	}, []string{"core/a/a.go:2: F", "core/a/a.go:3: T", "core/a/a.go:4: M", "core/a/a.go:5: C", "core/a/a.go:6: V", "core/a/a.go:9: A"}},
	{"everything exported in core is documented", map[string]string{
		"core/a/a.go": "package a\n// F.\nfunc F() {}\nfunc f() {}\n// T.\ntype T struct{}\n// M.\nfunc (t T) M() {}\ntype u int\nfunc (u) M() {}\n" +
			"// The kinds.\nconst (\nA = 1\nB = 2\n)\nvar (\nV = 1 // counts\n// W.\nW = 2\n)",
		"core/a/a_test.go": "package a\nfunc Test() {}",
		"app/a.go":         "package app\nfunc F() {}",
	}, nil},

	{"every refusal code is produced by a test", map[string]string{
		"core/refusal/refusal.go":      "package refusal\ntype Code string\nconst (\n// BadInput.\nBadInput Code = \"bad_input\"\nOverflow Code = \"overflow\"\n)",
		"core/refusal/refusal_test.go": "package refusal\nvar x = refusal.BadInput",
		"core/a/a.go":                  "package a\nvar x = refusal.BadInput",
		"core/a/a_test.go":             "package a\n// refusal.BadInput\nvar x = \"an overflow happens\"",
		"house_test.go":                "package termwise_test\nvar x = \"overflow\"",
	}, []string{"core/refusal/refusal.go:5: no test outside core/refusal produces refusal.BadInput", "core/refusal/refusal.go:6: "}},
	{"every refusal code is produced by a test", map[string]string{
		"core/refusal/refusal.go": "package refusal\ntype Code string\nconst (\nA Code = \"a_a\"\nB Code = \"b_b\"\nC Code = \"c_c\"\n)",
		"core/a/a_test.go":        "package a\nvar x = refusal.A\nvar y = \"b_b\"\nvar z = `{\"code\":\"c_c\"}`",
	}, nil},

	{"every parser is fuzzed", map[string]string{
		"core/a/a.go":      "package a\nfunc ParseA() {}\nfunc Read() {}\nfunc ReadAll() {}",
		"core/a/a_test.go": "package a\nfunc TestA() { ParseA() }\nfunc FuzzOther() { Read() }",
		"app/a.go":         "package app\nfunc Parse() {}",
		"core/b/b_test.go": "package b\nfunc FuzzB() { ParseA(); Parse() }",
	}, []string{"app/a.go:2: no fuzzer of app reaches Parse", "core/a/a.go:2: no fuzzer of core/a reaches ParseA", "core/a:1: the fuzzer FuzzOther has no corpus", "core/b:1: "}},
	{"every parser is fuzzed", map[string]string{
		"core/a/a.go":                   "package a\nfunc ParseA() {}\nfunc (t T) Parse() {}",
		"core/a/a_test.go":              "package a\nfunc FuzzA() { check() }\nfunc check() { again() }\nfunc again() { x.ParseA() }",
		"core/a/testdata/fuzz/FuzzA/01": "go test fuzz v1",
	}, nil},
	{"every parser is fuzzed", map[string]string{
		"core/a/a.go": "package a\nfunc Unpack(id string, b []byte) {}\nfunc (t *T) UnpackAll() {}\nfunc readRows(text string) {}\n" +
			"func (t *T) Scan(value any) {}\nfunc (t T) UnmarshalText(b []byte) {}\nfunc (t T) readOne(hour int, b []byte) {}",
		"core/a/a_test.go":              "package a\nfunc FuzzA() { Unpack(); x.Scan(); x.UnmarshalText() }",
		"core/a/testdata/fuzz/FuzzA/01": "go test fuzz v1",
	}, []string{
		"core/a/a.go:3: no fuzzer of core/a reaches UnpackAll", "core/a/a.go:4: no fuzzer of core/a reaches readRows",
		"core/a/a.go:5: no fuzzer of core/a reaches Scan", "core/a/a.go:6: no fuzzer of core/a reaches UnmarshalText",
		"core/a/a.go:7: no fuzzer of core/a reaches readOne",
	}},
	{"every parser is fuzzed", map[string]string{
		"store/s.go": "package store\nfunc (r row) Scan(dest ...any) {}\nfunc unpackEntry(ctx context.Context, id string) {}\n" +
			"func readBooks(ctx context.Context, id string) {}\nfunc (m *measures) Scan(value any) {}\nfunc readDone() {}\nfunc Scan(value any) {}",
	}, nil},
}

func TestHouseRulesCatch(t *testing.T) {
	for i, c := range houseCases {
		t.Run(fmt.Sprintf("%s/%d", c.rule, i), func(t *testing.T) {
			tree, err := parseTree(c.files)
			if err != nil {
				t.Fatal(err)
			}
			got := ruleNamed(t, c.rule).check(tree)
			same := slices.EqualFunc(got, c.want, strings.HasPrefix)
			if !same {
				t.Errorf("found\n\t%s\nwant findings that start with\n\t%s", strings.Join(got, "\n\t"), strings.Join(c.want, "\n\t"))
			}
		})
	}
}

// TestEveryHouseRuleHasBothCases keeps a rule from being added untested.
func TestEveryHouseRuleHasBothCases(t *testing.T) {
	for _, rule := range houseRules {
		broken := func(c houseCase) bool { return c.rule == rule.name && len(c.want) > 0 }
		kept := func(c houseCase) bool { return c.rule == rule.name && len(c.want) == 0 }
		if !slices.ContainsFunc(houseCases, broken) || !slices.ContainsFunc(houseCases, kept) {
			t.Errorf("rule %q needs a case that breaks it and a case that keeps it", rule.name)
		}
	}
}

func ruleNamed(t *testing.T, name string) houseRule {
	t.Helper()
	i := slices.IndexFunc(houseRules, func(r houseRule) bool { return r.name == name })
	if i < 0 {
		t.Fatalf("no rule %q", name)
	}
	return houseRules[i]
}
