// Package catalog holds what is sold: products and the meters they are priced by.
//
// Owns: Product and Meter. Does not own: prices (they are terms, read from the
// documents that bind an account) or how a page is written in YAML (core/terms).
//
// Invariants: a product's meters are sorted by name and their names are unique;
// Per is at least one.
//
// Clauses: the product part of a product page (G 2.1: what is sold, and its
// price, is what the page shows).
package catalog
