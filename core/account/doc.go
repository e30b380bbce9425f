// Package account decides what happens to one account.
//
// Owns: the books of an account (balances, debts, services, acceptances, lapses,
// add-ons, open buckets), the commands on them, what falls due as time passes and
// in which order, the rows that each decision writes, how an account's state and the
// rows that an entry carries are packed, the rows' explanation, and the check of
// stored evidence by making the books again from the journal. Does not own: the rules
// of each part (ledger, arrears, rating, subscription, terms) or storage.
//
// Invariants: a decision is a pure function of the books, the terms and the
// instants it is given; advancing in one leap gives the rows of advancing in
// many steps; at one instant the order is late fees, returns that the terms bring,
// settlement, timeline; each row belongs to one journal entry and names the terms it
// was computed under.
//
// Clauses: G 0.3 (acceptance by use), G 2.2 (top-up), G 2.3 (arrears), G 2.3.2
// (deduction of the closed cycle), G 7.3 (opening), E 2.1.1.1 and C 2.2 (what goes
// with an order that lapses), E 3.1.7, 3.1.9 and 3.2.5 (add-ons), and the product
// page's.
package account
