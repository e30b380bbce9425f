package app

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"

	"termwise.dev/core/refusal"
)

// settingsText is one of the provider's own files, as it was read.
type settingsText struct {
	name   string
	source []byte
}

// unmarshal reads strict YAML and gives faults with file, line and column.
func (f settingsText) unmarshal(into any) error {
	err := yaml.UnmarshalWithOptions(f.source, into, yaml.Strict())
	if err == nil {
		return nil
	}
	place, message := f.name, err.Error()
	var syntax yaml.Error
	if errors.As(err, &syntax) {
		message = syntax.GetMessage()
		if tk := syntax.GetToken(); tk != nil && tk.Position != nil {
			place = fmt.Sprintf("%s:%d:%d", f.name, tk.Position.Line, tk.Position.Column)
		}
	}
	return refusal.New(refusal.BadInput, "%s", strings.TrimSpace(message)).At(place).Do("correct the file")
}

// place returns where what a path leads to stands, as "file:line:column", or the
// file where it is not there. Paths are those of the YAML library: $.holidays[2].from.
func (f settingsText) place(path string) string {
	p, err := yaml.PathString(path)
	if err != nil {
		return f.name
	}
	node, err := p.ReadNode(bytes.NewReader(f.source))
	if err != nil || node.GetToken() == nil || node.GetToken().Position == nil {
		return f.name
	}
	at := node.GetToken().Position
	return fmt.Sprintf("%s:%d:%d", f.name, at.Line, at.Column)
}

// at names where a refusal is about what a path leads to.
func (f settingsText) at(path string, err error) error {
	var r *refusal.Error
	if !errors.As(err, &r) {
		return err
	}
	return r.At(f.place(path))
}

// refuse refuses what a path leads to.
func (f settingsText) refuse(path, hint, format string, args ...any) error {
	return refusal.New(refusal.BadInput, format, args...).At(f.place(path)).Do("%s", hint)
}
