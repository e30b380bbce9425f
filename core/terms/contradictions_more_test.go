package terms_test

import (
	"slices"
	"strings"
	"testing"

	"termwise.dev/core/money"
	"termwise.dev/core/terms"
)

// The contradictions X16 to X30; see contradictions_test.go.

// TestX16 72 hours on end let the customer leave, but not under the framework
// contract, which compensates by the service level instead: also for an account
// that accepted G beside it, whose hours then lead nowhere.
func TestX16OutageExit(t *testing.T) {
	const key, hours = "outage.remedy", "outage.exit_after"
	for cite, s := range map[string]side{
		"G 8.3":  {accepted: "G", product: firewall},
		"S 10.4": {accepted: "S", product: computing},
		"E 8.3":  {accepted: "E", product: computing},
		"C 7.3":  {accepted: "C", product: network},
	} {
		s.says(t, key, "exit, "+cite)
		s.says(t, hours, "72 hours, "+cite)
	}
	frame(firewall, "").says(t, key, "sla_compensation, FA 8.2")
	frame(firewall, "").says(t, hours, "silent: no right to leave for an outage")
	both := frame(firewall, "G")
	both.says(t, key, "sla_compensation, FA 8.2")
	both.lost(t, key, "G 8.3", "F 4 ranks framework-terms above general")
	side{accepted: "U", product: line}.says(t, key, "silent: none is agreed")
}

// TestX17 that the provider tells the customer of a complaint stands in E, C and
// FA and not in G; and E knows two exceptions from secrecy where G knows seven.
func TestX17ComplaintsAndSecrecy(t *testing.T) {
	const key, secrecy = "complaint.provider_notifies", "confidentiality.exceptions"
	side{accepted: "G", product: firewall}.says(t, key, "silent: no duty is stated")
	side{accepted: "G E", product: computing}.says(t, key, "true, E 3.1.3.13")
	side{accepted: "G C", product: network}.says(t, key, "true, C 3.1.3.10")
	frame(firewall, "").says(t, key, "true, FA 3.1.9")

	two := side{accepted: "G E", product: computing}
	two.says(t, secrecy, "compelled, public, E 6.2")
	two.lost(t, secrecy, "G 6.4", specialGoesFirst)
	if slices.Contains(get(t, two, terms.ConfidentialityExceptions), terms.Independent) {
		t.Error("under E what was developed independently is no exception")
	}
	for _, s := range []side{{accepted: "G", product: firewall}, {accepted: "S", product: computing}, {accepted: "U", product: line}, frame(firewall, "")} {
		if n := len(get(t, s, terms.ConfidentialityExceptions)); n != 7 {
			t.Errorf("under %s there are %d exceptions", s.accepted, n)
		}
	}
}

// TestX18 the estimate of the price annex contradicts itself and binds nobody, so
// both figures stand and nothing is refused; the account for remittances has no
// number; and what a preference could be without a discount is left open.
func TestX18PriceAnnex(t *testing.T) {
	contract := frame(computing, "")
	contract.says(t, "contract.estimate", "200000 CNY, FP 2")
	contract.says(t, "contract.estimate_binds", "false, FP 2")
	contract.says(t, "contract.remittance", "pending, FP 3")
	contract.says(t, "contract.discount", "0%, FP 1")
	clause, _ := coded(t, "FP")[0].Clause("2")
	if !strings.Contains(clause.Text, "200,000 CNY (less than 100,000 CNY)") {
		t.Errorf("FP 2 says %q", clause.Text)
	}
	forms, _ := terms.In(coded(t, "F")[0], terms.AcceptanceForms)
	if slices.Contains(forms, terms.Purchase) || slices.Contains(forms, terms.Use) {
		t.Errorf("a purchase alone enjoys no preference, and the forms are %v", forms)
	}
	side{accepted: "G", product: computing}.says(t, "contract.estimate", "silent: no estimate")
}

