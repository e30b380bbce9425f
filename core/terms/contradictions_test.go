package terms_test

import (
	"slices"
	"strings"
	"testing"

	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// The agreements contradict each other on thirty points (X1 to X30). Each test
// shows, on the sample's documents, which way a point is decided and by which
// clause, or that nothing decides it, or which reading was chosen. The points
// from X16 on are in contradictions_more_test.go.

// TestX01 the rate of the late fee follows the contract and the seller. Compute
// and network terms name none; beside a general agreement its rate is inherited,
// since to be silent is not to be inconsistent.
func TestX01LateFee(t *testing.T) {
	const key = "late_fee.rate"
	side{accepted: "E", product: computing}.says(t, key, "silent: no late fee")
	side{accepted: "C", product: network}.says(t, key, "silent: no late fee")
	side{accepted: "G", product: computing}.says(t, key, "0.05%/day, G 2.3")
	side{accepted: "G E", product: computing}.says(t, key, "0.05%/day, G 2.3")
	side{accepted: "G C", product: network}.says(t, key, "0.05%/day, G 2.3")
	side{accepted: "S E", product: computing}.says(t, key, "0.05%/day, S 3.4")
	frame(computing, "").says(t, key, "0.1%/day, FA 2.3")

	// One account, two sellers.
	side{accepted: "G E U", product: line}.says(t, key, "0.3%/day, U 10.1")
	side{accepted: "G E U", product: computing}.says(t, key, "0.05%/day, G 2.3")

	// One account, two contracts.
	both := frame(computing, "G")
	both.says(t, key, "0.1%/day, FA 2.3")
	both.lost(t, key, "G 2.3", "F 4 ranks framework-terms above general")
}

// TestX02 after an attack the same 61 days cost 203.225806 by the day and 300.00
// by the month begun.
func TestX02AttackRefund(t *testing.T) {
	const key = "end.attack.used_rounding"
	side{accepted: "G", product: firewall}.says(t, key, "day, G 7.5.3")
	side{accepted: "S", product: computing}.says(t, key, "day, S 9.3.3")
	frame(firewall, "").says(t, key, "day, FA 7.4.3")
	computer := side{accepted: "G E", product: computing}
	computer.says(t, key, "full_month, E 7.2.3")
	computer.lost(t, key, "G 7.5.3", specialGoesFirst)
	side{accepted: "G C", product: network}.says(t, key, "full_month, C 6.2.3")
	side{accepted: "U", product: line}.says(t, key, "silent: no right to end a service after an attack")

	fee := func(s side) string {
		paid, err := get(t, s, terms.AttackUsedRounding).Fee(amount(t, "100"), 2, 1, 31, money.HalfUp)
		if err != nil {
			t.Fatal(err)
		}
		return paid.String()
	}
	if day, month := fee(side{accepted: "G", product: firewall}), fee(computer); day != "203.225806" || month != "300.000000" {
		t.Errorf("two months and a day cost %s and %s", day, month)
	}
}

// TestX03 pages beat terms under the general agreements, and compute and network
// terms beat pages. G 12.1 and E 11.1 contradict each other head-on; what breaks
// the tie is that E is the more special document.
func TestX03PagesAgainstTerms(t *testing.T) {
	const key = "data.buffer"
	special := side{accepted: "G E", product: computing}
	special.says(t, key, "7 natural days, E 4.2")
	special.lost(t, key, "P 3.5", "E 11.1 ranks self above page")
	side{accepted: "G", product: computing}.says(t, key, "15 natural days, P 3.5")
	side{accepted: "G", product: firewall}.says(t, key, "15 natural days, PF 2")

	// A page that speaks of the late fee beats G, whose 12.1 puts it first.
	page := text{id: "page-fee", code: "PX", kind: "page", binds: "{products: [cloud-firewall]}"}.with("late_fee.rate", "0.02%/day")
	if got := answerOf(side{accepted: "G", product: firewall}.in(t, edited(t, "G", nil, page)), "late_fee.rate"); got != "0.02%/day, PX 1" {
		t.Errorf("the page and G: %s", got)
	}
	// Take E 11.1 away, and G 12.1 alone speaks about pages: then the page wins.
	head, _, _ := strings.Cut(string(coded(t, "E")[0].Source), "\nclauses:")
	mute := edited(t, "E", []string{head[strings.Index(head, "\nprecedence:"):], ""})
	if got := answerOf(special.in(t, mute), key); got != "15 natural days, P 3.5" {
		t.Errorf("without E 11.1: %s", got)
	}
}

// TestX04 each list has places of its own: S ranks annexes beside special terms,
// FA the service level beside them, F its main body above all annexes, and G
// knows neither annex nor service level.
func TestX04PlacesInTheLists(t *testing.T) {
	const key = "late_fee.rate"
	annex := text{id: "annex", code: "AX", kind: "annex", binds: "{products: [cloud-firewall, compute-payg]}"}.with(key, "0.02%/day")
	c := edited(t, "G", nil, annex)
	if got := answerOf(side{accepted: "S", product: computing}.in(t, c), key); got != "0.02%/day, AX 1" {
		t.Errorf("an annex beside S: %s", got)
	}
	_, err := side{accepted: "G", product: firewall}.in(t, c).Trace(key)
	wantRefusal(t, err, refusal.TermConflict, "AX 1", "G 2.3", "no declaration ranks them")

	level := text{id: "level", code: "LX", kind: "sla", binds: "{products: [cloud-firewall]}"}.with(key, "0.02%/day")
	if got := answerOf(frame(firewall, "").in(t, edited(t, "G", nil, level)), key); got != "0.02%/day, LX 1" {
		t.Errorf("a service level beside FA: %s", got)
	}
	main := edited(t, "F", []string{
		"acceptance.forms: [click, stamp, mail]", "acceptance.forms: [click, stamp, mail]\n      late_fee.rate: 0.08%/day",
		"terms_of: [acceptance.forms]", "terms_of: [acceptance.forms, late_fee.rate]",
	})
	set := frame(computing, "").in(t, main)
	if got := answerOf(set, key); got != "0.08%/day, F 5" {
		t.Errorf("the main body and FA: %s", got)
	}
	if trace, err := set.Trace(key); err != nil || !trace.Cites("F", "4") {
		t.Errorf("the main body wins by %v, %v", trace.Citations(), err)
	}
}

// TestX05 the cap has three bases, and its window is part of it: beside S, the
// whole fee of E stays the whole fee.
func TestX05LiabilityCap(t *testing.T) {
	const key = "liability.cap"
	side{accepted: "G", product: firewall}.says(t, key, "total_fee_of_service, G 8.5")
	side{accepted: "S", product: computing}.says(t, key, "fees_paid_for_service 12 months, S 10.6")
	side{accepted: "S S-CADT", product: designer}.says(t, key, "fees_paid_for_service 12 months, S-CADT 4")
	frame(firewall, "").says(t, key, "fees_paid_for_service 12 natural months, FA 8.5")
	side{accepted: "S E", product: computing}.says(t, key, "total_fee_of_service, E 8.5")
	side{accepted: "G C", product: network}.says(t, key, "total_fee_of_service, C 7.5")
	side{accepted: "U", product: line}.says(t, key, "silent: no cap")
	side{accepted: "C C-SLA", product: network}.says(t, "sla.credit.cap", "monthly_fee_net_of_vouchers, C-SLA 3.1")

	// The same breach, on 15 June 2026: the windows differ by half a month.
	for _, tt := range []struct {
		side     side
		from, to string
	}{
		{side{accepted: "S", product: computing}, "2025-06-15", "2026-06-14"},
		{frame(firewall, ""), "2025-06-01", "2026-05-31"},
	} {
		from, to, err := get(t, tt.side, terms.LiabilityCap).Window.Window(date(t, "2026-06-15"))
		if err != nil || from.String() != tt.from || to.String() != tt.to {
			t.Errorf("under %s: from %s to %s, %v", tt.side.accepted, from, to, err)
		}
	}
}

// TestX06 an unpaid order is held for 7 days by three different edges, and takes
// three different things with it.
func TestX06OrderHold(t *testing.T) {
	placed, limit := moment(t, "2026-01-01T12:00:00+08:00"), moment(t, "2026-01-08T12:00:00+08:00")
	tests := []struct {
		side                  side
		hold, voids, sellout  string
		lapsedAt, lapsedAfter bool
	}{
		{side{accepted: "G", product: firewall}, "more_than 7 days, G 2.3.1.2", "price, G 2.3.1.2", "true, G 2.3.1.2", false, true},
		{frame(firewall, ""), "more_than 7 days, FA 2.3.1.2", "price, FA 2.3.1.2", "true, FA 2.3.1.2", false, true},
		{side{accepted: "S", product: computing}, "when_up 7 days, S 3.2.1", "consensus, S 3.2.1", "true, S 3.2.1", true, true},
		{side{accepted: "U", product: line}, "when_up 7 days, U 3.2.1", "consensus, U 3.2.1", "true, U 3.2.1", true, true},
		{side{accepted: "E", product: computing}, "within 7 days, E 2.1.1.1", "terms, E 2.1.1.1", "silent: selling out does not end an unpaid order", false, true},
		{side{accepted: "C", product: network}, "within 7 days, C 2.2", "terms, C 2.2", "silent: selling out does not end an unpaid order", false, true},
		// Beside G the compute terms keep their edge; on selling out they are silent, so G speaks.
		{side{accepted: "G E", product: computing}, "within 7 days, E 2.1.1.1", "terms, E 2.1.1.1", "true, G 2.3.1.2", false, true},
	}
	for _, tt := range tests {
		tt.side.says(t, "order.hold", tt.hold)
		tt.side.says(t, "order.lapse_voids", tt.voids)
		tt.side.says(t, "order.lapse_on_sellout", tt.sellout)
		h := get(t, tt.side, terms.OrderHold)
		if h.Lapsed(placed, limit) != tt.lapsedAt || h.Lapsed(placed, limit+1) != tt.lapsedAfter || h.Lapsed(placed, limit-1) {
			t.Errorf("under %s an order lapses at %s", tt.side.accepted, zone.Format(h.LapsesAt(placed)))
		}
	}
}

// TestX07 a renewal is due 7 days ahead everywhere but in the framework contract,
// also where the account accepted the general agreement beside it.
func TestX07RenewalLead(t *testing.T) {
	const key = "renewal.lead"
	side{accepted: "G", product: firewall}.says(t, key, "7 days, G 2.3.1.3")
	side{accepted: "S", product: computing}.says(t, key, "7 days, S 3.2.2")
	side{accepted: "E", product: computing}.says(t, key, "7 days, E 2.1.1.2")
	side{accepted: "C", product: network}.says(t, key, "7 days, C 2.3")
	side{accepted: "U", product: line}.says(t, key, "7 days, U 3.2.2")
	frame(firewall, "").says(t, key, "0 days, FA 2.3.1.3")
	both := frame(firewall, "G")
	both.says(t, key, "0 days, FA 2.3.1.3")
	both.lost(t, key, "G 2.3.1.3", "F 4 ranks framework-terms above general")
}

// TestX08 a service is discontinued on 30 days' notice, on prior notice, or on a
// month's in writing; under S the whole agreement needs 30 days where one of its
// services does not.
func TestX08Discontinuation(t *testing.T) {
	const key, end = "discontinuation.notice", "2026-03-31T00:00:00+08:00"
	general, service := side{accepted: "G", product: firewall}, side{accepted: "S", product: computing}
	general.says(t, key, "30 days, G 7.4")
	service.says(t, key, "prior, S 9.4")
	service.says(t, "agreement_end.notice", "30 days, S 9.3.4")
	side{accepted: "U", product: line}.says(t, key, "1 month, U 10.2")
	side{accepted: "U", product: line}.says(t, "discontinuation.channels", "written, U 10.2")
	frame(firewall, "").says(t, key, "30 days, FA 7.4.4")
	side{accepted: "E", product: computing}.says(t, key, "silent: as the end of the agreement")
	side{accepted: "E", product: computing}.says(t, "agreement_end.notice", "30 days, E 7.2.4")

	dayBefore := moment(t, "2026-03-30T00:00:00+08:00")
	for _, tt := range []struct {
		notice terms.Notice
		want   bool
	}{
		{get(t, general, terms.DiscontinuationNotice), false},
		{get(t, service, terms.DiscontinuationNotice), true},
		{get(t, service, terms.AgreementEndNotice), false},
	} {
		if got, err := tt.notice.Respected(dayBefore, moment(t, end), zone, nil); got != tt.want || err != nil {
			t.Errorf("%s, a day before: %v, %v", tt.notice, got, err)
		}
	}
}

// TestX09 the line agreement lets the customer apply at once, and the invoicing
// page speaks of the next month: applying and obtaining are different acts, so
// the two do not contradict each other.
func TestX09Invoices(t *testing.T) {
	carrier := side{accepted: "U U-INV", product: line}
	carrier.says(t, "invoice.prepaid.apply", "at_once, U 3.4.2")
	carrier.says(t, "invoice.prepaid.obtain", "month+1 day 1, U-INV 3")
	carrier.says(t, "invoice.postpaid.apply", "month+1 day 1, U 3.4.3")
	carrier.says(t, "invoice.postpaid.obtain", "month+2 day 1, U-INV 4")
	for _, tt := range []struct {
		key  terms.Key[terms.MonthDay]
		want string
	}{
		{terms.PrepaidApply, "2026-01-12"},
		{terms.PrepaidObtain, "2026-02-01"},
		{terms.PrepaidOrdinary, "2026-02-05"},
		{terms.PrepaidSpecial, "2026-02-10"},
		{terms.PostpaidApply, "2026-02-01"},
		{terms.PostpaidObtain, "2026-03-01"},
		{terms.PostpaidOrdinary, "2026-03-05"},
		{terms.PostpaidSpecial, "2026-03-10"},
	} {
		if got := get(t, carrier, tt.key).From(date(t, "2026-01-12")); got.String() != tt.want {
			t.Errorf("%s for a fee of 12 January is %s, want %s", tt.key.Name(), got, tt.want)
		}
	}
}

// TestX10 the compute terms do not name arrears as a beginning of the buffer, so
// beside G its clause speaks; and since they keep data after an end "for whatever
// cause", data is kept after a breach too, where G alone may clear it at once.
func TestX10BufferTriggers(t *testing.T) {
	alone, beside, general := side{accepted: "E", product: computing}, side{accepted: "G E", product: computing}, side{accepted: "G", product: computing}
	alone.says(t, "data.buffer.on_arrears", "silent: begins no buffer")
	beside.says(t, "data.buffer.on_arrears", "true, G 4.1.5")
	beside.says(t, "data.buffer", "7 natural days, E 4.2")
	general.says(t, "data.buffer.on_breach", "false, G 7.5.2")
	side{accepted: "S", product: computing}.says(t, "data.buffer.on_breach", "false, S 9.3.2")
	frame(firewall, "").says(t, "data.buffer.on_breach", "false, FA 7.4.2")
	beside.says(t, "data.buffer.on_breach", "true, E 4.2")
	beside.lost(t, "data.buffer.on_breach", "G 7.5.2", specialGoesFirst)
}

// TestX11 on release G deletes the online data, S all of it, and FA the online
// data at once and backups by the customer's rule. G and S accepted at one instant
// are undecided.
func TestX11DeletionScope(t *testing.T) {
	const key = "data.deletion.scope"
	side{accepted: "G", product: firewall}.says(t, key, "online, G 4.1.4")
	side{accepted: "S", product: computing}.says(t, key, "all, S 6.3")
	frame(firewall, "").says(t, key, "online_at_once_offline_by_rule, FA 4.1.4")
	side{accepted: "G S", product: computing}.refuses(t, key, "G 4.1.4", "S 6.3", "no declaration ranks them")
	_, err := side{accepted: "E", product: computing}.set(t).Trace(key)
	wantRefusal(t, err, refusal.TermMissing, key)
}

// TestX12 an early cancellation is priced, left open, or forbidden.
func TestX12EarlyCancellation(t *testing.T) {
	const key = "end.early_cancellation"
	side{accepted: "G", product: firewall}.says(t, key, "charged, G 7.2.3")
	frame(firewall, "").says(t, key, "charged, FA 7.2.3")
	for _, s := range []side{{accepted: "S", product: computing}, {accepted: "E", product: computing}, {accepted: "C", product: network}} {
		s.says(t, key, "silent: only as both parties agree")
	}
	side{accepted: "U", product: line}.says(t, key, "forbidden, U 3.2.3")
	side{accepted: "G U", product: line}.says(t, key, "forbidden, U 3.2.3")
	side{accepted: "G E", product: computing}.says(t, key, "charged, G 7.2.3") // E is silent
}

// TestX13 the network terms describe prepayment alone and still reserve the law
// against arrears of postpaid service: they allow no cycle, which only a page can.
func TestX13NetworkIsPrepaid(t *testing.T) {
	alone := side{accepted: "C", product: network}
	alone.says(t, "prepaid.start_gate", "payment, C 2.2")
	alone.says(t, "arrears.legal_action", "postpaid_arrears, C 2.4")
	alone.says(t, "billing.cycles", "silent: whatever cycle the page names")
	_, err := alone.set(t).Trace("billing.cycle")
	wantRefusal(t, err, refusal.TermMissing, "billing.cycle")
}

// TestX14 the service level of the network ends at the border, and the line
// agreement promises one that no document contains.
func TestX14CrossBorderHasNoFigure(t *testing.T) {
	mainland := side{accepted: "C C-SLA", product: network}
	mainland.says(t, "sla.target", "99.95%, C-SLA 2")
	if scope := get(t, mainland, terms.SLAScope); !slices.Equal(scope, []string{"mainland"}) {
		t.Errorf("the scope is %v", scope)
	}
	carrier := side{accepted: "G U", product: line}
	carrier.says(t, "sla.target", "silent: no availability is promised")
	carrier.says(t, "sla.source", "product_sla, U 8")
}

// TestX15 support is for all customers, or for those who pay.
func TestX15Support(t *testing.T) {
	const key = "support.phone"
	side{accepted: "G", product: firewall}.says(t, key, "customers_in_term, G 3.2.7.1")
	side{accepted: "S", product: computing}.says(t, key, "customers_in_term, S 5.2.1")
	frame(firewall, "").says(t, key, "customers_in_term, FA 3.2.7.1")
	paying := side{accepted: "G E", product: computing}
	paying.says(t, key, "paying_customers, E 3.2.2")
	paying.lost(t, key, "G 3.2.7.1", specialGoesFirst)
	both := side{accepted: "G C", product: network}
	both.says(t, "support.faults", "paying_customers, C 3.2.2.1")
	both.says(t, "support.tickets", "all_customers, C 3.2.2.2")
	both.says(t, key, "customers_in_term, G 3.2.7.1")
	side{accepted: "U", product: line}.says(t, key, "silent: not promised")
}
