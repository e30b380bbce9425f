package world

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"termwise.dev/sim/model"
)

// Story is a world and everything that happened in it.
type Story struct {
	Config Config
	Steps  []Told
	// Did counts what the story led to.
	Did Did
	// Failure is where the program and the rules parted, or nil.
	Failure *Failure
}

// Live draws a world from a seed and tells its story, of so many steps, until it
// fails or ends. The error is one of the simulator itself.
func Live(ctx context.Context, seed, number uint64, steps int, place Place) (*Story, error) {
	r := random(seed, number)
	story := &Story{Config: drawConfig(r)}
	p, err := begin(ctx, &story.Config, place)
	if err != nil {
		return nil, err
	}
	d := newDrawer(r, &story.Config, p.model)
	for len(story.Steps) < steps && story.Failure == nil && err == nil {
		story.Steps = append(story.Steps, d.next())
		err = story.tell(ctx, p, len(story.Steps)-1)
	}
	return story, errors.Join(err, story.end(ctx, p))
}

func random(seed, number uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, number)) }

// Drawn is the provider that a world begins with.
func Drawn(seed, number uint64) Config { return drawConfig(random(seed, number)) }

// Tell tells the steps of a story again, from the beginning.
func Tell(ctx context.Context, c Config, steps []Told, place Place) (*Story, error) {
	story := &Story{Config: c, Steps: steps}
	p, err := begin(ctx, &story.Config, place)
	if err != nil {
		return nil, err
	}
	for i := range steps {
		if err = story.tell(ctx, p, i); err != nil || story.Failure != nil {
			break
		}
	}
	return story, errors.Join(err, story.end(ctx, p))
}

// end holds the books against the rules for the last time.
func (s *Story) end(ctx context.Context, p *play) (err error) {
	if s.Failure == nil {
		if s.Failure, err = p.check(ctx); s.Failure != nil {
			s.Failure.After = len(s.Steps) - 1
			p.alsoVerify(ctx, s.Failure)
		}
	}
	p.did.end(p.model, &s.Config)
	s.Did = p.did
	return errors.Join(err, p.end(ctx))
}

// tell tells one step. A panic of the program is a failure like another.
func (s *Story) tell(ctx context.Context, p *play, i int) (err error) {
	defer func() {
		if r := recover(); r != nil {
			s.Failure = failure(Breaks, "panic: %v\n", r)
		}
		if s.Failure != nil {
			s.Failure.After = i
		}
	}()
	s.Failure, err = p.step(ctx, s.Steps[i])
	p.alsoVerify(ctx, s.Failure)
	return err
}

// String tells the story for people: the documents, the steps, the end.
func (s *Story) String() string {
	var b strings.Builder
	clock := "a real clock"
	if s.Config.Virtual {
		clock = "a virtual clock"
	}
	fmt.Fprintf(&b, "At %s, %s, these documents are in force:\n", s.Config.instant(s.Config.Start), clock)
	for i := range s.Config.Documents {
		fmt.Fprintf(&b, "      %s\n", s.Config.describe(&s.Config.Documents[i]))
	}
	steps := s.Steps
	if s.Failure != nil {
		steps = steps[:s.Failure.After+1]
	}
	for i, t := range steps {
		fmt.Fprintf(&b, "%4d. %s\n", i+1, t.say(&s.Config))
		if t.Fault != nil {
			fmt.Fprintf(&b, "      %s\n", t.Fault)
		}
		if t.Again != nil {
			fmt.Fprintf(&b, "      and as it is put again %s\n", t.Again)
		}
	}
	if s.Failure != nil {
		fmt.Fprintf(&b, "\nThen %s", s.Failure.What)
		if s.Failure.InVerify {
			fmt.Fprintln(&b, "Verify finds untruths.")
		} else {
			fmt.Fprintln(&b, "Verify finds nothing.")
		}
	}
	return b.String()
}

// describe says what a version of a document sets.
func (c *Config) describe(d *model.Document) string {
	var values []string
	for _, key := range slices.Sorted(maps.Keys(d.Values)) {
		values = append(values, key+" "+d.Values[key])
	}
	whom := ""
	if d.Account != "" {
		whom = " with " + d.Account
	}
	until := ""
	if !d.Until.IsZero() {
		until = " until " + c.instant(d.Until)
	}
	return fmt.Sprintf("%s %s%s, effective %s%s: %s", d.ID, d.Version, whom, c.instant(d.Effective), until, strings.Join(values, "; "))
}
