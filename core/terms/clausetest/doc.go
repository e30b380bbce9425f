// Package clausetest lets tests prove that a clause is executed, and collects
// the proofs.
//
// Owns: the assertions Applies, DoesNotApply, Executes and Refrains, and Scan,
// which finds their uses in test files. Does not own: the rules themselves
// (core/terms) or how coverage is shown.
//
// Invariants: a rule is covered when some test shows it at work (Applies or
// Executes) and some test shows it at rest (DoesNotApply or Refrains); the ref
// is a string literal, so that Scan can read it; an assertion that names a ref
// wrongly fails.
//
// Clauses: none of its own. It reads test files and so is not part of the pure
// core, though it stands beside it.
package clausetest
