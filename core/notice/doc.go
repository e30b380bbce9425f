// Package notice says what a customer must be told.
//
// Owns: the kinds of notice and the record that one was made. Does not own:
// delivery, how long before a change a notice must be given and when it counts as
// served (core/terms), or which step waits for one (core/subscription).
//
// Invariants: a notice names the terms that called for it; the instant at which
// it was recorded is the earliest from which a waiting period can count; where
// the terms say nothing of service, no instant of service is recorded.
//
// Clauses: G 7.3 (keep the balance sufficient) and the product pages' timelines;
// G 2.5, 3.2.8, 3.2.9, 7.4 and 12.2 and their like (changes to come).
package notice
