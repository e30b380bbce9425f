package crash

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"
)

// client sends requests one after the other, and remembers what it was told.
type client struct {
	name    string
	r       *rand.Rand
	token   string
	intents *intents
	numbers *atomic.Int64 // of the requests of all clients
	did     Did

	accounts []string // that use and pay
	silent   []string // that were opened and accepted nothing
	// acknowledged are requests that were answered, pending those that were not.
	acknowledged, pending []*asked
}

// asked is a request and what its client knows of it.
type asked struct {
	*intent
	first string // the first answer
	sent  int
	// seen says that a judgement found it done, judged that one looked.
	seen, judged bool
}

// errNoAnswer says that a request got no answer, errGone that its client did not
// wait for one.
var (
	errNoAnswer = errors.New("no answer")
	errGone     = errors.New("the client went away")
)

// The part, in percent, of requests whose clients do not wait for the answer, and
// how long they wait at most.
const (
	gonePart = 6
	waits    = 20 * time.Millisecond
)

// run sends again what got no answer, then new requests, until one gets none.
func (c *client) run(ctx context.Context, address string) error {
	pending := c.pending
	c.pending = nil
	for i, a := range pending {
		if c.r.IntN(4) == 0 {
			continue // it will never know
		}
		if err := c.ask(ctx, address, a); err != nil && !errors.Is(err, errGone) {
			c.pending = append(c.pending, pending[i+1:]...)
			return err
		}
	}
	for {
		if err := c.ask(ctx, address, c.next()); err != nil && !errors.Is(err, errGone) {
			return err
		}
	}
}

// next is a new request, or one that was sent before: its answer came, or nobody
// waited for it and it may still be under way.
func (c *client) next() *asked {
	n := c.r.IntN(10)
	if n == 0 && len(c.acknowledged) > 0 {
		return pick(c.r, c.acknowledged)
	}
	if n == 1 && len(c.pending) > 0 {
		a := c.pending[0]
		c.pending = c.pending[1:]
		return a
	}
	return &asked{intent: c.draw()}
}

// settle asks again until everything is answered.
func (c *client) settle(ctx context.Context, address string) error {
	for len(c.pending) > 0 {
		a := c.pending[0]
		c.pending = c.pending[1:]
		if err := c.ask(ctx, address, a); err != nil && !errors.Is(err, errGone) {
			return err
		}
	}
	return nil
}

// ask writes a request down, sends it, and writes the answer down.
func (c *client) ask(ctx context.Context, address string, a *asked) error {
	if err := c.intents.write(record{Intent: a.intent}); err != nil {
		return err
	}
	a.sent++
	status, text, err := c.sendAndWait(ctx, address, a.intent)
	if err != nil {
		c.did.count("request: unanswered")
		if a.first == "" {
			c.pending = append(c.pending, a)
		}
		return err
	}
	outcomes, err := a.outcomes(status, text)
	if err == nil {
		err = a.consistent(outcomes, text)
	}
	if err != nil {
		return fmt.Errorf("request %d, sent %d times: %w\n%s %s\n%s\nanswer %d %s", a.N, a.sent, err, a.Kind, a.Path, a.Body, status, text)
	}
	c.remember(a, outcomes, text)
	return c.intents.write(record{Answer: &answer{N: a.N, Outcomes: outcomes, Text: text}})
}

