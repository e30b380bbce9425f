package terms

// Changes of agreements. What is silent on one kind of change is read as the kind
// behind it says (see Corpus.Owed).
var (
	// ChangeNotice comes before a change of the agreement (G 3.2.9, S 14.2, E 3.1.1, C 3.1.1, U 14.2).
	ChangeNotice = Key[Notice]{name: "change.notice", form: noticeForm, silence: "prior notice, no number of days", readBy: "core/terms"}
	// ChangeDissent says what going on using the service means after a change (G 3.2.9, S 14.2).
	ChangeDissent = Key[Dissent]{name: "change.dissent", form: dissentForm, silence: "not stated", readBy: "core/account"}
	// ChangeChannels are the ways in which a change of the document is announced (G 3.2.9, C-SLA 4).
	ChangeChannels = Key[[]Channel]{name: "change.channels", form: writtenChannelForm, silence: onTheSite, readBy: "core/terms"}
	// ChangeAnnouncedBy are the sellers who may announce it (U 14.2).
	ChangeAnnouncedBy = Key[[]string]{name: "change.announced_by", form: sellersForm, silence: "the issuer of the document", waitsFor: "contracts"}
	// ChangeExit is what a customer who does not agree must do, and what the provider does then (G 3.2.9, E 3.1.1).
	ChangeExit = Key[[]DissentStep]{name: "change.exit", form: dissentStepsForm, silence: "no way out is described", readBy: "core/terms"}
	// ContentChangeNotice is the notice of a change of what a tool offers (S-CADT 3).
	ContentChangeNotice = Key[Notice]{name: "content_change.notice", form: noticeForm, silence: "as any change of a service", readBy: "core/terms"}
	// EffectOfInvalidClause is what the invalidity of one clause means for the others (S 14.5).
	EffectOfInvalidClause = Key[InvalidClause]{name: "invalid_clause.effect", form: invalidClauseForm, silence: "as the law provides", waitsFor: "contracts"}
	// WaiverInLaterCases is what a waiver in one case means for later ones (S 14.4).
	WaiverInLaterCases = Key[Waiver]{name: "waiver.later_cases", form: waiverForm, silence: "as the law provides", waitsFor: "claims"}
)

// Notice of what the provider does.
var (
	// FreeTierNotice comes before free use is charged for (G 2.5, FA 2.5).
	FreeTierNotice = Key[Notice]{name: "free_tier.notice", form: noticeForm, silence: "as a change of the service", readBy: "core/terms"}
	// DiscontinuationNotice comes before a service is discontinued (G 7.4, S 9.4, FA 7.4.4; X8).
	DiscontinuationNotice = Key[Notice]{name: "discontinuation.notice", form: noticeForm, silence: "as the end of the agreement", readBy: "core/terms"}
	// DiscontinuationChannels are the ways to give it (G 7.4, U 10.2).
	DiscontinuationChannels = Key[[]Channel]{name: "discontinuation.channels", form: writtenChannelForm, silence: onTheSite, readBy: "core/terms"}
	// DiscontinuationSettlement is how the fees are settled (G 7.4, U 10.2).
	DiscontinuationSettlement = Key[Settlement]{name: "discontinuation.settlement", form: settlementForm, waitsFor: "refunds"}
	// DiscontinuationOf is what may be discontinued by itself (FA 7.4.4).
	DiscontinuationOf = Key[[]EndedPart]{name: "discontinuation.of", form: endedPartsForm, silence: "a service as a whole", waitsFor: "contracts"}
	// SpecChangeNotice comes before a change of a service's form or specification (G 7.4, U 5.2).
	SpecChangeNotice = Key[Notice]{name: "spec_change.notice", form: noticeForm, silence: "prior notice, no number of days", readBy: "core/terms"}
	// SpecChangeOf is what such a change may concern (S 9.4).
	SpecChangeOf = Key[[]ChangeSubject]{name: "spec_change.of", form: changeSubjectsForm, silence: "whatever the service offers", readBy: "core/terms"}
	// SpecChangeChannels are the ways to announce it (G 7.4, U 5.2).
	SpecChangeChannels = Key[[]Channel]{name: "spec_change.channels", form: writtenChannelForm, silence: onTheSite, readBy: "core/terms"}
	// AgreementEndNotice comes before the provider ends the whole agreement (S 9.3.4, U 10.2).
	AgreementEndNotice = Key[Notice]{name: "agreement_end.notice", form: noticeForm, silence: "as a change of the agreement", readBy: "core/terms"}
	// AgreementEndChannels are the ways to give it (S 9.3.4, U 10.2).
	AgreementEndChannels = Key[[]Channel]{name: "agreement_end.channels", form: writtenChannelForm, silence: onTheSite, readBy: "core/terms"}
	// AgreementEndSettlement is how the fees are settled (S 9.3.4, U 10.2).
	AgreementEndSettlement = Key[Settlement]{name: "agreement_end.settlement", form: settlementForm, waitsFor: "refunds"}
	// MigrationNotice comes before equipment moves (G 3.2.8, FA 3.2.8; X23).
	MigrationNotice = Key[Notice]{name: "migration.notice", form: noticeForm, silence: "prior notice, no number of days", readBy: "core/terms"}
	// MigrationActs is what the customer must do in time (G 3.2.8, E 3.2.6).
	MigrationActs = Key[[]MigrationAct]{name: "migration.customer_acts", form: migrationActsForm, silence: "nothing", readBy: "core/account"}
	// MigrationConfirmed says whether it is confirmed afterwards that the service runs (U 4.1, U 5.2).
	MigrationConfirmed = Key[bool]{name: "migration.confirm_after", form: boolForm, silence: "not confirmed", waitsFor: "support"}
	// AssignmentNotice comes before the agreement passes to an affiliate (G 12.2, S 14.3).
	AssignmentNotice = Key[Notice]{name: "assignment.notice", form: noticeForm, silence: "prior notice, no number of days", readBy: "core/terms"}
	// AssignmentChannels are the ways to give it (G 12.2, E 11.2).
	AssignmentChannels = Key[[]Channel]{name: "assignment.channels", form: writtenChannelForm, silence: onTheSite, readBy: "core/terms"}
	// AssignmentQuality is what holds for the quality of the services afterwards (G 12.2, FA 12.3).
	AssignmentQuality = Key[TransferQuality]{name: "assignment.quality", form: transferQualityForm, silence: "not stated", waitsFor: "claims"}
)

