package terms_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// valueSeeds are values in every form, and some that are nearly right.
var valueSeeds = []string{
	"24 hours", "1 day", "-1 day", "9223372036854775807 seconds", "30 days", "0.05%/day", "100%/day", "101%/day", "true", "hour",
	"0.09 CNY per vCPU·hour", "0.09 CNY per ", "half_up", "[hour, day]", "[]", "more_than 7 days", "when_up 7 days", "5 working days",
	"12 natural months", "prior", "best_effort", "10 natural days if_possible", "month+1 day 5", "at_once", "99.95%", "200000.00 CNY",
	"fees_paid_for_service 12 months", "[\"[99%, 100%) 10%\"]", "\"1\\u0000\"", "1e9 days", "٣ days", "",
}

// FuzzTermValue looks for a value of any key that panics, is refused without a
// place, or is another one when it is written as it was understood.
func FuzzTermValue(f *testing.F) {
	for i := range terms.Keys() {
		for _, value := range valueSeeds {
			f.Add(i, value)
		}
	}
	f.Fuzz(func(t *testing.T, n int, value string) {
		keys := terms.Keys()
		k := keys[((n%len(keys))+len(keys))%len(keys)]
		name, _, _ := strings.Cut(k.Name, "<")
		if name != k.Name {
			name += "member"
		}
		waits := ""
		if k.WaitsFor != "" {
			waits = ", waits_for: " + k.WaitsFor
		}
		written := value
		if !strings.HasPrefix(value, "[") {
			written = strconv.Quote(value)
		}
		source := text{id: "g", code: "G"}.source() + fmt.Sprintf("  - {id: '9', text: Words., terms: {%s: %s}%s}\n", name, written, waits)
		d, err := terms.Parse("g.yaml", []byte(source), zone)
		if err == nil {
			checkWrittenAnew(t, d)
			return
		}
		for _, fault := range faults(err) {
			if refusal.CodeOf(fault) != refusal.DocumentInvalid || !placeOf.MatchString(fault.Error()) {
				t.Fatalf("%s: %s: %v", name, written, fault)
			}
		}
	})
}

// FuzzPrecedence makes a few documents out of bytes: their kinds, what they bind,
// what they rank and the value that each sets. Whatever they are, resolving them
// depends on nothing but what they say: not on the order in which they were
// published; and what wins is not beaten by another value.
func FuzzPrecedence(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
	f.Add([]byte{6, 5, 0x21, 0, 2, 0x12, 1, 4, 0x43, 7, 7, 7})
	f.Add([]byte{0, 0, 0xff, 6, 6, 0x1f, 5, 5, 0xf1, 7, 1, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		texts := drawDocuments(data)
		forward, err := terms.NewCorpus(published(t, texts...))
		slices.Reverse(texts)
		backward, again := terms.NewCorpus(published(t, texts...))
		if (err == nil) != (again == nil) {
			t.Fatalf("published in one order: %v; in another: %v", err, again)
		}
		if err != nil {
			if code := refusal.CodeOf(err); code != refusal.TermConflict && code != refusal.DocumentInvalid {
				t.Fatal(err)
			}
			return
		}
		var ids []string
		for _, x := range texts {
			ids = append(ids, x.id)
		}
		one, err := forward.Bind(customerOf(accepts("2025-01-01", ids...)), day("2025-06-01"), day("2030-01-01"))
		two, again := backward.Bind(customerOf(accepts("2025-01-01", ids...)), day("2025-06-01"), day("2030-01-01"))
		if err != nil || again != nil {
			if refusal.CodeOf(err) != refusal.CodeOf(again) || refusal.CodeOf(err) == "" {
				t.Fatalf("%v, %v", err, again)
			}
			return
		}
		checkDecision(t, one, two)
	})
}

// drawDocuments makes up to four documents and the page of product p.
func drawDocuments(data []byte) []text {
	kinds := terms.Kinds()
	names := []string{"self", "stamped", "page", "special", "general", "rules", "d0", "d1", "d2"}
	texts := []text{page}
	for i := 0; i < 4 && len(data) >= 3; i++ {
		x := text{
			id: fmt.Sprintf("d%d", i), code: fmt.Sprintf("D%d", i), kind: string(kinds[int(data[0])%len(kinds)]), by: "acceptance",
			terms: map[string]string{"suspend.after": fmt.Sprintf("%d hours", data[1]%4)},
		}
		if data[1]&0x10 != 0 {
			x.by = "publication"
		}
		if data[1]&0x20 != 0 {
			x.binds = "{products: [p]}"
		}
		if data[2] != 0 {
			first, second := names[int(data[2]&0x0f)%6], names[int(data[2]>>4)%6]
			if first != second {
				x.precedence = "[" + first + ", " + second + "]"
			}
		}
		texts = append(texts, x)
		data = data[3:]
	}
	return texts
}

// checkDecision holds two resolutions of one key against each other, and the
// winner against those that lost.
func checkDecision(t *testing.T, one, two *terms.Set) {
	t.Helper()
	trace, err := one.Trace("suspend.after")
	other, again := two.Trace("suspend.after")
	if (err == nil) != (again == nil) || trace.Text != other.Text || trace.Citation != other.Citation || one.Hash() != two.Hash() {
		t.Fatalf("%+v (%v) and %+v (%v)", trace, err, other, again)
	}
	if err != nil {
		if refusal.CodeOf(err) != refusal.TermConflict {
			t.Fatal(err)
		}
		return
	}
	winners := 0
	for _, c := range trace.Considered {
		switch {
		case c.Citation == trace.Citation:
			winners++
		case c.Lost == "":
			t.Fatalf("%s neither wins nor loses: %+v", c.Citation, trace)
		case c.Lost == "sets the same value" && c.Text != trace.Text:
			t.Fatalf("%s sets another value: %+v", c.Citation, trace)
		}
	}
	if winners != 1 && !trace.Silent {
		t.Fatalf("%d winners: %+v", winners, trace)
	}
}
