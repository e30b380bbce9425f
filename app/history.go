package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/store"
)

// HistoryKind says what kind of thing happened to an account.
type HistoryKind string

// The kinds. Charges and postings are many and are listed only when they are
// asked for; so are refused events, and by themselves, because they have no
// place in the journal.
const (
	HistoryTopUp      HistoryKind = "top_up"
	HistoryPayment    HistoryKind = "payment" // out of the wallet, or back into it
	HistoryLateFee    HistoryKind = "late_fee"
	HistoryNotice     HistoryKind = "notice"
	HistoryTransition HistoryKind = "transition" // of a service's state
	HistoryAcceptance HistoryKind = "acceptance"
	HistoryLapse      HistoryKind = "lapse"   // of an order, for what was accepted with it
	HistoryAddOn      HistoryKind = "add_on"  // an add-on that was switched
	HistoryRefusal    HistoryKind = "refusal" // usage that was accepted and not billed
	HistoryCharge     HistoryKind = "charge"
	HistoryPosting    HistoryKind = "posting" // what charges and late fees made owed
	HistoryEvent      HistoryKind = "event"   // a usage event that was not accepted
)

// historyReaders read the kinds that have a place in the journal.
var historyReaders = []struct {
	kind HistoryKind
	// usual says that the kind is listed when none is asked for.
	usual bool
	read  func(*historian, context.Context) error
}{
	{HistoryTopUp, true, (*historian).topUps},
	{HistoryPayment, true, (*historian).payments},
	{HistoryLateFee, true, (*historian).lateFees},
	{HistoryNotice, true, (*historian).notices},
	{HistoryTransition, true, (*historian).transitions},
	{HistoryAcceptance, true, (*historian).acceptances},
	{HistoryLapse, true, (*historian).lapses},
	{HistoryAddOn, true, (*historian).addOns},
	{HistoryRefusal, true, (*historian).refusals},
	{HistoryCharge, false, (*historian).charges},
	{HistoryPosting, false, (*historian).postings},
}

// HistoryKinds lists the kinds.
func HistoryKinds() []HistoryKind {
	kinds := make([]HistoryKind, 0, len(historyReaders)+1)
	for _, r := range historyReaders {
		kinds = append(kinds, r.kind)
	}
	return append(kinds, HistoryEvent)
}

// MaxHistory is how many items a page of history holds at most.
const MaxHistory = 1000

// HistoryFilter chooses what of an account's history to list.
type HistoryFilter struct {
	// Month leaves out what the statement of another month holds: charges and
	// refusals belong to the month of their hour, late fees to that of their
	// day, everything else to that in which it happened. Zero is no bound.
	Month calendar.Month
	// Kinds are those to list; none asks for the usual ones.
	Kinds []HistoryKind
	// Cursor is that of the page before, empty for the first page.
	Cursor string
	// Limit is how many items to return at most, from 1 to MaxHistory.
	Limit int
}

// HistoryItem is something that happened to an account. Explain takes its ID.
type HistoryItem struct {
	ID   string      `json:"id"`
	Kind HistoryKind `json:"kind"`
	// At is when it took effect, in the provider's zone.
	At string `json:"at"`
	// What says it in one sentence.
	What string `json:"what"`
	// Amount is the money that it moved, in 1e-6 of the account's currency; absent
	// for what moved none.
	Amount *money.Amount `json:"amount,omitempty"`
	// Code is why usage was refused.
	Code refusal.Code `json:"code,omitempty"`
}

// History lists what happened to an account, in the order of its journal; the
// cursor returned is empty when there is no more. It refuses, in this order, a
// kind that there is not, refused events together with other kinds, a limit out
// of range, a cursor of another list, and an unknown account. A page costs at
// most one query for each kind and four more, however long the history is.
func (a *App) History(ctx context.Context, accountID string, f HistoryFilter) (items []HistoryItem, next string, err error) {
	if err := f.check(); err != nil {
		return nil, "", err
	}
	after, err := f.position()
	if err != nil {
		return nil, "", err
	}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		p, err := a.provider(ctx, tx)
		if err != nil {
			return err
		}
		if err := mustExist(ctx, tx, accountID); err != nil {
			return err
		}
		h := historian{tx: tx, provider: p, account: accountID, historyPosition: after, limit: f.Limit + 1}
		if f.Month != 0 {
			h.within(f.Month)
		}
		if f.ofEvents() {
			items, next, err = h.events(ctx, f)
			return err
		}
		items, next, err = h.page(ctx, f)
		return err
	})
	return items, next, err
}

func (f HistoryFilter) check() error {
	known := HistoryKinds()
	for _, k := range f.Kinds {
		if !slices.Contains(known, k) {
			return refusal.New(refusal.BadInput, "%q is not a kind of history", k).At("kind").Do("use some of %s", kindList(known))
		}
		if k == HistoryEvent && slices.ContainsFunc(f.Kinds, func(o HistoryKind) bool { return o != k }) {
			return refusal.New(refusal.BadInput, "refused usage events have no place in the journal beside other kinds").At("kind").
				Do("ask for the kind event by itself")
		}
	}
	if f.Limit < 1 || f.Limit > MaxHistory {
		return refusal.New(refusal.BadInput, "a page of %d items cannot be given", f.Limit).At("limit").
			Do("ask for 1 to %d", MaxHistory)
	}
	return nil
}

