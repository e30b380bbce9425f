package app

import (
	"context"
	"slices"
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// ToCompare names a version of a document: a published one (Version empty for
// the one in force) or, where File is set, a source that is not published.
type ToCompare struct {
	Document, Version string
	File              string
	Source            []byte
}

// ParseToCompare reads DOCUMENT or DOCUMENT@VERSION.
func ParseToCompare(text string) ToCompare {
	id, version, _ := strings.Cut(text, "@")
	return ToCompare{Document: id, Version: version}
}

// Comparison is what two documents, or two versions of one, say differently.
type Comparison struct {
	A ComparedDocument `json:"a"`
	B ComparedDocument `json:"b"`
	// Terms holds every key that either sets.
	Terms []ComparedTerm `json:"terms"`
	// Versions says that A and B are versions of one document. Then Header and
	// Clauses hold what B changes of A, with the clauses by label; labels of
	// different documents have nothing in common.
	Versions bool                 `json:"versions"`
	Header   []terms.Change       `json:"header"`
	Clauses  []terms.ClauseChange `json:"clauses"`
	// Operative counts the changes that change somebody's rights.
	Operative int `json:"operative"`
}

// ComparedDocument is one side of a comparison.
type ComparedDocument struct {
	Document  string `json:"document"`
	Version   string `json:"version"`
	Code      string `json:"code"`
	Kind      string `json:"kind"`
	Title     string `json:"title"`
	Effective string `json:"effective"`
	File      string `json:"file,omitempty"` // where it was read from, if it is not published
}

// ComparedTerm is what both sides say on one key.
type ComparedTerm struct {
	Key  string   `json:"key"`
	A    SaidTerm `json:"a"`
	B    SaidTerm `json:"b"`
	Same bool     `json:"same"` // one value, however it is written
}

// SaidTerm is a value as the document writes it, with the clauses that set it;
// empty where none does.
type SaidTerm struct {
	Value string   `json:"value"`
	Cites []string `json:"cites"` // for example "G 2.3"
}

// Compare puts two documents side by side, key by key, and two versions of one
// document clause by clause as well. It says what each says by itself, not which
// of them wins. It refuses what is not published, and a source that is no document.
func (a *App) Compare(ctx context.Context, first, second ToCompare) (c Comparison, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		p, now, err := a.providerNow(ctx, tx)
		if err != nil {
			return err
		}
		old, err := p.toCompare(first, now)
		if err != nil {
			return err
		}
		new, err := p.toCompare(second, now)
		if err != nil {
			return err
		}
		c = compare(old, new)
		c.A, c.B = p.compared(old, first.File), p.compared(new, second.File)
		return nil
	})
	return c, err
}

func (p *Provider) toCompare(t ToCompare, now calendar.Instant) (*terms.Document, error) {
	if t.File != "" {
		return terms.Parse(t.File, t.Source, p.Settings.Zone)
	}
	published, err := p.find(t.Document, t.Version, now)
	return published.Document, err
}

func (p *Provider) compared(d *terms.Document, file string) ComparedDocument {
	return ComparedDocument{
		Document: d.ID, Version: d.Version, Code: d.Code, Kind: string(d.Kind), Title: d.Title,
		Effective: p.instant(d.Effective), File: file,
	}
}

func compare(old, new *terms.Document) Comparison {
	c := Comparison{Terms: []ComparedTerm{}, Versions: old.ID == new.ID, Header: []terms.Change{}, Clauses: []terms.ClauseChange{}}
	for _, k := range terms.Compare(old, new) {
		c.Terms = append(c.Terms, ComparedTerm{Key: k.Key, A: saidTerm(k.A), B: saidTerm(k.B), Same: k.Same})
	}
	if !c.Versions {
		return c
	}
	header, clauses := terms.DiffClauses(old, new)
	c.Header, c.Clauses = append(c.Header, header...), append(c.Clauses, clauses...)
	for _, x := range slices.Concat(header, changesOf(clauses)) {
		if x.Operative {
			c.Operative++
		}
	}
	return c
}

func changesOf(clauses []terms.ClauseChange) (all []terms.Change) {
	for _, c := range clauses {
		all = append(all, c.Changes...)
	}
	return all
}

func saidTerm(s terms.Said) SaidTerm {
	said := SaidTerm{Value: s.Text, Cites: []string{}}
	for _, c := range s.Citations {
		said.Cites = append(said.Cites, c.String())
	}
	return said
}
