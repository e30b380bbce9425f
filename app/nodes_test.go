package app_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/store"
	"termwise.dev/store/pgtest"
)

// TestNoTransactionSpansAccounts lives one story on PostgreSQL, where a thousand
// accounts share a transaction, and on a database whose accounts seem to lie on
// several nodes. The books are the same to the last hash, and there no
// transaction has written more than one account, or an account beside a run of the
// index of usage.
func TestNoTransactionSpansAccounts(t *testing.T) {
	one, several := pgtest.Database(t), pgtest.Database(t)
	pgtest.DisguiseAsCitus(t, several)
	open(t, several)
	pgtest.WatchWrites(t, several)

	want, got := story(t, one), story(t, several)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what was answered differs (-one node +several):\n%s", diff)
	}
	if diff := cmp.Diff(heads(t, one), heads(t, several)); diff != "" {
		t.Errorf("the journals differ (-one node +several):\n%s", diff)
	}
	spans, transactions := pgtest.Spans(t, several)
	for _, wrote := range spans {
		t.Errorf("one transaction wrote %s", wrote)
	}
	if len(transactions) < 15 {
		t.Errorf("only %d transactions were watched", len(transactions))
	}
}

// story has customers who pay, who owe and who share batches with others, and a
// publication under way. It returns what became of their usage.
func story(t *testing.T, url string) (receipts []app.Receipt) {
	t.Helper()
	ctx := context.Background()
	a := openSample(t, url, store.SealedAfter(3))
	ids := []string{"poor", "rich", "third", "fourth"}
	var accounts []app.NewAccount
	for _, id := range ids {
		accounts = append(accounts, app.NewAccount{ID: id, Name: id, Accepts: []string{"general-agreement"}})
	}
	created, err := a.CreateAccounts(ctx, accounts, "test")
	must(t, err)
	if created != len(ids) {
		t.Errorf("%d accounts were opened", created)
	}
	for _, id := range ids[1:] {
		_, err := a.TopUp(ctx, id, account.TopUp{Amount: 1000 * money.AmountScale, Method: "bank_remittance", Reference: "first"}, "first", "test", false)
		must(t, err)
	}
	const from, to = "2026-01-01T01:00:00+08:00", "2026-01-02T03:30:00+08:00"
	var events []app.Reported
	for _, name := range []string{"a", "b"} {
		for _, id := range append(ids, "nobody") {
			events = append(events, usage(id, "vm-"+name, name, 8000, from, to))
		}
	}
	events = append(events, usage("rich", "vm-a", "a", 1, from, to), events[0]) // a name used again, and a repetition
	receipts = send(t, a, events...)
	advance(t, a, "2026-01-02T12:00:00+08:00")

	folder := withDocuments(t, nil)
	folder["agreements/note.yaml"] = note("1", "2026-03-01", "First")
	_, err = a.Publish(ctx, folder)
	must(t, err)
	asleep(t, url, a)
	advance(t, a, "2026-01-05T00:00:00+08:00")
	if left := wakes(t, url); len(left) != 0 {
		t.Errorf("accounts are left asleep from %v on", left)
	}
	late := []app.Reported{usage("poor", "vm-a", "late", 8000, from, to), usage("rich", "vm-a", "late", 8000, from, to)}
	receipts = append(receipts, send(t, a, append(late, events[1])...)...) // the repetition is of a name that is sealed
	v, err := a.Verify(ctx, nil)
	must(t, err)
	if !v.OK {
		t.Errorf("verify finds %v", v.Broken())
	}
	if v.Rows["usage_runs"] == 0 {
		t.Error("no run was sealed")
	}
	return receipts
}

// asleep wants the publication to have left its waking to others just where no
// transaction may span accounts.
func asleep(t *testing.T, url string, a *app.App) {
	t.Helper()
	now, _, err := a.Now(context.Background())
	must(t, err)
	db, err := store.Open(t.Context(), url)
	must(t, err)
	sharded := db.Sharded()
	must(t, db.Close())
	var want []calendar.Instant
	if sharded {
		want = []calendar.Instant{now}
	}
	if diff := cmp.Diff(want, wakes(t, url)); diff != "" {
		t.Errorf("left asleep (-want +got):\n%s", diff)
	}
}

func wakes(t *testing.T, url string) (found []calendar.Instant) {
	t.Helper()
	db, err := store.Open(t.Context(), url)
	must(t, err)
	must(t, db.View(t.Context(), func(tx *store.Tx) (err error) {
		found, err = tx.Wakes(t.Context())
		return err
	}))
	must(t, db.Close())
	return found
}
