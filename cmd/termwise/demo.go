package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"termwise.dev/app"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/provider"
)

// demoDatabase is where the demonstration lives where no database is named.
const demoDatabase = "data/demo.db"

type demoCmd struct{}

// Run makes the demonstration anew.
func (c *demoCmd) Run(s *session) error {
	if s.db == "" {
		s.db = demoDatabase
	}
	if err := s.clearDemo(); err != nil {
		return err
	}
	return s.create(func(a *app.App) error {
		progress := s.bar("")
		d, err := a.Demo(s, provider.Sample, func(stage app.DemoStage, done, all int) {
			progress.to(string(stage))
			progress.set(done, all)
		})
		progress.end()
		if err != nil {
			return err
		}
		if err := s.answer(d, func(p *page) { showDemo(p, d, s.location()) }); err != nil {
			return err
		}
		if !d.Verification.OK {
			return errUntrue
		}
		return nil
	})
}

// clearDemo makes room for a new demonstration: it removes one that is there,
// and refuses to touch anything else.
func (s *session) clearDemo() error {
	path, file := isFile(s.location())
	if !file {
		return nil // a database that is in use is refused when its clock is set
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if !app.HoldsDemo(s, path) {
		return refusal.New(refusal.AlreadyExists, "%s exists and is not a demonstration", path).At("--db").
			Do("name another file; nothing has been overwritten")
	}
	for _, part := range []string{path, path + "-wal", path + "-shm"} {
		if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func showDemo(p *page, d app.Demo, database string) {
	sum := d.Summary
	p.line("%s", p.bold("Termwise demonstration: "+d.Provider+", "+d.From[:10]+" to "+d.To[:10]))
	p.line("%s customers, %s workloads accepted and %s refused with their reasons,", count(sum.Accounts), count(d.Imported.Accepted), count(d.Imported.Refused))
	p.line("%s resource-hours, %s charge lines, %s journal entries.", count(sum.ResourceHours), count(sum.Lines), count(sum.Entries))
	showRevenue(p, sum)
	showLifecycle(p, d)
	p.heading("Explained by the documents and the stored inputs")
	for _, x := range d.Examples {
		p.line("")
		showExplanation(p, x, false)
	}
	p.heading("Verified")
	showVerification(p, d.Verification)
	showTimings(p, d.Timings)
	showNext(p, d, database)
}

// showRevenue shows a row for each month and a column for each meter.
func showRevenue(p *page, sum app.Summary) {
	var meters []string
	for _, m := range sum.Months {
		for _, t := range m.Meters {
			if !slices.Contains(meters, t.Meter) {
				meters = append(meters, t.Meter)
			}
		}
	}
	totals := make([]cell, len(meters))
	rows := make([][]cell, len(sum.Months))
	byMeter := map[string]money.Amount{}
	for i, m := range sum.Months {
		rows[i] = append([]cell{m.Month, m.Lines}, monthCells(m, meters, byMeter)...)
		rows[i] = append(rows[i], m.Total)
	}
	for i, name := range meters {
		totals[i] = byMeter[name]
	}
	p.heading("Revenue in %s", sum.Currency)
	header := append(append([]string{"month", "lines"}, meters...), "total")
	footer := append(append([]cell{"all", sum.Lines}, totals...), sum.Revenue)
	p.table(header, rows, footer...)
}

// monthCells gives a month's amount of each meter, and adds it to the sums.
func monthCells(m app.Totals, meters []string, sums map[string]money.Amount) []cell {
	row := make([]cell, len(meters))
	for i, name := range meters {
		var of money.Amount
		for _, t := range m.Meters {
			if t.Meter == name {
				of += t.Amount
			}
		}
		sums[name] += of
		row[i] = of
	}
	return row
}

func showLifecycle(p *page, d app.Demo) {
	sum := d.Summary
	p.heading("What happened to the customers")
	rows := make([][]cell, len(d.Stories))
	for i, story := range d.Stories {
		rows[i] = []cell{story.Story, storyText[story.Story], story.Meant, story.Happened}
	}
	p.table([]string{"story", "", "meant", "happened"}, rows)
	for _, other := range d.Differing {
		p.line("  %s", other)
	}
	p.line("")
	p.line("%s of %s %s; %s", plural(sum.TopUps.Count, "top-up", "top-ups"), amount(sum.TopUps.Amount), sum.Currency,
		plural(sum.LateFees.Count, "late fee", "late fees")+", together "+amount(sum.LateFees.Amount)+" "+string(sum.Currency))
	p.line("%s, %s, %s, %s", plural(sum.Suspensions, "suspension", "suspensions"), plural(sum.Resumptions, "resumption", "resumptions"),
		plural(sum.Releases, "release", "releases"), plural(sum.Reopenings, "reopening after release", "reopenings after release"))
	for _, r := range sum.Refused {
		p.line("not billed, %s: %s of usage", r.Code, plural(r.Parts, "hourly quantity", "hourly quantities"))
	}
	p.heading("Arrears on %s: %s owe %s principal and %s late fees (%s)", sum.Now[:10], plural(sum.Arrears.Accounts, "customer", "customers"),
		amount(sum.Arrears.Principal), amount(sum.Arrears.LateFees), sum.Currency)
	showBands(p, sum.Arrears)
}

// storyText says what each story means.
var storyText = map[string]string{
	"sails":     "the balance always covers what is due",
	"recovers":  "falls into arrears, settles them before suspension",
	"suspended": "is suspended, later pays all, and resumes",
	"released":  "does not pay in time; its resources are released",
}

func showTimings(p *page, timings []app.DemoStageTime) {
	var parts []string
	var all time.Duration
	for _, t := range timings {
		parts = append(parts, string(t.Stage)+" "+seconds(t.Took))
		all += t.Took
	}
	p.line("")
	p.paragraph(0, "Took "+seconds(all)+": "+strings.Join(parts, ", ")+".")
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s" }

func showNext(p *page, d app.Demo, database string) {
	p.heading("Next")
	at := "--db " + database
	next := []string{
		"termwise statement --account customer-004 --month 2026-02 --lines " + at,
		"termwise account history customer-041 --month 2026-05 " + at,
		"termwise arrears " + at,
		"termwise resolve late_fee.rate --account customer-004 --product compute-payg " + at,
		"termwise show general-agreement --clause 2.3 " + at,
		"termwise coverage " + at,
		"termwise keys create me --role operator " + at,
		"termwise serve " + at,
	}
	if len(d.Examples) > 0 {
		next = append([]string{"termwise explain " + d.Examples[0].ID + " " + at}, next...)
	}
	for _, command := range next {
		p.line("  %s", command)
	}
}
