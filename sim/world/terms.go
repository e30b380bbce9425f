package world

import (
	"math/rand/v2"
	"time"

	"termwise.dev/sim/model"
)

// Config is a provider at the beginning of a story.
type Config struct {
	// Virtual says that the clock moves only when told to.
	Virtual  bool
	ZoneName string
	Start    time.Time
	// Sample says that the provider is the sample one, with its own documents.
	Sample    bool
	Documents []model.Document
	// Check is after how many steps the books are held against the rules; at the
	// end they always are. What is wrong stays wrong, so that worlds that are
	// looked at seldom live longer for the same effort.
	Check int
}

var zones = map[string]int{"UTC": 0, "UTC+8": 8, "UTC-5": -5, "UTC+14": 14}

func (c *Config) zone() *time.Location { return time.FixedZone(c.ZoneName, zones[c.ZoneName]*3600) }

// menu lists, for each key that a document may set, the values that worlds try.
// An empty text stands for silence. The first is drawn most often.
var menu = map[string][]string{
	"topup.methods":    {"[alipay, bank_remittance]"},
	"late_fee.rate":    {"0.05%/day", "0.3%/day", "0.0001%/day", ""},
	"arrears.withhold": {"true", "true", "true", ""},
	"billing.cycles":   {"[hour, day, month]", ""},
	"opening.gate":     {"no_overdue_payables", ""},
	"acceptance.forms": {"[click, purchase, use, stamp]", "[click]"},
	"change.notice":    {"30 days", "3 days", ""},

	"change.dissent":         {"continued_use_accepts", "continued_use_accepts", ""},
	"change.exit":            {"[stop_using, settle_fees]", "[stop_using, settle_fees]", ""},
	"discontinuation.notice": {"30 days", "5 days", ""},
	"agreement_end.notice":   {"10 days", ""},
	"spec_change.notice":     {"prior", "best_effort", "", "4 days"},
	"free_tier.notice":       {"best_effort", "", "20 days"},

	"price.rounding":       {"half_up", "half_even", "down", "up"},
	"payment.order":        {"principal_first", "late_fee_first"},
	"late_fee.method":      {"simple", "simple", "compound"},
	"late_fee.first_day":   {"day_after_due", "day_after_due", "due_day"},
	"late_fee.base":        {"outstanding_at_day_end", "outstanding_at_day_start"},
	"late_fee.rounding":    {"half_up", "half_even", "down", "up"},
	"usage.future_limit":   {"48 hours", "", "1 hours"},
	"billing.cycle":        {"hour", "hour", "day", "month"},
	"payment.due":          {"0 days", "3 days", "30 days"},
	"usage.intervals":      {"end_after_start"},
	"arrears.notice.after": {"0 hours", "3 hours"},
	"notice.channels":      {"[message, email]"},
	"suspend.after":        {"24 hours", "2 hours", "7 days", ""},
	"suspend.notice":       {"24 hours", "0 hours", "3 hours"},
	"release.after":        {"15 days", "2 days", ""},
	"release.notice":       {"3 days", "0 days", "20 days"},
	"resume.requires":      {"principal_and_fees", "principal"},
	"price.cpu":            {"0.09 CNY per vCPU·hour", "0.11 CNY per vCPU·hour", "0.0000000007 CNY per vCPU·hour", "33.3333333333 CNY per vCPU·hour"},
	"price.memory":         {"0.024 CNY per GiB·hour", "7 CNY per GiB·hour", "0 CNY per GiB·hour"},
	"price.request":        {"0.01 CNY per thousand", "0 CNY per thousand", "1.9999999999 CNY per thousand"},
}

