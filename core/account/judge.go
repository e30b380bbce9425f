package account

import (
	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

// Judge says why usage that arrives now cannot be accepted under the terms that
// bind its account at its beginning, or nil. It refuses, in this order: no
// product, an interval that is no use by the terms, a body that breaks the
// product's meters, and a date further ahead than the terms allow. Whether the
// service is open is for settlement to say.
//
// Clauses: the page's rules of what counts as use.
func Judge(set *terms.Set, e *metering.Event, now calendar.Instant, zone calendar.Zone) error {
	if set.Product() == nil {
		return refusal.New(refusal.UnknownProduct, "the event names no product").At("product").Do("name a product")
	}
	if err := judgeInterval(set, e, zone); err != nil {
		return err
	}
	if err := e.Check(set.Product()); err != nil {
		return err
	}
	return judgeFuture(set, e, now, zone)
}

// judgeInterval refuses an interval that the terms do not count as use.
func judgeInterval(set *terms.Set, e *metering.Event, zone calendar.Zone) error {
	counts, err := terms.Get(set, terms.UsageIntervals)
	if err != nil || e.Point || counts.V != terms.EndAfterStart || e.To > e.From {
		return err
	}
	return refusal.New(refusal.BadInterval, "the interval ends at %s, not after its start at %s, and such is no use (%s)",
		zone.Format(e.To), zone.Format(e.From), counts.Citation).At("time").Do("send usage that ends after it starts")
}

// judgeFuture refuses usage dated further ahead than the terms allow.
func judgeFuture(set *terms.Set, e *metering.Event, now calendar.Instant, zone calendar.Zone) error {
	limit, err := terms.Get(set, terms.UsageFutureLimit)
	if err != nil || limit.Silent || e.To <= now.Add(limit.V) || canary.On(canary.FutureByStart) && e.From <= now.Add(limit.V) {
		return err
	}
	return refusal.New(refusal.BadInterval, "usage until %s lies more than the allowed time ahead of now (%s, %s)",
		zone.Format(e.To), zone.Format(now), limit.Citation).At("time").Do("check the sender's clock")
}
