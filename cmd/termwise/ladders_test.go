package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/refusal"
	"termwise.dev/provider"
)

// line is a command line that can be wrong in several ways at once.
type line struct {
	db, actor string
	words     []string // the command and its arguments
	flags     map[string]string
	// mapping and data are the files of an import, folder a provider's, by their
	// names; what is empty is not there.
	mapping, data string
	folder        map[string]string
}

// rung is one way of being wrong, and what the refusal then says.
type rung struct {
	spoil func(*line)
	sign  string
}

// commandLadder is a command: a line that is done, and the ways in which it is
// refused, by what operating.md calls them.
type commandLadder struct {
	right func() *line
	steps map[string]rung
}

// The databases: one with accounts, on a real clock, and one to which nothing was
// published.
const (
	livedIn = "lived-in.db"
	unused  = "unused.db"
)

// lateDay is long after the lived-in database was last used, so that much is due.
var lateDay = time.Date(2026, time.March, 5, 12, 0, 0, 0, time.UTC)

// tidy is a line that nothing is wrong with.
func tidy(words ...string) *line {
	return &line{db: livedIn, actor: "operator", words: words, flags: map[string]string{}}
}

func onDatabase(db string) func(*line) { return func(l *line) { l.db = db } }

func flagged(flag, value string) func(*line) { return func(l *line) { l.flags[flag] = value } }

// argument sets the last word.
func argument(value string) func(*line) {
	return func(l *line) { l.words[len(l.words)-1] = value }
}

// The ways of being wrong that commands share.
const (
	noActor    = "`bad_input` a name under which nobody may act"
	noDatabase = "`not_found` a database that there is not"
	nothingYet = "`not_found` a database to which nothing was published"
)

var (
	asTheClock    = rung{func(l *line) { l.actor = "clock" }, "--as"}
	withoutAny    = rung{onDatabase("absent.db"), "--db: there is no database"}
	beforeTheRest = rung{onDatabase(unused), "nothing has been published"}
)

const usageMapping = `source: jobs
product: compute-payg
origin: 2026-01-10T08:00:00+08:00
event:
  id: job
  account: "{customer}"
  resource: job
  interval: { from: start, to: end, unit: second }
  meters:
    cpu: cpu
`

const usageRows = "job,customer,start,end,cpu\nj-1,acme,0,3600,1000\n"

// importing is a line that imports usage.
func importing() *line {
	l := tidy("import", "usage", "jobs.csv")
	l.mapping, l.data, l.flags["--map"] = usageMapping, usageRows, "map.yaml"
	return l
}

// remapped writes something else into the mapping, which may hold it already.
func remapped(old, new string) func(*line) {
	return func(l *line) { l.mapping = strings.Replace(l.mapping, old, new, 1) }
}

// refolded writes something else into a file of the folder, and names a database
// with which that folder is at odds.
func refolded(file, old, new string) func(*line) {
	return func(l *line) {
		source, err := provider.Sample.ReadFile(file)
		if err != nil {
			panic(err) // it is part of the program
		}
		l.db, l.folder[file] = livedIn, strings.ReplaceAll(string(source), old, new)
	}
}

// replanning is a line that re-runs a closed month of an account to which nothing
// ever happened.
func replanning() *line {
	l := tidy("plan", "folder")
	l.flags["--month"], l.flags["--account"] = "2026-01", "idle"
	l.folder = map[string]string{}
	return l
}

// checking is a line that holds the journals against a checkpoint.
func checking() *line {
	l := tidy("checkpoint", "check", "january")
	l.flags["--public"] = "signing.pub"
	return l
}

// writing is a line that writes a checkpoint.
func writing() *line {
	l := tidy("checkpoint", "write", "february")
	l.flags["--key"] = "signing"
	return l
}

