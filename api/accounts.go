package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// AccountPath is the account in a path. What it may look like is what an
// account's id may look like.
type AccountPath struct {
	Account string `path:"account" pattern:"^[a-z0-9][a-z0-9-]{0,62}$" doc:"The account's id." example:"customer-017"`
}

// Page is one page of a list.
type Page[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor,omitempty" doc:"Given when there are more."`
}

func pageOf[T any](items []T, next string) Page[T] {
	if items == nil {
		items = []T{} // an empty array, never null
	}
	return Page[T]{Items: items, NextCursor: cursorOf(next)}
}

// accountAnswer is an account whose states and acceptances say where they are
// explained.
type accountAnswer struct {
	app.AccountView
	Services []serviceAnswer    `json:"services"`
	Accepted []acceptanceAnswer `json:"accepted"`
	Left     []leftAnswer       `json:"left,omitempty"`
}

type leftAnswer struct {
	app.LeftView
	Explanation string `json:"explanation" doc:"The clause by which the customer leaves."`
}

// needsAnswer is what an account needs, with where it is explained what it has left.
type needsAnswer struct {
	app.Needs
	Left []leftAnswer `json:"left,omitempty"`
}

type acceptanceAnswer struct {
	app.AcceptanceView
	Explanation string `json:"explanation" doc:"Where the acceptance is explained."`
}

type serviceAnswer struct {
	app.ServiceView
	Explanation string `json:"explanation" doc:"Why the service is in this state."`
}

// KeyInput is the key of a write that may be sent without one.
type KeyInput struct {
	Key string `header:"Idempotency-Key" minLength:"1" maxLength:"200" pattern:"^[!-~]+$" doc:"Names the request within the account: sent again, it gives the same answer and does nothing; with another request it is refused."`
}

type newAccountInput struct {
	KeyInput
	Body struct {
		ID      string   `json:"id" minLength:"1" maxLength:"63" doc:"Lower-case letters, digits and hyphens." example:"customer-017"`
		Name    string   `json:"name" minLength:"1" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f]+$" doc:"What to call the customer."`
		Accepts []string `json:"accepts,omitempty" maxItems:"100" doc:"The ids of the documents that the customer accepted by click."`
	}
}

type acceptanceInput struct {
	AccountPath
	KeyInput
	Body struct {
		Documents []string `json:"documents" minItems:"1" maxItems:"100" doc:"The ids of the documents, in the versions that are in force; page@2026-05 names a version, which may be a tariff that is to come."`
		Form      string   `json:"form" enum:"click,purchase,use,stamp,mail" doc:"The act of acceptance, which each document must list. Only an operator may record stamp and mail; nobody records use, which is found in the usage that is reported."`
		Signed    string   `json:"signed,omitempty" doc:"When a paper was signed (RFC 3339), for stamp and mail; now when left out." example:"2026-01-01T00:00:00+08:00"`
		Order     string   `json:"order,omitempty" maxLength:"100" pattern:"^[!-~]*$" doc:"The reference of the order that the acceptance comes with, for click and purchase. If the order lapses, the acceptance may go with it." example:"o-2026-0142"`
	}
}

type needsInput struct {
	AccountPath
	Product string   `query:"product" required:"true" maxLength:"200" pattern:"^[!-~]+$" doc:"The product's id." example:"compute-payg"`
	AddOns  []string `query:"addon" maxItems:"100" doc:"Add-ons that are to be switched on."`
	At      string   `query:"at" maxLength:"40" doc:"When (RFC 3339); now when left out." example:"2026-01-15T00:00:00+08:00"`
}

type dissentInput struct {
	AccountPath
	KeyInput
	Body struct {
		Document string `json:"document" minLength:"1" maxLength:"200" doc:"The id of the document." example:"general-agreement"`
		Version  string `json:"version,omitempty" maxLength:"200" doc:"The version that the customer does not agree to; left out, the next one to come."`
		Now      bool   `json:"now,omitempty" doc:"End the services at once, and not as the version takes effect."`
	}
}

type leavingAnswer struct {
	app.Leaving
	Explanation string `json:"explanation" doc:"The clause by which the customer leaves."`
}

