package torture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/sim/world"
	"termwise.dev/store"
)

// Storm is a feed of usage as networks deliver it: of its events a part comes
// twice, a part out of order, a part hours late, and some under a name that
// stands for another event already. The totals must be those of the same events
// sent once and in order.
type Storm struct {
	Events, Accounts int
	Senders          int // who send at once
	Seed             uint64
}

// The parts of a storm, in percent.
const (
	duplicated = 20
	reordered  = 20
	late       = 5
	reused     = 1
)

// The shape of the feed.
const (
	stormHours    = 24
	mostInBatch   = 500
	batchesAnHour = 8                                 // at least: fewer, and no two senders would be at work at once
	stormWallet   = 1_000_000_000 * money.AmountScale // nobody runs out: the order must not matter
	mostReorders  = 3                                 // batches that an event may be off its place
)

// Weather says what a storm was made of. Met is how many batches were sent while
// another one was under way.
type Weather struct{ Sent, Duplicates, Reordered, Late, Reused, Met int }

// batch is how many events are sent together.
func (s Storm) batch() int { return max(1, min(mostInBatch, s.Events/stormHours/batchesAnHour)) }

// Run sends the calm feed to one empty database and the storm to another, and
// returns where the totals differ.
func (s Storm) Run(ctx context.Context, calm, wild string) (w Weather, err error) {
	r := rand.New(rand.NewPCG(s.Seed, 0))
	hours := s.feed(r)
	want, _, err := s.settle(ctx, calm, hours)
	if err != nil {
		return w, fmt.Errorf("the calm feed: %w", err)
	}
	w, stormy := s.stir(r, hours)
	got, met, err := s.settle(ctx, wild, stormy)
	if err != nil {
		return w, fmt.Errorf("the storm: %w", err)
	}
	w.Met = met
	return w, sameTotals(want, got)
}

// sending is an event and whether it must be refused for its name.
type sending struct {
	metering.Event
	reused bool
}

// feed makes the events of each hour, in order.
func (s Storm) feed(r *rand.Rand) [][]sending {
	hours := make([][]sending, stormHours)
	start := stormStart()
	for i := range s.Events {
		hour := i * stormHours / s.Events
		from := start.Add(calendar.Duration(hour) * calendar.HourLength)
		first := r.IntN(3000)
		e := metering.Event{
			Source: "meter", ID: fmt.Sprintf("e%08d", i), Account: customer(r.IntN(s.Accounts)), Product: "compute-payg",
			Resource: fmt.Sprintf("r%d", r.IntN(5)), From: from.Add(calendar.Duration(first) * calendar.Second),
			To:       from.Add(calendar.Duration(first+1+r.IntN(3600-first)) * calendar.Second),
			Measures: []metering.Measure{{Meter: "cpu", Value: int64(r.IntN(4000))}, {Meter: "memory", Value: int64(r.IntN(4000))}},
		}
		hours[hour] = append(hours[hour], sending{Event: e})
	}
	return hours
}

func customer(i int) string { return fmt.Sprintf("customer-%04d", i) }

// stir makes a storm of a feed: what is sent while each hour passes.
func (s Storm) stir(r *rand.Rand, hours [][]sending) (Weather, [][]sending) {
	var w Weather
	stormy := make([][]sending, len(hours)+stormHours) // what is late comes up to a day later
	place := map[string]int{}                          // how far an event is moved within its hour
	for h, events := range hours {
		for _, e := range events {
			at := h
			switch n := r.IntN(100); {
			case n < late:
				at, w.Late = h+1+r.IntN(stormHours-1), w.Late+1
			case n < late+reordered:
				place[e.ID], w.Reordered = r.IntN(mostReorders*s.batch()), w.Reordered+1
			}
			stormy[at] = append(stormy[at], e)
			if r.IntN(100) < duplicated {
				again := at + r.IntN(2)*r.IntN(len(stormy)-at)
				stormy[again], w.Duplicates = append(stormy[again], e), w.Duplicates+1
			}
		}
	}
	for h := range stormy {
		order := make(map[int]int, len(stormy[h]))
		for i := range stormy[h] {
			order[i] = i + place[stormy[h][i].ID]
		}
		stormy[h] = permuted(stormy[h], order)
		stormy[h] = s.reuse(r, stormy[h], &w)
		w.Sent += len(stormy[h])
	}
	return w, stormy
}

// permuted sorts events by where they are moved.
func permuted(events []sending, place map[int]int) []sending {
	index := make([]int, len(events))
	for i := range index {
		index[i] = i
	}
	slices.SortStableFunc(index, func(a, b int) int { return cmp.Compare(place[a], place[b]) })
	out := make([]sending, len(events))
	for i, from := range index {
		out[i] = events[from]
	}
	return out
}

