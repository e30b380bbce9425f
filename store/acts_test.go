package store

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/notice"
	"termwise.dev/core/terms"
)

// TestLapsesVoidWhatIsLoaded writes acceptances and what lapsed orders did to them,
// and loads what stands, of two accounts at once.
func TestLapsesVoidWhatIsLoaded(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		clause := terms.Citation{Document: "e", Code: "E", Version: "1", Clause: "2.1.1.1"}
		accepted := func(document, order string, line int64) account.Accepted {
			return account.Accepted{
				Stamp:      account.Stamp{RowID: account.RowID{Entry: 8, Line: line}},
				Acceptance: terms.Acceptance{Document: document, Version: "1", Form: terms.Click, At: 10, Recorded: 11, Order: order},
			}
		}
		lapsed := func(document string, effect terms.LapseEffect, line int64) account.Lapsed {
			return account.Lapsed{
				Stamp: account.Stamp{RowID: account.RowID{Entry: 9, Line: line}}, Order: "o-1", Document: document, Version: "1",
				Effect: effect, At: 20, Recorded: 21, Ruling: account.Ruling{Clause: clause},
			}
		}
		w.open("a", "b", "c", "d")
		update(t, db, func(ctx context.Context, tx *Tx) error {
			books, err := tx.Books(ctx, []string{"a", "c", "d"}, 0)
			if err != nil {
				return err
			}
			var decisions []*account.Decision
			for _, before := range books {
				after := *before
				after.Seq++
				d := &account.Decision{
					Account: before.ID, Before: before, After: &after, NextDue: calendar.EndOfTime,
					Acceptances: []account.Accepted{accepted("e", "o-1", 1), accepted("e", "", 2), accepted("g", "o-1", 3), accepted("h", "o-1", 4)},
				}
				after.Acceptances = slices.Clone(before.Acceptances)
				for _, a := range d.Acceptances {
					after.Acceptances = append(after.Acceptances, a.Acceptance)
				}
				decisions = append(decisions, d)
			}
			decisions[0].Lapses = []account.Lapsed{lapsed("e", terms.LapsesTerms, 1), lapsed("g", terms.LapsesPrice, 2), lapsed("h", terms.LapsesTerms, 3)}
			for _, l := range decisions[0].Lapses {
				decisions[0].After.Lapse(&l)
			}
			decisions[0].AddOns = []account.Switched{{Stamp: account.Stamp{RowID: account.RowID{Entry: 9, Line: 4}}, Product: "p", AddOn: "x", State: account.On}}
			return tx.Apply(ctx, decisions)
		})
		view(t, db, func(ctx context.Context, tx *Tx) error {
			books, err := tx.Books(ctx, []string{"a", "b"}, 0)
			if err != nil {
				return err
			}
			heads, err := tx.Heads(ctx, []string{"a"})
			if err != nil {
				return err
			}
			for _, b := range []*account.Books{books[0], heads[0]} {
				var voided []calendar.Instant // the first acceptance is that of the opening
				for _, a := range b.Acceptances {
					voided = append(voided, a.Void.At)
				}
				if diff := cmp.Diff([]calendar.Instant{0, 20, 0, 0, 20}, voided); diff != "" {
					t.Error(diff)
				}
				if void := b.Acceptances[1].Void; void.Recorded != 21 || void.Clause != clause || len(b.Lapses) != 3 {
					t.Errorf("%+v, %d lapses", void, len(b.Lapses))
				}
			}
			if len(books[0].AddOns) != 0 || len(books[1].Lapses) != 0 {
				t.Errorf("%v, %v", books[0].AddOns, books[1].Lapses)
			}
			for i, n := range []int{1, 0} {
				if err := tx.LoadAddOns(ctx, books[i]); err != nil || len(books[i].AddOns) != n {
					t.Errorf("%v, %v", books[i].AddOns, err)
				}
			}
			alike, err := tx.Alike(ctx, []string{}, []calendar.Instant{15}, nil)
			if diff := cmp.Diff([]Alike{{"a", 1}, {"b", 1}, {"c", 2}}, alike); err != nil || diff != "" {
				t.Errorf("%v: %s", err, diff)
			}
			for document, want := range map[string]int{"e": 3, "g": 3, "h": 2, "f": 0} {
				if n, err := tx.CountAccepted(ctx, document); err != nil || n != want {
					t.Errorf("%d accepted %s, %v; want %d", n, document, err, want)
				}
			}
			found, err := tx.Standings(ctx, []string{"a", "b"})
			if err == nil && (len(found["a"].Lapses) != 3 || len(found["b"].Lapses) != 0) {
				t.Errorf("%+v", found)
			}
			return err
		})
	})
}

