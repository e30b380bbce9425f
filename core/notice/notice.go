package notice

import "termwise.dev/core/calendar"

// Kind says what the customer is told.
type Kind string

// The kinds of notice.
const (
	ArrearsBegan   Kind = "arrears_began"
	WasSuspended   Kind = "was_suspended"
	WasResumed     Kind = "was_resumed"
	ReleaseWarning Kind = "release_warning"
	WasReleased    Kind = "was_released"
)

// Notice is the record that something was said.
type Notice struct {
	Kind    Kind
	Product string
	// Channels lists where it was said, comma-separated.
	Channels string
	// Recorded is when it was said; waiting periods count from here.
	Recorded calendar.Instant
}

// Sentence is the notice's text for a person.
func (n Notice) Sentence() string {
	switch n.Kind {
	case ArrearsBegan:
		return "The balance did not cover what " + n.Product + " cost: the account is in arrears until it is topped up."
	case WasSuspended:
		return "Service " + n.Product + " was suspended because the account is in arrears."
	case WasResumed:
		return "Everything owed for " + n.Product + " has been paid; service is available."
	case ReleaseWarning:
		return "The resources of " + n.Product + " will be released unless the arrears are paid."
	case WasReleased:
		return "The resources of " + n.Product + " were released because the arrears were not paid."
	}
	return string(n.Kind)
}
