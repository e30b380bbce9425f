package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
)

// exchanges counts how often a transaction crosses the wire: calls are told of
// together, and then their answers.
type exchanges struct {
	count   int
	answers bool // the last that was told of was an answer
}

func (e *exchanges) watch(c Call) error {
	if c.Writes && !c.Answered && (e.answers || c.Kind == Begin) {
		e.count++
	}
	e.answers = c.Answered
	return nil
}

func openWatched(t *testing.T, location string, watch Watcher) *DB {
	t.Helper()
	db, err := Open(t.Context(), location, Watched(watch))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// A command on one account takes two exchanges: what it reads with the beginning,
// and what it writes with the commit.
func TestACommandTakesTwoExchanges(t *testing.T) {
	for name, location := range map[string]string{"one node": newDatabase(t, postgres), "nodes": newNodes(t)} {
		t.Run(name, func(t *testing.T) {
			var crossed exchanges
			w := newWorld(t, openWatched(t, location, crossed.watch))
			w.open("a")
			want := 2
			if w.db.Sharded() {
				want = 3 // the answers are looked at before the commit
			}
			for i := range 3 {
				crossed = exchanges{}
				command(w, "a", string(rune('a'+i)))
				if i > 0 && crossed.count != want { // the first finds the set of documents unknown
					t.Errorf("%d exchanges, not %d", crossed.count, want)
				}
			}
			crossed = exchanges{answers: true}
			err := w.db.Share(t.Context(), func(tx *Tx) error {
				_, _, err := w.command(t.Context(), tx, "a", "shared", func() {})
				return err
			})
			if err != nil || crossed.count != want {
				t.Errorf("%d exchanges without a lock, not %d: %v", crossed.count, want, err)
			}
		})
	}
}

// command tops an account up as a use case does, and returns the books that it
// found and the decision.
func command(w *world, id, key string) (found *account.Books, d *account.Decision) {
	w.t.Helper()
	update(w.t, w.db, func(ctx context.Context, tx *Tx) (err error) {
		found, d, err = w.command(ctx, tx, id, key, func() {})
		return err
	})
	return found, d
}

// command is a use case in a transaction; meanwhile happens before it writes.
func (w *world) command(ctx context.Context, tx *Tx, id, key string, meanwhile func()) (found *account.Books, d *account.Decision, err error) {
	if err := tx.LookAhead(ctx, Ahead{Account: id, Key: key, Reference: key, Enough: true}); err != nil {
		return nil, nil, err
	}
	if err := tx.Lock(ctx, []string{id}); err != nil {
		return nil, nil, err
	}
	if _, known, err := tx.Recall(ctx, id, key); err != nil || known {
		return nil, nil, cmp.Or(err, errKnown)
	}
	if _, err := tx.DocumentsDigest(ctx); err != nil {
		return nil, nil, err
	}
	if _, _, err := tx.Clock(ctx); err != nil {
		return nil, nil, err
	}
	books, err := tx.Books(ctx, []string{id}, start)
	if err != nil {
		return nil, nil, err
	}
	if _, err := tx.ToppedUp(ctx, id, key); err != nil {
		return nil, nil, err
	}
	meanwhile()
	d, err = books[0].TopUp(w.env, account.TopUp{Amount: money.AmountScale, Method: "alipay", Reference: key}, start)
	if err != nil {
		return nil, nil, err
	}
	if err := tx.Apply(ctx, []*account.Decision{d}); err != nil {
		return nil, nil, err
	}
	return books[0], d, tx.Remember(ctx, Answer{Account: id, Key: key, Status: 200, Recorded: start})
}

var errKnown = errors.New("the key is known")

// What a command of Share looks at is not locked on PostgreSQL. When anybody writes
// to the account before the command does, the command is done again, and then nobody
// can come between.
func TestGlance(t *testing.T) {
	for name, meddle := range map[string]struct {
		do   func(*world)
		runs int
		want money.Amount // in the wallet, and
		err  error
	}{
		"nobody":             {func(*world) {}, 1, 1, nil},
		"somebody pays":      {func(w *world) { w.topUp("a", money.AmountScale, start) }, 2, 2, nil},
		"something was used": {func(w *world) { w.use(start, event("1", "a", "vm", 0, 2)) }, 2, 1, nil},
		"it is woken": {func(w *world) {
			update(w.t, w.db, func(ctx context.Context, tx *Tx) error {
				return tx.WakeAccount(ctx, "a", start.Add(calendar.HourLength))
			})
		}, 2, 1, nil},
		"the same command": {func(w *world) { command(w, "a", "k") }, 2, 1, errKnown},
		"the same key": {func(w *world) {
			update(w.t, w.db, func(ctx context.Context, tx *Tx) error {
				return tx.Remember(ctx, Answer{Account: "a", Key: "k", Status: 200, Recorded: start})
			})
		}, 2, 0, errKnown},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, open(t, newDatabase(t, postgres)))
			w.open("a")
			runs := 0
			err := w.db.Share(t.Context(), func(tx *Tx) error {
				runs++
				_, _, err := w.command(t.Context(), tx, "a", "k", func() {
					if runs == 1 {
						meddle.do(w)
					}
				})
				return err
			})
			if runs != meddle.runs || !errors.Is(err, meddle.err) {
				t.Errorf("run %d times, not %d: %v", runs, meddle.runs, err)
			}
			if got := w.fresh("a").Balances[ledger.Wallet]; got != meddle.want*money.AmountScale {
				t.Errorf("the wallet holds %s", got)
			}
		})
	}
}

