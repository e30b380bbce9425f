package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"termwise.dev/app"
	"termwise.dev/core/account"
)

type lapseInput struct {
	AccountPath
	KeyInput
	Body struct {
		Order string `json:"order" minLength:"1" maxLength:"100" pattern:"^[!-~]+$" doc:"The reference that the acceptances named." example:"o-2026-0142"`
	}
}

// lapsedAnswer is an order that lapsed; what became of each acceptance says where
// it is explained.
type lapsedAnswer struct {
	app.LapsedOrder
	Documents   []lapsedDocument `json:"documents"`
	SwitchedOff []switchedOff    `json:"switched_off" doc:"Add-ons that are off now, because their terms went with the order."`
}

type lapsedDocument struct {
	app.LapsedDocument
	Explanation string `json:"explanation" doc:"Why the acceptance is voided, or stands."`
}

type switchedOff struct {
	app.SwitchedOff
	Explanation string `json:"explanation" doc:"Why the add-on was switched off."`
}

// ProductPath is a product of an account in a path.
type ProductPath struct {
	AccountPath
	Product string `path:"product" maxLength:"200" pattern:"^[!-~]+$" doc:"The product's id." example:"compute-payg"`
}

type switchInput struct {
	ProductPath
	KeyInput
	AddOn string `path:"addon" maxLength:"200" pattern:"^[!-~]+$" doc:"The add-on." example:"server_guard"`
	Body  struct {
		On bool `json:"on" doc:"Whether it is to be on."`
	}
}

type addOnAnswer struct {
	app.AddOnView
	Explanation string `json:"explanation,omitempty" doc:"Where the switch is explained; absent where nobody switched it."`
}

type addOnsAnswer struct {
	app.ProductAddOns
	List []addOnAnswer `json:"addons"`
}

func (s *Server) acts() {
	tags := []string{"Accounts"}
	register(s, huma.Operation{
		OperationID: "lapseOrder", Method: http.MethodPost, Path: "/v1/accounts/{account}/lapsed-orders", Tags: tags,
		Summary: "Say that an order lapsed",
		Description: "Whoever keeps the orders says so. What was accepted with the order is taken back where its terms say that they end with it, " +
			"and must be accepted again before the product is used; otherwise it stands. The answer names the clause of each. Said again it changes nothing.",
	}, []app.Role{app.Operator}, s.lapseOrder)
	register(s, huma.Operation{
		OperationID: "listAddOns", Method: http.MethodGet, Path: "/v1/accounts/{account}/products/{product}/add-ons", Tags: tags,
		Summary:     "The add-ons of a product, as they stand for an account",
		Description: "Where nobody has switched an add-on, it is as the terms have it.",
	}, []app.Role{app.Operator, app.Customer}, s.listAddOns)
	register(s, huma.Operation{
		OperationID: "switchAddOn", Method: http.MethodPut, Path: "/v1/accounts/{account}/products/{product}/add-ons/{addon}", Tags: tags,
		Summary: "Switch an add-on on or off",
		Description: "It is refused with agreement_not_accepted while a document is not accepted that is demanded for the add-on. " +
			"Switching it to the state that it has changes nothing.",
	}, []app.Role{app.Operator, app.Customer}, s.switchAddOn)
}

func (s *Server) lapseOrder(ctx context.Context, in *lapseInput) (lapsedAnswer, error) {
	v, err := s.app.LapseOrder(ctx, in.Account, account.OrderLapse{Order: in.Body.Order}, in.Key, callerOf(ctx).Actor())
	a := lapsedAnswer{LapsedOrder: v, Documents: make([]lapsedDocument, len(v.Documents)), SwitchedOff: make([]switchedOff, len(v.SwitchedOff))}
	for i, d := range v.Documents {
		a.Documents[i] = lapsedDocument{LapsedDocument: d, Explanation: explanationOf(d.ID)}
	}
	for i, off := range v.SwitchedOff {
		a.SwitchedOff[i] = switchedOff{SwitchedOff: off, Explanation: explanationOf(off.ID)}
	}
	return a, err
}

func (s *Server) listAddOns(ctx context.Context, in *ProductPath) (addOnsAnswer, error) {
	v, err := s.app.AddOns(ctx, in.Account, in.Product)
	a := addOnsAnswer{ProductAddOns: v, List: make([]addOnAnswer, len(v.List))}
	for i, view := range v.List {
		a.List[i] = addOnAnswerOf(view)
	}
	return a, err
}

func (s *Server) switchAddOn(ctx context.Context, in *switchInput) (addOnAnswer, error) {
	x := account.Switch{Product: in.Product, AddOn: in.AddOn, On: in.Body.On}
	v, err := s.app.SwitchAddOn(ctx, in.Account, x, in.Key, callerOf(ctx).Actor())
	return addOnAnswerOf(v), err
}

func addOnAnswerOf(v app.AddOnView) addOnAnswer {
	return addOnAnswer{AddOnView: v, Explanation: explanationOf(v.ID)}
}
