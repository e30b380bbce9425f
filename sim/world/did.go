package world

import (
	"maps"
	"slices"
	"strings"
	"time"

	"termwise.dev/sim/model"
)

// Did counts what happened in stories, by name. A run in which nothing of
// interest happened shows nothing.
type Did map[string]int

func (d Did) count(what string) { d[what]++ }

// Add adds up what happened.
func (d Did) Add(o Did) {
	for what, n := range o {
		d[what] += n
	}
}

// Names lists what happened, sorted.
func (d Did) Names() []string { return slices.Sorted(maps.Keys(d)) }

// Interesting lists what must have happened in a run before it counts as
// evidence.
var Interesting = []string{
	"account: done", "account: refused: already_exists", "account: refused: bad_input", "account: refused: not_found",
	"event: accepted", "event: duplicate", "event: event_id_reused", "event: before_account", "event: bad_interval", "event: bad_quantity",
	"event: unknown_account", "event: unknown_meter", "event: unknown_product", "event: agreement_not_accepted", "event: bad_input",
	"event: a point as an hour begins", "event: a point in an hour that is closed in part",
	"acceptance by use",
	"top-up: done", "top-up: repeated", "top-up: already_exists", "top-up: idempotency_key_reused", "top-up: method_not_offered",
	"top-up: bad_input", "top-up: agreement_not_accepted", "top-up: paid everything", "top-up: paid a part",
	"clock: refused: clock_backward", "clock: a year in one leap",
	"publication: done", "publication: refused: notice_too_short", "publication: a price changed in the middle of a month",
	"publication: a contract that reaches back",
	"leaving: done", "leaving: not_found", "leaving: no_way_out", "acceptance by going on", "acceptance after leaving",
	"told: agreement_changes", "told: service_changes", "told: product_ends", "told: free_use_ends",
	"charge", "charge: of late usage", "charge: an adjustment", "charge: taken back", "charge: money returned",
	"charge: the wallet did not cover it", "charge: due later", "charge: found late by a worker",
	"cycle: hour", "cycle: day", "cycle: month",
	"refused usage: service_suspended", "refused usage: resource_released", "refused usage: payables_unsettled",
	"refused usage: service_ended",
	"late fee", "late fee: on a fee",
	"arrears: the payment came first", "arrears: the suspension came first",
	"service: opened", "service: suspended", "service: resumed", "service: released", "service: opened again",
	"service: ended", "service: opened after its end",
	"statement: as known before",
	"fault: " + string(Fails), "fault: " + string(LosesTo), "fault: " + string(Loses), "fault: " + string(DiesAt), "fault: " + string(DiesAfter),
	"fault: after the commit", "fault: at a late call", "fault: while opening", "fault: as the step is put again",
}

// Missing lists what should have happened and did not.
func (d Did) Missing() []string {
	var missing []string
	for _, what := range Interesting {
		if d[what] == 0 {
			missing = append(missing, what)
		}
	}
	return missing
}

// step counts a step that was answered, and each event of a batch.
func (d Did) step(s Step, now time.Time, answer string) {
	d.count("operations")
	switch s := s.(type) {
	case Opening:
		d.count("account: " + answer)
	case Reporting:
		for _, outcome := range strings.Split(answer, "\n") {
			d.count("event: " + outcome)
		}
		d["operations"] += len(s.Events) - 1
	case Paying:
		d.topUp(s, answer)
	case Advancing:
		d.count("clock: " + answer)
		if s.To.Sub(now) > 365*24*time.Hour {
			d.count("clock: a year in one leap")
		}
	case Publishing:
		d.count("publication: " + answer)
	case Leaving:
		d.count("leaving: " + strings.TrimPrefix(answer, "refused: "))
	case Asking:
		if !s.Known.IsZero() {
			d.count("statement: as known before")
		}
	}
}

// fault counts a fault that happened.
func (d Did) fault(f *Fault, broken happening, err error) {
	d.count("fault: " + string(f.Kind))
	if broken.committed && err != nil {
		d.count("fault: after the commit")
	}
	if broken.opening {
		d.count("fault: while opening")
	}
	if f.Call >= isLate {
		d.count("fault: at a late call")
	}
}

func (d Did) topUp(s Paying, answer string) {
	code, refused := strings.CutPrefix(answer, "refused: ")
	switch {
	case refused:
		d.count("top-up: " + code)
	case strings.HasSuffix(answer, "repeated true"):
		d.count("top-up: repeated")
	case s.DryRun:
		d.count("top-up: dry run")
	default:
		d.count("top-up: done")
		if !strings.Contains(answer, "paid 0.000000") && strings.Contains(answer, "owed 0.000000") {
			d.count("top-up: paid everything")
		} else if !strings.Contains(answer, "paid 0.000000") {
			d.count("top-up: paid a part")
		}
	}
}