// What another transaction does while the command writes is waited for. Whoever only
// locks the account, or takes back what it did, has written nothing.
func TestGlanceWaits(t *testing.T) {
	w := newWorld(t, open(t, newDatabase(t, postgres)))
	w.open("a")
	for n, other := range []struct {
		text, end string
		runs      int
	}{
		{"UPDATE accounts SET next_due = next_due", "COMMIT", 2},
		{"UPDATE accounts SET next_due = next_due", "ROLLBACK", 1},
		{"SELECT 1 FROM accounts FOR UPDATE", "COMMIT", 1},
	} {
		if _, err := w.db.writer.Exec("VACUUM (FREEZE) accounts"); err != nil {
			t.Fatal(err)
		}
		runs, ended := 0, make(chan error, 1)
		err := w.db.Share(t.Context(), func(tx *Tx) error {
			runs++
			_, _, err := w.command(t.Context(), tx, "a", fmt.Sprint(n), func() {
				if runs == 1 {
					endLater(t, w.db, other.text, other.end, ended)
				}
			})
			return err
		})
		if err := errors.Join(err, <-ended); err != nil || runs != other.runs {
			t.Errorf("%s; %s: run %d times, not %d: %v", other.text, other.end, runs, other.runs, err)
		}
	}
}

// endLater does something in a transaction that ends when another one waits for it.
func endLater(t *testing.T, db *DB, text, end string, ended chan<- error) {
	t.Helper()
	conn, err := db.writer.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"BEGIN", text} {
		if _, err := conn.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	go func() {
		awaitLock(t, db)
		_, ending := conn.ExecContext(t.Context(), end)
		ended <- errors.Join(ending, conn.Close())
	}()
}

// A publication in the middle of a command is not overlooked, even where the account
// was to be looked at before the version is known: without a lock the command is done
// again, and with one the publication comes after it.
func TestAPublicationInTheMiddle(t *testing.T) {
	known := start.Add(calendar.HourLength)
	wake := func(w *world) error {
		return w.db.Update(t.Context(), func(tx *Tx) error { return tx.Wake(t.Context(), known) })
	}
	for _, locked := range []bool{false, true} {
		w := newWorld(t, open(t, newDatabase(t, postgres)))
		w.open("a")
		if _, err := w.db.writer.Exec("UPDATE accounts SET next_due = $1", int64(known-5)); err != nil {
			t.Fatal(err)
		}
		runs, woken := 0, make(chan error, 1)
		do, want := w.db.Share, 2
		if locked {
			do, want = w.db.Update, 1
		}
		err := do(t.Context(), func(tx *Tx) error {
			runs++
			err := tx.LookAhead(t.Context(), Ahead{Account: "a", Enough: true})
			books, reading := tx.Books(t.Context(), []string{"a"}, start)
			if err := errors.Join(err, reading); err != nil {
				return err
			}
			switch {
			case locked:
				go func() { woken <- wake(w) }()
				awaitLock(t, w.db)
			case runs == 1:
				woken <- wake(w)
			}
			d, err := books[0].TopUp(w.env, account.TopUp{Amount: 1, Method: "alipay", Reference: "r"}, start)
			if err != nil {
				return err
			}
			d.NextDue = known.Add(calendar.HourLength)
			return tx.Apply(t.Context(), []*account.Decision{d})
		})
		if err := errors.Join(err, <-woken); err != nil || runs != want {
			t.Errorf("run %d times, not %d: %v", runs, want, err)
		}
		view(t, w.db, func(ctx context.Context, tx *Tx) error {
			row, _, err := tx.Account(ctx, "a")
			if locked && row.NextDue != known { // else the second run knew what was published
				t.Errorf("the account sleeps until %d, and a version is known at %d", row.NextDue, known)
			}
			return err
		})
	}
}

