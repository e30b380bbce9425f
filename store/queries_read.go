package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"net/url"
	"slices"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/notice"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
)

// asKnown turns the instant as of which rows are wanted into a bound on when
// they were recorded; zero asks for all of them.
func asKnown(known calendar.Instant) int64 {
	if known == 0 {
		return int64(calendar.EndOfTime)
	}
	return int64(known)
}

// MovedByPurpose sums an account's transfers that became effective in
// [from, to) and were recorded by known (zero: all), by their purpose.
func (tx *Tx) MovedByPurpose(ctx context.Context, id string, from, to, known calendar.Instant) (map[ledger.Purpose]money.Amount, error) {
	sums := map[ledger.Purpose]money.Amount{}
	err := tx.eachUnpacked(ctx, func(_ string, p *account.Packed) error {
		for i := range p.Transfers {
			t := &p.Transfers[i]
			sum := sums[t.Purpose]
			if err := addTo(&sum, t.Transfer.Amount); err != nil {
				return err
			}
			sums[t.Purpose] = sum
		}
		return nil
	}, "WHERE account = $1 AND effective >= $2 AND effective < $3 AND recorded <= $4", id, int64(from), int64(to), asKnown(known))
	return sums, err
}

// LateFeeTotal sums an account's late fees of the days in [from, to) that were
// recorded by known (zero: all).
func (tx *Tx) LateFeeTotal(ctx context.Context, id string, from, to calendar.Day, known calendar.Instant) (money.Amount, error) {
	var sum money.Amount
	_, err := tx.one(ctx, []any{&sum}, `
		SELECT coalesce(CAST(sum(f.amount) AS BIGINT), 0)
		FROM late_fees f JOIN journal j ON j.account = f.account AND j.seq = f.entry
		WHERE f.account = $1 AND f.day >= $2 AND f.day < $3 AND j.recorded <= $4`,
		id, int64(from), int64(to), asKnown(known))
	return sum, err
}

// AdjustedTotal sums the lines that correct an account's earlier lines for the
// hours in [from, to), as recorded by known (zero: all).
func (tx *Tx) AdjustedTotal(ctx context.Context, id string, from, to calendar.Hour, known calendar.Instant) (money.Amount, error) {
	var sum money.Amount
	var s selection
	s.where("account = ? AND recorded <= ?", id, asKnown(known))
	s.holdsHours(from, to)
	err := tx.eachUnpacked(ctx, func(_ string, p *account.Packed) error {
		for i := range p.Charges {
			c := &p.Charges[i]
			if c.Hour < from || c.Hour >= to || c.Sequence <= 1 {
				continue
			}
			if err := addTo(&sum, c.Amount); err != nil {
				return err
			}
		}
		return nil
	}, s.text.String(), s.args...)
	return sum, err
}

// RefusedSum is usage that was not billed, by reason and meter.
type RefusedSum struct {
	Code            refusal.Code
	Product, Meter  string
	Quantity, Count int64
}

// RefusedTotals sums an account's refused usage of the hours in [from, to) that
// was recorded by known (zero: all), sorted by reason, product and meter.
func (tx *Tx) RefusedTotals(ctx context.Context, id string, from, to calendar.Hour, known calendar.Instant) (sums []RefusedSum, err error) {
	err = tx.each(ctx, `
		SELECT r.code, r.product, r.meter, CAST(sum(r.quantity) AS BIGINT), count(*)
		FROM refused_usage r JOIN journal j ON j.account = r.account AND j.seq = r.entry
		WHERE r.account = $1 AND r.hour >= $2 AND r.hour < $3 AND j.recorded <= $4
		GROUP BY r.code, r.product, r.meter ORDER BY r.code, r.product, r.meter`,
		[]any{id, int64(from), int64(to), asKnown(known)},
		func(rows scanner) error {
			var s RefusedSum
			err := rows.Scan(&s.Code, &s.Product, &s.Meter, &s.Quantity, &s.Count)
			sums = append(sums, s)
			return err
		})
	return sums, err
}

