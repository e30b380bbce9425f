package terms

import (
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// Capability is something that the program would have to be able to do so that
// it could carry out the rules that wait for it (waits_for).
type Capability struct {
	Name  string // as a document writes it
	Means string // what it is, for a reader
}

// capabilities is the closed set of what a rule may wait for: a misspelt word
// would count as a capability of its own. A word stays when the program has
// learnt what it stands for, because documents that were published keep it.
var capabilities = []Capability{
	{"agency", "money that is collected for another seller"},
	{"changes", "changes, ends and transfers of services and agreements; when a notice is served"},
	{"claims", "liability: causes of an event, exclusions, limits, recovery of loss, disputes"},
	{"conduct", "violations, complaints, content, evidence, and the measures taken"},
	{"confidentiality", "who may see or disclose which class of information, and for what"},
	{"console", "what the customer reads and switches on its own pages"},
	{"contracts", "what a contract records beside its terms, such as parties and estimates; what its end does"},
	{"free_quota", "use free of charge, and its end"},
	{"identity", "contacts, sub-accounts, affiliates, real names"},
	{"invoices", "invoices, credit notes and tax"},
	{"licences", "permits and filings of the customer's sites"},
	{"orders", "quotes, orders, their payment and lapse, what comes with an order"},
	{"packages", "prepaid quota, drawn before use is charged"},
	{"promotions", "discounts, gifts, vouchers, and leaving a commitment"},
	{"quotas", "the limits of what was bought"},
	{"refunds", "what goes back when a service or an agreement ends early"},
	{"retention", "how long data is kept, and its deletion"},
	{"screening", "parties and purposes to which nothing may be supplied"},
	{"set_off", "debts of the provider's side set off against arrears"},
	{"sla", "availability, what it excludes, and compensation"},
	{"subscriptions", "terms of service: start, renewal, end"},
	{"support", "tickets, faults, hotlines, and who is entitled to them"},
}

// Capabilities lists what a rule may wait for, by name.
func Capabilities() []Capability { return slices.Clone(capabilities) }

// capability reads what a rule waits for: one of capabilities.
func (p *documentReader) capability(n ast.Node) string {
	s := p.text(n)
	names := make([]string, len(capabilities))
	for i, c := range capabilities {
		names[i] = c.Name
	}
	if s != "" && !slices.Contains(names, s) {
		p.refuseAt(n, fmt.Sprintf("waits_for %q is not a capability", s), "%s", suggest(s, names))
	}
	return s
}
