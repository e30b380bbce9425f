// Package app holds the use cases: what commands and HTTP alike ask Termwise to
// do. One file each.
//
// Owns: transactions, the order load → decide → apply, idempotency, the clock,
// and the corpus of published documents as a running program sees it. Does not
// own: rules (core), SQL (store), transport (api, cmd).
//
// Invariants: a use case runs in one transaction for each batch of whole
// accounts; what it answers is durable; repeating it with the same key changes
// nothing; a refusal changes nothing.
//
// Clauses: none of its own; the rules it calls name theirs.
package app
