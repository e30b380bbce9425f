// Package model says what must become of a customer's usage and money. It is
// written from the agreements in provider/, and from docs/architecture.md and
// docs/terms.md where those are silent; never from the code that it judges, of
// which it imports nothing.
//
// It is slow and plain on purpose. An account is the list of what it was told,
// in order; every question is answered by living through that list again from
// the first day. Quantities are counted event by event, money is a fraction
// until it is rounded, days are those of package time.
//
// Where the agreements leave a choice that changes nobody's money, the model
// takes the one that the documentation names. Those places say so.
package model
