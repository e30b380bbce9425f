package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/journal"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
)

// Outcome says what became of a usage event.
type Outcome string

// The outcomes: the event is new and counted; it was here before; its name
// stands for an event with another body, and it is not counted.
const (
	UsageAccepted  Outcome = "accepted"
	UsageDuplicate Outcome = "duplicate"
	UsageReused    Outcome = "reused"
)

// eventKey names an event.
type eventKey struct{ account, source, id string }

func keyOf(e *metering.Event) eventKey { return eventKey{e.Account, e.Source, e.ID} }

// PutUsage keeps events that core found acceptable and that are new, in one
// parcel for each account, and says what became of each, in the order given.
// recorded is when they arrived. It refuses with unknown_account when an account
// does not exist; nothing may be committed then. Their usage is put into buckets
// when the account is next decided on, which is made to happen when the first of
// its hours has ended.
//
// Accounts are locked in order of their ids and before anything else, so batches
// that overlap wait for each other and never in a circle. What is put depends on
// nothing but the accounts that it is of.
func (tx *Tx) PutUsage(ctx context.Context, batch []metering.Event, recorded calendar.Instant) ([]Outcome, error) {
	if len(batch) == 0 {
		return []Outcome{}, nil
	}
	p := newPutting(batch, recorded)
	if err := tx.lockHeads(ctx, p); err != nil {
		return nil, err
	}
	if err := tx.catchUp(ctx, p); err != nil {
		return nil, err
	}
	if err := tx.lookUp(ctx, p); err != nil {
		return nil, err
	}
	outcomes, fresh, err := p.judge()
	if err != nil {
		return nil, err
	}
	return outcomes, tx.putParcels(ctx, p, fresh)
}

// putting is events on their way into parcels.
type putting struct {
	batch    []metering.Event
	recorded calendar.Instant
	ids      []string // the accounts, sorted
	heads    map[string]*head
	names    []name       // of each event
	first    map[name]int // the first event of the batch with the name
	// at says in which parcel of its account an event is that came before, and
	// older what it says.
	at    map[name]int64
	older map[name]*metering.Event
}

// head is what an account says of its usage.
type head struct {
	account.Intake
	nextDue calendar.Instant
}

func newPutting(batch []metering.Event, recorded calendar.Instant) *putting {
	p := &putting{
		batch: batch, recorded: recorded, heads: map[string]*head{}, names: make([]name, len(batch)),
		first: make(map[name]int, len(batch)), at: map[name]int64{}, older: map[name]*metering.Event{},
	}
	var enc journal.Encoder
	ids := map[string]bool{}
	for i := range batch {
		p.names[i] = nameOf(&enc, keyOf(&batch[i]))
		if _, seen := p.first[p.names[i]]; !seen {
			p.first[p.names[i]] = i
		}
		ids[batch[i].Account] = true
	}
	p.ids = slices.Sorted(maps.Keys(ids))
	return p
}

// lockHeads locks the accounts, refuses those that do not exist, and reads how
// far their usage is.
func (tx *Tx) lockHeads(ctx context.Context, p *putting) error {
	if _, err := apart(tx, p.ids, func(ids []string) ([]string, error) {
		wanted, err := list(tx, ids)
		if err != nil {
			return nil, err
		}
		return nil, heads.each(ctx, tx, func(id string, h *head) { p.heads[id] = h },
			"WHERE "+tx.among("account", "text")+" ORDER BY account"+tx.forUpdate(), wanted)
	}); err != nil {
		return err
	}
	for _, id := range p.ids {
		if p.heads[id] == nil {
			return refusal.New(refusal.UnknownAccount, "no account has the id %q", id).Do("open the account first")
		}
	}
	return nil
}

// errForgotten says that the index in memory knew more than the database and was
// made anew. Nothing is wrong with the transaction; it is run again.
var errForgotten = errors.New("store: the index of usage in memory was ahead of the database and is read again")

// catchUp reads the parcels that came for the accounts without this process
// knowing: from another one, or before it was started.
func (tx *Tx) catchUp(ctx context.Context, p *putting) error {
	behind, runs, err := tx.learnt.compare(tx.names, p)
	if err != nil {
		return err
	}
	if runs {
		if err := tx.learnRuns(ctx); err != nil {
			return err
		}
	}
	if err := tx.learnt.rests(tx.names, p); err != nil {
		return err
	}
	if len(behind) == 0 {
		return nil
	}
	reach := map[string]int64{}
	for _, row := range behind {
		reach[row.owner] = *row.row
	}
	var enc journal.Encoder
	var broken error
	err = afterParcel.query(ctx, tx, laterParcels, behind, parcels.scan(func(id string, parcel *account.Parcel) {
		events, whole := parcel.Open(id)
		if !whole || parcel.Number != reach[id]+1 {
			broken = cmp.Or(broken, changedParcel(id, parcel.Number))
		}
		reach[id] = parcel.Number
		for i := range events {
			tx.learnt.names[nameOf(&enc, keyOf(&events[i].Event))] = learntName{id, parcel.Number}
		}
	}))
	if err := errors.Join(err, broken); err != nil {
		return err
	}
	for _, row := range behind {
		if id := row.owner; reach[id] != p.heads[id].Parcels {
			return changedParcel(id, reach[id]+1)
		}
	}
	return nil
}

