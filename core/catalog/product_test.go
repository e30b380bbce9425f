package catalog_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/catalog"
	"termwise.dev/core/refusal"
)

var (
	cpu = catalog.Meter{Name: "cpu", Base: "milli_vcpu_second", Unit: "vCPU·hour", Per: 3_600_000}
	ram = catalog.Meter{Name: "ram", Base: "mib_second", Unit: "GiB·hour", Per: 3_686_400}
)

func TestNewProductSortsMeters(t *testing.T) {
	given := []catalog.Meter{ram, cpu}
	p, err := catalog.NewProduct("compute", "Compute", given)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]catalog.Meter{cpu, ram}, p.Meters); diff != "" {
		t.Error(diff)
	}
	if given[0] != ram {
		t.Error("the caller's list was changed")
	}
	if m, ok := p.Meter("ram"); !ok || m != ram {
		t.Errorf("ram is %v, %v", m, ok)
	}
	if m, ok := p.Meter("disk"); ok {
		t.Errorf("there is a meter %v", m)
	}
}

// A product without meters has an empty list of them, in JSON too.
func TestNewProductWithoutMeters(t *testing.T) {
	p, err := catalog.NewProduct("firewall", "Firewall", nil)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(p); err != nil || string(text) != `{"id":"firewall","title":"Firewall","meters":[]}` {
		t.Errorf("got %s, %v", text, err)
	}
}

// Add-ons are sorted, each named once.
func TestNewProductsAddOns(t *testing.T) {
	p, err := catalog.NewProduct("compute", "Compute", nil, "shield", "guard")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"guard", "shield"}, p.AddOns); diff != "" {
		t.Error(diff)
	}
	if _, err := catalog.NewProduct("compute", "Compute", nil, "guard", "shield", "guard"); refusal.CodeOf(err) != refusal.BadInput {
		t.Errorf("one that is named twice: %v", err)
	}
}

func TestNewProductRefuses(t *testing.T) {
	tests := map[string][]catalog.Meter{
		"no name":      {{Base: "b", Unit: "u", Per: 1}},
		"no base":      {{Name: "n", Unit: "u", Per: 1}},
		"no unit":      {{Name: "n", Base: "b", Per: 1}},
		"per zero":     {{Name: "n", Base: "b", Unit: "u"}},
		"per negative": {{Name: "n", Base: "b", Unit: "u", Per: -1}},
		"twice":        {cpu, ram, cpu},
	}
	for name, meters := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := catalog.NewProduct("p", "P", meters); refusal.CodeOf(err) != refusal.BadInput {
				t.Errorf("got %v", err)
			}
		})
	}
}
