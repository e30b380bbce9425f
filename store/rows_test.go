package store

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/account"
	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/ledger"
	"termwise.dev/core/metering"
	"termwise.dev/core/notice"
	"termwise.dev/core/rating"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
)

// stamp names line 2 of entry 1.
var stamp = account.Stamp{RowID: account.RowID{Entry: 1, Line: 2}, Digest: -3}

// A row of each kind with another value in each field, so that two columns that
// were exchanged would show.
var (
	basis   = account.Basis{Since: 11, Told: 12, Owed: 13, Terms: 14}
	ruledBy = account.Ruling{Clause: terms.Citation{Document: "cd", Code: "cc", Version: "cv", Clause: "c"}, Terms: 15}
	key     = metering.Key{Product: "p", Resource: "r", Meter: "m", Hour: 4}

	oneDecision = &account.Decision{
		Account: "a",
		After: &account.Books{
			ID: "a", Name: "n", Currency: "CNY", Opened: 5, Seq: 1, Head: journal.Hash{6}, At: 7, OpenAfter: 9,
			Balances: ledger.Balances{ledger.Wallet: 10, ledger.FeesReceivable("s", "p"): -17},
			Debts:    arrears.Debts{{Outstanding: 16}}, Services: map[string]*subscription.Service{"p": {State: "active", ArrearsSince: 1}},
		},
		NextDue: 8,
		Entries: []journal.Entry{{
			Seq: 1, Kind: "k", Effective: 21, Recorded: 22, Actor: "who", Payload: "{}",
			Rows: journal.Hash{1}, Hash: journal.Hash{2},
		}},
		Charges: []account.Charge{{
			Stamp: stamp, Key: key, Terms: 10,
			Line: rating.Line{QuantityBefore: 5, Quantity: 6, AmountBefore: 7, Amount: -8, Sequence: 9},
		}},
		Refused:   []account.Refused{{Stamp: stamp, Key: key, Quantity: 5, Code: "c", Terms: 6}},
		Transfers: []account.Posted{{Stamp: stamp, Transfer: ledger.Transfer{Purpose: "p", Debit: "d", Credit: "c", Amount: 4}}},
		LateFees:  []account.LateFee{{Stamp: stamp, Seller: "s", Product: "p", Day: 4, Base: 5, Amount: 6, Terms: 7}},
		Notices: []account.Noticed{{
			Stamp: stamp, Basis: basis, Notice: notice.Notice{
				Kind: "k", Product: "p", Channels: "c", Recorded: 4, About: notice.About{Document: "d", Version: "v", Effective: 5}, Served: 6, Inboxes: "i",
			},
		}},
		Transitions: []account.Moved{{
			Stamp: stamp, Transition: subscription.Transition{Product: "p", From: "f", To: "t", At: 4}, Basis: basis,
		}},
		Acceptances: []account.Accepted{{Stamp: stamp, Acceptance: terms.Acceptance{
			Document: "d", Version: "v", Form: "f", At: 4, Recorded: 5, Actor: "who", TextHash: terms.Hash{6}, Order: "o",
		}}},
		Lapses: []account.Lapsed{{
			Stamp: stamp, Order: "o", Document: "d", Version: "v", Effect: "terms", At: 4, Recorded: 5, Ruling: ruledBy,
		}},
		AddOns: []account.Switched{{Stamp: stamp, Product: "p", AddOn: "a", State: "on", At: 4, Order: "o", Ruling: ruledBy}},
	}
)

