package app_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"termwise.dev/app"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// comparedTerm finds a term in a comparison.
func comparedTerm(t *testing.T, c app.Comparison, key string) app.ComparedTerm {
	t.Helper()
	i := slices.IndexFunc(c.Terms, func(x app.ComparedTerm) bool { return x.Key == key })
	if i < 0 {
		t.Fatalf("%s is not compared", key)
	}
	return c.Terms[i]
}

// TestCompareAgreements: the two general agreements set one late fee, and hold an
// unpaid order for two kinds of seven days.
func TestCompareAgreements(t *testing.T) {
	a := openSample(t, t.TempDir()+"/test.db")
	c, err := a.Compare(context.Background(), app.ParseToCompare("general-agreement@2025-06"), app.ParseToCompare("service-agreement"))
	must(t, err)
	fee := comparedTerm(t, c, "late_fee.rate")
	if !fee.Same || fee.A.Value != "0.05%/day" || fee.A.Cites[0] != "G 2.3" || fee.B.Value != "0.05%/day" || fee.B.Cites[0] != "S 3.4" {
		t.Errorf("%+v", fee)
	}
	hold := comparedTerm(t, c, "order.hold")
	if hold.Same || hold.A.Value != "more_than 7 days" || hold.B.Value != "when_up 7 days" {
		t.Errorf("%+v", hold)
	}
	if one := comparedTerm(t, c, "ban.mining"); one.Same || len(one.A.Cites) == 0 || len(one.B.Cites) != 0 {
		t.Errorf("%+v", one)
	}
	if c.Versions || len(c.Clauses) != 0 || c.A.Version != "2025-06" || c.B.Code != "S" {
		t.Errorf("documents with nothing in common but a provider are compared by clause: %+v", c)
	}
}

// TestCompareCopies: the two copies of the line agreement differ in words and in
// no value.
func TestCompareCopies(t *testing.T) {
	a := openSample(t, t.TempDir()+"/test.db")
	c, err := a.Compare(context.Background(), app.ParseToCompare("cross-border-line-agreement@2025-06"), app.ParseToCompare("cross-border-line-agreement"))
	must(t, err)
	for _, x := range c.Terms {
		if !x.Same {
			t.Errorf("%+v", x)
		}
	}
	if !c.Versions || c.B.Version != "2025-06-copy-2" || len(c.Clauses) == 0 || len(c.Terms) == 0 {
		t.Errorf("%+v", c)
	}
}

// TestCompareFile compares what is published with a file that is not.
func TestCompareFile(t *testing.T) {
	ctx := context.Background()
	a := openSample(t, t.TempDir()+"/test.db")
	source := newVersion(t, computePage, "price.gpu: 8.50 CNY", "price.gpu: 9.35 CNY", "title: Release", "title: Releasing")[strings.Replace(computePage, "compute-payg", "new", 1)].Data
	c, err := a.Compare(ctx, app.ParseToCompare("page-compute-payg"), app.ToCompare{File: "new.yaml", Source: source})
	must(t, err)
	if c.B.File != "new.yaml" || c.B.Version != "2027-01" || c.Operative != 1 || len(c.Clauses) != 2 {
		t.Errorf("%+v", c)
	}
	if one := c.Clauses[0]; one.Label != "1" || one.Status != terms.ClauseChanged || !one.Operative() || one.Changes[0].New != "9.35 CNY per GPU·hour" {
		t.Errorf("%+v", one)
	}
	if two := c.Clauses[1]; two.Label != "3.3" || two.Operative() {
		t.Errorf("%+v", two)
	}
	for name, bad := range map[string]struct {
		of   app.ToCompare
		code refusal.Code
		says string
	}{
		"no such document": {app.ParseToCompare("nothing"), refusal.NotFound, "nothing"},
		"no such version":  {app.ParseToCompare("general-agreement@1"), refusal.NotFound, "version"},
		"no document":      {app.ToCompare{File: "x.yaml", Source: []byte("document: x\n")}, refusal.DocumentInvalid, "x.yaml:1:1: the field code is missing"},
	} {
		if _, err := a.Compare(ctx, app.ParseToCompare("general-agreement"), bad.of); refusal.CodeOf(err) != bad.code || !strings.Contains(err.Error(), bad.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
