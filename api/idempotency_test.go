package api_test

import (
	"strings"
	"sync"
	"testing"
)

// Many requests to open one account at once open it once, whether they bear one
// key or none, and every one of them is answered alike.
func TestOneAccountAtOnce(t *testing.T) {
	for name, url := range engines {
		t.Run(name, func(t *testing.T) {
			w := newWorldOn(t, url(t))
			for account, key := range map[string]string{"customer-010": "once", "customer-011": ""} {
				answers := make([]answer, 8)
				var wait sync.WaitGroup
				for i := range answers {
					wait.Go(func() {
						answers[i] = w.do(request{
							key: "operator", method: "POST", path: "/v1/accounts", idempotency: key,
							body: `{"id":"` + account + `","name":"Loom","accepts":["general-agreement"]}`,
						})
					})
				}
				wait.Wait()
				for _, a := range answers {
					if a.want(200); a.body != answers[0].body {
						t.Errorf("answered %s and %s", answers[0].body, a.body)
					}
				}
			}
			w.verify()
		})
	}
}

// One payment that is sent under many keys at once is credited once.
func TestOnePaymentAtOnce(t *testing.T) {
	for name, url := range engines {
		t.Run(name, func(t *testing.T) {
			w := newWorldOn(t, url(t))
			answers := make([]answer, 8)
			var wait sync.WaitGroup
			for i := range answers {
				wait.Go(func() {
					answers[i] = w.do(request{
						key: "operator", method: "POST", path: topUps, idempotency: "key-" + string(rune('a'+i)),
						body: `{"amount":"3","method":"bank_remittance","reference":"r"}`,
					})
				})
			}
			wait.Wait()
			credited := 0
			for _, a := range answers {
				if a.status == 200 {
					credited++
					continue
				}
				a.want(409).holds(`"code":"already_exists"`)
			}
			if credited != 1 {
				t.Errorf("credited %d times", credited)
			}
			w.do(request{key: "payer", path: "/v1/accounts/" + payer}).want(200).holds(`"wallet":"3.000000"`)
			w.verify()
		})
	}
}

// A cursor is a position and no permission: whose rows a list gives, its path
// and key say. One that comes from elsewhere is refused, or skips rows.
func TestCursorsFromElsewhere(t *testing.T) {
	for name, url := range engines {
		t.Run(name, func(t *testing.T) {
			w := newWorldOn(t, url(t))
			w.live()
			of := func(account string) []string {
				return []string{
					"/v1/accounts/" + account + "/charges?month=2026-01&limit=1",
					"/v1/accounts/" + account + "/history?limit=1", "/v1/accounts/" + account + "/notices?limit=1",
				}
			}
			var cursors []string
			for _, path := range append(of(debtor), "/v1/accounts?limit=1", "/v1/arrears?limit=1") {
				var p page
				w.do(request{key: "operator", path: path}).want(200).into(&p)
				if p.NextCursor != "" {
					cursors = append(cursors, p.NextCursor)
				}
			}
			if len(cursors) < 4 {
				t.Fatalf("only the cursors %q", cursors)
			}
			for _, path := range of(payer) {
				own := w.do(request{key: "payer", path: strings.Replace(path, "limit=1", "limit=1000", 1)}).want(200)
				for _, cursor := range cursors {
					w.cursorIsHarmless(own, path+"&cursor="+cursor)
				}
			}
		})
	}
}

// cursorIsHarmless asks as the payer: what comes is refused, or among its own rows.
func (w *world) cursorIsHarmless(own answer, path string) {
	w.t.Helper()
	a := w.do(request{key: "payer", path: path})
	if a.status == 422 {
		a.holds(`"place":"cursor"`)
		return
	}
	var got page
	a.want(200).into(&got)
	if strings.Contains(a.body, debtor) {
		w.t.Errorf("%s gives another account's rows: %s", path, a.body)
	}
	for _, item := range got.Items {
		own.holds(item.Explanation)
	}
}
