package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
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
		Summary: "Whether the database answers",
	}, nil, func(ctx context.Context, _ *struct{}) (healthAnswer, error) {
		return healthAnswer{Status: "ok"}, s.app.Ready(ctx)
	})
}
