package account

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/catalog"
	"termwise.dev/core/journal"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// Explanation says why a row is what it is. It is computed from the row's
// inputs and the clauses of the documents that it names, by the same rules that
// made the row, and never read from a stored text: the same rows always give
// the same explanation.
type Explanation struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	Account string `json:"account"`
	// What says it in one sentence for a person.
	What    string      `json:"what"`
	Inputs  []Input     `json:"inputs"`
	Clauses []ClauseUse `json:"clauses"`
	// Arithmetic holds each step, written out.
	Arithmetic []string `json:"arithmetic"`
	// Stored is the row's outcome, Recomputed what the rules give now.
	Stored     string `json:"stored"`
	Recomputed string `json:"recomputed"`
	// Agrees says that both are the same and that the row's digest fits its content.
	Agrees bool `json:"agrees"`
	// Disagreements says what does not agree. There is none, although Agrees is
	// false, where too little of a refused event is kept to recompute its refusal:
	// Recomputed then says so.
	Disagreements []string `json:"disagreements,omitempty"`
	// Journal is the entry that the row belongs to; a refused event has none.
	Journal *JournalPlace `json:"journal,omitempty"`
}

// Input is a value that went into a row.
type Input struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Unit  string `json:"unit,omitempty"`
}

// ClauseUse is a clause and the part that it played.
type ClauseUse struct {
	// Role says what the clause decided here, for example "price".
	Role string `json:"role"`
	// Key is the term that was read, empty for a clause without one.
	Key string `json:"key,omitempty"`
	// Value is the term as the document writes it, or what its silence means.
	Value  string `json:"value"`
	Silent bool   `json:"silent,omitempty"`
	// Citation is the clause's name at length: "G 2.3 (general-agreement 2025-06)".
	Citation string     `json:"citation,omitempty"`
	Document string     `json:"document,omitempty"`
	Version  string     `json:"version,omitempty"`
	Hash     terms.Hash `json:"hash,omitzero"`
	Label    string     `json:"label,omitempty"`
	Title    string     `json:"title,omitempty"`
	Text     string     `json:"text,omitempty"`
	// Emphasis says that the clause must stand out wherever it is shown (G 0.4).
	Emphasis bool `json:"emphasis,omitempty"`
	// Considered lists every clause that sets the term, and why the others lost.
	Considered []terms.Candidate `json:"considered,omitempty"`

	cited terms.Citation
}

// JournalPlace is where a row stands in the account's journal.
type JournalPlace struct {
	Seq       int64        `json:"seq"`
	Kind      journal.Kind `json:"kind"`
	Effective string       `json:"effective"`
	Recorded  string       `json:"recorded"`
	Actor     string       `json:"actor"`
	Hash      string       `json:"hash"`
}

// Cites says whether the explanation names a clause, whatever the version.
func (x Explanation) Cites(code, clause string) bool {
	return slices.ContainsFunc(x.Clauses, func(u ClauseUse) bool { return u.cited.Code == code && u.cited.Clause == clause })
}

// Case is what a row is explained from, besides the row.
type Case struct {
	Account  string
	Currency money.Currency
	Zone     calendar.Zone
	Entry    journal.Entry
	// Set is the documents that the row names, found again by what was stored of them.
	Set *terms.Set
}

// explaining is an explanation in the making.
type explaining struct {
	Explanation
	c   Case
	err error
}

func (c Case) explain(kind string) *explaining {
	x := &explaining{c: c, Explanation: Explanation{
		Kind: kind, Account: c.Account, Agrees: true,
		Inputs: []Input{}, Clauses: []ClauseUse{}, Arithmetic: []string{},
	}}
	if e := c.Entry; e.Seq != 0 {
		x.Journal = &JournalPlace{
			Seq: e.Seq, Kind: e.Kind, Effective: c.Zone.Format(e.Effective), Recorded: c.Zone.Format(e.Recorded),
			Actor: e.Actor, Hash: e.Hash.String(),
		}
	}
	return x
}

func (x *explaining) done() (Explanation, error) { return x.Explanation, x.err }

func (x *explaining) say(format string, args ...any) { x.What = fmt.Sprintf(format, args...) }

func (x *explaining) input(name, value, unit string) {
	x.Inputs = append(x.Inputs, Input{Name: name, Value: value, Unit: unit})
}

func (x *explaining) step(format string, args ...any) {
	x.Arithmetic = append(x.Arithmetic, fmt.Sprintf(format, args...))
}

// outcome notes what is stored and what the rules give.
func (x *explaining) outcome(stored, recomputed string) {
	x.Stored, x.Recomputed = stored, recomputed
	if stored != recomputed {
		x.disagree("%s is stored, and the rules give %s", stored, recomputed)
	}
}

