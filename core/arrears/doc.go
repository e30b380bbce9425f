// Package arrears keeps what a customer owes, how old it is, and what a day of
// delay costs.
//
// Owns: debts by due day, the order in which money pays them, ageing, and the
// base and amount of a day's late fee. Does not own: suspension and release
// (core/subscription) or postings (core/ledger).
//
// Invariants: a debt's outstanding principal is above zero and never above what
// was charged; a payment never exceeds what is outstanding; a late fee never
// bears a late fee unless the terms say compound.
//
// Clauses: G 2.3 (late fee, right to withhold); the reading of "per day" where
// the agreement is silent comes from the provider's published rules.
package arrears
