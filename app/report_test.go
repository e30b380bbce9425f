package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/provider"
	"termwise.dev/store"
)

func reportOf(ctx context.Context, events int) *report {
	return newReport(ctx, make([]Reported, events), "test")
}

// awaitWaiting returns when so many reports wait.
func awaitWaiting(q *reports, n int) {
	for {
		q.mu.Lock()
		waiting := len(q.waiting)
		q.mu.Unlock()
		if waiting >= n {
			return
		}
		runtime.Gosched()
	}
}

// Reports that come while one is taken in are taken in next, together, as many as
// may be; one that gives up while it waits is not.
func TestReportsThatWaitAreTakenInTogether(t *testing.T) {
	q := newReports(1)
	var groups []int
	release := make(chan struct{})
	takeIn := func(group []*report) {
		if len(groups) == 0 {
			<-release
		}
		groups = append(groups, len(group))
		for _, r := range group {
			r.err = nil
		}
	}
	var all sync.WaitGroup
	first := reportOf(t.Context(), 10)
	all.Go(func() { q.take(first, takeIn) })
	for len(q.turn) == 0 {
		runtime.Gosched()
	}
	quitting, quit := context.WithCancel(t.Context())
	quitter := reportOf(quitting, 10)
	gone := make(chan struct{})
	go func() { defer close(gone); q.take(quitter, takeIn) }()
	awaitWaiting(q, 1)
	quit()
	<-gone
	others := []*report{reportOf(t.Context(), 10), reportOf(t.Context(), maxTogether-10), reportOf(t.Context(), 1), reportOf(t.Context(), 2*maxTogether)}
	for i, r := range others {
		all.Go(func() { q.take(r, takeIn) })
		awaitWaiting(q, i+1)
	}
	close(release)
	all.Wait()
	if got := fmt.Sprint(groups); got != "[1 2 1 1]" {
		t.Errorf("taken in groups of %s, want [1 2 1 1]", got)
	}
	if !errors.Is(quitter.err, context.Canceled) || first.err != nil || others[3].err != nil {
		t.Errorf("the errors are %v, %v and %v", quitter.err, first.err, others[3].err)
	}
}

// A report whose taking in ends in a panic is not answered as if it had been kept.
func TestAPanicIsNoAnswer(t *testing.T) {
	q := newReports(1)
	r := reportOf(t.Context(), 1)
	func() {
		defer func() { recover() }()
		q.take(r, func([]*report) { panic("broken") })
	}()
	if !errors.Is(r.err, errNotTakenIn) || !r.isDone() || len(q.turn) != 0 {
		t.Errorf("answered %v", r.err)
	}
}

// The fault of one report is not that of those that share its transaction.
func TestOneReportFailsAlone(t *testing.T) {
	ctx := t.Context()
	failures := 0
	a, err := Open(ctx, filepath.Join(t.TempDir(), "test.db"), time.Now, store.Watched(func(c store.Call) error {
		if failures > 0 && c.Kind == store.Commit && c.Writes && !c.Answered {
			failures--
			return errors.New("nothing is committed")
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	start, err := calendar.ParseInstant("2026-01-01T00:00:00+08:00")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Init(ctx, true, start); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Publish(ctx, provider.Sample); err != nil {
		t.Fatal(err)
	}
	if err := a.CreateAccount(ctx, NewAccount{ID: "a", Name: "A", Accepts: []string{"general-agreement"}}, "test"); err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(ctx)
	end()
	group := []*report{usageReport(ctx, start, "1"), usageReport(ended, start, "2"), usageReport(ctx, start, "1"), usageReport(ctx, start, "3")}
	failures = 1
	a.takeReports(group[:1])
	if group[0].err == nil {
		t.Error("a report whose transaction failed is answered")
	}
	failures = 1
	a.takeReports(group)
	for i, want := range []Outcome{Accepted, "", Duplicate, Accepted} {
		r := group[i]
		if i == 1 {
			if !errors.Is(r.err, context.Canceled) {
				t.Errorf("the report that gave up was answered %v", r.err)
			}
		} else if r.err != nil || r.receipts[0].Outcome != want {
			t.Errorf("report %d was answered %v %v, want %s", i, r.receipts, r.err, want)
		}
	}
}

func usageReport(ctx context.Context, from calendar.Instant, id string) *report {
	return newReport(ctx, []Reported{{Event: metering.Event{
		Source: "meter", ID: id, Account: "a", Product: "compute-payg", Resource: "vm",
		From: from, To: from.Add(calendar.HourLength), Measures: []metering.Measure{{Meter: "cpu", Value: 1000}},
	}}}, "test")
}
