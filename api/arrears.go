package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"termwise.dev/app"
)

// arrearsAnswer is what an account owes; its states say where they are explained.
type arrearsAnswer struct {
	app.AccountArrears
	Services []serviceAnswer `json:"services"`
}

// arrearsList is a page of accounts in arrears, beside the sums over all of them.
type arrearsList struct {
	Page[arrearsAnswer]
	Totals app.ArrearsTotals `json:"totals" doc:"Over all accounts, not this page alone."`
}

type noticeAnswer struct {
	app.NoticeView
	Explanation string `json:"explanation" doc:"Where the notice is explained."`
}

type noticesInput struct {
	AccountPath
	PageInput
}

func (s *Server) arrears() {
	tags := []string{"Arrears"}
	register(s, huma.Operation{
		OperationID: "listArrears", Method: http.MethodGet, Path: "/v1/arrears", Tags: tags,
		Summary: "The accounts that owe something, by age",
	}, []app.Role{app.Operator}, s.listArrears)
	register(s, huma.Operation{
		OperationID: "showArrears", Method: http.MethodGet, Path: "/v1/accounts/{account}/arrears", Tags: tags,
		Summary: "What an account owes, by age",
	}, []app.Role{app.Operator, app.Customer}, s.showArrears)
	register(s, huma.Operation{
		OperationID: "listNotices", Method: http.MethodGet, Path: "/v1/accounts/{account}/notices", Tags: tags,
		Summary: "What a customer was told",
	}, []app.Role{app.Operator, app.Customer}, s.listNotices)
}

func (s *Server) listArrears(ctx context.Context, in *PageInput) (arrearsList, error) {
	after, err := in.after()
	if err != nil {
		return arrearsList{}, err
	}
	owing, next, err := s.app.Arrears(ctx, after, in.Limit)
	if err != nil {
		return arrearsList{}, err
	}
	totals, err := s.app.ArrearsTotals(ctx)
	if err != nil {
		return arrearsList{}, err
	}
	answers := make([]arrearsAnswer, len(owing))
	for i, o := range owing {
		answers[i] = arrearsAnswerOf(o)
	}
	return arrearsList{Page: pageOf(answers, next), Totals: totals}, err
}

func (s *Server) showArrears(ctx context.Context, in *AccountPath) (arrearsAnswer, error) {
	owing, err := s.app.ArrearsOf(ctx, in.Account)
	return arrearsAnswerOf(owing), err
}

func arrearsAnswerOf(owing app.AccountArrears) arrearsAnswer {
	return arrearsAnswer{AccountArrears: owing, Services: serviceAnswers(owing.Services)}
}

func (s *Server) listNotices(ctx context.Context, in *noticesInput) (Page[noticeAnswer], error) {
	after, err := in.after()
	if err != nil {
		return Page[noticeAnswer]{}, err
	}
	views, next, err := s.app.Notices(ctx, in.Account, after, in.Limit)
	answers := make([]noticeAnswer, len(views))
	for i, v := range views {
		answers[i] = noticeAnswer{NoticeView: v, Explanation: explanationOf(v.ID)}
	}
	return pageOf(answers, next), err
}
