package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"termwise.dev/core/refusal"
)

// healthAnswer says that all is well; when it is not, a problem says so.
type healthAnswer struct {
	Status string `json:"status" doc:"ok"`
}

func (s *Server) health() {
	register(s, huma.Operation{
		OperationID: "healthz", Method: http.MethodGet, Path: "/healthz", Tags: []string{"Operation"},
		Summary: "Whether the program runs",
	}, nil, func(context.Context, *struct{}) (healthAnswer, error) {
		return healthAnswer{Status: "ok"}, nil
	})
	register(s, huma.Operation{
		OperationID: "readyz", Method: http.MethodGet, Path: "/readyz", Tags: []string{"Operation"},
		Summary:     "Whether the database answers, and the process can take in usage",
		Description: "A process that takes in usage first reads the index by which it tells events that came before; until then this is answered with 503.",
	}, nil, func(ctx context.Context, _ *struct{}) (healthAnswer, error) {
		return healthAnswer{Status: "ok"}, s.app.Ready(ctx)
	})
}

// Probes answers only whether the program runs and how it does: /healthz, /readyz
// and /metrics. It is for a process that does what falls due and serves nobody.
func (s *Server) Probes() http.Handler {
	mux := http.NewServeMux()
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		mux.Handle("GET "+path, s)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, newProblem(http.StatusNotFound,
			refusal.New(refusal.NotFound, "this process does what falls due and serves nothing at %s", r.URL.Path).
				Do("ask a process whose role is api or all")))
	})
	return mux
}
