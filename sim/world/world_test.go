package world

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/sim/model"
)

func files(t *testing.T) *Files {
	t.Helper()
	place, err := NewFiles(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return place
}

// live lives some worlds, which must all be as the rules say.
func live(t *testing.T, place Place, worlds uint64) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for number := range worlds {
		story, err := Live(t.Context(), seed, number, 60, place)
		if err != nil {
			t.Fatal(err)
		}
		if story.Failure != nil {
			t.Fatalf("go run ./sim -seed %d -world %d -steps 60\n%s", seed, number, story)
		}
	}
}

func TestWorldsAreAsTheRulesSay(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { live(t, files(t), 6) })
	t.Run("postgresql", func(t *testing.T) {
		server, err := NewServer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := server.Close(); err != nil {
				t.Error(err)
			}
		}()
		live(t, server, 2)
	})
}

// TestTheSampleProvider lives in worlds of the sample provider, whose documents
// the model knows as a reader does.
func TestTheSampleProvider(t *testing.T) {
	place, lived := files(t), 0
	for seed := uint64(1); lived < 2; seed++ {
		if !Drawn(seed, 0).Sample {
			continue
		}
		lived++
		story, err := Live(t.Context(), seed, 0, 40, place)
		if err != nil || story.Failure != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, story)
		}
	}
}

func TestOneSeedOneStory(t *testing.T) {
	place := files(t)
	var told [2]*Story
	for i := range told {
		story, err := Live(t.Context(), 7, 3, 40, place)
		if err != nil {
			t.Fatal(err)
		}
		told[i] = story
	}
	if diff := cmp.Diff(told[0].String(), told[1].String()); diff != "" {
		t.Errorf("one seed tells two stories:\n%s", diff)
	}
	if diff := cmp.Diff(told[0].Did, told[1].Did); diff != "" {
		t.Errorf("and they do not lead to the same:\n%s", diff)
	}
}

// TestTheModelLivesAsItWouldFromScratch: going on from where it stopped gives
// what living from the first day gives.
func TestTheModelLivesAsItWouldFromScratch(t *testing.T) {
	for number := range uint64(3) {
		story, err := Live(t.Context(), 11, number, 60, files(t))
		if err != nil {
			t.Fatal(err)
		}
		m := model.New(story.Config.zone(), story.Config.Start, story.Config.Virtual)
		m.Publish(story.Config.Documents)
		for _, s := range story.Steps {
			s.tell(m)
		}
		for _, id := range m.Accounts() {
			if diff := differ(ruled(m.FromScratch(id), nil), ruled(m.Books(id), nil)); diff != "" {
				t.Fatalf("world %d: lived again, account %s has other books:\n%s", number, id, diff)
			}
		}
	}
}

// wrong is a step that the program and the model answer differently once so many
// accounts are open.
type wrong struct{ accounts int }

func (w wrong) tell(m *model.Model) string              { return fmt.Sprint(len(m.Accounts()) >= w.accounts) }
func (wrong) do(context.Context, *play) (string, error) { return "false", nil }
func (wrong) say(*Config) string                        { return "go wrong" }
func opening(id string) Told                            { return Told{Step: Opening{Account: id, Name: "Kiln"}} }

func paying(id string, fault *Fault) Told {
	return Told{Step: Paying{Account: id, TopUp: model.TopUp{Amount: 5, Method: "alipay", Reference: "r"}}, Fault: fault}
}

// TestShrink leaves of a long story what it takes to go wrong.
func TestShrink(t *testing.T) {
	place := files(t)
	c := Plain()
	steps := []Told{
		opening("a"), paying("a", nil), opening("b"), paying("b", &Fault{Kind: Fails, Call: 3}),
		{Step: Reopening{}},
		opening("c"), paying("c", nil),
		{Step: wrong{2}},
		opening("d"), opening("e"),
	}
	story, err := Tell(t.Context(), c, steps, place)
	if err != nil || story.Failure == nil {
		t.Fatalf("the story does not fail: %v", err)
	}
	short, err := Shrink(t.Context(), story, 100, place)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, s := range short.Steps {
		left = append(left, s.say(&c))
	}
	if len(left) != 3 || !strings.HasPrefix(left[0], "open account") || !strings.HasPrefix(left[1], "open account") || left[2] != "go wrong" {
		t.Errorf("what is left is %q", left)
	}
	if text := short.String(); !strings.Contains(text, "the answers differ") || !strings.Contains(text, "3. go wrong") {
		t.Errorf("the story is told as:\n%s", text)
	}
}

