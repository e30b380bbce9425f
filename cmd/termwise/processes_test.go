package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/ledger"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/provider"
	"termwise.dev/store"
	"termwise.dev/store/pgtest"
)

// What the clients send each hour: usage of the hour before, which is settled as
// it comes in, and of the hour that begins, which falls due with the next round;
// payments into accounts, but not into the poor one, and such as must be refused.
// A midnight passes.
const (
	processRounds = 5
	requests      = 40 // of usage in each round
	perRequest    = 3  // events in each request
	customers     = 30
	poor          = 0
	wrongPayments = 6
	clients       = 4
)

var processStart = time.Date(2026, 1, 1, 21, 0, 0, 0, time.FixedZone("UTC+8", 8*3600))

func at(round int) time.Time { return processStart.Add(time.Duration(round) * time.Hour) }

// TestProcessesShareADatabase has three processes answer and three work on one
// database, clients that send to any of them, and in every round one process
// killed while the hour before is settled and one while usage comes in: on one
// node, on a database that seems to have several, and, with fewer, on SQLite. What
// was acknowledged is there once, what was refused is not, of the rest nobody
// knows until it is sent again; and in the end the books say what those of one
// process say that was left alone.
func TestProcessesShareADatabase(t *testing.T) {
	three := []role{roleAPI, roleAPI, roleAPI, roleWorker, roleWorker, roleWorker}
	t.Run("postgresql", func(t *testing.T) { share(t, processRounds, pgtest.Database(t), pgtest.Database(t), three) })
	t.Run("nodes", func(t *testing.T) {
		nodes := pgtest.Database(t)
		pgtest.DisguiseAsCitus(t, nodes)
		share(t, 3, pgtest.Database(t), nodes, three)
	})
	t.Run("sqlite", func(t *testing.T) {
		folder := t.TempDir()
		share(t, 3, filepath.Join(folder, "calm.db"), filepath.Join(folder, "shared.db"), []role{roleAPI, roleWorker})
	})
}

func share(t *testing.T, rounds int, calm, shared string, roles []role) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	want := newTown(t, calm, []role{roleAll}, seed)
	want.live(rounds, false)
	got := newTown(t, shared, roles, seed)
	got.live(rounds, true)
	if diff := cmp.Diff(want.totals(), got.totals()); diff != "" {
		t.Errorf("the totals differ (-one process +several, killed):\n%s", diff)
	}
	kills := got.fleet.kills
	t.Logf("killed %v; %d answers were lost", kills, got.lost.Load())
	if kills[roleAPI] == 0 || kills[roleWorker] == 0 || got.lost.Load() == 0 {
		t.Error("too little happened: the test shows nothing")
	}
	if worked := strings.Count(got.fleet.logs[roleWorker].String(), "did what was due"); worked == 0 {
		t.Error("no worker did anything")
	}
}

// town is a database, the processes on it, and those who use them.
type town struct {
	t     *testing.T
	fleet *fleet
	app   *app.App // to look at the books with, at the told time
	db    *store.DB
	token string
	seed  uint64
	lost  atomic.Int64 // answers that never came
}

func newTown(t *testing.T, database string, roles []role, seed uint64) *town {
	t.Helper()
	ctx := context.Background()
	w := &town{t: t, seed: seed, fleet: launch(t, database, at(0), roles...)}
	var err error
	w.app, err = app.Open(ctx, database, func() time.Time { return readTime(w.fleet.clock) })
	w.must(err)
	w.db, err = store.Open(ctx, database)
	w.must(err)
	t.Cleanup(func() { w.must(errors.Join(w.app.Close(), w.db.Close())) })
	w.must(w.app.Init(ctx, false, 0))
	_, err = w.app.Publish(ctx, provider.Sample)
	w.must(err)
	var accounts []app.NewAccount
	for n := range customers {
		accounts = append(accounts, app.NewAccount{ID: customerID(n), Name: customerID(n), Accepts: []string{"general-agreement"}})
	}
	_, err = w.app.CreateAccounts(ctx, accounts, "test")
	w.must(err)
	_, w.token, err = w.app.CreateKey(ctx, app.NewKey{Name: "test", Role: app.Operator})
	w.must(err)
	w.fleet.start()
	return w
}

func (w *town) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func customerID(n int) string { return fmt.Sprintf("customer-%03d", n) }

