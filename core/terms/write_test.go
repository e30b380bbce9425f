package terms_test

import (
	"fmt"
	"strconv"
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/terms"
)

// writer writes a document in one canonical way: every scalar in double quotes,
// every field in one order.
type writer struct{ b strings.Builder }

// write gives a source that reads as the document.
func write(d *terms.Document) []byte {
	var w writer
	for _, f := range []struct{ name, value string }{
		{"document", d.ID},
		{"code", d.Code},
		{"version", d.Version},
		{"kind", string(d.Kind)},
		{"title", d.Title},
		{"issuer", d.Issuer},
		{"by", string(d.By)},
		{"announced", zone.Format(d.Announced)},
		{"effective", zone.Format(d.Effective)},
	} {
		w.line(0, "%s: %q", f.name, f.value)
	}
	w.list("also_called", d.AlsoCalled)
	if d.Until != calendar.EndOfTime {
		w.line(0, "until: %q", zone.Format(d.Until.Add(-calendar.Second))) // the last second is included
	}
	w.binds(d.Binds)
	w.precedence(d)
	w.relations(d)
	w.product(d)
	w.line(0, "clauses:")
	if len(d.Clauses) == 0 {
		w.line(1, "[]")
	}
	for i := range d.Clauses {
		w.clause(&d.Clauses[i])
	}
	return []byte(w.b.String())
}

func (w *writer) line(indent int, format string, args ...any) {
	fmt.Fprintf(&w.b, strings.Repeat("  ", indent)+format+"\n", args...)
}

func quoted(texts []string) string {
	all := make([]string, len(texts))
	for i, s := range texts {
		all[i] = strconv.Quote(s)
	}
	return "[" + strings.Join(all, ", ") + "]"
}

func (w *writer) list(name string, texts []string) {
	if len(texts) > 0 {
		w.line(0, "%s: %s", name, quoted(texts))
	}
}

func (w *writer) binds(b terms.Binds) {
	var parts []string
	for _, f := range []struct {
		name  string
		texts []string
	}{{"products", b.Products}, {"except_products", b.ExceptProducts}, {"accounts", b.Accounts}} {
		if len(f.texts) > 0 {
			parts = append(parts, f.name+": "+quoted(f.texts))
		}
	}
	if len(parts) > 0 {
		w.line(0, "binds: {%s}", strings.Join(parts, ", "))
	}
}

func (w *writer) precedence(d *terms.Document) {
	if len(d.Precedence) == 0 {
		return
	}
	w.line(0, "precedence:")
	for _, level := range d.Precedence {
		if level.Clause == "" {
			w.line(1, "- %s", quoted(level.Names))
		} else {
			w.line(1, "- {level: %s, clause: %q}", quoted(level.Names), level.Clause)
		}
	}
	if d.PrecedenceClause != "" {
		w.line(0, "precedence_clause: %q", d.PrecedenceClause)
	}
}

// relations writes what the document says of others.
func (w *writer) relations(d *terms.Document) {
	list := func(name string, n int, item func(i int) string) {
		if n > 0 {
			w.line(0, "%s:", name)
		}
		for i := range n {
			w.line(1, "- {%s}", item(i))
		}
	}
	list("ends", len(d.Ends), func(i int) string {
		e := d.Ends[i]
		return named("documents", e.Documents) + named("issuers", e.Issuers) + "clause: " + strconv.Quote(e.Clause)
	})
	list("pins", len(d.Pins), func(i int) string {
		pin := d.Pins[i]
		return named("documents", pin.Documents) + "what: " + strconv.Quote(string(pin.What)) + ", clause: " + strconv.Quote(pin.Clause)
	})
	list("requires", len(d.Requires), func(i int) string {
		r := d.Requires[i]
		addon := ""
		if r.AddOn != "" {
			addon = "addon: " + strconv.Quote(r.AddOn) + ", "
		}
		return addon + named("documents", r.Documents) + "clause: " + strconv.Quote(r.Clause)
	})
}

// named writes a list in a mapping, and nothing for an empty one.
func named(name string, texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return name + ": " + quoted(texts) + ", "
}

func (w *writer) product(d *terms.Document) {
	if d.Product == nil {
		return
	}
	w.line(0, "product:")
	w.line(1, "id: %q", d.Product.ID)
	w.line(1, "title: %q", d.Product.Title)
	if len(d.Product.AddOns) > 0 {
		w.line(1, "add_ons: %s", quoted(d.Product.AddOns))
	}
	if len(d.Product.Meters) == 0 {
		w.line(1, "meters: {}")
		return
	}
	w.line(1, "meters:")
	for _, m := range d.Product.Meters {
		w.line(2, "%q: {base: %q, unit: %q, per: %d}", m.Name, m.Base, m.Unit, m.Per)
	}
}

func (w *writer) clause(c *terms.Clause) {
	w.line(1, "- id: %q", c.ID)
	for _, f := range []struct{ name, value string }{
		{"parent", c.Parent},
		{"title", c.Title},
		{"text", c.Text},
		{"declaratory", c.Declaratory},
		{"waits_for", c.WaitsFor},
		{"executed_by", c.ExecutedBy},
	} {
		if f.value != "" {
			w.line(2, "%s: %q", f.name, f.value)
		}
	}
	for _, f := range []struct {
		name string
		set  bool
	}{{"emphasis", c.Emphasis}, {"survives", c.Survives}} {
		if f.set {
			w.line(2, "%s: true", f.name)
		}
	}
	if len(c.Terms) > 0 {
		w.line(2, "terms:")
	}
	for _, t := range c.Terms {
		w.line(3, "%q: %s", t.Key, termText(t))
	}
	if len(c.Rules) > 0 {
		w.line(2, "rules:")
	}
	for _, r := range c.Rules {
		w.rule(r)
	}
}

func (w *writer) rule(r terms.Rule) {
	w.line(3, "- id: %q", r.ID)
	for _, f := range []struct{ name, value string }{{"declaratory", r.Declaratory}, {"waits_for", r.WaitsFor}, {"executed_by", r.ExecutedBy}} {
		if f.value != "" {
			w.line(4, "%s: %q", f.name, f.value)
		}
	}
	if len(r.TermsOf) > 0 {
		w.line(4, "terms_of: %s", quoted(r.TermsOf))
	}
}

// termText writes a value as its key wants it: as one text, or as a list.
func termText(t terms.Term) string {
	for _, k := range terms.Keys() {
		prefix, _, isFamily := strings.Cut(k.Name, "<")
		if k.Name != t.Key && !(isFamily && strings.HasPrefix(t.Key, prefix)) {
			continue
		}
		if strings.HasPrefix(k.Unit, "a list") {
			return quoted(items(t.Text))
		}
		break
	}
	return strconv.Quote(t.Text)
}

// items parts a list as a term shows it; an interval such as [0%, 95%) is whole.
func items(text string) (all []string) {
	from, open := 0, false
	for i, r := range text {
		switch {
		case r == '[':
			open = true
		case r == ')':
			open = false
		case r == ',' && !open && strings.HasPrefix(text[i:], ", "):
			all = append(all, text[from:i])
			from = i + 2
		}
	}
	return append(all, text[from:])
}