func changedParcel(id string, number int64) error {
	return fmt.Errorf("store: parcel %d of the usage of account %s was changed or is gone: run termwise verify", number, id)
}

// compare holds what is known of the accounts against their heads. It lists those
// with parcels that are not known, with the last one that is, and says whether
// there are runs to read first.
func (l *learnt) compare(x *names, p *putting) (behind []owned[int64], runs bool, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if l.epoch != x.epoch {
		return nil, false, errForgotten
	}
	for _, id := range p.ids {
		h := p.heads[id]
		k, begun := l.accounts[id]
		if of := x.accounts[id]; !begun && of != nil {
			k = *of
		}
		if k.parcel > h.Parcels {
			x.forgetNow()
			return nil, false, errForgotten
		}
		if h.Reach.Runs > 0 && h.Indexed > k.indexed { // another process sealed them
			k = k.with(known{parcel: h.Indexed, indexed: h.Indexed, reach: h.Reach})
		}
		runs = runs || h.Reach.Runs > x.reach().Runs
		if k.parcel < h.Parcels {
			from := k.parcel
			behind = append(behind, owned[int64]{id, &from})
			k.parcel = h.Parcels
		}
		l.accounts[id] = k
	}
	return behind, runs, nil
}

// rests wants the index to reach as far as the accounts of the batch say, and by the
// runs that they say. With one of them gone, or another in its place, a repetition
// would be new.
func (l *learnt) rests(x *names, p *putting) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if l.epoch != x.epoch {
		return errForgotten
	}
	for _, id := range p.ids {
		switch says := p.heads[id].Reach; {
		case says.Runs > x.reach().Runs:
			return goneRun(x.reach().Runs + 1)
		case says.Runs > 0 && says != x.reaches[says.Runs-1]:
			return &IndexFault{says.Runs, fmt.Sprintf("is not the one, or comes not after those, that account %s rests on", id)}
		}
	}
	return nil
}

// reached wants all runs up to the last that there is to be known. When fewer are
// there than were known before that was asked, the database was put back.
func (l *learnt) reached(x *names, known, last int64) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case l.epoch != x.epoch:
		return errForgotten
	case last < known:
		x.forgetNow()
		return errForgotten
	case x.reach().Runs < last:
		return goneRun(x.reach().Runs + 1)
	}
	return nil
}

// lookUp finds the events of the batch that came before, and reads them.
func (tx *Tx) lookUp(ctx context.Context, p *putting) error {
	pages, err := tx.learnt.find(tx.names, p)
	if err != nil {
		return err
	}
	if err := tx.lookInRuns(ctx, p, pages); err != nil {
		return err
	}
	if len(p.at) == 0 {
		return nil
	}
	wanted := map[ownedKey[int64]]bool{}
	for n, number := range p.at {
		wanted[ownedKey[int64]{p.batch[p.first[n]].Account, number}] = true
	}
	rows := make([]owned[int64], 0, len(wanted))
	for key := range wanted {
		rows = append(rows, owned[int64]{key.owner, &key.key})
	}
	var enc journal.Encoder
	var broken error
	err = afterParcel.query(ctx, tx, theParcels,
		sortedRows(rows, func(a, b *int64) int { return cmp.Compare(*a, *b) }),
		parcels.scan(func(id string, parcel *account.Parcel) {
			events, whole := parcel.Open(id)
			if !whole {
				broken = cmp.Or(broken, changedParcel(id, parcel.Number))
			}
			for i := range events {
				n := nameOf(&enc, keyOf(&events[i].Event))
				if p.at[n] == parcel.Number {
					p.older[n] = &events[i].Event
				}
			}
		}))
	return errors.Join(err, broken)
}

// find looks the names of the batch up in memory: it notes those of the tail, and
// returns for each of the others the pages of runs where it may be.
func (l *learnt) find(x *names, p *putting) (map[name][]pageKey, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if l.epoch != x.epoch {
		return nil, errForgotten
	}
	pages := map[name][]pageKey{}
	for n := range p.first {
		if at, here := l.names[n]; here {
			p.at[n] = at.parcel
		} else if at, here := x.tail[n]; here {
			p.at[n] = at.parcel
		} else {
			x.filters.candidates(&n, func(key pageKey) { pages[n] = append(pages[n], key) })
		}
	}
	return pages, nil
}

