package store

import (
	"bytes"
	"encoding/json"
	"math"
	"math/bits"
	"slices"
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
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

// FuzzRuns looks for a page or a filter of the index of usage, whatever its bytes,
// that panics, finds what does not stand there, or misses what does.
func FuzzRuns(f *testing.F) {
	var names []placed
	for i := range 3 { // what is longer takes the fuzzer long to make short
		names = append(names, placed{name{0: byte(i), 8: byte(i)}, int64(i) + 1})
	}
	content := pagesOf(1, names)[0].content
	f.Add(content, newBloom(names), int64(len(names)))
	f.Add(append(slices.Clone(content[entryBytes:]), content[:entryBytes]...), newBloom(names)[:3], int64(1))
	f.Add(bytes.Repeat([]byte{0}, 2*entryBytes), bytes.Repeat([]byte{0xff}, 16), int64(1)<<59)
	f.Add([]byte{1}, []byte{}, int64(-1))
	f.Fuzz(func(t *testing.T, content, filter []byte, count int64) {
		p := runPage{run: 1, content: content}
		checkPage(t, &p)
		p.page = 1
		p.ordered(pageBits(len(filter) * 8))
		if isFilter(filter, count) && newFilters(filter) == nil {
			t.Fatalf("a filter of %d bytes is taken for one of %d names", len(filter), count)
		}
		if len(filter) >= bloomBits(1)/8 {
			checkFilter(t, filter[:1<<(bits.Len(uint(len(filter)))-1)], p.names())
		}
	})
}

// checkPage checks that a name is found where it stands, and no other one.
func checkPage(t *testing.T, p *runPage) {
	t.Helper()
	names, ordered := p.names(), p.ordered(0)
	for i := range names {
		for _, wanted := range []name{names[i].name, {15: byte(i)}} {
			first := slices.IndexFunc(names, func(at placed) bool { return at.name == wanted })
			parcel := p.find(&wanted)
			if ordered && first >= 0 && parcel != names[first].parcel {
				t.Fatalf("%x is found in parcel %d and stands in %d", wanted, parcel, names[first].parcel)
			}
			if parcel != 0 && !slices.Contains(names, placed{wanted, parcel}) {
				t.Fatalf("%x is found in parcel %d and does not stand there", wanted, parcel)
			}
		}
	}
}

// newFilters are those of so many runs that a row has more than one byte: each has
// the same filter, but for one in the middle that holds nothing. It is nil for a
// filter that no run has.
func newFilters(filter []byte) *filters {
	if len(filter)*8 < bloomBits(1) || len(filter)&(len(filter)-1) != 0 {
		return nil
	}
	f := &filters{}
	for run := range int64(18) {
		if run == 9 {
			f.add(run, make([]byte, len(filter)))
		} else {
			f.add(run, filter)
		}
	}
	return f
}

// checkFilter checks that just the runs are candidates whose filters have every
// bit of a name, each with one of its own pages.
func checkFilter(t *testing.T, filter []byte, names []placed) {
	t.Helper()
	f := newFilters(filter)
	for i := range names {
		n := &names[i].name
		at, step := n.probe()
		all := true
		for range probes {
			bit := at % uint64(len(filter)*8)
			all = all && filter[bit/8]>>(bit%8)&1 == 1
			at += step
		}
		var runs []int64
		f.candidates(n, func(key pageKey) {
			runs = append(runs, key.run)
			if key.page < 0 || key.page >= 1<<pageBits(len(filter)*8) {
				t.Fatalf("%x is looked for on page %d", *n, key.page)
			}
		})
		if all && len(runs) != 17 || !all && len(runs) > 0 || slices.Contains(runs, 9) {
			t.Fatalf("%x may be in the runs %v; its bits are set: %v", *n, runs, all)
		}
	}
}

// FuzzRefs looks for a list of a set's documents that panics when it is read or when
// the documents are found again, or that is another one when it is written anew.
func FuzzRefs(f *testing.F) {
	corpus := sample(f)
	general := corpus.Next("general-agreement", 0, calendar.EndOfTime).Ref()
	for _, refs := range [][]terms.DocumentRef{{general}, {general, general}} {
		text, err := json.Marshal(refs)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), product)
	}
	for _, text := range []string{`[]`, `null`, `[{}]`, `[{"document":"general-agreement","version":"2025-06","hash":"00"}]`, `{`, ``} {
		f.Add(text, product)
	}
	f.Fuzz(func(t *testing.T, text, product string) {
		refs, err := readRefs([]byte(text))
		if err != nil {
			return
		}
		written, err := json.Marshal(refs)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := readRefs(written); err != nil || !slices.Equal(refs, again) {
			t.Fatalf("%q is %v, and that is %v, %v", text, refs, again, err)
		}
		set, err := corpus.Rebuild(refs, product)
		if err == nil {
			set.Hash()
		} else if refusal.CodeOf(err) != refusal.NotFound {
			t.Fatalf("%q is refused with %v", text, err)
		}
	})
}

// FuzzColumns looks for a column that panics, or that takes what was never written:
// a database may give a number, a text or bytes for any of them.
func FuzzColumns(f *testing.F) {
	f.Add(uint8(0), int64(1), []byte{})
	f.Add(uint8(1), int64(-1), make([]byte, 31))
	f.Add(uint8(2), int64(2), make([]byte, 32))
	f.Add(uint8(2), int64(2), new(account.Books).PackState())
	f.Add(uint8(3), int64(0), []byte(nil))
	f.Add(uint8(0), int64(1)<<31, []byte(nil))
	f.Fuzz(func(t *testing.T, kind uint8, number int64, content []byte) {
		value := []any{number, string(content), content, nil}[kind%4]
		var hash, compared [32]byte
		err := (*hashColumn)(&hash).Scan(value)
		if is := kind%4 == 3 || kind%4 == 2 && len(content) == len(hash); is != (err == nil) {
			t.Fatalf("%v as a hash: %v", value, err)
		}
		if (*comparedHash)(&compared).Scan(value) != nil || compared != hash {
			t.Fatalf("%v is the hash %x, and compared it is %x", value, hash, compared)
		}
		var bit bitColumn
		if err := bit.Scan(value); (err == nil) != (value == int64(0) || value == int64(1)) || bool(bit) != (value == int64(1)) {
			t.Fatalf("%v as a bit: %v, %v", value, bit, err)
		}
		var small smallColumn
		fits := value == number && number >= math.MinInt32 && number <= math.MaxInt32
		if err := small.Scan(value); fits != (err == nil) || fits && int64(small) != number {
			t.Fatalf("%v as a small number: %v, %v", value, small, err)
		}
		var broken error
		if field := (tolerant{&small, &broken}); field.Scan(value) != nil || fits != (broken == nil) {
			t.Fatalf("%v as a small number is noted as %v", value, broken)
		}
		var b account.Books
		if err := (*stateColumn)(&b).Scan(value); err != nil || kind%4 != 2 && b.Broken == nil {
			t.Fatalf("%v as a state: %v, %v", value, err, b.Broken)
		}
	})
}