// awaitLock returns when somebody waits for a lock.
func awaitLock(t *testing.T, db *DB) {
	for deadline := time.Now().Add(time.Minute); ; {
		var waiting int
		err := db.writer.QueryRow("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting)
		switch {
		case err != nil || time.Now().After(deadline):
			t.Errorf("nobody waits for a lock: %v", err)
			return
		case waiting > 0:
			return
		}
	}
}

// Who looked without a lock and asks for more is run again, with the lock.
func TestGlanceIsNotEnough(t *testing.T) {
	w := newWorld(t, open(t, newDatabase(t, postgres)))
	w.open("a", "b")
	runs := 0
	err := w.db.Share(t.Context(), func(tx *Tx) error {
		runs++
		if err := tx.LookAhead(t.Context(), Ahead{Account: "a", Enough: true}); err != nil {
			return err
		}
		_, err := tx.Books(t.Context(), []string{"b"}, start)
		if runs == 1 && err == nil {
			t.Error("more was read beside what is not locked")
		}
		return err
	})
	if err != nil || runs != 2 {
		t.Errorf("run %d times: %v", runs, err)
	}
}

// What is looked at ahead is what is found when asked for, up to whatever instant: for
// another account, or after something was written, it is asked again.
func TestLookAhead(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a", "b")
		w.use(start, event("1", "a", "vm", 0, 2))
		w.topUp("a", money.AmountScale, start)
		later := start.Add(2 * calendar.HourLength)
		for _, upTo := range []calendar.Instant{later, start, 0} {
			err := db.Update(t.Context(), func(tx *Tx) error {
				ctx := t.Context()
				want, err := tx.Books(ctx, []string{"a"}, upTo)
				if err != nil {
					return err
				}
				other, err := tx.Books(ctx, []string{"b"}, upTo)
				if err != nil {
					return err
				}
				if err := tx.LookAhead(ctx, Ahead{Account: "a", Key: "k", Reference: "T-1"}); err != nil {
					return err
				}
				gotOther, err := tx.Books(ctx, []string{"b"}, upTo)
				if err != nil {
					return err
				}
				got, err := tx.Books(ctx, []string{"a"}, upTo)
				if err != nil {
					return err
				}
				for range 2 { // each thing is given out once; what is asked again is the same
					if topUps, err := tx.ToppedUp(ctx, "a", "T-1"); err != nil || len(topUps) != 1 {
						t.Errorf("up to %s: top-ups %v, %v", upTo, topUps, err)
					}
				}
				if topUps, err := tx.ToppedUp(ctx, "b", "T-1"); err != nil || len(topUps) != 0 {
					t.Errorf("top-ups of the other %v, %v", topUps, err)
				}
				if diff := gocmp.Diff(describe(want, other), describe(got, gotOther)); diff != "" || (len(got[0].Open) > 0) != (upTo == later) {
					t.Errorf("up to %s:\n%s", upTo, diff)
				}
				if err := tx.Remember(ctx, Answer{Account: "a", Key: "k", Status: 201}); err != nil {
					return err
				}
				if a, known, err := tx.Recall(ctx, "a", "k"); err != nil || !known || a.Status != 201 {
					t.Errorf("after it was written, the answer is %v %v %v", a, known, err)
				}
				return errOwn // each begins with the same books
			})
			if !errors.Is(err, errOwn) {
				t.Error(err)
			}
		}
		update(t, db, func(ctx context.Context, tx *Tx) error {
			if err := tx.LookAhead(ctx, Ahead{Account: "nobody"}); err != nil {
				return err
			}
			books, err := tx.Books(ctx, []string{"nobody"}, start)
			if len(books) > 0 {
				t.Errorf("books of nobody: %v", books)
			}
			return err
		})
	})
}

