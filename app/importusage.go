package app

import (
	"context"
	"errors"
	"io"

	"termwise.dev/app/usagefile"
	"termwise.dev/core/catalog"
	"termwise.dev/core/refusal"
)

// importBatch is how many rows of a file one transaction takes.
const importBatch = 1000

// Imported says what became of the rows of a file.
type Imported struct {
	Rows       int `json:"rows"`
	Accepted   int `json:"accepted"`
	Duplicates int `json:"duplicates"`
	Refused    int `json:"refused"`
	// ByCode counts the refused rows by the code of their refusal.
	ByCode map[refusal.Code]int `json:"by_code"`
	// Refusals holds the receipt of each refused row, in the file's order.
	Refusals []Receipt `json:"refusals"`
}

// ImportUsage reports every row of a CSV file as usage, as ReportUsage does, a
// batch of rows in each transaction; a mapping to a product or a meter that no
// published page declares is refused before the first. name is the file's name in places. What was
// imported before is a duplicate, so an import that was cut short is completed
// by repeating it. After each batch progress, if there is one, is told how many
// rows have been read. With an error, Imported counts the rows before it.
func (a *App) ImportUsage(ctx context.Context, m *usagefile.Mapping, csv io.Reader, name, actor string, progress func(rows int)) (Imported, error) {
	done := Imported{ByCode: map[refusal.Code]int{}}
	if err := a.checkMapping(ctx, m); err != nil {
		return done, err
	}
	file, err := m.Read(name, csv)
	if err != nil {
		return done, err
	}
	if err := a.db.LearnRuns(ctx); err != nil { // rather than while accounts are locked
		return done, err
	}
	for {
		batch, readErr := nextRows(file)
		if len(batch) > 0 {
			receipts, err := a.ReportUsage(ctx, batch, actor)
			if err != nil {
				return done, err
			}
			done.count(receipts)
			if progress != nil {
				progress(done.Rows)
			}
		}
		if errors.Is(readErr, io.EOF) {
			return done, nil
		}
		if readErr != nil {
			return done, readErr
		}
	}
}

// checkMapping refuses a mapping to a product or a meter that no published page
// declares, before its rows would be refused one by one.
func (a *App) checkMapping(ctx context.Context, m *usagefile.Mapping) error {
	p, err := a.Provider(ctx)
	if err != nil {
		return err
	}
	var products []*catalog.Product
	for _, published := range p.Documents {
		if sold := published.Document.Product; sold != nil {
			products = append(products, sold)
		}
	}
	return m.CheckProducts(products)
}

// nextRows reads up to a batch of rows, and what ended it early, if anything did.
func nextRows(file *usagefile.Reader) ([]Reported, error) {
	var batch []Reported
	for len(batch) < importBatch {
		row, err := file.Next()
		if err != nil {
			return batch, err
		}
		batch = append(batch, Reported(row))
	}
	return batch, nil
}

func (i *Imported) count(receipts []Receipt) {
	i.Rows += len(receipts)
	for _, r := range receipts {
		switch r.Outcome {
		case Accepted:
			i.Accepted++
		case Duplicate:
			i.Duplicates++
		default:
			i.Refused++
			i.ByCode[r.Code]++
			i.Refusals = append(i.Refusals, r)
		}
	}
}