type topUpInput struct {
	AccountPath
	Key    string `header:"Idempotency-Key" required:"true" minLength:"1" maxLength:"200" pattern:"^[!-~]+$" doc:"Names the request: sent again, it gives the same answer and moves nothing."`
	DryRun bool   `query:"dry_run" doc:"Say what would happen, and change nothing."`
	Body   struct {
		// Read by the operation itself, so that a refusal says where the fault is.
		Amount    string `json:"amount" doc:"In the account's currency, with at most six decimals." example:"100.00"`
		Method    string `json:"method" maxLength:"200" doc:"How it was paid, as the agreement lists the ways."`
		Reference string `json:"reference" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f]*$" doc:"The payment's own name, for example the bank's. A method and a reference are credited once to an account."`
	}
}

type topUpAnswer struct {
	app.ToppedUp
	DryRun      bool   `json:"dry_run,omitempty" doc:"Nothing has changed."`
	Explanation string `json:"explanation,omitempty" doc:"Where the top-up is explained."`
}

func (s *Server) accounts() {
	tags := []string{"Accounts"}
	register(s, huma.Operation{
		OperationID: "createAccount", Method: http.MethodPost, Path: "/v1/accounts", Tags: tags,
		Summary: "Open an account",
		Description: "Sent again with the same name, it changes nothing. Under an Idempotency-Key, which belongs to the account that is opened, " +
			"the answer too is that of the first time.",
	}, []app.Role{app.Operator}, s.createAccount)
	register(s, huma.Operation{
		OperationID: "listAccounts", Method: http.MethodGet, Path: "/v1/accounts", Tags: tags,
		Summary: "List accounts",
	}, []app.Role{app.Operator}, s.listAccounts)
	register(s, huma.Operation{
		OperationID: "showAccount", Method: http.MethodGet, Path: "/v1/accounts/{account}", Tags: tags,
		Summary: "Show an account",
	}, []app.Role{app.Operator, app.Customer}, s.showAccount)
	register(s, huma.Operation{
		OperationID: "acceptDocuments", Method: http.MethodPost, Path: "/v1/accounts/{account}/acceptances", Tags: tags,
		Summary: "Accept documents",
		Description: "What was accepted before in the same version and form is left out, so it may be sent again. Under an Idempotency-Key the answer too is that of the first time. " +
			"A paper counts from when it was signed; what was billed since then stays as it is.",
	}, []app.Role{app.Operator, app.Customer}, s.acceptDocuments)
	register(s, huma.Operation{
		OperationID: "showNeeds", Method: http.MethodGet, Path: "/v1/accounts/{account}/needs", Tags: tags,
		Summary:     "Show what an account must still accept for a product",
		Description: "Usage and orders of the product are refused with agreement_not_accepted while something is missing.",
	}, []app.Role{app.Operator, app.Customer}, s.showNeeds)
	register(s, huma.Operation{
		OperationID: "dissent", Method: http.MethodPost, Path: "/v1/accounts/{account}/dissents", Tags: tags,
		Summary: "Leave over a change of the terms",
		Description: "The customer says that it does not agree to a new version of a document and leaves: its services under the document end as the version " +
			"takes effect, or at once. What was used until then is settled, usage after it is refused with service_ended, and what the wallet holds stays in it. " +
			"Said again it changes nothing. Accepting the document again opens the services again.",
	}, []app.Role{app.Operator, app.Customer}, s.dissent)
	register(s, huma.Operation{
		OperationID: "topUp", Method: http.MethodPost, Path: "/v1/accounts/{account}/top-ups", Tags: tags,
		Summary: "Put money into an account's wallet",
		Description: "The money has been received by the provider, which is why only an operator may say so. What is owed is paid from it at once. " +
			"A payment, which its method and reference name, is credited once: under another Idempotency-Key it is refused with already_exists.",
	}, []app.Role{app.Operator}, s.topUp)
}

func (s *Server) createAccount(ctx context.Context, in *newAccountInput) (accountAnswer, error) {
	n := app.NewAccount{ID: in.Body.ID, Name: in.Body.Name, Accepts: in.Body.Accepts}
	view, err := s.app.OpenAccount(ctx, n, in.Key, callerOf(ctx).Actor())
	return accountAnswerOf(view), err
}

func (s *Server) listAccounts(ctx context.Context, in *PageInput) (Page[accountAnswer], error) {
	after, err := in.after()
	if err != nil {
		return Page[accountAnswer]{}, err
	}
	views, next, err := s.app.Accounts(ctx, after, in.Limit)
	if err != nil {
		return Page[accountAnswer]{}, err
	}
	answers := make([]accountAnswer, len(views))
	for i, v := range views {
		answers[i] = accountAnswerOf(v)
	}
	return pageOf(answers, next), nil
}

