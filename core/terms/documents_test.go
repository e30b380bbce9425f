package terms_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

var zone = mustZone("UTC+8")

func mustZone(s string) calendar.Zone {
	z, err := calendar.ParseZone(s)
	if err != nil {
		panic(err)
	}
	return z
}

// day returns the first instant of a day in the zone.
func day(s string) calendar.Instant {
	d, err := calendar.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return zone.Start(d)
}

// text is a document in the making. Fields that a test does not care about have
// usable values.
type text struct {
	id, code, version, kind string
	issuer                  string
	by                      string
	announced, effective    string
	until, binds            string
	precedence              string // declared by clause 12
	header                  string // more lines of the header; clause 12 says so
	product                 string // with one meter
	meter                   string // of the product; cpu unless it says otherwise
	bare                    bool   // the product has no add-ons
	terms                   map[string]string
	title                   string // of clause 1
}

func (x text) source() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("document: %s\ncode: %s\nversion: %s\nkind: %s", x.id, x.code, or(x.version, "v1"), or(x.kind, "general"))
	line("title: A document\nissuer: %s\nby: %s", or(x.issuer, "aurora"), or(x.by, "publication"))
	effective := or(x.effective, "2025-01-01")
	line("announced: %s\neffective: %s", or(x.announced, effective), effective)
	if x.until != "" {
		line("until: %s", x.until)
	}
	if x.binds != "" {
		line("binds: %s", x.binds)
	}
	if x.precedence != "" {
		line("precedence: %s\nprecedence_clause: '12'", x.precedence)
	}
	if x.product != "" {
		addOns := "add_ons: [gpu_driver, image, monitoring, router, server_guard, shield], "
		if x.bare {
			addOns = ""
		}
		line("product: {id: %s, title: A product, "+addOns+"meters: {%s: {base: milli_vcpu_second, unit: vCPU·hour, per: 3600000}}}", x.product, or(x.meter, "cpu"))
	}
	if x.header != "" {
		line("%s", x.header)
	}
	line("clauses:\n  - {id: '0', text: Words., declaratory: words}")
	if x.precedence != "" || x.header != "" {
		line("  - {id: '12', text: Order., executed_by: precedence}")
	}
	if len(x.terms) > 0 {
		line("  - id: '1'\n    title: %s\n    text: Terms.\n    terms:", or(x.title, "Terms"))
		for k, v := range x.terms {
			line("      %s: %s", k, v)
		}
	}
	return b.String()
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (x text) parse(t testing.TB) *terms.Document {
	t.Helper()
	d, err := terms.Parse(x.id+".yaml", []byte(x.source()), zone)
	if err != nil {
		t.Fatalf("%v\n%s", err, x.source())
	}
	return d
}

// published parses texts that all became known on 2024-12-01.
func published(t testing.TB, texts ...text) []terms.Published {
	t.Helper()
	var out []terms.Published
	for _, x := range texts {
		out = append(out, terms.Published{Document: x.parse(t), Recorded: day("2024-12-01")})
	}
	return out
}

func corpus(t testing.TB, texts ...text) *terms.Corpus {
	t.Helper()
	c, err := terms.NewCorpus(published(t, texts...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// accepts returns acceptances of documents, made and recorded on a day.
func accepts(on string, documents ...string) []terms.Acceptance {
	var out []terms.Acceptance
	for _, d := range documents {
		out = append(out, terms.Acceptance{Document: d, Version: "v1", Form: terms.Click, At: day(on), Recorded: day(on), Actor: "tester"})
	}
	return out
}

// bound binds account a for product p, with everything accepted, in mid 2025.
func bound(t testing.TB, c *terms.Corpus, accepted ...string) *terms.Set {
	t.Helper()
	s, err := c.Bind(terms.Subject{Account: "a", Accepted: accepts("2025-01-01", accepted...), Product: "p"}, day("2025-06-15"), day("2025-06-15"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wantRefusal(t testing.TB, err error, code refusal.Code, parts ...string) {
	t.Helper()
	if refusal.CodeOf(err) != code {
		t.Fatalf("got %v, want code %s", err, code)
	}
	var r *refusal.Error
	if !errors.As(err, &r) || r.Hint == "" {
		t.Errorf("%v does not say what to do", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not mention %q", err, part)
		}
	}
}

var (
	general = text{id: "g", code: "G", kind: "general", by: "acceptance"}
	page    = text{id: "page", code: "P", kind: "page", product: "p"}
)

func (x text) with(key, value string) text {
	all := map[string]string{key: value}
	for k, v := range x.terms {
		if k != key {
			all[k] = v
		}
	}
	x.terms = all
	return x
}
