package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/notice"
	"termwise.dev/core/terms"
)

// Announced is how far the telling of a version has come.
type Announced struct {
	account.Announcement
	// Recorded is when the version was published.
	Recorded calendar.Instant
	// After is the last account whose turn it was, in the order of ids; Told counts
	// the accounts that were told.
	After string
	Told  int64
	State Telling
	// Digest is over the rest; PutAnnounced writes it.
	Digest int64
}

// Telling says whether every account has had its turn.
type Telling string

// The states of an announcement.
const (
	StillTelling Telling = "telling"
	AllTold      Telling = "told"
)

// Seal returns the digest that the row must carry.
func (a *Announced) Seal() int64 {
	var e journal.Encoder
	e.Text("announcement").Text(a.Document).Text(a.Version).Int(int64(a.Recorded)).Text(a.After).Int(a.Told).Text(string(a.State))
	return e.Digest()
}

var announcements = table[Announced]{
	name: "announcements", owner: "document", columns: "version, recorded, after, told, state, digest",
	fields: func(a *Announced) []any {
		return []any{&a.Version, (*int64)(&a.Recorded), &a.After, &a.Told, (*string)(&a.State), &a.Digest}
	},
}

// PutAnnounced keeps how far the telling of a version has come.
func (tx *Tx) PutAnnounced(ctx context.Context, a Announced) error {
	a.Digest = a.Seal()
	_, err := announcements.write(ctx, tx, announcements.insert(`ON CONFLICT (document, version) DO UPDATE SET
		after = excluded.after, told = excluded.told, state = excluded.state, digest = excluded.digest`),
		[]owned[Announced]{{a.Document, &a}})
	return err
}

// Announcements returns every version whose accounts are told or have been, by
// when it was published, document and version.
func (tx *Tx) Announcements(ctx context.Context) ([]Announced, error) {
	return tx.announcements(ctx, "")
}

// NextAnnouncement returns the first version whose accounts have not all had
// their turn, and false when there is none. In Update it is locked, so that one
// worker after the other goes on with it.
func (tx *Tx) NextAnnouncement(ctx context.Context) (a Announced, found bool, err error) {
	list, err := tx.announcements(ctx, "WHERE state <> 'told'", " LIMIT 1"+tx.forUpdate())
	if err != nil || len(list) == 0 {
		return a, false, err
	}
	return list[0], true, nil
}

// LockAnnouncement returns how far the telling of a version has come, and false
// when no account is told of it. In Update nobody else tells of it meanwhile.
func (tx *Tx) LockAnnouncement(ctx context.Context, of account.Announcement) (a Announced, found bool, err error) {
	err = announcements.each(ctx, tx, func(document string, row *Announced) {
		a, found = *row, true
		a.Document = document
	}, "WHERE document = $1 AND version = $2"+tx.forUpdate(), of.Document, of.Version)
	return a, found, err
}

func (tx *Tx) announcements(ctx context.Context, where string, tail ...string) (list []Announced, err error) {
	query := where + " ORDER BY recorded, document, version"
	for _, t := range tail {
		query += t
	}
	err = announcements.each(ctx, tx, func(document string, a *Announced) {
		a.Document = document
		list = append(list, *a)
	}, query)
	return list, err
}

// Untold is an account that could not be told of a version when it was its turn.
type Untold struct {
	Account string
	account.Announcement
	Recorded calendar.Instant
	// Digest is over the rest; PutUntold writes it.
	Digest int64
}

// Seal returns the digest that the row must carry.
func (u *Untold) Seal() int64 {
	var e journal.Encoder
	e.Text("untold").Text(u.Account).Text(u.Document).Text(u.Version).Int(int64(u.Recorded))
	return e.Digest()
}

var untold = accountTable("untold", "document, version, recorded, digest", func(u *Untold) []any {
	return []any{&u.Document, &u.Version, (*int64)(&u.Recorded), &u.Digest}
})

// PutUntold keeps accounts that could not be told.
func (tx *Tx) PutUntold(ctx context.Context, list []Untold) error {
	rows := make([]owned[Untold], len(list))
	for i := range list {
		list[i].Digest = list[i].Seal()
		rows[i] = owned[Untold]{list[i].Account, &list[i]}
	}
	_, err := untold.write(ctx, tx, untold.insert("ON CONFLICT DO NOTHING"), rows)
	return err
}

