package subscription_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
)

const (
	none      = subscription.None
	active    = subscription.Active
	suspended = subscription.Suspended
	released  = subscription.Released
)

var states = []subscription.State{none, active, suspended, released}

// The declared edges are all that there are.
func TestEdges(t *testing.T) {
	declared := map[[2]subscription.State]bool{
		{none, active}:        true, // the first usage
		{active, suspended}:   true, // arrears
		{suspended, active}:   true, // paid
		{suspended, released}: true, // not paid
		{released, active}:    true, // paid: new resources may be opened
	}
	for _, from := range states {
		for _, to := range append([]subscription.State{"lost"}, states...) {
			want := declared[[2]subscription.State{from, to}]
			if subscription.CanMove(from, to) != want {
				t.Errorf("from %q to %q: %v, want %v", from, to, !want, want)
			}
			s := &subscription.Service{Product: "compute", State: from, Since: 3}
			before := *s
			moved, err := s.Move(to, 7)
			switch {
			case !want && refusal.CodeOf(err) != refusal.BadInput:
				t.Errorf("from %q to %q: %v, want a refusal", from, to, err)
			case !want && !cmp.Equal(before, *s):
				t.Errorf("from %q to %q: a refused move changed %+v to %+v", from, to, before, *s)
			case want:
				row := subscription.Transition{Product: "compute", From: from, To: to, At: 7}
				after := subscription.Service{Product: "compute", State: to, Since: 7, History: []subscription.Transition{row}}
				if err != nil || moved != row || !cmp.Equal(after, *s) {
					t.Errorf("from %q to %q: %+v, %v, left %+v", from, to, moved, err, *s)
				}
			}
		}
	}
}

// service makes one whose history is the states, entered at 10, 20, 30…
func service(t *testing.T, entered ...subscription.State) *subscription.Service {
	t.Helper()
	s := &subscription.Service{Product: "compute"}
	for i, state := range entered {
		if _, err := s.Move(state, calendar.Instant(10*(i+1))); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestClosedFor(t *testing.T) {
	const end = calendar.EndOfTime
	tests := []struct {
		name    string
		entered []subscription.State
		opened  calendar.Instant
		want    []subscription.Closed
	}{
		{"never used", nil, 0, nil},
		{"active", []subscription.State{active}, 10, nil},
		{"suspended", []subscription.State{active, suspended}, 10, []subscription.Closed{{From: 20, To: end, Reason: refusal.Suspended}}},
		{"resumed", []subscription.State{active, suspended, active}, 10, []subscription.Closed{{From: 20, To: 30, Reason: refusal.Suspended}}},
		{
			"suspended twice",
			[]subscription.State{active, suspended, active, suspended},
			10,
			[]subscription.Closed{{From: 20, To: 30, Reason: refusal.Suspended}, {From: 40, To: end, Reason: refusal.Suspended}},
		},
		{
			"released, for what was there before",
			[]subscription.State{active, suspended, released},
			29,
			[]subscription.Closed{{From: 20, To: 30, Reason: refusal.Suspended}, {From: 30, To: end, Reason: refusal.Released}},
		},
		{
			"released, for what came with the release",
			[]subscription.State{active, suspended, released},
			30,
			[]subscription.Closed{{From: 20, To: 30, Reason: refusal.Suspended}, {From: 30, To: end, Reason: refusal.PayablesUnsettled}},
		},
		{
			"reopened and suspended again, for what was there before: released for good",
			[]subscription.State{active, suspended, released, active, suspended},
			10,
			[]subscription.Closed{{From: 20, To: 30, Reason: refusal.Suspended}, {From: 30, To: end, Reason: refusal.Released}},
		},
		{
			"reopened and suspended again, for what came after",
			[]subscription.State{active, suspended, released, active, suspended},
			31,
			[]subscription.Closed{
				{From: 20, To: 30, Reason: refusal.Suspended},
				{From: 30, To: 40, Reason: refusal.PayablesUnsettled},
				{From: 50, To: end, Reason: refusal.Suspended},
			},
		},
		{
			"released twice, for what came between",
			[]subscription.State{active, suspended, released, active, suspended, released},
			45,
			[]subscription.Closed{
				{From: 20, To: 30, Reason: refusal.Suspended},
				{From: 30, To: 40, Reason: refusal.PayablesUnsettled},
				{From: 50, To: 60, Reason: refusal.Suspended},
				{From: 60, To: end, Reason: refusal.Released},
			},
		},
	}
	for _, tt := range tests {
		s := service(t, tt.entered...)
		if diff := cmp.Diff(tt.want, s.ClosedFor(tt.opened)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tt.name, diff)
		}
	}
}

func TestWasReleased(t *testing.T) {
	for _, tt := range []struct {
		service *subscription.Service
		want    bool
	}{
		{service(t), false},
		{service(t, active, suspended, active), false},
		{service(t, active, suspended, released), true},
		{service(t, active, suspended, released, active), true},
	} {
		if got := tt.service.WasReleased(); got != tt.want {
			t.Errorf("%+v: %v, want %v", tt.service.History, got, tt.want)
		}
	}
}

// walk draws a history along the edges with instants that never go back.
func walk(t *rapid.T) *subscription.Service {
	s := &subscription.Service{Product: "compute"}
	var at calendar.Instant
	for range rapid.IntRange(0, 12).Draw(t, "moves") {
		at += calendar.Instant(rapid.Int64Range(0, 10).Draw(t, "after"))
		var open []subscription.State
		for _, to := range states {
			if subscription.CanMove(s.State, to) {
				open = append(open, to)
			}
		}
		if _, err := s.Move(rapid.SampledFrom(open).Draw(t, "to"), at); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// reasonAt says from the history why an instant may not be billed for a
// resource: an independent reading of the rule.
func reasonAt(s *subscription.Service, opened, at calendar.Instant) refusal.Code {
	state := none
	for _, move := range s.History {
		if move.At > at {
			break
		}
		if move.To == released && opened < move.At {
			return refusal.Released
		}
		state = move.To
	}
	return map[subscription.State]refusal.Code{suspended: refusal.Suspended, released: refusal.PayablesUnsettled}[state]
}

// Intervals are in order, do not overlap, and cover just the instants that may
// not be billed, each with its reason.
func TestClosedForCovers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := walk(t)
		opened := calendar.Instant(rapid.Int64Range(0, 120).Draw(t, "opened"))
		closed := s.ClosedFor(opened)
		for i, c := range closed {
			if c.To < c.From || i > 0 && c.From < closed[i-1].To {
				t.Fatalf("intervals %+v", closed)
			}
		}
		for at := range calendar.Instant(130) {
			var got refusal.Code
			for _, c := range closed {
				if c.From <= at && at < c.To {
					got = c.Reason
				}
			}
			if want := reasonAt(s, opened, at); got != want {
				t.Fatalf("at %d %q, want %q; history %+v, opened %d", at, got, want, s.History, opened)
			}
		}
	})
}

func TestClone(t *testing.T) {
	s := service(t, active, suspended)
	c := s.Clone()
	if diff := cmp.Diff(s, c); diff != "" {
		t.Errorf("the clone differs:\n%s", diff)
	}
	c.History[0].At = 99 // before Move, which may give the clone new memory
	if _, err := c.Move(active, 30); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(service(t, active, suspended), s); diff != "" {
		t.Errorf("changing the clone changed the original:\n%s", diff)
	}
}
