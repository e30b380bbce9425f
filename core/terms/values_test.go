package terms_test

import (
	"testing"

	"pgregory.net/rapid"

	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// valueOf reads a value as a document would set it.
func valueOf[T any](t testing.TB, key terms.Key[T], written string) T {
	t.Helper()
	d := text{id: "g", code: "G"}.waiting(key.Name(), written).parse(t)
	v, stated := terms.In(d, key)
	if !stated {
		t.Fatalf("%s: %s is not stated", key.Name(), written)
	}
	return v
}

// waiting adds a term that no code reads yet.
func (x text) waiting(key, value string) text {
	return x.with("price.rounding", "half_up").with(key, value)
}

func date(t testing.TB, s string) calendar.Day {
	t.Helper()
	d, err := calendar.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func moment(t testing.TB, s string) calendar.Instant {
	t.Helper()
	at, err := calendar.ParseInstant(s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func amount(t testing.TB, s string) money.Amount {
	t.Helper()
	a, err := money.ParseAmount(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// workDays knows 2026 as far as these tests look: New Year and its make-up day,
// and the Spring Festival.
func workDays(t testing.TB) *calendar.WorkingDays {
	t.Helper()
	holidays := []calendar.Day{date(t, "2026-01-01"), date(t, "2026-01-02"), date(t, "2026-01-03")}
	for d := date(t, "2026-02-15"); d <= date(t, "2026-02-23"); d++ {
		holidays = append(holidays, d)
	}
	w, err := calendar.NewWorkingDays([]int{2026}, holidays, []calendar.Day{date(t, "2026-01-04"), date(t, "2026-02-14"), date(t, "2026-02-28")})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestHoldAtItsEdge: an order placed at noon and held for 7 days, in the
// microseconds around the instant at which they are up.
func TestHoldAtItsEdge(t *testing.T) {
	placed := moment(t, "2026-01-01T12:00:00+08:00")
	limit := moment(t, "2026-01-08T12:00:00+08:00")
	tests := []struct {
		hold              string
		before, at, after bool
	}{
		{"more_than 7 days", false, false, true}, // G, FA
		{"when_up 7 days", false, true, true},    // S, U
		{"within 7 days", false, false, true},    // E, C: what is paid as the 7 days are full is paid within them
	}
	for _, tt := range tests {
		h := valueOf(t, terms.OrderHold, tt.hold)
		if h.Lapsed(placed, limit-1) != tt.before || h.Lapsed(placed, limit) != tt.at || h.Lapsed(placed, limit+1) != tt.after {
			t.Errorf("%s lapses at %s", tt.hold, h.LapsesAt(placed))
		}
	}
}

func TestDayLimit(t *testing.T) {
	from := date(t, "2026-01-01")
	tests := []struct {
		limit          string
		on30th, on31st bool
	}{
		{"more_than 30 days", false, true}, // U 10.1: day 30 no, day 31 yes
		{"within 30 days", false, true},
		{"when_up 30 days", true, true},
	}
	for _, tt := range tests {
		l := valueOf(t, terms.ArrearsTerminateAfter, tt.limit)
		if got := l.Passed(from, date(t, "2026-01-31")); got != tt.on30th {
			t.Errorf("%s on day 30: %v", tt.limit, got)
		}
		if got := l.Passed(from, date(t, "2026-02-01")); got != tt.on31st {
			t.Errorf("%s on day 31: %v", tt.limit, got)
		}
	}
}

func TestPeriodThrough(t *testing.T) {
	tests := []struct {
		period string
		first  terms.Counting
		event  string
		want   string
	}{
		{"7 natural days", terms.FromDayAfter, "2026-03-01", "2026-03-08"}, // E 4.2
		{"7 natural days", terms.FromSameDay, "2026-03-01", "2026-03-07"},
		{"5 natural days", terms.FromDayAfter, "2026-03-01", "2026-03-06"}, // S 11.3
		{"7 days", terms.FromDayAfter, "2026-03-01", "2026-03-08"},         // FA 3.2.8
		{"1 month", terms.FromDayAfter, "2026-01-15", "2026-02-15"},        // U 10.2
		{"30 days", terms.FromDayAfter, "2026-01-15", "2026-02-14"},        // not the same
		{"1 month", terms.FromDayAfter, "2026-01-31", "2026-02-28"},
		{"2 months", terms.FromDayAfter, "2026-01-31", "2026-03-31"},
		{"1 month", terms.FromSameDay, "2026-03-01", "2026-03-31"},
		{"1 month", terms.FromSameDay, "2026-01-15", "2026-02-14"},
		{"1 working day", terms.FromSameDay, "2026-01-05", "2026-01-05"},
		{"1 natural month", terms.FromDayAfter, "2026-01-15", "2026-02-28"},
		{"5 working days", terms.FromDayAfter, "2025-12-31", "2026-01-08"}, // 4 January is worked
		{"5 working days", terms.FromDayAfter, "2026-02-13", "2026-02-27"}, // 14 February is worked, the festival is not
	}
	w := workDays(t)
	for _, tt := range tests {
		got, err := valueOf(t, terms.DataBuffer, tt.period).Through(date(t, tt.event), tt.first, w)
		if err != nil || got.String() != tt.want {
			t.Errorf("%s from %s (%s) run through %s, %v; want %s", tt.period, tt.event, tt.first, got, err, tt.want)
		}
	}
	_, err := valueOf(t, terms.DataBuffer, "5 working days").Through(date(t, "2026-12-31"), terms.FromDayAfter, w)
	wantRefusal(t, err, refusal.TermMissing, "2027")
}

func TestPeriodWindow(t *testing.T) {
	tests := []struct{ period, event, from, to string }{
		{"12 months", "2020-06-15", "2019-06-15", "2020-06-14"},         // S 10.6
		{"12 natural months", "2020-06-15", "2019-06-01", "2020-05-31"}, // FA 8.5
		{"7 natural days", "2020-06-30", "2020-06-23", "2020-06-29"},
	}
	for _, tt := range tests {
		from, to, err := valueOf(t, terms.RenewalLead, tt.period).Window(date(t, tt.event))
		if err != nil || from.String() != tt.from || to.String() != tt.to {
			t.Errorf("%s before %s go from %s to %s, %v", tt.period, tt.event, from, to, err)
		}
	}
	_, _, err := valueOf(t, terms.RenewalLead, "5 working days").Window(date(t, "2026-01-20"))
	wantRefusal(t, err, refusal.BadInput, "5 working days")
}

// TestRenewalReadings: a term that ends on 30 June, renewed around the seventh
// day before (X25).
func TestRenewalReadings(t *testing.T) {
	tests := []struct {
		reading terms.RenewalReading
		lead    string
		inTime  map[string]bool
	}{
		{terms.RenewalDeadline, "7 days", map[string]bool{"2026-06-01": true, "2026-06-23": true, "2026-06-24": false, "2026-06-30": false}},
		{terms.RenewalWindow, "7 days", map[string]bool{"2026-06-22": false, "2026-06-23": true, "2026-06-30": true, "2026-07-01": false}},
		{terms.RenewalDeadline, "0 days", map[string]bool{"2026-06-01": true, "2026-06-30": true, "2026-07-01": false}},
		{terms.RenewalWindow, "0 days", map[string]bool{"2026-06-01": true, "2026-06-30": true, "2026-07-01": false}},
	}
	end := date(t, "2026-06-30")
	for _, tt := range tests {
		lead := valueOf(t, terms.RenewalLead, tt.lead)
		for on, want := range tt.inTime {
			if got, err := tt.reading.InTime(lead, end, date(t, on)); got != want || err != nil {
				t.Errorf("%s of %s, renewed on %s: %v, %v", tt.reading, tt.lead, on, got, err)
			}
		}
	}
	_, err := terms.RenewalDeadline.InTime(valueOf(t, terms.RenewalLead, "7 working days"), end, end)
	wantRefusal(t, err, refusal.BadInput, "working days")
}

func TestNoticeRespected(t *testing.T) {
	const on = "2026-03-31T10:00:00+08:00"
	tests := []struct {
		notice    string
		announced string
		want      bool
	}{
		{"30 days", "2026-03-01T23:59:59+08:00", true},
		{"30 days", "2026-03-02T00:00:00+08:00", false},
		{"7 natural days", "2026-03-24T23:59:59+08:00", true}, // G 3.2.8: D-7
		{"7 natural days", "2026-03-25T00:00:00+08:00", false},
		{"1 month", "2026-02-28T12:00:00+08:00", true},
		{"1 month", "2026-03-01T00:00:00+08:00", false},
		{"prior", "2026-03-31T09:59:59+08:00", true},
		{"prior", on, false},
		{"best_effort", "2026-03-31T09:59:59+08:00", true},
		{"best_effort", on, false},
		{"10 natural days if_possible", "2026-03-21T00:00:00+08:00", true}, // FA 2.5
		{"10 natural days if_possible", "2026-03-22T00:00:00+08:00", false},
		{"none", "2026-04-01T00:00:00+08:00", true},
	}
	for _, tt := range tests {
		got, err := valueOf(t, terms.MigrationNotice, tt.notice).Respected(moment(t, tt.announced), moment(t, on), zone, nil)
		if got != tt.want || err != nil {
			t.Errorf("%s, announced at %s: %v, %v", tt.notice, tt.announced, got, err)
		}
	}
	if soft := valueOf(t, terms.FreeTierNotice, "10 natural days if_possible"); !soft.Soft || valueOf(t, terms.FreeTierNotice, "10 natural days").Soft {
		t.Error("only what is asked for if possible is soft")
	}
	working := valueOf(t, terms.MigrationNotice, "5 working days")
	_, err := working.Respected(moment(t, "2027-01-01T00:00:00+08:00"), moment(t, "2027-02-01T00:00:00+08:00"), zone, workDays(t))
	wantRefusal(t, err, refusal.TermMissing, "2027")
}

// TestTiersAtTheirEdges: exactly 99.00% earns 15%, exactly 95.00% earns 30%,
// exactly 99.95% nothing; a part in a billion less falls into the tier below.
func TestTiersAtTheirEdges(t *testing.T) {
	tiers := valueOf(t, terms.SLATiers, `["[99.00%, 99.95%) 15%", "[95.00%, 99.00%) 30%", "[0%, 95.00%) 100%"]`)
	const total = 1_000_000_000
	tests := []struct {
		available int64
		want      string
	}{
		{total, "0"},
		{999_500_000, "0"},
		{999_499_999, "0.15"},
		{990_000_000, "0.15"},
		{989_999_999, "0.3"},
		{950_000_000, "0.3"},
		{949_999_999, "1"},
		{0, "1"},
	}
	for _, tt := range tests {
		if got := tiers.Credit(tt.available, total); got.String() != tt.want {
			t.Errorf("%d of %d earn %s, want %s", tt.available, int64(total), got, tt.want)
		}
	}
	// 43,200 minutes of which 100 are down: 99.7685…%.
	if got := tiers.Credit(43_100, 43_200); got.String() != "0.15" {
		t.Errorf("43,100 of 43,200 minutes earn %s", got)
	}
}

// TestTiersRiseAsAvailabilityFalls, for any number of minutes.
func TestTiersRiseAsAvailabilityFalls(t *testing.T) {
	tiers := valueOf(t, terms.SLATiers, `["[99.00%, 99.95%) 15%", "[95.00%, 99.00%) 30%", "[0%, 95.00%) 100%"]`)
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Int64Range(1, 1<<62).Draw(t, "total")
		more := rapid.Int64Range(0, total).Draw(t, "more")
		less := rapid.Int64Range(0, more).Draw(t, "less")
		if tiers.Credit(less, total) < tiers.Credit(more, total) {
			t.Fatalf("%d of %d earn less than %d", less, total, more)
		}
	})
}

// TestClaimWindow: the fifth working day of February 2026 is the 6th; claims for
// January open after it and close with March.
func TestClaimWindow(t *testing.T) {
	opens, closes := valueOf(t, terms.SLAClaimOpens, "5 working days"), valueOf(t, terms.SLAClaimCloses, "2 months")
	month := date(t, "2026-01-01").Month()
	w := workDays(t)
	tests := []struct {
		first    terms.Counting
		closes   terms.Period
		from, to string
	}{
		{terms.FromDayAfter, closes, "2026-02-07", "2026-03-31"},
		{terms.FromSameDay, closes, "2026-02-06", "2026-03-31"},
		{terms.FromDayAfter, valueOf(t, terms.SLAClaimCloses, "60 natural days"), "2026-02-07", "2026-04-01"},
	}
	for _, tt := range tests {
		from, to, err := terms.ClaimWindow(month, opens, tt.first, tt.closes, w)
		if err != nil || from.String() != tt.from || to.String() != tt.to {
			t.Errorf("%s, %s: from %s to %s, %v", tt.first, tt.closes, from, to, err)
		}
	}
	// February ends on the 28th; two months after the month are up with April all the same.
	if _, to, err := terms.ClaimWindow(month+1, opens, terms.FromDayAfter, closes, w); err != nil || to.String() != "2026-04-30" {
		t.Errorf("claims for February close on %s, %v", to, err)
	}
	_, _, err := terms.ClaimWindow(date(t, "2026-12-01").Month(), opens, terms.FromDayAfter, closes, w)
	wantRefusal(t, err, refusal.TermMissing, "2027")
}

func TestMonthDay(t *testing.T) {
	tests := []struct{ written, want string }{
		{"at_once", "2026-01-12"},
		{"month+1 day 1", "2026-02-01"},
		{"month+1 day 5", "2026-02-05"},
		{"month+2 day 10", "2026-03-10"},
		{"month+12 day 28", "2027-01-28"},
		{"month+0 day 1", "2026-01-01"},
	}
	for _, tt := range tests {
		if got := valueOf(t, terms.PrepaidApply, tt.written).From(date(t, "2026-01-12")); got.String() != tt.want {
			t.Errorf("%s is %s, want %s", tt.written, got, tt.want)
		}
	}
}

// TestFeeOfUsedMonths: 100.00 a month, two months and some days of service.
func TestFeeOfUsedMonths(t *testing.T) {
	hundred := amount(t, "100")
	tests := []struct {
		rounding             terms.UsedRounding
		months, days, ofDays int
		want                 string
	}{
		{terms.RoundByDay, 2, 10, 30, "233.333333"}, // G 7.5.3
		{terms.RoundByDay, 2, 1, 31, "203.225806"},
		{terms.RoundByDay, 2, 0, 30, "200.000000"},
		{terms.RoundByDay, 2, 31, 30, "300.000000"}, // the 31st day of a month that counts 30
		{terms.RoundByFullMonth, 2, 1, 30, "300.000000"},
		{terms.RoundByFullMonth, 2, 0, 30, "200.000000"}, // E 7.2.3: no month was begun
	}
	for _, tt := range tests {
		got, err := tt.rounding.Fee(hundred, tt.months, tt.days, tt.ofDays, money.HalfUp)
		if err != nil || got.String() != tt.want {
			t.Errorf("%s: %d months and %d of %d days cost %s, %v; want %s", tt.rounding, tt.months, tt.days, tt.ofDays, got, err, tt.want)
		}
	}
	_, err := terms.RoundByDay.Fee(hundred, 2, 0, 0, money.HalfUp)
	wantCode(t, err, refusal.BadInput)
}

// wantCode wants a refusal that says no remedy: it is a fault of the caller, or of nobody.
func wantCode(t testing.TB, err error, code refusal.Code) {
	t.Helper()
	if refusal.CodeOf(err) != code {
		t.Errorf("got %v, want code %s", err, code)
	}
}

// TestServiceMonths: a service that began on 31 January (X28).
func TestServiceMonths(t *testing.T) {
	began := date(t, "2026-01-31")
	tests := []struct {
		month terms.ServiceMonth
		want  []string
	}{
		{terms.AnniversaryMonth, []string{"2026-01-31", "2026-02-28", "2026-03-31"}},
		{terms.CalendarMonth, []string{"2026-01-31", "2026-02-01", "2026-03-01"}},
	}
	for _, tt := range tests {
		for n, want := range tt.want {
			if got := tt.month.Start(began, n); got.String() != want {
				t.Errorf("month %d by %s begins on %s, want %s", n, tt.month, got, want)
			}
		}
	}
	from, to := date(t, "2026-03-01"), date(t, "2026-04-01")
	if terms.DaysOfMonth.Of(from, to) != 31 || terms.ThirtyDays.Of(from, to) != 30 {
		t.Error("March has other days")
	}
}

// TestPenalty: double the cumulative fee is a floor where a higher loss is made
// up, and all there is where it is not.
func TestPenalty(t *testing.T) {
	double := valueOf(t, terms.SubleasePenalty, "2x cumulative_fee")
	tests := []struct {
		loss  string
		topUp bool
		want  string
	}{
		{"0", true, "10000.000000"},
		{"12000", true, "12000.000000"},
		{"12000", false, "10000.000000"},
	}
	for _, tt := range tests {
		got, err := double.Owed(amount(t, "5000"), amount(t, tt.loss), tt.topUp)
		if err != nil || got.String() != tt.want {
			t.Errorf("loss %s, top-up %v: %s, %v", tt.loss, tt.topUp, got, err)
		}
	}
	_, err := double.Owed(1<<62, 0, true)
	wantCode(t, err, refusal.Overflow)
}

// TestCreditCap: the part of the fee that was paid with vouchers earns nothing.
func TestCreditCap(t *testing.T) {
	limit := valueOf(t, terms.SLACreditCap, "monthly_fee_net_of_vouchers")
	tests := []struct{ credit, fee, vouchers, want string }{
		{"100", "100", "40", "60.000000"}, // C-SLA 3.1
		{"30", "100", "40", "30.000000"},
		{"15", "100", "100", "0.000000"},
	}
	for _, tt := range tests {
		if got := limit.Of(amount(t, tt.credit), amount(t, tt.fee), amount(t, tt.vouchers)); got.String() != tt.want {
			t.Errorf("%s of %s, %s by voucher: %s", tt.credit, tt.fee, tt.vouchers, got)
		}
	}
}

// TestTaxInAPrice: 106.00 that includes 6% is 100.00 and 6.00 (X30).
func TestTaxInAPrice(t *testing.T) {
	vat := valueOf(t, terms.InvoiceVAT, "6%")
	tests := []struct {
		reading         terms.TaxReading
		price, net, tax string
	}{
		{terms.TaxInclusive, "106", "100.000000", "6.000000"},
		{terms.TaxInclusive, "100", "94.339623", "5.660377"},
		{terms.TaxExclusive, "100", "100.000000", "6.000000"},
	}
	for _, tt := range tests {
		net, tax, err := tt.reading.Split(amount(t, tt.price), vat, money.HalfUp)
		if err != nil || net.String() != tt.net || tax.String() != tt.tax {
			t.Errorf("%s, %s: %s and %s, %v", tt.price, tt.reading, net, tax, err)
		}
	}
	_, _, err := terms.TaxInclusive.Split(1<<62, vat, "")
	wantCode(t, err, refusal.BadInput)
	_, _, err = terms.TaxExclusive.Split(1, vat, "")
	wantCode(t, err, refusal.BadInput)
}

// TestEqualPeriodsAreWrittenAlike: only what counts the same is the same value.
func TestEqualPeriodsAreWrittenAlike(t *testing.T) {
	g, s := text{id: "g", code: "G", by: "acceptance"}, text{id: "s", code: "S", by: "acceptance"}
	tests := []struct {
		key, a, b string
		equal     bool
	}{
		{"order.hold", "when_up 7 days", "when_up 168 hours", true},
		{"order.hold", "when_up 7 days", "within 7 days", false},
		{"data.buffer", "7 natural days", "7 days", false}, // X23
		{"data.buffer", "30 days", "1 month", false},
		{"liability.cap", "fees_paid_for_service 12 months", "fees_paid_for_service 12 natural months", false}, // X5
		{"sla.target", "99.95%", "99.950%", true},
		{"contract.estimate", "200000 CNY", "200000.00 CNY", true},
	}
	for _, tt := range tests {
		set := bound(t, corpus(t, g.waiting(tt.key, tt.a), s.waiting(tt.key, tt.b), page), "g", "s")
		_, err := set.Trace(tt.key)
		if (err == nil) != tt.equal {
			t.Errorf("%s: %s and %s: %v", tt.key, tt.a, tt.b, err)
		}
	}
}
