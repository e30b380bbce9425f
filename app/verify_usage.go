package app

import (
	"math"
	"slices"
	"strings"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// admitted checks that each event which was taken in could be, by the terms that bound
// the account for it as they were known when it came.
func (y yardstick) admitted(ev *account.Evidence, out *verifiedAccount) {
	if y.corpus == nil {
		return
	}
	who := ev.Acts().Before(math.MaxInt64, ev.Account.ID)
	for i := range ev.Events {
		e := &ev.Events[i]
		err := y.admits(ev.Account.Opened, who, e, e.Recorded)
		if err == nil || y.admittedThen(ev, e) {
			continue
		}
		out.add(account.UsageIsBilledOnce, Breakage{
			Table: string(account.InUsage), Row: out.id + " " + account.ParcelName(e.Parcel),
			Message: "holds event " + account.EventName(e.Source, e.ID) + ", which could not be taken in: " + err.Error(),
		})
		return
	}
}

// admittedThen says whether an event could be taken in at some time of the instant in
// which it came, or of the moments before: it may have been judged a little before it was
// kept, and whether before or after what the account did meanwhile is not kept.
func (y yardstick) admittedThen(ev *account.Evidence, e *account.StoredEvent) bool {
	since := e.Recorded.Add(-knownAfter)
	at := func(entry int64) bool {
		who := ev.Acts().Before(entry, ev.Account.ID)
		return y.admits(ev.Account.Opened, who, e, e.Recorded) == nil || y.admits(ev.Account.Opened, who, e, since) == nil
	}
	return at(math.MaxInt64) || slices.ContainsFunc(ev.Entries, func(j journal.Entry) bool {
		return since <= j.Recorded && j.Recorded <= e.Recorded && at(j.Seq)
	})
}

// admits says why an event could not be taken in by what was known at an instant.
func (y yardstick) admits(opened calendar.Instant, who terms.Standing, e *account.StoredEvent, known calendar.Instant) error {
	if e.From < opened {
		return refusal.New(refusal.BeforeAccount, "the account was opened at %s", opened)
	}
	_, set, err := y.provider.use(who.For(e.Product), e.From, known, "")
	if err != nil {
		return err
	}
	return account.Judge(set, &e.Event, known, y.zone)
}

// refusals is what the refused events of an account are held against.
type refusals struct {
	yardstick
	ev      *account.Evidence
	who     terms.Standing
	first   map[[2]string]*account.StoredEvent // by source and id
	rebuilt map[int64]*terms.Set
}

func (y yardstick) refusals(ev *account.Evidence) *refusals {
	r := &refusals{
		yardstick: y, ev: ev, who: ev.Acts().Before(math.MaxInt64, ev.Account.ID),
		first: make(map[[2]string]*account.StoredEvent, len(ev.Events)), rebuilt: map[int64]*terms.Set{},
	}
	for i := range ev.Events {
		e := &ev.Events[i]
		r.first[[2]string{e.Source, e.ID}] = e
	}
	return r
}

// again judges a refused event again, as explain does, and says how that comes out
// otherwise; nothing where it does not, or where it cannot be said.
func (r *refusals) again(row *store.RefusedEvent) string {
	c := account.Case{Account: row.Account, Currency: r.ev.Account.Currency, Zone: r.zone}
	known := account.Against{Opened: r.ev.Account.Opened, First: r.first[[2]string{row.Source, row.Event}]}
	if row.Terms == 0 {
		c.Set = r.provider.rebind(row, r.who, &known)
	} else if c.Set = r.set(row.Terms); c.Set == nil {
		return "" // which is named as a set of documents
	}
	x, err := c.Event(turned(row, known))
	if err != nil {
		return "cannot be judged again: " + err.Error()
	}
	if row.Code == refusal.BadInput && x.Recomputed == account.WouldBeAccepted {
		return "" // as whatever came while the account's state could not be read was refused
	}
	return strings.Join(x.Disagreements, "; ")
}

// set finds a set of documents again; nil where it cannot be.
func (r *refusals) set(id int64) *terms.Set {
	if set, done := r.rebuilt[id]; done {
		return set
	}
	var set *terms.Set
	if kept := r.sets[id]; kept != nil && !kept.Unreadable {
		set, _ = r.corpus.Rebuild(kept.Refs, kept.Product)
	}
	r.rebuilt[id] = set
	return set
}
