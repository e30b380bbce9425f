package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/api"
	"termwise.dev/app"
	"termwise.dev/provider"
)

// page is one page of any list.
type page struct {
	Items []struct {
		ID, Account, Explanation string
	}
	NextCursor string `json:"next_cursor"`
}

// Walking a list page by page gives every row once, in the order in which the
// whole list gives them, whatever the size of the pages.
func TestCursorsWalkAll(t *testing.T) {
	w := newWorld(t)
	w.live()
	for i := range 7 {
		n := app.NewAccount{ID: fmt.Sprintf("customer-1%02d", i), Name: "Loom", Accepts: []string{"general-agreement"}}
		if err := w.app.CreateAccount(t.Context(), n, "test"); err != nil {
			t.Fatal(err)
		}
		w.send(event("w"+n.ID, n.ID, `"product":"compute-payg","from":"2026-01-05T00:00:00+08:00","to":"2026-01-05T10:00:00+08:00","rates":{"cpu":1000}`))
	}
	w.advance("2026-01-06T00:00:00+08:00")
	for _, path := range []string{
		"/v1/accounts?", "/v1/arrears?", "/v1/accounts/" + debtor + "/charges?month=2026-01&", "/v1/accounts/" + debtor + "/notices?",
	} {
		var whole page
		w.do(request{key: "operator", path: path + "limit=1000"}).want(200).into(&whole)
		if len(whole.Items) < 2 || whole.NextCursor != "" {
			t.Fatalf("%s: %d rows, next %q", path, len(whole.Items), whole.NextCursor)
		}
		for limit := 1; limit <= len(whole.Items)+1; limit++ {
			if diff := cmp.Diff(whole.Items, w.walk(path, limit)); diff != "" {
				t.Errorf("%s in pages of %d (-whole +walked):\n%s", path, limit, diff)
			}
		}
	}
}

func (w *world) walk(path string, limit int) (items []struct{ ID, Account, Explanation string }) {
	w.t.Helper()
	for cursor := ""; ; {
		var p page
		w.do(request{key: "operator", path: fmt.Sprintf("%slimit=%d&cursor=%s", path, limit, cursor)}).want(200).into(&p)
		if len(p.Items) > limit || len(p.Items) == 0 {
			w.t.Fatalf("%s: a page of %d rows, at most %d", path, len(p.Items), limit)
		}
		items = append(items, p.Items...)
		if cursor = p.NextCursor; cursor == "" {
			return items
		}
	}
}

// Many requests with one idempotency key at once move money once, and every one
// of them is answered with the same top-up.
func TestOneKeyAtOnce(t *testing.T) {
	for name, url := range engines {
		t.Run(name, func(t *testing.T) {
			w := newWorldOn(t, url(t))
			const callers = 8
			answers := make([]answer, callers)
			var wait sync.WaitGroup
			for i := range callers {
				wait.Go(func() {
					answers[i] = w.do(request{
						key: "operator", method: "POST", path: topUps, idempotency: "once",
						body: `{"amount":"3","method":"bank_remittance","reference":"r"}`,
					})
				})
			}
			wait.Wait()
			first := 0
			for _, a := range answers {
				var got struct {
					ID, Wallet string
					Repeated   bool
				}
				a.want(200).into(&got)
				if !got.Repeated {
					first++
				}
				if got.Wallet != "3.000000" || got.ID == "" {
					t.Errorf("answer %s", a.body)
				}
			}
			if first != 1 {
				t.Errorf("%d requests were answered as the first", first)
			}
			w.do(request{key: "payer", path: "/v1/accounts/" + payer}).want(200).holds(`"wallet":"3.000000"`)
			w.verify()
		})
	}
}

func (a answer) holds(text string) {
	a.t.Helper()
	if !strings.Contains(a.body, text) {
		a.t.Errorf("%s: the answer lacks %s\n%s", a.what, text, a.body)
	}
}

// broken is an application that fails in ways that a database can.
type broken struct {
	*app.App
	err   error
	panic any
}

func (b broken) Ready(context.Context) error { return b.err }

func (b broken) Account(context.Context, string) (app.AccountView, error) {
	if b.panic != nil {
		panic(b.panic)
	}
	return app.AccountView{}, b.err
}

func (b broken) Due(context.Context) (app.Due, error) {
	return app.Due{Accounts: 3, Behind: 90 * time.Second}, b.err
}

// A failure is answered as one, without its words, which are for the log.
func TestFailuresAreProblems(t *testing.T) {
	w := newWorld(t)
	secret := errors.New("dial tcp: the password is wrong")
	for name, b := range map[string]broken{
		"error": {App: w.app, err: secret}, "panic": {App: w.app, err: secret, panic: "the password is wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			w.t, w.server = t, api.New(b, api.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
			a := w.do(request{key: "operator", path: "/v1/accounts/" + payer}).want(500)
			a.holds(`"code":"internal"`)
			if strings.Contains(a.body, "password") || a.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("the answer is %s", a.body)
			}
			if !strings.Contains(log.String(), "the password is wrong") {
				t.Errorf("the log is %q", &log)
			}
			w.do(request{path: "/readyz"}).want(500)
			w.do(request{path: "/healthz"}).want(200)
		})
	}
}

