package torture_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"termwise.dev/app"
	"termwise.dev/app/usagefile"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/sim/model"
	"termwise.dev/sim/world"
)

// useCase is something that the program is asked to do.
type useCase struct {
	name string
	do   func(ctx context.Context, a *app.App) error
	// real says that it is done on a real clock.
	real bool
	// many says that it takes several transactions that write.
	many bool
	// again says that doing it twice does it twice: nothing names it.
	again bool
	// reads says that it changes nothing.
	reads bool
}

var (
	plain = withOrders(world.Plain())
	click = app.NewAcceptance{Documents: []string{"general-agreement"}, Form: terms.Click}
)

// withOrders has the general agreement speak of orders and of an add-on.
func withOrders(c world.Config) world.Config {
	c.Documents[0].Values["order.lapse_voids"] = "price"
	c.Documents[0].Values["addon.default.monitoring"] = "provided"
	return c
}

// lapse accepts the agreement with an order, and has that lapse.
func lapse(ctx context.Context, a *app.App) error {
	with := click
	with.Order = "o-1"
	if _, err := a.Accept(ctx, "owing", with, "key", "test"); err != nil {
		return err
	}
	_, err := a.LapseOrder(ctx, "owing", account.OrderLapse{Order: "o-1"}, "key-2", "test")
	return err
}

// start is where the clock of every use case stands.
var start = calendar.FromTime(plain.Start).Add(30 * calendar.HourLength)

func instantAt(hours int) calendar.Instant {
	return calendar.FromTime(plain.Start).Add(calendar.Duration(hours) * calendar.HourLength)
}

func usage(id, customer string, from, to int) app.Reported {
	return app.Reported{Event: metering.Event{
		Source: "meter", ID: id, Account: customer, Product: "compute-payg", Resource: "r-" + id,
		From: instantAt(from), To: instantAt(to), Measures: []metering.Measure{{Meter: "cpu", Value: 4000}},
	}}
}

// newVersion is a version of the page to publish.
func newVersion() []model.Document {
	return versionOf("page-compute-payg", "price.cpu", "0.10 CNY per vCPU·hour")
}

// versionOf is a version of a document that is to come, with another value.
func versionOf(id, key, value string) []model.Document {
	i := slices.IndexFunc(plain.Documents, func(d model.Document) bool { return d.ID == id })
	d := plain.Documents[i]
	d.Version, d.Announced, d.Effective = "2", plain.Start.Add(30*time.Hour), plain.Start.Add(90*24*time.Hour)
	d.Values = maps.Clone(d.Values)
	d.Values[key] = value
	return []model.Document{d}
}

var signingKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

const mapping = `source: file
product: compute-payg
event:
  id: id
  account: account
  resource: id
  interval: { from: start, to: end, unit: rfc3339 }
  meters:
    cpu: cpu
`

const usageFile = `id,account,start,end,cpu
f1,owing,2026-01-02T03:00:00+08:00,2026-01-02T04:30:00+08:00,2000
f2,rich,2026-01-02T05:00:00+08:00,2026-01-02T06:00:00+08:00,1000
f3,nobody,2026-01-02T05:00:00+08:00,2026-01-02T06:00:00+08:00,1000
`

func importFile(ctx context.Context, a *app.App) error {
	m, err := usagefile.Parse("map.yaml", []byte(mapping))
	if err != nil {
		return err
	}
	_, err = a.ImportUsage(ctx, m, strings.NewReader(usageFile), "usage.csv", "test", nil)
	return err
}

func topUp(id, key string, dryRun bool) func(context.Context, *app.App) error {
	return func(ctx context.Context, a *app.App) error {
		_, err := a.TopUp(ctx, id, account.TopUp{Amount: 30_000, Method: "alipay", Reference: "second"}, key, "test", dryRun)
		return err
	}
}

// advanceDays moves the clock, or has the worker work on a real one.
func advanceDays(days int) func(context.Context, *app.App) error {
	return func(ctx context.Context, a *app.App) error {
		report, err := a.Advance(ctx, start.Add(calendar.Duration(days)*calendar.DayLength), nil)
		return errors.Join(err, report.Err())
	}
}

func work(ctx context.Context, a *app.App) error {
	report, err := a.Work(ctx)
	return errors.Join(err, report.Err())
}

// reading is a use case that only reads.
func reading[T any](read func(ctx context.Context, a *app.App) (T, error)) func(context.Context, *app.App) error {
	return func(ctx context.Context, a *app.App) error {
		_, err := read(ctx, a)
		return err
	}
}

