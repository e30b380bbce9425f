package terms

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"termwise.dev/core/calendar"
)

// Parse reads one version of a document from YAML. Dates are days of the zone.
// Every fault is a refusal with code document_invalid that names file, line and
// column; all faults are returned, joined. The file's name serves only for that.
func Parse(file string, source []byte, zone calendar.Zone) (*Document, error) {
	p := &documentReader{reader: reader{file: file}, zone: zone, at: make(map[string]ast.Node)}
	p.doc = &Document{Source: slices.Clone(source), Hash: HashText(source), Until: calendar.EndOfTime}
	if root, ok := p.open(source); ok {
		p.document(root)
	}
	if len(p.errs) > 0 {
		return nil, errors.Join(p.errs...)
	}
	return p.doc, nil
}

// documentReader turns the tree of one document into a Document.
type documentReader struct {
	reader
	zone calendar.Zone
	doc  *Document
	at   map[string]ast.Node // the fields of the header that were written, by name

	clauses []ast.Node   // where each clause of doc stands
	terms   []placedTerm // every term, with where it stands
}

var (
	headerFields = []string{
		"document", "code", "version", "kind", "title", "also_called", "issuer", "binds", "by", "announced", "effective",
		"until", "change", "precedence", "precedence_clause", "ends", "pins", "requires", "product", "clauses",
	}
	requiredFields = []string{"document", "code", "version", "kind", "title", "issuer", "by", "announced", "effective", "clauses"}
)

// document reads the parts, then checks what only the whole can show. A part
// that could not be read would make those checks guess, so they wait for it.
func (p *documentReader) document(root ast.Node) {
	fields := p.fields(root, headerFields...)
	for _, f := range fields {
		p.at[f.name] = f.value
		p.header(f)
	}
	_, isMapping := root.(*ast.MappingNode)
	for _, name := range requiredFields {
		if p.at[name] == nil && isMapping {
			p.refuseAt(root, "the field "+name+" is missing", "add it")
		}
	}
	if len(p.errs) > 0 {
		return
	}
	p.checkNames()
	p.checkDates()
	p.checkPrecedence()
	p.checkRelations()
	p.bindPage()
	p.checkClauses()
	p.collectTerms()
	p.notePlaces()
}

func (p *documentReader) header(f field) {
	d := p.doc
	switch f.name {
	case "document":
		d.ID = p.name(f, isDocumentID, "lower-case letters, digits and hyphens")
	case "code":
		d.Code = p.name(f, isCode, "capital letters and digits, with hyphens between them")
	case "version":
		d.Version = p.name(f, isLabel, labelShape)
	case "kind":
		d.Kind = word(p, f, Kinds()...)
	case "title":
		d.Title = p.text(f.value)
	case "also_called":
		d.AlsoCalled = p.texts(f.value)
	case "issuer":
		d.Issuer = p.name(f, isDocumentID, "lower-case letters, digits and hyphens")
	case "binds":
		d.Binds = p.binds(f.value)
	case "by":
		d.By = word(p, f, ByAcceptance, ByPublication)
	case "announced":
		d.Announced = p.instant(f.value)
	case "effective":
		d.Effective = p.instant(f.value)
	case "until":
		d.Until = p.until(f.value)
	case "change":
		d.Change = p.kinds(f.value)
	case "precedence":
		d.Precedence = p.levels(f.value)
	case "precedence_clause":
		d.PrecedenceClause = p.text(f.value)
	case "ends":
		d.Ends = p.endings(f.value)
	case "pins":
		d.Pins = p.pins(f.value)
	case "requires":
		d.Requires = p.requirements(f.value)
	case "product":
		d.Product = p.product(f.value)
	case "clauses":
		for _, n := range p.items(f.value) {
			d.Clauses = append(d.Clauses, p.clause(n))
			p.clauses = append(p.clauses, n)
		}
	}
}

// name reads a text of the given shape.
func (p *documentReader) name(f field, valid func(string) bool, shape string) string {
	s := p.text(f.value)
	if s != "" && !valid(s) {
		p.refuseAt(f.value, fmt.Sprintf("%s %q has an unusable form", f.name, s), "use %s", shape)
	}
	return s
}

// word reads one of a closed set of words.
func word[T ~string](p *documentReader, f field, words ...T) T {
	s := p.text(f.value)
	if s == "" {
		return ""
	}
	w, err := oneOf(words...)(s)
	if err != nil {
		p.refuseWith(f.value, f.name, err)
	}
	return w
}

