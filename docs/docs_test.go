// Package docs_test holds the documentation to the program: links lead
// somewhere, command lines are understood, tables list what the code lists, and
// examples can be read.
package docs_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/app/usagefile"
	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/provider"
)

var update = flag.Bool("update", false, "write generated tables anew")

// pages returns every page of the documentation by its path from here.
func pages(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.md")
	if err != nil || len(files) == 0 {
		t.Fatal("no pages", err)
	}
	texts := map[string]string{}
	for _, file := range append(files, "../README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = string(text)
	}
	return texts
}

// block is a fenced block: its info string and what stands in it.
type block struct{ page, info, text string }

var fence = regexp.MustCompile("(?ms)^```([^\n`]*)\n(.*?)^```$")

func blocks(t *testing.T) []block {
	t.Helper()
	var found []block
	for page, text := range pages(t) {
		for _, m := range fence.FindAllStringSubmatch(text, -1) {
			found = append(found, block{page: page, info: m[1], text: m[2]})
		}
	}
	return found
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

func TestLinks(t *testing.T) {
	texts := pages(t)
	for page, text := range texts {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			path, anchor, _ := strings.Cut(m[1], "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s leads nowhere", page, m[1])
			}
			if anchor != "" && !anchors(texts[target])[anchor] {
				t.Errorf("%s: %s leads to no heading", page, m[1])
			}
		}
	}
}

// anchors lists the anchors that a page's headings have on a code host.
func anchors(text string) map[string]bool {
	dropped := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	found := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		name := dropped.ReplaceAllString(strings.ToLower(m[1]), "")
		found[strings.ReplaceAll(name, " ", "-")] = true
	}
	return found
}

var commandLine = regexp.MustCompile(`(?m)^\s*(?:\$ )?(?:bin/)?termwise ([^#|\n]*)`)

// TestCommandLines runs every command line of the documentation in a folder
// where there is no database: whatever else it says, it must not be that the
// command line is used wrongly (exit code 2).
func TestCommandLines(t *testing.T) {
	program := filepath.Join(t.TempDir(), "termwise")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", program, "../cmd/termwise").CombinedOutput(); err != nil {
		t.Fatalf("building the program: %v\n%s", err, out)
	}
	seen := map[string]bool{}
	for _, b := range blocks(t) {
		for _, m := range commandLine.FindAllStringSubmatch(b.text, -1) {
			line := strings.TrimSpace(m[1])
			if seen[line] {
				continue
			}
			seen[line] = true
			args := words(line)
			if args[0] == "demo" || strings.Contains(line, "postgres") {
				args = append(args, "--help") // understood, and not carried out
			}
			if code, out := run(t, program, args); code == 2 {
				t.Errorf("%s: termwise %s\n%s", b.page, line, out)
			}
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d command lines were found", len(seen))
	}
}

