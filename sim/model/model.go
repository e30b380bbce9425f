package model

import (
	"regexp"
	"slices"
	"time"
)

// Model is a provider and its customers.
type Model struct {
	Zone *time.Location
	Now  time.Time
	// Virtual says that the clock moves only when told to, through every instant:
	// what it brings is recorded when it happens. A real clock moves by itself,
	// and what it brought is recorded when somebody looks.
	Virtual bool

	documents []*Document
	accounts  map[string]*account
	ids       []string // of accounts, sorted
	// unknown are the events that named no account.
	unknown []Turned
}

// account is what an account was told, in order.
type account struct {
	id, name string
	opened   time.Time
	facts    []fact
	turned   []Turned
	answers  map[string]answered // by key
	books    *Books              // what was lived of the facts
	lived    int                 // how many facts that was
}

// fact is one thing that an account was told, when the clock stood at now. Every
// fact but usage makes somebody look at the account, up to an instant.
type fact struct {
	now, look time.Time
	usage     *Event
	accept    []Acceptance
	topUp     *TopUp
	announced *Document
	leaving   *Leaving
}

// Acceptance is an account's act of accepting a version of a document.
type Acceptance struct {
	Document, Version, Form string
	At, Recorded            time.Time
}

// Turned is an event that was not accepted.
type Turned struct{ Source, ID, Code string }

// New returns a provider without customers.
func New(zone *time.Location, start time.Time, virtual bool) *Model {
	return &Model{Zone: zone, Now: start, Virtual: virtual, accounts: map[string]*account{}}
}

// Accounts lists the ids of all accounts, sorted.
func (m *Model) Accounts() []string { return m.ids }

// Turned lists the events of an account that were not accepted, each once; the
// empty id asks for those that named no account.
func (m *Model) Turned(id string) []Turned {
	if a := m.accounts[id]; a != nil {
		return a.turned
	}
	return m.unknown
}

var goodID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Open opens an account that accepts documents by a click, and returns the code
// of a refusal, or nothing. Opening it again under its name changes nothing.
func (m *Model) Open(id, name string, accepts []string) (code string) {
	if a := m.accounts[id]; a != nil {
		if a.name != name {
			return "already_exists"
		}
		return ""
	}
	if !goodID.MatchString(id) || name == "" {
		return "bad_input"
	}
	acceptances, code := m.click(accepts)
	if code != "" {
		return code
	}
	a := &account{id: id, name: name, opened: m.Now, answers: map[string]answered{}}
	m.accounts[id] = a
	m.ids = append(m.ids, id)
	slices.Sort(m.ids)
	if len(acceptances) > 0 {
		a.tell(fact{now: m.Now, look: m.Now, accept: acceptances})
		m.tellNewcomer(a)
	}
	return ""
}

func (a *account) tell(f fact) { a.facts = append(a.facts, f) }

// Accept records a click on documents.
func (m *Model) Accept(id string, documents []string) (code string) {
	a := m.accounts[id]
	if a == nil {
		return "unknown_account"
	}
	acceptances, code := m.click(documents)
	if code == "" {
		a.tell(fact{now: m.Now, look: m.Now, accept: acceptances})
		m.tellNewcomer(a)
	}
	return code
}

// click makes the acceptance of the versions in force.
func (m *Model) click(documents []string) ([]Acceptance, string) {
	var all []Acceptance
	for _, id := range documents {
		inForce := m.inForce(question{at: m.Now, known: m.Now})
		i := slices.IndexFunc(inForce, func(d *Document) bool { return d.ID == id })
		if i < 0 {
			return nil, "not_found"
		}
		if forms, set := inForce[i].Values["acceptance.forms"]; set && !lists(forms, "click") {
			return nil, "bad_input"
		}
		all = append(all, Acceptance{Document: id, Version: inForce[i].Version, Form: "click", At: m.Now, Recorded: m.Now})
	}
	return all, ""
}

// Advance moves a virtual clock; all accounts are looked at on the way.
func (m *Model) Advance(to time.Time) (code string) {
	if !m.Virtual {
		return "clock_is_real"
	}
	if to.Before(m.Now) {
		return "clock_backward"
	}
	m.look(to)
	m.Now = to
	return ""
}

