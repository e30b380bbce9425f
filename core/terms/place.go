package terms

import (
	"errors"

	"github.com/goccy/go-yaml/ast"

	"termwise.dev/core/refusal"
)

// places remembers where the parts of a document stand in its file, so that what
// only other documents can show to be wrong is refused with a place, too.
type places struct {
	file string
	of   map[string]string // "file:line:column" by part
}

// Place returns where a field of the header stands, as "file:line:column", or
// the file where the document does not have it.
func (d *Document) Place(field string) string { return d.placeOf(field, "") }

// placeOf returns where a name in a field of the header stands, else the field,
// else the file.
func (d *Document) placeOf(field, name string) string {
	for _, part := range []string{field + " " + name, field} {
		if place, known := d.places.of[part]; known {
			return place
		}
	}
	return d.places.file
}

// placeOfTerm returns where a value that a clause sets stands.
func (d *Document) placeOfTerm(t *Term) string { return d.placeOf("terms", t.clause+" "+t.Key) }

// placeInTerm returns where a name stands that is in the list that a clause sets.
func (d *Document) placeInTerm(t *Term, name string) string {
	return d.placeOf("terms "+t.clause+" "+t.Key, name)
}

// notePlaces remembers where the header's fields and the terms stand, and the
// names in their lists.
func (p *documentReader) notePlaces() {
	d := p.doc
	d.places = places{file: p.file, of: make(map[string]string)}
	for field, node := range p.at {
		if field == "clauses" {
			continue
		}
		d.places.of[field] = p.place(node)
		p.noteNames(field, node)
	}
	for _, t := range p.terms {
		field := "terms " + t.clause + " " + t.Key
		d.places.of[field] = p.place(t.node)
		if list, is := t.node.(*ast.SequenceNode); is {
			p.noteNames(field, list)
		}
	}
}

// noteNames remembers where each text in a node stands, the first time it does.
func (p *documentReader) noteNames(field string, n ast.Node) {
	switch n := n.(type) {
	case *ast.SequenceNode:
		for _, item := range n.Values {
			p.noteNames(field, item)
		}
	case *ast.MappingNode:
		for _, v := range n.Values {
			p.noteNames(field, v.Value)
		}
	default:
		if name, ok := scalarText(n); ok {
			if _, noted := p.doc.places.of[field+" "+name]; !noted {
				p.doc.places.of[field+" "+name] = p.place(n)
			}
		}
	}
}

// placed returns a refusal that names where two terms that contradict each other stand.
func placed(err error, a, b candidate) error {
	var r *refusal.Error
	if !errors.As(err, &r) {
		return err
	}
	return r.At(a.document.placeOfTerm(a.term) + " and " + b.document.placeOfTerm(b.term))
}
