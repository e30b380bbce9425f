package account

import (
	"slices"
	"strings"

	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/notice"
	"termwise.dev/core/terms"
)

// Announcement names the version of a document that an account is told of.
type Announcement struct {
	Document string `json:"document"`
	Version  string `json:"version"`
}

// Announce brings the account up to an instant and tells it of a version that was
// published: one notice for each kind of change that the version is for it, by the
// clause that binds it. An account that has been told (see Books.Told), or for
// which the version changes nothing, is left as it is. It refuses what reading the
// terms refuses.
//
// Clauses: G 2.5, 3.2.8, 3.2.9, 7.4, 12.2 and their like.
func (b *Books) Announce(env Env, a Announcement, at calendar.Instant) (*Decision, error) {
	d := b.draft(env)
	if err := d.advance(at); err != nil {
		return nil, err
	}
	at = max(at, d.books.At)
	if err := d.announce(a, at); err != nil {
		return nil, err
	}
	return d.finish(at)
}

// announce writes the entry and its notices, unless nothing is owed.
func (d *draft) announce(a Announcement, at calendar.Instant) error {
	if slices.Contains(d.books.Told, a) {
		return nil
	}
	_, owed, err := d.env.Terms.Announced(a.Document, a.Version, d.books.Standing(), d.env.RecordedAt(at))
	if err != nil || len(owed) == 0 {
		return err
	}
	inputs, err := payload(a)
	if err != nil {
		return err
	}
	d.begin(journal.Announced, at, d.env.Actor, inputs)
	for _, o := range owed {
		n := notice.Notice{
			Kind: noticeOf[o.Kind], Product: o.Product, Channels: joined(o.Channels), Recorded: d.env.RecordedAt(at),
			About: notice.About{Document: a.Document, Version: a.Version, Effective: o.At},
		}
		if err := d.say(n, o.Set, Basis{Terms: d.cite(o.Product, o.Set)}); err != nil {
			return err
		}
	}
	d.end()
	for i := len(d.out.Notices) - len(owed); i < len(d.out.Notices); i++ {
		d.books.Note(&d.out.Notices[i])
	}
	d.books.Told = append(d.books.Told, a)
	return nil
}

// noticeOf is what the customer is told of each kind of change.
var noticeOf = map[terms.ChangeKind]notice.Kind{
	terms.AgreementChange:  notice.AgreementChanges,
	terms.FreeUseEnds:      notice.FreeUseEnds,
	terms.Discontinuation:  notice.ProductEnds,
	terms.ServiceChange:    notice.ServiceChanges,
	terms.AgreementEnd:     notice.AgreementEnds,
	terms.Migration:        notice.EquipmentMoves,
	terms.Assignment:       notice.AgreementPasses,
	terms.TariffAdjustment: notice.TariffChanges,
}

// IsOfChange says whether a notice tells of a change that is to come.
func IsOfChange(n Noticed) bool {
	for _, kind := range noticeOf {
		if n.Kind == kind {
			return true
		}
	}
	return false
}

// Standing is the account as the terms see it.
func (b *Books) Standing() terms.Standing {
	return terms.Standing{Account: b.ID, Accepted: b.Acceptances, Left: b.left(), Accounts: 1}
}

// say writes a notice, with when it counts as served under the terms that call
// for it.
func (d *draft) say(n notice.Notice, set *terms.Set, basis Basis) error {
	how, err := set.Service()
	if err != nil {
		return err
	}
	if n.Served, err = how.Served(channelsOf(n.Channels), n.Recorded, d.env.Zone); err != nil {
		return err
	}
	if how.SubUsers {
		n.Inboxes = notice.SubUsersToo
	}
	row := Noticed{Stamp: Stamp{RowID: d.next()}, Notice: n, Basis: basis}
	row.Digest = d.keep(row.Seal(d.books.ID))
	d.out.Notices = append(d.out.Notices, row)
	return nil
}

// joined writes channels as a row keeps them, channelsOf reads them.
func joined(channels []terms.Channel) string {
	words := make([]string, len(channels))
	for i, c := range channels {
		words[i] = string(c)
	}
	return strings.Join(words, ",")
}

func channelsOf(text string) (channels []terms.Channel) {
	for word := range strings.SplitSeq(text, ",") {
		if word != "" {
			channels = append(channels, terms.Channel(word))
		}
	}
	return channels
}
