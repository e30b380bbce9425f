package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"termwise.dev/api"
	"termwise.dev/app"
	"termwise.dev/core/calendar"
	"termwise.dev/provider"
	"termwise.dev/store/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

// world is a server on a database that holds the sample provider, two
// customers with their history, and a key of every kind.
type world struct {
	t      testing.TB
	app    *app.App
	server *api.Server
	keys   map[string]string // name -> token
	log    *bytes.Buffer
}

// The customers: one that paid in advance and one that never paid.
const (
	payer  = "customer-001"
	debtor = "customer-002"
)

// engines give a new database on each storage engine.
var engines = map[string]func(testing.TB) string{
	"sqlite":     func(t testing.TB) string { return filepath.Join(t.TempDir(), "termwise.db") },
	"postgresql": pgtest.Database,
}

// newWorld makes a world on SQLite.
func newWorld(t testing.TB) *world { return newWorldOn(t, engines["sqlite"](t)) }

func newWorldOn(t testing.TB, url string) *world {
	t.Helper()
	w := emptyWorldOn(t, url, app.NewAccount{ID: payer, Name: "Orchid Studio", Accepts: []string{"general-agreement"}},
		app.NewAccount{ID: debtor, Name: "Basalt Works", Accepts: []string{"general-agreement"}})
	ctx := t.Context()
	for name, k := range map[string]app.NewKey{
		"payer":    {Role: app.Customer, Scope: payer},
		"debtor":   {Role: app.Customer, Scope: debtor},
		"compute":  {Role: app.ProductTeam, Scope: "compute-payg"},
		"firewall": {Role: app.ProductTeam, Scope: "cloud-firewall"},
	} {
		w.addKey(name, k)
	}
	key := w.addKey("revoked", app.NewKey{Role: app.Operator})
	if _, err := w.app.RevokeKey(ctx, key.ID); err != nil {
		t.Fatal(err)
	}
	return w
}

// emptyWorldOn has accounts, and the key "operator" alone.
func emptyWorldOn(t testing.TB, url string, accounts ...app.NewAccount) *world {
	t.Helper()
	ctx := t.Context()
	a, err := app.Open(ctx, url, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, app: a, keys: map[string]string{}, log: &bytes.Buffer{}}
	if err := a.Init(ctx, true, at(t, "2026-01-01T00:00:00+08:00")); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Publish(ctx, provider.Sample); err != nil {
		t.Fatal(err)
	}
	if _, err := a.CreateAccounts(ctx, accounts, "test"); err != nil {
		t.Fatal(err)
	}
	w.addKey("operator", app.NewKey{Role: app.Operator})
	w.server = api.New(a, api.Options{Log: slog.New(slog.NewTextHandler(w.log, nil)), Version: "test"})
	return w
}

func (w *world) addKey(name string, k app.NewKey) app.Key {
	w.t.Helper()
	k.Name = name
	key, token, err := w.app.CreateKey(context.Background(), k)
	if err != nil {
		w.t.Fatal(err)
	}
	w.keys[name] = token
	return key
}

func at(t testing.TB, s string) calendar.Instant {
	t.Helper()
	i, err := calendar.ParseInstant(s)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// live gives the payer money and both customers ten hours of one vCPU, and lets
// time pass until the debtor is suspended and bears late fees.
func (w *world) live() {
	w.t.Helper()
	w.do(request{
		key: "operator", method: "POST", path: "/v1/accounts/" + payer + "/top-ups", idempotency: "first",
		body: `{"amount":"100.00","method":"bank_remittance","reference":"bank-1"}`,
	}).want(200)
	w.do(request{
		key: "compute", method: "POST", path: "/v1/usage-events", media: batch,
		body: "[" + usage("a", payer) + "," + usage("b", debtor) + "]",
	}).want(200)
	w.advance("2026-01-05T00:00:00+08:00")
}

// verify asserts that the database holds every truth and that nothing failed.
func (w *world) verify() {
	w.t.Helper()
	found, err := w.app.Verify(context.Background(), func(int, int) {})
	if err != nil || !found.OK {
		w.t.Errorf("the database is not true: %v %+v", err, found.Truths)
	}
	if w.log.Len() > 0 {
		w.t.Errorf("the log holds failures:\n%s", w.log)
	}
}

func (w *world) advance(to string) {
	w.t.Helper()
	report, err := w.app.Advance(context.Background(), at(w.t, to), nil)
	if err != nil || report.Err() != nil {
		w.t.Fatal(err, report.Err())
	}
}

// announce publishes version 2026-08 of the general agreement, with a lower late
// fee from 1 August.
func (w *world) announce() {
	w.t.Helper()
	folder := fstest.MapFS{}
	err := fs.WalkDir(provider.Sample, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".yaml" {
			return err
		}
		text, err := fs.ReadFile(provider.Sample, name)
		if name == "agreements/general-agreement.yaml" {
			next := strings.NewReplacer(
				`version: "2025-06"`, `version: "2026-08"`, "announced: 2025-05-01", "announced: 2026-01-05",
				"effective: 2025-06-01", "effective: 2026-08-01", "late_fee.rate: 0.05%/day", "late_fee.rate: 0.04%/day",
			).Replace(string(text))
			folder["agreements/next.yaml"] = &fstest.MapFile{Data: []byte(next)}
		}
		folder[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.app.Publish(context.Background(), folder); err != nil {
		w.t.Fatal(err)
	}
}

// usage is an event of ten hours of one vCPU from midnight on 1 January.
func usage(id, account string) string {
	return event(id, account, `"product":"compute-payg","from":"2026-01-01T00:00:00+08:00","to":"2026-01-01T10:00:00+08:00","rates":{"cpu":1000}`)
}

func event(id, account, data string) string {
	return `{"specversion":"1.0","id":"` + id + `","source":"meter-1","type":"termwise.usage.v1","subject":"vm-` + account +
		`","data":{"account":"` + account + `",` + data + `}}`
}

const (
	single = "application/cloudevents+json"
	batch  = "application/cloudevents-batch+json"
)

// request is one request; key names a key of the world, or is a token itself.
type request struct {
	key, method, path, body, media, idempotency string
	header                                      http.Header
}

// answer is what came back.
type answer struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	body   string
}

func (w *world) do(r request) answer {
	w.t.Helper()
	if r.method == "" {
		r.method = http.MethodGet
	}
	req := httptest.NewRequest(r.method, r.path, strings.NewReader(r.body))
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.media != "" {
		req.Header.Set("Content-Type", r.media)
	}
	if token, known := w.keys[r.key]; known {
		req.Header.Set("Authorization", "Bearer "+token)
	} else if r.key != "" {
		req.Header.Set("Authorization", "Bearer "+r.key)
	}
	if r.idempotency != "" {
		req.Header.Set("Idempotency-Key", r.idempotency)
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	recorder := httptest.NewRecorder()
	w.server.ServeHTTP(recorder, req)
	body, err := io.ReadAll(recorder.Result().Body)
	if err != nil {
		w.t.Fatal(err)
	}
	a := answer{t: w.t, what: r.method + " " + r.path, status: recorder.Code, header: recorder.Header(), body: string(body)}
	a.conforms(w, r.method, r.path)
	return a
}

// want asserts the status and returns the answer.
func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: status %d, want %d\n%s", a.what, a.status, status, a.body)
	}
	return a
}

// into reads the answer's JSON.
func (a answer) into(v any) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		a.t.Fatalf("%s: %v\n%s", a.what, err, a.body)
	}
}
