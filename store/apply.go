package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"termwise.dev/core/account"
	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/refusal"
)

// ErrStale says that a decision was made from books that are no longer the
// account's: another one was applied first. Nothing is wrong; load the books
// and decide again.
var ErrStale = errors.New("store: another decision was applied to the account first")

// Apply writes decisions, at most one for each account, in a number of
// statements that does not depend on how many there are. It returns ErrStale
// when an account has moved on from Before, and refuses with already_exists an
// account that is opened twice; the transaction must then be given up. Where
// several statements are sent at once, ErrStale comes when this one is, at the
// latest with the commit.
func (tx *Tx) Apply(ctx context.Context, decisions []*account.Decision) error {
	a := applier{tx: tx, decisions: slices.Clone(decisions)}
	slices.SortFunc(a.decisions, func(a, b *account.Decision) int { return strings.Compare(a.Account, b.Account) })
	for i, d := range a.decisions {
		if i > 0 && a.decisions[i-1].Account == d.Account {
			return fmt.Errorf("store: two decisions for account %s in one Apply; the second needs books that hold the first", d.Account)
		}
	}
	for _, write := range []func(context.Context) error{
		a.putTermSets, a.openAccounts, a.moveAccounts, a.insertRows,
		a.putResources, a.putBuckets,
	} {
		if err := write(ctx); err != nil && !canary.On(canary.SwallowError) {
			return err
		}
	}
	return nil
}

// applier writes decisions, sorted by account, one kind of row after the other.
type applier struct {
	tx        *Tx
	decisions []*account.Decision
}

func (a *applier) putTermSets(ctx context.Context) error {
	sets := map[int64]account.TermSet{}
	for _, d := range a.decisions {
		for id, set := range d.Sets {
			if known, twice := sets[id]; twice && known.Hash != set.Hash {
				return refusal.New(refusal.AlreadyExists, "the name %d stands for two sets of documents", id).
					Do("report it: two sets of documents have the same short name")
			}
			sets[id] = set
		}
	}
	if len(sets) == 0 {
		return nil
	}
	return a.tx.putTermSets(ctx, sets)
}

// accountState is what decisions write of an account.
type accountState struct {
	account.Books
	account.Totals
	nextDue calendar.Instant
	// The seq and the folded parcels that the decision was made from.
	before, foldedBefore int64
	version              int64 // of the row, where it was not locked; see Tx.LookAhead
}

var (
	newAccounts = accountTable(
		"accounts", books.columns+", next_due, wallet, owed, fees, in_arrears",
		func(s *accountState) []any {
			return append(books.fields(&s.Books), (*int64)(&s.nextDue),
				(*int64)(&s.Wallet), (*int64)(&s.Owed), (*int64)(&s.Fees), &s.InArrears)
		},
	)
	movedAccounts = accountTable(
		"accounts", "seq, head, at, next_due, folded, usage_to, unsettled, state, wallet, owed, fees, in_arrears, before, folded_before",
		func(s *accountState) []any {
			return []any{
				&s.Seq, (*[32]byte)(&s.Head), (*int64)(&s.At), (*int64)(&s.nextDue),
				&s.Intake.Folded, (*int64)(&s.Intake.To), (*int64)(&s.OpenAfter), (*stateColumn)(&s.Books),
				(*int64)(&s.Wallet), (*int64)(&s.Owed), (*int64)(&s.Fees), &s.InArrears, &s.before, &s.foldedBefore,
			}
		},
	)
	glancedAccounts = accountTable(
		"accounts", "seq, head, at, next_due, state, wallet, owed, fees, in_arrears, before, version",
		func(s *accountState) []any {
			return []any{
				&s.Seq, (*[32]byte)(&s.Head), (*int64)(&s.At), (*int64)(&s.nextDue), (*stateColumn)(&s.Books),
				(*int64)(&s.Wallet), (*int64)(&s.Owed), (*int64)(&s.Fees), &s.InArrears, &s.before, &s.version,
			}
		},
	)
)

// newState is what a decision writes of its account.
func newState(d *account.Decision) (*accountState, error) {
	if err := before(d).Broken; err != nil {
		return nil, err
	}
	s := &accountState{Books: *d.After, nextDue: d.NextDue}
	s.OpenAfter = d.After.Unsettled()
	if d.Before != nil {
		s.before, s.foldedBefore = d.Before.Seq, d.Before.Intake.Folded
	}
	s.keepOld(before(d))
	var err error
	s.Totals, err = s.Books.Totals()
	return s, err
}

// keepOld is where bugs are seeded: of what was there before, something stays.
func (s *accountState) keepOld(old *account.Books) {
	if canary.On(canary.KeepPaidDebts) {
		for _, debt := range old.Debts {
			if !slices.ContainsFunc(s.Debts, func(d arrears.Debt) bool { return d.Since == debt.Since && d.Product == debt.Product }) {
				s.Debts = append(slices.Clone(s.Debts), debt)
			}
		}
	}
	if canary.On(canary.KeepOldBalance) {
		s.Balances = s.Balances.Clone()
		for name, amount := range s.Balances {
			if had, was := old.Balances[name]; was && amount == 0 {
				s.Balances[name] = had
			}
		}
	}
}

