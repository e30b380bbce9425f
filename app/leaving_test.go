package app_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// generalOf is a version of the general agreement that differs in the late fee and
// promises a notice for its own changes.
func generalOf(t testing.TB, version, announced, effective, rate, notice string) string {
	t.Helper()
	return editedSample(t, "agreements/general-agreement.yaml", `version: "2025-06"`, `version: "`+version+`"`,
		"announced: 2025-05-01", "announced: "+announced, "effective: 2025-06-01", "effective: "+effective,
		"late_fee.rate: 0.05%/day", "late_fee.rate: "+rate, "change.notice: 30 days", "change.notice: "+notice)
}

func toldOf(t testing.TB, a *app.App, id, version string) (n int) {
	t.Helper()
	notices, _, err := a.Notices(context.Background(), id, "", 100)
	must(t, err)
	for _, x := range notices {
		if x.Document == "general-agreement" && x.Version == version && x.Kind == "agreement_changes" {
			n++
		}
	}
	return n
}

// TestWhoHasLeftIsNotAffected: a later version of what an account has left owes it
// nothing and binds it not; only what the others are promised counts. When it comes
// back it is told of what is to come.
func TestWhoHasLeftIsNotAffected(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		ctx := context.Background()
		a := openSample(t, url)
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: "acme", Name: "A", Accepts: []string{"general-agreement"}}, "test"))
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: "stays", Name: "S", Accepts: []string{"general-agreement"}}, "test"))
		folder := map[string]string{"agreements/two.yaml": generalOf(t, "2026-02", "2026-01-01", "2026-02-01", "0.04%/day", "10 days")}
		_, err := a.Publish(ctx, withDocuments(t, folder))
		must(t, err)
		_, err = a.Dissent(ctx, "acme", account.Dissent{Document: "general-agreement"}, "", "test")
		must(t, err)
		advance(t, a, "2026-02-02T00:00:00+08:00")
		folder["agreements/three.yaml"] = generalOf(t, "2026-03", "2026-02-02", "2026-02-20", "0.03%/day", "10 days")
		planned, err := a.Plan(ctx, withDocuments(t, folder))
		must(t, err)
		if p := planned.Documents[0]; p.Bound != 1 || p.NoticesOwed != 1 || p.Refused != "" {
			t.Errorf("%+v", p)
		}
		_, err = a.Publish(ctx, withDocuments(t, folder))
		must(t, err)
		if toldOf(t, a, "acme", "2026-03") != 0 || toldOf(t, a, "stays", "2026-03") != 1 || toldOf(t, a, "acme", "2026-02") != 1 {
			t.Error("who has left was told, or who stays was not")
		}
		holdsTrue(t, a)
		again, err := a.Dissent(ctx, "acme", account.Dissent{Document: "general-agreement"}, "", "test")
		must(t, err)
		if !again.Repeated || again.Version != "2026-02" {
			t.Errorf("said again: %+v", again)
		}
		advance(t, a, "2026-02-05T00:00:00+08:00")
		_, err = a.Accept(ctx, "acme", app.NewAcceptance{Documents: []string{"general-agreement"}, Form: terms.Click}, "", "test")
		must(t, err)
		if toldOf(t, a, "acme", "2026-03") != 1 {
			t.Error("who came back was not told of what is to come")
		}
		holdsTrue(t, a)
		folder["agreements/four.yaml"] = generalOf(t, "2026-04", "2026-02-05", "2026-02-10", "0.02%/day", "10 days")
		if _, err := a.Publish(ctx, withDocuments(t, folder)); refusal.CodeOf(err) != refusal.NoticeTooShort {
			t.Errorf("after it came back: %v", err)
		}
	})
}

// TestLeavingOverTheNextVersion: of two versions that take effect at one instant the
// next one is that which was published last, since it takes the place of the other,
// whichever way their names sort.
func TestLeavingOverTheNextVersion(t *testing.T) {
	for _, versions := range [][2]string{{"2026-02", "2026-03"}, {"2026-03", "2026-02"}} {
		ctx := context.Background()
		a := openSample(t, filepath.Join(t.TempDir(), "next.db"))
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: "acme", Name: "A", Accepts: []string{"general-agreement"}}, "test"))
		folder := map[string]string{}
		for i, rate := range []string{"0.04%/day", "0.03%/day"} {
			folder["agreements/"+versions[i]+".yaml"] = generalOf(t, versions[i], "2026-01-01", "2026-02-20", rate, "10 days")
			_, err := a.Publish(ctx, withDocuments(t, folder))
			must(t, err)
			advance(t, a, []string{"2026-01-02T00:00:00+08:00", "2026-01-03T00:00:00+08:00"}[i])
		}
		left, err := a.Dissent(ctx, "acme", account.Dissent{Document: "general-agreement"}, "", "test")
		must(t, err)
		if left.Version != versions[1] {
			t.Errorf("it left over %s, and not over %s, which was published last", left.Version, versions[1])
		}
		holdsTrue(t, a)
	}
}

