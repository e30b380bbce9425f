package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// Verification is what Verify found.
type Verification struct {
	Accounts int `json:"accounts"`
	// Rows counts the rows that were read, by table; those that entries of the journal
	// carry, by names of their own.
	Rows   map[string]int `json:"rows"`
	Truths []Truth        `json:"truths"`
	// OK says that nothing breaks any of them.
	OK bool `json:"ok"`
}

// Truth is one thing that must always be true. Of the ten that the design
// lists, one does not apply: nothing passes through a clearing account.
type Truth struct {
	N    int    `json:"n"`
	Name string `json:"name"`
	// Checked counts the rows that were held against it.
	Checked int `json:"checked"`
	// Broken is the first row that breaks it, or nothing.
	Broken *Breakage `json:"broken,omitempty"`
}

// Breakage is a row that breaks a truth.
type Breakage struct {
	Table string `json:"table"`
	// Row names the row: as explain takes it where it can, else in words.
	Row     string `json:"row"`
	Message string `json:"message"`
}

// String gives "charges row chg_customer-017_42_3: digest does not match its content".
func (b Breakage) String() string { return b.Table + " row " + b.Row + ": " + b.Message }

// Broken lists the breakages in the order of the truths.
func (v Verification) Broken() []Breakage {
	var broken []Breakage
	for _, t := range v.Truths {
		if t.Broken != nil {
			broken = append(broken, *t.Broken)
		}
	}
	return broken
}

var truthNames = []Truth{
	{N: int(account.TransfersBalance), Name: "every transfer gives one account what it takes from another"},
	{N: int(account.BalancesAreSums), Name: "every balance is the sum of its transfers"},
	{N: int(account.WalletsHaveFloors), Name: "no wallet was ever below its floor"},
	{N: int(account.ChargesAreOwed), Name: "what was charged is what became owed"},
	{N: int(account.ReturnsWerePaid), Name: "what goes back to the wallet was paid, and is not consumed"},
	{N: int(account.UsageIsBilledOnce), Name: "usage is billed at most once, or refused with a reason"},
	{N: int(account.TermsRecompute), Name: "every charge and late fee recomputes under the documents that it names"},
	{N: int(account.JournalReplays), Name: "the journal's chain holds, and replaying it gives the stored state"},
	{N: int(account.StatesMoveOnEdges), Name: "states move only along declared edges, each step after its notice"},
}

// verifiers is how many accounts are verified at once. What one of them needs in
// memory is all that is stored about one account.
const verifiers = 4

// accountsPerPage is how many ids are read at a time.
const accountsPerPage = 1000

// Verify checks, on a live database, everything that must always be true, and
// names the first row that breaks each truth. It changes nothing. progress, when
// given, is called with the number of accounts done and to do. The error is one
// of reading the database; what is untrue stands in the Verification.
func (a *App) Verify(ctx context.Context, progress func(done, all int)) (Verification, error) {
	v := newVerifier(progress)
	err := a.db.View(ctx, func(tx *store.Tx) (err error) {
		if v.all, err = tx.CountAccounts(ctx); err != nil {
			return err
		}
		return v.published(ctx, tx)
	})
	if err != nil {
		return Verification{}, err
	}
	for after, last := "", false; !last; {
		var ids []string
		err := a.db.View(ctx, func(tx *store.Tx) (err error) {
			ids, err = tx.AccountIDs(ctx, after, accountsPerPage)
			return err
		})
		if err != nil {
			return Verification{}, err
		}
		if err := a.verifyAll(ctx, v, ids); err != nil {
			return Verification{}, err
		}
		last = len(ids) < accountsPerPage
		if !last {
			after = ids[len(ids)-1]
		}
	}
	v.unclaimed()
	return v.result(), nil
}

// verifyAll verifies several accounts at a time and keeps what was found in the
// order of their ids.
func (a *App) verifyAll(ctx context.Context, v *verifier, ids []string) error {
	verified := make([]verifiedAccount, len(ids))
	next := make(chan int)
	var work sync.WaitGroup
	for range verifiers {
		work.Go(func() {
			for i := range next {
				verified[i] = a.verifyOne(ctx, v, ids[i])
				v.step()
			}
		})
	}
	for i := range ids {
		next <- i
	}
	close(next)
	work.Wait()
	for i := range verified {
		if verified[i].err != nil {
			return verified[i].err
		}
		v.keep(verified[i])
	}
	return nil
}

