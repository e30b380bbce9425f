package terms_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// The oracle binds by going through every document and every acceptance, day by
// day, with no index and no memory.

const lastDay = 24 // days are those of January 2025

func january(n int) calendar.Instant {
	return day("2025-01-01").Add(calendar.Duration(n-1) * calendar.DayLength)
}

// dated is a version of a document with its days as numbers.
type dated struct {
	text
	effective, until, recorded int // until is the last day; zero: none
	ends                       []string
	accounts                   []string
	pins                       []string
}

type drawn struct {
	versions []dated
	corpus   *terms.Corpus
}

func drawCorpus(rt *rapid.T) drawn {
	var d drawn
	names := []string{"a1", "a2", "b1", "g1", "g2"}
	d.versions = append(d.versions, dated{text: page, effective: 2, recorded: 1})
	for i, id := range names {
		kind := map[byte]string{'a': "stamped", 'b': "annex", 'g': "general"}[id[0]]
		effective, recorded := 0, 1
		for v := range rapid.IntRange(1, 3).Draw(rt, id+" versions") {
			x := dated{text: text{id: id, code: fmt.Sprintf("D%d", i), kind: kind, version: fmt.Sprintf("v%d", v+1), by: "acceptance"}}
			effective += rapid.IntRange(1, 6).Draw(rt, "effective")
			recorded += rapid.IntRange(0, 4).Draw(rt, "recorded")
			x.effective, x.recorded = effective, recorded
			if rapid.Bool().Draw(rt, "ends by itself") {
				x.until = effective + rapid.IntRange(0, 5).Draw(rt, "until")
			}
			if rapid.IntRange(0, 3).Draw(rt, "by") == 0 {
				x.by = "publication"
			} else if rapid.Bool().Draw(rt, "ends others") {
				x.ends = rapid.SliceOfNDistinct(rapid.SampledFrom(slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == id })), 1, 3, rapid.ID).Draw(rt, "ends")
			}
			if rapid.IntRange(0, 3).Draw(rt, "named") == 0 {
				x.accounts = []string{"a"}
			}
			if rapid.IntRange(0, 2).Draw(rt, "pins something") == 0 {
				x.pins = rapid.SliceOfNDistinct(rapid.SampledFrom(append([]string{"self"}, names...)), 1, 3, rapid.ID).Draw(rt, "pins")
			}
			d.versions = append(d.versions, x)
		}
	}
	var all []terms.Published
	for _, x := range d.versions {
		all = append(all, terms.Published{Document: x.document(rt), Recorded: january(x.recorded)})
	}
	c, err := terms.NewCorpus(all)
	if err != nil {
		rt.Fatal(err)
	}
	d.corpus = c
	return d
}

func (x dated) document(rt *rapid.T) *terms.Document {
	x.text.effective = january(x.effective).String()
	if x.until > 0 {
		x.text.until = fmt.Sprintf("2025-01-%02d", x.until)
	}
	if len(x.accounts) > 0 {
		x.binds = "{accounts: [a]}"
	}
	var header []string
	if len(x.ends) > 0 {
		header = append(header, "ends: [{documents: ["+strings.Join(x.ends, ", ")+"], clause: '12'}]")
	}
	if len(x.pins) > 0 {
		header = append(header, "pins: [{what: purchases, documents: ["+strings.Join(x.pins, ", ")+"], clause: '12'}]")
	}
	x.header = strings.Join(header, "\n")
	d, err := terms.Parse(x.id+".yaml", []byte(x.source()), zone)
	if err != nil {
		rt.Fatal(err)
	}
	return d
}

func drawSubject(rt *rapid.T) terms.Subject {
	s := terms.Subject{Account: rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "account"), Product: rapid.SampledFrom([]string{"p", ""}).Draw(rt, "product")}
	oneDay := rapid.IntRange(1, lastDay)
	for range rapid.IntRange(0, 5).Draw(rt, "acceptances") {
		a := terms.Acceptance{
			Document: rapid.SampledFrom([]string{"a1", "a2", "b1", "g1", "g2", "page"}).Draw(rt, "accepts"), Version: "v1", Form: terms.Click,
			At: january(oneDay.Draw(rt, "at")), Recorded: january(oneDay.Draw(rt, "recorded")),
		}
		if rapid.IntRange(0, 3).Draw(rt, "void") == 0 {
			a.Void = terms.Void{At: max(a.At, january(oneDay.Draw(rt, "void at"))), Recorded: january(oneDay.Draw(rt, "void known"))}
		}
		s.Accepted = append(s.Accepted, a)
	}
	if rapid.Bool().Draw(rt, "is bought") {
		s.Bought = january(oneDay.Draw(rt, "bought"))
	}
	return s
}

// found is a version that has taken effect for a subject.
type found struct {
	dated
	accepted calendar.Instant
	over     bool
}

