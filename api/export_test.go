package api

import (
	"net/http"
	"net/http/httptest"

	"github.com/danielgtaylor/huma/v2"
)

// API gives tests the operations with their schemas.
func (s *Server) API() huma.API { return s.huma }

// ReadEvents gives fuzzers the reader of events.
var ReadEvents = readEvents

// Statuses gives tests the status of each code.
var Statuses = statuses

// Route gives tests the pattern that a request matches.
func (s *Server) Route(method, path string) (http.Handler, string) {
	return s.mux.Handler(httptest.NewRequest(method, path, nil))
}
