package app

import (
	"context"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/store"
)

// Init sets a new database's clock. A virtual clock starts at an instant and
// moves only when told to. Repeating it changes nothing; a clock that has been
// set cannot become another.
func (a *App) Init(ctx context.Context, virtual bool, start calendar.Instant) error {
	return a.db.Update(ctx, func(tx *store.Tx) error {
		clock, set, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		if set && clock.Virtual != virtual {
			return refusal.New(refusal.AlreadyExists, "the database's clock is %s", clockName(clock.Virtual)).
				At("clock").Do("use a new database for another clock")
		}
		if set {
			return nil
		}
		if !virtual {
			start = calendar.FromTime(a.now())
		}
		return tx.SetClock(ctx, store.Clock{Virtual: virtual, Now: start})
	})
}

func clockName(virtual bool) string {
	if virtual {
		return "virtual"
	}
	return "real"
}

// Now returns the database's clock.
func (a *App) Now(ctx context.Context) (now calendar.Instant, virtual bool, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		m, err := a.moment(ctx, tx)
		now, virtual = m.now, m.virtual
		return err
	})
	return now, virtual, err
}

// Zone returns the provider's zone, in which people are shown instants: UTC while
// nothing is published.
func (a *App) Zone(ctx context.Context) (calendar.Zone, error) {
	p, err := a.Provider(ctx)
	if refusal.CodeOf(err) == refusal.NotFound {
		return calendar.Zone{}, nil
	}
	if err != nil {
		return calendar.Zone{}, err
	}
	return p.Settings.Zone, nil
}
