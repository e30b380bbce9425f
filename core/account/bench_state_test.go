package account_test

import (
	"fmt"
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
)

// BenchmarkState packs and unpacks an account's state that holds a thousand things
// of a kind more than another one, and an hour of as many buckets. It reports the
// bytes that each thing adds, and per operation the time of all thousand.
func BenchmarkState(b *testing.B) {
	const things = 1_000
	at := func(n int) calendar.Instant { return start.Add(calendar.Duration(n)*37*calendar.HourLength + 123_457) }
	service := func(b *account.Books) *subscription.Service { return b.Services["compute-payg"] }
	for name, add := range map[string]func(*account.Books, int){
		"debt": func(b *account.Books, n int) {
			b.Debts = append(b.Debts, arrears.Debt{
				Seller: "aurora", Product: "compute-payg", Due: calendar.Day(20_000 + n), Since: at(n), Outstanding: money.Amount(123_456 + n),
			})
		},
		"move": func(b *account.Books, n int) {
			states := [2]subscription.State{subscription.Active, subscription.Suspended}
			s := service(b)
			s.History = append(s.History, subscription.Transition{Product: s.Product, From: states[n%2], To: states[(n+1)%2], At: at(n)})
		},
		"acceptance": func(b *account.Books, n int) {
			b.Acceptances = append(b.Acceptances, terms.Acceptance{
				Document: "general-agreement", Version: "2025-07", Form: terms.Purchase, At: at(n), Recorded: at(n), Actor: "customer",
				TextHash: terms.HashText([]byte("the text")), Order: fmt.Sprintf("order-%06d", n),
			})
		},
	} {
		b.Run(name, func(b *testing.B) {
			books := func(things int) *account.Books {
				made := &account.Books{
					ID: "a", Currency: "CNY", Balances: ledger.Balances{}, OpenAfter: calendar.EndOfTime,
					Services: map[string]*subscription.Service{"compute-payg": {Product: "compute-payg", State: subscription.Active, Since: start}},
				}
				for n := range things {
					add(made, n)
				}
				return made
			}
			full := books(things)
			content := full.PackState()
			for b.Loop() {
				if err := books(0).UnpackState(full.PackState()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(content)-len(books(0).PackState()))/things, "B/thing")
		})
	}
	b.Run("bucket", func(b *testing.B) {
		hour := calendar.HourOf(start)
		buckets := make([]metering.Bucket, things)
		for n := range buckets {
			buckets[n] = metering.Bucket{
				Key:   metering.Key{Product: "compute-payg", Resource: fmt.Sprintf("vm-%06d", n/2), Meter: [2]string{"cpu", "memory"}[n%2], Hour: hour},
				Total: 14_400_000, Touched: at(n % 7), Billed: 14_400_000, Charged: 360_000, Lines: 1,
			}
		}
		content := metering.PackHour(buckets)
		for b.Loop() {
			if _, err := metering.UnpackHour(hour, metering.PackHour(buckets)); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(content))/things, "B/thing")
	})
}