// forging is a step that changes what the journal says behind the program's back:
// verify sees it, and the books are as before.
type forging struct{}

func (forging) tell(*model.Model) string { return "" }

func (forging) do(ctx context.Context, p *play) (string, error) {
	db, err := sql.Open("sqlite", p.location)
	if err != nil {
		return "", err
	}
	_, err = db.ExecContext(ctx, "UPDATE journal SET actor = 'nobody'")
	return "", errors.Join(err, db.Close())
}

func (forging) say(*Config) string { return "forge the journal" }

// TestShrinkWhatShowsAsTimePasses: what verify finds depends on the clock too, so
// that it is asked again as time passes, though nothing changed in the books.
func TestShrinkWhatShowsAsTimePasses(t *testing.T) {
	place := files(t)
	c := Plain()
	c.Virtual, c.Check = false, 20
	later := func(hours int) Told { return Told{Step: Waiting{To: c.Start.Add(time.Duration(hours) * time.Hour)}} }
	steps := []Told{opening("a"), later(1), opening("b"), {Step: forging{}}, later(2), opening("c"), later(3)}
	if left := shrunk(t, c, steps, place); len(left) != 3 || left[1] != "forge the journal" || !strings.HasPrefix(left[2], "the clock comes to") {
		t.Errorf("what is left is %q", left)
	}
}

// unseen is a step that goes wrong only where the books are seldom looked at.
type unseen struct{ wrong }

func (unseen) do(_ context.Context, p *play) (string, error) {
	return fmt.Sprint(p.config.Check == 1), nil
}

// TestShrinkWhatIsSeldomLookedAt: a story that goes wrong only as it was first
// looked at is shortened so.
func TestShrinkWhatIsSeldomLookedAt(t *testing.T) {
	c := Plain()
	c.Check = 20
	if left := shrunk(t, c, []Told{opening("a"), opening("b"), {Step: unseen{}}, opening("c")}, files(t)); len(left) != 1 || left[0] != "go wrong" {
		t.Errorf("what is left is %q", left)
	}
}

// shrunk says what is left of a story that fails.
func shrunk(t *testing.T, c Config, steps []Told, place Place) (left []string) {
	t.Helper()
	story, err := Tell(t.Context(), c, steps, place)
	if err != nil || story.Failure == nil {
		t.Fatalf("the story does not fail: %v", err)
	}
	short, err := Shrink(t.Context(), story, 100, place)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range short.Steps {
		left = append(left, s.say(&c))
	}
	return left
}

// TestAFaultIsFelt: without what undoes it, a fault would be seen.
func TestAFaultIsFelt(t *testing.T) {
	for _, kind := range faultKinds {
		for _, call := range []int{0, 2, 5, 8} {
			steps := []Told{{Step: Opening{Account: "a", Name: "Kiln", Accepts: []string{"general-agreement"}}}, paying("a", &Fault{Kind: kind, Call: call})}
			story, err := Tell(t.Context(), Plain(), steps, files(t))
			if err != nil || story.Failure != nil {
				t.Fatalf("%s at call %d: %v\n%s", kind, call, err, story)
			}
			if story.Did["fault: "+string(kind)] != 1 {
				t.Errorf("%s at call %d did not happen", kind, call)
			}
		}
	}
}

// TestAFaultIsFeltAgain: as the database is opened, as what a dead program left is,
// and as a step is put again.
func TestAFaultIsFeltAgain(t *testing.T) {
	pays := Paying{Account: "a", TopUp: model.TopUp{Amount: 5, Method: "alipay", Reference: "r"}, Key: "k"}
	for _, kind := range faultKinds {
		died := &Fault{Kind: DiesAfter, Call: 5}
		story, err := Tell(t.Context(), Plain(), []Told{
			opening("a"),
			{Step: Reopening{}, Fault: &Fault{Kind: kind}},
			{Step: pays, Fault: died, Again: &Fault{Kind: kind}},
			{Step: pays, Fault: died, Again: &Fault{Kind: kind, Call: 2}},
		}, files(t))
		if err != nil || story.Failure != nil {
			t.Fatalf("%s: %v\n%s", kind, err, story)
		}
		if story.Did["fault: while opening"] != 2 || story.Did["fault: as the step is put again"] != 1 {
			t.Errorf("%s did not happen as the database was opened or as a step was put again: %v", kind, story.Did)
		}
	}
}

