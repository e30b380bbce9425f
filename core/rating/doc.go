// Package rating turns a bucket's quantity into money.
//
// Owns: the charge for one meter of one resource in one clock hour, and the
// difference that late usage makes to it. Does not own: which quantity may be
// billed, or who pays.
//
// Invariants: the charges of a bucket sum to its billed quantity times the
// price, rounded once, whatever the order in which usage arrived; a quantity of
// zero has no charge.
//
// Clauses: the product page's prices, G 2.1 and 2.3.2, and the published rule
// for rounding.
package rating
