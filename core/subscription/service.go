package subscription

import (
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
)

// State is where a service stands.
type State string

// The states. A service begins with no state at its first usage.
const (
	None      State = ""
	Active    State = "active"
	Suspended State = "suspended"
	Released  State = "released"
	// Ended is that the customer or the provider ended the service. What it holds
	// stays until its retention has run.
	Ended State = "ended"
)

// edges are the only moves there are.
var edges = map[State][]State{
	None:      {Active},
	Active:    {Suspended, Ended},
	Suspended: {Active, Released, Ended},
	Released:  {Active},
	Ended:     {Active},
}

// Exists says whether a service can be in the state.
func (s State) Exists() bool {
	_, known := edges[s]
	return known && s != None
}

// CanMove says whether a service may go from one state to another.
func CanMove(from, to State) bool { return slices.Contains(edges[from], to) }

// Transition is one move of a service.
type Transition struct {
	Product  string
	From, To State
	At       calendar.Instant
}

// Service is an account's use of a pay-as-you-go product.
type Service struct {
	Product string
	State   State
	// Since is when the service came into its state.
	Since calendar.Instant
	// ArrearsSince is when the arrears began that the timeline counts from; zero when there are none.
	ArrearsSince calendar.Instant
	// Noticed and Warned are when the arrears notice and the release warning were recorded; zero when not.
	Noticed, Warned calendar.Instant
	// History holds every move, oldest first.
	History []Transition
}

// Move goes to another state, or refuses a move that is not declared.
func (s *Service) Move(to State, at calendar.Instant) (Transition, error) {
	if !CanMove(s.State, to) {
		return Transition{}, refusal.New(refusal.BadInput, "service %s cannot go from %q to %q", s.Product, s.State, to).
			Do("follow the declared states")
	}
	t := Transition{Product: s.Product, From: s.State, To: to, At: at}
	s.State, s.Since = to, at
	s.History = append(s.History, t)
	return t, nil
}

// Closed is an interval in which usage may not be billed, and why.
type Closed struct {
	From, To calendar.Instant
	Reason   refusal.Code
}

// ClosedFor lists, in order and without overlap, when the service may not be
// billed for a resource that was first used at opened. What was released stays
// closed for resources opened before; later ones are closed until the service
// was opened again.
func (s *Service) ClosedFor(opened calendar.Instant) []Closed {
	var closed []Closed
	for i, t := range s.History {
		end := calendar.EndOfTime
		if i+1 < len(s.History) {
			end = s.History[i+1].At
		}
		switch t.To {
		case Suspended:
			closed = append(closed, Closed{From: t.At, To: end, Reason: refusal.Suspended})
		case Ended:
			closed = append(closed, Closed{From: t.At, To: end, Reason: refusal.Ended})
		case Released:
			if opened < t.At {
				return append(closed, Closed{From: t.At, To: calendar.EndOfTime, Reason: refusal.Released})
			}
			closed = append(closed, Closed{From: t.At, To: end, Reason: refusal.PayablesUnsettled})
		}
	}
	return closed
}

// WasReleased says whether the service has ever been released, in which case
// ClosedFor depends on when a resource was opened.
func (s *Service) WasReleased() bool {
	return slices.ContainsFunc(s.History, func(t Transition) bool { return t.To == Released })
}

// Clone returns a copy that can be moved without changing s.
func (s *Service) Clone() *Service {
	c := *s
	c.History = slices.Clone(s.History)
	return &c
}
