package app

import (
	"context"

	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// Statement is what one account was charged for the hours of one month, and
// what it paid in it. Amounts are in 1e-6 of Currency.
type Statement struct {
	Account  string         `json:"account"`
	Name     string         `json:"name"`
	Month    string         `json:"month"` // 2026-01, in the provider's zone
	Currency money.Currency `json:"currency"`
	// Known is the instant as of whose knowledge this is stated; empty means now.
	Known string `json:"known,omitempty"`
	// Meters sums the lines; Charged sums their first lines, Adjusted what was
	// added later for the same hours.
	Meters   []MeterTotal `json:"meters"`
	Charged  money.Amount `json:"charged"`
	Adjusted money.Amount `json:"adjusted"`
	// LateFees sums the fees of the month's days.
	LateFees money.Amount `json:"late_fees"`
	// TopUps, PaidPrincipal and PaidLateFees sum what moved during the month,
	// for whatever month it was owed.
	TopUps        money.Amount `json:"top_ups"`
	PaidPrincipal money.Amount `json:"paid_principal"`
	PaidLateFees  money.Amount `json:"paid_late_fees"`
	// Wallet and the amounts outstanding are those of now.
	Wallet               money.Amount `json:"wallet_now"`
	OutstandingPrincipal money.Amount `json:"outstanding_principal_now"`
	OutstandingLateFees  money.Amount `json:"outstanding_late_fees_now"`
	// Refused sums the usage of the month that was not billed.
	Refused []RefusedTotal `json:"refused"`
	// Lines and NextCursor are the first page when it was asked for.
	Lines      []StatementLine `json:"lines,omitempty"`
	NextCursor string          `json:"next_cursor,omitempty"`
}

// MeterTotal is one meter of a product over a month. Quantity is in the
// meter's base unit, which Unit names; PricedUnit is the one that prices are in,
// and Per base units make one of it.
type MeterTotal struct {
	Meter       string       `json:"meter"`
	Product     string       `json:"product"`
	Quantity    int64        `json:"quantity"`
	Unit        string       `json:"unit"`
	PricedUnit  string       `json:"priced_unit"`
	Per         int64        `json:"per"`
	Lines       int64        `json:"lines"`
	Adjustments int64        `json:"adjustments"`
	Amount      money.Amount `json:"amount"`
}

// RefusedTotal is usage that was not billed, for one reason.
type RefusedTotal struct {
	Code     refusal.Code `json:"code"`
	Product  string       `json:"product"`
	Meter    string       `json:"meter"`
	Quantity int64        `json:"quantity"`
	Unit     string       `json:"unit"`
	Count    int64        `json:"count"`
}

// LineKind tells a line that charges an hour first from one that corrects it.
type LineKind string

// The kinds of lines.
const (
	ChargeLine     LineKind = "charge"
	AdjustmentLine LineKind = "adjustment"
)

// StatementLine is one charge. Explain takes its ID.
type StatementLine struct {
	ID       string       `json:"id"`
	Hour     string       `json:"hour"` // its beginning, in the provider's zone
	Product  string       `json:"product"`
	Resource string       `json:"resource"`
	Meter    string       `json:"meter"`
	Quantity int64        `json:"quantity"`
	Unit     string       `json:"unit"`
	Amount   money.Amount `json:"amount"`
	Kind     LineKind     `json:"kind"`
}

// Totals is what all accounts were charged for the hours of one month.
type Totals struct {
	Month    string         `json:"month"`
	Currency money.Currency `json:"currency"`
	Known    string         `json:"known,omitempty"`
	Meters   []MeterTotal   `json:"meters"`
	Total    money.Amount   `json:"total"`
	Lines    int64          `json:"lines"`
}
