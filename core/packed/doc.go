// Package packed reads the numbers and bytes of which packed columns are made:
// parcels of usage, the buckets of an hour, the lines of an entry, the state of an
// account.
//
// Owns: how a number is read, that a reader never goes past what there is, and that
// a count never asks for more memory than there are bytes. Does not own: what the
// numbers mean and how they are written (encoding/binary writes them), or whether
// what was read is true.
//
// Invariants: after anything that cannot be read a Reader is broken and gives zeros.
//
// Clauses: none.
package packed
