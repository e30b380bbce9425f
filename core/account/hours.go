package account

import (
	"bytes"
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
)

// StoredHour is what is stored of an account's usage in a clock hour: its buckets,
// packed by metering.PackHour, and whether usage of one of them is not settled.
type StoredHour struct {
	Hour    calendar.Hour
	Open    bool
	Content []byte
}

// NewStoredHour packs the buckets of an hour, sorted by their keys.
func NewStoredHour(hour calendar.Hour, buckets []metering.Bucket) *StoredHour {
	return &StoredHour{
		Hour: hour, Content: metering.PackHour(buckets),
		Open: slices.ContainsFunc(buckets, func(b metering.Bucket) bool { return b.Pending != 0 }),
	}
}

// Buckets unpacks the buckets. It returns an error for content that was not packed.
func (h *StoredHour) Buckets() ([]metering.Bucket, error) {
	return metering.UnpackHour(h.Hour, h.Content)
}

// Hours gives what is stored of the hours whose buckets the decision changed: made
// holds those that have none yet, changed those that were loaded (Books.Hours).
// It refuses a bucket that says what cannot be: that less than nothing of it was
// billed or refused, or more than there is.
func (d *Decision) Hours() (made, changed []*StoredHour, err error) {
	var before Books
	if d.Before != nil {
		before = *d.Before
	}
	buckets := d.written(before.Fresh)
	for _, b := range buckets {
		if b.Billed < 0 || b.Refused < 0 || b.Billed > b.Total-b.Refused {
			return nil, nil, Unreadable("the bucket " + bucketName(b.Key) + " says that it is billed or refused as it cannot be")
		}
	}
	for len(buckets) > 0 {
		hour, n := buckets[0].Hour, 1
		for n < len(buckets) && buckets[n].Hour == hour {
			n++
		}
		if stored, loaded := before.Hours[hour]; loaded {
			changed = append(changed, NewStoredHour(hour, overlaid(stored, buckets[:n])))
		} else {
			made = append(made, NewStoredHour(hour, overlaid(nil, buckets[:n])))
		}
		buckets = buckets[n:]
	}
	return made, changed, nil
}

// written lists the buckets that the decision writes, sorted by their keys: those
// with fresh usage, and those of which it settled some.
func (d *Decision) written(fresh Fresh) []*metering.Bucket {
	all := slices.Concat(d.Buckets, fresh.Made, fresh.Raised)
	slices.SortStableFunc(all, func(a, b *metering.Bucket) int { return a.Compare(b.Key) })
	return slices.CompactFunc(all, func(a, b *metering.Bucket) bool { return a.Key == b.Key }) // the settled one comes first
}

// overlaid gives the buckets of an hour as they are when some of them have changed;
// both lists are sorted.
func overlaid(stored []metering.Bucket, changed []*metering.Bucket) []metering.Bucket {
	all := make([]metering.Bucket, 0, len(stored)+len(changed))
	for _, b := range stored {
		for len(changed) > 0 && changed[0].Compare(b.Key) < 0 {
			all = append(all, *changed[0])
			changed = changed[1:]
		}
		if len(changed) > 0 && changed[0].Key == b.Key {
			continue
		}
		all = append(all, b)
	}
	for _, b := range changed {
		all = append(all, *b)
	}
	return all
}

// checkHours checks that what is stored of each hour is written as it always is.
func (ev *Evidence) checkHours(f *Findings) {
	buckets := ev.Buckets
	for i := range ev.Hours {
		kept, n := &ev.Hours[i], 0
		for n < len(buckets) && buckets[n].Hour == kept.Hour {
			n++
		}
		right := NewStoredHour(kept.Hour, buckets[:n])
		if n == 0 || kept.Open != right.Open || !bytes.Equal(kept.Content, right.Content) {
			f.add(faultAt(UsageIsBilledOnce, InBuckets, "of the hour from "+kept.Hour.Start().String(), "is written otherwise than its buckets are"))
		}
		buckets = buckets[n:]
	}
}
