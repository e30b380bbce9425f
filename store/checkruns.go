package store

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"termwise.dev/core/account"
	"termwise.dev/core/journal"
)

// UsageIndex knows on which pages of runs the name of an event may be.
type UsageIndex struct {
	filters filters
	reaches []account.Reach // up to the first run that is missing
}

// Reaches says whether the index goes as far as an account says.
func (x *UsageIndex) Reaches(says account.Reach) bool {
	if says.Runs <= 0 || says.Runs > int64(len(x.reaches)) {
		return says == account.Reach{}
	}
	return x.reaches[says.Runs-1] == says
}

// UsageIndex reads the filters of all runs.
func (tx *Tx) UsageIndex(ctx context.Context) (*UsageIndex, error) {
	x := &UsageIndex{}
	var reach account.Reach
	err := tx.each(ctx, "SELECT run, filter, digest FROM usage_runs ORDER BY run", nil, func(rows scanner) error {
		var run, digest int64
		var filter []byte
		err := rows.Scan(&run, &filter, &digest)
		if run == reach.Runs+1 {
			reach = reach.Next(digest)
			x.reaches = append(x.reaches, reach)
		}
		if size := len(filter) * 8; size > 0 && size&(size-1) == 0 { // else it was changed, and CheckRuns says so
			x.filters.add(run, filter)
		}
		return err
	})
	return x, err
}

// RunFault is a row of the index of usage that is not as it was written.
type RunFault struct{ Table, Row, Message string }

// RunsChecked is what CheckRuns found.
type RunsChecked struct {
	Runs, Pages int
	Faults      []RunFault
	// unclaimed counts the names on each page of a run for which no event was found
	// yet: four bytes for some 64 names, beside the 256 of their part of the filter.
	unclaimed map[int64][]int32
}

func (c *RunsChecked) fault(table, row, message string) {
	c.Faults = append(c.Faults, RunFault{table, row, message})
}

// CheckRuns checks that the runs of the index of usage are numbered from one, and
// that each of them and of their pages is as it was written.
func (tx *Tx) CheckRuns(ctx context.Context) (c RunsChecked, err error) {
	c.unclaimed = map[int64][]int32{}
	var runs []int64
	if err := tx.each(ctx, "SELECT run FROM usage_runs ORDER BY run", nil, func(rows scanner) error {
		var run int64
		err := rows.Scan(&run)
		runs = append(runs, run)
		return err
	}); err != nil {
		return c, err
	}
	for i, run := range runs {
		if run != int64(i)+1 {
			c.fault("usage_runs", fmt.Sprintf("run %d", i+1), fmt.Sprintf("is missing: run %d stands in its place", run))
			break
		}
		if err := tx.checkRun(ctx, &c, run); err != nil {
			return c, err
		}
	}
	c.Runs = len(runs)
	var stray int64
	found, err := tx.one(ctx, []any{&stray}, "SELECT run FROM usage_run_pages WHERE run > $1 ORDER BY run LIMIT 1", len(runs))
	if found {
		c.fault("usage_run_pages", fmt.Sprintf("of run %d", stray), "belongs to no run")
	}
	return c, err
}

// checkRun checks one run: its digest, its pages, and that its filter is that of
// the names on them.
func (tx *Tx) checkRun(ctx context.Context, c *RunsChecked, run int64) error {
	var count, digest int64
	var filter []byte
	if _, err := tx.one(ctx, []any{&count, &filter, &digest}, "SELECT names, filter, digest FROM usage_runs WHERE run = $1", run); err != nil {
		return err
	}
	row := fmt.Sprintf("run %d", run)
	if digest != sealOfRun(run, count, filter) {
		c.fault("usage_runs", row, "digest does not match its content")
	}
	var names []placed
	faults, bits := len(c.Faults), pageBits(len(filter)*8)
	unclaimed := make([]int32, 1<<bits)
	err := tx.each(ctx, "SELECT page, content, digest FROM usage_run_pages WHERE run = $1 ORDER BY page", []any{run},
		func(rows scanner) error {
			p := runPage{run: run}
			if err := rows.Scan(&p.page, &p.content, &p.digest); err != nil {
				return err
			}
			c.Pages++
			if p.digest != p.seal() {
				c.fault("usage_run_pages", p.rowName(), "digest does not match its content")
				return nil
			}
			if !p.ordered(bits) {
				c.fault("usage_run_pages", p.rowName(), "holds names out of order, or what is none")
			}
			here := p.names()
			if len(here) > 0 && len(c.Faults) == faults { // so the page is one of the filter's
				unclaimed[p.page] = int32(len(here))
			}
			names = append(names, here...)
			return nil
		})
	if err == nil && (int64(len(names)) != count || !bytes.Equal(newBloom(names), filter)) {
		c.fault("usage_run_pages", "of "+row, fmt.Sprintf("hold %d names, which are not the %d of the run", len(names), count))
	}
	if len(c.Faults) == faults {
		c.unclaimed[run] = unclaimed
	}
	return err
}

