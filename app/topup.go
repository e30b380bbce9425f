package app

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"termwise.dev/core/account"
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
// same key and another request are refused. With dryRun nothing is kept.
func (a *App) TopUp(ctx context.Context, id string, t account.TopUp, key, actor string, dryRun bool) (ToppedUp, error) {
	request, err := requestHash("topup", id, t)
	if err != nil {
		return ToppedUp{}, err
	}
	var answer ToppedUp
	err = a.db.Update(ctx, func(tx *store.Tx) error {
		answer, err = a.topUpOnce(ctx, tx, id, t, key, request, actor)
		if err == nil && dryRun {
			return errDryRun
		}
		return err
	})
	return answer, notDryRun(err)
}

func (a *App) topUpOnce(ctx context.Context, tx *store.Tx, id string, t account.TopUp, key string, request [sha256.Size]byte, actor string) (ToppedUp, error) {
	var answer ToppedUp
	// Locked first, so that two requests with one key are answered one after the other.
	if err := tx.Lock(ctx, []string{id}); err != nil {
		return answer, err
	}
	known, err := recall(ctx, tx, id, key, request, &answer)
	if err != nil || known {
		answer.Repeated = known
		return answer, err
	}
	d, err := a.decide(ctx, tx, id, actor, func(c acase) (*account.Decision, error) {
		return c.books.TopUp(c.env, t, c.now)
	})
	if err != nil {
		return answer, err
	}
	answer = toppedUp(d, t)
	return answer, remember(ctx, tx, id, key, request, answer, d.Entries[len(d.Entries)-1].Recorded)
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

// requestHash digests a command and its input, to tell a repetition from a
// reused key.
func requestHash(command, account string, input any) (hash [sha256.Size]byte, err error) {
	body, err := json.Marshal([]any{command, account, input})
	if err != nil {
		return hash, fmt.Errorf("app: hashing a request: %w", err)
	}
	return sha256.Sum256(body), nil
}

// recall reads the answer that a key was given before. It refuses a key that
// comes back with another request.
func recall(ctx context.Context, tx *store.Tx, account, key string, request [sha256.Size]byte, answer any) (bool, error) {
	stored, found, err := tx.Recall(ctx, account, key)
	if err != nil || !found {
		return false, err
	}
	if stored.Request != request {
		return false, refusal.New(refusal.KeyReused, "the key %q was used before for another request", key).
			At("idempotency key").Do("use a new key for a new request")
	}
	if err := json.Unmarshal(stored.Answer, answer); err != nil {
		return false, fmt.Errorf("app: reading a stored answer: %w", err)
	}
	return true, nil
}
