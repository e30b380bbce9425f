package account

import (
	"fmt"
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// MaxKeptMeasures bounds how many measures of a refused event are kept. No
// product has as many meters.
const MaxKeptMeasures = 200

// WouldBeAccepted is what Event gives as recomputed for an event against which it finds
// nothing.
const WouldBeAccepted = "accepted"

// Turned is a usage event that was not accepted, as it was kept.
type Turned struct {
	// Event is what could be read of it; Account is the account that it named.
	metering.Event
	Place, Message string
	Code           refusal.Code
	Recorded       calendar.Instant
	// Unread says that the fault was met while the event was read.
	Unread bool
	// Forged says that the digest of what was kept does not fit it.
	Forged bool
	// Known is what the event was held against.
	Known Against
}

// Against is what was known, when a usage event came, of what it named.
type Against struct {
	// Opened is when the account was opened; zero when there is none of this name.
	Opened calendar.Instant
	// Unbound says why no documents bound the account for the product; nil when
	// the case has a Set.
	Unbound error
	// Moved says that what binds changed as the event was refused, or just before.
	Moved bool
	// First is the event that was accepted under the same name, or nil.
	First *StoredEvent
}

// verdict is what a check of a refused event comes to: a code, or why it cannot
// be said. The zero verdict has nothing against the event.
type verdict struct {
	code    refusal.Code
	unknown string
}

func refuses(code refusal.Code) verdict { return verdict{code: code} }

func cannotSay(format string, args ...any) verdict {
	return verdict{unknown: fmt.Sprintf(format, args...)}
}

// Event explains why a usage event was not accepted: it holds what was kept of
// the event against what was known when it came, in the order in which events
// are checked. The case has no Set when no documents bound the account for the
// event's product.
func (c Case) Event(t Turned) (Explanation, error) {
	x := c.explain("refused event")
	if t.Forged {
		x.disagree("the row's digest does not match its content: it was changed after it was written")
	}
	x.eventInputs(&t)
	if c.Set != nil {
		x.eventClauses(t.Code)
	}
	x.say("Usage event %s of %s was not accepted (%s): %s", t.ID, t.Source, t.Code, t.Message)
	got := x.recheck(&t)
	switch {
	case got.unknown != "":
		x.Stored, x.Recomputed, x.Agrees = string(t.Code), "not recomputed: "+got.unknown, false
	case got.code == "":
		x.outcome(string(t.Code), WouldBeAccepted)
	default:
		x.outcome(string(t.Code), string(got.code))
	}
	return x.done()
}

func (x *explaining) eventInputs(t *Turned) {
	x.input("source", t.Source, "")
	x.input("event", t.ID, "")
	x.input("account that it named", t.Account, "")
	x.input("product", t.Product, "")
	x.input("resource", t.Resource, "")
	if t.From != 0 {
		x.input("start", x.c.Zone.Format(t.From), "")
	}
	if t.To != 0 && !t.Point {
		x.input("end", x.c.Zone.Format(t.To), "")
	}
	for _, m := range t.Measures {
		x.input("meter "+m.Meter, grouped(m.Value), x.measureUnit(m.Meter, t.Point))
	}
	x.input("where it stood", t.Place, "")
	x.input("recorded", x.c.Zone.Format(t.Recorded), "")
	x.input("reason", string(t.Code), "")
}

// measureUnit is the unit of an event's measure, where the meter is known.
func (x *explaining) measureUnit(meter string, point bool) string {
	if x.c.Set == nil || x.c.Set.Product() == nil {
		return ""
	}
	m, known := x.c.Set.Product().Meter(meter)
	if !known || point {
		return m.Base
	}
	return m.Base + " per second"
}

// eventClauses cites what the refusal of an event rests on.
func (x *explaining) eventClauses(code refusal.Code) {
	switch code {
	case refusal.BadInterval:
		x.use("which intervals are use", terms.UsageIntervals.Name())
		x.use("how far ahead usage may be dated", terms.UsageFutureLimit.Name())
	case refusal.UnknownMeter, refusal.BadQuantity:
		if product := x.c.Set.Product(); product != nil {
			for _, m := range product.Meters {
				x.use("meter "+m.Name, terms.PriceOf.Key(m.Name))
			}
		}
	default:
		x.refusalClauses(code)
	}
}

// recheck finds the first thing against an event.
func (x *explaining) recheck(t *Turned) verdict {
	if t.Unread {
		return x.reread(t)
	}
	for _, check := range []func(*Turned) verdict{
		x.recheckAccount, x.recheckBound, x.recheckBody, x.recheckFuture, x.recheckName,
	} {
		if v := check(t); v != (verdict{}) {
			return v
		}
	}
	x.step("nothing of what was kept of the event keeps it from being accepted")
	return verdict{}
}

func (x *explaining) recheckAccount(t *Turned) verdict {
	opened := t.Known.Opened
	switch {
	case opened == 0:
		x.step("there is no account %q", t.Account)
		return refuses(refusal.UnknownAccount)
	case t.Recorded < opened:
		x.step("account %q was opened at %s, and the event came at %s", t.Account, x.local(opened), x.local(t.Recorded))
		return refuses(refusal.UnknownAccount)
	case t.Recorded == opened && t.Code == refusal.UnknownAccount:
		return cannotSay("account %q was opened in the very instant in which the event came, and which was first is not kept", t.Account)
	case t.From < opened:
		x.step("the usage begins at %s, and account %s was opened at %s", x.local(t.From), t.Account, x.local(opened))
		return refuses(refusal.BeforeAccount)
	}
	x.step("the usage begins at %s, not before account %s was opened at %s", x.local(t.From), t.Account, x.local(opened))
	return verdict{}
}

func (x *explaining) recheckBound(t *Turned) verdict {
	if t.Known.Moved {
		return cannotSay("what binds account %s changed as the event came, or just before, and which was first is not kept", t.Account)
	}
	if x.c.Set == nil {
		x.step("by what was known at %s, it could not be used at %s: %v", x.local(t.Recorded), x.local(t.From), t.Known.Unbound)
		return refuses(refusal.CodeOf(t.Known.Unbound))
	}
	if x.c.Set.Product() == nil {
		x.step("the event names no product")
		return refuses(refusal.UnknownProduct)
	}
	if err := judgeInterval(x.c.Set, &t.Event, x.c.Zone); err != nil {
		x.interval(t)
		x.step("%v", err)
		return refuses(refusal.CodeOf(err))
	}
	return verdict{}
}

// recheckBody holds the event against the meters of the product.
func (x *explaining) recheckBody(t *Turned) verdict {
	e := t.Event
	if err := e.CheckNames(); err != nil {
		x.step("a name cannot be kept: %v", err)
		return refuses(refusal.CodeOf(err))
	}
	x.interval(t)
	product := x.c.Set.Product()
	if err := t.Check(product); err != nil {
		x.step("held against the meters of %s (%s): %v", product.ID, strings.Join(meterNames(x.c.Set), ", "), err)
		return refuses(refusal.CodeOf(err))
	}
	if len(t.Measures) >= MaxKeptMeasures {
		return cannotSay("of the event's measures only the first %d are kept, and nothing is against these", MaxKeptMeasures)
	}
	x.step("the names, the interval and the measures are as %s needs them", product.ID)
	return verdict{}
}

func (x *explaining) interval(t *Turned) {
	if !t.Point {
		x.step("it starts at %s and ends at %s", x.local(t.From), x.local(t.To))
	}
}

func meterNames(s *terms.Set) (names []string) {
	for _, m := range s.Product().Meters {
		names = append(names, m.Name)
	}
	return names
}

func (x *explaining) recheckFuture(t *Turned) verdict {
	limit, err := terms.Get(x.c.Set, terms.UsageFutureLimit)
	if err != nil {
		x.step("how far ahead usage may be dated cannot be said: %v", err)
		return refuses(refusal.CodeOf(err))
	}
	if limit.Silent {
		x.step("nothing limits how far ahead usage may be dated")
		return verdict{}
	}
	last := t.Recorded.Add(limit.V)
	if t.To > last {
		x.step("it ends at %s, and what came at %s may end by %s (%s)", x.local(t.To), x.local(t.Recorded), x.local(last), limit.Citation)
		return refuses(refusal.BadInterval)
	}
	x.step("it ends at %s, not after %s, by which what came at %s may end (%s)", x.local(t.To), x.local(last), x.local(t.Recorded), limit.Citation)
	return verdict{}
}

// recheckName compares the event with the one that was accepted under its name.
func (x *explaining) recheckName(t *Turned) verdict {
	first := t.Known.First
	switch {
	case first == nil:
		x.step("no event %s of %s was accepted", t.ID, t.Source)
	case first.Recorded > t.Recorded:
		x.step("event %s of %s was first accepted at %s, after this one came at %s", t.ID, t.Source, x.local(first.Recorded), x.local(t.Recorded))
	case first.Body() == t.Body():
		x.step("event %s of %s was accepted at %s with the same body", t.ID, t.Source, x.local(first.Recorded))
	default:
		x.step("accepted at %s: %s", x.local(first.Recorded), x.body(&first.Event))
		x.step("sent again at %s: %s", x.local(t.Recorded), x.body(&t.Event))
		return refuses(refusal.EventReused)
	}
	return verdict{}
}

// body writes out what an event says besides its name.
func (x *explaining) body(e *metering.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", e.Product, e.Resource)
	if e.Point {
		fmt.Fprintf(&b, " at %s", x.local(e.From))
	} else {
		fmt.Fprintf(&b, " from %s to %s", x.local(e.From), x.local(e.To))
	}
	for _, m := range e.Measures {
		fmt.Fprintf(&b, ", %s %s", m.Meter, grouped(m.Value))
	}
	return b.String()
}

// reread looks for the fault that reading the event met. Which fault is met
// first depends on the form in which the event was sent, so the one that is
// stored must be among those that show in what was kept.
func (x *explaining) reread(t *Turned) verdict {
	for _, check := range []func(*Turned) refusal.Code{x.rereadNames, x.rereadInterval, x.rereadMeasures} {
		if code := check(t); code == t.Code {
			return refuses(code)
		}
	}
	if t.Code == refusal.Forbidden {
		return cannotSay("the key with which the event was sent is not kept with it")
	}
	return cannotSay("the fault lies in what was sent and could not be read, and an event is kept only as far as it could be read")
}

// rereadNames finds a name that is missing, or was not fit to be kept.
func (x *explaining) rereadNames(t *Turned) refusal.Code {
	for _, f := range []struct{ name, value string }{
		{"source", t.Source}, {"id", t.ID}, {"account", t.Account}, {"resource", t.Resource},
	} {
		if f.value == "" {
			x.step("no %s was given that can be kept", f.name)
			return refusal.BadInput
		}
	}
	return ""
}

func (x *explaining) rereadInterval(t *Turned) refusal.Code {
	switch {
	case t.From == 0:
		x.step("no start was given that can be read")
	case t.To == 0:
		x.step("no end was given that can be read")
	case !t.Point && t.To <= t.From:
		x.step("it ends at %s, not after its start at %s", x.local(t.To), x.local(t.From))
	default:
		return ""
	}
	return refusal.BadInterval
}

func (x *explaining) rereadMeasures(t *Turned) refusal.Code {
	for _, m := range t.Measures {
		if m.Meter == "" {
			x.step("a meter has no name that can be kept")
			return refusal.UnknownMeter
		}
		if m.Value < 0 || m.Value > metering.MaxPerHour {
			x.step("meter %s has the value %s, and values are from 0 to %s", m.Meter, grouped(m.Value), grouped(metering.MaxPerHour))
			return refusal.BadQuantity
		}
	}
	return ""
}
