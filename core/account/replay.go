package account

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/metering"
)

// Replay makes an account's books again from its journal, with the same code
// that made them: each entry's inputs go in, and the rows that come out must be
// those that are stored. What falls due by itself (late fees, steps of the
// timeline) is not read from the journal but found again.
type Replay struct {
	Terms Terms
	Zone  calendar.Zone
	// Virtual says that the clock passes through every instant, so that what
	// it brings is recorded when it is effective.
	Virtual bool
	// Now is the clock, up to which time has been dealt with.
	Now calendar.Instant
}

// replaying is a replay under way.
type replaying struct {
	Replay
	ev *Evidence
	d  *draft
	// next is the stored entry that must come out next; its instant of
	// recording is when the terms that it was made under were known.
	next     int
	recorded calendar.Instant
	settled  map[metering.Key]*metering.Bucket
	usage    *usageKnown // nil until a bucket is to be parted again
	// kept is what is left of the stored rows, made counts the rows that came out.
	kept Evidence
	made struct{ entries, charges, refused, transfers, lateFees, notices, transitions, acceptances, lapses, addOns int }
	// missing are the rows that are known to be gone.
	missing missingRows
	// reasons, unless nil, collects why transfers were made.
	reasons map[RowID]Reason
}

func (r Replay) of(ev *Evidence, missing missingRows) *replaying {
	run := &replaying{Replay: r, ev: ev, kept: *ev, settled: map[metering.Key]*metering.Bucket{}, missing: missing}
	books := &Books{}
	run.d = books.draft(run.env())
	return run
}

func (r *replaying) env() Env {
	recordedAt := func(at calendar.Instant) calendar.Instant { return max(at, r.recorded) }
	if r.Virtual {
		recordedAt = func(at calendar.Instant) calendar.Instant { return at }
	}
	return Env{Terms: r.Terms, Zone: r.Zone, RecordedAt: recordedAt}
}

// check replays the whole journal (truths 8 to 10) and holds the stored state
// against the outcome.
func (r Replay) check(ev *Evidence, f *Findings, missing missingRows) *Fault {
	f.checked(TermsRecompute, len(ev.Charges)+len(ev.LateFees))
	run := r.of(ev, missing)
	for run.next < len(ev.Entries) {
		if found := run.entry(); found != nil {
			return found
		}
	}
	return run.checkState()
}

// Before returns the books as they were when an entry was about to be made,
// everything that fell due before it done. It returns the fault that keeps the
// journal from being replayed that far, if there is one.
func (r Replay) Before(ev *Evidence, seq int64) (*Books, *Fault) {
	run := r.of(ev, nil)
	for run.next < len(ev.Entries) && ev.Entries[run.next].Seq < seq {
		if found := run.entry(); found != nil {
			return nil, found
		}
	}
	if run.next >= len(ev.Entries) {
		return nil, fault(JournalReplays, InJournal, RowID{Entry: seq}, "is missing")
	}
	e := &ev.Entries[run.next]
	run.recorded = e.Recorded
	if err := run.idle(e.Effective, false); err != nil {
		return nil, run.failed(e, err)
	}
	return run.d.books, nil
}

// Reasons makes an entry again and returns why each of its transfers was made;
// nothing where the journal cannot be replayed that far.
func (r Replay) Reasons(ev *Evidence, seq int64) map[RowID]Reason {
	run := r.of(ev, nil)
	run.reasons = map[RowID]Reason{}
	for run.next < len(ev.Entries) && ev.Entries[run.next].Seq <= seq {
		if run.entry() != nil {
			break // what was made is kept: it is the stored row that is wrong
		}
	}
	return run.reasons
}

