package app

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// NewAcceptance says what an account accepts, and by which act.
type NewAcceptance struct {
	// Documents are ids; "page@2026-05" names the version: the one in force, or
	// one to come that adjusts a tariff and waits for the account's consent (U 5.4).
	Documents []string `json:"documents"`
	// Form is the act; use is none that is recorded by hand.
	Form terms.AcceptanceForm `json:"form"`
	// Signed is when a document was accepted on paper, by stamp or mail: from then
	// on it binds, although it is recorded now. Zero means now.
	Signed calendar.Instant `json:"signed"`
	// Order is the reference of the order that the acceptance comes with, for a click
	// or a purchase: if the order lapses, the acceptance may go with it.
	Order string `json:"order,omitempty"`
}

// orderForm is what the reference of an order may look like.
var orderForm = regexp.MustCompile(`^[!-~]{1,100}$`)

// onPaper says whether the act is on paper, which only the provider can record.
func (n NewAcceptance) onPaper() bool { return n.Form == terms.Stamp || n.Form == terms.Mail }

// CheckCustomer refuses, with code forbidden, what a customer cannot record
// itself: that both parties signed a paper, or when.
func (n NewAcceptance) CheckCustomer() error {
	if !n.onPaper() && n.Signed == 0 {
		return nil
	}
	return refusal.New(refusal.Forbidden, "an acceptance by %s on paper is recorded by the provider", n.Form).
		At("form").Do("send the paper to the provider, or accept by click")
}

// Accept records that an account accepts documents, in the versions that are in
// force, and answers with the account as it then stands. What was accepted before
// in the same version and form is left out. Under a key that is not empty, the
// same request gives the same answer for ever, and another one by the account is
// refused.
//
// An acceptance on paper may lie in the past: it counts from when it was signed,
// and is known from now. What was billed in between stays as it is; later
// settlements know of it.
//
// Accept refuses, in this order: a form that does not exist, use, which is recorded
// as usage is reported, an instant of signing for an act that is not on paper or
// that is still to come, the reference of an order for an act that is not made on an order page, a document of which no
// version was in force (nor, on paper, announced), two documents that end each
// other accepted at one instant, a document that binds other accounts, a form
// that it does not list (G 0.3), and an order that has lapsed.
func (a *App) Accept(ctx context.Context, id string, n NewAcceptance, key, actor string) (v AccountView, err error) {
	c, err := a.newCommand("accept", id, key, n)
	if err != nil {
		return v, err
	}
	err = a.update(ctx, func(tx *store.Tx) error {
		v, _, err = once(ctx, tx, c, func() (AccountView, calendar.Instant, error) {
			if err := a.acceptDocuments(ctx, tx, id, n, actor); err != nil {
				return AccountView{}, 0, err
			}
			return a.viewNow(ctx, tx, id)
		})
		return err
	})
	return v, err
}

func (a *App) acceptDocuments(ctx context.Context, tx *store.Tx, id string, n NewAcceptance, actor string) error {
	_, err := a.decide(ctx, tx, id, actor, func(c acase) (*account.Decision, error) {
		acceptances, err := c.provider.accept(c.books, n, actor, max(c.now, c.books.At))
		if err != nil {
			return nil, err
		}
		return c.books.Accept(c.env, acceptances, c.now)
	})
	if err != nil {
		return err
	}
	return a.tellNewcomers(ctx, tx, []string{id})
}

// accept makes the acceptances of an account, recorded at an instant.
func (p *Provider) accept(b *account.Books, n NewAcceptance, actor string, now calendar.Instant) ([]terms.Acceptance, error) {
	at, err := p.actedAt(n, now)
	if err != nil {
		return nil, err
	}
	if err := n.checkOrder(); err != nil {
		return nil, err
	}
	var documents []*terms.Document
	var acceptances []terms.Acceptance
	for _, id := range n.Documents {
		d, err := p.acceptable(id, n, at, now)
		if err != nil {
			return nil, err
		}
		documents = append(documents, d)
		accepted := acceptanceOf(d, n.Form, at, now, actor)
		accepted.Order = n.Order
		acceptances = append(acceptances, accepted)
	}
	if err := p.Corpus.CheckTogether(b.Acceptances, acceptances); err != nil {
		return nil, err
	}
	with := b.Subject("")
	with.Accepted = append(slices.Clone(b.Acceptances), acceptances...)
	for _, d := range documents {
		if err := p.mayAccept(with, d, n.Form, at, now); err != nil {
			return nil, err
		}
	}
	return acceptances, nil
}

func acceptanceOf(d *terms.Document, form terms.AcceptanceForm, at, known calendar.Instant, actor string) terms.Acceptance {
	return terms.Acceptance{
		Document: d.ID, Version: d.Version, Form: form, At: at, Recorded: known, Actor: actor, TextHash: d.Hash,
	}
}

// checkOrder refuses the reference of an order that is no name, or beside an act
// that no order is placed by.
func (n NewAcceptance) checkOrder() error {
	switch {
	case n.Order == "":
		return nil
	case !orderForm.MatchString(n.Order):
		return refusal.New(refusal.BadInput, "%q cannot be the reference of an order", n.Order).At("order").
			Do("use 1 to 100 letters, digits and signs of ASCII, without spaces")
	case n.Form != terms.Click && n.Form != terms.Purchase:
		return refusal.New(refusal.BadInput, "an acceptance by %s comes with no order", n.Form).At("order").
			Do("leave order out; it belongs to %s and %s", terms.Click, terms.Purchase)
	}
	return nil
}

