package account

import (
	"strings"

	"termwise.dev/core/terms"
)

// Lapse explains what the lapse of an order did to the acceptance of a document. d
// is the version that was accepted, found what the terms say of it, asked again by
// what the account had accepted when the order lapsed.
func (c Case) Lapse(row Lapsed, d *terms.Document, found terms.Lapse) (Explanation, error) {
	c.Set = found.Set
	x := c.explain("lapse")
	x.seal(row.Stamp, row.Seal(c.Account))
	x.input("order", row.Order, "")
	x.input("document", row.Document, "")
	x.input("version", row.Version, "")
	x.input("lapsed", c.Zone.Format(row.At), "")
	x.input("recorded", c.Zone.Format(row.Recorded), "")
	const role = "what ends with an order that lapses"
	set := int64(0)
	if found.Set == nil {
		x.useIn(d, role, terms.LapseVoids.Name())
	} else {
		x.use(role, terms.LapseVoids.Name())
		set = found.Set.ID()
	}
	if set != row.Terms {
		x.disagree("it names the documents %d, and they were %d", row.Terms, set)
	}
	if row.Voids() {
		x.say("The order %s lapsed, and with it the acceptance of %s, version %s: from %s on it must be accepted again.", row.Order, d.Title, row.Version, x.local(row.At))
	} else {
		x.say("The order %s lapsed. What was agreed with it on the %s ended; the acceptance of %s, version %s, stands.", row.Order, endsWith[row.Effect], d.Title, row.Version)
	}
	x.outcome(ruled(string(row.Effect), row.Clause), ruled(string(found.Effect), found.Clause))
	return x.done()
}

// endsWith says what ended with an order where the terms stand.
var endsWith = map[terms.LapseEffect]string{
	terms.LapsesConsensus: "service",
	terms.LapsesPrice:     "service and its price",
}

func ruled(outcome string, by terms.Citation) string { return outcome + " by " + by.Long() }

// tookBack notes, beside an acceptance, the order whose lapse took it back.
func (x *explaining) tookBack(row *Accepted, lapses []Lapsed) {
	for i := range lapses {
		l := &lapses[i]
		if !l.Voids() || l.Order != row.Order || l.Document != row.Document || l.Version != row.Version {
			continue
		}
		x.Clauses = append(x.Clauses, ClauseUse{
			Role: "what took it back", Key: terms.LapseVoids.Name(), Value: string(l.Effect),
			Citation: l.Clause.Long(), Document: l.Clause.Document, Version: l.Clause.Version, Label: l.Clause.Clause, cited: l.Clause,
		})
		x.step("the order %s lapsed, and the acceptance counts no longer from %s on", l.Order, x.local(l.At))
	}
}

// Switch explains that an add-on was switched on or off, by the documents that
// bound then.
func (c Case) Switch(row Switched) (Explanation, error) {
	x := c.explain("add-on")
	x.seal(row.Stamp, row.Seal(c.Account))
	x.input("product", row.Product, "")
	x.input("add-on", row.AddOn, "")
	x.input("switched", string(row.State), "")
	x.input("when", c.Zone.Format(row.At), "")
	x.input("who", c.Entry.Actor, "")
	if row.Order != "" {
		x.input("order", row.Order, "")
		x.use("what ends with an order that lapses", terms.LapseVoids.Name())
		x.say("The add-on %s of %s was switched off: its terms went with the order %s, which lapsed.", row.AddOn, row.Product, row.Order)
		v, err := terms.Get(c.Set, terms.LapseVoids)
		x.try(err)
		x.outcome(ruled(string(row.State), row.Clause), ruled(string(Off), v.Citation))
		return x.done()
	}
	addOn, err := c.Set.AddOn(row.AddOn)
	if !x.try(err) {
		return x.done()
	}
	x.use("whether the add-on comes with the product", terms.DefaultOfAddon.Key(row.AddOn))
	if row.State == On {
		x.demands(row.AddOn)
	}
	x.say("The add-on %s of %s was switched %s for the account at %s.", row.AddOn, row.Product, row.State, x.local(row.At))
	x.outcome(ruled(string(row.State), row.Clause), ruled(string(row.State), addOn.Clause))
	return x.done()
}

// demands notes what had to be accepted before an add-on was switched on.
func (x *explaining) demands(addOn string) {
	licence := false
	for _, d := range x.c.Set.Demands(addOn) {
		x.clause("what must be accepted first", "", strings.Join(d.Documents, ", "), d.By)
		if d.Under != (terms.Citation{}) && !licence {
			licence = true
			x.use("software of third parties", terms.ThirdPartyLicences.Name())
		}
	}
}
