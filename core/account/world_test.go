package account_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/terms"
)

// world is an account with everything that a store would keep for it, under the
// sample provider's documents.
type world struct {
	t        testing.TB
	corpus   *terms.Corpus
	zone     calendar.Zone
	books    *account.Books
	buckets  map[metering.Key]*metering.Bucket
	hours    map[calendar.Hour]account.StoredHour // what is stored of them
	parcels  []account.Parcel
	events   []account.StoredEvent // what is in the parcels
	log      account.Decision      // every row so far
	payments int
	late     calendar.Duration // how long after its due instant time is noticed
}

var start = instant("2026-01-01T00:00:00+08:00")

func instant(s string) calendar.Instant {
	t, err := calendar.ParseInstant(s)
	if err != nil {
		panic(err)
	}
	return t
}

func amount(t testing.TB, s string) money.Amount {
	t.Helper()
	a, err := money.ParseAmount(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// sampleDocuments parses the sample provider's documents; extra ones are added.
func sampleCorpus(t testing.TB, extra ...string) *terms.Corpus {
	t.Helper()
	return corpusOf(t, samplePublished(t, extra...))
}

func corpusOf(t testing.TB, published []terms.Published) *terms.Corpus {
	t.Helper()
	corpus, err := terms.NewCorpus(published)
	if err != nil {
		t.Fatal(err)
	}
	return corpus
}

// samplePublished parses the sample provider's documents and extra ones.
func samplePublished(t testing.TB, extra ...string) []terms.Published {
	t.Helper()
	zone, err := calendar.ParseZone("UTC+8")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, dir := range []string{"agreements", "products"} {
		found, err := filepath.Glob(filepath.Join("..", "..", "provider", dir, "*.yaml"))
		if err != nil || len(found) == 0 {
			t.Fatalf("no documents in %s: %v", dir, err)
		}
		files = append(files, found...)
	}
	var published []terms.Published
	add := func(file string, source []byte) {
		d, err := terms.Parse(file, source, zone)
		if err != nil {
			t.Fatal(err)
		}
		published = append(published, terms.Published{Document: d, Recorded: start - 1})
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		add(file, source)
	}
	for _, text := range extra {
		add("extra.yaml", []byte(text))
	}
	return published
}

// newWorld opens an account that has accepted the general agreement.
func newWorld(t testing.TB, corpus *terms.Corpus, documents ...string) *world {
	t.Helper()
	zone, _ := calendar.ParseZone("UTC+8")
	w := &world{t: t, corpus: corpus, zone: zone, buckets: map[metering.Key]*metering.Bucket{}, hours: map[calendar.Hour]account.StoredHour{}}
	d, err := account.Open(w.env(), account.New{ID: "customer-001", Name: "Test", Currency: "CNY"}, start)
	w.apply(d, err)
	if len(documents) == 0 {
		documents = []string{"general-agreement"}
	}
	var accepted []terms.Acceptance
	for _, id := range documents {
		accepted = append(accepted, terms.Acceptance{Document: id, Version: "2025-06", Form: terms.Click, At: start, Recorded: start, Actor: "test"})
	}
	w.run(start, func(b *account.Books) (*account.Decision, error) { return b.Accept(w.env(), accepted, start) })
	return w
}

func (w *world) env() account.Env {
	return account.Env{
		Terms: w.corpus, Zone: w.zone, Actor: "test",
		RecordedAt: func(at calendar.Instant) calendar.Instant { return at.Add(w.late) },
	}
}

// use reports usage of a resource: a vCPU count, for an interval, seen at an instant.
func (w *world) use(resource string, milliCPU int64, from, to, seen string) {
	e := metering.Event{
		Source: "test", ID: w.unused(resource + from), Account: "customer-001", Product: "compute-payg", Resource: resource,
		From: instant(from), To: instant(to), Measures: []metering.Measure{{Meter: "cpu", Value: milliCPU}},
	}
	w.report(e, instant(seen))
}

// unused is a name for an event that no event has yet.
func (w *world) unused(id string) string {
	for slices.ContainsFunc(w.events, func(e account.StoredEvent) bool { return e.ID == id }) {
		id += "+"
	}
	return id
}

// report takes an event in as a store would.
func (w *world) report(e metering.Event, seen calendar.Instant) {
	p := account.NewParcel(w.books.ID, int64(len(w.parcels))+1, seen, []metering.Event{e})
	w.parcels = append(w.parcels, *p)
	w.events = append(w.events, account.StoredEvent{Event: e, Parcel: p.Number, Recorded: seen})
}

// load puts the open buckets and what is fresh into the books as a store would.
func (w *world) load(to calendar.Instant) {
	w.books.Open, w.books.OpenAfter = nil, calendar.EndOfTime
	w.books.Usage, w.books.Hours = account.Usage{}, map[calendar.Hour][]metering.Bucket{}
	w.books.Intake.Parcels = int64(len(w.parcels))
	defer w.fold(to)
	for _, b := range w.buckets {
		switch {
		case !b.IsOpen():
		case b.Hour.End() <= to:
			w.books.Open = append(w.books.Open, b)
			w.keep(b.Hour)
		default:
			w.books.OpenAfter = min(w.books.OpenAfter, b.Hour.End())
		}
	}
	slices.SortFunc(w.books.Open, func(a, b *metering.Bucket) int { return a.Compare(b.Key) })
}

// fold folds the parcels that are not in buckets yet.
func (w *world) fold(to calendar.Instant) {
	f := account.NewFold(w.books.ID, w.books.Intake.To)
	for i := w.books.Intake.Folded; i < int64(len(w.parcels)); i++ {
		f.Add(&w.parcels[i])
	}
	var stored []metering.Bucket
	for _, hour := range f.Late() {
		stored = append(stored, w.keep(hour)...)
	}
	w.books.Take(f.Finish(stored), to)
}

func (w *world) run(to calendar.Instant, decide func(*account.Books) (*account.Decision, error)) *account.Decision {
	w.t.Helper()
	w.load(to)
	for {
		d, err := decide(w.books)
		missing, asks := err.(*account.MissingUsage)
		if !asks {
			w.apply(d, err)
			return d
		}
		w.loadUsage(missing)
	}
}

func (w *world) loadUsage(m *account.MissingUsage) {
	if w.books.Usage.Events == nil {
		w.books.Usage.Events = map[calendar.Hour][]account.StoredEvent{}
	}
	for _, hour := range m.Hours { // a store gives them in the order in which they began
		w.books.Usage.Events[hour] = slices.SortedStableFunc(slices.Values(w.events), func(a, b account.StoredEvent) int { return cmp.Compare(a.From, b.From) })
	}
	if m.Resources {
		w.books.Usage.Opened = map[account.Resource]calendar.Instant{}
		for _, e := range w.events {
			r := account.Resource{Product: e.Product, Resource: e.Resource}
			if at, known := w.books.Usage.Opened[r]; !known || e.From < at {
				w.books.Usage.Opened[r] = e.From
			}
		}
	}
}

func (w *world) apply(d *account.Decision, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	w.books = d.After
	w.write(d)
	if w.log.Sets == nil {
		w.log.Sets = map[int64]account.TermSet{}
	}
	maps.Copy(w.log.Sets, d.Sets)
	w.log.Entries = append(w.log.Entries, d.Entries...)
	w.log.Charges = append(w.log.Charges, d.Charges...)
	w.log.Refused = append(w.log.Refused, d.Refused...)
	w.log.Transfers = append(w.log.Transfers, d.Transfers...)
	w.log.LateFees = append(w.log.LateFees, d.LateFees...)
	w.log.Notices = append(w.log.Notices, d.Notices...)
	w.log.Transitions = append(w.log.Transitions, d.Transitions...)
	w.log.Acceptances = append(w.log.Acceptances, d.Acceptances...)
	w.log.Lapses = append(w.log.Lapses, d.Lapses...)
	w.log.AddOns = append(w.log.AddOns, d.AddOns...)
}

// write writes the hours that a decision changed, as a store would.
func (w *world) write(d *account.Decision) {
	made, changed, err := d.Hours()
	if err != nil {
		w.t.Fatal(err)
	}
	for i, h := range slices.Concat(made, changed) {
		if _, there := w.hours[h.Hour]; there != (i >= len(made)) {
			w.t.Fatalf("the hour from %s is written as if it were there or not: %v", h.Hour.Start(), there)
		}
		w.hours[h.Hour] = *h
		buckets, err := h.Buckets()
		if err != nil {
			w.t.Fatal(err)
		}
		for i := range buckets {
			w.buckets[buckets[i].Key] = &buckets[i]
		}
	}
}

// keep adds to the books what is stored of an hour, as a store would.
func (w *world) keep(hour calendar.Hour) (buckets []metering.Bucket) {
	h, there := w.hours[hour]
	if !there {
		return nil
	}
	buckets, err := h.Buckets()
	if err != nil {
		w.t.Fatal(err)
	}
	w.books.Hours[hour] = buckets
	return buckets
}

func (w *world) advance(to string) *account.Decision {
	w.t.Helper()
	at := instant(to)
	return w.run(at, func(b *account.Books) (*account.Decision, error) { return b.Advance(w.env(), at) })
}

func (w *world) topUp(at, sum string) *account.Decision {
	w.t.Helper()
	when := instant(at)
	w.payments++
	top := account.TopUp{Amount: amount(w.t, sum), Method: "bank_remittance", Reference: fmt.Sprintf("%s, the %dth", at, w.payments)}
	return w.run(when, func(b *account.Books) (*account.Decision, error) { return b.TopUp(w.env(), top, when) })
}

func (w *world) wallet() string { return w.books.Balances[ledger.Wallet].String() }

// charged sums the charges so far.
func (w *world) charged() money.Amount {
	var sum money.Amount
	for _, c := range w.log.Charges {
		sum += c.Amount
	}
	return sum
}
