package terms

// What one document says by itself, before anything is resolved.

// In returns the value that a document itself sets for a key, and false where
// it sets none.
func In[T any](d *Document, k Key[T]) (value T, stated bool) {
	t, ok := find(d, k)
	if !ok {
		return value, false
	}
	return t.value.(T), true
}

// Covers says whether a document that binds so can bind the account for the
// product.
func (b Binds) Covers(account, product string) bool { return b.covers(account, product) }
