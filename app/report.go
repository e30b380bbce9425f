package app

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
	"termwise.dev/store"
)

// report is one call of ReportUsage.
type report struct {
	ctx      context.Context
	events   []Reported
	actor    string
	faults   []error // why an event is not accepted, or nil
	receipts []Receipt
	err      error
	done     chan struct{}
}

// newReport prepares the events as far as that needs no database.
func newReport(ctx context.Context, events []Reported, actor string) *report {
	for i := range events {
		e := &events[i]
		e.Normalise()
		if fault := e.CheckNames(); fault != nil {
			e.Fault = fault
		}
	}
	return &report{ctx: ctx, events: events, actor: actor, done: make(chan struct{})}
}

// check finds what is to be said against each event. The error is one of finding
// out.
func (r *report) check(ctx context.Context, in *intake) error {
	r.faults, r.receipts = make([]error, len(r.events)), make([]Receipt, len(r.events))
	for i := range r.events {
		e := &r.events[i]
		r.receipts[i] = Receipt{Source: e.Source, ID: e.ID, Place: e.Place}
	}
	for _, i := range byStart(r.events) {
		r.faults[i] = in.check(ctx, &r.events[i])
		if r.faults[i] != nil && refusal.CodeOf(r.faults[i]) == "" {
			return r.faults[i]
		}
	}
	return nil
}

// answer fills the receipts of the events that passed, each with the next
// outcome, and returns the outcomes that are left.
func (r *report) answer(outcomes []store.Outcome) []store.Outcome {
	for i := range r.events {
		if r.faults[i] != nil {
			continue
		}
		switch outcomes[0] {
		case store.UsageAccepted:
			r.receipts[i].Outcome = Accepted
		case store.UsageDuplicate:
			r.receipts[i].Outcome = Duplicate
		default:
			r.faults[i] = reused(&r.events[i].Event)
		}
		outcomes = outcomes[1:]
	}
	return outcomes
}

// byStart orders events by when their usage begins, so that of several the first
// use accepts, whatever the order in which they were sent.
func byStart(events []Reported) []int {
	order := make([]int, len(events))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(events[i].From, events[j].From) })
	return order
}

func reused(e *metering.Event) error {
	return refusal.New(refusal.EventReused, "event %s of source %s was accepted before with another body", e.ID, e.Source).
		At("id").Do("send a correction under a new id")
}

// maxTogether bounds the events that share a transaction, unless one report has
// more of them.
const maxTogether = 20_000

// turnsOf is how many transactions take in reports at once on an engine: on
// PostgreSQL one checks its events while another is committed; SQLite has one
// writer.
func turnsOf(engine string) int {
	if engine == "postgresql" {
		return 2
	}
	return 1
}

// reports are the calls of ReportUsage that wait to be taken in. One of them has
// the turn, or on PostgreSQL two, and takes in what waits, its own among it; to
// the others the answer comes by itself, or the turn.
type reports struct {
	turn chan struct{}

	mu      sync.Mutex
	waiting []*report
}

func newReports(turns int) *reports { return &reports{turn: make(chan struct{}, turns)} }

// take has a report taken in and returns when it has been. A report whose context
// ends while it waits is not taken in.
func (q *reports) take(r *report, takeIn func([]*report)) {
	q.mu.Lock()
	q.waiting = append(q.waiting, r)
	q.mu.Unlock()
	select {
	case <-r.done:
		return
	case q.turn <- struct{}{}:
	case <-r.ctx.Done():
		if q.leave(r) {
			r.err = r.ctx.Err()
			return
		}
		<-r.done // it is being taken in
		return
	}
	defer func() { <-q.turn }()
	for !r.isDone() {
		if !q.takeNext(takeIn) {
			<-r.done // whoever has the other turn is taking it in
		}
	}
}

// errNotTakenIn is what a report is answered when taking it in ended in a panic.
var errNotTakenIn = errors.New("app: the usage was not taken in: send it again")

// takeNext takes in the reports that have waited longest, and answers them. It
// says whether any waited.
func (q *reports) takeNext(takeIn func([]*report)) bool {
	group := q.next()
	defer func() {
		for _, r := range group {
			close(r.done)
		}
	}()
	for _, r := range group {
		r.err = errNotTakenIn
	}
	if len(group) > 0 {
		takeIn(group)
	}
	return len(group) > 0
}

func (r *report) isDone() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// leave takes a report out of those that wait, and says whether it was there.
func (q *reports) leave(r *report) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	at := slices.Index(q.waiting, r)
	if at < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, at, at+1)
	return true
}

// next takes the reports that have waited longest, as many as may share a
// transaction.
func (q *reports) next() []*report {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, events := 0, 0
	for n < len(q.waiting) && (n == 0 || events+len(q.waiting[n].events) <= maxTogether) {
		events += len(q.waiting[n].events)
		n++
	}
	group := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	return group
}