func (a *applier) openAccounts(ctx context.Context) error {
	var opened []owned[accountState]
	var ids []string
	for _, d := range a.decisions {
		if d.Before == nil {
			state, err := newState(d)
			if err != nil {
				return err
			}
			opened = append(opened, owned[accountState]{d.Account, state})
			ids = append(ids, d.Account)
		}
	}
	if len(opened) == 0 {
		return nil
	}
	taken, err := a.tx.lock(ctx, ids)
	if err != nil {
		return err
	}
	if len(taken) > 0 {
		return refusal.New(refusal.AlreadyExists, "account %s exists", strings.Join(taken, ", ")).Do("use another id")
	}
	n, err := newAccounts.write(ctx, a.tx, newAccounts.insert("ON CONFLICT DO NOTHING"), opened)
	if err == nil && n != int64(len(opened)) {
		return ErrStale // somebody opened one of them since the look above
	}
	return err
}

func (a *applier) moveAccounts(ctx context.Context) error {
	var moved []owned[accountState]
	leavesUsage := true
	for _, d := range a.decisions {
		if d.Before != nil {
			leavesUsage = leavesUsage && d.After.Intake == d.Before.Intake && d.After.Unsettled() == d.Before.Unsettled() &&
				d.Before.Intake.Parcels == d.Before.Intake.Folded
			state, err := newState(d)
			if err != nil {
				return err
			}
			moved = append(moved, owned[accountState]{d.Account, state})
		}
	}
	if len(moved) == 1 && a.tx.seenVersion != 0 {
		if !leavesUsage {
			return errUnlocked
		}
		moved[0].row.version = a.tx.seenVersion
		return glancedAccounts.put(ctx, a.tx, moveGlanced, moved, ErrStale)
	}
	return movedAccounts.put(ctx, a.tx, moveAccount, moved, ErrStale)
}

// Usage that came since the books were loaded keeps the instant at which the account
// is to be looked at.
const moveAccount = `UPDATE accounts SET seq = r.seq, head = r.head, at = r.at, folded = r.folded, usage_to = r.usage_to,
		unsettled = r.unsettled, state = r.state, wallet = r.wallet, owed = r.owed, fees = r.fees, in_arrears = r.in_arrears,
		next_due = CASE WHEN accounts.parcels > r.folded AND accounts.next_due < r.next_due THEN accounts.next_due ELSE r.next_due END FROM {rows}
	WHERE accounts.account = r.account AND accounts.seq = r.before AND accounts.folded = r.folded_before`

// moveGlanced is moveAccount for an account that nobody has written since it was looked
// at, and a decision that leaves its usage as it was: no other has come.
const moveGlanced = `UPDATE accounts SET seq = r.seq, head = r.head, at = r.at, next_due = r.next_due, state = r.state,
		wallet = r.wallet, owed = r.owed, fees = r.fees, in_arrears = r.in_arrears FROM {rows}
	WHERE accounts.account = r.account AND accounts.seq = r.before AND ` + rowVersion + " = r.version"

// rowVersion is another number in PostgreSQL whenever anybody has written the row.
const rowVersion = "accounts.xmin::text::bigint"

// inserter writes one kind of the rows that decisions add.
type inserter interface {
	insertFrom(ctx context.Context, tx *Tx, decisions []*account.Decision) error
}

type rowsOf[R any] struct {
	table *table[R]
	of    func(*account.Decision) []R
}

func (k rowsOf[R]) insertFrom(ctx context.Context, tx *Tx, decisions []*account.Decision) error {
	var rows []owned[R]
	for _, d := range decisions {
		list := k.of(d)
		for i := range list {
			rows = append(rows, owned[R]{d.Account, &list[i]})
		}
	}
	return k.table.add(ctx, tx, rows)
}

// journalOf inserts the entries of decisions, each with the rows that it carries.
type journalOf struct{}

func (journalOf) insertFrom(ctx context.Context, tx *Tx, decisions []*account.Decision) error {
	var rows []owned[entered]
	for _, d := range decisions {
		lines, err := d.Lines()
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		for i := range lines {
			rows = append(rows, owned[entered]{d.Account, &entered{d.Entries[i], lines[i]}})
		}
	}
	return journalRows.add(ctx, tx, rows)
}

// inserted lists the rows that decisions add; the entries come first.
var inserted = []inserter{
	journalOf{},
	rowsOf[account.Refused]{&refused, func(d *account.Decision) []account.Refused { return d.Refused }},
	rowsOf[account.LateFee]{&lateFees, func(d *account.Decision) []account.LateFee { return d.LateFees }},
	rowsOf[account.Noticed]{&notices, (*account.Decision).NoticeRows},
	rowsOf[account.Accepted]{&acceptances, func(d *account.Decision) []account.Accepted { return d.Acceptances }},
	rowsOf[account.Lapsed]{&lapses, func(d *account.Decision) []account.Lapsed { return d.Lapses }},
	rowsOf[account.Switched]{&addOns, func(d *account.Decision) []account.Switched { return d.AddOns }},
}

func (a *applier) insertRows(ctx context.Context) error {
	for _, kind := range inserted {
		if err := kind.insertFrom(ctx, a.tx, a.decisions); err != nil {
			return err
		}
	}
	return nil
}

// before returns the books that a decision starts from; a new account's are empty.
func before(d *account.Decision) *account.Books {
	if d.Before == nil {
		return &account.Books{}
	}
	return d.Before
}
