package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"termwise.dev/sim/world"
)

// lived is a world that was lived.
type lived struct {
	number uint64
	story  *world.Story
	err    error
}

// run is many worlds, lived by several workers.
type run struct {
	options
	place world.Place
	began time.Time
	next  atomic.Uint64
	stop  atomic.Bool
	// enough says that everything has happened that must before a run is evidence.
	enough atomic.Bool
}

// patience is how many times its length a run may go on until enough happened.
const patience = 10

// goesOn says whether another world is to be lived.
func (r *run) goesOn(ctx context.Context) bool {
	passed := time.Since(r.began)
	inTime := r.operations > 0 || passed < r.length || !r.short && !r.enough.Load() && passed < patience*r.length
	return ctx.Err() == nil && !r.stop.Load() && inTime
}

// worlds lives worlds until the time is up, the operations are done, or one
// fails, and calls each with every world. It returns the first failure.
func (r *run) worlds(ctx context.Context, each func(lived)) *lived {
	r.began = time.Now()
	results := make(chan lived)
	var work sync.WaitGroup
	for range max(1, r.workers) {
		work.Go(func() {
			for r.goesOn(ctx) {
				number := r.next.Add(1) - 1
				story, err := world.Live(ctx, r.seed, number, r.steps, r.place)
				results <- lived{number, story, err}
			}
		})
	}
	go func() {
		work.Wait()
		close(results)
	}()
	var failed *lived
	for l := range results {
		if ctx.Err() != nil {
			continue // it was broken off, and shows nothing
		}
		if l.err != nil || l.story.Failure != nil {
			r.stop.Store(true)
			if failed == nil || l.number < failed.number {
				failed = &l
			}
			continue
		}
		each(l)
	}
	return failed
}

// liveMany lives worlds and reports.
func liveMany(ctx context.Context, o options, place world.Place) error {
	r := &run{options: o, place: place}
	fmt.Printf("seed %d, commit %s, %s\n", o.seed, commit(), o.engine)
	did, worlds, reported := world.Did{}, 0, time.Now()
	failed := r.worlds(ctx, func(l lived) {
		did.Add(l.story.Did)
		worlds++
		r.enough.Store(len(did.Missing()) == 0)
		if time.Since(reported) > 30*time.Second {
			reported = time.Now()
			fmt.Println(sum(did, worlds))
		}
		if o.operations > 0 && did["operations"] >= o.operations {
			r.stop.Store(true)
		}
	})
	if failed != nil {
		return tellFailure(ctx, o, failed, place)
	}
	for _, what := range did.Names() {
		fmt.Printf("%12d  %s\n", did[what], what)
	}
	fmt.Printf("%s in %s\n", sum(did, worlds), time.Since(r.began).Round(time.Second))
	if ctx.Err() != nil {
		return errors.New("interrupted; until then everything was as the rules say")
	}
	missing := did.Missing()
	switch {
	case len(missing) == 0:
		fmt.Println("Everything was as the rules say.")
	case o.short:
		fmt.Printf("Nothing was found. It is no evidence by itself; never: %s\n", strings.Join(missing, "; "))
	default:
		return fmt.Errorf("too little happened for this to be evidence; never: %s", strings.Join(missing, "; "))
	}
	return nil
}

func sum(did world.Did, worlds int) string {
	return fmt.Sprintf("%d worlds, %d operations, %.1f simulated years", worlds, did["operations"], float64(did["years in thousandths"])/1000)
}

// triesToShrink is how often a story that fails is told to make it shorter.
const triesToShrink = 500

// tellFailure shrinks the story of a world that failed, and tells it.
func tellFailure(ctx context.Context, o options, l *lived, place world.Place) error {
	again := fmt.Sprintf("go run ./sim -seed %d -world %d -engine %s -steps %d", o.seed, l.number, o.engine, o.steps)
	if o.awake != "" {
		again = strings.Replace(again, "run", "run -tags canary", 1) + fmt.Sprintf(" -awake %q", o.awake)
	}
	if l.err != nil {
		return fmt.Errorf("world %d: the simulator itself failed: %w\nAgain: %s", l.number, l.err, again)
	}
	fmt.Printf("world %d fails after step %d; its story is being shortened\n", l.number, l.story.Failure.After+1)
	short, err := world.Shrink(ctx, l.story, triesToShrink, place)
	if err != nil {
		return err
	}
	return fmt.Errorf("\n%s\nThat is what is left of %d steps. Seed %d, world %d, commit %s, %s.\nAgain: %s",
		short, len(l.story.Steps), o.seed, l.number, commit(), o.engine, again)
}

// liveOne lives one world and tells its story.
func liveOne(ctx context.Context, o options, place world.Place) error {
	story, err := world.Live(ctx, o.seed, uint64(o.only), o.steps, place)
	l := &lived{uint64(o.only), story, err}
	if err != nil || story.Failure != nil {
		return tellFailure(ctx, o, l, place)
	}
	fmt.Println(story)
	return nil
}
