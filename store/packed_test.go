package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/ledger"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/notice"
	"termwise.dev/core/rating"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
)

// putPacked writes journal rows of an account as they are given, whatever they say.
func putPacked(t *testing.T, db *DB, id string, rows ...entered) {
	t.Helper()
	update(t, db, func(ctx context.Context, tx *Tx) error {
		var list []owned[entered]
		for i := range rows {
			list = append(list, owned[entered]{id, &rows[i]})
		}
		return journalRows.add(ctx, tx, list)
	})
}

// packedEntry is an entry of a number with charges of some amounts, an hour and two
// lines apart, and a transfer of each amount that is positive.
func packedEntry(id string, seq int64, kind journal.Kind, hour calendar.Hour, amounts ...money.Amount) entered {
	var charges []account.Charge
	var transfers []account.Posted
	for i, amount := range amounts {
		row := account.Stamp{RowID: account.RowID{Entry: seq, Line: int64(2*i + 1)}}
		charges = append(charges, account.Charge{
			Stamp: row, Key: metering.Key{Product: product, Resource: "vm", Meter: "cpu", Hour: hour + calendar.Hour(i)},
			Line: rating.Line{Quantity: int64(i + 1), Amount: amount, Sequence: int64(i + 1)}, Terms: 1,
		})
		row.Line++
		if amount > 0 {
			transfers = append(transfers, account.Posted{Stamp: row, Transfer: ledger.Transfer{
				Purpose: ledger.TopUp, Debit: "paid_in:x", Credit: ledger.Wallet, Amount: amount,
			}})
		}
	}
	if kind == journal.ToppedUp {
		charges = nil
	}
	return entered{
		journal.Entry{Seq: seq, Kind: kind, Payload: "{}", Effective: hour.Start(), Recorded: hour.End()},
		account.NewLines(id, seq, account.Packed{Charges: charges, Transfers: transfers}),
	}
}

// Pages of any size hold the same rows, however many entries are read for each.
func TestPackedPages(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a", "b")
		hour := calendar.HourOf(start)
		var rows []entered
		for n := range int64(100) {
			amounts := make([]money.Amount, n%4) // every fourth entry has none
			for i := range amounts {
				amounts[i] = money.Amount(n + 1)
			}
			rows = append(rows, packedEntry("a", n+10, journal.Settled, hour+calendar.Hour(n), amounts...))
		}
		putPacked(t, db, "a", rows...)
		pages := func(f Filter[calendar.Hour], limit int) (all []account.Charge) {
			for f.Limit = limit; ; {
				var page []account.Charge
				view(t, db, func(ctx context.Context, tx *Tx) (err error) {
					page, err = tx.Charges(ctx, "a", f)
					return err
				})
				all = append(all, page...)
				if limit == 0 || len(page) < limit {
					return all
				}
				f.After = page[len(page)-1].RowID
			}
		}
		for _, f := range []Filter[calendar.Hour]{
			{},
			{From: hour + 30, To: hour + 60},
			{From: hour + 95},
			{Known: (hour + 20).End()},
			{After: account.RowID{Entry: 13, Line: 3}},
		} {
			want := pages(f, 0)
			if len(want) == 0 {
				t.Errorf("%+v: no charges", f)
			}
			for _, c := range want {
				if !lies(c.Hour, f.From, f.To) || f.Known != 0 && (hour+calendar.Hour(c.Entry-10)).End() > f.Known || !comesAfter(c.RowID, f.After) || c.Digest != c.Seal("a") {
					t.Errorf("%+v: %+v", f, c)
				}
			}
			for _, limit := range []int{1, 2, 7, 50, 1000} {
				if diff := cmp.Diff(want, pages(f, limit)); diff != "" {
					t.Errorf("%+v by %d: -all +in pages:\n%s", f, limit, diff)
				}
			}
		}
		if all := pages(Filter[calendar.Hour]{}, 0); len(all) != 150 {
			t.Errorf("%d charges, want 150", len(all))
		}
		view(t, db, func(ctx context.Context, tx *Tx) error {
			moved, err := tx.Transfers(ctx, "a", Filter[calendar.Instant]{From: (hour + 50).Start(), To: (hour + 54).Start(), After: account.RowID{Entry: 61, Line: 2}, Limit: 4})
			var got []string
			for _, p := range moved {
				got = append(got, fmt.Sprintf("%d.%d", p.Entry, p.RowID.Line))
			}
			if s := strings.Join(got, " "); s != "61.4 61.6 63.2" {
				t.Errorf("transfers of an hour: %s", s)
			}
			return err
		})
	})
}

