package app

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
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
	Document string   `json:"document"`
	Applies  []string `json:"applies"`
	Refrains []string `json:"refrains"`
}

// complete says whether the proof is of the document's rule, in both directions.
func (p RuleProof) complete(document string) bool {
	return p.Document == document && len(p.Applies) > 0 && len(p.Refrains) > 0
}

// Coverage says what becomes of every rule of every published document, in the
// version in force or, before any is, the first to come.
func (a *App) Coverage(ctx context.Context) (Coverage, error) {
	proofs := map[string]RuleProof{}
	if err := json.Unmarshal(provider.Coverage, &proofs); err != nil {
		return Coverage{}, fmt.Errorf("app: reading the record of proofs: %w", err)
	}
	var c Coverage
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
			c.add(published.Document, proofs)
		}
		c.countWaits()
		return nil
	})
	return c, err
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
	if clause, found := d.Clause(r.Clause); found {
		row.Title = clause.Title
	}
	if proof.Document == d.ID {
		row.Applies, row.Refrains = proof.Applies, proof.Refrains
	}
	switch {
	case v.Status == Declaratory:
		row.Status = RuleDeclaratory
	case v.Status == Waiting:
		row.Status = RuleWaiting
	case proof.complete(d.ID):
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
	for capability, n := range counts {
		c.WaitsFor = append(c.WaitsFor, CapabilityCount{Capability: capability, Rules: n})
	}
	slices.SortFunc(c.WaitsFor, func(a, b CapabilityCount) int {
		return cmp.Or(cmp.Compare(b.Rules, a.Rules), cmp.Compare(a.Capability, b.Capability))
	})
}