// end counts what became of the accounts, by the model's books.
func (d Did) end(m *model.Model, c *Config) {
	d["years in thousandths"] += int(m.Now.Sub(c.Start) / (365 * 24 * time.Hour / 1000))
	for _, id := range m.Accounts() {
		b := m.Books(id)
		d.charges(b)
		for _, r := range b.Refused {
			d.count("refused usage: " + r.Code)
		}
		for _, a := range b.Accepted {
			switch a.Form {
			case "use":
				d.count("acceptance by use")
			case "continued_use":
				d.count("acceptance by going on")
			}
		}
		for _, e := range b.Exits {
			if !e.Lifted.IsZero() {
				d.count("acceptance after leaving")
			}
		}
		for moved := range b.Moved {
			if moved.Purpose == "payment_returned" {
				d.count("charge: money returned")
			}
		}
		for _, n := range b.Notices {
			switch n.Kind {
			case "arrears_began":
				d.count("charge: the wallet did not cover it")
			case "agreement_changes", "service_changes", "product_ends", "agreement_ends", "free_use_ends":
				d.count("told: " + n.Kind)
			}
		}
		for _, debt := range b.Debts {
			if debt.Since.After(m.Now) {
				d.count("charge: due later")
			}
		}
		for _, move := range b.Moves {
			d.count(map[string]string{
				" active": "service: opened", "active suspended": "service: suspended", "suspended active": "service: resumed",
				"suspended released": "service: released", "released active": "service: opened again",
				"active ended": "service: ended", "suspended ended": "service: ended", "ended active": "service: opened after its end",
			}[move.From+" "+move.To])
		}
		d["late fee"] += len(b.Fees)
		d.arrears(b)
		d.points(b)
	}
	d.documents(m)
}

// arrears counts who came first where services fell into arrears and are out of
// them: the payment, or what lapses without it.
func (d Did) arrears(b *model.Books) {
	for product, service := range b.Services {
		began, suspended, resumed := 0, 0, 0
		for _, n := range b.Notices {
			if n.Kind == "arrears_began" && n.Product == product {
				began++
			}
		}
		for _, m := range b.Moves {
			if m.Product == product && m.To == "suspended" {
				suspended++
			}
			if m.Product == product && m.From == "suspended" && m.To == "active" {
				resumed++
			}
		}
		if service.ArrearsSince.IsZero() && began > suspended {
			d["arrears: the payment came first"] += began - suspended
		}
		d["arrears: the suspension came first"] += resumed
	}
}

// points counts usage at points in time that lie where intervals end and services move.
func (d Did) points(b *model.Books) {
	for _, a := range b.Arrived {
		hour := a.From.Truncate(time.Hour)
		if !a.Point {
			continue
		}
		if a.From.Equal(hour) {
			d.count("event: a point as an hour begins")
		}
		if slices.ContainsFunc(b.Moves, func(m model.Move) bool {
			return m.Product == a.Product && m.From != "" && m.At.After(hour) && m.At.Truncate(time.Hour).Equal(hour)
		}) {
			d.count("event: a point in an hour that is closed in part")
		}
	}
}

func (d Did) charges(b *model.Books) {
	for _, c := range b.Charges {
		d.count("charge")
		switch {
		case c.Amount < 0:
			d.count("charge: taken back")
		case c.Line > 1:
			d.count("charge: an adjustment")
		}
		if c.Recorded.After(c.At) {
			d.count("charge: found late by a worker")
		}
		if c.At.Truncate(time.Hour) != c.At {
			d.count("charge: of late usage") // what is not late is settled as an hour ends
		}
	}
}

// documents counts what happened by the documents' doing.
func (d Did) documents(m *model.Model) {
	for _, id := range m.Accounts() {
		b := m.Books(id)
		for i := range m.Documents() {
			doc := m.Documents()[i]
			if doc.Values["late_fee.method"] == "compound" && len(b.Fees) > 1 {
				d.count("late fee: on a fee")
			}
			if doc.Product == "" {
				continue
			}
			before, after := false, false
			for _, c := range b.Charges {
				if c.Product == doc.Product && sameMonth(c.Hour, doc.Effective, m.Zone) {
					before = before || c.Hour.Before(doc.Effective)
					after = after || !c.Hour.Before(doc.Effective)
				}
			}
			if before && after {
				d.count("publication: a price changed in the middle of a month")
			}
			if doc.Account == id && doc.Effective.Before(doc.Known) {
				d.count("publication: a contract that reaches back")
			}
			if cycle := doc.Values["billing.cycle"]; cycle != "" && len(b.Charges) > 0 {
				d.count("cycle: " + cycle)
			}
		}
	}
}

func sameMonth(a, b time.Time, zone *time.Location) bool {
	ya, ma, _ := a.In(zone).Date()
	yb, mb, _ := b.In(zone).Date()
	return ya == yb && ma == mb
}