// describe gives books as text, whatever is in them.
func describe(lists ...[]*account.Books) (all []string) {
	for _, list := range lists {
		for _, b := range list {
			text, err := json.Marshal(b.Balances)
			if err != nil {
				panic(err)
			}
			open := make([]any, 0, len(b.Open))
			for _, bucket := range b.Open {
				open = append(open, *bucket)
			}
			all = append(all, fmt.Sprint(b.ID, b.Seq, b.Head, b.At, b.OpenAfter, b.Intake, string(text), b.Debts, open, b.Acceptances))
		}
	}
	return all
}

// What is sent together with the commit is not committed when a part of it fails,
// and the connection serves the next.
func TestWhatFailsOnItsWayIsNotCommitted(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		key := func(id, role string) *call {
			return newCall("INSERT INTO api_keys (id, name, role, scope, hash, created) VALUES ($1, '', $2, '', $3, 0)", []any{id, role, []byte{}})
		}
		missed := newCall("UPDATE api_keys SET name = 'x' WHERE id = $1", []any{"nobody"})
		missed.wants, missed.orElse, missed.writes = 1, ErrStale, "api_keys"
		for name, last := range map[string]*call{"refused by the database": key("b", "nonsense"), "of nothing": missed} {
			err := db.Update(t.Context(), func(tx *Tx) error {
				return errors.Join(tx.later(t.Context(), key("a", "operator")), tx.later(t.Context(), last), tx.later(t.Context(), key("c", "operator")))
			})
			if err == nil || last == missed && !errors.Is(err, ErrStale) {
				t.Errorf("%s: the transaction returns %v", name, err)
			}
		}
		view(t, db, func(ctx context.Context, tx *Tx) error {
			keys, err := tx.APIKeys(ctx)
			if len(keys) > 0 {
				t.Errorf("kept: %v", keys)
			}
			return err
		})
	})
}

// A decision on books that have moved on is refused, at the latest as it is
// committed, and an answer under a key that was answered; nothing of either is kept.
func TestStaleAtTheCommit(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a")
		_, first := command(w, "a", "k")
		err := db.Update(t.Context(), func(tx *Tx) error { return tx.Apply(t.Context(), []*account.Decision{first}) })
		if !errors.Is(err, ErrStale) {
			t.Errorf("applied twice: %v", err)
		}
		err = db.Update(t.Context(), func(tx *Tx) error {
			return errors.Join(tx.SetClock(t.Context(), Clock{Now: 5}), tx.Remember(t.Context(), Answer{Account: "a", Key: "k"}))
		})
		if !errors.Is(err, ErrAnswered) {
			t.Errorf("answered twice: %v", err)
		}
		view(t, db, func(ctx context.Context, tx *Tx) error {
			if c, set, err := tx.Clock(ctx); err != nil || set {
				t.Errorf("the clock is %v, %v", c, err)
			}
			return nil
		})
		if b := w.fresh("a"); b.Seq != first.After.Seq || b.Head != first.After.Head {
			t.Errorf("the journal ends with entry %d, not %d", b.Seq, first.After.Seq)
		}
	})
}

// A process remembers which sets of documents the database has. When a backup was
// put back under it and they are gone, it writes them again.
func TestASetOfDocumentsThatIsGone(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a")
		w.use(start, event("1", "a", "vm", 0, 8))
		settle := func(hours int) (sets int) {
			d := w.advance(start.Add(calendar.Duration(hours)*calendar.HourLength), "a")[0]
			view(t, db, func(ctx context.Context, tx *Tx) error {
				for id := range d.Sets {
					_, found, err := tx.TermSet(ctx, id)
					if err != nil || !found {
						t.Errorf("after %d hours the set %d is missing: %v", hours, id, err)
					}
					sets++
				}
				return nil
			})
			return sets
		}
		settle(2)
		if settle(3) == 0 {
			t.Fatal("nothing names a set")
		}
		update(t, db, func(ctx context.Context, tx *Tx) error {
			_, err := tx.exec(ctx, "DELETE FROM term_sets")
			return err
		})
		if settle(4) == 0 {
			t.Fatal("nothing names a set")
		}
	})
}

