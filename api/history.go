package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
)

type historyInput struct {
	AccountPath
	PageInput
	Month string            `query:"month" maxLength:"7" doc:"Only what the statement of this month holds." example:"2026-01"`
	Kinds []app.HistoryKind `query:"kind,explode" maxItems:"12" enum:"top_up,payment,late_fee,notice,transition,acceptance,lapse,add_on,refusal,charge,posting,event" doc:"Only these kinds; it may be given several times. Left out, all but charge, posting and event. An event is usage that was not accepted: it has no place in the journal, so that kind is asked for by itself."`
}

type historyAnswer struct {
	app.HistoryItem
	Explanation string `json:"explanation" doc:"Where the item is explained."`
}

func (s *Server) history() {
	register(s, huma.Operation{
		OperationID: "listHistory", Method: http.MethodGet, Path: "/v1/accounts/{account}/history", Tags: []string{"Accounts"},
		Summary:     "What happened to an account",
		Description: "Top-ups, payments, late fees, notices, changes of state, acceptances, orders that lapsed, add-ons that were switched and refused usage, in the order of the account's journal.",
	}, []app.Role{app.Operator, app.Customer}, s.listHistory)
}

func (s *Server) listHistory(ctx context.Context, in *historyInput) (Page[historyAnswer], error) {
	after, err := in.after()
	if err != nil {
		return Page[historyAnswer]{}, err
	}
	var month calendar.Month
	if in.Month != "" {
		if month, err = monthOf(in.Month); err != nil {
			return Page[historyAnswer]{}, err
		}
	}
	items, next, err := s.app.History(ctx, in.Account, app.HistoryFilter{Month: month, Kinds: in.Kinds, Cursor: after, Limit: in.Limit})
	answers := make([]historyAnswer, len(items))
	for i, item := range items {
		answers[i] = historyAnswer{HistoryItem: item, Explanation: explanationOf(item.ID)}
	}
	return pageOf(answers, next), err
}