// Work looks at all accounts on a real clock.
func (m *Model) Work() { m.look(m.Now) }

func (m *Model) look(to time.Time) {
	for _, id := range m.ids {
		m.accounts[id].tell(fact{now: m.Now, look: to})
	}
}

// Report answers usage events: "accepted", "duplicate", or the code of a refusal.
// They are judged by when their usage began, so that it is the first use that
// accepts, and kept in the order in which they were sent.
func (m *Model) Report(events []Event) []string {
	outcomes := make([]string, len(events))
	order := make([]int, len(events))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return events[i].From.Compare(events[j].From) })
	for _, i := range order {
		outcomes[i] = m.judge(&events[i])
	}
	for i := range events {
		e := events[i]
		if outcomes[i] == "" {
			outcomes[i] = m.keep(&e)
		}
		if outcomes[i] != "accepted" && outcomes[i] != "duplicate" {
			m.turn(&e, outcomes[i])
		}
	}
	return outcomes
}

// judge says why an event cannot be accepted, in the order in which the reasons
// are listed with ReportUsage, or nothing.
func (m *Model) judge(e *Event) string {
	a := m.accounts[e.Account]
	if a == nil {
		return "unknown_account"
	}
	if e.From.Before(a.opened) {
		return "before_account"
	}
	b := m.Books(a.id)
	q := question{a.id, b.Accepted, b.Exits, e.Product, e.From, m.Now}
	if e.Product == "" || m.page(q) == nil {
		return "unknown_product"
	}
	// Use accepts what says so (G 0.3, E 0.1); what is refused is no use.
	byUse := m.acceptableByUse(q)
	q.accepted = append(slices.Clone(q.accepted), byUse...)
	if !m.hasAgreement(q) {
		return "agreement_not_accepted"
	}
	code := m.judgeUnder(q, e)
	if code != "" || len(byUse) == 0 {
		return code
	}
	// Who has left accepts nothing by it; the account is looked at all the same.
	if _, back := b.backFrom(q); !back {
		byUse = nil
	}
	a.tell(fact{now: m.Now, look: m.Now, accept: byUse})
	m.tellNewcomer(a)
	return code
}

// acceptableByUse makes the acceptance, at the instant of the usage, of the
// documents that say that they are accepted by use and do not bind yet.
func (m *Model) acceptableByUse(q question) []Acceptance {
	var all []Acceptance
	for _, d := range m.inForce(q) {
		if d.ByAcceptance && !acceptedBy(d.ID, q) && d.concerns(q.account, q.product) && lists(d.Values["acceptance.forms"], "use") {
			all = append(all, Acceptance{Document: d.ID, Version: d.Version, Form: "use", At: q.at, Recorded: m.Now})
		}
	}
	return all
}

func (m *Model) judgeUnder(q question, e *Event) string {
	if code := e.fault(m.page(q)); code != "" {
		return code
	}
	if limit, set := m.value("usage.future_limit", q); set && e.To.After(m.Now.Add(length(limit))) {
		return "bad_interval"
	}
	return ""
}

// accepted returns the event that was accepted under the name of another, or nil.
func (a *account) accepted(e *Event) *Event {
	for _, f := range a.facts {
		if f.usage != nil && f.usage.Source == e.Source && f.usage.ID == e.ID {
			return f.usage
		}
	}
	return nil
}

// keep counts an event once, under its name.
func (m *Model) keep(e *Event) string {
	a := m.accounts[e.Account]
	if old := a.accepted(e); old != nil {
		if sameBody(old, e) {
			return "duplicate"
		}
		return "event_id_reused"
	}
	a.tell(fact{now: m.Now, usage: e})
	return "accepted"
}

// turn keeps a refusal, the same one once.
func (m *Model) turn(e *Event, code string) {
	list := &m.unknown
	if a := m.accounts[e.Account]; a != nil {
		list = &a.turned
	}
	if t := (Turned{e.Source, e.ID, code}); !slices.Contains(*list, t) {
		*list = append(*list, t)
	}
}

// Opened is when an account was opened.
func (m *Model) Opened(id string) time.Time { return m.accounts[id].opened }
