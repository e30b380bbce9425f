// Package money holds amounts, prices and the only places where they are
// rounded.
//
// Owns: Amount (int64 in 1e-6 of a currency), Decimal (int64 in 1e-10, for
// prices and rates), Rounding, exact price × quantity and amount × rate, and
// splits that conserve. Does not own: which rounding applies (the terms name
// it) or where money is posted (core/ledger).
//
// Invariants: no float; every product is computed exactly in 128 bits and
// rounded once; what leaves int64 is an error, never a wrap; the parts of a
// split sum to the whole.
package money
