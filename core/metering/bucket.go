package metering

import (
	"cmp"

	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
)

// Key names a bucket within its account.
type Key struct {
	Product, Resource, Meter string
	Hour                     calendar.Hour
}

// Compare orders keys by hour, product, resource and meter: the order in which
// charges stand on a bill.
func (k Key) Compare(o Key) int {
	return cmp.Or(
		cmp.Compare(k.Hour, o.Hour), cmp.Compare(k.Product, o.Product),
		cmp.Compare(k.Resource, o.Resource), cmp.Compare(k.Meter, o.Meter),
	)
}

// Bucket collects one meter of one resource in one clock hour.
type Bucket struct {
	Key
	// Total is all usage that has arrived, in base units.
	Total int64
	// Touched is when usage last arrived.
	Touched calendar.Instant
	// Pending is when the first of the usage arrived that is not settled; zero
	// when all of it is.
	Pending calendar.Instant
	// Billed and Refused are the parts of Total that have been settled.
	Billed, Refused int64
	// Charged is what Billed has cost so far, Lines how many charges say so.
	Charged money.Amount
	Lines   int64
}

// IsOpen says whether some usage has not been settled yet.
func (b *Bucket) IsOpen() bool { return b.Total > b.Billed+b.Refused }
