package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/core/refusal"
	"termwise.dev/provider"
)

// attempt is a request that can be wrong in several ways at once.
type attempt struct {
	key, account, query, idempotency string
	product, addOn, row              string // in the path
	asked                            url.Values
	// body is of a request, event and data are of a usage event.
	body, event, data map[string]any
	rates             [][2]string // of an event: meters in order, also one twice
	raw               string      // a body instead of all that
	folder            fstest.MapFS
	real              bool // on a database whose clock is real
	to                string
	newKey            app.NewKey
}

// step is one way of being wrong, and what the refusal then says.
type step struct {
	spoil func(*attempt)
	sign  string
}

// ladder is a command: a request that is done, and the ways in which it is
// refused, by what operating.md calls them.
type ladder struct {
	right func() *attempt
	try   func(w *world, a *attempt) (code refusal.Code, said string)
	steps map[string]step
}

// The account that accepted nothing, the one that was opened under a key, the one
// that never pays, the one that does not agree to changes, the one that accepted with
// an order, the one that switches, and the one whose documents contradict each other.
const (
	bare     = "customer-050"
	keyed    = "customer-060"
	lapsed   = "customer-070"
	leaver   = "customer-080"
	buyer    = "customer-090"
	switcher = "customer-095"
	torn     = "customer-097"
)

// added are documents beside the sample's: rules of how far ahead usage may lie,
// two that set one term unequally on one level, one whose changes its customers
// may leave over, and one that says nothing of leaving.
var added = map[string]string{
	"ahead":  small("ahead", "A", "rules", "publication", "usage.future_limit: 48 hours"),
	"first":  small("first", "X", "special", "acceptance", "late_fee.rate: 0.2%/day"),
	"second": small("second", "L", "sla", "acceptance", "late_fee.rate: 0.3%/day"),

	"leavable": small("leavable", "V", "special", "acceptance", "change.notice: prior, change.exit: [stop_using]"),
	"mute":     small("mute", "M", "special", "acceptance", "change.notice: prior, change.dissent: continued_use_accepts"),
}

