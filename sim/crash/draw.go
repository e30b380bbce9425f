package crash

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"termwise.dev/core/refusal"
)

// The parts, in percent, of requests of each kind, and of what must be refused.
const (
	usagePart, topUpPart, openingPart = 50, 30, 12
	refusedPart                       = 20
)

// draw makes up a request.
func (c *client) draw() *intent {
	in := &intent{N: int(c.numbers.Add(1)), Media: "application/json"}
	switch n := c.r.IntN(100); {
	case n < usagePart:
		c.drawUsage(in)
	case n < usagePart+topUpPart:
		c.drawTopUp(in)
	case n < usagePart+topUpPart+openingPart || len(c.silent) == 0:
		c.drawOpening(in)
	default:
		id := c.silent[0]
		c.silent = c.silent[1:]
		in.Kind, in.Path, in.Key = acceptance, "/v1/accounts/"+id+"/acceptances", fmt.Sprint("accept-", in.N)
		in.Body = `{"documents":["general-agreement"],"form":"click"}`
		in.Claims = []claim{{Fact: acceptedFact(id, "general-agreement"), Amount: 1}}
	}
	return in
}

// wrong says whether the next thing is one that must be refused.
func (c *client) wrong() bool { return c.r.IntN(100) < refusedPart }

// before finds an acknowledged request of a kind, if there is one.
func (c *client) before(k kind) *asked {
	var some []*asked
	for _, a := range c.acknowledged {
		if a.Kind == k {
			some = append(some, a)
		}
	}
	if len(some) == 0 {
		return nil
	}
	return pick(c.r, some)
}

// event is a usage event as it is sent.
type event struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Data        eventData `json:"data"`
}

type eventData struct {
	Account  string           `json:"account"`
	Product  string           `json:"product"`
	Resource string           `json:"resource"`
	From     time.Time        `json:"from"`
	To       time.Time        `json:"to"`
	Rates    map[string]int64 `json:"rates"`
}

// drawUsage makes up a batch of usage, some of which must be refused. Each event
// has a resource of its own, so that the database tells how often it was counted.
func (c *client) drawUsage(in *intent) {
	in.Kind, in.Path, in.Media = usage, "/v1/usage-events", "application/cloudevents-batch+json"
	var batch []event
	for i := range 1 + c.r.IntN(20) {
		id := fmt.Sprintf("e%d-%d", in.N, i)
		e := event{SpecVersion: "1.0", Type: "termwise.usage.v1", Source: "meter-" + c.name, ID: id}
		from := time.Now().UTC().Truncate(time.Second).Add(-time.Duration(2+c.r.IntN(300)) * time.Hour)
		seconds := 1 + c.r.IntN(4*3600)
		e.Data = eventData{
			Account: pick(c.r, c.accounts), Product: "compute-payg", Resource: "r-" + id, From: from, To: from.Add(time.Duration(seconds) * time.Second),
			Rates: map[string]int64{"cpu": int64(1 + c.r.IntN(8000))},
		}
		var code refusal.Code
		if c.wrong() {
			code = c.spoil(&e)
		}
		batch = append(batch, e)
		in.Claims = append(in.Claims, claim{usageFact(e.Data.Account, e.Data.Resource), int64(seconds) * e.Data.Rates["cpu"], string(code)})
	}
	in.Body = text(batch)
}

// spoil makes an event that must be refused.
func (c *client) spoil(e *event) refusal.Code {
	switch c.r.IntN(4) {
	case 0:
		e.Data.Product = "moonbeams"
		return refusal.UnknownProduct
	case 1:
		e.Data.From = e.Data.From.AddDate(-1, 0, 0)
		e.Data.To = e.Data.To.AddDate(-1, 0, 0)
		return refusal.BeforeAccount
	case 2:
		e.Data.From, e.Data.To = e.Data.To, e.Data.From
		return refusal.BadInterval
	}
	if earlier := c.before(usage); earlier != nil {
		var first []event
		if err := json.Unmarshal([]byte(earlier.Body), &first); err == nil && earlier.Claims[0].Code == "" {
			e.ID, e.Source, e.Data.Account = first[0].ID, first[0].Source, first[0].Data.Account
			return refusal.EventReused
		}
	}
	e.Data.Rates["gold"] = 1
	return refusal.UnknownMeter
}

// payment is a top-up as it is sent.
type payment struct {
	Amount    string `json:"amount"`
	Method    string `json:"method"`
	Reference string `json:"reference"`
}

func (c *client) drawTopUp(in *intent) {
	id, micros := pick(c.r, c.accounts), 1+c.r.Int64N(60_000_000)
	p := payment{Amount: fmt.Sprintf("%d.%06d", micros/1_000_000, micros%1_000_000), Method: "alipay", Reference: fmt.Sprint("ref-", in.N)}
	in.Kind, in.Key = topUp, fmt.Sprint("pay-", in.N)
	var code refusal.Code
	if c.wrong() {
		earlier := c.before(topUp)
		switch n := c.r.IntN(3); {
		case n == 0 || earlier == nil:
			p.Method, code = "barter", refusal.MethodNotOffered
		case n == 1:
			in.Key, code, id = earlier.Key, refusal.KeyReused, accountIn(earlier.Path)
		default:
			_ = json.Unmarshal([]byte(earlier.Body), &p) // our own text
			code, id = refusal.AlreadyExists, accountIn(earlier.Path)
		}
	}
	in.Path = "/v1/accounts/" + id + "/top-ups"
	in.Body = text(p)
	in.Claims = []claim{{paidFact(id, p.Method, p.Reference), micros, string(code)}}
}

// accountIn takes the account from a path.
func accountIn(path string) string { return strings.Split(path, "/")[3] }

func (c *client) drawOpening(in *intent) {
	in.Kind, in.Path = opening, "/v1/accounts"
	id := fmt.Sprintf("%s-%d", c.name, in.N)
	body := map[string]any{"id": id, "name": "First"}
	in.Key = fmt.Sprint("silent-", id)
	in.Claims = []claim{{Fact: accountFact(id, "First"), Amount: 1}}
	switch earlier := c.before(opening); {
	case earlier != nil && c.wrong():
		id = strings.Fields(string(earlier.Claims[0].Fact))[1]
		body, in.Key = map[string]any{"id": id, "name": "Second"}, fmt.Sprint("again-", in.N)
		in.Claims = []claim{{accountFact(id, "Second"), 1, string(refusal.AlreadyExists)}}
	case c.r.IntN(2) == 0:
		body["accepts"], in.Key = []string{"general-agreement"}, fmt.Sprint("open-", in.N)
		in.Claims = append(in.Claims, claim{Fact: acceptedFact(id, "general-agreement"), Amount: 1})
	}
	in.Body = text(body)
}

func text(v any) string {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own types
	}
	return string(body)
}
