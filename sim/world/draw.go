package world

import (
	"fmt"
	"math/rand/v2"
	"time"

	"termwise.dev/sim/model"
)

// drawer makes up the steps of one story. What it draws may depend on how the
// customers stand by the model, so that things happen which a blind draw would
// hardly ever hit: a payment of exactly what is owed, a look at the very
// instant at which something falls due.
type drawer struct {
	*rand.Rand
	config *Config
	model  *model.Model
	sent   []model.Event
	paid   []Paying
	latest map[string]model.Document // by id, as they were last drawn
	names  int
	faulty bool // things go wrong in this world
	stingy bool // customers pay late in this world
}

func newDrawer(r *rand.Rand, c *Config, m *model.Model) *drawer {
	d := &drawer{Rand: r, config: c, model: m, latest: map[string]model.Document{}, faulty: r.IntN(3) == 0, stingy: r.IntN(3) > 0}
	for _, doc := range c.Documents {
		d.latest[doc.ID] = doc
	}
	return d
}

func (d *drawer) chance(percent int) bool { return d.IntN(100) < percent }

// name makes a name that was not used before.
func (d *drawer) name(prefix string) string {
	d.names++
	return fmt.Sprintf("%s%d", prefix, d.names)
}

// next draws the next step.
func (d *drawer) next() Told {
	t := Told{Step: d.step()}
	if d.faulty && d.chance(20) {
		t.Fault = drawFault(d.Rand, t.Step)
		if d.chance(30) {
			t.Again = drawFault(d.Rand, t.Step)
		}
	}
	return t
}

func (d *drawer) step() Step {
	if len(d.model.Accounts()) == 0 {
		return d.opening()
	}
	if len(d.left()) > 0 && d.chance(6) {
		return d.accepting() // who has left comes back, some day
	}
	if len(d.toCome(d.account())) > 0 && d.chance(5) {
		return d.leaving()
	}
	for {
		switch n := d.IntN(100); {
		case n < 38:
			return d.reporting()
		case n < 54:
			return d.paying()
		case n < 86:
			return d.passing()
		case n < 91:
			return d.publishing()
		case n < 92:
			return d.accepting()
		case n < 93:
			return d.leaving()
		case n < 95 && len(d.model.Accounts()) < 3:
			return d.opening()
		case n < 97:
			return Reopening{}
		case n < 100:
			return d.asking()
		}
	}
}

func (d *drawer) account() string { return pick(d.Rand, d.model.Accounts()...) }

func (d *drawer) opening() Step {
	if ids := d.model.Accounts(); len(ids) > 0 && d.chance(15) {
		return Opening{Account: pick(d.Rand, ids...), Name: pick(d.Rand, "Loom", "Kiln", "")}
	}
	s := Opening{Account: d.name("c"), Name: pick(d.Rand, "Loom", "Kiln"), Accepts: []string{"general-agreement"}}
	switch {
	case d.chance(20):
		s.Accepts = nil
	case d.chance(8):
		s.Accepts = []string{"no-such-document"}
	case d.chance(6):
		s.Account = "Not An Id"
	}
	return s
}

func (d *drawer) accepting() Step {
	s := Accepting{Account: d.account(), Documents: []string{"general-agreement"}}
	if left := d.left(); len(left) > 0 && d.chance(80) {
		s.Account = pick(d.Rand, left...)
	}
	switch {
	case d.chance(10):
		s.Documents = append(s.Documents, "no-such-document")
	case d.chance(5):
		s.Account = "nobody"
	}
	return s
}

