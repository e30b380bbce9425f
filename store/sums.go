package store

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
)

// sums is what a batch of new events adds, so that each bucket, resource and
// account is written once.
type sums struct {
	recorded  calendar.Instant
	resources map[ownedKey[account.Resource]]calendar.Instant // when first used
	buckets   map[ownedKey[metering.Key]]int64                // the quantity to add
	hours     map[string]calendar.Hour                        // the first of each account with usage
}

// ownedKey names something of an account.
type ownedKey[K any] struct {
	owner string
	key   K
}

// collect sums new events; it refuses with overflow a quantity that leaves 64 bits.
func collect(added []owned[account.StoredEvent], recorded calendar.Instant) (*sums, error) {
	s := &sums{
		recorded:  recorded,
		resources: map[ownedKey[account.Resource]]calendar.Instant{},
		buckets:   map[ownedKey[metering.Key]]int64{},
		hours:     map[string]calendar.Hour{},
	}
	for _, row := range added {
		if err := s.add(&row.row.Event); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *sums) add(e *metering.Event) (err error) {
	resource := ownedKey[account.Resource]{e.Account, account.Resource{Product: e.Product, Resource: e.Resource}}
	if at, known := s.resources[resource]; !known || e.From < at {
		s.resources[resource] = e.From
	}
	e.EachHour(func(hour calendar.Hour, meter string, quantity int64) {
		key := metering.Key{Product: e.Product, Resource: e.Resource, Meter: meter, Hour: hour}
		bucket := ownedKey[metering.Key]{e.Account, key}
		sum := s.buckets[bucket]
		if sum > math.MaxInt64-quantity {
			err = refusal.New(refusal.Overflow, "the usage of meter %s of %s in one hour cannot be held exactly", meter, e.Resource).
				Do("send quantities that are not so large")
			return
		}
		s.buckets[bucket] = sum + quantity
		if first, known := s.hours[e.Account]; !known || hour < first {
			s.hours[e.Account] = hour
		}
	})
	return err
}

// resourceRows lists the resources by account, product and resource.
func (s *sums) resourceRows() []owned[opened] {
	rows := make([]owned[opened], 0, len(s.resources))
	for r, at := range s.resources {
		rows = append(rows, owned[opened]{r.owner, &opened{r.key, at}})
	}
	return sortedRows(rows, func(a, b *opened) int {
		return cmp.Or(strings.Compare(a.Product, b.Product), strings.Compare(a.Resource.Resource, b.Resource.Resource))
	})
}

// bucketRows lists the buckets by account and key.
func (s *sums) bucketRows() []owned[metering.Bucket] {
	rows := make([]owned[metering.Bucket], 0, len(s.buckets))
	for b, quantity := range s.buckets {
		rows = append(rows, owned[metering.Bucket]{b.owner, &metering.Bucket{Key: b.key, Total: quantity, Touched: s.recorded, Pending: s.recorded}})
	}
	return sortedRows(rows, func(a, b *metering.Bucket) int { return a.Compare(b.Key) })
}

// dueRows lists when each account falls due: when its first hour with new
// usage has ended, and not before the usage arrived.
func (s *sums) dueRows() []owned[calendar.Instant] {
	rows := make([]owned[calendar.Instant], 0, len(s.hours))
	for id, first := range s.hours {
		due := max(first.End(), s.recorded)
		rows = append(rows, owned[calendar.Instant]{id, &due})
	}
	return sortedRows(rows, func(_, _ *calendar.Instant) int { return 0 })
}

// sortedRows sorts rows by owner, and those of one owner by compare.
func sortedRows[R any](rows []owned[R], compare func(a, b *R) int) []owned[R] {
	slices.SortFunc(rows, func(a, b owned[R]) int {
		return cmp.Or(strings.Compare(a.owner, b.owner), compare(a.row, b.row))
	})
	return rows
}
