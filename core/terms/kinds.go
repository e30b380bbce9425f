package terms

import (
	"slices"
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/catalog"
	"termwise.dev/core/refusal"
)

// ChangeKind is what a new version of a document does to those whom it binds.
// How long before it must be announced depends on that.
type ChangeKind string

// The kinds of change, in the order in which they are listed.
const (
	AgreementChange  ChangeKind = "agreement"       // the agreement says something else
	FreeUseEnds      ChangeKind = "free_quota"      // what was free is charged for
	Discontinuation  ChangeKind = "discontinuation" // a product or a part of it ends
	ServiceChange    ChangeKind = "spec"            // a service's form, specification, price or billing mode
	AgreementEnd     ChangeKind = "termination"     // the agreement ends, for all or for some
	Migration        ChangeKind = "migration"       // the equipment moves
	Assignment       ChangeKind = "assignment"      // another company takes the agreement over
	TariffAdjustment ChangeKind = "tariff"          // the price follows a tariff that neither party sets
)

// ChangeKinds lists the kinds.
func ChangeKinds() []ChangeKind {
	return []ChangeKind{
		AgreementChange, FreeUseEnds, Discontinuation, ServiceChange, AgreementEnd, Migration, Assignment, TariffAdjustment,
	}
}

// Proof is a kind of change, what shows it when two versions are compared, and when
// it takes effect: with the version, except that an end that the version brings
// comes when it comes.
type Proof struct {
	Kind ChangeKind
	What string
	At   calendar.Instant
	// First: the document did not bind the account before, and changes what it is
	// bound by.
	First bool
}

// Proven compares two versions of a document and lists the kinds of change that
// shows, each once, in the order of ChangeKinds. Another issuer is an assignment.
// An earlier end, and whatever a version no longer binds or sells, is a
// discontinuation on a page, and on an agreement its termination. A price above
// what was free ends something free. Every other operative difference is a change
// of the service on a page, and of the agreement elsewhere; a price that follows a
// tariff is the tariff's, where the new version declares that. A migration cannot
// be seen.
func Proven(old, new *Document) []Proof {
	c := comparison{old: old, new: new, found: make(map[ChangeKind]Proof)}
	c.issuer()
	c.end()
	c.narrowed()
	for _, change := range Diff(old, new) {
		if change.Operative && !c.explains(change) {
			c.note(rest(new), change.words())
		}
	}
	var proofs []Proof
	for _, kind := range ChangeKinds() {
		if proof, found := c.found[kind]; found {
			proofs = append(proofs, proof)
		}
	}
	return proofs
}

// rest is the kind of a difference that is of no kind of its own.
func rest(d *Document) ChangeKind {
	if d.Kind == Page {
		return ServiceChange
	}
	return AgreementChange
}

// words says what differs.
func (c Change) words() string {
	field := c.Field
	if c.Clause != "" {
		field = c.Clause + " " + field
	}
	switch {
	case c.Old == "":
		return field + " is new"
	case c.New == "":
		return field + " is gone"
	case strings.ContainsAny(c.Old+c.New, " \n") && c.Part == PartClause:
		return field + " is another"
	}
	return field + " " + c.Old + " -> " + c.New
}

// comparison collects what comparing two versions shows.
type comparison struct {
	old, new *Document
	found    map[ChangeKind]Proof // what shows each kind first
	narrows  bool                 // the new version binds less
}

func (c *comparison) note(kind ChangeKind, what string) { c.noteAt(kind, what, c.new.Effective) }

func (c *comparison) noteAt(kind ChangeKind, what string, at calendar.Instant) {
	if p, noted := c.found[kind]; !noted || at < p.At {
		c.found[kind] = Proof{Kind: kind, What: what, At: at}
	}
}

// ending is what it is that a document no longer binds.
func (c *comparison) ending() ChangeKind {
	if c.old.Kind == Page {
		return Discontinuation
	}
	return AgreementEnd
}

func (c *comparison) issuer() {
	if c.old.Issuer != c.new.Issuer {
		c.note(Assignment, "issuer "+c.old.Issuer+" -> "+c.new.Issuer)
	}
}

func (c *comparison) end() {
	if c.new.Until < c.old.Until {
		c.noteAt(c.ending(), "until "+untilText(c.new.Until), c.new.Until)
	}
	for _, m := range metersOf(c.old) {
		if !slices.Contains(metersOf(c.new), m) {
			c.note(Discontinuation, "meter "+m+" is gone")
		}
	}
	if c.old.Product != nil && (c.new.Product == nil || c.new.Product.ID != c.old.Product.ID) {
		c.note(Discontinuation, "product "+c.old.Product.ID+" is gone")
	}
}

func metersOf(d *Document) (names []string) {
	if d.Product != nil {
		for _, m := range d.Product.Meters {
			names = append(names, m.Name)
		}
	}
	return names
}

