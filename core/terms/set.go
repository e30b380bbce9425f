package terms

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/catalog"
	"termwise.dev/core/refusal"
)

// Set is the document versions that bind an account for a product, with every
// key that they set already resolved. Accounts with the same binding share a
// Set. It never changes, so any number of goroutines may read it.
type Set struct {
	*binding
	until calendar.Instant
}

// binding is the part of a Set that depends on its documents alone.
type binding struct {
	number    uint32                    // in the corpus, from one
	sets      map[calendar.Instant]*Set // by until; guarded by the corpus
	hash      Hash
	documents []*Document // sorted by id, one version each
	productID string
	product   *catalog.Product // nil for the account as a whole
	ranking   *ranking
	resolved  map[string]resolution
}

// Value is what a key means for a Set.
type Value[T any] struct {
	V        T        // zero when Silent
	Silent   bool     // no bound document sets the key; the key's Silence says what that means
	Citation Citation // the clause that sets it; zero when Silent
}

func newBinding(productID string, documents []*Document) *binding {
	b := &binding{productID: productID, documents: documents, hash: hashOf(productID, documents), sets: make(map[calendar.Instant]*Set)}
	for _, d := range documents {
		if d.Product != nil && d.Product.ID == productID {
			b.product = d.Product
		}
	}
	b.ranking = newRanking(documents)
	b.resolved = make(map[string]resolution)
	for key, candidates := range candidatesOf(documents) {
		b.resolved[key] = b.ranking.resolve(key, candidates)
	}
	return b
}

// hashOf hashes the product and, in order of their ids, the documents. The ids
// are in the hash beside the content, each ended by a byte that no id contains.
func hashOf(productID string, documents []*Document) Hash {
	h := sha256.New()
	h.Write([]byte(productID + "\n"))
	for _, d := range documents {
		h.Write([]byte(d.ID + " " + d.Version + "\n"))
		h.Write(d.Hash[:])
	}
	return Hash(h.Sum(nil))
}

// Hash identifies the Set by its content: the product and the documents.
func (s *Set) Hash() Hash { return s.hash }

// ID is a short form of Hash for charges and journal entries. It is never zero.
func (s *Set) ID() int64 {
	if id := int64(binary.BigEndian.Uint64(s.hash[:8])); id != 0 {
		return id
	}
	return 1
}

// Until is the first instant at which the binding changes by itself, as far as
// was known: a version takes effect or ends, or an acceptance that is dated
// ahead begins. It is EndOfTime when nothing is to come, and zero (none) for a
// Set that was rebuilt.
func (s *Set) Until() calendar.Instant { return s.until }

// Documents lists the versions that bind, sorted by document id.
func (s *Set) Documents() []*Document { return slices.Clone(s.documents) }

// Product is the product that the Set was bound for, or nil for the account as
// a whole.
func (s *Set) Product() *catalog.Product { return s.product }

// ProductID is the product that the Set was bound for, or "" for the account as a
// whole.
func (s *Set) ProductID() string { return s.productID }

// Refs lists what is stored to rebuild the Set, beside the product's id.
func (s *Set) Refs() []DocumentRef {
	refs := make([]DocumentRef, len(s.documents))
	for i, d := range s.documents {
		refs[i] = d.Ref()
	}
	return refs
}

// Get returns the value of a key and the clause that sets it. When no bound
// document sets it, the value is Silent, or the refusal is term_missing if
// silence has no meaning. Unequal values that nothing ranks are refused with
// term_conflict. Get is a map lookup: call it as often as needed.
func Get[T any](s *Set, k Key[T]) (Value[T], error) {
	return lookup[T](s, k.name, k.silence)
}

// GetIn is Get for a member of a family, for example the price of a meter.
func GetIn[T any](s *Set, f Family[T], member string) (Value[T], error) {
	return lookup[T](s, f.prefix+"."+member, f.silence)
}

func lookup[T any](s *Set, name string, silence Silence) (Value[T], error) {
	r, ok := s.resolved[name]
	switch {
	case !ok && silence == SilenceIsError:
		return Value[T]{}, s.missing(strings.Clone(name)) // a copy, so that name itself can stay on the stack
	case !ok:
		return Value[T]{Silent: true}, nil
	case r.err != nil:
		return Value[T]{}, r.err
	}
	return Value[T]{V: r.winner.term.value.(T), Citation: r.winner.citation()}, nil
}

func (b *binding) missing(name string) error {
	bound := ""
	for i, d := range b.documents {
		if i > 0 {
			bound += ", "
		}
		bound += d.ID + " " + d.Version
	}
	return refusal.New(refusal.TermMissing, "no bound document sets %s, and silence on it means nothing (bound: %s)", name, bound).
		Do("publish a version of one of them, or a rules document, that sets it")
}
