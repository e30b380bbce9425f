package main

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"

	"termwise.dev/app"
	"termwise.dev/app/usagefile"
	"termwise.dev/core/refusal"
)

type importCmd struct {
	Usage importUsageCmd `cmd:"" help:"Import usage from a CSV file, as a mapping says how to read it."`
}

type importUsageCmd struct {
	Map     string `required:"" placeholder:"FILE" help:"The mapping: which columns make an event."`
	Data    string `arg:"" help:"The CSV file."`
	Refused string `placeholder:"FILE" help:"Write the refused rows here, with their places and reasons."`
}

// Run imports the file.
func (c *importUsageCmd) Run(s *session) error {
	source, err := os.ReadFile(c.Map)
	if err != nil {
		return unreadable("--map", c.Map, err)
	}
	mapping, err := usagefile.Parse(c.Map, source)
	if err != nil {
		return err
	}
	data, err := os.Open(c.Data)
	if err != nil {
		return unreadable("DATA", c.Data, err)
	}
	return errors.Join(s.with(func(a *app.App) error {
		progress := s.bar("importing usage")
		imported, err := a.ImportUsage(s, mapping, data, filepath.Base(c.Data), s.actor, func(rows int) { progress.set(rows, 0) })
		progress.end()
		if err != nil {
			return err
		}
		if c.Refused != "" {
			if err := writeRefused(c.Refused, imported.Refusals); err != nil {
				return err
			}
		}
		if err := s.answer(imported, func(p *page) { showImported(p, imported, c.Refused) }); err != nil {
			return err
		}
		if imported.Refused > 0 && imported.Refused == imported.Rows {
			return errRefused // the file as a whole is of no use
		}
		return nil
	}), data.Close())
}

func unreadable(flag, file string, err error) error {
	return refusal.New(refusal.BadInput, "%q cannot be read: %v", file, errors.Unwrap(err)).At(flag).Do("name a file that can be read")
}

// writeRefused writes the refused rows as CSV.
func writeRefused(file string, refusals []app.Receipt) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	rows := [][]string{{"place", "source", "id", "code", "message", "refusal"}}
	for _, r := range refusals {
		rows = append(rows, []string{r.Place, r.Source, r.ID, string(r.Code), r.Message, r.Refusal})
	}
	return errors.Join(w.WriteAll(rows), f.Close())
}

func showImported(p *page, i app.Imported, file string) {
	p.line("%s: %s accepted, %s, %s refused", plural(i.Rows, "row", "rows"), count(i.Accepted),
		plural(i.Duplicates, "duplicate", "duplicates"), count(i.Refused))
	for _, code := range refusal.Codes() {
		if n := i.ByCode[code]; n > 0 {
			p.line("  %s: %s", code, count(n))
		}
	}
	switch {
	case file != "":
		p.line("The refused rows are listed in %s.", file)
	case i.Refused > 0:
		for _, r := range i.Refusals[:min(len(i.Refusals), 3)] {
			p.line("  %s: %s", r.Place, r.Message)
		}
		p.line("List all of them with --refused FILE.")
	}
}

type advanceCmd struct {
	To string `required:"" placeholder:"INSTANT" help:"Where the clock is to stand, for example 2026-02-01T00:00:00+08:00."`
}

// Run lets time pass.
func (c *advanceCmd) Run(s *session) error {
	to, err := instant("--to", c.To)
	if err != nil {
		return err
	}
	return s.with(func(a *app.App) error {
		progress := s.bar("advancing")
		advanced, err := a.Advance(s, to, progress.set)
		progress.end()
		if err != nil {
			return err
		}
		if err := s.answer(advanced, func(p *page) { showAdvanced(p, advanced, c.To) }); err != nil {
			return err
		}
		return advanced.Err()
	})
}

func showAdvanced(p *page, a app.Advanced, to string) {
	if len(a.Stuck) > 0 {
		p.line("The clock stays where it was: %s stuck.", plural(len(a.Stuck), "account is", "accounts are"))
	} else {
		p.line("The clock stands at %s.", to)
	}
	p.line("%s with something due: %s, %s, %s, %s", plural(a.Accounts, "account", "accounts"),
		plural(a.Charges, "charge", "charges"), plural(a.LateFees, "late fee", "late fees"),
		plural(a.Notices, "notice", "notices"), plural(a.Refused, "refusal of usage", "refusals of usage"))
}