var useCases = []useCase{
	{name: "init", do: func(ctx context.Context, a *app.App) error { return a.Init(ctx, true, 0) }},
	{name: "publish", many: true, do: func(ctx context.Context, a *app.App) error {
		_, err := a.Publish(ctx, plain.Folder(newVersion()))
		return err
	}},
	{name: "create an account", do: func(ctx context.Context, a *app.App) error {
		return a.CreateAccount(ctx, app.NewAccount{ID: "fresh", Name: "Fresh", Accepts: []string{"general-agreement"}}, "test")
	}},
	{name: "create accounts", do: func(ctx context.Context, a *app.App) error {
		_, err := a.CreateAccounts(ctx, []app.NewAccount{{ID: "fresh", Name: "Fresh"}, {ID: "rich", Name: "Rich"}}, "test")
		return err
	}},
	{name: "open an account", do: func(ctx context.Context, a *app.App) error {
		_, err := a.OpenAccount(ctx, app.NewAccount{ID: "fresh", Name: "Fresh", Accepts: []string{"general-agreement"}}, "key", "test")
		return err
	}},
	{name: "leave over a change", do: func(ctx context.Context, a *app.App) error {
		_, err := a.Dissent(ctx, "rich", account.Dissent{Document: "general-agreement"}, "leave", "test")
		return err
	}},
	{name: "accept documents", do: func(ctx context.Context, a *app.App) error {
		_, err := a.Accept(ctx, "silent", click, "", "test")
		return err
	}},
	{name: "accept under a key", do: func(ctx context.Context, a *app.App) error {
		_, err := a.Accept(ctx, "silent", click, "key", "test")
		return err
	}},
	{name: "lapse an order", many: true, do: lapse},
	{name: "switch an add-on", do: func(ctx context.Context, a *app.App) error {
		_, err := a.SwitchAddOn(ctx, "owing", account.Switch{Product: "compute-payg", AddOn: "monitoring"}, "", "test")
		return err
	}},
	{name: "report usage", do: func(ctx context.Context, a *app.App) error {
		_, err := a.ReportUsage(ctx, []app.Reported{
			usage("new", "rich", 29, 31), usage("by-use", "silent", 29, 31), usage("owed", "owing", 1, 3), usage("x", "nobody", 1, 2),
		}, "test")
		return err
	}},
	{name: "import usage", do: importFile},
	{name: "top up", do: topUp("owing", "key", false)},
	{name: "top up without a key", do: func(ctx context.Context, a *app.App) error {
		err := topUp("owing", "", false)(ctx, a)
		if err != nil && strings.Contains(err.Error(), "was credited before") {
			return nil // whoever does not know whether it was done asks again and is told
		}
		return err
	}},
	{name: "top up, dry run", do: topUp("owing", "dry", true)},
	{name: "advance", do: advanceDays(31), many: true},
	{name: "work", do: work, real: true, many: true},
	{name: "create a key", do: func(ctx context.Context, a *app.App) error {
		_, _, err := a.CreateKey(ctx, app.NewKey{Name: "second", Role: app.Operator})
		return err
	}, again: true},
	{name: "revoke a key", do: func(ctx context.Context, a *app.App) error {
		keys, err := a.Keys(ctx)
		if err != nil {
			return err
		}
		_, err = a.RevokeKey(ctx, keys[0].ID)
		return err
	}},

	{name: "verify", reads: true, do: func(ctx context.Context, a *app.App) error {
		v, err := a.Verify(ctx, nil)
		if err == nil && !v.OK {
			return fmt.Errorf("verify finds %v", v.Broken())
		}
		return err
	}},
	{name: "plan", reads: true, do: reading(func(ctx context.Context, a *app.App) (app.Plan, error) {
		return a.Plan(ctx, plain.Folder(newVersion()))
	})},
	{name: "account", reads: true, do: reading(func(ctx context.Context, a *app.App) (app.AccountView, error) { return a.Account(ctx, "owing") })},
	{name: "accounts", reads: true, do: reading(func(ctx context.Context, a *app.App) ([]app.AccountView, error) {
		list, _, err := a.Accounts(ctx, "", 10)
		return list, err
	})},
	{name: "list of arrears", reads: true, do: reading(func(ctx context.Context, a *app.App) ([]app.AccountArrears, error) {
		list, _, err := a.Arrears(ctx, "", 10)
		return list, err
	})},
	{name: "notices", reads: true, do: reading(func(ctx context.Context, a *app.App) ([]app.NoticeView, error) {
		list, _, err := a.Notices(ctx, "owing", "", 10)
		return list, err
	})},
	{name: "lines of a statement", reads: true, do: reading(func(ctx context.Context, a *app.App) ([]app.StatementLine, error) {
		list, _, err := a.StatementLines(ctx, "owing", calendar.Month(2026*12), 0, "", 10)
		return list, err
	})},
	{name: "authenticate", reads: true, do: func(ctx context.Context, a *app.App) error {
		_, err := a.Authenticate(ctx, "tw_0000000000000000_0")
		if refusal.CodeOf(err) == refusal.Unauthenticated {
			return nil
		}
		return err
	}},
	{name: "arrears", reads: true, do: reading(func(ctx context.Context, a *app.App) (app.AccountArrears, error) { return a.ArrearsOf(ctx, "owing") })},
	{name: "arrears totals", reads: true, do: reading(func(ctx context.Context, a *app.App) (app.ArrearsTotals, error) { return a.ArrearsTotals(ctx) })},
	{name: "statement", reads: true, do: reading(func(ctx context.Context, a *app.App) (app.Statement, error) {
		return a.Statement(ctx, "owing", calendar.Month(2026*12), 0)
	})},
	{name: "totals", reads: true, do: reading(func(ctx context.Context, a *app.App) (app.Totals, error) {
		return a.Totals(ctx, calendar.Month(2026*12), 0)
	})},
	{name: "summary", reads: true, do: reading(func(ctx context.Context, a *app.App) (app.Summary, error) { return a.Summary(ctx) })},
	{name: "explain", reads: true, do: reading(func(ctx context.Context, a *app.App) (app.Explanation, error) {
		return a.Explain(ctx, "trf_owing_3_1")
	})},
	{name: "resolve", reads: true, do: reading(func(ctx context.Context, a *app.App) (app.Resolution, error) {
		return a.Resolve(ctx, app.Question{Key: "price.cpu", Account: "owing", Product: "compute-payg"})
	})},
	{name: "documents", reads: true, do: reading(func(ctx context.Context, a *app.App) ([]app.DocumentSummary, error) { return a.DocumentList(ctx) })},
	{name: "coverage", reads: true, do: reading(func(ctx context.Context, a *app.App) (app.Coverage, error) { return a.Coverage(ctx) })},
	{name: "document", reads: true, do: reading(func(ctx context.Context, a *app.App) (app.DocumentView, error) {
		return a.Document(ctx, "billing-rules", "")
	})},
	{name: "compare documents", reads: true, do: reading(func(ctx context.Context, a *app.App) (app.Comparison, error) {
		rules := app.ParseToCompare("billing-rules")
		return a.Compare(ctx, rules, rules)
	})},
	{name: "needs", reads: true, do: reading(func(ctx context.Context, a *app.App) (app.Needs, error) {
		return a.Needs(ctx, "silent", "compute-payg", nil, 0)
	})},
	{name: "add-ons", reads: true, do: reading(func(ctx context.Context, a *app.App) (app.ProductAddOns, error) {
		return a.AddOns(ctx, "owing", "compute-payg")
	})},
	{name: "resolve all", reads: true, do: reading(func(ctx context.Context, a *app.App) (app.ResolvedTerms, error) {
		return a.ResolveAll(ctx, app.Question{Account: "owing", Product: "compute-payg"})
	})},
	{name: "plan the money", reads: true, do: reading(func(ctx context.Context, a *app.App) (app.PlannedMoney, error) {
		return a.PlanMoney(ctx, plain.Folder(newVersion()), app.MoneyQuery{Month: calendar.Month(2025*12 + 11), Limit: 10}, nil)
	})},
	{name: "write a checkpoint", reads: true, do: reading(func(ctx context.Context, a *app.App) (app.Checkpointed, error) {
		return a.WriteCheckpoint(ctx, io.Discard, signingKey)
	})},
	{name: "check a checkpoint", reads: true, do: func(ctx context.Context, a *app.App) error {
		var written bytes.Buffer
		if _, err := a.WriteCheckpoint(ctx, &written, signingKey); err != nil {
			return err
		}
		_, err := a.CheckCheckpoint(ctx, bytes.NewReader(written.Bytes()), signingKey.Public().(ed25519.PublicKey))
		return err
	}},
	{name: "clock", reads: true, do: func(ctx context.Context, a *app.App) error {
		_, _, err := a.Now(ctx)
		return err
	}},
	{name: "zone", reads: true, do: reading(func(ctx context.Context, a *app.App) (calendar.Zone, error) { return a.Zone(ctx) })},
	{name: "provider", reads: true, do: reading(func(ctx context.Context, a *app.App) (*app.Provider, error) { return a.Provider(ctx) })},
	{name: "due", reads: true, do: reading(func(ctx context.Context, a *app.App) (app.Due, error) { return a.Due(ctx) })},
	{name: "history", reads: true, do: reading(func(ctx context.Context, a *app.App) ([]app.HistoryItem, error) {
		items, _, err := a.History(ctx, "owing", app.HistoryFilter{Limit: 10})
		return items, err
	})},
}

// TestEveryUseCaseIsTried: whatever the program can be asked is asked here.
func TestEveryUseCaseIsTried(t *testing.T) {
	source, err := os.ReadFile("usecases_test.go")
	must(t, err)
	// These make no calls of their own, or are made of the others, or answer nobody and
	// try again by themselves.
	others := []string{"Close", "Engine", "Ready", "Demo", "Learner"}
	methods := reflect.TypeFor[*app.App]()
	for i := range methods.NumMethod() {
		name := methods.Method(i).Name
		if !slices.Contains(others, name) && !strings.Contains(string(source), "a."+name+"(") {
			t.Errorf("no use case tries %s", name)
		}
	}
}
