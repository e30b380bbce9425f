package app

import (
	"context"
	"encoding/hex"
	"errors"
	"maps"
	"slices"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/journal"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// Outcome is what became of a usage event.
type Outcome string

// The outcomes. An accepted event is durable; a duplicate was accepted before.
const (
	Accepted  Outcome = "accepted"
	Duplicate Outcome = "duplicate"
	Refused   Outcome = "refused"
)

// Reported is a usage event, with the place that it came from and the fault
// that reading it met, if any.
type Reported struct {
	metering.Event
	Place string
	Fault error
}

// Receipt answers for one event.
type Receipt struct {
	Source  string       `json:"source"`
	ID      string       `json:"id"`
	Outcome Outcome      `json:"outcome"`
	Code    refusal.Code `json:"code,omitempty"`
	Message string       `json:"message,omitempty"`
	// Refusal names the refusal for explain.
	Refusal string `json:"refusal,omitempty"`
	Place   string `json:"place,omitempty"`
}

// ReportUsage accepts usage events, each by itself: when it returns, what is
// accepted is durable. Refusals are kept and can be explained. Reports that come
// while another one is being committed share the next transaction.
// An event is refused, in this order, for names that cannot be kept, a fault in
// reading it, an unknown account, usage before the account was opened, an unknown
// product, no binding agreement or a document that is not accepted and must be,
// what account.Judge has against it, and an id that was used for another body.
// Usage of a time in which its service was closed is accepted: it is settlement
// that refuses to bill it, when it is known for what time.
//
// Clauses: G 0.3, E 0.1 and C 0.1 (using a service accepts), G 2.3.2, the page's
// rule of what counts as use.
//
// Where accounts live on several nodes, there is a transaction for each account.
// When one fails, the events of others may have been accepted: who sends them
// again is told so.
func (a *App) ReportUsage(ctx context.Context, events []Reported, actor string) ([]Receipt, error) {
	groups := a.byAccount(events)
	if len(groups) == 1 {
		return a.reportUsage(ctx, events, actor)
	}
	receipts := make([]Receipt, len(events))
	for _, places := range groups {
		group := make([]Reported, len(places))
		for i, at := range places {
			group[i] = events[at]
		}
		answers, err := a.reportUsage(ctx, group, actor)
		if err != nil {
			return nil, err
		}
		for i, at := range places {
			receipts[at] = answers[i]
		}
	}
	return receipts, nil
}

// reportUsage takes a report in: with others that wait, unless accounts live on
// several nodes.
func (a *App) reportUsage(ctx context.Context, events []Reported, actor string) ([]Receipt, error) {
	if err := a.awaitLearnt(ctx); err != nil {
		return nil, err
	}
	r := newReport(ctx, events, actor)
	if a.db.Sharded() {
		a.takeReports([]*report{r})
	} else {
		a.reports.take(r, a.takeReports)
	}
	return r.receipts, r.err
}

// takeReports takes reports in, in one transaction. When that fails, the fault of
// one must not become that of the others: each is taken in by itself.
func (a *App) takeReports(group []*report) {
	if len(group) == 1 {
		group[0].err = a.takeTogether(group[0].ctx, group)
		return
	}
	// Whose report it was that began the transaction does not matter.
	if a.takeTogether(context.WithoutCancel(group[0].ctx), group) == nil {
		for _, r := range group {
			r.err = nil
		}
		return
	}
	for _, r := range group {
		r.err = a.takeTogether(r.ctx, []*report{r})
	}
}

func (a *App) takeTogether(ctx context.Context, group []*report) error {
	if a.db.Sharded() { // the index lies elsewhere than the account
		if err := a.db.Update(ctx, func(tx *store.Tx) error { return tx.SealUsage(ctx) }); err != nil {
			return err
		}
	}
	return a.db.Update(ctx, func(tx *store.Tx) error {
		if !a.db.Sharded() {
			if err := tx.SealUsage(ctx); err != nil {
				return err
			}
		}
		in, err := a.intake(ctx, tx, group)
		if err != nil {
			return err
		}
		return in.take(ctx, group)
	})
}

// intake holds what the events of one transaction are checked against.
type intake struct {
	app      *App
	tx       *store.Tx
	provider *Provider
	moment   moment
	actor    string // who reports what is being checked
	locked   bool
	books    map[string]*account.Books
	sets     map[int64]account.TermSet // that refusals name
	refused  []store.RefusedEvent
}

// intake loads the accounts that the events name, without their buckets.
func (a *App) intake(ctx context.Context, tx *store.Tx, group []*report) (*intake, error) {
	p, err := a.provider(ctx, tx)
	if err != nil {
		return nil, err
	}
	m, err := a.moment(ctx, tx)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, r := range group {
		for i := range r.events {
			if id := r.events[i].Account; id != "" {
				seen[id] = true
			}
		}
	}
	heads, err := tx.Heads(ctx, slices.Sorted(maps.Keys(seen)))
	if err != nil {
		return nil, err
	}
	in := &intake{app: a, tx: tx, provider: p, moment: m, books: map[string]*account.Books{}, sets: map[int64]account.TermSet{}}
	for _, b := range heads {
		in.books[b.ID] = b
	}
	return in, nil
}

// take checks every event, writes those that pass, and keeps the refusals.
func (in *intake) take(ctx context.Context, group []*report) error {
	var passed []metering.Event
	for _, r := range group {
		in.actor = r.actor
		if err := r.check(ctx, in); err != nil {
			return err
		}
		for i := range r.events {
			if r.faults[i] == nil {
				passed = append(passed, r.events[i].Event)
			}
		}
	}
	outcomes, err := in.tx.PutUsage(ctx, passed, in.moment.now)
	if err != nil {
		return err
	}
	for _, r := range group {
		outcomes = r.answer(outcomes)
		in.actor = r.actor
		in.keepRefusals(r)
	}
	return in.writeRefusals(ctx)
}

// check says why an event cannot be accepted, or nil.
func (in *intake) check(ctx context.Context, e *Reported) error {
	if e.Fault != nil {
		return e.Fault
	}
	b, known := in.books[e.Account]
	if !known {
		return unknownAccount(e.Account)
	}
	if b.Broken != nil {
		return b.Broken
	}
	if e.From < b.Opened || canary.On(canary.FirstInstant) && e.From == b.Opened {
		return refusal.New(refusal.BeforeAccount, "usage at %s is before account %s was opened at %s",
			in.provider.instant(e.From), b.ID, in.provider.instant(b.Opened)).
			At("time").Do("send usage of the time since then")
	}
	set, err := in.bind(ctx, b, &e.Event)
	if err != nil {
		return err
	}
	return in.judge(set, &e.Event)
}

// judge says why an event cannot be accepted under the terms that bind, or nil.
func (in *intake) judge(set *terms.Set, e *metering.Event) error {
	return account.Judge(set, e, in.moment.now, in.provider.Settings.Zone)
}

// bind finds the terms of an event's usage. Using a product accepts those
// documents that say so (G 0.3, E 0.1, C 0.1); what else must be accepted before
// it is used, must have been.
func (in *intake) bind(ctx context.Context, b *account.Books, e *metering.Event) (*terms.Set, error) {
	accepted, set, err := in.provider.use(b.Subject(e.Product), e.From, in.moment.now, in.actor)
	if err != nil || len(accepted) == 0 || in.judge(set, e) != nil {
		return set, err // what is refused is no use, and accepts nothing
	}
	return set, in.acceptByUse(ctx, b, accepted, func(b *account.Books) bool {
		staying := b.Staying(e.Product)
		staying.Accepted = append(slices.Clone(staying.Accepted), accepted...)
		bound, err := in.provider.Corpus.Bind(staying, e.From, in.moment.now)
		return err == nil && b.LeftUntil(bound, e.From) > e.From
	})
}

// use finds what binds a subject that uses its product at an instant, and what
// the use accepts. It refuses what Bind refuses and, with agreement_not_accepted,
// use of a product of which a document is not accepted that must be.
func (p *Provider) use(s terms.Subject, at, known calendar.Instant, actor string) ([]terms.Acceptance, *terms.Set, error) {
	var accepted []terms.Acceptance
	from := at
	if canary.On(canary.AcceptFromNow) {
		from = known
	}
	for _, d := range p.Corpus.ByUse(s, at, known) {
		accepted = append(accepted, acceptanceOf(d, terms.Use, from, known, actor))
	}
	if len(accepted) > 0 {
		s.Accepted = append(slices.Clone(s.Accepted), accepted...)
	}
	missing, err := p.Corpus.Missing(s, nil, at, known)
	if err != nil {
		return nil, nil, err
	}
	if len(missing) > 0 && missing[0].By != (terms.Citation{}) { // a clause says so, and not only that nothing binds
		return nil, nil, missing[0].Refusal(s)
	}
	set, err := p.Corpus.Bind(s, at, known)
	if err != nil {
		return nil, nil, err
	}
	return accepted, set, nil
}

// acceptByUse records what using a product accepts, before the usage is kept. Use
// after the account has left is refused as it is settled, and accepts nothing.
func (in *intake) acceptByUse(ctx context.Context, b *account.Books, acceptances []terms.Acceptance, hasLeft func(*account.Books) bool) error {
	if !in.locked {
		if err := in.tx.Lock(ctx, slices.Sorted(maps.Keys(in.books))); err != nil {
			return err
		}
		in.locked = true
	}
	d, err := in.app.decide(ctx, in.tx, b.ID, in.actor, func(c acase) (*account.Decision, error) {
		if hasLeft(c.books) {
			return c.books.Accept(c.env, nil, c.now)
		}
		return c.books.Accept(c.env, acceptances, c.now)
	})
	if err != nil {
		return err
	}
	if err := in.app.tellNewcomers(ctx, in.tx, []string{b.ID}); err != nil {
		return err
	}
	in.books[b.ID] = d.After
	for _, e := range d.Entries { // a real clock has moved on since the intake began
		in.moment.now = max(in.moment.now, e.Recorded)
	}
	return nil
}

// keepRefusals notes why events were not accepted and fills their receipts.
func (in *intake) keepRefusals(r *report) {
	for i, fault := range r.faults {
		if fault == nil {
			continue
		}
		row := in.refusedEvent(&r.events[i], fault)
		in.refused = append(in.refused, row)
		receipt := &r.receipts[i]
		receipt.Outcome, receipt.Code, receipt.Message = Refused, row.Code, row.Message
		receipt.Refusal = RowName{Kind: EventRow, Account: row.Account, Event: row.ID}.String()
	}
}

// writeRefusals stores why events were not accepted.
func (in *intake) writeRefusals(ctx context.Context) error {
	if err := in.tx.PutTermSets(ctx, in.sets); err != nil {
		return err
	}
	return in.tx.PutRefusedEvents(ctx, in.refused)
}

// refusedEvent is the row that keeps a refusal. Its id is a digest, so that the
// same event refused twice is one row.
func (in *intake) refusedEvent(e *Reported, fault error) store.RefusedEvent {
	var r *refusal.Error
	errors.As(fault, &r)
	var enc journal.Encoder
	enc.Text(e.Source).Text(e.ID).Text(string(r.Code)).Int(e.Body())
	sum := enc.Sum()
	row := store.RefusedEvent{
		ID: hex.EncodeToString(sum[:10]), Source: e.Source, Event: e.ID,
		Code: r.Code, Message: fault.Error(), Place: e.Place, Recorded: in.moment.now,
		Customer: e.Account, Product: e.Product, Resource: e.Resource, Point: e.Point, From: e.From, To: e.To,
		Measures: keptMeasures(e.Measures), Unread: e.Fault != nil,
	}
	if b, known := in.books[e.Account]; known {
		row.Account = b.ID
		row.Terms = in.setFor(b, &e.Event)
	}
	return row
}

// keptMeasures returns what is kept of a refused event's measures: not more than
// a bound of them, and no name that cannot be a meter's.
func keptMeasures(sent []metering.Measure) []metering.Measure {
	kept := slices.Clone(sent[:min(len(sent), account.MaxKeptMeasures)])
	for i := range kept {
		if !metering.IsName(kept[i].Meter) {
			kept[i].Meter = ""
		}
	}
	return kept
}

// setFor names the terms that bind the account for the event's product, or 0
// where nothing binds: the refusal then stands on its code alone.
func (in *intake) setFor(b *account.Books, e *metering.Event) int64 {
	at := e.From
	if at < b.Opened {
		at = in.moment.now
	}
	_, set, err := in.provider.use(b.Subject(e.Product), at, in.moment.now, in.actor)
	if err != nil {
		return 0
	}
	in.sets[set.ID()] = account.TermSet{Product: e.Product, Hash: set.Hash(), Refs: set.Refs()}
	return set.ID()
}