// actedAt returns the instant from which an acceptance counts.
func (p *Provider) actedAt(n NewAcceptance, now calendar.Instant) (calendar.Instant, error) {
	switch {
	case n.Form == terms.Use || n.Form == terms.ContinuedUse:
		return 0, refusal.New(refusal.BadInput, "an acceptance by %s is not recorded by hand: use is recorded as usage is reported", n.Form).
			At("form").Do("report the usage, or use one of %s", refusal.List(byHand(terms.Forms())))
	case !slices.Contains(terms.Forms(), n.Form):
		return 0, refusal.New(refusal.BadInput, "%q is not a form of acceptance", n.Form).At("form").Do("use one of %s", refusal.List(byHand(terms.Forms())))
	}
	switch {
	case n.Signed == 0:
		return now, nil
	case !n.onPaper():
		return 0, refusal.New(refusal.BadInput, "an acceptance by %s is made at the instant at which it is recorded", n.Form).
			At("signed").Do("leave signed out; it belongs to %s and %s", terms.Stamp, terms.Mail)
	case n.Signed > now:
		return 0, refusal.New(refusal.BadInput, "signed at %s, which is still to come", p.instant(n.Signed)).
			At("signed").Do("record it when it is signed")
	}
	return n.Signed, nil
}

// acceptable returns the version of a document that an account accepts at an
// instant: the one in force or, on paper, the next one that was announced, since
// a contract is signed before its term begins. A version that is named is that one.
func (p *Provider) acceptable(id string, n NewAcceptance, at, known calendar.Instant) (*terms.Document, error) {
	id, label, named := strings.Cut(id, "@")
	if named {
		return p.acceptableVersion(id, label, at, known)
	}
	d := p.InForce(id, at, known)
	if d == nil && n.onPaper() {
		d = p.Corpus.Next(id, at+1, at)
	}
	if d == nil {
		return nil, refusal.New(refusal.NotFound, "no version of document %q is in force at %s", id, p.Settings.Zone.Format(at)).
			At("documents").Do("publish it first, or correct the id or the instant")
	}
	return d, nil
}

// acceptableVersion returns a version that is in force at an instant, or that is to
// come and adjusts a tariff: it may be consented to before it takes effect, and
// then binds as it does.
func (p *Provider) acceptableVersion(id, label string, at, known calendar.Instant) (*terms.Document, error) {
	if d := p.InForce(id, at, known); d != nil && d.Version == label {
		return d, nil
	}
	for _, v := range p.Documents {
		d := v.Document
		if d.ID == id && d.Version == label && v.Recorded <= known && d.Effective > at && slices.Contains(d.Change, terms.TariffAdjustment) {
			return d, nil
		}
	}
	return nil, refusal.New(refusal.NotFound, "version %q of document %q is not in force at %s, and is no tariff to come", label, id, p.Settings.Zone.Format(at)).
		At("documents").Do("leave the version out to accept the one in force, or name a tariff that was announced")
}

// InForce returns the version of a document that is in force at an instant, as it
// is known at another, or nil.
func (p *Provider) InForce(id string, at, known calendar.Instant) *terms.Document {
	var latest terms.Published
	for _, v := range p.Documents {
		if v.Document.ID != id || v.Recorded > known || v.Document.Effective > at {
			continue
		}
		if latest.Document == nil || cmp.Or(cmp.Compare(v.Document.Effective, latest.Document.Effective), cmp.Compare(v.Recorded, latest.Recorded)) > 0 {
			latest = v
		}
	}
	if latest.Document != nil && latest.Document.Until <= at {
		return nil // when its last version has ended, the document has
	}
	return latest.Document
}

// mayAccept refuses a document that does not concern the account, and a form of
// acceptance that its terms do not list.
func (p *Provider) mayAccept(with terms.Subject, d *terms.Document, form terms.AcceptanceForm, at, known calendar.Instant) error {
	if named := d.Binds.Accounts; len(named) > 0 && !slices.Contains(named, with.Account) {
		return refusal.New(refusal.BadInput, "%s %s names the accounts that it binds, and not %s", d.ID, d.Version, with.Account).
			At("documents").Do("accept a document that binds the account")
	}
	forms, err := p.Corpus.FormsOf(with, d, max(at, d.Effective), known)
	if err != nil || slices.Contains(forms.V, form) {
		return err
	}
	return refusal.New(refusal.BadInput, "%s cannot be accepted by %s: %s lists %s", d.Title, form, forms.Citation.Long(), refusal.List(forms.V)).
		At("form").Do("accept it by one of %s", refusal.List(byHand(forms.V)))
}

// byHand leaves out the form that is never recorded by hand: usage is its evidence.
func byHand(forms []terms.AcceptanceForm) []terms.AcceptanceForm {
	return slices.DeleteFunc(slices.Clone(forms), func(f terms.AcceptanceForm) bool { return f == terms.Use })
}
