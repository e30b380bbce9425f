package terms

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"termwise.dev/core/refusal"
)

// reader walks the YAML tree of one document. It reads the text of scalars, not
// their YAML types, so that the version 2025.10 and the label 2.10 keep their
// last zero; and it collects every fault with its line and column instead of
// stopping at the first.
type reader struct {
	file string
	errs []error
}

// The YAML parser's time and memory grow with the square of the depth, so what
// could nest deeply is refused before it is parsed. No agreement comes near.
const (
	maxSource = 256 << 10 // bytes
	maxLine   = 4 << 10   // bytes: one line can nest a level in two of them
	maxOpen   = 100       // brackets and braces that are open at once
)

// checkSize refuses a source that is too large for the YAML parser.
func (r *reader) checkSize(source []byte) bool {
	if len(source) > maxSource {
		r.refuse(r.file, fmt.Sprintf("%d bytes are too many for one document", len(source)),
			"give its annexes their own documents, of at most %d bytes each", maxSource)
		return false
	}
	open, number := 0, 0
	for line := range bytes.Lines(source) {
		number++
		if len(line) > maxLine {
			r.refuse(fmt.Sprintf("%s:%d", r.file, number), fmt.Sprintf("the line has %d bytes", len(line)), "break it into lines of at most %d", maxLine)
			return false
		}
		for _, c := range line {
			switch c {
			case '[', '{':
				open++
			case ']', '}':
				open = max(open-1, 0)
			}
			if open > maxOpen {
				r.refuse(fmt.Sprintf("%s:%d", r.file, number), fmt.Sprintf("more than %d brackets and braces are open here", maxOpen), "close them")
				return false
			}
		}
	}
	return true
}

// open parses the source, which holds one YAML document.
func (r *reader) open(source []byte) (ast.Node, bool) {
	if !r.checkSize(source) {
		return nil, false
	}
	file, err := parser.ParseBytes(source, 0)
	if err != nil {
		r.refuseSyntax(err)
		return nil, false
	}
	bodies := slices.DeleteFunc(file.Docs, func(d *ast.DocumentNode) bool { return d.Body == nil })
	if len(bodies) != 1 {
		r.refuse(r.file, fmt.Sprintf("the file holds %d documents", len(bodies)), "put exactly one into each file")
		return nil, false
	}
	return bodies[0].Body, true
}

func (r *reader) refuse(place, message, hint string, args ...any) {
	r.errs = append(r.errs, refusal.New(refusal.DocumentInvalid, "%s", message).At(place).Do(hint, args...))
}

// refuseAt refuses what stands at a node.
func (r *reader) refuseAt(n ast.Node, message, hint string, args ...any) {
	r.refuse(r.place(n), message, hint, args...)
}

// refuseWith refuses for the reason that reading a value gave.
func (r *reader) refuseWith(n ast.Node, what string, err error) {
	var reason *refusal.Error
	if !errors.As(err, &reason) {
		reason = refusal.New(refusal.DocumentInvalid, "%s", err)
	}
	r.refuseAt(n, what+": "+reason.Message, "%s", reason.Hint)
}

func (r *reader) refuseSyntax(err error) {
	place, message := r.file, err.Error()
	var syntax yaml.Error
	if errors.As(err, &syntax) {
		message = syntax.GetMessage()
		if tk := syntax.GetToken(); tk != nil && tk.Position != nil {
			place = fmt.Sprintf("%s:%d:%d", r.file, tk.Position.Line, tk.Position.Column)
		}
	}
	r.refuse(place, message, "correct the YAML")
}

// place gives "file:line:column" of a node. A mapping's own token is its first
// colon, so the place of its first key is taken instead.
func (r *reader) place(n ast.Node) string {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	tk := n.GetToken()
	if tk == nil || tk.Position == nil {
		return r.file
	}
	return fmt.Sprintf("%s:%d:%d", r.file, tk.Position.Line, tk.Position.Column)
}

// field is an entry of a mapping.
type field struct {
	name       string
	key, value ast.Node
}

// fields reads a mapping. When names are given, others are refused.
func (r *reader) fields(n ast.Node, names ...string) []field {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		r.refuseAt(n, "a mapping belongs here", "write name: value lines")
		return nil
	}
	var out []field
	for _, v := range m.Values {
		name, ok := scalarText(v.Key)
		switch {
		case !ok:
			r.refuseAt(v.Key, "the name of a field must be plain text", "write name: value")
		case len(names) > 0 && !slices.Contains(names, name):
			r.refuseAt(v.Key, fmt.Sprintf("unknown field %q", name), "%s", suggest(name, names))
		default:
			out = append(out, field{name: name, key: v.Key, value: v.Value})
		}
	}
	return out
}

// items reads a sequence.
func (r *reader) items(n ast.Node) []ast.Node {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		r.refuseAt(n, "a list belongs here", "write [a, b] or one - item on each line")
		return nil
	}
	return s.Values
}

// text reads a scalar that must not be empty.
func (r *reader) text(n ast.Node) string {
	s, ok := scalarText(n)
	if s = strings.TrimSpace(s); !ok || s == "" {
		r.refuseAt(n, "a text belongs here", "write a value on this line, without anchors or tags")
		return ""
	}
	return s
}

// texts reads a sequence of scalars.
func (r *reader) texts(n ast.Node) []string {
	var out []string
	for _, item := range r.items(n) {
		out = append(out, r.text(item))
	}
	return out
}

func (r *reader) bool(n ast.Node) bool {
	v, err := parseBool(r.text(n))
	if err != nil {
		r.refuseWith(n, "this mark", err)
	}
	return v
}

// written reads a term value: a scalar or a list of scalars.
func (r *reader) written(n ast.Node) written {
	if _, ok := n.(*ast.SequenceNode); ok {
		return written{list: r.texts(n), isList: true}
	}
	return written{scalar: r.text(n)}
}

// scalarText returns a scalar as it is written. Null, anchors, aliases, tags and
// nested values have no text.
func scalarText(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}
