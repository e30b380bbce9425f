package app

import (
	"context"
	"math"
	"slices"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// Explanation says why a row is what it is.
type Explanation = account.Explanation

// Explain recomputes a row from its inputs and from the documents that bound
// when it was made, and says how: the clauses with those that lost, the
// arithmetic, and whether the outcome is what is stored. id is a row's name, as
// statements and lists give it. It refuses with not_found a row that does not
// exist, and a set of documents that is not published any more as it was bound.
func (a *App) Explain(ctx context.Context, id string) (Explanation, error) {
	name, err := ParseRowName(id)
	if err != nil {
		return Explanation{}, err
	}
	var x Explanation
	err = a.db.View(ctx, func(tx *store.Tx) error {
		p, err := a.provider(ctx, tx)
		if err != nil {
			return err
		}
		e := explainer{tx: tx, provider: p, name: name}
		if name.Kind == EventRow {
			x, err = e.event(ctx)
			return err
		}
		if err := e.open(ctx); err != nil {
			return err
		}
		x, err = e.row(ctx)
		return err
	})
	x.ID = name.String()
	return x, err
}

// explainer gathers what a row is explained from.
type explainer struct {
	tx       *store.Tx
	provider *Provider
	name     RowName
	of       account.Case
}

func (e *explainer) missing() error {
	return refusal.New(refusal.NotFound, "there is no row %q", e.name).At("id").
		Do("use an id from a statement's lines or an account's history")
}

// open reads the account and the journal entry of the row.
func (e *explainer) open(ctx context.Context) error {
	owner, found, err := e.tx.Account(ctx, e.name.Account)
	if err != nil {
		return err
	}
	if !found {
		return unknownAccount(e.name.Account)
	}
	entry, found, err := e.tx.Entry(ctx, e.name.Account, e.name.Entry)
	if err != nil {
		return err
	}
	if !found {
		return e.missing()
	}
	e.of = account.Case{Account: owner.ID, Currency: owner.Currency, Zone: e.provider.Settings.Zone, Entry: entry}
	return nil
}

// under finds the documents that a row names again.
func (e *explainer) under(ctx context.Context, id int64) error {
	kept, found, err := e.tx.TermSet(ctx, id)
	if err != nil {
		return err
	}
	if !found {
		return refusal.New(refusal.NotFound, "the set of documents %d that %s names is not kept", id, e.name).
			Do("run termwise verify: the database was changed by hand")
	}
	e.of.Set, err = e.provider.Corpus.Rebuild(kept.Refs, kept.Product)
	return err
}

// row explains a row of a journal entry.
func (e *explainer) row(ctx context.Context) (Explanation, error) {
	switch e.name.Kind {
	case ChargeRow:
		row, err := found(e, e.tx.Charge)(ctx)
		if err != nil {
			return Explanation{}, err
		}
		return e.charge(ctx, row)
	case RefusedRow:
		row, err := found(e, e.tx.RefusedLine)(ctx)
		if err != nil {
			return Explanation{}, err
		}
		return e.refused(ctx, row)
	case LateFeeRow:
		row, err := found(e, e.tx.LateFee)(ctx)
		if err != nil {
			return Explanation{}, err
		}
		return e.lateFee(ctx, row)
	case NoticeRow:
		row, err := found(e, e.tx.Notice)(ctx)
		if err != nil {
			return Explanation{}, err
		}
		if err := e.under(ctx, row.Terms); err != nil {
			return Explanation{}, err
		}
		if account.IsOfChange(row) {
			return e.change(ctx, row)
		}
		return e.of.Notice(row)
	case TransitionRow:
		row, err := found(e, e.tx.Transition)(ctx)
		if err != nil {
			return Explanation{}, err
		}
		if err := e.under(ctx, row.Terms); err != nil {
			return Explanation{}, err
		}
		return e.of.Transition(row)
	case AcceptanceRow:
		return e.acceptance(ctx)
	case LapseRow, AddOnRow:
		return e.act(ctx)
	default:
		row, err := found(e, e.tx.Transfer)(ctx)
		if err != nil {
			return Explanation{}, err
		}
		return e.transfer(ctx, row)
	}
}

// found reads the named row, and refuses one that does not exist.
func found[R any](e *explainer, get func(context.Context, string, account.RowID) (R, bool, error)) func(context.Context) (R, error) {
	return func(ctx context.Context) (R, error) {
		row, exists, err := get(ctx, e.name.Account, e.name.RowID)
		if err == nil && !exists {
			err = e.missing()
		}
		return row, err
	}
}

func (e *explainer) charge(ctx context.Context, row account.Charge) (Explanation, error) {
	if err := e.under(ctx, row.Terms); err != nil {
		return Explanation{}, err
	}
	usage, err := e.tx.UsageOf(ctx, e.name.Account, account.Resource{Product: row.Product, Resource: row.Resource}, row.Hour)
	if err != nil {
		return Explanation{}, err
	}
	return e.of.Charge(row, usage)
}

func (e *explainer) refused(ctx context.Context, row account.Refused) (Explanation, error) {
	if err := e.under(ctx, row.Terms); err != nil {
		return Explanation{}, err
	}
	usage, err := e.tx.UsageOf(ctx, e.name.Account, account.Resource{Product: row.Product, Resource: row.Resource}, row.Hour)
	if err != nil {
		return Explanation{}, err
	}
	moves, err := e.tx.Transitions(ctx, e.name.Account, store.Filter[calendar.Instant]{})
	if err != nil {
		return Explanation{}, err
	}
	told, err := e.tx.Notices(ctx, e.name.Account, store.Filter[calendar.Instant]{})
	if err != nil {
		return Explanation{}, err
	}
	return e.of.Refused(row, moves, told, usage)
}

// evidence loads the whole account, and what makes its books again.
func (e *explainer) evidence(ctx context.Context) (*account.Evidence, account.Replay, error) {
	ev, exists, err := e.tx.Evidence(ctx, e.name.Account)
	if err != nil {
		return nil, account.Replay{}, err
	}
	if !exists {
		return nil, account.Replay{}, e.missing()
	}
	clock, set, err := e.tx.Clock(ctx)
	return ev, account.Replay{Terms: e.provider.Corpus, Zone: e.provider.Settings.Zone, Virtual: set && clock.Virtual}, err
}

func (e *explainer) lateFee(ctx context.Context, row account.LateFee) (Explanation, error) {
	if err := e.under(ctx, row.Terms); err != nil {
		return Explanation{}, err
	}
	ev, replay, err := e.evidence(ctx)
	if err != nil {
		return Explanation{}, err
	}
	// Where the journal does not replay that far there are no books: the
	// explanation does without them, and verify says why.
	books, _ := replay.Before(ev, row.Entry)
	return e.of.LateFee(row, books)
}

func (e *explainer) transfer(ctx context.Context, row account.Posted) (Explanation, error) {
	ev, replay, err := e.evidence(ctx)
	if err != nil {
		return Explanation{}, err
	}
	books, _ := replay.Before(ev, row.Entry)
	around := account.Around{Books: books, Reasons: replay.Reasons(ev, row.Entry), Transfers: ev.Transfers}
	for _, c := range ev.Charges {
		if c.Entry == row.Entry {
			around.Charges = append(around.Charges, c)
		}
	}
	for _, f := range ev.LateFees {
		if f.Entry == row.Entry {
			around.LateFees = append(around.LateFees, f)
		}
	}
	// A transfer names no documents: they are those that bound at its entry.
	who := ev.Acts().Before(row.Entry, e.name.Account)
	for _, product := range around.Products(row) {
		e.of.Set, _, err = e.provider.Corpus.LastBound(who.For(product), e.of.Entry.Effective, e.of.Entry.Recorded)
		if refusal.CodeOf(err) != refusal.NotAccepted {
			break
		}
	}
	if err != nil {
		return Explanation{}, err
	}
	return e.of.Transfer(row, around)
}

// change explains a notice of a change by asking again what the version owed the
// account, by what it had accepted then.
func (e *explainer) change(ctx context.Context, row account.Noticed) (Explanation, error) {
	who, err := standingBefore(ctx, e.tx, e.name.Account, row.Entry)
	if err != nil {
		return Explanation{}, err
	}
	s, owed, err := e.provider.Corpus.Announced(row.Document, row.Version, who, row.Notice.Recorded)
	if err != nil {
		return Explanation{}, err
	}
	return e.of.Change(row, s, owed)
}

func (e *explainer) acceptance(ctx context.Context) (Explanation, error) {
	rows, err := e.tx.Acceptances(ctx, e.name.Account, store.Filter[calendar.Instant]{})
	if err != nil {
		return Explanation{}, err
	}
	for _, row := range rows {
		if row.RowID != e.name.RowID {
			continue
		}
		d, err := e.accepted(row.Document, row.Version)
		if err != nil {
			return Explanation{}, err
		}
		lapses, err := e.tx.Lapses(ctx, e.name.Account, store.Filter[calendar.Instant]{})
		if err != nil {
			return Explanation{}, err
		}
		return e.of.Acceptance(row, d, e.provider.Corpus.Preceding(d, row.Acceptance.Recorded), lapses)
	}
	return Explanation{}, e.missing()
}

// accepted finds the version of a document that was accepted.
func (e *explainer) accepted(document, version string) (*terms.Document, error) {
	for _, published := range e.provider.Documents {
		if d := published.Document; d.ID == document && d.Version == version {
			return d, nil
		}
	}
	return nil, refusal.New(refusal.NotFound, "%s %s is not published any more", document, version).
		Do("publish it from the provider's archive")
}

// event explains why a usage event was not accepted.
func (e *explainer) event(ctx context.Context) (Explanation, error) {
	row, found, err := e.tx.RefusedEvent(ctx, e.name.Account, e.name.Event)
	if err != nil {
		return Explanation{}, err
	}
	if !found {
		return Explanation{}, e.missing()
	}
	e.of = account.Case{Account: row.Account, Currency: e.provider.Currency(), Zone: e.provider.Settings.Zone}
	if row.Terms != 0 {
		if err := e.under(ctx, row.Terms); err != nil {
			return Explanation{}, err
		}
	}
	known, err := e.against(ctx, &row)
	if err != nil {
		return Explanation{}, err
	}
	return e.of.Event(turned(&row, known))
}

// turned is a refused event, and what it was held against.
func turned(row *store.RefusedEvent, known account.Against) account.Turned {
	return account.Turned{
		Event: metering.Event{
			Source: row.Source, ID: row.Event, Account: row.Customer, Product: row.Product, Resource: row.Resource,
			Point: row.Point, From: row.From, To: row.To, Measures: row.Measures,
		},
		Place: row.Place, Message: row.Message, Code: row.Code, Recorded: row.Recorded,
		Unread: row.Unread, Forged: row.Digest != row.Seal(), Known: known,
	}
}

// against gathers what was known, when an event came, of what it named.
func (e *explainer) against(ctx context.Context, row *store.RefusedEvent) (known account.Against, err error) {
	owner, found, err := e.tx.Account(ctx, row.Customer)
	if err != nil || !found {
		return known, err
	}
	known.Opened = owner.Opened
	first, found, err := e.tx.UsageEvent(ctx, owner.ID, row.Source, row.Event)
	if err != nil {
		return known, err
	}
	if found {
		known.First = &first
	}
	if row.Terms != 0 {
		return known, nil
	}
	who, err := standingBefore(ctx, e.tx, owner.ID, math.MaxInt64)
	if err != nil {
		return known, err
	}
	e.of.Set = e.provider.rebind(row, who, &known)
	return known, nil
}

// rebind asks again what bound the account for an event that named no documents.
func (p *Provider) rebind(row *store.RefusedEvent, who terms.Standing, known *account.Against) *terms.Set {
	bind := func(known calendar.Instant) (*terms.Set, error) {
		_, set, err := p.use(who.For(row.Product), row.From, known, "")
		return set, err
	}
	var set *terms.Set
	set, known.Unbound = bind(row.Recorded)
	// On a real clock what is recorded a moment before the event may have been committed
	// after the account was looked at.
	since := row.Recorded.Add(-knownAfter)
	_, before := bind(since)
	acceptedThen := slices.ContainsFunc(who.Accepted, func(a terms.Acceptance) bool { return since <= a.Recorded && a.Recorded <= row.Recorded })
	known.Moved = known.Unbound == nil && (before != nil || acceptedThen)
	return set
}
