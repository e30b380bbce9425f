package packed_test

import (
	"encoding/binary"
	"math"
	"testing"

	"pgregory.net/rapid"

	"termwise.dev/core/packed"
)

// What was written comes out as it went in, and then nothing is left.
func TestReaderKeeps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number, signed, text := rapid.Uint64().Draw(t, "number"), rapid.Int64().Draw(t, "signed"), rapid.String().Draw(t, "text")
		out := []byte{7}
		out = binary.AppendUvarint(out, number)
		out = binary.AppendVarint(out, signed)
		out = binary.AppendUvarint(out, uint64(len(text)))
		out = append(out, text...)
		out = binary.BigEndian.AppendUint64(out, number)

		r := packed.NewReader(out)
		r.Form(7)
		if n, s, x, f := r.Uvarint(), r.Varint(), r.Text(), r.Uint64(); n != number || s != signed || x != text || f != number || !r.Whole() {
			t.Fatalf("got %d %d %q %d, whole %v", n, s, x, f, r.Whole())
		}
		for n := range out {
			r := packed.NewReader(out[:n])
			r.Form(7)
			r.Uvarint()
			r.Varint()
			if r.Text(); r.Uint64() != 0 || !r.Broken() || r.Whole() {
				t.Fatalf("the first %d of %d bytes are taken for the whole", n, len(out))
			}
		}
	})
}

// What cannot be breaks the reader, and nothing comes after it.
func TestReaderBreaks(t *testing.T) {
	for name, read := range map[string]func(*packed.Reader){
		"another form":           func(r *packed.Reader) { r.Form(1) },
		"more than there is":     func(r *packed.Reader) { r.Bytes(4) },
		"a count of too many":    func(r *packed.Reader) { r.Count() },
		"what the reader refuse": func(r *packed.Reader) { r.Break() },
	} {
		r := packed.NewReader([]byte{200, 1, 5})
		read(&r)
		if !r.Broken() || r.Whole() || r.Uvarint() != 0 || r.Varint() != 0 || r.Count() != 0 || r.Text() != "" || r.Uint64() != 0 {
			t.Errorf("%s: the reader goes on", name)
		}
	}
	r := packed.NewReader(binary.AppendUvarint(nil, math.MaxUint64))
	if r.Count() != 0 || !r.Broken() {
		t.Error("a count of everything is taken")
	}
}
