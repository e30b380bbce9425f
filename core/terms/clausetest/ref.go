package clausetest

import (
	"fmt"
	"regexp"
	"strings"
)

// A ref names a rule as "G 2.3" or "G-2.3.1.2a": the document's code and the
// label of a clause or rule.
var refForm = regexp.MustCompile(`^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*[ -][A-Za-z0-9][A-Za-z0-9._/-]*$`)

// Canonical gives the form in which refs are compared: "G 2.3" is "G-2.3", the
// form of terms.Rule.Ref. A ref of another form is an error.
func Canonical(ref string) (string, error) {
	if !refForm.MatchString(ref) {
		return "", fmt.Errorf("%q is not a ref; write \"G 2.3\" or \"G-2.3.1.2a\"", ref)
	}
	return strings.Replace(ref, " ", "-", 1), nil
}

// readings lists what a ref may cite. Codes and labels may both hold hyphens, so
// "C-SLA-2a" is tried at each; and a rule's id may add a letter to the label of
// its clause, so "2a" may be clause 2.
func readings(ref string) (cites [][2]string) {
	for i, c := range ref {
		if c != '-' && c != ' ' {
			continue
		}
		code, label := ref[:i], ref[i+1:]
		cites = append(cites, [2]string{code, label})
		if clause := strings.TrimRight(label, "abcdefghijklmnopqrstuvwxyz"); clause != label && len(label)-len(clause) == 1 {
			cites = append(cites, [2]string{code, clause})
		}
	}
	return cites
}
