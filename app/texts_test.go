package app_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// noise is a text that cannot be packed, so that it takes as much of an index's
// page as it is long: PostgreSQL packs what repeats itself.
func noise(length int) string {
	random := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, length)
	for i := range text {
		text[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[random.IntN(36)]
	}
	return string(text)
}

// texts are what a caller of each command chooses, with where the refusal places it.
var texts = map[string]struct {
	place string
	send  func(ctx context.Context, a *app.App, text string) error
}{
	"a payment's reference": {"reference", func(ctx context.Context, a *app.App, text string) error {
		_, err := a.TopUp(ctx, "acme", account.TopUp{Amount: 1, Method: "alipay", Reference: text}, "key", "test", false)
		return err
	}},
	"the key of a top-up": {"idempotency key", func(ctx context.Context, a *app.App, text string) error {
		_, err := a.TopUp(ctx, "acme", account.TopUp{Amount: 1, Method: "alipay", Reference: "r"}, text, "test", true)
		return err
	}},
	"the key of an opening": {"idempotency key", func(ctx context.Context, a *app.App, text string) error {
		_, err := a.OpenAccount(ctx, app.NewAccount{ID: "bees", Name: "Bees"}, text, "test")
		return err
	}},
	"the key of an acceptance": {"idempotency key", func(ctx context.Context, a *app.App, text string) error {
		_, err := a.Accept(ctx, "acme", app.NewAcceptance{Documents: []string{"compute-terms"}, Form: terms.Click}, text, "test")
		return err
	}},
	"the key of a dissent": {"idempotency key", func(ctx context.Context, a *app.App, text string) error {
		_, err := a.Dissent(ctx, "acme", account.Dissent{Document: "general-agreement"}, text, "test")
		return err
	}},
	"the key of an order that lapses": {"idempotency key", func(ctx context.Context, a *app.App, text string) error {
		_, err := a.LapseOrder(ctx, "acme", account.OrderLapse{Order: "o-1"}, text, "test")
		return err
	}},
	"the key of a switch": {"idempotency key", func(ctx context.Context, a *app.App, text string) error {
		_, err := a.SwitchAddOn(ctx, "acme", account.Switch{Product: "compute-payg", AddOn: "monitoring"}, text, "test")
		return err
	}},
	"an account's name": {"name", func(ctx context.Context, a *app.App, text string) error {
		return a.CreateAccount(ctx, app.NewAccount{ID: "bees", Name: text}, "test")
	}},
	"the name of a key": {"name", func(ctx context.Context, a *app.App, text string) error {
		_, _, err := a.CreateKey(ctx, app.NewKey{Name: text, Role: app.Operator})
		return err
	}},
	"who acts": {"name", func(_ context.Context, _ *app.App, text string) error { return app.CheckActor(text) }},
}

// TestTextsThatCannotBeKept: a text that is longer than a key of an index may be,
// or that a database does not take for a text, is refused before anything is done,
// in the same words on both engines.
func TestTextsThatCannotBeKept(t *testing.T) {
	said := map[string]string{}
	engines(t, func(t *testing.T, url string) {
		a := openSample(t, url)
		must(t, a.CreateAccount(t.Context(), app.NewAccount{ID: "acme", Name: "Acme", Accepts: []string{"general-agreement"}}, "test"))
		for how, text := range map[string]string{
			"a text too long for an index": noise(3_000), "a letter too many": strings.Repeat("é", 201), "no UTF-8": "a\xff", "a zero": "a\x00b",
		} {
			for what, c := range texts {
				err := c.send(t.Context(), a, text)
				var r *refusal.Error
				if !errors.As(err, &r) || r.Code != refusal.BadInput || r.Place != c.place || !strings.Contains(r.Hint, "at most 200 characters") {
					t.Errorf("%s as %s: %.300v", how, what, err)
					continue
				}
				if before, heard := said[how+what]; heard && before != r.Error() {
					t.Errorf("%s as %s is refused with %q and with %q", how, what, before, r)
				}
				said[how+what] = r.Error()
			}
		}
		if accounts, _, err := a.Accounts(t.Context(), "", 10); err != nil || len(accounts) != 1 || accounts[0].Wallet != 0 {
			t.Errorf("something was done: %+v %v", accounts, err)
		}
		if keys, err := a.Keys(t.Context()); err != nil || len(keys) != 0 {
			t.Errorf("keys were made: %+v %v", keys, err)
		}
	})
}

