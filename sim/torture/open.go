package torture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
	"termwise.dev/sim/world"
	"termwise.dev/store"
)

// sealedAfter has the index of usage sealed while the crowd is at work.
const sealedAfter = 500

// open opens an empty database, with a virtual clock and plain terms, and once
// more to read from.
func open(ctx context.Context, location string) (*app.App, *store.DB, error) {
	a, err := app.Open(ctx, location, time.Now, store.SealedAfter(sealedAfter))
	if err != nil {
		return nil, nil, err
	}
	plain := world.Plain()
	err = a.Init(ctx, true, calendar.FromTime(plain.Start))
	if err == nil {
		_, err = a.Publish(ctx, plain.First())
	}
	var db *store.DB
	if err == nil {
		db, err = store.Open(ctx, location)
	}
	if err != nil {
		return nil, nil, errors.Join(err, a.Close())
	}
	return a, db, nil
}

func openAccounts(ctx context.Context, a *app.App, n int) ([]string, error) {
	accounts := make([]app.NewAccount, n)
	ids := make([]string, n)
	for i := range accounts {
		ids[i] = fmt.Sprintf("customer-%04d", i)
		accounts[i] = app.NewAccount{ID: ids[i], Name: ids[i], Accepts: []string{"general-agreement"}}
	}
	_, err := a.CreateAccounts(ctx, accounts, "torture")
	return ids, err
}

// verify returns what verify finds untrue.
func verify(ctx context.Context, a *app.App) error {
	v, err := a.Verify(ctx, nil)
	if err != nil {
		return err
	}
	for _, b := range v.Broken() {
		err = errors.Join(err, errors.New(b.String()))
	}
	return err
}