// bind says what binds a subject, or the code of a refusal.
func (d drawn) bind(s terms.Subject, at, known calendar.Instant) string {
	var begun []found
	for _, x := range d.inEffect(at, known) {
		accepted, counts := lastAcceptance(s, x.id, at, known)
		covers := len(x.accounts) == 0 || s.Account == "a"
		if x.id == "page" && s.Product == "" || !covers || x.by == "acceptance" && !counts {
			continue
		}
		ended := x.until > 0 && at >= january(x.until+1)
		begun = append(begun, found{dated: x, accepted: accepted, over: ended && !d.isPinned(s, x, at, known)})
	}
	ends := func(x, y found) bool { return y.by == "acceptance" && slices.Contains(x.ends, y.id) }
	left := slices.DeleteFunc(slices.Clone(begun), func(y found) bool {
		return slices.ContainsFunc(begun, func(x found) bool {
			return ends(x, y) && (y.accepted < x.accepted || y.accepted == x.accepted && !ends(y, x))
		})
	})
	var names []string
	agreed, sold := false, s.Product == ""
	for _, y := range left {
		displaced := slices.ContainsFunc(left, func(x found) bool { return !x.over && ends(x, y) && y.accepted > x.accepted && !ends(y, x) })
		if y.over || displaced {
			continue
		}
		names = append(names, y.id+" "+or(y.version, "v1"))
		agreed = agreed || y.kind != "annex" && y.kind != "page"
		sold = sold || y.id == "page"
	}
	switch {
	case !sold:
		return string(refusal.UnknownProduct)
	case !agreed:
		return string(refusal.NotAccepted)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// inEffect lists of each document the version that took effect last.
func (d drawn) inEffect(at, known calendar.Instant) map[string]dated {
	latest := map[string]dated{}
	for _, x := range d.versions {
		if january(x.recorded) <= known && january(x.effective) <= at && x.effective >= latest[x.id].effective {
			latest[x.id] = x
		}
	}
	return latest
}

func lastAcceptance(s terms.Subject, id string, at, known calendar.Instant) (last calendar.Instant, counts bool) {
	for _, a := range s.Accepted {
		void := a.Void.At != 0 && a.Void.Recorded <= known && a.Void.At <= at
		if a.Document == id && a.Recorded <= known && a.At <= at && !void {
			last, counts = max(last, a.At), true
		}
	}
	return last, counts
}

func (d drawn) isPinned(s terms.Subject, x dated, at, known calendar.Instant) bool {
	if s.Bought == 0 || s.Bought > at {
		return false
	}
	then := s
	then.Bought = 0
	bound := d.bind(then, s.Bought, known)
	pins := func(y dated) bool {
		named := slices.Contains(y.pins, x.id) || y.id == x.id && slices.Contains(y.pins, "self")
		return named && strings.Contains(bound, y.id+" ")
	}
	return strings.Contains(bound, x.id+" ") && slices.ContainsFunc(slices.Collect(maps.Values(d.inEffect(s.Bought, known))), pins)
}

// TestBindAgreesWithTheOracle asks one corpus many questions, so that what it
// remembers of one must not be taken for the answer to another.
func TestBindAgreesWithTheOracle(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := drawCorpus(rt)
		for range rapid.IntRange(5, 30).Draw(rt, "questions") {
			s := drawSubject(rt)
			at, known := january(rapid.IntRange(1, lastDay+4).Draw(rt, "asked at")), january(rapid.IntRange(1, lastDay+4).Draw(rt, "as known"))
			if s.Bought > at {
				s.Bought = 0 // nobody asks about what will be bought
			}
			want := d.bind(s, at, known)
			set, err := d.corpus.Bind(s, at, known)
			got := string(refusal.CodeOf(err))
			if err == nil {
				got = versions(set)
				if until := d.until(s, at, known); set.Until() != until {
					rt.Fatalf("%+v on %s as known on %s: %s until %s, want until %s", s, at, known, got, set.Until(), until)
				}
			}
			if got != want {
				rt.Fatalf("%+v on %s as known on %s: got %q, want %q", s, at, known, got, want)
			}
			d.checkLast(rt, s, at, known)
		}
	})
}

// until is the first day on which another answer is right.
func (d drawn) until(s terms.Subject, at, known calendar.Instant) calendar.Instant {
	now := d.bind(s, at, known)
	for t := at.Add(calendar.DayLength); t <= january(60); t = t.Add(calendar.DayLength) {
		if d.bind(s, t, known) != now {
			return t
		}
	}
	return calendar.EndOfTime
}

// checkLast goes back day by day to what bound last.
func (d drawn) checkLast(rt *rapid.T, s terms.Subject, at, known calendar.Instant) {
	want := ""
	for t := at; t >= january(1) && want == ""; t = t.Add(-calendar.DayLength) {
		if bound := d.bind(s, t, known); strings.Contains(bound, " ") {
			want = bound
		}
	}
	set, _, err := d.corpus.LastBound(s, at, known)
	got := ""
	if err == nil {
		got = versions(set)
	}
	if got != want {
		rt.Fatalf("%+v by %s as known on %s: last bound %q, want %q", s, at, known, got, want)
	}
}
