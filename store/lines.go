package store

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
)

// Filter chooses rows of an account. The zero Filter chooses all of them.
type Filter[U calendar.Hour | calendar.Day | calendar.Instant] struct {
	// From and To bound the rows in time, To excluded; a zero is no bound.
	From, To U
	// Known leaves out what was recorded later; zero leaves out nothing.
	Known calendar.Instant
	// After is the last row that the caller has seen.
	After account.RowID
	// Limit bounds the number of rows; zero is no bound.
	Limit int
}

// selection is the rest of a query, from WHERE on. Conditions say ? for the
// next argument.
type selection struct {
	by     string // how the rows are to be found; see bySteps
	atOnce bool   // one statement reads them all, also where few are wanted; see chooseSteps
	text   strings.Builder
	args   []any
}

func (s *selection) where(condition string, args ...any) {
	if s.text.Len() == 0 {
		s.add("WHERE ")
	} else {
		s.add(" AND ")
	}
	s.add(condition, args...)
}

func (s *selection) add(text string, args ...any) {
	for _, arg := range args {
		before, after, _ := strings.Cut(text, "?")
		s.args = append(s.args, arg)
		s.text.WriteString(before + "$" + strconv.Itoa(len(s.args)))
		text = after
	}
	s.text.WriteString(text)
}

// between adds the condition that a column lies from one value to before another; a
// zero is no bound.
func (s *selection) between(column string, from, to int64) {
	if from != 0 {
		s.where(column+" >= ?", from)
	}
	if to != 0 {
		s.where(column+" < ?", to)
	}
}

// choose reads the rows that a filter chooses, in order of entry and line. when
// is the column that From and To bound.
func choose[R any, U calendar.Hour | calendar.Day | calendar.Instant](
	ctx context.Context, tx *Tx, t *table[R], when, id string, f Filter[U],
) ([]R, error) {
	var s selection
	s.where("account = ?", id)
	s.between(when, int64(f.From), int64(f.To))
	if f.Known != 0 {
		s.where(knownBy(t.name), int64(f.Known))
	}
	if f.After != (account.RowID{}) {
		s.where("(entry, line) > (?, ?)", f.After.Entry, f.After.Line)
	}
	s.add(" ORDER BY entry, line")
	if f.Limit > 0 {
		s.add(" LIMIT ?", f.Limit)
	}
	return t.all(ctx, tx, s.text.String(), s.args...)
}

// knownBy is the condition that a row's entry was recorded by an instant.
func knownBy(table string) string {
	return "EXISTS (SELECT 1 FROM journal k WHERE k.account = " + table + ".account AND k.seq = " + table + ".entry AND k.recorded <= ?)"
}

// Charges returns an account's charges, by the hour of their usage.
func (tx *Tx) Charges(ctx context.Context, id string, f Filter[calendar.Hour]) ([]account.Charge, error) {
	return choosePacked(ctx, tx, id, f,
		func(s *selection) { s.holdsHours(f.From, f.To) },
		func(l *account.Lines) ([]account.Charge, error) {
			p, err := l.Open(id)
			return slices.DeleteFunc(p.Charges, func(c account.Charge) bool { return !lies(c.Hour, f.From, f.To) }), err
		},
		placeOfCharge)
}

// Refused returns an account's usage that was not billed, by its hour.
func (tx *Tx) Refused(ctx context.Context, id string, f Filter[calendar.Hour]) ([]account.Refused, error) {
	return choose(ctx, tx, &refused, "hour", id, f)
}

// LateFees returns an account's late fees, by the day that they are for.
func (tx *Tx) LateFees(ctx context.Context, id string, f Filter[calendar.Day]) ([]account.LateFee, error) {
	return choose(ctx, tx, &lateFees, "day", id, f)
}

// Notices returns an account's notices, by when they were recorded.
func (tx *Tx) Notices(ctx context.Context, id string, f Filter[calendar.Instant]) ([]account.Noticed, error) {
	own, err := choose(ctx, tx, &notices, "recorded", id, f)
	if err != nil {
		return nil, err
	}
	packed, err := chooseSteps(ctx, tx, id, f,
		func(l *account.Lines) ([]account.Noticed, error) {
			p, err := l.Open(id)
			return slices.DeleteFunc(p.Notices, func(n account.Noticed) bool { return !lies(n.Recorded, f.From, f.To) }), err
		}, placeOfNotice)
	if err != nil {
		return nil, err
	}
	all := append(own, packed...)
	slices.SortFunc(all, func(a, b account.Noticed) int { return inLine(a.RowID, b.RowID) })
	return firstOf(all, f.Limit), nil
}

// Transitions returns the moves of an account's services, by when they count.
func (tx *Tx) Transitions(ctx context.Context, id string, f Filter[calendar.Instant]) ([]account.Moved, error) {
	return chooseSteps(ctx, tx, id, f,
		func(l *account.Lines) ([]account.Moved, error) {
			p, err := l.Open(id)
			return slices.DeleteFunc(p.Moves, func(m account.Moved) bool { return !lies(m.At, f.From, f.To) }), err
		}, placeOfMove)
}

