package usagefile_test

import (
	"strings"
	"testing"

	"termwise.dev/core/refusal"
)

// Whatever a mapping and a file hold, reading them gives rows that are events or
// have a fault with a code, and refuses what stops it.
func FuzzRead(f *testing.F) {
	f.Add(sound, soundFile)
	f.Add(strings.Replace(sound, "unit: second", "unit: rfc3339", 1), "name,start,end,milli\n,2026-01-01T00:00:00Z,x,\"1\n\"\n")
	f.Add(strings.Replace(sound, "milli", "(number(end) - 3 * start) mod milli", 1), soundFile)
	f.Add("a: &a [*a]", "\ufeff\"")
	f.Fuzz(func(t *testing.T, mapping, csv string) {
		rows, err := readRows(mapping, csv)
		if err != nil && refusal.CodeOf(err) == "" {
			t.Errorf("an error that is no refusal: %v", err)
		}
		for i := range rows {
			checkRow(t, &rows[i])
		}
	})
}
