package arrears_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

func yuan(s string) money.Amount {
	a, err := money.ParseAmount(s)
	if err != nil {
		panic(err)
	}
	return a
}

func rate(s string) money.Decimal {
	d, err := money.ParseDecimal(s)
	if err != nil {
		panic(err)
	}
	return d
}

// sample reads late fees as the sample provider does: simple, from the day after
// the due day, on what is outstanding when the day ends.
func sample(percent string) arrears.Reading {
	return arrears.Reading{
		Rate: rate(percent), Method: terms.Simple, FirstDay: terms.DayAfterDue,
		Base: terms.OutstandingAtDayEnd, Rounding: money.HalfUp,
	}
}

// zone is where the days of these tests begin: at midnight UTC.
var zone calendar.Zone

// dueDay is the day on which the debts of these tests are due.
const dueDay = calendar.Day(20_000)

// payments are paid at noon of a day after the due day, counted from it.
type payments map[calendar.Day]money.Amount

// accrue returns the fees, "day: fee" counted from the due day, that the
// midnights up to the end of the last day charge on a debt that arose at noon of
// its due day, and their sum.
func accrue(t *testing.T, r arrears.Reading, principal money.Amount, paid payments, last calendar.Day) (fees []string, total money.Amount) {
	t.Helper()
	owed := arrears.Debts{debt("aurora", "compute", dueDay, principal)}
	for today := dueDay + 1; today <= dueDay+last+1; today++ {
		day := today - 1
		if r.Taken(day, zone) != zone.Start(today) {
			day = today
		}
		base, err := r.Overdue(owed, "aurora", "compute", day, zone)
		if err != nil {
			t.Fatal(err)
		}
		_, fee, err := r.Fee(base, total)
		if err != nil {
			t.Fatal(err)
		}
		if fee > 0 {
			fees = append(fees, fmt.Sprintf("%d: %s", day-dueDay, fee))
			total += fee
		}
		owed, _ = owed.Pay(paid[today-dueDay])
	}
	return fees, total
}

// The fees that the clauses of several agreements give as examples.
func TestLateFeesOfClauses(t *testing.T) {
	tests := []struct {
		clause, percent, principal string
		days                       calendar.Day
		want                       string
	}{
		{"G 2.3", "0.05%", "10000.00", 10, "50.000000"},
		{"S 3.4", "0.05%", "1000.00", 20, "10.000000"},
		{"U 10.1", "0.3%", "1000.00", 10, "30.000000"},
		{"FA 2.3", "0.1%", "1000.00", 10, "10.000000"},
		{"no rate", "0%", "1000.00", 10, "0.000000"},
		{"G 2.3, not overdue yet", "0.05%", "10000.00", 0, "0.000000"},
	}
	for _, tt := range tests {
		if _, got := accrue(t, sample(tt.percent), yuan(tt.principal), nil, tt.days); got.String() != tt.want {
			t.Errorf("%s: %s overdue for %d days bears %s, want %s", tt.clause, tt.principal, tt.days, got, tt.want)
		}
	}
}

// Each word of the reading decides which day bears a fee on what. The debt is
// 1,000.00, of which 400.00 are paid at noon of the second day and the rest at
// noon of the fourth.
func TestReadings(t *testing.T) {
	paid := payments{2: yuan("400"), 4: yuan("600")}
	tests := []struct {
		name   string
		change func(*arrears.Reading)
		want   string
	}{
		{
			"from the day after, on what a day's end leaves",
			func(*arrears.Reading) {},
			"1: 0.500000, 2: 0.300000, 3: 0.300000",
		},
		{
			"from the due day, on what a day's end leaves",
			func(r *arrears.Reading) { r.FirstDay = terms.DueDay },
			"0: 0.500000, 1: 0.500000, 2: 0.300000, 3: 0.300000",
		},
		{
			"from the day after, on what a day begins with",
			func(r *arrears.Reading) { r.Base = terms.OutstandingAtDayStart },
			"1: 0.500000, 2: 0.500000, 3: 0.300000, 4: 0.300000",
		},
		{
			"from the due day, on what a day begins with: at its beginning nothing was due",
			func(r *arrears.Reading) { r.FirstDay, r.Base = terms.DueDay, terms.OutstandingAtDayStart },
			"1: 0.500000, 2: 0.500000, 3: 0.300000, 4: 0.300000",
		},
		{
			"compound",
			func(r *arrears.Reading) { r.Method = terms.Compound },
			"1: 0.500000, 2: 0.300250, 3: 0.300400", // 0.05% of 1000, 600.50 and 600.80025
		},
	}
	for _, tt := range tests {
		reading := sample("0.05%")
		tt.change(&reading)
		fees, _ := accrue(t, reading, yuan("1000"), paid, 6)
		if diff := cmp.Diff(tt.want, strings.Join(fees, ", ")); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tt.name, diff)
		}
	}
}