// steppedEntry is an entry of a number that suspends a service and says so, and says
// something about a document.
func steppedEntry(seq int64, at calendar.Instant) (entered, account.Noticed) {
	place := func(line int64) account.Stamp {
		return account.Stamp{RowID: account.RowID{Entry: seq, Line: line}}
	}
	about := account.Noticed{Stamp: place(3), Notice: notice.Notice{Kind: notice.ServiceChanges, Recorded: at, About: notice.About{Document: "page"}}}
	about.Digest = about.Seal("a")
	return entered{
		journal.Entry{Seq: seq, Kind: journal.Lifecycle, Effective: at, Recorded: at},
		account.NewLines("a", seq, account.Packed{
			Moves: []account.Moved{{Stamp: place(1), Transition: subscription.Transition{Product: product, From: "active", To: "suspended", At: at.Add(-1)}}},
			Notices: []account.Noticed{
				{Stamp: place(2), Notice: notice.Notice{Kind: notice.WasSuspended, Product: product, Recorded: at}},
				{Stamp: place(4), Notice: notice.Notice{Kind: notice.ArrearsBegan, Product: product, Recorded: at}},
			},
		}),
	}, about
}

// Pages of any size hold the same notices and moves, in order, whether a notice is
// packed or has a row of its own.
func TestPagesOfSteps(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a")
		at := func(n int) calendar.Instant { return start.Add(calendar.Duration(n) * calendar.HourLength) }
		var rows []entered
		var about []owned[account.Noticed]
		for n := range 60 {
			if n%3 > 0 {
				rows = append(rows, packedEntry("a", int64(n+10), journal.Settled, calendar.HourOf(at(n)), 1))
				continue
			}
			row, own := steppedEntry(int64(n+10), at(n))
			rows, about = append(rows, row), append(about, owned[account.Noticed]{"a", &own})
		}
		putPacked(t, db, "a", rows...)
		update(t, db, func(ctx context.Context, tx *Tx) error { return notices.add(ctx, tx, about) })
		list := func(f Filter[calendar.Instant]) (told []account.Noticed, moved []account.Moved) {
			view(t, db, func(ctx context.Context, tx *Tx) (err error) {
				if told, err = tx.Notices(ctx, "a", f); err != nil {
					return err
				}
				moved, err = tx.Transitions(ctx, "a", f)
				return err
			})
			return told, moved
		}
		for _, f := range []Filter[calendar.Instant]{
			{}, {From: at(9), To: at(30)}, {Known: at(20)}, {After: account.RowID{Entry: 13, Line: 2}}, {From: at(59)},
		} {
			told, moved := list(f)
			if !slices.IsSortedFunc(told, func(a, b account.Noticed) int { return inLine(a.RowID, b.RowID) }) {
				t.Errorf("%+v: notices are not in order", f)
			}
			for _, n := range told {
				if !lies(n.Recorded, f.From, f.To) || f.Known != 0 && n.Recorded > f.Known || !comesAfter(n.RowID, f.After) || n.Digest != n.Seal("a") {
					t.Errorf("%+v: %+v", f, n)
				}
			}
			for limit := 1; limit <= 61; limit += 4 {
				page := f
				var allTold []account.Noticed
				for page.Limit = limit; len(allTold) == 0 || page.After == allTold[len(allTold)-1].RowID; {
					some, _ := list(page)
					if allTold = append(allTold, some...); len(some) < limit {
						break
					}
					page.After = some[limit-1].RowID
				}
				page = f
				page.Limit = limit
				if _, some := list(page); cmp.Diff(moved[:min(limit, len(moved))], some, cmpopts.EquateEmpty()) != "" || cmp.Diff(told, allTold, cmpopts.EquateEmpty()) != "" {
					t.Errorf("%+v by %d: %d moves and %d notices, want %d and %d", f, limit, len(some), len(allTold), len(moved), len(told))
				}
			}
		}
		if told, moved := list(Filter[calendar.Instant]{}); len(told) != 60 || len(moved) != 20 {
			t.Errorf("%d notices and %d moves, want 60 and 20", len(told), len(moved))
		}
		if told, moved := list(Filter[calendar.Instant]{From: at(9), To: at(30)}); len(told) != 21 || len(moved) != 7 {
			t.Errorf("%d notices and %d moves in a time, want 21 and 7", len(told), len(moved))
		}
		view(t, db, func(ctx context.Context, tx *Tx) error {
			for line, want := range map[int64]notice.Kind{2: notice.WasSuspended, 3: notice.ServiceChanges, 4: notice.ArrearsBegan, 5: ""} {
				n, found, err := tx.Notice(ctx, "a", account.RowID{Entry: 13, Line: line})
				if err != nil || found != (want != "") || n.Kind != want {
					t.Errorf("line %d: %q, %v, %v", line, n.Kind, found, err)
				}
			}
			m, found, err := tx.Transition(ctx, "a", account.RowID{Entry: 13, Line: 1})
			if err != nil || !found || m.To != "suspended" || m.Digest != m.Seal("a") {
				t.Errorf("%+v, %v, %v", m, found, err)
			}
			first, found, err := tx.FirstSuspension(ctx)
			if want := (Example{Account: "a", RowID: account.RowID{Entry: 10, Line: 1}}); err != nil || !found || first != want {
				t.Errorf("the first suspension: %+v, %v, %v", first, found, err)
			}
			histories, err := tx.Histories(ctx)
			if want := []History{{Account: "a", Arrears: 20, Suspensions: 20}}; err != nil || !slices.Equal(histories, want) {
				t.Errorf("%+v, %v", histories, err)
			}
			return nil
		})
	})
}

