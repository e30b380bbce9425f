package account_test

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
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

// leaves is a world whose account uses compute around every instant at which
// something may change in February and after it, and leaves over a document, unless
// that is empty, at an instant.
func leaves(t testing.TB, corpus *terms.Corpus, paid bool, document, said string, now bool) *world {
	w := newWorld(t, corpus)
	if paid {
		w.topUp("2026-01-02T00:00:00+08:00", "100")
	}
	for i, from := range []string{"2026-01-19T00", "2026-01-20T00", "2026-01-24T22", "2026-01-31T22", "2026-02-01T00", "2026-02-03T00", "2026-02-09T22", "2026-02-28T22", "2026-03-04T22"} {
		at := instant(from + ":00:00+08:00")
		w.advance(w.zone.Format(at))
		if from == said && document != "" {
			w.dissent(document, w.zone.Format(at), now)
		}
		w.use(fmt.Sprintf("pod-%d", i), 1000, w.zone.Format(at), w.zone.Format(at.Add(4*calendar.HourLength)), w.zone.Format(at))
	}
	w.advance("2026-04-01T00:00:00+08:00")
	return w
}

// TestARerunLeavesWhoLeft: a version that says the same as the one in force, tried
// for a month, changes nothing for who leaves over another, whenever that is said
// and takes effect, and over whichever of the documents.
func TestARerunLeavesWhoLeft(t *testing.T) {
	for file, edits := range map[string][]string{fileG: {feeNow, feeNext}, fileP: {"price.cpu: 0.09", "price.cpu: 0.18"}} {
		again := retitled(t, file, "2025-06-01")
		for _, effect := range []string{"2026-01-25", "2026-02-01", "2026-02-10", "2026-03-05"} {
			corpus := changing(t, nextOf(t, file, effect, edits...))
			for _, said := range []string{"2026-01-20T00", "2026-02-01T00", "2026-02-03T00"} {
				for _, how := range []struct{ paid, now bool }{{true, false}, {true, true}, {false, false}} {
					if said > effect+"T00" {
						continue
					}
					t.Run(fmt.Sprintf("%s/effect %s/said %s/%+v", again.ID, effect, said, how), func(t *testing.T) {
						w := leaves(t, corpus, how.paid, again.ID, said, how.now)
						if how.paid && !slices.ContainsFunc(w.log.Transitions, func(m account.Moved) bool { return m.To == subscription.Ended }) {
							t.Fatal("it did not leave")
						}
						for _, month := range []string{"2026-01", "2026-02", "2026-03"} {
							was, would := w.rerun(t, w.during(month, again), month)
							if diff := cmp.Diff(was, would); diff != "" {
								t.Errorf("%s: %s", month, diff)
							}
						}
					})
				}
			}
		}
	}
}

// retitled is a sample document with another title, as a version of its own.
func retitled(t testing.TB, file, effective string, edits ...string) *terms.Document {
	t.Helper()
	zone, _ := calendar.ParseZone("UTC+8")
	text := editionOf(t, file, "retitled", "2025-05-01", effective, edits...)
	d, err := terms.Parse("retitled.yaml", []byte(regexp.MustCompile(`(?m)^title: .*$`).ReplaceAllString(text, "title: Another title")), zone)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestARerunLeavesOverWhatIsTried: what is tried is what the customer left over,
// under another title; it leaves all the same.
func TestARerunLeavesOverWhatIsTried(t *testing.T) {
	w := newWorld(t, changing(t, nextOf(t, fileG, "2026-02-10", feeNow, feeNext)))
	w.topUp("2026-01-02T00:00:00+08:00", "100")
	w.use("pod", 1000, "2026-02-09T22:00:00+08:00", "2026-02-10T02:00:00+08:00", "2026-02-09T22:00:00+08:00")
	w.dissent("general-agreement", "2026-02-03T00:00:00+08:00", false)
	w.advance("2026-03-02T00:00:00+08:00")
	was, would := w.rerun(t, w.during("2026-02", retitled(t, fileG, "2026-02-10", feeNow, feeNext)), "2026-02")
	if diff := cmp.Diff(was, would); diff != "" || len(would.Kept) > 0 {
		t.Errorf("%s, kept %v", diff, would.Kept)
	}
}

// TestARerunOfAPriceSparesWhoLeft: a dearer page tried for February costs who goes
// on, costs who leaves in the month what is used until then, and who had left by
// the month's beginning nothing. A late fee that is tried is none of theirs either.
func TestARerunOfAPriceSparesWhoLeft(t *testing.T) {
	page, fee := tried(t, "price.cpu: 0.09 CNY", "price.cpu: 0.18 CNY"), retitled(t, fileG, "2025-06-01", feeNow, feeNext)
	for _, tt := range []struct {
		leaves, effect string
		paid           bool
		more           money.Amount
		fees           bool // are other ones
	}{
		{leaves: "", effect: "2026-02-10", paid: true, more: 16 * 90_000},
		{leaves: "general-agreement", effect: "2026-02-10", paid: true, more: 12 * 90_000},
		{leaves: "general-agreement", effect: "2026-02-01", paid: true},
		{leaves: "general-agreement", effect: "2026-01-25", paid: true},
		{leaves: "", effect: "2026-02-10", fees: true},
		{leaves: "general-agreement", effect: "2026-02-01"},
		{leaves: "general-agreement", effect: "2026-01-25"},
	} {
		w := leaves(t, changing(t, nextOf(t, fileG, tt.effect, feeNow, "late_fee.rate: 0.06%/day")), tt.paid, tt.leaves, "2026-01-20T00", false)
		was, would := w.rerun(t, w.during("2026-02", page, fee), "2026-02")
		more := money.Amount(0)
		for of, c := range would.Charges {
			more += c.Amount - was.Charges[of].Amount
		}
		if tt.paid && more != tt.more {
			t.Errorf("%+v: %s more", tt, more)
		}
		if other := was.LateFees != would.LateFees; other != tt.fees || tt.paid != (was.LateFees == 0) {
			t.Errorf("%+v: late fees %s, would be %s", tt, was.LateFees, would.LateFees)
		}
	}
}
