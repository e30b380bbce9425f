// Package journal holds the chain of what happened to an account.
//
// Owns: the entry (what happened, when, when it was recorded, by whom, on which
// inputs), the digest of the rows that an entry wrote, and the hash chain.
// Does not own: the rows themselves or where they are stored.
//
// Invariants: entries of an account are numbered from one without gaps; the
// hash of each covers its predecessor's, its own fields and its rows, so that a
// changed byte anywhere breaks the chain at a known entry.
//
// Clauses: C 3.1.7 of the register (the provider's records may be evidence) is
// why the journal must show tampering.
package journal