// packedSums are the sums over charges and transfers, and the first error of making them.
type packedSums struct {
	Paid, Adjusted, Charged, Moved money.Amount
	Quantity                       int64
	Dearest                        Example
	First, Last                    calendar.Hour
}

func sumsOf(ctx context.Context, tx *Tx, hour calendar.Hour) (s packedSums, err error) {
	for _, read := range []func() error{
		func() (err error) { _, s.Paid, err = tx.PaidIn(ctx); return err },
		func() (err error) { s.Adjusted, err = tx.AdjustedTotal(ctx, "a", hour, hour+9, 0); return err },
		func() error {
			totals, err := tx.StatementTotals(ctx, "", hour, hour+9, 0)
			for _, t := range totals {
				s.Charged, s.Quantity = t.Amount, t.Quantity
			}
			return err
		},
		func() error {
			moved, err := tx.MovedByPurpose(ctx, "a", hour.Start(), hour.End(), 0)
			s.Moved = moved[ledger.TopUp]
			return err
		},
		func() (err error) { s.Dearest, _, err = tx.DearestCharge(ctx); return err },
		func() (err error) { s.First, s.Last, _, err = tx.ChargedHours(ctx); return err },
	} {
		err = errors.Join(err, read())
	}
	return s, err
}

// A sum over packed rows that leaves 64 bits is refused, and never wraps.
func TestPackedSumsAreExact(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a", "b")
		hour := calendar.HourOf(start)
		putPacked(t, db, "a",
			packedEntry("a", 10, journal.Settled, hour, 2, math.MaxInt64-9), packedEntry("a", 11, journal.Settled, hour, 1, 4),
			packedEntry("a", 12, journal.ToppedUp, hour+5, math.MaxInt64-1))
		putPacked(t, db, "b", packedEntry("b", 10, journal.Settled, hour+20, math.MaxInt64-9))
		view(t, db, func(ctx context.Context, tx *Tx) error {
			got, err := sumsOf(ctx, tx, hour)
			want := packedSums{
				Paid: math.MaxInt64 - 1, Adjusted: math.MaxInt64 - 5, Charged: math.MaxInt64 - 2, Moved: math.MaxInt64 - 2, Quantity: 6,
				Dearest: Example{Account: "a", RowID: account.RowID{Entry: 10, Line: 3}}, First: hour, Last: hour + 20,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			return err
		})
		many := packedEntry("a", 15, journal.Settled, hour+8, 1)
		p, err := many.lines.Unpack()
		if err != nil {
			t.Fatal(err)
		}
		charges := p.Charges
		charges[0].Meter, charges[0].Quantity = "memory", math.MaxInt64
		putPacked(t, db, "a", packedEntry("a", 13, journal.Settled, hour, 1, 9), packedEntry("a", 14, journal.ToppedUp, hour, 9),
			entered{many.entry, account.NewLines("a", 15, account.Packed{Charges: charges})})
		for name, read := range map[string]func(ctx context.Context, tx *Tx) error{
			"paid in": func(ctx context.Context, tx *Tx) error { _, _, err := tx.PaidIn(ctx); return err },
			"adjusted": func(ctx context.Context, tx *Tx) error {
				_, err := tx.AdjustedTotal(ctx, "a", hour, hour+9, 0)
				return err
			},
			"charged": func(ctx context.Context, tx *Tx) error {
				_, err := tx.StatementTotals(ctx, "a", hour, hour+8, 0)
				return err
			},
			"moved": func(ctx context.Context, tx *Tx) error {
				_, err := tx.MovedByPurpose(ctx, "a", hour.Start(), hour.End(), 0)
				return err
			},
		} {
			if err := db.View(t.Context(), func(tx *Tx) error { return read(t.Context(), tx) }); refusal.CodeOf(err) != refusal.Overflow {
				t.Errorf("%s: %v", name, err)
			}
		}
		// One hour fits, two of them do not.
		again := packedEntry("a", 16, journal.Settled, hour+8)
		charges[0].Entry = 16
		putPacked(t, db, "a", entered{again.entry, account.NewLines("a", 16, account.Packed{Charges: charges})})
		err = db.View(t.Context(), func(tx *Tx) error { _, err := tx.StatementTotals(t.Context(), "a", hour+8, hour+9, 0); return err })
		if refusal.CodeOf(err) != refusal.Overflow {
			t.Errorf("a quantity: %v", err)
		}
	})
}

