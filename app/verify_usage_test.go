package app_test

import (
	"path/filepath"
	"testing"
	"time"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
	"termwise.dev/store"
)

// An event that was kept although it could not be taken in is found, with its parcel.
func TestUsageThatCouldNotBeTakenInIsFound(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := open(t, url)
		must(t, a.Init(t.Context(), true, instant(traceStart)))
		_, err := a.Publish(t.Context(), withDocuments(t, map[string]string{
			"agreements/ahead.yaml": small("ahead", "A", "rules", "publication", "usage.future_limit: 2 hours"),
		}))
		must(t, err)
		must(t, a.CreateAccount(t.Context(), app.NewAccount{ID: "loom", Name: "Loom", Accepts: []string{"general-agreement"}}, "test"))
		advance(t, a, "2026-01-01T01:00:00+08:00")
		putUsage(t, a, "loom", "vm", 500, "2026-01-01T00:00:00+08:00", "2026-01-01T03:00:00+08:00")
		verifies(t, a)

		db, came := around(t, url), instant("2026-01-01T01:00:00+08:00")
		for name, change := range map[string]func(*metering.Event){
			"as it came":             func(*metering.Event) {},
			"too far ahead":          func(e *metering.Event) { e.To = e.To.Add(calendar.Minute) },
			"before the account":     func(e *metering.Event) { e.From = e.From.Add(-calendar.Minute) },
			"of what nobody sells":   func(e *metering.Event) { e.Product = "tea" },
			"of what is not metered": func(e *metering.Event) { e.Measures = []metering.Measure{{Meter: "tea", Value: 1}} },
		} {
			e := usage("loom", "vm", "vm 2026-01-01T00:00:00+08:00", 500, "2026-01-01T00:00:00+08:00", "2026-01-01T03:00:00+08:00").Event
			change(&e)
			p := account.NewParcel("loom", 1, came, []metering.Event{e})
			tamper(t, db, "UPDATE usage_parcels SET first = $1, last = $2, content = $3, digest = $4", int64(p.First), int64(p.Last), p.Content, p.Digest)
			t.Log(name)
			if name == "as it came" {
				verifies(t, a)
				continue
			}
			wantNamed(t, verified(t, a), "usage_parcels", "loom parcel 1")
		}
	})
}

// A refusal that the rules do not give is found, although its digest is right.
func TestAWrongRefusalOfUsageIsFound(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := storied(t, url)
		db := around(t, url)
		row := refusedRow(t, url, "customer-001")
		put := func(e store.RefusedEvent) {
			tamper(t, db, "UPDATE refused_events SET code = $1, start = $2, finish = $3, digest = $4 WHERE account = $5 AND id = $6",
				string(e.Code), int64(e.From), int64(e.To), e.Seal(), e.Account, e.ID)
		}
		name := app.RowName{Kind: app.EventRow, Account: row.Account, Event: row.ID}.String()
		for what, change := range map[string]func(*store.RefusedEvent){
			"another reason": func(e *store.RefusedEvent) { e.Code = refusal.BeforeAccount },
			"no reason":      func(e *store.RefusedEvent) { e.To = e.From.Add(calendar.Minute) },
			"the instant in which the account was opened": func(e *store.RefusedEvent) {
				e.Code, e.From, e.To = refusal.BeforeAccount, instant(traceStart), instant(traceStart).Add(calendar.Minute)
			},
		} {
			wrong := row
			change(&wrong)
			put(wrong)
			t.Log(what)
			wantNamed(t, verified(t, a), "refused_events", name)
		}
		put(row)
		verifies(t, a)
	})
}

// refusedRow is the only refused event of an account.
func refusedRow(t testing.TB, url, id string) store.RefusedEvent {
	t.Helper()
	db, err := store.Open(t.Context(), url)
	must(t, err)
	defer func() { must(t, db.Close()) }()
	var list []store.KeptRefusal
	must(t, db.View(t.Context(), func(tx *store.Tx) (err error) {
		list, err = tx.RefusedEvents(t.Context(), id, "", 2)
		return err
	}))
	if len(list) != 1 {
		t.Fatalf("account %s has %d refused events", id, len(list))
	}
	return list[0].RefusedEvent
}

// What was accepted, used and taken back with its order, all in one instant, is honest.
func TestWhatWasUsedAndLapsedInOneInstantIsHonest(t *testing.T) {
	a := customer(t, withDocuments(t, computeFolder(t)))
	agree(t, a, "o-1", computeTerms)
	if got := computeOutcome(t, a, "at once", "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00"); got.Outcome != app.Accepted {
		t.Fatalf("%+v", got)
	}
	_, _ = lapsed(t, a, "o-1", computeTerms)
	verifies(t, a)
}

// On a real clock an acceptance can be recorded a moment before an event is refused for
// want of it, and be committed after the account was looked at: nobody lied.
func TestWhatWasRefusedAMomentAfterItWasAcceptedIsHonest(t *testing.T) {
	began := time.UnixMicro(int64(instant("2026-01-01T00:00:00+08:00")))
	now := began
	a, err := app.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), func() time.Time { return now })
	must(t, err)
	t.Cleanup(func() { must(t, a.Close()) })
	must(t, a.Init(t.Context(), false, 0))
	_, err = a.Publish(t.Context(), withDocuments(t, computeFolder(t)))
	must(t, err)
	now = began.Add(time.Hour)
	must(t, a.CreateAccount(t.Context(), app.NewAccount{ID: "c", Name: "c", Accepts: []string{"general-agreement"}}, "test"))
	agree(t, a, "o-1", computeTerms)
	now = began.Add(2 * time.Hour)
	_, _ = lapsed(t, a, "o-1", computeTerms) // from now on the terms are demanded
	now = began.Add(25*time.Hour + 5*time.Millisecond)
	refused := computeOutcome(t, a, "ahead", "2026-01-02T01:01:00+08:00", "2026-01-02T01:02:00+08:00")
	if refused.Code != refusal.NotAccepted {
		t.Fatalf("%+v", refused)
	}
	now = began.Add(25*time.Hour + 2*time.Millisecond) // when the other transaction looked at its clock
	agree(t, a, "o-2", computeTerms)
	now = began.Add(50 * time.Hour)
	verifies(t, a)
}
