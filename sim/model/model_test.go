package model

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"
)

var zone = time.FixedZone("UTC+8", 8*3600)

func local(day string, hour, minute, second int) time.Time {
	d, err := time.ParseInLocation(time.DateOnly, day, zone)
	if err != nil {
		panic(err)
	}
	return d.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second).UTC()
}

// agreed is what the register of clauses says, as documents: a late fee of 0.05%
// a day from the day after the due day, hourly settlement, suspension after 24
// hours and release 15 days after it.
func agreed(start time.Time) *Model {
	m := New(zone, start, true)
	day := start.Add(-100 * 24 * time.Hour)
	document := func(d Document) Document {
		d.Version, d.Issuer, d.Announced, d.Effective = "1", "aurora", day, day
		return d
	}
	code := m.Publish([]Document{
		document(Document{ID: "general", Kind: "general", ByAcceptance: true, Values: map[string]string{
			"late_fee.rate": "0.05%/day", "arrears.withhold": "true", "topup.methods": "[alipay]", "opening.gate": "no_overdue_payables",
		}}),
		document(Document{ID: "rules", Kind: "rules", Values: map[string]string{
			"price.rounding": "half_up", "payment.order": "principal_first", "late_fee.method": "simple",
			"late_fee.first_day": "day_after_due", "late_fee.base": "outstanding_at_day_end", "late_fee.rounding": "half_up",
		}}),
		document(Document{
			ID: "page", Kind: "page", Product: "compute", Meters: []Meter{{Name: "cpu", Per: 3_600_000}},
			Values: map[string]string{
				"price.cpu": "0.09 CNY per vCPU·hour", "billing.cycle": "hour", "payment.due": "0 days",
				"arrears.notice.after": "0 hours", "suspend.after": "24 hours", "suspend.notice": "24 hours",
				"release.after": "15 days", "release.notice": "3 days", "resume.requires": "principal_and_fees",
			},
		}),
	})
	if code != "" {
		panic(code)
	}
	return m
}

func use(id string, milli int64, from, to time.Time) []Event {
	return []Event{{
		Source: "meter", ID: id, Account: "a", Product: "compute", Resource: "r", From: from, To: to,
		Measures: []Measure{{Meter: "cpu", Value: milli}},
	}}
}

// told opens an account at 9 o'clock on 1 January 2026 and reports usage of it.
func told(t *testing.T, milli int64, hours int) *Model {
	t.Helper()
	start := local("2026-01-01", 9, 0, 0)
	m := agreed(start)
	if code := m.Open("a", "A", []string{"general"}); code != "" {
		t.Fatal(code)
	}
	if got := m.Report(use("e", milli, start, start.Add(time.Duration(hours)*time.Hour))); got[0] != "accepted" {
		t.Fatal(got)
	}
	return m
}

func TestAnHourIsBilledOnceItHasEnded(t *testing.T) {
	m := told(t, 1000, 1)
	m.Advance(local("2026-01-01", 9, 59, 59))
	if got := m.Books("a").Charges; len(got) != 0 {
		t.Fatalf("billed before the hour has ended: %+v", got)
	}
	m.Advance(local("2026-01-01", 10, 0, 0))
	got := m.Books("a").Charges
	if len(got) != 1 || got[0].Amount != 90_000 || !got[0].At.Equal(local("2026-01-01", 10, 0, 0)) {
		t.Fatalf("one hour of one vCPU gives %+v", got)
	}
	m.Advance(local("2026-01-01", 12, 0, 0))
	if again := m.Books("a").Charges; len(again) != 1 {
		t.Fatalf("billed again: %+v", again)
	}
}

