package terms

import "slices"

// Citation names a clause of one version of a document.
type Citation struct {
	Document string `json:"document"`
	Code     string `json:"code"`
	Version  string `json:"version"`
	Clause   string `json:"clause"`
}

// String gives "G 2.3", or "" for the zero Citation.
func (c Citation) String() string {
	if c == (Citation{}) {
		return ""
	}
	return c.Code + " " + c.Clause
}

// Long gives "G 2.3 (general-agreement 2025-06)", or "" for the zero Citation.
func (c Citation) Long() string {
	if c == (Citation{}) {
		return ""
	}
	return c.String() + " (" + c.Document + " " + c.Version + ")"
}

// Citations are the clauses that a decision used.
type Citations []Citation

// Cites says whether a clause is among them, whatever the version.
func (cs Citations) Cites(code, clause string) bool {
	return slices.ContainsFunc(cs, func(c Citation) bool { return c.Code == code && c.Clause == clause })
}