// RefusedCounts counts the parts of hours of usage of all accounts that were not
// billed, by reason.
func (tx *Tx) RefusedCounts(ctx context.Context) (map[refusal.Code]int64, error) {
	counts := map[refusal.Code]int64{}
	err := tx.each(ctx, "SELECT code, count(*) FROM refused_usage GROUP BY code", nil, func(rows scanner) error {
		var code refusal.Code
		var n int64
		err := rows.Scan(&code, &n)
		counts[code] = n
		return err
	})
	return counts, err
}

// DebtOfDay is the principal of all accounts that was due on one day.
type DebtOfDay struct {
	Due         calendar.Day
	Outstanding money.Amount
}

// OwedTotals is what all accounts owe.
type OwedTotals struct {
	// Accounts counts those that owe principal or late fees.
	Accounts int
	// Days holds the principal, oldest first.
	Days []DebtOfDay
	Fees money.Amount
	// Damaged counts the accounts whose state cannot be read, and Undated is the
	// principal that they owe: nothing says since when.
	Damaged int
	Undated money.Amount
}

// OwedTotals sums what all accounts owe. It reads the state of each that owes something.
func (tx *Tx) OwedTotals(ctx context.Context) (o OwedTotals, err error) {
	if _, err = tx.one(ctx, []any{&o.Accounts, &o.Fees},
		"SELECT count(*), coalesce(CAST(sum(fees) AS BIGINT), 0) FROM accounts WHERE "+owing); err != nil {
		return o, err
	}
	days := map[calendar.Day]money.Amount{}
	var damaged []string
	var tooMuch error
	if err := books.each(ctx, tx, func(id string, b *account.Books) {
		if b.Broken != nil {
			damaged = append(damaged, id)
			return
		}
		for _, d := range b.Debts {
			sum, err := days[d.Due].Add(d.Outstanding)
			days[d.Due], tooMuch = sum, cmp.Or(tooMuch, err)
		}
	}, "WHERE "+owing); err != nil {
		return o, err
	}
	for _, due := range slices.Sorted(maps.Keys(days)) {
		o.Days = append(o.Days, DebtOfDay{due, days[due]})
	}
	if tooMuch != nil || len(damaged) == 0 {
		return o, tooMuch
	}
	return o, o.addUndated(ctx, tx, damaged)
}

// addUndated sums what is owed by accounts whose state cannot be read, as the column
// beside it says.
func (o *OwedTotals) addUndated(ctx context.Context, tx *Tx, damaged []string) error {
	rows, err := tx.accountsOf(ctx, damaged)
	if err != nil {
		return err
	}
	o.Damaged = len(damaged)
	for _, row := range rows {
		if o.Undated, err = o.Undated.Add(row.Owed); err != nil {
			return err
		}
	}
	return nil
}

// History counts what happened to one account.
type History struct {
	Account string
	// Arrears counts the notices that arrears began.
	Arrears int
	// Suspensions, Resumptions and Releases count moves. A resumption is a
	// return from suspension, Reopenings are returns after a release.
	Suspensions, Resumptions, Releases, Reopenings int
}

// Histories counts what happened to each account, sorted by account. Accounts
// to which nothing of the kind has happened are left out.
func (tx *Tx) Histories(ctx context.Context) ([]History, error) {
	histories := map[string]*History{}
	err := tx.eachStep(ctx, func(id string, p *account.Packed) {
		h := histories[id]
		if h == nil {
			h = &History{Account: id}
		}
		if h.count(p); *h != (History{Account: id}) {
			histories[id] = h
		}
	})
	var sorted []History
	for _, id := range slices.Sorted(maps.Keys(histories)) {
		sorted = append(sorted, *histories[id])
	}
	return sorted, err
}

// count counts what happened in an entry.
func (h *History) count(p *account.Packed) {
	for i := range p.Notices {
		if p.Notices[i].Kind == notice.ArrearsBegan {
			h.Arrears++
		}
	}
	for i := range p.Moves {
		switch m := &p.Moves[i]; {
		case m.To == subscription.Suspended:
			h.Suspensions++
		case m.To == subscription.Released:
			h.Releases++
		case m.From == subscription.Suspended && m.To == subscription.Active:
			h.Resumptions++
		case m.From == subscription.Released && m.To == subscription.Active:
			h.Reopenings++
		}
	}
}

