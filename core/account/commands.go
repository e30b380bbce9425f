package account

import (
	"encoding/json"
	"fmt"
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/journal"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
)

// New says which account to open.
type New struct {
	ID       string         `json:"id"`
	Name     string         `json:"name"`
	Currency money.Currency `json:"currency"`
}

// CheckID refuses, with bad_input, what cannot be an account's id.
func CheckID(id string) error {
	if terms.IsAccountID(id) {
		return nil
	}
	return refusal.New(refusal.BadInput, "%q cannot be an account's id", id).
		At("account").Do("use 1 to 63 lower-case letters, digits and hyphens, beginning with a letter or digit")
}

// Open opens an account at an instant. It refuses an id that cannot stand in
// the ids of the account's rows, and a missing name or currency.
func Open(env Env, n New, at calendar.Instant) (*Decision, error) {
	if err := CheckID(n.ID); err != nil {
		return nil, err
	}
	if n.Name == "" || n.Currency == "" {
		return nil, refusal.New(refusal.BadInput, "account %s needs a name and a currency", n.ID).At("account").Do("give both")
	}
	books := &Books{
		ID: n.ID, Name: n.Name, Currency: n.Currency, Opened: at, At: at,
		Balances: ledger.Balances{}, Services: map[string]*subscription.Service{}, OpenAfter: calendar.EndOfTime,
	}
	d := books.draft(env)
	d.out.Before = nil
	payload, err := payload(n)
	if err != nil {
		return nil, err
	}
	d.begin(journal.Opened, at, env.Actor, payload)
	d.end()
	return d.finish(at)
}

// payload gives a command's inputs as the journal keeps them.
func payload(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("account: writing a command for the journal: %w", err)
	}
	return string(b), nil
}

// Accept records that the account accepted documents. What was accepted before
// in the same version and form is left out, unless it has been ended since or the
// account is leaving its document: then it stays by accepting. An acceptance may
// count from an instant before the one at which it is recorded: the entry is made
// now, and what was decided in between stays. It refuses, with bad_input, the
// reference of an order that has lapsed. Clause: G 0.3.
func (b *Books) Accept(env Env, accepted []terms.Acceptance, at calendar.Instant) (*Decision, error) {
	d := b.draft(env)
	if err := d.advance(at); err != nil {
		return nil, err
	}
	at = max(at, d.books.At)
	for _, a := range accepted {
		if a.Order != "" && d.books.hasLapsed(a.Order) {
			return nil, refusal.New(refusal.BadInput, "the order %s has lapsed, and nothing can be accepted with it", a.Order).
				At("order").Do("place an order anew, and name that one")
		}
	}
	fresh := slices.DeleteFunc(slices.Clone(accepted), func(a terms.Acceptance) bool {
		return !d.books.hasLeft(a.Document) && d.env.Terms.Repeats(d.books.Acceptances, a)
	})
	if len(fresh) > 0 {
		d.accept(fresh, at)
		if err := d.advance(at); err != nil { // what was accepted may make something due at once
			return nil, err
		}
	}
	return d.finish(at)
}

func (d *draft) accept(fresh []terms.Acceptance, at calendar.Instant) {
	d.begin(journal.Accepted, at, d.env.Actor, "")
	for _, a := range fresh {
		d.acceptOne(a)
	}
	d.end()
}

// acceptOne writes the acceptance of one document, recorded with its entry.
func (d *draft) acceptOne(a terms.Acceptance) {
	a.Recorded = d.entry.Recorded
	row := Accepted{Stamp: Stamp{RowID: d.next()}, Acceptance: a}
	row.Digest = d.keep(row.Seal(d.books.ID))
	d.out.Acceptances = append(d.out.Acceptances, row)
	d.books.Acceptances = append(d.books.Acceptances, a)
	d.books.Lift(&row)
}

// TopUp is money that the customer paid in.
type TopUp struct {
	Amount money.Amount `json:"amount"`
	// Method is how it was paid, as the agreement lists the ways.
	Method string `json:"method"`
	// Reference is the payment's own name, for example the bank's.
	Reference string `json:"reference"`
}

// TopUp brings the account up to an instant, puts money into the wallet, and
// pays from it what is owed. It refuses, in this order: an amount that is not
// positive, a missing reference, a method that the binding terms do not list.
// Clause: G 2.2.
func (b *Books) TopUp(env Env, t TopUp, at calendar.Instant) (*Decision, error) {
	if t.Amount <= 0 {
		return nil, refusal.New(refusal.BadInput, "a top-up of %s", t.Amount).At("amount").Do("pay in a positive amount")
	}
	if t.Reference == "" {
		return nil, refusal.New(refusal.BadInput, "the top-up has no reference").At("reference").Do("give the payment's own reference")
	}
	d := b.draft(env)
	if err := d.advance(at); err != nil {
		return nil, err
	}
	at = max(at, d.books.At)
	if err := d.checkMethod(t.Method, at); err != nil {
		return nil, err
	}
	return d.topUp(t, at)
}

// checkMethod refuses a way of paying that the agreement does not list.
func (d *draft) checkMethod(method string, at calendar.Instant) error {
	set, err := d.paying(at)
	if err != nil {
		return err
	}
	offered, err := terms.Get(set, terms.TopupMethods)
	if err != nil {
		return err
	}
	if !slices.Contains(offered.V, method) && !canary.On(canary.AnyMethod) {
		return refusal.New(refusal.MethodNotOffered, "%s does not offer paying by %q", offered.Citation, method).
			At("method").Do("use one of %s", refusal.List(offered.V))
	}
	return nil
}

// paying returns the terms that name the ways to pay: those that bind the account
// as a whole or, where it accepted none such, those of what it uses.
func (d *draft) paying(at calendar.Instant) (*terms.Set, error) {
	set, err := d.standing("", at, at)
	if refusal.CodeOf(err) != refusal.NotAccepted {
		return set, err
	}
	for _, product := range d.books.products() {
		if set, none := d.standing(product, at, at); none == nil {
			return set, nil
		}
	}
	return nil, err
}

func (d *draft) topUp(t TopUp, at calendar.Instant) (*Decision, error) {
	payload, err := payload(t)
	if err != nil {
		return nil, err
	}
	d.begin(journal.ToppedUp, at, d.env.Actor, payload)
	if err := d.post(ledger.Transfer{
		Purpose: ledger.TopUp, Debit: ledger.PaidIn(t.Method), Credit: ledger.Wallet, Amount: t.Amount,
	}); err != nil {
		return nil, err
	}
	if err := d.pay(at); err != nil {
		return nil, err
	}
	d.end()
	return d.finish(at)
}
