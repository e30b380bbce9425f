package store

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"termwise.dev/core/account"
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
	return resources.put(ctx, a.tx, putFirstUse, used, nil)
}

const putFirstUse = `INSERT INTO resources (account, product, resource, opened)
	SELECT r.account, r.product, r.resource, r.opened FROM {rows}
	WHERE NOT EXISTS (SELECT 1 FROM resources o
		WHERE o.account = r.account AND o.product = r.product AND o.resource = r.resource AND o.opened <= r.opened)
	ON CONFLICT (account, product, resource) DO UPDATE SET opened = excluded.opened`

// putBuckets writes the buckets of each hour once, with the usage that is fresh and
// what was billed and refused of it. An hour that has buckets and was not loaded is
// never overwritten.
func (a *applier) putBuckets(ctx context.Context) error {
	var made, changed []owned[account.StoredHour]
	for _, d := range a.decisions {
		first, again, err := d.Hours()
		if err != nil {
			return err
		}
		for _, h := range first {
			made = append(made, owned[account.StoredHour]{d.Account, h})
		}
		for _, h := range again {
			changed = append(changed, owned[account.StoredHour]{d.Account, h})
		}
	}
	if err := hours.add(ctx, a.tx, made); err != nil {
		return err
	}
	return hours.put(ctx, a.tx, changeHours, changed,
		errors.New("store: not all hours whose buckets were changed exist: the database was changed by hand"))
}

const changeHours = "UPDATE buckets SET open = r.open, content = r.content FROM {rows} WHERE buckets.account = r.account AND buckets.hour = r.hour"
