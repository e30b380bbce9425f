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

// ServiceView is where an account's use of a product stands. ID names the row
// that brought it into its state; explain takes it.
type ServiceView struct {
	ID           string `json:"id"`
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
	// Damaged says why the account's state cannot be read, and what to do; absent
	// where it can. Then nothing says since when it owes, nor how its services stand.
	Damaged string `json:"damaged,omitempty"`
}

// ArrearsTotals sums the arrears of all accounts.
type ArrearsTotals struct {
	Accounts  int            `json:"accounts"`
	Currency  money.Currency `json:"currency"`
	Principal money.Amount   `json:"principal"`
	LateFees  money.Amount   `json:"late_fees"`
	Bands     []AgeBand      `json:"bands"`
	// Damaged counts the accounts whose state cannot be read: their principal is in
	// Principal, and in no band.
	Damaged int `json:"damaged,omitempty"`
}

// Arrears lists the accounts that owe something now, sorted by account, after a
// cursor, which is empty for the first ones; the cursor returned is empty when
// there are no more. An account whose state cannot be read is marked as damaged.
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
		if err != nil {
			return err
		}
		ids := make([]string, len(rows))
		for i, row := range rows {
			ids[i] = row.ID
		}
		standings, err := tx.Standings(ctx, ids)
		if err != nil {
			return err
		}
		for _, row := range rows {
			list = append(list, p.accountArrears(row, standings[row.ID], p.Settings.Zone.Day(m.now)))
		}
		return nil
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
		standings, err := tx.Standings(ctx, []string{id})
		if err != nil {
			return err
		}
		owing = p.accountArrears(inArrears(b), standings[id], p.Settings.Zone.Day(m.now))
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
func (p *Provider) accountArrears(row *store.InArrears, s *store.Standing, today calendar.Day) AccountArrears {
	v := AccountArrears{
		Account: row.ID, Name: row.Name, Currency: row.Currency,
		Principal: row.Owed, LateFees: row.Fees, Bands: newBands(), Services: p.services(row.ID, row.Services, s),
	}
	for _, d := range row.Debts {
		v.Bands[bandOf(d, today)].Amount += d.Outstanding
	}
	if row.Broken != nil {
		v.Damaged = row.Broken.Error()
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
	t := ArrearsTotals{
		Accounts: owed.Accounts, Currency: p.Currency(), Principal: owed.Undated, LateFees: owed.Fees, Bands: newBands(), Damaged: owed.Damaged,
	}
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

// services views the services of an account, which came to where they stand as s
// says.
func (p *Provider) services(id string, services []subscription.Service, s *store.Standing) []ServiceView {
	list := make([]ServiceView, len(services))
	for i, v := range services {
		list[i] = ServiceView{
			Product: v.Product, State: string(v.State), Since: p.instant(v.Since),
			ArrearsSince: p.instant(v.ArrearsSince), Noticed: p.instant(v.Noticed), Warned: p.instant(v.Warned),
		}
		if move, found := s.Moves[v.Product]; found {
			list[i].ID = RowName{Kind: TransitionRow, Account: id, RowID: move}.String()
		}
	}
	return list
}
