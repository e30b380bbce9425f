package api_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/api"
	"termwise.dev/app"
	"termwise.dev/core/calendar"
)

const usageEvents = "/v1/usage-events"

// receipts is the answer to usage events.
type receipts struct {
	Accepted, Duplicate, Refused int
	Receipts                     []struct{ ID, Outcome, Code, Message, Refusal, Explanation string }
}

func (r receipts) codes() []string {
	var codes []string
	for _, receipt := range r.Receipts {
		if receipt.Code == "" {
			codes = append(codes, receipt.Outcome)
		} else {
			codes = append(codes, receipt.Code)
		}
	}
	return codes
}

// send reports a batch with the compute team's key.
func (w *world) send(events ...string) (r receipts) {
	w.t.Helper()
	w.do(request{key: "compute", method: "POST", path: "/v1/usage-events", media: batch, body: "[" + strings.Join(events, ",") + "]"}).want(200).into(&r)
	return r
}

// hour is an event with the compute product and other data.
func hour(id, data string) string {
	return event(id, payer, `"product":"compute-payg",`+data)
}

const interval = `"from":"2026-01-01T00:00:00+08:00","to":"2026-01-01T01:00:00+08:00"`

// eventCases are events and what becomes of them: an outcome or a code, and
// what the message says.
var eventCases = []struct{ name, event, want, says string }{
	{"a rate over an interval", hour("a", interval+`,"rates":{"cpu":1000,"memory":512}`), "accepted", ""},
	{"the same again", hour("a", interval+`,"rates":{"memory":512,"cpu":1000}`), "duplicate", ""},
	{"the same id for another body", hour("a", interval+`,"rates":{"cpu":1001}`), "event_id_reused", "meter-1"},
	{"a quantity at a point in time", hour("b", `"at":"2026-01-01T00:30:00+08:00","quantities":{"gpu":7}`), "accepted", ""},
	{"a quantity at the event's time", `{"specversion":"1.0","id":"c","source":"s","type":"termwise.usage.v1","time":"2026-01-01T00:30:00+08:00",` +
		`"data":{"account":"` + payer + `","product":"compute-payg","resource":"vm-9","quantities":{"gpu":7}}}`, "accepted", ""},
	{"attributes of another extension", strings.Replace(hour("d", interval+`,"rates":{"cpu":1}`), `"id"`, `"traceparent":"00","id"`, 1), "accepted", ""},
	{"no meters", hour("e", interval+`,"rates":{}`), "accepted", ""},
	{"nothing measured", hour("f", interval), "bad_quantity", "rates and quantities, or neither"},
	{"both kinds of measure", hour("f", interval+`,"rates":{"cpu":1},"quantities":{"cpu":1}`), "bad_quantity", "rates and quantities, or neither"},
	{"a rate at a point in time", hour("f", `"at":"2026-01-01T00:30:00+08:00","rates":{"cpu":1}`), "bad_interval", "at"},
	{"a quantity over an interval", hour("f", interval+`,"quantities":{"cpu":1}`), "bad_interval", "from or to"},
	{"no end", hour("f", `"from":"2026-01-01T00:00:00+08:00","rates":{"cpu":1}`), "bad_interval", "data.to"},
	{"an end before the start", hour("f", `"from":"2026-01-01T01:00:00+08:00","to":"2026-01-01T00:00:00+08:00","rates":{"cpu":1}`), "bad_interval", "not after its start"},
	{"a part of a second", hour("f", `"from":"2026-01-01T00:00:00.5+08:00","to":"2026-01-01T01:00:00+08:00","rates":{"cpu":1}`), "bad_interval", "whole seconds"},
	{"a time that is not one", hour("f", `"from":"dawn","to":"2026-01-01T01:00:00+08:00","rates":{"cpu":1}`), "bad_interval", "dawn"},
	{"a time that is a number", hour("f", `"from":5,"to":"2026-01-01T01:00:00+08:00","rates":{"cpu":1}`), "bad_input", "data.from is a number"},
	{"longer than a year", hour("f", `"from":"2026-01-01T00:00:00+08:00","to":"2027-06-01T01:00:00+08:00","rates":{"cpu":1}`), "bad_interval", "longer than 9000 hours"},
	{"a fraction", hour("f", interval+`,"rates":{"cpu":1.5}`), "bad_quantity", "whole numbers"},
	{"a rate in words", hour("f", interval+`,"rates":{"cpu":"1"}`), "bad_quantity", "whole numbers"},
	{"a list of rates", hour("f", interval+`,"rates":[1]`), "bad_quantity", "whole numbers"},
	{"a rate beyond 64 bits", hour("f", interval+`,"rates":{"cpu":99999999999999999999}`), "bad_quantity", "whole numbers"},
	{"a negative rate", hour("f", interval+`,"rates":{"cpu":-1}`), "bad_quantity", "-1"},
	{"a meter named twice", hour("f", interval+`,"rates":{"cpu":1,"cpu":2}`), "bad_input", "named twice"},
	{"a meter that there is not", hour("f", interval+`,"rates":{"coal":1}`), "unknown_meter", "coal"},
	{"a meter with a name that is too long", hour("f", interval+`,"rates":{"`+strings.Repeat("m", 201)+`":1}`), "unknown_meter", "201 bytes"},
	{"an account that there is not", event("f", "customer-999", `"product":"compute-payg",`+interval+`,"rates":{"cpu":1}`), "unknown_account", "customer-999"},
	{"a product that is not the key's", event("f", payer, `"product":"cloud-firewall",`+interval+`,"rates":{"cpu":1}`), "forbidden", "cloud-firewall"},
	{"before the account", hour("f", `"from":"2025-12-31T00:00:00+08:00","to":"2025-12-31T01:00:00+08:00","rates":{"cpu":1}`), "before_account", "2025-12-31T00:00:00+08:00"},
	{"another version of CloudEvents", strings.Replace(hour("f", interval+`,"rates":{"cpu":1}`), `"1.0"`, `"0.3"`, 1), "bad_input", "0.3"},
	{"another type", strings.Replace(hour("f", interval+`,"rates":{"cpu":1}`), "usage.v1", "usage.v2", 1), "bad_input", "termwise.usage.v2"},
	{"two resources", hour("f", `"resource":"vm-7",`+interval+`,"rates":{"cpu":1}`), "bad_input", "vm-7"},
	{"no id", hour("", interval+`,"rates":{"cpu":1}`), "bad_input", "no id"},
	{"no resource", strings.Replace(hour("f", interval+`,"rates":{"cpu":1}`), `"subject"`, `"topic"`, 1), "bad_input", "no resource"},
	{"a control character", hour(`f\u0000g`, interval+`,"rates":{"cpu":1}`), "bad_input", `"f\x00g"`},
	{"an id that is too long", hour(strings.Repeat("f", 3000), interval+`,"rates":{"cpu":1}`), "bad_input", "3000 bytes"},
	{"an account's name that is too long", event("f", strings.Repeat("a", 3000), `"product":"compute-payg",`+interval+`,"rates":{"cpu":1}`), "bad_input", "the account is"},
	{"a number", "5", "bad_input", "not an object"},
	{"null", "null", "bad_input", "specversion"},
	{"a list", "[]", "bad_input", "not an object"},
	{"an id that is a number", strings.Replace(hour("f", interval+`,"rates":{"cpu":1}`), `"id":"f"`, `"id":7`, 1), "bad_input", "id is a number"},
	{"data that are a text", `{"specversion":"1.0","id":"f","source":"s","type":"termwise.usage.v1","data":"none"}`, "bad_input", "data is a string"},
	{"no data", `{"specversion":"1.0","id":"f","source":"s","type":"termwise.usage.v1"}`, "bad_quantity", "neither"},
}

