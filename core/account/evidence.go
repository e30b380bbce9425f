package account

import (
	"cmp"
	"fmt"
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/metering"
)

// Evidence is everything that is stored about one account: the rows that its
// journal entries wrote, the state that they are said to have led to, and the
// usage behind them. It may have been changed by hand; Check finds out.
type Evidence struct {
	// Account is the row of the account itself: its facts, how far its journal and its
	// usage have got, and the state that the journal is said to have led to.
	Account Books
	NextDue calendar.Instant
	// Unread are the rows that hold what was never written there, which is left out.
	Unread []*Fault
	// State is how that state is stored, Totals what stands beside it for lists.
	State  []byte
	Totals Totals

	Entries     []journal.Entry // by number; Previous is not stored and not read
	Lines       []Lines         // of each entry, by its number
	Charges     []Charge        // what is in Lines, see OpenLines; these and the following by entry and line
	Transfers   []Posted        // likewise
	Transitions []Moved         // likewise
	NoticeRows  []Noticed       // the notices that have rows of their own
	Notices     []Noticed       // these and what is in Lines
	Refused     []Refused
	LateFees    []LateFee
	Acceptances []Accepted
	Lapses      []Lapsed
	AddOns      []Switched

	Hours     []StoredHour      // in order
	Buckets   []metering.Bucket // what is in them
	Parcels   []Parcel          // by number
	Events    []StoredEvent     // what is in them; see Unpack
	Resources map[Resource]calendar.Instant
}

// Acts returns what the account did that decides what binds it.
func (ev *Evidence) Acts() Acts {
	return Acts{Acceptances: ev.Acceptances, Lapses: ev.Lapses, Notices: ev.Notices}
}

// StoredEvent is a usage event as it is kept, in a parcel.
type StoredEvent struct {
	metering.Event
	Parcel   int64
	Recorded calendar.Instant
}

// Unpack fills Events from Parcels. A parcel that is not as it was written gives
// none: its intervals may be a billion years.
func (ev *Evidence) Unpack() {
	ev.Events = nil
	for i := range ev.Parcels {
		events, _ := ev.Parcels[i].Open(ev.Account.ID)
		ev.Events = append(ev.Events, events...)
	}
}

// OpenLines fills Charges, Transfers and Transitions from Lines, and Notices from
// these and NoticeRows. Lines that cannot be unpacked give none. Of those that were
// changed Check names the entry, and the row by making it again: so all rows come with
// the digests of what they say.
func (ev *Evidence) OpenLines() {
	ev.Charges, ev.Transfers, ev.Transitions, ev.Notices = nil, nil, nil, slices.Clone(ev.NoticeRows)
	for i := range ev.Lines {
		p, err := ev.Lines[i].Unpack()
		if err != nil {
			continue
		}
		p.seal(ev.Account.ID)
		ev.Charges, ev.Transfers = append(ev.Charges, p.Charges...), append(ev.Transfers, p.Transfers...)
		ev.Notices, ev.Transitions = append(ev.Notices, p.Notices...), append(ev.Transitions, p.Moves...)
	}
	slices.SortStableFunc(ev.Notices, func(a, b Noticed) int { return a.compare(b.RowID) })
}

// Table names a kind of row, as the database calls it; charges, transfers and
// transitions are packed in rows of the journal and have names of their own.
type Table string

// The tables that hold what is known about an account.
const (
	InAccounts    Table = "accounts"
	InJournal     Table = "journal"
	InCharges     Table = "charges"
	InRefused     Table = "refused_usage"
	InTransfers   Table = "transfers"
	InLateFees    Table = "late_fees"
	InNotices     Table = "notices"
	InTransitions Table = "transitions"
	InAcceptances Table = "acceptances"
	InLapses      Table = "lapses"
	InAddOns      Table = "add_ons"
	InUsage       Table = "usage_parcels"
	InResources   Table = "resources"
	InBuckets     Table = "buckets"
)

