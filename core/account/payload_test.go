package account_test

import (
	"slices"
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/journal"
	"termwise.dev/core/refusal"
)

// everyKind is an account whose journal has entries of every kind, and no more
// than that takes.
func everyKind(t testing.TB) *world {
	w := leaving(t)
	w.announce("general-agreement", "2026-01-01T10:00:00+08:00")
	w.topUp("2026-01-01T10:00:00+08:00", "1")
	wantDone(t, w.click("2026-01-01T11:00:00+08:00", "o-1", "compute-terms", "page-server-guard"))
	w.use("pod", 100_000, "2026-01-01T12:00:00+08:00", "2026-01-01T13:00:00+08:00", "2026-01-01T12:00:00+08:00")
	w.advance("2026-01-01T14:00:00+08:00")
	wantDone(t, w.power("2026-01-01T15:00:00+08:00", "compute-payg", "server_guard", true))
	wantDone(t, w.lapse("2026-01-01T16:00:00+08:00", "o-1"))
	w.advance("2026-01-03T00:00:00+08:00")
	w.dissent("general-agreement", "2026-01-03T10:00:00+08:00", true)
	w.use("pod", 1, "2026-01-01T12:00:00+08:00", "2026-01-01T12:00:01+08:00", "2026-01-03T11:00:00+08:00")
	w.advance("2026-01-04T00:00:00+08:00")
	return w
}

// FuzzPayload puts any text in the place of the inputs that an entry of some kind
// keeps: making the journal again and explaining what the entry wrote must end with
// faults, or with a refusal that has a code.
func FuzzPayload(f *testing.F) {
	w := everyKind(f)
	ev := w.evidence()
	kinds := []journal.Kind{
		journal.Opened, journal.Accepted, journal.ToppedUp, journal.Settled, journal.FeeAccrued,
		journal.Lifecycle, journal.Announced, journal.Dissented, journal.OrderLapsed, journal.AddOnSwitched,
	}
	for _, kind := range kinds {
		if !slices.ContainsFunc(ev.Entries, func(e journal.Entry) bool { return e.Kind == kind }) {
			f.Fatalf("no entry is of the kind %s", kind)
		}
	}
	for i := range ev.Entries {
		for _, payload := range []string{ev.Entries[i].Payload, "", "null", "[]", `{"amount":"1"}`} {
			f.Add(uint8(i), payload)
		}
	}
	f.Fuzz(func(t *testing.T, at uint8, payload string) {
		w.t = t
		i := int(at) % len(ev.Entries)
		changed := *ev
		changed.Entries = slices.Clone(ev.Entries)
		e := &changed.Entries[i]
		same := e.Payload == payload
		e.Payload = payload
		for range 2 {
			if faults := changed.Check(w.replay()).Faults; same != (len(faults) == 0) {
				t.Fatalf("entry %d with the inputs %q has the faults %v", e.Seq, payload, faults)
			}
			w.replay().Reasons(&changed, e.Seq)
			e.Hash = e.Seal(changed.Account.ID) // so that the seal does not show it
		}
		w.explainEntry(t, &changed, e)
	})
}

// explainEntry explains what an entry wrote that keeps inputs of its own.
func (w *world) explainEntry(t *testing.T, ev *account.Evidence, e *journal.Entry) {
	t.Helper()
	check := func(_ account.Explanation, err error) {
		t.Helper()
		if err != nil && refusal.CodeOf(err) == "" {
			t.Fatalf("entry %d with the inputs %q is explained with %v", e.Seq, e.Payload, err)
		}
	}
	for _, row := range ev.Transitions {
		if row.Entry == e.Seq {
			c := w.explained(row.Entry, row.Terms)
			c.Entry = *e
			check(c.Transition(row))
		}
	}
	for _, row := range ev.Transfers {
		if row.Entry == e.Seq {
			around := account.Around{Transfers: ev.Transfers, Reasons: w.replay().Reasons(ev, e.Seq)}
			around.Books, _ = w.replay().Before(ev, e.Seq)
			c := w.bound(row.Entry, around.Products(row)[0])
			c.Entry = *e
			check(c.Transfer(row, around))
		}
	}
}
