package store

import (
	"context"

	"termwise.dev/core/account"
)

// Standing is what brought an account to where it stands now.
type Standing struct {
	// Moves names the last move of each of its services, by product.
	Moves map[string]account.RowID
	// Acceptances are what it accepted, in order of entry and line.
	Acceptances []account.Accepted
	// Lapses are what lapsed orders did to them.
	Lapses []account.Lapsed
}

// Standings returns how accounts came to where they stand, by their ids;
// nothing for one to which nothing has happened.
func (tx *Tx) Standings(ctx context.Context, ids []string) (map[string]*Standing, error) {
	found := make(map[string]*Standing, len(ids))
	for _, id := range ids {
		found[id] = &Standing{Moves: map[string]account.RowID{}}
	}
	_, err := apart(tx, ids, func(ids []string) ([]string, error) { return nil, tx.fillStandings(ctx, ids, found) })
	return found, err
}

func (tx *Tx) fillStandings(ctx context.Context, ids []string, found map[string]*Standing) error {
	wanted, err := list(tx, ids)
	if err != nil {
		return err
	}
	if err := tx.each(ctx, stepsOfMany(tx), []any{wanted}, scanPacked(unpacking(func(id string, p *account.Packed) error {
		for i := range p.Moves {
			found[id].Moves[p.Moves[i].Product] = p.Moves[i].RowID // in order, so the last move stays
		}
		return nil
	}))); err != nil {
		return err
	}
	if err := tx.each(ctx, linesOfMany(&acceptances, tx), []any{wanted}, acceptances.scan(func(id string, a *account.Accepted) {
		s := found[id]
		s.Acceptances = append(s.Acceptances, *a)
	})); err != nil {
		return err
	}
	return tx.each(ctx, linesOfMany(&lapses, tx), []any{wanted}, lapses.scan(func(id string, l *account.Lapsed) {
		s := found[id]
		s.Lapses = append(s.Lapses, *l)
	}))
}

// stepsOfMany finds the entries of accounts in which something was said, or moved.
func stepsOfMany(tx *Tx) string {
	return packed.ofMany(tx, tx.bySteps(), " AND x.steps > 0", "x.account, x.seq")
}

// linesOfMany finds the rows of accounts in the order in which they were written.
func linesOfMany[R any](of *table[R], tx *Tx) string {
	return of.ofMany(tx, "", "", "x.account, x.entry, x.line")
}