// entry makes the next stored entry again, and whatever comes with it.
func (r *replaying) entry() (found *Fault) {
	e := &r.ev.Entries[r.next]
	defer r.stumble(e, &found)
	r.recorded, r.d.env.Actor, r.d.reasons = e.Recorded, e.Actor, r.reasons
	if (e.Kind == journal.Opened) != (e.Seq == 1) {
		return fault(JournalReplays, InJournal, RowID{Entry: e.Seq}, "is of the kind %s: an account is opened once, first of all", e.Kind)
	}
	if err := r.make(e); err != nil {
		return r.failed(e, err)
	}
	if len(r.d.out.Entries) == r.made.entries {
		return fault(JournalReplays, InJournal, RowID{Entry: e.Seq}, "is of the kind %s, and nothing of it fell due at %s", e.Kind, e.Effective)
	}
	return r.compare()
}

// stumble, deferred, makes a panic a fault of the entry that was being made again. What
// was changed by hand may be what the rules take for granted, and neither the rest of
// the account nor any other is to go unseen for it.
func (r *replaying) stumble(e *journal.Entry, found **Fault) {
	if p := recover(); p != nil {
		*found = r.failed(e, fmt.Errorf("%v", p))
	}
}

func (r *replaying) failed(e *journal.Entry, err error) *Fault {
	return fault(JournalReplays, InJournal, RowID{Entry: e.Seq}, "cannot be made again: %v", err)
}

func (r *replaying) make(e *journal.Entry) error {
	switch e.Kind {
	case journal.Opened:
		return r.open(e)
	case journal.Accepted:
		return r.accept(e)
	case journal.ToppedUp:
		return again(r, e, r.topUp)
	case journal.Announced:
		return again(r, e, r.d.announce)
	case journal.Dissented:
		return again(r, e, r.d.dissent)
	case journal.OrderLapsed:
		return again(r, e, r.d.lapse)
	case journal.AddOnSwitched:
		return again(r, e, r.d.switchAddOn)
	case journal.Settled:
		return r.settle(e)
	default:
		if err := r.relents(e.Effective); err != nil || !r.asked() && r.settlesYet(e) {
			return err
		}
		return r.steps(e.Effective)
	}
}

// settlesYet says that a settlement of the same instant follows.
func (r *replaying) settlesYet(e *journal.Entry) bool {
	for after := r.next + 1; after < len(r.ev.Entries) && r.ev.Entries[after].Effective == e.Effective; after++ {
		if r.ev.Entries[after].Kind == journal.Settled {
			return true
		}
	}
	return false
}

func (r *replaying) open(e *journal.Entry) error {
	n, err := inputsOf[New](e)
	if err != nil {
		return err
	}
	opened, err := Open(r.d.env, n, e.Effective)
	if err != nil {
		return err
	}
	r.d = opened.After.draft(r.d.env)
	r.d.out.Entries = opened.Entries
	return nil
}

func (r *replaying) accept(e *journal.Entry) error {
	if err := r.idle(e.Effective, true); err != nil {
		return err
	}
	kept := r.kept.Acceptances
	n := 0
	for n < len(kept) && kept[n].Entry == e.Seq {
		n++
	}
	if !r.asked() {
		return nil
	}
	r.d.begin(journal.Accepted, e.Effective, e.Actor, "")
	for _, a := range kept[:n] {
		r.d.acceptOne(a.Acceptance)
	}
	r.d.end()
	return nil
}

// again makes a command again, with the inputs that its entry keeps, unless
// something fell due before it that the journal lacks.
func again[T any](r *replaying, e *journal.Entry, command func(T, calendar.Instant) error) error {
	if err := r.idle(e.Effective, true); err != nil || !r.asked() {
		return err
	}
	x, err := inputsOf[T](e)
	if err != nil {
		return err
	}
	return command(x, e.Effective)
}

// inputsOf reads what a command was given from its entry.
func inputsOf[T any](e *journal.Entry) (x T, err error) {
	err = json.Unmarshal([]byte(e.Payload), &x)
	return x, err
}

func (r *replaying) topUp(t TopUp, at calendar.Instant) error {
	if err := r.d.checkMethod(t.Method, at); err != nil {
		return err
	}
	_, err := r.d.topUp(t, at)
	return err
}

