package account_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// clockedWorld draws a history: usage that arrives early and late, payments, acts
// on what was agreed, and looks at the clock. On a real clock what falls due is recorded when somebody
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
		switch rapid.IntRange(0, 3).Draw(rt, "what") {
		case 0:
			paid := account.TopUp{Amount: money.Amount(rapid.Int64Range(1, 60_000_000).Draw(rt, "money")), Method: "alipay", Reference: fmt.Sprint("r-", i)}
			w.run(now, func(b *account.Books) (*account.Decision, error) { return b.TopUp(env, paid, now) })
		case 1:
			from := now.Add(calendar.Duration(rapid.IntRange(-5000, 5000).Draw(rt, "from")) * calendar.Minute)
			to := from.Add(calendar.Duration(rapid.IntRange(1, 5000).Draw(rt, "long")) * calendar.Minute)
			resource := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "resource")
			// What is recorded first may be found last: after a look at a later instant.
			seen := now.Add(-calendar.Duration(rapid.IntRange(0, 2).Draw(rt, "before")) * calendar.Second)
			w.use(resource, int64(1000*(i+1)), w.zone.Format(max(from, start)), w.zone.Format(max(to, start.Add(calendar.Minute))), w.zone.Format(max(seen, start)))
		case 2:
			w.drawAct(rt, env, now)
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

// tried parses the sample provider's page with some texts replaced: pairs of old
// and new.
func tried(t testing.TB, replaced ...string) *terms.Document {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "..", "provider", "products", "compute-payg.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	zone, _ := calendar.ParseZone("UTC+8")
	d, err := terms.Parse("new.yaml", []byte(strings.NewReplacer(append(replaced, `version: "2025-06"`, `version: "new"`)...).Replace(string(source))), zone)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (w *world) during(m string, documents ...*terms.Document) *terms.Corpus {
	from, to := w.zone.MonthBounds(month(m))
	return w.corpus.During(from, to, documents)
}

// TestARerunNoticesAsLateAsItWasNoticed: nobody looked from New Year until the
// third of January, so that the customer was told late, and was suspended a day
// after that. A longer time until suspension changes nothing then; a longer time
// after the notice does.
func TestARerunNoticesAsLateAsItWasNoticed(t *testing.T) {
	w := newWorld(t, sampleCorpus(t))
	w.use("pod", 1_000, "2026-01-01T00:00:00+08:00", "2026-01-06T00:00:00+08:00", "2026-01-01T00:00:00+08:00")
	env := w.env()
	for _, look := range []string{"2026-01-03T10:00:00+08:00", "2026-01-04T10:00:05+08:00", "2026-02-01T00:00:00+08:00"} {
		now := instant(look)
		env.RecordedAt = func(at calendar.Instant) calendar.Instant { return max(at, now) }
		w.run(now, func(b *account.Books) (*account.Decision, error) { return b.Advance(env, now) })
	}
	suspended := func(o account.Outcome) string {
		for _, m := range o.Moves {
			if m.To == "suspended" {
				return w.zone.Format(m.At)
			}
		}
		return "never"
	}
	for _, tt := range []struct{ old, new, want string }{
		{"suspend.after: 24 hours", "suspend.after: 48 hours", "2026-01-04T10:00:00+08:00"},
		{"suspend.notice: 24 hours", "suspend.notice: 48 hours", "2026-01-05T10:00:00+08:00"},
	} {
		was, would := w.rerun(t, w.during("2026-01", tried(t, tt.old, tt.new)), "2026-01")
		if got := suspended(was); got != "2026-01-04T10:00:00+08:00" {
			t.Errorf("it was suspended at %s", got)
		}
		if got := suspended(would); got != tt.want {
			t.Errorf("%s: suspended at %s, want %s", tt.new, got, tt.want)
		}
	}
}

// TestARerunOfLateUsage: what arrived after the month for one of its hours is
// priced as the month is, and no other hour is.
func TestARerunOfLateUsage(t *testing.T) {
	w := newWorld(t, sampleCorpus(t))
	w.topUp("2026-01-01T00:00:00+08:00", "100")
	w.use("pod", 1_000, "2026-01-31T22:00:00+08:00", "2026-02-01T02:00:00+08:00", "2026-01-31T00:00:00+08:00")
	w.advance("2026-02-05T00:00:00+08:00")
	w.use("late", 2_000, "2026-01-31T23:00:00+08:00", "2026-02-01T01:00:00+08:00", "2026-02-05T00:00:00+08:00")
	w.advance("2026-02-06T00:00:00+08:00")
	dearer := tried(t, "price.cpu: 0.09 CNY", "price.cpu: 0.18 CNY")
	for m, want := range map[string]money.Amount{"2026-01": 360_000, "2026-02": 360_000, "2025-12": 0} {
		was, would := w.rerun(t, w.during(m, dearer), m)
		sum := func(o account.Outcome) (all money.Amount) {
			for _, c := range o.Charges {
				all += c.Amount
			}
			return all
		}
		if sum(was) != want || sum(would) != 2*want {
			t.Errorf("%s: %s and %s, want %s and twice that", m, sum(was), sum(would), want)
		}
	}
}

// TestARerunNeedsTheWholeJournal: a journal that is not what its inputs give, or
// holds what a re-run does not know, is not compared with anything.
func TestARerunNeedsTheWholeJournal(t *testing.T) {
	for name, change := range map[string]func(*account.Evidence){
		"a payload": func(ev *account.Evidence) {
			ev.Entries[2].Payload = strings.Replace(ev.Entries[2].Payload, "5.0", "6.0", 1)
		},
		"a charge's amount":  func(ev *account.Evidence) { ev.Entries[10].Hash[3] ^= 1 },
		"an entry, gone":     func(ev *account.Evidence) { ev.Entries = slices.Delete(ev.Entries, 4, 5) },
		"an entry too many":  func(ev *account.Evidence) { ev.Entries = append(ev.Entries, ev.Entries[len(ev.Entries)-1]) },
		"an unknown kind":    func(ev *account.Evidence) { ev.Entries[5].Kind = "gift" },
		"an unreadable call": func(ev *account.Evidence) { ev.Entries[0].Payload = "{" },
	} {
		w := wholeStory(t, 0)
		w.advance("2026-02-01T00:00:00+08:00")
		ev := w.evidence()
		change(ev)
		if _, _, found := (account.Rerun{Present: w.corpus, Proposed: w.corpus, Zone: w.zone, Month: month("2026-01")}).Run(ev); found == nil {
			t.Errorf("%s is not found", name)
		}
	}
}
