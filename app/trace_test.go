package app_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/store"
)

const traceEnd = "2026-06-01T00:00:00+08:00"

// ample is more than any customer of the trace uses.
const ample money.Amount = 1_000_000_000_000

// months sums the totals of the trace's five months.
func months(t testing.TB, a *app.App) (total money.Amount, lines int64) {
	t.Helper()
	for m, _ := calendar.ParseMonth("2026-01"); m.String() < "2026-06"; m++ {
		totals, err := a.Totals(context.Background(), m, 0)
		must(t, err)
		total += totals.Total
		lines += totals.Lines
	}
	return total, lines
}

func TestTheRealTraceBillsExactly(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := openSample(t, url)
		fund(t, a, ample)
		imported := importTrace(t, a, trace(t))
		if imported.Accepted != 7255 || imported.Refused != 897 {
			t.Errorf("%d accepted, %d refused", imported.Accepted, imported.Refused)
		}
		advance(t, a, traceEnd)
		// Recomputed from the rules alone, by another program in another language.
		total, lines := months(t, a)
		if total != 541_561_365_510 || lines != 190_588 {
			t.Errorf("%d lines for %s", lines, total)
		}
	})
}

// part returns the header of the trace and some of its rows.
func part(t testing.TB, from, to int) (header []byte, rows [][]byte) {
	t.Helper()
	lines := bytes.SplitAfter(trace(t), []byte("\n"))
	return lines[0], lines[1+from : 1+to]
}

func csv(header []byte, rows ...[]byte) []byte {
	return append(bytes.Clone(header), bytes.Join(rows, nil)...)
}

// outcome is what must not depend on how usage came in or time passed.
type outcome struct {
	Total money.Amount
	Lines int64
}

func TestOrderBatchesAndRepetitionDoNotMatter(t *testing.T) {
	header, rows := part(t, 1000, 1700) // of 1 May to 29 May
	shuffled := append([][]byte{}, rows...)
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })

	ways := map[string]func(t *testing.T, a *app.App){
		"at once": func(t *testing.T, a *app.App) {
			importTrace(t, a, csv(header, rows...))
			advance(t, a, traceEnd)
		},
		"shuffled, in pieces, each twice": func(t *testing.T, a *app.App) {
			for i := 0; i < len(shuffled); i += 90 {
				piece := csv(header, shuffled[i:min(i+90, len(shuffled))]...)
				importTrace(t, a, piece)
				if again := importTrace(t, a, piece); again.Accepted != 0 {
					t.Errorf("%d events were accepted twice", again.Accepted)
				}
			}
			advance(t, a, traceEnd)
		},
		"late, while time passes": func(t *testing.T, a *app.App) {
			importTrace(t, a, csv(header, shuffled[:300]...))
			advance(t, a, "2026-05-03T03:33:33+08:00")
			importTrace(t, a, csv(header, shuffled[200:600]...))
			advance(t, a, traceEnd)
			importTrace(t, a, csv(header, shuffled...))
			advance(t, a, traceEnd)
		},
		"day by day": func(t *testing.T, a *app.App) {
			importTrace(t, a, csv(header, rows...))
			for at := instant("2026-05-01T00:00:00+08:00"); at <= instant(traceEnd); at = at.Add(calendar.DayLength) {
				advance(t, a, at.String())
			}
		},
	}
	engines(t, func(t *testing.T, url string) {
		var want *outcome
		for name, way := range ways {
			t.Run(name, func(t *testing.T) {
				a := openSample(t, freshURL(t, url))
				fund(t, a, ample)
				way(t, a)
				total, lines := months(t, a)
				got := outcome{total, lines}
				if want == nil {
					want = &got
				}
				if diff := cmp.Diff(*want, got); diff != "" || got.Lines == 0 {
					t.Errorf("another way gives other books:\n%s", diff)
				}
			})
		}
	})
}

// heads returns the journal's head of every account: two databases with the
// same heads hold the same books.
func heads(t testing.TB, url string) map[string]string {
	t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, url)
	must(t, err)
	defer func() { must(t, db.Close()) }()
	found := map[string]string{}
	must(t, db.View(ctx, func(tx *store.Tx) error {
		accounts, err := tx.Accounts(ctx, "", 1000)
		for _, a := range accounts {
			found[a.ID] = a.Head.String()
		}
		return err
	}))
	return found
}

// TestHoursAndLeapsGiveTheSameBooks lets money run out, so that the journals
// hold arrears, late fees, suspensions and releases, and compares them whole.
func TestHoursAndLeapsGiveTheSameBooks(t *testing.T) {
	header, rows := part(t, 0, 40)
	usage := csv(header, rows...)
	engines(t, func(t *testing.T, url string) {
		leap, hours := freshURL(t, url), freshURL(t, url)
		for _, u := range []string{leap, hours} {
			a := openSample(t, u)
			fund(t, a, 20_000_000)
			importTrace(t, a, usage)
			if u == hours {
				for at := instant(traceStart); at < instant("2026-01-04T00:00:00+08:00"); at = at.Add(calendar.HourLength) {
					advance(t, a, at.String())
				}
				for at := instant("2026-01-04T00:00:00+08:00"); at < instant("2026-01-24T00:00:00+08:00"); at = at.Add(9 * calendar.HourLength) {
					advance(t, a, at.String())
				}
			}
			advance(t, a, "2026-01-24T00:00:00+08:00")
		}
		if diff := cmp.Diff(heads(t, leap), heads(t, hours)); diff != "" {
			t.Errorf("hours (+) and a leap (-) differ:\n%s", diff)
		}
	})
}
