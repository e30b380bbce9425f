package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
	"termwise.dev/store"
)

// sealedSample is a database with the usage of account a in two runs of the index, and
// of b in none. hour makes an event of an account.
func sealedSample(t *testing.T, url string) (hour func(id string, n int) app.Reported) {
	t.Helper()
	a := openSample(t, url, store.SealedAfter(1))
	for _, id := range []string{"a", "b"} {
		must(t, a.CreateAccount(t.Context(), app.NewAccount{ID: id, Name: id, Accepts: []string{"general-agreement"}}, "test"))
	}
	start := instant(traceStart)
	hour = func(id string, n int) app.Reported {
		at := func(n int) string { return start.Add(calendar.Duration(n) * calendar.HourLength).String() }
		return usage(id, "vm", fmt.Sprint(n), 1000, at(n), at(n+1))
	}
	for n := range 4 { // the first two sealed, and the account says so
		send(t, a, hour("a", n))
	}
	return hour
}

// learns opens a database that a Learner is to read first.
func learns(t *testing.T, url string, options ...store.Option) (a *app.App, learner *app.Learner, log *bytes.Buffer) {
	t.Helper()
	a, log = open(t, url, options...), &bytes.Buffer{}
	learner = a.Learner(slog.New(slog.NewTextHandler(log, nil)))
	learner.Hurry()
	return a, learner, log
}

// Until the index of usage was read, the process is not ready and usage waits; then
// what came before is told without reading any filter while accounts are locked.
func TestUsageIsTakenWhenTheIndexWasRead(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		hour := sealedSample(t, url)
		read := 0
		a, learner, log := learns(t, url, store.Watched(func(c store.Call) error {
			if strings.Contains(c.Text, "filter") && !c.Answered {
				read++
				if c.Writes {
					t.Errorf("filters are read by a transaction that writes: %s", c.Text)
				}
			}
			return nil
		}))
		if err := a.Ready(t.Context()); !errors.Is(err, app.ErrLearning) {
			t.Errorf("before it has begun, ready says %v", err)
		}
		brief, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer stop()
		if _, err := a.ReportUsage(brief, []app.Reported{hour("a", 0)}, "test"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("usage does not wait: %v", err)
		}
		must(t, learner.Run(t.Context()))
		must(t, a.Ready(t.Context()))
		if !strings.Contains(log.String(), "was read") || read == 0 {
			t.Errorf("%d filters were read, and the log is %q", read, log)
		}
		for n := range 4 {
			if got := send(t, a, hour("a", n)); got[0].Outcome != app.Duplicate {
				t.Errorf("hour %d is %+v", n, got[0])
			}
		}
	})
}

// A process that is stopped while it reads ends, and one whose database does not
// answer tries again.
func TestReadingTheIndexIsTriedAgainUntilItIsStopped(t *testing.T) {
	url := t.TempDir() + "/test.db"
	sealedSample(t, url)
	down := errors.New("no answer")
	calls := 0
	a, learner, log := learns(t, url, store.Watched(func(c store.Call) error {
		if calls++; c.Kind == store.Statement && calls < 20 {
			return down
		}
		return nil
	}))
	stopped, stop := context.WithCancel(t.Context())
	stop()
	must(t, learner.Run(stopped))
	if err := a.Ready(t.Context()); !errors.Is(err, app.ErrLearning) {
		t.Errorf("stopped, ready says %v", err)
	}
	must(t, learner.Run(t.Context()))
	must(t, a.Ready(t.Context()))
	if !strings.Contains(log.String(), "tried again") {
		t.Errorf("the log is %q", log)
	}
}

// A damaged index keeps usage from accounts that rest on it. All else goes on, so the
// process is ready; an import, which may be of any account, is not begun.
func TestADamagedIndexIsOfUsageAlone(t *testing.T) {
	url := t.TempDir() + "/test.db"
	hour := sealedSample(t, url)
	tamper(t, around(t, url), "DELETE FROM usage_runs WHERE run = 1")
	a, learner, log := learns(t, url)
	must(t, learner.Run(t.Context()))
	must(t, a.Ready(t.Context()))
	if !strings.Contains(log.String(), "run 1 of the index of usage is gone") {
		t.Errorf("the log is %q", log)
	}
	damaged := func(_ any, err error) {
		t.Helper()
		if fault := (*store.IndexFault)(nil); !errors.As(err, &fault) {
			t.Errorf("got %v", err)
		}
	}
	damaged(a.ReportUsage(t.Context(), []app.Reported{hour("a", 0)}, "test"))
	damaged(a.ImportUsage(t.Context(), mapping(t), bytes.NewReader(trace(t)), traceFile, "test", nil))
	if got := send(t, a, hour("b", 0)); got[0].Outcome != app.Accepted {
		t.Errorf("usage of another account is %+v", got[0])
	}
	putMoney(t, a, "a", "5", "first")
}
