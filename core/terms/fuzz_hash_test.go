package terms_test

import (
	"strings"
	"testing"

	"termwise.dev/core/terms"
)

// FuzzHash looks for a text that panics, or is read as a hash that is written
// otherwise.
func FuzzHash(f *testing.F) {
	f.Add(strings.Repeat("0a", 32))
	f.Add(strings.Repeat("0A", 32))
	f.Add("0a")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := terms.ParseHash(text)
		if err == nil && h.String() != strings.ToLower(text) {
			t.Fatalf("%q is %s", text, h)
		}
	})
}
