package api_test

import (
	"strings"
	"testing"

	"termwise.dev/app"
)

// The page of a document is HTML that may do nothing.
func TestDocumentPage(t *testing.T) {
	w := newWorld(t)
	a := w.do(request{key: "payer", path: "/v1/documents/general-agreement/page"}).want(200)
	if got := a.header.Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("Content-Type is %q", got)
	}
	if got := a.header.Get("Content-Security-Policy"); got != "default-src 'none'; style-src 'unsafe-inline'" {
		t.Errorf("Content-Security-Policy is %q", got)
	}
	for _, part := range []string{"<!doctype html>", `<section id="clause-2.3"`, "<strong>G 2.3 Late payment</strong>", `<section id="clause-2.2"`} {
		if !strings.Contains(a.body, part) {
			t.Errorf("the page does not hold %s", part)
		}
	}
	one := w.do(request{key: "payer", path: "/v1/documents/general-agreement/page?version=2025-06&clause=2.3"}).want(200).body
	if !strings.Contains(one, `<section id="clause-2.3"`) || strings.Contains(one, `<section id="clause-2.2"`) {
		t.Error("not the one clause")
	}
	for path, place := range map[string]string{
		"/v1/documents/nothing/page":                        "document",
		"/v1/documents/general-agreement/page?version=1999": "document",
		"/v1/documents/general-agreement/page?clause=99":    "clause",
	} {
		if a := w.do(request{key: "payer", path: path}); !a.is(404, "not_found") || !strings.Contains(a.body, `"place":"`+place+`"`) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

// Two agreements are put side by side; a customer compares only what it may read.
func TestComparison(t *testing.T) {
	w := newWorld(t)
	var c app.Comparison
	w.do(request{key: "payer", path: "/v1/comparisons?a=general-agreement@2025-06&b=service-agreement"}).want(200).into(&c)
	if c.Versions || c.A.Code != "G" || c.B.Code != "S" || len(c.Terms) == 0 {
		t.Errorf("%+v", c)
	}
	for path, status := range map[string]int{
		"/v1/comparisons?a=general-agreement":                       422,
		"/v1/comparisons?a=general-agreement&b=nothing":             404,
		"/v1/comparisons?a=general-agreement&b=general.yaml":        422,
		"/v1/comparisons?a=general-agreement@1&b=general-agreement": 404,
	} {
		a := w.do(request{key: "payer", path: path})
		if a.status != status || strings.Contains(a.body, "billing-rules") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

func TestResolvedTerms(t *testing.T) {
	w := newWorld(t)
	var r app.ResolvedTerms
	w.do(request{key: "debtor", path: "/v1/resolved-terms?account=" + debtor + "&product=compute-payg&at=2026-01-01T00:00:00%2B08:00"}).want(200).into(&r)
	if len(r.Areas) == 0 || r.Areas[0].Area != "Prices" || r.Areas[0].Terms[1].Cite != "P 1 (page-compute-payg 2025-06)" {
		t.Errorf("%+v", r.Areas)
	}
	for path, code := range map[string]string{
		"&at=2019-01-01T00:00:00Z": "bad_input",
		"&at=yesterday":            "bad_input",
		"&known=yesterday":         "bad_input",
		"&product=nothing":         "unknown_product",
	} {
		if a := w.do(request{key: "debtor", path: "/v1/resolved-terms?account=" + debtor + path}); !a.is(422, code) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}
