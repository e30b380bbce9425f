package account

import (
	"maps"
	"slices"
	"strconv"

	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
)

// checkUsage checks that no parcel of usage is missing or was changed, that each
// bucket holds the usage of the events that were folded, and that what was
// billed and refused of it is what the rows say (truth 7).
func (ev *Evidence) checkUsage(f *Findings, missing missingRows) {
	f.checked(UsageIsBilledOnce, len(ev.Parcels)+len(ev.Events)+len(ev.Buckets)+len(ev.Resources))
	ev.checkParcels(f)
	ev.checkIntake(f)
	ev.checkHours(f)
	right, opened := ev.collect()
	ev.settled(right)
	ev.checkPending(f, right)
	for i := range ev.Buckets {
		kept := &ev.Buckets[i]
		want := right[kept.Key]
		if want == nil {
			want = &metering.Bucket{Key: kept.Key}
		}
		ev.checkBucket(f, kept, want, missing)
		delete(right, kept.Key)
	}
	for _, key := range slices.SortedFunc(maps.Keys(right), metering.Key.Compare) {
		f.add(faultAt(UsageIsBilledOnce, InBuckets, bucketName(key), "is missing, and %d of usage has arrived for it", right[key].Total))
	}
	ev.checkResources(f, opened)
}

// checkParcels checks that the parcels are numbered from one without gaps, that
// each is as it was written, and that no event is in them twice.
func (ev *Evidence) checkParcels(f *Findings) {
	next := int64(1)
	for i := range ev.Parcels {
		p := &ev.Parcels[i]
		if p.Number > next {
			f.add(faultAt(UsageIsBilledOnce, InUsage, ParcelName(next), "is missing: parcel %d comes next", p.Number))
		}
		next = p.Number + 1
		if _, whole := p.Open(ev.Account.ID); !whole {
			f.add(faultAt(UsageIsBilledOnce, InUsage, ParcelName(p.Number), "digest does not match its content"))
		}
	}
	if last := ev.Account.Intake.Parcels; next <= last {
		f.add(faultAt(UsageIsBilledOnce, InUsage, ParcelName(next), "is missing: %d came for the account", last))
	}
	seen := make(map[[2]string]int64, len(ev.Events))
	for i := range ev.Events {
		e := &ev.Events[i]
		name := [2]string{e.Source, e.ID}
		if first, twice := seen[name]; twice {
			f.add(faultAt(UsageIsBilledOnce, InUsage, ParcelName(e.Parcel), "holds event %s, which parcel %d holds already", EventName(e.Source, e.ID), first))
		}
		seen[name] = e.Parcel
	}
}

// ParcelName names a parcel within its account.
func ParcelName(number int64) string { return "parcel " + strconv.FormatInt(number, 10) }

// checkIntake checks what the account says of its parcels and buckets.
func (ev *Evidence) checkIntake(f *Findings) {
	in := ev.Account.Intake
	var last int64
	if n := len(ev.Parcels); n > 0 {
		last = ev.Parcels[n-1].Number
	}
	var to calendar.Hour
	unsettled := calendar.EndOfTime
	for i := range ev.Hours {
		to = max(to, ev.Hours[i].Hour+1)
	}
	for i := range ev.Buckets {
		b := &ev.Buckets[i]
		if b.IsOpen() {
			unsettled = min(unsettled, b.Hour.End())
		}
	}
	switch {
	case in.Parcels != last:
		f.add(faultAt(JournalReplays, InAccounts, "", "says that %d parcels of usage came, and the last that is kept is %d", in.Parcels, last))
	case in.Folded < 0 || in.Folded > last:
		f.add(faultAt(JournalReplays, InAccounts, "", "says that %d parcels of usage are in buckets, and %d came", in.Folded, last))
	case in.Indexed < 0 || in.Indexed > last:
		f.add(faultAt(JournalReplays, InAccounts, "", "says that the events of %d parcels of usage are indexed, and %d came", in.Indexed, last))
	case in.To != to:
		f.add(faultAt(JournalReplays, InAccounts, "", "says that its buckets end at %s, and they end at %s", in.To.Start(), to.Start()))
	case ev.Account.OpenAfter != unsettled:
		f.add(faultAt(JournalReplays, InAccounts, "", "says that usage in buckets falls due at %s, and it does at %s", ev.Account.OpenAfter, unsettled))
	}
}

// folded says whether an event's usage is in buckets.
func (ev *Evidence) folded(e *StoredEvent) bool { return e.Parcel <= ev.Account.Intake.Folded }

// collect puts the usage of events that were folded into buckets, and finds when
// each resource was first used by them.
func (ev *Evidence) collect() (map[metering.Key]*metering.Bucket, map[Resource]calendar.Instant) {
	right := map[metering.Key]*metering.Bucket{}
	opened := map[Resource]calendar.Instant{}
	for i := range ev.Events {
		e := &ev.Events[i]
		if !ev.folded(e) {
			continue
		}
		r := Resource{Product: e.Product, Resource: e.Resource}
		if first, seen := opened[r]; !seen || e.From < first {
			opened[r] = e.From
		}
		e.EachHour(func(hour calendar.Hour, meter string, quantity int64) {
			key := metering.Key{Product: e.Product, Resource: e.Resource, Meter: meter, Hour: hour}
			b := right[key]
			if b == nil {
				b = &metering.Bucket{Key: key}
				right[key] = b
			}
			b.Total += quantity
			b.Touched = max(b.Touched, e.Recorded)
		})
	}
	return right, opened
}