// Parts of one statement are of different tables, and numbered anew.
func TestMerged(t *testing.T) {
	write := func(table, text string, orElse error, args ...any) *call {
		c := newCall(text, args)
		c.writes, c.wants, c.orElse = table, 1, orElse
		return c
	}
	read := newCall("SELECT 1", nil)
	held := newCall("SELECT ($1 > 4)::int", []any{5})
	held.condition, held.wants, held.orElse = "$1 > 4", 1, errSetGone
	once := write("e", "INSERT INTO e VALUES ($1)", nil, 6)
	once.twice = ErrAnswered
	many := write("d", "DELETE FROM d WHERE x = $1", nil)
	many.times, many.wants, many.args = 2, 2, func(i int) []any { return []any{i} }
	calls := []*call{
		write("a", "UPDATE a SET x = $2 WHERE y = $1", ErrStale, 1, 2), write("b", "INSERT INTO b VALUES ($1)", nil, 3),
		write("c", "INSERT INTO c VALUES ($1)", ErrAnswered, 4), held, once, write("a", "DELETE FROM a WHERE y = $1", nil, 7), read, many,
	}
	var got []string
	for _, c := range (&pipe{}).merged(calls) {
		for i := range c.times {
			got = append(got, fmt.Sprint(c.text, c.args(i)))
			for _, pg := range []pgconn.PgError{{Code: divisionByZero}, {Code: zeroLogarithm}, {Code: uniqueViolation, TableName: "b"}, {Code: uniqueViolation, TableName: "e"}} {
				if err := c.failing(&pg); err != nil {
					got = append(got, fmt.Sprint(pg.Code, errors.Is(err, ErrStale), errors.Is(err, ErrAnswered), errors.Is(err, errSetGone)))
				}
			}
		}
	}
	want := []string{
		"WITH part0 AS (UPDATE a SET x = $2 WHERE y = $1 RETURNING 1), part1 AS (INSERT INTO b VALUES ($3)), " +
			"part2 AS (INSERT INTO c VALUES ($4) RETURNING 1), part4 AS (INSERT INTO e VALUES ($6)) " +
			"SELECT 1 / (EXISTS (SELECT 1 FROM part0))::int, 1 / (EXISTS (SELECT 1 FROM part2))::int, ln(($5 > 4)::int)[1 2 3 4 5 6]",
		divisionByZero + "true true false", zeroLogarithm + "false false true", uniqueViolation + "false true false",
		"DELETE FROM a WHERE y = $1[7]", "SELECT 1[]", "DELETE FROM d WHERE x = $1[0]", "DELETE FROM d WHERE x = $1[1]",
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
	if sharded := (&pipe{sharded: true}).merged(calls); len(sharded) != len(calls) {
		t.Errorf("where accounts live on several nodes, %d calls became %d", len(calls), len(sharded))
	}
}

// TestADecisionOnUsageIsLocked: what is written without a lock leaves an account's usage
// as it was. A decision that changes it is made again, under the lock, and written whole.
func TestADecisionOnUsageIsLocked(t *testing.T) {
	w := newWorld(t, open(t, newDatabase(t, postgres)))
	w.open("a")
	runs, hour := 0, calendar.HourOf(start)+5
	err := w.db.Share(t.Context(), func(tx *Tx) error {
		runs++
		err := tx.LookAhead(t.Context(), Ahead{Account: "a", Enough: true})
		books, reading := tx.Books(t.Context(), []string{"a"}, start)
		if err := errors.Join(err, reading); err != nil {
			return err
		}
		d, err := books[0].TopUp(w.env, account.TopUp{Amount: 1, Method: "alipay", Reference: "r"}, start)
		if err != nil {
			return err
		}
		d.After.Intake.To = hour
		return tx.Apply(t.Context(), []*account.Decision{d})
	})
	if err != nil || runs != 2 {
		t.Errorf("run %d times, %v", runs, err)
	}
	view(t, w.db, func(ctx context.Context, tx *Tx) error {
		books, err := tx.Books(ctx, []string{"a"}, start)
		if err == nil && (books[0].Intake.To != hour || books[0].Seq != 3) {
			t.Errorf("usage up to %d, want %d; entry %d", books[0].Intake.To, hour, books[0].Seq)
		}
		return err
	})
}
