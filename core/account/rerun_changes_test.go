package account_test

import (
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// TestARerunListsWhoCouldNotLeave: under documents that describe no way out the
// dissent of the month is refused, and the outcome says so; of another month it is
// not counted.
func TestARerunListsWhoCouldNotLeave(t *testing.T) {
	w := leaving(t)
	w.announce("general-agreement", "2026-01-01T10:00:00+08:00")
	w.dissent("general-agreement", "2026-01-10T12:00:00+08:00", false)
	w.advance("2026-03-02T00:00:00+08:00")
	silent := changing(t, nextOf(t, fileG, "2026-02-01", feeNow, feeNext))
	noWay := noWayOut{silent}
	was, would := w.rerun(t, noWay, "2026-01")
	if len(was.Kept) != 0 || len(would.Kept) != 1 || would.Kept[0].Document != "general-agreement" || would.Kept[0].Entry == 0 ||
		would.Kept[0].At != instant("2026-01-10T12:00:00+08:00") || refusal.CodeOf(would.Kept[0].Reason) != refusal.NoWayOut {
		t.Errorf("%+v, %+v", was.Kept, would.Kept)
	}
	if _, would := w.rerun(t, noWay, "2026-02"); len(would.Kept) != 0 {
		t.Errorf("in February: %+v", would.Kept)
	}
	if _, would := w.rerun(t, w.corpus, "2026-01"); len(would.Kept) != 0 {
		t.Errorf("under the same documents: %+v", would.Kept)
	}
}

// noWayOut are documents that describe no way to leave.
type noWayOut struct{ *terms.Corpus }

func (noWayOut) Leaving(document, version string, _ terms.Standing, _ calendar.Instant) (terms.Leaving, error) {
	return terms.Leaving{}, refusal.New(refusal.NoWayOut, "no document says how to leave over %s %s", document, version)
}

// TestARerunTellsActsFromGoingOn: an acceptance is made again whoever made it,
// also one whose actor calls itself the clock; going on is found anew.
func TestARerunTellsActsFromGoingOn(t *testing.T) {
	w := leaving(t)
	at := instant("2026-01-05T10:00:00+08:00")
	env := w.env()
	env.Actor = account.Clock
	w.run(at, func(b *account.Books) (*account.Decision, error) {
		return b.Accept(env, []terms.Acceptance{{Document: "compute-terms", Version: "2025-06", Form: terms.Click, At: at, Recorded: at, Actor: account.Clock}}, at)
	})
	w.use("pod", 1000, "2026-02-01T00:00:00+08:00", "2026-02-01T01:00:00+08:00", "2026-02-01T01:00:00+08:00")
	w.advance("2026-03-02T00:00:00+08:00")
	if len(byGoingOn(w)) == 0 {
		t.Fatal("nothing was accepted by going on")
	}
	w.rerun(t, w.corpus, "2026-02") // it fails where the journal cannot be made again
}
