package store

import (
	"context"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
)

// namedHours names hours of accounts, and theHours finds their buckets.
var (
	namedHours = accountTable("buckets", "hour", func(h *calendar.Hour) []any { return []any{(*int64)(h)} })
	theHours   = hours.selected("b") + ", {rows} WHERE b.account = r.account AND b.hour = r.hour"
)

// fresh folds the parcels that came since the accounts' buckets were last
// written. Only of usage for hours that may have buckets are these looked up:
// most usage comes in the order of time, and then there are none.
func (l *loader) fresh(ctx context.Context, upTo calendar.Instant) error {
	folds, err := l.folds(ctx)
	if err != nil || len(folds) == 0 {
		return err
	}
	var late []owned[calendar.Hour]
	for _, b := range l.found {
		if f := folds[b.ID]; f != nil {
			for _, hour := range f.Late() {
				late = append(late, owned[calendar.Hour]{b.ID, &hour})
			}
		}
	}
	stored := map[string][]metering.Bucket{}
	keep := l.hour(func(b *account.Books, buckets []metering.Bucket) { stored[b.ID] = append(stored[b.ID], buckets...) })
	if err := namedHours.query(ctx, l.tx, theHours, late, hours.scan(keep)); err != nil {
		return err
	}
	for id, f := range folds {
		l.books[id].Take(f.Finish(stored[id]), upTo)
	}
	return nil
}

// folds folds the parcels of each account that has any which are not folded.
func (l *loader) folds(ctx context.Context) (map[string]*account.Fold, error) {
	folds := map[string]*account.Fold{}
	var behind []owned[int64]
	for _, b := range l.found {
		if in := &b.Intake; in.Parcels > in.Folded {
			folds[b.ID] = account.NewFold(b.ID, in.To)
			behind = append(behind, owned[int64]{b.ID, &in.Folded})
		}
	}
	return folds, l.tx.parcelsAfter(ctx, behind, func(id string, p *account.Parcel) { folds[id].Add(p) })
}

// parcelsAfter reads the parcels of accounts that came after the last one that is
// in buckets, in order.
func (tx *Tx) parcelsAfter(ctx context.Context, behind []owned[int64], yield func(id string, p *account.Parcel)) error {
	if tx.engine == postgres || len(behind) == 0 {
		return afterParcel.query(ctx, tx, laterParcels, behind, parcels.scan(yield))
	}
	ids := make([]string, len(behind))
	for i := range behind {
		ids[i] = behind[i].owner
	}
	wanted, err := list(tx, ids)
	if err != nil {
		return err
	}
	// One statement, and not one for each row. The accounts say what the books were
	// loaded with: this transaction sees one state.
	return tx.each(ctx, parcels.selected("p")+" JOIN accounts ON accounts.account = p.account AND p.parcel > accounts.folded WHERE "+
		tx.among("accounts.account", "text")+" ORDER BY accounts.account, p.parcel", []any{wanted}, parcels.scan(yield))
}
