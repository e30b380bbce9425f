package app

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"termwise.dev/core/account"
	"termwise.dev/core/arrears"
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/core/subscription"
	"termwise.dev/store"
)

// AgeBand sums principal by how many days it has been overdue.
type AgeBand struct {
	Age    string       `json:"age"` // in words, for example "2 to 7 days"
	Amount money.Amount `json:"amount"`
}

// ServiceView is where an account's use of a product stands.
type ServiceView struct {
	Product      string `json:"product"`
	State        string `json:"state"`
	Since        string `json:"since"`
	ArrearsSince string `json:"arrears_since,omitempty"`
	Noticed      string `json:"noticed,omitempty"`
	Warned       string `json:"warned,omitempty"`
}

// AccountArrears is what one account owes now.
type AccountArrears struct {
	Account   string         `json:"account"`
	Name      string         `json:"name"`
	Currency  money.Currency `json:"currency"`
	Principal money.Amount   `json:"principal"`
	LateFees  money.Amount   `json:"late_fees"`
	// OldestDue is the legal day on which the oldest principal was due; empty
	// when only late fees are owed.
	OldestDue   string        `json:"oldest_due,omitempty"`
	DaysOverdue int           `json:"days_overdue"`
	Bands       []AgeBand     `json:"bands"`
	Services    []ServiceView `json:"services"`
}

// ArrearsTotals sums the arrears of all accounts.
type ArrearsTotals struct {
	Accounts  int            `json:"accounts"`
	Currency  money.Currency `json:"currency"`
	Principal money.Amount   `json:"principal"`
	LateFees  money.Amount   `json:"late_fees"`
	Bands     []AgeBand      `json:"bands"`
}

// Arrears lists the accounts that owe something now, sorted by account, after a
// cursor, which is empty for the first ones; the cursor returned is empty when
// there are no more.
func (a *App) Arrears(ctx context.Context, cursor string, limit int) (list []AccountArrears, next string, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		p, err := a.provider(ctx, tx)
		if err != nil {
			return err
		}
		m, err := a.moment(ctx, tx)
		if err != nil {
			return err
		}
		rows, err := tx.Arrears(ctx, cursor, limit+1)
		if len(rows) > limit {
			rows = rows[:limit]
			next = rows[limit-1].ID
		}
		for _, row := range rows {
			list = append(list, p.accountArrears(row, p.Settings.Zone.Day(m.now)))
		}
		return err
	})
	return list, next, err
}

// ArrearsOf returns what one account owes now. It refuses an unknown account.
func (a *App) ArrearsOf(ctx context.Context, id string) (owing AccountArrears, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		p, err := a.provider(ctx, tx)
		if err != nil {
			return err
		}
		m, err := a.moment(ctx, tx)
		if err != nil {
			return err
		}
		b, err := readBooks(ctx, tx, id)
		if err != nil {
			return err
		}
		owing = p.accountArrears(inArrears(b), p.Settings.Zone.Day(m.now))
		return nil
	})
	return owing, err
}

// inArrears gives the books of an account as a list of arrears has them.
func inArrears(b *account.Books) *store.InArrears {
	row := &store.InArrears{
		AccountRow: store.AccountRow{ID: b.ID, Name: b.Name, Currency: b.Currency, Fees: owedOf(b, "fees_receivable")},
		Debts:      b.Debts,
	}
	for _, d := range b.Debts {
		row.Owed += d.Outstanding
	}
	for _, product := range slices.Sorted(maps.Keys(b.Services)) {
		row.Services = append(row.Services, *b.Services[product])
	}
	return row
}

// owedOf sums what an account owes in ledger accounts of one kind.
func owedOf(b *account.Books, kind string) (owed money.Amount) {
	for name := range b.Balances {
		if name.Kind() == kind {
			owed += b.Balances.Owed(name)
		}
	}
	return owed
}

// accountArrears ages the debts of an account.
func (p *Provider) accountArrears(row *store.InArrears, today calendar.Day) AccountArrears {
	v := AccountArrears{
		Account: row.ID, Name: row.Name, Currency: row.Currency,
		Principal: row.Owed, LateFees: row.Fees, Bands: newBands(), Services: p.services(row.Services),
	}
	for _, d := range row.Debts {
		v.Bands[bandOf(d, today)].Amount += d.Outstanding
	}
	if len(row.Debts) > 0 {
		v.OldestDue, v.DaysOverdue = row.Debts[0].Due.String(), row.Debts[0].Age(today)
	}
	return v
}

// ArrearsTotals sums the arrears of all accounts.
func (a *App) ArrearsTotals(ctx context.Context) (t ArrearsTotals, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		p, err := a.provider(ctx, tx)
		if err != nil {
			return err
		}
		m, err := a.moment(ctx, tx)
		if err != nil {
			return err
		}
		t, err = arrearsTotals(ctx, tx, p, p.Settings.Zone.Day(m.now))
		return err
	})
	return t, err
}

func arrearsTotals(ctx context.Context, tx *store.Tx, p *Provider, today calendar.Day) (ArrearsTotals, error) {
	owed, err := tx.OwedTotals(ctx)
	t := ArrearsTotals{Accounts: owed.Accounts, Currency: p.Currency(), LateFees: owed.Fees, Bands: newBands()}
	for _, day := range owed.Days {
		t.Principal += day.Outstanding
		t.Bands[bandOf(arrears.Debt{Due: day.Due}, today)].Amount += day.Outstanding
	}
	return t, err
}

// newBands returns the age bands without money.
func newBands() []AgeBand {
	bands := make([]AgeBand, 0, len(arrears.Bands)+1)
	from := 0
	for _, last := range arrears.Bands {
		bands = append(bands, AgeBand{Age: fmt.Sprintf("%d to %d days", from, last)})
		from = last + 1
	}
	return append(bands, AgeBand{Age: fmt.Sprintf("over %d days", from-1)})
}

// bandOf returns the number of the band that a debt belongs to.
func bandOf(d arrears.Debt, today calendar.Day) int {
	age := d.Age(today)
	for i, last := range arrears.Bands {
		if age <= last {
			return i
		}
	}
	return len(arrears.Bands)
}

func (p *Provider) services(services []subscription.Service) []ServiceView {
	list := make([]ServiceView, len(services))
	for i, s := range services {
		list[i] = ServiceView{
			Product: s.Product, State: string(s.State), Since: p.instant(s.Since),
			ArrearsSince: p.instant(s.ArrearsSince), Noticed: p.instant(s.Noticed), Warned: p.instant(s.Warned),
		}
	}
	return list
}
