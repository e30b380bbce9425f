package crash

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// fact is something that can be read from the database: "usage c1 r7".
type fact string

// claim is what a request asks to become true: a fact, and by how much.
type claim struct {
	Fact   fact
	Amount int64
	// Code is the refusal that must come instead; empty for none.
	Code string `json:",omitempty"`
}

// intent is a request, as it is sent and sent again.
type intent struct {
	N                int
	Kind             kind
	Path, Media, Key string
	Body             string
	Claims           []claim
}

// kind says what a request asks for.
type kind string

const (
	usage      kind = "usage"
	topUp      kind = "top-up"
	opening    kind = "opening"
	acceptance kind = "acceptance"
)

// outcome is what a client knows of a claim.
type outcome string

const (
	unknown outcome = ""        // no answer came
	done    outcome = "done"    // acknowledged
	again   outcome = "again"   // acknowledged as done before
	refused outcome = "refused" // refused, as it must be
)

// answer is what came back: an outcome for each claim.
type answer struct {
	N        int
	Outcomes []outcome
	Text     string
}

// record is a line of the journal: a request that is about to be sent, or an
// answer that has come.
type record struct {
	Intent *intent `json:",omitempty"`
	Answer *answer `json:",omitempty"`
}

// intents is the journal of the clients. A record is on disk when write returns.
type intents struct {
	mu   sync.Mutex
	file *os.File
}

func newIntents(path string) (*intents, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_APPEND|os.O_RDWR, 0o600)
	return &intents{file: file}, err
}

func (j *intents) write(r record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	_, err = j.file.Write(append(line, '\n'))
	return errors.Join(err, j.file.Sync())
}

func (j *intents) close() error { return j.file.Close() }

// told is a request with all answers that came to it.
type told struct {
	intent
	answers []answer
}

// outcome is what is known of a claim: the first answer that was not lost.
func (t *told) outcome(claim int) outcome {
	if len(t.answers) == 0 {
		return unknown
	}
	return t.answers[0].Outcomes[claim]
}

// read reads the journal from its beginning, in the order of the requests.
func (j *intents) read() ([]*told, error) {
	if _, err := j.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	byN := map[int]*told{}
	var all []*told
	lines := bufio.NewReader(j.file)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		var r record
		if err == nil {
			err = json.Unmarshal(line, &r)
		}
		if err != nil {
			return nil, fmt.Errorf("crash: the journal of requests: %w", err)
		}
		switch {
		case r.Intent != nil && byN[r.Intent.N] == nil:
			byN[r.Intent.N] = &told{intent: *r.Intent}
			all = append(all, byN[r.Intent.N])
		case r.Answer != nil:
			byN[r.Answer.N].answers = append(byN[r.Answer.N].answers, *r.Answer)
		}
	}
}
