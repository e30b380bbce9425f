package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"termwise.dev/core/account"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
)

func TestExitCodes(t *testing.T) {
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	one := refusal.New(refusal.BadInput, "one").At("file:1:2").Do("mend it")
	two := refusal.New(refusal.NotFound, "two")
	for name, c := range map[string]struct {
		ctx    context.Context
		err    error
		code   int
		stderr string
	}{
		"done":        {context.Background(), nil, done, ""},
		"failed":      {context.Background(), errors.New("disk full"), failed, "termwise: disk full\n"},
		"wrong use":   {context.Background(), wrongUse("name one"), wronglyUsed, "termwise: name one\ntry: termwise x --help\n"},
		"untrue":      {context.Background(), errUntrue, failed, ""},
		"answered":    {context.Background(), errRefused, refused, ""},
		"refused":     {context.Background(), fmt.Errorf("while reading: %w", one), refused, "refused (bad_input): file:1:2: one; mend it\n"},
		"refusals":    {context.Background(), errors.Join(one, two), refused, "refused (bad_input): file:1:2: one; mend it\nrefused (not_found): two\n"},
		"interrupted": {canceled, fmt.Errorf("writing: %w", context.Canceled), failed, "termwise: interrupted; what was done by then is kept, and repeating the command completes it\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			s := &session{Context: c.ctx, command: "termwise x", stdout: &stdout, stderr: &stderr}
			if code := s.exit(c.err); code != c.code || stderr.String() != c.stderr || stdout.Len() != 0 {
				t.Errorf("code %d, stderr %q, stdout %q; want code %d, stderr %q", code, &stderr, &stdout, c.code, c.stderr)
			}
		})
	}
}

func TestAmountsAreShownExactly(t *testing.T) {
	for in, want := range map[string][2]string{
		"0":              {"0.000000", "0.00"},
		"0.000001":       {"0.000001", "0.000001"},
		"-1234.5":        {"-1,234.500000", "-1,234.50"},
		"999":            {"999.000000", "999.00"},
		"1000000.123400": {"1,000,000.123400", "1,000,000.1234"},
	} {
		a, err := money.ParseAmount(in)
		if err != nil {
			t.Fatal(err)
		}
		if exact(a) != want[0] || amount(a) != want[1] {
			t.Errorf("%s is shown as %s and %s, want %s and %s", in, exact(a), amount(a), want[0], want[1])
		}
	}
}

func TestLocationsKeepSecrets(t *testing.T) {
	for in, want := range map[string]string{
		"termwise.db":                              "termwise.db",
		"postgres://me:secret@host:5432/db?x=1":    "postgres://host:5432/db",
		"postgresql://host/db":                     "postgresql://host/db",
		"postgres:///db?host=/tmp&password=secret": "postgres:///db",
	} {
		if got := shownLocation(in); got != want {
			t.Errorf("%s is shown as %s, want %s", in, got, want)
		}
	}
}

// addToTransfers changes the transfers of an entry and packs them anew.
func addToTransfers(db *sql.DB, id string, entry int64) error {
	l := account.Lines{Entry: entry}
	if err := db.QueryRow("SELECT lines FROM journal WHERE account = $1 AND seq = $2", id, entry).Scan(&l.Content); err != nil {
		return err
	}
	rows, err := l.Unpack()
	if err != nil {
		return err
	}
	for i := range rows.Transfers {
		rows.Transfers[i].Transfer.Amount++
	}
	_, err = db.Exec("UPDATE journal SET lines = $1 WHERE account = $2 AND seq = $3",
		account.NewLines(id, entry, rows).Content, id, entry)
	return err
}

// TestListsNameADamagedAccount: both lists come, and say of the one account whose
// state was changed behind the program's back that it cannot be read.
func TestListsNameADamagedAccount(t *testing.T) {
	path := filepath.Join(t.TempDir(), "changed.db")
	command(t, "--db", path, "init", "--virtual", "2026-01-01T00:00:00+08:00")
	command(t, "--db", path, "publish", "--sample")
	for _, id := range []string{"acme", "bees"} {
		command(t, "--db", path, "account", "create", id, "--name", "Customer "+id, "--accept", "general-agreement")
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec("UPDATE accounts SET state = x'09', owed = 1500000 WHERE account = 'acme'")
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	const damage = "acme is DAMAGED: the state of the account is not what packing gives: the database was changed by hand; run termwise verify"
	for list, wants := range map[string][]string{
		"account list": {damage, "Customer bees"},
		"arrears":      {damage, "1.500000", "unknown", "What damaged accounts owe is in the sums, and in no age."},
	} {
		out := command(t, append([]string{"--db", path}, strings.Fields(list)...)...)
		for _, want := range wants {
			if !strings.Contains(out, want) {
				t.Errorf("%s does not say %q:\n%s", list, want, out)
			}
		}
	}
}

// TestVerifyNamesWhatIsUntrue changes one amount behind the program's back.
func TestVerifyNamesWhatIsUntrue(t *testing.T) {
	path := filepath.Join(t.TempDir(), "changed.db")
	command(t, "--db", path, "init", "--virtual", "2026-01-01T00:00:00+08:00")
	command(t, "--db", path, "publish", "--sample")
	command(t, "--db", path, "account", "create", "acme", "--name", "Acme", "--accept", "general-agreement")
	command(t, "--db", path, "topup", "acme", "20", "--method", "alipay", "--reference", "AL-1")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(addToTransfers(db, "acme", 3), db.Close()); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("termwise", "--db", path, "verify").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != failed {
		t.Errorf("verify ended with %v", err)
	}
	for _, want := range []string{"BROKEN", "transfers row trf_acme_3_1", "NOT everything that must be true is true."} {
		if !strings.Contains(string(out), want) {
			t.Errorf("verify does not say %q:\n%s", want, out)
		}
	}
}
