package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
)

// What is looked for of many accounts at once is what is looked for of each, and of a
// few: the texts are written in three ways. An account without anything is passed over.
func TestManyAreFoundAsEach(t *testing.T) {
	const accounts, each = fewRows + 4, 6
	var ids []string
	var kept []owned[account.Parcel]
	var settled []owned[account.StoredHour]
	for i := range accounts {
		ids = append(ids, fmt.Sprintf("c%02d", i))
		for n := int64(1); n <= each && i > 0; n++ {
			kept = append(kept, owned[account.Parcel]{ids[i], &account.Parcel{
				Number: n, First: calendar.Instant(10 * n), Last: calendar.Instant(10*n + 5), Events: 1, Content: []byte{1},
			}})
			settled = append(settled, owned[account.StoredHour]{ids[i], &account.StoredHour{Hour: calendar.Hour(n), Open: n%2 == 1, Content: []byte{1}}})
		}
	}
	number := func(p *account.Parcel) int64 { return p.Number }
	hour := func(h *account.StoredHour) int64 { return int64(h.Hour) }
	onBoth(t, func(t *testing.T, db *DB) {
		update(t, db, func(ctx context.Context, tx *Tx) error {
			if err := parcels.add(ctx, tx, kept); err != nil {
				return err
			}
			return hours.add(ctx, tx, settled)
		})
		for name, l := range map[string]struct {
			find func(ctx context.Context, tx *Tx, ids []string) ([]string, error)
			want []int64
		}{
			"a parcel":        {found(&afterParcel, theParcels, 3, &parcels, number), []int64{3}},
			"later parcels":   {found(&afterParcel, laterParcels, 4, &parcels, number), []int64{5, 6}},
			"spanned parcels": {found(&parcelSpans, spannedParcels, span{from: 12, to: 45, reach: 3}, &parcels, number), []int64{1, 2, 3}},
			"an hour":         {found(&namedHours, theHours, 2, &hours, hour), []int64{2}},
			"open hours":      {found(&namedHours, openHours, 4, &hours, hour), []int64{1, 3}},
		} {
			var want []string
			for _, id := range ids[1:] {
				for _, n := range l.want {
					want = append(want, fmt.Sprint(id, " ", n))
				}
			}
			for _, at := range []int{1, fewRows, accounts} {
				var got []string
				view(t, db, func(ctx context.Context, tx *Tx) error {
					for some := range slices.Chunk(ids, at) {
						of, err := l.find(ctx, tx, some)
						if err != nil {
							return err
						}
						got = append(got, of...)
					}
					return nil
				})
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s, %d at once:\n%s", name, at, diff)
				}
			}
		}
	})
}

// found looks for the same of accounts, and says what is found. What a text does not
// put in order is sorted.
func found[R, F any](of *table[R], text string, row R, in *table[F], number func(*F) int64) func(ctx context.Context, tx *Tx, ids []string) ([]string, error) {
	return func(ctx context.Context, tx *Tx, ids []string) (all []string, err error) {
		var rows []owned[R]
		for _, id := range ids {
			rows = append(rows, owned[R]{id, &row})
		}
		err = of.query(ctx, tx, text, rows, in.scan(func(id string, f *F) { all = append(all, fmt.Sprint(id, " ", number(f))) }))
		if !strings.Contains(text, " ORDER BY ") {
			slices.Sort(all)
		}
		return all, err
	}
}