// reuse sends, after events, others under their names. They come in the next
// hour's place, when whoever sends at once has sent the first.
func (s Storm) reuse(r *rand.Rand, events []sending, w *Weather) []sending {
	out := slices.Clone(events)
	for _, e := range events {
		if r.IntN(100) < reused {
			e.Measures = []metering.Measure{{Meter: "cpu", Value: 3999 + int64(r.IntN(5))}}
			e.reused = true
			out, w.Reused = append(out, e), w.Reused+1
		}
	}
	return out
}

func stormStart() calendar.Instant { return calendar.FromTime(world.Plain().Start) }

// settle sends a feed, hour by hour, and has each hour settled. It says how many
// batches met others.
func (s Storm) settle(ctx context.Context, location string, hours [][]sending) (all []total, met int, err error) {
	a, db, err := open(ctx, location)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, a.Close(), db.Close()) }()
	ids, err := openAccounts(ctx, a, s.Accounts)
	if err != nil {
		return nil, 0, err
	}
	for _, id := range ids {
		if _, err := a.TopUp(ctx, id, account.TopUp{Amount: stormWallet, Method: "alipay", Reference: "first"}, "first", "torture", false); err != nil {
			return nil, 0, err
		}
	}
	gate := &gate{app: a}
	for h := range hours {
		if err := s.sendAll(ctx, gate, hours[h]); err != nil {
			return nil, 0, err
		}
		if err := advance(ctx, a, stormStart().Add(calendar.Duration(h+1)*calendar.HourLength)); err != nil {
			return nil, 0, err
		}
	}
	if err := advance(ctx, a, stormStart().Add(4*stormHours*calendar.HourLength)); err != nil {
		return nil, 0, err
	}
	if err := verify(ctx, a); err != nil {
		return nil, 0, err
	}
	all, err = totals(ctx, db, ids)
	return all, int(gate.met.Load()), err
}

func advance(ctx context.Context, a *app.App, to calendar.Instant) error {
	report, err := a.Advance(ctx, to, nil)
	return errors.Join(err, report.Err())
}

// sendAll sends the events of an hour in batches, by several senders at once;
// then those that reuse a name.
func (s Storm) sendAll(ctx context.Context, to *gate, events []sending) error {
	var first, second []sending
	for _, e := range events {
		if e.reused {
			second = append(second, e)
		} else {
			first = append(first, e)
		}
	}
	for _, list := range [][]sending{first, second} {
		batches := make(chan []sending)
		var senders sync.WaitGroup
		errs := make([]error, s.Senders)
		for i := range s.Senders {
			senders.Go(func() {
				for batch := range batches {
					errs[i] = errors.Join(errs[i], to.send(ctx, batch))
				}
			})
		}
		for batch := range slices.Chunk(list, s.batch()) {
			batches <- batch
		}
		close(batches)
		senders.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
	return nil
}

// gate is where batches arrive. It counts those that met others on the way.
type gate struct {
	app         *app.App
	inside, met atomic.Int64
}

func (g *gate) send(ctx context.Context, batch []sending) error {
	if g.inside.Add(1) > 1 {
		g.met.Add(1)
	}
	defer g.inside.Add(-1)
	events := make([]app.Reported, len(batch))
	for i, e := range batch {
		events[i] = app.Reported{Event: e.Event}
	}
	receipts, err := g.app.ReportUsage(ctx, events, "torture")
	if err != nil {
		return err
	}
	for i, receipt := range receipts {
		refused := receipt.Outcome == app.Refused
		if refused != batch[i].reused {
			return fmt.Errorf("event %s (reused name: %t) was answered %s %s: %s",
				batch[i].ID, batch[i].reused, receipt.Outcome, receipt.Code, receipt.Message)
		}
	}
	return nil
}

// total is what became of one bucket.
type total struct {
	Account                string
	Key                    metering.Key
	Total, Billed, Refused int64
	Charged                money.Amount
}

// totals reads every bucket of every account, and each wallet as one of its own.
func totals(ctx context.Context, db *store.DB, ids []string) (all []total, err error) {
	for _, id := range ids {
		err := db.View(ctx, func(tx *store.Tx) error {
			ev, _, err := tx.Evidence(ctx, id)
			if err != nil {
				return err
			}
			for i := range ev.Buckets {
				b := &ev.Buckets[i]
				all = append(all, total{id, b.Key, b.Total, b.Billed, b.Refused, b.Charged})
			}
			all = append(all, total{Account: id, Charged: ev.Account.Balances["wallet"]})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func sameTotals(want, got []total) error {
	if len(want) != len(got) {
		return fmt.Errorf("the calm feed has %d totals, the storm %d", len(want), len(got))
	}
	for i := range want {
		if want[i] != got[i] {
			return fmt.Errorf("the totals differ:\n  calm  %+v\n  storm %+v", want[i], got[i])
		}
	}
	return nil
}
