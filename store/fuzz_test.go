package store

import (
	"slices"
	"testing"
)

// FuzzMeasures looks for a column of measures that panics, or that is another one
// when it is written anew and read again.
func FuzzMeasures(f *testing.F) {
	for _, text := range []string{`{"cpu":4000,"memory":1}`, `{}`, `{"a\"\u0000":-1}`, `{"a":1.5}`, `[["cpu",4000],["cpu",1]]`, `[["cpu"]]`, `null`, ``} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var kept, again measures
		if kept.Scan(text) == nil {
			if err := again.Scan(kept.text()); err != nil || !slices.Equal(kept, again) {
				t.Fatalf("%q is %v, and that is %v, %v", text, kept, again, err)
			}
		}
		var sent, sentAgain sentMeasures
		if sent.Scan(text) == nil {
			if err := sentAgain.Scan(sent.text()); err != nil || !slices.Equal(sent, sentAgain) {
				t.Fatalf("%q was sent as %v, and that is %v, %v", text, sent, sentAgain, err)
			}
		}
	})
}
