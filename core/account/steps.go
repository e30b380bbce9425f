package account

import (
	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/journal"
	"termwise.dev/core/notice"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
)

// noteArrears starts the timeline of each service whose debts have fallen due.
func (d *draft) noteArrears(at calendar.Instant) {
	for _, product := range d.books.products() {
		s := d.books.Services[product]
		if owed, since := d.books.Debts.Outstanding(product, at); owed > 0 && s.ArrearsSince == 0 {
			s.ArrearsSince = max(since, s.Since)
		}
	}
}

// takeSteps ends each service whose end has come, resumes each for which nothing has
// to be paid any more, and takes every step of every service's timeline that is due.
func (d *draft) takeSteps(at calendar.Instant) error {
	for _, product := range d.books.products() {
		s := d.books.Services[product]
		if err := d.takeEnd(s, at); err != nil {
			return err
		}
		if err := d.relent(s, at); err != nil {
			return err
		}
		for {
			taken, err := d.takeStep(s, at)
			if err != nil {
				return err
			}
			if !taken {
				break
			}
		}
	}
	return nil
}

// relentAll relents for every service. It comes before the settlement of an instant,
// too: what falls due in the instant in which the terms turn begins arrears of its own,
// whether or not somebody has looked before the usage came.
func (d *draft) relentAll(at calendar.Instant) error {
	for _, product := range d.books.products() {
		if err := d.relent(d.books.Services[product], at); err != nil {
			return err
		}
	}
	return nil
}

// relent ends the arrears of a service for which nothing has to be paid any more
// although nothing was paid: the terms that bind now ask for less.
func (d *draft) relent(s *subscription.Service, at calendar.Instant) error {
	if s.ArrearsSince == 0 {
		return nil
	}
	owed, err := d.owedFor(s.Product, at)
	if err != nil || owed > 0 {
		return err
	}
	end, err := d.endOf(s.Product)
	if err != nil {
		return err
	}
	if s.State == subscription.Active || s.State == subscription.Ended || end.at <= at {
		return d.clear(s, at) // there is nothing to tell
	}
	d.begin(journal.Lifecycle, at, Clock, "")
	err = d.clear(s, at)
	d.end()
	return err
}

// takeStep takes a service's next step if it is due. Each step changes the
// service, so that the next one is another.
func (d *draft) takeStep(s *subscription.Service, at calendar.Instant) (bool, error) {
	if s.ArrearsSince == 0 {
		return false, nil
	}
	set, err := d.standing(s.Product, at, at)
	if err != nil {
		return false, err
	}
	t, err := timeline(set)
	if err != nil {
		return false, err
	}
	step, due := s.Next(t)
	if step == subscription.NoStep || due > at {
		return false, nil
	}
	d.begin(journal.Lifecycle, at, Clock, "")
	if err := d.perform(step, s, set, at); err != nil {
		return false, err
	}
	d.end()
	return true, nil
}

func (d *draft) perform(step subscription.Step, s *subscription.Service, set *terms.Set, at calendar.Instant) error {
	recorded := d.env.RecordedAt(at)
	switch step {
	case subscription.GiveNotice:
		s.Noticed = recorded
		return d.tell(s, notice.ArrearsBegan, set, at, Basis{Since: s.ArrearsSince})
	case subscription.WarnRelease:
		s.Warned = recorded
		return d.tell(s, notice.ReleaseWarning, set, at, Basis{Since: s.Since})
	case subscription.Suspend:
		basis := Basis{Since: s.ArrearsSince, Told: s.Noticed}
		return d.moveAndTell(s, subscription.Suspended, notice.WasSuspended, set, at, basis)
	default:
		basis := Basis{Since: s.Since, Told: s.Warned}
		return d.moveAndTell(s, subscription.Released, notice.WasReleased, set, at, basis)
	}
}

func (d *draft) moveAndTell(s *subscription.Service, to subscription.State, kind notice.Kind, set *terms.Set, at calendar.Instant, basis Basis) error {
	owed, err := d.owedFor(s.Product, at)
	if err != nil {
		return err
	}
	basis.Owed, basis.Terms = owed, d.cite(s.Product, set)
	if err := d.move(s, to, at, basis); err != nil {
		return err
	}
	return d.tell(s, kind, set, at, basis)
}

func (d *draft) move(s *subscription.Service, to subscription.State, at calendar.Instant, basis Basis) error {
	t, err := s.Move(to, at)
	if err != nil {
		return err
	}
	row := Moved{Stamp: Stamp{RowID: d.next()}, Transition: t, Basis: basis}
	row.Digest = d.keep(row.Seal(d.books.ID))
	d.out.Transitions = append(d.out.Transitions, row)
	return nil
}

func (d *draft) tell(s *subscription.Service, kind notice.Kind, set *terms.Set, at calendar.Instant, basis Basis) error {
	where, err := channels(set)
	if err != nil {
		return err
	}
	owed, err := d.owedFor(s.Product, at)
	if err != nil {
		return err
	}
	basis.Owed, basis.Terms = owed, d.cite(s.Product, set)
	return d.say(notice.Notice{Kind: kind, Product: s.Product, Channels: where, Recorded: d.env.RecordedAt(at)}, set, basis)
}

// restore ends the arrears of each service for which enough has been paid: a
// suspended service resumes, a released one may be opened again.
func (d *draft) restore(at calendar.Instant) error {
	for _, product := range d.books.products() {
		s := d.books.Services[product]
		if s.ArrearsSince == 0 {
			continue
		}
		owed, err := d.owedFor(product, at)
		if err != nil {
			return err
		}
		if owed > 0 {
			continue
		}
		if err := d.clear(s, at); err != nil {
			return err
		}
	}
	return nil
}

func (d *draft) clear(s *subscription.Service, at calendar.Instant) error {
	basis := Basis{Since: s.ArrearsSince, Told: s.Noticed}
	s.ArrearsSince, s.Noticed, s.Warned = 0, 0, 0
	if canary.On(canary.OldNoticeCounts) {
		s.Noticed = basis.Told
	}
	if s.State == subscription.Active || s.State == subscription.Ended {
		return nil
	}
	if end, err := d.endOf(s.Product); err != nil || end.at <= at {
		return err // what has ended is not resumed
	}
	set, err := d.standing(s.Product, at, at)
	if err != nil {
		return err
	}
	return d.moveAndTell(s, subscription.Active, notice.WasResumed, set, at, basis)
}