// TestMigrationsInAnyOrder takes back a migration that is not the last, as on a
// database which met a later one first, and opens the database again.
func TestMigrationsInAnyOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		provider, err := db.migrations()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := provider.ApplyVersion(t.Context(), 2, false); err != nil {
			t.Fatal(err)
		}
		if err := db.migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		newWorld(t, db).open("a")
	})
}

// TestWhoLeftIsNotAlike: of accounts that accepted alike, those stand together to
// which the same versions came too late, at whatever instant they left; those that
// came back by themselves, from the first acceptance in the order of the entries on.
func TestWhoLeftIsNotAlike(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a", "b", "c", "d", "e", "f", "g")
		left := func(entry int64, effective calendar.Instant) account.Noticed {
			return account.Noticed{
				Stamp:  account.Stamp{RowID: account.RowID{Entry: entry, Line: 1}},
				Notice: notice.Notice{Kind: notice.ExitConfirmed, Recorded: 41, About: notice.About{Document: "g", Version: "2", Effective: effective}},
				Basis:  account.Basis{Since: 40},
			}
		}
		again := func(entry int64, at calendar.Instant) account.Accepted {
			return account.Accepted{
				Stamp:      account.Stamp{RowID: account.RowID{Entry: entry, Line: 1}},
				Acceptance: terms.Acceptance{Document: "g", Version: "2", Form: terms.Click, At: at, Recorded: 60},
			}
		}
		update(t, db, func(ctx context.Context, tx *Tx) error {
			books, err := tx.Books(ctx, []string{"a", "b", "c", "d", "e", "f", "g"}, 0)
			if err != nil {
				return err
			}
			var decisions []*account.Decision
			for i, before := range books {
				after := *before
				after.Seq++
				d := &account.Decision{Account: before.ID, Before: before, After: &after, NextDue: calendar.EndOfTime}
				switch i {
				case 0, 1:
					d.Notices = []account.Noticed{left(8, calendar.Instant(50-i))}
				case 2:
					d.Notices = []account.Noticed{left(8, 45)}
				case 3:
					d.Notices, d.Acceptances = []account.Noticed{left(8, 50)}, []account.Accepted{again(9, 60), again(10, 55)}
				case 5:
					d.Notices, d.Acceptances = []account.Noticed{left(8, 49)}, []account.Accepted{again(9, 55), again(10, 60)}
				case 6: // it said so again, with --now
					d.Notices = []account.Noticed{left(8, 50), left(9, 47)}
				}
				for _, n := range d.Notices {
					after.Note(&n)
				}
				for _, a := range d.Acceptances {
					after.Lift(&a)
				}
				decisions = append(decisions, d)
			}
			return tx.Apply(ctx, decisions)
		})
		view(t, db, func(ctx context.Context, tx *Tx) error {
			versions := []*terms.Document{{ID: "g", Effective: 1}, {ID: "g", Effective: 45}, {ID: "g", Effective: 50}, {ID: "h", Effective: 47}}
			// The entries of d and f hold the acceptances at 55 and 60 in another order,
			// and where a turn lies between them, one was back before it and one after.
			for _, c := range []struct {
				turns []calendar.Instant
				want  []Alike
			}{
				{nil, []Alike{{"a", 3}, {"c", 1}, {"d", 2}, {"e", 1}}},
				{[]calendar.Instant{57}, []Alike{{"a", 3}, {"c", 1}, {"d", 1}, {"e", 1}, {"f", 1}}},
			} {
				alike, err := tx.Alike(ctx, []string{}, c.turns, versions)
				if diff := cmp.Diff(c.want, alike); err != nil || diff != "" {
					t.Errorf("%v: %s", err, diff)
				}
			}
			heads, err := tx.Heads(ctx, []string{"a", "d", "e"})
			if err != nil {
				return err
			}
			for i, lifted := range []calendar.Instant{0, 60} {
				if exits := heads[i].Exits; len(exits) != 1 || exits[0].At != 50 || exits[0].Told != 40 || exits[0].Recorded != 41 || exits[0].Lifted != lifted || exits[0].LiftedRecorded != lifted {
					t.Errorf("%+v", exits)
				}
			}
			if len(heads[2].Exits) != 0 {
				t.Errorf("%+v", heads[2].Exits)
			}
			return nil
		})
	})
}