// sendAndWait sends a request, and sometimes does not wait for its answer.
func (c *client) sendAndWait(ctx context.Context, address string, in *intent) (status int, text string, err error) {
	waiting := ctx
	if c.r.IntN(100) < gonePart {
		var stop context.CancelFunc
		waiting, stop = context.WithTimeout(ctx, time.Duration(c.r.Int64N(int64(waits))))
		defer stop()
	}
	status, text, err = c.send(waiting, address, in)
	switch {
	case err != nil && waiting.Err() != nil && ctx.Err() == nil:
		c.did.count("request: nobody waited for the answer")
		return 0, "", errGone
	case err != nil:
		return 0, "", fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	return status, text, nil
}

func (c *client) send(ctx context.Context, address string, in *intent) (status int, text string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address+in.Path, strings.NewReader(in.Body))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", in.Media)
	if in.Key != "" {
		r.Header.Set("Idempotency-Key", in.Key)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	body, err := io.ReadAll(got.Body)
	return got.StatusCode, string(body), errors.Join(err, got.Body.Close())
}

// reply is what is read of any answer.
type reply struct {
	Code     string
	Repeated bool
	Receipts []struct{ Outcome, Code string }
}

// outcomes reads what an answer says of each claim. An answer that the request
// could not lead to is an error.
func (a *asked) outcomes(status int, text string) ([]outcome, error) {
	var got reply
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		return nil, err
	}
	outcomes := make([]outcome, len(a.Claims))
	for i, claim := range a.Claims {
		code := got.Code
		outcomes[i] = done
		switch {
		case a.Kind == usage && status == http.StatusOK && len(got.Receipts) == len(a.Claims):
			code = got.Receipts[i].Code
			if got.Receipts[i].Outcome == "duplicate" {
				outcomes[i] = again
			}
		case status == http.StatusOK && got.Repeated:
			outcomes[i] = again
		case status != http.StatusOK && code == "":
			code = fmt.Sprint("status ", status)
		}
		if code != claim.Code {
			return nil, fmt.Errorf("the answer to %s is %q, and must be %q", claim.Fact, code, claim.Code)
		}
		if code != "" {
			outcomes[i] = refused
		}
	}
	return outcomes, nil
}

// consistent holds an answer against what is known: what was done before must
// not be done now, and what was not asked before cannot have been done.
func (a *asked) consistent(outcomes []outcome, text string) error {
	if a.Kind != usage && a.Kind != topUp {
		return nil // their answers do not tell
	}
	for i, o := range outcomes {
		switch {
		case o == done && a.first != "":
			return fmt.Errorf("%s was acknowledged before, and is done a second time", a.Claims[i].Fact)
		case o == done && a.seen:
			return fmt.Errorf("%s was there, and is done a second time", a.Claims[i].Fact)
		case o == again && a.sent == 1:
			return fmt.Errorf("%s is asked for the first time, and was done before", a.Claims[i].Fact)
		}
	}
	if a.Kind == topUp && a.first != "" {
		if diff := cmp.Diff(withoutRepeated(a.first), withoutRepeated(text)); diff != "" {
			return fmt.Errorf("the answer is not the first one (-first +now):\n%s", diff)
		}
	}
	return nil
}

func withoutRepeated(text string) map[string]any {
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return map[string]any{"unreadable": text}
	}
	delete(m, "repeated")
	return m
}

// mostRemembered bounds what a client can repeat.
const mostRemembered = 200

// remember keeps what was acknowledged, to repeat and misuse it.
func (c *client) remember(a *asked, outcomes []outcome, text string) {
	for i, o := range outcomes {
		c.did.count(string(a.Kind) + ": " + string(o))
		if o == refused {
			c.did.count("refused: " + a.Claims[i].Code)
		}
	}
	if a.first != "" {
		c.did.count("request: repeated after its answer")
		return
	}
	if a.sent > 1 {
		c.did.count("request: answered the second time")
	}
	a.first = text
	if a.Claims[0].Code == "" {
		if id, opened := strings.CutPrefix(a.Key, "silent-"); opened {
			c.silent = append(c.silent, id)
		}
		c.acknowledged = append(c.acknowledged, a)
		c.acknowledged = c.acknowledged[max(0, len(c.acknowledged)-mostRemembered):]
	}
}

// look tells the client's unanswered requests whether they were found done.
func (c *client) look(now facts) {
	for _, a := range c.pending {
		for _, claim := range a.Claims {
			a.seen = a.seen || claim.Code == "" && now[claim.Fact] != 0
		}
		if !a.judged {
			c.did.count(map[bool]string{true: "unanswered: there", false: "unanswered: absent"}[a.seen])
		}
		a.judged = true
	}
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