// run runs the program in an empty folder and returns its exit code.
func run(t *testing.T, program string, args []string) (code int, output string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "TERMWISE_DB=")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("termwise %s: %v", strings.Join(args, " "), err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// words splits a command line as a shell does, as far as the pages need it.
func words(line string) []string {
	var list []string
	for _, m := range regexp.MustCompile(`"([^"]*)"|'([^']*)'|(\S+)`).FindAllStringSubmatch(line, -1) {
		list = append(list, m[1]+m[2]+m[3])
	}
	return list
}

// TestTermKeys holds the table of keys to the registry.
func TestTermKeys(t *testing.T) {
	var want strings.Builder
	want.WriteString("\n| key | type | how it is written | silence means | read by |\n|---|---|---|---|---|\n")
	for _, k := range terms.Keys() {
		silence := string(k.Silence)
		if k.Silence == terms.SilenceIsError {
			silence = "**an error**"
		}
		written := strings.ReplaceAll(k.Unit, " | ", ", ")
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s | %s |\n", k.Name, k.Type, written, silence, k.ReadBy)
	}
	heldTable(t, "keys", want.String())
}

// TestCapabilities holds the table of what a rule may wait for to the closed set.
func TestCapabilities(t *testing.T) {
	var want strings.Builder
	want.WriteString("\n| capability | what it is |\n|---|---|\n")
	for _, c := range terms.Capabilities() {
		fmt.Fprintf(&want, "| `%s` | %s |\n", c.Name, c.Means)
	}
	heldTable(t, "capabilities", want.String())
}

// heldTable holds the part of terms.md between two marks to what it must be, or
// writes it anew with -update.
func heldTable(t *testing.T, mark, want string) {
	t.Helper()
	start, end := "<!-- "+mark+" -->", "<!-- /"+mark+" -->"
	text := pages(t)["terms.md"]
	got := between(t, text, start, end)
	if *update {
		text = strings.Replace(text, start+got, start+want, 1)
		if err := os.WriteFile("terms.md", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("terms.md; write it anew with -update (-registry +page):\n%s", diff)
	}
}

func between(t *testing.T, text, start, end string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, start)
	inside, _, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s and %s are not there", start, end)
	}
	return inside
}

var codeRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|[^|]+\\| (\\d+) \\|[^|]+\\|$")

// TestRefusalCodes holds the table of codes to the closed set, in its order, and
// their HTTP statuses to those of the API.
func TestRefusalCodes(t *testing.T) {
	statuses := apiStatuses(t)
	var want, got []string
	for _, code := range refusal.Codes() {
		want = append(want, fmt.Sprintf("%s %d", code, statuses[code]))
	}
	for _, m := range codeRow.FindAllStringSubmatch(between(t, pages(t)["operating.md"], "<!-- codes -->", "<!-- /codes -->"), -1) {
		got = append(got, m[1]+" "+m[2])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("operating.md (-program +page):\n%s", diff)
	}
}

// apiStatuses reads from the API's source which status each code has.
func apiStatuses(t *testing.T) map[refusal.Code]int {
	t.Helper()
	numbers := map[string]int{}
	for n := 400; n < 600; n++ {
		numbers[strings.ReplaceAll(http.StatusText(n), " ", "")] = n
	}
	constants := map[string]string{}
	for _, m := range matches(t, "../api/problem.go", `refusal\.(\w+):\s+http\.Status(\w+),`) {
		constants[m[1]] = m[2]
	}
	statuses := map[refusal.Code]int{}
	for _, m := range matches(t, "../core/refusal/refusal.go", `(?m)^\s+(\w+)\s+Code = "(\w+)"`) {
		statuses[refusal.Code(m[2])] = numbers[constants[m[1]]]
	}
	return statuses
}

func matches(t *testing.T, file, pattern string) [][]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1)
}

// TestExamples reads the documents and mappings that the pages show, and the CSV
// beside a mapping.
func TestExamples(t *testing.T) {
	zone, err := calendar.ParseZone("UTC+8")
	if err != nil {
		t.Fatal(err)
	}
	files, read := map[string]string{}, 0
	all := blocks(t)
	for _, b := range all {
		if name, is := strings.CutPrefix(b.info, "csv "); is {
			files[name] = b.text
		}
	}
	for _, b := range all {
		if b.info == "yaml document" {
			read++
			if _, err := terms.Parse(b.page, []byte(b.text), zone); err != nil {
				t.Error(err)
			}
		}
		if name, is := strings.CutPrefix(b.info, "yaml mapping"); is {
			read++
			readMapping(t, b, files[strings.TrimSpace(name)])
		}
	}
	if read < 3 {
		t.Errorf("only %d examples were read", read)
	}
}

