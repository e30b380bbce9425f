package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"termwise.dev/core/account"
	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/notice"
	"termwise.dev/core/subscription"
)

// stateVersion is the version of the schema in which an account's row holds its state.
const stateVersion = 13

// stateColumns are added to the table of accounts. Lists ask for those beside the state.
var stateColumns = []string{
	"unsettled BIGINT NOT NULL DEFAULT 0",
	"wallet BIGINT NOT NULL DEFAULT 0 CHECK (wallet >= 0)",
	"owed BIGINT NOT NULL DEFAULT 0",
	"fees BIGINT NOT NULL DEFAULT 0",
	"in_arrears BIGINT NOT NULL DEFAULT 0",
	"state BYTEA NOT NULL DEFAULT {nothing}", // what is fat comes last, so that the others are read without it
}

// The entries of the journal referred to their accounts. PostgreSQL looks the account
// up for each entry that is written, although every writer has locked it; verify
// finds rows of accounts that do not exist, in this table as in the others.
const (
	withoutReference = "ALTER TABLE journal DROP CONSTRAINT IF EXISTS journal_account_fkey"
	withReference    = "ALTER TABLE journal ADD CONSTRAINT journal_account_fkey FOREIGN KEY (account) REFERENCES accounts (account)"
)

// stateIndex finds the accounts that owe something; see owing.
const stateIndex = "CREATE INDEX accounts_owing ON accounts (account) WHERE " + owing

// gatherState moves what was kept of accounts in rows of balances, debts and
// services, and what else decisions need to know of the past, into the accounts' rows.
func gatherState(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		for _, table := range []string{"balances", "debts", "services"} {
			if err := noStrays(ctx, tx, table, everyRow); err != nil {
				return err
			}
		}
		for _, column := range stateColumns {
			if _, err := tx.ExecContext(ctx, "ALTER TABLE accounts ADD COLUMN "+e.columns(column)); err != nil {
				return err
			}
		}
		if err := eachAccount(ctx, tx, func(id string) error { return gatherAccount(ctx, tx, id) }); err != nil {
			return err
		}
		if e == postgres {
			if _, err := tx.ExecContext(ctx, withoutReference); err != nil {
				return err
			}
		}
		return execAll(ctx, tx, stateIndex, "DROP TABLE balances", "DROP TABLE debts", "DROP TABLE services")
	}
}

// columns gives a text on columns in the engine's own words, which differ for no bytes, too.
func (e engine) columns(text string) string {
	nothing := "''"
	if e == sqlite {
		nothing = "x''"
	}
	return e.schema().Replace(strings.Replace(text, "{nothing}", nothing, 1))
}

// eachAccount goes through the accounts, in order of id.
func eachAccount(ctx context.Context, tx *sql.Tx, do func(id string) error) error {
	for last := ""; ; {
		err := tx.QueryRowContext(ctx, "SELECT account FROM accounts WHERE account > $1 ORDER BY account LIMIT 1", last).Scan(&last)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err == nil {
			err = do(last)
		}
		if err != nil {
			return fmt.Errorf("account %s: %w", last, err)
		}
	}
}

