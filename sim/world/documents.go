package world

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"termwise.dev/provider"
	"termwise.dev/sim/model"
)

// codes are what citations of a document begin with, by its id.
var codes = map[string]string{
	"general-agreement": "G", "billing-rules": "R", "page-compute-payg": "P", "page-object-store": "PO",
	"page-night-lane": "PL", "compute-terms": "E",
}

func codeOf(id string) string {
	if code, known := codes[id]; known {
		return code
	}
	return "K-" + strings.ToUpper(strings.TrimPrefix(id, "contract-"))
}

// Folder is a provider's folder with some documents. The sample's own, which
// begin a world of the sample, are taken as they are.
func (c *Config) Folder(documents []model.Document) fs.FS {
	settings := fmt.Sprintf("name: Aurora Cloud\ncurrency: CNY\nzone: %s\nsellers:\n  - { id: aurora, name: Aurora Cloud }\n"+
		"  - { id: northline, name: Northline }\ncalendar: calendar.yaml\ndocuments: [agreements]\n", c.ZoneName)
	files := fstest.MapFS{
		"provider.yaml": {Data: []byte(settings)},
		"calendar.yaml": {Data: []byte("version: \"1\"\nzone: " + c.ZoneName + "\nsource: none\nannounced: [2026]\nholidays: []\nmake_up_days: []\n")},
	}
	for i := range documents {
		d := &documents[i]
		files["agreements/"+d.ID+"-"+d.Version+".yaml"] = &fstest.MapFile{Data: []byte(c.write(d))}
	}
	return files
}

// First is the folder that a world begins with.
func (c *Config) First() fs.FS {
	if c.Sample {
		return provider.Sample
	}
	return c.Folder(c.Documents)
}

// write gives a document as a provider writes it.
func (c *Config) write(d *model.Document) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("document: %s\ncode: %s\nversion: %q\nkind: %s\ntitle: %s\nissuer: %s", d.ID, codeOf(d.ID), d.Version, d.Kind, d.ID, d.Issuer)
	if d.Product != "" || d.Account != "" {
		line("binds:")
	}
	if d.Product != "" {
		line("  products: [%s]", d.Product)
	}
	if d.Account != "" {
		line("  accounts: [%s]", d.Account)
	}
	line("by: %s", map[bool]string{true: "acceptance", false: "publication"}[d.ByAcceptance])
	line("announced: %s\neffective: %s", c.instant(d.Announced), c.instant(d.Effective))
	if !d.Until.IsZero() {
		line("until: %s", d.Until.Add(-time.Microsecond).In(c.zone()).Format(time.DateOnly))
	}
	if d.Kind == "general" || d.Kind == "stamped" {
		line("precedence: [stamped, page, special, general]\nprecedence_clause: \"12.1\"")
	}
	if len(d.Meters) > 0 {
		line("product:\n  id: %s\n  title: %s\n  meters:", d.Product, d.Product)
		for _, m := range d.Meters {
			line("    %s: { base: %s, unit: %s, per: %d }", m.Name, m.Base, m.Unit, m.Per)
		}
		line("  add_ons: [monitoring]") // which only the use cases of sim/torture speak of
	}
	line("clauses:\n  - id: \"1\"\n    title: Values\n    text: The values of this document.\n    terms:")
	for _, key := range slices.Sorted(maps.Keys(d.Values)) {
		line("      %s: %s", key, d.Values[key])
	}
	if d.Kind == "general" || d.Kind == "stamped" {
		line("  - id: \"12.1\"\n    title: Order of documents\n    text: Stamped contracts go first.\n    executed_by: precedence")
	}
	return b.String()
}

func (c *Config) instant(t time.Time) string { return t.In(c.zone()).Format(time.RFC3339Nano) }
