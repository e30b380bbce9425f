package termwise_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHouse holds the repository to the rules of the house. Each rule reports
// by itself, with file and line. The rules are in house_rules_test.go; that they
// catch what they should is in house_cases_test.go.
func TestHouse(t *testing.T) {
	tree := readTree(t, ".")
	for _, rule := range houseRules {
		t.Run(rule.name, func(t *testing.T) {
			for _, finding := range rule.check(tree) {
				t.Error(finding)
			}
		})
	}
}

// notOurs are folders that hold nothing we wrote: git's own, what a build or a
// demo leaves, and what the package manager of the console fetches.
var notOurs = map[string]bool{
	".git": true, "bin": true, "data": true, "console/node_modules": true, "console/dist": true,
}

// readTree reads the repository at root.
func readTree(t *testing.T, root string) tree {
	t.Helper()
	texts := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := filepath.ToSlash(path)
		switch {
		case notOurs[name] && entry.IsDir():
			return filepath.SkipDir
		case notOurs[name]: // in a second working tree of the repository .git is a file
			return nil
		}
		if !entry.Type().IsRegular() || isDatabase(name) {
			return nil
		}
		text, err := os.ReadFile(path)
		texts[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parseTree(texts)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// isDatabase reports whether name is a database that somebody's run left here.
func isDatabase(name string) bool {
	return strings.HasSuffix(name, ".db") || strings.HasSuffix(name, ".db-wal") || strings.HasSuffix(name, ".db-shm")
}
