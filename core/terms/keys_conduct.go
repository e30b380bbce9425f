package terms

// What the customer may not do.
var (
	// BanCircumvention bans means of circumvention (G 3.1.6.4, E 3.1.3.11).
	BanCircumvention = Key[Ban]{name: "ban.circumvention", form: banForm, silence: "not banned", waitsFor: "conduct"}
	// BanDDoSResale bans selling protection against denial of service (G 3.1.6.3, E 3.1.3.10).
	BanDDoSResale = Key[Ban]{name: "ban.ddos_resale", form: banForm, silence: "not banned", waitsFor: "conduct"}
	// BanMining bans mining by name (G 3.1.6.7, E 3.1.3.7).
	BanMining = Key[Ban]{name: "ban.mining", form: banForm, silence: "not named", waitsFor: "conduct"}
	// BanInternetConnection bans connecting a line to the internet (U 4.4).
	BanInternetConnection = Key[Ban]{name: "ban.internet_connection", form: banForm, silence: "not banned", waitsFor: "conduct"}
	// BanSublease bans subletting addresses, bandwidth or lines to others (G 3.1.11, U 10.3).
	BanSublease = Key[Ban]{name: "ban.sublease", form: banForm, silence: "not banned", waitsFor: "conduct"}
	// BanLease bans leasing the services or their software (G 3.1.6.10, E 3.1.3.2).
	BanLease = Key[Ban]{name: "ban.lease", form: banForm, silence: "not banned", waitsFor: "conduct"}
	// BanDiskRental bans letting disk space (E 3.1.3.5).
	BanDiskRental = Key[Ban]{name: "ban.disk_rental", form: banForm, silence: "not banned", waitsFor: "conduct"}
	// ResourceAbuse is which heavy use of resources is a violation (G 3.1.6.7, E 3.1.3.7, FA 3.1.6.6).
	ResourceAbuse = Key[AbuseTest]{name: "ban.resource_abuse", form: abuseTestForm, silence: "not banned", waitsFor: "conduct"}
	// SMTPOutbound is whether mail may leave a server (E 3.1.3.5).
	SMTPOutbound = Key[Outbound]{name: "smtp.outbound", form: outboundForm, silence: "not blocked", waitsFor: "conduct"}
	// AdaptingNeeds is what makes adapting or reverse engineering lawful (G 3.1.6.10, E 3.1.3.2, S 7.1).
	AdaptingNeeds = Key[Permission]{name: "permission.reverse_engineering", form: permissionForm, silence: "as the law provides", waitsFor: "conduct"}
)

// Support.
var (
	// SupportPhone is who may ask for support by telephone (G 3.2.7.1, E 3.2.2; X15).
	SupportPhone = Key[Entitlement]{name: "support.phone", form: entitlementForm, silence: "not promised", waitsFor: "support"}
	// SupportTickets is who may ask by ticket (G 3.2.7.1, C 3.2.2.2).
	SupportTickets = Key[Entitlement]{name: "support.tickets", form: entitlementForm, silence: "not promised", waitsFor: "support"}
	// SupportHours is when support is given (G 3.2.7.1, E 3.2.2, C 3.2.2.1).
	SupportHours = Key[SupportTime]{name: "support.hours", form: supportTimeForm, silence: "no hours are promised", waitsFor: "support"}
	// SupportFaults is for whom there is a fault service (C 3.2.2.1).
	SupportFaults = Key[Entitlement]{name: "support.faults", form: entitlementForm, silence: "no service of its own", waitsFor: "support"}
	// SupportFaultContact is who answers for faults (C 3.2.2.1).
	SupportFaultContact = Key[FaultContact]{name: "support.fault_contact", form: faultContactForm, silence: "nobody in particular", waitsFor: "support"}
	// SupportPaid says whether more support is sold (S 4.2, S 5.3).
	SupportPaid = Key[PaidSupport]{name: "support.paid_tier", form: paidSupportForm, silence: "none is offered", waitsFor: "support"}
	// SupportRestoration is by when a fault is cleared (U 5.7).
	SupportRestoration = Key[Restoration]{name: "support.restoration", form: restorationForm, silence: "no time is stated", waitsFor: "support"}
	// SupportHotline is the number to call in disputes about compliance or invoices (U 8).
	SupportHotline = Key[string]{name: "support.hotline", form: phoneForm, silence: "no number is stated", waitsFor: "support"}
)
