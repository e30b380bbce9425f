package notice

import "termwise.dev/core/calendar"

// Kind says what the customer is told.
type Kind string

// The kinds of notice of arrears.
const (
	ArrearsBegan   Kind = "arrears_began"
	WasSuspended   Kind = "was_suspended"
	WasResumed     Kind = "was_resumed"
	ReleaseWarning Kind = "release_warning"
	WasReleased    Kind = "was_released"
)

// The kinds of notice of a change that is to come, one for each kind of change.
const (
	AgreementChanges Kind = "agreement_changes"
	FreeUseEnds      Kind = "free_use_ends"
	ProductEnds      Kind = "product_ends"
	ServiceChanges   Kind = "service_changes"
	AgreementEnds    Kind = "agreement_ends"
	EquipmentMoves   Kind = "equipment_moves"
	AgreementPasses  Kind = "agreement_passes"
	TariffChanges    Kind = "tariff_changes"
)

// The kinds of notice of leaving.
const (
	ExitConfirmed Kind = "exit_confirmed"
	WasEnded      Kind = "was_ended"
)

// Notice is the record that something was said.
type Notice struct {
	Kind    Kind
	Product string
	// Channels lists where it was said, comma-separated.
	Channels string
	// Recorded is when it was said; waiting periods count from here.
	Recorded calendar.Instant
	About
	// Served is when it counts as served by the terms; zero where they do not say.
	Served calendar.Instant
	// Inboxes says whose inboxes count beside the customer's own contacts.
	Inboxes Inboxes
}

// Inboxes says whose inboxes count.
type Inboxes string

// SubUsersToo: by the terms a message to a sub-user is one to the customer (S 11.1,
// U 11.1). Where they do not say so it is empty.
const SubUsersToo Inboxes = "sub_users"

// About is the version of a document that a notice is about; empty for a notice
// of arrears.
type About struct {
	Document, Version string
	// Effective is when what is said takes effect.
	Effective calendar.Instant
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
	case ExitConfirmed:
		return "You do not agree to version " + n.Version + " of " + n.Document + " and end the services under it. Move your data out before then; what was used is settled."
	case WasEnded:
		return "Service " + n.Product + " has ended. What was used until then is settled; your data is yours to take."
	}
	if what, coming := changes[n.Kind]; coming {
		return "Version " + n.Version + " of " + n.Document + " was announced: " + what
	}
	return string(n.Kind)
}

// changes says in words what is to come.
var changes = map[Kind]string{
	AgreementChanges: "the agreement changes.",
	FreeUseEnds:      "something that was free will be charged for.",
	ProductEnds:      "a product, or a part of one, ends.",
	ServiceChanges:   "a service, or its price, changes.",
	AgreementEnds:    "the agreement ends.",
	EquipmentMoves:   "the equipment moves; see what you have to change by then.",
	AgreementPasses:  "another company takes the agreement over.",
	TariffChanges:    "the tariff changes; the price that you pay changes when you accept it.",
}
