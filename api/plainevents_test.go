package api

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const plainOne = `{"specversion":"1.0","id":"e-1","source":"meter-1","type":"termwise.usage.v1","subject":"vm-1","data":` +
	`{"account":"customer-001","product":"compute-payg","from":"2026-01-01T00:00:00Z","to":"2026-01-01T01:00:00Z","rates":{"cpu":4000,"memory":-5}}}`

const plainTwo = ` { "id" : "e-2" , "data" : { "quantities" : { "cpu" : 0 , "cpu" : 999999999999999999 } , "at" : "x" , "resource" : "r" } , "time" : "t" } `

// What is written plainly is read without encoding/json, and the same is read.
func TestPlainEvents(t *testing.T) {
	for _, body := range []string{"[" + plainOne + "]", "\n[" + plainOne + "," + plainTwo + "]\t", "[]", " [ ] "} {
		all, plain := plainEvents([]byte(body))
		var want []cloudEvent
		if err := json.Unmarshal([]byte(body), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, all); diff != "" || !plain {
			t.Errorf("%s is plain: %v\n%s", body, plain, diff)
		}
	}
}

// Whatever is written otherwise is left to encoding/json.
func TestEventsThatAreNotPlain(t *testing.T) {
	for _, body := range []string{
		"", "[", "]", "null", "{}", "[{}]", "[" + plainOne, "[" + plainOne + "]]", "[" + plainOne + ",]", "[null]", plainOne,
		`[{"id":"a","id":"b"}]`, `[{"ID":"a"}]`, `[{"other":"a"}]`, `[{"id":"a\n"}]`, `[{"id":"é"}]`, "[{\"id\":\"\x01\"}]", `[{"id":1}]`, `[{"id":null}]`,
		`[{"id":"a"`, `[{"id":"a`, `[{"id"}]`, `[{"data":{}}]`, `[{"data":null}]`, `[{"data":{"rates":{}}}]`, `[{"data":{"rates":null}}]`,
		`[{"data":{"rates":{"cpu":1.5}}}]`, `[{"data":{"rates":{"cpu":01}}}]`, `[{"data":{"rates":{"cpu":-}}}]`, `[{"data":{"rates":{"cpu":1e3}}}]`,
		`[{"data":{"rates":{"cpu":1000000000000000000}}}]`, `[{"data":{"rates":{"cpu":"1"}}}]`, `[{"data":{"rates":{"c\u0070u":1}}}]`,
	} {
		if _, plain := plainEvents([]byte(body)); plain {
			t.Errorf("%s is taken for plain", body)
		}
	}
}

// FuzzPlainEvents: what is taken for plain is what encoding/json reads.
func FuzzPlainEvents(f *testing.F) {
	for _, body := range []string{"[]", "[" + plainOne + "]", "[" + plainTwo + "," + plainOne + "]", `[{"data":{"rates":{"cpu":-0}}}]`, `[{"id":"a"},{"source":""}]`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		all, plain := plainEvents(body)
		if !plain {
			return
		}
		var want []cloudEvent
		if err := json.Unmarshal(body, &want); err != nil {
			t.Fatalf("encoding/json does not read it: %v", err)
		}
		if diff := cmp.Diff(want, all); diff != "" {
			t.Fatal(diff)
		}
	})
}
