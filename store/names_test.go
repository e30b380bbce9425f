package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/metering"
)

func randomName(r *rand.Rand) (n name) {
	binary.LittleEndian.PutUint64(n[:], r.Uint64())
	binary.LittleEndian.PutUint64(n[8:], r.Uint64())
	return n
}

// Runs of several sizes, more of each than there are bits in a byte: no name is
// missed, and few are suspected.
func TestFiltersMissNoName(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var f filters
	var runs [][]placed
	for run := range 40 {
		names := make([]placed, []int{100, 200, 1000, 3000}[run%4])
		for i := range names {
			names[i] = placed{randomName(r), 1}
		}
		runs = append(runs, names)
		f.add(int64(run)+1, newBloom(names))
	}
	suspected := 0
	for run, names := range runs {
		for i := range names {
			found := false
			f.candidates(&names[i].name, func(key pageKey) {
				found = found || key == pageKey{int64(run) + 1, names[i].name.page(pageBits(bloomBits(len(names))))}
				if key.run != int64(run)+1 {
					suspected++
				}
			})
			if !found {
				t.Fatalf("name %d of run %d is not found", i, run+1)
			}
		}
	}
	if suspected > 1000 { // of 1.7 million, in filters of 16 to 32 bits a name
		t.Errorf("%d names are suspected in runs that do not hold them", suspected)
	}
}

// A run that is cut into pages holds each name once, where it is looked for.
func TestPagesHoldTheirNames(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	x := newNames()
	x.sealAt = 1
	of := x.account("a")
	of.parcel = maxParcel
	want := map[name]int64{}
	for i := range 5000 {
		n := randomName(r)
		want[n] = []int64{1, 255, 1 << 40, maxParcel}[i%4]
		x.tail[n] = tailed{want[n], of}
	}
	s := x.take()
	pages := map[int64]*runPage{}
	cut := pagesOf(7, s.names)
	for i := range cut {
		pages[cut[i].page] = &cut[i]
	}
	if len(pages) != 64 {
		t.Errorf("%d pages, want 64", len(pages))
	}
	for n, parcel := range want {
		at := n.page(pageBits(len(s.bloom) * 8))
		if got := pages[at].find(&n); got != parcel {
			t.Fatalf("page %d has %x in parcel %d, want %d", at, n, got, parcel)
		}
		n[15] ^= 1
		if got := pages[at].find(&n); got != 0 {
			t.Fatalf("found a name that is not there, in parcel %d", got)
		}
	}
}

// crowd is several processes that put usage into one database, in which commits
// fail, answers are lost and processes end.
type crowd struct {
	*world
	r         *rand.Rand
	location  string
	processes []*DB
	failing   []*CallKind // for each process the call whose answer is lost next
	kept      map[eventKey]metering.Event
}

var errLost = errors.New("the answer was lost")

func (c *crowd) start(i int) {
	c.t.Helper()
	lose := new(CallKind)
	db, err := Open(c.t.Context(), c.location, SealedAfter(1+c.r.IntN(40)), Watched(func(call Call) error {
		if call.Writes && call.Answered && call.Kind == *lose {
			return errLost
		}
		return nil
	}))
	if err != nil {
		c.t.Fatal(err)
	}
	c.processes[i], c.failing[i] = db, lose
}

// batch draws events: new ones, repetitions, and names that are used again.
func (c *crowd) batch() (batch []metering.Event) {
	for range 1 + c.r.IntN(12) {
		e := event(fmt.Sprint(c.r.IntN(150)), fmt.Sprint("a", c.r.IntN(4)), fmt.Sprint("vm", c.r.IntN(3)), c.r.IntN(5), 1+c.r.IntN(2))
		if old, sent := c.kept[keyOf(&e)]; sent && c.r.IntN(3) > 0 {
			e = old
		}
		batch = append(batch, e)
	}
	return batch
}

// outcomes says what must become of a batch, and what is kept of it.
func (c *crowd) outcomes(batch []metering.Event) (want []Outcome, kept map[eventKey]metering.Event) {
	kept = map[eventKey]metering.Event{}
	for _, e := range batch {
		old, known := c.kept[keyOf(&e)]
		if !known {
			old, known = kept[keyOf(&e)]
		}
		switch {
		case !known:
			kept[keyOf(&e)] = e
			want = append(want, UsageAccepted)
		case old.Body() == e.Body():
			want = append(want, UsageDuplicate)
		default:
			want = append(want, UsageReused)
		}
	}
	return want, kept
}

func (c *crowd) put() {
	c.t.Helper()
	i := c.r.IntN(len(c.processes))
	batch := c.batch()
	want, kept := c.outcomes(batch)
	fault := c.r.IntN(8)
	*c.failing[i] = map[int]CallKind{0: Commit, 1: Statement}[fault]
	var got []Outcome
	err := c.processes[i].Update(c.t.Context(), func(tx *Tx) (err error) {
		if err := tx.SealUsage(c.t.Context()); err != nil {
			return err
		}
		got, err = tx.PutUsage(c.t.Context(), batch, start)
		if fault == 2 && err == nil {
			return errLost // and nothing is committed
		}
		return err
	})
	*c.failing[i] = ""
	if fault > 2 && err != nil {
		c.t.Fatal(err)
	}
	if err == nil && fmt.Sprint(got) != fmt.Sprint(want) {
		c.t.Fatalf("process %d gave %v, want %v for %v", i, got, want, batch)
	}
	if err == nil || fault == 0 {
		for key, e := range kept {
			c.kept[key] = e
		}
	}
}