// DropUntold forgets that an account was to be told.
func (tx *Tx) DropUntold(ctx context.Context, u Untold) error {
	_, err := tx.exec(ctx, "DELETE FROM untold WHERE account = $1 AND document = $2 AND version = $3", u.Account, u.Document, u.Version)
	return err
}

// Untold returns the first accounts after one that could not be told, by account,
// document and version.
func (tx *Tx) Untold(ctx context.Context, after Untold, limit int) (list []Untold, err error) {
	err = untold.each(ctx, tx, func(id string, u *Untold) {
		u.Account = id
		list = append(list, *u)
	}, "WHERE (account, document, version) > ($1, $2, $3) ORDER BY account, document, version LIMIT $4",
		after.Account, after.Document, after.Version, limit)
	return list, err
}

// UntoldOf returns of which versions one account could not be told.
func (tx *Tx) UntoldOf(ctx context.Context, id string) (list []Untold, err error) {
	err = untold.each(ctx, tx, func(owner string, u *Untold) {
		u.Account = owner
		list = append(list, *u)
	}, "WHERE account = $1 ORDER BY document, version", id)
	return list, err
}

// LoadTold adds to books whether their accounts have been told of a version.
func (tx *Tx) LoadTold(ctx context.Context, books []*account.Books, a account.Announcement) error {
	ids := make([]string, len(books))
	byID := make(map[string]*account.Books, len(books))
	for i, b := range books {
		ids[i], byID[b.ID] = b.ID, b
	}
	wanted, err := list(tx, ids)
	if err != nil {
		return err
	}
	told, err := tx.texts(ctx, "SELECT DISTINCT account FROM notices WHERE "+tx.among("account", "text")+
		" AND document = $2 AND version = $3 AND document <> '' AND kind NOT IN "+answers,
		wanted, a.Document, a.Version)
	for _, id := range told {
		byID[id].Told = append(byID[id].Told, a)
	}
	return err
}

// answers are the kinds of notice that name a version and do not announce it: they
// answer what the customer, or the version itself, did.
const answers = "('" + string(notice.ExitConfirmed) + "', '" + string(notice.WasEnded) + "')"

// ToldAfter returns when the first of the accounts after one, in the order of ids,
// was told of a version in its turn, and false when none was. Who accepted
// something after the publication may have been told for that, and does not count.
func (tx *Tx) ToldAfter(ctx context.Context, a *Announced, id string) (at calendar.Instant, found bool, err error) {
	var first sql.NullInt64
	_, err = tx.one(ctx, []any{&first}, `SELECT min(n.recorded) FROM notices n
		WHERE n.account > $1 AND n.document = $2 AND n.version = $3 AND n.document <> '' AND n.kind NOT IN `+answers+`
			AND NOT EXISTS (SELECT 1 FROM acceptances x WHERE x.account = n.account AND x.recorded >= $4 AND x.recorded <= n.recorded)`,
		id, a.Document, a.Version, int64(a.Recorded))
	return calendar.Instant(first.Int64), first.Valid, err
}

// voidedBy is the condition that a lapse l took an acceptance x back.
const voidedBy = "l.account = x.account AND l.order_ref = x.order_ref AND l.document = x.document AND l.version = x.version AND l.effect = '" +
	string(terms.LapsesTerms) + "'"

// Alike is a number of accounts that accepted the same versions of the same
// documents in the same order and left the same ones, or one that is looked at by itself.
type Alike struct {
	Account  string // the first of them
	Accounts int
}