// TestLeavingBeforeOnesTurn: on a real clock an account may leave after a version
// was published and before its turn to be told of it; it is not told then, and
// verify misses nothing. Where its turn came before, verify misses the notice.
func TestLeavingBeforeOnesTurn(t *testing.T) {
	for _, c := range []struct {
		name string
		late time.Duration // by how much it leaves after the others are told
		lost bool
	}{{"before its turn", 0, false}, {"long after", time.Hour, true}} {
		t.Run(c.name, func(t *testing.T) {
			ctx := context.Background()
			now := realClock()
			url := filepath.Join(t.TempDir(), "turn.db")
			clock := func() time.Time { return now }
			w := &interrupted{}
			a, err := app.Open(ctx, url, clock, store.Watched(w.seeTelling))
			must(t, err)
			t.Cleanup(func() { must(t, a.Close()) })
			must(t, a.Init(ctx, false, 0))
			_, err = a.Publish(ctx, withDocuments(t, nil))
			must(t, err)
			for _, id := range []string{"acme", "stays"} {
				must(t, a.CreateAccount(ctx, app.NewAccount{ID: id, Name: id, Accepts: []string{"general-agreement"}}, "test"))
			}
			now = now.Add(time.Hour)
			other, err := app.Open(ctx, url, clock)
			must(t, err)
			t.Cleanup(func() { must(t, other.Close()) })
			w.happens = func() {
				now = now.Add(2 * time.Minute)
				_, err := other.Dissent(ctx, "acme", account.Dissent{Document: "general-agreement", Now: true}, "", "test")
				must(t, err)
			}
			folder := map[string]string{"agreements/two.yaml": generalOf(t, "2026-02", "2026-01-01", "2026-02-10", "0.04%/day", "10 days")}
			_, err = a.Publish(ctx, withDocuments(t, folder))
			must(t, err)
			if toldOf(t, a, "acme", "2026-02") != 0 || toldOf(t, a, "stays", "2026-02") != 1 {
				t.Fatal("who has left was told, or who stays was not")
			}
			holdsTrue(t, a)
			if !c.lost {
				return
			}
			// As if the others had been told an hour before it left.
			db := around(t, url)
			tamper(t, db, "UPDATE notices SET recorded = recorded - $1 WHERE account = 'stays'", c.late.Microseconds())
			found := false
			for _, b := range verified(t, a).Broken() {
				found = found || b.Table == "notices" && b.Row == "acme" && strings.Contains(b.Message, "lacks one of general-agreement 2026-02")
			}
			if !found {
				t.Error("verify does not miss the notice")
			}
		})
	}
}

// seeTelling has something happen before the first batch of accounts is told.
func (w *interrupted) seeTelling(c store.Call) error {
	w.mu.Lock()
	happens := w.happens
	tells := happens != nil && c.Kind == store.Begin && !c.Answered && c.Writes
	if tells && !w.decided { // the first is the publication
		w.decided, tells = true, false
	}
	if tells {
		w.happens = nil
	}
	w.mu.Unlock()
	if tells {
		happens()
	}
	return nil
}

// TestNeedsOfWhoHasLeft: use is refused and accepts nothing; the account must accept
// again what it has left, and then nothing stands in the way.
func TestNeedsOfWhoHasLeft(t *testing.T) {
	ctx := context.Background()
	a := openSample(t, filepath.Join(t.TempDir(), "needs.db"))
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "acme", Name: "A", Accepts: []string{"general-agreement"}}, "test"))
	publishNext(t, a, "2026-01-01")
	left, err := a.Dissent(ctx, "acme", account.Dissent{Document: "general-agreement"}, "", "test")
	must(t, err)
	needs := func() app.Needs {
		n, err := a.Needs(ctx, "acme", "compute-payg", nil, 0)
		must(t, err)
		return n
	}
	if n := needs(); len(n.Left) != 0 || len(n.ByUse) != 1 {
		t.Errorf("before the end: %+v", n)
	}
	_, err = a.Dissent(ctx, "acme", account.Dissent{Document: "general-agreement", Now: true}, "", "test")
	must(t, err)
	advance(t, a, "2026-03-02T00:00:00+08:00")
	n := needs()
	if len(n.Left) != 1 || len(n.ByUse) != 0 || len(n.Missing) != 0 {
		t.Fatalf("%+v", n)
	}
	if l := n.Left[0]; l.Document != "general-agreement" || l.Version != "2026-03" || !explained(t, a, l.ID).Cites("G", "3.2.9") || !strings.HasPrefix(l.Ends, "2026-01-01T00:00:00") || l.ID == left.ID {
		t.Errorf("%+v, first %+v", l, left)
	}
	_, err = a.Accept(ctx, "acme", app.NewAcceptance{Documents: []string{"general-agreement"}, Form: terms.Click}, "", "test")
	must(t, err)
	if n := needs(); len(n.Left) != 0 || len(n.ByUse) != 1 {
		t.Errorf("after it came back: %+v", n)
	}
}
