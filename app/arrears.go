package app

import (
	"context"
	"fmt"

	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/store"
)

// AgeBand sums principal by how many days it has been overdue.
type AgeBand struct {
	Age    string       `json:"age"` // in words, for example "2 to 7 days"
	Amount money.Amount `json:"amount"`
}

// ServiceView is where an account's use of a product stands.
type ServiceView struct {
	Product      string `json:"product"`
	State        string `json:"state"`
	Since        string `json:"since"`
	ArrearsSince string `json:"arrears_since,omitempty"`
	Noticed      string `json:"noticed,omitempty"`
	Warned       string `json:"warned,omitempty"`
}

// AccountArrears is what one account owes now.
type AccountArrears struct {
	Account   string         `json:"account"`
	Name      string         `json:"name"`
	Currency  money.Currency `json:"currency"`
	Principal money.Amount   `json:"principal"`
	LateFees  money.Amount   `json:"late_fees"`
	// OldestDue is the legal day on which the oldest principal was due; empty
	// when only late fees are owed.
	OldestDue   string        `json:"oldest_due,omitempty"`
	DaysOverdue int           `json:"days_overdue"`
	Bands       []AgeBand     `json:"bands"`
	Services    []ServiceView `json:"services"`
}

// ArrearsTotals sums the arrears of all accounts.
type ArrearsTotals struct {
	Accounts  int            `json:"accounts"`
	Currency  money.Currency `json:"currency"`
	Principal money.Amount   `json:"principal"`
	LateFees  money.Amount   `json:"late_fees"`
	Bands     []AgeBand      `json:"bands"`
}

// AccountView is an account as it stands now.
type AccountView struct {
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	Currency  money.Currency   `json:"currency"`
	Opened    string           `json:"opened"`
	Wallet    money.Amount     `json:"wallet"`
	Principal money.Amount     `json:"outstanding_principal"`
	LateFees  money.Amount     `json:"outstanding_late_fees"`
	Services  []ServiceView    `json:"services"`
	Accepted  []AcceptanceView `json:"accepted"`
}

// AcceptanceView is one acceptance of a document.
type AcceptanceView struct {
	Document string `json:"document"`
	Version  string `json:"version"`
	Form     string `json:"form"`
	At       string `json:"at"`
	Actor    string `json:"actor"`
}
