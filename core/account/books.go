package account

import (
	"slices"

	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/ledger"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
)

// Books are the state of one account.
type Books struct {
	ID       string
	Name     string
	Currency money.Currency
	// Opened is when the account was opened; nothing is dated before it.
	Opened calendar.Instant
	// Seq and Head are the number and the hash of the last journal entry.
	Seq  int64
	Head journal.Hash
	// At is the effective instant of the last thing that happened.
	At calendar.Instant

	Balances    ledger.Balances
	Debts       arrears.Debts
	Services    map[string]*subscription.Service
	Acceptances []terms.Acceptance
	// Lapses are what lapsed orders did to the acceptances that came with them, which
	// are voided accordingly.
	Lapses []Lapsed
	// AddOns are the add-ons that were switched, in order, where a decision on them
	// loaded it.
	AddOns []Switched
	// Exits are the documents over whose changes the customer leaves, in the order
	// in which it said so. One that it accepts again is no longer among them.
	Exits []Exit
	// Ends are the ends of products and agreements that the account was told of.
	Ends []End
	// Told lists the versions that the account has been told of, as far as a
	// decision on one of them loaded it.
	Told []Announcement

	// Open holds the buckets with unsettled usage, as far ahead as they were
	// loaded; OpenAfter is when the first one that was not loaded may fall due.
	Open      []*metering.Bucket
	OpenAfter calendar.Instant

	// Hours holds all buckets, sorted by their keys, of each hour that was loaded: of
	// those with open usage, and of those for which fresh usage has come.
	Hours map[calendar.Hour][]metering.Bucket

	// Broken is why nothing can be decided: what is stored of the account cannot be
	// read. Other accounts are not concerned.
	Broken error

	// Intake says how far usage has got; Fresh is what has come since, which the
	// next decision puts into buckets. Open holds it too.
	Intake Intake
	Fresh  Fresh

	// Usage holds what is loaded only when a decision asks for it.
	Usage Usage
}

// Usage is the detail behind buckets: it is needed only for hours in which a
// service was open for a part, for usage that came in parts while nobody looked,
// and for resources of a service that was released.
type Usage struct {
	// Opened is when each resource of a product was first used; nil when not loaded.
	Opened map[Resource]calendar.Instant
	// Events holds, for each hour that was loaded, the events that touch it.
	Events map[calendar.Hour][]StoredEvent
}

// Resource names a resource of a product.
type Resource struct{ Product, Resource string }

// Subject is the account as a user of a product, to ask the terms about; the
// empty product stands for the account as a whole.
func (b *Books) Subject(product string) terms.Subject {
	return terms.Subject{Account: b.ID, Accepted: b.Acceptances, Left: b.left(), Product: product}
}

// Staying is the account as a user of a product if it had left nothing: what binds
// it then is what its exits concern.
func (b *Books) Staying(product string) terms.Subject {
	return terms.Subject{Account: b.ID, Accepted: b.Acceptances, Product: product}
}

// clone returns books that can be changed without changing b. Buckets are
// shared until a decision replaces them. What was fresh is not any more: it is
// written with the decision.
func (b *Books) clone() *Books {
	c := *b
	c.Balances = b.Balances.Clone()
	c.Debts = slices.Clone(b.Debts)
	c.Services = make(map[string]*subscription.Service, len(b.Services))
	for id, s := range b.Services {
		c.Services[id] = s.Clone()
	}
	c.Acceptances = slices.Clone(b.Acceptances)
	c.Lapses = slices.Clone(b.Lapses)
	c.AddOns = slices.Clone(b.AddOns)
	c.Exits = slices.Clone(b.Exits)
	c.Ends = slices.Clone(b.Ends)
	c.Told = slices.Clone(b.Told)
	c.Open = slices.Clone(b.Open)
	c.Hours = nil // they are as they were before
	if b.Fresh.Parcel > 0 {
		c.Intake.Folded, c.Intake.To, c.Fresh = b.Fresh.Parcel, b.Fresh.To, Fresh{}
	}
	return &c
}

// Unsettled returns when the first bucket with usage that is not settled falls due,
// or EndOfTime.
func (b *Books) Unsettled() calendar.Instant {
	first := b.OpenAfter
	for _, bucket := range b.Open {
		first = min(first, bucket.Hour.End())
	}
	return first
}

// products returns the products that the account uses, sorted: decisions go
// through services in this order.
func (b *Books) products() []string {
	ids := make([]string, 0, len(b.Services))
	for id := range b.Services {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
