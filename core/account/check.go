package account

import (
	"encoding/binary"
	"maps"
	"slices"

	"termwise.dev/core/journal"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/subscription"
)

// Check holds the evidence against every truth that concerns one account. The
// replay under r is left out when r has no terms, because the documents
// themselves cannot be read.
func (ev *Evidence) Check(r Replay) Findings {
	f := Findings{Checked: map[Truth]int{}, Faults: slices.Clone(ev.Unread)}
	missing := ev.checkJournal(&f)
	ev.checkPayments(&f)
	ev.checkTransfers(&f)
	ev.checkBalances(&f)
	ev.checkReturned(&f)
	ev.checkOwed(&f)
	ev.checkState(&f)
	ev.checkUsage(&f, missing)
	ev.checkEdges(&f)
	if r.Terms != nil {
		f.add(r.check(ev, &f, missing))
	}
	return f
}

// missingRows are the rows that entries wrote and that are gone. Which table
// they are missing from is found out by what they leave behind.
type missingRows []*Fault

// in says that the first row that could be missing from a table is. It returns
// nothing when no row is missing.
func (m missingRows) in(table Table, matches func(RowID) bool) *Fault {
	for _, gone := range m {
		if !matches(gone.RowID) || gone.Table != InJournal && gone.Table != table {
			continue
		}
		if gone.Line != 0 { // else it is not known which row it is
			gone.Table = table
		}
		return gone
	}
	return nil
}

func anyRow(RowID) bool { return true }

// checkJournal checks each row's digest, each entry's seal over its rows, and
// the chain of entries up to the account's head (truth 9).
func (ev *Evidence) checkJournal(f *Findings) missingRows {
	damaged := ev.checkLines(f)
	ev.checkNoticeRows(f)
	rows := ev.sealedRows()
	f.checked(JournalReplays, len(rows)+len(ev.Entries))
	for _, row := range rows {
		if row.stored != row.right {
			f.add(fault(JournalReplays, row.table, row.RowID, "digest does not match its content"))
		}
	}
	var missing missingRows
	var previous journal.Hash
	for i := range ev.Entries {
		e := ev.Entries[i]
		if e.Seq != int64(i)+1 {
			f.add(fault(JournalReplays, InJournal, RowID{Entry: int64(i) + 1}, "is missing: entry %d stands in its place", e.Seq))
			return missing
		}
		e.Previous = previous
		if e.Hash != e.Seal(ev.Account.ID) {
			f.add(fault(JournalReplays, InJournal, RowID{Entry: e.Seq}, "hash does not match its content and the entry before it"))
		}
		previous = e.Hash
		var own []sealed
		own, rows = ofEntry(f, rows, e.Seq)
		if damaged[e.Seq] {
			continue // and so named; its rows cannot give its seal
		}
		if gone := ev.checkSeal(f, e, own); gone != nil {
			f.add(gone)
			missing = append(missing, gone)
		}
	}
	ev.checkHead(f, previous)
	for _, row := range rows {
		f.add(fault(JournalReplays, row.table, row.RowID, "belongs to no journal entry"))
	}
	return missing
}

// checkLines checks that the packed rows of each entry are as they were written, and
// returns the entries whose are not.
func (ev *Evidence) checkLines(f *Findings) map[int64]bool {
	damaged := map[int64]bool{}
	for i := range ev.Lines {
		if l := &ev.Lines[i]; !l.Whole(ev.Account.ID) {
			damaged[l.Entry] = true
			f.add(fault(JournalReplays, InJournal, RowID{Entry: l.Entry}, "does not hold the packed rows, or their number and hours, that were written with it"))
		}
	}
	return damaged
}

// checkNoticeRows checks that each notice with a row of its own is one that has. Notices
// are sealed wherever they stand, so the seals do not show one that was taken out of its
// entry.
func (ev *Evidence) checkNoticeRows(f *Findings) {
	for i := range ev.NoticeRows {
		if n := &ev.NoticeRows[i]; n.Packs() {
			f.add(fault(JournalReplays, InNotices, n.RowID, "is about no document: its entry carries such a notice, and no row does"))
		}
	}
}