// TestX19 the contract calls its annexes by other names than their heads bear;
// what it ranks are the documents. The price annex goes before the terms annex.
func TestX19NamesOfTheAnnexes(t *testing.T) {
	text, _ := coded(t, "F")[0].Clause("4")
	for code, names := range map[string][2]string{"FP": {"Product Quantity", "Price"}, "FA": {"Services Agreement", "Product and service terms"}} {
		if d := coded(t, code)[0]; !strings.Contains(text.Text, names[0]) || d.Title != names[1] {
			t.Errorf("%s is headed %q", code, d.Title)
		}
	}
	other := edited(t, "FA", []string{"arrears.demand: any_time_after_arrears", "arrears.demand: any_time_after_arrears\n      contract.discount: 5%"})
	set := frame(computing, "").in(t, other)
	if got := answerOf(set, "contract.discount"); got != "0%, FP 1" {
		t.Errorf("price annex and terms annex: %s", got)
	}
	if trace, err := set.Trace("contract.discount"); err != nil || !trace.Cites("F", "4") {
		t.Errorf("decided by %v, %v", trace.Citations(), err)
	}
}

// TestX20 the two copies of the line agreement name other products and set the
// same values; the one that took effect last is in force.
func TestX20TwoCopies(t *testing.T) {
	copies := coded(t, "U")
	if len(copies) != 2 {
		t.Fatalf("there are %d copies", len(copies))
	}
	for _, c := range terms.Diff(copies[0], copies[1]) {
		if c.Part == terms.PartTerm {
			t.Errorf("%s of clause %s is %q and %q", c.Field, c.Clause, c.Old, c.New)
		}
	}
	for _, d := range copies {
		clause, _ := d.Clause("0.1")
		other := strings.Contains(clause.Text, "cross-domain acceleration bandwidth package")
		if other != (d.Version == "2025-06-copy-2") {
			t.Errorf("%s sells %q", d.Version, clause.Text)
		}
	}
	trace, err := side{accepted: "U", product: line}.set(t).Trace("late_fee.rate")
	if err != nil || trace.Citation.Version != "2025-06-copy-2" {
		t.Errorf("in force is %+v, %v", trace.Citation, err)
	}
}

// TestX21 labels are kept as printed: they jump, repeat and stand under the wrong
// headings.
func TestX21Labels(t *testing.T) {
	tests := []struct {
		code, label string
		there       bool
	}{
		{"E", "2.1.1.1", true},
		{"E", "2.1.1.2", true},
		{"E", "2.2.1", false},
		{"C", "3.1.3.5/3.1.3.6.1", true},
		{"C", "3.1.3.5/3.1.3.6.8", true},
		{"C", "3.1.3.6", true},
		{"C", "3.1.9", false},
		{"C", "3.1.10", true},
		{"FA", "3.2.7", false},
		{"FA", "3.2.7.1", true},
		{"FA", "3.2.7.2", true},
		{"U", "1", true},
		{"U", "2", true},
		{"U", "8", true},
		{"U", "13", true},
		{"U", "1.1", false},
		{"U", "2.1", false},
	}
	for _, tt := range tests {
		for _, d := range coded(t, tt.code) {
			if _, found := d.Clause(tt.label); found != tt.there {
				t.Errorf("%s %s: found is %v", d.Code, tt.label, found)
			}
		}
	}
	side{accepted: "E", product: computing}.says(t, "order.hold", "within 7 days, E 2.1.1.1")
}

// TestX22 the customer's name may be used as a reference case; "not without
// written permission" is read as being about any other use.
func TestX22Publicity(t *testing.T) {
	contract := frame(computing, "")
	contract.says(t, "publicity.reference_case", "true, FA 3.2.9")
	contract.says(t, "publicity.other_use", "written, FA 3.2.9")
	side{accepted: "G", product: computing}.says(t, "publicity.reference_case", "silent: not allowed")
}

// TestX23 a migration is announced 7 natural days ahead, or seven days of which
// nobody says the kind: they are counted alike, and remain different values.
func TestX23KindsOfDays(t *testing.T) {
	const key = "migration.notice"
	general, contract := side{accepted: "G", product: firewall}, frame(firewall, "G")
	general.says(t, key, "7 natural days, G 3.2.8")
	side{accepted: "G E", product: computing}.says(t, key, "7 natural days, E 3.2.6")
	contract.says(t, key, "7 days, FA 3.2.8")
	contract.lost(t, key, "G 3.2.8", "F 4 ranks framework-terms above general")
	natural, open := get(t, general, terms.MigrationNotice), get(t, contract, terms.MigrationNotice)
	if natural == open || natural.Lead.Unit != terms.NaturalDay || open.Lead.Unit != terms.PlainDay {
		t.Errorf("%s and %s", natural, open)
	}
	for _, notice := range []terms.Notice{natural, open} {
		for on, want := range map[string]bool{"2026-03-24T12:00:00+08:00": true, "2026-03-25T12:00:00+08:00": false} {
			if got, err := notice.Respected(moment(t, on), moment(t, "2026-03-31T02:00:00+08:00"), zone, nil); got != want || err != nil {
				t.Errorf("%s, announced at %s: %v, %v", notice, on, got, err)
			}
		}
	}
}

