package account

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"sort"

	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/metering"
	"termwise.dev/core/notice"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// Rerun makes a month of an account again under other documents. What came from
// outside stays as it was and when it was: usage, payments, acceptances, and how
// late things were noticed. Everything that the terms decide is decided anew, by
// the code that decided it first.
//
// The account's whole history is made again under Present, and must give the
// journal that is stored, to the last hash; under Proposed it is made again from
// the month's beginning. So the difference is that of the documents and nothing
// else.
type Rerun struct {
	Present, Proposed Terms
	Zone              calendar.Zone
	Month             calendar.Month
}

// Run makes the month again twice: was is what it came to, would what it would
// have come to. The fault, if there is one, is what keeps the stored journal from
// being made again; then there is nothing to compare.
func (r Rerun) Run(ev *Evidence) (was, would Outcome, found *Fault) {
	run, found := r.begin(ev)
	if found != nil {
		return was, would, found
	}
	if err := run.toMonth(); err != nil {
		return was, would, run.broken(err)
	}
	other := run.fork(r.Proposed)
	if err := run.finish(); err != nil {
		return was, would, run.broken(err)
	}
	if found := run.checkJournal(); found != nil {
		return was, would, found
	}
	other.tries = true
	other.out.Undecided = other.finish()
	return run.out, other.out, nil
}

// rerun is a history in the making.
type rerun struct {
	Rerun
	ev       *Evidence
	from, to calendar.Instant // the month's first instant, and the next one's
	until    calendar.Instant // where the history need not go on
	steps    []rerunStep      // what is left to happen, in order
	usage    *arrivals

	env   Env
	books *Books
	// floor is when the last thing from outside was recorded; nothing that
	// follows it was recorded before.
	floor calendar.Instant
	// tries says that this is the history under the proposed documents.
	tries bool

	next    int                              // of usage.buckets
	settled map[metering.Key]metering.Bucket // as they are, where usage came late
	opened  map[Resource]calendar.Instant
	came    map[eventHour]calendar.Instant // of what comes late: when it did, and EndOfTime when it has not yet
	hashes  []journal.Hash
	closed  bool // the month's end has been looked at
	out     Outcome
}

func (r Rerun) begin(ev *Evidence) (*rerun, *Fault) {
	run := &rerun{Rerun: r, ev: ev, usage: collectArrivals(ev), settled: map[metering.Key]metering.Bucket{}, came: map[eventHour]calendar.Instant{}}
	run.opened = run.usage.opened
	for _, l := range run.usage.late {
		run.settled[l.key] = metering.Bucket{Key: l.key}
		run.came[eventHour{l.event, l.key.Hour}] = calendar.EndOfTime
	}
	run.from, run.to = r.Zone.MonthBounds(r.Month)
	run.until = max(run.to, run.usage.lastSettled(calendar.HourOf(run.to)))
	run.out = newOutcome()
	steps, found := run.plan()
	run.steps = steps
	run.books = &Books{}
	run.env = Env{Terms: r.Present, Zone: r.Zone, RecordedAt: func(at calendar.Instant) calendar.Instant { return run.recordedAt(at) }}
	return run, found
}

// fork returns a history that has been the same so far and goes on under other
// documents.
func (r *rerun) fork(proposed Terms) *rerun {
	other := *r
	other.books = r.books.clone()
	other.settled, other.opened, other.came = maps.Clone(r.settled), maps.Clone(r.opened), maps.Clone(r.came)
	other.hashes, other.out = nil, newOutcome()
	other.env.Terms = proposed
	other.env.RecordedAt = func(at calendar.Instant) calendar.Instant { return other.recordedAt(at) }
	return &other
}

// recordedAt says when something that is effective at an instant is written
// down: at once, unless it is known that nobody looked then.
func (r *rerun) recordedAt(at calendar.Instant) calendar.Instant {
	entries := r.ev.Entries
	i := sort.Search(len(entries), func(i int) bool { return entries[i].Effective >= at })
	if i < len(entries) && entries[i].Effective == at {
		return max(at, r.floor, entries[i].Recorded)
	}
	if i > 0 {
		return max(at, r.floor, entries[i-1].Recorded)
	}
	return max(at, r.floor)
}

// rerunStep is something that comes from outside, at its instant and place.
type rerunStep struct {
	at calendar.Instant
	// order is its place among what happens at one instant: twice the number of
	// a command's entry, and one less for usage that an entry settled.
	order int64
	// entry is a command, late is usage, found at an instant; settles says that
	// what falls due at the step's instant had been done by then.
	entry   *journal.Entry
	late    []lateArrival
	found   calendar.Instant
	settles bool
	// lowers is a resource that turns out to have been used first at an earlier instant.
	lowers Resource
	to     calendar.Instant
}

func (s rerunStep) compare(o rerunStep) int {
	return cmp.Or(cmp.Compare(s.at, o.at), cmp.Compare(s.order, o.order))
}