func TestEventsByThemselves(t *testing.T) {
	for name, url := range engines {
		t.Run(name, func(t *testing.T) { eachEvent(t, newWorldOn(t, url(t))) })
	}
}

func eachEvent(t *testing.T, w *world) {
	for _, c := range eventCases {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			checkReceipt(t, w.send(c.event), 0, c.want, c.says)
			var one receipts
			w.do(request{key: "compute", method: "POST", path: usageEvents, media: single, body: c.event}).want(200).into(&one)
			again := c.want
			if again == "accepted" {
				again = "duplicate"
			}
			checkReceipt(t, one, 0, again, c.says)
		})
	}
	w.t = t
	w.verify()
}

func checkReceipt(t *testing.T, r receipts, i int, want, says string) {
	t.Helper()
	if len(r.Receipts) <= i {
		t.Fatalf("%d receipts", len(r.Receipts))
	}
	got := r.Receipts[i]
	if code := r.codes()[i]; code != want || !strings.Contains(got.Message, says) {
		t.Errorf("receipt %+v, want %s that says %q", got, want, says)
	}
	if refused := got.Outcome == "refused"; refused != (got.Explanation != "") || refused != strings.HasPrefix(got.Refusal, "evt_") {
		t.Errorf("receipt %+v: a refusal has a name and an explanation, and nothing else has", got)
	}
}