// TestColumns writes a row of each kind and reads each column by its name.
func TestColumns(t *testing.T) {
	want := map[string]string{
		"accounts": "account=a name=n currency=CNY opened=5 seq=1 head=06 at=7 next_due=8 parcels=1 folded=0 usage_to=0 indexed=0 runs=0 runs_digest=0 " +
			"unsettled=9 state=01 wallet=10 owed=16 fees=17 in_arrears=1",
		"journal":       "account=a seq=1 kind=k effective=21 recorded=22 actor=who payload={} row_seal=01 hash=02 charges=1 first_hour=4 last_hour=4 steps=1 lines=02",
		"refused_usage": "account=a entry=1 line=2 product=p resource=r meter=m hour=4 quantity=5 code=c terms=6 digest=-3",
		"late_fees":     "account=a entry=1 line=2 seller=s product=p day=4 base=5 amount=6 terms=7 digest=-3",
		"notices": "account=a entry=1 line=2 kind=k product=p channels=c recorded=4 " +
			"since=11 told=12 owed=13 terms=14 document=d version=v effective=5 served=6 inboxes=i digest=-3",
		"acceptances": "account=a entry=1 line=2 document=d version=v form=f at=4 recorded=5 actor=who text_hash=06 order_ref=o digest=-3",
		"lapses": "account=a entry=1 line=2 order_ref=o document=d version=v effect=terms at=4 recorded=5 " +
			"clause_document=cd clause_code=cc clause_version=cv clause=c terms=15 digest=-3",
		"add_ons": "account=a entry=1 line=2 product=p add_on=a state=on at=4 order_ref=o " +
			"clause_document=cd clause_code=cc clause_version=cv clause=c terms=15 digest=-3",
		"usage_parcels": "account=a parcel=1 recorded=77 first=3600000000 last=7200000000 events=1 content=01 digest=99",
		"resources":     "account=a product=p resource=r opened=3600000000",
		"buckets":       "account=a hour=1 open=1 content=01",
	}
	event := metering.Event{
		Source: "s", ID: "i", Account: "a", Product: "p", Resource: "r", From: 3_600_000_000, To: 7_200_000_000,
		Measures: []metering.Measure{{Meter: "a", Value: 1}, {Meter: "b", Value: 2}},
	}
	onBoth(t, func(t *testing.T, db *DB) {
		update(t, db, func(ctx context.Context, tx *Tx) error {
			if err := tx.Apply(ctx, []*account.Decision{oneDecision}); err != nil {
				return err
			}
			if _, err := tx.PutUsage(ctx, []metering.Event{event}, 77); err != nil {
				return err
			}
			if _, err := tx.exec(ctx, "UPDATE usage_parcels SET digest = 99"); err != nil {
				return err
			}
			used := []owned[opened]{{"a", &opened{account.Resource{Product: "p", Resource: "r"}, 3_600_000_000}}}
			if err := resources.add(ctx, tx, used); err != nil {
				return err
			}
			return hours.add(ctx, tx, []owned[account.StoredHour]{{"a", &account.StoredHour{Hour: 1, Open: true, Content: []byte{1}}}})
		})
		view(t, db, func(ctx context.Context, tx *Tx) error {
			for name, row := range want {
				if got := columnsOf(ctx, t, tx, name, row); got != row {
					t.Errorf("%s\ngot  %s\nwant %s", name, got, row)
				}
			}
			return nil
		})
	})
}

// columnsOf reads the columns that a row names, in its form. Of a hash only the
// first byte is given.
func columnsOf(ctx context.Context, t *testing.T, tx *Tx, name, row string) string {
	t.Helper()
	var columns []string
	for field := range strings.FieldsSeq(row) {
		column, _, _ := strings.Cut(field, "=")
		columns = append(columns, column)
	}
	values := make([]any, len(columns))
	dest := make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	if _, err := tx.one(ctx, dest, "SELECT "+strings.Join(columns, ", ")+" FROM "+name); err != nil {
		t.Fatal(err)
	}
	for i, v := range values {
		if hash, is := v.([]byte); is {
			v = fmt.Sprintf("%02x", hash[0])
		}
		columns[i] += fmt.Sprintf("=%v", v)
	}
	return strings.Join(columns, " ")
}

// TestOneRow reads each kind of row back by its name.
func TestOneRow(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		update(t, db, func(ctx context.Context, tx *Tx) error { return tx.Apply(ctx, []*account.Decision{oneDecision}) })
		view(t, db, func(ctx context.Context, tx *Tx) error {
			d := oneDecision
			check(ctx, t, tx.Charge, digested(d.Charges[0], func(c *account.Charge) { c.Digest = c.Seal("a") }))
			check(ctx, t, tx.RefusedLine, d.Refused[0])
			moved := digested(d.Transfers[0], func(p *account.Posted) { p.Digest = p.Seal("a") })
			check(ctx, t, tx.Transfer, moved)
			check(ctx, t, tx.LateFee, d.LateFees[0])
			check(ctx, t, tx.Notice, d.Notices[0])
			check(ctx, t, tx.Transition, digested(d.Transitions[0], func(m *account.Moved) { m.Digest = m.Seal("a") }))
			check(ctx, t, tx.Lapse, d.Lapses[0])
			check(ctx, t, tx.AddOn, d.AddOns[0])
			check(ctx, t, func(ctx context.Context, id string, row account.RowID) (journal.Entry, bool, error) {
				return tx.Entry(ctx, id, row.Entry)
			}, d.Entries[0])
			of, err := tx.TransfersOf(ctx, "a", 1)
			if err != nil || cmp.Diff([]account.Posted{moved}, of) != "" {
				t.Errorf("transfers of entry 1: %v, %v", of, err)
			}
			accepted, err := tx.Acceptances(ctx, "a", Filter[calendar.Instant]{})
			if diff := cmp.Diff(d.Acceptances, accepted); diff != "" {
				t.Error(diff)
			}
			return err
		})
	})
}

// digested is a row with the digest that fits it: that of a row which is packed is made
// again.
func digested[R any](row R, seal func(*R)) R {
	seal(&row)
	return row
}

