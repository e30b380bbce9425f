package account

import (
	"math"
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
)

// Fresh is usage that came since buckets were last written, put into buckets. A
// decision's store writes them with what the decision made of them.
type Fresh struct {
	// Parcel is the number of the last parcel that was folded; zero when none was.
	Parcel int64
	// To bounds the hours that have buckets afterwards.
	To calendar.Hour
	// Made holds the buckets that are new, Raised those that were there before, as
	// they are with the new usage; both in order.
	Made, Raised []*metering.Bucket
	// Resources holds when each resource of the usage was first used by it.
	Resources map[Resource]calendar.Instant
	// Err says why the usage cannot be put into buckets. No decision is made on
	// the account until it can.
	Err error
}

// Fold puts parcels into buckets.
type Fold struct {
	id      string
	buckets map[metering.Key]*metering.Bucket
	fresh   Fresh
	to      calendar.Hour
}

// NewFold begins to fold parcels of an account, where all hours that have
// buckets are before an hour.
func NewFold(id string, to calendar.Hour) *Fold {
	return &Fold{
		id: id, to: to, buckets: map[metering.Key]*metering.Bucket{},
		fresh: Fresh{To: to, Resources: map[Resource]calendar.Instant{}},
	}
}

// Add folds the next parcel.
func (f *Fold) Add(p *Parcel) {
	f.fresh.Parcel = p.Number
	events, whole := p.Open(f.id)
	if !whole {
		f.fail(refusal.New(refusal.BadInput, "usage parcel %d of account %s was changed after it was written", p.Number, f.id).
			Do("run termwise verify, and put the row back as it was"))
	}
	for i := range events {
		f.event(&events[i])
	}
}

func (f *Fold) fail(err error) {
	if f.fresh.Err == nil {
		f.fresh.Err = err
	}
}

func (f *Fold) event(e *StoredEvent) {
	r := Resource{Product: e.Product, Resource: e.Resource}
	if first, known := f.fresh.Resources[r]; !known || e.From < first {
		f.fresh.Resources[r] = e.From
	}
	e.EachHour(func(hour calendar.Hour, meter string, quantity int64) {
		key := metering.Key{Product: e.Product, Resource: e.Resource, Meter: meter, Hour: hour}
		b := f.buckets[key]
		if b == nil {
			b = &metering.Bucket{Key: key}
			f.buckets[key] = b
			f.fresh.To = max(f.fresh.To, hour+1)
		}
		f.raise(b, metering.Bucket{Key: key, Total: quantity, Touched: e.Recorded, Pending: e.Recorded})
	})
}

// raise adds usage to a bucket.
func (f *Fold) raise(b *metering.Bucket, more metering.Bucket) {
	if b.Total > math.MaxInt64-more.Total {
		f.fail(refusal.New(refusal.Overflow, "the usage of meter %s of %s in the hour from %s cannot be held exactly", b.Meter, b.Resource, b.Hour.Start()).
			Do("look for the reporter of quantities that are far too large"))
		return
	}
	b.Total += more.Total
	b.Touched = max(b.Touched, more.Touched)
	if b.Pending == 0 || more.Pending != 0 && more.Pending < b.Pending {
		b.Pending = more.Pending
	}
}

// Late lists, in order, the hours that may have buckets already: those of usage
// from before the bound. The caller looks them up and gives Finish what is there.
func (f *Fold) Late() []calendar.Hour {
	var hours []calendar.Hour
	for key := range f.buckets {
		if key.Hour < f.to {
			hours = append(hours, key.Hour)
		}
	}
	slices.Sort(hours)
	return slices.Compact(hours)
}

// Finish adds the usage to the buckets that are there, and returns what came out.
func (f *Fold) Finish(stored []metering.Bucket) Fresh {
	for i := range stored {
		b := stored[i]
		more, folded := f.buckets[b.Key]
		if !folded {
			continue
		}
		f.raise(&b, *more)
		f.fresh.Raised = append(f.fresh.Raised, &b)
		delete(f.buckets, b.Key)
	}
	for _, b := range f.buckets {
		f.fresh.Made = append(f.fresh.Made, b)
	}
	inOrder := func(a, b *metering.Bucket) int { return a.Compare(b.Key) }
	slices.SortFunc(f.fresh.Made, inOrder)
	slices.SortFunc(f.fresh.Raised, inOrder)
	return f.fresh
}

// Take puts fresh usage into the books: buckets whose hour has ended by an
// instant become open, a later one says when it may fall due.
func (b *Books) Take(fresh Fresh, upTo calendar.Instant) {
	b.Fresh = fresh
	open := slices.Concat(fresh.Made, fresh.Raised)
	again := map[metering.Key]bool{}
	for _, bucket := range fresh.Raised {
		again[bucket.Key] = true
	}
	for _, bucket := range b.Open {
		if !again[bucket.Key] {
			open = append(open, bucket)
		}
	}
	slices.SortFunc(open, func(a, b *metering.Bucket) int { return a.Compare(b.Key) })
	b.Open = open[:0]
	for _, bucket := range open {
		if bucket.Hour.End() <= upTo {
			b.Open = append(b.Open, bucket)
		} else {
			b.OpenAfter = min(b.OpenAfter, bucket.Hour.End())
		}
	}
}
