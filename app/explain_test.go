package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/refusal"
)

// storedKinds are the rows that can be explained, by their table; that of charges and
// transfers is in the journal.
var storedKinds = map[string]app.RowKind{
	"charges": app.ChargeRow, "refused_usage": app.RefusedRow, "transfers": app.TransferRow, "late_fees": app.LateFeeRow,
	"notices": app.NoticeRow, "transitions": app.TransitionRow, "acceptances": app.AcceptanceRow,
	"lapses": app.LapseRow, "add_ons": app.AddOnRow,
}

// namesIn lists the names of some rows of a table: the first and the last of
// each account's, and some between.
func namesIn(t testing.TB, db *sql.DB, table string, kind app.RowKind) []string {
	t.Helper()
	query := "SELECT account, entry, line FROM " + table + " ORDER BY account, entry, line"
	rows, err := asked(t, db, query).Query(query)
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	var names []string
	for i := 0; rows.Next(); i++ {
		n := app.RowName{Kind: kind}
		must(t, rows.Scan(&n.Account, &n.Entry, &n.Line))
		if i < 5 || i%7 == 0 {
			names = append(names, n.String())
		}
	}
	must(t, rows.Err())
	return names
}

func explained(t testing.TB, a *app.App, id string) app.Explanation {
	t.Helper()
	x, err := a.Explain(context.Background(), id)
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	return x
}

func TestEveryKindOfRowIsExplainedTheSameWayEachTime(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := storied(t, url)
		db := around(t, url)
		for table, kind := range storedKinds {
			names := namesIn(t, db, table, kind)
			if len(names) == 0 {
				t.Errorf("%s has no rows: the story is dull", table)
			}
			for _, id := range names {
				x := explained(t, a, id)
				if !x.Agrees || x.ID != id || x.What == "" || len(x.Clauses) == 0 || x.Stored != x.Recomputed {
					t.Errorf("%s: agrees %v, %d clauses, %q: %v", id, x.Agrees, len(x.Clauses), x.What, x.Disagreements)
				}
				if diff := cmp.Diff(x, explained(t, a, id), cmpopts.IgnoreUnexported(account.ClauseUse{})); diff != "" {
					t.Errorf("%s is explained otherwise the second time:\n%s", id, diff)
				}
			}
		}
	})
}

// around opens the database around the program.
func around(t testing.TB, url string) *sql.DB {
	t.Helper()
	driver := "pgx"
	if !strings.HasPrefix(url, "postgres") {
		driver = "sqlite"
	}
	db, err := sql.Open(driver, url)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

func TestARefusedEventIsExplained(t *testing.T) {
	a, db := tampered(t)
	var id string
	must(t, db.QueryRow("SELECT id FROM refused_events").Scan(&id))
	x := explained(t, a, app.RowName{Kind: app.EventRow, Account: "customer-001", Event: id}.String())
	if !x.Cites("P", "2.1") || !strings.Contains(x.What, "bad_interval") || x.Journal != nil {
		t.Errorf("%q, citing %v", x.What, x.Clauses)
	}
}

func TestAChangedRowIsExplainedAsChanged(t *testing.T) {
	a, db := tampered(t)
	for table, change := range map[string]string{
		"charges": "amount = amount + 1", "refused_usage": "code = 'resource_released'", "transfers": "amount = amount + 1",
		"late_fees": "amount = amount + 1", "notices": "told = told + 1", "transitions": "at = at - 1", "acceptances": "actor = 'other'",
	} {
		n := app.RowName{Kind: storedKinds[table]}
		query := "SELECT account, entry, line FROM " + table + " ORDER BY entry DESC LIMIT 1"
		must(t, asked(t, db, query).QueryRow(query).Scan(&n.Account, &n.Entry, &n.Line))
		text := fmt.Sprintf("UPDATE %s SET %s WHERE account = '%s' AND entry = %d AND line = %d", table, change, n.Account, n.Entry, n.Line)
		if ofLines.MatchString(text) {
			tamperUnsealed(t, db, text)
		} else {
			tamper(t, db, text)
		}
		if x := explained(t, a, n.String()); x.Agrees {
			t.Errorf("%s agrees after %s", n, change)
		}
	}
}

// A late fee and the transfer that posts it, changed alike, do not vouch for each other.
func TestAFeeAndItsTransferChangedAlike(t *testing.T) {
	a, db := tampered(t)
	n := app.RowName{Kind: app.TransferRow}
	must(t, db.QueryRow("SELECT account, entry, line + 1 FROM late_fees ORDER BY entry DESC LIMIT 1").Scan(&n.Account, &n.Entry, &n.Line))
	for table, line := range map[string]int64{"late_fees": n.Line - 1, "transfers": n.Line} {
		tamper(t, db, fmt.Sprintf("UPDATE %s SET amount = amount + 1 WHERE account = '%s' AND entry = %d AND line = %d", table, n.Account, n.Entry, line))
	}
	if x := explained(t, a, n.String()); x.Agrees {
		t.Errorf("%s agrees", n)
	}
}

func TestExplainRefusesWhatIsNotThere(t *testing.T) {
	a, _ := tampered(t)
	for id, want := range map[string]refusal.Code{
		"":                       refusal.BadInput,
		"chg_customer-001":       refusal.BadInput,
		"xyz_customer-001_1_1":   refusal.BadInput,
		"chg_nobody_4_1":         refusal.UnknownAccount,
		"chg_customer-001_999_1": refusal.NotFound,
		"chg_customer-001_1_1":   refusal.NotFound,
		"fee_customer-001_4_9":   refusal.NotFound,
		"acc_customer-001_2_9":   refusal.NotFound,
		"evt_customer-001_0000":  refusal.NotFound,
	} {
		if _, err := a.Explain(context.Background(), id); refusal.CodeOf(err) != want {
			t.Errorf("%q was refused with %q (%v), want %q", id, refusal.CodeOf(err), err, want)
		}
	}
}
