package app

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"termwise.dev/core/terms"
	"termwise.dev/provider"
	"termwise.dev/store"
)

// Coverage says of every rule of the published documents what becomes of it.
type Coverage struct {
	// Executed rules are read by code and proved by tests in both directions;
	// Unproved ones are read by code but not proved; Declaratory ones ask for
	// nothing to be done; Waiting ones wait for a capability.
	Executed    int `json:"executed"`
	Unproved    int `json:"unproved"`
	Declaratory int `json:"declaratory"`
	Waiting     int `json:"waiting"`
	Total       int `json:"total"`
	// Documents counts the same by document.
	Documents []DocumentCoverage `json:"documents"`
	// WaitsFor counts the waiting rules by capability, most first.
	WaitsFor []CapabilityCount `json:"waits_for"`
	Rules    []CoveredRule     `json:"rules"`
}

// DocumentCoverage counts the rules of one document.
type DocumentCoverage struct {
	Document    string `json:"document"`
	Version     string `json:"version"`
	Title       string `json:"title"`
	Executed    int    `json:"executed"`
	Unproved    int    `json:"unproved"`
	Declaratory int    `json:"declaratory"`
	Waiting     int    `json:"waiting"`
}

// CapabilityCount counts the rules that wait for one capability.
type CapabilityCount struct {
	Capability string `json:"capability"`
	Means      string `json:"means"` // what the capability is, for a reader
	Rules      int    `json:"rules"`
}

// CoverageStatus is what becomes of a rule, proof by tests included.
type CoverageStatus string

// The statuses of coverage.
const (
	RuleExecuted    CoverageStatus = "executed"
	RuleUnproved    CoverageStatus = "unproved"
	RuleDeclaratory CoverageStatus = "declaratory"
	RuleWaiting     CoverageStatus = "waiting"
)

// CoveredRule is one rule and what becomes of it.
type CoveredRule struct {
	Rule     string         `json:"rule"` // for example "G-2.3.1.2a"
	Document string         `json:"document"`
	Version  string         `json:"version"`
	Clause   string         `json:"clause"`
	Title    string         `json:"title"`
	Status   CoverageStatus `json:"status"`
	// Reason is as in RuleView.
	Reason string `json:"reason"`
	// Applies and Refrains name the tests that show the rule at work and at rest.
	Applies  []string `json:"applies,omitempty"`
	Refrains []string `json:"refrains,omitempty"`
}

// RuleProof is what the sample provider's coverage file says about a rule.
type RuleProof struct {
	Document string `json:"document"`
	// Content is that of the clause that the tests prove (terms.Clause.Content).
	Content  string   `json:"content"`
	Applies  []string `json:"applies"`
	Refrains []string `json:"refrains"`
}

// of says whether the proof is of this very clause: another provider's document
// may have the same name and the same labels, and say something else.
func (p RuleProof) of(document string, clause *terms.Clause) bool {
	return p.Document == document && p.Content == clause.Content()
}

// complete says whether the rule is proved in both directions.
func (p RuleProof) complete() bool { return len(p.Applies) > 0 && len(p.Refrains) > 0 }

// Coverage says what becomes of every rule of every published document, in the
// version in force or, before any is, the first to come.
func (a *App) Coverage(ctx context.Context) (Coverage, error) {
	var documents []*terms.Document
	err := a.db.View(ctx, func(tx *store.Tx) error {
		p, now, err := a.providerNow(ctx, tx)
		if err != nil {
			return err
		}
		for _, id := range p.documentIDs() {
			published, err := p.find(id, "", now)
			if err != nil {
				return err
			}
			documents = append(documents, published.Document)
		}
		return nil
	})
	if err != nil {
		return Coverage{}, err
	}
	return coverageOf(documents)
}

// FolderCoverage says the same of the documents of a provider's folder, each in
// its latest version. It needs no database.
func FolderCoverage(dir fs.FS) (Coverage, error) {
	f, err := readFolder(dir)
	if err != nil {
		return Coverage{}, err
	}
	latest := map[string]*terms.Document{}
	for _, d := range f.parsed {
		if l, found := latest[d.ID]; !found || l.Effective < d.Effective {
			latest[d.ID] = d
		}
	}
	documents := make([]*terms.Document, 0, len(latest))
	for _, id := range slices.Sorted(maps.Keys(latest)) {
		documents = append(documents, latest[id])
	}
	return coverageOf(documents)
}

// coverageOf holds documents against the record of proofs.
func coverageOf(documents []*terms.Document) (Coverage, error) {
	proofs := map[string]RuleProof{}
	if err := json.Unmarshal(provider.Coverage, &proofs); err != nil {
		return Coverage{}, fmt.Errorf("app: reading the record of proofs: %w", err)
	}
	var c Coverage
	for _, d := range documents {
		c.add(d, proofs)
	}
	c.countWaits()
	return c, nil
}

// add counts the rules of a document.
func (c *Coverage) add(d *terms.Document, proofs map[string]RuleProof) {
	of := DocumentCoverage{Document: d.ID, Version: d.Version, Title: d.Title}
	for _, r := range d.Rules() {
		row := coveredRule(d, r, proofs[r.Ref(d.Code)])
		switch row.Status {
		case RuleExecuted:
			of.Executed++
		case RuleUnproved:
			of.Unproved++
		case RuleDeclaratory:
			of.Declaratory++
		default:
			of.Waiting++
		}
		c.Rules = append(c.Rules, row)
	}
	c.Documents = append(c.Documents, of)
	c.Executed += of.Executed
	c.Unproved += of.Unproved
	c.Declaratory += of.Declaratory
	c.Waiting += of.Waiting
	c.Total = len(c.Rules)
}

func coveredRule(d *terms.Document, r terms.Rule, proof RuleProof) CoveredRule {
	v := ruleView(d.Code, r)
	row := CoveredRule{Rule: v.Rule, Document: d.ID, Version: d.Version, Clause: r.Clause, Reason: v.Reason}
	clause, found := d.Clause(r.Clause)
	if found {
		row.Title = clause.Title
	}
	proven := found && proof.of(d.ID, clause)
	if proven {
		row.Applies, row.Refrains = proof.Applies, proof.Refrains
	}
	switch {
	case v.Status == Declaratory:
		row.Status = RuleDeclaratory
	case v.Status == Waiting:
		row.Status = RuleWaiting
	case proven && proof.complete():
		row.Status = RuleExecuted
	default:
		row.Status = RuleUnproved
	}
	return row
}

func (c *Coverage) countWaits() {
	counts := map[string]int{}
	for _, r := range c.Rules {
		if r.Status == RuleWaiting {
			counts[r.Reason]++
		}
	}
	for _, capability := range terms.Capabilities() {
		if n := counts[capability.Name]; n > 0 {
			c.WaitsFor = append(c.WaitsFor, CapabilityCount{Capability: capability.Name, Means: capability.Means, Rules: n})
		}
	}
	slices.SortFunc(c.WaitsFor, func(a, b CapabilityCount) int {
		return cmp.Or(cmp.Compare(b.Rules, a.Rules), cmp.Compare(a.Capability, b.Capability))
	})
}
