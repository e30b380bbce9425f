package canary_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"termwise.dev/core/canary"
)

func TestAllListsEveryBugOnce(t *testing.T) {
	source, err := os.ReadFile("bugs.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`Bug += "([^"]+)"`).FindAllStringSubmatch(string(source), -1)
	all := canary.All()
	if len(declared) != len(all) || len(all) < 20 {
		t.Errorf("%d bugs are declared and %d listed", len(declared), len(all))
	}
	seen := map[canary.Bug]bool{}
	for _, bug := range all {
		if seen[bug] {
			t.Errorf("%s is listed twice", bug)
		}
		seen[bug] = true
	}
	for _, d := range declared {
		if !slices.Contains(all, canary.Bug(d[1])) {
			t.Errorf("%s is not listed", d[1])
		}
	}
}

// TestEveryBugSaysWhereItIs: a bug's name begins with the package it is seeded in.
func TestEveryBugSaysWhereItIs(t *testing.T) {
	for _, bug := range canary.All() {
		if folder, what, found := strings.Cut(string(bug), ": "); !found || folder == "" || what == "" {
			t.Errorf("%q does not say where it is", bug)
		}
	}
}

func TestNoBugIsAwake(t *testing.T) {
	for _, bug := range canary.All() {
		if canary.On(bug) {
			t.Errorf("%s is awake", bug)
		}
	}
}