// live lets the rounds pass, disturbed or not, and checks the books at the end.
func (w *town) live(rounds int, disturbed bool) {
	w.t.Helper()
	r := rand.New(rand.NewPCG(w.seed, 1))
	for round := 1; round <= rounds; round++ {
		tell(w.t, w.fleet.clock, at(round))
		victims := [2]role{roleWorker, roleAPI}
		if round%2 == 0 {
			victims = [2]role{roleAPI, roleWorker}
		}
		if disturbed { // what fell due with the hour is about to be done, or half done
			time.Sleep(time.Duration(r.IntN(60)) * time.Millisecond)
			w.fleet.kill(r, victims[0])
		}
		intents := w.intents(round)
		meanwhile := func() {}
		if disturbed {
			meanwhile = func() { w.fleet.kill(r, victims[1]) }
		}
		w.send(intents, r.IntN(len(intents)/2), meanwhile)
		w.check(intents)
		w.resolve(intents)
		w.check(intents)
		w.settled()
	}
	tell(w.t, w.fleet.clock, at(rounds).Add(26*time.Hour))
	w.settled()
	v, err := w.app.Verify(context.Background(), nil)
	w.must(err)
	for _, broken := range v.Broken() {
		w.t.Errorf("verify finds %v", broken)
	}
}

// settled waits until nothing is due any more.
func (w *town) settled() {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		due, err := w.app.Due(context.Background())
		w.must(err)
		if due.Accounts == 0 {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%d accounts are still due:\n%s%s", due.Accounts, w.fleet.logs[roleWorker], w.fleet.logs[roleAll])
		}
	}
}

// sent says what a client knows of an intent.
type sent int

const (
	unknown sent = iota
	acknowledged
	refusedBy
)

// intent is a request as a client wrote it down before it sent it.
type intent struct {
	path, key, kind, body string
	account, reference    string   // of a payment
	events                []string // the names of the events that it carries, as account/id
	invalid               bool     // it must be refused
	known                 sent
}