func gatherAccount(ctx context.Context, tx *sql.Tx, id string) error {
	b := &account.Books{ID: id, Balances: ledger.Balances{}, Services: map[string]*subscription.Service{}, OpenAfter: calendar.EndOfTime}
	gather := gathering{ctx, tx, id}
	if err := gather.into(b); err != nil {
		return err
	}
	totals, err := b.Totals()
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE accounts SET state = $2, unsettled = $3, wallet = $4, owed = $5, fees = $6, in_arrears = $7
		WHERE account = $1`, id, b.PackState(), int64(b.OpenAfter),
		int64(totals.Wallet), int64(totals.Owed), int64(totals.Fees), bit(totals.InArrears))
	return err
}

// gathering reads the rows of an account as they were before.
type gathering struct {
	ctx context.Context
	tx  *sql.Tx
	id  string
}

func (g gathering) into(b *account.Books) error {
	for _, read := range []func(*account.Books) error{
		g.balances, g.debts, g.services, g.moves, g.noted, g.acceptances, g.lapses, g.unsettled,
	} {
		if err := read(b); err != nil {
			return err
		}
	}
	return nil
}

func (g gathering) each(text string, scan func(scanner) error) error {
	return eachSQL(g.ctx, g.tx, text, []any{g.id}, scan)
}

func (g gathering) balances(b *account.Books) error {
	return g.each("SELECT name, balance FROM balances WHERE account = $1", func(rows scanner) error {
		var name string
		var balance int64
		err := rows.Scan(&name, &balance)
		b.Balances[ledger.Account(name)] = money.Amount(balance)
		return err
	})
}

func (g gathering) debts(b *account.Books) error {
	return g.each("SELECT since, seller, product, due, outstanding FROM debts WHERE account = $1 ORDER BY since, seller, product",
		func(rows scanner) error {
			var d arrears.Debt
			err := rows.Scan(&d.Since, &d.Seller, &d.Product, &d.Due, &d.Outstanding)
			b.Debts = append(b.Debts, d)
			return err
		})
}

func (g gathering) services(b *account.Books) error {
	return g.each("SELECT product, state, since, arrears_since, noticed, warned FROM services WHERE account = $1", func(rows scanner) error {
		s := &subscription.Service{}
		err := rows.Scan(&s.Product, &s.State, &s.Since, &s.ArrearsSince, &s.Noticed, &s.Warned)
		b.Services[s.Product] = s
		return err
	})
}

func (g gathering) moves(b *account.Books) error {
	return gathered(g, &movesByRow, "", func(m *account.Moved) {
		if s := b.Services[m.Product]; s != nil {
			s.History = append(s.History, m.Transition)
		}
	})
}

// isNoted is the condition of notices of which the books keep something.
const isNoted = "kind IN ('" + string(notice.ExitConfirmed) + "', '" + string(notice.ProductEnds) + "', '" + string(notice.AgreementEnds) + "')"

func (g gathering) noted(b *account.Books) error {
	return gathered(g, &notices, " AND "+isNoted, b.Note)
}

func (g gathering) acceptances(b *account.Books) error {
	return gathered(g, &acceptances, "", func(a *account.Accepted) {
		b.Acceptances = append(b.Acceptances, a.Acceptance)
		b.Lift(a)
	})
}

func (g gathering) lapses(b *account.Books) error { return gathered(g, &lapses, "", b.Lapse) }

// gathered reads rows of the journal's entries, in order.
func gathered[R any](g gathering, t *table[R], more string, yield func(*R)) error {
	return g.each("SELECT account, "+t.columns+" FROM "+t.name+" WHERE account = $1"+more+" ORDER BY entry, line",
		t.scan(func(_ string, row *R) { yield(row) }))
}

func (g gathering) unsettled(b *account.Books) error {
	return g.each("SELECT hour FROM buckets WHERE account = $1 AND pending <> 0 ORDER BY hour LIMIT 1", func(rows scanner) error {
		var hour calendar.Hour
		err := rows.Scan(&hour)
		b.OpenAfter = hour.End()
		return err
	})
}

// stateTables are the tables that the accounts' rows took the place of.
const stateTables = `
CREATE TABLE balances (
    account TEXT   NOT NULL,
    name    TEXT   NOT NULL,
    balance BIGINT NOT NULL,
    CHECK (name <> 'wallet' OR balance >= 0),
    PRIMARY KEY (account, name)
);

CREATE TABLE debts (
    account     TEXT   NOT NULL,
    since       BIGINT NOT NULL,
    seller      TEXT   NOT NULL,
    product     TEXT   NOT NULL,
    due         BIGINT NOT NULL,
    outstanding BIGINT NOT NULL CHECK (outstanding > 0),
    PRIMARY KEY (account, since, seller, product)
);

CREATE TABLE services (
    account       TEXT   NOT NULL,
    product       TEXT   NOT NULL,
    state         TEXT   NOT NULL CHECK (state IN ('active', 'suspended', 'released', 'ended')),
    since         BIGINT NOT NULL,
    arrears_since BIGINT NOT NULL,
    noticed       BIGINT NOT NULL,
    warned        BIGINT NOT NULL,
    PRIMARY KEY (account, product)
);
`

// scatterState moves the state of accounts into rows again.
func scatterState(e engine) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, e.schema().Replace(stateTables)); err != nil {
			return err
		}
		if err := eachAccount(ctx, tx, func(id string) error { return scatterAccount(ctx, tx, id) }); err != nil {
			return err
		}
		texts := []string{"DROP INDEX accounts_owing"}
		for _, column := range []string{"state", "unsettled", "wallet", "owed", "fees", "in_arrears"} {
			texts = append(texts, "ALTER TABLE accounts DROP COLUMN "+column)
		}
		if e == postgres {
			texts = append(texts, withReference)
		}
		return execAll(ctx, tx, texts...)
	}
}

func scatterAccount(ctx context.Context, tx *sql.Tx, id string) error {
	var b account.Books
	if err := tx.QueryRowContext(ctx, "SELECT state FROM accounts WHERE account = $1", id).Scan((*stateColumn)(&b)); err != nil || b.Broken != nil {
		return cmp.Or(err, b.Broken)
	}
	for name, balance := range b.Balances {
		if _, err := tx.ExecContext(ctx, "INSERT INTO balances (account, name, balance) VALUES ($1, $2, $3)",
			id, string(name), int64(balance)); err != nil {
			return err
		}
	}
	for _, d := range b.Debts {
		if _, err := tx.ExecContext(ctx, "INSERT INTO debts (account, since, seller, product, due, outstanding) VALUES ($1, $2, $3, $4, $5, $6)",
			id, int64(d.Since), d.Seller, d.Product, int64(d.Due), int64(d.Outstanding)); err != nil {
			return err
		}
	}
	for _, s := range b.Services {
		if _, err := tx.ExecContext(ctx, `INSERT INTO services (account, product, state, since, arrears_since, noticed, warned)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, id, s.Product, string(s.State), int64(s.Since),
			int64(s.ArrearsSince), int64(s.Noticed), int64(s.Warned)); err != nil {
			return err
		}
	}
	return nil
}
