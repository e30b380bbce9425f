package calendar

import (
	"time"

	"termwise.dev/core/refusal"
)

// WorkingDays is the provider's dated table: for each announced year, the
// weekdays that are holidays and the weekend days that are worked to make up
// for them.
type WorkingDays struct {
	announced map[int]bool
	holidays  map[Day]bool
	makeUps   map[Day]bool
}

// NewWorkingDays makes a table. A holiday or make-up day outside the announced
// years, or a day that is both, is refused.
func NewWorkingDays(years []int, holidays, makeUps []Day) (*WorkingDays, error) {
	w := &WorkingDays{announced: map[int]bool{}, holidays: map[Day]bool{}, makeUps: map[Day]bool{}}
	for _, y := range years {
		w.announced[y] = true
	}
	for _, d := range holidays {
		if !w.announced[d.time().Year()] {
			return nil, refusal.New(refusal.BadInput, "holiday %s lies in a year that is not announced", d).Do("add its year to the table")
		}
		w.holidays[d] = true
	}
	for _, d := range makeUps {
		if !w.announced[d.time().Year()] {
			return nil, refusal.New(refusal.BadInput, "make-up day %s lies in a year that is not announced", d).Do("add its year to the table")
		}
		if w.holidays[d] {
			return nil, refusal.New(refusal.BadInput, "%s is both a holiday and a make-up day", d).Do("keep one of the two")
		}
		if !d.weekend() {
			return nil, refusal.New(refusal.BadInput, "make-up day %s is a %s, which is worked anyway", d, d.Weekday()).Do("give the weekend day that is worked")
		}
		w.makeUps[d] = true
	}
	return w, nil
}

// IsWorking says whether d is a working day. A day in a year that is not
// announced is refused: Monday to Friday is not a substitute.
func (w *WorkingDays) IsWorking(d Day) (bool, error) {
	if !w.announced[d.time().Year()] {
		return false, refusal.New(refusal.TermMissing, "the working days of %d are not announced", d.time().Year()).
			Do("publish the year's table first")
	}
	return !w.holidays[d] && (!d.weekend() || w.makeUps[d]), nil
}

func (d Day) weekend() bool { return d.Weekday() == time.Saturday || d.Weekday() == time.Sunday }

// Nth returns the n-th working day of a month, counting from one. A count
// below one, or beyond the month's last working day, is refused.
func (w *WorkingDays) Nth(m Month, n int) (Day, error) {
	if n < 1 {
		return 0, refusal.New(refusal.BadInput, "there is no working day number %d of %s", n, m).Do("count from 1")
	}
	seen := 0
	for d := m.First(); d < (m + 1).First(); d++ {
		working, err := w.IsWorking(d)
		if err != nil {
			return 0, err
		}
		if working {
			seen++
		}
		if seen == n {
			return d, nil
		}
	}
	return 0, refusal.New(refusal.BadInput, "%s has only %d working days, not %d", m, seen, n).Do("ask for an earlier one")
}
