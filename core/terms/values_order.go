package terms

import (
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
)

// LapseEffect is what ends with an order that lapses (X6).
type LapseEffect string

// What lapses. Each entails the ones before it.
const (
	LapsesConsensus LapseEffect = "consensus" // what was agreed on the service (S 3.2.1)
	LapsesPrice     LapseEffect = "price"     // and on its price: an order made again is priced again (G 2.3.1.2)
	LapsesTerms     LapseEffect = "terms"     // and the terms themselves: they must be accepted again (E 2.1.1.1)
)

// StartGate is what must be paid before a prepaid service starts. An order is
// paid when its whole price is; the words of the agreement are kept.
type StartGate string

// The start gates.
const (
	FullPayment StartGate = "full_payment" // the agreement says: in full (G 2.3.1.1)
	OnPayment   StartGate = "payment"      // the agreement says: after payment
)

// Opens says whether what was paid of a price opens the service: a part of it
// never does.
func (StartGate) Opens(price, paid money.Amount) bool { return paid >= price }

// RenewalReading is how "at least within 7 days before the term ends" is read
// (X25).
type RenewalReading string

// The readings of a renewal's lead.
const (
	RenewalDeadline RenewalReading = "deadline" // no later than so long before the end
	RenewalWindow   RenewalReading = "window"   // in the days before the end, and not before them
)

// InTime says whether a renewal on a day is in time for a term that ends on
// another, both in the provider's zone. Without a lead the customer has until
// the day of the end (FA 2.3.1.3). A lead in working days is refused.
func (r RenewalReading) InTime(lead Period, end, renewed calendar.Day) (bool, error) {
	edge, _, err := lead.Window(end)
	switch {
	case err != nil:
		return false, err
	case lead.Count == 0:
		return renewed <= end, nil
	case r == RenewalWindow:
		return edge <= renewed && renewed <= end, nil
	}
	return renewed <= edge, nil
}

// RenewalPrice is which price a renewal has.
type RenewalPrice string

// The prices of a renewal.
const (
	PriceInForce     RenewalPrice = "in_force_at_renewal" // with the product system and name then in force (E 2.1.1.2)
	PriceOnOrderPage RenewalPrice = "order_page"          // that of the order page (U 3.1)
	ListAtOrder      RenewalPrice = "list_at_order"       // the list price at the order, without discount (FP 1)
)

// TariffChange is what a change of the State's tariff during a term needs.
type TariffChange string

// AfterConsultation lets the price change once both parties have consulted (U 5.4).
const AfterConsultation TariffChange = "after_consultation"

// BalanceRule is what the customer owes, or suffers, for the balance of the account.
type BalanceRule string

// The balance rules.
const (
	KeepSufficient        BalanceRule = "keep_sufficient"
	StopAtFailedDeduction BalanceRule = "stop_at_failed_deduction" // at once, without grace (U 3.3)
)

// Stacking is by which agreement promotions may be combined.
type Stacking string

// The agreements by which promotions stack.
const (
	IfExpressly            Stacking = "if_expressly_agreed"               // G 2.4.3
	IfExpresslyOrInWriting Stacking = "if_expressly_or_in_writing_agreed" // FA 2.4.3
)

// EarlyCancellation is what becomes of a customer's wish to end a term early (X12).
type EarlyCancellation string

// The answers to an early cancellation.
const (
	CancellationCharged   EarlyCancellation = "charged"   // it ends, and is charged for (G 7.2.3)
	CancellationForbidden EarlyCancellation = "forbidden" // it does not end (U 3.2.3)
)

// CancellationCharge is something that an early cancellation may cost.
type CancellationCharge string

// The charges of an early cancellation.
const (
	ChargeListPrice     CancellationCharge = "list_price" // what was used, at the price without the promotion
	ChargePenalty       CancellationCharge = "penalty"
	ChargeHandlingFee   CancellationCharge = "handling_fee"
	VoidVouchers        CancellationCharge = "void_vouchers"         // those not used yet
	RecoverUsedVouchers CancellationCharge = "recover_used_vouchers" // the value of those used
)

// Forbidden marks what a customer may not do.
type Forbidden string

// IsForbidden is the only value of Forbidden.
const IsForbidden Forbidden = "forbidden"

// TermStart is from when a term counts.
type TermStart string

// The starts of a term.
const (
	StartsAtOpening  TermStart = "opening"        // not when keys or passwords arrive (G 7.2.1)
	StartsAtCreation TermStart = "first_creation" // the first instance is created (E 7.1)
	StartsAsOrdered  TermStart = "order"          // as the order says (C 6.1)
	StartsAtPayment  TermStart = "payment"        // U 3.2.1
)

// TermEnd is when a term ends by itself.
type TermEnd string

// EndsAsOrdered ends a term when what was ordered has run.
const EndsAsOrdered TermEnd = "ordered_end"

// PackageEnd is when a resource package ends.
type PackageEnd string

// EarlierOfExpiryAndExhaustion ends a package at whichever comes first.
const EarlierOfExpiryAndExhaustion PackageEnd = "earlier_of_expiry_and_exhaustion"

// Leftover is what becomes of the unused part of a package that has expired.
type Leftover string

// LeftoverVoid gives nothing in its place.
const LeftoverVoid Leftover = "void"

// PackageDraw is in which order use is covered.
type PackageDraw string

// PackageFirst draws use from the package before anything is charged.
const PackageFirst PackageDraw = "package_first"

// Overflow is how use beyond a package is charged.
type Overflow string

// OverflowPayAsYouGo charges it by use.
const OverflowPayAsYouGo Overflow = "pay_as_you_go"

// AddonDefault is whether an add-on comes with a product.
type AddonDefault string

// The defaults of an add-on.
const (
	AddonOn       AddonDefault = "on"       // switched on with the purchase
	AddonOptIn    AddonDefault = "opt_in"   // only if the customer chooses it, under its own terms
	AddonProvided AddonDefault = "provided" // provided for some services
)

// LicenceRule is what holds for software of third parties in a service.
type LicenceRule string

// LicenceApplies: the terms of its licence apply beside those of the service.
const LicenceApplies LicenceRule = "applies"

// OptOutScope is what switching an add-on off covers.
type OptOutScope string

// OptOutAccount covers everything that the account has or will have (E 3.1.7).
const OptOutAccount OptOutScope = "account"

// OpeningChannel is a way in which services are opened.
type OpeningChannel string

// The opening channels.
const (
	ByConsole   OpeningChannel = "console"
	ByAPI       OpeningChannel = "api"
	ByCLI       OpeningChannel = "cli"
	BySite      OpeningChannel = "site"
	ByClientApp OpeningChannel = "client_app"
)

// Remittance is what is known of the bank account of a contract.
type Remittance string

// RemittancePending: the account has no number yet, so no remittance may be asked for (FP 3).
const RemittancePending Remittance = "pending"