// The keys that each kind of document sets.
var (
	generalKeys = []string{
		"topup.methods", "late_fee.rate", "arrears.withhold", "billing.cycles", "opening.gate", "acceptance.forms", "change.notice",
		"change.dissent", "change.exit", "discontinuation.notice", "agreement_end.notice", "spec_change.notice", "free_tier.notice",
	}
	rulesKeys = []string{
		"price.rounding", "payment.order", "late_fee.method", "late_fee.first_day", "late_fee.base", "late_fee.rounding", "usage.future_limit",
	}
	pageKeys = []string{
		"billing.cycle", "payment.due", "usage.intervals", "arrears.notice.after", "notice.channels", "suspend.after", "suspend.notice",
		"release.after", "release.notice", "resume.requires",
	}
)

// fixed are the keys that stay what they are when a version changes others: the
// documents are silent on what such a change does to a day half gone.
var fixed = map[string]bool{
	"topup.methods": true, "usage.intervals": true, "notice.channels": true, "acceptance.forms": true,
}

var computeMeters = []model.Meter{
	{Name: "cpu", Base: "milli_vcpu_second", Unit: "vCPU·hour", Per: 3_600_000},
	{Name: "memory", Base: "mib_second", Unit: "GiB·hour", Per: 3_686_400},
}

var products = []struct {
	name, issuer string
	meters       []model.Meter
}{
	{"compute-payg", "aurora", computeMeters},
	{"object-store", "aurora", []model.Meter{{Name: "request", Base: "request", Unit: "thousand", Per: 1000}, computeMeters[1]}},
	{"night-lane", "northline", computeMeters[:1]},
}

// drawConfig makes up a provider.
func drawConfig(r *rand.Rand) Config {
	// A year of months of all lengths, and the end of a leap year's February.
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(3*365*24*3600)) * time.Second)
	c := Config{Virtual: r.IntN(4) > 0, ZoneName: "UTC+8", Start: start, Sample: r.IntN(40) == 0}
	if c.Check = 1; r.IntN(6) > 0 {
		c.Check = 20
	}
	if c.Sample {
		c.Check = 20 // its documents are long, and verify reads them
		c.Documents = sampleDocuments()
		return c
	}
	if r.IntN(3) == 0 {
		c.ZoneName = pick(r, "UTC", "UTC-5", "UTC+14")
	}
	c.publishFirst(1+r.IntN(len(products)), func(key string) string { return drawValue(r, key) })
	return c
}

// Plain is a provider with nothing unusual: on each key its documents say what
// the sample's say. Its clock is virtual, and stands at the beginning of a year.
func Plain() Config { return PlainAt(time.Date(2025, 12, 31, 16, 0, 0, 0, time.UTC)) }

// PlainAt is Plain, with another beginning.
func PlainAt(start time.Time) Config {
	c := Config{Virtual: true, ZoneName: "UTC+8", Check: 1, Start: start}
	c.publishFirst(2, func(key string) string { return menu[key][0] })
	return c
}

// publishFirst writes the first documents, with pages for so many products.
func (c *Config) publishFirst(pages int, value func(key string) string) {
	add := func(d model.Document, keys []string) {
		d.Version, d.Values = "1", map[string]string{}
		d.Announced = c.Start.Add(-90 * 24 * time.Hour)
		d.Effective = c.Start.Add(-60 * 24 * time.Hour).Truncate(24 * time.Hour)
		for _, m := range d.Meters {
			keys = append(keys[:len(keys):len(keys)], "price."+m.Name)
		}
		for _, key := range keys {
			if v := value(key); v != "" {
				d.Values[key] = v
			}
		}
		c.Documents = append(c.Documents, d)
	}
	add(model.Document{ID: "general-agreement", Kind: "general", Issuer: "aurora", ByAcceptance: true}, generalKeys)
	add(model.Document{ID: "billing-rules", Kind: "rules", Issuer: "aurora"}, rulesKeys)
	for _, p := range products[:pages] {
		add(model.Document{ID: "page-" + p.name, Kind: "page", Issuer: p.issuer, Product: p.name, Meters: p.meters}, pageKeys)
	}
}

// drawValue draws what a document says on a key.
func drawValue(r *rand.Rand, key string) string {
	values := menu[key]
	if r.IntN(2) == 0 {
		return values[0]
	}
	return values[r.IntN(len(values))]
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }
