package terms

import "termwise.dev/core/money"

// Price is a price per priced unit of a meter, written "0.09 CNY per vCPU·hour".
type Price struct {
	Amount   money.Decimal
	Currency money.Currency
	Per      string // the meter's priced unit
}

// Days is a number of natural days, written "30 days".
type Days int

// Cycle is how often usage is settled.
type Cycle string

// The billing cycles.
const (
	Hourly  Cycle = "hour"
	Daily   Cycle = "day"
	Monthly Cycle = "month"
)

// Intervals says which intervals of usage count.
type Intervals string

// The readings of an interval: one that does not end after it starts is no usage.
const EndAfterStart Intervals = "end_after_start"

// PaymentOrder says what a payment settles first.
type PaymentOrder string

// The payment orders.
const (
	PrincipalFirst PaymentOrder = "principal_first"
	LateFeeFirst   PaymentOrder = "late_fee_first"
)

// FeeMethod says whether a late fee bears a late fee.
type FeeMethod string

// The late fee methods.
const (
	Simple   FeeMethod = "simple"
	Compound FeeMethod = "compound"
)

// FirstDay is the first day that bears a late fee.
type FirstDay string

// The first days of a late fee.
const (
	DayAfterDue FirstDay = "day_after_due"
	DueDay      FirstDay = "due_day"
)

// FeeBase says when in a day the outstanding amount is taken for that day's late fee.
type FeeBase string

// The late fee bases.
const (
	OutstandingAtDayEnd   FeeBase = "outstanding_at_day_end"
	OutstandingAtDayStart FeeBase = "outstanding_at_day_start"
)

// ResumeRequirement is what must be paid before a suspended service resumes.
type ResumeRequirement string

// The requirements for resuming.
const (
	Principal        ResumeRequirement = "principal"
	PrincipalAndFees ResumeRequirement = "principal_and_fees"
)

// Gate is what must hold before a pay-as-you-go service is opened.
type Gate string

// The opening gates.
const NoOverduePayables Gate = "no_overdue_payables"

// AcceptanceForm is an act by which a document is accepted.
type AcceptanceForm string

// The forms of acceptance.
const (
	Click    AcceptanceForm = "click"
	Purchase AcceptanceForm = "purchase"
	Use      AcceptanceForm = "use"
	Stamp    AcceptanceForm = "stamp"
	Mail     AcceptanceForm = "mail"
)

// ContinuedUse is that an account which accepted a document went on using the
// service after a change of it, and so accepted the change. No document lists it
// and nobody commits it: where a document says that going on accepts a change, it
// is found when the use is settled. It accepts no document anew: what the account
// accepted, and after what, stays as it was (see Acceptance).
const ContinuedUse AcceptanceForm = "continued_use"

// Dissent says what becomes of an account that does not agree to a change.
type Dissent string

// The consequences of dissent.
const ContinuedUseAccepts Dissent = "continued_use_accepts"
