package terms

import (
	"slices"
	"strings"
)

// KeyComparison is what two documents say by themselves on one term key.
type KeyComparison struct {
	Key  string
	A, B Said
	// Same says that both set the key, to one value however it is written.
	Same bool
}

// Said is a value that a document sets, and every clause that does so.
type Said struct {
	Text      string // as the first of the clauses writes it; "" when none sets the key
	Citations Citations
}

// Compare puts side by side what two documents say, key by key: every key that
// either of them sets, sorted. It does not say which of them wins; Resolve does.
func Compare(a, b *Document) []KeyComparison {
	saidA, valueA := a.said()
	saidB, valueB := b.said()
	var keys []string
	for key := range saidA {
		keys = append(keys, key)
	}
	for key := range saidB {
		if _, both := saidA[key]; !both {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	compared := make([]KeyComparison, len(keys))
	for i, key := range keys {
		v, inA := valueA[key]
		w, inB := valueB[key]
		compared[i] = KeyComparison{Key: key, A: saidA[key], B: saidB[key], Same: inA && inB && v == w}
	}
	return compared
}

// said returns what the document sets, and each value in its one text.
func (d *Document) said() (map[string]Said, map[string]string) {
	said, values := map[string]Said{}, map[string]string{}
	for _, t := range d.terms {
		s, again := said[t.Key]
		if !again {
			s.Text = t.Text
		}
		s.Citations = append(s.Citations, d.cite(t.clause))
		said[t.Key], values[t.Key] = s, t.canonical
	}
	return said, values
}

// ClauseStatus says what became of a clause between two versions.
type ClauseStatus string

// What can become of a clause.
const (
	ClauseAdded   ClauseStatus = "added"
	ClauseRemoved ClauseStatus = "removed"
	ClauseChanged ClauseStatus = "changed"
)

// ClauseChange is a clause that differs between two versions of a document.
type ClauseChange struct {
	Label   string       `json:"label"`
	Title   string       `json:"title,omitempty"` // in the later version, or the earlier one of a removed clause
	Status  ClauseStatus `json:"status"`
	Changes []Change     `json:"changes"`
}

// Operative says that any of the changes changes somebody's rights.
func (c ClauseChange) Operative() bool {
	return slices.ContainsFunc(c.Changes, func(x Change) bool { return x.Operative })
}

// DiffClauses is Diff by parts: the changes of the header and the meters, and
// those of each clause, in the order of the later version; what it removed
// stands last.
func DiffClauses(old, new *Document) (header []Change, clauses []ClauseChange) {
	of := map[string][]Change{}
	for _, c := range Diff(old, new) {
		if c.Part == PartHeader || c.Part == PartMeter {
			header = append(header, c)
			continue
		}
		of[c.Clause] = append(of[c.Clause], c)
	}
	for i := range new.Clauses {
		c := &new.Clauses[i]
		if len(of[c.Label()]) == 0 {
			continue
		}
		status := ClauseChanged
		if _, had := old.Clause(c.Label()); !had {
			status = ClauseAdded
		}
		clauses = append(clauses, ClauseChange{Label: c.Label(), Title: c.Title, Status: status, Changes: of[c.Label()]})
	}
	for i := range old.Clauses {
		c := &old.Clauses[i]
		if _, has := new.Clause(c.Label()); !has {
			clauses = append(clauses, ClauseChange{Label: c.Label(), Title: c.Title, Status: ClauseRemoved, Changes: of[c.Label()]})
		}
	}
	return header, clauses
}

// Words is a run of words of a text that was changed.
type Words struct {
	Text           string
	Added, Removed bool // neither: in both texts
}

// maxWordPairs bounds the work of DiffWords.
const maxWordPairs = 4_000_000

// DiffWords says how a text was changed, word by word, with as many words kept as
// can be. Texts of thousands of words are not compared: the new one stands for
// the old one.
func DiffWords(old, new string) []Words {
	a, b := strings.Fields(old), strings.Fields(new)
	if len(a)*len(b) > maxWordPairs {
		return []Words{{Text: strings.Join(a, " "), Removed: true}, {Text: strings.Join(b, " "), Added: true}}
	}
	common := commonWords(a, b)
	var diff []Words
	add := func(word string, added, removed bool) {
		if n := len(diff); n > 0 && diff[n-1].Added == added && diff[n-1].Removed == removed {
			diff[n-1].Text += " " + word
			return
		}
		diff = append(diff, Words{Text: word, Added: added, Removed: removed})
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			add(a[i], false, false)
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			add(a[i], false, true)
			i++
		default:
			add(b[j], true, false)
			j++
		}
	}
	return diff
}

// commonWords gives, for each pair of places, how many words the rests of two
// texts have in common, in order.
func commonWords(a, b []string) [][]int32 {
	common := make([][]int32, len(a)+1)
	for i := range common {
		common[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	return common
}
