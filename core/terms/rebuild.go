package terms

import (
	"slices"

	"termwise.dev/core/refusal"
)

// Rebuild returns the Set that was once bound, from what was stored of it. It
// refuses with not_found a version that is not in the corpus, or whose content
// is not what was bound: an explanation from another text would be false.
func (c *Corpus) Rebuild(refs []DocumentRef, product string) (*Set, error) {
	var bound []version
	for _, ref := range refs {
		v, err := c.published(ref)
		if err != nil {
			return nil, err
		}
		bound = append(bound, v)
	}
	// The corpus numbers versions in the order of document ids, as a Set needs them.
	slices.SortFunc(bound, func(a, b version) int { return int(a.number) - int(b.number) })
	return c.shareUntil(c.share(product, bound), 0), nil
}

func (c *Corpus) published(ref DocumentRef) (version, error) {
	v := c.version(ref.Document, ref.Version)
	switch {
	case v == nil:
		return version{}, refusal.New(refusal.NotFound, "%s %s is not published", ref.Document, ref.Version).Do("publish it from the provider's archive")
	case v.Document.Hash != ref.Hash:
		return version{}, refusal.New(refusal.NotFound, "%s %s is published with content %s, and what was bound is %s",
			ref.Document, ref.Version, v.Document.Hash, ref.Hash).Do("publish the original source again; a published version must not be edited")
	}
	return *v, nil
}
