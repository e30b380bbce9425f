package model

import (
	"strings"
	"time"
)

// noteArrears begins the arrears of each service for which something that was
// due could not be paid (P 3.1).
func (b *Books) noteArrears(at time.Time) {
	for _, product := range b.products() {
		s := b.Services[product]
		if !s.ArrearsSince.IsZero() {
			continue
		}
		for _, d := range b.Debts {
			if d.Product == product && !d.Since.After(at) && (s.ArrearsSince.IsZero() || d.Since.Before(s.ArrearsSince)) {
				s.ArrearsSince = d.Since
			}
		}
	}
}

// nextStep is what a service in arrears waits for, and when it is due, by the
// terms of an instant; nothing when it waits for nothing.
func (b *Books) nextStep(product string, at time.Time) (step string, due time.Time) {
	s := b.Services[product]
	if s.ArrearsSince.IsZero() {
		return "", due
	}
	wait := func(key string) (time.Duration, bool) {
		text, set := b.value(key, product, at)
		if !set {
			return 0, false
		}
		return length(text), true
	}
	if (s.State == "active" || s.State == "ended") && s.Noticed.IsZero() {
		after, _ := wait("arrears.notice.after")
		return "arrears_notice", s.ArrearsSince.Add(after)
	}
	withhold, _ := b.value("arrears.withhold", product, at)
	suspends, hasSuspension := wait("suspend.after")
	releases, hasRelease := wait("release.after")
	switch {
	case s.State == "active" && withhold == "true" && hasSuspension:
		notice, _ := wait("suspend.notice")
		return "suspend", later(s.ArrearsSince.Add(suspends), s.Noticed.Add(notice))
	case s.State != "suspended" || !hasSuspension || !hasRelease:
		return "", due
	case s.Warned.IsZero():
		notice, _ := wait("release.notice")
		return "warn", later(s.Since, s.Since.Add(releases-notice))
	default:
		notice, _ := wait("release.notice")
		return "release", later(s.Since.Add(releases), s.Warned.Add(notice))
	}
}

// takeStep takes a service's next step if it is due, and says whether it did.
func (b *Books) takeStep(product string, at time.Time) bool {
	step, due := b.nextStep(product, at)
	if step == "" || due.After(at) {
		return false
	}
	s := b.Services[product]
	owed := b.owedFor(product, at)
	switch step {
	case "arrears_notice":
		s.Noticed = b.recorded(at)
		b.say("arrears_began", product, at, owed)
	case "suspend":
		b.enter(product, "suspended", at, owed)
		b.say("was_suspended", product, at, owed)
	case "warn":
		s.Warned = b.recorded(at)
		b.say("release_warning", product, at, owed)
	case "release":
		b.enter(product, "released", at, owed)
		b.say("was_released", product, at, owed)
	}
	b.At = at
	return true
}

func (b *Books) say(kind, product string, at time.Time, owed Money) {
	b.Notices = append(b.Notices, Notice{kind, product, b.recorded(at), owed})
}

// restore ends the arrears of each service for which nothing is owed any more:
// a suspended one resumes (P 3.4), a released one is open to new resources.
func (b *Books) restore(at time.Time) {
	for _, product := range b.products() {
		b.restoreOne(product, at)
	}
}

// restoreOne does so for one product.
func (b *Books) restoreOne(product string, at time.Time) {
	s := b.Services[product]
	if s.ArrearsSince.IsZero() || b.owedFor(product, at) > 0 {
		return
	}
	s.ArrearsSince, s.Noticed, s.Warned = time.Time{}, time.Time{}, time.Time{}
	if end, ends := b.endOf(product); ends && !end.After(at) {
		return // what has ended is not resumed
	}
	if s.State != "active" && s.State != "ended" {
		b.enter(product, "active", at, 0)
		b.say("was_resumed", product, at, 0)
	}
}

// owedFor is what must be paid before a service is clear.
func (b *Books) owedFor(product string, at time.Time) Money {
	if b.must("resume.requires", product, at) == "principal" {
		return b.principal(product, at)
	}
	return b.owing(product, at)
}

// principal is what is due for a product without its late fees.
func (b *Books) principal(product string, at time.Time) (owed Money) {
	for _, d := range b.Debts {
		if d.Product == product && !d.Since.After(at) {
			owed += d.Outstanding
		}
	}
	return owed
}

// owing is what is due for a product, principal and late fees.
func (b *Books) owing(product string, at time.Time) Money {
	owed := b.principal(product, at)
	for name, fee := range b.unpaidFees() {
		if strings.HasSuffix(name, ":"+product) {
			owed += fee
		}
	}
	return owed
}
