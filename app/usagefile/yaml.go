package usagefile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"termwise.dev/core/refusal"
)

// maxSource bounds a mapping in bytes: parsing costs time and stack by depth.
const maxSource = 64 << 10

// mappingYAML is a mapping as it is written.
type mappingYAML struct {
	Source  scalar `yaml:"source"`
	Product scalar `yaml:"product"`
	Origin  scalar `yaml:"origin"`
	Event   struct {
		ID       scalar `yaml:"id"`
		Account  scalar `yaml:"account"`
		Resource scalar `yaml:"resource"`
		Interval *struct {
			From scalar `yaml:"from"`
			To   scalar `yaml:"to"`
			Unit scalar `yaml:"unit"`
		} `yaml:"interval"`
		At *struct {
			Time scalar `yaml:"time"`
			Unit scalar `yaml:"unit"`
		} `yaml:"at"`
		Meters meterScalars `yaml:"meters"`
	} `yaml:"event"`
}

// scalar is a text of the mapping, as it is written there, and its place.
type scalar struct {
	text         string
	line, column int
}

// meterScalars are the expressions of an event's meters, each with its name.
type meterScalars []meterScalar

type meterScalar struct{ name, value scalar }

// UnmarshalYAML reads a mapping and keeps where each name stands.
func (m *meterScalars) UnmarshalYAML(n ast.Node) error {
	entries, is := n.(*ast.MappingNode)
	if !is {
		return &yaml.SyntaxError{Message: "a mapping of meters belongs here", Token: n.GetToken()}
	}
	for _, entry := range entries.Values {
		var s meterScalar
		if err := errors.Join(s.name.UnmarshalYAML(entry.Key), s.value.UnmarshalYAML(entry.Value)); err != nil {
			return err
		}
		*m = append(*m, s)
	}
	return nil
}

// in gives the scalar's place in a file: "file:line:column".
func (s scalar) in(file string) string { return fmt.Sprintf("%s:%d:%d", file, s.line, s.column) }

// UnmarshalYAML reads a scalar of any type by its text, so that a time and a
// number keep the form in which they are written.
func (s *scalar) UnmarshalYAML(n ast.Node) error {
	if tk := n.GetToken(); tk != nil && tk.Position != nil {
		s.line, s.column = tk.Position.Line, tk.Position.Column
	}
	switch n := n.(type) {
	case *ast.StringNode:
		s.text = strings.TrimSpace(n.Value)
	case *ast.LiteralNode:
		s.text = strings.TrimSpace(n.Value.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		s.text = n.GetToken().Value
	}
	if s.text == "" {
		return &yaml.SyntaxError{Message: "a text belongs here", Token: n.GetToken()}
	}
	return nil
}

// decode reads the YAML of a mapping. A field that a mapping does not have is refused.
func decode(file string, source []byte) (raw mappingYAML, err error) {
	if len(source) > maxSource {
		return raw, refusal.New(refusal.BadInput, "%d bytes are too many for a mapping", len(source)).
			At(file).Do("keep it below %d bytes; rows belong into the CSV file", maxSource)
	}
	parsed, err := parser.ParseBytes(source, 0)
	if err != nil {
		return raw, faultOf(file, err)
	}
	bodies := slices.DeleteFunc(parsed.Docs, func(d *ast.DocumentNode) bool { return d.Body == nil })
	if len(bodies) != 1 {
		return raw, refusal.New(refusal.BadInput, "the file holds %d documents", len(bodies)).
			At(file).Do("write exactly one mapping")
	}
	if err := yaml.NodeToValue(bodies[0].Body, &raw, yaml.Strict()); err != nil {
		return raw, faultOf(file, err)
	}
	return raw, nil
}

// faultOf makes a refusal of the YAML package's error.
func faultOf(file string, err error) error {
	place, message, hint := file, err.Error(), "correct the YAML"
	var fault yaml.Error
	if errors.As(err, &fault) {
		message = fault.GetMessage()
		if tk := fault.GetToken(); tk != nil && tk.Position != nil {
			place = fmt.Sprintf("%s:%d:%d", file, tk.Position.Line, tk.Position.Column)
		}
	}
	var unknown *yaml.UnknownFieldError
	if errors.As(err, &unknown) {
		hint = "a mapping has source, product, origin and event; an event has id, account, resource, interval or at, and meters"
	}
	return refusal.New(refusal.BadInput, "%s", message).At(place).Do("%s", hint)
}
