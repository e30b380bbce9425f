package terms_test

import (
	"testing"

	"termwise.dev/core/refusal"
)

// TestCheckCurrency lists every value that is money in another currency, and no other.
func TestCheckCurrency(t *testing.T) {
	d := page.with("price.cpu", "0.09 USD per vCPU·hour").with("contract.estimate", "200000.00 EUR").
		with("late_fee.rate", "0.05%/day").parse(t)
	faults := d.CheckCurrency("CNY")
	if len(faults) != 2 {
		t.Fatalf("%v", faults)
	}
	for i, want := range [][]string{
		{"page.yaml:", "contract.estimate", "200000.00 EUR", "give the amount in CNY"},
		{"page.yaml:", "price.cpu", "0.09 USD per vCPU·hour", "give the amount in CNY"},
	} {
		wantRefusal(t, faults[i], refusal.DocumentInvalid, want...)
	}
	if faults := page.with("price.cpu", "0.09 USD per vCPU·hour").parse(t).CheckCurrency("USD"); len(faults) > 0 {
		t.Errorf("in USD: %v", faults)
	}
}
