package terms

import "termwise.dev/core/calendar"

// The early end of a service.
var (
	// EndByCustomer is what becomes of a customer's early cancellation (G 7.2.3, U 3.2.3; X12).
	EndByCustomer = Key[EarlyCancellation]{name: "end.early_cancellation", form: earlyCancellationForm, silence: "only as both parties agree", waitsFor: "refunds"}
	// EarlyCancellationCharges is what may be charged for it, as the page or the order says (G 7.2.3).
	EarlyCancellationCharges = Key[[]CancellationCharge]{name: "end.early_cancellation.charges", form: chargesForm, silence: "nothing is charged for it", waitsFor: "refunds"}
	// AttackUsedRounding is how the months used are counted after an attack (G 7.5.3, E 7.2.3; X2).
	AttackUsedRounding = Key[UsedRounding]{name: "end.attack.used_rounding", form: usedRoundingForm, silence: "no right to end a service after an attack", waitsFor: "refunds"}
	// EndDayDenominator is how many days a month has when a part of it is charged by the day (X28).
	EndDayDenominator = Key[DayDenominator]{name: "end.day_denominator", form: denominatorForm, waitsFor: "refunds"}
	// EndServiceMonth is what a month of service is (X28).
	EndServiceMonth = Key[ServiceMonth]{name: "end.service_month", form: serviceMonthForm, waitsFor: "refunds"}
	// EndBreachRefund is what is given back when a serious breach ends a service (E 7.2.2, C 6.2.2).
	EndBreachRefund = Key[BreachRefund]{name: "end.breach.refund", form: breachRefundForm, silence: "not forfeited: nothing says that it is kept", waitsFor: "refunds"}
	// EndWithoutLiability says whether the provider may close a service for misuse without liability (U 4.4, U A1-3, U A1-4).
	EndWithoutLiability = Key[bool]{name: "end.close_without_liability", form: boolForm, silence: "not stated", waitsFor: "conduct"}
)

// The end for arrears, and the law's remedies.
var (
	// ArrearsTerminateAfter is the delay after which the contract may be ended (U 10.1). It counts days of the calendar, not the month of U 10.2.
	ArrearsTerminateAfter = Key[DayLimit]{name: "arrears.terminate_after", form: dayLimitForm, silence: "no number of days is stated", waitsFor: "claims"}
	// ArrearsTerminateClaims is what may be claimed then (U 10.1).
	ArrearsTerminateClaims = Key[[]TerminationClaim]{name: "arrears.terminate.claims", form: endClaimsForm, silence: "what is owed", waitsFor: "claims"}
	// ArrearsWithholdSupport says whether support may be withheld with the service (S 3.4, E 2.3).
	ArrearsWithholdSupport = Key[bool]{name: "arrears.withhold.support", form: boolForm, silence: "support goes on", waitsFor: "support"}
	// ArrearsLegalAction is for what the law's remedies are reserved (S 3.4, E 2.3, C 2.4; X13).
	ArrearsLegalAction = Key[LegalAction]{name: "arrears.legal_action", form: legalActionForm, silence: "not reserved", waitsFor: "claims"}
	// ArrearsDemand is from when arrears may be demanded (FA 2.3).
	ArrearsDemand = Key[Demand]{name: "arrears.demand", form: demandForm, silence: "not stated", waitsFor: "claims"}
	// SetOffAfter is after what debts are offset (FA 3.2.13).
	SetOffAfter = Key[SetOff]{name: "set_off.after", form: setOffForm, silence: "no set-off is agreed", waitsFor: "set_off"}
	// SetOffAffiliates says whether debts of the provider's affiliates may be offset too (FA 3.2.13).
	SetOffAffiliates = Key[bool]{name: "set_off.affiliates", form: boolForm, silence: "the provider's own debts alone", waitsFor: "set_off"}
)

// Breach and penalty.
var (
	// SeriousBreaches are the breaches that the agreement names as serious (E 7.2.2, C 6.2.2).
	SeriousBreaches = Key[[]BreachKind]{name: "breach.serious", form: breachKindsForm, silence: "none is named", waitsFor: "conduct"}
	// SeriousBreachClauses are the clauses whose breach is serious (U 10.4).
	SeriousBreachClauses = Key[[]string]{name: "breach.serious_clauses", form: labelsForm, silence: "none is named", waitsFor: "conduct"}
	// BreachMeasures is what the provider may do about a breach (G 3.2.10, S 10.1, E 3.1.3.13).
	BreachMeasures = Key[[]Measure]{name: "breach.measures", form: measuresForm, silence: "no measures are agreed", waitsFor: "conduct"}
	// MeasuresOnSuspicion says whether use that the provider judges abnormal suffices for measures (S 10.1).
	MeasuresOnSuspicion = Key[bool]{name: "measures.on_suspicion", form: boolForm, silence: "a breach, or a complaint left unanswered, is needed", waitsFor: "conduct"}
	// BreachPenalty is owed for a serious breach (U 10.4).
	BreachPenalty = Key[Multiple]{name: "breach.penalty", form: multipleForm, silence: "no penalty", waitsFor: "conduct"}
	// SubleasePenalty is owed for subletting (U 10.3).
	SubleasePenalty = Key[Multiple]{name: "sublease.penalty", form: multipleForm, silence: "no penalty", waitsFor: "conduct"}
	// PenaltyTopUp is owed beyond a penalty (U 10.3, U 10.4).
	PenaltyTopUp = Key[TopUp]{name: "penalty.top_up", form: topUpForm, silence: "nothing beyond the penalty", waitsFor: "conduct"}
	// LossRecovery says whether the provider may recover the loss that unlawful content causes it (C 3.1.7).
	LossRecovery = Key[bool]{name: "content.loss_recovery", form: boolForm, silence: "as the law provides", waitsFor: "claims"}
)

// Long outages.
var (
	// OutageExitAfter is how long an outage must last on end before the customer may leave (G 8.3, S 10.4).
	OutageExitAfter = Key[calendar.Duration]{name: "outage.exit_after", form: hoursForm, silence: "no right to leave for an outage", waitsFor: "sla"}
	// RemedyForOutage says whether the customer may leave or is compensated instead (G 8.3, FA 8.2; X16).
	RemedyForOutage = Key[OutageRemedy]{name: "outage.remedy", form: outageRemedyForm, silence: "none is agreed", waitsFor: "sla"}
)