// TestNothingIsFoundUnderWhatIsNoText: what is asked for by a name that no database
// takes for a text is not there, on both engines.
func TestNothingIsFoundUnderWhatIsNoText(t *testing.T) {
	const torn = "a\xff"
	lookups := map[string]struct {
		want refusal.Code
		send func(context.Context, *app.App) error
	}{
		"an account": {refusal.UnknownAccount, func(ctx context.Context, a *app.App) error {
			_, err := a.Account(ctx, torn)
			return err
		}},
		"a statement": {refusal.UnknownAccount, func(ctx context.Context, a *app.App) error {
			_, err := a.Statement(ctx, torn, month("2026-01"), 0)
			return err
		}},
		"a history": {refusal.UnknownAccount, func(ctx context.Context, a *app.App) error {
			_, _, err := a.History(ctx, torn, app.HistoryFilter{Limit: 1})
			return err
		}},
		"a place in a history": {refusal.BadInput, func(ctx context.Context, a *app.App) error {
			_, _, err := a.History(ctx, "acme", app.HistoryFilter{Kinds: []app.HistoryKind{app.HistoryEvent}, Cursor: "1-" + torn, Limit: 1})
			return err
		}},
		"terms": {refusal.UnknownAccount, func(ctx context.Context, a *app.App) error {
			_, err := a.Resolve(ctx, app.Question{Key: "late_fee.rate", Account: torn})
			return err
		}},
		"a row": {refusal.BadInput, func(ctx context.Context, a *app.App) error {
			_, err := a.Explain(ctx, "evt_acme_"+torn)
			return err
		}},
		"whom to credit": {refusal.UnknownAccount, func(ctx context.Context, a *app.App) error {
			_, err := a.TopUp(ctx, torn, account.TopUp{Amount: 1, Method: "alipay", Reference: "r"}, "r", "test", false)
			return err
		}},
		"what to open": {refusal.BadInput, func(ctx context.Context, a *app.App) error {
			_, err := a.OpenAccount(ctx, app.NewAccount{ID: torn, Name: "Torn"}, "", "test")
			return err
		}},
		"whom a key shows": {refusal.UnknownAccount, func(ctx context.Context, a *app.App) error {
			_, _, err := a.CreateKey(ctx, app.NewKey{Name: "torn", Role: app.Customer, Scope: torn})
			return err
		}},
		"a key to end": {refusal.NotFound, func(ctx context.Context, a *app.App) error {
			_, err := a.RevokeKey(ctx, torn)
			return err
		}},
		"a key that is sent": {refusal.Unauthenticated, func(ctx context.Context, a *app.App) error {
			_, err := a.Authenticate(ctx, "tw_"+strings.Repeat("\xff", 16)+"_a")
			return err
		}},
	}
	engines(t, func(t *testing.T, url string) {
		a := openSample(t, url)
		must(t, a.CreateAccount(t.Context(), app.NewAccount{ID: "acme", Name: "Acme"}, "test"))
		for what, c := range lookups {
			if err := c.send(t.Context(), a); refusal.CodeOf(err) != c.want {
				t.Errorf("%s: %v, want %s", what, err, c.want)
			}
		}
	})
}

// TestTextsThatCanBeKept: the longest texts that may be are kept, whatever letters
// they are written in.
func TestTextsThatCanBeKept(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := openSample(t, url)
		long := strings.Repeat("长", 200)
		must(t, a.CreateAccount(t.Context(), app.NewAccount{ID: "acme", Name: long, Accepts: []string{"general-agreement"}}, long))
		for range 2 {
			_, err := a.TopUp(t.Context(), "acme", account.TopUp{Amount: 1, Method: "alipay", Reference: long}, long, long, false)
			must(t, err)
		}
		_, err := a.TopUp(t.Context(), "acme", account.TopUp{Amount: 1, Method: "alipay", Reference: long}, "other", "test", false)
		if refusal.CodeOf(err) != refusal.AlreadyExists {
			t.Errorf("the payment is credited twice: %v", err)
		}
		_, _, err = a.CreateKey(t.Context(), app.NewKey{Name: long, Role: app.Operator})
		must(t, err)
		for _, b := range verified(t, a).Broken() {
			t.Error(b)
		}
	})
}

// TestNamesOfDocumentsThatCannotBeKept: what a document calls itself, its version
// and its product stands in indexes too.
func TestNamesOfDocumentsThatCannotBeKept(t *testing.T) {
	long := noise(3_000)
	page := strings.Replace(small("more", "X", "page", "publication", "usage.future_limit: 48 hours"), "[compute-payg]", "["+long+"]", 1) +
		"product: { id: " + long + ", title: More, meters: { cpu: { base: milli_vcpu_second, unit: vCPU·hour, per: 3600000 } } }\n"
	for what, c := range map[string]struct{ text, field string }{
		"a document": {small(long, "X", "rules", "publication", "usage.future_limit: 48 hours"), "document"},
		"a version": {strings.Replace(small("more", "X", "rules", "publication", "usage.future_limit: 48 hours"),
			`version: "1"`, `version: "`+long+`"`, 1), "version"},
		"a product": {page, "product"},
	} {
		t.Run(what, func(t *testing.T) {
			folder := withDocuments(t, map[string]string{"agreements/more.yaml": c.text})
			engines(t, func(t *testing.T, url string) {
				a := openSample(t, url)
				_, err := a.Publish(t.Context(), folder)
				if refusal.CodeOf(err) != refusal.DocumentInvalid || !strings.Contains(err.Error(), "agreements/more.yaml:") ||
					!strings.Contains(err.Error(), "the "+c.field) || !strings.Contains(err.Error(), "at most 200 characters") {
					t.Errorf("%.300v", err)
				}
			})
		})
	}
}