// Truth numbers what must always be true, as the design lists it.
type Truth int

// The truths that concern one account.
const (
	TransfersBalance  Truth = 1
	BalancesAreSums   Truth = 2
	WalletsHaveFloors Truth = 3
	ChargesAreOwed    Truth = 5
	ReturnsWerePaid   Truth = 6
	UsageIsBilledOnce Truth = 7
	TermsRecompute    Truth = 8
	JournalReplays    Truth = 9
	StatesMoveOnEdges Truth = 10
)

// Fault is a row that breaks a truth.
type Fault struct {
	Truth Truth
	Table Table
	// RowID names a row of a journal entry; for the journal itself only Entry is set.
	RowID
	// Key names any other row within its account, in words.
	Key string
	// Message says what is wrong, with the values.
	Message string
}

// Error gives the table and the message.
func (f *Fault) Error() string { return string(f.Table) + ": " + f.Message }

func fault(truth Truth, table Table, id RowID, format string, args ...any) *Fault {
	return &Fault{Truth: truth, Table: table, RowID: id, Message: fmt.Sprintf(format, args...)}
}

func faultAt(truth Truth, table Table, key, format string, args ...any) *Fault {
	return &Fault{Truth: truth, Table: table, Key: key, Message: fmt.Sprintf(format, args...)}
}

// Findings is what Check found: for each truth how many rows were held against
// it, and the faults in the order in which they were found.
type Findings struct {
	Checked map[Truth]int
	Faults  []*Fault
}

func (f *Findings) checked(truth Truth, rows int) { f.Checked[truth] += rows }

func (f *Findings) add(found *Fault) {
	if found != nil {
		f.Faults = append(f.Faults, found)
	}
}

// sealed is a row as the journal knows it: its place and its digests.
type sealed struct {
	table Table
	RowID
	stored, right int64
	packed        bool // its digest is not kept
}

// sealedRows lists the rows of all kinds in the order of entries and lines.
func (ev *Evidence) sealedRows() []sealed {
	id := ev.Account.ID
	var all []sealed
	add := func(table Table, s Stamp, right int64, packed bool) {
		all = append(all, sealed{table: table, RowID: s.RowID, stored: s.Digest, right: right, packed: packed})
	}
	for i := range ev.Charges {
		add(InCharges, ev.Charges[i].Stamp, ev.Charges[i].Seal(id), true)
	}
	for i := range ev.Refused {
		add(InRefused, ev.Refused[i].Stamp, ev.Refused[i].Seal(id), false)
	}
	for i := range ev.Transfers {
		add(InTransfers, ev.Transfers[i].Stamp, ev.Transfers[i].Seal(id), true)
	}
	for i := range ev.LateFees {
		add(InLateFees, ev.LateFees[i].Stamp, ev.LateFees[i].Seal(id), false)
	}
	for i := range ev.Notices {
		add(InNotices, ev.Notices[i].Stamp, ev.Notices[i].Seal(id), ev.Notices[i].Packs())
	}
	for i := range ev.Transitions {
		add(InTransitions, ev.Transitions[i].Stamp, ev.Transitions[i].Seal(id), true)
	}
	for i := range ev.Acceptances {
		add(InAcceptances, ev.Acceptances[i].Stamp, ev.Acceptances[i].Seal(id), false)
	}
	for i := range ev.Lapses {
		add(InLapses, ev.Lapses[i].Stamp, ev.Lapses[i].Seal(id), false)
	}
	for i := range ev.AddOns {
		add(InAddOns, ev.AddOns[i].Stamp, ev.AddOns[i].Seal(id), false)
	}
	slices.SortStableFunc(all, func(a, b sealed) int { return a.compare(b.RowID) })
	return all
}

func (id RowID) compare(o RowID) int {
	return cmp.Or(cmp.Compare(id.Entry, o.Entry), cmp.Compare(id.Line, o.Line))
}
