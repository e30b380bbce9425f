package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
)

// byHand changes the database past the program.
func (w *world) byHand(text string, args ...any) {
	w.t.Helper()
	if _, err := w.db.writer.ExecContext(w.t.Context(), text, args...); err != nil {
		w.t.Fatal(err)
	}
}

// What cannot be read of one account keeps it from being decided on, and no other.
func TestADamagedAccountIsAlone(t *testing.T) {
	for name, change := range map[string]string{
		"an hour": "UPDATE buckets SET content = $1 WHERE account = 'a' AND open <> 0",
		"a state": "UPDATE accounts SET state = $1 WHERE account = 'a'",
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, db *DB) {
				w := newWorld(t, db)
				w.open("a", "b")
				w.use(start, event("1", "a", "vm", 0, 3), event("2", "b", "vm", 0, 3))
				w.advance(start.Add(calendar.HourLength), "a", "b")
				w.byHand(change, []byte{9})
				to := start.Add(3 * calendar.HourLength)
				view(t, db, func(ctx context.Context, tx *Tx) error {
					books, err := tx.Books(ctx, []string{"a", "b"}, to)
					if err != nil {
						return err
					}
					if _, err := books[0].Advance(w.env, to); refusal.CodeOf(err) != refusal.BadInput {
						t.Errorf("of the damaged one: %v", err)
					}
					_, err = books[1].Advance(w.env, to)
					return err
				})
			})
		})
	}
}

// Verify names the hour that cannot be read, and goes on with the rest.
func TestADamagedHourIsNamed(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a")
		w.use(start, event("1", "a", "vm", 0, 3))
		w.advance(start.Add(3*calendar.HourLength), "a")
		second := calendar.HourOf(start) + 1
		content := metering.PackHour(nil)
		w.byHand("UPDATE buckets SET content = $2 WHERE account = 'a' AND hour = $1", int64(second), content[:1])
		faults := w.evidence("a").Check(account.Replay{}).Faults
		if !slices.ContainsFunc(faults, func(f *account.Fault) bool {
			return f.Table == account.InBuckets && strings.Contains(f.Key, second.Start().String())
		}) {
			t.Errorf("the hour is not named: %v", faults)
		}
		if len(w.evidence("a").Charges) != 6 {
			t.Error("the rest was not read")
		}
	})
}

// An hour without buckets, which nobody writes, would be in the way of the next.
func TestAnEmptyHourIsFound(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a")
		w.use(start, event("1", "a", "vm", 0, 1))
		w.advance(start.Add(calendar.HourLength), "a")
		w.byHand("INSERT INTO buckets (account, hour, open, content) VALUES ('a', $1, 0, $2)",
			int64(calendar.HourOf(start))+1, metering.PackHour(nil))
		if len(w.evidence("a").Check(account.Replay{}).Faults) == 0 {
			t.Error("verify finds nothing")
		}
	})
}

// A migration refuses to lose rows of an account that does not exist.
func TestMigrationsKeepWhatIsStray(t *testing.T) {
	for table, by := range map[string]struct {
		version int64 // of the migration that would lose them
		hand    string
	}{
		"balances": {stateVersion, "INSERT INTO balances VALUES ('ghost', 'wallet', 7)"},
		"buckets": {stateVersion, `INSERT INTO buckets SELECT 'ghost', hour, product, resource, meter, total, touched, pending, billed, refused, charged, lines
			FROM buckets WHERE account = 'a'`},
		"transitions": {stepsVersion, "DELETE FROM accounts; DELETE FROM notices"},
		"notices":     {stepsVersion, "DELETE FROM accounts; DELETE FROM transitions"},
	} {
		t.Run(table, func(t *testing.T) {
			onBoth(t, func(t *testing.T, db *DB) {
				w := newWorld(t, db)
				w.open("a")
				w.use(start, event("1", "a", "vm", 0, 3))
				w.advance(start.Add(400*calendar.HourLength), "a")
				if err := downTo(t, db, by.version-1); err != nil {
					t.Fatal(err)
				}
				text := by.hand
				if db.engine == sqlite { // which holds nobody to references who does not ask for it
					text = "PRAGMA foreign_keys = OFF; " + text + "; PRAGMA foreign_keys = ON"
				}
				w.byHand(text)
				if err := up(t, db); err == nil || !strings.Contains(err.Error(), "and rows of it in "+table) {
					t.Errorf("migrating says %v", err)
				}
			})
		})
	}
}