// ofEntry parts the rows of an entry from those of later ones. Rows before it
// belong to no entry.
func ofEntry(f *Findings, rows []sealed, seq int64) (own, rest []sealed) {
	for len(rows) > 0 && rows[0].Entry < seq {
		f.add(fault(JournalReplays, rows[0].table, rows[0].RowID, "belongs to no journal entry"))
		rows = rows[1:]
	}
	own = CutEntry(&rows, seq)
	return own, rows
}

// checkSeal checks that an entry's rows are those that it wrote. It returns the
// row that is gone, if one is.
func (ev *Evidence) checkSeal(f *Findings, e journal.Entry, rows []sealed) (gone *Fault) {
	if sealOf(rows, -1) == e.Rows {
		return nil
	}
	line, packed, gap := int64(1), false, false
	for i, row := range rows {
		if sealOf(rows, i) == e.Rows {
			f.add(fault(JournalReplays, row.table, row.RowID, "was not written by its journal entry"))
			return nil
		}
		if row.Line > line {
			gap = true
			break
		}
		line = row.Line + 1
		packed = packed || row.packed
	}
	if slices.ContainsFunc(rows, func(row sealed) bool { return row.stored != row.right }) {
		return nil // named already
	}
	if packed && !gap { // the digests of packed rows are not kept: none of them can be told from another
		return fault(JournalReplays, InJournal, RowID{Entry: e.Seq},
			"holds a row that was changed and packed anew, or lacks its last row: its rows do not give its seal")
	}
	table := InJournal // until something else shows which it is
	if e.Kind == journal.Accepted {
		table = InAcceptances
	}
	return fault(JournalReplays, table, RowID{Entry: e.Seq, Line: line},
		"is missing, or was changed together with its digest: the rows of entry %d do not give its seal", e.Seq)
}

// sealOf seals rows as they are stored, leaving out one of them.
func sealOf(rows []sealed, without int) journal.Hash {
	digests := make([]byte, 0, 8*len(rows))
	for i, row := range rows {
		if i != without {
			digests = binary.BigEndian.AppendUint64(digests, uint64(row.stored))
		}
	}
	return SealRows(digests)
}

// checkHead checks that the chain ends where the account says.
func (ev *Evidence) checkHead(f *Findings, last journal.Hash) {
	n := int64(len(ev.Entries))
	switch a := &ev.Account; {
	case a.Seq == n && a.Head == last:
	case a.Seq > n && a.Head != last:
		f.add(fault(JournalReplays, InJournal, RowID{Entry: n + 1}, "is missing: the account's last entry is %d", a.Seq))
	case a.Seq < n && a.Seq > 0 && a.Head == ev.Entries[a.Seq-1].Hash:
		f.add(fault(JournalReplays, InJournal, RowID{Entry: a.Seq + 1}, "comes after the account's last entry, %d", a.Seq))
	default:
		f.add(faultAt(JournalReplays, InAccounts, "", "says that the journal ends with entry %d and hash %s; it ends with entry %d and hash %s",
			a.Seq, a.Head, n, last))
	}
}

// shapes are the kinds of account that a transfer for each purpose debits and credits.
var shapes = map[ledger.Purpose][2]string{
	ledger.TopUp:           {"paid_in", "wallet"},
	ledger.Charge:          {"receivable", "revenue"},
	ledger.ChargeReversed:  {"revenue", "receivable"},
	ledger.PaymentReturned: {"receivable", "wallet"},
	ledger.Payment:         {"wallet", "receivable"},
	ledger.LateFee:         {"fees_receivable", "fee_income"},
	ledger.LateFeePaid:     {"wallet", "fees_receivable"},
}

