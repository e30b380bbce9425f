package account_test

import (
	"testing"

	"termwise.dev/core/subscription"
)

// TestTermsThatAskForLess: a service that is suspended for late fees alone resumes
// at the instant at which its terms no longer ask for them, and is not released.
func TestTermsThatAskForLess(t *testing.T) {
	w := newWorld(t, changing(t, nextOf(t, fileP, "2026-01-20", "resume.requires: principal_and_fees", "resume.requires: principal")))
	w.use("pod", 100_000, "2026-01-05T00:00:00+08:00", "2026-01-05T10:00:00+08:00", "2026-01-05T10:00:00+08:00")
	w.advance("2026-01-10T12:00:00+08:00")
	if s := w.books.Services["compute-payg"]; s.State != subscription.Suspended {
		t.Fatalf("%+v", s)
	}
	principal, _ := w.books.Debts.Outstanding("compute-payg", w.books.At)
	w.topUp("2026-01-10T12:00:00+08:00", principal.String())
	if s := w.books.Services["compute-payg"]; s.State != subscription.Suspended {
		t.Fatalf("with its fees unpaid: %+v", s)
	}
	w.advance("2026-02-20T00:00:00+08:00")
	if s := w.books.Services["compute-payg"]; s.State != subscription.Active || s.Since != instant("2026-01-20T00:00:00+08:00") || s.ArrearsSince != 0 {
		t.Errorf("%+v", s)
	}
	w.agreed()
}
