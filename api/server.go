package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"reflect"
	"runtime/debug"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"termwise.dev/app"
	"termwise.dev/core/refusal"
)

// Options set up a server. Zero values mean the defaults.
type Options struct {
	// Log takes what goes wrong; slog.Default() when nil.
	Log *slog.Logger
	// Version is the program's, for the OpenAPI document.
	Version string
	// MaxBody bounds a request's body in bytes, after decompression as well; 32 MiB by default.
	MaxBody int64
}

// maxBody leaves room for the largest batch of events with long names.
const maxBody = 32 << 20

// Server answers Termwise's HTTP requests. It is safe for use by several goroutines.
type Server struct {
	app     UseCases
	log     *slog.Logger
	maxBody int64
	metrics *metrics
	mux     *http.ServeMux
	huma    huma.API
}

// New makes a server on top of the use cases.
func New(work UseCases, o Options) *Server {
	s := &Server{app: work, log: o.Log, maxBody: o.MaxBody, metrics: newMetrics(work), mux: http.NewServeMux()}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.maxBody == 0 {
		s.maxBody = maxBody
	}
	s.huma = humago.New(s.mux, describe(o.Version))
	s.huma.UseMiddleware(s.authorise)
	s.routes()
	s.servePages()
	return s
}

// ObserveWork counts a run of the worker; it is for app.Worker's Observe.
func (s *Server) ObserveWork(run app.Worked) { s.metrics.observeWork(run) }

// describe is what the OpenAPI document says of the whole. Huma's own page of
// documentation loads its program from elsewhere, so it is left out.
func describe(version string) huma.Config {
	config := huma.DefaultConfig("Termwise", version)
	config.Info.Description = "A cloud run by its terms: accounts, usage, statements, arrears, and the clause behind each of them."
	config.CreateHooks = nil // they would add a $schema field to every answer
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.RejectUnknownQueryParameters = true // a misspelt dry_run must not move money
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{scheme: {
		Type: "http", Scheme: "bearer",
		Description: "An API key, tw_<id>_<secret>. The words beside it are the roles that may call the operation.",
	}}
	config.Transformers = []huma.Transformer{ourProblem}
	return config
}

// schemaName names a type after its package too, unless it is the API's or the
// application's own: types of several packages of core share a name.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	pkg := path.Base(t.PkgPath())
	if t.Name() == "" || pkg == "api" || pkg == "app" || pkg == "." || pkg == "huma" {
		return name
	}
	return strings.ToUpper(pkg[:1]) + pkg[1:] + name
}

// routes registers every operation; one file each.
func (s *Server) routes() {
	s.health()
	s.usageEvents()
	s.accounts()
	s.acts()
	s.statements()
	s.arrears()
	s.history()
	s.explanations()
	s.documents()
	s.reading()
}

// answer is an operation's output as huma wants it.
type answer[T any] struct{ Body T }

// register adds an operation: input and output types make its description,
// roles say who may call it.
func register[I, T any](s *Server, op huma.Operation, roles []app.Role, do func(context.Context, *I) (T, error)) {
	op.Security = allow(roles...)
	op.Responses = map[string]*huma.Response{"4XX": s.problemResponse(), "5XX": s.problemResponse()}
	op.MaxBodyBytes = s.maxBody
	huma.Register(s.huma, op, func(ctx context.Context, in *I) (*answer[T], error) {
		out, err := do(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return &answer[T]{Body: out}, nil
	})
}

func (s *Server) problemResponse() *huma.Response {
	return &huma.Response{
		Description: "Why the request was not done",
		Content:     map[string]*huma.MediaType{problemType: {Schema: s.schemaOf(reflect.TypeFor[Problem]())}},
	}
}

func (s *Server) schemaOf(t reflect.Type) *huma.Schema {
	return s.huma.OpenAPI().Components.Schemas.Schema(t, true, t.Name())
}

// servePages adds what is not an operation: the OpenAPI document, its page for
// people, the metrics, and the answer for everything else.
func (s *Server) servePages() {
	delete(s.huma.OpenAPI().Components.Schemas.Map(), "ErrorModel") // huma's own problem, which is never sent
	document, err := json.Marshal(s.huma.OpenAPI())
	if err != nil {
		panic(fmt.Sprintf("api: the OpenAPI document cannot be written: %v", err)) // the types are the program's own
	}
	s.mux.Handle("GET /openapi.json", page("application/openapi+json", document))
	s.mux.Handle("GET /docs", page("text/html; charset=utf-8", s.documentation()))
	s.mux.Handle("GET /metrics", s.metrics.handler())
	s.mux.HandleFunc("/", s.elsewhere)
}

func page(mediaType string, body []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		_, _ = w.Write(body) // an error here is a client that went away
	})
}

// elsewhere answers for paths and methods that there are not.
func (s *Server) elsewhere(w http.ResponseWriter, r *http.Request) {
	p := newProblem(http.StatusNotFound, refusal.New(refusal.NotFound, "there is nothing at %s", r.URL.Path).Do("see /docs for what there is"))
	if methods := s.methodsAt(r); len(methods) > 0 {
		w.Header().Set("Allow", strings.Join(methods, ", "))
		p = newProblem(http.StatusMethodNotAllowed, refusal.New(refusal.BadInput, "%s does not take %s", r.URL.Path, r.Method).
			Do("use %s", strings.Join(methods, " or ")))
	}
	writeProblem(w, p)
}

func (s *Server) methodsAt(r *http.Request) []string {
	var methods []string
	for _, m := range []string{http.MethodGet, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = m
		if _, pattern := s.mux.Handler(other); pattern != "/" {
			methods = append(methods, m)
		}
	}
	return methods
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // an error here is a client that went away
}

// ServeHTTP answers one request, measures it, and turns a panic into a problem.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	seen := &statusWriter{ResponseWriter: w}
	defer func() {
		if fault := recover(); fault != nil {
			s.recovered(r, seen, fault)
		}
		s.metrics.observeRequest(route(r), seen.status, time.Since(start))
	}()
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store") // answers are about money and change
	r.Body = http.MaxBytesReader(seen, r.Body, s.maxBody)
	s.mux.ServeHTTP(seen, r)
}

func (s *Server) recovered(r *http.Request, w *statusWriter, fault any) {
	s.log.ErrorContext(r.Context(), "a request panicked", slog.String("route", route(r)), slog.Any("fault", fault), slog.String("stack", string(debug.Stack())))
	if w.status == 0 {
		writeProblem(w, failure())
	}
}

// route is the pattern that a request matched: paths themselves would make
// a metric for each account.
func route(r *http.Request) string {
	if r.Pattern == "" || r.Pattern == "/" {
		return "other"
	}
	return r.Pattern
}

// statusWriter remembers the status that was sent.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write notes that a status was sent when none was set.
func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach what is underneath.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