// commandLadders are the commands of operating.md that there are on the command
// line alone, or that begin there with files.
var commandLadders = map[string]commandLadder{
	"`init`": {right: func() *line {
		l := tidy("init")
		l.db, l.flags["--virtual"] = "fresh.db", "2026-01-01T00:00:00+08:00"
		return l
	}, steps: map[string]rung{
		noActor: asTheClock,
		"`bad_input` an instant that cannot be read":   {flagged("--virtual", "yesterday"), "--virtual"},
		"`bad_input` a database that cannot be opened": {onDatabase("mysql://host/db"), "mysql"},
		"`already_exists` another clock":               {onDatabase(livedIn), "clock is real"},
	}},
	"`import usage`": {right: importing, steps: map[string]rung{
		noActor:                                 asTheClock,
		"`bad_input` a mapping that is no file": {flagged("--map", "absent.yaml"), "--map"},
		"`bad_input` a mapping that cannot be read":              {remapped("product:", "produce:"), "map.yaml:2"},
		"`bad_input` usage that is no file":                      {argument("absent.csv"), "DATA"},
		noDatabase:                                               withoutAny,
		nothingYet:                                               beforeTheRest,
		"`unknown_product` a product that no page sells":         {remapped("compute-payg", "moonbeams"), "moonbeams"},
		"`unknown_meter` a meter that the page does not declare": {remapped("cpu: cpu", "spin: cpu"), "spin"},
		"`bad_input` a file that is empty":                       {func(l *line) { l.data = "" }, "empty"},
		"`bad_input` a file without a column that the mapping names": {func(l *line) {
			l.data = strings.Replace(l.data, "start,", "begin,", 1)
		}, `no column "start"`},
	}},
	"`plan --month`": {right: replanning, steps: map[string]rung{
		noActor: asTheClock,
		"`bad_input` a month that cannot be read": {flagged("--month", "January"), "--month"},
		"`bad_input` a list of too many":          {flagged("--limit", "100001"), "--limit"},
		"`bad_input` a folder that there is not":  {argument("nowhere"), "DIR"},
		noDatabase:                                withoutAny,
		"`bad_input` a folder without settings":   {func(l *line) { l.folder["provider.yaml"] = "" }, "provider.yaml"},
		"`document_invalid` a file that breaks the rules of documents": {func(l *line) {
			l.folder["agreements/broken.yaml"] = "document: broken\n"
		}, "broken.yaml"},
		"`already_exists` another currency or time zone":          {refolded("provider.yaml", "currency: CNY", "currency: USD"), "USD"},
		"`already_exists` a published version with other content": {refolded("agreements/billing-rules.yaml", "half_up", "half_even"), "billing-rules"},
		nothingYet:                                           beforeTheRest,
		"`bad_input` a month that has not ended":             {flagged("--month", "2026-04"), "has not ended"},
		"`bad_input` a month before all documents":           {flagged("--month", "2019-01"), "nothing was in force"},
		"`unknown_account` an account that there is not":     {flagged("--account", "nobody"), "nobody"},
		"`bad_input` a month in which something is not done": {flagged("--account", "acme"), "is not closed"},
	}},
	"`keys revoke`": {right: func() *line { return tidy("keys", "revoke", "KEY") }, steps: map[string]rung{
		noActor:                               asTheClock,
		noDatabase:                            withoutAny,
		"`not_found` a key that there is not": {argument("0123456789abcdef"), "0123456789abcdef"},
	}},
	"`checkpoint key`": {right: func() *line { return tidy("checkpoint", "key", "second") }, steps: map[string]rung{
		noActor:                                 asTheClock,
		"`already_exists` a file that is there": {argument("signing"), `"signing" is there`},
		"`already_exists` a file for the public key that is there": {argument("half"), `"half.pub" is there`},
	}},
	"`checkpoint write`": {right: writing, steps: map[string]rung{
		noActor:                                 asTheClock,
		"`bad_input` a key that is no file":     {flagged("--key", "absent"), "--key"},
		"`bad_input` a file that is no key":     {flagged("--key", "signing.pub"), "not an Ed25519 key"},
		noDatabase:                              withoutAny,
		"`already_exists` a file that is there": {argument("january"), `"january" is there`},
		nothingYet:                              beforeTheRest,
	}},
	"`checkpoint check`": {right: checking, steps: map[string]rung{
		noActor: asTheClock,
		"`bad_input` a public key that is no file": {flagged("--public", "absent.pub"), "--public"},
		"`bad_input` a file that is no public key": {flagged("--public", "signing"), "not an Ed25519 key"},
		"`bad_input` a checkpoint that is no file": {argument("december"), "FILE"},
		noDatabase: withoutAny,
		"`bad_input` what is no checkpoint, was changed, or was signed with another key": {argument("signing.pub"), "cannot be trusted"},
	}},
}

// runs runs a line long after everything, and reads why it was refused, if it was.
func (l *line) runs(t *testing.T) (code refusal.Code, said string) {
	t.Helper()
	l.laysOut(t)
	args := append([]string{"--db", l.db, "--as", l.actor}, l.words...)
	for _, flag := range slices.Sorted(maps.Keys(l.flags)) {
		args = append(args, flag, l.flags[flag])
	}
	exit, said := runsAt(lateDay, args...)
	if found := regexp.MustCompile(`^refused \((\w+)\): `).FindStringSubmatch(said); found != nil && exit == refused {
		code = refusal.Code(found[1])
	} else if exit != done {
		t.Fatalf("%q ends with %d: %s", args, exit, said)
	}
	return code, said
}

