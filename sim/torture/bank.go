package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/store"
)

// Bank is a crowd of customers that pay in and use at once, while time passes
// and auditors read all books. On every read each account's balances sum to
// zero, no wallet is below it, what is receivable is what the debts say, and
// what was paid in is what was acknowledged.
type Bank struct {
	Accounts, Payers, Users, Auditors int
	// Rounds is how often each of them acts; auditors read as long as the others act.
	Rounds int
	Seed   uint64
}

// bank is one run.
type bank struct {
	Bank
	app *app.App
	db  *store.DB
	ids []string
	// begun and acknowledged sum the payments that were sent and answered.
	begun, acknowledged atomic.Int64
	audits, busy        atomic.Int64
}

// Audits says how often all books were read, and how often of that payments were
// made meanwhile.
type Audits struct{ All, Busy int }

// Run lets the crowd loose on an empty database. It returns what was wrong.
func (b Bank) Run(ctx context.Context, location string) (audits Audits, err error) {
	run := &bank{Bank: b}
	if run.app, run.db, err = open(ctx, location); err != nil {
		return audits, err
	}
	defer func() { err = errors.Join(err, run.app.Close(), run.db.Close()) }()
	if run.ids, err = openAccounts(ctx, run.app, b.Accounts); err != nil {
		return audits, err
	}
	err = run.crowd(ctx)
	return Audits{All: int(run.audits.Load()), Busy: int(run.busy.Load())}, err
}

// crowd lets everybody act, and looks at what is left.
func (b *bank) crowd(ctx context.Context) error {
	var crowd, auditors crowd
	for i := range b.Payers {
		crowd.add(ctx, b.Rounds, b.random(1, i), b.pay)
	}
	for i := range b.Users {
		crowd.add(ctx, b.Rounds, b.random(2, i), b.use)
	}
	crowd.add(ctx, b.Rounds, b.random(4, 0), b.pass)
	var done atomic.Bool
	for range b.Auditors {
		auditors.until(ctx, &done, b.audit)
	}
	err := crowd.wait()
	done.Store(true)
	if err := errors.Join(err, auditors.wait()); err != nil {
		return err
	}
	if err := b.audit(ctx); err != nil {
		return err
	}
	if b.begun.Load() != b.acknowledged.Load() {
		return fmt.Errorf("payments of %d were sent and of %d acknowledged", b.begun.Load(), b.acknowledged.Load())
	}
	return verify(ctx, b.app)
}

func (b *bank) random(kind uint64, i int) *rand.Rand {
	return rand.New(rand.NewPCG(b.Seed, kind<<32|uint64(i)))
}

func (b *bank) pay(ctx context.Context, r *rand.Rand) error {
	sum := money.Amount(1 + r.IntN(3_000_000))
	b.begun.Add(int64(sum))
	name := fmt.Sprint(r.Uint64())
	_, err := b.app.TopUp(ctx, pick(r, b.ids), account.TopUp{Amount: sum, Method: "alipay", Reference: name}, name, "torture", false)
	if err == nil {
		b.acknowledged.Add(int64(sum))
	}
	return err
}

// use reports usage of two accounts, so that writers meet.
func (b *bank) use(ctx context.Context, r *rand.Rand) error {
	now, _, err := b.app.Now(ctx)
	if err != nil {
		return err
	}
	var events []app.Reported
	for range 2 {
		from := calendar.HourOf(now).Start()
		events = append(events, app.Reported{Event: metering.Event{
			Source: "meter", ID: fmt.Sprint(r.Uint64()), Account: pick(r, b.ids), Product: "compute-payg", Resource: pick(r, []string{"r1", "r2"}),
			From: from, To: from.Add(calendar.HourLength), Measures: []metering.Measure{{Meter: "cpu", Value: int64(r.IntN(20_000))}},
		}})
	}
	receipts, err := b.app.ReportUsage(ctx, events, "torture")
	for _, receipt := range receipts {
		if receipt.Outcome != app.Accepted {
			return fmt.Errorf("usage was answered %s %s: %s", receipt.Outcome, receipt.Code, receipt.Message)
		}
	}
	return err
}

// pass lets some hours pass.
func (b *bank) pass(ctx context.Context, r *rand.Rand) error {
	now, _, err := b.app.Now(ctx)
	if err != nil {
		return err
	}
	report, err := b.app.Advance(ctx, now.Add(calendar.Duration(1+r.IntN(5))*calendar.HourLength), nil)
	return errors.Join(err, report.Err())
}

// audit reads all books at one instant.
func (b *bank) audit(ctx context.Context) error {
	least := b.acknowledged.Load()
	var all []*account.Books
	if err := b.db.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.Books(ctx, b.ids, 0)
		return err
	}); err != nil {
		return err
	}
	most := b.begun.Load()
	b.audits.Add(1)
	if most > least {
		b.busy.Add(1)
	}
	var paidIn money.Amount
	for _, books := range all {
		paidIn -= books.Balances[ledger.PaidIn("alipay")]
		if err := balanced(books); err != nil {
			return err
		}
	}
	if int64(paidIn) < least || int64(paidIn) > most {
		return fmt.Errorf("%s was paid in; %s was acknowledged before, and %s sent", paidIn, money.Amount(least), money.Amount(most))
	}
	return nil
}

// balanced checks the books of one account.
func balanced(b *account.Books) error {
	var sum, owed, debts money.Amount
	for name, amount := range b.Balances {
		sum += amount
		if name.Kind() == "receivable" {
			owed -= amount
		}
	}
	for _, d := range b.Debts {
		debts += d.Outstanding
	}
	if sum != 0 || b.Balances[ledger.Wallet] < 0 || owed != debts {
		return fmt.Errorf("account %s: balances sum to %s, the wallet holds %s, %s is receivable and the debts are %s",
			b.ID, sum, b.Balances[ledger.Wallet], owed, debts)
	}
	return nil
}

// crowd is goroutines that act again and again.
type crowd struct {
	work   sync.WaitGroup
	mu     sync.Mutex
	errs   []error
	failed atomic.Bool
}

// add lets one more act, until it has done so for all rounds or anything failed.
func (c *crowd) add(ctx context.Context, rounds int, r *rand.Rand, act func(context.Context, *rand.Rand) error) {
	c.work.Go(func() {
		for range rounds {
			if c.failed.Load() {
				return
			}
			if err := act(ctx, r); err != nil {
				c.fail(err)
			}
		}
	})
}

// breath is how long whoever acts until the others are done lets them act.
const breath = 2 * time.Millisecond

// until lets one more act, until the others are done or anything failed.
func (c *crowd) until(ctx context.Context, done *atomic.Bool, act func(context.Context) error) {
	c.work.Go(func() {
		for !done.Load() && !c.failed.Load() {
			if err := act(ctx); err != nil {
				c.fail(err)
			}
			time.Sleep(breath)
		}
	})
}

func (c *crowd) fail(err error) {
	c.failed.Store(true)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, err)
}

func (c *crowd) wait() error {
	c.work.Wait()
	return errors.Join(c.errs...)
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
