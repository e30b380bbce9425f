package world

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/sim/model"
	"termwise.dev/store"
)

// lines are what an account's books say, one fact to a line. Both sides write
// them, and they must be the same.
type lines []string

func (l *lines) add(format string, args ...any) { *l = append(*l, fmt.Sprintf(format, args...)) }

// at gives an instant, or nothing for none.
func at(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02T15:04:05.999999")
}

func instant(t calendar.Instant) time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(t)).UTC()
}

// ruled are the lines that the rules give.
func ruled(b *model.Books, turned []model.Turned) lines {
	var l lines
	for _, name := range slices.Sorted(maps.Keys(b.Balances)) {
		if b.Balances[name] != 0 {
			l.add("balance of %s: %s", name, b.Balances[name])
		}
	}
	for _, d := range b.Debts {
		l.add("debt to %s for %s due %s since %s: %s", d.Seller, d.Product, d.Due, at(d.Since), d.Outstanding)
	}
	for _, p := range slices.Sorted(maps.Keys(b.Services)) {
		s := b.Services[p]
		l.add("service %s is %s since %s, in arrears since %s, noticed %s, warned %s",
			p, s.State, at(s.Since), at(s.ArrearsSince), at(s.Noticed), at(s.Warned))
	}
	for _, a := range b.Accepted {
		l.add("accepted %s %s by %s at %s, recorded %s", a.Document, a.Version, a.Form, at(a.At), at(a.Recorded))
	}
	for _, c := range b.Charges {
		l.add("charge %s %s %s, hour %s, line %d: %d for %s, settled %s, recorded %s",
			c.Product, c.Resource, c.Meter, at(c.Hour), c.Line, c.Quantity, c.Amount, at(c.At), at(c.Recorded))
	}
	for _, r := range b.Refused {
		l.add("refused %s %s %s, hour %s: %d, %s, settled %s", r.Product, r.Resource, r.Meter, at(r.Hour), r.Quantity, r.Code, at(r.At))
	}
	for _, f := range b.Fees {
		l.add("late fee to %s for %s, day %s: %s of %s, taken %s", f.Seller, f.Product, f.Day, f.Amount, f.Base, at(f.At))
	}
	for _, m := range b.Moves {
		l.add("service %s from %q to %s at %s, owed %s", m.Product, m.From, m.To, at(m.At), m.Owed)
	}
	for _, n := range b.Notices {
		l.add("notice %s of %s recorded %s, owed %s", n.Kind, n.Product, at(n.Recorded), n.Owed)
	}
	for m, amount := range b.Moved {
		l.add("moved %s at %s, recorded %s: %s", m.Purpose, at(m.At), at(m.Recorded), amount)
	}
	for _, e := range b.Arrived {
		l.add("event %s %s arrived %s", e.Source, e.ID, at(e.Recorded))
	}
	return l.turned(turned).sorted()
}

func (l lines) turned(list []model.Turned) lines {
	for _, t := range list {
		l.add("turned away %s %s: %s", t.Source, t.ID, t.Code)
	}
	return l
}

func (l lines) sorted() lines {
	slices.Sort(l)
	return l
}

