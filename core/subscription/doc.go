// Package subscription keeps the state of a service that an account uses.
//
// Owns: the states of a pay-as-you-go service, the edges between them, the
// intervals in which usage may not be billed, and when the next step of an
// arrears timeline is due. Does not own: what is owed (core/arrears) or the
// notices' texts (core/notice).
//
// Invariants: states move only along declared edges; a step happens only after
// its notice was recorded and its waiting period has run; paying undoes a
// suspension, never a release or an end.
//
// Clauses: G 2.3 (right to withhold until paid), G 7.3 (no opening while
// payables are unsettled), the product page's timeline; G 3.2.9, E 3.1.1, C 3.1.1
// (a service ends because its customer does not agree to a change), G 7.4 (the
// provider discontinues it).
package subscription