// ofEvents says that refused events are asked for: by themselves, as check wants.
func (f HistoryFilter) ofEvents() bool { return slices.Contains(f.Kinds, HistoryEvent) }

// historyPosition is after which row a page begins: one of the journal, or a
// refused event by when it came.
type historyPosition struct {
	after   account.RowID
	came    calendar.Instant
	eventID string
}

// position reads the cursor as one of the list that is asked for.
func (f HistoryFilter) position() (p historyPosition, err error) {
	if f.ofEvents() {
		p.came, p.eventID, err = parseEventCursor(f.Cursor)
		return p, err
	}
	p.after, err = parseLineCursor(f.Cursor)
	return p, err
}

func kindList(kinds []HistoryKind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}

// historian reads one page of an account's history.
type historian struct {
	tx       *store.Tx
	provider *Provider
	account  string
	historyPosition
	// limit is one more than the page holds, to see whether there is another.
	limit int
	// The month to which the page is bound, in the units that rows are dated by;
	// all zero for no bound.
	hours    [2]calendar.Hour
	days     [2]calendar.Day
	instants [2]calendar.Instant

	found []happened
}

// happened is an item with its place in the journal.
type happened struct {
	HistoryItem
	place account.RowID
}

func (h *historian) within(m calendar.Month) {
	from, to := h.provider.Settings.Zone.MonthBounds(m)
	h.hours, h.days, h.instants = hoursOf(from, to), [2]calendar.Day{m.First(), (m + 1).First()}, [2]calendar.Instant{from, to}
}

// page reads as many rows of each kind as the page could hold, and keeps the
// first of them all.
func (h *historian) page(ctx context.Context, f HistoryFilter) (items []HistoryItem, next string, err error) {
	for _, r := range historyReaders {
		if asked := slices.Contains(f.Kinds, r.kind) || len(f.Kinds) == 0 && r.usual; !asked {
			continue
		}
		if err := r.read(h, ctx); err != nil {
			return nil, "", err
		}
	}
	slices.SortFunc(h.found, func(a, b happened) int {
		return cmp.Or(cmp.Compare(a.place.Entry, b.place.Entry), cmp.Compare(a.place.Line, b.place.Line))
	})
	if len(h.found) > f.Limit {
		h.found = h.found[:f.Limit]
		next = lineCursor(h.found[f.Limit-1].place)
	}
	items, err = h.dated(ctx)
	return items, next, err
}

// dated completes the items by what their journal entries say.
func (h *historian) dated(ctx context.Context) ([]HistoryItem, error) {
	var numbers []int64
	for _, row := range h.found {
		numbers = append(numbers, row.place.Entry)
	}
	entries, err := h.tx.Entries(ctx, h.account, slices.Compact(numbers))
	if err != nil {
		return nil, err
	}
	items := make([]HistoryItem, len(h.found))
	for i, row := range h.found {
		entry := entries[row.place.Entry]
		items[i] = row.HistoryItem
		items[i].At = h.provider.instant(entry.Effective)
		if row.Kind != HistoryTopUp {
			continue
		}
		if items[i].What, err = paidInBy(entry); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// paidInBy says how a top-up was paid, which is kept in its entry alone.
func paidInBy(e journal.Entry) (string, error) {
	t, err := paymentOf(&e)
	if err != nil {
		return "", refusal.New(refusal.BadInput, "the inputs of entry %d cannot be read: %v", e.Seq, err).
			Do("run termwise verify: the journal was changed")
	}
	return fmt.Sprintf("Paid in by %s, with the reference %s.", t.Method, t.Reference), nil
}

// events reads a page of refused usage events, in order of when they came.
func (h *historian) events(ctx context.Context, f HistoryFilter) (items []HistoryItem, next string, err error) {
	chosen := store.RefusedEventFilter{
		From: h.instants[0], To: h.instants[1], After: h.came, AfterID: h.eventID, Limit: h.limit,
	}
	rows, err := h.tx.RefusedEventsByTime(ctx, h.account, chosen)
	if len(rows) > f.Limit {
		rows = rows[:f.Limit]
		next = eventCursor(&rows[f.Limit-1])
	}
	for _, e := range rows {
		items = append(items, HistoryItem{
			ID:   RowName{Kind: EventRow, Account: h.account, Event: e.ID}.String(),
			Kind: HistoryEvent, At: h.provider.instant(e.Recorded), Code: e.Code,
			What: fmt.Sprintf("Usage event %s of %s was not accepted: %s.", e.Event, e.Source, e.Message),
		})
	}
	return items, next, err
}
