package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/store/pgtest"
)

// The load: clients that each top up one account after the other, each time with
// a key of its own. Every account owes for an hour of usage and the late fees of
// some days, and its service is suspended.
const (
	payClients = 16
	payDays    = 4 // from the usage to the payment: time enough to be told and suspended
)

// BenchmarkPay tops up accounts whose service is suspended for a debt, by exactly
// what they owe: the debt and its late fees are paid, the service resumes, an
// entry is sealed and the answer kept under its key. It reports the rate beside
// what the same engine takes on this machine, in the same run, from as many
// clients of the smallest transaction there is for a payment: one UPDATE of a
// balance and one INSERT, each statement a call, committed durably. On PostgreSQL
// it also reports the rate of those transactions when each is sent in one piece,
// as no ordinary client does. Each operation is a payment of every account.
func BenchmarkPay(b *testing.B) {
	for _, accounts := range benchSizes(b, 2_000) {
		b.Run(fmt.Sprintf("engine=sqlite/accounts=%d", accounts), func(b *testing.B) {
			dir := b.TempDir()
			w := newIndebted(b, filepath.Join(dir, "termwise.db"), accounts)
			benchmarkPay(b, w, map[string]payer{"tx": newSQLitePayer(b, filepath.Join(dir, "bare.db"), w.ids)})
		})
		b.Run(fmt.Sprintf("engine=postgresql/accounts=%d", accounts), func(b *testing.B) {
			url := durable(b)
			w := newIndebted(b, url, accounts)
			p := newPostgresPayer(b, url, w.ids)
			benchmarkPay(b, w, map[string]payer{"tx": p.pay, "batch": p.payAtOnce})
		})
	}
}

// payer makes the smallest transaction of a payment, as one of the clients.
type payer func(ctx context.Context, client int, id, key string) error

func benchmarkPay(b *testing.B, w *settling, limits map[string]payer) {
	took := map[string]time.Duration{}
	warmUp(b, w, limits)
	counted := pgtest.CountStatements(b, w.url)
	var rounds int
	for b.Loop() {
		b.StopTimer()
		owed := runUpDebts(b, w)
		rounds++
		key := fmt.Sprint("round-", rounds)
		counted.Begin(b)
		b.StartTimer()
		payClientsDo(b, w.ids, func(_ int, id string) error { return payDebt(b.Context(), w.app, id, owed, key) })
		b.StopTimer()
		counted.End(b)
		for name, pay := range limits {
			began := time.Now()
			payClientsDo(b, w.ids, func(client int, id string) error { return pay(b.Context(), client, id, key) })
			took[name] += time.Since(began)
		}
		b.StartTimer()
	}
	b.StopTimer()
	counted.Report(b)
	assertResumed(b, w)
	all, ours := float64(rounds*len(w.ids)), b.Elapsed().Seconds()
	b.ReportMetric(all/ours, "payments/s")
	for name := range limits {
		limit := took[name].Seconds()
		b.ReportMetric(all/limit, "bare-"+name+"/s")
		b.ReportMetric(100*limit/ours, "%of"+name)
	}
}

// warmUp makes a round that is not measured: every connection prepares its
// statements, and PostgreSQL plans each of them five times before it keeps a plan.
func warmUp(b *testing.B, w *settling, limits map[string]payer) {
	b.Helper()
	owed := runUpDebts(b, w)
	payClientsDo(b, w.ids, func(_ int, id string) error { return payDebt(b.Context(), w.app, id, owed, "warm-up") })
	for _, pay := range limits {
		payClientsDo(b, w.ids, func(client int, id string) error { return pay(b.Context(), client, id, "warm-up") })
	}
}