// check reads a row that is there, one of an account and one of an entry that are not.
func check[R any](ctx context.Context, t *testing.T, read func(context.Context, string, account.RowID) (R, bool, error), want R) {
	t.Helper()
	got, found, err := read(ctx, "a", stamp.RowID)
	if diff := cmp.Diff(want, got); !found || err != nil || diff != "" {
		t.Errorf("found %v, %v: %s", found, err, diff)
	}
	if _, found, err := read(ctx, "b", stamp.RowID); found || err != nil {
		t.Errorf("found a %T of another account, or %v", want, err)
	}
	if _, found, err := read(ctx, "a", account.RowID{Entry: 9, Line: 2}); found || err != nil {
		t.Errorf("found a %T that does not exist, or %v", want, err)
	}
}

// TestFilters chooses charges, transfers and entries by time, by what was known, and page by page.
func TestFilters(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a", "b")
		w.topUp("a", 1_000_000_000, start)
		hour := calendar.HourOf(start)
		for n := range 4 { // settled hour by hour: entries 4 to 7, two charges each; 4.1 opens the service
			w.use((hour + calendar.Hour(n)).Start(), event(fmt.Sprint(n), "a", "vm", n, 1), event(fmt.Sprint(n), "b", "vm", n, 1))
			w.advance((hour + calendar.Hour(n)).End(), "a", "b")
		}
		type filter = Filter[calendar.Hour]
		view(t, db, func(ctx context.Context, tx *Tx) error {
			for _, test := range []struct {
				name string
				f    filter
				want string
			}{
				{"all", filter{}, "4.2 4.3 5.1 5.2 6.1 6.2 7.1 7.2"},
				{"from", filter{From: hour + 2}, "6.1 6.2 7.1 7.2"},
				{"to is excluded", filter{To: hour + 1}, "4.2 4.3"},
				{"what was known when the second hour ended", filter{Known: (hour + 1).End()}, "4.2 4.3 5.1 5.2"},
				{"what was known just before", filter{Known: (hour + 1).End() - 1}, "4.2 4.3"},
				{"a page", filter{After: account.RowID{Entry: 4, Line: 3}, Limit: 3}, "5.1 5.2 6.1"},
				{"inside an entry", filter{After: account.RowID{Entry: 4, Line: 2}, Limit: 1}, "4.3"},
				{"the end", filter{After: account.RowID{Entry: 7, Line: 2}, Limit: 1}, ""},
				{"everything together", filter{
					From: hour + 1, To: hour + 3, Known: (hour + 1).End(), After: account.RowID{Entry: 5, Line: 1}, Limit: 9,
				}, "5.2"},
			} {
				rows, err := tx.Charges(ctx, "a", test.f)
				if err != nil {
					return err
				}
				var got []string
				for _, r := range rows {
					got = append(got, fmt.Sprintf("%d.%d", r.Entry, r.RowID.Line))
				}
				if s := strings.Join(got, " "); s != test.want {
					t.Errorf("%s: got %q, want %q", test.name, s, test.want)
				}
			}
			if none, err := tx.Charges(ctx, "c", filter{}); len(none) != 0 || err != nil {
				t.Errorf("charges of nobody: %v, %v", none, err)
			}
			moved, err := tx.Transfers(ctx, "a", Filter[calendar.Instant]{From: start, To: hour.End() + 1})
			if err != nil || len(moved) != 3 {
				t.Errorf("transfers of the first hour: %v, %v", moved, err)
			}
			in, err := tx.Transfers(ctx, "a", Filter[calendar.Instant]{}, ledger.TopUp, ledger.PaymentReturned)
			if err != nil || len(in) != 1 || in[0].Purpose != ledger.TopUp {
				t.Errorf("top-ups and returned payments: %v, %v", in, err)
			}
			return err
		})
	})
}

func TestJournalChain(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a")
		w.topUp("a", 5, start.Add(calendar.Second))
		w.topUp("a", 5, start.Add(calendar.Minute))
		view(t, db, func(ctx context.Context, tx *Tx) error {
			all, err := tx.Journal(ctx, "a", Filter[calendar.Instant]{})
			if err != nil {
				return err
			}
			var previous journal.Hash
			for i, e := range all {
				if e.Seq != int64(i+1) || e.Previous != previous || e.Seal("a") != e.Hash {
					t.Errorf("entry %d does not follow: %+v", i+1, e)
				}
				previous = e.Hash
			}
			late := Filter[calendar.Instant]{
				From: start + 1, To: start.Add(calendar.Minute) + 1, Known: start.Add(calendar.Minute),
				After: account.RowID{Entry: 3}, Limit: 5,
			}
			if some, err := tx.Journal(ctx, "a", late); err != nil || len(some) != 1 || some[0] != all[3] {
				t.Errorf("got %v, %v", some, err)
			}
			some, err := tx.Entries(ctx, "a", []int64{4, 2, 99})
			if err != nil || len(some) != 2 || some[2].Hash != all[1].Hash || some[4].Hash != all[3].Hash {
				t.Errorf("the entries 2 and 4: %v, %v", some, err)
			}
			if none, err := tx.Entries(ctx, "b", []int64{1}); err != nil || len(none) != 0 {
				t.Errorf("entries of nobody: %v, %v", none, err)
			}
			return nil
		})
	})
}