// TestX24 only S and U say when a notice is served. Elsewhere nothing does, not
// even for the written notification that FA wants before a set-off.
func TestX24ServedNotices(t *testing.T) {
	side{accepted: "S", product: computing}.says(t, "notice.electronic.served", "when_sent, S 11.3")
	side{accepted: "U", product: line}.says(t, "notice.paper.served", "5 natural days, U 11.3")
	for _, s := range []side{{accepted: "G", product: firewall}, {accepted: "E", product: computing}, {accepted: "C", product: network}, frame(firewall, "")} {
		s.says(t, "notice.electronic.served", "silent: not stated: what is kept is when it was sent")
		s.says(t, "notice.paper.served", "silent: not stated: what is kept is when it was posted")
	}
	frame(firewall, "").says(t, "set_off.after", "written_notice, FA 3.2.13")
	// Who accepted S beside G has its rule: G does not contradict it.
	side{accepted: "G S", product: computing}.says(t, "notice.electronic.served", "when_sent, S 11.3")
}

// TestX25 "at least within 7 days before" is read as a deadline, by a rule that
// the provider publishes; a provider may publish the other reading.
func TestX25RenewalReading(t *testing.T) {
	customer := side{accepted: "G", product: computing}
	customer.says(t, "renewal.reading", "deadline, R 8")
	window := reading(t, terms.ReadingOfRenewal, "deadline", "window")
	lead, end := get(t, customer, terms.RenewalLead), date(t, "2026-06-30")
	for on, want := range map[string][2]bool{"2026-06-22": {true, false}, "2026-06-23": {true, true}, "2026-06-24": {false, true}} {
		for i, r := range []terms.RenewalReading{get(t, customer, terms.ReadingOfRenewal), window} {
			if got, err := r.InTime(lead, end, date(t, on)); got != want[i] || err != nil {
				t.Errorf("%s, renewed on %s: %v, %v", r, on, got, err)
			}
		}
	}
}

// TestX26 the day of the event does not count: a buffer from 1 March runs through
// 8 March, and paper posted on 1 March is served on the 6th.
func TestX26FirstDay(t *testing.T) {
	compute, service := side{accepted: "E", product: computing}, side{accepted: "S", product: computing}
	compute.says(t, "data.buffer.first_day", "day_after, R 10")
	service.says(t, "notice.paper.first_day", "day_after, R 11")
	buffer, paper := get(t, compute, terms.DataBuffer), get(t, service, terms.PaperServed)
	for _, tt := range []struct {
		period terms.Period
		first  terms.Counting
		want   string
	}{
		{buffer, get(t, compute, terms.DataBufferFirstDay), "2026-03-08"},
		{buffer, reading(t, terms.DataBufferFirstDay, "day_after", "same_day"), "2026-03-07"},
		{paper, get(t, service, terms.PaperFirstDay), "2026-03-06"},
		{paper, reading(t, terms.PaperFirstDay, "day_after", "same_day"), "2026-03-05"},
	} {
		if got, err := tt.period.Through(date(t, "2026-03-01"), tt.first, nil); err != nil || got.String() != tt.want {
			t.Errorf("%s from 1 March (%s): %s, %v", tt.period, tt.first, got, err)
		}
	}
}

