package terms

import (
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
)

// Prices.
var (
	// PriceOf is the list price of a meter (G 2.1).
	PriceOf = Family[Price]{prefix: "price", member: "meter", form: priceForm, readBy: "core/account"}
	// PriceRounding rounds price × quantity, once per charge.
	PriceRounding = Key[money.Rounding]{name: "price.rounding", form: roundingForm, readBy: "core/account"}
)

// Billing and payment.
var (
	// BillingCycle is how often usage is settled (G 2.3.2, U 3.3).
	BillingCycle = Key[Cycle]{name: "billing.cycle", form: cycleForm, readBy: "core/account"}
	// BillingCycles are the cycles that the agreement allows a page to choose from (G 2.3.2).
	BillingCycles = Key[[]Cycle]{name: "billing.cycles", form: cyclesForm, silence: "whatever cycle the page names", readBy: "core/account"}
	// PaymentDue is the number of natural days after settlement by which a bill is to be paid.
	PaymentDue = Key[Days]{name: "payment.due", form: daysForm, readBy: "core/account"}
	// OrderOfPayment says what a payment settles first.
	OrderOfPayment = Key[PaymentOrder]{name: "payment.order", form: paymentOrderForm, readBy: "core/account"}
	// TopupMethods are the ways to top up the wallet (G 2.2).
	TopupMethods = Key[[]string]{name: "topup.methods", form: identifiersForm, readBy: "core/account"}
)

// Late fee (X1, X29).
var (
	// LateFeeRate is charged for each day of arrears (G 2.3, U 10.1, FA 2.3).
	LateFeeRate = Key[money.Decimal]{name: "late_fee.rate", form: dailyRateForm, silence: "no late fee", readBy: "core/account"}
	// LateFeeMethod says whether the fee bears a fee.
	LateFeeMethod = Key[FeeMethod]{name: "late_fee.method", form: feeMethodForm, readBy: "core/account"}
	// LateFeeFirstDay is the first day that bears the fee.
	LateFeeFirstDay = Key[FirstDay]{name: "late_fee.first_day", form: firstDayForm, readBy: "core/account"}
	// LateFeeBase says when in the day the outstanding amount is taken.
	LateFeeBase = Key[FeeBase]{name: "late_fee.base", form: feeBaseForm, readBy: "core/account"}
	// LateFeeRounding rounds the fee of one day.
	LateFeeRounding = Key[money.Rounding]{name: "late_fee.rounding", form: roundingForm, readBy: "core/account"}
)

// Arrears: what happens to the service.
var (
	// ArrearsWithhold says whether the service may be withheld or ended until all is paid (G 2.3).
	ArrearsWithhold = Key[bool]{name: "arrears.withhold", form: boolForm, silence: "no right to withhold", readBy: "core/account"}
	// ArrearsNoticeAfter runs from the start of arrears to the notice of them.
	ArrearsNoticeAfter = Key[calendar.Duration]{name: "arrears.notice.after", form: durationForm, readBy: "core/account"}
	// SuspendAfter runs from the start of arrears to suspension. When silent, V is zero and means nothing: check Silent.
	SuspendAfter = Key[calendar.Duration]{name: "suspend.after", form: durationForm, silence: "not suspended for arrears", readBy: "core/account"}
	// SuspendNotice must pass between the notice of suspension and the suspension.
	SuspendNotice = Key[calendar.Duration]{name: "suspend.notice", form: durationForm, readBy: "core/account"}
	// ReleaseAfter runs from suspension to release. When silent, V is zero and means nothing: check Silent.
	ReleaseAfter = Key[calendar.Duration]{name: "release.after", form: durationForm, silence: "not released for arrears", readBy: "core/account"}
	// ReleaseNotice must pass between the release warning and the release.
	ReleaseNotice = Key[calendar.Duration]{name: "release.notice", form: durationForm, readBy: "core/account"}
	// ResumeRequires is what must be paid before a suspended service resumes.
	ResumeRequires = Key[ResumeRequirement]{name: "resume.requires", form: resumeForm, readBy: "core/account"}
)

// Agreements, notices and opening.
var (
	// OpeningGate must hold before pay-as-you-go service opens (G 7.3, S 9.2).
	OpeningGate = Key[Gate]{name: "opening.gate", form: gateForm, silence: "no gate", readBy: "core/account"}
	// AcceptanceForms are the acts by which the document may be accepted (G preamble, F 5).
	AcceptanceForms = Key[[]AcceptanceForm]{name: "acceptance.forms", form: acceptanceFormsForm, readBy: "app"}
	// NoticeChannels are the ways in which a notice may be served (G 7.4, S 9.4).
	NoticeChannels = Key[[]string]{name: "notice.channels", form: channelsForm, readBy: "core/account"}
	// UsageIntervals says which intervals of usage count.
	UsageIntervals = Key[Intervals]{name: "usage.intervals", form: intervalsForm, readBy: "core/account"}
	// UsageFutureLimit is how far ahead of now usage may be dated.
	UsageFutureLimit = Key[calendar.Duration]{name: "usage.future_limit", form: durationForm, silence: "no limit", readBy: "core/account"}
)

