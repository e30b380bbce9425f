package terms

import (
	"fmt"
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/catalog"
)

// Kind is what sort of document this is. Precedence lists name kinds.
type Kind string

// The kinds of documents.
const (
	Stamped Kind = "stamped" // a signed and sealed contract
	Annex   Kind = "annex"   // a part of another document, ranked on its own
	Page    Kind = "page"    // a product or price page
	Order   Kind = "order"   // an order page
	Special Kind = "special" // the terms of one product
	SLA     Kind = "sla"     // a service level agreement
	General Kind = "general" // the general agreement
	Rules   Kind = "rules"   // readings on which the agreements are silent; gives way to all of them
)

// Kinds lists the kinds of documents.
func Kinds() []Kind { return []Kind{Stamped, Annex, Page, Order, Special, SLA, General, Rules} }

// BindingBy is how a document comes to bind.
type BindingBy string

// The ways in which a document comes to bind.
const (
	ByAcceptance  BindingBy = "acceptance"  // binds the accounts that accepted any of its versions
	ByPublication BindingBy = "publication" // binds every account that it names, or all
)

// Binds says which products and accounts a document binds. An empty list means
// all, except that a page binds the product that it declares.
type Binds struct {
	Products       []string // product ids
	ExceptProducts []string // product ids that are excluded (F 1)
	Accounts       []string // account ids (F 1)
}

// covers says whether the lists include the account and the product. The empty
// product stands for what concerns the account as a whole: only a document that
// binds all products covers it.
func (b Binds) covers(account, product string) bool {
	return (len(b.Accounts) == 0 || slices.Contains(b.Accounts, account)) && b.coversProduct(product)
}

func (b Binds) coversProduct(product string) bool {
	return (len(b.Products) == 0 || slices.Contains(b.Products, product)) && !slices.Contains(b.ExceptProducts, product)
}

// Document is one version of an agreement, page or other document, as parsed
// from its source. It is not changed after Parse.
type Document struct {
	ID               string // letters, digits and hyphens, for example general-agreement
	Code             string // the letters used in citations, for example G
	Version          string
	Kind             Kind
	Title            string
	AlsoCalled       []string // names by which other documents refer to it; F 4 calls its annexes otherwise than they are headed
	Issuer           string   // the seller
	Binds            Binds
	By               BindingBy
	Announced        calendar.Instant
	Effective        calendar.Instant
	Until            calendar.Instant // exclusive; EndOfTime when the document does not say
	Change           []ChangeKind     // what it declares to change of the version that it follows
	Precedence       []Level          // highest first
	PrecedenceClause string           // the label of the clause that declares the levels which name none
	Ends             []Ending         // what its acceptance ends
	Pins             []Pin            // what stays under it after its end
	Requires         []Requirement    // what must be accepted besides it
	Clauses          []Clause         // in the order of the document
	Product          *catalog.Product // only on a page that declares one
	Source           []byte
	Hash             Hash // of Source

	terms  []Term // of all clauses, sorted by key; a key is there once for each clause that sets it
	places places
}

// Level is a rank of a precedence list: what it names stands above everything
// that the levels below name.
type Level struct {
	Names  []string // kinds, "self" or document ids, not ranked among themselves
	Clause string   // the label of the clause that puts them here; "" for PrecedenceClause
}

// Ending says which agreements the acceptance of a document ends for the
// products that the document binds (see Corpus.Bind). The document itself is
// never among them.
type Ending struct {
	Documents []string // kinds or document ids
	Issuers   []string // every agreement with one of these sellers
	Clause    string   // the label of the clause that says so
}

// names says whether the Ending is about a document.
func (e Ending) names(d *Document) bool {
	return slices.Contains(e.Documents, d.ID) || slices.Contains(e.Documents, string(d.Kind)) || slices.Contains(e.Issuers, d.Issuer)
}

// ends says whether accepting d ends another document, where both bind.
func (d *Document) ends(other *Document) bool {
	return d.ID != other.ID && slices.ContainsFunc(d.Ends, func(e Ending) bool { return e.names(other) })
}

// Pinned is what stays under a document when the document has ended.
type Pinned string

// Purchases are what was bought while the document bound (F 3).
const Purchases Pinned = "purchases"

// Pin says what stays under which documents after their end. What a document
// does not pin leaves it with its end.
type Pin struct {
	What      Pinned
	Documents []string // "self" or document ids: a contract speaks for its annexes
	Clause    string   // the label of the clause that says so
}