// ordered says whether the page holds whole entries only, each of a name that is
// looked for on it, one after the other: else find misses some.
func (p *runPage) ordered(pageBits int) bool {
	names := p.names()
	return len(p.content)%entryBytes == 0 &&
		!slices.ContainsFunc(names, func(at placed) bool { return at.name.page(pageBits) != p.page }) &&
		slices.IsSortedFunc(names, func(a, b placed) int { return bytes.Compare(a.name[:], b.name[:]) })
}

// names lists what stands on the page.
func (p *runPage) names() []placed {
	names := make([]placed, len(p.content)/entryBytes)
	for i := range names {
		copy(names[i].name[:], p.content[i*entryBytes:])
		names[i].parcel = p.parcel(i)
	}
	return names
}

// rowName names the page in what verify says.
func (p *runPage) rowName() string { return fmt.Sprintf("run %d page %d", p.run, p.page) }

// NamesChecked is what CheckNames found of one account.
type NamesChecked struct {
	// Fault is the first event that the runs do not hold, or in another parcel than it
	// is in; nil when there is none.
	Fault *RunFault
	held  []pageKey // where the names of its events stand
}

// CheckNames looks on the pages of runs for the names of all events of an account. Each
// must be said to be in the parcel that holds it; and those of parcels that the account
// says are indexed must be there, or a repetition would be billed again. It holds as
// many pages at once as are looked for in one statement, however many events there are.
func (tx *Tx) CheckNames(ctx context.Context, x *UsageIndex, ev *account.Evidence) (c NamesChecked, err error) {
	for events := range slices.Chunk(ev.Events, maxPages) {
		if err := tx.checkNames(ctx, x, events, ev.Account.Intake.Indexed, &c); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (tx *Tx) checkNames(ctx context.Context, x *UsageIndex, events []account.StoredEvent, indexed int64, c *NamesChecked) error {
	var enc journal.Encoder
	var keys []pageKey
	names, where := make([]name, len(events)), make([][]pageKey, len(events))
	for i := range events {
		names[i] = nameOf(&enc, keyOf(&events[i].Event))
		x.filters.candidates(&names[i], func(key pageKey) { where[i] = append(where[i], key) })
		keys = append(keys, where[i]...)
	}
	pages, err := tx.readPages(ctx, keys)
	if err != nil {
		return err
	}
	for i := range events {
		e := &events[i]
		if !c.find(e, &names[i], where[i], pages) && e.Parcel <= indexed {
			c.fault("usage_runs", e.Account+" "+account.EventName(e.Source, e.ID),
				fmt.Sprintf("is missing: the account says that what parcel %d holds is indexed", e.Parcel))
		}
	}
	return nil
}

// find looks for an event on the pages where its name may be, of which some may be
// gone, and says whether one holds it.
func (c *NamesChecked) find(e *account.StoredEvent, n *name, where []pageKey, pages map[pageKey]*runPage) (held bool) {
	for _, key := range where {
		p := pages[key]
		if p == nil {
			continue
		}
		i, is := p.place(n)
		if !is {
			continue
		}
		held = true
		c.held = append(c.held, key)
		if says := p.parcel(i); says != e.Parcel {
			c.fault("usage_run_pages", p.rowName(), fmt.Sprintf("says that parcel %d of account %s holds event %s, and parcel %d does",
				says, e.Account, account.EventName(e.Source, e.ID), e.Parcel))
		}
	}
	return held
}

func (c *NamesChecked) fault(table, row, message string) {
	if c.Fault == nil {
		c.Fault = &RunFault{table, row, message}
	}
}

// Claim notes that the events of an account were found. What names it needs no memory:
// only how many are left of each page. Runs that were written after CheckRuns are
// passed over.
func (c *RunsChecked) Claim(n NamesChecked) {
	for _, key := range n.held {
		if pages := c.unclaimed[key.run]; key.page < int64(len(pages)) {
			pages[key.page]--
		}
	}
}

// Unclaimed is the first page that holds names of which no event was found, when the
// events of all accounts were looked for; nil when there is none. A run is written of
// events that were committed before, so those of every run that CheckRuns has read are
// there afterwards.
func (c *RunsChecked) Unclaimed() *RunFault {
	for run := int64(1); run <= int64(c.Runs); run++ {
		for page, names := range c.unclaimed[run] {
			if names > 0 {
				p := runPage{run: run, page: int64(page)}
				return &RunFault{"usage_run_pages", p.rowName(), fmt.Sprintf("holds %d names that are of no event", names)}
			}
		}
	}
	return nil
}
