package account

import (
	"fmt"

	"termwise.dev/core/journal"
)

// compare holds the entries that came out, and their rows, against the stored ones.
func (r *replaying) compare() *Fault {
	for ; r.made.entries < len(r.d.out.Entries); r.made.entries++ {
		made := &r.d.out.Entries[r.made.entries]
		if r.next >= len(r.ev.Entries) {
			return fault(JournalReplays, InJournal, RowID{Entry: made.Seq}, "is missing: at %s something of the kind %s fell due", made.Effective, made.Kind)
		}
		kept := &r.ev.Entries[r.next]
		if made.Kind != kept.Kind || made.Effective != kept.Effective {
			return fault(JournalReplays, InJournal, RowID{Entry: kept.Seq}, "is of the kind %s at %s; at %s something of the kind %s fell due",
				kept.Kind, kept.Effective, made.Effective, made.Kind)
		}
		if found := r.compareRows(made.Seq); found != nil {
			return found
		}
		if found := compareEntry(kept, made); found != nil {
			return found
		}
		r.next++
	}
	return nil
}

// compareEntry compares what no row holds. The hashes cover the rows.
func compareEntry(kept, made *journal.Entry) *Fault {
	if kept.Seq == made.Seq && kept.Recorded == made.Recorded && kept.Actor == made.Actor &&
		kept.Payload == made.Payload && kept.Hash == made.Hash {
		return nil
	}
	return fault(JournalReplays, InJournal, RowID{Entry: kept.Seq},
		"was recorded at %s by %q with the inputs %s and the hash %s; made again it is recorded at %s by %q with the inputs %s and the hash %s",
		kept.Recorded, kept.Actor, kept.Payload, kept.Hash, made.Recorded, made.Actor, made.Payload, made.Hash)
}

func (r *replaying) compareRows(seq int64) *Fault {
	out, kept, n := r.d.out, &r.kept, &r.made
	// What a row of the journal leads to comes before what it leads to in turn.
	for _, found := range []*Fault{
		held(r, InAcceptances, JournalReplays, seq, out.Acceptances, &n.acceptances, &kept.Acceptances, func(a *Accepted) string {
			return fmt.Sprintf("%s %s by %s at %s, recorded at %s for %q", a.Document, a.Version, a.Form, a.At, a.Recorded, a.Actor)
		}),
		held(r, InLapses, JournalReplays, seq, out.Lapses, &n.lapses, &kept.Lapses, func(l *Lapsed) string {
			return fmt.Sprintf("order %s: %s of %s %s at %s, recorded at %s, by %s under terms %d",
				l.Order, l.Effect, l.Document, l.Version, l.At, l.Recorded, l.Clause.Long(), l.Terms)
		}),
		held(r, InAddOns, JournalReplays, seq, out.AddOns, &n.addOns, &kept.AddOns, func(s *Switched) string {
			return fmt.Sprintf("%s of %s %s at %s with the order %q, by %s under terms %d",
				s.AddOn, s.Product, s.State, s.At, s.Order, s.Clause.Long(), s.Terms)
		}),
		held(r, InRefused, UsageIsBilledOnce, seq, out.Refused, &n.refused, &kept.Refused, func(x *Refused) string {
			return fmt.Sprintf("%d of %s as %s under terms %d", x.Quantity, bucketName(x.Key), x.Code, x.Terms)
		}),
		held(r, InCharges, TermsRecompute, seq, out.Charges, &n.charges, &kept.Charges, func(c *Charge) string {
			return fmt.Sprintf("line %d of %s: %d after %d for %s after %s under terms %d",
				c.Sequence, bucketName(c.Key), c.Quantity, c.QuantityBefore, c.Amount, c.AmountBefore, c.Terms)
		}),
		held(r, InLateFees, TermsRecompute, seq, out.LateFees, &n.lateFees, &kept.LateFees, func(f *LateFee) string {
			return fmt.Sprintf("%s on %s for %s to %s for %s under terms %d", f.Amount, f.Base, f.Day, f.Seller, f.Product, f.Terms)
		}),
		held(r, InTransitions, StatesMoveOnEdges, seq, out.Transitions, &n.transitions, &kept.Transitions, func(m *Moved) string {
			return fmt.Sprintf("%s from %q to %q at %s, %s", m.Product, m.From, m.To, m.At, m.Basis.words())
		}),
		held(r, InNotices, StatesMoveOnEdges, seq, out.Notices, &n.notices, &kept.Notices, func(x *Noticed) string {
			return fmt.Sprintf("%s for %s by %s at %s of %s %s from %s, served at %s to the inboxes %q, %s",
				x.Kind, x.Product, x.Channels, x.Recorded, x.Document, x.Version, x.Effective, x.Served, x.Inboxes, x.Basis.words())
		}),
		held(r, InTransfers, ChargesAreOwed, seq, out.Transfers, &n.transfers, &kept.Transfers, func(p *Posted) string {
			return fmt.Sprintf("%s of %s from %s to %s", p.Purpose, p.Transfer.Amount, p.Debit, p.Credit)
		}),
	} {
		if found != nil {
			return found
		}
	}
	return nil
}

// words gives what a step was based on.
func (b Basis) words() string {
	return fmt.Sprintf("since %s, told at %s, %s owed under terms %d", b.Since, b.Told, b.Owed, b.Terms)
}

// row is a kind of row that can be compared.
type row[T any] interface {
	*T
	place() RowID
}

// place returns the row's entry and line.
func (id RowID) place() RowID { return id }

// held compares an entry's rows of one kind: made holds all rows that came out,
// done of which were compared before, kept the stored rows that are left.
func held[T comparable, P row[T]](r *replaying, table Table, truth Truth, seq int64, made []T, done *int, kept *[]T, words func(*T) string) *Fault {
	for {
		out, in := *done < len(made), len(*kept) > 0 && P(&(*kept)[0]).place().Entry <= seq
		out = out && P(&made[*done]).place().Entry == seq
		if !out && !in {
			return nil
		}
		if out && (!in || P(&(*kept)[0]).place().compare(P(&made[*done]).place()) > 0) {
			return r.lost(table, truth, P(&made[*done]).place(), words(&made[*done]))
		}
		have := &(*kept)[0]
		if !out || P(have).place().compare(P(&made[*done]).place()) < 0 {
			return fault(truth, table, P(have).place(), "should not exist: %s", words(have))
		}
		if *have != made[*done] {
			return fault(truth, table, P(have).place(), "is %s; made again it is %s", words(have), words(&made[*done]))
		}
		*done++
		*kept = (*kept)[1:]
	}
}

// lost says that a row is missing, and tells what was found missing before
// where it was missing from.
func (r *replaying) lost(table Table, truth Truth, id RowID, words string) *Fault {
	r.missing.in(table, func(gone RowID) bool { return gone == id })
	return fault(truth, table, id, "is missing: %s", words)
}