// asked says that nothing fell due before what was asked for. If something did,
// the journal lacks it, and compare will say so.
func (r *replaying) asked() bool { return len(r.d.out.Entries) == r.made.entries }

// fees does what falls due before an instant, and at it the late fees.
func (r *replaying) fees(at calendar.Instant) error {
	if err := r.idle(at, false); err != nil || !r.asked() {
		return err
	}
	if at > r.d.books.At && at == r.Zone.Start(r.Zone.Day(at)) {
		return r.d.accrueLateFees(at)
	}
	return nil
}

// relents does what comes before the settlement of an instant.
func (r *replaying) relents(at calendar.Instant) error {
	if err := r.fees(at); err != nil {
		return err
	}
	return r.d.relentAll(at)
}

// steps does what comes after the settlement of an instant.
func (r *replaying) steps(at calendar.Instant) error {
	r.d.noteArrears(at)
	if err := r.d.takeSteps(at); err != nil {
		return err
	}
	r.d.books.At = max(r.d.books.At, at)
	return nil
}

// idle does what falls due by itself, besides settlements, until it has made an
// entry. Settlements depend on when usage arrived, so they come from the journal.
func (r *replaying) idle(until calendar.Instant, including bool) error {
	for {
		at, err := r.d.nextDue()
		if err != nil {
			return err
		}
		if at > until || (at == until && !including) {
			return nil
		}
		before := r.d.books.At
		if err := r.d.doDue(at); err != nil {
			return err
		}
		r.d.books.At = max(before, at)
		if !r.asked() || at == before {
			return nil
		}
	}
}

// checkState holds the stored state against the books that came out.
func (r *replaying) checkState() (found *Fault) {
	defer func() {
		if p := recover(); p != nil {
			found = faultAt(JournalReplays, InAccounts, "", "cannot be held against its journal: %v", p)
		}
	}()
	a, b := &r.ev.Account, r.d.books
	if a.Name != b.Name || a.Currency != b.Currency || a.Opened != b.Opened {
		return faultAt(JournalReplays, InAccounts, "", "is %q in %s, opened at %s; it was opened as %q in %s at %s",
			a.Name, a.Currency, a.Opened, b.Name, b.Currency, b.Opened)
	}
	if r.Virtual && a.At > r.Now {
		return faultAt(JournalReplays, InAccounts, "", "has been dealt with up to %s, and the clock stands at %s", a.At, r.Now)
	}
	r.recorded = r.Now
	if err := r.idle(a.At, true); err != nil {
		return faultAt(JournalReplays, InAccounts, "", "what fell due up to %s cannot be found again: %v", a.At, err)
	}
	if !r.asked() {
		e := &r.d.out.Entries[r.made.entries]
		return fault(JournalReplays, InJournal, RowID{Entry: e.Seq}, "is missing: at %s something of the kind %s fell due", e.Effective, e.Kind)
	}
	if a.At != b.At {
		return faultAt(JournalReplays, InAccounts, "", "says that it has been dealt with up to %s, where nothing fell due; the last time something did was %s", a.At, b.At)
	}
	for _, check := range []func() *Fault{r.checkDebts, r.checkServices, r.checkActs} {
		if found := check(); found != nil {
			return found
		}
	}
	return r.checkNextDue()
}

func (r *replaying) checkDebts() *Fault {
	left := map[string]arrears.Debt{}
	for _, d := range r.d.books.Debts {
		left[debtName(d)] = d
	}
	for _, kept := range r.ev.Account.Debts {
		name := debtName(kept)
		made, owed := left[name]
		if !owed {
			return faultAt(JournalReplays, InAccounts, name, "of %s is not owed", kept.Outstanding)
		}
		if kept != made {
			return faultAt(JournalReplays, InAccounts, name, "is %s due on %s, and the journal gives %s due on %s",
				kept.Outstanding, kept.Due, made.Outstanding, made.Due)
		}
		delete(left, name)
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		return faultAt(JournalReplays, InAccounts, name, "is missing, and %s of it is owed", left[name].Outstanding)
	}
	return nil
}

