package terms

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	documentID   = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	documentCode = regexp.MustCompile(`^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*$`)
	identifier   = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	label        = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)
	accountID    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
)

// labelShape says what isLabel accepts.
const labelShape = "letters, digits, dots, underscores and hyphens"

func isDocumentID(s string) bool { return documentID.MatchString(s) }
func isCode(s string) bool       { return documentCode.MatchString(s) }
func isIdentifier(s string) bool { return identifier.MatchString(s) }
func isLabel(s string) bool      { return label.MatchString(s) }
func isCurrency(s string) bool   { return currencyCode.MatchString(s) }

// IsAccountID says whether an account may have an id. It stands inside the ids of
// the account's rows, so it has no underscore.
func IsAccountID(s string) bool { return accountID.MatchString(s) }

// suggest tells the writer of a wrong word what could have been meant: the
// nearest known word when one is near, else all of them when they are few.
func suggest(word string, known []string) string {
	best, distance := "", len(word)/3+2
	for _, k := range known {
		if d := editDistance(word, k); d < distance {
			best, distance = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %s?", best)
	}
	if len(known) == 0 {
		return "none is declared; declare it, or leave the name out"
	}
	var words []string // a document is known by each of its versions
	for _, k := range known {
		if !slices.Contains(words, k) {
			words = append(words, k)
		}
	}
	if len(words) <= 16 {
		return "use one of: " + strings.Join(words, ", ")
	}
	return "check its spelling: no known name is near it"
}

// editDistance is the number of bytes to insert, delete or replace to turn a into b.
func editDistance(a, b string) int {
	const longest = 64 // longer words are never near, and must not cost quadratic time
	if len(a) > longest || len(b) > longest {
		return longest
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