// fromOutside lists the kinds of entries that somebody brings about, and not time.
var fromOutside = []journal.Kind{journal.Opened, journal.Accepted, journal.ToppedUp, journal.Announced, journal.Dissented, journal.OrderLapsed, journal.AddOnSwitched}

// plan lists what comes from outside, up to where the history ends.
func (r *rerun) plan() ([]rerunStep, *Fault) {
	steps := r.usage.steps(r.ev)
	for i := range r.ev.Entries {
		e := &r.ev.Entries[i]
		if e.Seq != int64(i)+1 {
			return nil, fault(JournalReplays, InJournal, RowID{Entry: int64(i) + 1}, "is missing: entry %d stands in its place", e.Seq)
		}
		switch {
		case e.Kind == journal.Settled || e.Kind == journal.FeeAccrued || e.Kind == journal.Lifecycle: // time brings them again
		case e.Kind == journal.Accepted && r.ev.goesOn(e.Seq): // and whoever goes on accepts again
		case slices.Contains(fromOutside, e.Kind):
			steps = append(steps, rerunStep{at: e.Effective, order: 2 * e.Seq, entry: e})
		default:
			return nil, fault(JournalReplays, InJournal, RowID{Entry: e.Seq}, "is of the kind %q, which a re-run cannot make again", e.Kind)
		}
	}
	slices.SortStableFunc(steps, rerunStep.compare)
	end := sort.Search(len(steps), func(i int) bool { return steps[i].at > r.until })
	return steps[:end], nil
}

// goesOn says whether an entry records that going on using a service accepted
// something: time brings that, whoever else acts under the name of the clock.
func (ev *Evidence) goesOn(entry int64) bool {
	return slices.ContainsFunc(ev.Acceptances, func(a Accepted) bool { return a.Entry == entry && a.Form == terms.ContinuedUse })
}

// toMonth makes what happened before the month.
func (r *rerun) toMonth() error {
	for len(r.steps) > 0 && r.steps[0].at < r.from {
		if err := r.step(); err != nil {
			return err
		}
	}
	return r.advance(r.from - 1)
}

// finish makes the rest, and looks at the month's end on the way.
func (r *rerun) finish() error {
	for len(r.steps) > 0 {
		s := &r.steps[0]
		if s.at > r.to || s.at == r.to && (s.entry != nil || s.settles) {
			if err := r.close(); err != nil {
				return err
			}
		}
		if err := r.step(); err != nil {
			return err
		}
	}
	if err := r.close(); err != nil {
		return err
	}
	return r.advance(r.until)
}

// close does what falls due up to the month's end, and notes what is owed then.
func (r *rerun) close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	if err := r.advance(r.to); err != nil {
		return err
	}
	return r.countArrears()
}

// step makes the next thing from outside.
func (r *rerun) step() error {
	s := r.steps[0]
	r.steps = r.steps[1:]
	if s.entry != nil {
		return r.command(s.entry)
	}
	before := s.at - 1
	if s.settles {
		before = s.at
	}
	if err := r.advance(before); err != nil {
		return err
	}
	r.floor = max(r.floor, s.found)
	for _, l := range s.late {
		r.arrive(l)
	}
	if s.lowers != (Resource{}) {
		r.opened[s.lowers] = s.to
	}
	return nil
}

func (r *rerun) command(e *journal.Entry) error {
	r.env.Actor = e.Actor
	if e.Kind == journal.Opened {
		n, err := inputsOf[New](e)
		if err != nil {
			return err
		}
		d, err := Open(r.env, n, e.Effective)
		if err != nil {
			return err
		}
		return r.take(d)
	}
	if err := r.advance(e.Effective); err != nil {
		return err
	}
	r.floor = max(r.floor, e.Recorded)
	switch e.Kind {
	case journal.Accepted:
		return r.accept(e)
	case journal.Announced:
		return r.announce(e)
	case journal.Dissented:
		return r.dissent(e)
	case journal.OrderLapsed:
		return r.lapse(e)
	case journal.AddOnSwitched:
		return r.switchAddOn(e)
	}
	return r.topUp(e)
}

// lapse has an order lapse again; the documents that are tried say what it takes.
func (r *rerun) lapse(e *journal.Entry) error {
	x, err := inputsOf[OrderLapse](e)
	if err != nil {
		return err
	}
	return r.unlessRefused(r.decide(func() (*Decision, error) { return r.books.LapseOrder(r.env, x, e.Effective) }))
}

// switchAddOn switches an add-on again. One that the documents that are tried do
// not offer, or for which they demand something that was not accepted, stays as it is.
func (r *rerun) switchAddOn(e *journal.Entry) error {
	x, err := inputsOf[Switch](e)
	if err != nil {
		return err
	}
	return r.unlessRefused(r.decide(func() (*Decision, error) { return r.books.SwitchAddOn(r.env, x, e.Effective) }))
}

