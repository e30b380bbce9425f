// Package notice says what a customer must be told.
//
// Owns: the kinds of notice and the record that one was made. Does not own:
// delivery, or which step waits for a notice (core/subscription).
//
// Invariants: a notice names the terms that called for it; the instant at which
// it was recorded is the earliest from which a waiting period can count.
//
// Clauses: G 7.3 (keep the balance sufficient) and the product pages' timelines.
package notice
