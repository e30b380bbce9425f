package account

import (
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/metering"
	"termwise.dev/core/notice"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
)

// Ending says what ended a service, as the journal keeps it: the version that its
// customer does not agree to, or the last page that sold it.
type Ending struct {
	Document string `json:"document"`
	Version  string `json:"version"`
	// Dissent is that the customer left; otherwise the provider discontinued it.
	Dissent bool `json:"dissent,omitempty"`
}

// ending is when a service ends, why, and what bound it last.
type ending struct {
	Ending
	at   calendar.Instant
	told calendar.Instant // when the customer said so; zero when it did not
	set  *terms.Set
}

// endOf finds when a product ends for the account, as far as is known now.
func (d *draft) endOf(product string) (ending, error) {
	return d.endFrom(product, d.books.At, d.books.At)
}

// endFrom finds when a product ends for the account from an instant on, as known
// at another: when it leaves a document that binds, or when nothing binds it for the
// product any more and it was told that this was coming. A product that ends
// without that runs on under what bound last. The instant is EndOfTime when no end
// is to come, and not after from when the product has ended.
func (d *draft) endFrom(product string, from, known calendar.Instant) (ending, error) {
	end := ending{at: calendar.EndOfTime}
	if len(d.books.Ends) > 0 {
		unbound, err := d.unboundFrom(product, from, known)
		if err != nil {
			return end, err
		}
		if d.wasToldOf(unbound) {
			end = unbound
		}
	}
	for _, e := range d.books.Exits {
		at := max(e.At, from)
		if !e.Holds(at) || at >= end.at {
			continue
		}
		set, err := d.leftBy(e, product, at, max(known, e.Told))
		if err != nil {
			return end, err
		}
		if set != nil {
			end = ending{Ending: Ending{e.Document, e.Version, true}, at: at, told: e.Told, set: set}
		}
	}
	return end, nil
}

// leftBy returns what binds the account for a product at an instant, if a document
// that it has left would bind it had it stayed, or nil. As the exit begins, what
// bound just before counts too: the change may be that the document ends.
func (d *draft) leftBy(e Exit, product string, at, known calendar.Instant) (*terms.Set, error) {
	instants := []calendar.Instant{at}
	if at == e.At {
		instants = []calendar.Instant{at - 1, at}
	}
	for _, when := range instants {
		set, err := d.env.Terms.Bind(d.books.Staying(product), when, d.env.RecordedAt(known))
		if refusal.CodeOf(err) != "" {
			continue // nothing binds, or not for this product
		}
		if err != nil {
			return nil, err
		}
		if set.Document(e.Document) != nil {
			return d.standing(product, when, known)
		}
	}
	return nil, nil
}

// wasToldOf says whether an end was announced to the account: that of a document
// which bound it last.
func (d *draft) wasToldOf(end ending) bool {
	return end.at < calendar.EndOfTime && slices.ContainsFunc(d.books.Ends, func(told End) bool {
		return told.At <= end.at && end.set.Document(told.Document) != nil
	})
}

// phaseEnded says whether the part of a product that a bucket is of had ended
// before its hour: the page no longer has the meter, and the account was told.
func (d *draft) phaseEnded(b *metering.Bucket, at calendar.Instant) (bool, error) {
	if len(d.books.Ends) == 0 {
		return false, nil
	}
	set, err := d.terms(b.Product, b.Hour.Start(), at)
	if refusal.CodeOf(err) != "" {
		return false, nil // the whole product has ended
	}
	if err != nil {
		return false, err
	}
	page := lastPage(set, b.Product).Document
	_, has := set.Product().Meter(b.Meter)
	told := slices.ContainsFunc(d.books.Ends, func(e End) bool { return e.Document == page && e.At <= b.Hour.Start() })
	return told && !has, nil
}

// unboundFrom finds the first instant from one on at which nothing binds the
// account for a product any more: its last page, or its last agreement, has ended.
// What the account has accepted for later binds it from then.
func (d *draft) unboundFrom(product string, at, asKnown calendar.Instant) (ending, error) {
	who := d.books.Subject(product)
	known := d.env.RecordedAt(asKnown)
	set, when, err := d.env.Terms.LastBound(who, at, known)
	for refusal.CodeOf(err) != "" {
		if at = d.turn(product, at); at == calendar.EndOfTime {
			return ending{at: at}, nil
		}
		set, when, err = d.env.Terms.LastBound(who, at, known)
	}
	if err != nil {
		return ending{}, err
	}
	if when < at {
		return ending{Ending: lastPage(set, product), at: when + 1, set: set}, nil
	}
	for next := set.Until(); next < calendar.EndOfTime; next = set.Until() {
		following, err := d.env.Terms.Bind(who, next, known)
		if refusal.CodeOf(err) != "" {
			return ending{Ending: lastPage(set, product), at: next, set: set}, nil
		}
		if err != nil {
			return ending{}, err
		}
		set = following
	}
	return ending{at: calendar.EndOfTime, set: set}, nil
}

// lastPage names the page that sells a product.
func lastPage(set *terms.Set, product string) Ending {
	for _, doc := range set.Documents() {
		if doc.Product != nil && doc.Product.ID == product {
			return Ending{Document: doc.ID, Version: doc.Version}
		}
	}
	return Ending{}
}