// pins says whether what was bought while d bound stays under another document,
// or under d itself.
func (d *Document) pins(other *Document) bool {
	return slices.ContainsFunc(d.Pins, func(p Pin) bool {
		return slices.Contains(p.Documents, other.ID) || d.ID == other.ID && slices.Contains(p.Documents, self)
	})
}

// Requirement says which documents must be accepted before the products that
// the document binds are used or ordered or, where it names an add-on, before
// that add-on of them is switched on.
type Requirement struct {
	AddOn     string // "" for the product itself
	Documents []string
	Clause    string // the label of the clause that says so
}

// Clause is one labelled clause of a document.
type Clause struct {
	ID          string // the label as printed; labels repeat and skip, so it is not a position
	Parent      string // given only where the document uses a label twice
	Title       string
	Text        string
	Emphasis    bool   // must stand out when the document is shown
	Survives    bool   // goes on binding after the agreement ends
	Terms       []Term // in the order written
	Declaratory string // why nothing is to be executed
	WaitsFor    string // the capability that will execute it
	ExecutedBy  string // what executes it without a term value
	Rules       []Rule // when one clause holds several rules
}

// Label is what a citation prints: the label, after its parent's where the
// document uses the label twice ("3.1.3.5/3.1.3.6").
func (c *Clause) Label() string {
	if c.Parent == "" {
		return c.ID
	}
	return c.Parent + "/" + c.ID
}

// Term is a value that a clause sets.
type Term struct {
	Key  string // for example late_fee.rate or price.cpu
	Text string // as the document writes it

	value     any    // the key's Go type
	canonical string // one text per value: "24 hours" and "1 day" are equal
	clause    string // the label of the clause that sets it
}

// Rule is the unit of coverage: something that a clause requires. A clause that
// is not split is one rule with the clause's own label.
type Rule struct {
	ID          string   // for example 2.3.1.2a
	Clause      string   // the label of its clause
	Declaratory string   // why nothing is to be executed
	WaitsFor    string   // the capability that will execute it
	ExecutedBy  string   // what executes it without a term value
	TermsOf     []string // the keys of the clause that this rule is about
}

// Executable says whether the rule must be proved by tests in both directions.
func (r Rule) Executable() bool { return r.Declaratory == "" && r.WaitsFor == "" }

// Ref names a rule of a document with this code, for example "G-2.3.1.2a".
func (r Rule) Ref(code string) string { return code + "-" + r.ID }

// Rules lists the document's rules in the order of its clauses.
func (d *Document) Rules() []Rule {
	var rules []Rule
	for i := range d.Clauses {
		rules = append(rules, d.Clauses[i].rules()...)
	}
	return rules
}

func (c *Clause) rules() []Rule {
	if len(c.Rules) > 0 {
		return c.Rules
	}
	var keys []string
	for _, t := range c.Terms {
		keys = append(keys, t.Key)
	}
	return []Rule{{
		ID: c.Label(), Clause: c.Label(), Declaratory: c.Declaratory,
		WaitsFor: c.WaitsFor, ExecutedBy: c.ExecutedBy, TermsOf: keys,
	}}
}

// Content is a digest of what the clause says: its title, its text and its terms,
// in 16 hexadecimal digits. Values that are equal ("24 hours", "1 day") are the
// same content, and so are terms in another order.
func (c *Clause) Content() string {
	said := []string{c.Title, c.Text}
	for _, t := range c.Terms {
		said = append(said, t.Key+": "+t.canonical)
	}
	slices.Sort(said[2:])
	return HashText(fmt.Appendf(nil, "%q", said)).String()[:16]
}

// Clause returns the clause with this label (see Clause.Label).
func (d *Document) Clause(label string) (*Clause, bool) {
	for i := range d.Clauses {
		if d.Clauses[i].Label() == label {
			return &d.Clauses[i], true
		}
	}
	return nil, false
}

// Ref is what a Set stores about the document.
func (d *Document) Ref() DocumentRef {
	return DocumentRef{Document: d.ID, Version: d.Version, Hash: d.Hash}
}

// DocumentRef names one version of a document by its content.
type DocumentRef struct {
	Document string `json:"document"`
	Version  string `json:"version"`
	Hash     Hash   `json:"hash"`
}

func (d *Document) cite(clause string) Citation {
	return Citation{Document: d.ID, Code: d.Code, Version: d.Version, Clause: clause}
}
