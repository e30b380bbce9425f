// Package api serves Termwise over HTTP.
//
// Owns: routes, the OpenAPI document (made from the Go types), who may call
// what, how a refusal looks on the wire (RFC 9457 problems), opaque cursors,
// the reading of CloudEvents, and the metrics. Does not own: what a use case
// does or refuses (app, core), or the process around the server (cmd).
//
// Invariants: every operation of the document names the roles that may call it,
// and the same words are what is enforced; a customer's key never learns
// whether another account exists; an answer that says "accepted" is durable;
// each refusal.Code has one status; money is a string beside its currency.
//
// Clauses: none of its own; the use cases it calls name theirs.
package api
