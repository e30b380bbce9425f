package api

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed docs.html
var docsText string

var docsTemplate = template.Must(template.New("docs").Parse(docsText))

// section is the operations under one tag, as the page shows them.
type section struct {
	Tag        string
	Operations []operationView
}

type operationView struct {
	Method, Path string
	*huma.Operation
	Roles []string
}

// documentation renders the operations for people. It loads nothing from
// elsewhere, so it works where the server has no way out.
func (s *Server) documentation() []byte {
	var page bytes.Buffer
	if err := docsTemplate.Execute(&page, s.sections()); err != nil {
		panic(fmt.Sprintf("api: the page of documentation cannot be rendered: %v", err)) // all of it is the program's own
	}
	return page.Bytes()
}

func (s *Server) sections() []section {
	paths := s.huma.OpenAPI().Paths
	byTag := map[string][]operationView{}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item := paths[path]
		for _, o := range []struct {
			method string
			op     *huma.Operation
		}{{http.MethodGet, item.Get}, {http.MethodPost, item.Post}, {http.MethodPut, item.Put}} {
			if o.op == nil {
				continue
			}
			view := operationView{Method: o.method, Path: path, Operation: o.op}
			for _, role := range allowed(o.op) {
				view.Roles = append(view.Roles, string(role))
			}
			byTag[o.op.Tags[0]] = append(byTag[o.op.Tags[0]], view)
		}
	}
	var sections []section
	for _, tag := range slices.Sorted(maps.Keys(byTag)) {
		sections = append(sections, section{Tag: tag, Operations: byTag[tag]})
	}
	return sections
}
