package app_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"termwise.dev/app"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
)

// refusedEvent sends an event that must be refused and explains the refusal.
func refusedEvent(t *testing.T, a *app.App, e app.Reported, code refusal.Code) (string, app.Explanation) {
	t.Helper()
	r := send(t, a, e)[0]
	if r.Code != code {
		t.Fatalf("%s is %s with %q (%s), want %s", e.ID, r.Outcome, r.Code, r.Message, code)
	}
	return r.Refusal, explained(t, a, r.Refusal)
}

// An event is explained by what was kept of it and of what it was held against,
// whatever happens afterwards.
func TestEveryRefusalOfAnEventIsRecomputed(t *testing.T) {
	const from, to = "2026-01-05T10:00:00+08:00", "2026-01-05T11:00:00+08:00"
	one := func(name string, spoil func(*app.Reported)) app.Reported {
		e := usage("customer-001", "pod-a", name, 1_000, from, to)
		spoil(&e)
		return e
	}
	cases := []struct {
		code  refusal.Code
		event app.Reported
		step  string
	}{
		{refusal.UnknownAccount, one("account", func(e *app.Reported) { e.Account = "customer-077" }), `"customer-077"`},
		{refusal.UnknownProduct, one("product", func(e *app.Reported) { e.Product = "tea" }), "could not be used at 2026-01-05 10:00"},
		{refusal.UnknownProduct, one("no product", func(e *app.Reported) { e.Product = "" }), "names no product"},
		{refusal.TermMissing, one("intervals", func(e *app.Reported) { e.Product = "enterprise-network" }), "usage.intervals"},
		{refusal.NotAccepted, one("line", func(e *app.Reported) { e.Product = "cross-border-line" }), "PL 1 (page-cross-border-line 2025-06) demands"},
		{refusal.BeforeAccount, one("before", func(e *app.Reported) { e.From = instant("2025-12-31T10:00:00+08:00") }), "begins at 2025-12-31 10:00"},
		{refusal.UnknownMeter, one("meter", func(e *app.Reported) { e.Measures[0].Meter = "coal" }), `"coal"`},
		{refusal.BadQuantity, one("rate", func(e *app.Reported) { e.Measures[0].Value = -1 }), "-1"},
		{refusal.BadInput, one("twice", func(e *app.Reported) { e.Measures = append(e.Measures, e.Measures[0]) }), "named twice"},
		{refusal.BadInput, one("resource", func(e *app.Reported) { e.Resource = strings.Repeat("r", 300) }), "no resource was given that can be kept"},
		{refusal.BadInterval, one("backward", func(e *app.Reported) { e.To = e.From }), "it starts at 2026-01-05 10:00 and ends at 2026-01-05 10:00"},
		{refusal.EventReused, one("pod-a "+traceStart, func(*app.Reported) {}), "sent again at 2026-01-20 00:00"},
		{refusal.BadInterval, one("unread", func(e *app.Reported) {
			e.From, e.Place, e.Fault = 0, "file.csv:3: column start", refusal.New(refusal.BadInterval, "the usage has no start")
		}), "no start was given"},
	}
	engines(t, func(t *testing.T, url string) {
		a := january20(t, url)
		before := map[string]app.Explanation{}
		for _, c := range cases {
			id, x := refusedEvent(t, a, c.event, c.code)
			if !x.Agrees || x.Recomputed != string(c.code) || !strings.Contains(strings.Join(x.Arithmetic, "\n"), c.step) {
				t.Errorf("%s %s: recomputed %s, %v: %q", c.code, c.event.ID, x.Recomputed, x.Disagreements, x.Arithmetic)
			}
			before[id] = x
		}
		putMoney(t, a, "customer-002", "1000", "fourth")
		advance(t, a, "2026-03-01T00:00:00+08:00")
		must(t, a.CreateAccount(context.Background(), app.NewAccount{ID: "customer-077", Name: "Late"}, "test"))
		for id := range before {
			if x := explained(t, a, id); !x.Agrees {
				t.Errorf("%s does not agree later: recomputed %s, %q", id, x.Recomputed, x.Arithmetic)
			}
		}
		for _, b := range verified(t, a).Broken() {
			t.Error(b)
		}
	})
}

