package app

import (
	"cmp"
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

// ReportUsage accepts usage events, each by itself, in one transaction: when it
// returns, what is accepted is durable. Refusals are kept and can be explained.
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

func (a *App) reportUsage(ctx context.Context, events []Reported, actor string) ([]Receipt, error) {
	var receipts []Receipt
	err := a.db.Update(ctx, func(tx *store.Tx) error {
		in, err := a.intake(ctx, tx, events, actor)
		if err != nil {
			return err
		}
		receipts, err = in.take(ctx, events)
		return err
	})
	return receipts, err
}

// intake holds what the events of one transaction are checked against.
type intake struct {
	app      *App
	tx       *store.Tx
	provider *Provider
	moment   moment
	actor    string
	locked   bool
	books    map[string]*account.Books
	sets     map[int64]account.TermSet // that refusals name
}

// intake loads the accounts that the events name, without their buckets.
func (a *App) intake(ctx context.Context, tx *store.Tx, events []Reported, actor string) (*intake, error) {
	p, err := a.provider(ctx, tx)
	if err != nil {
		return nil, err
	}
	m, err := a.moment(ctx, tx)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var ids []string
	for i := range events {
		if id := events[i].Account; id != "" && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	heads, err := tx.Heads(ctx, ids)
	if err != nil {
		return nil, err
	}
	in := &intake{app: a, tx: tx, provider: p, moment: m, actor: actor, books: map[string]*account.Books{}, sets: map[int64]account.TermSet{}}
	for _, b := range heads {
		in.books[b.ID] = b
	}
	return in, nil
}

// take checks every event, writes those that pass, and keeps the refusals.
func (in *intake) take(ctx context.Context, events []Reported) ([]Receipt, error) {
	receipts := make([]Receipt, len(events))
	faults := make([]error, len(events))
	for i := range events {
		e := &events[i]
		e.Normalise()
		receipts[i] = Receipt{Source: e.Source, ID: e.ID, Place: e.Place}
		if fault := e.CheckNames(); fault != nil {
			e.Fault = fault
		}
	}
	for _, i := range byStart(events) {
		faults[i] = in.check(ctx, &events[i])
		if faults[i] != nil && refusal.CodeOf(faults[i]) == "" {
			return nil, faults[i]
		}
	}
	var passed []metering.Event
	var at []int
	for i := range events {
		if faults[i] == nil {
			passed = append(passed, events[i].Event)
			at = append(at, i)
		}
	}
	outcomes, err := in.tx.PutUsage(ctx, passed, in.moment.now)
	if err != nil {
		return nil, err
	}
	for j, outcome := range outcomes {
		switch outcome {
		case store.UsageAccepted:
			receipts[at[j]].Outcome = Accepted
		case store.UsageDuplicate:
			receipts[at[j]].Outcome = Duplicate
		default:
			faults[at[j]] = reused(&passed[j])
		}
	}
	return receipts, in.keepRefusals(ctx, events, faults, receipts)
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

// check says why an event cannot be accepted, or nil.
func (in *intake) check(ctx context.Context, e *Reported) error {
	if e.Fault != nil {
		return e.Fault
	}
	b, known := in.books[e.Account]
	if !known {
		return unknownAccount(e.Account)
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
	return set, in.acceptByUse(ctx, b, accepted, func(b *account.Books) bool { return b.LeftUntil(set, e.From) > e.From })
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

// keepRefusals stores why events were not accepted and fills their receipts.
func (in *intake) keepRefusals(ctx context.Context, events []Reported, faults []error, receipts []Receipt) error {
	var kept []store.RefusedEvent
	for i, fault := range faults {
		if fault == nil {
			continue
		}
		row := in.refusedEvent(&events[i], fault)
		kept = append(kept, row)
		r := &receipts[i]
		r.Outcome, r.Code, r.Message = Refused, row.Code, row.Message
		r.Refusal = RowName{Kind: EventRow, Account: row.Account, Event: row.ID}.String()
	}
	if err := in.tx.PutTermSets(ctx, in.sets); err != nil {
		return err
	}
	return in.tx.PutRefusedEvents(ctx, kept)
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
