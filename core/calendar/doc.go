// Package calendar holds instants, days, months and working days as the
// provider's agreements count them.
//
// Owns: Instant (integer microseconds UTC), Zone (a fixed offset), Day, Month,
// natural-day arithmetic, and the dated table of working days. Does not own: a
// clock (instants come from outside) or which reading of "day" a clause takes.
//
// Invariants: no clock is read; legal days and months belong to the provider's
// zone; a working day in a year that the table does not cover is a refusal,
// never a guess.
package calendar
