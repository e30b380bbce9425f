package store

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/provider"
	"termwise.dev/store/pgtest"
)

// openThis makes the test program a process that only opens a database.
const openThis = "STORE_TEST_OPEN"

func TestMain(m *testing.M) {
	if location := os.Getenv(openThis); location != "" {
		if err := prepare(location); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	pgtest.Main(m, prepare)
}

func prepare(location string) error {
	db, err := Open(context.Background(), location)
	if err != nil {
		return err
	}
	return db.Close()
}

// onBoth runs a test on a new database of each engine, and on one of PostgreSQL
// whose accounts seem to live on several nodes.
func onBoth(t *testing.T, test func(t *testing.T, db *DB)) {
	t.Helper()
	onEngines(t, test)
	t.Run("nodes", func(t *testing.T) { test(t, open(t, newNodes(t))) })
}

// onEngines runs a test on a new database of each engine.
func onEngines(t *testing.T, test func(t *testing.T, db *DB)) {
	t.Helper()
	for _, e := range []engine{sqlite, postgres} {
		t.Run(string(e), func(t *testing.T) { test(t, open(t, newDatabase(t, e))) })
	}
}

// newNodes gives a new database that looks like one on several nodes.
func newNodes(t testing.TB) string {
	t.Helper()
	location := newDatabase(t, postgres)
	pgtest.DisguiseAsCitus(t, location)
	return location
}

func newDatabase(t testing.TB, e engine) string {
	t.Helper()
	if e == postgres {
		return pgtest.Database(t)
	}
	return filepath.Join(t.TempDir(), "books #1.db")
}

func open(t testing.TB, location string) *DB {
	t.Helper()
	db, err := Open(t.Context(), location)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// update and view run a transaction that must succeed.
func update(t testing.TB, db *DB, f func(ctx context.Context, tx *Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), func(tx *Tx) error { return f(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, db *DB, f func(ctx context.Context, tx *Tx) error) {
	t.Helper()
	if err := db.View(t.Context(), func(tx *Tx) error { return f(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// refuses runs a transaction that must be refused with a code.
func refuses(t testing.TB, db *DB, code refusal.Code, f func(ctx context.Context, tx *Tx) error) {
	t.Helper()
	err := db.Update(t.Context(), func(tx *Tx) error { return f(t.Context(), tx) })
	if refusal.CodeOf(err) != code {
		t.Fatalf("got %v, want a refusal with %s", err, code)
	}
}

const (
	product = "compute-payg"
	other   = "cloud-firewall"
)

var start = instant("2026-01-01T00:00:00+08:00")

func instant(s string) calendar.Instant {
	t, err := calendar.ParseInstant(s)
	if err != nil {
		panic(err)
	}
	return t
}

// sample is the sample provider's documents.
func sample(t testing.TB) *terms.Corpus {
	t.Helper()
	var published []terms.Published
	err := fs.WalkDir(provider.Sample, ".", func(file string, _ fs.DirEntry, err error) error {
		dir := path.Dir(file)
		if err != nil || (dir != "agreements" && dir != "products") || !strings.HasSuffix(file, ".yaml") {
			return err
		}
		source, err := fs.ReadFile(provider.Sample, file)
		if err != nil {
			return err
		}
		d, err := terms.Parse(file, source, zone(t))
		published = append(published, terms.Published{Document: d, Recorded: start - 1})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	corpus, err := terms.NewCorpus(published)
	if err != nil {
		t.Fatal(err)
	}
	return corpus
}

func zone(t testing.TB) calendar.Zone {
	t.Helper()
	z, err := calendar.ParseZone("UTC+8")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// world is a database in which accounts live by the sample provider's documents.
type world struct {
	t   testing.TB
	db  *DB
	env account.Env
}

func newWorld(t testing.TB, db *DB) *world {
	t.Helper()
	return &world{t, db, account.Env{
		Terms: sample(t), Zone: zone(t), Actor: "test",
		RecordedAt: func(at calendar.Instant) calendar.Instant { return at },
	}}
}

// open opens accounts that have accepted the general agreement.
func (w *world) open(ids ...string) {
	w.t.Helper()
	update(w.t, w.db, func(ctx context.Context, tx *Tx) error {
		var opened, accepted []*account.Decision
		for _, id := range ids {
			d, err := account.Open(w.env, account.New{ID: id, Name: "Customer " + id, Currency: "CNY"}, start)
			if err != nil {
				return err
			}
			opened = append(opened, d)
		}
		if err := tx.Apply(ctx, opened); err != nil {
			return err
		}
		books, err := tx.Books(ctx, ids, start)
		if err != nil {
			return err
		}
		for _, b := range books {
			d, err := b.Accept(w.env, []terms.Acceptance{{
				Document: "general-agreement", Version: "2025-06", Form: terms.Click, At: start, Actor: "test",
				TextHash: terms.HashText([]byte("the agreement")),
			}}, start)
			if err != nil {
				return err
			}
			accepted = append(accepted, d)
		}
		return tx.Apply(ctx, accepted)
	})
}

// event is usage of two virtual processors from an hour after the start, for some hours.
func event(id, account, resource string, from, hours int) metering.Event {
	begin := start.Add(calendar.Duration(from) * calendar.HourLength)
	return metering.Event{
		Source: "test", ID: id, Account: account, Product: product, Resource: resource,
		From: begin, To: begin.Add(calendar.Duration(hours) * calendar.HourLength),
		Measures: []metering.Measure{{Meter: "cpu", Value: 2000}, {Meter: "memory", Value: 4096}},
	}
}

func (w *world) use(recorded calendar.Instant, events ...metering.Event) (outcomes []Outcome) {
	w.t.Helper()
	update(w.t, w.db, func(ctx context.Context, tx *Tx) (err error) {
		outcomes, err = tx.PutUsage(ctx, events, recorded)
		return err
	})
	return outcomes
}

// decide applies what decide makes of the books of accounts, loading usage when asked.
func (w *world) decide(to calendar.Instant, ids []string, decide func(*account.Books) (*account.Decision, error)) []*account.Decision {
	w.t.Helper()
	var made []*account.Decision
	update(w.t, w.db, func(ctx context.Context, tx *Tx) error {
		made = nil
		books, err := tx.Books(ctx, ids, to)
		if err != nil {
			return err
		}
		for _, b := range books {
			d, err := decided(ctx, tx, b, decide)
			if err != nil {
				return err
			}
			made = append(made, d)
		}
		return tx.Apply(ctx, made)
	})
	return made
}

func decided(ctx context.Context, tx *Tx, b *account.Books, decide func(*account.Books) (*account.Decision, error)) (*account.Decision, error) {
	for {
		d, err := decide(b)
		missing, isMissing := err.(*account.MissingUsage)
		if !isMissing {
			return d, err
		}
		if err := tx.LoadUsage(ctx, Missing{b, missing}); err != nil {
			return nil, err
		}
	}
}

func (w *world) advance(to calendar.Instant, ids ...string) []*account.Decision {
	w.t.Helper()
	return w.decide(to, ids, func(b *account.Books) (*account.Decision, error) { return b.Advance(w.env, to) })
}

func (w *world) topUp(id string, amount money.Amount, at calendar.Instant) *account.Decision {
	w.t.Helper()
	return w.decide(at, []string{id}, func(b *account.Books) (*account.Decision, error) {
		return b.TopUp(w.env, account.TopUp{Amount: amount, Method: "bank_remittance", Reference: "T-1"}, at)
	})[0]
}

// fresh reads an account's books with all usage and when its resources were first used.
func (w *world) fresh(id string) (b *account.Books) {
	w.t.Helper()
	view(w.t, w.db, func(ctx context.Context, tx *Tx) error {
		books, err := tx.Books(ctx, []string{id}, calendar.EndOfTime)
		if err != nil {
			return err
		}
		b = books[0]
		return tx.LoadUsage(ctx, Missing{b, &account.MissingUsage{Resources: true}})
	})
	return b
}

func (w *world) evidence(id string) *account.Evidence {
	w.t.Helper()
	var e *account.Evidence
	view(w.t, w.db, func(ctx context.Context, tx *Tx) (err error) {
		var found bool
		if e, found, err = tx.Evidence(ctx, id); !found && err == nil {
			err = fmt.Errorf("account %s is not there", id)
		}
		return err
	})
	return e
}

// newBatch fills in new ids and makes an event for each.
func newBatch(ids []string, prefix string) []metering.Event {
	batch := make([]metering.Event, len(ids))
	for i := range ids {
		ids[i] = fmt.Sprint(prefix, i)
		batch[i] = event("1", ids[i], "vm", 0, 1)
	}
	return batch
}

func advanced(env account.Env, books []*account.Books, to calendar.Instant) (made []*account.Decision, err error) {
	for _, b := range books {
		d, err := b.Advance(env, to)
		if err != nil {
			return nil, err
		}
		made = append(made, d)
	}
	return made, nil
}