// intents makes the requests of a round, the same for every town of a seed.
func (w *town) intents(round int) (all []*intent) {
	r := rand.New(rand.NewPCG(w.seed, uint64(1000+round)))
	for n := range requests {
		all = append(all, usageIntent(r, round, n))
		if who := n % customers; who != poor {
			all = append(all, paymentIntent(round, n, who, "bank_remittance"))
		}
	}
	for who := range wrongPayments {
		all = append(all, paymentIntent(round, requests+who, who, "shells"))
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func usageIntent(r *rand.Rand, round, n int) *intent {
	i := &intent{path: "/v1/usage-events", kind: "application/cloudevents-batch+json"}
	var events []string
	for e := range perRequest {
		who := customerID((n*perRequest + e) % customers)
		from := at(round - e%2).Add(time.Duration(r.IntN(3000)) * time.Second)
		id := fmt.Sprintf("r%d-n%d-e%d", round, n, e)
		i.events = append(i.events, who+"/"+id)
		events = append(events, fmt.Sprintf(`{"specversion":"1.0","type":"termwise.usage.v1","source":"fleet","id":%q,"subject":"vm-%d",
			"data":{"account":%q,"product":"compute-payg","from":%q,"to":%q,"rates":{"cpu":%d,"memory":%d}}}`,
			id, r.IntN(3), who, from.Format(time.RFC3339), from.Add(time.Duration(1+r.IntN(599))*time.Second).Format(time.RFC3339),
			r.IntN(8000), r.IntN(8000)))
	}
	i.body = "[" + strings.Join(events, ",") + "]"
	return i
}

func paymentIntent(round, n, who int, method string) *intent {
	reference := fmt.Sprintf("r%d-n%d", round, n)
	return &intent{
		path: "/v1/accounts/" + customerID(who) + "/top-ups", key: "key-" + reference, kind: "application/json",
		body:    fmt.Sprintf(`{"amount":"%d.000001","method":%q,"reference":%q}`, 10+n, method, reference),
		account: customerID(who), reference: reference, invalid: method == "shells",
	}
}

// send has clients send the intents to processes of their choice. After some of
// them it does something meanwhile. A client that gets no answer now and then
// asks another process, and now and then leaves it at that.
func (w *town) send(intents []*intent, after int, meanwhile func()) {
	queue := make(chan *intent)
	var working sync.WaitGroup
	for c := range clients {
		own := rand.New(rand.NewPCG(w.seed, uint64(100+c)))
		working.Go(func() {
			for i := range queue {
				for i.known == unknown && !w.try(i, own) && own.IntN(2) == 0 {
					continue
				}
			}
		})
	}
	for n, i := range intents {
		if n == after {
			working.Go(meanwhile)
		}
		queue <- i
	}
	close(queue)
	working.Wait()
}

// try sends an intent once, notes what was answered, and says whether anything was.
func (w *town) try(i *intent, r *rand.Rand) bool {
	request, err := http.NewRequest(http.MethodPost, w.fleet.address(r)+i.path, strings.NewReader(i.body))
	if err != nil {
		w.t.Error(err)
		return true
	}
	request.Header.Set("Authorization", "Bearer "+w.token)
	request.Header.Set("Content-Type", i.kind)
	if i.key != "" {
		request.Header.Set("Idempotency-Key", i.key)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		w.lost.Add(1)
		return false
	}
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil || answer.StatusCode >= http.StatusInternalServerError {
		w.lost.Add(1)
		return false
	}
	i.known = acknowledged
	if answer.StatusCode >= http.StatusBadRequest {
		i.known = refusedBy
	}
	if (i.known == refusedBy) != i.invalid || strings.Contains(string(body), `"outcome":"refused"`) {
		w.t.Errorf("%s was answered with %d %s", i.body, answer.StatusCode, body)
	}
	return true
}

// resolve sends again, under the same keys, what nobody answered.
func (w *town) resolve(intents []*intent) {
	r := rand.New(rand.NewPCG(w.seed, 2))
	for _, i := range intents {
		for tries := 0; i.known == unknown; tries++ {
			if !w.try(i, r) && tries > 100 {
				w.t.Fatalf("nobody answers:\n%s", w.fleet.logs[roleAPI])
			}
		}
	}
}

// check holds what the clients know against the books.
func (w *town) check(intents []*intent) {
	w.t.Helper()
	w.must(w.db.View(context.Background(), func(tx *store.Tx) error {
		paid, err := payments(tx)
		if err != nil {
			return err
		}
		for _, i := range intents {
			here := []int{paid[i.account+"/"+i.reference]}
			if len(i.events) > 0 {
				if here, err = countEvents(tx, i.events); err != nil {
					return err
				}
			}
			w.judge(i, here)
		}
		return nil
	}))
}

func (w *town) judge(i *intent, here []int) {
	w.t.Helper()
	least, most := slices.Min(here), slices.Max(here)
	switch {
	case i.known == acknowledged && (least != 1 || most != 1):
		w.t.Errorf("acknowledged and there %v times: %s", here, i.body)
	case i.known == refusedBy && most != 0:
		w.t.Errorf("refused and there %v times: %s", here, i.body)
	case i.known == unknown && most > 1:
		w.t.Errorf("sent without an answer and there %v times: %s", here, i.body)
	}
}

// payments counts the top-ups of each account by their reference.
func payments(tx *store.Tx) (map[string]int, error) {
	paid := map[string]int{}
	for n := range customers {
		entries, err := tx.Journal(context.Background(), customerID(n), store.Filter[calendar.Instant]{})
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.Kind != journal.ToppedUp {
				continue
			}
			var t account.TopUp
			if err := json.Unmarshal([]byte(e.Payload), &t); err != nil {
				return nil, err
			}
			paid[customerID(n)+"/"+t.Reference]++
		}
	}
	return paid, nil
}

// countEvents says how often each event is kept; verify says whether its usage
// was counted as often.
func countEvents(tx *store.Tx, names []string) (counts []int, err error) {
	for _, name := range names {
		owner, id, _ := strings.Cut(name, "/")
		_, found, err := tx.UsageEvent(context.Background(), owner, "fleet", id)
		if err != nil {
			return nil, err
		}
		counts = append(counts, map[bool]int{true: 1}[found])
	}
	return counts, nil
}

// sums is what an account's books come to.
type sums struct {
	Buckets  map[metering.Key][4]int64 // used, billed, refused, charged
	Balances ledger.Balances
	Debts    map[calendar.Instant]money.Amount
	Fees     money.Amount
}

// totals reads the sums of every account.
func (w *town) totals() map[string]sums {
	w.t.Helper()
	all := map[string]sums{}
	w.must(w.db.View(context.Background(), func(tx *store.Tx) error {
		for n := range customers {
			e, _, err := tx.Evidence(context.Background(), customerID(n))
			if err != nil {
				return err
			}
			s := sums{Buckets: map[metering.Key][4]int64{}, Balances: e.Account.Balances, Debts: map[calendar.Instant]money.Amount{}}
			for _, b := range e.Buckets {
				s.Buckets[b.Key] = [4]int64{b.Total, b.Billed, b.Refused, int64(b.Charged)}
			}
			for _, d := range e.Account.Debts {
				s.Debts[d.Since] += d.Outstanding
			}
			for _, f := range e.LateFees {
				s.Fees += f.Amount
			}
			all[customerID(n)] = s
		}
		return nil
	}))
	if all[customerID(poor)].Fees == 0 || len(all[customerID(poor)].Debts) == 0 {
		w.t.Error("nobody was in arrears: the test shows too little")
	}
	return all
}
