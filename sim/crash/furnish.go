package crash

import (
	"context"
	"errors"
	"fmt"
	"time"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/sim/world"
)

// The customers that a database begins with, and how long ago that was. Half of
// them never paid: their services were suspended, and their late fees are what
// the worker finds to do when the server first starts.
const (
	customers = 12
	began     = 20 * 24 * time.Hour
)

// furnish fills an empty database, whose clock is real. It returns the customers
// and the token of a key for everything.
func furnish(ctx context.Context, location string) (ids []string, token string, err error) {
	now := time.Now().Add(-began).Truncate(time.Hour)
	config := world.PlainAt(now)
	a, err := app.Open(ctx, location, func() time.Time { return now })
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if err := a.Init(ctx, false, 0); err != nil {
		return nil, "", err
	}
	if _, err := a.Publish(ctx, config.First()); err != nil {
		return nil, "", err
	}
	var accounts []app.NewAccount
	for i := range customers {
		ids = append(ids, fmt.Sprintf("customer-%02d", i))
		accounts = append(accounts, app.NewAccount{ID: ids[i], Name: "Customer", Accepts: []string{"general-agreement"}})
	}
	if _, err := a.CreateAccounts(ctx, accounts, "crash"); err != nil {
		return nil, "", err
	}
	if err := use(ctx, a, ids, calendar.FromTime(now)); err != nil {
		return nil, "", err
	}
	for range 3 { // notice, warning, suspension
		now = now.Add(30 * time.Hour)
		report, err := a.Work(ctx)
		if err = errors.Join(err, report.Err()); err != nil {
			return nil, "", err
		}
	}
	_, token, err = a.CreateKey(ctx, app.NewKey{Name: "crash", Role: app.Operator})
	return ids, token, err
}

// use has all customers use an hour, and half of them pay for it.
func use(ctx context.Context, a *app.App, ids []string, from calendar.Instant) error {
	var events []app.Reported
	for i, id := range ids {
		events = append(events, app.Reported{Event: metering.Event{
			Source: "before", ID: id, Account: id, Product: "compute-payg", Resource: "first",
			From: from, To: from.Add(calendar.HourLength), Measures: []metering.Measure{{Meter: "cpu", Value: 64_000}},
		}})
		if i%2 > 0 {
			continue
		}
		paid := account.TopUp{Amount: 100 * money.AmountScale, Method: "alipay", Reference: "first"}
		if _, err := a.TopUp(ctx, id, paid, "first", "crash", false); err != nil {
			return err
		}
	}
	_, err := a.ReportUsage(ctx, events, "crash")
	return err
}
