package app

import (
	"context"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/catalog"
	"termwise.dev/core/ledger"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/store"
)

// Statement is what one account was charged for the hours of one month, and
// what it paid in it. Amounts are in 1e-6 of Currency.
type Statement struct {
	Account  string         `json:"account"`
	Name     string         `json:"name"`
	Month    string         `json:"month"` // 2026-01, in the provider's zone
	Currency money.Currency `json:"currency"`
	// Known is the instant as of whose knowledge this is stated; empty means now.
	Known string `json:"known,omitempty"`
	// Meters sums the lines; Charged sums their first lines, Adjusted what was
	// added later for the same hours.
	Meters   []MeterTotal `json:"meters"`
	Charged  money.Amount `json:"charged"`
	Adjusted money.Amount `json:"adjusted"`
	// LateFees sums the fees of the month's days.
	LateFees money.Amount `json:"late_fees"`
	// TopUps, PaidPrincipal, PaidLateFees and Returned sum what moved during the
	// month, for whatever month it was owed. Returned went back to the wallet,
	// because what had been paid for turned out to cost less.
	TopUps        money.Amount `json:"top_ups"`
	PaidPrincipal money.Amount `json:"paid_principal"`
	PaidLateFees  money.Amount `json:"paid_late_fees"`
	Returned      money.Amount `json:"returned"`
	// Wallet and the amounts outstanding are those of now.
	Wallet               money.Amount `json:"wallet_now"`
	OutstandingPrincipal money.Amount `json:"outstanding_principal_now"`
	OutstandingLateFees  money.Amount `json:"outstanding_late_fees_now"`
	// Refused sums the usage of the month that was not billed.
	Refused []RefusedTotal `json:"refused"`
	// Lines and NextCursor are the first page when it was asked for.
	Lines      []StatementLine `json:"lines,omitempty"`
	NextCursor string          `json:"next_cursor,omitempty"`
}

// MeterTotal is one meter of a product over a month. Quantity is in the
// meter's base unit, which Unit names; PricedUnit is the one that prices are in,
// and Per base units make one of it.
type MeterTotal struct {
	Meter       string       `json:"meter"`
	Product     string       `json:"product"`
	Quantity    int64        `json:"quantity"`
	Unit        string       `json:"unit"`
	PricedUnit  string       `json:"priced_unit"`
	Per         int64        `json:"per"`
	Lines       int64        `json:"lines"`
	Adjustments int64        `json:"adjustments"`
	Amount      money.Amount `json:"amount"`
}

// RefusedTotal is usage that was not billed, for one reason.
type RefusedTotal struct {
	Code     refusal.Code `json:"code"`
	Product  string       `json:"product"`
	Meter    string       `json:"meter"`
	Quantity int64        `json:"quantity"`
	Unit     string       `json:"unit"`
	Count    int64        `json:"count"`
}

// LineKind tells a line that charges an hour first from one that corrects it.
type LineKind string

// The kinds of lines.
const (
	ChargeLine     LineKind = "charge"
	AdjustmentLine LineKind = "adjustment"
)

// StatementLine is one charge. Explain takes its ID.
type StatementLine struct {
	ID       string       `json:"id"`
	Hour     string       `json:"hour"` // its beginning, in the provider's zone
	Product  string       `json:"product"`
	Resource string       `json:"resource"`
	Meter    string       `json:"meter"`
	Quantity int64        `json:"quantity"`
	Unit     string       `json:"unit"`
	Amount   money.Amount `json:"amount"`
	Kind     LineKind     `json:"kind"`
}

// Totals is what all accounts were charged for the hours of one month.
type Totals struct {
	Month    string         `json:"month"`
	Currency money.Currency `json:"currency"`
	Known    string         `json:"known,omitempty"`
	Meters   []MeterTotal   `json:"meters"`
	Total    money.Amount   `json:"total"`
	Lines    int64          `json:"lines"`
}

// Statement returns an account's statement of a month as known at an instant;
// zero asks for everything known now. It refuses an unknown account.
func (a *App) Statement(ctx context.Context, accountID string, month calendar.Month, known calendar.Instant) (Statement, error) {
	var s Statement
	err := a.db.View(ctx, func(tx *store.Tx) error {
		p, err := a.provider(ctx, tx)
		if err != nil {
			return err
		}
		row, found, err := tx.Account(ctx, accountID)
		if err != nil {
			return err
		}
		if !found {
			return unknownAccount(accountID)
		}
		s = Statement{
			Account: row.ID, Name: row.Name, Month: month.String(), Currency: row.Currency, Known: p.instant(known),
			Wallet: row.Wallet, OutstandingPrincipal: row.Owed, OutstandingLateFees: row.Fees,
		}
		return s.fill(ctx, tx, p, month, known)
	})
	return s, err
}

