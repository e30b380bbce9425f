package main

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// bar shows on stderr how much is done. It is silent where nobody watches, and
// what it cannot show is no reason to stop.
type bar struct {
	s    *session
	what string
	all  int
	bar  *progressbar.ProgressBar
}

func (s *session) bar(what string) *bar { return &bar{s: s, what: what} }

// set says how much is done; all may be 0 where that is not known.
func (b *bar) set(done, all int) {
	if !b.s.progressTerminal {
		return
	}
	if all == 0 {
		all = -1
	}
	if b.bar == nil {
		b.bar = progressbar.NewOptions(
			all, progressbar.OptionSetWriter(b.s.stderr), progressbar.OptionSetDescription(b.what),
			progressbar.OptionSetWidth(30), progressbar.OptionThrottle(80*time.Millisecond),
			progressbar.OptionClearOnFinish(), progressbar.OptionShowCount(),
			progressbar.OptionSetSpinnerChangeInterval(0), // a spinner that turns by itself would outlive its end
		)
		b.all = all
	}
	if all != b.all { // the bar's own maximum is another where none is known
		b.bar.ChangeMax(all)
		b.all = all
	}
	_ = b.bar.Set(done)
}

// to shows another activity from now on.
func (b *bar) to(what string) {
	if what == b.what {
		return
	}
	b.end()
	b.what, b.bar = what, nil
}

// end clears the bar away.
func (b *bar) end() {
	if b.bar != nil {
		_ = b.bar.Finish()
	}
}