// lookInRuns looks for names on the pages where they may be.
func (tx *Tx) lookInRuns(ctx context.Context, p *putting, where map[name][]pageKey) error {
	if len(where) == 0 {
		return nil
	}
	var keys []pageKey
	for _, of := range where {
		keys = append(keys, of...)
	}
	pages, err := tx.pages(ctx, keys)
	if err != nil {
		return err
	}
	for n, of := range where {
		for _, key := range of {
			if number := pages[key].find(&n); number > 0 {
				p.at[n] = number
			}
		}
	}
	return nil
}

// judge says what became of each event, and lists those that are kept, by account.
func (p *putting) judge() (outcomes []Outcome, fresh map[string][]metering.Event, err error) {
	outcomes = make([]Outcome, len(p.batch))
	fresh = map[string][]metering.Event{}
	for i := range p.batch {
		e, n := &p.batch[i], p.names[i]
		first := &p.batch[p.first[n]]
		if p.at[n] > 0 {
			first = p.older[n]
		}
		if first == nil || keyOf(first) != keyOf(e) {
			return nil, nil, fmt.Errorf("store: the index of usage says that parcel %d of account %s holds event %s of %s, and it does not: run termwise verify",
				p.at[n], e.Account, e.ID, e.Source)
		}
		switch {
		case first == e:
			outcomes[i] = UsageAccepted
		case first.SameBody(e) || canary.On(canary.ReusedIsDouble):
			outcomes[i] = UsageDuplicate
		default:
			outcomes[i] = UsageReused
		}
		if outcomes[i] == UsageAccepted || canary.On(canary.CountDuplicates) && outcomes[i] == UsageDuplicate {
			fresh[e.Account] = append(fresh[e.Account], *e)
		}
	}
	return outcomes, fresh, nil
}

// putParcels keeps the new events of each account, and makes it fall due when the
// first of their hours has ended, not before they arrived.
func (tx *Tx) putParcels(ctx context.Context, p *putting, fresh map[string][]metering.Event) error {
	var added []owned[account.Parcel]
	var moved []owned[head]
	var enc journal.Encoder
	for _, id := range p.ids {
		events := fresh[id]
		if len(events) == 0 {
			continue
		}
		h, k := p.heads[id], tx.learnt.accounts[id]
		if h.Parcels == maxParcel {
			return refusal.New(refusal.Overflow, "account %s has %d parcels of usage", id, h.Parcels).Do("open another account")
		}
		h.Parcels++
		h.Indexed, h.Reach = k.indexed, k.reach
		if due, any := firstDue(events, p.recorded); any && !canary.On(canary.LoseLateEvent) {
			h.nextDue = min(h.nextDue, due)
		}
		added = append(added, owned[account.Parcel]{id, account.NewParcel(id, h.Parcels, p.recorded, events)})
		moved = append(moved, owned[head]{id, h})
		tx.learnt.accounts[id] = k.with(known{parcel: h.Parcels})
		for i := range events {
			tx.learnt.names[nameOf(&enc, keyOf(&events[i]))] = learntName{id, h.Parcels}
		}
	}
	if err := parcels.add(ctx, tx, added); err != nil {
		return err
	}
	_, err := heads.write(ctx, tx, `UPDATE accounts SET parcels = r.parcels, indexed = r.indexed, runs = r.runs, runs_digest = r.runs_digest,
			next_due = r.next_due FROM {rows}
		WHERE accounts.account = r.account`, moved)
	return err
}

// firstDue returns when usage that came falls due: when the first of its hours
// has ended. It returns false when nothing was used.
func firstDue(events []metering.Event, recorded calendar.Instant) (due calendar.Instant, any bool) {
	due = calendar.EndOfTime
	for i := range events {
		if hour, used := events[i].FirstHour(); used {
			due, any = min(due, hour.End()), true
		}
	}
	return max(due, recorded), any
}

var (
	heads = accountTable(
		"accounts", "parcels, indexed, runs, runs_digest, next_due",
		func(h *head) []any {
			return []any{&h.Parcels, &h.Indexed, &h.Reach.Runs, &h.Reach.Digest, (*int64)(&h.nextDue)}
		},
	)
	// afterParcel names parcels: theParcels finds them, and laterParcels those that
	// came after them.
	afterParcel  = accountTable("usage_parcels", "parcel", func(number *int64) []any { return []any{number} })
	theParcels   = parcels.selected("p") + ", {rows} WHERE p.account = r.account AND p.parcel = r.parcel"
	laterParcels = parcels.selected("p") + ", {rows} WHERE p.account = r.account AND p.parcel > r.parcel ORDER BY p.account, p.parcel"
)
