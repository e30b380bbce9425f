//go:build canary

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"termwise.dev/core/canary"
	"termwise.dev/sim/torture"
	"termwise.dev/sim/world"
)

// wake wakes a seeded bug by its name.
func wake(name string) error {
	for _, bug := range canary.All() {
		if string(bug) == name {
			canary.Wake(bug)
			return nil
		}
	}
	return fmt.Errorf("there is no seeded bug %q; they are listed in core/canary/bugs.go", name)
}

// mostWorlds is how many worlds a seeded bug may survive before the hunt gives up.
const mostWorlds = 500

// hunted is how a seeded bug was found.
type hunted struct {
	bug    canary.Bug
	found  bool
	by     string
	verify bool // verify, with no bug awake, finds it in the books too
	worlds uint64
	// operations is how many were done until it was found.
	operations int
	took       time.Duration
	err        error
}

// findCanaries wakes each seeded bug in turn and lives worlds until it is found.
// It fails when one survives, when verify finds none of the books that one leaves
// although they contradict themselves, or when what was found does not go away as the
// bug sleeps again.
func findCanaries(ctx context.Context, o options, place world.Place) error {
	fmt.Printf("seed %d, commit %s, %s\n", o.seed, commit(), o.engine)
	fmt.Printf("%-60s %-9s %-7s %7s %11s %8s\n", "seeded bug", "found by", "verify", "worlds", "operations", "seconds")
	var survivors []string
	for _, bug := range canary.All() {
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		h := hunt(ctx, o, place, bug)
		if h.err != nil {
			return fmt.Errorf("%s: %w", bug, h.err)
		}
		fmt.Println(h)
		switch {
		case !h.found:
			survivors = append(survivors, string(bug))
		case !h.done():
			survivors = append(survivors, string(bug)+" (verify)")
		}
	}
	if len(survivors) > 0 {
		return fmt.Errorf("%d of %d canaries survived: %s", len(survivors), len(canary.All()), strings.Join(survivors, "; "))
	}
	fmt.Printf("All %d canaries were found.\n", len(canary.All()))
	return nil
}

// String is a line of the report.
func (h hunted) String() string {
	found, verify := "SURVIVED", "-"
	if h.found {
		found = h.by
	}
	if h.verify {
		verify = "yes"
	}
	return fmt.Sprintf("%-60s %-9s %-7s %7d %11d %8.1f", h.bug, found, verify, h.worlds, h.operations, h.took.Seconds())
}

// hunt looks for one bug.
func hunt(ctx context.Context, o options, place world.Place, bug canary.Bug) hunted {
	h := hunted{bug: bug}
	began := time.Now()
	if bug == canary.SkipLock {
		h.race(ctx, o.seed)
	} else {
		h.live(ctx, o, place)
	}
	h.took = time.Since(began)
	return h
}

// done says whether the bug was found by all who must.
func (h *hunted) done() bool { return h.found && (h.verify || !h.bug.ShowsInBooks()) }

// live lives worlds with the bug awake until it is found, by verify as well where it
// must, and each in which it is once more while it sleeps.
func (h *hunted) live(ctx context.Context, o options, place world.Place) {
	for number := uint64(0); !h.done() && number < mostWorlds && ctx.Err() == nil && h.err == nil; number++ {
		canary.Wake(h.bug)
		awake, err := world.Live(ctx, o.seed, number, o.steps, place)
		canary.Wake("")
		switch {
		case err != nil:
			h.note("breaks", awake, false)
		case awake.Failure != nil:
			h.note(string(awake.Failure.Kind), awake, awake.Failure.InVerify)
		default:
			h.note("", awake, false)
			continue
		}
		asleep, err := world.Live(ctx, o.seed, number, o.steps, place)
		if err != nil || asleep.Failure != nil {
			h.err = fmt.Errorf("world %d fails although no bug is awake: %w\n%s", number, err, asleep)
		}
	}
}

// note counts a world, and keeps who first found the bug.
func (h *hunted) note(by string, story *world.Story, verify bool) {
	if !h.found {
		h.worlds++
		if story != nil {
			h.operations += story.Did["operations"]
		}
		h.found, h.by = by != "", by
	}
	h.verify = h.verify || verify
}

// race looks, on a PostgreSQL server of its own, for a bug that shows only where
// many act at once; then once more while it sleeps.
func (h *hunted) race(ctx context.Context, seed uint64) {
	server, err := world.NewServer(ctx)
	if err != nil {
		h.err = err
		return
	}
	defer func() { h.err = errors.Join(h.err, server.Close()) }()
	canary.Wake(h.bug)
	for range 5 {
		if awake := crowds(ctx, server, seed); awake != nil {
			h.found, h.by = true, "crowds"
			break
		}
	}
	canary.Wake("")
	h.err = crowds(ctx, server, seed)
}

// crowds has many act at once.
func crowds(ctx context.Context, place world.Place, seed uint64) error {
	for _, crowd := range []func(location string) error{
		func(location string) error { return torture.Race(ctx, location, 50) },
		func(location string) error {
			_, err := torture.Bank{Accounts: 4, Payers: 8, Users: 4, Auditors: 2, Rounds: 50, Seed: seed}.Run(ctx, location)
			return err
		},
	} {
		location, err := place.New(ctx)
		if err == nil {
			err = crowd(location)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
