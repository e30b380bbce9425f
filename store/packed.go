package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/money"
)

// Charges, transfers, moves and most notices are packed in their entry of the journal.
// The columns beside them choose entries, so that no more are unpacked than may hold
// what is asked for; what is in them is chosen here.

// entered is an entry of the journal with the rows that it carries.
type entered struct {
	entry journal.Entry
	lines account.Lines
}

// unreadable names an entry whose lines cannot be unpacked.
func unreadable(id string, l *account.Lines, err error) error {
	return &UnreadableRow{Table: packed.name, Owner: id, Err: fmt.Errorf("entry %d: %w", l.Entry, err)}
}

// eachPacked reads the lines of entries; tail is the rest of the query, from WHERE on.
func (tx *Tx) eachPacked(ctx context.Context, yield func(id string, l *account.Lines) error, tail string, args ...any) error {
	return tx.each(ctx, "SELECT "+packed.owner+", "+packed.columns+" FROM "+packed.name+" "+tail, args, scanPacked(yield))
}

// scanPacked reads the lines of one entry.
func scanPacked(yield func(id string, l *account.Lines) error) func(scanner) error {
	return func(rows scanner) error {
		var id string
		var l account.Lines
		if err := rows.Scan(targets(&id, packed.fields(&l))...); err != nil {
			return &UnreadableRow{Table: packed.name, Owner: id, Err: err}
		}
		return yield(id, &l)
	}
}

// eachUnpacked is eachPacked that gives the rows themselves, without their digests.
func (tx *Tx) eachUnpacked(ctx context.Context, yield func(id string, p *account.Packed) error, tail string, args ...any) error {
	return tx.eachPacked(ctx, unpacking(yield), tail, args...)
}

// unpacking unpacks lines.
func unpacking(yield func(id string, p *account.Packed) error) func(id string, l *account.Lines) error {
	return func(id string, l *account.Lines) error {
		p, err := l.Unpack()
		if err != nil {
			return unreadable(id, l, err)
		}
		return yield(id, &p)
	}
}

// packedIn reads the rows that one entry carries, none where there is no such entry.
func (tx *Tx) packedIn(ctx context.Context, id string, entry int64) (p account.Packed, err error) {
	err = tx.eachPacked(ctx, func(id string, l *account.Lines) (err error) {
		if p, err = l.Open(id); err != nil {
			err = unreadable(id, l, err)
		}
		return err
	}, "WHERE account = $1 AND seq = $2", id, entry)
	return p, err
}

// onePacked reads one row of those that its entry carries, and says whether there is one.
func onePacked[R any](ctx context.Context, tx *Tx, id string, row account.RowID, of func(*account.Packed) []R, place func(*R) account.RowID) (found R, is bool, err error) {
	p, err := tx.packedIn(ctx, id, row.Entry)
	rows := of(&p)
	at := slices.IndexFunc(rows, func(r R) bool { return place(&r) == row })
	if err != nil || at < 0 {
		return found, false, err
	}
	return rows[at], true, nil
}

// Entries are read a few at a time where rows are limited, since each may hold many:
// as few as fewEntries at first, and twice as many each time, up to manyEntries.
const (
	fewEntries  = 16
	manyEntries = 256
)

// choosePacked reads the rows of one kind that a filter chooses, in order of entry
// and line. entries adds conditions to the choice of entries; open gives the rows of
// an entry that meet what is not among these.
func choosePacked[R any, U calendar.Hour | calendar.Day | calendar.Instant](
	ctx context.Context, tx *Tx, id string, f Filter[U], entries func(*selection), open func(*account.Lines) ([]R, error), place func(*R) account.RowID,
) (found []R, err error) {
	next := f.After.Entry
	for page := fewEntries; ; page = min(2*page, manyEntries) {
		var s selection
		s.where("account = ? AND seq >= ?", id, next)
		if f.Known != 0 {
			s.where("recorded <= ?", int64(f.Known))
		}
		entries(&s)
		s.add(" ORDER BY seq")
		if f.Limit > 0 && !s.atOnce {
			s.add(" LIMIT ?", page)
		}
		read := 0
		err := tx.eachPacked(ctx, func(id string, l *account.Lines) error {
			read, next = read+1, l.Entry+1
			if f.Limit > 0 && len(found) == f.Limit {
				return nil // no more are wanted, so this entry is not opened
			}
			rows, err := open(l)
			if err != nil {
				return unreadable(id, l, err)
			}
			for i := range rows {
				if comesAfter(place(&rows[i]), f.After) && (f.Limit == 0 || len(found) < f.Limit) {
					found = append(found, rows[i])
				}
			}
			return nil
		}, s.by+s.text.String(), s.args...)
		if err != nil || f.Limit == 0 || s.atOnce || len(found) == f.Limit || read < page {
			return found, err
		}
	}
}

// chooseSteps is choosePacked for notices or moves. Few entries have any, and an index
// finds them: they are all read at once, so that the engine does not look for the first
// of them in the order of the journal, past all others. Those of the page are unpacked.
func chooseSteps[R any](
	ctx context.Context, tx *Tx, id string, f Filter[calendar.Instant], open func(*account.Lines) ([]R, error), place func(*R) account.RowID,
) ([]R, error) {
	return choosePacked(ctx, tx, id, f, func(s *selection) {
		s.by, s.atOnce = tx.bySteps(), true
		s.where("journal.steps > 0")
	}, open, place)
}

// bySteps has SQLite find entries by the index on top-ups and steps: without
// statistics, which nobody makes for it, it goes through the whole journal of the
// account.
func (tx *Tx) bySteps() string {
	if tx.engine == sqlite {
		return "INDEXED BY journal_steps "
	}
	return ""
}

// firstOf returns the first rows, at most as many as a limit; zero is none.
func firstOf[R any](rows []R, limit int) []R {
	if limit > 0 && len(rows) > limit {
		return rows[:limit]
	}
	return rows
}

func comesAfter(row, other account.RowID) bool { return inLine(row, other) > 0 }

// inLine compares rows by the order of entries and lines.
func inLine(a, b account.RowID) int {
	return cmp.Or(cmp.Compare(a.Entry, b.Entry), cmp.Compare(a.Line, b.Line))
}

// holdsHours adds the condition that an entry has charges, and may have some for
// hours from one to before another; a zero is no bound.
func (s *selection) holdsHours(from, to calendar.Hour) {
	s.where("journal.charges > 0")
	if from != 0 {
		s.where("journal.last_hour >= ?", int64(from))
	}
	if to != 0 {
		s.where("journal.first_hour < ?", int64(to))
	}
}

// lies says whether an hour or an instant is in a filter's time.
func lies[U calendar.Hour | calendar.Day | calendar.Instant](at, from, to U) bool {
	return (from == 0 || at >= from) && (to == 0 || at < to)
}

// addTo adds to a sum, or refuses as the databases do for sums of their own.
func addTo[N ~int64](sum *N, n N) error {
	total, err := money.Amount(*sum).Add(money.Amount(n))
	if err != nil {
		return errors.Join(sumLeavesRange(), err)
	}
	*sum = N(total)
	return nil
}
