package terms

import "termwise.dev/core/money"

// Orders, prepayment and renewal.
var (
	// OrderHold is for how long an unpaid order is kept (G 2.3.1.2, S 3.2.1, E 2.1.1.1, U 3.2.1; X6).
	OrderHold = Key[Hold]{name: "order.hold", form: holdForm, silence: "an unpaid order does not lapse by time", waitsFor: "orders"}
	// LapseOnSellout says whether an unpaid order lapses when the stock runs out (G 2.3.1.2, S 3.2.1).
	LapseOnSellout = Key[bool]{name: "order.lapse_on_sellout", form: boolForm, silence: "selling out does not end an unpaid order", waitsFor: "orders"}
	// LapseVoids is what ends with an order that lapses (G 2.3.1.2, S 3.2.1, E 2.1.1.1).
	LapseVoids = Key[LapseEffect]{name: "order.lapse_voids", form: lapseForm, readBy: "core/account, core/terms"}
	// PrepaidStartGate is what must be paid before a prepaid service starts (G 2.3.1.1).
	PrepaidStartGate = Key[StartGate]{name: "prepaid.start_gate", form: startGateForm, waitsFor: "orders"}
	// RenewalLead is how long before the end of the term the renewal is due (G 2.3.1.3); zero days in FA 2.3.1.3.
	RenewalLead = Key[Period]{name: "renewal.lead", form: periodForm, silence: "until the term ends", waitsFor: "subscriptions"}
	// ReadingOfRenewal says whether the lead is a deadline or a window (X25).
	ReadingOfRenewal = Key[RenewalReading]{name: "renewal.reading", form: renewalReadingForm, waitsFor: "subscriptions"}
	// RenewalNeedsBoth says whether the provider must be willing as well (S 3.2.2, E 2.1.1.2).
	RenewalNeedsBoth = Key[bool]{name: "renewal.both_willing", form: boolForm, silence: "the customer alone decides", waitsFor: "subscriptions"}
	// PriceAtRenewal is which price a renewal has (E 2.1.1.2, U 3.1, FP 1).
	PriceAtRenewal = Key[RenewalPrice]{name: "renewal.price", form: renewalPriceForm, silence: "that of any order at its time", waitsFor: "subscriptions"}
	// ChangeOfTariff is what a change of the State's tariff during a term needs (U 5.4).
	ChangeOfTariff = Key[TariffChange]{name: "tariff.change", form: tariffChangeForm, silence: "notice alone, as for any change of the service", readBy: "core/terms"}
	// RuleOfBalance is what holds for a balance that is not sufficient (G 7.3, U 3.3).
	RuleOfBalance = Key[BalanceRule]{name: "balance.rule", form: balanceRuleForm, silence: "nothing beyond what the page says", waitsFor: "subscriptions"}
)

// Promotions and gifts.
var (
	// PromotionStacking is by which agreement promotions may be combined; without it they may not (G 2.4.3, FA 2.4.3).
	PromotionStacking = Key[Stacking]{name: "promotion.stacking", form: stackingForm, waitsFor: "promotions"}
	// BrokenCommitment is what may be charged for leaving a promotion that required a commitment (G 2.4.2).
	BrokenCommitment = Key[[]CancellationCharge]{name: "promotion.broken_commitment", form: chargesForm, silence: "nothing is charged for it", waitsFor: "promotions"}
	// GiftsAsPayment says whether a gift can offset a fee (G 2.4.1, S 3.5).
	GiftsAsPayment = Key[bool]{name: "gifts.as_payment", form: boolForm, waitsFor: "promotions"}
	// GiftsIncludeUpkeep says whether a gift includes the cost of changing and maintaining it (G 2.4.1).
	GiftsIncludeUpkeep = Key[bool]{name: "gifts.include_upkeep", form: boolForm, silence: "not stated", waitsFor: "promotions"}
)

