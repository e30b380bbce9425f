package app_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"termwise.dev/app"
	"termwise.dev/app/usagefile"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/core/terms"
	"termwise.dev/provider"
	"termwise.dev/store/pgtest"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(crashURL); url != "" {
		if folder := os.Getenv(crashPublishes); folder != "" {
			os.Exit(publishChild(url, folder))
		}
		os.Exit(crashChild(url))
	}
	os.Exit(pgtest.Run(m))
}

// engines runs a test on an empty database of each engine.
func engines(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "test.db")) })
	t.Run("postgresql", func(t *testing.T) { test(t, pgtest.Database(t)) })
}

func instant(s string) calendar.Instant {
	t, err := calendar.ParseInstant(s)
	if err != nil {
		panic(err)
	}
	return t
}

const traceStart = "2026-01-01T00:00:00+08:00"

// realClock is the clock of tests on a real clock: it never moves.
func realClock() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("UTC+8", 8*3600)) }

// openSample opens a database with a virtual clock at the trace's start and the
// sample provider published.
func openSample(t testing.TB, url string) *app.App {
	t.Helper()
	a := open(t, url)
	ctx := context.Background()
	must(t, a.Init(ctx, true, instant(traceStart)))
	_, err := a.Publish(ctx, provider.Sample)
	must(t, err)
	return a
}

func open(t testing.TB, url string) *app.App {
	t.Helper()
	a, err := app.Open(context.Background(), url, realClock)
	must(t, err)
	t.Cleanup(func() { must(t, a.Close()) })
	return a
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fund opens the trace's two hundred customers and tops each of them up.
func fund(t testing.TB, a *app.App, sum money.Amount) {
	t.Helper()
	ctx := context.Background()
	var accounts []app.NewAccount
	for n := range 200 {
		id := fmt.Sprintf("customer-%03d", n)
		accounts = append(accounts, app.NewAccount{ID: id, Name: id, Accepts: []string{"general-agreement"}})
	}
	_, err := a.CreateAccounts(ctx, accounts, "test")
	must(t, err)
	for _, n := range accounts {
		_, err := a.TopUp(ctx, n.ID, account.TopUp{Amount: sum, Method: "bank_remittance", Reference: "first"}, "first", "test", false)
		must(t, err)
	}
}

// trace returns the real cluster's workloads.
func trace(t testing.TB) []byte {
	t.Helper()
	source, err := provider.Sample.ReadFile("usage/openb_pod_list_default.csv")
	must(t, err)
	return source
}

func mapping(t testing.TB) *usagefile.Mapping {
	t.Helper()
	source, err := provider.Sample.ReadFile("usage/openb.map.yaml")
	must(t, err)
	m, err := usagefile.Parse("openb.map.yaml", source)
	must(t, err)
	return m
}

func importTrace(t testing.TB, a *app.App, csv []byte) app.Imported {
	t.Helper()
	imported, err := a.ImportUsage(context.Background(), mapping(t), bytes.NewReader(csv), "openb_pod_list_default.csv", "test", nil)
	must(t, err)
	return imported
}

func advance(t testing.TB, a *app.App, to string) {
	t.Helper()
	report, err := a.Advance(context.Background(), instant(to), nil)
	must(t, err)
	must(t, report.Err())
}

// freshURL names another empty database of the same engine.
func freshURL(t testing.TB, url string) string {
	t.Helper()
	if strings.HasPrefix(url, "postgres") {
		return pgtest.Database(t)
	}
	return filepath.Join(t.TempDir(), "fresh.db")
}

// clicks records that an account accepts documents by click, now.
func clicks(ctx context.Context, a *app.App, id string, documents []string, actor string) error {
	_, err := a.Accept(ctx, id, app.NewAcceptance{Documents: documents, Form: terms.Click}, "", actor)
	return err
}