func TestFee(t *testing.T) {
	tests := []struct {
		name              string
		method            terms.FeeMethod
		principal, unpaid money.Amount
		base, fee         money.Amount
		code              refusal.Code
	}{
		{"simple leaves fees out", terms.Simple, yuan("1000"), yuan("100"), yuan("1000"), yuan("0.5"), ""},
		{"compound adds them", terms.Compound, yuan("1000"), yuan("100"), yuan("1100"), yuan("0.55"), ""},
		{"fees alone bear none", terms.Compound, 0, yuan("100"), 0, 0, ""},
		{"half of the smallest amount counts", terms.Simple, 1000, 0, 1000, 1, ""},
		{"less does not", terms.Simple, 999, 0, 999, 0, ""},
		{"beyond the range", terms.Compound, math.MaxInt64, 1, 0, 0, refusal.Overflow},
	}
	for _, tt := range tests {
		reading := sample("0.05%")
		reading.Method = tt.method
		base, fee, err := reading.Fee(tt.principal, tt.unpaid)
		if base != tt.base || fee != tt.fee || refusal.CodeOf(err) != tt.code {
			t.Errorf("%s: %s on %s, %v, want %s on %s %q", tt.name, fee, base, err, tt.fee, tt.base, tt.code)
		}
	}
	if _, _, err := (arrears.Reading{Method: terms.Simple}).Fee(1, 0); refusal.CodeOf(err) != refusal.BadInput {
		t.Errorf("without a rounding: %v", err)
	}
}

// Only the debts of the seller and product count, and only from their first day.
func TestOverdue(t *testing.T) {
	ds := arrears.Debts{
		debt("aurora", "compute", dueDay, 1), debt("aurora", "disk", dueDay, 10),
		debt("northline", "compute", dueDay, 100), debt("aurora", "compute", dueDay+1, 1000),
	}
	fromDue := sample("0.05%")
	fromDue.FirstDay = terms.DueDay
	tests := []struct {
		reading arrears.Reading
		day     calendar.Day
		want    money.Amount
	}{
		{sample("0.05%"), dueDay, 0},
		{sample("0.05%"), dueDay + 1, 1},
		{sample("0.05%"), dueDay + 2, 1001},
		{fromDue, dueDay - 1, 0},
		{fromDue, dueDay, 1},
		{fromDue, dueDay + 1, 1001},
	}
	for _, tt := range tests {
		if got, err := tt.reading.Overdue(ds, "aurora", "compute", tt.day, zone); got != tt.want || err != nil {
			t.Errorf("from %s, day %d: %d, %v, want %d", tt.reading.FirstDay, tt.day-dueDay, got, err, tt.want)
		}
	}
	huge := arrears.Debts{debt("aurora", "compute", dueDay, math.MaxInt64), debt("aurora", "compute", dueDay+1, 1)}
	if _, err := sample("0.05%").Overdue(huge, "aurora", "compute", dueDay+2, zone); refusal.CodeOf(err) != refusal.Overflow {
		t.Errorf("error %v, want code overflow", err)
	}
}

// Simple fees are the same every day and grow with the days alone; compound
// ones are never less, and more as soon as a fee bears a fee.
func TestSimpleAndCompound(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		principal := money.Amount(rapid.Int64Range(1, 1_000_000*money.AmountScale).Draw(rt, "principal"))
		days := calendar.Day(rapid.IntRange(1, 60).Draw(rt, "days"))
		simple := sample("0.05%")
		compound := simple
		compound.Method = terms.Compound
		_, daily := accrue(t, simple, principal, nil, 1)
		_, total := accrue(t, simple, principal, nil, days)
		_, compounded := accrue(t, compound, principal, nil, days)
		if total != daily*money.Amount(days) {
			rt.Fatalf("%d days of %s cost %s, one %s", days, principal, total, daily)
		}
		if compounded < total || compounded == total && days > 1 && daily > yuan("0.1") {
			rt.Fatalf("compound %s, simple %s", compounded, total)
		}
	})
}
