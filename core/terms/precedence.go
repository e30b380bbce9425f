package terms

import (
	"cmp"
	"fmt"
	"slices"
)

// self, in a precedence list, is the document that holds the list.
const self = "self"

// ranking answers which of two bound documents beats the other. It remembers
// its answers while a Set is being made and is read-only afterwards.
type ranking struct {
	declarers []*Document // those with a precedence list, sorted by id
	verdicts  map[[2]*Document]verdict
}

// verdict is the outcome for an ordered pair of documents.
type verdict struct {
	beats bool     // the first document beats the second; the pair in the other order says the reverse
	by    Citation // the clause that decides; zero for what the kind rules means
	why   string
}

func newRanking(documents []*Document) *ranking {
	r := &ranking{verdicts: make(map[[2]*Document]verdict)}
	for _, d := range documents {
		if len(d.Precedence) > 0 {
			r.declarers = append(r.declarers, d)
		}
	}
	for _, a := range documents {
		for _, b := range documents {
			r.verdicts[[2]*Document{a, b}] = r.judge(a, b)
		}
	}
	return r
}

// compare says which of two documents of the Set beats the other, if any.
func (r *ranking) compare(a, b *Document) verdict { return r.verdicts[[2]*Document{a, b}] }

// weight is how special a declaration is. The heaviest declarations that say
// anything about a pair decide it.
type weight int

const (
	bindsAll      weight = iota // a list in a document that binds every product
	namesProducts               // a list in the terms or page of some products
	namesAccounts               // a list in a contract with some accounts
	stampedFirst                // a list that puts stamped documents on top: they beat everything
	ownContract                 // a stamped contract's words about its own rank: they win because it is stamped
)

// declaration is what one document's list says about a pair.
type declaration struct {
	by     *Document
	weight weight
	above  bool   // the first document is ranked above the second
	clause string // the label of the clause that puts the higher one there
	why    string
}

func (r *ranking) judge(a, b *Document) verdict {
	if a == b {
		return verdict{why: "the same document"}
	}
	heaviest := r.heaviest(a, b)
	if len(heaviest) == 0 {
		return judgeByKind(a, b)
	}
	decider := heaviest[0]
	for _, other := range heaviest[1:] {
		if other.above != decider.above {
			return verdict{why: fmt.Sprintf("%s and %s disagree", decider, other)}
		}
	}
	return verdict{beats: decider.above, by: decider.cites(), why: decider.String()}
}

// heaviest returns the most special declarations about a pair, by document id.
func (r *ranking) heaviest(a, b *Document) []declaration {
	var found []declaration
	for _, d := range r.declarers {
		if said, ok := d.declares(a, b); ok {
			found = append(found, said)
		}
	}
	top := slices.MaxFunc(append(found, declaration{}), func(x, y declaration) int { return cmp.Compare(x.weight, y.weight) })
	return slices.DeleteFunc(found, func(x declaration) bool { return x.weight < top.weight })
}

// judgeByKind applies what the kind rules means, when nothing is declared.
func judgeByKind(a, b *Document) verdict {
	if (a.Kind == Rules) == (b.Kind == Rules) {
		return verdict{why: "no declaration ranks them"}
	}
	return verdict{beats: b.Kind == Rules, why: "a rules document gives way to every agreement"}
}

// declares returns what the document's precedence list says about a pair.
func (d *Document) declares(a, b *Document) (declaration, bool) {
	levelA, nameA := d.level(a)
	levelB, nameB := d.level(b)
	ranked := levelA >= 0 && levelB >= 0 && levelA != levelB
	isOwn := d.Kind == Stamped && (d == a || d == b)
	if !(ranked && isOwn) && d.putsStampedFirst() && (a.Kind == Stamped) != (b.Kind == Stamped) {
		return declaration{by: d, weight: stampedFirst, above: a.Kind == Stamped, clause: d.RankClause(0), why: "puts stamped documents first"}, true
	}
	if !ranked {
		return declaration{}, false
	}
	said := declaration{by: d, weight: d.scope(), above: levelA < levelB, clause: d.RankClause(min(levelA, levelB))}
	said.why = ranks(said.above, nameA, nameB)
	if isOwn {
		said.weight = ownContract
	}
	return said, true
}

// RankClause returns the label of the clause that puts a level of Precedence
// above those below it, or "" for the last one, which stands above nothing.
func (d *Document) RankClause(level int) string {
	switch own := d.Precedence[level].Clause; {
	case own != "":
		return own
	case level == len(d.Precedence)-1 && (level > 0 || !d.putsStampedFirst()):
		return ""
	}
	return d.PrecedenceClause
}

// level returns where the list places a document, and under which name; -1 when
// it does not. The document's own id is nearer than its kind.
func (d *Document) level(x *Document) (int, string) {
	names := []string{x.ID, string(x.Kind)}
	if d == x {
		names = []string{self, x.ID, string(x.Kind)}
	}
	for _, name := range names {
		for i, level := range d.Precedence {
			if slices.Contains(level.Names, name) {
				return i, name
			}
		}
	}
	return -1, ""
}

func (d *Document) putsStampedFirst() bool {
	return slices.Contains(d.Precedence[0].Names, string(Stamped))
}

func (d *Document) scope() weight {
	switch {
	case len(d.Binds.Accounts) > 0:
		return namesAccounts
	case len(d.Binds.Products) > 0:
		return namesProducts
	}
	return bindsAll
}

func ranks(above bool, a, b string) string {
	if !above {
		a, b = b, a
	}
	return "ranks " + a + " above " + b
}

func (d declaration) cites() Citation { return d.by.cite(d.clause) }

// String gives "G 12.1 ranks page above special".
func (d declaration) String() string { return d.cites().String() + " " + d.why }

// remedy tells the writer of the documents how to make an undecided pair decidable.
func (v verdict) remedy(a, b *Document) string {
	return fmt.Sprintf("%s: give both the same value, or rank %s and %s in the precedence list of a document that binds both", v.why, a.ID, b.ID)
}
