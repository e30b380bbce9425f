package app_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
	"termwise.dev/provider"
	"termwise.dev/store"
)

// TestWhatIsDecidedAheadIsNotWrittenBlindly has something happen between deciding
// a batch and writing it. Whatever it is, the books must be as if it had come
// before or after, and the batch is decided again where it would come out otherwise.
func TestWhatIsDecidedAheadIsNotWrittenBlindly(t *testing.T) {
	const accounts = 600 // more than one batch
	start := instant(traceStart)
	for _, c := range []struct {
		name    string
		happens func(t *testing.T, a *app.App)
		again   int // batches that are decided again
		charges int // beyond one for each account
	}{
		{"nothing", func(*testing.T, *app.App) {}, 0, 0},
		{"a payment", func(t *testing.T, a *app.App) { putMoney(t, a, "customer-0003", "1", "between") }, 1, 0},
		{"usage", func(t *testing.T, a *app.App) {
			send(t, a, usage("customer-0003", "other", "between", 1000, traceStart, start.Add(calendar.HourLength).String()))
		}, 0, 1},
		{"a publication that accounts are told of", func(t *testing.T, a *app.App) { publishNext(t, a, "2026-01-01") }, 1, 0},
		{"a publication that touches no account", func(t *testing.T, a *app.App) {
			days, err := provider.Sample.ReadFile("calendar.yaml")
			must(t, err)
			_, err = a.Publish(context.Background(), withDocuments(t, map[string]string{"calendar.yaml": string(days) + "# revised\n"}))
			must(t, err)
		}, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "test.db")
			other := openSample(t, file)
			w := &interrupted{happens: func() { c.happens(t, other) }}
			a := open(t, file, store.Watched(w.see))
			opened := make([]app.NewAccount, accounts)
			events := make([]app.Reported, accounts)
			for i := range opened {
				id := fmt.Sprintf("customer-%04d", i)
				opened[i] = app.NewAccount{ID: id, Name: id, Accepts: []string{"general-agreement"}}
				events[i] = usage(id, "vm", "1", 1000, traceStart, start.Add(calendar.HourLength).String())
			}
			_, err := a.CreateAccounts(context.Background(), opened, "test")
			must(t, err)
			send(t, a, events...)
			w.ready = true
			report, err := a.Advance(context.Background(), start.Add(2*calendar.HourLength), nil)
			must(t, err)
			must(t, report.Err())
			if report.Charges != accounts+c.charges || w.again != c.again {
				t.Errorf("%d charges, %d batches were decided again; want %d and %d", report.Charges, w.again, accounts+c.charges, c.again)
			}
			holdsTrue(t, a)
		})
	}
}

// interrupted has something happen as the first transaction that writes begins
// once a batch was read to decide on, and counts those that then give up.
type interrupted struct {
	mu      sync.Mutex
	ready   bool
	decided bool
	happens func()
	again   int
}

func (w *interrupted) see(c store.Call) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ready && !c.Writes && strings.Contains(c.Text, "usage_parcels") {
		w.decided = true
	}
	if !w.decided || !c.Writes {
		return nil
	}
	switch {
	case c.Kind == store.Begin && !c.Answered && w.happens != nil:
		w.happens()
		w.happens = nil
	case c.Kind == store.Begin && c.Answered:
		w.again++
	case c.Kind == store.Commit && c.Answered:
		w.again--
	}
	return nil
}
