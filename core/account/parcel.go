package account

import (
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/metering"
)

// Parcel is usage of an account that was accepted together: what one
// transaction took in. Parcels are numbered from one without gaps, in the order
// in which they came, and are never changed.
type Parcel struct {
	Number   int64
	Recorded calendar.Instant
	// First and Last bound when the usage happened: the earliest beginning of an
	// event and the latest end.
	First, Last calendar.Instant
	// Events counts the events in Content, which metering.Pack wrote.
	Events  int64
	Content []byte
	Digest  int64
}

// NewParcel packs events of an account, of which there is at least one.
func NewParcel(account string, number int64, recorded calendar.Instant, events []metering.Event) *Parcel {
	p := &Parcel{
		Number: number, Recorded: recorded, First: events[0].From, Last: events[0].To,
		Events: int64(len(events)), Content: metering.Pack(events),
	}
	for i := range events {
		p.First, p.Last = min(p.First, events[i].From), max(p.Last, events[i].To)
	}
	p.Digest = p.Seal(account)
	return p
}

// Seal returns the digest that the parcel must carry.
func (p *Parcel) Seal(account string) int64 {
	var e journal.Encoder
	e.Text("usage_parcel").Text(account).Int(p.Number).Int(int64(p.Recorded)).Int(int64(p.First)).Int(int64(p.Last)).
		Int(p.Events).Bytes(p.Content)
	return e.Digest()
}

// Open returns the parcel's events in the order in which they came, or nothing
// when the parcel is not as it was written.
func (p *Parcel) Open(account string) (events []StoredEvent, whole bool) {
	if p.Digest != p.Seal(account) {
		return nil, false
	}
	unpacked, err := metering.Unpack(account, p.Content)
	if err != nil {
		return nil, false
	}
	events = make([]StoredEvent, len(unpacked))
	for i := range unpacked {
		events[i] = StoredEvent{Event: unpacked[i], Parcel: p.Number, Recorded: p.Recorded}
	}
	return events, true
}

// Intake says how far an account's usage has got on its way into buckets.
type Intake struct {
	// Parcels is the number of the last parcel, and of all of them.
	Parcels int64
	// Folded is the number of the last parcel whose usage is in buckets.
	Folded int64
	// To bounds the hours that have buckets: all are before it.
	To calendar.Hour
	// Indexed is the number of the last parcel whose events' names are in the
	// index that tells repetitions, as far as that is known. It may lag behind.
	Indexed int64
	// Reach says which index that is.
	Reach Reach
}

// Reach is how far the index that tells repetitions goes. The zero Reach is that of
// an index in which nothing is.
type Reach struct {
	// Runs is how many runs it has; they are numbered from one.
	Runs int64
	// Digest is over all of them, so that no other run passes for one that is gone.
	Digest int64
}

// Next returns how far the index goes with one more run, which has a digest of its own.
func (r Reach) Next(digest int64) Reach {
	var e journal.Encoder
	e.Text("usage_runs").Int(r.Runs).Int(r.Digest).Int(digest)
	return Reach{Runs: r.Runs + 1, Digest: e.Digest()}
}
