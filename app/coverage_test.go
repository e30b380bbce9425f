package app_test

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
	"termwise.dev/core/terms"
	"termwise.dev/core/terms/clausetest"
	"termwise.dev/provider"
)

var update = flag.Bool("update", false, "write generated files anew")

const coverageFile = "../provider/coverage.json"

// TestCoverageIsCurrent holds provider/coverage.json to the tests: what it says
// is proved is proved by a test of this repository, and nothing that is
// executable lacks a proof in a direction.
func TestCoverageIsCurrent(t *testing.T) {
	proofs, err := clausetest.Scan("..")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]app.RuleProof{}
	for _, d := range sampleDocuments(t) {
		for _, r := range d.Rules() {
			ref := r.Ref(d.Code)
			if !r.Executable() {
				if p := shipped(proofs[ref]); len(p.Applies)+len(p.DoesNotApply) > 0 {
					t.Errorf("%s is tested, and its document says that nothing executes it", ref)
				}
				continue
			}
			p := shipped(proofs[ref])
			if len(p.Applies) == 0 {
				t.Errorf("no test shows %s at work: clausetest.Applies or Executes", ref)
			}
			if len(p.DoesNotApply) == 0 {
				t.Errorf("no test shows %s at rest: clausetest.DoesNotApply or Refrains", ref)
			}
			clause, found := d.Clause(r.Clause)
			if !found {
				t.Fatalf("%s is a rule of no clause", ref)
			}
			want[ref] = app.RuleProof{Document: d.ID, Content: clause.Content(), Applies: p.Applies, Refrains: p.DoesNotApply}
		}
	}
	text, err := json.MarshalIndent(want, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	if *update {
		if err := os.WriteFile(coverageFile, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(text), string(provider.Coverage)); diff != "" {
		t.Errorf("%s does not say what the tests show; write it anew: go test ./app -run TestCoverageIsCurrent -update\n%s", coverageFile, diff)
	}
}

// TestCoverageIsOfTheClauseThatWasProved: a clause of the same document, version
// and label that says something else is not proved by the sample's tests.
func TestCoverageIsOfTheClauseThatWasProved(t *testing.T) {
	const rule, other = "G-2.3", "G-2.2"
	status := func(swaps ...string) (of, beside app.CoveredRule) {
		const file = "agreements/general-agreement.yaml"
		c, err := app.FolderCoverage(withDocuments(t, map[string]string{file: editedSample(t, file, swaps...)}))
		must(t, err)
		if c.Total != c.Executed+c.Unproved+c.Declaratory+c.Waiting {
			t.Errorf("the counts do not add up: %+v", c.Documents)
		}
		for _, r := range c.Rules {
			switch r.Rule {
			case rule:
				of = r
			case other:
				beside = r
			}
		}
		return of, beside
	}
	if of, _ := status(); of.Status != app.RuleExecuted || len(of.Applies) == 0 || len(of.Refrains) == 0 {
		t.Errorf("the sample's own clause: %+v", of)
	}
	of, beside := status("late_fee.rate: 0.05%/day", "late_fee.rate: 0.06%/day")
	if of.Status != app.RuleUnproved || of.Applies != nil || of.Refrains != nil {
		t.Errorf("another clause %s: %+v", rule, of)
	}
	if beside.Status != app.RuleExecuted {
		t.Errorf("the clause beside it: %+v", beside)
	}
}

// shipped leaves out the tests of clausetest itself, which prove nothing.
func shipped(p clausetest.Proof) clausetest.Proof {
	own := func(test string) bool { return strings.HasPrefix(test, "core/terms/clausetest/") }
	return clausetest.Proof{
		Applies:      slices.DeleteFunc(append([]string{}, p.Applies...), own),
		DoesNotApply: slices.DeleteFunc(append([]string{}, p.DoesNotApply...), own),
	}
}

// sampleDocuments parses the sample provider's documents.
func sampleDocuments(t *testing.T) []*terms.Document {
	t.Helper()
	zone, err := calendar.ParseZone("UTC+8")
	if err != nil {
		t.Fatal(err)
	}
	var documents []*terms.Document
	for _, folder := range []string{"agreements", "products"} {
		files, err := provider.Sample.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			name := folder + "/" + f.Name()
			source, err := provider.Sample.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			d, err := terms.Parse(name, source, zone)
			if err != nil {
				t.Fatal(err)
			}
			documents = append(documents, d)
		}
	}
	return documents
}
