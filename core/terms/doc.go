// Package terms makes agreements the program: it reads documents, decides which
// of their versions bind, and answers each typed question with a value and the
// clause that gives it.
//
// Owns: Document and its YAML, the registry of term keys, binding (acceptance,
// publication, effective dates, account lists, what a document ends and pins, what
// must be accepted besides), precedence, Resolve and its Trace, the comparison of
// two versions, and the proof that documents published together do not contradict
// each other undecidably.
//
// Does not own: what a value makes happen (each key says where it is read), who
// may publish, or where documents and acceptances are stored.
//
// Invariants:
//   - A value comes from a clause and names it, or it is a silence whose meaning
//     the key states, or it is a refusal. There is no default.
//   - The answer depends on which documents bind, never on the order in which they
//     are listed. Two unequal values that no declaration ranks are refused with
//     both citations.
//   - A Set never changes once made, so it can be read by any number of
//     goroutines; its hash depends on the product and the documents alone.
//   - What is known matters as well as what binds: a version or an acceptance
//     that was recorded after the known instant does not exist yet.
//
// Kinds: stamped, annex, page, order, special, sla and general are agreements,
// ranked only as documents declare. A document of kind rules states readings on
// which the agreements are silent; by that definition it gives way to every
// agreement unless a bound document declares otherwise.
//
// Clauses: G preamble, 12.1 and 12.4; S 14.1; E preamble and 11.1; C preamble and
// 10.1; U 0.2; F 1, F 3 and F 4; FA preamble and 12.1 (precedence and binding);
// G 3.1.8, E 3.1.3.3 and E 3.2.5 (what must be accepted besides); E 2.1.1.1, C 2.2
// and G 2.3.1.2 (what goes with an order that lapses); G 3.2.9 (notice of
// changes); S 0.2 (headings do not interpret).
package terms