// checkPayments checks that no payment, which is its method and its reference, was
// credited twice. Inputs that cannot be read are found as they are replayed.
func (ev *Evidence) checkPayments(f *Findings) {
	type payment struct{ method, reference string }
	credited := map[payment]int64{}
	for i := range ev.Entries {
		e := &ev.Entries[i]
		if e.Kind != journal.ToppedUp {
			continue
		}
		t, err := inputsOf[TopUp](e)
		if err != nil {
			continue
		}
		by := payment{t.Method, t.Reference}
		if first := credited[by]; first != 0 {
			f.add(fault(JournalReplays, InJournal, RowID{Entry: e.Seq}, "credits the payment %q by %s, which entry %d credited", t.Reference, t.Method, first))
			continue
		}
		credited[by] = e.Seq
	}
}

// checkTransfers checks that each transfer takes from one account exactly what
// it gives to another, between the accounts that its purpose is for (truth 1).
func (ev *Evidence) checkTransfers(f *Findings) {
	f.checked(TransfersBalance, len(ev.Transfers))
	for i := range ev.Transfers {
		t := &ev.Transfers[i]
		shape, known := shapes[t.Purpose]
		if !known || t.Debit.Kind() != shape[0] || t.Credit.Kind() != shape[1] || t.Transfer.Amount <= 0 {
			f.add(fault(TransfersBalance, InTransfers, t.RowID, "is not a transfer that exists: %s of %s from %s to %s",
				t.Purpose, t.Transfer.Amount, t.Debit, t.Credit))
		}
	}
}

// checkBalances checks that each balance is the sum of its transfers (truth 2)
// and that the wallet never fell below its floor (truth 3).
func (ev *Evidence) checkBalances(f *Findings) {
	sums := ledger.Balances{}
	for i := range ev.Transfers {
		f.checked(WalletsHaveFloors, 1)
		if err := sums.Post(ev.Transfers[i].Transfer); err != nil {
			f.add(fault(WalletsHaveFloors, InTransfers, ev.Transfers[i].RowID, "could not have been made: %v", err))
			return
		}
	}
	balances := ev.Account.Balances
	f.checked(BalancesAreSums, len(balances))
	for _, name := range balances.Names() {
		sum, moved := sums[name]
		if !moved || balances[name] != sum {
			f.add(faultAt(BalancesAreSums, InAccounts, string(name), "holds %s, and its transfers sum to %s", balances[name], sum))
		}
	}
	for _, name := range sums.Names() {
		if _, kept := balances[name]; !kept && sums[name] != 0 {
			f.add(faultAt(BalancesAreSums, InAccounts, string(name), "is missing, and its transfers sum to %s", sums[name]))
		}
	}
}

// checkReturned checks that what goes back to the wallet was paid, and is not consumed
// (truth 6): of no seller's charges more comes back than was paid for them, and no more
// than the same entry takes back of what was charged.
func (ev *Evidence) checkReturned(f *Findings) {
	paid, reversed := map[ledger.Account]money.Amount{}, map[ledger.Account]money.Amount{}
	entry := int64(0)
	for i := range ev.Transfers {
		t := &ev.Transfers[i]
		if t.Entry != entry {
			entry = t.Entry
			clear(reversed)
		}
		switch t.Purpose {
		case ledger.Payment:
			f.checked(ReturnsWerePaid, 1)
			paid[t.Credit] += t.Transfer.Amount
		case ledger.ChargeReversed:
			reversed[t.Credit] += t.Transfer.Amount
		case ledger.PaymentReturned:
			f.checked(ReturnsWerePaid, 1)
			if most := min(paid[t.Debit], reversed[t.Debit]); t.Transfer.Amount > most {
				f.add(fault(ReturnsWerePaid, InTransfers, t.RowID, "returns %s, and of what was paid from the wallet %s is not consumed", t.Transfer.Amount, most))
			}
			paid[t.Debit] -= t.Transfer.Amount
			reversed[t.Debit] -= t.Transfer.Amount
		}
	}
}

