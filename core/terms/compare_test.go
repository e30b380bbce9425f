package terms_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"termwise.dev/core/terms"
)

// TestCompare puts two documents side by side: a value that is written in two
// ways is one value, and a key that one of them leaves out stands alone.
func TestCompare(t *testing.T) {
	a := text{id: "a", code: "A", terms: map[string]string{
		"late_fee.rate": "0.05%/day", "suspend.after": "24 hours", "payment.due": "30 days",
	}}
	b := text{id: "b", code: "B", kind: "special", terms: map[string]string{
		"late_fee.rate": "0.06%/day", "suspend.after": "1 day", "release.after": "15 days",
	}}
	var got []string
	for _, k := range terms.Compare(a.parse(t), b.parse(t)) {
		got = append(got, fmt.Sprintf("%s %s %v | %s %v %t", k.Key, k.A.Text, k.A.Citations, k.B.Text, k.B.Citations, k.Same))
	}
	want := []string{
		"late_fee.rate 0.05%/day [A 1] | 0.06%/day [B 1] false",
		"payment.due 30 days [A 1] |  [] false",
		"release.after  [] | 15 days [B 1] false",
		"suspend.after 24 hours [A 1] | 1 day [B 1] true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestDiffClauses groups what a version changes by clause.
func TestDiffClauses(t *testing.T) {
	const header = "document: d\ncode: D\nversion: v\nkind: general\ntitle: T\nissuer: aurora\nby: acceptance\nannounced: 2025-01-01\neffective: 2025-01-01\n"
	parse := func(more, clauses string) *terms.Document {
		d, err := terms.Parse("d.yaml", []byte(header+more+"clauses:\n"+clauses), zone)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	old := parse("", `
  - { id: "1", title: One, text: First., declaratory: a }
  - { id: "2", title: Two, text: Second., terms: { late_fee.rate: 0.05%/day } }
  - { id: "3", title: Three, text: Third., declaratory: a }
  - { id: "4", title: Four, text: Fourth., declaratory: a }
`)
	new := parse("until: 2027-01-01\n", `
  - { id: "1", title: The first, text: First., declaratory: b }
  - { id: "2.1", title: Between, text: New., declaratory: a }
  - { id: "2", title: Two, text: Second., terms: { late_fee.rate: 0.06%/day }, emphasis: true }
  - { id: "4", title: Four, text: Fourth., declaratory: b }
`)
	header1, clauses := terms.DiffClauses(old, new)
	var got []string
	for _, c := range header1 {
		got = append(got, c.Field)
	}
	for _, c := range clauses {
		line := fmt.Sprintf("%s %s %s operative %t:", c.Label, c.Title, c.Status, c.Operative())
		for _, x := range c.Changes {
			line += fmt.Sprintf(" %s %q to %q;", x.Field, x.Old, x.New)
		}
		got = append(got, line)
	}
	want := []string{
		"until",
		`1 The first changed operative false: title "One" to "The first";`,
		`2.1 Between added operative true: title "" to "Between"; text "" to "New.";`,
		`2 Two changed operative true: late_fee.rate "0.05%/day" to "0.06%/day"; emphasis "" to "yes";`,
		`3 Three removed operative true: title "Three" to ""; text "Third." to "";`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDiffWords(t *testing.T) {
	show := func(words []terms.Words) string {
		var parts []string
		for _, w := range words {
			switch {
			case w.Added:
				parts = append(parts, "{"+w.Text+"}")
			case w.Removed:
				parts = append(parts, "["+w.Text+"]")
			default:
				parts = append(parts, w.Text)
			}
		}
		return strings.Join(parts, " ")
	}
	for _, tt := range []struct{ old, new, want string }{
		{"pay within 7 days", "pay within 30 days", "pay within [7] {30} days"},
		{"", "all new", "{all new}"},
		{"all gone", "", "[all gone]"},
		{"same  words", "same words", "same words"},
		{"a b c", "c a b", "{c} a b [c]"},
	} {
		if got := show(terms.DiffWords(tt.old, tt.new)); got != tt.want {
			t.Errorf("%q to %q: %s, want %s", tt.old, tt.new, got, tt.want)
		}
	}
	long := strings.Repeat("word ", 3000)
	if got := terms.DiffWords(long, long+"more"); len(got) != 2 {
		t.Errorf("texts of thousands of words are compared in %d parts", len(got))
	}
}

// TestDiffWordsKeepsBothTexts: what is kept and removed is the old text, what is
// kept and added the new one.
func TestDiffWordsKeepsBothTexts(t *testing.T) {
	word := rapid.SampledFrom([]string{"a", "b", "c", "d"})
	rapid.Check(t, func(t *rapid.T) {
		old := strings.Join(rapid.SliceOf(word).Draw(t, "old"), " ")
		new := strings.Join(rapid.SliceOf(word).Draw(t, "new"), " ")
		var before, after []string
		for _, w := range terms.DiffWords(old, new) {
			if w.Added && w.Removed {
				t.Fatalf("%q is added and removed", w.Text)
			}
			if !w.Added {
				before = append(before, w.Text)
			}
			if !w.Removed {
				after = append(after, w.Text)
			}
		}
		if strings.Join(before, " ") != old || strings.Join(after, " ") != new {
			t.Fatalf("%q to %q gives %q to %q", old, new, before, after)
		}
	})
}