// debtName names a debt within its account.
func debtName(d arrears.Debt) string {
	return "debt to " + d.Seller + " for " + d.Product + " due " + d.Since.String()
}

func (r *replaying) checkServices() *Fault {
	left := maps.Clone(r.d.books.Services)
	for _, product := range r.ev.Account.products() {
		kept, name := r.ev.Account.Services[product], "service "+product
		made, used := left[product]
		if !used {
			return faultAt(JournalReplays, InAccounts, name, "was never used")
		}
		if kept.State != made.State || kept.Since != made.Since || kept.ArrearsSince != made.ArrearsSince ||
			kept.Noticed != made.Noticed || kept.Warned != made.Warned {
			return faultAt(JournalReplays, InAccounts, name,
				"is %s since %s, in arrears since %s, told at %s, warned at %s; the journal gives %s since %s, in arrears since %s, told at %s, warned at %s",
				kept.State, kept.Since, kept.ArrearsSince, kept.Noticed, kept.Warned,
				made.State, made.Since, made.ArrearsSince, made.Noticed, made.Warned)
		}
		if !slices.Equal(kept.History, made.History) {
			return faultAt(JournalReplays, InAccounts, name, "has the moves %v, and the journal gives %v", kept.History, made.History)
		}
		delete(left, product)
	}
	for _, product := range slices.Sorted(maps.Keys(left)) {
		return faultAt(JournalReplays, InAccounts, "service "+product, "is missing, and is in use since %s", left[product].Since)
	}
	return nil
}

// checkActs checks what the state keeps of what the customer did and was told.
func (r *replaying) checkActs() *Fault {
	kept, made := &r.ev.Account, r.d.books
	for _, found := range []*Fault{
		differ("acceptances", kept.Acceptances, made.Acceptances),
		differ("lapses", kept.Lapses, made.Lapses),
		differ("exits", kept.Exits, made.Exits),
		differ("ends", kept.Ends, made.Ends),
	} {
		if found != nil {
			return found
		}
	}
	if !made.holdsState(r.ev.State) {
		return faultAt(JournalReplays, InAccounts, "", "has a state that the journal does not give")
	}
	return nil
}

func differ[T comparable](name string, kept, made []T) *Fault {
	if slices.Equal(kept, made) {
		return nil
	}
	return faultAt(JournalReplays, InAccounts, name, "are %v, and the journal gives %v", kept, made)
}

// checkNextDue checks that the account will be looked at in time. Looking at it
// too early does no harm.
func (r *replaying) checkNextDue() *Fault {
	b := r.d.books
	for i := range r.ev.Buckets {
		if r.ev.Buckets[i].IsOpen() {
			b.Open = append(b.Open, &r.ev.Buckets[i])
		}
	}
	fold := NewFold(r.ev.Account.ID, calendar.HourOf(calendar.EndOfTime))
	for i := range r.ev.Parcels {
		if r.ev.Parcels[i].Number > r.ev.Account.Intake.Folded {
			fold.Add(&r.ev.Parcels[i])
		}
	}
	b.Take(fold.Finish(r.ev.Buckets), calendar.EndOfTime)
	due, err := r.d.nextDue()
	if err != nil || r.ev.NextDue <= max(due, r.Now, r.learns()) {
		return nil // what cannot be decided now waits until its terms are mended
	}
	return faultAt(JournalReplays, InAccounts, "", "will not be looked at before %s, and something falls due at %s", r.ev.NextDue, due)
}

// learns returns the first instant from now on at which the account must be looked
// at because a version that was published becomes known; zero when there is none.
// What such a version turns before then, nobody could know of.
func (r *replaying) learns() calendar.Instant {
	var first calendar.Instant
	for _, product := range r.d.books.products() {
		if next, any := r.d.env.Terms.Learns(product, r.Now); any && (first == 0 || next < first) {
			first = next
		}
	}
	return first
}
