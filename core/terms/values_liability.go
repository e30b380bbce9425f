package terms

import (
	"fmt"
	"math/bits"
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
)

// CapBase is of what the sum is made that the provider's liability does not
// exceed (X5).
type CapBase string

// The bases of a cap.
const (
	TotalFeeOfService CapBase = "total_fee_of_service"
	FeesPaid          CapBase = "fees_paid_for_service"
)

// Cap is the sum that the provider's liability does not exceed, written
// "total_fee_of_service" or "fees_paid_for_service 12 months". Base and window
// are one value: the window of one agreement says nothing about the base of another.
type Cap struct {
	Base   CapBase
	Window Period // before the breach, see Period.Window; its Count is zero for the whole time of the service
}

// LossHead is a kind of loss that is not compensated.
type LossHead string

// The heads of loss.
const (
	IndirectLoss      LossHead = "indirect"
	ConsequentialLoss LossHead = "consequential"
	PunitiveLoss      LossHead = "punitive"
	IncidentalLoss    LossHead = "incidental"
	SpecialLoss       LossHead = "special"
	PenalLoss         LossHead = "penal"
	DisciplinaryLoss  LossHead = "disciplinary"
	LostProfit        LossHead = "profit"
)

// FreeLiability is the liability for what is used free of charge.
type FreeLiability string

// NoLiability bears none, and promises nothing (G 9).
const NoLiability FreeLiability = "none"

// IndemnityScope is what a customer compensates whose materials infringe rights.
type IndemnityScope string

// The scopes of an indemnity.
const (
	DirectLoss          IndemnityScope = "direct_loss"             // G 5.2
	ActualLossAndLawyer IndemnityScope = "actual_loss_and_lawyers" // S 10.2
	AllCostsAndLosses   IndemnityScope = "all_costs_and_losses"    // E 5.1
	PartyInBreachPays   IndemnityScope = "party_in_breach"         // U 6.3
)

// DisputeCost is a cost of a dispute that the party in breach bears.
type DisputeCost string

// The costs of a dispute.
const (
	LawyerCost DisputeCost = "lawyer"
	CourtCost  DisputeCost = "court"
	NotaryCost DisputeCost = "notary"
	TravelCost DisputeCost = "travel"
)

// SetOff is after what debts are offset.
type SetOff string

// AfterWrittenNotice offsets after a written notice (FA 3.2.13).
const AfterWrittenNotice SetOff = "written_notice"

// Waiver is what a waiver in one case means for later ones.
type Waiver string

// LaterCasesUnaffected: a right that was waived once is there the next time (S 14.4).
const LaterCasesUnaffected Waiver = "later_cases_unaffected"

// InvalidClause is what the invalidity of a clause means for the others.
type InvalidClause string

// OthersStand: the other clauses remain in force (S 14.5).
const OthersStand InvalidClause = "others_stand"

// SLAPeriod is the period over which availability is measured.
type SLAPeriod string

// ByCalendarMonth measures by calendar months of days × 24 × 60 minutes.
const ByCalendarMonth SLAPeriod = "calendar_month"

// SLASource is where the promise of availability is found.
type SLASource string

// ProductSLA refers to the service level agreement of the product ordered.
const ProductSLA SLASource = "product_sla"

// SLABase is the fee of which a credit is a share.
type SLABase string

// MonthlyPackageFee is the fee of one bandwidth package for the month.
const MonthlyPackageFee SLABase = "monthly_package_fee"

// CreditForm is in what a credit is given.
type CreditForm string

// PackageVoucher is a voucher that buys bandwidth packages and nothing else.
const PackageVoucher CreditForm = "package_voucher"

// CreditCap is what the credits of a month do not exceed.
type CreditCap string

// FeeNetOfVouchers is the month's fee less what was paid of it with vouchers.
const FeeNetOfVouchers CreditCap = "monthly_fee_net_of_vouchers"

// Of returns what is owed of a credit for a month with a fee, of which a part was
// paid with vouchers.
func (CreditCap) Of(credit, fee, byVoucher money.Amount) money.Amount {
	return max(min(credit, fee-byVoucher), 0)
}

// Tier is a credit for an availability from From to below Below.
type Tier struct {
	From, Below money.Decimal // shares of the period: 0.9995 is 99.95%
	Credit      money.Decimal // share of the fee
}

// String gives "[99%, 99.95%) 15%".
func (t Tier) String() string {
	return fmt.Sprintf("[%s, %s) %s", percent(t.From), percent(t.Below), percent(t.Credit))
}

// Tiers are credits by availability, highest first, without gap or overlap. What
// reaches the highest Below earns none.
type Tiers []Tier

// String gives the tiers as they are written.
func (ts Tiers) String() string {
	texts := make([]string, len(ts))
	for i, t := range ts {
		texts[i] = t.String()
	}
	return strings.Join(texts, ", ")
}

// Credit returns the share of the fee that is owed when something was available
// for so many parts (minutes) of all parts of a period; zero when no tier holds
// it. The comparison is exact: nothing is rounded before it. Total is positive
// and available is from 0 to total.
func (ts Tiers) Credit(available, total int64) money.Decimal {
	for _, t := range ts {
		if !isBelow(available, total, t.From) && isBelow(available, total, t.Below) {
			return t.Credit
		}
	}
	return 0
}

// isBelow compares available / total with a share, in 128 bits.
func isBelow(available, total int64, share money.Decimal) bool {
	high, low := bits.Mul64(uint64(available), money.DecimalScale)
	shareHigh, shareLow := bits.Mul64(uint64(total), uint64(share))
	return high < shareHigh || high == shareHigh && low < shareLow
}

// ClaimWindow returns the first and last day on which a claim for a month may be
// made: after so many working days of the next month, and until so long after
// the month's end. It refuses a month whose next one has no table of working days.
func ClaimWindow(month calendar.Month, opens Period, first Counting, closes Period, w *calendar.WorkingDays) (from, to calendar.Day, err error) {
	end := (month + 1).First() - 1
	from, err = opens.Through(end, FromDayAfter, w)
	if err != nil {
		return 0, 0, err
	}
	if first == FromDayAfter {
		from++
	}
	// Counted from the last day of the month, months end on last days of months.
	if closes.Unit == MonthUnit {
		return from, (month + calendar.Month(closes.Count) + 1).First() - 1, nil
	}
	to, err = closes.Through(end, FromDayAfter, w)
	return from, to, err
}
