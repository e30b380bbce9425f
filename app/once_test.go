package app_test

import (
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// Under a key, opening an account and accepting documents are answered as they
// were the first time, whatever happened since; without one, as things stand.
func TestWritesUnderAKey(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a, ctx := openSample(t, url), t.Context()
		loom := app.NewAccount{ID: "loom", Name: "Loom"}
		documents := app.NewAcceptance{Documents: []string{"general-agreement"}, Form: terms.Click}
		opened, err := a.OpenAccount(ctx, loom, "k1", "test")
		must(t, err)
		accepted, err := a.Accept(ctx, "loom", documents, "k2", "test")
		must(t, err)
		if len(opened.Accepted) != 0 || len(accepted.Accepted) != 1 {
			t.Fatalf("opened %+v, accepted %+v", opened, accepted)
		}
		putMoney(t, a, "loom", "5", "first")
		for key, want := range map[string]app.AccountView{"k1": opened, "": now(t, a)} {
			again, err := a.OpenAccount(ctx, loom, key, "test")
			must(t, err)
			if diff := gocmp.Diff(want, again); diff != "" {
				t.Errorf("opened again under %q:\n%s", key, diff)
			}
		}
		for key, want := range map[string]app.AccountView{"k2": accepted, "": now(t, a)} {
			again, err := a.Accept(ctx, "loom", documents, key, "test")
			must(t, err)
			if diff := gocmp.Diff(want, again); diff != "" {
				t.Errorf("accepted again under %q:\n%s", key, diff)
			}
		}
		reused := map[string]func() error{
			"another name": func() error {
				_, err := a.OpenAccount(ctx, app.NewAccount{ID: "loom", Name: "Kiln"}, "k1", "test")
				return err
			},
			"another command": func() error { _, err := a.Accept(ctx, "loom", documents, "k1", "test"); return err },
			"other documents": func() error {
				_, err := a.Accept(ctx, "loom", app.NewAcceptance{Form: terms.Click}, "k2", "test")
				return err
			},
			"a top-up's key": func() error { _, err := a.OpenAccount(ctx, loom, "first", "test"); return err },
			"a top-up with k1": func() error {
				_, err := a.TopUp(ctx, "loom", account.TopUp{Amount: 1}, "k1", "test", false)
				return err
			},
		}
		for name, write := range reused {
			if err := write(); refusal.CodeOf(err) != refusal.KeyReused {
				t.Errorf("%s: got %v, want %s", name, err, refusal.KeyReused)
			}
		}
		verifies(t, a)
	})
}

func now(t *testing.T, a *app.App) app.AccountView {
	t.Helper()
	v, err := a.Account(t.Context(), "loom")
	must(t, err)
	return v
}

func verifies(t *testing.T, a *app.App) {
	t.Helper()
	for _, b := range verified(t, a).Broken() {
		t.Error(b)
	}
}

// A refused write leaves its key free.
func TestARefusedWriteLeavesItsKeyFree(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a, ctx := openSample(t, url), t.Context()
		if _, err := a.OpenAccount(ctx, app.NewAccount{ID: "loom", Name: "Loom", Accepts: []string{"treaty"}}, "k", "test"); refusal.CodeOf(err) != refusal.NotFound {
			t.Fatalf("got %v", err)
		}
		_, err := a.OpenAccount(ctx, app.NewAccount{ID: "loom", Name: "Loom"}, "k", "test")
		must(t, err)
		verifies(t, a)
	})
}

// A payment is its method and its reference within an account: it is credited
// once, whatever the key, the amount and the time.
func TestAPaymentIsCreditedOnce(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a, ctx := openSample(t, url), t.Context()
		for _, id := range []string{"loom", "kiln"} {
			must(t, a.CreateAccount(ctx, app.NewAccount{ID: id, Name: id, Accepts: []string{"general-agreement"}}, "test"))
		}
		pay := func(id, method, reference, key string, amount money.Amount, dryRun bool) (app.ToppedUp, error) {
			return a.TopUp(ctx, id, account.TopUp{Amount: amount, Method: method, Reference: reference}, key, "test", dryRun)
		}
		first, err := pay("loom", "bank_remittance", "BR-1", "k1", 5_000_000, false)
		must(t, err)
		advance(t, a, "2026-01-02T00:00:00+08:00")
		for key, amount := range map[string]money.Amount{"k2": 5_000_000, "k3": 7_000_000} {
			for _, dryRun := range []bool{true, false} {
				_, err := pay("loom", "bank_remittance", "BR-1", key, amount, dryRun)
				if refusal.CodeOf(err) != refusal.AlreadyExists || !strings.Contains(err.Error(), first.ID+" of 5.000000") ||
					!strings.Contains(err.Error(), "do not credit it again") {
					t.Errorf("%s of %s, dry run %v: %v", key, amount, dryRun, err)
				}
			}
		}
		again, err := pay("loom", "bank_remittance", "BR-1", "k1", 5_000_000, false)
		must(t, err)
		if !again.Repeated || again.ID != first.ID {
			t.Errorf("repeated: %+v, the first was %+v", again, first)
		}
		// Another reference, another way and another account are other payments.
		must(t, topped(pay("loom", "bank_remittance", "BR-2", "k2", 1, false)))
		must(t, topped(pay("loom", "alipay", "BR-1", "k3", 1, false)))
		must(t, topped(pay("kiln", "bank_remittance", "BR-1", "k1", 1, false)))
		if v := now(t, a); v.Wallet != 5_000_002 {
			t.Errorf("the wallet holds %s", v.Wallet)
		}
		verifies(t, a)
	})
}

func topped(_ app.ToppedUp, err error) error { return err }

// An answer that was changed since it was kept is not given out, nor is the key taken
// for one of another request: whoever asks again is told that something is wrong here.
func TestAnAnswerThatWasChangedIsNotGivenOut(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a, ctx := openSample(t, url), t.Context()
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: "loom", Name: "Loom", Accepts: []string{"general-agreement"}}, "test"))
		pay := func() (app.ToppedUp, error) {
			return a.TopUp(ctx, "loom", account.TopUp{Amount: 5_000_000, Method: "bank_remittance", Reference: "BR-1"}, "k", "test", false)
		}
		paid, err := pay()
		must(t, err)
		db := around(t, url)
		columns := schemaOf(t, db, "idempotency")
		row := middleRow(t, db, columns)
		answer, _ := row["answer"].([]byte)
		for _, c := range columns {
			changes := []any{c.changed(row[c.name])}
			switch c.name {
			case "account", "key": // under which it is looked for
				continue
			case "request":
				changes = append(changes, []byte{})
			case "answer":
				changes = append(changes, []byte{}, []byte(strings.Replace(string(answer), "5", "9", 1)))
			}
			for _, value := range changes {
				kept := row[c.name]
				c.set(t, db, columns, row, value)
				got, err := pay()
				c.set(t, db, columns, row, kept)
				if err == nil || refusal.CodeOf(err) != "" || !strings.Contains(err.Error(), `the key "k" of account loom was changed: run termwise verify`) {
					t.Errorf("%s is %v instead of %v: got %+v, %v", c.name, value, kept, got, err)
				}
			}
		}
		again, err := pay()
		must(t, err)
		paid.Repeated = true
		if diff := gocmp.Diff(paid, again); diff != "" {
			t.Errorf("after everything was put back:\n%s", diff)
		}
		if got := now(t, a); got.Wallet.String() != "5.000000" {
			t.Errorf("the wallet holds %s", got.Wallet)
		}
	})
}