// verifiedAccount is what was found in one account.
type verifiedAccount struct {
	findings account.Findings
	id       string
	rows     map[account.Table]int
	broken   []foundBreakage
	names    store.NamesChecked // dropped when they are claimed
	unread   bool               // so that nothing is known of its usage
	err      error
}

type foundBreakage struct {
	truth account.Truth
	Breakage
}

func (a *App) verifyOne(ctx context.Context, v *verifier, id string) verifiedAccount {
	var out verifiedAccount
	err := a.db.View(ctx, func(tx *store.Tx) error {
		m, err := a.moment(ctx, tx)
		if err != nil {
			return err
		}
		if out, err = v.yardstick.measure(ctx, tx, id, m); err != nil || len(out.broken) == 0 {
			return err
		}
		// Something may have been published since the documents were read: what
		// is broken must be so by the documents of the same instant.
		fresh, err := readYardstick(ctx, tx)
		if err == nil {
			out, err = fresh.measure(ctx, tx, id, m)
		}
		return err
	})
	out.err = err
	v.claim(&out)
	return out
}

// yardstick is what accounts are measured by: the documents as they are
// published, and the sets of documents that are kept, by name.
type yardstick struct {
	provider *Provider     // these two are nil where the documents cannot be used,
	corpus   *terms.Corpus // for fault's reason
	fault    error
	zone     calendar.Zone
	sets     map[int64]*store.KeptSet
	// announced are the versions of which accounts are told.
	announced []store.Announced
	index     *store.UsageIndex
}

func (y yardstick) measure(ctx context.Context, tx *store.Tx, id string, m moment) (verifiedAccount, error) {
	out := verifiedAccount{id: id}
	ev, found, err := tx.Evidence(ctx, id)
	if unreadable := (*store.UnreadableRow)(nil); errors.As(err, &unreadable) {
		out.rows, out.unread = map[account.Table]int{account.InAccounts: 1}, true
		out.add(account.JournalReplays, Breakage{unreadable.Table, id, "cannot be read: " + unreadable.Err.Error()})
		return out, nil
	}
	if err != nil || !found {
		return out, err
	}
	replay := account.Replay{Zone: y.zone, Virtual: m.virtual, Now: m.now}
	if y.corpus != nil {
		replay.Terms = y.corpus
	}
	out.findings = ev.Check(replay)
	out.rows = rowsOf(ev)
	for _, f := range out.findings.Faults {
		out.add(f.Truth, Breakage{Table: string(f.Table), Row: faultRow(id, f), Message: f.Message})
	}
	y.unknownSets(ev, &out)
	if err := y.told(ctx, tx, ev, m, &out); err != nil {
		return out, err
	}
	y.admitted(ev, &out)
	if out.names, err = tx.CheckNames(ctx, y.index, ev); err != nil {
		return out, err
	}
	if f := out.names.Fault; f != nil {
		out.add(account.UsageIsBilledOnce, Breakage(*f))
	}
	y.reaches(ev, &out)
	return out, y.aside(ctx, tx, ev, &out)
}

// rowKinds are the kinds of row that have a name of their own, by table.
var rowKinds = map[account.Table]RowKind{
	account.InCharges: ChargeRow, account.InRefused: RefusedRow, account.InTransfers: TransferRow,
	account.InLateFees: LateFeeRow, account.InNotices: NoticeRow, account.InTransitions: TransitionRow,
	account.InAcceptances: AcceptanceRow, account.InLapses: LapseRow, account.InAddOns: AddOnRow,
}

// faultRow names the row that a fault is about.
func faultRow(id string, f *account.Fault) string {
	if kind, named := rowKinds[f.Table]; named {
		return RowName{Kind: kind, Account: id, RowID: f.RowID}.String()
	}
	switch {
	case f.Entry != 0 && f.Line != 0:
		return fmt.Sprintf("%s entry %d line %d", id, f.Entry, f.Line)
	case f.Entry != 0:
		return fmt.Sprintf("%s entry %d", id, f.Entry)
	case f.Key != "":
		return id + " " + f.Key
	}
	return id
}

func rowsOf(ev *account.Evidence) map[account.Table]int {
	return map[account.Table]int{
		account.InAccounts: 1, account.InJournal: len(ev.Entries),
		account.InCharges: len(ev.Charges), account.InRefused: len(ev.Refused), account.InTransfers: len(ev.Transfers),
		account.InLateFees: len(ev.LateFees), account.InNotices: len(ev.Notices), account.InTransitions: len(ev.Transitions),
		account.InAcceptances: len(ev.Acceptances), account.InLapses: len(ev.Lapses), account.InAddOns: len(ev.AddOns),
		account.InUsage: len(ev.Events), account.InResources: len(ev.Resources),
		account.InBuckets: len(ev.Buckets),
	}
}

