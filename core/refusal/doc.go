// Package refusal holds the closed set of codes with which Termwise says no.
//
// Owns: the codes, what each asks the caller to do, and the error type that
// carries one. Does not own: the order in which a use case checks them (each
// use case documents its own ladder) or how a transport shows them.
//
// Invariants: a refusal changes nothing; every code in Codes is produced by a
// test; a message names the value that was refused and the way out.
package refusal
