package api_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"termwise.dev/core/refusal"
)

// FuzzRequests puts any text behind an operation's path, any body into it and any
// token and key beside it. Whatever comes, the program answers as its description
// says, and does not fail.
func FuzzRequests(f *testing.F) {
	w := newWorld(f)
	w.live()
	prepared := samples(w)
	operations := slices.Sorted(maps.Keys(prepared))
	for i, name := range operations {
		f.Add(uint8(i), "", prepared[name].body, "operator", prepared[name].idempotency)
		f.Add(uint8(i), "&cursor=AA&limit=0&month=2026-13&known=x&at=9999-12-31T23:59:59Z", `{"amount":"1e9","form":"mail"}`, "debtor", "\x00")
	}
	f.Fuzz(func(t *testing.T, n uint8, more, body, token, idempotency string) {
		tried := *w
		tried.t = t
		s := prepared[operations[int(n)%len(operations)]]
		if strings.HasPrefix(more, "&") && !strings.Contains(s.path, "?") {
			more = "?" + more[1:]
		}
		r := request{key: token, path: s.path + more, media: s.media, idempotency: idempotency}
		if s.body != "" {
			r.method, r.body = "POST", body
		}
		if u, err := url.ParseRequestURI(r.path); err != nil || strings.ContainsAny(r.path, " \x7f") || u.Path == "" {
			return // it cannot be sent
		}
		a := tried.do(r)
		if a.status < 400 {
			return
		}
		var p struct{ Code refusal.Code }
		if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.status >= 500 || !slices.Contains(refusal.Codes(), p.Code) {
			t.Fatalf("%s %q with %q is answered %d: %s", r.method, r.path, body, a.status, a.body)
		}
	})
}
