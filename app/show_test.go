package app_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/core/refusal"
)

// shownDocument has what a page must show, and markup that must stay text.
const shownDocument = `
document: shown-terms
code: SH
version: "1"
kind: special
title: Terms <script>alert("of")</script> & conditions
issuer: aurora
binds: { products: [compute-payg] }
by: acceptance
announced: 2025-05-01
effective: 2025-06-01
until: 2027-12-31
precedence: [stamped, [self, page], { level: special, clause: "2" }, general]
precedence_clause: "2.3.1.4"
requires: [{ documents: [general-agreement], clause: "2" }]
clauses:
  - { id: A1-0, title: Annex, text: "Words. \"></p><img src=x onerror=alert(1)>", declaratory: words }
  - id: "2"
    title: Late payment
    text: Who pays late owes 0.06%.
    emphasis: true
    terms: { late_fee.rate: 0.06%/day, payment.order: principal_first }
    rules:
      - { id: 2a, terms_of: [late_fee.rate, payment.order] }
      - { id: 2b, waits_for: orders }
  - { id: "2.3.1", title: Set-off, text: Debts are set off., waits_for: set_off }
  - { id: "2.3.1.2", title: Survival, text: This clause stays., survives: true, declaratory: stays }
  - { id: "2.3.1.4", title: Order, text: Stamped goes first., executed_by: precedence }
  - { id: "2.3.1.2", parent: "2.3.1.4", title: Printed twice, text: Again., declaratory: again }
`

func shown(t testing.TB) app.DocumentView {
	t.Helper()
	a := customer(t, withDocuments(t, map[string]string{"agreements/shown.yaml": shownDocument}), "general-agreement")
	v, err := a.Document(context.Background(), "shown-terms", "")
	must(t, err)
	return v
}

// TestShowHTML holds the page to a golden file.
func TestShowHTML(t *testing.T) {
	page, err := shown(t).HTML()
	must(t, err)
	file := filepath.Join("testdata", "show.html")
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(file, page, 0o644))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if diff := cmp.Diff(string(want), string(page)); diff != "" {
		t.Errorf("-want +got, write it anew with -update:\n%s", diff)
	}
	for _, markup := range []string{"<script", "<img", "http:", "https:", "src=", "javascript"} {
		if strings.Contains(strings.ReplaceAll(string(page), "img src=x", ""), markup) {
			t.Errorf("the page holds %s", markup)
		}
	}
}

// TestNested: a clause stands under those whose labels its own begins with,
// whatever labels were left out.
func TestNested(t *testing.T) {
	got := map[string]int{}
	for _, c := range shown(t).Nested() {
		got[c.Label] = c.Depth
	}
	want := map[string]int{"A1-0": 0, "2": 0, "2.3.1": 1, "2.3.1.2": 2, "2.3.1.4": 2, "2.3.1.4/2.3.1.2": 3}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOnly(t *testing.T) {
	v, err := shown(t).Only("2.3.1.4/2.3.1.2")
	if err != nil || len(v.Text) != 1 || v.Text[0].Title != "Printed twice" {
		t.Errorf("%+v, %v", v.Text, err)
	}
	if _, err := shown(t).Only("2.3"); refusal.CodeOf(err) != refusal.NotFound {
		t.Errorf("a label that was left out: %v", err)
	}
	nested := app.DocumentView{Text: []app.ClauseView{{Label: "1/1.1", Title: "one"}, {Label: "1/1.2"}, {Label: "2/1.2"}, {Label: "1.3", Title: "own"}, {Label: "1/1.3"}}}
	for label, title := range map[string]string{"1.1": "one", "1.3": "own", "1/1.1": "one"} {
		if v, err := nested.Only(label); err != nil || len(v.Text) != 1 || v.Text[0].Title != title {
			t.Errorf("%s: %+v, %v", label, v.Text, err)
		}
	}
	if _, err := nested.Only("1.2"); refusal.CodeOf(err) != refusal.BadInput || !strings.Contains(err.Error(), "1/1.2 or 2/1.2") {
		t.Errorf("a label that is printed twice: %v", err)
	}
}
