// Package canary names the bugs that are seeded beside the rules they break, so
// that the simulator can be asked whether it finds them.
//
// Owns: the list of seeded bugs, and whether one of them is awake. Does not own:
// the rules, or the hunt (sim).
//
// Invariants: without the build tag canary, On is false and costs nothing; with
// it, at most one bug is awake, and none until Wake is called; each bug is
// seeded in one place.
//
// Clauses: none of its own; a seeded bug breaks the clause that it stands beside.
package canary