// When a notice is served, and on whom.
var (
	// ElectronicServed is when a notice in electronic form is served (S 11.3, U 11.3; X24).
	ElectronicServed = Key[Served]{name: "notice.electronic.served", form: servedForm, silence: "not stated: what is kept is when it was sent", readBy: "core/account"}
	// PaperServed is when a notice on paper is served: on the last day of this period after posting (S 11.3, U 11.3).
	PaperServed = Key[Period]{name: "notice.paper.served", form: periodForm, silence: "not stated: what is kept is when it was posted", readBy: "core/account"}
	// PaperFirstDay says whether the day of posting counts (X26).
	PaperFirstDay = Key[Counting]{name: "notice.paper.first_day", form: countingForm, readBy: "core/account"}
	// SubuserInbox says whether the inbox of a sub-account is a valid contact (S 11.1, U 11.1).
	SubuserInbox = Key[bool]{name: "notice.subuser_inbox", form: boolForm, silence: "not said to be a valid contact", readBy: "core/account"}
	// WrittenIncludesElectronic says whether what is written may be electronic (U 11.3).
	WrittenIncludesElectronic = Key[bool]{name: "notice.written_includes_electronic", form: boolForm, silence: "not defined: only paper is certain to be writing", readBy: "core/account"}
	// ContactUnreachable is what wrong contact data leads to (G 3.1.2, S 11.4, E 3.1.3.13).
	ContactUnreachable = Key[Unreachable]{name: "contact.unreachable", form: unreachableForm, silence: "not stated", waitsFor: "identity"}
	// ComplaintsCovered is which complaints of third parties the procedure is about (G 3.2.10, S 7.3).
	ComplaintsCovered = Key[ComplaintScope]{name: "complaint.scope", form: complaintScopeForm, silence: "no procedure is agreed", waitsFor: "conduct"}
	// ComplaintNotified says whether the provider tells the customer of a complaint (E 3.1.3.13, FA 3.1.9; X17).
	ComplaintNotified = Key[bool]{name: "complaint.provider_notifies", form: boolForm, silence: "no duty is stated", waitsFor: "conduct"}
	// ComplaintUnanswered is what a complaint leads to that is not answered in time (G 3.2.10).
	ComplaintUnanswered = Key[Unanswered]{name: "complaint.unanswered", form: unansweredForm, silence: "nothing is agreed", waitsFor: "conduct"}
)

// onTheSite is what it means that no document says where something is announced:
// every version is listed there from its publication on.
const onTheSite Silence = "any channel; the site lists every version"