// What a migration leaves where it is, it does not refuse: verify names it.
func TestMigrationsPassOverWhatStays(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a")
		if err := downTo(t, db, stepsVersion-1); err != nil {
			t.Fatal(err)
		}
		w.byHand(`INSERT INTO notices (account, entry, line, kind, product, channels, recorded, since, told, owed, terms, digest, document)
			VALUES ('ghost', 1, 1, 'exit_confirmed', '', '', 0, 0, 0, 0, 0, 0, 'd')`)
		if err := up(t, db); err != nil {
			t.Fatal(err)
		}
		view(t, db, func(ctx context.Context, tx *Tx) error {
			strays, err := tx.Strays(ctx)
			if !slices.Equal(strays, []Stray{{"notices", "ghost"}}) {
				t.Errorf("strays: %v", strays)
			}
			return err
		})
	})
}

// What tables refused when each thing had a row, decisions refuse to write.
func TestWhatCannotBeIsNotWritten(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a")
		key := metering.Key{Product: "p", Resource: "r", Meter: "m", Hour: 5}
		for name, wrong := range map[string]func(*account.Decision){
			"more billed than there is": func(d *account.Decision) {
				d.Buckets = []*metering.Bucket{{Key: key, Total: 3, Billed: 7, Lines: 1}}
			},
			"less than nothing refused": func(d *account.Decision) {
				d.Buckets = []*metering.Bucket{{Key: key, Total: 3, Refused: -1}}
			},
			"a debt of less than nothing": func(d *account.Decision) {
				d.After.Debts = arrears.Debts{{Seller: "s", Product: "p", Due: 1, Since: 1, Outstanding: -5}}
			},
			"a service in no state": func(d *account.Decision) { d.After.Services[product].State = "lost" },
		} {
			w.use(start, event(name, "a", "vm", 0, 1))
			err := db.Update(t.Context(), func(tx *Tx) error {
				books, err := tx.Books(t.Context(), []string{"a"}, start.Add(calendar.HourLength))
				if err != nil {
					return err
				}
				d, err := books[0].Advance(w.env, start.Add(calendar.HourLength))
				if err != nil {
					return err
				}
				wrong(d)
				return tx.Apply(t.Context(), []*account.Decision{d})
			})
			if refusal.CodeOf(err) != refusal.BadInput {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// A filter that no run can have, though its digest is right, says nothing of any
// name: usage is not taken over it, and verify reads the index past it.
func TestAFilterOfAWrongLengthIsNamed(t *testing.T) {
	for name, row := range map[string]struct {
		names  int64
		filter []byte
	}{
		"empty":                      {1, []byte{}},
		"of names beyond any number": {1 << 59, []byte{}},
		"no power of two":            {1, []byte{1, 2, 3}},
		"of another number of names": {1, make([]byte, 8)},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, db *DB) {
				w := newWorld(t, db)
				w.open("a")
				w.use(start, event("1", "a", "vm", 0, 1))
				w.byHand("UPDATE accounts SET indexed = 1, runs = 1")
				w.byHand("INSERT INTO usage_runs (run, names, filter, digest) VALUES (1, $1, $2, $3)",
					row.names, row.filter, sealOfRun(1, row.names, row.filter))
				_, err := put(t, db, []metering.Event{event("2", "a", "vm", 0, 1)})
				if err == nil || !strings.Contains(err.Error(), "run 1 of the index of usage") || !strings.Contains(err.Error(), "run termwise verify") {
					t.Errorf("putting usage says %v", err)
				}
				view(t, db, func(ctx context.Context, tx *Tx) error {
					index, err := tx.UsageIndex(ctx)
					if err != nil {
						return err
					}
					names, err := tx.CheckNames(ctx, index, w.evidence("a"))
					if names.Fault == nil || names.Fault.Table != "usage_runs" {
						t.Errorf("of the event that is said to be indexed: %v", names.Fault)
					}
					found, wrong := tx.CheckRuns(ctx)
					if len(found.Faults) == 0 {
						t.Error("verify finds nothing")
					}
					return errors.Join(err, wrong)
				})
			})
		})
	}
}