// Refusals that the sample's documents do not lead to: a limit on usage that is
// dated ahead, and an account that accepted nothing, not even by use.
func TestRefusalsOfOtherDocumentsAreRecomputed(t *testing.T) {
	limited := withDocuments(t, map[string]string{"agreements/ahead.yaml": small("ahead", "A", "rules", "publication", "usage.future_limit: 1 hours")})
	alone := serviceAlone(t)
	ctx := context.Background()
	engines(t, func(t *testing.T, url string) {
		for code, c := range map[refusal.Code]struct {
			folder  fstest.MapFS
			accepts []string
			step    string
		}{
			refusal.BadInterval: {limited, []string{"general-agreement"}, "it ends at 2026-01-01 03:00, and what came at 2026-01-01 00:00 may end by 2026-01-01 01:00 (A 1"},
			refusal.NotAccepted: {alone, nil, "could not be used at 2026-01-01 00:00: no agreement binds account c"},
		} {
			a := open(t, freshURL(t, url))
			must(t, a.Init(ctx, true, instant(traceStart)))
			_, err := a.Publish(ctx, c.folder)
			must(t, err)
			must(t, a.CreateAccount(ctx, app.NewAccount{ID: "c", Name: "C", Accepts: c.accepts}, "test"))
			_, x := refusedEvent(t, a, usage("c", "vm", "1", 1, traceStart, "2026-01-01T03:00:00+08:00"), code)
			if !x.Agrees || !strings.Contains(strings.Join(x.Arithmetic, "\n"), c.step) {
				t.Errorf("%s: recomputed %s, %q", code, x.Recomputed, x.Arithmetic)
			}
		}
	})
}

// A row of a file without a start is refused as an interval, by what was kept.
func TestARowWithoutAStartIsExplained(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := openSample(t, url)
		fund(t, a, ample)
		rows := bytes.SplitAfter(trace(t), []byte("\n"))[:80]
		for _, r := range importTrace(t, a, bytes.Join(rows, nil)).Refusals {
			x := explained(t, a, r.Refusal)
			if !x.Agrees || x.Recomputed != "bad_interval" || !strings.Contains(x.Arithmetic[0], "was given that can be read") || !x.Cites("P", "2.1") {
				t.Errorf("%s: recomputed %s, %q", r.Place, x.Recomputed, x.Arithmetic)
			}
		}
	})
}

// What was at fault is not kept: explain says so, and claims nothing.
func TestAFaultThatIsNotKeptIsNotRecomputed(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := storied(t, url)
		for _, code := range []refusal.Code{refusal.Forbidden, refusal.BadInput, refusal.BadQuantity} {
			e := usage("customer-001", "pod-a", string(code), 1, "2026-01-05T10:00:00+08:00", "2026-01-05T11:00:00+08:00")
			e.Fault = refusal.New(code, "it cannot be read")
			_, x := refusedEvent(t, a, e, code)
			if x.Agrees || len(x.Disagreements) > 0 || !strings.HasPrefix(x.Recomputed, "not recomputed: ") {
				t.Errorf("%s: agrees %v, recomputed %s, %v", code, x.Agrees, x.Recomputed, x.Disagreements)
			}
		}
	})
}

// Changing what was kept of an event, or the reason, shows in its explanation.
func TestAChangedRefusalIsExplainedAsChanged(t *testing.T) {
	for _, change := range []string{
		"code = 'bad_quantity'", "customer = 'customer-002'", "resource = 'other'", "start = start - 7200000000", "finish = finish + 7200000000",
		"point = 1", "measures = '[]'", "unread = 1", "recorded = recorded + 1",
	} {
		a, db := tampered(t)
		var id string
		must(t, db.QueryRow("SELECT id FROM refused_events").Scan(&id))
		name := app.RowName{Kind: app.EventRow, Account: "customer-001", Event: id}.String()
		tamper(t, db, "UPDATE refused_events SET "+change)
		if x := explained(t, a, name); x.Agrees || len(x.Disagreements) == 0 {
			t.Errorf("agrees after %s", change)
		}
		wantNamed(t, verified(t, a), "refused_events", name)
	}
}

// Measures are bounded before they are kept, and a name that cannot be kept is
// left out.
func TestMeasuresOfARefusedEventAreBounded(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := storied(t, url)
		e := usage("customer-001", "pod-a", "many", 1, "2026-01-05T10:00:00+08:00", "2026-01-05T11:00:00+08:00")
		e.Measures = make([]metering.Measure, 1_000)
		for i := range e.Measures {
			e.Measures[i].Meter = "m\x00\xff" + strings.Repeat("m", i)
		}
		_, x := refusedEvent(t, a, e, refusal.UnknownMeter)
		if !x.Agrees || len(x.Inputs) > 250 {
			t.Errorf("recomputed %s from %d inputs", x.Recomputed, len(x.Inputs))
		}
	})
}
