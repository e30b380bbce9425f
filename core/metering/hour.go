package metering

import (
	"bytes"
	"encoding/binary"
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/core/packed"
)

// packedHour is the form in which buckets are packed. Another form would be another
// first byte.
const packedHour = 1

// PackHour writes the buckets of one clock hour of an account, which are sorted by
// their keys, as compactly as buckets let themselves be written: texts that repeat
// once, and of a bucket that was settled by one charge only what it holds and what
// it cost. The account and the hour are not written. The same buckets are always
// written as the same bytes.
func PackHour(buckets []Bucket) []byte {
	p := packer{texts: map[string]uint64{}}
	for i := range buckets {
		p.bucket(&buckets[i])
	}
	out := append(make([]byte, 0, len(p.body)+128), packedHour)
	out = p.appendDictionary(out)
	out = binary.AppendUvarint(out, uint64(len(buckets)))
	return append(out, p.body...)
}

// UnpackHour reads the buckets of an hour that PackHour wrote. It returns an error
// for anything else, be it one byte from it.
func UnpackHour(hour calendar.Hour, content []byte) ([]Bucket, error) {
	u := unpacker{Reader: packed.NewReader(content)}
	buckets := u.hour(hour)
	if !u.Whole() || !bytes.Equal(PackHour(buckets), content) ||
		!slices.IsSortedFunc(buckets, func(a, b Bucket) int { return a.Compare(b.Key) }) {
		return nil, errNotPacked
	}
	return buckets, nil
}

// settledOnce says that one charge settled all that the bucket holds.
func (b *Bucket) settledOnce() bool {
	return b.Lines == 1 && b.Billed == b.Total && b.Refused == 0 && b.Pending == 0
}

func (p *packer) bucket(b *Bucket) {
	for _, s := range []string{b.Product, b.Resource, b.Meter} {
		p.body = binary.AppendUvarint(p.body, p.text(s))
	}
	p.body = binary.AppendUvarint(p.body, uint64(b.Total))
	// Differences may leave 64 bits and come back when they are added again.
	p.body = binary.AppendVarint(p.body, int64(b.Touched)-int64(p.from))
	p.from = b.Touched
	p.body = binary.AppendVarint(p.body, int64(b.Charged))
	if b.settledOnce() {
		p.body = append(p.body, 1)
		return
	}
	p.body = append(p.body, 0)
	p.body = binary.AppendVarint(p.body, int64(b.Pending))
	p.body = binary.AppendVarint(p.body, b.Billed)
	p.body = binary.AppendVarint(p.body, b.Refused)
	p.body = binary.AppendVarint(p.body, b.Lines)
}

func (u *unpacker) hour(hour calendar.Hour) []Bucket {
	u.Form(packedHour)
	u.dictionary()
	buckets := make([]Bucket, u.Count())
	var touched calendar.Instant
	for i := range buckets {
		b := &buckets[i]
		b.Key = Key{Product: u.text(), Resource: u.text(), Meter: u.text(), Hour: hour}
		b.Total = int64(u.Uvarint())
		b.Touched = calendar.Instant(int64(touched) + u.Varint())
		touched = b.Touched
		b.Charged = money.Amount(u.Varint())
		u.settled(b)
		if u.Broken() {
			return nil
		}
	}
	return buckets
}

// settled reads how a bucket is settled.
func (u *unpacker) settled(b *Bucket) {
	if u.Uvarint() != 0 {
		b.Billed, b.Lines = b.Total, 1
		return
	}
	b.Pending, b.Billed, b.Refused, b.Lines = calendar.Instant(u.Varint()), u.Varint(), u.Varint(), u.Varint()
}