// announce tells the account again what it was told. Under other documents the
// version may be none that concerns it.
func (r *rerun) announce(e *journal.Entry) error {
	a, err := inputsOf[Announcement](e)
	if err != nil {
		return err
	}
	return r.unlessRefused(r.decide(func() (*Decision, error) { return r.books.Announce(r.env, a, e.Effective) }))
}

// dissent has the customer leave again, from the instant on from which it left:
// trying documents does not date what it left over. Where the documents that are
// tried give it no way to, it stays; that it would is a part of the outcome.
func (r *rerun) dissent(e *journal.Entry) error {
	x, err := inputsOf[Dissent](e)
	if err != nil {
		return err
	}
	err = r.decide(func() (*Decision, error) { return r.books.leave(r.env, x, e.Effective, r.stopped(e.Seq)) })
	if err == nil || r.unlessRefused(err) != nil {
		return err
	}
	if r.from <= e.Effective && e.Effective < r.to {
		r.out.Kept = append(r.out.Kept, Kept{Dissent: x, Entry: e.Seq, At: e.Effective, Reason: err})
	}
	return nil
}

// stopped returns from when the customer left by an entry, where documents are
// tried; zero where the documents themselves must say so.
func (r *rerun) stopped(entry int64) calendar.Instant {
	if !r.tries {
		return 0
	}
	i := slices.IndexFunc(r.ev.Notices, func(n Noticed) bool { return n.Entry == entry && n.Kind == notice.ExitConfirmed })
	if i < 0 {
		return 0
	}
	return r.ev.Notices[i].Effective
}

// unlessRefused passes over a refusal by the documents that are tried.
func (r *rerun) unlessRefused(err error) error {
	if r.tries && refusal.CodeOf(err) != "" {
		return nil
	}
	return err
}

func (r *rerun) accept(e *journal.Entry) error {
	var accepted []terms.Acceptance
	for i := range r.ev.Acceptances {
		if a := &r.ev.Acceptances[i]; a.Entry == e.Seq {
			accepted = append(accepted, a.Acceptance)
		}
	}
	return r.decide(func() (*Decision, error) { return r.books.Accept(r.env, accepted, e.Effective) })
}

// topUp pays in again. A payment that the documents would refuse does not come
// in; that it would not is a part of the outcome.
func (r *rerun) topUp(e *journal.Entry) error {
	t, err := inputsOf[TopUp](e)
	if err != nil {
		return err
	}
	err = r.decide(func() (*Decision, error) { return r.books.TopUp(r.env, t, e.Effective) })
	if err == nil || r.unlessRefused(err) != nil {
		return err
	}
	if r.from <= e.Effective && e.Effective < r.to {
		r.out.TurnedDown = append(r.out.TurnedDown, TurnedDown{TopUp: t, Entry: e.Seq, At: e.Effective, Reason: err})
	}
	return nil
}

// advance does everything that falls due up to an instant, a day of usage at a
// time: each settlement goes through all usage that is open.
func (r *rerun) advance(to calendar.Instant) error {
	for r.books.ID != "" {
		at := to
		if r.next < len(r.usage.buckets) {
			at = min(to, r.usage.buckets[r.next].Hour.End().Add(calendar.DayLength))
		}
		r.enter(at)
		if err := r.decide(func() (*Decision, error) { return r.books.Advance(r.env, at) }); err != nil || at == to {
			return err
		}
	}
	return nil
}

// decide decides, giving the detail of usage as often as it is asked for.
func (r *rerun) decide(rule func() (*Decision, error)) error {
	r.books.Usage = Usage{}
	r.books.OpenAfter = calendar.EndOfTime
	for {
		d, err := rule()
		var missing *MissingUsage
		if errors.As(err, &missing) {
			r.detail(missing)
			continue
		}
		if err != nil {
			return err
		}
		return r.take(d)
	}
}

// take keeps what a decision did.
func (r *rerun) take(d *Decision) error {
	r.books = d.After
	for _, b := range d.Buckets {
		if _, late := r.settled[b.Key]; late {
			r.settled[b.Key] = *b
		}
	}
	for i := range d.Entries {
		r.hashes = append(r.hashes, d.Entries[i].Hash)
	}
	return r.count(d)
}

// checkJournal checks that the journal that came out is the one that is stored.
func (r *rerun) checkJournal() *Fault {
	entries := r.ev.Entries
	for i, hash := range r.hashes {
		if i >= len(entries) || entries[i].Hash != hash {
			return fault(JournalReplays, InJournal, RowID{Entry: int64(i) + 1}, "is not what its inputs and the documents give")
		}
	}
	if n := len(r.hashes); n < len(entries) && entries[n].Effective <= r.until {
		return fault(JournalReplays, InJournal, RowID{Entry: entries[n].Seq}, "is of the kind %s at %s, and its inputs and the documents give nothing then",
			entries[n].Kind, entries[n].Effective)
	}
	return nil
}

func (r *rerun) broken(err error) *Fault {
	return fault(JournalReplays, InJournal, RowID{Entry: int64(len(r.hashes)) + 1}, "cannot be made again: %v", err)
}