// kept are the lines that the database gives.
func kept(ev *account.Evidence, turned []model.Turned) lines {
	var l lines
	l.standing(ev)
	entries := map[int64]journal.Entry{}
	for _, e := range ev.Entries {
		entries[e.Seq] = e
	}
	took := func(entry int64) string { return at(instant(entries[entry].Effective)) }
	for i := range ev.Acceptances {
		a := &ev.Acceptances[i]
		l.add("accepted %s %s by %s at %s, recorded %s", a.Document, a.Version, a.Form, at(instant(a.At)), at(instant(a.Recorded)))
	}
	for i := range ev.Charges {
		c := &ev.Charges[i]
		l.add("charge %s %s %s, hour %s, line %d: %d for %s, settled %s, recorded %s", c.Product, c.Resource, c.Meter,
			at(instant(c.Hour.Start())), c.Sequence, c.Quantity, c.Amount, took(c.Entry), at(instant(entries[c.Entry].Recorded)))
	}
	for i := range ev.Refused {
		r := &ev.Refused[i]
		l.add("refused %s %s %s, hour %s: %d, %s, settled %s", r.Product, r.Resource, r.Meter, at(instant(r.Hour.Start())), r.Quantity, r.Code, took(r.Entry))
	}
	for i := range ev.LateFees {
		f := &ev.LateFees[i]
		l.add("late fee to %s for %s, day %s: %s of %s, taken %s", f.Seller, f.Product, f.Day, f.Amount, f.Base, took(f.Entry))
	}
	for i := range ev.Transitions {
		m := &ev.Transitions[i]
		l.add("service %s from %q to %s at %s, owed %s", m.Product, m.From, m.To, at(instant(m.At)), m.Owed)
	}
	for i := range ev.Notices {
		n := &ev.Notices[i]
		l.add("notice %s of %s recorded %s, owed %s", n.Kind, n.Product, at(instant(n.Recorded)), n.Owed)
	}
	moved := map[model.Movement]model.Money{}
	for i := range ev.Transfers {
		t := &ev.Transfers[i]
		e := entries[t.Entry]
		moved[model.Movement{Purpose: string(t.Purpose), At: instant(e.Effective), Recorded: instant(e.Recorded)}] += model.Money(t.Transfer.Amount)
	}
	for m, amount := range moved {
		l.add("moved %s at %s, recorded %s: %s", m.Purpose, at(m.At), at(m.Recorded), amount)
	}
	for i := range ev.Events {
		e := &ev.Events[i]
		l.add("event %s %s arrived %s", e.Source, e.ID, at(instant(e.Recorded)))
	}
	return l.turned(turned).sorted()
}

// standing adds where the account stands.
func (l *lines) standing(ev *account.Evidence) {
	b := &ev.Account
	for _, name := range b.Balances.Names() {
		if b.Balances[name] != 0 {
			l.add("balance of %s: %s", name, b.Balances[name])
		}
	}
	for _, d := range b.Debts {
		l.add("debt to %s for %s due %s since %s: %s", d.Seller, d.Product, d.Due, at(instant(d.Since)), d.Outstanding)
	}
	for _, s := range b.Services {
		l.add("service %s is %s since %s, in arrears since %s, noticed %s, warned %s", s.Product, s.State,
			at(instant(s.Since)), at(instant(s.ArrearsSince)), at(instant(s.Noticed)), at(instant(s.Warned)))
	}
}

// read reads the lines of an account, or of nobody for the empty id, from the
// database.
func (p *play) read(ctx context.Context, id string) (l lines, err error) {
	err = p.db.View(ctx, func(tx *store.Tx) error {
		list, err := tx.RefusedEvents(ctx, id, "", 1_000_000)
		if err != nil {
			return err
		}
		var turned []model.Turned
		for i := range list {
			t := model.Turned{Source: list[i].Source, ID: list[i].Event, Code: string(list[i].Code)}
			if !slices.Contains(turned, t) {
				turned = append(turned, t)
			}
		}
		if id == "" {
			l = lines{}.turned(turned).sorted()
			return nil
		}
		ev, found, err := tx.Evidence(ctx, id)
		if err == nil && found {
			l = kept(ev, turned)
		}
		return err
	})
	return l, err
}

// differ returns the first lines that only one side has, or nothing.
func differ(ruled, kept lines) string {
	var onlyRuled, onlyKept lines
	i, j := 0, 0
	for i < len(ruled) || j < len(kept) {
		switch {
		case j == len(kept) || i < len(ruled) && cmp.Less(ruled[i], kept[j]):
			onlyRuled = append(onlyRuled, ruled[i])
			i++
		case i == len(ruled) || cmp.Less(kept[j], ruled[i]):
			onlyKept = append(onlyKept, kept[j])
			j++
		default:
			i, j = i+1, j+1
		}
	}
	var b strings.Builder
	few := func(who string, l lines) {
		for _, line := range l[:min(len(l), 8)] {
			fmt.Fprintf(&b, "  %s %s\n", who, line)
		}
		if len(l) > 8 {
			fmt.Fprintf(&b, "  %s (and %d more)\n", who, len(l)-8)
		}
	}
	few("the rules say:", onlyRuled)
	few("the books say:", onlyKept)
	return b.String()
}
