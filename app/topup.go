package app

import (
	"context"
	"encoding/json"
	"fmt"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/canary"
	"termwise.dev/core/journal"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/store"
)

// ToppedUp is the answer to a top-up.
type ToppedUp struct {
	// ID names the top-up; explain takes it.
	ID       string         `json:"id"`
	Account  string         `json:"account"`
	Amount   money.Amount   `json:"amount"`
	Wallet   money.Amount   `json:"wallet"`
	Owed     money.Amount   `json:"owed"`
	Paid     money.Amount   `json:"paid"`
	Currency money.Currency `json:"currency"`
	// Repeated says that this key was used before and nothing has changed now.
	Repeated bool `json:"repeated,omitempty"`
}

// TopUp puts money into an account's wallet and pays from it what is owed. The
// key makes it idempotent: the same key and request give the same answer, the
// same key and another request are refused. A payment, which its method and
// reference name within the account, is credited once whatever the key: it is
// refused with already_exists when it comes back under another one. A reference or
// a key that cannot be kept is refused before anything is looked up. With dryRun
// nothing is kept.
func (a *App) TopUp(ctx context.Context, id string, t account.TopUp, key, actor string, dryRun bool) (ToppedUp, error) {
	if err := checkText("reference", t.Reference); err != nil {
		return ToppedUp{}, err
	}
	c, err := a.newCommand("topup", id, key, t)
	if err != nil {
		return ToppedUp{}, err
	}
	c.payment, c.enough = t.Reference, true
	var answer ToppedUp
	err = a.update(ctx, func(tx *store.Tx) error {
		answer, answer.Repeated, err = once(ctx, tx, c, func() (ToppedUp, calendar.Instant, error) {
			return a.topUp(ctx, tx, id, t, actor)
		})
		if err == nil && dryRun {
			return errDryRun
		}
		return err
	})
	return answer, notDryRun(err)
}

func (a *App) topUp(ctx context.Context, tx *store.Tx, id string, t account.TopUp, actor string) (ToppedUp, calendar.Instant, error) {
	d, err := a.decide(ctx, tx, id, actor, func(c acase) (*account.Decision, error) {
		d, err := c.books.TopUp(c.env, t, c.now)
		if err != nil {
			return nil, err
		}
		return d, creditedBefore(ctx, tx, id, t)
	})
	if err != nil {
		return ToppedUp{}, 0, err
	}
	return toppedUp(d, t), d.Entries[len(d.Entries)-1].Recorded, nil
}

// creditedBefore refuses a payment that an earlier top-up of the account
// credited. The journal itself says so, and nobody can write to it meanwhile: there
// is no second record of payments that could differ from it.
func creditedBefore(ctx context.Context, tx *store.Tx, id string, t account.TopUp) error {
	entries, err := tx.ToppedUp(ctx, id, t.Reference)
	if err != nil || canary.On(canary.CreditTwice) {
		return err
	}
	for i := range entries {
		earlier, err := paymentOf(&entries[i])
		if err != nil { // not the customer's fault
			return fmt.Errorf("app: reading entry %d of account %s: %w", entries[i].Seq, id, err)
		}
		if earlier.Method != t.Method || earlier.Reference != t.Reference {
			continue
		}
		first, err := topUpOf(ctx, tx, id, entries[i].Seq)
		if err != nil {
			return err
		}
		return refusal.New(refusal.AlreadyExists, "the payment %q by %s was credited before, by the top-up %s of %s",
			t.Reference, t.Method, first, earlier.Amount).At("reference").
			Do("do not credit it again; if it is another payment, give that one's own reference")
	}
	return nil
}

// paymentOf reads the payment that the entry of a top-up keeps.
func paymentOf(e *journal.Entry) (t account.TopUp, err error) {
	err = json.Unmarshal([]byte(e.Payload), &t)
	return t, err
}

// topUpOf names the transfer by which an entry credited a payment.
func topUpOf(ctx context.Context, tx *store.Tx, id string, entry int64) (string, error) {
	rows, err := tx.TransfersOf(ctx, id, entry)
	if err != nil {
		return "", err
	}
	for i := range rows {
		if rows[i].Purpose == ledger.TopUp {
			return RowName{Kind: TransferRow, Account: id, RowID: rows[i].RowID}.String(), nil
		}
	}
	return "", fmt.Errorf("app: entry %d of account %s credited no payment: the database was changed by hand", entry, id)
}

func toppedUp(d *account.Decision, t account.TopUp) ToppedUp {
	last := d.Entries[len(d.Entries)-1].Seq
	answer := ToppedUp{
		Account: d.Account, Amount: t.Amount,
		Currency: d.After.Currency, Wallet: d.After.Balances[ledger.Wallet], Owed: owedIn(d.After),
	}
	for _, row := range d.Transfers {
		if row.Entry != last {
			continue
		}
		switch row.Purpose {
		case ledger.TopUp:
			answer.ID = RowName{Kind: TransferRow, Account: d.Account, RowID: row.RowID}.String()
		case ledger.Payment, ledger.LateFeePaid:
			answer.Paid += row.Transfer.Amount
		}
	}
	return answer
}

// owedIn sums what an account owes, in principal and late fees.
func owedIn(b *account.Books) money.Amount {
	var owed money.Amount
	for name := range b.Balances {
		if kind := name.Kind(); kind == "receivable" || kind == "fees_receivable" {
			owed += b.Balances.Owed(name)
		}
	}
	return owed
}
