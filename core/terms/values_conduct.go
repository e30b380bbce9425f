package terms

import "termwise.dev/core/money"

// Channel is a way in which a notice is given.
type Channel string

// The channels. ChannelWritten is "in writing", whatever counts as that.
const (
	ChannelSite    Channel = "site"
	ChannelMessage Channel = "message" // within the site
	ChannelEmail   Channel = "email"
	ChannelSMS     Channel = "sms"
	ChannelPaper   Channel = "paper"
	ChannelWritten Channel = "written"
)

// Form is the form of a notice, on which its service depends.
type Form string

// The forms of a notice.
const (
	InElectronicForm Form = "electronic"
	OnPaper          Form = "paper"
)

// Form returns the form of a notice that is given in this way. What is written is
// on paper, unless the terms say that it may be electronic (U 11.3).
func (c Channel) Form(writtenIncludesElectronic bool) Form {
	if c == ChannelPaper || c == ChannelWritten && !writtenIncludesElectronic {
		return OnPaper
	}
	return InElectronicForm
}

// Served is when a notice in electronic form counts as served.
type Served string

// ServedWhenSent: when it has been sent successfully, whether or not it is read (S 11.3).
const ServedWhenSent Served = "when_sent"

// Unreachable is what it means that a customer cannot be reached because its
// contact data is wrong.
type Unreachable string

// The consequences of wrong contact data.
const (
	OwnRisk               Unreachable = "own_risk"
	OwnRiskForLegalPapers Unreachable = "own_risk_for_legal_papers" // S 11.4
	DeadlineMissed        Unreachable = "deadline_missed"           // it counts as not having answered in time (E 3.1.3.13)
)

// ChangeSubject is what a change of a service may concern.
type ChangeSubject string

// The subjects of a change.
const (
	ChangesForm          ChangeSubject = "form"
	ChangesSpecification ChangeSubject = "specification"
	ChangesPrice         ChangeSubject = "price"
	ChangesBillingMode   ChangeSubject = "billing_mode"
	ChangesNetwork       ChangeSubject = "network"
)

// EndedPart is what may be discontinued.
type EndedPart string

// The parts that may be discontinued.
const (
	EndsProducts EndedPart = "products"
	EndsPhases   EndedPart = "phases" // FA 7.4.4
)

// MigrationAct is what the customer must do when equipment moves.
type MigrationAct string

// The acts of the customer.
const (
	ChangeDNS           MigrationAct = "dns"
	ChangeConfiguration MigrationAct = "configuration"
)

// TransferQuality is what holds for the quality of the service after a transfer.
type TransferQuality string

// The promises on a transfer.
const (
	JointLiability TransferQuality = "joint_liability_if_reduced" // G 12.2
	NotReduced     TransferQuality = "not_reduced"                // FA 12.3
)

// ComplaintScope is which complaints of third parties a procedure is about.
type ComplaintScope string

// The scopes of complaints.
const (
	AnyComplaint                  ComplaintScope = "any"
	IntellectualPropertyComplaint ComplaintScope = "intellectual_property"
)

// Unanswered is what a complaint leads to that the customer leaves unanswered.
type Unanswered string

// MeasuresFollow allows the measures for a breach.
const MeasuresFollow Unanswered = "measures"

// Ban is that a clause bans something.
type Ban string

// The bans.
const (
	Banned             Ban = "banned"               // without exception: a waiver on the account changes nothing
	BannedUnlessAgreed Ban = "banned_unless_agreed" // G 3.1.6.3
)

// AbuseTest is which heavy use of resources is a violation.
type AbuseTest string

// The tests of heavy use.
const (
	AbnormalLoad  AbuseTest = "abnormal"  // G 3.1.6.7
	SevereLoad    AbuseTest = "severe"    // severe and unreasonable (E 3.1.3.7)
	MaliciousLoad AbuseTest = "malicious" // FA 3.1.6.6
)

// Outbound is what may leave a server by the mail transfer protocol.
type Outbound string

// BlockedUntilPermitted blocks it by default (E 3.1.3.5).
const BlockedUntilPermitted Outbound = "blocked_until_permitted"

