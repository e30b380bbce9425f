package crash

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// answered is a request for two facts, a and b, whose second must be refused when
// a code says so, with an answer for each time that it was sent.
func answered(code string, answers ...[]outcome) []*told {
	t := &told{intent: intent{N: 1, Kind: usage, Claims: []claim{{Fact: "a", Amount: 5}, {Fact: "b", Amount: 7, Code: code}}}}
	for _, outcomes := range answers {
		t.answers = append(t.answers, answer{N: 1, Outcomes: outcomes})
	}
	return []*told{t}
}

func TestJudge(t *testing.T) {
	acknowledged, repeated := []outcome{done, done}, []outcome{again, again}
	tests := []struct {
		name string
		all  []*told
		now  facts
		want string // what the fault says; empty for none
	}{
		{"acknowledged and there", answered("", acknowledged), facts{"a": 5, "b": 7, "old": 1}, ""},
		{"acknowledged twice and there once", answered("", acknowledged, repeated), facts{"a": 5, "b": 7, "old": 1}, ""},
		{"acknowledged and absent", answered("", acknowledged), facts{"a": 5, "old": 1}, "b was acknowledged with 7, and is there with 0"},
		{"acknowledged and there twice", answered("", acknowledged), facts{"a": 10, "b": 7, "old": 1}, "a was acknowledged with 5, and is there with 10"},
		{"refused and absent", answered("no", []outcome{done, refused}), facts{"a": 5, "old": 1}, ""},
		{"refused and there", answered("no", []outcome{done, refused}), facts{"a": 5, "b": 7, "old": 1}, "b is there with 7"},
		{"unanswered and absent", answered(""), facts{"old": 1}, ""},
		{"unanswered and there", answered(""), facts{"a": 5, "b": 7, "old": 1}, ""},
		{"unanswered and there twice", answered(""), facts{"a": 5, "b": 14, "old": 1}, "b is there with 14"},
		{"unanswered and there in part", answered(""), facts{"a": 5, "old": 1}, "of its 2 claims 1 are there"},
		{"unanswered, with a part that must be refused", answered("no"), facts{"a": 5, "old": 1}, ""},
		{"nobody asked", nil, facts{"old": 1, "c": 1}, "c is there with 1"},
		{"what was there before is gone", nil, facts{}, "old was acknowledged with 1, and is there with 0"},
	}
	for _, tt := range tests {
		err := judge(tt.all, facts{"old": 1}, tt.now)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// TestAnswersAreHeldAgainstWhatIsKnown: a client notices an answer that says
// something else than what it knows.
func TestAnswersAreHeldAgainstWhatIsKnown(t *testing.T) {
	request := answered("no")[0].intent
	accepted := `{"receipts":[{"outcome":"accepted"},{"outcome":"refused","code":"no"}]}`
	duplicate := `{"receipts":[{"outcome":"duplicate"},{"outcome":"refused","code":"no"}]}`
	tests := []struct {
		name   string
		asked  asked
		status int
		text   string
		want   string
	}{
		{"accepted at first", asked{sent: 1}, 200, accepted, ""},
		{"duplicate at first", asked{sent: 1}, 200, duplicate, "was done before"},
		{"accepted after it was lost", asked{sent: 2}, 200, accepted, ""},
		{"duplicate after it was lost", asked{sent: 2}, 200, duplicate, ""},
		{"accepted although it was found", asked{sent: 2, seen: true}, 200, accepted, "is done a second time"},
		{"accepted although it was acknowledged", asked{sent: 2, first: accepted}, 200, accepted, "is done a second time"},
		{"accepted what must be refused", asked{sent: 1}, 200, `{"receipts":[{"outcome":"accepted"},{"outcome":"accepted"}]}`, `must be "no"`},
		{"refused what must be accepted", asked{sent: 1}, 200, `{"receipts":[{"outcome":"refused","code":"no"},{"outcome":"refused","code":"no"}]}`, `must be ""`},
		{"too few receipts", asked{sent: 1}, 200, `{"receipts":[{"outcome":"accepted"}]}`, `must be "no"`},
		{"failed", asked{sent: 1}, 500, `{}`, "status 500"},
	}
	for _, tt := range tests {
		tt.asked.intent = &request
		outcomes, err := tt.asked.outcomes(tt.status, tt.text)
		if err == nil {
			err = tt.asked.consistent(outcomes, tt.text)
		}
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestTheSameKeyHasTheSameAnswer(t *testing.T) {
	request := &intent{Kind: topUp, Claims: []claim{{Fact: "a", Amount: 5}}}
	a := asked{intent: request, sent: 2, first: `{"id":"trf_1","wallet":"5"}`}
	if err := a.consistent([]outcome{again}, `{"id":"trf_1","wallet":"5","repeated":true}`); err != nil {
		t.Error(err)
	}
	if err := a.consistent([]outcome{again}, `{"id":"trf_2","wallet":"5","repeated":true}`); err == nil {
		t.Error("another answer goes unnoticed")
	}
}

func TestIntentsAreReadAsTheyWereWritten(t *testing.T) {
	j, err := newIntents(filepath.Join(t.TempDir(), "requests.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	first, second := &intent{N: 1, Kind: topUp, Body: "{\"a\":\n1}"}, &intent{N: 2, Kind: usage}
	one := answer{N: 1, Outcomes: []outcome{done}, Text: "yes"}
	for _, r := range []record{{Intent: first}, {Intent: second}, {Answer: &one}, {Intent: first}, {Answer: &one}} {
		if err := j.write(r); err != nil {
			t.Fatal(err)
		}
	}
	all, err := j.read()
	if err != nil {
		t.Fatal(err)
	}
	want := []*told{{intent: *first, answers: []answer{one, one}}, {intent: *second}}
	if diff := cmp.Diff(want, all, cmp.AllowUnexported(told{})); diff != "" {
		t.Error(diff)
	}
	if err := j.close(); err != nil {
		t.Error(err)
	}
}