// All of them in one batch fare as each by itself: a malformed event does not
// hold up the others.
func TestEventsTogether(t *testing.T) {
	w := newWorld(t)
	var all, want []string
	for _, c := range eventCases {
		all, want = append(all, c.event), append(want, c.want)
	}
	r := w.send(all...)
	if diff := cmp.Diff(want, r.codes()); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if r.Accepted != 5 || r.Duplicate != 1 || r.Refused != len(all)-6 {
		t.Errorf("%d accepted, %d duplicates, %d refused of %d", r.Accepted, r.Duplicate, r.Refused, len(all))
	}
	again := w.send(all...)
	if again.Accepted != 0 || again.Duplicate != 6 || again.Refused != r.Refused {
		t.Errorf("again: %d accepted, %d duplicates, %d refused", again.Accepted, again.Duplicate, again.Refused)
	}
	metrics := w.do(request{path: "/metrics"}).body
	for _, line := range []string{
		`termwise_usage_events_total{outcome="accepted"} 5`, `termwise_usage_events_total{outcome="duplicate"} 7`,
		fmt.Sprintf(`termwise_usage_events_total{outcome="refused"} %d`, 2*r.Refused),
		`termwise_http_requests_total{route="POST /v1/usage-events",status="200"} 2`,
	} {
		if !strings.Contains(metrics, line+"\n") {
			t.Errorf("the metrics lack %s", line)
		}
	}
}

// An operator may report for every product; a product's key only for its own.
func TestEventsOfAnotherProduct(t *testing.T) {
	w := newWorld(t)
	body := usage("a", payer)
	for key, want := range map[string]string{"firewall": "forbidden", "operator": "accepted", "compute": "duplicate"} {
		if key == "compute" {
			continue // after the operator
		}
		var r receipts
		w.do(request{key: key, method: "POST", path: usageEvents, media: single, body: body}).want(200).into(&r)
		checkReceipt(t, r, 0, want, "")
	}
	checkReceipt(t, w.send(body), 0, "duplicate", "")
}

// An account that has accepted nothing accepts, by using, what says so (G 0.3).
func TestUsingAccepts(t *testing.T) {
	w := newWorld(t)
	w.do(request{key: "operator", method: "POST", path: "/v1/accounts", body: `{"id":"customer-003","name":"Kiln"}`}).want(200)
	if r := w.send(usage("a", "customer-003")); r.Accepted != 1 {
		t.Fatalf("%+v", r)
	}
	a := w.do(request{key: "operator", path: "/v1/accounts/customer-003"}).want(200)
	if !strings.Contains(a.body, `"form":"use"`) || !strings.Contains(a.body, `"actor":"compute (key `) {
		t.Errorf("the acceptance by use is not shown: %s", a.body)
	}
}

// Clients that send overlapping batches at once, shuffled, have each event
// accepted once between them, and what is charged is its usage once.
func TestOverlappingBatches(t *testing.T) {
	for name, url := range engines {
		t.Run(name, func(t *testing.T) {
			w := newWorldOn(t, url(t))
			const clients, count = 8, 120
			all := make([]string, count)
			for i := range all {
				all[i] = event(fmt.Sprint("e", i), []string{payer, debtor}[i%2], `"product":"compute-payg",`+interval+`,"rates":{"cpu":1000}`)
			}
			var accepted atomic.Int64
			var wait sync.WaitGroup
			for client := range clients {
				mine := slices.Clone(all)
				rand.New(rand.NewPCG(uint64(client), 0)).Shuffle(count, func(i, j int) { mine[i], mine[j] = mine[j], mine[i] })
				wait.Go(func() {
					for part := range slices.Chunk(mine, 40) {
						r := w.send(part...)
						if r.Refused > 0 {
							t.Errorf("refused: %v", r.codes())
						}
						accepted.Add(int64(r.Accepted))
					}
				})
			}
			wait.Wait()
			if accepted.Load() != count {
				t.Errorf("%d events were accepted, there are %d", accepted.Load(), count)
			}
			w.advance("2026-01-01T02:00:00+08:00")
			w.do(request{key: "operator", path: "/v1/totals?month=2026-01"}).want(200).holds(fmt.Sprintf(`"quantity":%d`, count*1000*3600))
			w.verify()
		})
	}
}

