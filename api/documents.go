package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"termwise.dev/app"
	"termwise.dev/core/refusal"
)

type documentInput struct {
	ID      string `path:"document" maxLength:"200" pattern:"^[A-Za-z0-9-]+$" doc:"The document's id." example:"general-agreement"`
	Version string `query:"version" maxLength:"200" pattern:"^[!-~]+$" doc:"The version; the one in force by default." example:"2025-06"`
}

type resolutionInput struct {
	Key     string `query:"key" required:"true" maxLength:"200" pattern:"^[!-~]+$" doc:"The term." example:"late_fee.rate"`
	Account string `query:"account" required:"true" maxLength:"63" pattern:"^[a-z0-9][a-z0-9-]*$" doc:"Whom the term would bind." example:"customer-017"`
	Product string `query:"product" maxLength:"200" pattern:"^[!-~]+$" doc:"For which product; leave it out for what concerns the account as a whole." example:"compute-payg"`
	Bought  string `query:"bought" maxLength:"40" doc:"When it was bought (RFC 3339), for what is bought and not just used." example:"2026-01-15T00:00:00+08:00"`
	At      string `query:"at" maxLength:"40" doc:"At which instant (RFC 3339); now by default." example:"2026-01-15T00:00:00+08:00"`
	KnownInput
}

func (s *Server) documents() {
	tags := []string{"Terms"}
	everyone := app.Roles()
	register(s, huma.Operation{
		OperationID: "listDocuments", Method: http.MethodGet, Path: "/v1/documents", Tags: tags,
		Summary:     "The published documents",
		Description: "A customer sees those that may concern it: not what binds other accounts alone.",
	}, everyone, s.listDocuments)
	register(s, huma.Operation{
		OperationID: "showDocument", Method: http.MethodGet, Path: "/v1/documents/{document}", Tags: tags,
		Summary: "One version of a document, with its clauses",
	}, everyone, s.showDocument)
	register(s, huma.Operation{
		OperationID: "resolve", Method: http.MethodGet, Path: "/v1/resolutions", Tags: tags,
		Summary:     "Which value of a term binds",
		Description: "The value, the clause that sets it, and the clauses that lost with the reason.",
	}, []app.Role{app.Operator, app.Customer}, s.resolve)
}

// isOpen says whether a caller may read a document: one that binds some
// accounts alone is theirs and the operators' to read.
func (s *Server) isOpen(ctx context.Context) (func(document string) bool, error) {
	caller := callerOf(ctx)
	if caller.Role == app.Operator {
		return func(string) bool { return true }, nil
	}
	p, err := s.app.Provider(ctx)
	if err != nil {
		return nil, err
	}
	closed := map[string]bool{}
	for _, published := range p.Documents {
		accounts := published.Document.Binds.Accounts
		isParty := caller.Role == app.Customer && slices.Contains(accounts, caller.Scope)
		if len(accounts) > 0 && !isParty {
			closed[published.Document.ID] = true
		}
	}
	return func(document string) bool { return !closed[document] }, nil
}

func (s *Server) listDocuments(ctx context.Context, _ *struct{}) (Page[app.DocumentSummary], error) {
	isOpen, err := s.isOpen(ctx)
	if err != nil {
		return Page[app.DocumentSummary]{}, err
	}
	all, err := s.app.DocumentList(ctx)
	if err != nil {
		return Page[app.DocumentSummary]{}, err
	}
	all = slices.DeleteFunc(all, func(d app.DocumentSummary) bool { return !isOpen(d.Document) })
	return pageOf(all, ""), nil
}

func (s *Server) showDocument(ctx context.Context, in *documentInput) (app.DocumentView, error) {
	isOpen, err := s.isOpen(ctx)
	if err != nil {
		return app.DocumentView{}, err
	}
	if !isOpen(in.ID) {
		return app.DocumentView{}, notYours("document", in.ID)
	}
	view, err := s.app.Document(ctx, in.ID, in.Version)
	caller := callerOf(ctx)
	if caller.Role == app.Operator {
		return view, err
	}
	if refusal.CodeOf(err) == refusal.NotFound {
		err = notYours("document", in.ID) // the use case's own words list all documents
	}
	view.BindsAccounts = slices.DeleteFunc(slices.Clone(view.BindsAccounts), func(id string) bool {
		return caller.Role != app.Customer || id != caller.Scope
	})
	return view, err
}

func (s *Server) resolve(ctx context.Context, in *resolutionInput) (app.Resolution, error) {
	at, err := optionalInstant("at", in.At)
	if err != nil {
		return app.Resolution{}, err
	}
	known, err := in.instant()
	if err != nil {
		return app.Resolution{}, err
	}
	bought, err := optionalInstant("bought", in.Bought)
	if err != nil {
		return app.Resolution{}, err
	}
	return s.app.Resolve(ctx, app.Question{Key: in.Key, Account: in.Account, Product: in.Product, Bought: bought, At: at, Known: known})
}
