package account

import (
	"slices"
	"strings"

	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
	"termwise.dev/core/rating"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
)

// tariff reads what a meter costs.
func tariff(set *terms.Set, meter string) (rating.Tariff, error) {
	m, known := set.Product().Meter(meter)
	if !known {
		return rating.Tariff{}, refusal.New(refusal.UnknownMeter, "product %s has no meter %q", set.Product().ID, meter).
			Do("publish a page that declares it")
	}
	price, err := terms.GetIn(set, terms.PriceOf, meter)
	if err != nil {
		return rating.Tariff{}, err
	}
	rounding, err := terms.Get(set, terms.PriceRounding)
	if err != nil {
		return rating.Tariff{}, err
	}
	return rating.Tariff{Price: price.V.Amount, Per: m.Per, Rounding: rounding.V}, nil
}

// cycleClose returns when the cycle that holds an hour closes. The page names
// the cycle; it must be one that the agreement allows.
func cycleClose(set *terms.Set, zone calendar.Zone, hour calendar.Hour) (calendar.Instant, error) {
	cycle, err := terms.Get(set, terms.BillingCycle)
	if err != nil {
		return 0, err
	}
	allowed, err := terms.Get(set, terms.BillingCycles)
	if err != nil {
		return 0, err
	}
	if !allowed.Silent && !slices.Contains(allowed.V, cycle.V) {
		return 0, refusal.New(refusal.TermConflict, "%s settles by %s, which %s does not allow", cycle.Citation, cycle.V, allowed.Citation).
			Do("publish a page with an allowed cycle")
	}
	switch cycle.V {
	case terms.Daily:
		return zone.Start(zone.Day(hour.Start()) + 1), nil
	case terms.Monthly:
		_, end := zone.MonthBounds(zone.Month(hour.Start()))
		return end, nil
	default:
		return hour.End(), nil
	}
}

// lateFee reads what a day's delay costs; ok is false where the terms are
// silent about a rate, which means that there is no late fee.
func lateFee(set *terms.Set) (r arrears.Reading, ok bool, err error) {
	rate, err := terms.Get(set, terms.LateFeeRate)
	if err != nil || rate.Silent {
		return r, false, err
	}
	method, err := terms.Get(set, terms.LateFeeMethod)
	if err != nil {
		return r, false, err
	}
	first, err := terms.Get(set, terms.LateFeeFirstDay)
	if err != nil {
		return r, false, err
	}
	base, err := terms.Get(set, terms.LateFeeBase)
	if err != nil {
		return r, false, err
	}
	rounding, err := terms.Get(set, terms.LateFeeRounding)
	if err != nil {
		return r, false, err
	}
	return arrears.Reading{Rate: rate.V, Method: method.V, FirstDay: first.V, Base: base.V, Rounding: rounding.V}, true, nil
}

// timeline reads what happens to a service in arrears.
func timeline(set *terms.Set) (t subscription.Timeline, err error) {
	withhold, err := terms.Get(set, terms.ArrearsWithhold)
	if err != nil {
		return t, err
	}
	notice, err := terms.Get(set, terms.ArrearsNoticeAfter)
	if err != nil {
		return t, err
	}
	t.MayWithhold, t.NoticeAfter = withhold.V, notice.V
	t.Suspends, t.SuspendAfter, t.SuspendNotice, err = step(set, terms.SuspendAfter, terms.SuspendNotice)
	if err != nil || !t.Suspends {
		return t, err
	}
	t.Releases, t.ReleaseAfter, t.ReleaseNotice, err = step(set, terms.ReleaseAfter, terms.ReleaseNotice)
	return t, err
}

// step reads when a step is taken and how long its notice must have run; where
// the terms are silent about the step it is never taken.
func step(set *terms.Set, after, lead terms.Key[calendar.Duration]) (bool, calendar.Duration, calendar.Duration, error) {
	a, err := terms.Get(set, after)
	if err != nil || a.Silent {
		return false, 0, 0, err
	}
	l, err := terms.Get(set, lead)
	return true, a.V, l.V, err
}

// channels reads where notices go.
func channels(set *terms.Set) (string, error) {
	v, err := terms.Get(set, terms.NoticeChannels)
	if err != nil {
		return "", err
	}
	return strings.Join(v.V, ","), nil
}

// seller returns who sells the product: the issuer of its page.
func seller(set *terms.Set) (string, error) {
	for _, d := range set.Documents() {
		if d.Product != nil && d.Product.ID == set.Product().ID {
			return d.Issuer, nil
		}
	}
	return "", refusal.New(refusal.UnknownProduct, "no bound page sells %s", set.Product().ID).Do("publish its page")
}
