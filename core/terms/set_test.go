package terms_test

import (
	"encoding/json"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

func TestGet(t *testing.T) {
	g := general.with("late_fee.rate", "0.05%/day").with("topup.methods", "[card, bank_transfer]").
		with("suspend.after", "15 days").with("payment.due", "0 days").with("arrears.withhold", "true")
	s := bound(t, corpus(t, g, page.with("price.cpu", "0.09 CNY per vCPU·hour")), "g")

	rate, err := terms.Get(s, terms.LateFeeRate)
	want := terms.Value[money.Decimal]{V: 5_000_000, Citation: terms.Citation{Document: "g", Code: "G", Version: "v1", Clause: "1"}}
	if diff := cmp.Diff(want, rate); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	methods, err := terms.Get(s, terms.TopupMethods)
	if diff := cmp.Diff([]string{"bank_transfer", "card"}, methods.V); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	after, err := terms.Get(s, terms.SuspendAfter)
	if after.V != 15*calendar.DayLength || err != nil {
		t.Errorf("%v %v", after, err)
	}
	price, err := terms.GetIn(s, terms.PriceOf, "cpu")
	if price.V != (terms.Price{Amount: 900_000_000, Currency: "CNY", Per: "vCPU·hour"}) || price.Citation.String() != "P 1" || err != nil {
		t.Errorf("%v %v", price, err)
	}
}

func TestSilence(t *testing.T) {
	s := bound(t, corpus(t, general, page), "g")
	rate, err := terms.Get(s, terms.LateFeeRate)
	if !rate.Silent || rate.V != 0 || rate.Citation != (terms.Citation{}) || err != nil {
		t.Errorf("%v %v", rate, err)
	}
	trace, err := s.Trace("late_fee.rate")
	if !trace.Silent || trace.Text != "no late fee" || err != nil {
		t.Errorf("%+v %v", trace, err)
	}
	_, err = terms.Get(s, terms.LateFeeMethod)
	wantRefusal(t, err, refusal.TermMissing, "late_fee.method", "g v1, page v1")
	_, err = s.Trace("late_fee.method")
	wantRefusal(t, err, refusal.TermMissing, "late_fee.method")
	_, err = terms.GetIn(s, terms.PriceOf, "ram")
	wantRefusal(t, err, refusal.TermMissing, "price.ram")
	_, err = s.Trace("late_fee.rates")
	wantRefusal(t, err, refusal.BadInput, "did you mean late_fee.rate?")
}

// TestConcurrent lets many goroutines bind and read at once; the race detector judges.
func TestConcurrent(t *testing.T) {
	c := corpus(t, general.with("late_fee.rate", "0.05%/day"), page)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s := bound(t, c, "g")
			if v, err := terms.Get(s, terms.LateFeeRate); err != nil || v.V == 0 {
				t.Errorf("%v %v", v, err)
			}
		})
	}
	wg.Wait()
}

func TestGetDoesNotAllocate(t *testing.T) {
	s := bound(t, corpus(t, general.with("late_fee.rate", "0.05%/day"), page.with("price.cpu", "0.09 CNY per vCPU·hour")), "g")
	if n := testing.AllocsPerRun(100, func() {
		_, _ = terms.Get(s, terms.LateFeeRate)
		_, _ = terms.GetIn(s, terms.PriceOf, "cpu")
	}); n != 0 {
		t.Errorf("Get allocates %v times", n)
	}
}

// TestEveryKey checks that the registry is complete and says what it must.
func TestEveryKey(t *testing.T) {
	seen := make(map[string]bool)
	for _, k := range terms.Keys() {
		if (k.ReadBy == "waits for: "+k.WaitsFor) != (k.WaitsFor != "") {
			t.Errorf("%s is read by %q and waits for %q", k.Name, k.ReadBy, k.WaitsFor)
		}
		if k.WaitsFor != "" && !slices.ContainsFunc(terms.Capabilities(), func(c terms.Capability) bool { return c.Name == k.WaitsFor }) {
			t.Errorf("%s waits for %q, which is not a capability", k.Name, k.WaitsFor)
		}
		if k.Name == "" || k.Type == "" || k.Unit == "" || k.ReadBy == "" || seen[k.Name] {
			t.Errorf("incomplete or double: %+v", k)
		}
		seen[k.Name] = true
	}
	for _, name := range []string{"price.<meter>", "price.rounding", "late_fee.rate", "change.notice", "usage.future_limit", "order.hold", "addon.default.<addon>", "support.hotline"} {
		if !seen[name] {
			t.Errorf("%s is not registered", name)
		}
	}
}

func TestStoredForms(t *testing.T) {
	s := bound(t, corpus(t, general, page), "g")
	data, err := json.Marshal(s.Refs())
	if err != nil {
		t.Fatal(err)
	}
	var refs []terms.DocumentRef
	if err := json.Unmarshal(data, &refs); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.Refs(), refs); diff != "" {
		t.Error(diff)
	}
	if _, err := terms.ParseHash("abc"); refusal.CodeOf(err) != refusal.BadInput {
		t.Errorf("got %v", err)
	}
	c := terms.Citation{Document: "g", Code: "G", Version: "v1", Clause: "2.3"}
	if c.String() != "G 2.3" || c.Long() != "G 2.3 (g v1)" || (terms.Citation{}).Long() != "" || (terms.Citation{}).String() != "" {
		t.Errorf("%s, %s", c, c.Long())
	}
	if !(terms.Citations{c}).Cites("G", "2.3") || (terms.Citations{c}).Cites("G", "2") {
		t.Error("Cites is wrong")
	}
}