// TestLeavingInTheMinute: on a real clock a version is known a minute after it was
// published. Who leaves over a contract in that minute is looked at as the end
// comes, like who leaves after it.
func TestLeavingInTheMinute(t *testing.T) {
	published := time.Date(2026, 7, 20, 16, 0, 0, 0, time.UTC)
	end := published.AddDate(0, 0, 3)
	for _, after := range []time.Duration{0, 30 * time.Second, 59 * time.Second, time.Minute} {
		c := PlainAt(published.Add(-time.Hour))
		c.Virtual = false
		page := c.Documents[2]
		contract := model.Document{
			ID: "contract-c1", Version: "1", Kind: "stamped", Issuer: page.Issuer, Product: page.Product, Account: "c1",
			Announced: end.Add(-24 * time.Hour), Effective: end, Values: map[string]string{"price.memory": "0.5 CNY per GiB·hour"},
		}
		used := c.Start.Add(time.Second)
		usage := model.Event{
			Source: "meter", ID: "e1", Account: "c1", Product: page.Product, Resource: "r1", Point: true, From: used, To: used,
			Measures: []model.Measure{{Meter: "memory", Value: 25200}},
		}
		story, err := Tell(t.Context(), c, []Told{
			{Step: Opening{Account: "c1", Name: "Kiln", Accepts: []string{"general-agreement"}}},
			{Step: Waiting{To: published}},
			{Step: Publishing{Documents: []model.Document{contract}}},
			{Step: Reporting{Events: []model.Event{usage}}},
			{Step: Paying{Account: "c1", TopUp: model.TopUp{Amount: 90_164, Method: "alipay", Reference: "r1"}}},
			{Step: Waiting{To: published.Add(after)}},
			{Step: Leaving{Account: "c1", Leaving: model.Leaving{Document: "contract-c1"}}},
			{Step: Waiting{To: end.Add(time.Hour)}},
			{Step: Working{}},
		}, files(t))
		if err != nil || story.Failure != nil {
			t.Errorf("%s after the publication: %v\n%s", after, err, story)
		}
		if story.Did["service: ended"] != 1 {
			t.Errorf("%s after the publication: no service ended", after)
		}
	}
}

// TestLongWorldsCount: a world of many years counts as so many.
func TestLongWorldsCount(t *testing.T) {
	c := Plain()
	did := Did{}
	did.end(model.New(c.zone(), c.Start.AddDate(20, 0, 0), true), &c)
	if years := did["years in thousandths"]; years < 20_000 || years > 20_020 {
		t.Errorf("twenty years count as %d thousandths", years)
	}
}

func TestInterestingThingsAreMissed(t *testing.T) {
	did := Did{}
	if missing := did.Missing(); len(missing) != len(Interesting) {
		t.Errorf("of %d things %d are missed in a run in which nothing happened", len(Interesting), len(missing))
	}
	for _, what := range Interesting {
		did.count(what)
	}
	if missing := did.Missing(); len(missing) != 0 {
		t.Errorf("missed although they happened: %v", missing)
	}
}

// A step of which some calls can never break is an error of the simulator.
func TestEveryCallOfAStepCanBreak(t *testing.T) {
	for _, c := range []struct {
		fault  *Fault
		calls  int
		within bool
	}{{nil, mostCalls, true}, {nil, mostCalls + 1, false}, {&Fault{Kind: LosesTo}, 2 * mostCalls, true}} {
		if err := withinReach(Told{Step: Reopening{}, Fault: c.fault}, c.calls); (err == nil) != c.within {
			t.Errorf("%d calls, fault %v: %v", c.calls, c.fault, err)
		}
	}
}
