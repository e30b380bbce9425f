package app

import (
	"context"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// MoneyQuery says what PlanMoney re-runs.
type MoneyQuery struct {
	// Month is a month that has ended.
	Month calendar.Month
	// Account is the only account to re-run; empty for all of them.
	Account string
	// Limit bounds each list of the answer; what is left out is counted.
	Limit int
}

// maxListed is the largest Limit: what is listed is held in memory.
const maxListed = 100_000

// Check refuses, with code bad_input, a Limit outside 1 to 100,000.
func (q MoneyQuery) Check() error {
	if q.Limit >= 1 && q.Limit <= maxListed {
		return nil
	}
	return refusal.New(refusal.BadInput, "lists of %d cannot be given", q.Limit).At("limit").Do("ask for 1 to %d", maxListed)
}

// PlanMoney says what a closed month would have come to had the new versions of
// a folder been in force in it, each in the place of whatever version of its
// document was. The books of each account are made again twice from what came
// from outside (usage, payments, acceptances): once under the documents as they
// were, which must give the stored journal to the last hash, and once under the
// new versions from the month's first instant to the one at which it ends. So the
// difference is that of the documents alone. Nothing is written.
//
// Of several new versions of one document the one that takes effect last is
// tried. It refuses a folder that could not be published, a month that has not
// ended, that lies before all documents or in which something due is not done,
// an unknown account, and a Limit outside 1 to 100,000. progress, when given, is
// called with the number of accounts done and to do.
func (a *App) PlanMoney(ctx context.Context, dir fs.FS, q MoneyQuery, progress func(done, all int)) (PlannedMoney, error) {
	if err := q.Check(); err != nil {
		return PlannedMoney{}, err
	}
	f, err := readFolder(dir)
	if err != nil {
		return PlannedMoney{}, err
	}
	run := &moneyRun{app: a, query: q, progress: progress}
	err = a.db.View(ctx, func(tx *store.Tx) error { return run.begin(ctx, tx, f) })
	if err != nil {
		return PlannedMoney{}, err
	}
	if err := run.accounts(ctx); err != nil {
		return PlannedMoney{}, err
	}
	return run.out.sorted(), nil
}

// moneyRun is a re-run of a month under way.
type moneyRun struct {
	app      *App
	query    MoneyQuery
	provider *Provider // with the new versions
	rerun    account.Rerun
	progress func(done, all int)

	mu        sync.Mutex
	done, all int
	out       *PlannedMoney
}

// begin finds what is tried, and checks that the month can be re-run.
func (r *moneyRun) begin(ctx context.Context, tx *store.Tx, f *folder) error {
	m, err := r.app.moment(ctx, tx)
	if err != nil {
		return err
	}
	before, err := r.app.provider(ctx, tx)
	if err != nil {
		return err
	}
	next, err := r.app.proposal(ctx, tx, f, m)
	if err != nil {
		return err
	}
	from, to := before.Settings.Zone.MonthBounds(r.query.Month)
	if err := r.checkMonth(ctx, tx, before, m.now); err != nil {
		return err
	}
	tried := lastOfEach(next.proposed())
	r.provider = before.with(tried)
	r.rerun = account.Rerun{Present: before.Corpus, Proposed: before.Corpus.During(from, to, tried), Zone: before.Settings.Zone, Month: r.query.Month}
	r.out = newPlannedMoney(before, r.query, tried)
	r.all = 1
	if r.query.Account == "" {
		r.all, err = tx.CountAccounts(ctx)
	}
	return err
}

// with returns the provider as it would be with other documents beside its own.
func (p *Provider) with(documents []*terms.Document) *Provider {
	other := *p
	other.Documents = slices.Clone(p.Documents)
	for _, d := range documents {
		other.Documents = append(other.Documents, terms.Published{Document: d})
	}
	return &other
}

// lastOfEach returns, of each document, the version that takes effect last.
func lastOfEach(versions []*terms.Document) []*terms.Document {
	last := map[string]*terms.Document{}
	for _, d := range versions {
		if have := last[d.ID]; have == nil || have.Effective < d.Effective {
			last[d.ID] = d
		}
	}
	var tried []*terms.Document
	for _, d := range versions {
		if last[d.ID] == d {
			tried = append(tried, d)
		}
	}
	slices.SortFunc(tried, func(a, b *terms.Document) int { return strings.Compare(a.ID, b.ID) })
	return tried
}

// checkMonth refuses a month that cannot be re-run.
func (r *moneyRun) checkMonth(ctx context.Context, tx *store.Tx, p *Provider, now calendar.Instant) error {
	_, to := p.Settings.Zone.MonthBounds(r.query.Month)
	if to > now {
		return refusal.New(refusal.BadInput, "%s has not ended; it is %s", r.query.Month, p.instant(now)).At("month").
			Do("re-run a month that has")
	}
	if first := p.firstEffective(); to <= first {
		return refusal.New(refusal.BadInput, "nothing was in force in %s: the first document took effect at %s", r.query.Month, p.instant(first)).
			At("month").Do("re-run a month from then on")
	}
	if r.query.Account != "" {
		row, found, err := tx.Account(ctx, r.query.Account)
		if err == nil && !found {
			err = unknownAccount(r.query.Account)
		}
		if err != nil || row.NextDue > to {
			return err
		}
		return notClosed(r.query.Month, 1, r.query.Account)
	}
	n, err := tx.CountDue(ctx, to)
	if err != nil || n == 0 {
		return err
	}
	due, err := tx.DueAccounts(ctx, to, 1)
	if err != nil {
		return err
	}
	return notClosed(r.query.Month, n, due[0])
}

func notClosed(month calendar.Month, accounts int, first string) error {
	return refusal.New(refusal.BadInput, "%s is not closed: what fell due in it is not done for %d accounts, the first being %s", month, accounts, first).
		At("month").Do("let the worker finish, or advance the virtual clock; an account that is stuck needs terms that mend it")
}

// firstEffective is when the first of all documents took effect.
func (p *Provider) firstEffective() calendar.Instant {
	first := calendar.EndOfTime
	for _, published := range p.Documents {
		first = min(first, published.Document.Effective)
	}
	return first
}

// accounts re-runs the accounts, a page of ids at a time.
func (r *moneyRun) accounts(ctx context.Context) error {
	if r.query.Account != "" {
		return r.page(ctx, []string{r.query.Account})
	}
	for after := ""; ; {
		var ids []string
		err := r.app.db.View(ctx, func(tx *store.Tx) (err error) {
			ids, err = tx.AccountIDs(ctx, after, accountsPerPage)
			return err
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := r.page(ctx, ids); err != nil {
			return err
		}
		after = ids[len(ids)-1]
	}
}

// reruns is how many accounts are re-run at once. What one of them needs in
// memory is all that is stored about one account.
const reruns = 4

// page re-runs several accounts at a time.
func (r *moneyRun) page(ctx context.Context, ids []string) error {
	next := make(chan string)
	failed := make([]error, reruns)
	var work sync.WaitGroup
	for i := range reruns {
		work.Go(func() {
			for id := range next {
				if failed[i] == nil {
					failed[i] = r.one(ctx, id)
				}
			}
		})
	}
	for _, id := range ids {
		next <- id
	}
	close(next)
	work.Wait()
	return joinFaults(failed)
}

// one re-runs an account and counts what came out.
func (r *moneyRun) one(ctx context.Context, id string) error {
	var ev *account.Evidence
	var found bool
	err := r.app.db.View(ctx, func(tx *store.Tx) (err error) {
		ev, found, err = tx.Evidence(ctx, id)
		return err
	})
	if err != nil || !found { // it was there when ids were read
		return err
	}
	was, would, fault := r.rerun.Run(ev)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	if r.progress != nil {
		r.progress(r.done, max(r.all, r.done))
	}
	if fault != nil {
		r.out.NotRerun.add(NotRerun{Account: id, Row: faultRow(id, fault), Reason: fault.Error()})
		return nil
	}
	return r.out.count(r.provider, &ev.Account, &was, &would)
}
