package terms_test

import (
	"testing"

	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// headed is a document with lines in its header.
func headed(lines string) text {
	return text{id: "x", code: "X", kind: "special", by: "acceptance", header: lines}
}

func TestNewCorpusRefuses(t *testing.T) {
	page2 := text{id: "page2", code: "P2", kind: "page", product: "p"}
	misspelt := general
	misspelt.precedence = "[stampd, general]"
	v2 := general
	v2.version = "v2"
	tests := []struct {
		name  string
		texts []text
		code  refusal.Code
		parts []string
	}{
		{"one version with two contents", []text{general, general.with("payment.due", "0 days")}, refusal.AlreadyExists, []string{"g v1"}},
		{"one code for two documents", []text{general, {id: "h", code: "G"}}, refusal.AlreadyExists, []string{"code G", " g", " h"}},
		{"one product on two pages", []text{page, page2}, refusal.AlreadyExists, []string{"product p"}},
		{"two versions at once", []text{general, v2}, refusal.DocumentInvalid, []string{"v1 and v2"}},
		{"a list that names nothing", []text{misspelt}, refusal.DocumentInvalid, []string{`"stampd"`, "did you mean stamped?"}},
		{"a list that ends nothing", []text{general, headed("ends: [{documents: [genral], clause: '12'}]")}, refusal.DocumentInvalid, []string{"ends of x v1", `"genral"`, "did you mean general?"}},
		{"an issuer of nothing", []text{general, headed("ends: [{issuers: [borealis], clause: '12'}]")}, refusal.DocumentInvalid, []string{`"borealis"`, "the issuer of no published document"}},
		{"a pin on a kind", []text{general, headed("pins: [{what: purchases, documents: [general], clause: '12'}]")}, refusal.DocumentInvalid, []string{"pins of x v1", `"general"`}},
		{"a demand for what binds anyway", []text{general, page, headed("requires: [{documents: [page], clause: '12'}]")}, refusal.DocumentInvalid, []string{"requires of x v1", `"page"`, "binds by acceptance"}},
		{"a price in another unit", []text{page, general.with("price.cpu", "1 CNY per GiB·hour")}, refusal.DocumentInvalid, []string{"G 1 (g v1)", "vCPU·hour"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := terms.NewCorpus(published(t, tt.texts...))
			wantRefusal(t, err, tt.code, tt.parts...)
		})
	}
}

func TestPublishedTwiceCountsFromTheFirst(t *testing.T) {
	again := published(t, general, page)
	for i := range again {
		again[i].Recorded = day("2025-05-01")
	}
	c, err := terms.NewCorpus(append(again, published(t, general, page)...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Bind(terms.Subject{Account: "a", Accepted: accepts("2025-01-01", "g"), Product: "p"}, day("2025-02-01"), day("2025-02-01")); err != nil {
		t.Errorf("known from the first publication: %v", err)
	}
}

// TestProof: documents that bind everyone must be decidable when published,
// unless an agreement could still settle them.
func TestProof(t *testing.T) {
	x := text{id: "x", code: "X", kind: "special"}.with("payment.due", "1 day")
	y := text{id: "y", code: "Y", kind: "special"}.with("payment.due", "2 days")
	elsewhere := y
	elsewhere.binds = "{products: [q]}"
	onlyP := x
	onlyP.binds = "{products: [p]}"
	before := x
	before.until = "2025-03-31"
	after := y
	after.effective = "2025-04-01"
	other := text{id: "page-q", code: "Q", kind: "page", product: "q"}
	elsewhereRanking := text{id: "r", code: "R", kind: "special", by: "acceptance", binds: "{products: [q]}", precedence: "[x, y]"}
	ranking := general
	ranking.precedence = "[x, y]"
	publishedRanking := ranking
	publishedRanking.by = "publication"
	roof := text{id: "z", code: "Z", kind: "page", until: "2025-03-31", precedence: "[self, [x, y]]"}.with("payment.due", "3 days")

	tests := []struct {
		name    string
		texts   []text
		refused bool
	}{
		{"they always bind together", []text{x, y, general, page}, true},
		{"for different products", []text{onlyP, elsewhere, general, page, other}, false},
		{"at different times", []text{before, after, general, page}, false},
		{"ranked by publication", []text{x, y, publishedRanking, page}, false},
		{"an agreement ranks them", []text{x, y, ranking, page}, false},
		{"an agreement may speak in their place", []text{x, y, general.with("payment.due", "3 days"), page}, false},
		{"an agreement on another product ranks them there", []text{onlyP, y, elsewhereRanking, general, page, other}, true},
		{"once what stood above both has ended", []text{x, y, roof, general, page}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := terms.NewCorpus(published(t, tt.texts...))
			if tt.refused {
				wantRefusal(t, err, refusal.TermConflict, "X 1 (x v1)", "Y 1 (y v1)")
				return
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestNext: of versions that take effect together the next is the one that became
// known last, whatever their names; and only what was announced is to come.
func TestNext(t *testing.T) {
	version := func(name, announced, effective, recorded string) terms.Published {
		x := general
		x.version, x.announced, x.effective = name, announced, effective
		return terms.Published{Document: x.parse(t), Recorded: day(recorded)}
	}
	c, err := terms.NewCorpus([]terms.Published{
		version("v1", "2025-01-01", "2025-01-01", "2024-12-01"),
		version("v9", "2025-01-10", "2025-03-01", "2025-01-10"),
		version("v2", "2025-01-20", "2025-03-01", "2025-01-20"),
		version("v3", "2025-01-05", "2025-04-01", "2025-01-05"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ document, from, announced, want string }{
		{"g", "2025-01-02", "2025-02-01", "v2"},
		{"g", "2025-03-01", "2025-02-01", "v2"},
		{"g", "2025-01-02", "2025-01-15", "v9"},
		{"g", "2025-01-02", "2025-01-06", "v3"},
		{"g", "2025-03-02", "2025-02-01", "v3"},
		{"g", "2025-04-02", "2025-02-01", ""},
		{"nothing", "2025-01-02", "2025-02-01", ""},
	} {
		got := ""
		if d := c.Next(tt.document, day(tt.from), day(tt.announced)); d != nil {
			got = d.Version
		}
		if got != tt.want {
			t.Errorf("after %s, announced by %s, the next version of %s is %q, want %q", tt.from, tt.announced, tt.document, got, tt.want)
		}
	}
}