// runsAt runs the program at an instant, and gives its exit code and its errors.
func runsAt(now time.Time, args ...string) (exit int, said string) {
	var stdout, stderr bytes.Buffer
	exit = runAt(func() time.Time { return now }, args, &stdout, &stderr)
	return exit, stderr.String()
}

// laysOut writes the files that the line names.
func (l *line) laysOut(t *testing.T) {
	t.Helper()
	put(t, "map.yaml", l.mapping)
	put(t, "jobs.csv", l.data)
	if l.folder == nil {
		return
	}
	if err := os.RemoveAll("folder"); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS("folder", provider.Sample); err != nil {
		t.Fatal(err)
	}
	for name, text := range l.folder {
		if text != "" {
			put(t, filepath.Join("folder", name), text)
		} else if err := os.Remove(filepath.Join("folder", name)); err != nil {
			t.Fatal(err)
		}
	}
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// furnish makes the databases and the files that lines name, and gives the id of
// an API key.
func furnish(t *testing.T) (key string) {
	t.Helper()
	early := time.Date(2026, time.January, 10, 0, 0, 0, 0, time.UTC)
	put(t, "map.yaml", usageMapping)
	put(t, "jobs.csv", usageRows)
	put(t, "half.pub", "")
	for _, args := range [][]string{
		{"--db", unused, "init"},
		{"--db", livedIn, "init"},
		{"--db", livedIn, "publish", "--sample"},
		{"--db", livedIn, "account", "create", "acme", "--name", "Acme", "--accept", "general-agreement"},
		{"--db", livedIn, "account", "create", "idle", "--name", "Idle", "--accept", "general-agreement"},
		{"--db", livedIn, "import", "usage", "--map", "map.yaml", "jobs.csv"},
		{"checkpoint", "key", "signing"},
		{"--db", livedIn, "checkpoint", "write", "january", "--key", "signing"},
	} {
		if exit, said := runsAt(early, args...); exit != done {
			t.Fatalf("%q ends with %d: %s", args, exit, said)
		}
	}
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(command(t, "--db", livedIn, "--json", "keys", "create", "test", "--role", "operator")), &made); err != nil {
		t.Fatal(err)
	}
	return made.ID
}

// documentedLadders reads the ladders of the command line from the page, in its order.
func documentedLadders(t *testing.T) map[string][]string {
	t.Helper()
	page, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, begins := strings.Cut(string(page), "<!-- ladders of the command line -->")
	table, _, ends := strings.Cut(rest, "<!-- /ladders of the command line -->")
	if !begins || !ends {
		t.Fatal("operating.md does not say in which order commands are refused")
	}
	order := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]+`) \\| (`[^|]+) \\|$").FindAllStringSubmatch(table, -1) {
		order[row[1]] = strings.Split(row[2], "; ")
	}
	return order
}

// climb tries each step of a ladder alone, and together with all that come after it.
func (c commandLadder) climb(t *testing.T, key string, order []string) {
	if diff := cmp.Diff(slices.Sorted(maps.Keys(c.steps)), slices.Sorted(slices.Values(order))); diff != "" {
		t.Fatalf("the page lists other steps (-test +page):\n%s", diff)
	}
	right := func() *line {
		l := c.right()
		if last := len(l.words) - 1; l.words[last] == "KEY" {
			l.words[last] = key
		}
		return l
	}
	for i, name := range order {
		alone, together := right(), right()
		c.steps[name].spoil(alone)
		for _, later := range slices.Backward(order[i:]) {
			c.steps[later].spoil(together)
		}
		c.refuses(t, alone, name, "alone")
		c.refuses(t, together, name, "with all that come after it")
	}
	if code, said := right().runs(t); code != "" {
		t.Errorf("nothing is wrong, and it is refused with %s: %s", code, said)
	}
}

func (c commandLadder) refuses(t *testing.T, l *line, name, how string) {
	t.Helper()
	want, _, _ := strings.Cut(strings.TrimPrefix(name, "`"), "`")
	code, said := l.runs(t)
	if string(code) != want || !strings.Contains(said, c.steps[name].sign) {
		t.Errorf("%s, %s, is refused with %q: %s", name, how, code, said)
	}
}

// TestCommandRefusalsComeInTheDocumentedOrder: a command line that is wrong in
// several ways is refused for the first of those that operating.md lists.
func TestCommandRefusalsComeInTheDocumentedOrder(t *testing.T) {
	order := documentedLadders(t)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(commandLadders)), slices.Sorted(maps.Keys(order))); diff != "" {
		t.Fatalf("the page lists other commands (-test +page):\n%s", diff)
	}
	t.Chdir(t.TempDir())
	key := furnish(t)
	for command, ladder := range commandLadders {
		t.Run(strings.Trim(command, "`"), func(t *testing.T) { ladder.climb(t, key, order[command]) })
	}
}