func gzipped(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What is wrong with the whole body is a problem, and nothing is accepted.
func TestEventBodies(t *testing.T) {
	w := newWorld(t)
	one := usage("a", payer)
	zip := http.Header{"Content-Encoding": {"gzip"}}
	many := "[" + strings.Repeat("null,", 10_000) + "null]"
	bomb := "[" + strings.Repeat(" ", 40<<20) + "]"
	for _, c := range []struct {
		name   string
		media  string
		header http.Header
		body   string
		status int
		says   string
	}{
		{"one that is not JSON", single, nil, "{", 400, "unexpected end"},
		{"a batch that is not JSON", batch, nil, "[" + one, 400, "unexpected end"},
		{"a batch that is not a list", batch, nil, one, 400, "array of events"},
		{"a batch that is null", batch, nil, "null", 400, "null"},
		{"another media type", "text/csv", nil, "a,b", 415, "text/csv"},
		{"no media type", " ", nil, one, 415, ""},
		{"another encoding", single, http.Header{"Content-Encoding": {"br"}}, one, 415, "br"},
		{"gzip that is not", single, zip, one, 400, "cannot be read"},
		{"gzip that ends early", batch, zip, gzipped(t, "["+one+"]")[:60], 400, "unexpected EOF"},
		{"too many events", batch, nil, many, 413, "10001 events"},
		{"too large", batch, nil, bomb, 413, "larger than 33554432 bytes"},
		{"too large when unzipped", batch, zip, gzipped(t, bomb), 413, "larger than 33554432 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			a := w.do(request{key: "compute", method: "POST", path: usageEvents, media: c.media, header: c.header, body: c.body}).want(c.status)
			if !strings.Contains(a.body, `"code":"bad_input"`) || !strings.Contains(a.body, c.says) {
				t.Errorf("the problem does not say %q: %s", c.says, a.body)
			}
		})
	}
	w.t = t
	if r := w.send(one); r.Accepted != 1 {
		t.Errorf("one of the bodies was accepted before: %+v", r)
	}
}

// Every way of sending the same event is the same event.
func TestWaysOfSending(t *testing.T) {
	w := newWorld(t)
	one := usage("a", payer)
	zip := http.Header{"Content-Encoding": {"gzip"}}
	for i, r := range []request{
		{media: single, body: one},
		{media: batch, body: "[" + one + "]"},
		{media: "application/json", body: "[" + one + "]"},
		{media: "application/json; charset=utf-8", body: " \n[" + one + "]"},
		{media: "application/json", body: one},
		{media: batch, header: zip, body: gzipped(t, "["+one+"]")},
		{media: single, header: zip, body: gzipped(t, one)},
	} {
		r.key, r.method, r.path = "compute", "POST", usageEvents
		var got receipts
		w.do(r).want(200).into(&got)
		if want := min(i, 1); got.Duplicate != want || got.Accepted != 1-want {
			t.Errorf("way %d: %+v", i, got)
		}
	}
	var none receipts
	w.do(request{key: "compute", method: "POST", path: usageEvents, media: batch, body: "[]"}).want(200).into(&none)
	if none.Accepted+none.Duplicate+none.Refused != 0 {
		t.Errorf("an empty batch: %+v", none)
	}
}

// Whatever bytes arrive, reading them neither panics nor gives an event that
// cannot be stored.
func FuzzReadEvents(f *testing.F) {
	for _, c := range eventCases {
		f.Add([]byte("["+c.event+"]"), true)
		f.Add([]byte(c.event), false)
	}
	f.Add([]byte(`[{"data":{"rates":{"a\"b":1, "c" : 2}}}]`), true)
	f.Fuzz(func(t *testing.T, body []byte, list bool) {
		read, err := api.ReadEvents(body, list)
		if err != nil && len(read) > 0 {
			t.Fatal("a refusal gave events too")
		}
		for i := range read {
			checkStorable(t, &read[i])
		}
	})
}

func checkStorable(t *testing.T, e *app.Reported) {
	t.Helper()
	texts := []string{e.ID, e.Source, e.Account, e.Product, e.Resource}
	if e.Fault == nil {
		for _, m := range e.Measures {
			texts = append(texts, m.Meter)
		}
	} else if len(e.Fault.Error()) > 4096 || strings.ContainsRune(e.Fault.Error(), 0) {
		t.Fatalf("the message cannot be stored: %q", e.Fault)
	}
	for _, s := range texts {
		if len(s) > 200 || strings.ContainsRune(s, 0) || strings.ToValidUTF8(s, "") != s {
			t.Fatalf("the name %q cannot be stored", s)
		}
	}
	if e.Fault == nil && e.To.Sub(e.From) > 9000*calendar.HourLength {
		t.Fatalf("the interval from %s to %s", e.From, e.To)
	}
}