func placeOfCharge(c *account.Charge) account.RowID { return c.RowID }

func placeOfTransfer(p *account.Posted) account.RowID { return p.RowID }

func placeOfNotice(n *account.Noticed) account.RowID { return n.RowID }

func placeOfMove(m *account.Moved) account.RowID { return m.RowID }

// Acceptances returns what an account accepted, by when it counts.
func (tx *Tx) Acceptances(ctx context.Context, id string, f Filter[calendar.Instant]) ([]account.Accepted, error) {
	return choose(ctx, tx, &acceptances, "at", id, f)
}

// Lapses returns what lapsed orders did to acceptances, by when they lapsed.
func (tx *Tx) Lapses(ctx context.Context, id string, f Filter[calendar.Instant]) ([]account.Lapsed, error) {
	return choose(ctx, tx, &lapses, "at", id, f)
}

// AddOns returns the add-ons that an account switched, by when.
func (tx *Tx) AddOns(ctx context.Context, id string, f Filter[calendar.Instant]) ([]account.Switched, error) {
	return choose(ctx, tx, &addOns, "at", id, f)
}

// Transfers returns an account's transfers for some purposes, or for all when
// none is named, by when their entry took effect.
func (tx *Tx) Transfers(ctx context.Context, id string, f Filter[calendar.Instant], purposes ...ledger.Purpose) ([]account.Posted, error) {
	return choosePacked(ctx, tx, id, f,
		func(s *selection) {
			s.between("effective", int64(f.From), int64(f.To))
			if slices.Equal(purposes, []ledger.Purpose{ledger.TopUp}) {
				s.where(isTopUp) // so that the entries of other kinds, which are most, are not read
			}
		},
		func(l *account.Lines) ([]account.Posted, error) {
			p, err := l.Open(id)
			return slices.DeleteFunc(p.Transfers, func(p account.Posted) bool {
				return len(purposes) > 0 && !slices.Contains(purposes, p.Purpose)
			}), err
		},
		placeOfTransfer)
}

const oneLine = "WHERE account = $1 AND entry = $2 AND line = $3"

// Charge returns one charge, and false when there is none of this name.
func (tx *Tx) Charge(ctx context.Context, id string, row account.RowID) (account.Charge, bool, error) {
	return onePacked(ctx, tx, id, row, func(p *account.Packed) []account.Charge { return p.Charges }, placeOfCharge)
}

// RefusedLine returns one part of usage that was not billed, and false when there is none of this name.
func (tx *Tx) RefusedLine(ctx context.Context, id string, row account.RowID) (account.Refused, bool, error) {
	return refused.get(ctx, tx, oneLine, id, row.Entry, row.Line)
}

// LateFee returns one late fee, and false when there is none of this name.
func (tx *Tx) LateFee(ctx context.Context, id string, row account.RowID) (account.LateFee, bool, error) {
	return lateFees.get(ctx, tx, oneLine, id, row.Entry, row.Line)
}

// Notice returns one notice, and false when there is none of this name.
func (tx *Tx) Notice(ctx context.Context, id string, row account.RowID) (account.Noticed, bool, error) {
	n, found, err := notices.get(ctx, tx, oneLine, id, row.Entry, row.Line)
	if err != nil || found {
		return n, found, err
	}
	return onePacked(ctx, tx, id, row, func(p *account.Packed) []account.Noticed { return p.Notices }, placeOfNotice)
}

// Lapse returns what the lapse of an order did to one acceptance, and false when
// there is none of this name.
func (tx *Tx) Lapse(ctx context.Context, id string, row account.RowID) (account.Lapsed, bool, error) {
	return lapses.get(ctx, tx, oneLine, id, row.Entry, row.Line)
}

// AddOn returns one switch of an add-on, and false when there is none of this name.
func (tx *Tx) AddOn(ctx context.Context, id string, row account.RowID) (account.Switched, bool, error) {
	return addOns.get(ctx, tx, oneLine, id, row.Entry, row.Line)
}

// Transition returns one move of a service, and false when there is none of this name.
func (tx *Tx) Transition(ctx context.Context, id string, row account.RowID) (account.Moved, bool, error) {
	return onePacked(ctx, tx, id, row, func(p *account.Packed) []account.Moved { return p.Moves }, placeOfMove)
}

// Transfer returns one transfer, and false when there is none of this name.
func (tx *Tx) Transfer(ctx context.Context, id string, row account.RowID) (account.Posted, bool, error) {
	return onePacked(ctx, tx, id, row, func(p *account.Packed) []account.Posted { return p.Transfers }, placeOfTransfer)
}

// TransfersOf returns the transfers of one journal entry, in order of line.
func (tx *Tx) TransfersOf(ctx context.Context, id string, entry int64) ([]account.Posted, error) {
	p, err := tx.packedIn(ctx, id, entry)
	return p.Transfers, err
}
