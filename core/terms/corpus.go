package terms

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"sync"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// Published is a document version and when it became known.
type Published struct {
	Document *Document
	Recorded calendar.Instant
}

// Corpus is everything that was published. It is safe for concurrent use.
type Corpus struct {
	histories []history         // sorted by document id
	products  []string          // every product that a document names, sorted
	shelves   map[string]*shelf // by product; the empty product is the account as a whole

	mu       sync.Mutex
	bindings map[string]*binding      // by product and versions
	kinds    map[[2]*Document][]Proof // of a version after another

	tries bool // it asks "what if": see During
}

// history is the versions of one document, by effective and then recorded instant.
type history struct {
	id       string
	versions []version
}

// version is a published version with its number in the corpus.
type version struct {
	Published
	number uint32
	// was is the document as it was published, where what is tried (see During)
	// dates it otherwise; nil elsewhere.
	was *Document
}

// published returns the document as it was published, with its own dates.
func (v *version) published() *Document {
	if v.was != nil {
		return v.was
	}
	return v.Document
}

// NewCorpus checks that the versions can stand together and makes a Corpus of
// them. It refuses
//   - with already_exists: an id and version that was published with other
//     content, a citation code or a product that two documents claim;
//   - with document_invalid: two versions of which none is the later one, a
//     header that ranks, ends or requires what was not published, a price per
//     another unit than the product's meter is counted in, a product, a meter
//     or an add-on that no page declares, and a value that names a clause or a
//     seller that is not there;
//   - with term_conflict: documents that bind together by publication, set a key
//     unequally, and cannot be ranked by anything that was published.
//
// All faults are returned, joined.
func NewCorpus(published []Published) (*Corpus, error) {
	c := &Corpus{shelves: make(map[string]*shelf), bindings: make(map[string]*binding), kinds: make(map[[2]*Document][]Proof)}
	sorted, errs := distinct(published)
	for i, p := range sorted {
		v := version{Published: p, number: uint32(i)}
		if i == 0 || sorted[i-1].Document.ID != p.Document.ID {
			c.histories = append(c.histories, history{id: p.Document.ID})
		}
		h := &c.histories[len(c.histories)-1]
		h.versions = append(h.versions, v)
	}
	c.products = productsOf(sorted)
	for _, check := range []func([]Published) []error{checkOrder, checkCodes, checkProducts, checkNames, checkValues, checkSold} {
		errs = append(errs, check(sorted)...)
	}
	if len(errs) == 0 {
		for _, product := range append([]string{""}, c.products...) {
			c.shelves[product] = c.newShelf(product)
		}
		errs = c.prove()
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return c, nil
}

// distinct sorts the versions by document, effective and recorded instant. The
// same content published twice counts once, from when it was first known.
func distinct(published []Published) ([]Published, []error) {
	var errs []error
	first := make(map[[2]string]Published)
	for _, p := range published {
		key := [2]string{p.Document.ID, p.Document.Version}
		known, ok := first[key]
		if ok && known.Document.Hash != p.Document.Hash {
			errs = append(errs, refusal.New(refusal.AlreadyExists, "%s %s was published with other content", p.Document.ID, p.Document.Version).
				At(p.Document.Place("version")).Do("give the changed text a new version"))
			continue
		}
		if !ok || p.Recorded < known.Recorded {
			first[key] = p
		}
	}
	var out []Published
	for _, p := range first {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Published) int {
		return cmp.Or(
			strings.Compare(a.Document.ID, b.Document.ID),
			cmp.Compare(a.Document.Effective, b.Document.Effective),
			cmp.Compare(a.Recorded, b.Recorded),
			strings.Compare(a.Document.Version, b.Document.Version),
		)
	})
	return out, errs
}

func productsOf(published []Published) []string {
	var products []string
	for _, p := range published {
		products = append(products, p.Document.Binds.Products...)
		if p.Document.Product != nil {
			products = append(products, p.Document.Product.ID)
		}
	}
	slices.Sort(products)
	return slices.Compact(products)
}

// history returns the versions of a document, or nil.
func (c *Corpus) history(id string) *history {
	i, found := slices.BinarySearchFunc(c.histories, id, func(h history, id string) int { return strings.Compare(h.id, id) })
	if !found {
		return nil
	}
	return &c.histories[i]
}

// Next returns the version of a document that takes effect next, at an instant or
// later, of those announced by another; nil where there is none. Of versions that
// take effect together it is the one that binds from then.
func (c *Corpus) Next(document string, from, announced calendar.Instant) (next *Document) {
	h := c.history(document)
	if h == nil {
		return nil
	}
	for i := range h.versions {
		d := h.versions[i].Document
		if next != nil && next.Effective < d.Effective {
			break
		}
		if from <= d.Effective && d.Announced <= announced {
			next = d
		}
	}
	return next
}

// before returns the last version, of those that were known at an instant, that stands
// before the first one that is meant; nil where there is none. A succession asks as of
// when its version became known, since nobody could follow what came later; what going on
// means is asked as of when somebody goes on.
func (h *history) before(known calendar.Instant, meant func(*version) bool) (old *version) {
	for i := range h.versions {
		v := &h.versions[i]
		if meant(v) {
			break
		}
		if v.Recorded <= known {
			old = v
		}
	}
	return old
}

// version returns a published version of a document, or nil.
func (c *Corpus) version(document, label string) *version {
	h := c.history(document)
	if h == nil {
		return nil
	}
	for i := range h.versions {
		if h.versions[i].Document.Version == label {
			return &h.versions[i]
		}
	}
	return nil
}