// left lists the accounts that leave, or have left, and have not come back.
func (d *drawer) left() (ids []string) {
	for _, id := range d.model.Accounts() {
		if d.model.HasLeft(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// toCome lists the documents of which a version is published that takes effect
// later and may concern an account.
func (d *drawer) toCome(account string) (ids []string) {
	for _, doc := range d.model.Documents() {
		if doc.Effective.After(d.model.Now) && (doc.Account == "" || doc.Account == account) {
			ids = append(ids, doc.ID)
		}
	}
	return ids
}

// owing lists the accounts that owe something.
func (d *drawer) owing() (ids []string) {
	for _, id := range d.model.Accounts() {
		if len(d.model.Books(id).Debts) > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// leaving draws a customer who does not agree to a change.
func (d *drawer) leaving() Step {
	s := Leaving{Account: d.account()}
	if owing := d.owing(); len(owing) > 0 && d.chance(60) {
		s.Account = pick(d.Rand, owing...)
	}
	s.Document, s.Now = "general-agreement", d.chance(40)
	switch coming := d.toCome(s.Account); {
	case len(coming) > 0 && d.chance(80):
		s.Document = pick(d.Rand, coming...)
	case d.chance(15):
		s.Document = "page-" + products[0].name
	case d.chance(5):
		s.Account = "nobody"
	}
	return s
}

// paying draws a payment: of what is owed, a little less, a part, or far more.
func (d *drawer) paying() Step {
	if len(d.paid) > 0 && d.chance(15) {
		return d.payingAgain(pick(d.Rand, d.paid...))
	}
	s := Paying{Account: d.account(), Key: d.name("key-"), DryRun: d.chance(5)}
	if d.chance(10) {
		s.Key = ""
	}
	b := d.model.BooksIf(s.Account, d.model.Now)
	owed := b.Owed()
	amounts := []model.Money{owed, owed - 1, owed / 2, owed + 1, principal(b), 1, 50_000, 2_000_000, 1_000_000_000}
	if d.stingy {
		amounts = amounts[:8]
	}
	s.TopUp = model.TopUp{Amount: pick(d.Rand, amounts...), Method: "alipay", Reference: d.name("ref-")}
	switch d.IntN(40) {
	case 0:
		s.TopUp.Method = "barter"
	case 1:
		s.TopUp.Reference = ""
	case 2:
		s.TopUp.Amount = -5
	case 3:
		s.Account = "nobody"
	}
	d.paid = append(d.paid, s)
	return s
}

func principal(b *model.Books) (sum model.Money) {
	for _, debt := range b.Debts {
		sum += debt.Outstanding
	}
	return sum
}

// payingAgain repeats a payment: as it was, under another key, or another one
// under the same key.
func (d *drawer) payingAgain(s Paying) Step {
	switch d.IntN(4) {
	case 0:
		s.Key = d.name("key-")
	case 1:
		s.TopUp.Amount++
	case 2:
		s.Account = d.account()
	}
	s.DryRun = d.chance(10)
	return s
}

// passing lets time pass.
func (d *drawer) passing() Step {
	to := d.instantAhead()
	if d.config.Virtual {
		return Advancing{To: to}
	}
	if d.chance(45) {
		return Working{}
	}
	return Waiting{To: later(to, d.model.Now)}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// instantAhead draws when the clock stops next: by preference at instants at
// which something turns, and just beside them.
func (d *drawer) instantAhead() time.Time {
	now := d.model.Now
	y, month, _ := now.In(d.config.zone()).Date()
	beside := pick(d.Rand, 0, 0, time.Microsecond, -time.Microsecond)
	var to time.Time
	switch n := d.IntN(100); {
	case n < 5:
		return now
	case n < 20:
		to = now.Add(time.Duration(d.IntN(7200)) * time.Second)
	case n < 35:
		to = now.Truncate(time.Hour).Add(time.Duration(1+d.IntN(3)) * time.Hour).Add(beside)
	case n < 50:
		to = d.midnight(now, 1).Add(beside)
	case n < 55:
		to = d.nearestTurn().Add(beside)
	case n < 70:
		due, any := d.model.Books(d.account()).NextDue()
		if !any {
			return now.Add(time.Minute)
		}
		to = due.Add(beside)
	case n < 85:
		to = now.Add(time.Duration(1+d.IntN(72)) * time.Hour)
	case n < 93:
		to = now.Add(time.Duration(3+d.IntN(20)) * 24 * time.Hour)
	case n < 97:
		to = time.Date(y, month+1, 1, 0, 0, 0, 0, d.config.zone()).Add(beside)
	case n < 98:
		return now.Add(time.Duration(30+d.IntN(700)) * 24 * time.Hour)
	default:
		return now.Add(-time.Duration(1+d.IntN(3600)) * time.Second)
	}
	if to.Before(now) {
		return now
	}
	return to.UTC()
}