// Permission is what makes adapting or reverse engineering lawful.
type Permission string

// The permissions.
const (
	WrittenPermission Permission = "written"
	ExpressPermission Permission = "express"              // need not be in writing
	HolderConsent     Permission = "right_holder_consent" // S 7.1
	AnyConsent        Permission = "consent"
)

// DisclosurePurpose is why business data may be disclosed. The sets differ
// between documents, so each purpose has its own word.
type DisclosurePurpose string

// The purposes of disclosure.
const (
	ByAuthority    DisclosurePurpose = "authority"       // the law or a competent authority
	ByAgreement    DisclosurePurpose = "agreement"       // the parties agreed it
	ByConsent      DisclosurePurpose = "consent"         // the customer consented (C 4.2)
	ByViolation    DisclosurePurpose = "law_violation"   // the customer broke the law
	ServiceSharing DisclosurePurpose = "service_sharing" // needed to provide the service
)

// Sharing is under which condition data is shared to provide the service.
type Sharing string

// The conditions of sharing.
const (
	WithUndertaking Sharing = "vendor_undertaking" // the third party has undertaken secrecy (E 4.1)
	Unconditional   Sharing = "unconditional"      // C 4.2
)

// SecrecyException is a case in which information need not be kept secret.
type SecrecyException string

// The exceptions from confidentiality.
const (
	AlreadyKnown    SecrecyException = "already_known"
	PublicDomain    SecrecyException = "public"
	FromThirdParty  SecrecyException = "third_party"
	LaterPublic     SecrecyException = "later_public"
	Independent     SecrecyException = "independent"
	Compelled       SecrecyException = "compelled"
	ForCertificates SecrecyException = "certification"
)

// DataClass is a class of business data.
type DataClass string

// The classes of data.
const (
	OnlineData DataClass = "online"
	CacheData  DataClass = "caches"
	BackupData DataClass = "backups"
)

// DeletionScope is what is deleted when a service is released (X11).
type DeletionScope string

// The scopes of deletion.
const (
	DeletesOnline       DeletionScope = "online"                         // G 4.1.4
	DeletesAll          DeletionScope = "all"                            // S 6.3
	DeletesOnlineAtOnce DeletionScope = "online_at_once_offline_by_rule" // the customer's backup rule, else the default (FA 4.1.4)
)

// Entitlement is who may ask for support.
type Entitlement string

// The entitled.
const (
	CustomersInTerm Entitlement = "customers_in_term" // whoever has a service, paid or free
	PayingCustomers Entitlement = "paying_customers"
	AllCustomers    Entitlement = "all_customers"
)

// SupportTime is when support is given.
type SupportTime string

// AllHours are all hours of every day.
const AllHours SupportTime = "7x24"

// PaidSupport is whether more support is sold.
type PaidSupport string

// SupportSold: further support is sold (S 5.3).
const SupportSold PaidSupport = "sold"

// Restoration is by when a fault is cleared.
type Restoration string

// WithinLegalTime is the time that the law allows, of which no document gives the number (U 5.7).
const WithinLegalTime Restoration = "within_legal_time"

// FaultContact is who answers for faults.
type FaultContact string

// NamedPerson is a person with means of contact who reports back (C 3.2.2.1).
const NamedPerson FaultContact = "named_person"

// TaxReading is whether prices include tax (X30).
type TaxReading string

// The readings of a price.
const (
	TaxInclusive TaxReading = "tax_inclusive"
	TaxExclusive TaxReading = "tax_exclusive"
)

// Split divides a listed price into the net price and the tax at a rate, rounded
// once: net and tax always sum to what is paid.
func (r TaxReading) Split(price money.Amount, rate money.Decimal, rounding money.Rounding) (net, tax money.Amount, err error) {
	if r == TaxExclusive {
		tax, err = rounding.Share(price, rate)
		return price, tax, err
	}
	net, err = rounding.Part(price, money.DecimalScale, money.DecimalScale+int64(rate))
	return net, price - net, err
}
