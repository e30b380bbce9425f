package terms_test

import (
	"slices"
	"strings"
	"testing"

	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// Rules of the agreements that are easy to miss, by their number in the register.
// Each test shows that the terms that bind make the rule come out right, and
// what somebody who missed it would have done instead.

// TestTrap03: an order that lapses under E or C takes the acceptance of the terms
// with it, one under G or FA the price, one under S or U the consensus alone.
func TestTrap03WhatLapses(t *testing.T) {
	for _, tt := range []struct {
		side side
		want terms.LapseEffect
	}{
		{side{accepted: "E", product: computing}, terms.LapsesTerms},
		{side{accepted: "G E", product: computing}, terms.LapsesTerms},
		{side{accepted: "G C", product: network}, terms.LapsesTerms},
		{side{accepted: "G", product: firewall}, terms.LapsesPrice},
		{frame(computing, ""), terms.LapsesPrice},
		{side{accepted: "S", product: computing}, terms.LapsesConsensus},
		{side{accepted: "U", product: line}, terms.LapsesConsensus},
	} {
		if got := get(t, tt.side, terms.LapseVoids); got != tt.want {
			t.Errorf("under %s a lapse voids the %s, not the %s", tt.side.accepted, got, tt.want)
		}
	}
}

// TestTrap11: the framework contract names no 7 days, so renewing on the last day
// is in time there and late elsewhere.
func TestTrap11NoLeadInTheContract(t *testing.T) {
	end := date(t, "2026-05-31")
	for _, tt := range []struct {
		side side
		want bool
	}{
		{frame(computing, ""), true},
		{frame(computing, "G"), true},
		{side{accepted: "G", product: computing}, false},
		{side{accepted: "G E", product: computing}, false},
	} {
		got, err := get(t, tt.side, terms.ReadingOfRenewal).InTime(get(t, tt.side, terms.RenewalLead), end, end)
		if got != tt.want || err != nil {
			t.Errorf("under %s, renewed on the last day: %v, %v", tt.side.accepted, got, err)
		}
	}
}

// TestTrap12: a stamped contract beats page, special and general terms alike.
func TestTrap12StampedBeatsClicks(t *testing.T) {
	contract := text{id: "contract", code: "Z", kind: "stamped", binds: "{accounts: [c]}"}.
		waiting("data.buffer", "30 natural days").with("late_fee.rate", "0.02%/day")
	c := edited(t, "E", nil, contract)
	for _, s := range []side{{accepted: "G", product: computing}, {accepted: "G E", product: computing}} {
		if got := answerOf(s.in(t, c), "data.buffer"); got != "30 natural days, Z 1" {
			t.Errorf("data.buffer under %s and the contract: %s", s.accepted, got)
		}
		if got := answerOf(s.in(t, c), "late_fee.rate"); got != "0.02%/day, Z 1" {
			t.Errorf("late_fee.rate under %s and the contract: %s", s.accepted, got)
		}
	}
	// Nobody else is bound by it, and S does not know stamped text.
	other := side{accepted: "G E", product: computing, account: "d"}
	if got := answerOf(other.in(t, c), "data.buffer"); got != "7 natural days, E 4.2" {
		t.Errorf("data.buffer for another account: %s", got)
	}
	_, err := side{accepted: "S", product: computing}.in(t, c).Trace("late_fee.rate")
	wantRefusal(t, err, refusal.TermConflict, "Z 1", "S 3.4")
}

// TestTrap13: the framework's main body beats its annexes and the price annex the
// terms annex; within FA a service level stands beside the special terms.
func TestTrap13OrderOfTheContract(t *testing.T) {
	contract := frame(network, "C C-SLA")
	contract.says(t, "sla.target", "99.95%, C-SLA 2")
	contract.says(t, "sla.source", "product_sla, FA 3.2.1")
	// What C says otherwise than FA goes before FA (FA 0.2, FA 12.1).
	contract.says(t, "end.attack.used_rounding", "full_month, C 6.2.3")
	contract.lost(t, "end.attack.used_rounding", "FA 7.4.3", "FA 12.1 ranks special above self")
	// What FA says alone remains.
	contract.says(t, "late_fee.rate", "0.1%/day, FA 2.3")
}

// TestTrap15: the contract covers three accounts, and neither domain names nor
// the marketplace, so one customer stands under several contracts at once.
func TestTrap15ScopeOfTheContract(t *testing.T) {
	const key = "late_fee.rate"
	for _, account := range []string{"northfield-a", "northfield-b", "northfield-c"} {
		covered := side{accepted: "G F FP FA", product: computing, account: account}
		covered.says(t, key, "0.1%/day, FA 2.3")
	}
	side{accepted: "G F FP FA", product: computing, account: "northfield-d"}.says(t, key, "0.05%/day, G 2.3")
	for _, excluded := range []string{"domain-names", "marketplace"} {
		side{accepted: "G F FP FA", product: excluded, account: "northfield-a"}.says(t, key, "0.05%/day, G 2.3")
	}
	side{accepted: "G U F FP FA", product: line, account: "northfield-a"}.says(t, key, "0.3%/day, U 10.1")
	side{accepted: "G F FP FA", product: computing, account: "northfield-a", at: "2026-06-04"}.says(t, key, "0.05%/day, G 2.3")
}

// TestTrap17: an electronic notice counts when it was sent, whether or not it is
// read, and paper on the 5th natural day after posting; only S and U say so.
func TestTrap17WhenServed(t *testing.T) {
	for _, s := range []side{{accepted: "S", product: computing}, {accepted: "U", product: line}} {
		if got := get(t, s, terms.ElectronicServed); got != terms.ServedWhenSent {
			t.Errorf("under %s an electronic notice is served %s", s.accepted, got)
		}
		served, err := get(t, s, terms.PaperServed).Through(date(t, "2026-03-01"), get(t, s, terms.PaperFirstDay), nil)
		if err != nil || served.String() != "2026-03-06" {
			t.Errorf("under %s paper posted on 1 March is served on %s, %v", s.accepted, served, err)
		}
	}
	side{accepted: "G", product: firewall}.says(t, "notice.electronic.served", "silent: not stated: what is kept is when it was sent")
}

// TestTrap18: the inbox of a sub-account is a valid address under S and U.
func TestTrap18SubuserInbox(t *testing.T) {
	const key = "notice.subuser_inbox"
	side{accepted: "S", product: computing}.says(t, key, "true, S 11.1")
	side{accepted: "U", product: line}.says(t, key, "true, U 11.1")
	side{accepted: "G", product: firewall}.says(t, key, "silent: not said to be a valid contact")
}

// TestTrap19: where contact data is wrong, the time to answer a complaint does not
// stand still under E and C: it counts as missed.
func TestTrap19Unreachable(t *testing.T) {
	for _, tt := range []struct {
		side side
		want terms.Unreachable
	}{
		{side{accepted: "G E", product: computing}, terms.DeadlineMissed},
		{side{accepted: "G C", product: network}, terms.DeadlineMissed},
		{side{accepted: "G", product: firewall}, terms.OwnRisk},
		{side{accepted: "S", product: computing}, terms.OwnRiskForLegalPapers},
		{side{accepted: "U", product: line}, terms.OwnRisk},
		{frame(firewall, ""), terms.OwnRisk},
	} {
		if got := get(t, tt.side, terms.ContactUnreachable); got != tt.want {
			t.Errorf("under %s: %s", tt.side.accepted, got)
		}
	}
}

// TestTrap26: the compensation is a voucher for packages, and what was paid with
// vouchers earns nothing: the tier of 100% pays 60.00 of a fee of 100.00.
func TestTrap26CreditBelowItsTier(t *testing.T) {
	customer := side{accepted: "G C C-SLA", product: network}
	if get(t, customer, terms.SLACreditForm) != terms.PackageVoucher || get(t, customer, terms.SLACreditBase) != terms.MonthlyPackageFee {
		t.Error("the credit is something else")
	}
	fee := amount(t, "100")
	credit, err := money.HalfUp.Share(fee, get(t, customer, terms.SLATiers).Credit(90, 100))
	if err != nil {
		t.Fatal(err)
	}
	if got := get(t, customer, terms.SLACreditCap).Of(credit, fee, amount(t, "40")); credit != fee || got.String() != "60.000000" {
		t.Errorf("a credit of %s comes to %s", credit, got)
	}
}

// TestTrap27: claims for January open after the fifth working day of February,
// the 6th, and close with March; the year after has no table yet and is refused.
func TestTrap27ClaimWindow(t *testing.T) {
	customer := side{accepted: "C C-SLA", product: network}
	opens, first, closes := get(t, customer, terms.SLAClaimOpens), get(t, customer, terms.SLAClaimFirstDay), get(t, customer, terms.SLAClaimCloses)
	from, to, err := terms.ClaimWindow(date(t, "2026-01-01").Month(), opens, first, closes, workDays(t))
	if err != nil || from.String() != "2026-02-07" || to.String() != "2026-03-31" {
		t.Errorf("from %s to %s, %v", from, to, err)
	}
	customer.says(t, "sla.claim.first_day", "day_after, R 12")
	_, _, err = terms.ClaimWindow(date(t, "2026-12-01").Month(), opens, first, closes, workDays(t))
	wantRefusal(t, err, refusal.TermMissing, "2027")
}

// TestTrap31: the 7 days of the compute terms do not name arrears; the general
// terms do; the network has no days of its own and never those of compute.
func TestTrap31Buffers(t *testing.T) {
	if _, stated := terms.In(coded(t, "E")[0], terms.BufferOnArrears); stated {
		t.Error("E names arrears")
	}
	side{accepted: "S E", product: computing}.says(t, "data.buffer.on_arrears", "true, S 6.4")
	side{accepted: "S E", product: computing}.says(t, "data.buffer", "7 natural days, E 4.2")
	side{accepted: "G E C", product: network}.says(t, "data.buffer", "15 natural days, PN 3")
	side{accepted: "C", product: network}.says(t, "data.buffer.on_expiry", "silent: begins no buffer")
}

// TestTrap32: releasing under G deletes what is online, under S everything, and
// under FA what is online at once and backups by the customer's rule.
func TestTrap32Release(t *testing.T) {
	for _, tt := range []struct {
		side side
		want terms.DeletionScope
	}{
		{side{accepted: "G", product: firewall}, terms.DeletesOnline},
		{side{accepted: "S", product: computing}, terms.DeletesAll},
		{frame(firewall, "G"), terms.DeletesOnlineAtOnce},
	} {
		if got := get(t, tt.side, terms.DeletionOnRelease); got != tt.want {
			t.Errorf("under %s: %s", tt.side.accepted, got)
		}
	}
	if got := get(t, side{accepted: "G", product: firewall}, terms.DataBufferDeletes); !slices.Contains(got, terms.BackupData) {
		t.Errorf("as the buffer ends, %v are deleted", got)
	}
}

// TestTrap47: a change of an agreement needs 30 days everywhere; a change of a
// product only prior notice, which under S covers its price and billing mode.
func TestTrap47NoticesOfChange(t *testing.T) {
	for _, code := range []string{"G", "S", "E", "C", "C-SLA", "U", "FA"} {
		for _, d := range coded(t, code) {
			if notice, stated := terms.In(d, terms.ChangeNotice); !stated || notice.String() != "30 days" {
				t.Errorf("%s changes on %s", code, notice)
			}
		}
	}
	service, general := side{accepted: "S", product: computing}, side{accepted: "G", product: firewall}
	if n := get(t, service, terms.SpecChangeNotice); !n.Prior || n.Lead.Count != 0 {
		t.Errorf("S 9.4 wants %s", n)
	}
	if of := get(t, service, terms.SpecChangeOf); !slices.Contains(of, terms.ChangesPrice) || !slices.Contains(of, terms.ChangesBillingMode) {
		t.Errorf("S 9.4 covers %v", of)
	}
	if of := get(t, general, terms.SpecChangeOf); slices.Contains(of, terms.ChangesPrice) {
		t.Errorf("G 7.4 covers %v", of)
	}
	general.says(t, "discontinuation.notice", "30 days, G 7.4")
	frame(firewall, "").says(t, "spec_change.notice", "silent: prior notice, no number of days")
}

// TestTrap48: what the architecture designer shows changes without notice, and
// what is bought through it stands under the latest terms of the product.
func TestTrap48Designer(t *testing.T) {
	tool := side{accepted: "S S-CADT", product: designer}
	tool.says(t, "content_change.notice", "none, S-CADT 3")
	tool.says(t, "spec_change.notice", "prior, S 9.4")
	now := moment(t, "2026-01-15T12:00:00+08:00")
	if ok, err := get(t, tool, terms.ContentChangeNotice).Respected(now, now, zone, nil); !ok || err != nil {
		t.Errorf("a change without notice: %v, %v", ok, err)
	}
	// A later version of the compute terms binds what is bought once it is in force.
	source := strings.NewReplacer(`version: "2025-06"`, `version: "2026-01"`, "announced: 2025-05-01", "announced: 2025-12-01",
		"effective: 2025-06-01", "effective: 2026-01-10", "data.buffer: 7 natural days", "data.buffer: 9 natural days").Replace(string(coded(t, "E")[0].Source))
	next, err := terms.Parse("next.yaml", []byte(source), zone)
	if err != nil {
		t.Fatal(err)
	}
	later, err := corpusOf(sample(t), terms.Published{Document: next, Recorded: day("2025-12-01")})
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{"2026-01-09": "7 natural days, E 4.2", "2026-01-10": "9 natural days, E 4.2"} {
		if got := answerOf(side{accepted: "S E", product: computing, at: at}.in(t, later), "data.buffer"); got != want {
			t.Errorf("on %s: %s", at, got)
		}
	}
}

// TestTrap49: under E telephone and tickets are for paying users; under C tickets
// are for all and the fault service for those who pay.
func TestTrap49Support(t *testing.T) {
	compute, net := side{accepted: "E", product: computing}, side{accepted: "C", product: network}
	if get(t, compute, terms.SupportPhone) != terms.PayingCustomers || get(t, compute, terms.SupportTickets) != terms.PayingCustomers {
		t.Error("E entitles others")
	}
	if get(t, net, terms.SupportTickets) != terms.AllCustomers || get(t, net, terms.SupportFaults) != terms.PayingCustomers {
		t.Error("C entitles others")
	}
	net.says(t, "support.phone", "silent: not promised")
}

// TestTrap50: labels repeat and skip, so a clause is found by its label and never
// by its place.
func TestTrap50Labels(t *testing.T) {
	for _, d := range sample(t) {
		seen := map[string]bool{}
		for i := range d.Clauses {
			label := d.Clauses[i].Label()
			if clause, found := d.Clause(label); !found || clause != &d.Clauses[i] || seen[label] {
				t.Errorf("%s %s does not lead to its clause", d.Code, label)
			}
			seen[label] = true
		}
	}
	c := coded(t, "C")[0]
	heavy, _ := c.Clause("3.1.3.6")
	item, _ := c.Clause("3.1.3.5/3.1.3.6.1")
	if heavy.Title != "No heavy use of resources" || item.Title != "Politics and news" {
		t.Errorf("%q and %q", heavy.Title, item.Title)
	}
}

// TestTrap51: a waiver of one default waives no later one, and a clause that is
// invalid leaves the others in force.
func TestTrap51WaiverAndInvalidity(t *testing.T) {
	for product, s := range map[string]side{"S": {accepted: "S", product: computing}, "U": {accepted: "U", product: line}} {
		s.says(t, "waiver.later_cases", "later_cases_unaffected, "+product+" 14.4")
		s.says(t, "invalid_clause.effect", "others_stand, "+product+" 14.5")
	}
	side{accepted: "G", product: firewall}.says(t, "waiver.later_cases", "silent: as the law provides")
}

// TestTrap52: who does not agree to a change must say that it terminates, under G
// and FA; going on is acceptance everywhere.
func TestTrap52Dissent(t *testing.T) {
	for code, notifies := range map[string]bool{"G": true, "FA": true, "E": false, "C": false, "C-SLA": false, "S": false, "U": false} {
		d := coded(t, code)[0]
		steps, stated := terms.In(d, terms.ChangeExit)
		if slices.Contains(steps, terms.NotifyTermination) != notifies {
			t.Errorf("%s wants %v", code, steps)
		}
		if stated == (code == "S" || code == "U") {
			t.Errorf("%s describes a way out: %v", code, stated)
		}
		if dissent, _ := terms.In(d, terms.ChangeDissent); dissent != terms.ContinuedUseAccepts {
			t.Errorf("under %s going on is %q", code, dissent)
		}
	}
}

// TestTrap53: the estimate is no commitment and no limit.
func TestTrap53Estimate(t *testing.T) {
	contract := frame(computing, "G")
	if get(t, contract, terms.ContractEstimateBinds) || get(t, contract, terms.ContractEstimate).Amount != amount(t, "200000") {
		t.Error("the estimate binds, or is another")
	}
}

// TestTrap55: written notice under U may be electronic, so the month's notice of
// U 10.2 can be sent by e-mail; E, C and FA ask for writing without saying that.
func TestTrap55Written(t *testing.T) {
	const key = "notice.written_includes_electronic"
	carrier := side{accepted: "U", product: line}
	carrier.says(t, key, "true, U 11.3")
	carrier.says(t, "agreement_end.channels", "written, U 10.2")
	for _, s := range []side{{accepted: "E", product: computing}, {accepted: "C", product: network}, frame(firewall, "")} {
		s.says(t, key, "silent: not defined: only paper is certain to be writing")
	}
	side{accepted: "E", product: computing}.says(t, "agreement_end.channels", "site, message, written, E 7.2.4")
	frame(firewall, "").says(t, "set_off.after", "written_notice, FA 3.2.13")
}

// TestTrap56: the exit of U takes a month, its arrears 30 days: from 31 January
// they end on different days.
func TestTrap56MonthAndDays(t *testing.T) {
	carrier := side{accepted: "U", product: line}
	month, days := get(t, carrier, terms.AgreementEndNotice), get(t, carrier, terms.ArrearsTerminateAfter)
	from := date(t, "2026-01-31")
	last, err := month.Lead.Through(from, terms.FromDayAfter, nil)
	if err != nil || last.String() != "2026-02-28" {
		t.Errorf("a month from 31 January: %s, %v", last, err)
	}
	if days.Passed(from, date(t, "2026-03-02")) || !days.Passed(from, date(t, "2026-03-03")) {
		t.Errorf("%s from 31 January are passed on another day than 3 March", days)
	}
	served := moment(t, "2026-01-15T10:00:00+08:00")
	for effect, want := range map[string]bool{"2026-02-14T23:59:59+08:00": false, "2026-02-15T00:00:00+08:00": true} {
		if got, err := month.Respected(served, moment(t, effect), zone, nil); got != want || err != nil {
			t.Errorf("served on 15 January, ends at %s: %v, %v", effect, got, err)
		}
	}
}

// TestTrap57: "at least within 7 days before" is a reading; both are there.
func TestTrap57RenewalReadings(t *testing.T) {
	lead, end := get(t, side{accepted: "G", product: computing}, terms.RenewalLead), date(t, "2026-06-30")
	edge := date(t, "2026-06-23")
	for d := date(t, "2026-06-01"); d <= end+1; d++ {
		for reading, want := range map[terms.RenewalReading]bool{terms.RenewalDeadline: d <= edge, terms.RenewalWindow: edge <= d && d <= end} {
			if got, err := reading.InTime(lead, end, d); got != want || err != nil {
				t.Errorf("%s, renewed on %s: %v, %v", reading, d, got, err)
			}
		}
	}
}

// TestTrap58: intellectual property survives every agreement but that of the line.
func TestTrap58Survival(t *testing.T) {
	for code, label := range map[string]string{"G": "5.1", "S": "7.1", "E": "5.3", "C": "5.3", "FA": "5.1", "U": "6.1"} {
		for _, d := range coded(t, code) {
			if clause, found := d.Clause(label); !found || clause.Survives != (code != "U") {
				t.Errorf("%s %s of version %s is not there, or survives otherwise", code, label, d.Version)
			}
		}
	}
}

// TestTrap61: the whole price starts a prepaid service, and not a part of it. G and
// the framework contract say so; S speaks of payment, as special terms do, and no
// part of the price is the payment of it.
func TestTrap61FullPayment(t *testing.T) {
	for _, s := range []side{{accepted: "G", product: firewall}, frame(firewall, "")} {
		if got := get(t, s, terms.PrepaidStartGate); got != terms.FullPayment {
			t.Errorf("under %s the gate is %s", s.accepted, got)
		}
	}
	for _, s := range []side{{accepted: "G", product: firewall}, {accepted: "S", product: computing}, {accepted: "G E", product: computing}} {
		gate := get(t, s, terms.PrepaidStartGate)
		if gate.Opens(amount(t, "100"), amount(t, "99.999999")) || !gate.Opens(amount(t, "100"), amount(t, "100")) {
			t.Errorf("under %s a part of the price opens the gate, or the whole does not", s.accepted)
		}
	}
}

// TestTrap62: under S use that the provider judges abnormal is enough for
// measures; under G there must be a breach, or a complaint left unanswered.
func TestTrap62Measures(t *testing.T) {
	const key = "measures.on_suspicion"
	side{accepted: "S", product: computing}.says(t, key, "true, S 10.1")
	general := side{accepted: "G", product: firewall}
	general.says(t, key, "silent: a breach, or a complaint left unanswered, is needed")
	general.says(t, "complaint.unanswered", "measures, G 3.2.10")
	if got := get(t, side{accepted: "S", product: computing}, terms.BreachMeasures); !slices.Contains(got, terms.LimitService) {
		t.Errorf("S 10.1 allows %v", got)
	}
}

// TestTrap63: an account may stand under either general agreement, or under both
// over time: the one that was accepted last binds. The firewall knows G alone.
func TestTrap63EitherOrBoth(t *testing.T) {
	for _, tt := range []struct{ accepted, at, product, want string }{
		{"G", "2025-10-01", computing, "G P R"},
		{"S", "2025-10-01", computing, "P R S"},
		{"G S@2025-09-01", "2025-08-31", computing, "G P R"},
		{"G S@2025-09-01", "2025-09-01", computing, "P R S"},
		{"S G@2025-09-01", "2025-08-31", computing, "P R S"},
		{"S G@2025-09-01", "2025-09-01", computing, "G P R"},
		{"G S@2025-09-01 G@2025-11-01", "2025-10-31", computing, "P R S"},
		{"G S@2025-09-01 G@2025-11-01", "2025-11-01", computing, "G P R"},
		{"G", "2025-10-01", firewall, "G PF R"},
		{"G S@2025-09-01", "2025-10-01", firewall, "G PF R"},
	} {
		var codes []string
		for _, d := range (side{accepted: tt.accepted, product: tt.product, at: tt.at}).set(t).Documents() {
			codes = append(codes, d.Code)
		}
		slices.Sort(codes)
		if got := strings.Join(codes, " "); got != tt.want {
			t.Errorf("who accepted %s is bound at %s by %s", tt.accepted, tt.at, got)
		}
	}
	c, err := sampleCorpus()
	if err != nil {
		t.Fatal(err)
	}
	alone := terms.Subject{Account: "c", Product: firewall, Accepted: []terms.Acceptance{{Document: byCode["S"], Form: terms.Click, At: day("2025-06-01"), Recorded: day("2025-06-01")}}}
	if _, err := c.Bind(alone, day("2025-10-01"), day("2025-10-01")); refusal.CodeOf(err) != refusal.NotAccepted {
		t.Errorf("the firewall under S alone: %v", err)
	}
}

// TestTrap14: a package that was bought within the framework's term stays under
// it after its end; what is used then, and was not bought, does not.
func TestTrap14BoughtUnderTheContract(t *testing.T) {
	c, err := sampleCorpus()
	if err != nil {
		t.Fatal(err)
	}
	var accepted []terms.Acceptance
	for _, code := range []string{"G", "F", "FP", "FA"} {
		accepted = append(accepted, terms.Acceptance{Document: byCode[code], Form: terms.Click, At: day("2025-06-05"), Recorded: day("2025-06-05"), Actor: "tester"})
	}
	after := day("2026-12-01")
	for bought, want := range map[string]string{"2026-05-01": "0 days, FA 2.3.1.3", "2026-06-04": "7 days, G 2.3.1.3", "": "7 days, G 2.3.1.3"} {
		s := terms.Subject{Account: "northfield-a", Accepted: accepted, Product: computing}
		if bought != "" {
			s.Bought = day(bought)
		}
		set, err := c.Bind(s, after, after)
		if err != nil {
			t.Fatal(err)
		}
		if got := answerOf(set, "renewal.lead"); got != want {
			t.Errorf("bought on %q: %s, want %s", bought, got, want)
		}
	}
}
