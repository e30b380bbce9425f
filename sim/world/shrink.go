package world

import (
	"context"
	"slices"

	"termwise.dev/sim/model"
)

// Shrink leaves out of a story that fails whatever it fails without: steps, the
// faults in them, single events of a batch. It stops when nothing more can go or
// when it has told the story so many times. The books are looked at after every
// step if it fails so too, and what it returns may fail sooner, and by other signs.
func Shrink(ctx context.Context, story *Story, tries int, place Place) (*Story, error) {
	s := &shrinking{ctx: ctx, best: story, tries: tries, place: place}
	steps := story.Steps[:story.Failure.After+1]
	seldom := story.Config.Check
	story.Config.Check = 1
	if !s.try(steps) {
		story.Config.Check = seldom
	}
	for before := -1; before != s.tries && s.tries > 0 && s.err == nil; {
		before = s.tries
		s.leaveOutSteps()
		s.simplifySteps()
		if before-s.tries == s.fruitless {
			break
		}
		s.fruitless = 0
	}
	return s.best, s.err
}

type shrinking struct {
	ctx   context.Context
	best  *Story
	tries int
	// fruitless counts the tries since the beginning of a round that failed to fail.
	fruitless int
	place     Place
	err       error
}

// try tells a shorter story and keeps it if it fails.
func (s *shrinking) try(steps []Told) bool {
	if s.tries == 0 || s.err != nil {
		return false
	}
	s.tries--
	story, err := Tell(s.ctx, s.best.Config, steps, s.place)
	if err != nil {
		s.err = err
		return false
	}
	if story.Failure == nil {
		s.fruitless++
		return false
	}
	story.Steps = steps[:story.Failure.After+1]
	s.best = story
	return true
}

// leaveOutSteps leaves out halves, then quarters, and so on down to single steps.
func (s *shrinking) leaveOutSteps() {
	for size := max(1, len(s.best.Steps)/2); ; size /= 2 {
		for from := 0; from < len(s.best.Steps); {
			steps := s.best.Steps
			to := min(from+size, len(steps))
			if !s.try(slices.Concat(steps[:from], steps[to:])) {
				from += size
			}
		}
		if size == 1 {
			return
		}
	}
}

// simplifySteps takes away faults, and events out of batches.
func (s *shrinking) simplifySteps() {
	for i := 0; i < len(s.best.Steps); i++ {
		replace := func(t Told) bool {
			steps := slices.Clone(s.best.Steps)
			steps[i] = t
			return s.try(steps)
		}
		if t := s.best.Steps[i]; t.Fault != nil && !replace(Told{Step: t.Step}) && t.Again != nil {
			replace(Told{Step: t.Step, Fault: t.Fault})
		}
		if i >= len(s.best.Steps) {
			return
		}
		r, isReport := s.best.Steps[i].Step.(Reporting)
		if !isReport {
			continue
		}
		told := s.best.Steps[i]
		with := func(r Reporting) Told { return Told{r, told.Fault, told.Again} }
		for e := 0; e < len(r.Events); {
			fewer := Reporting{Events: slices.Concat(r.Events[:e], r.Events[e+1:])}
			if len(fewer.Events) > 0 && replace(with(fewer)) {
				r = fewer
			} else {
				e++
			}
			if i >= len(s.best.Steps) {
				return
			}
		}
		s.fewerMeasures(r, func(r Reporting) bool { return replace(with(r)) })
	}
}

// fewerMeasures leaves out what events measure beside the first meter.
func (s *shrinking) fewerMeasures(r Reporting, replace func(Reporting) bool) {
	for e := range r.Events {
		for m := 0; m < len(r.Events[e].Measures) && len(r.Events[e].Measures) > 1; {
			fewer := Reporting{Events: slices.Clone(r.Events)}
			measures := r.Events[e].Measures
			fewer.Events[e].Measures = slices.Concat[[]model.Measure](measures[:m], measures[m+1:])
			if replace(fewer) {
				r = fewer
			} else {
				m++
			}
		}
	}
}
