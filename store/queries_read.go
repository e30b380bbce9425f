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
	err := tx.eachUnpacked(ctx, func(_ string, _ []account.Charge, transfers []account.Posted) error {
		for i := range transfers {
			sum := sums[transfers[i].Purpose]
			if err := addTo(&sum, transfers[i].Transfer.Amount); err != nil {
				return err
			}
			sums[transfers[i].Purpose] = sum
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
	err := tx.eachUnpacked(ctx, func(_ string, charges []account.Charge, _ []account.Posted) error {
		for i := range charges {
			c := &charges[i]
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
}

// OwedTotals sums what all accounts owe. It reads the state of each that owes something.
func (tx *Tx) OwedTotals(ctx context.Context) (o OwedTotals, err error) {
	if _, err = tx.one(ctx, []any{&o.Accounts, &o.Fees},
		"SELECT count(*), coalesce(CAST(sum(fees) AS BIGINT), 0) FROM accounts WHERE "+owing); err != nil {
		return o, err
	}
	days := map[calendar.Day]money.Amount{}
	var tooMuch error
	if err := books.each(ctx, tx, func(_ string, b *account.Books) {
		tooMuch = cmp.Or(tooMuch, b.Broken)
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
	return o, tooMuch
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
// that were never in arrears are left out.
func (tx *Tx) Histories(ctx context.Context) (histories []History, err error) {
	err = tx.each(ctx, `
		SELECT account, sum(arrears), sum(suspensions), sum(resumptions), sum(releases), sum(reopenings) FROM (
			SELECT account, 1 AS arrears, 0 AS suspensions, 0 AS resumptions, 0 AS releases, 0 AS reopenings
			FROM notices WHERE kind = $1
			UNION ALL
			SELECT account, 0,
				CASE WHEN to_state = $2 THEN 1 ELSE 0 END,
				CASE WHEN from_state = $2 AND to_state = $4 THEN 1 ELSE 0 END,
				CASE WHEN to_state = $3 THEN 1 ELSE 0 END,
				CASE WHEN from_state = $3 AND to_state = $4 THEN 1 ELSE 0 END
			FROM transitions WHERE from_state <> ''
		) happened GROUP BY account ORDER BY account`,
		[]any{string(notice.ArrearsBegan), string(subscription.Suspended), string(subscription.Released), string(subscription.Active)},
		func(rows scanner) error {
			var h History
			err := rows.Scan(&h.Account, &h.Arrears, &h.Suspensions, &h.Resumptions, &h.Releases, &h.Reopenings)
			histories = append(histories, h)
			return err
		})
	return histories, err
}

// LateFeesCharged counts and sums all late fees.
func (tx *Tx) LateFeesCharged(ctx context.Context) (count int64, sum money.Amount, err error) {
	_, err = tx.one(ctx, []any{&count, &sum}, "SELECT count(*), coalesce(CAST(sum(amount) AS BIGINT), 0) FROM late_fees")
	return count, sum, err
}

// PaidIn sums the top-ups of all accounts, and counts them.
func (tx *Tx) PaidIn(ctx context.Context) (count int64, sum money.Amount, err error) {
	err = tx.eachUnpacked(ctx, func(_ string, _ []account.Charge, transfers []account.Posted) error {
		for i := range transfers {
			if transfers[i].Purpose != ledger.TopUp {
				continue
			}
			count++
			if err := addTo(&sum, transfers[i].Transfer.Amount); err != nil {
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
	err = tx.eachUnpacked(ctx, func(id string, charges []account.Charge, _ []account.Posted) error {
		for i := range charges {
			this, amount := Example{Account: id, RowID: charges[i].RowID}, charges[i].Amount
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
func (tx *Tx) FirstSuspension(ctx context.Context) (Example, bool, error) {
	return tx.example(ctx, "SELECT account, entry, line FROM transitions WHERE to_state = $1 ORDER BY at, account, entry, line LIMIT 1",
		string(subscription.Suspended))
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