// Rows that cannot be unpacked are not passed over: whoever reads them is told where
// they are. What is not asked for the rows is read all the same.
func TestDamagedLinesAreNotPassedOver(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a")
		hour := calendar.HourOf(start)
		whole, damaged := packedEntry("a", 10, journal.Settled, hour, 1, 2), packedEntry("a", 11, journal.ToppedUp, hour, 1)
		damaged.lines.Content = damaged.lines.Content[:len(damaged.lines.Content)-1]
		damaged.lines.Charges, damaged.lines.Steps, damaged.lines.First, damaged.lines.Last = 1, 1, hour, hour
		putPacked(t, db, "a", whole, damaged)
		row := account.RowID{Entry: 11, Line: 2}
		for name, read := range map[string]func(ctx context.Context, tx *Tx) error{
			"charges": func(ctx context.Context, tx *Tx) error {
				_, err := tx.Charges(ctx, "a", Filter[calendar.Hour]{Limit: 9})
				return err
			},
			"notices": func(ctx context.Context, tx *Tx) error {
				_, err := tx.Notices(ctx, "a", Filter[calendar.Instant]{})
				return err
			},
			"moves": func(ctx context.Context, tx *Tx) error {
				_, err := tx.Transitions(ctx, "a", Filter[calendar.Instant]{Limit: 1})
				return err
			},
			"a notice":   func(ctx context.Context, tx *Tx) error { _, _, err := tx.Notice(ctx, "a", row); return err },
			"histories":  func(ctx context.Context, tx *Tx) error { _, err := tx.Histories(ctx); return err },
			"standings":  func(ctx context.Context, tx *Tx) error { _, err := tx.Standings(ctx, []string{"a"}); return err },
			"suspension": func(ctx context.Context, tx *Tx) error { _, _, err := tx.FirstSuspension(ctx); return err },
			"transfers": func(ctx context.Context, tx *Tx) error {
				_, err := tx.Transfers(ctx, "a", Filter[calendar.Instant]{})
				return err
			},
			"charge":   func(ctx context.Context, tx *Tx) error { _, _, err := tx.Charge(ctx, "a", row); return err },
			"transfer": func(ctx context.Context, tx *Tx) error { _, _, err := tx.Transfer(ctx, "a", row); return err },
			"paid in":  func(ctx context.Context, tx *Tx) error { _, _, err := tx.PaidIn(ctx); return err },
			"dearest":  func(ctx context.Context, tx *Tx) error { _, _, err := tx.DearestCharge(ctx); return err },
			"sums": func(ctx context.Context, tx *Tx) error {
				_, err := tx.StatementTotals(ctx, "", hour-1, hour+9, 0)
				return err
			},
		} {
			err := db.View(t.Context(), func(tx *Tx) error { return read(t.Context(), tx) })
			if err == nil || !strings.Contains(err.Error(), "a row of a in journal cannot be read: entry 11") || !strings.Contains(err.Error(), "termwise verify") {
				t.Errorf("%s: %v", name, err)
			}
		}
		view(t, db, func(ctx context.Context, tx *Tx) error {
			if rows, err := tx.Journal(ctx, "a", Filter[calendar.Instant]{}); err != nil || len(rows) != 4 {
				t.Errorf("%d entries, %v", len(rows), err)
			}
			ev, _, err := tx.Evidence(ctx, "a")
			if err != nil || len(ev.Charges) != 2 {
				t.Errorf("%d charges, %v", len(ev.Charges), err)
			}
			return err
		})
	})
}
