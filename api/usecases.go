package api

import (
	"context"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
)

// UseCases is what the API asks of Termwise; *app.App does it.
type UseCases interface {
	Ready(ctx context.Context) error
	Due(ctx context.Context) (app.Due, error)
	Authenticate(ctx context.Context, token string) (app.Key, error)
	Provider(ctx context.Context) (*app.Provider, error)

	OpenAccount(ctx context.Context, n app.NewAccount, key, actor string) (app.AccountView, error)
	Account(ctx context.Context, id string) (app.AccountView, error)
	Accounts(ctx context.Context, cursor string, limit int) ([]app.AccountView, string, error)
	Accept(ctx context.Context, id string, n app.NewAcceptance, key, actor string) (app.AccountView, error)
	Needs(ctx context.Context, id, product string, addOns []string, at calendar.Instant) (app.Needs, error)
	Dissent(ctx context.Context, id string, x account.Dissent, key, actor string) (app.Leaving, error)
	LapseOrder(ctx context.Context, id string, x account.OrderLapse, key, actor string) (app.LapsedOrder, error)
	AddOns(ctx context.Context, id, product string) (app.ProductAddOns, error)
	SwitchAddOn(ctx context.Context, id string, x account.Switch, key, actor string) (app.AddOnView, error)
	TopUp(ctx context.Context, id string, t account.TopUp, key, actor string, dryRun bool) (app.ToppedUp, error)

	ReportUsage(ctx context.Context, events []app.Reported, actor string) ([]app.Receipt, error)

	Statement(ctx context.Context, id string, month calendar.Month, known calendar.Instant) (app.Statement, error)
	StatementLines(ctx context.Context, id string, month calendar.Month, known calendar.Instant, cursor string, limit int) ([]app.StatementLine, string, error)
	Totals(ctx context.Context, month calendar.Month, known calendar.Instant) (app.Totals, error)
	Arrears(ctx context.Context, cursor string, limit int) ([]app.AccountArrears, string, error)
	ArrearsOf(ctx context.Context, id string) (app.AccountArrears, error)
	ArrearsTotals(ctx context.Context) (app.ArrearsTotals, error)
	History(ctx context.Context, id string, f app.HistoryFilter) ([]app.HistoryItem, string, error)
	Notices(ctx context.Context, id, cursor string, limit int) ([]app.NoticeView, string, error)
	Explain(ctx context.Context, id string) (app.Explanation, error)

	Resolve(ctx context.Context, q app.Question) (app.Resolution, error)
	ResolveAll(ctx context.Context, q app.Question) (app.ResolvedTerms, error)
	Compare(ctx context.Context, first, second app.ToCompare) (app.Comparison, error)
	DocumentList(ctx context.Context) ([]app.DocumentSummary, error)
	Document(ctx context.Context, id, version string) (app.DocumentView, error)
}

var _ UseCases = (*app.App)(nil)
