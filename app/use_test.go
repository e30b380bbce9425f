package app_test

import (
	"context"
	"io/fs"
	"path"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/provider"
)

// folderOf copies the sample folder with edits: file → function.
func folderOf(t testing.TB, edit func(file, text string) string, extra map[string]string) fs.FS {
	out := fstest.MapFS{}
	must(t, fs.WalkDir(provider.Sample, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(file) != ".yaml" {
			return err
		}
		b, err := fs.ReadFile(provider.Sample, file)
		if edit != nil {
			b = []byte(edit(file, string(b)))
		}
		out[file] = &fstest.MapFile{Data: b}
		return err
	}))
	for file, text := range extra {
		out[file] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

// Usage accepts; usage of an earlier instant arrives second.
func TestAcceptanceByUseOutOfOrder(t *testing.T) {
	first := usage("customer-001", "vm", "first", 1000, "2026-01-01T09:00:00+08:00", "2026-01-01T10:00:00+08:00")
	second := usage("customer-001", "vm", "second", 1000, "2026-01-01T10:00:00+08:00", "2026-01-01T11:00:00+08:00")
	for name, order := range map[string][]app.Reported{"in order": {first, second}, "out of order": {second, first}} {
		t.Run(name, func(t *testing.T) {
			a := openSample(t, freshURL(t, ""))
			must(t, a.CreateAccount(t.Context(), app.NewAccount{ID: "customer-001", Name: "x"}, "test"))
			advance(t, a, "2026-01-01T12:00:00+08:00")
			for _, r := range send(t, a, order...) {
				if r.Outcome != app.Accepted {
					t.Errorf("%s was %s: %s", r.ID, r.Outcome, r.Message)
				}
			}
		})
	}
}

// One event with a wrong clock.
func TestAcceptanceByUseInTheFuture(t *testing.T) {
	a := openSample(t, freshURL(t, ""))
	must(t, a.CreateAccount(t.Context(), app.NewAccount{ID: "customer-001", Name: "x"}, "test"))
	send(t, a, usage("customer-001", "vm", "wrong clock", 1000, "2036-01-01T09:00:00+08:00", "2036-01-01T10:00:00+08:00"))
	advance(t, a, "2026-01-01T12:00:00+08:00")
	must(t, clicks(t.Context(), a, "customer-001", []string{"general-agreement"}, "test")) // and a click
	r := send(t, a, usage("customer-001", "vm", "right clock", 1000, "2026-01-01T12:00:00+08:00", "2026-01-01T13:00:00+08:00"))
	if r[0].Outcome != app.Accepted {
		t.Errorf("after one event dated 2036, and a click today, usage of today is %s: %s", r[0].Outcome, r[0].Message)
	}
	if _, err := a.TopUp(t.Context(), "customer-001", account.TopUp{Amount: 1e6, Method: "alipay", Reference: "r"}, "k", "test", false); err != nil {
		t.Errorf("and nobody can pay in: %v", err)
	}
}

// An event that is refused is no use of the service.
func TestRefusedUsageAcceptsNothing(t *testing.T) {
	a := openSample(t, freshURL(t, ""))
	must(t, a.CreateAccount(t.Context(), app.NewAccount{ID: "customer-001", Name: "x"}, "test"))
	e := usage("customer-001", "vm", "bad", 1000, "2026-01-01T09:00:00+08:00", "2026-01-01T08:00:00+08:00")
	if r := send(t, a, e); r[0].Outcome != app.Refused {
		t.Fatal(r)
	}
	v, err := a.Account(t.Context(), "customer-001")
	must(t, err)
	if len(v.Accepted) > 0 {
		t.Errorf("usage that counts as no use (P 2.1) bound the customer to %v", v.Accepted)
	}
}

// Two advances at once.
func TestClockGoesBack(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := openSample(t, url)
		must(t, a.CreateAccount(t.Context(), app.NewAccount{ID: "customer-001", Name: "x", Accepts: []string{"general-agreement"}}, "test"))
		putUsage(t, a, "customer-001", "vm", 1000, "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00")
		_, err := a.Advance(t.Context(), instant("2026-01-02T00:00:00+08:00"), func(int, int) {
			now, _, _ := a.Now(t.Context())
			if now < instant("2026-01-05T00:00:00+08:00") {
				_, err := a.Advance(t.Context(), instant("2026-01-05T00:00:00+08:00"), nil)
				must(t, err)
			}
		})
		now, _, _ := a.Now(t.Context())
		if now < instant("2026-01-05T00:00:00+08:00") {
			t.Errorf("the clock stood at 5 January and went back to %s (%v)", now, err)
		}
	})
}

const newPage = `
document: page-NAME
code: PNAME
version: "1"
kind: page
title: NAME
issuer: aurora
binds: { products: [PRODUCT] }
by: publication
announced: 2025-05-01
effective: 2025-06-01
product:
  id: PRODUCT
  title: PRODUCT
  meters: { cpu: { base: milli_vcpu_second, unit: vCPU·hour, per: 3600000 } }
clauses:
  - id: "1"
    title: Prices
    text: Prices.
    terms: { price.cpu: 0.09 CNY per vCPU·hour, billing.cycle: hour, payment.due: 0 days, arrears.notice.after: 0 hours, notice.channels: [message], usage.intervals: end_after_start, resume.requires: principal }
`

func named(name, product string) string {
	s := strings.ReplaceAll(newPage, "PRODUCT", product)
	s = strings.ReplaceAll(s, "PNAME", "P"+strings.ToUpper(name))
	return strings.ReplaceAll(s, "NAME", name)
}

// Two publications at once that cannot stand together.
func TestTwoPublications(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		for round := range 10 {
			if !strings.HasPrefix(url, "postgres") && round > 0 {
				return
			}
			u := freshURL(t, url)
			a := openSample(t, u)
			b := open(t, u)
			var wait sync.WaitGroup
			errs := make([]error, 2)
			start := make(chan bool)
			for i, x := range []*app.App{a, b} {
				name := []string{"left", "right"}[i]
				wait.Go(func() {
					<-start
					_, errs[i] = x.Publish(context.Background(), folderOf(t, nil, map[string]string{"products/" + name + ".yaml": named(name, "disk")}))
				})
			}
			close(start)
			wait.Wait()
			if err := a.CreateAccount(t.Context(), app.NewAccount{ID: "customer-001", Name: "x", Accepts: []string{"general-agreement"}}, "test"); err != nil {
				t.Fatalf("round %d: publications gave %v, and nothing works any more: %v", round, errs, err)
			}
		}
	})
}

// Acceptance by use on a clock that moves.
func TestAcceptanceByUseOnAMovingClock(t *testing.T) {
	a, err := app.Open(t.Context(), freshURL(t, ""), time.Now)
	must(t, err)
	t.Cleanup(func() { must(t, a.Close()) })
	must(t, a.Init(t.Context(), false, 0))
	_, err = a.Publish(t.Context(), provider.Sample)
	must(t, err)
	must(t, a.CreateAccount(t.Context(), app.NewAccount{ID: "customer-001", Name: "x"}, "test"))
	from := calendar.FromTime(time.Now()) / 1e6 * 1e6
	e := app.Reported{Event: metering.Event{Source: "s", ID: "e", Account: "customer-001", Product: "compute-payg", Resource: "vm", From: from + 1e6, To: from + 61e6, Measures: []metering.Measure{{Meter: "cpu", Value: 1000}}}}
	for i := range 2 {
		if r := send(t, a, e)[0]; r.Outcome == app.Refused {
			t.Errorf("sent for the %d. time, the usage that accepts the agreement is refused: %s", i+1, r.Message)
		}
	}
}
