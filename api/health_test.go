package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A process that only does what falls due answers whether it lives, and nothing
// else: no key opens an operation there.
func TestProbesAnswerForNothingElse(t *testing.T) {
	w := newWorld(t)
	probes := w.server.Probes()
	for path, want := range map[string]int{
		"/healthz": http.StatusOK, "/readyz": http.StatusOK, "/metrics": http.StatusOK,
		"/v1/accounts": http.StatusNotFound, "/docs": http.StatusNotFound, "/": http.StatusNotFound,
	} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer "+w.keys["operator"])
		answer := httptest.NewRecorder()
		probes.ServeHTTP(answer, r)
		if answer.Code != want {
			t.Errorf("%s is answered with %d, not %d", path, answer.Code, want)
		}
		if want == http.StatusNotFound && !strings.Contains(answer.Body.String(), "role is api or all") {
			t.Errorf("%s is answered without what to do: %s", path, answer.Body)
		}
	}
}
