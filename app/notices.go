package app

import (
	"context"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/core/notice"
	"termwise.dev/store"
)

// NoticeView is something that a customer was told. Explain takes its ID.
type NoticeView struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	Product  string `json:"product"`
	Channels string `json:"channels"` // comma-separated
	Text     string `json:"text"`
	// Recorded is when it was said and Since since when what it is about has
	// lasted, both in the provider's zone; Owed is what was owed then.
	Recorded string       `json:"recorded"`
	Since    string       `json:"since,omitempty"`
	Owed     money.Amount `json:"owed"`
	// Document and Version are what a notice of a change is about, Effective when
	// that takes effect.
	Document  string `json:"document,omitempty"`
	Version   string `json:"version,omitempty"`
	Effective string `json:"effective,omitempty"`
	// Served is when the notice counts as served; absent where the terms do not say.
	Served string `json:"served,omitempty"`
	// Inboxes says whose inboxes count beside the customer's own contacts, as the
	// terms say: "sub_users", or nothing.
	Inboxes notice.Inboxes `json:"inboxes,omitempty"`
}

// Notices lists what an account was told, oldest first, after a cursor, which is
// empty for the first ones; the cursor returned is empty when there are no
// more. It refuses an unknown account.
func (a *App) Notices(ctx context.Context, id, cursor string, limit int) (list []NoticeView, next string, err error) {
	after, err := parseLineCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		p, err := a.provider(ctx, tx)
		if err != nil {
			return err
		}
		if err := mustExist(ctx, tx, id); err != nil {
			return err
		}
		rows, err := tx.Notices(ctx, id, store.Filter[calendar.Instant]{After: after, Limit: limit + 1})
		if len(rows) > limit {
			rows = rows[:limit]
			next = lineCursor(rows[limit-1].RowID)
		}
		for i := range rows {
			list = append(list, p.noticeView(id, &rows[i]))
		}
		return err
	})
	return list, next, err
}

func (p *Provider) noticeView(id string, n *account.Noticed) NoticeView {
	return NoticeView{
		ID:   RowName{Kind: NoticeRow, Account: id, RowID: n.RowID}.String(),
		Kind: string(n.Kind), Product: n.Product, Channels: n.Channels, Text: n.Sentence(),
		Recorded: p.instant(n.Recorded), Since: p.instant(n.Since), Owed: n.Owed,
		Document: n.Document, Version: n.Version, Effective: p.instant(n.Effective), Served: p.instant(n.Served), Inboxes: n.Inboxes,
	}
}