// Terms of service and resource packages.
var (
	// StartOfTerm is from when a term counts (G 7.2.1, E 7.1, C 6.1).
	StartOfTerm = Key[TermStart]{name: "term.start", form: termStartForm, waitsFor: "subscriptions"}
	// EndOfTerm is when a term ends by itself (G 7.2.2, S 9.1.2, U 9.1.1).
	EndOfTerm = Key[TermEnd]{name: "term.end", form: termEndForm, waitsFor: "subscriptions"}
	// TermCountsPreparation says whether the time of licences and filings counts inside the term (E 7.1).
	TermCountsPreparation = Key[bool]{name: "term.counts_preparation", form: boolForm, silence: "not stated: no clause pauses the term", waitsFor: "subscriptions"}
	// TermSpecChange forbids a change of specification during a prepaid term (U 3.2.3).
	TermSpecChange = Key[Forbidden]{name: "term.spec_change", form: forbiddenForm, silence: "as the page or the order offers it", waitsFor: "subscriptions"}
	// EndOfPackage is when a resource package ends (G 7.2.2).
	EndOfPackage = Key[PackageEnd]{name: "package.end", form: packageEndForm, waitsFor: "packages"}
	// PackageLeftover is what becomes of what is left of a package (G 7.2.4).
	PackageLeftover = Key[Leftover]{name: "package.leftover", form: leftoverForm, waitsFor: "packages"}
	// DrawOfPackage is in which order use is covered (G 7.2.4, S 9.1.4).
	DrawOfPackage = Key[PackageDraw]{name: "package.draw", form: packageDrawForm, silence: "not stated", waitsFor: "packages"}
	// PackageOverflow is how use beyond a package is charged (G 7.2.4, S 9.1.4); U 9.1.2 does not charge it.
	PackageOverflow = Key[Overflow]{name: "package.overflow", form: overflowForm, silence: "use beyond it is not charged by itself", waitsFor: "packages"}
)

// Add-ons and ways of opening.
var (
	// DefaultOfAddon is whether an add-on comes with a product (E 3.1.7, E 3.1.9, E 3.2.5).
	DefaultOfAddon = Family[AddonDefault]{prefix: "addon.default", member: "addon", form: addonDefaultForm, silence: "not provided", readBy: "core/account, core/terms"}
	// ThirdPartyLicences is whether the licence of a third party's software applies beside the terms (G 3.1.8, E 3.1.3.3, C 3.1.3.3, FA 3.1.8).
	ThirdPartyLicences = Key[LicenceRule]{name: "licence.third_party", form: licenceForm, silence: "as the document that demands the licence says", readBy: "core/terms"}
	// OptOutOfAddon is what switching an add-on off covers (E 3.1.7).
	OptOutOfAddon = Family[OptOutScope]{prefix: "addon.opt_out", member: "addon", form: optOutForm, silence: "no scope is stated: the one that is switched off", waitsFor: "console"}
	// OpeningChannels are the ways in which services are opened (G 7.1, FA 7.1).
	OpeningChannels = Key[[]OpeningChannel]{name: "opening.channels", form: openingChannelsForm, silence: "any way that is offered", waitsFor: "console"}
)

// Framework contracts.
var (
	// ContractDiscount is the discount on the list price (FP 1).
	ContractDiscount = Key[money.Decimal]{name: "contract.discount", form: percentForm, silence: "no contract price", waitsFor: "orders"}
	// ContractEstimate is the total that the parties expect (FP 2; X18).
	ContractEstimate = Key[Sum]{name: "contract.estimate", form: moneyForm, silence: "no estimate", waitsFor: "contracts"}
	// ContractEstimateBinds says whether the estimate is a commitment or a limit (FP 2).
	ContractEstimateBinds = Key[bool]{name: "contract.estimate_binds", form: boolForm, silence: "no estimate, nothing to bind", waitsFor: "contracts"}
	// ContractRemittance is what is known of the account for remittances (FP 3).
	ContractRemittance = Key[Remittance]{name: "contract.remittance", form: remittanceForm, silence: "no account of its own", waitsFor: "contracts"}
	// PublicityReference says whether the provider may name the customer as a reference case (FA 3.2.9; X22).
	PublicityReference = Key[bool]{name: "publicity.reference_case", form: boolForm, silence: "not allowed", waitsFor: "contracts"}
	// PublicityOther is what any other use of the customer's name needs (FA 3.2.9).
	PublicityOther = Key[Permission]{name: "publicity.other_use", form: permissionForm, silence: "not allowed", waitsFor: "contracts"}
)
