package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"termwise.dev/app"
	"termwise.dev/core/refusal"
)

// explanationOf is where the explanation of a row is.
func explanationOf(id string) string {
	if id == "" {
		return ""
	}
	return "/v1/explanations/" + id
}

type explanationInput struct {
	ID string `path:"id" maxLength:"200" pattern:"^[A-Za-z0-9_-]+$" doc:"The id of a charge, fee, payment, notice, change of state or refusal." example:"chg_customer-017_42_3"`
}

func (s *Server) explanations() {
	register(s, huma.Operation{
		OperationID: "explain", Method: http.MethodGet, Path: "/v1/explanations/{id}", Tags: []string{"Explanations"},
		Summary:     "Why something is as it is",
		Description: "Recomputed from the stored inputs and the documents in the versions that bound then: the inputs, the clauses with those that lost, the arithmetic, and whether the result agrees with what is stored.",
	}, []app.Role{app.Operator, app.Customer}, s.explain)
}

// explain answers a customer only for rows of its own account: the account
// stands inside the id, so this is known before anything is read.
func (s *Server) explain(ctx context.Context, in *explanationInput) (app.Explanation, error) {
	name, err := app.ParseRowName(in.ID)
	if caller := callerOf(ctx); caller.Role == app.Customer && (err != nil || name.Account != caller.Scope) {
		return app.Explanation{}, notYours("explanation", in.ID)
	}
	if err != nil {
		return app.Explanation{}, err
	}
	explanation, err := s.app.Explain(ctx, in.ID)
	if refusal.CodeOf(err) == refusal.UnknownAccount {
		err = notYours("explanation", in.ID)
	}
	return explanation, err
}
