package app

import (
	"context"
	"fmt"
	"strings"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/subscription"
	"termwise.dev/store"
)

// chosen is the filter of one kind of row.
func chosen[U calendar.Hour | calendar.Day | calendar.Instant](h *historian, bounds [2]U) store.Filter[U] {
	return store.Filter[U]{From: bounds[0], To: bounds[1], After: h.after, Limit: h.limit}
}

// add keeps an item for a row.
func (h *historian) add(row RowKind, place account.RowID, item HistoryItem) {
	item.ID = RowName{Kind: row, Account: h.account, RowID: place}.String()
	h.found = append(h.found, happened{item, place})
}

// topUps reads money that came in; the entry says how, which dated adds.
func (h *historian) topUps(ctx context.Context) error {
	return h.transfers(ctx, HistoryTopUp, ledger.TopUp)
}

func (h *historian) payments(ctx context.Context) error {
	return h.transfers(ctx, HistoryPayment, ledger.Payment, ledger.LateFeePaid, ledger.PaymentReturned)
}

func (h *historian) postings(ctx context.Context) error {
	return h.transfers(ctx, HistoryPosting, ledger.Charge, ledger.ChargeReversed, ledger.LateFee)
}

func (h *historian) transfers(ctx context.Context, kind HistoryKind, purposes ...ledger.Purpose) error {
	rows, err := h.tx.Transfers(ctx, h.account, chosen(h, h.instants), purposes...)
	for _, t := range rows {
		h.add(TransferRow, t.RowID, HistoryItem{Kind: kind, What: transferSentence(t.Transfer), Amount: &t.Transfer.Amount})
	}
	return err
}

func transferSentence(t ledger.Transfer) string {
	switch t.Purpose {
	case ledger.Payment:
		return "Principal owed to " + creditor(t.Credit) + " was paid from the wallet."
	case ledger.LateFeePaid:
		return "Late fees owed to " + creditor(t.Credit) + " were paid from the wallet."
	case ledger.PaymentReturned:
		return "What had been paid too much went back to the wallet."
	case ledger.Charge:
		return "Usage was charged and became owed to " + creditor(t.Debit) + "."
	case ledger.ChargeReversed:
		return "Usage turned out to cost less than was charged, and is not owed to " + creditor(t.Credit) + "."
	case ledger.LateFee:
		return "A late fee became owed to " + creditor(t.Debit) + "."
	}
	return string(t.Purpose)
}

// creditor reads from a receivable's name whom it is owed to, and for what.
func creditor(a ledger.Account) string {
	_, seller, _ := strings.Cut(string(a), ":")
	return strings.Replace(seller, ":", " for ", 1)
}

func (h *historian) lateFees(ctx context.Context) error {
	rows, err := h.tx.LateFees(ctx, h.account, chosen(h, h.days))
	for _, f := range rows {
		h.add(LateFeeRow, f.RowID, HistoryItem{
			Kind: HistoryLateFee, Amount: &f.Amount,
			What: fmt.Sprintf("The late fee of %s on %s that was overdue for %s.", f.Day, h.money(f.Base), f.Product),
		})
	}
	return err
}

func (h *historian) notices(ctx context.Context) error {
	rows, err := h.tx.Notices(ctx, h.account, chosen(h, h.instants))
	for _, n := range rows {
		h.add(NoticeRow, n.RowID, HistoryItem{Kind: HistoryNotice, What: n.Sentence()})
	}
	return err
}

func (h *historian) transitions(ctx context.Context) error {
	rows, err := h.tx.Transitions(ctx, h.account, chosen(h, h.instants))
	for _, m := range rows {
		h.add(TransitionRow, m.RowID, HistoryItem{Kind: HistoryTransition, What: h.moveSentence(&m)})
	}
	return err
}

func (h *historian) moveSentence(m *account.Moved) string {
	switch {
	case m.To == subscription.Suspended:
		return fmt.Sprintf("Service %s was suspended: its arrears, since %[3]s, stood at %[2]s.", m.Product, h.money(m.Owed), h.provider.instant(m.Since))
	case m.To == subscription.Released:
		return fmt.Sprintf("The resources of %s were released: %s was still owed.", m.Product, h.money(m.Owed))
	case m.To == subscription.Ended:
		return fmt.Sprintf("Service %s ended.", m.Product)
	case m.From == subscription.Ended:
		return fmt.Sprintf("Service %s was opened again.", m.Product)
	case m.From == subscription.None:
		return fmt.Sprintf("Service %s was opened by its first use.", m.Product)
	case m.From == subscription.Released:
		return fmt.Sprintf("Service %s can be used again, with new resources.", m.Product)
	}
	return fmt.Sprintf("Service %s resumed.", m.Product)
}

func (h *historian) acceptances(ctx context.Context) error {
	rows, err := h.tx.Acceptances(ctx, h.account, chosen(h, h.instants))
	for _, a := range rows {
		h.add(AcceptanceRow, a.RowID, HistoryItem{
			Kind: HistoryAcceptance,
			What: fmt.Sprintf("%s %s was accepted by %s (%s).", a.Document, a.Version, a.Form, a.Actor),
		})
	}
	return err
}

func (h *historian) lapses(ctx context.Context) error {
	rows, err := h.tx.Lapses(ctx, h.account, chosen(h, h.instants))
	for _, l := range rows {
		became := "stands"
		if l.Voids() {
			became = "went with it"
		}
		h.add(LapseRow, l.RowID, HistoryItem{
			Kind: HistoryLapse,
			What: fmt.Sprintf("The order %s lapsed; the acceptance of %s %s %s (%s).", l.Order, l.Document, l.Version, became, l.Clause),
		})
	}
	return err
}

func (h *historian) addOns(ctx context.Context) error {
	rows, err := h.tx.AddOns(ctx, h.account, chosen(h, h.instants))
	for _, s := range rows {
		h.add(AddOnRow, s.RowID, HistoryItem{
			Kind: HistoryAddOn,
			What: fmt.Sprintf("The add-on %s of %s was switched %s (%s).", s.AddOn, s.Product, s.State, s.Clause),
		})
	}
	return err
}

func (h *historian) refusals(ctx context.Context) error {
	rows, err := h.tx.Refused(ctx, h.account, chosen(h, h.hours))
	for _, r := range rows {
		h.add(RefusedRow, r.RowID, HistoryItem{
			Kind: HistoryRefusal, Code: r.Code,
			What: h.usage(r.Key, r.Quantity) + ", was not billed.",
		})
	}
	return err
}

func (h *historian) charges(ctx context.Context) error {
	rows, err := h.tx.Charges(ctx, h.account, chosen(h, h.hours))
	for _, c := range rows {
		what := "was charged."
		if c.Sequence > 1 {
			what = "came later and was charged."
		}
		h.add(ChargeRow, c.RowID, HistoryItem{Kind: HistoryCharge, What: h.usage(c.Key, c.Quantity) + ", " + what, Amount: &c.Amount})
	}
	return err
}

// usage names what was used in a clock hour.
func (h *historian) usage(k metering.Key, quantity int64) string {
	hour := strings.Replace(h.provider.Settings.Zone.Format(k.Hour.Start())[:len("2026-01-01T00:00")], "T", " ", 1)
	return fmt.Sprintf("%s of %s (%s), %d %s in the hour from %s",
		k.Meter, k.Resource, k.Product, quantity, h.provider.meter(k.Product, k.Meter).Base, hour)
}

func (h *historian) money(m money.Amount) string {
	return m.String() + " " + string(h.provider.Currency())
}
