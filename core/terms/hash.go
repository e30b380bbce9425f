package terms

import (
	"crypto/sha256"
	"encoding/hex"

	"termwise.dev/core/refusal"
)

// Hash is the SHA-256 of a document's source, or of a Set's documents.
type Hash [sha256.Size]byte

// HashText returns the hash of a document's source as it was published.
func HashText(source []byte) Hash { return sha256.Sum256(source) }

// ParseHash reads 64 hexadecimal digits.
func ParseHash(s string) (h Hash, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(h) {
		return h, refusal.New(refusal.BadInput, "%q is not a hash", s).Do("give %d hexadecimal digits", 2*len(h))
	}
	copy(h[:], b)
	return h, nil
}

// String gives 64 hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText gives String.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what ParseHash reads.
func (h *Hash) UnmarshalText(b []byte) (err error) { *h, err = ParseHash(string(b)); return err }
