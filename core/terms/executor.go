package terms

import (
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// executors is the closed set of what carries a clause out without a term value
// (executed_by). A word outside it would claim something that the program does
// not do; a new one comes with the code that does it.
var executors = []string{
	"precedence",                              // the documents are ranked
	"binding",                                 // a document binds, or does not
	"version in force",                        // the version of the day is used
	"effective-dated price resolution",        // use is priced at the price of its hour
	"comparison of versions",                  // a change is told from a heading
	"refusal of conflicts that nothing ranks", // nothing is decided for two equals
	"record of acceptance",                    // what was accepted is kept
	"settlement",                              // usage becomes charges by the hour
	"the seller under whom charges, debts and late fees are kept",
	"document listing",       // every version is listed, with its dates
	"document rendering",     // emphasis and survival are shown
	"labels kept as printed", // a skipped label is not renumbered
	"document rendering, and comparison of versions that leaves headings out",
}

// executor reads what carries a clause out: one of executors.
func (p *documentReader) executor(n ast.Node) string {
	s := p.text(n)
	if s != "" && !slices.Contains(executors, s) {
		p.refuseAt(n, fmt.Sprintf("executed_by %q is nothing that the program does by itself", s), "%s", suggest(s, executors))
	}
	return s
}
