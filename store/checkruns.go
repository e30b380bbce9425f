package store

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"termwise.dev/core/account"
	"termwise.dev/core/journal"
	"termwise.dev/core/metering"
)

// UsageIndex knows the names of the events whose names are in runs.
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

// Holds says whether the event's name is in a run; of a hundred thousand that are
// not, it may say so of one.
func (x *UsageIndex) Holds(e *metering.Event) (held bool) {
	var enc journal.Encoder
	n := nameOf(&enc, keyOf(e))
	x.filters.candidates(&n, func(pageKey) { held = true })
	return held
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
}

func (c *RunsChecked) fault(table, row, message string) {
	c.Faults = append(c.Faults, RunFault{table, row, message})
}

// CheckRuns checks that the runs of the index of usage are numbered from one, and
// that each of them and of their pages is as it was written.
func (tx *Tx) CheckRuns(ctx context.Context) (c RunsChecked, err error) {
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
	err := tx.each(ctx, "SELECT page, content, digest FROM usage_run_pages WHERE run = $1 ORDER BY page", []any{run},
		func(rows scanner) error {
			p := runPage{run: run}
			if err := rows.Scan(&p.page, &p.content, &p.digest); err != nil {
				return err
			}
			c.Pages++
			if p.digest != p.seal() {
				c.fault("usage_run_pages", fmt.Sprintf("run %d page %d", run, p.page), "digest does not match its content")
				return nil
			}
			if !p.ordered(pageBits(len(filter) * 8)) {
				c.fault("usage_run_pages", fmt.Sprintf("run %d page %d", run, p.page), "holds names out of order, or what is none")
			}
			names = append(names, p.names()...)
			return nil
		})
	if err == nil && (int64(len(names)) != count || !bytes.Equal(newBloom(names), filter)) {
		c.fault("usage_run_pages", "of "+row, fmt.Sprintf("hold %d names, which are not the %d of the run", len(names), count))
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