// checkOwed checks that each settlement makes owed what it charged, and that
// what is owed is what the debts say (truth 5).
func (ev *Evidence) checkOwed(f *Findings) {
	f.checked(ChargesAreOwed, len(ev.Charges))
	owed, first := map[int64]money.Amount{}, map[int64]RowID{}
	for i := range ev.Charges {
		c := &ev.Charges[i]
		owed[c.Entry] -= c.Amount
		if _, seen := first[c.Entry]; !seen {
			first[c.Entry] = c.RowID
		}
	}
	for i := range ev.Transfers {
		switch t := &ev.Transfers[i]; t.Purpose {
		case ledger.Charge:
			owed[t.Entry] += t.Transfer.Amount
		case ledger.ChargeReversed:
			owed[t.Entry] -= t.Transfer.Amount
		}
	}
	for _, entry := range slices.Sorted(maps.Keys(owed)) {
		if owed[entry] == 0 {
			continue
		}
		if id, charged := first[entry]; charged {
			f.add(fault(ChargesAreOwed, InCharges, id, "is part of entry %d, whose charges and whose transfers to the receivable differ by %s", entry, owed[entry]))
			continue
		}
		f.add(fault(ChargesAreOwed, InJournal, RowID{Entry: entry}, "makes %s owed that it did not charge", owed[entry]))
	}
	ev.checkDebts(f)
}

// checkDebts checks that the debts sum to what the receivables say.
func (ev *Evidence) checkDebts(f *Findings) {
	sums := map[string]money.Amount{}
	for _, d := range ev.Account.Debts {
		sums[d.Seller] += d.Outstanding
	}
	for _, name := range ev.Account.Balances.Names() {
		if name.Kind() != "receivable" {
			continue
		}
		seller := string(name)[len("receivable:"):]
		if owed := ev.Account.Balances.Owed(name); owed != sums[seller] {
			f.add(faultAt(ChargesAreOwed, InAccounts, "debts to "+seller, "sum to %s, and %s is owed", sums[seller], owed))
		}
	}
}

// checkState checks that the account's state is written as it always is, and that
// what stands beside it for lists is what it sums to.
func (ev *Evidence) checkState(f *Findings) {
	totals, err := ev.Account.Totals()
	if err != nil || totals != ev.Totals {
		f.add(faultAt(BalancesAreSums, InAccounts, "", "has the totals %+v, and its state gives %+v", ev.Totals, totals))
	}
	if !ev.Account.holdsState(ev.State) {
		f.add(faultAt(JournalReplays, InAccounts, "", "has its state written otherwise than it is written"))
	}
}

// checkEdges checks that each service moved along declared edges and stands
// where its last move led (truth 10).
func (ev *Evidence) checkEdges(f *Findings) {
	f.checked(StatesMoveOnEdges, len(ev.Transitions))
	last := map[string]subscription.Transition{}
	for i := range ev.Transitions {
		m := &ev.Transitions[i]
		if from := last[m.Product].To; m.From != from || !subscription.CanMove(m.From, m.To) {
			f.add(fault(StatesMoveOnEdges, InTransitions, m.RowID, "moves %s from %q to %q, which stood at %q", m.Product, m.From, m.To, from))
		}
		if (m.To == subscription.Suspended || m.To == subscription.Released) && m.Owed <= 0 {
			f.add(fault(StatesMoveOnEdges, InTransitions, m.RowID, "moves %s to %q although %s was owed", m.Product, m.To, m.Owed))
		}
		last[m.Product] = m.Transition
	}
	for _, product := range ev.Account.products() {
		s := ev.Account.Services[product]
		if to := last[product]; s.State != to.To || s.Since != to.At {
			f.add(faultAt(StatesMoveOnEdges, InAccounts, "service "+product, "is %q since %s, and its last move led to %q at %s", s.State, s.Since, to.To, to.At))
		}
	}
}