// definitions is the registry. A key comes before a family that it could be
// mistaken for: price.rounding is not the price of a meter called rounding.
var definitions = []definition{
	PriceRounding, PriceOf,
	BillingCycle, BillingCycles, PaymentDue, OrderOfPayment, TopupMethods,
	LateFeeRate, LateFeeMethod, LateFeeFirstDay, LateFeeBase, LateFeeRounding,
	ArrearsWithhold, ArrearsNoticeAfter, SuspendAfter, SuspendNotice,
	ReleaseAfter, ReleaseNotice, ResumeRequires,
	OpeningGate, AcceptanceForms, NoticeChannels, ChangeNotice, ChangeDissent,
	UsageIntervals, UsageFutureLimit,

	OrderHold, LapseOnSellout, LapseVoids, PrepaidStartGate, RenewalLead, ReadingOfRenewal, RenewalNeedsBoth,
	PriceAtRenewal, ChangeOfTariff, RuleOfBalance,
	PromotionStacking, BrokenCommitment, GiftsAsPayment, GiftsIncludeUpkeep,
	StartOfTerm, EndOfTerm, TermCountsPreparation, TermSpecChange, EndOfPackage, PackageLeftover, DrawOfPackage,
	PackageOverflow,
	DefaultOfAddon, OptOutOfAddon, ThirdPartyLicences, OpeningChannels,
	ContractDiscount, ContractEstimate, ContractEstimateBinds, ContractRemittance,
	PublicityReference, PublicityOther,
	EndByCustomer, EarlyCancellationCharges, AttackUsedRounding, EndDayDenominator, EndServiceMonth,
	EndBreachRefund, EndWithoutLiability,
	ArrearsTerminateAfter, ArrearsTerminateClaims, ArrearsWithholdSupport, ArrearsLegalAction, ArrearsDemand,
	SetOffAfter, SetOffAffiliates,
	SeriousBreaches, SeriousBreachClauses, BreachMeasures, MeasuresOnSuspicion, BreachPenalty, SubleasePenalty,
	PenaltyTopUp, LossRecovery,
	OutageExitAfter, RemedyForOutage,
	ChangeChannels, ChangeAnnouncedBy, ChangeExit, ContentChangeNotice, EffectOfInvalidClause,
	WaiverInLaterCases,
	FreeTierNotice, DiscontinuationNotice, DiscontinuationChannels, DiscontinuationSettlement,
	DiscontinuationOf, SpecChangeNotice, SpecChangeOf, SpecChangeChannels, AgreementEndNotice,
	AgreementEndChannels, AgreementEndSettlement, MigrationNotice, MigrationActs, MigrationConfirmed,
	AssignmentNotice, AssignmentChannels, AssignmentQuality,
	ElectronicServed, PaperServed, PaperFirstDay, SubuserInbox, WrittenIncludesElectronic, ContactUnreachable,
	ComplaintsCovered, ComplaintNotified, ComplaintUnanswered,
	DataBuffer, DataBufferFirstDay, BufferOnExpiry, BufferOnEarlyEnd, BufferOnArrears, BufferOnBreach,
	DataBufferDeletes, DeletionOnRelease,
	DisclosureExceptions, DisclosureSharing, ConfidentialityExceptions,
	LiabilityCap, LiabilityExcluded, LiabilityForFree, Indemnity, DisputeCourt,
	DisputeCosts,
	SLATarget, SLAScope, PeriodOfSLA, SourceOfSLA, SLATiers, SLACreditBase, SLACreditForm, SLACreditCap,
	SLAClaimOpens, SLAClaimFirstDay, SLAClaimCloses,
	InvoiceIssuer, InvoiceItem, InvoiceVAT, InvoicePrices, PrepaidApply, PrepaidObtain, PrepaidOrdinary,
	PrepaidSpecial, PostpaidApply, PostpaidObtain, PostpaidOrdinary, PostpaidSpecial,
	BanCircumvention, BanDDoSResale, BanMining, BanInternetConnection, BanSublease, BanLease, BanDiskRental,
	ResourceAbuse, SMTPOutbound, AdaptingNeeds,
	SupportPhone, SupportTickets, SupportHours, SupportFaults, SupportFaultContact, SupportPaid, SupportRestoration,
	SupportHotline,
}
