package account_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// click has the account accept documents at an instant, with an order or none.
func (w *world) click(at, order string, documents ...string) error {
	w.t.Helper()
	when := instant(at)
	var accepted []terms.Acceptance
	for _, id := range documents {
		accepted = append(accepted, terms.Acceptance{Document: id, Version: "2025-06", Form: terms.Click, At: when, Recorded: when, Actor: "test", Order: order})
	}
	return w.attempt(when, func(b *account.Books) (*account.Decision, error) { return b.Accept(w.env(), accepted, when) })
}

func (w *world) lapse(at, order string) error {
	w.t.Helper()
	when := instant(at)
	return w.attempt(when, func(b *account.Books) (*account.Decision, error) {
		return b.LapseOrder(w.env(), account.OrderLapse{Order: order}, when)
	})
}

func (w *world) power(at, product, addOn string, on bool) error {
	w.t.Helper()
	when := instant(at)
	return w.attempt(when, func(b *account.Books) (*account.Decision, error) {
		return b.SwitchAddOn(w.env(), account.Switch{Product: product, AddOn: addOn, On: on}, when)
	})
}

// attempt is run, except that a refusal leaves everything as it was.
func (w *world) attempt(at calendar.Instant, decide func(*account.Books) (*account.Decision, error)) (refused error) {
	w.t.Helper()
	w.run(at, func(b *account.Books) (*account.Decision, error) {
		d, err := decide(b)
		if refused = nil; refusal.CodeOf(err) != "" {
			refused = err
			return b.Advance(w.env(), b.At)
		}
		return d, err
	})
	return refused
}

// drawAct draws an acceptance with an order, the lapse of one, or the switch of an
// add-on. What is refused does nothing.
func (w *world) drawAct(rt *rapid.T, env account.Env, now calendar.Instant) {
	order := rapid.SampledFrom([]string{"o-1", "o-2"}).Draw(rt, "order")
	document := rapid.SampledFrom([]string{"general-agreement", "compute-terms", "page-server-guard"}).Draw(rt, "document")
	x := account.Switch{
		Product: "compute-payg", AddOn: rapid.SampledFrom([]string{"monitoring", "host_shield", "server_guard"}).Draw(rt, "add-on"),
		On: rapid.Bool().Draw(rt, "on"),
	}
	act := rapid.IntRange(0, 2).Draw(rt, "act")
	w.run(now, func(b *account.Books) (d *account.Decision, err error) {
		switch act {
		case 0:
			d, err = b.Accept(env, []terms.Acceptance{{Document: document, Version: "2025-06", Form: terms.Click, At: now, Recorded: now, Actor: "test", Order: order}}, now)
		case 1:
			d, err = b.LapseOrder(env, account.OrderLapse{Order: order}, now)
		default:
			d, err = b.SwitchAddOn(env, x, now)
		}
		if refusal.CodeOf(err) != "" {
			return b.Advance(env, now)
		}
		return d, err
	})
}

// acts tells what lapsed and what was switched.
func (w *world) acts() string {
	var lines []string
	for _, l := range w.log.Lapses {
		lines = append(lines, fmt.Sprintf("%s: %s of %s by %s", l.Order, l.Effect, l.Document, l.Clause))
	}
	for _, s := range w.log.AddOns {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s by %s %s", s.AddOn, s.State, s.Clause, s.Order)))
	}
	return strings.Join(lines, "\n")
}

func wantCode(t *testing.T, err error, code refusal.Code, parts ...string) {
	t.Helper()
	if refusal.CodeOf(err) != code {
		t.Fatalf("%v, want %s", err, code)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q lacks %q", err, part)
		}
	}
}

