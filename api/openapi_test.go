package api_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
)

// document is what the tests read of the OpenAPI document.
type document struct {
	OpenAPI string `json:"openapi"`
	Paths   map[string]map[string]struct {
		OperationID string                `json:"operationId"`
		Summary     string                `json:"summary"`
		Security    []map[string][]string `json:"security"`
		Responses   map[string]any        `json:"responses"`
	} `json:"paths"`
}

func (w *world) document() document {
	w.t.Helper()
	var d document
	w.do(request{path: "/openapi.json"}).want(200).into(&d)
	return d
}

func TestOpenAPIDocument(t *testing.T) {
	w := newWorld(t)
	d := w.document()
	if !strings.HasPrefix(d.OpenAPI, "3.1") {
		t.Errorf("the document is OpenAPI %s", d.OpenAPI)
	}
	seen := map[string]bool{}
	for path, methods := range d.Paths {
		for method, op := range methods {
			if op.OperationID == "" || seen[op.OperationID] || op.Summary == "" {
				t.Errorf("%s %s: operationId %q is missing or used twice, or the summary is missing", method, path, op.OperationID)
			}
			seen[op.OperationID] = true
			for _, status := range []string{"200", "4XX", "5XX"} {
				if _, described := op.Responses[status]; !described {
					t.Errorf("%s does not describe its answer %s", op.OperationID, status)
				}
			}
		}
	}
	text := w.do(request{path: "/openapi.json"}).body
	for _, ref := range regexp.MustCompile(`"\$ref":"#/components/schemas/([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(text, `"`+ref[1]+`":{`) {
			t.Errorf("the schema %s is named and not there", ref[1])
		}
	}
	if strings.Contains(text, "ErrorModel") {
		t.Error("the document describes huma's own problem, which is never sent")
	}
}

// Who may call what is decided here and nowhere else: an operation that is new
// or opened to another role shows up as a difference.
func TestOperationsAndRoles(t *testing.T) {
	w := newWorld(t)
	var lines []string
	for path, methods := range w.document().Paths {
		for method, op := range methods {
			var roles []string
			for _, requirement := range op.Security {
				roles = append(roles, requirement["apiKey"]...)
			}
			who := strings.Join(roles, " ")
			if who == "" {
				who = "anyone"
			}
			lines = append(lines, op.OperationID+" "+strings.ToUpper(method)+" "+path+": "+who)
		}
	}
	slices.Sort(lines)
	got := strings.Join(lines, "\n") + "\n"
	want, err := os.ReadFile(filepath.Join("testdata", "operations.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("operations and roles (-want +got):\n%s", diff)
	}
}

// The document lists every kind of history that there is.
func TestKindsOfHistory(t *testing.T) {
	w := newWorld(t)
	var described []string
	for _, p := range w.operation("GET /v1/accounts/{account}/history").Parameters {
		if p.Name == "kind" {
			for _, kind := range p.Schema.Items.Enum {
				described = append(described, kind.(string))
			}
		}
	}
	var kinds []string
	for _, kind := range app.HistoryKinds() {
		kinds = append(kinds, string(kind))
	}
	if diff := cmp.Diff(kinds, described); diff != "" {
		t.Errorf("kinds of history (-there are +described):\n%s", diff)
	}
}

// The page for people needs nothing from elsewhere.
func TestDocumentationIsSelfContained(t *testing.T) {
	w := newWorld(t)
	page := w.do(request{path: "/docs"}).want(200)
	if !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
		t.Errorf("the page is %s", page.header.Get("Content-Type"))
	}
	for _, outside := range []string{"<script", "http://", "https://", `src=`, `rel="stylesheet"`} {
		if strings.Contains(page.body, outside) {
			t.Errorf("the page holds %q", outside)
		}
	}
	for path, methods := range w.document().Paths {
		for method, op := range methods {
			if !strings.Contains(page.body, strings.ToUpper(method)+" "+path) || !strings.Contains(page.body, `id="`+op.OperationID+`"`) {
				t.Errorf("the page does not show %s %s", method, path)
			}
		}
	}
}

// conforms asserts that an answer of an operation is what the OpenAPI document
// says, with no field more.
func (a answer) conforms(w *world, method, path string) {
	a.t.Helper()
	_, pattern := w.server.Route(method, path)
	op := w.operation(pattern)
	if op == nil {
		return // not an operation: a page, or nothing at all
	}
	status := strconv.Itoa(a.status)
	if a.status >= 400 {
		status = status[:1] + "XX"
	}
	described, known := op.Responses[status]
	if !known {
		a.t.Errorf("%s answered %d, which its description does not have", op.OperationID, a.status)
		return
	}
	media, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	body, known := described.Content[media]
	if !known {
		a.t.Errorf("%s answered %d with %s, described are %v", op.OperationID, a.status, media, slices.Collect(maps.Keys(described.Content)))
		return
	}
	var value any = a.body // of a page
	if media != "text/html" {
		if err := json.Unmarshal([]byte(a.body), &value); err != nil {
			a.t.Errorf("%s: %v", a.what, err)
		}
	}
	var result huma.ValidateResult
	huma.Validate(w.server.API().OpenAPI().Components.Schemas, body.Schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, value, &result)
	for _, fault := range result.Errors {
		a.t.Errorf("%s: the answer is not what its description says: %v", a.what, fault)
	}
}

// operation finds an operation by the pattern that its requests match.
func (w *world) operation(pattern string) *huma.Operation {
	method, path, _ := strings.Cut(pattern, " ")
	item := w.server.API().OpenAPI().Paths[path]
	if item == nil {
		return nil
	}
	switch method {
	case http.MethodGet:
		return item.Get
	case http.MethodPost:
		return item.Post
	}
	return nil
}