func (p *documentReader) binds(n ast.Node) (b Binds) {
	for _, f := range p.fields(n, "products", "except_products", "accounts") {
		switch f.name {
		case "products":
			b.Products = p.texts(f.value)
		case "except_products":
			b.ExceptProducts = p.texts(f.value)
		case "accounts":
			b.Accounts = p.texts(f.value)
			p.wantAccounts(f.value)
		}
	}
	for _, product := range b.ExceptProducts {
		if slices.Contains(b.Products, product) {
			p.refuseAt(n, fmt.Sprintf("product %q is both bound and excluded", product), "name it in one of the lists")
		}
	}
	return b
}

// kinds reads what a version declares to change.
func (p *documentReader) kinds(n ast.Node) (kinds []ChangeKind) {
	for _, s := range p.texts(n) {
		k, err := oneOf(ChangeKinds()...)(s)
		if err != nil {
			p.refuseWith(n, "change", err)
			continue
		}
		if slices.Contains(kinds, k) {
			p.refuseAt(n, fmt.Sprintf("change names %q twice", s), "name it once")
			continue
		}
		kinds = append(kinds, k)
	}
	return kinds
}

// instant reads a day, which stands for its first instant, or RFC 3339.
func (p *documentReader) instant(n ast.Node) calendar.Instant {
	t, _ := p.dayOrInstant(n)
	return t
}

// until reads the last day or the last second that is included, and returns the
// first instant after it (F 3).
func (p *documentReader) until(n ast.Node) calendar.Instant {
	t, isDay := p.dayOrInstant(n)
	if isDay {
		return t.Add(calendar.DayLength)
	}
	return t.Add(calendar.Second)
}

func (p *documentReader) dayOrInstant(n ast.Node) (t calendar.Instant, isDay bool) {
	s := p.text(n)
	if s == "" {
		return 0, false
	}
	if strings.Contains(s, "T") {
		t, err := calendar.ParseInstant(s)
		if err != nil {
			p.refuseWith(n, "this instant", err)
		}
		return t, false
	}
	day, err := calendar.ParseDay(s)
	if err != nil {
		p.refuseWith(n, "this day", err)
	}
	return p.zone.Start(day), true
}

// checkNames refuses another name of the document that is none.
func (p *documentReader) checkNames() {
	for i, name := range p.doc.AlsoCalled {
		if name == p.doc.Title || slices.Contains(p.doc.AlsoCalled[:i], name) {
			p.refuseAt(p.at["also_called"], fmt.Sprintf("%q is named already", name), "list each other name of the document once, without its title")
		}
	}
}

func (p *documentReader) checkDates() {
	d := p.doc
	if d.Announced > d.Effective {
		p.refuseAt(p.at["effective"], fmt.Sprintf("effective %s is before announced %s", p.zone.Format(d.Effective), p.zone.Format(d.Announced)),
			"announce a version before it takes effect")
	}
	if d.Until <= d.Effective {
		p.refuseAt(p.at["until"], fmt.Sprintf("the document ends at %s, before it takes effect at %s", p.zone.Format(d.Until), p.zone.Format(d.Effective)),
			"let until lie after effective")
	}
}

// bindPage lets a page bind the product that it declares. A page that bound all
// products by saying nothing would set one product's prices for another.
func (p *documentReader) bindPage() {
	d := p.doc
	if d.Product == nil {
		return
	}
	if d.Kind != Page {
		p.refuseAt(p.at["product"], fmt.Sprintf("a document of kind %s declares a product", d.Kind), "declare products on documents of kind page")
	}
	if len(d.Binds.Products) == 0 {
		d.Binds.Products = []string{d.Product.ID}
	}
	if !d.Binds.coversProduct(d.Product.ID) {
		p.refuseAt(p.at["binds"], fmt.Sprintf("the page declares the product %q and does not bind it", d.Product.ID), "add it to products")
	}
}

// wantAccounts refuses what can be no account's id, and would bind nobody.
func (p *documentReader) wantAccounts(n ast.Node) {
	for _, item := range p.items(n) {
		if id, ok := scalarText(item); ok && !IsAccountID(id) {
			p.refuseAt(item, fmt.Sprintf("%q cannot be an account's id", id), "use lower-case letters, digits and hyphens, 63 at most")
		}
	}
}
