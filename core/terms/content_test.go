package terms_test

import (
	"strings"
	"testing"

	"termwise.dev/core/terms"
)

// TestContentIsWhatTheClauseSays: title, text and terms are the content of a
// clause; how a value is written and where the clause stands is not.
func TestContentIsWhatTheClauseSays(t *testing.T) {
	const clause = "  - {id: '7.3', title: Late, text: Pay., terms: {suspend.after: 24 hours, payment.due: 1 day}}\n"
	content := func(clauses string) string {
		source := text{id: "g", code: "G"}.source() + clauses
		d, err := terms.Parse("doc.yaml", []byte(source), zone)
		if err != nil {
			t.Fatal(err)
		}
		return d.Clauses[len(d.Clauses)-1].Content()
	}
	want := content(clause)
	tests := []struct {
		name, old, new string
		same           bool
	}{
		{"the same value", "24 hours", "1 day", true},
		{"another order", "suspend.after: 24 hours, payment.due: 1 day", "payment.due: 1 day, suspend.after: 24 hours", true},
		{"another label", "'7.3'", "'7.4'", true},
		{"another title", "title: Late", "title: Later", false},
		{"another text", "text: Pay.", "text: Pay!", false},
		{"another value", "24 hours", "25 hours", false},
		{"a term less", "suspend.after: 24 hours, ", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := content(strings.Replace(clause, tt.old, tt.new, 1)); (got == want) != tt.same || len(got) != 16 {
				t.Errorf("content %s, before %s", got, want)
			}
		})
	}
}