// settled adds up what charges and refusals say of each bucket.
func (ev *Evidence) settled(right map[metering.Key]*metering.Bucket) {
	at := func(key metering.Key) *metering.Bucket {
		if right[key] == nil {
			right[key] = &metering.Bucket{Key: key}
		}
		return right[key]
	}
	for i := range ev.Charges {
		c := &ev.Charges[i]
		b := at(c.Key)
		b.Billed += c.Quantity
		b.Charged += c.Amount
		b.Lines++
	}
	for i := range ev.Refused {
		at(ev.Refused[i].Key).Refused += ev.Refused[i].Quantity
	}
}

// checkPending checks that each bucket with open usage says since when: at an
// arrival before which no more came than is settled.
func (ev *Evidence) checkPending(f *Findings, right map[metering.Key]*metering.Bucket) {
	arrivals := ev.arrivals(right)
	for i := range ev.Buckets {
		kept := &ev.Buckets[i]
		name := bucketName(kept.Key)
		list := arrivals[kept.Key]
		if len(list) == 0 && kept.Pending != 0 {
			f.add(faultAt(UsageIsBilledOnce, InBuckets, name, "says that usage has been open since %s, and none is", kept.Pending))
		}
		if len(list) > 0 && !isPending(kept, list) {
			f.add(faultAt(UsageIsBilledOnce, InBuckets, name, "says that usage has been open since %s, which its events do not say", kept.Pending))
		}
	}
}

// arrival is when an event came and what it added to a bucket.
type arrival struct {
	at       calendar.Instant
	quantity int64
}

// arrivals lists what came for the buckets that have open usage.
func (ev *Evidence) arrivals(right map[metering.Key]*metering.Bucket) map[metering.Key][]arrival {
	found := map[metering.Key][]arrival{}
	for i := range ev.Events {
		e := &ev.Events[i]
		if !ev.folded(e) {
			continue
		}
		e.EachHour(func(hour calendar.Hour, meter string, quantity int64) {
			key := metering.Key{Product: e.Product, Resource: e.Resource, Meter: meter, Hour: hour}
			if right[key].IsOpen() {
				found[key] = append(found[key], arrival{e.Recorded, quantity})
			}
		})
	}
	return found
}

func isPending(b *metering.Bucket, list []arrival) bool {
	var earlier int64
	isArrival := false
	for _, a := range list {
		isArrival = isArrival || a.at == b.Pending
		if a.at < b.Pending {
			earlier += a.quantity
		}
	}
	return isArrival && earlier <= b.Billed+b.Refused
}

func (ev *Evidence) checkBucket(f *Findings, kept, want *metering.Bucket, missing missingRows) {
	name := bucketName(kept.Key)
	if kept.Total != want.Total {
		f.add(faultAt(UsageIsBilledOnce, InBuckets, name, "holds %d, and its events sum to %d", kept.Total, want.Total))
	}
	if kept.Touched != want.Touched {
		f.add(faultAt(UsageIsBilledOnce, InBuckets, name, "was last touched at %s, and its last event was recorded at %s", kept.Touched, want.Touched))
	}
	if kept.Billed != want.Billed || kept.Charged != want.Charged || kept.Lines != want.Lines {
		if kept.Lines != want.Lines+1 || missing.in(InCharges, anyRow) == nil {
			f.add(faultAt(UsageIsBilledOnce, InBuckets, name, "says that %d was billed in %d lines for %s, and its charges sum to %d in %d lines for %s",
				kept.Billed, kept.Lines, kept.Charged, want.Billed, want.Lines, want.Charged))
		}
	}
	if kept.Refused != want.Refused {
		if kept.Refused < want.Refused || missing.in(InRefused, anyRow) == nil {
			f.add(faultAt(UsageIsBilledOnce, InBuckets, name, "says that %d was refused, and its refusals sum to %d", kept.Refused, want.Refused))
		}
	}
}

func (ev *Evidence) checkResources(f *Findings, opened map[Resource]calendar.Instant) {
	kept := maps.Clone(ev.Resources)
	for _, r := range sortedResources(opened) {
		at, found := kept[r]
		if !found {
			f.add(faultAt(UsageIsBilledOnce, InResources, r.String(), "is missing, and was first used at %s", opened[r]))
		} else if at != opened[r] {
			f.add(faultAt(UsageIsBilledOnce, InResources, r.String(), "was first used at %s by its row, at %s by its events", at, opened[r]))
		}
		delete(kept, r)
	}
	for _, r := range sortedResources(kept) {
		f.add(faultAt(UsageIsBilledOnce, InResources, r.String(), "was never used"))
	}
}

func sortedResources(m map[Resource]calendar.Instant) []Resource {
	return slices.SortedFunc(maps.Keys(m), func(a, b Resource) int {
		return metering.Key{Product: a.Product, Resource: a.Resource}.Compare(metering.Key{Product: b.Product, Resource: b.Resource})
	})
}

// String names the resource within its account.
func (r Resource) String() string { return r.Product + " " + r.Resource }

// EventName names a usage event within its account.
func EventName(source, id string) string { return source + " " + id }

// bucketName names a bucket within its account.
func bucketName(k metering.Key) string {
	return k.Product + " " + k.Resource + " " + k.Meter + " in the hour from " + k.Hour.Start().String()
}
