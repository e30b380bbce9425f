package main

import (
	"strings"

	"termwise.dev/app"
)

type showCmd struct {
	Document string `arg:"" help:"The document: DOCUMENT (the version in force) or DOCUMENT@VERSION."`
	Clause   string `placeholder:"LABEL" help:"Only this clause, by the label that is printed in the document."`
	HTML     bool   `name:"html" help:"Write a page for a browser or a printer, which needs nothing else."`
}

// Run shows the document.
func (c *showCmd) Run(s *session) error {
	if c.HTML && s.json {
		return wrongUse("ask for --html or for --json, not for both")
	}
	id, version, _ := strings.Cut(c.Document, "@")
	return s.with(func(a *app.App) error {
		d, err := a.Document(s, id, version)
		if err != nil {
			return err
		}
		if c.Clause != "" {
			if d, err = d.Only(c.Clause); err != nil {
				return atFlags(err, "--clause")
			}
		}
		switch {
		case c.HTML:
			return s.write(d.HTML())
		case c.Clause != "":
			return s.answer(d.Text[0], func(p *page) { showClause(p, d.Text[0], 0) })
		}
		return s.answer(d, func(p *page) { showDocument(p, d) })
	})
}

// write prints what is neither for a terminal nor JSON.
func (s *session) write(text []byte, err error) error {
	if err != nil {
		return err
	}
	_, err = s.stdout.Write(text)
	return err
}