// TestX27 two general agreements bind whoever accepted them, the one accepted last
// in place of the other. Accepted at one instant they stand side by side: what
// they say alike is no conflict, and what they say otherwise is refused with both
// citations, since neither ranks the other.
func TestX27TwoGeneralAgreements(t *testing.T) {
	both := side{accepted: "G S", product: computing}
	both.says(t, "late_fee.rate", "0.05%/day, G 2.3")
	both.lost(t, "late_fee.rate", "S 3.4", "sets the same value")
	both.refuses(t, "order.hold", "G 2.3.1.2 (general-agreement 2025-06)", "S 3.2.1 (service-agreement 2020-09-24)", "nothing decides between them")
	both.refuses(t, "liability.cap", "G 8.5", "S 10.6")

	// Over time: S from June, G instead from September; or the other way round.
	for at, want := range map[string][2]string{
		"2025-08-31": {"when_up 7 days, S 3.2.1", "more_than 7 days, G 2.3.1.2"},
		"2025-09-01": {"more_than 7 days, G 2.3.1.2", "when_up 7 days, S 3.2.1"},
	} {
		side{accepted: "S G@2025-09-01", product: computing, at: at}.says(t, "order.hold", want[0])
		side{accepted: "G S@2025-09-01", product: computing, at: at}.says(t, "order.hold", want[1])
	}
	// The product's own terms settle it for their product.
	side{accepted: "G S E", product: computing}.says(t, "order.hold", "within 7 days, E 2.1.1.1")
}

// TestX28 how many days a month has, and what a month of service is, are rules
// that the provider publishes: two months and ten days from 1 January cost
// 232.258065 by the days of March, and 233.333333 by thirty.
func TestX28MonthsOfService(t *testing.T) {
	customer := side{accepted: "G", product: firewall}
	customer.says(t, "end.day_denominator", "days_of_month, R 9")
	customer.says(t, "end.service_month", "anniversary, R 9")
	month := get(t, customer, terms.EndServiceMonth)
	began := date(t, "2026-01-01")
	from, to := month.Start(began, 2), month.Start(began, 3)
	for _, tt := range []struct {
		days terms.DayDenominator
		want string
	}{
		{get(t, customer, terms.EndDayDenominator), "232.258065"},
		{reading(t, terms.EndDayDenominator, "days_of_month", "thirty"), "233.333333"},
	} {
		fee, err := get(t, customer, terms.AttackUsedRounding).Fee(amount(t, "100"), 2, 10, tt.days.Of(from, to), money.HalfUp)
		if err != nil || fee.String() != tt.want {
			t.Errorf("by %s: %s, %v", tt.days, fee, err)
		}
	}
	if other := reading(t, terms.EndServiceMonth, "anniversary", "calendar"); other.Start(date(t, "2026-01-15"), 1) != date(t, "2026-02-01") {
		t.Errorf("a month of service by %s", other)
	}
}

// TestX29 no document says whether a late fee is simple, which day is its first,
// or what a part payment does: four rules do, and give way to any agreement.
func TestX29LateFeeReadings(t *testing.T) {
	customer := side{accepted: "G", product: computing}
	customer.says(t, "late_fee.method", "simple, R 3")
	customer.says(t, "late_fee.first_day", "day_after_due, R 4")
	customer.says(t, "late_fee.base", "outstanding_at_day_end, R 5")
	customer.says(t, "late_fee.rounding", "half_up, R 6")
	spoken := edited(t, "G", []string{"late_fee.rate: 0.05%/day", "late_fee.rate: 0.05%/day\n      late_fee.method: compound"})
	if got := answerOf(customer.in(t, spoken), "late_fee.method"); got != "compound, G 2.3" {
		t.Errorf("an agreement that speaks: %s", got)
	}
}

// TestX30 whether listed prices include the tax of 6% is a rule: they do, so
// 106.00 is 100.00 and 6.00 of tax.
func TestX30Tax(t *testing.T) {
	carrier := side{accepted: "U", product: line}
	carrier.says(t, "invoice.prices", "tax_inclusive, R 13")
	carrier.says(t, "invoice.vat", "6%, U 3.4.1")
	vat := get(t, carrier, terms.InvoiceVAT)
	for _, tt := range []struct {
		reading terms.TaxReading
		want    string
	}{
		{get(t, carrier, terms.InvoicePrices), "100.000000 + 6.000000"},
		{reading(t, terms.InvoicePrices, "tax_inclusive", "tax_exclusive"), "106.000000 + 6.360000"},
	} {
		net, tax, err := tt.reading.Split(amount(t, "106"), vat, money.HalfUp)
		if got := net.String() + " + " + tax.String(); err != nil || got != tt.want {
			t.Errorf("106.00, %s: %s, %v", tt.reading, got, err)
		}
	}
}
