package packed

import "encoding/binary"

// Reader reads what was written by encoding/binary, one thing after the other. After
// anything that cannot be, it is broken and gives nothing more: look at Whole when
// all has been read.
type Reader struct {
	rest   []byte
	broken bool
}

// NewReader returns a reader of content.
func NewReader(content []byte) Reader { return Reader{rest: content} }

// Whole says that everything could be read, and that nothing is left.
func (r *Reader) Whole() bool { return !r.broken && len(r.rest) == 0 }

// Broken says that something could not be read.
func (r *Reader) Broken() bool { return r.broken }

// Break says that what was read cannot be.
func (r *Reader) Break() { r.broken, r.rest = true, nil }

// Form reads the first byte, which must be that of a form.
func (r *Reader) Form(want byte) {
	if len(r.rest) == 0 || r.rest[0] != want {
		r.Break()
		return
	}
	r.rest = r.rest[1:]
}

// Count reads how many things follow, of which each takes a byte at least.
func (r *Reader) Count() int {
	n := r.Uvarint()
	if n > uint64(len(r.rest)) {
		r.Break()
		return 0
	}
	return int(n)
}

// Bytes reads n bytes, which are those of the content; nil where there are not as many.
func (r *Reader) Bytes(n int) []byte {
	if n > len(r.rest) {
		r.Break()
		return nil
	}
	read := r.rest[:n]
	r.rest = r.rest[n:]
	return read
}

// Text reads a text and how long it is.
func (r *Reader) Text() string { return string(r.Bytes(r.Count())) }

// Uvarint reads a number that binary.AppendUvarint wrote.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	r.advance(n)
	return v
}

// Varint reads a number that binary.AppendVarint wrote.
func (r *Reader) Varint() int64 {
	v, n := binary.Varint(r.rest)
	r.advance(n)
	return v
}

// Uint64 reads a number of eight bytes, the highest first.
func (r *Reader) Uint64() uint64 {
	b := r.Bytes(8)
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// advance passes over what was read; nothing was when n is not above zero.
func (r *Reader) advance(n int) {
	if n <= 0 {
		r.Break()
		return
	}
	r.rest = r.rest[n:]
}