// eachStep gives the rows of every entry that has notices or moves.
func (tx *Tx) eachStep(ctx context.Context, yield func(id string, p *account.Packed)) error {
	return tx.eachUnpacked(ctx, func(id string, p *account.Packed) error {
		yield(id, p)
		return nil
	}, tx.bySteps()+"WHERE steps > 0")
}

// LateFeesCharged counts and sums all late fees.
func (tx *Tx) LateFeesCharged(ctx context.Context) (count int64, sum money.Amount, err error) {
	_, err = tx.one(ctx, []any{&count, &sum}, "SELECT count(*), coalesce(CAST(sum(amount) AS BIGINT), 0) FROM late_fees")
	return count, sum, err
}

// PaidIn sums the top-ups of all accounts, and counts them.
func (tx *Tx) PaidIn(ctx context.Context) (count int64, sum money.Amount, err error) {
	err = tx.eachUnpacked(ctx, func(_ string, p *account.Packed) error {
		for i := range p.Transfers {
			if p.Transfers[i].Purpose != ledger.TopUp {
				continue
			}
			count++
			if err := addTo(&sum, p.Transfers[i].Transfer.Amount); err != nil {
				return err
			}
		}
		return nil
	}, "WHERE "+isTopUp)
	return count, sum, err
}

// Example is a row that can be shown to explain what rows of its kind mean.
type Example struct {
	Account string
	account.RowID
}

// DearestCharge returns the charge of the largest amount, the first of several
// by account, entry and line.
func (tx *Tx) DearestCharge(ctx context.Context) (dearest Example, found bool, err error) {
	var most money.Amount
	err = tx.eachUnpacked(ctx, func(id string, p *account.Packed) error {
		for i := range p.Charges {
			this, amount := Example{Account: id, RowID: p.Charges[i].RowID}, p.Charges[i].Amount
			if !found || amount > most || amount == most && this.comesBefore(dearest) {
				dearest, most, found = this, amount, true
			}
		}
		return nil
	}, "WHERE charges > 0")
	return dearest, found, err
}

func (e Example) comesBefore(o Example) bool {
	return e.Account < o.Account || e.Account == o.Account && comesAfter(o.RowID, e.RowID)
}

// DearestLateFee is DearestCharge for late fees.
func (tx *Tx) DearestLateFee(ctx context.Context) (Example, bool, error) {
	return tx.example(ctx, "SELECT account, entry, line FROM late_fees ORDER BY amount DESC, account, entry, line LIMIT 1")
}

// FirstSuspension returns the suspension that came first, of several at once
// the first by account, entry and line.
func (tx *Tx) FirstSuspension(ctx context.Context) (first Example, found bool, err error) {
	var at calendar.Instant
	err = tx.eachStep(ctx, func(id string, p *account.Packed) {
		for i := range p.Moves {
			m, this := &p.Moves[i], Example{Account: id, RowID: p.Moves[i].RowID}
			if m.To == subscription.Suspended && (!found || m.At < at || m.At == at && this.comesBefore(first)) {
				first, at, found = this, m.At, true
			}
		}
	})
	return first, found, err
}

func (tx *Tx) example(ctx context.Context, query string, args ...any) (e Example, found bool, err error) {
	found, err = tx.one(ctx, []any{&e.Account, &e.Entry, &e.Line}, query, args...)
	return e, found, err
}

// ChargedHours returns the first and the last hour that was charged, and false
// when none was.
func (tx *Tx) ChargedHours(ctx context.Context) (first, last calendar.Hour, found bool, err error) {
	var count int64
	_, err = tx.one(ctx, []any{&count, &first, &last},
		"SELECT count(*), coalesce(min(first_hour), 0), coalesce(max(last_hour), 0) FROM journal WHERE charges > 0")
	return first, last, count > 0, err
}

// HoldsOnly says whether a SQLite file is a database of Termwise to which a
// provider's file of this name was published, or nothing at all. It changes
// nothing in the file, whatever it is; of one that it cannot read it says no.
func HoldsOnly(ctx context.Context, path, name string) bool {
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(path)+"?mode=ro")
	if err != nil {
		return false
	}
	var holds bool
	err = db.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM provider_files WHERE name = $1)
			OR NOT EXISTS (SELECT 1 FROM documents) AND NOT EXISTS (SELECT 1 FROM accounts)`, name).Scan(&holds)
	return errors.Join(err, db.Close()) == nil && holds
}
