package arrears_test

import (
	"cmp"
	"math"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
)

func debt(seller, product string, due calendar.Day, outstanding money.Amount) arrears.Debt {
	return arrears.Debt{Seller: seller, Product: product, Due: due, Since: instantOf(due), Outstanding: outstanding}
}

func instantOf(d calendar.Day) calendar.Instant {
	return calendar.Instant(int64(d) * int64(calendar.DayLength))
}

// add builds debts by Add, as books do.
func add(t interface{ Fatal(...any) }, debts ...arrears.Debt) (out arrears.Debts) {
	for _, d := range debts {
		var err error
		if out, err = out.Add(d); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// Debts stand oldest first; what falls due for one seller and product at one
// instant is one debt.
func TestAdd(t *testing.T) {
	late := debt("aurora", "compute", 10, 5)
	late.Since += 7
	got := add(t, late, debt("aurora", "compute", 12, 1), debt("northline", "compute", 10, 2),
		debt("aurora", "storage", 10, 3), debt("aurora", "compute", 9, 4), debt("aurora", "compute", 10, 6))
	want := arrears.Debts{
		debt("aurora", "compute", 9, 4), debt("aurora", "compute", 10, 6), debt("aurora", "storage", 10, 3),
		debt("northline", "compute", 10, 2), late, debt("aurora", "compute", 12, 1),
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	got = add(t, debt("aurora", "compute", 10, 6), debt("aurora", "compute", 10, 7))
	if len(got) != 1 || got[0].Outstanding != 13 {
		t.Errorf("two parts that fall due together are %+v", got)
	}
}

func TestAddRefusesOverflow(t *testing.T) {
	full := add(t, debt("aurora", "compute", 10, math.MaxInt64))
	if _, err := full.Add(debt("aurora", "compute", 10, 1)); refusal.CodeOf(err) != refusal.Overflow {
		t.Errorf("error %v, want code overflow", err)
	}
	if diff := gocmp.Diff(arrears.Debts{debt("aurora", "compute", 10, math.MaxInt64)}, full); diff != "" {
		t.Errorf("the debts changed:\n%s", diff)
	}
}

// to is what went to a seller, by the debts that it paid.
func to(seller string, of ...arrears.Debt) arrears.Paid {
	return arrears.Paid{Seller: seller, Amount: sum(of), Of: of}
}

func TestPay(t *testing.T) {
	owed := add(t, debt("aurora", "compute", 9, 4), debt("northline", "disk", 10, 3), debt("aurora", "compute", 11, 5))
	tests := []struct {
		name      string
		available money.Amount
		left      arrears.Debts
		paid      []arrears.Paid
	}{
		{"nothing", 0, owed, nil},
		{"a part of the oldest", 1, arrears.Debts{debt("aurora", "compute", 9, 3), owed[1], owed[2]}, []arrears.Paid{to("aurora", debt("aurora", "compute", 9, 1))}},
		{"the oldest", 4, owed[1:], []arrears.Paid{to("aurora", owed[0])}},
		{"the oldest and a part", 6, arrears.Debts{debt("northline", "disk", 10, 1), owed[2]}, []arrears.Paid{to("aurora", owed[0]), to("northline", debt("northline", "disk", 10, 2))}},
		{"everything", 12, arrears.Debts{}, []arrears.Paid{to("aurora", owed[0], owed[2]), to("northline", owed[1])}},
		{"more than everything", math.MaxInt64, arrears.Debts{}, []arrears.Paid{to("aurora", owed[0], owed[2]), to("northline", owed[1])}},
	}
	for _, tt := range tests {
		before := slices.Clone(owed)
		left, paid := owed.Pay(tt.available)
		if diff := gocmp.Diff(tt.left, left); diff != "" {
			t.Errorf("%s: left -want +got:\n%s", tt.name, diff)
		}
		if diff := gocmp.Diff(tt.paid, paid); diff != "" {
			t.Errorf("%s: paid -want +got:\n%s", tt.name, diff)
		}
		if diff := gocmp.Diff(before, owed); diff != "" {
			t.Errorf("%s: paying changed the debts that it started from:\n%s", tt.name, diff)
		}
	}
}

func drawDebts(t *rapid.T) arrears.Debts {
	var ds arrears.Debts
	for range rapid.IntRange(0, 12).Draw(t, "debts") {
		ds = add(t, append(slices.Clone(ds), debt(
			rapid.SampledFrom([]string{"aurora", "northline"}).Draw(t, "seller"),
			rapid.SampledFrom([]string{"compute", "disk"}).Draw(t, "product"),
			calendar.Day(rapid.IntRange(20_000, 20_005).Draw(t, "due")),
			money.Amount(rapid.Int64Range(1, 1_000).Draw(t, "outstanding")),
		))...)
	}
	return ds
}

func sum(ds arrears.Debts) (total money.Amount) {
	for _, d := range ds {
		total += d.Outstanding
	}
	return total
}

// What Add keeps is in order, one debt for each seller, product and instant, and
// sums to what was added.
func TestAddConserves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ds := drawDebts(t)
		more := debt("aurora", "compute", calendar.Day(rapid.IntRange(20_000, 20_005).Draw(t, "due")), 7)
		before := sum(ds)
		after := add(t, append(slices.Clone(ds), more)...)
		if sum(after) != before+7 {
			t.Fatalf("%d and 7 became %d", before, sum(after))
		}
		for i := 1; i < len(after); i++ {
			if order(after[i-1], after[i]) >= 0 {
				t.Fatalf("%+v stands before %+v", after[i-1], after[i])
			}
		}
	})
}

