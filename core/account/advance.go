package account

import (
	"cmp"

	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/metering"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
)

// Advance does everything that falls due up to an instant, in due order, and
// says when something next falls due. At one instant the order is: the late
// fee of the day that ended, the return of services for which the terms ask for
// nothing more, the settlement of the cycles that closed, the steps of the timeline.
// It returns *MissingUsage when the books hold too little of Usage, and refuses books
// whose usage cannot be put into buckets.
//
// Clauses: G 2.3 (late fee, withholding), G 2.3.2 (settlement), the page's
// timeline.
func (b *Books) Advance(env Env, to calendar.Instant) (*Decision, error) {
	d := b.draft(env)
	if err := d.advance(to); err != nil {
		return nil, err
	}
	return d.finish(to)
}

// advance does all that is due up to an instant.
func (d *draft) advance(to calendar.Instant) error {
	if err := cmp.Or(d.out.Before.Broken, d.out.Before.Fresh.Err); err != nil {
		return err
	}
	for {
		at, err := d.nextDue()
		if err != nil {
			return err
		}
		if at > to {
			return nil
		}
		if err := d.doDue(at); err != nil {
			return err
		}
		d.books.At = max(d.books.At, at)
	}
}

// finish closes the draft: what is settled leaves the open buckets.
func (d *draft) finish(to calendar.Instant) (*Decision, error) {
	next, err := d.nextDue()
	if err != nil {
		return nil, err
	}
	d.out.NextDue = min(max(next, to), d.books.OpenAfter)
	return d.out, nil
}

// doDue does everything that is due at an instant, in the order of Advance.
func (d *draft) doDue(at calendar.Instant) error {
	if at > d.books.At && at == d.env.Zone.Start(d.env.Zone.Day(at)) {
		if err := d.accrueLateFees(at); err != nil {
			return err
		}
	}
	if err := d.relentAll(at); err != nil {
		return err
	}
	if err := d.settle(at); err != nil {
		return err
	}
	d.noteArrears(at)
	return d.takeSteps(at)
}

// nextDue returns the next instant at which something is due, never before the
// books' own.
func (d *draft) nextDue() (calendar.Instant, error) {
	next := calendar.EndOfTime
	for _, b := range d.books.Open {
		due, err := d.bucketDue(b)
		if err != nil {
			return 0, err
		}
		next = min(next, due)
		if d.sameCycleOnwards(b, next) {
			break
		}
	}
	if len(d.books.Debts) > 0 {
		next = min(next, d.env.Zone.Start(d.env.Zone.Day(d.books.At)+1))
	}
	for _, debt := range d.books.Debts {
		if debt.Since > d.books.At {
			next = min(next, debt.Since)
		}
	}
	steps, err := d.nextStep()
	if err != nil {
		return 0, err
	}
	end, err := d.nextEnd()
	return max(min(next, steps, end), d.books.At), err
}

// sameCycleOnwards says that no later bucket can fall due before next: buckets
// are in order of hours, and none is due before its hour ends.
func (d *draft) sameCycleOnwards(b *metering.Bucket, next calendar.Instant) bool {
	return b.Hour.End() >= next
}

// bucketDue returns when a bucket is to be settled: when its cycle has closed
// and the first of its open usage has arrived. What arrives later is settled by
// itself, so that it does not matter when somebody looks.
func (d *draft) bucketDue(b *metering.Bucket) (calendar.Instant, error) {
	arrived := max(b.Pending, d.books.At)
	if b.Hour.End() > arrived {
		arrived = b.Hour.End()
	}
	set, err := d.used(b, arrived)
	if err != nil {
		return 0, err
	}
	closes, err := d.closes(b, set)
	return max(closes, arrived), err
}

// closes returns when the cycle of a bucket closes by the terms that price it: at the
// latest where its service ends.
func (d *draft) closes(b *metering.Bucket, set *terms.Set) (calendar.Instant, error) {
	closes, err := cycleClose(set, d.env.Zone, b.Hour)
	if err == nil && len(d.books.Exits)+len(d.books.Ends) > 0 {
		closes, err = d.closesAtTheEnd(b, closes)
	}
	return closes, err
}

// used returns the terms that price a bucket: those at the beginning of its
// hour or, where none bound yet or had the meter, at the first later instant of
// it at which they did. Usage that goes on after its page has ended or dropped
// the meter is priced by the terms that priced it last.
func (d *draft) used(b *metering.Bucket, known calendar.Instant) (*terms.Set, error) {
	if canary.On(canary.PriceOfToday) {
		return d.terms(b.Product, known, known)
	}
	for at := b.Hour.Start(); at < b.Hour.End(); at = d.turn(b.Product, at) {
		set, err := d.terms(b.Product, at, known)
		if err != nil {
			continue
		}
		if _, has := set.Product().Meter(b.Meter); has {
			return set, nil
		}
	}
	set, _, err := d.env.Terms.LastMetering(d.books.Subject(b.Product), b.Meter, b.Hour.Start(), d.env.RecordedAt(known))
	return set, err
}

// nextStep returns when the next step of any service's timeline is due.
func (d *draft) nextStep() (calendar.Instant, error) {
	next := calendar.EndOfTime
	for _, product := range d.books.products() {
		service := d.books.Services[product]
		if service.ArrearsSince == 0 {
			continue
		}
		set, err := d.standing(product, d.books.At, d.books.At)
		if err != nil {
			return 0, err
		}
		t, err := timeline(set)
		if err != nil {
			return 0, err
		}
		// What binds may turn, or become known, before the next step: then it is
		// looked at again, whoever knew of it when.
		next = min(next, d.turn(product, d.books.At))
		if step, due := service.Next(t); step != subscription.NoStep {
			next = min(next, due)
		}
	}
	return next, nil
}