func wantDone(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// actsStory accepts the compute terms with an order and without, switches add-ons
// on and off, and lets two orders lapse.
func actsStory(t *testing.T, late calendar.Duration) *world {
	w := newWorld(t, sampleCorpus(t))
	w.late = late
	w.topUp("2026-01-01T00:00:00+08:00", "100.00")
	wantDone(t, w.click("2026-01-01T01:00:00+08:00", "o-1", "compute-terms", "page-server-guard"))
	wantDone(t, w.click("2026-01-01T01:00:00+08:00", "o-2", "general-agreement"))
	wantDone(t, w.click("2026-01-01T02:00:00+08:00", "", "licence-hazelworks"))
	w.use("pod", 1000, "2026-01-01T01:00:00+08:00", "2026-01-01T06:00:00+08:00", "2026-01-01T06:00:00+08:00")
	w.advance("2026-01-01T03:30:00+08:00")
	wantDone(t, w.power("2026-01-01T03:30:00+08:00", "compute-payg", "server_guard", true))
	wantDone(t, w.power("2026-01-01T03:30:00+08:00", "compute-payg", "licensed_image", true))
	wantDone(t, w.power("2026-01-01T03:40:00+08:00", "compute-payg", "host_shield", false))
	wantDone(t, w.lapse("2026-01-01T06:00:00+08:00", "o-1"))
	wantDone(t, w.lapse("2026-01-01T06:00:00+08:00", "o-2"))
	wantDone(t, w.click("2026-01-01T07:00:00+08:00", "o-3", "compute-terms"))
	w.advance("2026-01-01T09:00:00+08:00")
	return w
}

const actsTold = `o-1: terms of compute-terms by E 2.1.1.1
o-1: terms of page-server-guard by E 2.1.1.1
o-2: price of general-agreement by G 2.3.1.2
server_guard on by E 3.2.5
licensed_image on by P 4
host_shield off by E 3.1.9
server_guard off by E 2.1.1.1 o-1`

func TestWhatLapsesAndWhatIsSwitched(t *testing.T) {
	for name, late := range map[string]calendar.Duration{"on a virtual clock": 0, "on a real clock": 50 * calendar.HourLength} {
		t.Run(name, func(t *testing.T) {
			w := actsStory(t, late)
			if diff := cmp.Diff(actsTold, w.acts()); diff != "" {
				t.Error(diff)
			}
			if w.charged() != amount(t, "0.45") { // five hours of one vCPU, all of them used before the order lapsed
				t.Errorf("charged %s", w.charged())
			}
			for _, f := range w.evidence().Check(w.replay()).Faults {
				t.Errorf("truth %d: %v %v %s", f.Truth, f.RowID, f.Key, f)
			}
			w.advance("2026-02-02T00:00:00+08:00")
			was, would := w.rerun(t, w.corpus, "2026-01")
			if diff := cmp.Diff(was, would); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestARerunOfActs tries documents that offer no add-ons and take nothing back.
func TestARerunOfActs(t *testing.T) {
	w := actsStory(t, 0)
	w.advance("2026-02-02T00:00:00+08:00")
	page := tried(t, "  - { addon: licensed_image, documents: [licence-hazelworks], clause: \"4\" }", "  []", "addon.default.licensed_image: opt_in", "addon.default.other: opt_in")
	was, would := w.rerun(t, w.during("2026-01", page), "2026-01")
	if diff := cmp.Diff(was, would); diff != "" {
		t.Error(diff)
	}
}

func TestEveryChangeOfAnActIsFound(t *testing.T) {
	w := actsStory(t, 0)
	for name, c := range map[string]struct {
		do    func(*account.Evidence)
		table account.Table
	}{
		"an effect": {func(ev *account.Evidence) { ev.Lapses[0].Effect = terms.LapsesPrice }, account.InLapses},
		"an effect, with its digest": {func(ev *account.Evidence) {
			l := &ev.Lapses[0]
			l.Effect = terms.LapsesPrice
			l.Digest = l.Seal(ev.Account.ID)
		}, account.InLapses},
		"a clause":      {func(ev *account.Evidence) { ev.Lapses[1].Clause.Clause = "9" }, account.InLapses},
		"a lapse, gone": {func(ev *account.Evidence) { ev.Lapses = slices.Delete(ev.Lapses, 1, 2) }, account.InLapses},
		"a state":       {func(ev *account.Evidence) { ev.AddOns[0].State = account.Off }, account.InAddOns},
		"a state, with its digest": {func(ev *account.Evidence) {
			s := &ev.AddOns[3]
			s.State = account.On
			s.Digest = s.Seal(ev.Account.ID)
		}, account.InAddOns},
		"a switch, gone": {func(ev *account.Evidence) { ev.AddOns = ev.AddOns[:3] }, account.InAddOns},
		"an order":       {func(ev *account.Evidence) { ev.Acceptances[1].Order = "" }, account.InAcceptances},
		"the inputs of a lapse": {func(ev *account.Evidence) {
			i := slices.IndexFunc(ev.Entries, func(e journal.Entry) bool { return e.Kind == "order_lapsed" })
			ev.Entries[i].Payload = "{\"order\":\"o-2\"}"
		}, account.InJournal},
	} {
		t.Run(name, func(t *testing.T) {
			ev := w.evidence()
			c.do(ev)
			findings := ev.Check(w.replay())
			if !slices.ContainsFunc(findings.Faults, func(f *account.Fault) bool { return f.Table == c.table }) {
				t.Errorf("no fault names %s; found %v", c.table, findings.Faults)
			}
		})
	}
}

// An acceptance by another act stands, whatever order lapses.
func TestAnotherActStands(t *testing.T) {
	w := newWorld(t, sampleCorpus(t), "compute-terms")
	wantDone(t, w.click("2026-01-01T01:00:00+08:00", "o-1", "compute-terms"))
	wantDone(t, w.lapse("2026-01-01T02:00:00+08:00", "o-1"))
	at := instant("2026-01-01T03:00:00+08:00")
	needs, err := w.corpus.Missing(w.books.Subject("compute-payg"), nil, at, at)
	if err != nil || len(needs) != 0 {
		t.Errorf("%v is missing, %v", needs, err)
	}
	if len(w.log.Acceptances) != 2 {
		t.Errorf("%d acceptances: the one with the order is an act of its own", len(w.log.Acceptances))
	}
	wantDone(t, w.click("2026-01-01T03:00:00+08:00", "", "compute-terms"))
	if len(w.log.Acceptances) != 2 {
		t.Error("what stands was accepted again")
	}
}

func TestLapseOrderRefuses(t *testing.T) {
	w := newWorld(t, sampleCorpus(t), "compute-terms")
	wantDone(t, w.click("2026-01-01T01:00:00+08:00", "o-1", "compute-terms"))
	wantCode(t, w.lapse("2026-01-01T02:00:00+08:00", "o-2"), refusal.NotFound, `"o-2"`)
	wantCode(t, w.lapse("2026-01-01T02:00:00+08:00", ""), refusal.NotFound)
	wantDone(t, w.lapse("2026-01-01T02:00:00+08:00", "o-1"))
	seq := w.books.Seq
	wantDone(t, w.lapse("2026-01-01T03:00:00+08:00", "o-1"))
	if w.books.Seq != seq {
		t.Error("an order that lapsed twice was recorded twice")
	}
	wantCode(t, w.click("2026-01-01T03:00:00+08:00", "o-1", "compute-terms"), refusal.BadInput, "o-1 has lapsed")
}

func TestSwitchAddOnRefuses(t *testing.T) {
	w := newWorld(t, sampleCorpus(t), "compute-terms")
	const at = "2026-01-01T01:00:00+08:00"
	wantCode(t, w.power(at, "tea", "milk", true), refusal.UnknownProduct)
	wantCode(t, w.power(at, "cloud-firewall", "server_guard", true), refusal.NotAccepted)
	wantCode(t, w.power(at, "compute-payg", "milk", true), refusal.BadInput, `"milk"`, "content_guard")
	wantCode(t, w.power(at, "compute-payg", "server_guard", true), refusal.NotAccepted, "E 3.2.5", "page-server-guard 2025-06")
	wantCode(t, w.power(at, "compute-payg", "licensed_image", true), refusal.NotAccepted, "P 4", "as E 3.1.3.3", "licence-hazelworks 2025-06")
	for _, same := range []struct {
		addOn string
		on    bool
	}{{"content_guard", true}, {"host_shield", true}, {"server_guard", false}, {"licensed_image", false}} {
		wantDone(t, w.power(at, "compute-payg", same.addOn, same.on))
	}
	if len(w.log.AddOns) != 0 {
		t.Errorf("switched to what they were: %s", w.acts())
	}
}

// TestASwitchGoesWithTheTermsThatItRestsOn: what an add-on demands was accepted by
// an act of its own and stands; its switching rests on the compute terms, which went
// with the order, and goes with them, also where the general agreement provides the
// add-on: compute is not used under that alone any more. What the page alone speaks
// of stays as it is, and so does all where the compute terms were accepted otherwise.
func TestASwitchGoesWithTheTermsThatItRestsOn(t *testing.T) {
	for name, c := range map[string]struct {
		otherwise []string
		want      string
	}{
		"nothing else binds":        {nil, "server_guard off by E 2.1.1.1 o-1"},
		"the general agreement too": {[]string{"general-agreement"}, "server_guard off by E 2.1.1.1 o-1"},
		"accepted by another act":   {[]string{"compute-terms"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sampleCorpus(t), c.otherwise...)
			wantDone(t, w.click("2026-01-01T01:00:00+08:00", "o-1", "compute-terms"))
			wantDone(t, w.click("2026-01-01T02:00:00+08:00", "", "page-server-guard", "licence-hazelworks"))
			wantDone(t, w.power("2026-01-01T03:00:00+08:00", "compute-payg", "server_guard", true))
			wantDone(t, w.power("2026-01-01T03:00:00+08:00", "compute-payg", "licensed_image", true))
			switched := len(w.log.AddOns)
			wantDone(t, w.lapse("2026-01-01T06:00:00+08:00", "o-1"))
			acts := strings.Split(w.acts(), "\n")
			if got := strings.Join(acts[len(acts)-len(w.log.AddOns)+switched:], "\n"); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			w.advance("2026-01-01T09:00:00+08:00")
			for _, f := range w.evidence().Check(w.replay()).Faults {
				t.Errorf("truth %d: %v %v %s", f.Truth, f.RowID, f.Key, f)
			}
		})
	}
}