func order(a, b arrears.Debt) int {
	return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(a.Seller, b.Seller), cmp.Compare(a.Product, b.Product))
}

// A payment takes the smaller of what is available and what is owed, every cent
// of it pays a debt, and a debt is touched only when all older ones are gone.
func TestPayConserves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ds := drawDebts(t)
		owed := sum(ds)
		available := money.Amount(rapid.Int64Range(0, int64(owed)+10).Draw(t, "available"))
		left, paid := ds.Pay(available)
		took := map[string]money.Amount{}
		for _, p := range paid {
			if _, twice := took[p.Seller]; twice || p.Amount <= 0 {
				t.Fatalf("paid %+v", paid)
			}
			took[p.Seller] = p.Amount
		}
		if took["aurora"]+took["northline"] != min(available, owed) || sum(left) != owed-min(available, owed) {
			t.Fatalf("%d of %d owed paid %v and left %d", available, owed, paid, sum(left))
		}
		rest := ds[len(ds)-len(left):]
		for i := range left {
			want := rest[i]
			if i == 0 { // only the oldest that is left may be paid in part
				want.Outstanding = left[0].Outstanding
			}
			if left[i] != want || left[i].Outstanding <= 0 || left[i].Outstanding > rest[i].Outstanding {
				t.Fatalf("left %+v of %+v", left, ds)
			}
		}
		for _, seller := range []string{"aurora", "northline"} {
			if got := bySeller(ds, seller) - bySeller(left, seller); got != took[seller] {
				t.Fatalf("%s was paid %d and its debts fell by %d", seller, took[seller], got)
			}
		}
	})
}

func bySeller(ds arrears.Debts, seller string) (total money.Amount) {
	for _, d := range ds {
		if d.Seller == seller {
			total += d.Outstanding
		}
	}
	return total
}

// Paying in two steps is paying the sum at once.
func TestPayInParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ds := drawDebts(t)
		first := money.Amount(rapid.Int64Range(0, 3_000).Draw(t, "first"))
		second := money.Amount(rapid.Int64Range(0, 3_000).Draw(t, "second"))
		inParts, _ := ds.Pay(first)
		// What the first payment does not need is still there for the second.
		inParts, _ = inParts.Pay(second + max(0, first-sum(ds)))
		atOnce, _ := ds.Pay(first + second)
		if diff := gocmp.Diff(atOnce, inParts); diff != "" {
			t.Fatalf("-at once +in parts:\n%s", diff)
		}
	})
}

func TestOutstanding(t *testing.T) {
	ds := add(t, debt("aurora", "compute", 9, 4), debt("northline", "compute", 10, 3), debt("aurora", "disk", 8, 100), debt("aurora", "compute", 11, 5))
	tests := []struct {
		product string
		now     calendar.Instant
		total   money.Amount
		since   calendar.Instant
	}{
		{"compute", instantOf(9) - 1, 0, calendar.EndOfTime},
		{"compute", instantOf(9), 4, instantOf(9)},
		{"compute", instantOf(10), 7, instantOf(9)},
		{"compute", instantOf(99), 12, instantOf(9)},
		{"disk", instantOf(99), 100, instantOf(8)},
		{"mail", instantOf(99), 0, calendar.EndOfTime},
	}
	for _, tt := range tests {
		if total, since := ds.Outstanding(tt.product, tt.now); total != tt.total || since != tt.since {
			t.Errorf("%s at %s: %s since %s, want %s since %s", tt.product, tt.now, total, since, tt.total, tt.since)
		}
	}
}

func TestAge(t *testing.T) {
	d := debt("aurora", "compute", 10, 1)
	for today, want := range map[calendar.Day]int{9: 0, 10: 0, 11: 1, 40: 30} {
		if got := d.Age(today); got != want {
			t.Errorf("on day %d the age is %d, want %d", today, got, want)
		}
	}
	if !slices.IsSorted(arrears.Bands) {
		t.Errorf("bands %v", arrears.Bands)
	}
}
