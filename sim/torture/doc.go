// Package torture does to the program what a crowd does: storms of usage that
// arrives twice, late and out of order, and many goroutines that pay, use, look
// and let time pass at once. Its tests also break off each use case at each of
// its calls to the database.
//
// What is asked here needs no model: a storm must leave the totals of the calm
// feed, money must neither come nor go, and of many that claim one thing one
// must win. The sizes are small by default; -full makes them those of
// docs/reliability.md.
package torture
