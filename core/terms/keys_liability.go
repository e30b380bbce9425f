package terms

import "termwise.dev/core/money"

// Liability and indemnity.
var (
	// LiabilityCap is the sum that the provider's liability does not exceed (G 8.5, S 10.6, FA 8.5; X5).
	LiabilityCap = Key[Cap]{name: "liability.cap", form: capForm, silence: "no cap", waitsFor: "claims"}
	// LiabilityExcluded are the heads of loss that are not compensated (G 8.4, S 10.5).
	LiabilityExcluded = Key[[]LossHead]{name: "liability.excluded", form: lossHeadsForm, silence: "no head of loss is excluded", waitsFor: "claims"}
	// LiabilityForFree is the liability for what is used free of charge (G 9, FA 9).
	LiabilityForFree = Key[FreeLiability]{name: "free.liability", form: freeLiabilityForm, silence: "as for what is paid for", waitsFor: "claims"}
	// Indemnity is what a customer compensates (G 5.2, S 10.2, E 5.1, U 6.3).
	Indemnity = Key[IndemnityScope]{name: "indemnity.scope", form: indemnityForm, silence: "as the law provides", waitsFor: "claims"}
	// DisputeCourt is the court that decides (G 11.2, U 13).
	DisputeCourt = Key[string]{name: "dispute.court", form: identifierForm, silence: "the court that the law names", waitsFor: "claims"}
	// DisputeCosts are the costs that the party in breach bears (U 13).
	DisputeCosts = Key[[]DisputeCost]{name: "dispute.costs", form: disputeCostsForm, silence: "as the court decides", waitsFor: "claims"}
)

// Service levels.
var (
	// SLATarget is the availability that is promised (C-SLA 2).
	SLATarget = Key[money.Decimal]{name: "sla.target", form: percentForm, silence: "no availability is promised", waitsFor: "sla"}
	// SLAScope are the regions to which the promise applies (C-SLA 0).
	SLAScope = Key[[]string]{name: "sla.scope", form: identifiersForm, silence: "no region is excepted", waitsFor: "sla"}
	// PeriodOfSLA is the period over which availability is measured (C-SLA 1).
	PeriodOfSLA = Key[SLAPeriod]{name: "sla.period", form: slaPeriodForm, waitsFor: "sla"}
	// SourceOfSLA is where the promise is found when the document gives no figure (U 8, FA 3.2.1).
	SourceOfSLA = Key[SLASource]{name: "sla.source", form: slaSourceForm, silence: "no other document is referred to", waitsFor: "sla"}
	// SLATiers are the credits by availability (C-SLA 3.1).
	SLATiers = Key[Tiers]{name: "sla.tiers", form: tiersForm, waitsFor: "sla"}
	// SLACreditBase is the fee of which a credit is a share (C-SLA 3.1).
	SLACreditBase = Key[SLABase]{name: "sla.credit.base", form: slaBaseForm, waitsFor: "sla"}
	// SLACreditForm is in what a credit is given (C-SLA 3.1).
	SLACreditForm = Key[CreditForm]{name: "sla.credit.form", form: creditFormForm, waitsFor: "sla"}
	// SLACreditCap is what the credits of a month do not exceed (C-SLA 3.1).
	SLACreditCap = Key[CreditCap]{name: "sla.credit.cap", form: creditCapForm, waitsFor: "sla"}
	// SLAClaimOpens is how long into the next month claims open (C-SLA 3.2).
	SLAClaimOpens = Key[Period]{name: "sla.claim.opens_after", form: periodForm, waitsFor: "sla"}
	// SLAClaimFirstDay says whether they open on the last day of that period or after it.
	SLAClaimFirstDay = Key[Counting]{name: "sla.claim.first_day", form: countingForm, waitsFor: "sla"}
	// SLAClaimCloses is how long after the end of the month claims are accepted (C-SLA 3.2).
	SLAClaimCloses = Key[Period]{name: "sla.claim.closes_after", form: periodForm, waitsFor: "sla"}
)

// Invoices (X9, X30).
var (
	// InvoiceIssuer is the seller who issues the invoice (U 3.4).
	InvoiceIssuer = Key[string]{name: "invoice.issuer", form: sellerForm, silence: "the seller of the product", waitsFor: "invoices"}
	// InvoiceItem is what the invoice names (U 3.4.1).
	InvoiceItem = Key[string]{name: "invoice.item", form: identifierForm, waitsFor: "invoices"}
	// InvoiceVAT is the rate of value-added tax (U 3.4.1).
	InvoiceVAT = Key[money.Decimal]{name: "invoice.vat", form: percentForm, waitsFor: "invoices"}
	// InvoicePrices says whether listed prices include the tax (X30).
	InvoicePrices = Key[TaxReading]{name: "invoice.prices", form: taxReadingForm, waitsFor: "invoices"}
	// PrepaidApply is from when an invoice may be applied for, for a prepaid fee (U 3.4.2).
	PrepaidApply = Key[MonthDay]{name: "invoice.prepaid.apply", form: monthDayForm, waitsFor: "invoices"}
	// PrepaidObtain is from when it can be obtained (U-INV 3): not the same as applying (X9).
	PrepaidObtain = Key[MonthDay]{name: "invoice.prepaid.obtain", form: monthDayForm, waitsFor: "invoices"}
	// PrepaidOrdinary is from when an ordinary invoice is issued (U 3.4.2).
	PrepaidOrdinary = Key[MonthDay]{name: "invoice.prepaid.issue_ordinary", form: monthDayForm, waitsFor: "invoices"}
	// PrepaidSpecial is from when a special invoice is issued (U 3.4.2).
	PrepaidSpecial = Key[MonthDay]{name: "invoice.prepaid.issue_special", form: monthDayForm, waitsFor: "invoices"}
	// PostpaidApply is from when an invoice may be applied for, for a postpaid fee (U 3.4.3).
	PostpaidApply = Key[MonthDay]{name: "invoice.postpaid.apply", form: monthDayForm, waitsFor: "invoices"}
	// PostpaidObtain is from when it can be obtained (U-INV 4).
	PostpaidObtain = Key[MonthDay]{name: "invoice.postpaid.obtain", form: monthDayForm, waitsFor: "invoices"}
	// PostpaidOrdinary is from when an ordinary invoice is issued (U 3.4.3).
	PostpaidOrdinary = Key[MonthDay]{name: "invoice.postpaid.issue_ordinary", form: monthDayForm, waitsFor: "invoices"}
	// PostpaidSpecial is from when a special invoice is issued (U 3.4.3).
	PostpaidSpecial = Key[MonthDay]{name: "invoice.postpaid.issue_special", form: monthDayForm, waitsFor: "invoices"}
)
