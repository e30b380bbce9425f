package store

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
)

// Outcome says what became of a usage event.
type Outcome string

// The outcomes: the event is new and counted; it was here before; its name
// stands for an event with another body, and it is not counted.
const (
	UsageAccepted  Outcome = "accepted"
	UsageDuplicate Outcome = "duplicate"
	UsageReused    Outcome = "reused"
)

// eventKey names an event.
type eventKey struct{ account, source, id string }

func (k eventKey) compare(o eventKey) int {
	return cmp.Or(
		strings.Compare(k.account, o.account), strings.Compare(k.source, o.source), strings.Compare(k.id, o.id),
	)
}

func keyOf(e *metering.Event) eventKey { return eventKey{e.Account, e.Source, e.ID} }

// PutUsage keeps events that core found acceptable, adds those that are new to
// their buckets, and says what became of each, in the order given. recorded is
// when they arrived. It refuses with unknown_account when an account does not
// exist, and with overflow when a bucket would leave 64 bits; nothing may be
// committed then.
//
// Rows are written in order of their keys, and accounts are locked before
// buckets, so batches that overlap wait for each other and never in a circle.
func (tx *Tx) PutUsage(ctx context.Context, batch []metering.Event, recorded calendar.Instant) ([]Outcome, error) {
	first, order := firstOfEach(batch)
	sent := make([]int64, len(batch))
	for i := range batch {
		sent[i] = batch[i].Body()
	}
	rows := make([]owned[account.StoredEvent], len(order))
	for i, at := range order {
		rows[i] = owned[account.StoredEvent]{batch[at].Account, account.Keep(&batch[at], sent[at], recorded)}
	}
	ids := map[string]bool{}
	for _, row := range rows {
		ids[row.owner] = true
	}
	if err := tx.lockKnown(ctx, slices.Sorted(maps.Keys(ids))); err != nil {
		return nil, err
	}
	fresh, err := tx.insertEvents(ctx, rows)
	if err != nil {
		return nil, err
	}
	bodies, err := tx.bodies(ctx, rows, fresh)
	if err != nil {
		return nil, err
	}
	added := slices.DeleteFunc(rows, func(row owned[account.StoredEvent]) bool {
		return !fresh[keyOf(&row.row.Event)] && !canary.On(canary.CountDuplicates)
	})
	if err := tx.addUsage(ctx, added, recorded); err != nil {
		return nil, err
	}
	return outcomes(batch, sent, first, fresh, bodies), nil
}

// firstOfEach finds, for each key of a batch, the first event that has it, and
// the order of these events by key.
func firstOfEach(batch []metering.Event) (first map[eventKey]int, order []int) {
	first = make(map[eventKey]int, len(batch))
	for i := range batch {
		key := keyOf(&batch[i])
		if _, seen := first[key]; !seen {
			first[key] = i
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return keyOf(&batch[a]).compare(keyOf(&batch[b])) })
	return first, order
}

// insertEvents keeps the events whose key is free and returns their keys.
func (tx *Tx) insertEvents(ctx context.Context, rows []owned[account.StoredEvent]) (fresh map[eventKey]bool, err error) {
	fresh = make(map[eventKey]bool, len(rows))
	err = events.query(ctx, tx, events.insert("ON CONFLICT DO NOTHING RETURNING account, source, id"), rows,
		func(found *sql.Rows) error {
			var k eventKey
			err := found.Scan(&k.account, &k.source, &k.id)
			fresh[k] = true
			return err
		})
	return fresh, err
}

// bodies returns what is stored under each key: a fresh event's own body, and
// what an older event left.
func (tx *Tx) bodies(ctx context.Context, rows []owned[account.StoredEvent], fresh map[eventKey]bool) (map[eventKey]int64, error) {
	bodies := make(map[eventKey]int64, len(rows))
	var older []owned[account.StoredEvent]
	for _, row := range rows {
		if key := keyOf(&row.row.Event); fresh[key] {
			bodies[key] = row.row.Body
		} else {
			older = append(older, row)
		}
	}
	err := events.query(ctx, tx,
		`SELECT e.account, e.source, e.id, e.body FROM usage_events e, {rows}
		WHERE e.account = r.account AND e.source = r.source AND e.id = r.id`, older,
		func(found *sql.Rows) error {
			var k eventKey
			var body int64
			err := found.Scan(&k.account, &k.source, &k.id, &body)
			bodies[k] = body
			return err
		})
	return bodies, err
}

func outcomes(batch []metering.Event, sent []int64, first map[eventKey]int, fresh map[eventKey]bool, bodies map[eventKey]int64) []Outcome {
	result := make([]Outcome, len(batch))
	for i := range batch {
		key := keyOf(&batch[i])
		switch {
		case fresh[key] && first[key] == i:
			result[i] = UsageAccepted
		case bodies[key] == sent[i] || canary.On(canary.ReusedIsDouble):
			result[i] = UsageDuplicate
		default:
			result[i] = UsageReused
		}
	}
	return result
}

// addUsage adds new events to their resources and buckets, and makes their
// accounts fall due when the first of their hours has ended.
func (tx *Tx) addUsage(ctx context.Context, added []owned[account.StoredEvent], recorded calendar.Instant) error {
	if len(added) == 0 {
		return nil
	}
	sums, err := collect(added, recorded)
	if err != nil {
		return err
	}
	if _, err := resources.write(ctx, tx, resources.insert(`ON CONFLICT (account, product, resource)
		DO UPDATE SET opened = excluded.opened WHERE excluded.opened < resources.opened`), sums.resourceRows()); err != nil {
		return err
	}
	if _, err := addedBuckets.write(ctx, tx, addedBuckets.insert(`ON CONFLICT (account, product, resource, meter, hour)
		DO UPDATE SET total = buckets.total + excluded.total,
			touched = CASE WHEN excluded.touched > buckets.touched THEN excluded.touched ELSE buckets.touched END,
			pending = CASE WHEN buckets.pending = 0 OR excluded.pending < buckets.pending THEN excluded.pending ELSE buckets.pending END`),
		sums.bucketRows()); err != nil {
		return err
	}
	if canary.On(canary.LoseLateEvent) {
		return nil
	}
	_, err = dueAccounts.write(ctx, tx, `UPDATE accounts SET next_due = r.next_due FROM {rows}
		WHERE accounts.account = r.account AND accounts.next_due > r.next_due`, sums.dueRows())
	return err
}

// lockKnown locks accounts and refuses those that do not exist.
func (tx *Tx) lockKnown(ctx context.Context, ids []string) error {
	known, err := tx.lock(ctx, ids)
	if err != nil || len(known) == len(ids) {
		return err
	}
	unknown := slices.DeleteFunc(ids, func(id string) bool { return slices.Contains(known, id) })
	return refusal.New(refusal.UnknownAccount, "no account has the id %q", unknown[0]).Do("open the account first")
}

var (
	addedBuckets = accountTable(
		"buckets", "product, resource, meter, hour, total, touched, pending",
		func(b *metering.Bucket) []any {
			return []any{&b.Product, &b.Resource, &b.Meter, (*int64)(&b.Hour), &b.Total, (*int64)(&b.Touched), (*int64)(&b.Pending)}
		},
	)
	dueAccounts = accountTable(
		"accounts", "next_due",
		func(due *calendar.Instant) []any { return []any{(*int64)(due)} },
	)
)
