package account

import (
	"fmt"

	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
)

// settledBucket is what a settlement made of one bucket. How much it settled is an
// input of its replay, everything else is computed again.
type settledBucket struct {
	metering.Key
	parts
	entry int64
}

// settle makes a settlement again, after what fell due before it.
func (r *replaying) settle(e *journal.Entry) error {
	if err := r.relents(e.Effective); err != nil || !r.asked() {
		return err
	}
	r.d.begin(journal.Settled, e.Effective, Clock, "")
	totals := map[sale]money.Amount{}
	for _, s := range r.settledIn(e.Seq) {
		by, amount, err := r.resettle(s, e.Effective)
		if err != nil {
			return err
		}
		if totals[by], err = totals[by].Add(amount); err != nil {
			return err
		}
	}
	if err := r.d.closeSettlement(totals, e.Effective); err != nil {
		return err
	}
	return r.steps(e.Effective)
}

// settledIn reads from an entry's charges and refusals, in the order of their
// lines, what it settled of each bucket.
func (r *replaying) settledIn(seq int64) []settledBucket {
	var out []settledBucket
	of := func(key metering.Key) *settledBucket {
		if n := len(out); n > 0 && out[n-1].Key == key && out[n-1].billed == 0 {
			return &out[n-1]
		}
		out = append(out, settledBucket{Key: key, entry: seq})
		return &out[len(out)-1]
	}
	charges, refused := r.kept.Charges, r.kept.Refused
	for {
		charged := len(charges) > 0 && charges[0].Entry == seq
		turnedDown := len(refused) > 0 && refused[0].Entry == seq
		switch {
		case charged && (!turnedDown || charges[0].RowID.Line < refused[0].RowID.Line):
			of(charges[0].Key).billed = charges[0].Quantity
			charges = charges[1:]
		case turnedDown:
			s := of(refused[0].Key)
			s.refused = append(s.refused, refusedPart{refused[0].Code, refused[0].Quantity})
			refused = refused[1:]
		default:
			return out
		}
	}
}

// resettle charges and refuses the parts of a bucket again, under the terms
// that bind for its hour.
func (r *replaying) resettle(s settledBucket, at calendar.Instant) (by sale, amount money.Amount, err error) {
	b := r.settled[s.Key]
	if b == nil {
		b = &metering.Bucket{Key: s.Key}
		r.settled[s.Key] = b
	}
	on, err := r.d.basis(b, at)
	if err != nil {
		return by, 0, err
	}
	if err := r.rightTime(b, on.set, at); err != nil {
		return by, 0, err
	}
	if err := mayBill(s, on.service, on.gate); err != nil {
		return by, 0, err
	}
	if on.gate == "" {
		if err := r.rightParts(s, on.service); err != nil {
			return by, 0, err
		}
	}
	amount, err = r.d.book(b, s.parts, on.set)
	return on.by, amount, err
}

// rightTime checks that a bucket was settled when its cycle had closed, by what was known
// then or, where that is not the same, as soon as its usage can have come.
func (r *replaying) rightTime(b *metering.Bucket, set *terms.Set, at calendar.Instant) error {
	closes, err := r.d.closes(b, set)
	if err != nil || closes <= at {
		return err
	}
	if set, err = r.d.used(b, max(b.Hour.End(), r.d.books.At)); err != nil {
		return err
	}
	if closed, err := r.d.closes(b, set); err != nil || closed <= at {
		return err
	}
	return fmt.Errorf("%s was settled, and its cycle closes at %s", bucketName(b.Key), closes)
}

// mayBill checks that nothing was billed of an hour in which the service was
// closed throughout, and that every refusal has its reason in the service's
// history.
func mayBill(s settledBucket, service *subscription.Service, gate refusal.Code) error {
	if gate != "" {
		for _, part := range s.refused {
			if part.code != gate {
				return fmt.Errorf("%s was refused as %s, and the reason was %s", bucketName(s.Key), part.code, gate)
			}
		}
		if s.billed > 0 {
			return fmt.Errorf("%s was billed, and the service could not be opened: %s", bucketName(s.Key), gate)
		}
		return nil
	}
	for _, part := range s.refused {
		if !closedFor(service, s.Hour, part.code) {
			return fmt.Errorf("%s was refused as %s, and the service was not closed for that reason", bucketName(s.Key), part.code)
		}
	}
	if s.billed > 0 && closedThroughout(service, s.Hour) {
		return fmt.Errorf("%s was billed, and the service was closed throughout", bucketName(s.Key))
	}
	return nil
}

// closedFor says whether a service was closed for a reason, to some resource,
// in a part of an hour.
func closedFor(s *subscription.Service, hour calendar.Hour, reason refusal.Code) bool {
	for _, opened := range []calendar.Instant{0, calendar.EndOfTime} {
		for _, c := range s.ClosedFor(opened) {
			if c.Reason == reason && c.From < hour.End() && hour.Start() < c.To {
				return true
			}
		}
	}
	return false
}

// closedThroughout says whether no second of an hour could be billed to any resource.
func closedThroughout(s *subscription.Service, hour calendar.Hour) bool {
	for _, c := range s.ClosedFor(calendar.EndOfTime) {
		if c.Reason != refusal.PayablesUnsettled && c.From <= hour.Start() && hour.End() <= c.To {
			return true
		}
	}
	return false
}
