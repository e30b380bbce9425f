package account_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/core/terms"
)

func month(s string) calendar.Month {
	m, err := calendar.ParseMonth(s)
	if err != nil {
		panic(err)
	}
	return m
}

// rerun makes a month of the world's account again under other documents.
func (w *world) rerun(t interface{ Fatalf(string, ...any) }, proposed account.Terms, m string) (was, would account.Outcome) {
	was, would, found := account.Rerun{Present: w.corpus, Proposed: proposed, Zone: w.zone, Month: month(m)}.Run(w.evidence())
	if found != nil {
		t.Fatalf("%v %v: %v", found.Table, found.RowID, found)
	}
	return was, would
}

// clockedWorld draws a history: usage that arrives early and late, payments, and
// looks at the clock. On a real clock what falls due is recorded when somebody
// looks.
func clockedWorld(t testing.TB, rt *rapid.T, corpus *terms.Corpus, isReal bool) *world {
	w := newWorld(t, corpus)
	now := start
	env := w.env()
	if isReal {
		env.RecordedAt = func(at calendar.Instant) calendar.Instant { return max(at, now) }
	}
	look := func(b *account.Books) (*account.Decision, error) { return b.Advance(env, now) }
	for i := range rapid.IntRange(1, 14).Draw(rt, "steps") {
		now = now.Add(calendar.Duration(rapid.IntRange(0, 400).Draw(rt, "minutes")) * 13 * calendar.Minute)
		switch rapid.IntRange(0, 2).Draw(rt, "what") {
		case 0:
			paid := account.TopUp{Amount: money.Amount(rapid.Int64Range(1, 60_000_000).Draw(rt, "money")), Method: "alipay", Reference: "r"}
			w.run(now, func(b *account.Books) (*account.Decision, error) { return b.TopUp(env, paid, now) })
		case 1:
			from := now.Add(calendar.Duration(rapid.IntRange(-5000, 5000).Draw(rt, "from")) * calendar.Minute)
			to := from.Add(calendar.Duration(rapid.IntRange(1, 5000).Draw(rt, "long")) * calendar.Minute)
			resource := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "resource")
			// What is recorded first may be found last: after a look at a later instant.
			seen := now.Add(-calendar.Duration(rapid.IntRange(0, 2).Draw(rt, "before")) * calendar.Second)
			w.use(resource, int64(1000*(i+1)), w.zone.Format(max(from, start)), w.zone.Format(max(to, start.Add(calendar.Minute))), w.zone.Format(max(seen, start)))
		default:
			w.run(now, look)
		}
	}
	now = instant("2026-03-20T00:00:00+08:00")
	w.run(now, look)
	return w
}

// TestARerunUnderTheSameDocumentsIsTheSame: whatever is used and paid, and
// however late it is noticed, the journal comes out to the last hash.
func TestARerunUnderTheSameDocumentsIsTheSame(t *testing.T) {
	corpus := sampleCorpus(t)
	for name, isReal := range map[string]bool{"on a virtual clock": false, "on a real clock": true} {
		t.Run(name, func(t *testing.T) {
			lines, moves, fees, refused := 0, 0, 0, 0
			rapid.Check(t, func(rt *rapid.T) {
				w := clockedWorld(t, rt, corpus, isReal)
				for _, m := range []string{"2025-12", "2026-01", "2026-02"} {
					was, would := w.rerun(rt, corpus, m)
					if diff := cmp.Diff(was, would); diff != "" {
						rt.Fatalf("%s: %s", m, diff)
					}
					checkMonth(rt, w, month(m), was)
					for _, c := range was.Charges {
						lines += int(c.Lines)
					}
					moves += len(was.Moves)
					refused += len(was.Refused)
					if was.LateFees > 0 {
						fees++
					}
				}
			})
			if lines == 0 || moves == 0 || fees == 0 || refused == 0 {
				t.Errorf("dull: %d lines, %d moves, %d months with fees, %d refusals", lines, moves, fees, refused)
			}
		})
	}
}

// checkMonth holds an outcome against the rows that the world kept.
func checkMonth(t *rapid.T, w *world, m calendar.Month, got account.Outcome) {
	t.Helper()
	from, to := w.zone.MonthBounds(m)
	var charged, fees, sum money.Amount
	var quantity, refused, lines int64
	for _, c := range w.log.Charges {
		if at := c.Hour.Start(); from <= at && at < to {
			charged += c.Amount
			quantity += c.Quantity
			lines++
		}
	}
	for _, c := range w.log.Refused {
		if at := c.Hour.Start(); from <= at && at < to {
			refused += c.Quantity
		}
	}
	for _, f := range w.log.LateFees {
		if f.Day.Month() == m {
			fees += f.Amount
		}
	}
	for _, c := range got.Charges {
		sum += c.Amount
		quantity -= c.Quantity
		lines -= c.Lines
	}
	for _, q := range got.Refused {
		refused -= q
	}
	if sum != charged || got.LateFees != fees || quantity != 0 || refused != 0 || lines != 0 {
		t.Fatalf("%s: charges %s and fees %s, the rows say %s and %s; %d of usage, %d refused, %d lines too few",
			m, sum, got.LateFees, charged, fees, quantity, refused, lines)
	}
}

// TestARerunOfTheWholeStory is on both clocks: on a real one, everything was
// noticed fifty hours late.
func TestARerunOfTheWholeStory(t *testing.T) {
	for name, late := range map[string]calendar.Duration{"virtual": 0, "real": 50 * calendar.HourLength} {
		t.Run(name, func(t *testing.T) {
			w := wholeStory(t, late)
			w.advance("2026-02-10T00:00:00+08:00")
			was, would := w.rerun(t, w.corpus, "2026-01")
			if diff := cmp.Diff(was, would); diff != "" {
				t.Error(diff)
			}
			if len(was.Moves) < 4 || was.LateFees == 0 || len(was.Refused) == 0 {
				t.Errorf("dull: %+v", was)
			}
		})
	}
}
