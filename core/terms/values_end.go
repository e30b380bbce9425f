package terms

import (
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
)

// UsedRounding is how the months of service are counted when a service ends
// after an attack (X2).
type UsedRounding string

// The roundings of a begun month.
const (
	RoundByDay       UsedRounding = "day"        // a part of a month counts by its days (G 7.5.3)
	RoundByFullMonth UsedRounding = "full_month" // a begun month counts in full (E 7.2.3)
)

// Fee returns the fee of a time of service: so many whole months and days of one
// begun, which has a number of days (see DayDenominator), at a fee for each
// month, rounded once. Days that fill the month or more are charged as the month.
func (r UsedRounding) Fee(monthly money.Amount, months, days, ofDays int, rounding money.Rounding) (money.Amount, error) {
	if r == RoundByFullMonth || days >= ofDays {
		if days > 0 {
			months++
		}
		days = 0
	}
	return rounding.Part(monthly, int64(months)*int64(ofDays)+int64(days), int64(ofDays))
}

// DayDenominator is how many days a service month has when a part of it is
// charged by the day (X28).
type DayDenominator string

// The denominators.
const (
	DaysOfMonth DayDenominator = "days_of_month" // those of the month in question
	ThirtyDays  DayDenominator = "thirty"
)

// Of returns the days of a service month that goes from one day to before another.
func (d DayDenominator) Of(from, to calendar.Day) int {
	if d == ThirtyDays {
		return 30
	}
	return int(to - from)
}

// ServiceMonth is what a month of service is (X28).
type ServiceMonth string

// The service months.
const (
	CalendarMonth    ServiceMonth = "calendar"    // ends with the month of the calendar
	AnniversaryMonth ServiceMonth = "anniversary" // ends on the day of the month on which the service began
)

// Start returns the first day of the n-th service month, counted from zero, of a
// service that began on a day; that of n+1 ends it.
func (m ServiceMonth) Start(began calendar.Day, n int) calendar.Day {
	if m == CalendarMonth && n > 0 {
		return (began.Month() + calendar.Month(n)).First()
	}
	return began.AddMonths(n)
}

// BreachRefund is what a customer gets back whose serious breach ends a service.
type BreachRefund string

// NothingRefunded forfeits what was paid (E 7.2.2).
const NothingRefunded BreachRefund = "none"

// Settlement is how the fees are settled when the provider ends something.
type Settlement string

// The settlements.
const (
	RefundUnconsumed Settlement = "refund_unconsumed" // what was paid and not consumed goes back to the account
	SettleAll        Settlement = "settle_all"        // all sums are settled; the provider bears what it invested (U 10.2)
)

// TerminationClaim is something that may be claimed with a termination for arrears.
type TerminationClaim string

// The claims on termination.
const (
	ClaimArrears       TerminationClaim = "arrears"
	ClaimLateFee       TerminationClaim = "late_fee"
	ClaimInvestedCosts TerminationClaim = "invested_costs"
)

// LegalAction is for what the law's remedies against arrears are reserved.
type LegalAction string

// The reservations.
const (
	ForAnyArrears      LegalAction = "any_arrears"
	ForPostpaidArrears LegalAction = "postpaid_arrears" // E 2.3, C 2.4
)

// Demand is from when arrears may be demanded.
type Demand string

// AnyTimeAfterArrears lets them be demanded at any time after they arose (FA 2.3).
const AnyTimeAfterArrears Demand = "any_time_after_arrears"

// BreachKind is a breach that an agreement names as serious.
type BreachKind string

// The breaches that are named.
const (
	NonPayment     BreachKind = "non_payment"
	ViolationOfLaw BreachKind = "violation_of_law"
)

// Measure is what the provider may do about a breach.
type Measure string

// The measures.
const (
	DeleteContent     Measure = "delete_content"
	LimitService      Measure = "limit"
	SuspendService    Measure = "suspend"
	TerminateService  Measure = "terminate"
	TakeLegalAction   Measure = "legal_action"
	TakeOtherMeasures Measure = "other"
)

// PenaltyBase is what a penalty multiplies.
type PenaltyBase string

// CumulativeFee is the fee of the whole performance of the agreement so far.
const CumulativeFee PenaltyBase = "cumulative_fee"

// Multiple is a penalty that multiplies a sum, written "2x cumulative_fee".
type Multiple struct {
	Times int
	Base  PenaltyBase
}

// Owed returns the penalty on a base. With a top-up, a higher loss that is
// proved is owed in its place: the penalty is a floor, not a cap (U 10.3). It
// refuses with overflow.
func (m Multiple) Owed(base, loss money.Amount, topUp bool) (money.Amount, error) {
	owed, err := money.Down.Part(base, int64(m.Times), 1)
	if err != nil {
		return 0, err
	}
	if topUp {
		return max(owed, loss), nil
	}
	return owed, nil
}

// TopUp is what is owed beyond a penalty.
type TopUp string

// ToActualLoss makes up the difference to a higher loss.
const ToActualLoss TopUp = "to_actual_loss"

// OutageRemedy is what a long outage entitles the customer to (X16).
type OutageRemedy string

// The remedies.
const (
	RemedyExit OutageRemedy = "exit"             // ending the service (G 8.3)
	RemedySLA  OutageRemedy = "sla_compensation" // what the product's service level agreement gives, and no exit (FA 8.2)
)

// DissentStep is a step of a customer who does not agree to a change, or of the
// provider for it.
type DissentStep string

// The steps of leaving.
const (
	StopUsing         DissentStep = "stop_using"
	NotifyTermination DissentStep = "notify_termination" // the customer must say that it terminates (G 3.2.9)
	MoveDataOut       DissentStep = "move_data_out"
	SettleFees        DissentStep = "settle_fees"
)
