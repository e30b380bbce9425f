package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// KnownInput asks for what was known at an instant.
type KnownInput struct {
	Known string `query:"known" maxLength:"40" doc:"Answer with what was known at this instant (RFC 3339); now by default." example:"2026-02-01T00:00:00+08:00"`
}

func (k KnownInput) instant() (calendar.Instant, error) { return optionalInstant("known", k.Known) }

// optionalInstant reads a parameter that may be left out.
func optionalInstant(name, s string) (calendar.Instant, error) {
	if s == "" {
		return 0, nil
	}
	t, err := calendar.ParseInstant(s)
	if err != nil {
		return 0, refusal.New(refusal.BadInput, "%s is %q, not an instant", name, s).At(name).Do("write it as 2026-01-01T00:00:00+08:00")
	}
	return t, nil
}

func monthOf(s string) (calendar.Month, error) {
	m, err := calendar.ParseMonth(s)
	if err != nil {
		return 0, refusal.New(refusal.BadInput, "month is %q", s).At("month").Do("write it as 2026-01")
	}
	return m, nil
}

// period is a month, as known at an instant.
func period(month string, k KnownInput) (calendar.Month, calendar.Instant, error) {
	m, err := monthOf(month)
	if err != nil {
		return 0, 0, err
	}
	known, err := k.instant()
	return m, known, err
}

type statementInput struct {
	AccountPath
	KnownInput
	Month string `path:"month" maxLength:"7" doc:"The month, in the provider's zone." example:"2026-01"`
}

type chargesInput struct {
	AccountPath
	KnownInput
	PageInput
	Month string `query:"month" required:"true" maxLength:"7" doc:"The month, in the provider's zone." example:"2026-01"`
}

type totalsInput struct {
	KnownInput
	Month string `query:"month" required:"true" maxLength:"7" doc:"The month, in the provider's zone." example:"2026-01"`
}

// statementAnswer is a statement without lines: they come in pages.
type statementAnswer struct {
	app.Statement
	Lines      []chargeAnswer `json:"lines,omitempty" hidden:"true"`
	NextCursor string         `json:"next_cursor,omitempty" hidden:"true"`
	Charges    string         `json:"charges" doc:"Where the lines are."`
}

type chargeAnswer struct {
	app.StatementLine
	Explanation string `json:"explanation" doc:"Where the charge is explained."`
}

func (s *Server) statements() {
	tags := []string{"Statements"}
	register(s, huma.Operation{
		OperationID: "showStatement", Method: http.MethodGet, Path: "/v1/accounts/{account}/statements/{month}", Tags: tags,
		Summary:     "An account's statement of a month",
		Description: "What the hours of the month cost, by meter, and what was paid in the month.",
	}, []app.Role{app.Operator, app.Customer}, s.showStatement)
	register(s, huma.Operation{
		OperationID: "listCharges", Method: http.MethodGet, Path: "/v1/accounts/{account}/charges", Tags: tags,
		Summary:     "The lines of a statement",
		Description: "One for each meter of each resource in each clock hour; what was added later for an hour is a line of its own.",
	}, []app.Role{app.Operator, app.Customer}, s.listCharges)
	register(s, huma.Operation{
		OperationID: "showTotals", Method: http.MethodGet, Path: "/v1/totals", Tags: tags,
		Summary: "What all accounts were charged for a month, by meter",
	}, []app.Role{app.Operator}, s.showTotals)
}

func (s *Server) showStatement(ctx context.Context, in *statementInput) (statementAnswer, error) {
	month, known, err := period(in.Month, in.KnownInput)
	if err != nil {
		return statementAnswer{}, err
	}
	found, err := s.app.Statement(ctx, in.Account, month, known)
	return statementAnswer{Statement: found, Charges: "/v1/accounts/" + in.Account + "/charges?month=" + month.String()}, err
}

func (s *Server) listCharges(ctx context.Context, in *chargesInput) (Page[chargeAnswer], error) {
	month, known, err := period(in.Month, in.KnownInput)
	if err != nil {
		return Page[chargeAnswer]{}, err
	}
	after, err := in.after()
	if err != nil {
		return Page[chargeAnswer]{}, err
	}
	lines, next, err := s.app.StatementLines(ctx, in.Account, month, known, after, in.Limit)
	answers := make([]chargeAnswer, len(lines))
	for i, l := range lines {
		answers[i] = chargeAnswer{StatementLine: l, Explanation: explanationOf(l.ID)}
	}
	return pageOf(answers, next), err
}

func (s *Server) showTotals(ctx context.Context, in *totalsInput) (app.Totals, error) {
	month, known, err := period(in.Month, in.KnownInput)
	if err != nil {
		return app.Totals{}, err
	}
	return s.app.Totals(ctx, month, known)
}