// following are their next versions.
func following() fstest.MapFS {
	folder := sampleFolder()
	for _, v := range [][3]string{{"leavable", "2", "2026-01-03"}, {"leavable", "3", "2027-01-01"}, {"mute", "2", "2027-01-01"}} {
		text := strings.NewReplacer(`version: "1"`, `version: "`+v[1]+`"`, "announced: 2025-05-01", "announced: 2026-01-01",
			"effective: 2025-06-01", "effective: "+v[2], "Something else.", "Something else again ("+v[1]+").").Replace(added[v[0]])
		folder["agreements/"+v[0]+"-"+v[1]+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	return folder
}

// small is a document with one clause.
func small(id, code, kind, by, term string) string {
	return fmt.Sprintf("document: %s\ncode: %s\nversion: \"1\"\nkind: %s\ntitle: A small document\nissuer: aurora\n"+
		"binds: { products: [compute-payg] }\nby: %s\nannounced: 2025-05-01\neffective: 2025-06-01\n"+
		"clauses:\n  - { id: \"1\", title: Something, text: Something else., terms: { %s } }\n", id, code, kind, by, term)
}

// climbing is the world in which all ladders are tried.
func climbing(t *testing.T) *world {
	w := newWorld(t)
	folder := sampleFolder()
	for name, text := range added {
		folder["agreements/"+name+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	if _, err := w.app.Publish(t.Context(), folder); err != nil {
		t.Fatal(err)
	}
	for _, r := range []request{
		{path: "/v1/accounts", body: `{"id":"` + bare + `","name":"Bare"}`},
		{path: "/v1/accounts", body: `{"id":"` + keyed + `","name":"Keyed"}`, idempotency: "open"},
		{path: "/v1/accounts", body: `{"id":"` + lapsed + `","name":"Lapsed","accepts":["general-agreement"]}`},
		{path: "/v1/accounts", body: `{"id":"` + leaver + `","name":"Leaver","accepts":["general-agreement","leavable","mute"]}`},
		{path: "/v1/accounts", body: `{"id":"` + buyer + `","name":"Buyer"}`},
		{path: "/v1/accounts/" + buyer + "/acceptances", body: `{"documents":["general-agreement"],"form":"click","order":"o-1"}`},
		{path: "/v1/accounts", body: `{"id":"` + switcher + `","name":"Switcher","accepts":["general-agreement"]}`},
		{path: "/v1/accounts", body: `{"id":"` + torn + `","name":"Torn","accepts":["general-agreement","first","second"]}`},
		{path: "/v1/usage-events", media: batch, body: "[" + event("c", lapsed,
			`"product":"compute-payg","from":"2026-01-01T01:00:00+08:00","to":"2026-01-01T02:00:00+08:00","rates":{"cpu":1000}`) + "]"},
	} {
		r.key, r.method = "operator", "POST"
		w.do(r).want(200)
	}
	if _, err := w.app.Publish(t.Context(), following()); err != nil {
		t.Fatal(err)
	}
	w.live()
	return w
}

// posting sends the body to a path.
func posting(path string) func(*world, *attempt) (refusal.Code, string) { return sending("POST", path) }

func sending(method, path string) func(*world, *attempt) (refusal.Code, string) {
	return func(w *world, a *attempt) (refusal.Code, string) {
		named := strings.NewReplacer("ACCOUNT", a.account, "PRODUCT", a.product, "ADDON", a.addOn).Replace(path)
		return w.codeOf(request{key: a.key, method: method, path: named + a.query, body: written(w, a.body), idempotency: a.idempotency})
	}
}

// asking sends a question to a path.
func asking(path string) func(*world, *attempt) (refusal.Code, string) {
	return func(w *world, a *attempt) (refusal.Code, string) {
		named := strings.NewReplacer("ACCOUNT", a.account, "ROW", a.row).Replace(path)
		return w.codeOf(request{key: a.key, path: named + "?" + a.asked.Encode()})
	}
}

func written(w *world, v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// codeOf sends a request and reads why it was refused, if it was.
func (w *world) codeOf(r request) (refusal.Code, string) {
	w.t.Helper()
	got := w.do(r)
	if got.status == 200 {
		return "", got.body
	}
	var p struct{ Code refusal.Code }
	got.into(&p)
	return p.Code, got.body
}

// refusedAs reads a use case's error.
func refusedAs(err error) (refusal.Code, string) {
	if err == nil {
		return "", ""
	}
	return refusal.CodeOf(err), err.Error()
}

// tryEvent reports one event in a batch and reads its receipt.
func tryEvent(w *world, a *attempt) (refusal.Code, string) {
	var rates []string
	for _, r := range a.rates {
		rates = append(rates, fmt.Sprintf("%q:%s", r[0], r[1]))
	}
	data := maps.Clone(a.data)
	data["rates"] = json.RawMessage("{" + strings.Join(rates, ",") + "}")
	event := maps.Clone(a.event)
	event["data"] = data
	var got struct {
		Receipts []struct {
			Code    refusal.Code
			Message string
		}
	}
	w.do(request{key: a.key, method: "POST", path: "/v1/usage-events", media: batch, body: written(w, []any{event})}).want(200).into(&got)
	return got.Receipts[0].Code, got.Receipts[0].Message
}

func tryPublishing(w *world, a *attempt) (refusal.Code, string) {
	_, err := w.app.Publish(w.t.Context(), a.folder)
	var all []string
	code, said := refusedAs(err)
	if joined, is := err.(interface{ Unwrap() []error }); is {
		for _, e := range joined.Unwrap() {
			all = append(all, string(refusal.CodeOf(e)))
		}
	}
	return code, said + strings.Join(all, " ")
}

func tryAdvancing(w *world, a *attempt) (refusal.Code, string) {
	moved := w.app
	if a.real {
		real, err := app.Open(w.t.Context(), filepath.Join(w.t.TempDir(), "real.db"), time.Now)
		if err == nil {
			err = real.Init(w.t.Context(), false, 0)
		}
		if err != nil {
			w.t.Fatal(err)
		}
		defer func() {
			if err := real.Close(); err != nil {
				w.t.Error(err)
			}
		}()
		moved = real
	}
	report, err := moved.Advance(w.t.Context(), at(w.t, a.to), nil)
	return refusedAs(errors.Join(err, report.Err()))
}

func tryMakingAKey(w *world, a *attempt) (refusal.Code, string) {
	_, _, err := w.app.CreateKey(w.t.Context(), a.newKey)
	return refusedAs(err)
}

// sampleFolder is a copy of the sample provider's folder.
func sampleFolder() fstest.MapFS {
	folder := fstest.MapFS{}
	for _, dir := range []string{".", "agreements", "products"} {
		entries, err := provider.Sample.ReadDir(dir)
		if err != nil {
			panic(err) // it is part of the program
		}
		for _, e := range entries {
			name := strings.TrimPrefix(dir+"/"+e.Name(), "./")
			if source, err := provider.Sample.ReadFile(name); err == nil && !e.IsDir() {
				folder[name] = &fstest.MapFile{Data: source}
			}
		}
	}
	return folder
}

// swap changes a file of the attempt's folder, or makes another one of it.
func (a *attempt) swap(file, as string, swaps ...string) {
	text := strings.NewReplacer(swaps...).Replace(string(a.folder[file].Data))
	a.folder[as] = &fstest.MapFile{Data: []byte(text)}
}

// accept adds documents to those that the attempt accepts.
func (a *attempt) accept(field string, documents ...string) {
	a.body[field] = append(documents, a.body[field].([]string)...)
}

// setting puts one value into the attempt's body, event or data.
func setting(in func(*attempt) map[string]any, field string, value any) func(*attempt) {
	return func(a *attempt) { in(a)[field] = value }
}

// putting asks with one value more, or with another one.
func putting(name, value string) func(*attempt) {
	return func(a *attempt) { a.asked.Set(name, value) }
}

func body(a *attempt) map[string]any      { return a.body }
func envelope(a *attempt) map[string]any  { return a.event }
func eventData(a *attempt) map[string]any { return a.data }

func withKey(key string) func(*attempt) { return func(a *attempt) { a.key = key } }

func of(account string) func(*attempt) { return func(a *attempt) { a.account = account } }

// documented reads the ladders from the page, in its order.
func documented(t *testing.T) map[string][]string {
	t.Helper()
	page, err := os.ReadFile("../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, begins := strings.Cut(string(page), "<!-- ladders -->")
	table, _, ends := strings.Cut(rest, "<!-- /ladders -->")
	if !begins || !ends {
		t.Fatal("operating.md does not say in which order requests are refused")
	}
	order := map[string][]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([^|]+) \| (`+"`"+`[^|]+) \|$`).FindAllStringSubmatch(table, -1) {
		order[row[1]] = strings.Split(row[2], "; ")
	}
	return order
}

// codeIn takes the code from a step as the page writes it.
func codeIn(name string) refusal.Code {
	code, _, _ := strings.Cut(strings.TrimPrefix(name, "`"), "`")
	return refusal.Code(code)
}

// climb tries each step of a ladder alone, and together with all that come after
// it. What came as it must is produced.
func (l ladder) climb(t *testing.T, w *world, order []string, produced map[refusal.Code]bool) {
	if diff := cmp.Diff(slices.Sorted(maps.Keys(l.steps)), slices.Sorted(slices.Values(order))); diff != "" {
		t.Fatalf("the page lists other steps (-test +page):\n%s", diff)
	}
	for i, name := range order {
		alone := l.right()
		l.steps[name].spoil(alone)
		together := l.right()
		for _, later := range slices.Backward(order[i:]) {
			l.steps[later].spoil(together)
		}
		produced[codeIn(name)] = l.refuses(t, w, alone, name, "alone") &&
			l.refuses(t, w, together, name, "with all that come after it") || produced[codeIn(name)]
	}
	if code, said := l.try(w, l.right()); code != "" {
		t.Errorf("nothing is wrong, and it is refused with %s: %s", code, said)
	}
}

func (l ladder) refuses(t *testing.T, w *world, a *attempt, name, how string) bool {
	t.Helper()
	code, said := l.try(w, a)
	if code != codeIn(name) || !strings.Contains(said, l.steps[name].sign) {
		t.Errorf("%s, %s, is refused with %q: %s", name, how, code, said)
		return false
	}
	return true
}

// TestRefusalsComeInTheDocumentedOrder: a request that is wrong in several ways
// is refused for the first of those that operating.md lists; and what requests
// are refused with there, and what settlement refuses to bill, are together all
// reasons that there are.
func TestRefusalsComeInTheDocumentedOrder(t *testing.T) {
	w := climbing(t)
	order := documented(t)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(ladders)), slices.Sorted(maps.Keys(order))); diff != "" {
		t.Fatalf("the page lists other commands (-test +page):\n%s", diff)
	}
	produced := map[refusal.Code]bool{}
	for command, l := range ladders {
		t.Run(command, func(t *testing.T) { l.climb(t, w, order[command], produced) })
	}
	t.Run("usage that is not billed", func(t *testing.T) { unbilled(t, w, produced) })
	w.verify()
	got := slices.DeleteFunc(refusal.Codes(), func(code refusal.Code) bool { return !produced[code] })
	if diff := cmp.Diff(refusal.Codes(), got); diff != "" || len(produced) != len(got) {
		t.Errorf("codes that no test produces, or that there are not (-closed set +produced):\n%s\n%v", diff, produced)
	}
}

// unbilled reports usage of a service that is suspended, then released, of another
// resource while its payables are unsettled, and of a service that has ended.
func unbilled(t *testing.T, w *world, produced map[refusal.Code]bool) {
	w.do(request{
		key: "operator", method: "POST", path: "/v1/accounts/" + leaver + "/dissents", body: `{"document":"leavable","now":true}`,
	}).want(200)
	for _, use := range []struct {
		day, account, resource string
		want                   refusal.Code
	}{
		{"05", lapsed, "vm-" + lapsed, refusal.Suspended},
		{"25", lapsed, "vm-" + lapsed, refusal.Released},
		{"27", lapsed, "vm-new", refusal.PayablesUnsettled},
		{"28", leaver, "vm-" + leaver, refusal.Ended},
	} {
		day := "2026-01-" + use.day
		w.advance(day + "T06:00:00+08:00")
		used := fmt.Sprintf(`"product":"compute-payg","resource":%q,"from":"%sT06:00:00+08:00","to":"%sT07:00:00+08:00","rates":{"cpu":1000}`, use.resource, day, day)
		sent := strings.Replace(event(day, use.account, used), `"subject":"vm-`+use.account+`",`, "", 1)
		if said := w.do(request{key: "compute", method: "POST", path: "/v1/usage-events", media: batch, body: "[" + sent + "]"}).want(200).body; !strings.Contains(said, `"accepted":1`) {
			t.Fatal(said)
		}
		w.advance(day + "T08:00:00+08:00")
		var got struct{ Items []struct{ Code refusal.Code } }
		w.do(request{key: "operator", path: "/v1/accounts/" + use.account + "/history?kind=refusal&limit=1000"}).want(200).into(&got)
		if len(got.Items) == 0 {
			t.Fatalf("usage of %s is billed", day)
		}
		code := got.Items[len(got.Items)-1].Code
		if produced[code] = true; code != use.want {
			t.Errorf("usage of %s is refused with %q, want %s", day, code, use.want)
		}
	}
}
