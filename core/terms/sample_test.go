package terms_test

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"termwise.dev/core/terms"
	"termwise.dev/provider"
)

// sampleDocuments are the documents of the sample provider, every version.
var sampleDocuments = sync.OnceValues(func() ([]*terms.Document, error) {
	var documents []*terms.Document
	for _, folder := range []string{"agreements", "products"} {
		files, err := fs.Glob(provider.Sample, path.Join(folder, "*.yaml"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			source, err := provider.Sample.ReadFile(file)
			if err != nil {
				return nil, err
			}
			d, err := terms.Parse(file, source, zone)
			if err != nil {
				return nil, err
			}
			documents = append(documents, d)
		}
	}
	return documents, nil
})

// sample returns the sample provider's documents.
func sample(t testing.TB) []*terms.Document {
	t.Helper()
	documents, err := sampleDocuments()
	if err != nil {
		t.Fatal(err)
	}
	return documents
}

// coded returns the versions of the document with a code.
func coded(t testing.TB, code string) []*terms.Document {
	t.Helper()
	found := slices.DeleteFunc(slices.Clone(sample(t)), func(d *terms.Document) bool { return d.Code != code })
	if len(found) == 0 {
		t.Fatalf("no document has the code %s", code)
	}
	return found
}

// byCode maps the codes by which these tests name agreements to document ids.
var byCode = map[string]string{
	"G": "general-agreement", "S": "service-agreement", "S-CADT": "architecture-designer-terms", "E": "compute-terms",
	"C": "network-terms", "C-SLA": "network-sla", "U": "cross-border-line-agreement", "U-INV": "line-invoicing-procedure",
	"F": "framework-contract", "FP": "framework-prices", "FA": "framework-terms",
}

// The products of the sample provider.
const (
	computing = "compute-payg"
	network   = "enterprise-network"
	firewall  = "cloud-firewall"
	line      = "cross-border-line"
	designer  = "architecture-designer"
)

// specialGoesFirst is why a clause of G loses to one of E.
const specialGoesFirst = "G 0.1 ranks special above general"

// side is what one account agreed to: the agreements that it accepted, by their
// codes separated by spaces ("S G@2025-09-01"; without a day, on 5 June 2025),
// and the product that it asks about.
type side struct {
	accepted, product string
	account           string // "" is an account that no contract names
	at                string // a day; "" is in mid January 2026
}

// sampleCorpus is everything published in May 2025, in the order of the files.
var sampleCorpus = sync.OnceValues(func() (*terms.Corpus, error) {
	documents, err := sampleDocuments()
	if err != nil {
		return nil, err
	}
	return corpusOf(documents)
})

// corpusOf makes a corpus of documents known since May 2025, and of others.
func corpusOf(documents []*terms.Document, all ...terms.Published) (*terms.Corpus, error) {
	for _, d := range documents {
		all = append(all, terms.Published{Document: d, Recorded: day("2025-05-01")})
	}
	return terms.NewCorpus(all)
}

// set binds a side by the documents of the sample.
func (s side) set(t testing.TB) *terms.Set {
	t.Helper()
	c, err := sampleCorpus()
	if err != nil {
		t.Fatal(err)
	}
	return s.in(t, c)
}

// in binds a side by a corpus.
func (s side) in(t testing.TB, c *terms.Corpus) *terms.Set {
	t.Helper()
	var accepted []terms.Acceptance
	for _, word := range strings.Fields(s.accepted) {
		code, on, _ := strings.Cut(word, "@")
		on = or(on, "2025-06-05")
		if byCode[code] == "" {
			t.Fatalf("no agreement has the code %s", code)
		}
		accepted = append(accepted, terms.Acceptance{Document: byCode[code], Form: terms.Click, At: day(on), Recorded: day(on), Actor: "tester"})
	}
	at := day(or(s.at, "2026-01-15"))
	set, err := c.Bind(terms.Subject{Account: or(s.account, "c"), Accepted: accepted, Product: s.product}, at, at)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// answer is what a key means for a side, as a lawyer would write it: the value
// and the clause, the meaning of silence, or a refusal.
func (s side) answer(t testing.TB, key string) string {
	t.Helper()
	return answerOf(s.set(t), key)
}

func answerOf(set *terms.Set, key string) string {
	trace, err := set.Trace(key)
	switch {
	case err != nil:
		return "refused: " + err.Error()
	case trace.Silent:
		return "silent: " + trace.Text
	}
	return trace.Text + ", " + trace.Citation.String()
}

// says wants a side to answer so for a key.
func (s side) says(t testing.TB, key, want string) {
	t.Helper()
	if got := s.answer(t, key); got != want {
		t.Errorf("%s under %s for %s: %s; want %s", key, s.accepted, s.product, got, want)
	}
}

// refuses wants the refusal of a key to have all parts, such as both citations.
func (s side) refuses(t testing.TB, key string, parts ...string) {
	t.Helper()
	got := s.answer(t, key)
	for _, part := range parts {
		if !strings.HasPrefix(got, "refused: ") || !strings.Contains(got, part) {
			t.Errorf("%s under %s for %s: %s; want a refusal with %q", key, s.accepted, s.product, got, part)
		}
	}
}

// lost wants a clause to have lost on a key, for a reason that a clause gives.
func (s side) lost(t testing.TB, key, clause, because string) {
	t.Helper()
	trace, err := s.set(t).Trace(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range trace.Considered {
		if c.Citation.String() == clause {
			if got := c.Lost; !strings.HasPrefix(got, because) || c.Lost == "" {
				t.Errorf("%s: %s lost, because %s; want %s", key, clause, got, because)
			}
			return
		}
	}
	t.Errorf("%s: %s was not considered: %+v", key, clause, trace.Considered)
}

// get returns the typed value of a key for a side.
func get[T any](t testing.TB, s side, key terms.Key[T]) T {
	t.Helper()
	v, err := terms.Get(s.set(t), key)
	if err != nil {
		t.Fatal(err)
	}
	if v.Silent {
		t.Fatalf("%s is silent under %s for %s", key.Name(), s.accepted, s.product)
	}
	return v.V
}

// frame is an account of the framework contract that accepted it whole, beside
// other agreements.
func frame(product, others string) side {
	return side{accepted: "F FP FA " + others, product: product, account: "northfield-a"}
}

// edited is the sample with texts of one document, by its code, replaced, and
// other documents added. Every version of the document is edited.
func edited(t testing.TB, code string, swaps []string, added ...text) *terms.Corpus {
	t.Helper()
	var documents []*terms.Document
	for _, d := range sample(t) {
		if d.Code == code {
			for i := 0; i < len(swaps); i += 2 {
				if !strings.Contains(string(d.Source), swaps[i]) {
					t.Fatalf("%s does not say %q", d.ID, swaps[i])
				}
			}
			source := strings.NewReplacer(swaps...).Replace(string(d.Source))
			again, err := terms.Parse(d.ID+".yaml", []byte(source), zone)
			if err != nil {
				t.Fatal(err)
			}
			d = again
		}
		documents = append(documents, d)
	}
	for _, x := range added {
		documents = append(documents, x.parse(t))
	}
	c, err := corpusOf(documents)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// reading is what a key means when the billing rules are edited.
func reading[T any](t testing.TB, key terms.Key[T], was, is string) T {
	t.Helper()
	c := edited(t, "R", []string{key.Name() + ": " + was, key.Name() + ": " + is})
	v, err := terms.Get(side{accepted: "G", product: computing}.in(t, c), key)
	if err != nil || v.Citation.Code != "R" {
		t.Fatalf("%s: %+v, %v", key.Name(), v, err)
	}
	return v.V
}