func (x *explaining) disagree(format string, args ...any) {
	x.Agrees = false
	x.Disagreements = append(x.Disagreements, fmt.Sprintf(format, args...))
}

// seal checks a row's digest.
func (x *explaining) seal(s Stamp, right int64) {
	if s.Digest != right {
		x.disagree("the row's digest does not match its content: it was changed after it was written")
	}
}

// use reads a term by its trace and notes the clause that sets it and its role.
func (x *explaining) use(role, key string) ClauseUse {
	trace, err := x.c.Set.Trace(key)
	if err != nil {
		x.err = err
		return ClauseUse{}
	}
	u := ClauseUse{Role: role, Key: key, Value: trace.Text, Silent: trace.Silent, Considered: trace.Considered, cited: trace.Citation}
	if !trace.Silent {
		x.quote(&u)
	}
	x.Clauses = append(x.Clauses, u)
	return u
}

// quote copies what the cited clause says.
func (x *explaining) quote(u *ClauseUse) {
	u.Citation, u.Document, u.Version, u.Label = u.cited.Long(), u.cited.Document, u.cited.Version, u.cited.Clause
	for _, d := range x.c.Set.Documents() {
		if d.ID != u.Document {
			continue
		}
		u.Hash = d.Hash
		if clause, found := d.Clause(u.Label); found {
			u.Title, u.Text, u.Emphasis = clause.Title, clause.Text, clause.Emphasis
		}
	}
}

// try keeps the first error; what follows it is not shown to anybody.
func (x *explaining) try(err error) bool {
	if x.err == nil {
		x.err = err
	}
	return x.err == nil
}

// payload reads the inputs that the entry keeps as JSON.
func (x *explaining) payload(into any) bool {
	if err := json.Unmarshal([]byte(x.c.Entry.Payload), into); err != nil {
		return x.try(refusal.New(refusal.BadInput, "the inputs of entry %d cannot be read: %v", x.c.Entry.Seq, err).
			Do("run termwise verify: the journal was changed"))
	}
	return true
}

// money writes an amount with its currency.
func (x *explaining) money(a money.Amount) string { return a.String() + " " + string(x.c.Currency) }

// local writes an instant for a person: "2026-01-05 13:00".
func (x *explaining) local(t calendar.Instant) string {
	s := x.c.Zone.Format(t)
	if s[10] != 'T' {
		return s // a year of more than four digits
	}
	day, clock := s[:10], s[11:19]
	if rest := s[19:]; strings.HasPrefix(rest, ".") {
		clock += rest[:strings.IndexAny(rest, "+-Z")]
	}
	return day + " " + strings.TrimSuffix(clock, ":00")
}

// hour writes a clock hour for a person: "2026-01-05 13:00 to 14:00".
func (x *explaining) hour(h calendar.Hour) string {
	end := x.local(h.End())
	return x.local(h.Start()) + " to " + end[11:] + " (" + x.c.Zone.String() + ")"
}

// grouped writes a number with commas between groups of three digits.
func grouped(v int64) string {
	s := strconv.FormatInt(v, 10)
	sign := ""
	if v < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// How many decimals are written out: of an exact value twice as many as money
// has, so that every rounding can be seen; of a quantity in a sentence fewer.
const (
	exactPlaces    = 12
	sentencePlaces = 6
)

// exact writes a × b ÷ c, where b is in 1e-10, as a decimal. Dots at the end say
// that it goes on.
func exact(a int64, b money.Decimal, c int64) string { return decimal(a, b, c, exactPlaces) }

// priced writes a quantity of base units in the meter's priced unit.
func priced(quantity int64, m catalog.Meter) string {
	return decimal(quantity, money.DecimalScale, m.Per, sentencePlaces) + " " + m.Unit
}

func decimal(a int64, b money.Decimal, c int64, places int) string {
	n := new(big.Int).Mul(big.NewInt(a), big.NewInt(int64(b)))
	n.Mul(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil))
	d := new(big.Int).Mul(big.NewInt(c), big.NewInt(money.DecimalScale))
	q, rest := new(big.Int).QuoRem(n, d, new(big.Int))
	sign := ""
	if q.Sign() < 0 || rest.Sign() < 0 {
		sign = "-"
	}
	digits := new(big.Int).Abs(q).String()
	if pad := places + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	whole, fraction := digits[:len(digits)-places], digits[len(digits)-places:]
	if rest.Sign() != 0 {
		return sign + whole + "." + fraction + "…"
	}
	return sign + strings.TrimSuffix(whole+"."+strings.TrimRight(fraction, "0"), ".")
}