// A page is searched by halves: names that are out of order, or on a page that
// they are not looked for on, are as good as gone.
func TestNamesOutOfOrderAreFound(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	x := newNames()
	x.sealAt = 1
	for range 300 {
		x.tail[randomName(r)] = tailed{1, &known{parcel: 1}}
	}
	s := x.take()
	for name, change := range map[string]func(pages []runPage){
		"within a page": func(pages []runPage) {
			entry := slices.Clone(pages[0].content[:entryBytes])
			pages[0].content = append(pages[0].content[entryBytes:], entry...)
		},
		"on another page": func(pages []runPage) {
			last := len(pages[0].content) - entryBytes
			pages[1].content = append(slices.Clone(pages[0].content[last:]), pages[1].content...)
			pages[0].content = pages[0].content[:last]
		},
		"and a part of one": func(pages []runPage) { pages[0].content = append(pages[0].content, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, db *DB) {
				pages := pagesOf(1, s.names)
				change(pages)
				for i := range pages {
					pages[i].digest = pages[i].seal()
				}
				update(t, db, func(ctx context.Context, tx *Tx) error {
					_, err := tx.exec(ctx, "INSERT INTO usage_runs (run, names, filter, digest) VALUES (1, $1, $2, $3)",
						len(s.names), s.bloom, sealOfRun(1, int64(len(s.names)), s.bloom))
					return errors.Join(err, tx.addPages(ctx, pages))
				})
				view(t, db, func(ctx context.Context, tx *Tx) error {
					found, err := tx.CheckRuns(ctx)
					if len(found.Faults) != 1 || found.Faults[0].Table != "usage_run_pages" {
						t.Errorf("verify finds %v", found.Faults)
					}
					return err
				})
			})
		})
	}
}

// What the index says of an event is held against where the event is, and what it says
// of one that nobody has is found.
func TestWhatTheIndexSaysIsHeldAgainstTheEvents(t *testing.T) {
	var enc journal.Encoder
	first, second, none := event("1", "a", "vm", 0, 1), event("2", "b", "vm", 0, 1), event("3", "a", "vm", 0, 1)
	at := func(e metering.Event, parcel int64) placed { return placed{nameOf(&enc, keyOf(&e)), parcel} }
	for name, c := range map[string]struct {
		run   []placed
		wants string
	}{
		"as it is":                {[]placed{at(first, 1), at(second, 1)}, ""},
		"in another parcel":       {[]placed{at(first, 2), at(second, 1)}, "says that parcel 2 of account a holds event test 1, and parcel 1 does"},
		"in no parcel":            {[]placed{at(first, 1), at(second, 0)}, "says that parcel 0 of account b holds event test 2, and parcel 1 does"},
		"nowhere":                 {[]placed{at(first, 1)}, "is missing: the account says that what parcel 1 holds is indexed"},
		"an event that is not":    {[]placed{at(first, 1), at(second, 1), at(none, 1)}, "holds 1 names that are of no event"},
		"an event that is, twice": {[]placed{at(first, 1), at(first, 1), at(second, 1)}, "holds 1 names that are of no event"},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, db *DB) {
				w := newWorld(t, db)
				w.open("a", "b")
				w.use(start, first, second)
				w.byHand("UPDATE accounts SET indexed = 1")
				w.addRun(1, c.run)
				if got := w.checkIndex("a", "b"); (got == "") != (c.wants == "") || !strings.Contains(got, c.wants) {
					t.Errorf("verify finds %q, want %q", got, c.wants)
				}
			})
		})
	}
}

// addRun writes a run of the index as it is written, whatever it says.
func (w *world) addRun(run int64, names []placed) {
	w.t.Helper()
	slices.SortFunc(names, func(a, b placed) int { return bytes.Compare(a.name[:], b.name[:]) })
	filter := newBloom(names)
	update(w.t, w.db, func(ctx context.Context, tx *Tx) error {
		_, err := tx.exec(ctx, "INSERT INTO usage_runs (run, names, filter, digest) VALUES ($1, $2, $3, $4)",
			run, len(names), filter, sealOfRun(run, int64(len(names)), filter))
		return errors.Join(err, tx.addPages(ctx, pagesOf(run, names)))
	})
}

// checkIndex holds the index against the events of all accounts, and returns the first
// fault.
func (w *world) checkIndex(ids ...string) (fault string) {
	w.t.Helper()
	view(w.t, w.db, func(ctx context.Context, tx *Tx) error {
		runs, err := tx.CheckRuns(ctx)
		if err != nil {
			return err
		}
		index, err := tx.UsageIndex(ctx)
		if err != nil {
			return err
		}
		faults := runs.Faults
		for _, id := range ids {
			names, err := tx.CheckNames(ctx, index, w.evidence(id))
			if err != nil {
				return err
			}
			if names.Fault != nil {
				faults = append(faults, *names.Fault)
			}
			runs.Claim(names)
		}
		if f := runs.Unclaimed(); f != nil {
			faults = append(faults, *f)
		}
		if len(faults) > 0 {
			fault = fmt.Sprint(faults[0])
		}
		return nil
	})
	return fault
}
