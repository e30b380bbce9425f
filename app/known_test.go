package app_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"termwise.dev/app"
)

// note is a version of a document that says nothing of its own.
func note(version, effective, sentence string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(fmt.Sprintf(`document: note
code: N
version: %q
kind: rules
title: Note
issuer: aurora
by: publication
announced: 2025-12-01
effective: %s
clauses:
  - id: "1"
    title: Note
    text: %s
    declaratory: it says nothing
`, version, effective, sentence))}
}

// TestTwoVersionsInARow publishes two versions that take effect together, one
// after the other at one instant: whatever the clock, the second is known later
// and counts.
func TestTwoVersionsInARow(t *testing.T) {
	for _, virtual := range []bool{true, false} {
		t.Run(fmt.Sprintf("virtual=%t", virtual), func(t *testing.T) {
			ctx := context.Background()
			a := open(t, filepath.Join(t.TempDir(), "test.db"))
			must(t, a.Init(ctx, virtual, instant(traceStart)))
			folder := withDocuments(t, nil)
			_, err := a.Publish(ctx, folder)
			must(t, err)
			must(t, a.CreateAccount(ctx, app.NewAccount{ID: "one", Name: "One"}, "test"))
			folder["agreements/note.yaml"] = note("1", "2026-03-01", "First")
			_, err = a.Publish(ctx, folder)
			must(t, err)
			folder["agreements/note.yaml"] = note("2", "2026-03-01", "Second")
			_, err = a.Publish(ctx, folder)
			must(t, err)
			if d, err := a.Document(ctx, "note", "2"); err != nil || d.Version != "2" {
				t.Errorf("the second version: %v", err)
			}
			v, err := a.Verify(ctx, nil)
			must(t, err)
			if !v.OK {
				t.Errorf("verify finds %v", v.Broken())
			}
		})
	}
}

// TestAClickAcceptsWhatIsKnown accepts on a real clock, in the minute in which a
// version is in force and not known yet, the one before it.
func TestAClickAcceptsWhatIsKnown(t *testing.T) {
	ctx := context.Background()
	a := open(t, filepath.Join(t.TempDir(), "test.db"))
	must(t, a.Init(ctx, false, 0))
	folder := withDocuments(t, nil)
	folder["agreements/note.yaml"] = note("1", "2025-12-02", "First")
	_, err := a.Publish(ctx, folder)
	must(t, err)
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "one", Name: "One"}, "test"))
	folder["agreements/note.yaml"] = note("2", "2026-01-01", "First")
	_, err = a.Publish(ctx, folder)
	must(t, err)
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "two", Name: "Two", Accepts: []string{"general-agreement", "note"}}, "test"))
	account, err := a.Account(ctx, "two")
	must(t, err)
	for _, accepted := range account.Accepted {
		if accepted.Document == "note" && accepted.Version != "1" {
			t.Errorf("accepted version %s, which is known in a minute", accepted.Version)
		}
	}
	if len(account.Accepted) != 2 {
		t.Errorf("accepted %+v", account.Accepted)
	}
}

// TestVerifyBeforeAVersionIsKnown verifies in the minute in which a version is in
// force and not known yet. An account in arrears need not have been looked at when
// it took effect, of which nobody knew, but must be as soon as it is known.
func TestVerifyBeforeAVersionIsKnown(t *testing.T) {
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "test.db")
	now := instant(traceStart)
	a, err := app.Open(ctx, file, func() time.Time { return time.UnixMicro(int64(now)) })
	must(t, err)
	t.Cleanup(func() { must(t, a.Close()) })
	must(t, a.Init(ctx, false, 0))
	folder := withDocuments(t, nil)
	_, err = a.Publish(ctx, folder)
	must(t, err)
	must(t, a.CreateAccount(ctx, app.NewAccount{ID: "one", Name: "One", Accepts: []string{"general-agreement"}}, "test"))
	putUsage(t, a, "one", "vm", 1000, "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00")
	work := func() {
		report, err := a.Work(ctx)
		must(t, errors.Join(err, report.Err()))
	}
	now = instant("2026-01-01T02:30:00+08:00")
	work()
	now = instant("2026-01-01T03:00:00+08:00")
	folder["agreements/note.yaml"] = note("1", "2026-01-01T03:00:00+08:00", "First")
	_, err = a.Publish(ctx, folder)
	must(t, err)
	for _, b := range verified(t, a).Broken() {
		t.Errorf("verify finds %s", b)
	}
	db, err := sql.Open("sqlite", file)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	tamper(t, db, "UPDATE accounts SET next_due = next_due + 1")
	wantNamed(t, verified(t, a), "accounts", "one")
	tamper(t, db, "UPDATE accounts SET next_due = next_due - 1")
	now = instant("2026-01-01T03:01:00+08:00")
	work()
	for _, b := range verified(t, a).Broken() {
		t.Errorf("when it is known, verify finds %s", b)
	}
}
