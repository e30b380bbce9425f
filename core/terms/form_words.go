package terms

import (
	"regexp"
	"strconv"
)

// The forms that are one of, or some of, a closed set of words; in the order of
// the files that declare the words.
var (
	lapseForm             = enum(LapsesConsensus, LapsesPrice, LapsesTerms)
	startGateForm         = enum(FullPayment, OnPayment)
	renewalReadingForm    = enum(RenewalDeadline, RenewalWindow)
	renewalPriceForm      = enum(PriceInForce, PriceOnOrderPage, ListAtOrder)
	tariffChangeForm      = enum(AfterConsultation)
	balanceRuleForm       = enum(KeepSufficient, StopAtFailedDeduction)
	stackingForm          = enum(IfExpressly, IfExpresslyOrInWriting)
	earlyCancellationForm = enum(CancellationCharged, CancellationForbidden)
	chargesForm           = wordList("charges", ChargeListPrice, ChargePenalty, ChargeHandlingFee, VoidVouchers, RecoverUsedVouchers)
	forbiddenForm         = enum(IsForbidden)
	termStartForm         = enum(StartsAtOpening, StartsAtCreation, StartsAsOrdered, StartsAtPayment)
	termEndForm           = enum(EndsAsOrdered)
	packageEndForm        = enum(EarlierOfExpiryAndExhaustion)
	leftoverForm          = enum(LeftoverVoid)
	packageDrawForm       = enum(PackageFirst)
	overflowForm          = enum(OverflowPayAsYouGo)
	addonDefaultForm      = enum(AddonOn, AddonOptIn, AddonProvided)
	optOutForm            = enum(OptOutAccount)
	licenceForm           = enum(LicenceApplies)
	openingChannelsForm   = wordList("opening channels", ByConsole, ByAPI, ByCLI, BySite, ByClientApp)
	remittanceForm        = enum(RemittancePending)

	usedRoundingForm   = enum(RoundByDay, RoundByFullMonth)
	denominatorForm    = enum(DaysOfMonth, ThirtyDays)
	serviceMonthForm   = enum(CalendarMonth, AnniversaryMonth)
	breachRefundForm   = enum(NothingRefunded)
	settlementForm     = enum(RefundUnconsumed, SettleAll)
	endClaimsForm      = wordList("claims", ClaimArrears, ClaimLateFee, ClaimInvestedCosts)
	legalActionForm    = enum(ForAnyArrears, ForPostpaidArrears)
	demandForm         = enum(AnyTimeAfterArrears)
	breachKindsForm    = wordList("breaches", NonPayment, ViolationOfLaw)
	measuresForm       = wordList("measures", DeleteContent, LimitService, SuspendService, TerminateService, TakeLegalAction, TakeOtherMeasures)
	topUpForm          = enum(ToActualLoss)
	outageRemedyForm   = enum(RemedyExit, RemedySLA)
	dissentStepsForm   = wordList("steps", StopUsing, NotifyTermination, MoveDataOut, SettleFees)
	freeLiabilityForm  = enum(NoLiability)
	indemnityForm      = enum(DirectLoss, ActualLossAndLawyer, AllCostsAndLosses, PartyInBreachPays)
	disputeCostsForm   = wordList("costs", LawyerCost, CourtCost, NotaryCost, TravelCost)
	setOffForm         = enum(AfterWrittenNotice)
	waiverForm         = enum(LaterCasesUnaffected)
	invalidClauseForm  = enum(OthersStand)
	slaPeriodForm      = enum(ByCalendarMonth)
	slaSourceForm      = enum(ProductSLA)
	slaBaseForm        = enum(MonthlyPackageFee)
	creditFormForm     = enum(PackageVoucher)
	creditCapForm      = enum(FeeNetOfVouchers)
	lossHeadsForm      = wordList("heads of loss", IndirectLoss, ConsequentialLoss, PunitiveLoss, IncidentalLoss, SpecialLoss, PenalLoss, DisciplinaryLoss, LostProfit)
	writtenChannelForm = wordList("notice channels", ChannelSite, ChannelMessage, ChannelEmail, ChannelSMS, ChannelPaper, ChannelWritten)

	servedForm          = enum(ServedWhenSent)
	unreachableForm     = enum(OwnRisk, OwnRiskForLegalPapers, DeadlineMissed)
	changeSubjectsForm  = wordList("subjects of a change", ChangesForm, ChangesSpecification, ChangesPrice, ChangesBillingMode, ChangesNetwork)
	endedPartsForm      = wordList("parts of a service", EndsProducts, EndsPhases)
	migrationActsForm   = wordList("acts", ChangeDNS, ChangeConfiguration)
	transferQualityForm = enum(JointLiability, NotReduced)
	complaintScopeForm  = enum(AnyComplaint, IntellectualPropertyComplaint)
	unansweredForm      = enum(MeasuresFollow)
	banForm             = enum(Banned, BannedUnlessAgreed)
	abuseTestForm       = enum(AbnormalLoad, SevereLoad, MaliciousLoad)
	outboundForm        = enum(BlockedUntilPermitted)
	permissionForm      = enum(WrittenPermission, ExpressPermission, HolderConsent, AnyConsent)
	purposesForm        = wordList("purposes of disclosure", ByAuthority, ByAgreement, ByConsent, ByViolation, ServiceSharing)
	sharingForm         = enum(WithUndertaking, Unconditional)
	secrecyForm         = wordList("exceptions", AlreadyKnown, PublicDomain, FromThirdParty, LaterPublic, Independent, Compelled, ForCertificates)
	dataClassesForm     = wordList("classes of data", OnlineData, CacheData, BackupData)
	deletionScopeForm   = enum(DeletesOnline, DeletesAll, DeletesOnlineAtOnce)
	supportTimeForm     = enum(AllHours)
	entitlementForm     = enum(CustomersInTerm, PayingCustomers, AllCustomers)
	paidSupportForm     = enum(SupportSold)
	restorationForm     = enum(WithinLegalTime)
	faultContactForm    = enum(NamedPerson)
	taxReadingForm      = enum(TaxInclusive, TaxExclusive)

	sellerForm     = scalar("seller", "the id of a seller, such as northline", parseSeller, func(s string) string { return s })
	sellersForm    = list("sellers", "a list such as [aurora, northline]", parseSeller)
	identifierForm = scalar("identifier", "a word such as mirror_lake_district", parseIdentifier, func(s string) string { return s })
	labelsForm     = list("labels of clauses", `a list such as ["4.3", "4.4"]`, parseLabel)
	phoneForm      = scalar("telephone number", `digits and hyphens, written "000-5550100"`, parsePhone, func(s string) string { return s })
)

func parseSeller(s string) (string, error) {
	if !isDocumentID(s) {
		return "", invalid(strconv.Quote(s)+" is not the id of a seller", "use lower-case letters, digits and hyphens")
	}
	return s, nil
}

func parseLabel(s string) (string, error) {
	if !isLabel(s) {
		return "", invalid(strconv.Quote(s)+" is not the label of a clause", "use "+labelShape)
	}
	return s, nil
}

var phoneNumber = regexp.MustCompile(`^\d+(-\d+)*$`)

func parsePhone(s string) (string, error) {
	if !phoneNumber.MatchString(s) {
		return "", invalid(strconv.Quote(s)+" is not a telephone number", "use digits, with hyphens between them")
	}
	return s, nil
}