// verifier collects what is found.
type verifier struct {
	yardstick

	progress  func(done, all int)
	mu        sync.Mutex
	done, all int
	names     store.RunsChecked
	unread    bool // some account could not be read

	out Verification
}

func newVerifier(progress func(done, all int)) *verifier {
	return &verifier{
		progress: progress,
		out:      Verification{Rows: map[string]int{}, Truths: slices.Clone(truthNames)},
	}
}

// step says that one more account is done.
func (v *verifier) step() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.done++
	if v.progress != nil {
		v.progress(v.done, max(v.all, v.done))
	}
}

// claim notes which names in the index of usage are of events of an account. It does so
// at once, so that where they stand need not be remembered.
func (v *verifier) claim(found *verifiedAccount) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.names.Claim(found.names)
	found.names = store.NamesChecked{}
	v.unread = v.unread || found.unread
}

// unclaimed finds names in the index of usage that are of no event of any account. Where
// an account cannot be read, they may be of its events.
func (v *verifier) unclaimed() {
	if f := v.names.Unclaimed(); f != nil && !v.unread {
		v.broken(account.UsageIsBilledOnce, Breakage(*f))
	}
}

// keep adds what was found in one account, in the order of accounts.
func (v *verifier) keep(found verifiedAccount) {
	if found.rows == nil {
		return // it was there when ids were read, and is not any more
	}
	v.out.Accounts++
	v.add(found)
}

func (v *verifier) add(found verifiedAccount) {
	for table, n := range found.rows {
		v.out.Rows[string(table)] += n
	}
	for truth, n := range found.findings.Checked {
		v.truth(truth).Checked += n
	}
	for _, b := range found.broken {
		v.broken(b.truth, b.Breakage)
	}
}

func (v *verifier) truth(n account.Truth) *Truth {
	i := slices.IndexFunc(v.out.Truths, func(t Truth) bool { return t.N == int(n) })
	return &v.out.Truths[i]
}

// broken notes a breakage, unless an earlier one of the truth is known.
func (v *verifier) broken(n account.Truth, b Breakage) {
	if t := v.truth(n); t.Broken == nil {
		t.Broken = &b
	}
}

func (v *verifier) result() Verification {
	v.out.OK = !slices.ContainsFunc(v.out.Truths, func(t Truth) bool { return t.Broken != nil })
	return v.out
}

// reaches checks that the index of usage goes as far as the account says.
func (y yardstick) reaches(ev *account.Evidence, out *verifiedAccount) {
	if says := ev.Account.Intake.Reach; !y.index.Reaches(says) {
		out.add(account.UsageIsBilledOnce, Breakage{
			Table: string(account.InAccounts), Row: out.id,
			Message: fmt.Sprintf("says that its usage is in %d runs of the index, which are not those that there are", says.Runs),
		})
	}
}

// unknownSets finds the first row that names a set of documents which is not kept.
func (y yardstick) unknownSets(ev *account.Evidence, out *verifiedAccount) {
	all := true
	check := func(kind RowKind, id account.RowID, set int64) {
		if all && y.sets[set] == nil {
			all = false
			out.add(account.TermsRecompute, missingSet(set, RowName{Kind: kind, Account: out.id, RowID: id}.String()))
		}
	}
	for i := range ev.Charges {
		check(ChargeRow, ev.Charges[i].RowID, ev.Charges[i].Terms)
	}
	for i := range ev.Refused {
		check(RefusedRow, ev.Refused[i].RowID, ev.Refused[i].Terms)
	}
	for i := range ev.LateFees {
		check(LateFeeRow, ev.LateFees[i].RowID, ev.LateFees[i].Terms)
	}
	for i := range ev.Notices {
		check(NoticeRow, ev.Notices[i].RowID, ev.Notices[i].Terms)
	}
	for i := range ev.Transitions {
		check(TransitionRow, ev.Transitions[i].RowID, ev.Transitions[i].Terms)
	}
}

func missingSet(set int64, namedBy string) Breakage {
	return Breakage{Table: "term_sets", Row: fmt.Sprint(set), Message: "is missing, and " + namedBy + " names it"}
}