// payClientsDo has the clients share the accounts.
func payClientsDo(b *testing.B, ids []string, do func(client int, id string) error) {
	b.Helper()
	waiting := make(chan string, len(ids))
	for _, id := range ids {
		waiting <- id
	}
	close(waiting)
	var group sync.WaitGroup
	for client := range payClients {
		group.Go(func() {
			for id := range waiting {
				if err := do(client, id); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

func payDebt(ctx context.Context, a *app.App, id string, owed money.Amount, key string) error {
	answer, err := a.TopUp(ctx, id, account.TopUp{Amount: owed, Method: "bank_remittance", Reference: key}, key, "benchmark", false)
	if err == nil && (answer.Owed != 0 || answer.Paid != owed || answer.Wallet != 0 || answer.Repeated) {
		return fmt.Errorf("account %s owed %s and was answered %+v", id, owed, answer)
	}
	return err
}

// newIndebted opens accounts that have no money.
func newIndebted(b *testing.B, url string, accounts int) *settling {
	b.Helper()
	w := &settling{app: openSample(b, url), now: instant(traceStart)}
	w.openStore(b, url)
	opened := make([]app.NewAccount, accounts)
	for n := range opened {
		id := fmt.Sprintf("customer-%06d", n)
		w.ids = append(w.ids, id)
		opened[n] = app.NewAccount{ID: id, Name: "Loom", Accepts: []string{"general-agreement"}}
	}
	for at := 0; at < accounts; at += settleAtOnce {
		_, err := w.app.CreateAccounts(b.Context(), opened[at:min(at+settleAtOnce, accounts)], "benchmark")
		must(b, err)
	}
	return w
}

// runUpDebts has every account use for an hour and not pay until its service is
// suspended, and returns what each owes.
func runUpDebts(b *testing.B, w *settling) money.Amount {
	b.Helper()
	w.use(b)
	w.now = w.now.Add(payDays * 24 * calendar.HourLength)
	report, err := w.app.Advance(b.Context(), w.now, nil)
	must(b, err)
	must(b, report.Err())
	owing, err := w.app.ArrearsOf(b.Context(), w.ids[0])
	must(b, err)
	if len(owing.Services) != 1 || owing.Services[0].State != "suspended" || owing.Principal == 0 || owing.LateFees == 0 {
		b.Fatalf("the account is not as it should be: %+v", owing)
	}
	return owing.Principal + owing.LateFees
}

// assertResumed checks that every service runs again, and the books.
func assertResumed(b *testing.B, w *settling) {
	b.Helper()
	for _, id := range []string{w.ids[0], w.ids[len(w.ids)-1]} {
		owing, err := w.app.ArrearsOf(b.Context(), id)
		must(b, err)
		if len(owing.Services) != 1 || owing.Services[0].State != "active" {
			b.Fatalf("the service of %s did not resume: %+v", id, owing)
		}
	}
	report, err := w.app.Verify(b.Context(), nil)
	must(b, err)
	for _, broken := range report.Broken() {
		b.Error(broken)
	}
}

// The tables of the smallest payment.
const (
	payTables = `CREATE TABLE bare_wallets (account TEXT PRIMARY KEY, balance BIGINT NOT NULL);
		CREATE TABLE bare_payments (account TEXT NOT NULL, key TEXT NOT NULL, amount BIGINT NOT NULL, PRIMARY KEY (account, key))`
	payWallet = "INSERT INTO bare_wallets VALUES ($1, 0)"
	payUpdate = "UPDATE bare_wallets SET balance = balance + $1 WHERE account = $2"
	payInsert = "INSERT INTO bare_payments VALUES ($1, $2, $3)"
)

// newSQLitePayer pays over one connection with prepared statements, as a file has
// one writer: clients wait for it in line.
func newSQLitePayer(b *testing.B, file string, ids []string) payer {
	b.Helper()
	db := openDB(b, "sqlite", "file:"+file+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(10000)&_pragma=cache_size(-65536)&_txlock=immediate")
	fillWallets(b, db, ids)
	prepared := map[string]*sql.Stmt{}
	for _, text := range []string{"BEGIN IMMEDIATE", payUpdate, payInsert, "COMMIT"} {
		statement, err := db.Prepare(text)
		must(b, err)
		b.Cleanup(func() { must(b, statement.Close()) })
		prepared[text] = statement
	}
	var line sync.Mutex
	return func(_ context.Context, _ int, id, key string) error {
		line.Lock()
		defer line.Unlock()
		for _, s := range []struct {
			text string
			args []any
		}{{"BEGIN IMMEDIATE", nil}, {payUpdate, []any{1, id}}, {payInsert, []any{id, key, 1}}, {"COMMIT", nil}} {
			if _, err := prepared[s.text].Exec(s.args...); err != nil {
				return err
			}
		}
		return nil
	}
}

func fillWallets(b *testing.B, db *sql.DB, ids []string) {
	b.Helper()
	_, err := db.Exec(payTables)
	must(b, err)
	tx, err := db.Begin()
	must(b, err)
	for _, id := range ids {
		_, err := tx.Exec(payWallet, id)
		must(b, err)
	}
	must(b, tx.Commit())
}

// postgresPayer pays over a connection for each client.
type postgresPayer struct{ clients []*pgx.Conn }

func newPostgresPayer(b *testing.B, url string, ids []string) *postgresPayer {
	b.Helper()
	fillWallets(b, openDB(b, "pgx", url), ids)
	p := &postgresPayer{}
	for range payClients {
		client, err := pgx.Connect(b.Context(), url)
		must(b, err)
		b.Cleanup(func() { must(b, client.Close(context.WithoutCancel(b.Context()))) })
		p.clients = append(p.clients, client)
	}
	return p
}

func (p *postgresPayer) pay(ctx context.Context, client int, id, key string) error {
	return pgx.BeginFunc(ctx, p.clients[client], func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, payUpdate, 1, id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, payInsert, id, key, 1)
		return err
	})
}

func (p *postgresPayer) payAtOnce(ctx context.Context, client int, id, key string) error {
	batch := &pgx.Batch{}
	batch.Queue("BEGIN")
	batch.Queue(payUpdate, 1, id)
	batch.Queue(payInsert, id, "at once "+key, 1)
	batch.Queue("COMMIT")
	return p.clients[client].SendBatch(ctx, batch).Close()
}