// TestTenDaysOfTenThousand is the register's example for G 2.3: 10,000.00
// overdue for 10 days bears a late fee of 50.00.
func TestTenDaysOfTenThousand(t *testing.T) {
	m := told(t, 10_000*1_000_000/90, 1) // 9,999.99 or so
	m.Advance(local("2026-01-12", 0, 0, 0))
	b := m.Books("a")
	owed := b.Debts[0].Outstanding
	if len(b.Fees) != 10 || b.Fees[0].Day != "2026-01-02" || b.Fees[9].Day != "2026-01-11" {
		t.Fatalf("fees of %d days, from %s", len(b.Fees), b.Fees[0].Day)
	}
	var sum Money
	for _, f := range b.Fees {
		sum += f.Amount
	}
	if want := owed * 10 * 5 / 10_000; sum < want-10 || sum > want+10 || sum/1_000_000 != 49 && sum/1_000_000 != 50 {
		t.Fatalf("on %s ten days cost %s", owed, sum)
	}
}

func TestTheTimelineOfArrears(t *testing.T) {
	m := told(t, 1000, 1)
	m.Advance(local("2026-03-01", 0, 0, 0))
	b := m.Books("a")
	arrears := local("2026-01-01", 10, 0, 0)
	suspended := arrears.Add(24 * time.Hour)
	want := fmt.Sprint([]any{
		"active", local("2026-01-01", 9, 0, 0), "suspended", suspended, "released", suspended.Add(15 * 24 * time.Hour),
		"arrears_began", arrears, "was_suspended", suspended,
		"release_warning", suspended.Add(12 * 24 * time.Hour), "was_released", suspended.Add(15 * 24 * time.Hour),
	})
	var got []any
	for _, move := range b.Moves {
		got = append(got, move.To, move.At)
	}
	for _, n := range b.Notices {
		got = append(got, n.Kind, n.Recorded)
	}
	if fmt.Sprint(got) != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
}

func TestPayingResumes(t *testing.T) {
	m := told(t, 1000, 1)
	m.Advance(local("2026-01-03", 12, 0, 0))
	b := m.Books("a")
	owed := b.Owed()
	if fees := owed - 90_000; len(b.Fees) != 1 || fees != 45 {
		t.Fatalf("owed %s, of it %s in fees of %d days", owed, fees, len(b.Fees))
	}
	pay := func(amount Money, reference string) Answer {
		answer, code := m.TopUp("a", TopUp{amount, "alipay", reference}, "", false)
		if code != "" {
			t.Fatal(code)
		}
		return answer
	}
	if answer := pay(owed-1, "1"); answer.Owed != 1 || m.Books("a").Services["compute"].State != "suspended" {
		t.Fatalf("a part paid gives %+v, %+v", answer, m.Books("a").Services["compute"])
	}
	if answer := pay(1, "2"); answer.Owed != 0 || m.Books("a").Services["compute"].State != "active" {
		t.Fatalf("all paid gives %+v, %+v", answer, m.Books("a").Services["compute"])
	}
	if _, code := m.TopUp("a", TopUp{1, "alipay", "2"}, "", false); code != "already_exists" {
		t.Errorf("the payment is credited again: %q", code)
	}
}

// TestUsageAfterTheEndWaitsForItsCycle: what is used of a service that its customer has
// left is refused as the day closes, also when the account pays before that.
func TestUsageAfterTheEndWaitsForItsCycle(t *testing.T) {
	for name, pays := range map[string]bool{"nothing": false, "a payment": true} {
		m := agreed(local("2026-01-01", 9, 0, 0))
		m.find("page", "1").Values["billing.cycle"] = "day"
		m.find("general", "1").Values["change.exit"] = "[stop_using]"
		m.Open("a", "A", []string{"general"})
		next := *m.find("page", "1")
		next.Version, next.Announced, next.Effective, next.Until = "2", m.Now, local("2026-02-01", 0, 0, 0), local("2026-03-01", 0, 0, 0)
		m.Publish([]Document{next})
		if code := m.Leave("a", Leaving{Document: "page", Now: true}); code != "" {
			t.Fatal(code)
		}
		m.Report(use("e", 1000, local("2026-01-01", 12, 30, 0), local("2026-01-01", 13, 30, 0)))
		m.Advance(local("2026-01-01", 13, 10, 0))
		if pays {
			m.TopUp("a", TopUp{1, "alipay", "1"}, "", false)
		}
		m.Advance(local("2026-01-03", 0, 0, 0))
		got := m.Books("a").Refused
		if len(got) != 2 || !got[0].At.Equal(local("2026-01-02", 0, 0, 0)) || !got[1].At.Equal(got[0].At) || got[0].Code != "service_ended" {
			t.Errorf("%s meanwhile: %+v", name, got)
		}
	}
}