// A process that still reads the index of usage lives and is not ready, which is no
// failure.
func TestAProcessThatLearnsIsNotReady(t *testing.T) {
	w := newWorld(t)
	var log bytes.Buffer
	w.server = api.New(broken{App: w.app, err: app.ErrLearning}, api.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	w.do(request{path: "/readyz"}).want(503).holds(`"code":"not_ready"`)
	w.do(request{path: "/healthz"}).want(200)
	if log.Len() > 0 {
		t.Errorf("the log is %q", &log)
	}
}

// The metrics show what waits for the worker and what it did.
func TestMetricsOfTheWorker(t *testing.T) {
	w := newWorld(t)
	w.server = api.New(broken{App: w.app}, api.Options{Log: slog.New(slog.DiscardHandler)})
	w.server.ObserveWork(app.Worked{Advanced: app.Advanced{Stuck: []app.Stuck{{Account: payer, Reason: "no rate"}}}})
	w.server.ObserveWork(app.Worked{Err: errors.New("disk full")})
	w.do(request{path: "/v1/accounts"}).want(401)
	w.do(request{path: "/somewhere/" + payer}).want(404)
	a := w.do(request{path: "/metrics"}).want(200)
	for _, line := range []string{
		"termwise_due_accounts 3", "termwise_due_behind_seconds 90", `termwise_worker_runs_total{result="done"} 1`,
		`termwise_worker_runs_total{result="failed"} 1`, "termwise_worker_stuck_accounts 0", "termwise_worker_run_seconds_count 2",
		`termwise_http_requests_total{route="GET /v1/accounts",status="401"} 1`, `termwise_http_requests_total{route="other",status="404"} 1`,
	} {
		a.holds(line + "\n")
	}
	if strings.Contains(a.body, payer) {
		t.Error("the metrics name an account")
	}
}

// A real client over a real connection gets what the handler wrote.
func TestOverTheWire(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewServer(w.server)
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/usage-events", strings.NewReader(gzipped(t, usage("a", payer))))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{
		"Authorization": {"Bearer " + w.keys["compute"]}, "Content-Type": {single}, "Content-Encoding": {"gzip"},
	}
	res, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
	}()
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/json" {
		t.Errorf("answered %s with %s", res.Status, res.Header.Get("Content-Type"))
	}
}

// A customer reads what binds it, and not what binds other accounts alone.
func TestDocumentsOfOthersAreClosed(t *testing.T) {
	w := newWorld(t)
	contract := "contract-" + debtor
	w.publishContract(contract, debtor+", customer-500")
	for key, open := range map[string]bool{"operator": true, "debtor": true, "payer": false, "compute": false} {
		listed := strings.Contains(w.do(request{key: key, path: "/v1/documents"}).want(200).body, contract)
		if listed != open {
			t.Errorf("listed for %s: %v, want %v", key, listed, open)
		}
		if open {
			a := w.do(request{key: key, path: "/v1/documents/" + contract}).want(200)
			if seesAll := key == "operator"; strings.Contains(a.body, "customer-500") != seesAll || !strings.Contains(a.body, debtor) {
				t.Errorf("%s reads %s", key, a.body)
			}
			continue
		}
		there := w.do(request{key: key, path: "/v1/documents/" + contract}).want(404)
		absent := w.do(request{key: key, path: "/v1/documents/contract-nobody"}).want(404)
		if there.body != strings.ReplaceAll(absent.body, "contract-nobody", contract) || strings.Contains(absent.body, debtor) {
			t.Errorf("%s tells documents apart:\n%s\n%s", key, there.body, absent.body)
		}
	}
}

// publishContract publishes a stamped contract that binds some accounts alone.
func (w *world) publishContract(id, accounts string) {
	w.t.Helper()
	folder := fstest.MapFS{"agreements/contract.yaml": {Data: []byte(`document: ` + id + `
code: K
version: "2026-01"
kind: stamped
title: Contract
issuer: aurora
binds:
  accounts: [` + accounts + `]
by: acceptance
announced: 2025-12-01
effective: 2026-01-01
clauses:
  - id: "1"
    title: Parties
    text: The parties know each other.
    declaratory: It names the parties.
`)}}
	if err := fs.WalkDir(provider.Sample, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(provider.Sample, path)
		folder[path] = &fstest.MapFile{Data: data}
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.app.Publish(w.t.Context(), folder); err != nil {
		w.t.Fatal(err)
	}
}