// narrowed looks for a product or an account that the new version leaves out.
func (c *comparison) narrowed() {
	old, new := c.old.Binds, c.new.Binds
	out := func(what string) {
		c.narrows = true
		c.note(c.ending(), what+" is no longer bound")
	}
	if missing, less := lessOf(old.Products, new.Products); less {
		out(missing)
	}
	for _, p := range new.ExceptProducts {
		if old.coversProduct(p) {
			out("product " + p)
		}
	}
	if missing, less := lessOf(old.Accounts, new.Accounts); less {
		out(missing)
	}
}

// lessOf says whether a list leaves out something of another; an empty list
// stands for all.
func lessOf(old, new []string) (missing string, less bool) {
	if len(new) == 0 {
		return "", false
	}
	if len(old) == 0 {
		return "everything else", true
	}
	for _, name := range old {
		if !slices.Contains(new, name) {
			return name, true
		}
	}
	return "", false
}

// explains says whether a difference belongs to a kind that has been noted, and
// notes the kinds that a price shows.
func (c *comparison) explains(change Change) bool {
	switch {
	case change.Part == PartHeader && change.Field == "issuer":
		return true
	case change.Part == PartHeader && change.Field == "until":
		return c.new.Until < c.old.Until
	case change.Part == PartHeader && strings.HasPrefix(change.Field, "binds."):
		return c.narrows
	case change.Part == PartHeader && change.Field == "product.id", change.Part == PartMeter && change.New == "":
		return true
	case change.Part == PartTerm && strings.HasPrefix(change.Field, PriceOf.Key("")):
		return c.price(change)
	}
	return false
}

// price sorts a difference of a price.
func (c *comparison) price(change Change) bool {
	meter := strings.TrimPrefix(change.Field, PriceOf.Key(""))
	before, had := priceIn(c.old, change.Field)
	after, has := priceIn(c.new, change.Field)
	switch {
	case had && has && before.Amount == 0 && after.Amount > 0:
		c.note(FreeUseEnds, change.Field+" is no longer free")
		if c.new.saysItIs(TariffAdjustment) {
			c.note(TariffAdjustment, change.words())
		}
	case had && has && before == after: // another clause says the same
	case had && has && c.new.saysItIs(TariffAdjustment):
		c.note(TariffAdjustment, change.words())
	case !has && c.old.Product != nil && gone(c.old.Product, c.new.Product, meter): // it ended with its meter
	default:
		return false
	}
	return true
}

func gone(old, new *catalog.Product, meter string) bool {
	_, was := old.Meter(meter)
	if new == nil {
		return was
	}
	_, is := new.Meter(meter)
	return was && !is
}

func priceIn(d *Document, key string) (Price, bool) {
	i := slices.IndexFunc(d.terms, func(t Term) bool { return t.Key == key })
	if i < 0 {
		return Price{}, false
	}
	p, ok := d.terms[i].value.(Price)
	return p, ok
}

func (d *Document) saysItIs(kind ChangeKind) bool { return slices.Contains(d.Change, kind) }

// KindsOf lists the kinds of change of a new version: what comparing it with the
// one that it follows shows, and what it declares itself, in the order of
// ChangeKinds.
func KindsOf(old, new *Document) []Proof {
	var kinds []Proof
	proven := Proven(old, new)
	for _, kind := range ChangeKinds() {
		i := slices.IndexFunc(proven, func(p Proof) bool { return p.Kind == kind })
		switch {
		case i >= 0:
			kinds = append(kinds, proven[i])
		case new.saysItIs(kind):
			kinds = append(kinds, Proof{Kind: kind, What: "it declares so", At: new.Effective})
		}
	}
	return kinds
}

// CheckDeclared refuses, with code change_hidden, a new version whose header says
// what kind of change it is and leaves out a kind that comparing shows, or that
// declares a tariff where no price differs. A version without such a header is
// what comparing shows. A first version (old is nil) follows nothing and may not
// declare what it changes.
func CheckDeclared(old, new *Document) error {
	if len(new.Change) == 0 {
		return nil
	}
	if old == nil {
		return refusal.New(refusal.ChangeHidden, "%s %s declares a change (%s) and is the first version of its document",
			new.ID, new.Version, kindList(new.Change)).Do("leave out change, or publish the version that it follows first")
	}
	proven := Proven(old, new)
	for _, p := range proven {
		if !new.saysItIs(p.Kind) {
			return refusal.New(refusal.ChangeHidden, "%s %s declares the change %s, and against %s it is also one of the kind %s: %s",
				new.ID, new.Version, kindList(new.Change), old.Version, p.Kind, p.What).
				Do("write change: [%s]", kindList(append(slices.Clone(new.Change), p.Kind)))
		}
	}
	if new.saysItIs(TariffAdjustment) && !slices.ContainsFunc(proven, func(p Proof) bool { return p.Kind == TariffAdjustment }) {
		return refusal.New(refusal.ChangeHidden, "%s %s declares a change of the tariff, and no price differs from %s",
			new.ID, new.Version, old.Version).Do("leave tariff out of change")
	}
	return nil
}

func kindList(kinds []ChangeKind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = string(k)
	}
	return strings.Join(words, ", ")
}
