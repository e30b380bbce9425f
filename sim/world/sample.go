package world

import (
	"time"

	"termwise.dev/sim/model"
)

// sampleDocuments are the documents of provider/ as a reader understands them:
// copied by hand, so that what the program reads from them is checked as well.
// Those that concern no metered product are left out.
func sampleDocuments() []model.Document {
	zone := time.FixedZone("UTC+8", 8*3600)
	announced := time.Date(2025, 5, 1, 0, 0, 0, 0, zone).UTC()
	effective := time.Date(2025, 6, 1, 0, 0, 0, 0, zone).UTC()
	version := func(d model.Document) model.Document {
		d.Version, d.Issuer, d.Announced, d.Effective, d.Abridged = "2025-06", "aurora", announced, effective, true
		return d
	}
	return []model.Document{
		version(model.Document{
			ID: "general-agreement", Kind: "general", ByAcceptance: true,
			Values: map[string]string{
				"acceptance.forms": "[click, purchase, use, stamp]", // G 0.3
				"topup.methods":    "[alipay, online_banking, bank_remittance]",
				"late_fee.rate":    "0.05%/day", // G 2.3
				"arrears.withhold": "true",
				"billing.cycles":   "[hour, day, month]", // G 2.3.2
				"change.notice":    "30 days",            // G 3.2.9
				"opening.gate":     "no_overdue_payables",

				"change.dissent":         "continued_use_accepts",
				"change.exit":            "[stop_using, notify_termination, move_data_out, settle_fees]",
				"free_tier.notice":       "best_effort", // G 2.5
				"spec_change.notice":     "prior",       // G 7.4
				"discontinuation.notice": "30 days",
			},
		}),
		version(model.Document{
			ID: "compute-terms", Kind: "special", ByAcceptance: true, Product: "compute-payg",
			Values: map[string]string{
				"acceptance.forms": "[click, use, stamp]", "arrears.withhold": "true", "change.notice": "30 days", // E 3.1.1
				"agreement_end.notice": "30 days", // E 7.2.4
				"change.dissent":       "continued_use_accepts",
				"change.exit":          "[stop_using, settle_fees, move_data_out]",
			},
		}),
		version(model.Document{
			ID: "billing-rules", Kind: "rules",
			Values: map[string]string{
				"price.rounding":     "half_up",         // R 1
				"payment.order":      "principal_first", // R 2
				"late_fee.method":    "simple",          // R 3
				"late_fee.first_day": "day_after_due",   // R 4
				"late_fee.base":      "outstanding_at_day_end",
				"late_fee.rounding":  "half_up",
				"topup.methods":      "[alipay, online_banking, bank_remittance]", // R 7
			},
		}),
		version(model.Document{
			ID: "page-compute-payg", Kind: "page", Product: "compute-payg",
			Meters: append(computeMeters[:2:2], model.Meter{Name: "gpu", Base: "milli_gpu_second", Unit: "GPU·hour", Per: 3_600_000}),
			Values: map[string]string{
				"price.cpu":            "0.09 CNY per vCPU·hour", // P 1
				"price.memory":         "0.024 CNY per GiB·hour",
				"price.gpu":            "8.50 CNY per GPU·hour",
				"billing.cycle":        "hour", // P 2
				"payment.due":          "0 days",
				"usage.intervals":      "end_after_start", // P 2.1
				"arrears.notice.after": "0 hours",         // P 3.1
				"notice.channels":      "[message, email]",
				"suspend.after":        "24 hours", // P 3.2
				"suspend.notice":       "24 hours",
				"release.after":        "15 days", // P 3.3
				"release.notice":       "3 days",
				"resume.requires":      "principal_and_fees", // P 3.4
			},
		}),
	}
}
