package usagefile_test

import (
	"strings"
	"testing"

	"termwise.dev/app/usagefile"
	"termwise.dev/core/catalog"
	"termwise.dev/core/refusal"
)

// A mapping is to a product that a page sells and to meters that it declares.
func TestCheckProducts(t *testing.T) {
	page := func(id string, meters ...string) *catalog.Product {
		p := &catalog.Product{ID: id}
		for _, name := range meters {
			p.Meters = append(p.Meters, catalog.Meter{Name: name, Base: "b", Unit: "u", Per: 1})
		}
		return p
	}
	tests := []struct {
		name     string
		products []*catalog.Product
		code     refusal.Code
		want     string
	}{
		{"sold", []*catalog.Product{page("machines", "cpu")}, "", ""},
		{"declared by an earlier version", []*catalog.Product{page("machines", "cpu"), page("machines", "gpu")}, "", ""},
		{"nothing is sold", nil, refusal.UnknownProduct, `usage.yaml:2:10: no published page sells the product "machines"; publish its page first`},
		{"a product like it", []*catalog.Product{page("machine"), page("abacus")}, refusal.UnknownProduct, `usage.yaml:2:10: no published page sells the product "machines"; did you mean machine?`},
		{"products unlike it", []*catalog.Product{page("tea"), page("abacus")}, refusal.UnknownProduct, `usage.yaml:2:10: no published page sells the product "machines"; use one of: abacus, tea`},
		{"a meter like it", []*catalog.Product{page("machines", "cpus", "gpu")}, refusal.UnknownMeter, `usage.yaml:10:5: product machines has no meter "cpu"; did you mean cpus?`},
		{"no meter", []*catalog.Product{page("machines"), page("other", "cpu")}, refusal.UnknownMeter, `usage.yaml:10:5: product machines has no meter "cpu"; publish a page that declares it`},
	}
	m, err := usagefile.Parse("usage.yaml", []byte(sound))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			err := m.CheckProducts(tt.products)
			if err != nil {
				got = err.Error()
			}
			if code := refusal.CodeOf(err); code != tt.code || got != tt.want {
				t.Errorf("code %q, error\n%s, want\n%s", code, got, tt.want)
			}
		})
	}
	two := strings.Replace(sound, "    cpu: milli", "    ram: milli\n    disk: milli", 1)
	if m, err = usagefile.Parse("usage.yaml", []byte(two)); err != nil {
		t.Fatal(err)
	}
	if err := m.CheckProducts([]*catalog.Product{page("machines", "cpu")}); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("want both meters refused, got %v", err)
	}
}