// nextEnd returns when the next service ends.
func (d *draft) nextEnd() (calendar.Instant, error) {
	next := calendar.EndOfTime
	for _, product := range d.books.products() {
		if !canEnd(d.books.Services[product]) {
			continue
		}
		end, err := d.endOf(product)
		if err != nil {
			return 0, err
		}
		next = min(next, end.at)
	}
	// An account can be told of an end, or leave, before the version that brings it is
	// known. When it is, the end is looked for again.
	for _, e := range d.books.Ends {
		next = min(next, d.becomesKnown(e.Document, e.Version))
	}
	for _, e := range d.books.Exits {
		if e.Lifted == 0 {
			next = min(next, d.becomesKnown(e.Document, e.Version))
		}
	}
	return next, nil
}

// becomesKnown returns when a version will be known that is not known yet, or
// EndOfTime.
func (d *draft) becomesKnown(document, version string) calendar.Instant {
	known, published := d.env.Terms.KnownFrom(document, version)
	if !published || known <= d.env.RecordedAt(d.books.At) {
		return calendar.EndOfTime
	}
	return known
}

// closesAtTheEnd gives when a bucket's cycle closes whose service may end before
// that: what was used is settled as it ends. The end that counts is the first one
// after the service could be used in the hour. Where it had ended for the whole hour,
// the hour waits for its cycle, whatever else happens to the account meanwhile.
func (d *draft) closesAtTheEnd(b *metering.Bucket, closes calendar.Instant) (calendar.Instant, error) {
	for from := b.Hour.Start(); from < b.Hour.End(); from = d.turn(b.Product, from) {
		end, err := d.endFrom(b.Product, from, d.books.At)
		if err != nil {
			return 0, err
		}
		if end.at > from {
			return min(closes, end.at), nil
		}
	}
	return closes, nil
}

func canEnd(s *subscription.Service) bool { return subscription.CanMove(s.State, subscription.Ended) }

// takeEnd ends a service whose end has come, and says so.
func (d *draft) takeEnd(s *subscription.Service, at calendar.Instant) error {
	if !canEnd(s) {
		return nil
	}
	end, err := d.endOf(s.Product)
	if err != nil || end.at > at {
		return err
	}
	inputs, err := payload(end.Ending)
	if err != nil {
		return err
	}
	d.begin(journal.Lifecycle, at, Clock, inputs)
	err = d.stop(s, end, at)
	d.end()
	return err
}

// endPast ends, within a settlement, a service that was opened for usage from before
// an end which has come: what was used after it is not billed.
func (d *draft) endPast(s *subscription.Service, at calendar.Instant) error {
	end, err := d.endFrom(s.Product, s.Since, at)
	if err != nil || end.at > at {
		return err
	}
	if d.endings == nil {
		d.endings = map[string]Ending{}
	}
	d.endings[s.Product] = end.Ending
	return d.stop(s, end, at)
}

// stop ends a service, and says so, in the entry that is being written.
func (d *draft) stop(s *subscription.Service, end ending, at calendar.Instant) error {
	basis := Basis{Since: end.told, Terms: d.cite(s.Product, end.set)}
	var err error
	if basis.Owed, err = d.owing(s.Product, at); err != nil {
		return err
	}
	ends := max(end.at, s.Since)
	if err := d.move(s, subscription.Ended, ends, basis); err != nil {
		return err
	}
	where, err := channels(end.set)
	if err != nil && refusal.CodeOf(err) != refusal.TermMissing { // an end waits for no channel
		return err
	}
	return d.say(notice.Notice{
		Kind: notice.WasEnded, Product: s.Product, Channels: where, Recorded: d.env.RecordedAt(at),
		About: notice.About{Document: end.Document, Version: end.Version, Effective: ends},
	}, end.set, basis)
}

// reopen opens a service again that had ended, when a bucket shows that it is used
// and the customer, or what sold it, has come back, under the terms of that instant.
func (d *draft) reopen(s *subscription.Service, b *metering.Bucket, at calendar.Instant) error {
	if s.State != subscription.Ended {
		return nil
	}
	from, err := d.backFrom(b.Product, max(b.Hour.Start(), s.Since), at)
	if err != nil || from >= b.Hour.End() {
		return err
	}
	back, err := d.env.Terms.Bind(d.books.Subject(b.Product), from, d.env.RecordedAt(at))
	if refusal.CodeOf(err) != "" {
		return nil // nothing binds: it stays ended
	}
	if err != nil {
		return err
	}
	if closed, err := d.gateClosed(back, at); err != nil || closed {
		return err
	}
	if err := d.move(s, subscription.Active, from, Basis{Terms: d.cite(b.Product, back)}); err != nil {
		return err
	}
	return d.endPast(s, at)
}

// backFrom returns the first instant, from one on, at which the customer has left
// nothing that binds for a product.
func (d *draft) backFrom(product string, from, known calendar.Instant) (calendar.Instant, error) {
	for {
		set, _, err := d.env.Terms.LastBound(d.books.Staying(product), from, d.env.RecordedAt(known))
		if err != nil {
			return from, err
		}
		until := d.books.LeftUntil(set, from)
		if until <= from || until == calendar.EndOfTime {
			return max(from, until), nil
		}
		from = until
	}
}
