package crash

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"termwise.dev/core/account"
)

// Did counts what happened.
type Did struct {
	mu     *sync.Mutex
	counts map[string]int
}

func newDid() Did { return Did{mu: &sync.Mutex{}, counts: map[string]int{}} }

func (d Did) count(what string) { d.add(what, 1) }

func (d Did) add(what string, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.counts[what] += n
}

// Interesting lists what must have happened before a run counts as evidence.
var Interesting = []string{
	"killed: serving", "killed: starting", "request: unanswered", "request: nobody waited for the answer", "request: answered the second time", "request: repeated after its answer",
	"unanswered: there", "unanswered: absent",
	"usage: done", "usage: again", "top-up: done", "top-up: again", "opening: done", "acceptance: done",
	"refused: unknown_product", "refused: before_account", "refused: bad_interval", "refused: event_id_reused",
	"refused: method_not_offered", "refused: idempotency_key_reused", "refused: already_exists",
	"books: charges", "books: late fees", "books: services suspended", "books: services resumed",
	"index: runs sealed",
}

// Missing lists what should have happened and did not.
func (d Did) Missing() []string {
	return slices.DeleteFunc(slices.Clone(Interesting), func(what string) bool { return d.counts[what] > 0 })
}

// Names lists what happened, sorted.
func (d Did) Names() []string { return slices.Sorted(maps.Keys(d.counts)) }

// books counts what became of an account.
func (d Did) books(ev *account.Evidence) {
	d.add("books: charges", len(ev.Charges))
	d.add("books: late fees", len(ev.LateFees))
	for i := range ev.Transitions {
		switch m := &ev.Transitions[i]; {
		case m.To == "suspended":
			d.count("books: services suspended")
		case m.From == "suspended" && m.To == "active":
			d.count("books: services resumed")
		}
	}
}

// String gives a line for each thing that happened.
func (d Did) String() string {
	var b strings.Builder
	for _, name := range d.Names() {
		fmt.Fprintf(&b, "%8d  %s\n", d.counts[name], name)
	}
	return b.String()
}