// Alike groups all accounts by what they accepted, in which order, and before or
// after which of some instants, and what lapsed orders took back of it; by what they
// left, by which of some versions came too late to bind them, and by whether, and
// before or after which of the instants, they came back. Those that are named stand
// by themselves. Going on under a change is no act of acceptance, and does not tell
// accounts apart. It reads the acceptances of all accounts once.
func (tx *Tx) Alike(ctx context.Context, named []string, instants []calendar.Instant, versions []*terms.Document) (groups []Alike, err error) {
	turns := make([]int64, len(instants))
	for i, at := range instants {
		turns[i] = int64(at)
	}
	apart, err := list(tx, turns)
	if err != nil {
		return nil, err
	}
	starts := make([][2]any, len(versions))
	for i, d := range versions {
		starts[i] = [2]any{d.ID, int64(d.Effective)}
	}
	begin, err := json.Marshal(starts)
	if err != nil {
		return nil, fmt.Errorf("store: writing when versions take effect: %w", err)
	}
	// The lists stand in expressions, which every node can work out for itself.
	var alone any = named
	isNamed, turn, start := "a.account = ANY($1::text[])", "unnest($2::bigint[]) AS turn (value)", "json_array_elements($3::json) AS start (value)"
	if tx.engine == sqlite {
		if alone, err = list(tx, named); err != nil {
			return nil, err
		}
		isNamed, turn, start = "a.account IN (SELECT value FROM json_each($1))", "json_each($2) turn", "json_each($3) start"
	}
	earlier := func(column string) string {
		return "(SELECT count(*) FROM " + turn + " WHERE turn.value <= " + column + ")"
	}
	err = tx.each(ctx, `
		WITH acts AS (
			SELECT DISTINCT x.account, x.document, x.version, dense_rank() OVER (PARTITION BY x.account ORDER BY x.at) AS place, `+earlier("x.at")+` AS epoch,
				CASE WHEN l.at IS NULL THEN '' ELSE '!' || `+earlier("l.at")+` END AS void
			FROM acceptances x LEFT JOIN lapses l ON `+voidedBy+` WHERE form <> '`+string(terms.ContinuedUse)+`'),
		accepted AS (
			SELECT account, string_agg(document || '@' || version || '@' || place || '@' || epoch || void, ' ' ORDER BY place, document, version, void) AS acts
			FROM acts GROUP BY account),
		leaving AS (
			SELECT n.account, n.document, n.entry, n.effective, min(x.entry) AS back
			FROM notices n LEFT JOIN acceptances x ON x.account = n.account AND x.document = n.document AND x.entry > n.entry AND x.at >= n.since
				AND x.form NOT IN ('`+string(terms.Use)+`', '`+string(terms.ContinuedUse)+`')
			WHERE n.document <> '' AND n.kind = '`+string(notice.ExitConfirmed)+`'
			GROUP BY n.account, n.document, n.entry, n.effective),
		held AS (
			SELECT DISTINCT e.account, e.document,
				(SELECT count(*) FROM `+start+` WHERE start.value ->> 0 = e.document AND CAST(start.value ->> 1 AS bigint) < e.effective) AS bound,
				CASE WHEN e.back IS NULL THEN '' ELSE '!' || `+earlier("x.at")+` END AS back
			FROM leaving e LEFT JOIN acceptances x ON x.account = e.account AND x.entry = e.back AND x.document = e.document),
		exits AS (
			SELECT account, string_agg(document || '@' || bound || back, ' ' ORDER BY document, bound, back) AS exits
			FROM held GROUP BY account)
		SELECT min(account), count(*) FROM (
			SELECT a.account, CASE WHEN `+isNamed+` THEN a.account ELSE '' END AS alone, coalesce(accepted.acts, '') AS acts, coalesce(exits.exits, '') AS exits
			FROM accounts a LEFT JOIN accepted ON accepted.account = a.account LEFT JOIN exits ON exits.account = a.account) alike
		GROUP BY alone, acts, exits ORDER BY min(account)`, []any{alone, apart, string(begin)},
		func(rows scanner) error {
			var g Alike
			err := rows.Scan(&g.Account, &g.Accounts)
			groups = append(groups, g)
			return err
		})
	return groups, err
}

// LockDocuments waits until nobody publishes, and keeps it so until this
// transaction ends; others may do the same at once. Whoever accepts under it is
// seen by the telling of what is published after, or sees it itself.
func (tx *Tx) LockDocuments(ctx context.Context) error {
	if tx.engine != postgres {
		return nil // the writer has the whole file
	}
	_, err := tx.exec(ctx, "LOCK TABLE documents IN SHARE MODE")
	return err
}
