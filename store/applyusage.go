package store

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"termwise.dev/core/metering"
)

// putResources writes when resources of fresh usage were first used, where that
// is not known or was later.
func (a *applier) putResources(ctx context.Context) error {
	var used []owned[opened]
	for _, d := range a.decisions {
		for r, at := range before(d).Fresh.Resources {
			used = append(used, owned[opened]{d.Account, &opened{r, at}})
		}
	}
	used = sortedRows(used, func(a, b *opened) int {
		return cmp.Or(strings.Compare(a.Product, b.Product), strings.Compare(a.Resource.Resource, b.Resource.Resource))
	})
	return resources.put(ctx, a.tx, `INSERT INTO resources (account, product, resource, opened)
		SELECT r.account, r.product, r.resource, r.opened FROM {rows}
		WHERE NOT EXISTS (SELECT 1 FROM resources o
			WHERE o.account = r.account AND o.product = r.product AND o.resource = r.resource AND o.opened <= r.opened)
		ON CONFLICT (account, product, resource) DO UPDATE SET opened = excluded.opened`, used, nil)
}

// putBuckets writes each bucket once, with the usage that is fresh and what was
// billed and refused of it.
func (a *applier) putBuckets(ctx context.Context) error {
	var made, changed []owned[metering.Bucket]
	for _, d := range a.decisions {
		settled := make(map[metering.Key]*metering.Bucket, len(d.Buckets))
		for _, b := range d.Buckets {
			settled[b.Key] = b
		}
		write := func(into *[]owned[metering.Bucket], b *metering.Bucket) {
			if after := settled[b.Key]; after != nil {
				b = after
				delete(settled, b.Key)
			}
			*into = append(*into, owned[metering.Bucket]{d.Account, b})
		}
		fresh := before(d).Fresh
		for _, b := range fresh.Made {
			write(&made, b)
		}
		for _, b := range fresh.Raised {
			write(&changed, b)
		}
		for _, b := range d.Buckets {
			if settled[b.Key] != nil {
				write(&changed, b)
			}
		}
	}
	if err := buckets.add(ctx, a.tx, made); err != nil {
		return err
	}
	return a.changeBuckets(ctx, changed)
}

func (a *applier) changeBuckets(ctx context.Context, changed []owned[metering.Bucket]) error {
	return buckets.put(ctx, a.tx,
		`UPDATE buckets SET total = r.total, touched = r.touched, pending = r.pending,
			billed = r.billed, refused = r.refused, charged = r.charged, lines = r.lines FROM {rows}
		WHERE buckets.account = r.account AND buckets.product = r.product
			AND buckets.resource = r.resource AND buckets.meter = r.meter AND buckets.hour = r.hour`, changed,
		errors.New("store: not all buckets that were changed exist: the database was changed by hand"))
}
