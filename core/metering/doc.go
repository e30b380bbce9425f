// Package metering turns usage events into hourly buckets.
//
// Owns: the usage event and its identity, what makes one acceptable, how an
// interval spreads over clock hours, the bucket that collects them, and the forms
// in which many events, and the buckets of an hour, are kept together. Does not own:
// prices (core/rating), or which hours may be billed (core/subscription).
//
// Invariants: (source, id) names one event for ever, and its body's hash tells
// a repetition from a reuse; the quantities of an event's hours sum to its
// whole; quantities are integers in the meter's base unit; the same events and the
// same buckets are packed as the same bytes, and nothing else can be unpacked.
//
// Clauses: G 2.3.2 (usage of the cycle just closed is computed and deducted).
package metering