// fill reads what was charged, refused and paid.
func (s *Statement) fill(ctx context.Context, tx *store.Tx, p *Provider, month calendar.Month, known calendar.Instant) error {
	from, to := p.Settings.Zone.MonthBounds(month)
	hours := hoursOf(from, to)
	sums, err := tx.StatementTotals(ctx, s.Account, hours[0], hours[1], known)
	if err != nil {
		return err
	}
	if s.Adjusted, err = tx.AdjustedTotal(ctx, s.Account, hours[0], hours[1], known); err != nil {
		return err
	}
	s.Charged, s.Meters = -s.Adjusted, []MeterTotal{}
	for _, sum := range sums {
		s.Meters = append(s.Meters, p.meterTotal(sum))
		s.Charged += sum.Amount
	}
	if s.LateFees, err = tx.LateFeeTotal(ctx, s.Account, month.First(), (month + 1).First(), known); err != nil {
		return err
	}
	moved, err := tx.MovedByPurpose(ctx, s.Account, from, to, known)
	if err != nil {
		return err
	}
	s.TopUps, s.Returned = moved[ledger.TopUp], moved[ledger.PaymentReturned]
	s.PaidPrincipal, s.PaidLateFees = moved[ledger.Payment], moved[ledger.LateFeePaid]
	refused, err := tx.RefusedTotals(ctx, s.Account, hours[0], hours[1], known)
	s.Refused = []RefusedTotal{}
	for _, r := range refused {
		unit := p.meter(r.Product, r.Meter).Base
		s.Refused = append(s.Refused, RefusedTotal{
			Code: r.Code, Product: r.Product, Meter: r.Meter, Quantity: r.Quantity, Unit: unit, Count: r.Count,
		})
	}
	return err
}

// mustExist refuses an unknown account.
func mustExist(ctx context.Context, tx *store.Tx, id string) error {
	_, found, err := tx.Account(ctx, id)
	if err == nil && !found {
		return unknownAccount(id)
	}
	return err
}

// hoursOf returns the clock hours that [from, to) begins and ends with.
func hoursOf(from, to calendar.Instant) [2]calendar.Hour {
	return [2]calendar.Hour{calendar.HourOf(from), calendar.HourOf(to)}
}

// StatementLines returns the lines of a month after a cursor, which is empty for
// the first ones, in the order in which they were written; next is empty when
// there are no more.
func (a *App) StatementLines(ctx context.Context, accountID string, month calendar.Month, known calendar.Instant, cursor string, limit int) (lines []StatementLine, next string, err error) {
	after, err := parseLineCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		p, err := a.provider(ctx, tx)
		if err != nil {
			return err
		}
		if err := mustExist(ctx, tx, accountID); err != nil {
			return err
		}
		hours := hoursOf(p.Settings.Zone.MonthBounds(month))
		charges, err := tx.Charges(ctx, accountID, store.Filter[calendar.Hour]{
			From: hours[0], To: hours[1], Known: known, After: after, Limit: limit + 1,
		})
		if len(charges) > limit {
			charges = charges[:limit]
			next = lineCursor(charges[limit-1].RowID)
		}
		for i := range charges {
			lines = append(lines, p.line(accountID, &charges[i]))
		}
		return err
	})
	return lines, next, err
}

func (p *Provider) line(id string, c *account.Charge) StatementLine {
	kind := ChargeLine
	if c.Sequence > 1 {
		kind = AdjustmentLine
	}
	return StatementLine{
		ID:   RowName{Kind: ChargeRow, Account: id, RowID: c.RowID}.String(),
		Hour: p.Settings.Zone.Format(c.Hour.Start()), Product: c.Product, Resource: c.Resource, Meter: c.Meter,
		Quantity: c.Quantity, Unit: p.meter(c.Product, c.Meter).Base, Amount: c.Amount, Kind: kind,
	}
}

// Totals sums the month of all accounts as known at an instant; zero asks for
// everything known now.
func (a *App) Totals(ctx context.Context, month calendar.Month, known calendar.Instant) (t Totals, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		p, err := a.provider(ctx, tx)
		if err != nil {
			return err
		}
		t, err = totals(ctx, tx, p, month, known)
		return err
	})
	return t, err
}

func totals(ctx context.Context, tx *store.Tx, p *Provider, month calendar.Month, known calendar.Instant) (Totals, error) {
	t := Totals{Month: month.String(), Currency: p.Currency(), Known: p.instant(known), Meters: []MeterTotal{}}
	hours := hoursOf(p.Settings.Zone.MonthBounds(month))
	sums, err := tx.StatementTotals(ctx, "", hours[0], hours[1], known)
	for _, sum := range sums {
		t.Meters = append(t.Meters, p.meterTotal(sum))
		t.Total += sum.Amount
		t.Lines += sum.Lines + sum.Adjustments
	}
	return t, err
}

func (p *Provider) meterTotal(sum store.Total) MeterTotal {
	m := p.meter(sum.Product, sum.Meter)
	return MeterTotal{
		Meter: sum.Meter, Product: sum.Product, Quantity: sum.Quantity,
		Unit: m.Base, PricedUnit: m.Unit, Per: m.Per,
		Lines: sum.Lines, Adjustments: sum.Adjustments, Amount: sum.Amount,
	}
}

// meter finds a meter's units on the newest page that declares it.
func (p *Provider) meter(product, meter string) catalog.Meter {
	var found catalog.Meter
	var since calendar.Instant
	for _, published := range p.Documents {
		d := published.Document
		if d.Product == nil || d.Product.ID != product || d.Effective < since {
			continue
		}
		if m, declared := d.Product.Meter(meter); declared {
			found, since = m, d.Effective
		}
	}
	return found
}

// instant gives an instant in the provider's zone, and nothing for none.
func (p *Provider) instant(t calendar.Instant) string {
	if t == 0 || t == calendar.EndOfTime {
		return ""
	}
	return p.Settings.Zone.Format(t)
}