// Whoever puts an event, whatever failed before and however often the names were
// sealed: it is kept once.
func TestSeveralProcessesKeepEachEventOnce(t *testing.T) {
	for _, e := range []engine{sqlite, postgres} {
		t.Run(string(e), func(t *testing.T) {
			location := newDatabase(t, e)
			c := &crowd{
				world: newWorld(t, open(t, location)), r: rand.New(rand.NewPCG(5, 6)), location: location,
				processes: make([]*DB, 3), failing: make([]*CallKind, 3), kept: map[eventKey]metering.Event{},
			}
			ids := []string{"a0", "a1", "a2", "a3"}
			c.open(ids...)
			for i := range c.processes {
				c.start(i)
			}
			for step := range 150 {
				c.put()
				if step%20 == 10 {
					c.advance(start.Add(calendar.Duration(step/20)*calendar.HourLength), ids...)
				}
				if i := c.r.IntN(30); i < len(c.processes) {
					closed(t, c.processes[i])
					c.start(i)
				}
			}
			for _, db := range c.processes {
				closed(t, db)
			}
			c.check(ids)
		})
	}
}

func closed(t *testing.T, db *DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// check holds the database against what was kept.
func (c *crowd) check(ids []string) {
	c.t.Helper()
	stored := 0
	var index *UsageIndex
	view(c.t, c.db, func(ctx context.Context, tx *Tx) (err error) {
		index, err = tx.UsageIndex(ctx)
		return err
	})
	for _, id := range ids {
		ev := c.evidence(id)
		if says := ev.Account.Intake.Reach; !index.Reaches(says) {
			c.t.Errorf("account %s says %+v of the index, which has %+v", id, says, index.reaches)
		}
		for i := range ev.Events {
			e := &ev.Events[i]
			if want := c.kept[keyOf(&e.Event)]; want.Body() != e.Body() {
				c.t.Errorf("kept %+v, want %+v", e.Event, want)
			}
		}
		stored += len(ev.Events)
		if ev.Account.Intake.Indexed == 0 {
			c.t.Errorf("nothing of account %s was sealed", id)
		}
		c.advance(start.Add(99*calendar.HourLength), id)
		for _, f := range c.evidence(id).Check(account.Replay{}).Faults {
			c.t.Errorf("account %s: %s", id, f)
		}
	}
	if stored != len(c.kept) {
		c.t.Errorf("%d events are kept, want %d", stored, len(c.kept))
	}
	if fault := c.checkIndex(ids...); fault != "" {
		c.t.Errorf("the index: %s", fault)
	}
	view(c.t, c.db, func(ctx context.Context, tx *Tx) error {
		found, err := tx.CheckRuns(ctx)
		if found.Runs < 3 {
			c.t.Errorf("%+v", found)
		}
		return err
	})
}

// A database that was put back to how it was before knows less than the process.
func TestADatabasePutBackIsLearntAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a")
		w.use(start, event("1", "a", "vm", 0, 1))
		w.use(start, event("2", "a", "vm", 0, 1))
		update(t, db, func(ctx context.Context, tx *Tx) error {
			if _, err := tx.exec(ctx, "DELETE FROM usage_parcels WHERE parcel = 2"); err != nil {
				return err
			}
			_, err := tx.exec(ctx, "UPDATE accounts SET parcels = 1")
			return err
		})
		got := w.use(start, event("2", "a", "vm", 0, 1), event("1", "a", "vm", 0, 1))
		if fmt.Sprint(got) != fmt.Sprint([]Outcome{UsageAccepted, UsageDuplicate}) {
			t.Errorf("got %v", got)
		}
	})
}

// Usage whose parcel is gone or was changed cannot be told from new usage, so
// nothing more is taken for the account.
func TestUsageIsNotTakenOverChangedParcels(t *testing.T) {
	for name, change := range map[string]string{
		"changed":     "UPDATE usage_parcels SET recorded = recorded + 1 WHERE parcel = 1",
		"gone":        "DELETE FROM usage_parcels WHERE parcel = 1",
		"the last is": "DELETE FROM usage_parcels WHERE parcel = 2",
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, db *DB) {
				w := newWorld(t, db)
				w.open("a")
				w.use(start, event("1", "a", "vm", 0, 1))
				w.use(start, event("2", "a", "vm", 0, 1))
				update(t, db, func(ctx context.Context, tx *Tx) error { _, err := tx.exec(ctx, change); return err })
				db.names.forgetNow()
				if _, err := put(t, db, []metering.Event{event("1", "a", "vm", 0, 1)}); err == nil {
					t.Error("usage was taken")
				}
			})
		})
	}
}

// A name that the filter of a run suspects is looked for on its page; where the
// page is gone, nobody can tell, and the event is not taken.
func TestASuspectedNameIsLookedFor(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		w := newWorld(t, db)
		w.open("a")
		var enc journal.Encoder
		suspect := func(e metering.Event) []placed { return []placed{{nameOf(&enc, keyOf(&e)), 1}} }
		first, second := event("1", "a", "vm", 0, 1), event("2", "a", "vm", 0, 1)
		update(t, db, func(ctx context.Context, tx *Tx) error { return tx.addPages(ctx, pagesOf(1, suspect(second))) })
		db.names.addRun(0, 1, 0, newBloom(suspect(first)))
		if got := w.use(start, first); got[0] != UsageAccepted {
			t.Errorf("got %v", got)
		}
		db.names.addRun(0, 2, 0, newBloom(suspect(event("3", "a", "vm", 0, 1))))
		if _, err := put(t, db, []metering.Event{event("3", "a", "vm", 0, 1)}); err == nil {
			t.Error("an event was taken although its page is gone")
		}
	})
}
