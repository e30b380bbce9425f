package store

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/core/notice"
	"termwise.dev/core/terms"
)

// The way back gives rows again that say what the accounts' states say, and what
// is gathered from them is the state that was there.
func TestStateIsGatheredAndScattered(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a", "b", "c")
		w.topUp("a", 100_000_000, start)
		w.use(start, event("1", "a", "vm", 0, 2), event("2", "b", "vm", 0, 3))
		w.advance(start.Add(80*calendar.HourLength), "a", "b")
		w.use(start, event("3", "a", "vm", 79, 9)) // the last hours are not settled
		w.advance(start.Add(81*calendar.HourLength), "a")
		w.actsOfC()
		ids := []string{"a", "b", "c"}
		before, rows := w.kept(ids), w.lists()
		if owed := rows[1].Owed; owed == 0 || rows[1].Fees == 0 || before[0].OpenAfter == calendar.EndOfTime {
			t.Fatalf("the story is dull: %+v", rows)
		}

		if err := downTo(t, db, stateVersion-1); err != nil {
			t.Fatal(err)
		}
		var sum money.Amount
		var suspended int
		if err := db.reader.QueryRowContext(t.Context(), `SELECT (SELECT sum(outstanding) FROM debts WHERE account = 'b'),
			(SELECT count(*) FROM services WHERE account = 'b' AND state = 'suspended')`).Scan(&sum, &suspended); err != nil {
			t.Fatal(err)
		}
		if sum != rows[1].Owed || suspended != 1 {
			t.Errorf("%s is owed, not %s; %d services are suspended", sum, rows[1].Owed, suspended)
		}
		if err := up(t, db); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, w.kept(ids), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("-before +after:\n%s", diff)
		}
		if diff := cmp.Diff(rows, w.lists()); diff != "" {
			t.Errorf("-before +after:\n%s", diff)
		}
		for _, id := range ids[:2] { // what c did was written by hand
			for _, f := range w.evidence(id).Check(account.Replay{}).Faults {
				t.Error(f)
			}
		}
	})
}

// actsOfC has c accept with an order that lapses, leave a document, come back, and
// be told of an end.
func (w *world) actsOfC() {
	w.t.Helper()
	stamp := func(entry int64) account.Stamp { return account.Stamp{RowID: account.RowID{Entry: entry, Line: 1}} }
	update(w.t, w.db, func(ctx context.Context, tx *Tx) error {
		books, err := tx.Books(ctx, []string{"c"}, 0)
		if err != nil {
			return err
		}
		after := *books[0]
		after.Seq += 4
		d := &account.Decision{
			Account: "c", Before: books[0], After: &after, NextDue: calendar.EndOfTime,
			Notices: []account.Noticed{
				{Stamp: stamp(4), Notice: notice.Notice{Kind: notice.ExitConfirmed, Recorded: 41, About: notice.About{Document: "e", Version: "2", Effective: 50}}},
				{Stamp: stamp(5), Notice: notice.Notice{Kind: notice.ProductEnds, Recorded: 42, About: notice.About{Document: "p", Version: "2", Effective: 60}}},
			},
			Acceptances: []account.Accepted{
				{Stamp: stamp(3), Acceptance: terms.Acceptance{Document: "e", Version: "1", Form: terms.Click, At: 10, Recorded: 11, Order: "o-1"}},
				{Stamp: stamp(6), Acceptance: terms.Acceptance{Document: "e", Version: "2", Form: terms.Click, At: 55, Recorded: 56}},
			},
			Lapses: []account.Lapsed{{Stamp: stamp(7), Order: "o-1", Document: "e", Version: "1", Effect: terms.LapsesTerms, At: 70, Recorded: 71}},
		}
		for i := range d.Notices {
			after.Note(&d.Notices[i])
		}
		for i := range d.Acceptances {
			after.Acceptances = append(after.Acceptances, d.Acceptances[i].Acceptance)
			after.Lift(&d.Acceptances[i])
		}
		after.Lapse(&d.Lapses[0])
		return tx.Apply(ctx, []*account.Decision{d})
	})
}

// kept loads the books of accounts without their usage.
func (w *world) kept(ids []string) (books []*account.Books) {
	w.t.Helper()
	view(w.t, w.db, func(ctx context.Context, tx *Tx) (err error) {
		books, err = tx.Heads(ctx, ids)
		return err
	})
	return books
}

// lists loads what lists show of all accounts.
func (w *world) lists() (rows []AccountRow) {
	w.t.Helper()
	view(w.t, w.db, func(ctx context.Context, tx *Tx) (err error) {
		rows, err = tx.Accounts(ctx, "", 100)
		return err
	})
	return rows
}
