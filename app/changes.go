package app

import (
	"context"
	"errors"
	"slices"
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// PlannedNotice is what notice a new version owes some of the accounts.
type PlannedNotice struct {
	Kind terms.ChangeKind `json:"kind"`
	// Clause is who sets the notice; empty where every document that binds is
	// silent, and Notice then says what that means.
	Clause string `json:"clause,omitempty"`
	Notice string `json:"notice"`
	// Channels are where it is announced.
	Channels []terms.Channel `json:"channels"`
	// Accounts counts whom it is owed.
	Accounts int `json:"accounts"`
	// By is the last day on which they can be told; empty where no length is agreed.
	By string `json:"by,omitempty"`

	by calendar.Day
}

// proposed is a version that would be published, and what that owes.
type proposed struct {
	terms.Succession
	// groups holds, for each group of accounts that accepted alike and that the
	// version changes something for, what it owes them.
	groups []owedGroup
	// left counts the accounts that the version would bind if they had not left its
	// document before (see terms.Succession.HeldBack).
	left     int
	notices  []PlannedNotice
	warnings []string
	faults   []error // contradictions that it brings
	fault    error   // why it may not be published, or nil
}

type owedGroup struct {
	accounts int
	owed     []terms.Owed
}

// judge finds for each new version which one it follows, what it owes whom, and
// whether it may be published.
func (a *App) judge(ctx context.Context, tx *store.Tx, f *folder, n *proposal) error {
	standings, err := a.standings(ctx, tx, n)
	if err != nil {
		return err
	}
	n.contradict(standings)
	for _, v := range n.versions {
		known := v.follow(n, f.parsed)
		faults := []error{terms.CheckDeclared(v.Old, v.New)}
		if n.before != nil {
			faults = append(faults, v.owe(n, standings))
		}
		owed := v.all()
		faults = append(faults, v.CheckTariff(owed))
		if len(owed) == 0 && known {
			owed = v.OwedByItself()
		}
		faults = append(faults, v.checkNotice(owed, n.settings.Zone, f.working))
		v.fault = errors.Join(append(faults, v.faults...)...)
	}
	return nil
}

// contradict finds what would contradict what for the accounts that there are,
// with nothing to decide it, and does not yet. The new version that one of the
// clauses stands in is refused for it.
func (n *proposal) contradict(standings []terms.Standing) {
	said := map[string]bool{}
	for _, who := range standings {
		for _, c := range n.corpus.Contradictions(who, n.before.Corpus, n.known) {
			if !said[c.Err.Error()] {
				said[c.Err.Error()] = true
				v := n.brings(c)
				v.faults = append(v.faults, c.Err)
			}
		}
	}
}

// brings finds the new version that brings a contradiction: one that says either
// of the two things or, where neither is new, the first.
func (n *proposal) brings(c terms.Contradiction) *proposed {
	i := slices.IndexFunc(n.versions, func(v *proposed) bool { return v.New == c.First || v.New == c.Second })
	return n.versions[max(i, 0)]
}

// checkNotice holds the version against the notices that it owes, and lists them:
// those of each group of accounts or, where it affects nobody yet, its own.
func (v *proposed) checkNotice(owed []terms.Owed, zone calendar.Zone, working *calendar.WorkingDays) error {
	warnings, refused := v.Check(owed, zone, working)
	v.warnings = warnings
	groups := v.groups
	if len(groups) == 0 {
		groups = []owedGroup{{owed: owed}}
	}
	for _, g := range groups {
		for _, o := range g.owed {
			if err := v.list(o, g.accounts, zone, working); err != nil {
				return err
			}
		}
	}
	return refused
}

// list adds a notice that some accounts are owed to those of the same clause.
func (v *proposed) list(o terms.Owed, accounts int, zone calendar.Zone, working *calendar.WorkingDays) error {
	p := PlannedNotice{Kind: o.Kind, Clause: o.Clause.Long(), Notice: o.Text, Channels: o.Channels, Accounts: accounts}
	day, stated, err := o.Notice.LastDay(o.At, zone, working)
	if err != nil {
		return err
	}
	if stated {
		p.by, p.By = day, day.String()
	}
	same := func(q PlannedNotice) bool {
		return q.Kind == p.Kind && q.Clause == p.Clause && q.Notice == p.Notice && slices.Equal(q.Channels, p.Channels)
	}
	if i := slices.IndexFunc(v.notices, same); i >= 0 {
		v.notices[i].Accounts += accounts
		return nil
	}
	v.notices = append(v.notices, p)
	return nil
}

// standings groups the accounts by what they accepted and left. Accounts that some
// document names stand by themselves.
func (a *App) standings(ctx context.Context, tx *store.Tx, n *proposal) ([]terms.Standing, error) {
	if n.before == nil || len(n.versions) == 0 {
		return nil, nil
	}
	versions := n.proposed()
	for _, p := range n.before.Documents {
		versions = append(versions, p.Document)
	}
	groups, err := tx.Alike(ctx, n.named(), n.before.Corpus.Tariffs(), versions)
	if err != nil {
		return nil, err
	}
	counts := make(map[string]int, len(groups))
	ids := make([]string, len(groups))
	for i, g := range groups {
		ids[i], counts[g.Account] = g.Account, g.Accounts
	}
	heads, err := tx.Heads(ctx, ids)
	if err != nil {
		return nil, err
	}
	standings := make([]terms.Standing, len(heads))
	for i, b := range heads {
		if b.Broken != nil {
			return nil, b.Broken
		}
		standings[i] = b.Standing()
		standings[i].Accounts = counts[b.ID]
	}
	return standings, nil
}

// named lists the accounts that documents bind by name.
func (n *proposal) named() []string {
	names := []string{}
	for _, p := range n.before.Documents {
		names = append(names, p.Document.Binds.Accounts...)
	}
	for _, v := range n.versions {
		names = append(names, v.New.Binds.Accounts...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// follow finds the version that this one follows: the latest, published or in the
// folder, that takes effect no later. known says whether one is published.
func (v *proposed) follow(n *proposal, folder []*terms.Document) (known bool) {
	consider := func(d *terms.Document) bool {
		if d.ID != v.New.ID || d.Version == v.New.Version || d.Effective > v.New.Effective {
			return false
		}
		if v.Old == nil || d.Effective > v.Old.Effective {
			v.Old = d
		}
		return true
	}
	if n.before != nil {
		for _, p := range n.before.Documents {
			known = consider(p.Document) || known
		}
	}
	for _, d := range folder {
		consider(d)
	}
	return known
}

// owe asks for each group of accounts what the version owes them, by everything
// that is published and would be: a version that takes effect before this one is
// what this one changes.
func (v *proposed) owe(n *proposal, standings []terms.Standing) error {
	for _, who := range standings {
		if mayBind(v.New, who) && v.HeldBack(who, n.known) {
			v.left += who.Accounts
		}
		owed, err := n.corpus.Owed(v.Succession, who, n.known)
		if err != nil {
			return err
		}
		if len(owed) > 0 {
			v.groups = append(v.groups, owedGroup{accounts: who.Accounts, owed: owed})
		}
	}
	return nil
}

func (v *proposed) all() []terms.Owed {
	var owed []terms.Owed
	for _, g := range v.groups {
		owed = append(owed, g.owed...)
	}
	return owed
}

// planned describes the version.
func (v *proposed) planned(zone calendar.Zone) (PlannedDocument, error) {
	p := PlannedDocument{
		Document: v.New.ID, Version: v.New.Version, Announced: v.New.Announced, Effective: v.New.Effective,
		EffectiveText: zone.Format(v.New.Effective), Notices: v.notices, Warnings: v.warnings,
	}
	if v.fault != nil {
		p.Refused = strings.ReplaceAll(v.fault.Error(), "\n", "; ")
	}
	for _, g := range v.groups {
		p.NoticesOwed += g.accounts
	}
	if v.Old == nil {
		return p, nil
	}
	p.Replaces, p.Changes = v.Old.Version, terms.Diff(v.Old, v.New)
	for _, k := range terms.KindsOf(v.Old, v.New) {
		p.Kinds = append(p.Kinds, k.Kind)
	}
	p.NoticeBy = v.firstDay()
	p.Dissent, _ = terms.In(v.Old, terms.ChangeDissent)
	return p, nil
}

// firstDay is the first of the last days on which somebody can be told.
func (v *proposed) firstDay() string {
	first := PlannedNotice{}
	for _, n := range v.notices {
		if n.By != "" && (first.By == "" || n.by < first.by) {
			first = n
		}
	}
	return first.By
}
