package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"termwise.dev/app"
	"termwise.dev/core/refusal"
)

type documentPageInput struct {
	ID      string `path:"document" maxLength:"200" pattern:"^[A-Za-z0-9-]+$" doc:"The document's id." example:"general-agreement"`
	Version string `query:"version" maxLength:"200" pattern:"^[!-~]+$" doc:"The version; the one in force by default." example:"2025-06"`
	Clause  string `query:"clause" maxLength:"200" pattern:"^[!-~]+$" doc:"Only this clause, by the label that the document prints." example:"2.3"`
}

type comparisonInput struct {
	A string `query:"a" required:"true" maxLength:"400" pattern:"^[A-Za-z0-9-]+(@[!-~]+)?$" doc:"A document: its id, for the version in force, or id@version." example:"general-agreement@2025-06"`
	B string `query:"b" required:"true" maxLength:"400" pattern:"^[A-Za-z0-9-]+(@[!-~]+)?$" doc:"What to compare it with." example:"service-agreement"`
}

type resolvedTermsInput struct {
	Account string `query:"account" required:"true" maxLength:"63" pattern:"^[a-z0-9][a-z0-9-]*$" doc:"Whom the terms would bind." example:"customer-017"`
	Product string `query:"product" maxLength:"200" pattern:"^[!-~]+$" doc:"For which product; leave it out for what concerns the account as a whole." example:"compute-payg"`
	Bought  string `query:"bought" maxLength:"40" doc:"When it was bought (RFC 3339), for what is bought and not just used." example:"2026-01-15T00:00:00+08:00"`
	At      string `query:"at" maxLength:"40" doc:"At which instant (RFC 3339); now by default." example:"2026-01-15T00:00:00+08:00"`
	KnownInput
}

// reading has what is read rather than looked up: pages, comparisons, and all
// terms at once.
func (s *Server) reading() {
	tags := []string{"Terms"}
	s.registerPage(huma.Operation{
		OperationID: "showDocumentPage", Method: http.MethodGet, Path: "/v1/documents/{document}/page", Tags: tags,
		Summary:     "One version of a document as a page to read or print",
		Description: "HTML that needs nothing from elsewhere and runs no program.",
	}, app.Roles(), s.documentPage)
	register(s, huma.Operation{
		OperationID: "compareDocuments", Method: http.MethodGet, Path: "/v1/comparisons", Tags: tags,
		Summary:     "What two documents, or two versions of one, say differently",
		Description: "Every term that either sets, side by side; of two versions also what the second changes, clause by clause.",
	}, app.Roles(), s.compare)
	register(s, huma.Operation{
		OperationID: "resolveAll", Method: http.MethodGet, Path: "/v1/resolved-terms", Tags: tags,
		Summary:     "What every term means for an account",
		Description: "By area: the value and its clause, or what silence means; and the clauses that lost with the reason.",
	}, []app.Role{app.Operator, app.Customer}, s.resolveAll)
}

// pageAnswer is an HTML page.
type pageAnswer struct {
	ContentType string `header:"Content-Type"`
	// Policy keeps whatever a document says from being more than text.
	Policy string `header:"Content-Security-Policy"`
	Body   []byte
}

const pageType = "text/html; charset=utf-8"

// registerPage adds an operation that answers with a page.
func (s *Server) registerPage(op huma.Operation, roles []app.Role, do func(context.Context, *documentPageInput) ([]byte, error)) {
	op.Security = allow(roles...)
	op.Responses = map[string]*huma.Response{
		"200": {
			Description: "The page",
			Content:     map[string]*huma.MediaType{"text/html": {Schema: huma.SchemaFromType(s.huma.OpenAPI().Components.Schemas, reflect.TypeFor[string]())}},
		},
		"4XX": s.problemResponse(), "5XX": s.problemResponse(),
	}
	huma.Register(s.huma, op, func(ctx context.Context, in *documentPageInput) (*pageAnswer, error) {
		page, err := do(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return &pageAnswer{ContentType: pageType, Policy: "default-src 'none'; style-src 'unsafe-inline'", Body: page}, nil
	})
}

func (s *Server) documentPage(ctx context.Context, in *documentPageInput) ([]byte, error) {
	view, err := s.showDocument(ctx, &documentInput{ID: in.ID, Version: in.Version})
	if err == nil && in.Clause != "" {
		view, err = view.Only(in.Clause)
	}
	if err != nil {
		return nil, err
	}
	return view.HTML()
}

// compare answers only for documents that the caller may read.
func (s *Server) compare(ctx context.Context, in *comparisonInput) (app.Comparison, error) {
	isOpen, err := s.isOpen(ctx)
	if err != nil {
		return app.Comparison{}, err
	}
	first, second := app.ParseToCompare(in.A), app.ParseToCompare(in.B)
	for _, d := range []app.ToCompare{first, second} {
		if !isOpen(d.Document) {
			return app.Comparison{}, notYours("document", d.Document)
		}
	}
	compared, err := s.app.Compare(ctx, first, second)
	if callerOf(ctx).Role != app.Operator && refusal.CodeOf(err) == refusal.NotFound {
		err = notYours("document", in.A+" or "+in.B) // the use case's own words list all documents
	}
	return compared, err
}

func (s *Server) resolveAll(ctx context.Context, in *resolvedTermsInput) (app.ResolvedTerms, error) {
	at, err := optionalInstant("at", in.At)
	if err != nil {
		return app.ResolvedTerms{}, err
	}
	known, err := in.instant()
	if err != nil {
		return app.ResolvedTerms{}, err
	}
	bought, err := optionalInstant("bought", in.Bought)
	if err != nil {
		return app.ResolvedTerms{}, err
	}
	return s.app.ResolveAll(ctx, app.Question{Account: in.Account, Product: in.Product, Bought: bought, At: at, Known: known})
}
