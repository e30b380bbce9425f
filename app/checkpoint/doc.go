// Package checkpoint writes down where every account's journal stands, signed,
// so that the history up to then can be held against it for ever.
//
// Owns: the form of a checkpoint, its signature, and the keys. Does not own:
// reading journals (package app).
//
// Invariants: what is read has been signed in this very form; one changed byte is
// refused before anything of it is used.
//
// A hash chain tells that an entry was changed, unless all entries after it are
// made anew. The chain's heads, kept elsewhere and signed, tell that too.
//
// Clause: C 3.1.7 (the provider's records as evidence).
package checkpoint
