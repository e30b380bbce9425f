package torture

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/store"
)

// Race has many claim one thing at once; one of them must get it, and the others
// must be told so.
func Race(ctx context.Context, location string, runners int) (err error) {
	a, db, err := open(ctx, location)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close(), db.Close()) }()
	if _, err := openAccounts(ctx, a, 1); err != nil {
		return err
	}
	for _, race := range []func(context.Context, *racing) error{oneKey, onePayment, oneEvent, oneName, oneWallet} {
		if err := race(ctx, &racing{app: a, db: db, runners: runners}); err != nil {
			return err
		}
	}
	return verify(ctx, a)
}

const racer = "customer-0000"

// racing is one race.
type racing struct {
	app     *app.App
	db      *store.DB
	runners int
}

// run starts all at once and counts how often each answer was given.
func (r *racing) run(act func(i int) (answer string, err error)) (map[string]int, error) {
	var ready, done sync.WaitGroup
	var mu sync.Mutex
	var failed error
	answers := map[string]int{}
	gate := make(chan struct{})
	ready.Add(r.runners)
	for i := range r.runners {
		done.Go(func() {
			ready.Done()
			<-gate
			answer, err := act(i)
			mu.Lock()
			defer mu.Unlock()
			failed = errors.Join(failed, err)
			answers[answer]++
		})
	}
	ready.Wait()
	close(gate)
	done.Wait()
	return answers, failed
}

// won checks that one runner got what it wanted and all others the other answer.
func (r *racing) won(what string, answers map[string]int, winner, loser string) error {
	if answers[winner] == 1 && answers[loser] == r.runners-1 {
		return nil
	}
	return fmt.Errorf("%s: of %d one must be answered %q and the others %q; the answers were %v", what, r.runners, winner, loser, answers)
}

func (r *racing) topUp(ctx context.Context, key, reference string) (string, error) {
	answer, err := r.app.TopUp(ctx, racer, account.TopUp{Amount: money.AmountScale, Method: "alipay", Reference: reference}, key, "torture", false)
	switch {
	case refusal.CodeOf(err) != "":
		return string(refusal.CodeOf(err)), nil
	case answer.Repeated:
		return "repeated", err
	}
	return "credited", err
}

// oneKey: one request is sent many times.
func oneKey(ctx context.Context, r *racing) error {
	answers, err := r.run(func(int) (string, error) { return r.topUp(ctx, "one-key", "one-key") })
	return errors.Join(err, r.won("one key", answers, "credited", "repeated"))
}

// onePayment: one payment is reported many times, each time as another request.
func onePayment(ctx context.Context, r *racing) error {
	answers, err := r.run(func(i int) (string, error) { return r.topUp(ctx, fmt.Sprint("key-", i), "one-payment") })
	return errors.Join(err, r.won("one payment", answers, "credited", string(refusal.AlreadyExists)))
}

// oneEvent: one usage event arrives many times.
func oneEvent(ctx context.Context, r *racing) error {
	answers, err := r.run(func(int) (string, error) { return r.report(ctx, "one-event", 1000) })
	return errors.Join(err, r.won("one event", answers, string(app.Accepted), string(app.Duplicate)))
}

// report reports an hour of usage that has just ended.
func (r *racing) report(ctx context.Context, id string, rate int64) (string, error) {
	now, _, err := r.app.Now(ctx)
	if err != nil {
		return "", err
	}
	from := calendar.HourOf(now).Start()
	receipts, err := r.app.ReportUsage(ctx, []app.Reported{{Event: metering.Event{
		Source: "meter", ID: id, Account: racer, Product: "compute-payg", Resource: "r", From: from, To: from.Add(calendar.HourLength),
		Measures: []metering.Measure{{Meter: "cpu", Value: rate}},
	}}}, "torture")
	if err != nil {
		return "", err
	}
	return string(receipts[0].Outcome), nil
}

// oneName: many open an account of one id, each under its own name.
func oneName(ctx context.Context, r *racing) error {
	answers, err := r.run(func(i int) (string, error) {
		err := r.app.CreateAccount(ctx, app.NewAccount{ID: "one-name", Name: fmt.Sprint("name-", i)}, "torture")
		if code := refusal.CodeOf(err); code != "" {
			return string(code), nil
		}
		return "opened", err
	})
	return errors.Join(err, r.won("one name", answers, "opened", string(refusal.AlreadyExists)))
}

// oneWallet: what the wallet holds is spent once. Many use more than it can pay
// for and have the hour settled at once; the wallet ends at nothing and the rest
// is owed.
func oneWallet(ctx context.Context, r *racing) error {
	now, _, err := r.app.Now(ctx)
	if err != nil {
		return err
	}
	var accepted atomic.Int64
	_, err = r.run(func(i int) (string, error) {
		outcome, err := r.report(ctx, fmt.Sprint("use-", i), 1_000_000)
		if outcome == string(app.Accepted) {
			accepted.Add(1)
		}
		return outcome, err
	})
	if err != nil {
		return err
	}
	if _, err = r.run(func(int) (string, error) {
		report, err := r.app.Advance(ctx, now.Add(2*calendar.HourLength), nil)
		return "", errors.Join(err, report.Err())
	}); err != nil {
		return err
	}
	return r.db.View(ctx, func(tx *store.Tx) error {
		books, err := tx.Books(ctx, []string{racer}, 0)
		if err != nil {
			return err
		}
		b := books[0]
		used := money.Amount(accepted.Load()) * 90 * money.AmountScale
		used += 90_000 // of the one event before
		paid := -b.Balances[ledger.PaidIn("alipay")]
		owed := b.Balances.Owed(ledger.Receivable("aurora"))
		if b.Balances[ledger.Wallet] != 0 || owed != used-paid {
			return fmt.Errorf("one wallet: %s was paid in and %s used; %s is left and %s owed", paid, used, b.Balances[ledger.Wallet], owed)
		}
		return balanced(b)
	})
}
