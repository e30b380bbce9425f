package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"termwise.dev/core/calendar"
)

// Hash is a SHA-256 digest.
type Hash [sha256.Size]byte

// String gives the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Kind says what an entry is about.
type Kind string

// The kinds of entry.
const (
	Opened     Kind = "opened"
	Accepted   Kind = "accepted"
	ToppedUp   Kind = "topped_up"
	Settled    Kind = "settled"
	FeeAccrued Kind = "late_fee"
	Lifecycle  Kind = "lifecycle"
	// Announced: the account was told of a change that is to come.
	Announced Kind = "announced"
	// Dissented: the customer said that it does not agree to one, and leaves.
	Dissented Kind = "dissented"
	// OrderLapsed: an order lapsed, and what was agreed with it.
	OrderLapsed Kind = "order_lapsed"
	// AddOnSwitched: an add-on of a product was switched on or off.
	AddOnSwitched Kind = "add_on_switched"
)

// Entry is one thing that happened to an account.
type Entry struct {
	// Seq numbers the account's entries from one.
	Seq int64
	// Kind says what happened.
	Kind Kind
	// Effective is when it counts as having happened; Recorded is when it was written down.
	Effective, Recorded calendar.Instant
	// Actor is who asked: a key's name, or "clock".
	Actor string
	// Payload holds the inputs that no row of the entry holds, as canonical JSON.
	Payload string
	// Rows is the digest over the rows that the entry wrote, in line order.
	Rows Hash
	// Previous is the hash of the entry before, Hash this one's.
	Previous, Hash Hash
}

// Seal returns the hash that the entry must have in an account's chain.
func (e Entry) Seal(account string) Hash {
	enc := Encoder{buf: make([]byte, 0, 512)} // more than most entries need
	enc.Text(account).Int(e.Seq).Text(string(e.Kind)).
		Int(int64(e.Effective)).Int(int64(e.Recorded)).
		Text(e.Actor).Text(e.Payload).Bytes(e.Rows[:]).Bytes(e.Previous[:])
	return enc.Sum()
}

// Encoder writes values one after the other so that different sequences of
// values never give the same bytes.
type Encoder struct{ buf []byte }

// Int appends a number.
func (e *Encoder) Int(v int64) *Encoder {
	e.buf = binary.BigEndian.AppendUint64(e.buf, uint64(v))
	return e
}

// Text appends a string with its length.
func (e *Encoder) Text(s string) *Encoder {
	e.buf = binary.AppendUvarint(e.buf, uint64(len(s)))
	e.buf = append(e.buf, s...)
	return e
}

// Bytes appends bytes with their length.
func (e *Encoder) Bytes(b []byte) *Encoder {
	e.buf = binary.AppendUvarint(e.buf, uint64(len(b)))
	e.buf = append(e.buf, b...)
	return e
}

// Sum returns the SHA-256 of what has been appended.
func (e *Encoder) Sum() Hash { return sha256.Sum256(e.buf) }

// Reset forgets what has been appended and keeps the memory.
func (e *Encoder) Reset() { e.buf = e.buf[:0] }

// Digest is the first eight bytes of a row's hash, stored beside the row so
// that the row itself can be named when a byte of it has changed.
func (e *Encoder) Digest() int64 {
	sum := e.Sum()
	return int64(binary.BigEndian.Uint64(sum[:8]))
}
