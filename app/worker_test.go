package app_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/provider"
)

// performer stands in for the database: it answers one run after the other,
// and keeps answering the last.
type performer struct {
	virtual bool
	nowErr  error
	runs    []app.Worked
	done    int
	block   bool // until asked to stop
}

func (p *performer) Now(context.Context) (calendar.Instant, bool, error) {
	return 0, p.virtual, p.nowErr
}

func (p *performer) Work(ctx context.Context) (app.Advanced, error) {
	if p.block {
		<-ctx.Done()
		return app.Advanced{}, ctx.Err()
	}
	run := p.runs[min(p.done, len(p.runs)-1)]
	p.done++
	return run.Advanced, run.Err
}

// work runs a worker with an interval of a minute for a while, and returns what
// it logged and what it was seen to do.
func work(t *testing.T, p *performer, while time.Duration) (log string, seen []app.Worked) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		w := app.Worker{
			App: p, Interval: time.Minute, Log: slog.New(slog.NewTextHandler(&out, nil)),
			Observe: func(run app.Worked) { seen = append(seen, run) },
		}
		ctx, stop := context.WithTimeout(t.Context(), while)
		defer stop()
		if err := w.Run(ctx); err != nil {
			t.Errorf("the worker ended with %v", err)
		}
		log = out.String()
	})
	return log, seen
}

func stuck(reason string) app.Worked {
	return app.Worked{Advanced: app.Advanced{Stuck: []app.Stuck{{Account: "customer-001", Reason: reason}}}}
}

// The worker works at once and then each interval, also after a failure.
func TestWorkerWorksEachInterval(t *testing.T) {
	p := &performer{runs: []app.Worked{{Advanced: app.Advanced{Accounts: 2, Entries: 3}}, {Err: errors.New("disk full")}, {}}}
	log, seen := work(t, p, 4*time.Minute+time.Second)
	if p.done != 5 || len(seen) != 5 || seen[0].Entries != 3 || seen[1].Err == nil || seen[2].Err != nil {
		t.Errorf("%d runs, seen %+v", p.done, seen)
	}
	if strings.Count(log, "did what was due") != 1 || strings.Count(log, "disk full") != 1 {
		t.Errorf("the log is\n%s", log)
	}
}

// An account that stays stuck is reported once, once more for another reason,
// and once when it no longer is.
func TestWorkerReportsStuckAccountsOnce(t *testing.T) {
	p := &performer{runs: []app.Worked{stuck("no rate"), stuck("no rate"), {Err: errors.New("disk full")}, stuck("no day"), {}, {}}}
	log, _ := work(t, p, 6*time.Minute)
	for text, want := range map[string]int{"no rate": 1, "no day": 1, "no longer stuck": 1, "account=customer-001": 3} {
		if got := strings.Count(log, text); got != want {
			t.Errorf("the log says %q %d times, want %d\n%s", text, got, want, log)
		}
	}
}

// A worker that is asked to stop in the middle stops, and that is no failure.
func TestWorkerStops(t *testing.T) {
	log, seen := work(t, &performer{block: true}, time.Second)
	if log != "" || len(seen) != 0 {
		t.Errorf("seen %+v, the log is\n%s", seen, log)
	}
}

// A virtual clock moves by command alone: the worker has nothing to do.
func TestWorkerLeavesVirtualClocksAlone(t *testing.T) {
	p := &performer{virtual: true}
	log, _ := work(t, p, time.Hour)
	if p.done != 0 || !strings.Contains(log, "the clock is virtual") {
		t.Errorf("%d runs, the log is %q", p.done, log)
	}
}

// A worker that cannot read the clock does not pretend to work.
func TestWorkerNeedsTheClock(t *testing.T) {
	w := app.Worker{App: &performer{nowErr: errors.New("no such file")}, Interval: time.Minute, Log: slog.New(slog.DiscardHandler)}
	if err := w.Run(t.Context()); err == nil {
		t.Error("the worker ended without an error")
	}
}

// What has fallen due is counted until the worker has done it.
func TestDue(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		now := realClock()
		a, err := app.Open(t.Context(), url, func() time.Time { return now })
		must(t, err)
		t.Cleanup(func() { must(t, a.Close()) })
		must(t, a.Init(t.Context(), false, 0))
		_, err = a.Publish(t.Context(), provider.Sample)
		must(t, err)
		must(t, a.CreateAccount(t.Context(), app.NewAccount{ID: "customer-001", Name: "Loom", Accepts: []string{"general-agreement"}}, "test"))
		must(t, a.CreateAccount(t.Context(), app.NewAccount{ID: "customer-002", Name: "Kiln", Accepts: []string{"general-agreement"}}, "test"))
		start := calendar.FromTime(now)
		now = now.Add(time.Hour)
		for _, id := range []string{"customer-001", "customer-002"} {
			receipts, err := a.ReportUsage(t.Context(), []app.Reported{{Event: metering.Event{
				Source: "s", ID: "e", Account: id, Product: "compute-payg", Resource: "vm-1", From: start, To: start.Add(calendar.HourLength),
				Measures: []metering.Measure{{Meter: "cpu", Value: 1000}},
			}}}, "test")
			must(t, err)
			if receipts[0].Outcome != app.Accepted {
				t.Fatal(receipts)
			}
			now = now.Add(20 * time.Minute)
		}
		checkDue(t, a, app.Due{Accounts: 2, Behind: 40 * time.Minute})
		_, err = a.Work(t.Context())
		must(t, err)
		checkDue(t, a, app.Due{})
	})
}

func checkDue(t *testing.T, a *app.App, want app.Due) {
	t.Helper()
	got, err := a.Due(t.Context())
	must(t, err)
	if got != want {
		t.Errorf("due is %+v, want %+v", got, want)
	}
}
