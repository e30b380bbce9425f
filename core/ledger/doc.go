// Package ledger keeps a customer's money in double entry.
//
// Owns: the names of a customer's ledger accounts, transfers between two of
// them, balances, and the floor that a wallet may not cross. Does not own:
// why money moves (core/account decides) or how rows are stored.
//
// Invariants: a transfer moves a positive amount from a debit to a credit
// account, so it balances by its form; the balances of one customer sum to
// zero; a wallet never goes below zero.
//
// Clauses: the general agreement's wallet and deduction clauses (G 2.2, 2.3.2)
// are why the wallet, receivable and revenue accounts exist.
package ledger