func TestLateUsageIsAnAdjustment(t *testing.T) {
	m := told(t, 1, 1)
	m.Advance(local("2026-01-02", 0, 0, 0))
	from := local("2026-01-01", 9, 0, 0)
	m.Report(use("late", 333, from, from.Add(time.Second)))
	m.Advance(local("2026-01-02", 0, 0, 1))
	got := m.Books("a").Charges
	whole := cost(3600+333, big.NewRat(9, 100), 3_600_000, "half_up")
	if len(got) != 2 || got[1].Line != 2 || got[0].Amount+got[1].Amount != whole || !got[1].At.Equal(local("2026-01-02", 0, 0, 0)) {
		t.Errorf("the lines are %+v, and the whole costs %s", got, whole)
	}
}

func TestOneNameStandsForOneEvent(t *testing.T) {
	m := told(t, 1, 1)
	from := local("2026-01-01", 9, 0, 0)
	same, other := use("e", 1, from, from.Add(time.Hour)), use("e", 2, from, from.Add(time.Hour))
	if got := m.Report(append(same, other...)); got[0] != "duplicate" || got[1] != "event_id_reused" {
		t.Errorf("answered %v", got)
	}
}

func TestRounding(t *testing.T) {
	for _, c := range []struct {
		half, how string
		want      Money
	}{
		{"5/2", "half_up", 3},
		{"5/2", "half_even", 2},
		{"7/2", "half_even", 4},
		{"5/2", "up", 3},
		{"5/2", "down", 2},
		{"-5/2", "half_up", -3},
		{"-5/2", "half_even", -2},
		{"-5/2", "down", -2},
		{"-9/4", "up", -3},
		{"2", "up", 2},
	} {
		r, _ := new(big.Rat).SetString(c.half)
		if got := round(r, c.how); got != c.want {
			t.Errorf("%s rounded %s is %d, not %d", c.half, c.how, got, c.want)
		}
	}
}

// TestSecondsOneByOne counts the seconds of intervals one by one.
func TestSecondsOneByOne(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	start := local("2026-01-01", 0, 0, 0)
	m := Measure{Meter: "cpu", Value: 3}
	for range 2000 {
		e := Event{From: start.Add(time.Duration(r.IntN(5000)) * time.Second)}
		e.To = e.From.Add(time.Duration(1+r.IntN(5000)) * time.Second)
		from := start.Add(time.Duration(r.IntN(10_000_000)) * time.Millisecond)
		to := from.Add(time.Duration(r.IntN(5_000_000)) * time.Millisecond)
		var want int64
		for s := e.From.Add(time.Second); !s.After(e.To); s = s.Add(time.Second) {
			if s.After(from) && !s.After(to) {
				want += m.Value
			}
		}
		if got := e.within(m, from, to); got != want {
			t.Fatalf("of %v to %v, within %v to %v: %d, counted %d", e.From, e.To, from, to, got, want)
		}
	}
}

func TestDaysAndMonths(t *testing.T) {
	at := local("2028-02-29", 23, 59, 59)
	for name, pair := range map[string][2]time.Time{
		"the day's end":   {midnight(at, zone, 1), local("2028-03-01", 0, 0, 0)},
		"the day's begin": {midnight(at, zone, 0), local("2028-02-29", 0, 0, 0)},
		"the month's end": {nextMonth(at, zone), local("2028-03-01", 0, 0, 0)},
		"the year's end":  {nextMonth(local("2027-12-31", 5, 0, 0), zone), local("2028-01-01", 0, 0, 0)},
	} {
		if !pair[0].Equal(pair[1]) {
			t.Errorf("%s is %v, not %v", name, pair[0], pair[1])
		}
	}
}
