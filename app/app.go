package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// App runs use cases on one database.
type App struct {
	db  *store.DB
	now func() time.Time

	reports *reports        // of usage, that wait to be taken in
	learnt  <-chan struct{} // closed when the index of usage was read; nil when nobody is to, see Learner

	mu    sync.Mutex
	known *Provider // as of the database's fingerprint
}

// Open opens or creates the database at url: a SQLite path or a PostgreSQL URL.
// now is the real clock, which a virtual one replaces where the database has it.
func Open(ctx context.Context, url string, now func() time.Time, options ...store.Option) (*App, error) {
	db, err := store.Open(ctx, url, options...)
	if err != nil {
		return nil, err
	}
	return &App{db: db, now: now, reports: newReports(turnsOf(db.Engine()))}, nil
}

// Close closes the database.
func (a *App) Close() error { return a.db.Close() }

// Engine names the storage engine: "sqlite" or "postgresql".
func (a *App) Engine() string { return a.db.Engine() }

// Ready says whether the database answers, and a Learner, if there is one, is done.
func (a *App) Ready(ctx context.Context) error {
	if err := a.db.Ping(ctx); err != nil {
		return err
	}
	return a.learning()
}

// Provider is everything that was published, ready to be used.
type Provider struct {
	Settings    Settings
	WorkingDays *calendar.WorkingDays
	Corpus      *terms.Corpus
	Documents   []terms.Published

	fingerprint string
}

// Currency is the currency in which the provider keeps accounts.
func (p *Provider) Currency() money.Currency { return p.Settings.Currency }

// moment is what a use case knows about time: the database's clock.
type moment struct {
	now     calendar.Instant
	virtual bool
}

// moment reads the clock of the database; a database without one runs on real time.
func (a *App) moment(ctx context.Context, tx *store.Tx) (moment, error) {
	clock, set, err := tx.Clock(ctx)
	if err != nil {
		return moment{}, err
	}
	if set && clock.Virtual {
		return moment{now: clock.Now, virtual: true}, nil
	}
	return moment{now: calendar.FromTime(a.now())}, nil
}

// env makes the surroundings of a decision. A virtual clock passes through every
// instant, so what it brings is recorded when it is effective; a real clock
// records now what became due while nobody looked.
func (m moment) env(p *Provider, actor string) account.Env {
	recordedAt := func(effective calendar.Instant) calendar.Instant { return max(effective, m.now) }
	if m.virtual {
		recordedAt = func(effective calendar.Instant) calendar.Instant { return effective }
	}
	return account.Env{Terms: p.Corpus, Zone: p.Settings.Zone, RecordedAt: recordedAt, Actor: actor}
}

// provider returns what is published, read again when it has changed.
func (a *App) provider(ctx context.Context, tx *store.Tx) (*Provider, error) {
	fingerprint, err := tx.DocumentsDigest(ctx)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known != nil && a.known.fingerprint == fingerprint {
		return a.known, nil
	}
	p, err := loadPublished(ctx, tx)
	if err != nil {
		return nil, err
	}
	p.fingerprint = fingerprint
	a.known = p
	return p, nil
}

// Provider returns what is published.
func (a *App) Provider(ctx context.Context) (*Provider, error) {
	var p *Provider
	err := a.db.View(ctx, func(tx *store.Tx) (err error) {
		p, err = a.provider(ctx, tx)
		return err
	})
	return p, err
}

// acase is what a decision on one account is made with.
type acase struct {
	provider *Provider
	books    *account.Books
	env      account.Env
	now      calendar.Instant
}

// decide loads one account, decides, and applies the decision, in tx.
func (a *App) decide(ctx context.Context, tx *store.Tx, id, actor string, rule func(acase) (*account.Decision, error)) (*account.Decision, error) {
	p, err := a.provider(ctx, tx)
	if err != nil {
		return nil, err
	}
	m, err := a.moment(ctx, tx)
	if err != nil {
		return nil, err
	}
	books, err := tx.Books(ctx, []string{id}, m.now)
	if err != nil {
		return nil, err
	}
	if len(books) == 0 {
		return nil, unknownAccount(id)
	}
	c := acase{provider: p, books: books[0], env: m.env(p, actor), now: m.now}
	outcomes, err := withUsage(ctx, tx, books, func(*account.Books) (*account.Decision, error) { return rule(c) })
	if err != nil {
		return nil, err
	}
	d, err := outcomes[0].decision, outcomes[0].err
	if err != nil {
		return nil, err
	}
	return d, tx.Apply(ctx, []*account.Decision{d})
}

// outcome is what came of deciding on one account.
type outcome struct {
	decision *account.Decision
	err      error
}

// withUsage decides on books, each by itself, loading the detail of usage for all
// that ask for it together, as often as any does.
func withUsage(ctx context.Context, tx *store.Tx, books []*account.Books, decide func(*account.Books) (*account.Decision, error)) ([]outcome, error) {
	outcomes := make([]outcome, len(books))
	left := make([]int, len(books))
	for i := range left {
		left[i] = i
	}
	for len(left) > 0 {
		var wanting []store.Missing
		again := left[:0]
		for _, i := range left {
			d, err := decide(books[i])
			outcomes[i] = outcome{d, err}
			var missing *account.MissingUsage
			if errors.As(err, &missing) {
				wanting, again = append(wanting, store.Missing{Books: books[i], MissingUsage: missing}), append(again, i)
			}
		}
		if left = again; len(left) == 0 {
			break
		}
		if err := tx.LoadUsage(ctx, wanting...); err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

func unknownAccount(id string) error {
	return refusal.New(refusal.UnknownAccount, "there is no account %q", id).At("account").
		Do("create it first, or correct the id")
}