// readMapping reads a mapping, and with it a CSV file if there is one: every row
// must be an event, or one whose interval is refused.
func readMapping(t *testing.T, b block, file string) {
	t.Helper()
	m, err := usagefile.Parse(b.page, []byte(b.text))
	if err != nil {
		t.Error(err)
		return
	}
	if file == "" {
		return
	}
	rows, err := m.Read(b.page, strings.NewReader(file))
	if err != nil {
		t.Error(err)
		return
	}
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil || row.Fault != nil && refusal.CodeOf(row.Fault) != refusal.BadInterval {
			t.Error(err, row.Fault)
			return
		}
	}
}

var coverageLine = regexp.MustCompile(`\*\*(\d+)\*\* rules: \*\*(\d+)\*\* executed and proved, \*\*(\d+)\*\* waiting, \*\*(\d+)\*\* declaratory`)

// countRows counts the ids of the register by what has become of their rules.
func countRows(t *testing.T, c app.Coverage) string {
	t.Helper()
	register, err := os.ReadFile("../provider/register.txt")
	if err != nil {
		t.Fatal(err)
	}
	status := map[string]app.CoverageStatus{}
	for _, r := range c.Rules {
		status[r.Rule] = r.Status
	}
	rows := map[app.CoverageStatus]int{}
	for line := range strings.Lines(string(register)) {
		if id := strings.TrimSpace(line); id != "" && !strings.HasPrefix(id, "#") {
			rows[status[id]]++
		}
	}
	return fmt.Sprintf("**%d** are executed, **%d** wait, **%d** are declaratory", rows[app.RuleExecuted], rows[app.RuleWaiting], rows[app.RuleDeclaratory])
}

// TestCounts holds the numbers in the README that can be counted quickly to the
// program: coverage, the demonstration's stories and the size of its usage.
func TestCounts(t *testing.T) {
	readme := pages(t)["../README.md"]
	a, err := app.Open(t.Context(), filepath.Join(t.TempDir(), "docs.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := a.Publish(t.Context(), provider.Sample); err != nil {
		t.Fatal(err)
	}
	c, err := a.Coverage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%d %d %d %d", c.Total, c.Executed, c.Waiting, c.Declaratory)
	if m := coverageLine.FindStringSubmatch(readme); m == nil || strings.Join(m[1:], " ") != want {
		t.Errorf("the README's line of coverage is %q, the program counts %s", m, want)
	}
	if rows := countRows(t, c); !strings.Contains(readme, rows) {
		t.Errorf("the README does not say %q", rows)
	}
	for story, n := range stories(t) {
		if !strings.Contains(readme, fmt.Sprintf("**%d** %s", n, story)) {
			t.Errorf("the README does not say that **%d** %s", n, story)
		}
	}
	if n := workloads(t); !strings.Contains(readme, fmt.Sprintf("%d,%03d", n/1000, n%1000)) {
		t.Errorf("the README does not say that the file has %d workloads", n)
	}
}

// stories counts the customers of the demonstration by what becomes of them.
func stories(t *testing.T) map[string]int {
	t.Helper()
	text, err := provider.Sample.ReadFile("demo/accounts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	verbs := map[string]string{"sails": "sail", "recovers": "recover", "suspended": "are suspended", "released": "are released"}
	counts := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^    story: (\w+)$`).FindAllSubmatch(text, -1) {
		counts[verbs[string(m[1])]]++
	}
	return counts
}

func workloads(t *testing.T) int {
	t.Helper()
	text, err := provider.Sample.ReadFile("usage/openb_pod_list_default.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return len(rows) - 1
}

// TestPageLines keeps the pages readable where they are edited: prose has at
// most 140 characters a line, tables and blocks as many as they need.
func TestPageLines(t *testing.T) {
	for page, text := range pages(t) {
		for i, line := range strings.Split(blank(text), "\n") {
			if n := len([]rune(line)); n > 140 && !strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "![") {
				t.Error(page + ":" + strconv.Itoa(i+1) + ": " + strconv.Itoa(n) + " characters")
			}
		}
	}
}

// blank empties the fenced blocks of a page and keeps its lines.
func blank(text string) string {
	return fence.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat("\n", strings.Count(s, "\n")) })
}