func (s *Server) showAccount(ctx context.Context, in *AccountPath) (accountAnswer, error) {
	view, err := s.app.Account(ctx, in.Account)
	return accountAnswerOf(view), err
}

func (s *Server) acceptDocuments(ctx context.Context, in *acceptanceInput) (accountAnswer, error) {
	signed, err := optionalInstant("body.signed", in.Body.Signed)
	if err != nil {
		return accountAnswer{}, err
	}
	n := app.NewAcceptance{Documents: in.Body.Documents, Form: terms.AcceptanceForm(in.Body.Form), Signed: signed, Order: in.Body.Order}
	caller := callerOf(ctx)
	if caller.Role == app.Customer {
		if err := s.checkOwnAcceptance(ctx, n); err != nil {
			return accountAnswer{}, err
		}
	}
	view, err := s.app.Accept(ctx, in.Account, n, in.Key, caller.Actor())
	return accountAnswerOf(view), err
}

// checkOwnAcceptance refuses what a customer cannot record itself, and documents
// that are not its to see.
func (s *Server) checkOwnAcceptance(ctx context.Context, n app.NewAcceptance) error {
	isOpen, err := s.isOpen(ctx)
	if err != nil {
		return err
	}
	for _, document := range n.Documents {
		document, _, _ = strings.Cut(document, "@")
		if !isOpen(document) {
			return notYours("document", document)
		}
	}
	return n.CheckCustomer()
}

func (s *Server) showNeeds(ctx context.Context, in *needsInput) (needsAnswer, error) {
	at, err := optionalInstant("at", in.At)
	if err != nil {
		return needsAnswer{}, err
	}
	n, err := s.app.Needs(ctx, in.Account, in.Product, in.AddOns, at)
	return needsAnswer{Needs: n, Left: leftAnswers(n.Left)}, err
}

func (s *Server) dissent(ctx context.Context, in *dissentInput) (leavingAnswer, error) {
	x := account.Dissent{Document: in.Body.Document, Version: in.Body.Version, Now: in.Body.Now}
	leaving, err := s.app.Dissent(ctx, in.Account, x, in.Key, callerOf(ctx).Actor())
	return leavingAnswer{Leaving: leaving, Explanation: explanationOf(leaving.ID)}, err
}

func accountAnswerOf(v app.AccountView) accountAnswer {
	a := accountAnswer{AccountView: v, Services: serviceAnswers(v.Services), Accepted: make([]acceptanceAnswer, len(v.Accepted))}
	for i, accepted := range v.Accepted {
		a.Accepted[i] = acceptanceAnswer{AcceptanceView: accepted, Explanation: explanationOf(accepted.ID)}
	}
	a.Left = leftAnswers(v.Left)
	return a
}

// leftAnswers links each exit to the notice that confirmed it.
func leftAnswers(left []app.LeftView) (answers []leftAnswer) {
	for _, l := range left {
		answers = append(answers, leftAnswer{LeftView: l, Explanation: explanationOf(l.ID)})
	}
	return answers
}

// serviceAnswers links each service to the row that brought it into its state.
func serviceAnswers(services []app.ServiceView) []serviceAnswer {
	answers := make([]serviceAnswer, len(services))
	for i, v := range services {
		answers[i] = serviceAnswer{ServiceView: v, Explanation: explanationOf(v.ID)}
	}
	return answers
}

func (s *Server) topUp(ctx context.Context, in *topUpInput) (topUpAnswer, error) {
	amount, err := amountOf(in.Body.Amount)
	if err != nil {
		return topUpAnswer{}, err
	}
	t := account.TopUp{Amount: amount, Method: in.Body.Method, Reference: in.Body.Reference}
	done, err := s.app.TopUp(ctx, in.Account, t, in.Key, callerOf(ctx).Actor(), in.DryRun)
	if err != nil {
		return topUpAnswer{}, err
	}
	if in.DryRun && !done.Repeated {
		done.ID = "" // the row was not kept
	}
	return topUpAnswer{ToppedUp: done, DryRun: in.DryRun, Explanation: explanationOf(done.ID)}, nil
}

// amountOf reads the amount of a body, and refuses it where it stands.
func amountOf(text string) (money.Amount, error) {
	amount, err := money.ParseAmount(text)
	if fault := (*refusal.Error)(nil); errors.As(err, &fault) {
		return 0, fault.At("body.amount")
	}
	return amount, err
}
